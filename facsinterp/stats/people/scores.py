"""Scores of filters and action units that are had again for other people.

A `Score` is asked how often each subject was drawn, `times` (S,) in the order of
`people(subjects)`, and gives (J, U). It is what naming and matching are bootstrapped with.
Subjects are drawn with all their rows; a subject drawn twice is two people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.stats.structure import subject_centred

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
Score = Callable[[Counts], Floats]


def people(subjects: ArrayLike) -> NDArray[np.str_]:
    """Names of the subjects that are known (S,), sorted; rows with "" are of none of them."""
    names = np.unique(np.asarray(subjects, dtype=str))
    return np.asarray(names[names != ""])


def resamples(subjects: ArrayLike, count: int, seed: int) -> Iterator[Counts]:
    """How often each subject is drawn, (S,), in each of `count` draws of S with replacement.

    Draw number b depends on the seed and b alone.
    """
    many = len(people(subjects))
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        yield rng.multinomial(many, np.full(many, 1 / many)) if many else np.zeros(0, np.int64)


def within_subject_z(weights: ArrayLike, labels: ArrayLike, subjects: ArrayLike) -> Score:
    """A score: the rank sum standardised under shuffles inside each subject (J, U).

    `weights` (n, J), for instance midranks; `labels` (n, U). With k_s rows of subject s,
    drawn c_s times,
        z = sum c_s sum (w - mean w)(a - mean a) /
            sqrt(sum c_s sum (w - mean w)**2 sum (a - mean a)**2 / (k_s - 1)),
    inner sums and means over the rows of s. The weights stay as they are, whoever is
    drawn. NaN where the variance is 0. Rows of no subject do not count. Raises InputError
    when the arrays do not fit together.
    """
    given = np.asarray(weights, dtype=np.float64)
    present = np.asarray(labels, dtype=np.float64)
    names = np.asarray(subjects, dtype=str)
    _refuse_misfits(given, present, names)
    known = names != ""
    _, owner, rows = np.unique(names[known], return_inverse=True, return_counts=True)
    w, a = (subject_centred(one[known], names[known]) for one in (given, present))
    spread_w = _sums(w**2, owner, len(rows))
    spread_a = _sums(a**2, owner, len(rows)) / np.maximum(rows - 1, 1)[:, None]

    def score(times: Counts) -> Floats:
        drawn = times.astype(np.float64)
        excess = (w * drawn[owner, None]).T @ a
        variance = (spread_w * drawn[:, None]).T @ spread_a
        return np.asarray(excess / np.sqrt(np.where(variance > 0, variance, np.nan)))

    return score


def of_rows(measure: Callable[[Counts, Counts], Floats], subjects: ArrayLike) -> Score:
    """A score by any `measure(rows, subjects)` of the rows drawn: slower, but of any kind.

    `rows` are positions of rows, a row once for each time that its subject is drawn;
    `subjects` number the people drawn, so that a subject drawn twice is two. Rows of no
    subject are never drawn.
    """
    names = np.asarray(subjects, dtype=str)
    rows_of = [np.flatnonzero(names == name) for name in people(names)]

    def score(times: Counts) -> Floats:
        drawn = [rows_of[who] for who in np.repeat(np.arange(len(rows_of)), times)]
        sizes = [len(rows) for rows in drawn]
        rows = np.concatenate(drawn) if drawn else np.zeros(0, np.int64)
        return measure(rows, np.repeat(np.arange(len(drawn)), sizes))

    return score


def _sums(values: Floats, owner: Counts, many: int) -> Floats:
    """Sum over the rows of each subject (S, columns)."""
    total = np.zeros((many, values.shape[1]))
    np.add.at(total, owner, values)
    return total


def _refuse_misfits(weights: Floats, labels: Floats, subjects: NDArray[np.str_]) -> None:
    shapes = weights.shape, labels.shape, subjects.shape
    if [len(shape) for shape in shapes] != [2, 2, 1] or len({shape[0] for shape in shapes}) > 1:
        raise InputError(
            Fault(
                "weights, labels and subjects do not fit together",
                expected="shapes (n, filters), (n, action units) and (n,)",
                got=", ".join(str(shape) for shape in shapes),
            )
        )
