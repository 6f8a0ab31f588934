"""What the codes alone decide: whether an action unit can be tested at all.

An action unit that no filter could ever pass with only dilutes the family of tests. The
decision looks at codes and subjects, never at activations, so it costs no validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.units import Units
from facsinterp.stats.permute import attainable_p

TESTED: Final = "tested"
STATUSES: Final = {
    TESTED: "in the family of tests",
    "unscored": "coded for no face",
    "absent": "present in no coded face",
    "everywhere": "present in every coded face",
    "too few": "too few faces or subjects with it, or without it",
    "untestable": "no filter could reach a small enough p by these shuffles",
}

# A finding on fewer people is one on those people; fewer are asked of smaller corpora.
FEWEST_SUBJECTS: Final = 5


@dataclass(frozen=True)
class Margins:
    """Counts of each action unit over the observations, and what follows; every array (au,)."""

    n_coded: NDArray[np.int64]
    n_present: NDArray[np.int64]
    n_subjects: NDArray[np.int64]
    """Subjects with at least one coded observation."""
    n_subjects_present: NDArray[np.int64]
    """Subjects with at least one observation that shows the unit."""
    n_informative: NDArray[np.int64]
    """Blocks of the null inside which the unit varies; nothing else moves the test."""
    attainable_p: NDArray[np.float64]
    """Least p that any filter could reach by shuffling; 1 where nothing was coded."""
    status: NDArray[np.str_]

    @property
    def testable(self) -> NDArray[np.bool_]:
        """(au,) which action units are in the family."""
        return np.asarray(self.status == TESTED)

    @classmethod
    def of(cls, units: Units, blocks: NDArray[np.int64], *, min_units: int, alpha: float) -> Self:
        """Count and judge each action unit.

        Tested are units present in at least `min_units` observations and absent from as
        many, present in at least 5 subjects (in all where fewer are known), and whose least
        attainable p is at most `alpha` / 100.
        """
        n_coded = units.coded.sum(axis=0)
        n_present = units.present.sum(axis=0)
        least = np.ones(units.coded.shape[1])
        informative = np.zeros(units.coded.shape[1], dtype=np.int64)
        for rows, columns in units.masks():
            labels = units.present[np.ix_(rows, columns)]
            least[columns] = attainable_p(labels, blocks[rows])
            informative[columns] = _varying(labels, blocks[rows])
        known = units.subjects != ""
        n_subjects = _subjects(units.coded[known], units.subjects[known])
        with_unit = _subjects(units.present[known], units.subjects[known])
        enough = with_unit >= min(FEWEST_SUBJECTS, len(np.unique(units.subjects[known])))
        few = np.minimum(n_present, n_coded - n_present) < min_units
        judged = [
            (n_coded == 0, "unscored"),
            (n_present == 0, "absent"),
            (n_present == n_coded, "everywhere"),
            (few | ~enough, "too few"),
            (least > alpha / 100, "untestable"),
        ]
        conditions, names = zip(*judged, strict=True)
        status = np.select(conditions, names, default=TESTED)
        return cls(n_coded, n_present, n_subjects, with_unit, informative, least, status)


def _varying(labels: NDArray[np.bool_], blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.unique(blocks, return_inverse=True)[1]
    size = np.bincount(place)[:, None]
    with_unit = np.zeros((len(size), labels.shape[1]), dtype=np.int64)
    np.add.at(with_unit, place, labels)
    return np.asarray(((with_unit > 0) & (with_unit < size)).sum(axis=0))


def _subjects(marked: NDArray[np.bool_], subjects: NDArray[np.str_]) -> NDArray[np.int64]:
    """How many subjects have at least one mark in each column."""
    kinds, place = np.unique(subjects, return_inverse=True)
    any_mark = np.zeros((len(kinds), marked.shape[1]), dtype=bool)
    np.logical_or.at(any_mark, place, marked)
    return np.asarray(any_mark.sum(axis=0))
