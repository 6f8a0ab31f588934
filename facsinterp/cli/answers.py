"""What `query` and `data check` print: small tables and plain text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from facsinterp import facs
from facsinterp.association.table import Associations
from facsinterp.errors import DataError, Fault, InputError
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.study.folder import RunFolder

COLUMNS = ("auroc", "auroc_low", "auroc_high", "precision_at_n", "base_rate", "kl", "kl_null")


def answer(
    run_folder: Path, *, unit: int | None, filter_name: str | None, top: int
) -> pd.DataFrame:
    """Rows of a run's associations: of one unit, of one filter, of both, or the best of all.

    Ordered by corrected p, then by AUROC. Raises InputError for a unit or filter that the
    run does not have.
    """
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
    table = Associations.open(path).data.load()
    chosen = _chosen(
        table.indexes["filter"].tolist(), table.indexes["au"].tolist(), unit, filter_name
    )
    pairs = table.sel(chosen)[[*COLUMNS, "p_auroc", "q_auroc", "n_present"]]
    frame = pairs.broadcast_like(pairs["auroc"]).to_dataframe().reset_index()
    frame = frame.sort_values(["q_auroc", "auroc"], ascending=[True, False], kind="stable")
    frame["au"] = frame["au"].map(facs.label)
    return frame[["filter", "au", *COLUMNS, "p_auroc", "q_auroc", "n_present"]].head(top)


def _chosen(
    filters: list[str], units: list[int], unit: int | None, filter_name: str | None
) -> dict[str, list[str] | list[int]]:
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
    InputError.raise_any(faults)
    return chosen


def _filter(text: str, faults: list[Fault]) -> str:
    try:
        return str(FilterId.parse(text))
    except ValueError as error:
        faults.append(Fault(str(error)))
        return text


def describe_data(name: str, root: Path | None) -> str:
    """What a source finds at a folder, as lines of text, with its default options."""
    corpus = source(name)
    if corpus.needs_data and root is None:
        raise DataError(Fault(f"{corpus.title} needs a folder", do=f"data check {name} FOLDER"))
    faces = corpus.read(root, corpus.Options())
    return "\n".join(_description(corpus.title, faces))


def _description(title: str, faces: FaceTable) -> Iterator[str]:
    found = faces.found
    yield title
    if found.layout:
        yield f"layout     {found.layout}"
    yield f"{len(faces)} faces are taken; in the folder:"
    for name, count in found.counts.items():
        published = found.expected.get(name)
        beside = "" if published is None else f"   (published: {published})"
        yield f"{name:<10} {count}{beside}"
    coded = faces.data["coded"].sum("image").values
    present = faces.data["present"].sum("image").values
    for unit, n_coded, n_present in zip(faces.units, coded, present, strict=True):
        yield f"{facs.label(unit):<10} present in {n_present} of {n_coded} coded images"
    for warning in found.warnings:
        yield f"warning    {warning}"
    for path, reason in found.skipped:
        yield f"skipped    {path}: {reason}"
    if faces.terms.text:
        yield f"terms      {faces.terms.text}"


def picture_file(path: Path) -> None:
    """Refuse a path that no picture can be written to. Raises DataError with every fault."""
    faults = []
    if path.suffix.lower() != ".png":
        faults.append(Fault("the picture is a PNG", expected="NAME.png", got=path.name))
    if not path.absolute().parent.is_dir():
        faults.append(Fault("the folder is not there", where=str(path.parent), do="make it first"))
    DataError.raise_any(faults)
