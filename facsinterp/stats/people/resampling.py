"""Draws of subjects with all their rows, and the AUROC in each draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numba
import numpy as np
from numpy.typing import NDArray

from facsinterp.stats.effect import exact_dtype

Floats = NDArray[np.float64]

# Subjects are left out one by one for the acceleration; more than so many in groups. Third
# cumulants add up, so that groups estimate the same acceleration.
MOST_LEFT_OUT: Final = 400
# Draws side by side in the compiled loop: the weights of a hundred subjects and the sums of
# fifty action units for so many draws stay in a second-level cache.
WIDTH: Final = 512


@dataclass(frozen=True)
class Resampling:
    """Draws of subjects, and what they make of the labels; the same for every filter."""

    owner: NDArray[np.int64]
    """(n,) which subject each row is of."""
    first: NDArray[np.int64]
    """(n + 1,) where the action units of each row begin in `units`."""
    units: NDArray[np.int64]
    """Action units that are present, row by row."""
    times: NDArray[np.int16]
    """(subject, column) weight of each subject: 1 for all, then with some left out, then
    how often each is drawn."""
    with_unit: Floats
    """(U, column) weight of the rows that show the unit."""
    pairs: Floats
    """(U, column) weight of the pairs with and without it; NaN where there are none."""
    left_out: int
    """Columns after the first with some subjects left out."""
    heaviest: int
    """Most rows in a column."""

    @classmethod
    def of(
        cls,
        on: NDArray[np.bool_],
        owner: NDArray[np.int64],
        draws: int,
        seed: int,
        *,
        leave_out: bool = False,
    ) -> Self:
        """`draws` draws of subjects (`on` (n, U), `owner` (n,) 0, 1, ...); with columns that
        leave subjects out only if asked. The draws are the same either way."""
        subjects = int(owner.max()) + 1
        left_out = min(subjects, MOST_LEFT_OUT) if leave_out else 0
        times = _columns(subjects, left_out, draws, seed)
        shown = np.zeros((len(times), on.shape[1]))
        np.add.at(shown, owner, on)
        with_unit = np.empty((on.shape[1], times.shape[1]))
        pairs = np.empty_like(with_unit)
        rows = np.bincount(owner).astype(np.float64)
        heaviest = 0
        for start in range(0, times.shape[1], WIDTH):
            block = slice(start, start + WIDTH)
            weight = times[:, block].astype(np.float64)
            total = rows @ weight
            with_unit[:, block] = shown.T @ weight
            pairs[:, block] = with_unit[:, block] * (total - with_unit[:, block])
            heaviest = max(heaviest, int(total.max()))
        pairs[pairs == 0] = np.nan
        first = np.append(0, np.cumsum(on.sum(axis=1)))
        units = np.nonzero(on)[1]
        return cls(owner, first, units, times, with_unit, pairs, left_out, heaviest)

    def auroc(self, values: Floats) -> Floats:
        """AUROC of one filter (n,) in each column, (U, column)."""
        order = np.argsort(values, kind="stable")
        ordered = values[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        starts = np.append(starts, len(ordered))
        # Sums are whole numbers, at most the square of the rows.
        ranked = np.zeros(self.pairs.shape, dtype=exact_dtype(self.heaviest**2))
        _ranked(order, starts, self.owner, self.first, self.units, self.times, ranked, WIDTH)
        return (ranked - self.with_unit**2) / (2 * self.pairs)


def _columns(subjects: int, left_out: int, draws: int, seed: int) -> NDArray[np.int16]:
    """Weights of the subjects (subject, column): all, some left out, then draws."""
    rng = np.random.default_rng(seed)
    equal = np.full(subjects, 1 / subjects)
    times = np.ones((subjects, 1 + left_out + draws), dtype=np.int16)
    for start in range(1 + left_out, times.shape[1], WIDTH):
        block = times[:, start : start + WIDTH]
        block[:] = rng.multinomial(subjects, equal, size=block.shape[1]).T
    if left_out:
        # In an order of their own, so that neighbours by name are not left out together.
        group = rng.permutation(subjects) % left_out
        times[np.arange(subjects), 1 + group] = 0
    return times


@numba.njit(nogil=True, cache=True)
def _ranked(  # noqa: PLR0917 - compiled code takes its arguments by place
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    owner: NDArray[np.int64],
    first: NDArray[np.int64],
    units: NDArray[np.int64],
    times: NDArray[np.int16],
    ranked: NDArray[np.floating],
    width: int,
) -> None:
    """Adds to `ranked` (U, column) twice the weighted midranks of the rows with each unit.

    `order`: rows by activation; `starts`: where each group of equal ones begins in it.
    `width` columns are worked on at a time.
    """
    for start in range(0, ranked.shape[1], width):
        stop = min(start + width, ranked.shape[1])
        below = np.zeros(stop - start, ranked.dtype)
        tied = np.empty(stop - start, ranked.dtype)
        term = np.empty(stop - start, ranked.dtype)
        for group in range(len(starts) - 1):
            tied[:] = 0
            for row in order[starts[group] : starts[group + 1]]:
                weight = times[owner[row], start:stop]
                for column in range(stop - start):
                    tied[column] += weight[column]
            for column in range(stop - start):
                after = below[column] + tied[column]
                tied[column] = below[column] + after
                below[column] = after
            for row in order[starts[group] : starts[group + 1]]:
                shown = units[first[row] : first[row + 1]]
                weight = times[owner[row], start:stop]
                for column in range(stop - start):
                    term[column] = weight[column] * tied[column]
                _add(term, shown, ranked, start)


@numba.njit(nogil=True, cache=True)
def _add(
    term: NDArray[np.floating],
    shown: NDArray[np.int64],
    ranked: NDArray[np.floating],
    start: int,
) -> None:
    for unit in shown:
        into = ranked[unit, start : start + len(term)]
        for column in range(len(term)):
            into[column] += term[column]
