"""The associations of a run as the pages need them: arrays read once, and rows of one filter.

Nothing is decided here. What passes, and which verdict a filter has, is asked of
`facsinterp.association`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.columns import WAYS
from facsinterp.association.margins import NOT_ASKED, STATUSES, TESTED
from facsinterp.association.table import Associations, Test
from facsinterp.association.verdict import Verdicts
from facsinterp.facs import describe, label
from facsinterp.labels import AU, FILTER

COMPARED: Final = ("auroc", "auroc_low", "auroc_high", "z", "q_auroc", "z_beyond")
"""Numbers of a pair that pages show of a control."""
SHOWN: Final = (
    *COMPARED,
    "auroc_within",
    "p_auroc",
    "p_auroc_max",
    "p_beyond",
    "q_beyond",
    "p_beyond_max",
    "precision_at_n",
    "precision_low",
    "precision_high",
    "p_precision",
    "kl",
    "kl_null",
    "kl_null_sd",
)
"""Numbers of a pair that pages and files show. Workers hold what is here for every pair."""
_COUNTED: Final = ("reached_auroc", "reached_beyond")
_OF_UNITS: Final = (
    "base_rate",
    "largest_precision",
    "n_present",
    "n_coded",
    "n_top",
    "n_subjects_present",
    "n_informative",
    "attainable_p",
    "n_present_beyond",
    "n_coded_beyond",
    "n_informative_beyond",
    "attainable_p_beyond",
    "best_auroc",
    "best_auroc_held_out",
    "best_agreement",
)
_OF_FILTERS: Final = ("named_au", "named_auroc_held_out", "named_agreement")
# The second claim looks only at faces with an emotion, so that its reasons are others.
_BEYOND: Final[Mapping[str, str]] = {
    "unscored": "coded for no face",
    "no emotion": "coded for no face with a labelled emotion",
    "absent": "present in no coded face with a labelled emotion",
    "everywhere": "present in every coded face with a labelled emotion",
    "too few": "too few faces or subjects with it, or without it, among those with a labelled "
    "emotion",
    "constant within": "it varies nowhere that this test shuffles",
    "untestable": "no filter could reach a small enough p by the shuffles of this test",
    NOT_ASKED: STATUSES[NOT_ASKED],
}
MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "shuffles": ("s", "by shuffles"),
    "exact": ("e", "exact, over all shuffles"),
    "saddlepoint": ("a", "by the saddlepoint approximation"),
}
"""How a p was made: its letter, and in words."""


@dataclass(frozen=True)
class UnitRow:
    """Every number of one filter and one action unit, for the tables and charts of its page."""

    unit: int
    label: str
    name: str
    reason: str
    """Why there is no test of the association, in words; empty when there is one."""
    reason_beyond: str
    """Why there is no test beyond the emotion."""
    passes: bool
    passes_beyond: bool
    named: bool
    """Whether the verdict names this unit, or it is the nearest where none passes."""
    ways: Mapping[str, str]
    """How each p was made, a name of `stats.tails.METHODS`, by the name of the test."""
    values: Mapping[str, float | None]

    def __getitem__(self, name: str) -> float | None:
        return self.values[name]

    @property
    def kind(self) -> str:
        """What may be said of the pair, named as the kinds of verdicts; empty for nothing."""
        if self.passes_beyond:
            return "beyond"
        if not self.passes:
            return ""
        return "answers" if self.reason_beyond else "emotion"

    @property
    def tested(self) -> bool:
        """Whether at least one of the two claims was tested."""
        return not (self.reason and self.reason_beyond)


@dataclass(frozen=True)
class Claims:
    """The associations of F filters as plain arrays; `units` is empty when there are none."""

    units: tuple[int, ...]
    pair: Mapping[str, NDArray[Any]]
    """(filter, au) for each number of `SHOWN`, of a control of `COMPARED`, and for how it was
    made; those of `association.columns`."""
    unit: Mapping[str, NDArray[np.float64]]
    """(au,)"""
    filter: Mapping[str, NDArray[np.float64]]
    """(filter,) what the unit that a filter follows most is worth on other people."""
    best_filter: tuple[str, ...]
    """(au,) the filter that follows the unit most; empty where none was chosen."""
    status: tuple[str, ...]
    """(au,) keys of `association.margins.STATUSES`."""
    status_beyond: tuple[str, ...]
    """(au,) the same of the test beyond emotion, or `NOT_ASKED`."""
    passes: NDArray[np.bool_]
    """(filter, au)"""
    passes_beyond: NDArray[np.bool_]
    """(filter, au)"""
    kind: NDArray[np.str_]
    """(filter,) keys of `association.verdict.KINDS`; empty without associations."""
    named: NDArray[np.int64]
    """(filter,) column of the unit that the verdict names, or of the nearest; -1 for none."""
    silenced: NDArray[np.bool_]
    """(filter,) whether the filter answers less where the unit named is present."""
    perfect: NDArray[np.bool_]
    """(filter,) whether all its top faces share a unit: the rule P = 1 of the papers."""
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def testable(self) -> NDArray[np.bool_]:
        """(au,)"""
        return np.array([status == TESTED for status in self.status], dtype=bool)

    @property
    def testable_beyond(self) -> NDArray[np.bool_]:
        """(au,)"""
        return np.array([status == TESTED for status in self.status_beyond], dtype=bool)

    @property
    def answering(self) -> NDArray[np.bool_]:
        """(filter,) whether at least one unit passes."""
        return np.asarray(self.passes.any(axis=1))

    @property
    def surpassing(self) -> NDArray[np.bool_]:
        """(filter,) whether at least one unit passes beyond the emotion."""
        return np.asarray(self.passes_beyond.any(axis=1))

    @property
    def top_n(self) -> int:
        """How many top faces P@N looks at."""
        return int(self.settings.get("top_n", 10))

    def at_least(self, claim: str, layer: str = "") -> int | None:
        """Filters of a layer, or of all, that answer at least; None where there is no bound.

        All bounds of a `claim`, "auroc" or "beyond", hold together with one confidence.
        """
        tested = self.testable if claim == "auroc" else self.testable_beyond
        if not tested.any():
            return None
        found = self.settings.get(f"at_least_{claim}", {}).get(layer)
        return None if found is None else int(found)

    def rows(self, position: int) -> tuple[UnitRow, ...]:
        """Every unit for one filter, in the order of their numbers."""
        return self._rows(position, np.argsort(self.units, kind="stable").tolist())

    def row(self, position: int, column: int) -> UnitRow:
        """One filter and the unit of one column."""
        (row,) = self._rows(position, [column])
        return row

    def kinds(self, column: int) -> NDArray[np.str_]:
        """(filter,) what may be said of each filter and one unit, as `UnitRow.kind`."""
        passing = "emotion" if self.testable_beyond[column] else "answers"
        return np.where(
            self.passes_beyond[:, column],
            "beyond",
            np.where(self.passes[:, column], passing, ""),
        )

    def _rows(self, position: int, columns: Sequence[int]) -> tuple[UnitRow, ...]:
        """All numbers of a filter at once: there are hundreds a page."""
        told = {name: _plain(array[position, columns]) for name, array in self.pair.items()}
        ways = [told.pop(name, []) for name in WAYS]
        values = [
            dict(zip(told, numbers, strict=True)) for numbers in zip(*told.values(), strict=True)
        ]
        passes, beyond = self.passes[position].tolist(), self.passes_beyond[position].tolist()
        named = int(self.named[position])
        return tuple(
            UnitRow(
                *self._words[column],
                passes[column],
                beyond[column],
                column == named,
                self._ways(made),
                {**of_pair, **self._of_unit[column]},
            )
            for column, made, of_pair in zip(columns, zip(*ways, strict=True), values, strict=True)
        )

    @cached_property
    def _words(self) -> tuple[tuple[int, str, str, str, str], ...]:
        """(au,) number, label, name, and why there was no test of either claim."""
        return tuple(
            (
                unit,
                label(unit),
                describe(unit).removeprefix(label(unit)).strip(),
                reason(status),
                reason_beyond(status_beyond),
            )
            for unit, status, status_beyond in zip(
                self.units, self.status, self.status_beyond, strict=True
            )
        )

    @cached_property
    def _of_unit(self) -> tuple[dict[str, float | None], ...]:
        """(au,) every number of a unit."""
        told = [_plain(array) for array in self.unit.values()]
        return tuple(
            dict(zip(self.unit, numbers, strict=True)) for numbers in zip(*told, strict=True)
        )

    def _ways(self, places: Sequence[float | None]) -> dict[str, str]:
        names = self.settings["ways"]
        return {
            variable.removeprefix("way_"): str(names[int(place)])
            for variable, place in zip(WAYS, places, strict=True)
            if place is not None and place >= 0
        }


def reason(status: str) -> str:
    """Why a unit was not tested, in words; empty when it was."""
    if status == TESTED:
        return ""
    return STATUSES[status]


def reason_beyond(status: str) -> str:
    """Why a unit was not tested beyond the emotion, in words; empty when it was."""
    return "" if status == TESTED else _BEYOND[status]


def _plain(values: NDArray[Any]) -> list[float | None]:
    return [float(one) if math.isfinite(one) else None for one in values.tolist()]


def read_claims(
    associations: Associations | None, filters: int, numbers: Sequence[str] = SHOWN
) -> Claims:
    """The associations of `filters` filters as arrays, read once; these `numbers` of each pair."""
    if associations is None:
        return _without_associations(filters)
    data = associations.data.transpose(FILTER, AU)
    verdicts = Verdicts.of(associations)
    return Claims(
        units=tuple(int(unit) for unit in data[AU].values),
        pair={
            **{name: np.asarray(data[name].values) for name in numbers},
            **{name: np.asarray(data[name].values, dtype=np.int32) for name in _COUNTED},
            **{name: np.asarray(data[name].values, dtype=np.int8) for name in WAYS},
        },
        unit={name: np.asarray(data[name].values, dtype=np.float64) for name in _OF_UNITS},
        filter={name: np.asarray(data[name].values, dtype=np.float64) for name in _OF_FILTERS},
        best_filter=tuple(str(name) for name in data["best_filter"].values),
        status=tuple(str(key) for key in data["status"].values),
        status_beyond=tuple(str(key) for key in data["status_beyond"].values),
        passes=_passing(associations, "auroc"),
        passes_beyond=_passing(associations, "beyond"),
        kind=verdicts.kind,
        named=_named(associations, verdicts),
        silenced=verdicts.silenced,
        perfect=np.asarray(associations.papers_rule().accepted.values, dtype=bool),
        settings=dict(data.attrs),
    )


def _passing(associations: Associations, claim: Test) -> NDArray[np.bool_]:
    return np.asarray(associations.significant(test=claim).transpose(FILTER, AU).values, dtype=bool)


def _named(associations: Associations, verdicts: Verdicts) -> NDArray[np.int64]:
    """(filter,) the column of the verdict; where none passes, that of the largest z tested."""
    data = associations.data.transpose(FILTER, AU)
    if not data.sizes[AU]:
        return verdicts.column
    z = data["z"].values
    if data.attrs["sides"] == "two":
        z = np.abs(z)
    tested = np.isfinite(data["p_auroc"].values) & np.isfinite(z)
    nearest = np.where(tested.any(axis=1), np.where(tested, z, -np.inf).argmax(axis=1), -1)
    return np.asarray(np.where(verdicts.kind == "nothing", nearest, verdicts.column))


def _without_associations(filters: int) -> Claims:
    none = np.zeros((filters, 0))
    return Claims(
        units=(),
        pair=dict.fromkeys((*SHOWN, *_COUNTED, *WAYS), none),
        unit=dict.fromkeys(_OF_UNITS, np.zeros(0)),
        filter=dict.fromkeys(_OF_FILTERS, np.full(filters, np.nan)),
        best_filter=(),
        status=(),
        status_beyond=(),
        passes=none.astype(bool),
        passes_beyond=none.astype(bool),
        kind=np.full(filters, "", dtype="U10"),
        named=np.full(filters, -1, dtype=np.int64),
        silenced=np.zeros(filters, dtype=bool),
        perfect=np.zeros(filters, dtype=bool),
    )
