"""What the codes alone decide: whether an action unit can be tested at all.

An action unit that no filter could ever pass with only dilutes the family of tests. The
decision looks at codes, subjects and emotions, never at activations, so it costs no validity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.units import Units
from facsinterp.errors import InputError
from facsinterp.stats.closed.exact import attainable_p
from facsinterp.stats.nulls import Null, Rows, Scheme

TESTED: Final = "tested"
NOT_ASKED: Final = "not asked"
STATUSES: Final = {
    TESTED: "in the family of tests",
    "unscored": "coded for no face",
    "absent": "present in no coded face",
    "everywhere": "present in every coded face",
    "too few": "too few faces or subjects with it, or without it",
    "constant within": "it varies nowhere that the null shuffles; within subjects this means "
    'that it is a habit of each, which null = "whole-subject" could test',
    "untestable": "no filter could reach a small enough p by these shuffles",
    "no emotion": "coded for no face with a labelled emotion",
    NOT_ASKED: "the run did not ask for this test",
}

# A finding on fewer people is one on those people; fewer are asked of smaller corpora.
FEWEST_SUBJECTS: Final = 5
INSIDE_SUBJECTS: Final = ("within-subject", "subject-flips")
"""Nulls under which a person in whom a unit does not vary says nothing."""


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
    """Strata of the null inside which the unit varies; nothing else moves the test."""
    attainable_p: NDArray[np.float64]
    """Least p that any filter could reach under the null; 1 where nothing was coded."""
    status: NDArray[np.str_]
    """(au,) a key of `STATUSES`."""

    @property
    def testable(self) -> NDArray[np.bool_]:
        """(au,) which action units are in the family."""
        return np.asarray(self.status == TESTED)

    @classmethod
    def of(
        cls, units: Units, null: Null, *, min_units: int, alpha: float, both: bool = False
    ) -> Self:
        """Count and judge each action unit on the observations that the null can use.

        Tested are units present in at least `min_units` observations and absent from as
        many, seen and missed in at least 5 subjects each (in all where fewer are known), varying
        inside as many where nothing but subjects tells chance, and whose least attainable p
        (twice that of a tail for `both`) is at most `alpha` / 100.
        """
        usable = null.usable(units.known)
        coded = units.coded & usable[:, None]
        present = units.present & usable[:, None]
        n_coded, n_present = coded.sum(axis=0), present.sum(axis=0)
        least = np.ones(coded.shape[1])
        informative = np.zeros(coded.shape[1], dtype=np.int64)
        for rows, columns in units.masks(usable):
            labels = units.present[np.ix_(rows, columns)]
            least[columns], informative[columns] = _reach(null, units.known.select(rows), labels)
        known = units.subjects != ""
        n_subjects = _subjects(coded[known], units.subjects[known])
        with_unit = _subjects(present[known], units.subjects[known])
        without = _subjects((coded & ~present)[known], units.subjects[known])
        asked = min(FEWEST_SUBJECTS, len(np.unique(units.subjects[known & usable])))
        enough = np.minimum(with_unit, without) >= asked
        if null.name in INSIDE_SUBJECTS:
            enough &= (informative >= asked) | (informative == 0)  # 0 has a status of its own
        few = np.minimum(n_present, n_coded - n_present) < min_units
        nowhere = units.coded.any(axis=0) & (n_coded == 0)
        judged = [
            (nowhere, "no emotion"),
            (n_coded == 0, "unscored"),
            (n_present == 0, "absent"),
            (n_present == n_coded, "everywhere"),
            (few | ~enough, "too few"),
            (informative == 0, "constant within"),
            (least * (1 + both) > alpha / 100, "untestable"),
        ]
        conditions, names = zip(*judged, strict=True)
        status = np.select(conditions, names, default=TESTED)
        return cls(n_coded, n_present, n_subjects, with_unit, informative, least, status)


def _reach(
    null: Null, known: Rows, labels: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Least attainable p of each unit, and strata inside which it varies."""
    if not null.shuffles:  # signs of subjects: those in whom nothing varies have none
        varying = _varying(labels, Scheme.of_blocks(known.subjects).stratum)
        return np.power(0.5, varying), varying
    try:
        scheme = null.bind(known)
    except InputError:  # of the rows coded for these units too few are left to move
        return np.ones(labels.shape[1]), np.zeros(labels.shape[1], dtype=np.int64)
    return attainable_p(labels, scheme), _varying(labels, scheme.stratum)


def _varying(labels: NDArray[np.bool_], strata: NDArray[np.int64]) -> NDArray[np.int64]:
    place = np.unique(strata, return_inverse=True)[1]
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
