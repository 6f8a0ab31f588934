"""What may be said of one filter: its verdict and its units, told and shown in notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
import pandas as pd

from facsinterp import facs, notebook
from facsinterp.activations.asking.view import FilterView
from facsinterp.activations.store import ActivationStore
from facsinterp.association.card import HEAD, followed, meaning, numbers
from facsinterp.association.rows import rows_looked_at
from facsinterp.association.verdict import KINDS, Verdicts
from facsinterp.errors import Fault, InputError
from facsinterp.labels import AU, FILTER, FilterId

if TYPE_CHECKING:
    from facsinterp.association.table import Associations

STRONGEST: Final = 8
_COLUMNS: Final = (
    "auroc", "auroc_low", "auroc_high", "z", "p_auroc", "q_auroc", "z_beyond", "p_beyond",
    "q_beyond", "precision_at_n", "lift", "kl", "kl_null",
)  # fmt: skip
_COUNTS: Final = ("n_present", "n_coded", "base_rate", "status", "status_beyond")


@dataclass(frozen=True, eq=False)
class FilterClaims:
    """The verdict on a filter, its units, and its faces where a store was given."""

    associations: Associations
    id: FilterId
    kind: str
    """A key of `association.verdict.KINDS`."""
    unit: int | None
    """The unit that the verdict names."""
    silenced: bool
    """Whether the filter answers less where that unit is present."""
    faces: FilterView | None
    """What it answered to the faces that the associations rest on."""

    @classmethod
    def of(
        cls, associations: Associations, which: FilterId | str, store: ActivationStore | None
    ) -> Self:
        """What `associations` say of a filter; see `Associations.filter`."""
        row = _row(associations, which)
        verdicts, units = Verdicts.of(associations), associations.data[AU].values
        column = int(verdicts.column[row])
        return cls(
            associations,
            FilterId.parse(str(associations.data[FILTER].values[row])),
            str(verdicts.kind[row]),
            int(units[column]) if column >= 0 else None,
            bool(verdicts.silenced[row]),
            None if store is None else _faces(associations, which, store),
        )

    @property
    def verdict(self) -> str:
        """The verdict in words: `AU4 brow lowerer: answers to the unit beyond the emotion`."""
        unit = f"{facs.describe(self.unit)}: " if self.unit is not None else ""
        less = ", which it answers to less" if self.silenced else ""
        return f"{unit}{KINDS[self.kind]}{less}"

    @property
    def units(self) -> pd.DataFrame:
        """A row an action unit, the one that it follows most first.

        Columns: au, the effect, both claims with z, p and corrected p, P at N, lift, KL, and of
        the unit n_present, n_coded, base_rate, status, status_beyond.
        """
        one = self.associations.data[[*_COLUMNS, *_COUNTS]].sel({FILTER: str(self.id)}, drop=True)
        frame = one.to_dataframe().reset_index()[[AU, *_COLUMNS, *_COUNTS]]
        return frame.iloc[self._order].reset_index(drop=True)

    @property
    def _order(self) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        return np.argsort(-followed(self.associations)[self._row], kind="stable")

    @property
    def _row(self) -> int:
        return _row(self.associations, self.id)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id}: {self.verdict}>"

    def _repr_html_(self) -> str:
        parts = [notebook.paragraph(self.verdict)]
        if self.faces is not None:
            parts += [notebook.facts(self.faces.facts()), *self.faces.faces()]
        table, row = self.associations, self._row
        tested = np.isfinite(followed(table)[row])
        columns = [int(column) for column in self._order if tested[column]][:STRONGEST]
        if columns:
            units = table.data[AU].values
            parts += [
                notebook.heading("The units that it follows most (largest z first)"),
                notebook.table(
                    ("unit", *HEAD),
                    [(facs.describe(int(units[j])), *numbers(table, row, j)) for j in columns],
                    numbers=len(HEAD),
                ),
                notebook.note(meaning(table)),
            ]
        return notebook.card(str(self.id), *parts)


def _row(associations: Associations, which: FilterId | str) -> int:
    """Where a filter stands; `conv3/17` is `conv3/017`."""
    names = associations.data[FILTER].values.astype(str)
    try:
        name = str(FilterId.parse(str(which)))
    except ValueError:
        name = str(which)
    found = np.flatnonzero(names == name)
    if not found.size:
        expected = f"{names[0]} to {names[-1]}" if len(names) else "no filter"
        raise InputError(Fault("unknown filter", expected=expected, got=name))
    return int(found[0])


def _faces(associations: Associations, which: FilterId | str, store: ActivationStore) -> FilterView:
    told = associations.data.attrs
    if told["store"] != store.key:
        raise InputError(
            Fault(
                "associations of another store",
                where=str(store.path),
                expected=store.key,
                got=str(told["store"]),
            )
        )
    within = np.zeros(len(store.faces), dtype=bool)
    within[rows_looked_at(store, told["rows"], told["unit"])] = True
    return store.filter(which, within)
