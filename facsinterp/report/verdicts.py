"""What the associations say of each filter, as arrays and as sentences.

The pages decide nothing: a filter "answers" to a unit when the corrected test of the
associations says so. This module only reads, picks the unit to name, and puts it in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.margins import STATUSES
from facsinterp.association.table import Associations
from facsinterp.facs import describe, label
from facsinterp.report import wording

_PAIR: Final = (
    "precision_at_n",
    "precision_low",
    "precision_high",
    "lift",
    "auroc",
    "auroc_low",
    "auroc_high",
    "rank_correlation",
    "kl",
    "kl_null",
    "p_auroc",
    "q_auroc",
)
_UNIT: Final = ("base_rate", "n_present", "n_coded", "n_subjects_present")


@dataclass(frozen=True)
class UnitRow:
    """Every number of one filter and one action unit, for the tables and charts of its page."""

    unit: int
    label: str
    name: str
    status: str
    """A key of `facsinterp.association.margins.STATUSES`, such as "too few"."""
    reason: str
    """Why there is no test, in words; empty when there is one."""
    testable: bool
    passes: bool
    best: bool
    values: Mapping[str, float | None]

    def __getitem__(self, name: str) -> float | None:
        return self.values[name]


@dataclass(frozen=True)
class Verdicts:
    """The associations of a run as plain arrays; `units` is empty when there are none."""

    units: tuple[int, ...]
    pair: Mapping[str, NDArray[np.float64]]
    """(filter, au) for each name of the associations that the pages show."""
    unit: Mapping[str, NDArray[np.float64]]
    """(au,)"""
    status: tuple[str, ...]
    """(au,) keys of `facsinterp.association.margins.STATUSES`."""
    testable: NDArray[np.bool_]
    """(au,)"""
    passes: NDArray[np.bool_]
    """(filter, au)"""
    best: NDArray[np.int64]
    """(filter,) column of the unit to name; -1 where no unit could be tested."""
    live: NDArray[np.bool_]
    """(filter,) whether it tells the faces looked at apart at all."""
    perfect: NDArray[np.bool_]
    """(filter,) whether all its top faces share a unit: the rule P = 1 of the papers."""
    settings: Mapping[str, Any]

    @property
    def answering(self) -> NDArray[np.bool_]:
        """(filter,) whether at least one unit passes."""
        return np.asarray(self.passes.any(axis=1))

    @property
    def top_n(self) -> int:
        """How many top faces P@N looks at."""
        return int(self.settings.get("top_n", 10))

    def rows(self, filter_position: int) -> tuple[UnitRow, ...]:
        """Every unit for one filter, in the order of their numbers."""
        best = int(self.best[filter_position])
        return tuple(
            self._row(filter_position, column, column == best)
            for column in np.argsort(self.units, kind="stable").tolist()
        )

    def _row(self, row: int, column: int, best: bool) -> UnitRow:
        unit = self.units[column]
        values: dict[str, float | None] = {
            name: _finite(array[row, column]) for name, array in self.pair.items()
        }
        values |= {name: _finite(array[column]) for name, array in self.unit.items()}
        return UnitRow(
            unit,
            label(unit),
            describe(unit).removeprefix(label(unit)).strip(),
            self.status[column],
            "" if self.testable[column] else STATUSES[self.status[column]],
            bool(self.testable[column]),
            bool(self.passes[row, column]),
            best,
            values,
        )


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def read_verdicts(associations: Associations | None, filters: int) -> Verdicts:
    """The associations of `filters` filters as arrays, read once."""
    if associations is None:
        return _without_associations(filters)
    data = associations.data
    passes = np.asarray(associations.significant().values, dtype=bool)
    live = np.asarray(associations.live.values, dtype=bool)
    testable = np.asarray(data["testable"].values, dtype=bool)
    pair = {name: np.asarray(data[name].values, dtype=np.float64) for name in _PAIR}
    return Verdicts(
        units=tuple(int(unit) for unit in data["au"].values),
        pair=pair,
        unit={name: np.asarray(data[name].values, dtype=np.float64) for name in _UNIT},
        status=tuple(str(key) for key in data["status"].values),
        testable=testable,
        passes=passes,
        best=_best(pair["rank_correlation"], passes, live[:, None] & testable),
        live=live,
        perfect=np.asarray(associations.papers_rule().accepted.values, dtype=bool),
        settings=dict(data.attrs),
    )


def _without_associations(filters: int) -> Verdicts:
    none = np.zeros((filters, 0))
    return Verdicts(
        units=(),
        pair=dict.fromkeys(_PAIR, none),
        unit=dict.fromkeys(_UNIT, np.zeros(0)),
        status=(),
        testable=np.zeros(0, dtype=bool),
        passes=none.astype(bool),
        best=np.full(filters, -1, dtype=np.int64),
        live=np.ones(filters, dtype=bool),
        perfect=np.zeros(filters, dtype=bool),
        settings={},
    )


def _best(
    correlation: NDArray[np.float64], passes: NDArray[np.bool_], tested: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """(filter,) the unit of largest rank correlation, among those that pass if any does.

    AUROC would name rare units and precision common ones (`Associations.best`).
    """
    if correlation.shape[1] == 0:
        return np.full(len(correlation), -1, dtype=np.int64)
    score = np.where(tested, np.nan_to_num(correlation, nan=-1.0), -np.inf)
    score = np.where(passes, score + 2.0, score)  # a correlation lies within -1 and 1
    return np.where(tested.any(axis=1), score.argmax(axis=1), -1)


def filter_verdict(rows: Sequence[UnitRow], *, dead: bool, live: bool, faces: str) -> str:
    """One or two sentences on a filter. `faces` names the faces looked at."""
    if dead:
        return "Dead: this filter answers to none of the faces, so nothing can be said of it."
    if not rows:
        return "This run has no associations, so nothing is said about action units."
    if not live:
        return f"Not tested: it does not tell the {faces} apart, though it answers to other faces."
    best = next((row for row in rows if row.best), None)
    if best is None:
        return "No action unit could be tested; the table gives the reasons."
    size = wording.with_interval(best["auroc"], best["auroc_low"], best["auroc_high"])
    evidence = f"AUROC {size}, corrected p = {wording.probability(best['q_auroc'])}"
    passing = [row for row in rows if row.passes]
    if not passing:
        return (
            "No action unit passes after correction. The nearest is "
            f"{best.label} {best.name} ({evidence})."
        )
    others = wording.listed([row.label for row in passing if not row.best])
    also = f" It also passes for {others}." if others else ""
    return f"Answers to {best.label} {best.name} ({evidence}).{also}"
