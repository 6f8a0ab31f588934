"""Associations of filters with action units: the numbers, what they rest on, and questions.

Numbers are kept as computed, never rounded. Whether a pair is significant is asked of the
table with a level, not stored in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
import pandas as pd
import xarray as xr
import zarr

from facsinterp.activations.keeping.layout import ZARR_FORMAT, add_table
from facsinterp.activations.keeping.place import appearing
from facsinterp.activations.store import ActivationStore
from facsinterp.association import card
from facsinterp.association.columns import ASSOCIATIONS, COORDINATES, PAIRS
from facsinterp.association.ranking import Ranking
from facsinterp.association.view import FilterClaims
from facsinterp.errors import Fault, InputError, SchemaError, StoreError
from facsinterp.labels import AU, FILTER, FilterId

FORMAT: Final = 3
Test = Literal["auroc", "precision", "kl", "beyond"]


@dataclass(frozen=True)
class PapersRule:
    """What the rule of Breuer & Kimmel (2017) accepts: every one of the top N has the unit."""

    accepted: xr.DataArray
    """(filter) live filters with P = 1 for at least one action unit."""
    live: int
    top_n: int

    @property
    def count(self) -> int:
        """How many filters the rule accepts."""
        return int(self.accepted.sum())

    @property
    def share(self) -> float:
        """How many of the live filters it accepts; NaN when none is live."""
        return self.count / self.live if self.live else float("nan")


@dataclass(frozen=True)
class Associations:
    """Numbers over filters and action units. `data` has dims filter, au; see `ASSOCIATIONS`.

    NaN means that a number does not exist: an effect without a contrast, an interval over
    fewer than 20 subjects, a p-value outside the family. `columns.PAIRS` says what each
    number of a pair is. Attributes name both nulls and what they ask for, the correction,
    the families and their sizes, the rows and every setting. `status` (au) is a key of
    `association.margins.STATUSES`.
    """

    data: xr.Dataset

    def __post_init__(self) -> None:
        ASSOCIATIONS.check(self.data)

    @property
    def live(self) -> xr.DataArray:
        """(filter) whether it is neither dead nor constant."""
        return ~(self.data["dead"] | self.data["constant"])

    def significant(self, alpha: float | None = None, test: Test = "auroc") -> xr.DataArray:
        """(filter, au) whether the corrected p-value is at most `alpha`; False outside the family.

        `alpha` is the level of the settings when left out. `test` "auroc" says that the filter
        carries information about the unit; "beyond" that it carries more than the emotion,
        and only such a filter may be called one of the unit; "precision" and "kl" are the
        papers' measures with the same null as "auroc".
        """
        level = float(self.data.attrs["alpha"]) if alpha is None else alpha
        return (self.data[f"q_{test}"] <= level).rename("significant")

    def papers_rule(self) -> PapersRule:
        """Live filters that have P = 1 for some action unit, and how many filters are live.

        The rule as published: no base rate, no chance, no correction. It accepts every
        filter when an action unit is present in every observation.
        """
        perfect = (self.data["precision_at_n"] == 1).any(AU) & self.live
        top_n = int(self.data.attrs["top_n"])
        return PapersRule(perfect.rename("accepted"), int(self.live.sum()), top_n)

    def best(self, which: FilterId | str) -> int | None:
        """The testable action unit that a filter follows most, by its standardised rank sum z.

        AUROC would favour rare units and precision common ones. None for a filter outside
        the family, and when no unit is testable. Raises InputError for an unknown filter.
        """
        name = str(which)
        if name not in self.data.indexes[FILTER]:
            names = self.data.indexes[FILTER]
            raise InputError(
                Fault("unknown filter", expected=f"{names[0]} to {names[-1]}", got=name)
            )
        if not bool(self.live.sel({FILTER: name})):
            return None
        testable = self.data["testable"].values
        if not testable.any():
            return None
        followed = self.data["z"].sel({FILTER: name}).values
        if self.data.attrs["sides"] == "two":
            followed = np.abs(followed)
        return int(
            self.data[AU].values[
                np.where(testable, np.nan_to_num(followed, nan=-np.inf), -np.inf).argmax()
            ]
        )

    def ranked(
        self,
        unit: int,
        by: str = "auroc",
        *,
        min_effect: float | None = None,
        max_q: float | None = None,
        layers: Sequence[str] | None = None,
        n: int | None = None,
    ) -> pd.DataFrame:
        """Live filters in the order of a number of theirs for an action unit, best first.

        `by`: any of `PAIRS`; p and q rise, all others fall, and filters without the number
        are left out. `min_effect`: the least AUROC, the effect of the table. `max_q`: the
        largest corrected p of the test that goes with `by` (`Ranking.corrected`): beyond
        emotion for its numbers, of precision for those of the top N (precision, lift, gain),
        of kl for kl, else of AUROC. Equal numbers keep the order of the filters.

        Columns: filter, layer, channel, every number of the pair, and status of the action
        unit. One that is not "tested" has no p, so none of its filters passes `max_q`.
        Raises InputError with every name that the table does not hold.
        """
        chosen = Ranking(by, min_effect, max_q, layers, n)
        known = self.data[AU].values.tolist()
        faults = [*chosen.faults(tuple(PAIRS), self.data["layer"].values.tolist())]
        if unit not in known:
            expected = ", ".join(str(one) for one in known)
            faults.append(Fault("unknown action unit", expected=expected, got=str(unit)))
        InputError.raise_any(faults)
        one = self.data[[*PAIRS, "status"]].sel({AU: unit}, drop=True)
        live = one.isel({FILTER: np.flatnonzero(self.live.values)})
        frame = live.to_dataframe().reset_index()[[FILTER, *COORDINATES, *PAIRS, "status"]]
        return chosen.of(frame)

    def filter(self, which: FilterId | str, store: ActivationStore | None = None) -> FilterClaims:
        """The verdict on one filter and its units, to be asked and to be shown in a notebook.

        With the store that the associations are of, also its strongest faces among those that
        they rest on. Raises InputError for an unknown filter and for another store.
        """
        return FilterClaims.of(self, which, store)

    def _repr_html_(self) -> str:
        return card.html(self)

    def save(self, path: Path | str) -> None:
        """Write the table as a zarr group at `path`, whole or not at all.

        Raises StoreError when something is there already.
        """
        path = Path(path)
        if path.exists():
            message = f"{path} is there already; choose another path, or remove it first"
            raise StoreError(message)
        with appearing(path) as partial:
            group = zarr.create_group(partial, zarr_format=ZARR_FORMAT)
            for name, variable in self.data.variables.items():
                dims = [str(dim) for dim in variable.dims]
                add_table(group, str(name), dims, np.asarray(variable.values))
            group.attrs.update({**self.data.attrs, "facsinterp_associations": FORMAT})

    @classmethod
    def open(cls, path: Path | str) -> Self:
        """The table at `path`, read whole.

        Raises StoreError when there is none, when it is damaged, or of another version.
        """
        path = Path(path)
        if not (path / "zarr.json").is_file():
            message = f"no associations at {path}"
            raise StoreError(message)
        try:
            group = zarr.open_group(path, mode="r", zarr_format=ZARR_FORMAT)
            version = group.attrs.get("facsinterp_associations")
            if version == FORMAT:
                return cls(_read(path, group))
        except (SchemaError, ValueError, KeyError, TypeError, OSError) as error:
            message = f"the associations {path} are damaged: {error}"
            raise StoreError(message) from error
        message = (
            f"{path} holds associations of version {version}; this facsinterp reads {FORMAT}"
            if version is not None
            else f"no associations at {path}: found a zarr group of another kind"
        )
        raise StoreError(message)


def _read(path: Path, group: zarr.Group) -> xr.Dataset:
    lost = [name for name, array in group.arrays() if array.nchunks_initialized < array.nchunks]
    if lost:
        message = f"values of {', '.join(sorted(lost))} are lost"
        raise ValueError(message)
    with xr.open_dataset(
        path, engine="zarr", consolidated=False, zarr_format=ZARR_FORMAT, chunks=None
    ) as file:
        data = file.load()
    data = data.set_coords([name for name in COORDINATES if name in data])
    # Whatever type the reader of the file gives to text; all of it is one-dimensional.
    text = {
        name: (variable.dims, np.array(variable.values.tolist(), dtype=str))
        for name, variable in data.variables.items()
        if variable.dtype.kind in "OT"
    }
    data = data.assign(text)
    del data.attrs["facsinterp_associations"]
    return data
