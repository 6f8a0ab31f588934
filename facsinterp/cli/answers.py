"""What `query` prints: small tables and plain text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
import xarray as xr

from facsinterp import facs
from facsinterp.activations.store import ActivationStore
from facsinterp.association.columns import PAIRS, REACHED, WAYS
from facsinterp.association.ranking import Ranking
from facsinterp.association.table import Associations
from facsinterp.association.votes import votes
from facsinterp.errors import DataError, Fault, InputError
from facsinterp.labels import FilterId
from facsinterp.study.folder import RunFolder

TOLD: Final = (
    "verdict",
    "auroc",
    "auroc_low",
    "auroc_high",
    "auroc_within",
    "z",
    "q_auroc",
    "z_beyond",
    "q_beyond",
    "precision_at_n",
    "base_rate",
    "n_present",
    "n_subjects_present",
    "status",
    "status_beyond",
)
"""What a printed table shows of a pair; other formats have every number."""

# No number of these is printed without what it must be read beside.
_BESIDE: Final = {
    "kl": ("kl_null", "kl_null_sd"),
    "p_kl": ("kl", "kl_null", "kl_null_sd"),
    "q_kl": ("kl", "kl_null", "kl_null_sd"),
    "precision_at_n": ("precision_low", "precision_high"),
}
_NAMES: Final = ("filter", "au")
_UNIT: Final = (
    "n_present",
    "n_coded",
    "n_top",
    "n_subjects_present",
    "n_informative",
    "attainable_p",
    "base_rate",
    "status",
    "status_beyond",
)


def answer(
    run_folder: Path, asked: Ranking, *, unit: int | None, filter_name: str | None, usual: bool
) -> pd.DataFrame:
    """Rows of a run's associations: of one unit, of one filter, of both, or the best of all.

    Ordered as asked; in the `usual` order by corrected p, then by AUROC. The columns that
    `told` names come first, then every other number of the pair, how many shuffles reached
    it, and how each p was made. `verdict` is what may be said of the pair, a key of
    `association.verdict.KINDS`. The status says of which rows nothing was tested: of a unit,
    or of a dead or constant filter. Raises InputError for a unit, filter, layer or measure
    that the run does not have.
    """
    associations = _associations(run_folder)
    table = associations.data
    chosen, faults = _chosen(
        table.indexes["filter"].tolist(), table.indexes["au"].tolist(), unit, filter_name
    )
    InputError.raise_any([*faults, *asked.faults(tuple(PAIRS), table["layer"].values.tolist())])
    names = [*PAIRS, *REACHED, *WAYS, *_UNIT, "dead", "constant"]
    pairs = table[names].assign(verdict=_verdict(associations)).sel(chosen)
    frame = pairs.broadcast_like(pairs["auroc"]).to_dataframe().reset_index()
    for status in ("status", "status_beyond"):
        frame[status] = (
            frame[status]
            .mask(frame["constant"].astype(bool), "constant filter")
            .mask(frame["dead"].astype(bool), "dead filter")
        )
    frame["au"] = frame["au"].map(facs.label)
    for way in WAYS:
        frame[way] = frame[way].map(dict(enumerate(table.attrs["ways"])))
    for reached in REACHED:
        frame[reached] = frame[reached].astype("Int64").mask(frame[reached] < 0)
    first = told(asked)
    rest = [name for name in (*PAIRS, *REACHED, *WAYS, *_UNIT) if name not in first]
    return _ordered(frame, asked, usual)[[*first, *rest]]


def told(asked: Ranking) -> list[str]:
    """The columns that a printed table shows: what it is ordered by, then the usual ones."""
    measured = (asked.by, *_BESIDE.get(asked.by, ()), asked.corrected)
    first = [name for name in dict.fromkeys(measured) if name not in TOLD]
    return [*_NAMES, *first, *TOLD]


def _verdict(associations: Associations) -> xr.DataArray:
    """(filter, au) what may be said of each pair, named as the kinds of verdicts."""
    data = associations.data
    passes, beyond = associations.significant(), associations.significant(test="beyond")
    judged = [
        ("dead", data["dead"]),
        ("constant", data["constant"]),
        ("beyond", beyond),
        ("emotion", passes & data["testable_beyond"]),
        ("answers", passes),
        ("untestable", ~(data["testable"] | data["testable_beyond"])),
    ]
    verdict = xr.full_like(data["auroc"], "nothing", dtype="U10")
    for kind, holds in reversed(judged):
        verdict = verdict.where(~holds, kind)
    return verdict


def _ordered(frame: pd.DataFrame, asked: Ranking, usual: bool) -> pd.DataFrame:
    if not usual:
        live = ~frame["status"].isin(["dead filter", "constant filter"])
        return asked.of(frame[live])
    passing = asked.passing(frame)
    order = passing.sort_values(["q_auroc", "auroc"], ascending=[True, False], kind="stable")
    return order if asked.n is None else order.head(asked.n)


def votes_for(run_folder: Path, image: str) -> pd.DataFrame:
    """The action units that filters vote for in one face of a run, beside its codes."""
    associations = _associations(run_folder)
    return votes(ActivationStore.open(RunFolder(run_folder).store), associations, image)


def _associations(run_folder: Path) -> Associations:
    path = RunFolder(run_folder).associations
    if not path.exists():
        raise DataError(
            Fault(
                "this run has no associations",
                where=str(run_folder),
                expected="reports/<study>/<id>, as `facsinterp run` leaves it",
                do="run a study that needs associations, such as studies/quickstart",
            )
        )
    return Associations.open(path)


def _chosen(
    filters: list[str], units: list[int], unit: int | None, filter_name: str | None
) -> tuple[dict[str, list[str] | list[int]], list[Fault]]:
    chosen: dict[str, list[str] | list[int]] = {}
    faults: list[Fault] = []
    if unit is not None:
        chosen["au"] = [unit]
        if unit not in units:
            known = ", ".join(facs.label(u) for u in units)
            faults.append(Fault(f"the faces were not coded for {facs.label(unit)}", expected=known))
    if filter_name is not None:
        chosen["filter"] = [_filter(filter_name, faults)]
        if chosen["filter"][0] not in filters and not faults:
            span = f"{filters[0]} to {filters[-1]}"
            faults.append(Fault("the run has no such filter", expected=span, got=filter_name))
    return chosen, faults


def _filter(text: str, faults: list[Fault]) -> str:
    try:
        return str(FilterId.parse(text))
    except ValueError as error:
        faults.append(Fault(str(error)))
        return text


def picture_file(path: Path) -> None:
    """Refuse a path that no picture can be written to. Raises DataError with every fault."""
    faults = []
    if path.suffix.lower() != ".png":
        faults.append(Fault("the picture is a PNG", expected="NAME.png", got=path.name))
    if not path.absolute().parent.is_dir():
        faults.append(Fault("the folder is not there", where=str(path.parent), do="make it first"))
    DataError.raise_any(faults)
