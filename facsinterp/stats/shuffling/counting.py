"""Inner loops of the shuffles, compiled: drawing, counting what reaches, counting in bins.

Whole numbers in, whole numbers out: sums are exact, so that the order of additions, the
number of threads and the processor change nothing. This module costs an import of numba;
`permute` and `divergence` work import it when they first count.
"""

from __future__ import annotations

from typing import Any, Final

import numba
import numpy as np
from numpy.typing import NDArray

LANES: Final = 64
"""Action units that are counted side by side, one byte each: eight words of 64 bits."""

WORDS: Final = LANES // 8
WIDTH: Final = 64
"""Filters whose sums are made side by side: a few vector registers of numbers."""

FULL: Final = 255
ROW = np.uint32((1 << 31) - 1)
"""Rows that can be added before a byte runs over."""


@numba.njit(cache=True, nogil=True)
def draw(
    uniform: NDArray[np.float64],
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    groups: NDArray[np.int64],
    size: NDArray[np.int64],
    moved: NDArray[np.int32],
) -> None:
    """Fill `moved` (k, n) with shuffles of groups inside strata (Fisher & Yates).

    `order` lists the rows by stratum, group and place. Stratum t holds `groups[t]` groups
    of `size[t]` rows from `start[t]` on. Each shuffle takes groups - 1 numbers of [0, 1)
    for each stratum from its row of `uniform`.
    """
    rows = len(order)
    most = 1
    for t in range(len(groups)):
        most = max(most, groups[t])
    place = np.empty(most, np.int64)
    for s in range(len(moved)):
        for row in range(rows):
            moved[s, row] = row
        at = 0
        for t in range(len(groups)):
            for i in range(groups[t]):
                place[i] = i
            for i in range(groups[t] - 1, 0, -1):
                j = np.int64(uniform[s, at] * (i + 1))
                place[i], place[j] = place[j], place[i]
                at += 1
            for i in range(groups[t]):
                to, origin = start[t] + i * size[t], start[t] + place[i] * size[t]
                for p in range(size[t]):
                    moved[s, order[to + p]] = order[origin + p]


@numba.njit(cache=True, nogil=True)
def add_up(
    tiles: NDArray[Any],
    moved: NDArray[np.int32],
    rows: NDArray[np.uint32],
    start: NDArray[np.int64],
    rest: NDArray[np.bool_],
    sums: NDArray[Any],
) -> None:
    """Put into `sums` (k, U, J) the weights of the rows that have each action unit.

    `tiles` (J / WIDTH, n, WIDTH): the weights. `moved` (k, n): the row whose labels each row
    gets. `rows[start[u]:start[u + 1]]`: the rows of the rarer kind, with the unit or, where
    `rest`, without it: then the sum is what they leave of all. A tile stays in a near cache
    while some shuffles are added up.
    """
    shuffles, count = moved.shape
    # Unsigned numbers need no look at whether they count from the end.
    to = np.empty((shuffles, count), np.uint32)
    for s in range(shuffles):
        for i in range(count):
            to[s, moved[s, i]] = i
    everyone = np.arange(count).astype(np.uint32)
    total = np.empty(WIDTH, sums.dtype)
    added = np.empty(WIDTH, sums.dtype)
    for t in range(len(tiles)):
        at = t * WIDTH
        _add_rows_of(tiles[t], everyone, everyone, total)
        for s in range(shuffles):
            for u in range(len(rest)):
                _add_rows_of(tiles[t], to[s], rows[start[u] : start[u + 1]], added)
                for j in range(WIDTH):
                    sums[s, u, at + j] = total[j] - added[j] if rest[u] else added[j]


@numba.njit(cache=True, nogil=True)
def _add_rows_of(
    tile: NDArray[Any], to: NDArray[np.uint32], rows: NDArray[np.uint32], added: NDArray[Any]
) -> None:
    """Add up the rows `to[rows]` of a tile, eight at a time so that sums are seldom stored."""
    added[:] = 0
    eights = np.uint32(len(rows) // 8 * 8)
    here = np.uint32(0)
    while here < eights:
        a, b, c, d = to[rows[here]], to[rows[here + 1]], to[rows[here + 2]], to[rows[here + 3]]
        e, f, g, h = to[rows[here + 4]], to[rows[here + 5]], to[rows[here + 6]], to[rows[here + 7]]
        for j in range(WIDTH):
            near = (tile[a, j] + tile[b, j]) + (tile[c, j] + tile[d, j])
            far = (tile[e, j] + tile[f, j]) + (tile[g, j] + tile[h, j])
            added[j] += near + far
        here += np.uint32(8)
    while here < len(rows):
        a = to[rows[here]]
        for j in range(WIDTH):
            added[j] += tile[a, j]
        here += np.uint32(1)


@numba.njit(cache=True, nogil=True)
def tally(  # noqa: PLR0917 - compiled code takes its arguments by place
    drawn: NDArray[Any],
    observed: NDArray[Any],
    reached: NDArray[np.int64],
    below: NDArray[np.int64] | None,
    mean: NDArray[np.float64] | None,
    sd: NDArray[np.float64] | None,
    best: NDArray[np.float64],
) -> None:
    """Count drawn sums (k, U, J) against the observed (U, J), in one pass over them.

    Adds to `reached` where a sum is as large, to `below` where it is as small, and raises
    `best` (k, J) to the largest (sum - mean) / sd of the action units.
    """
    shuffles, units, filters = drawn.shape
    for u in range(units):
        up = np.zeros(filters, np.int32)
        down = np.zeros(filters, np.int32)
        for s in range(shuffles):
            sums = drawn[s, u]
            for j in range(filters):
                up[j] += sums[j] >= observed[u, j]
            if below is not None:
                for j in range(filters):
                    down[j] += sums[j] <= observed[u, j]
            if mean is not None and sd is not None:
                _raise(best[s], sums, mean[u], sd[u], below is not None)
        reached[u] += up
        if below is not None:
            below[u] += down


@numba.njit(cache=True, nogil=True)
def _raise(
    best: NDArray[np.float64],
    sums: NDArray[Any],
    mean: NDArray[np.float64],
    sd: NDArray[np.float64],
    size: bool,
) -> None:
    for j in range(len(best)):
        z = (np.float64(sums[j]) - mean[j]) / sd[j]
        # Pairs without a spread have -inf on either side.
        if size and -np.inf < z < 0:
            z = -z
        best[j] = z if z > best[j] else best[j]


@numba.njit(cache=True, nogil=True)
def observe_bins(  # noqa: PLR0917 - compiled code takes its arguments by place
    packed: NDArray[np.uint64],
    order: NDArray[np.uint32],
    segments: NDArray[np.int64],
    table: NDArray[np.int64],
    start: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    value: NDArray[np.int64],
) -> None:
    """Put into `value` (J, U) each filter's sum for labels where they are; see `tally_bins`."""
    rest = np.empty(len(with_unit), np.int64)
    lanes = np.empty(WORDS, np.uint64)
    wide = np.empty(LANES, np.int64)
    for j in range(len(order)):
        _sum(
            packed,
            order[j],
            segments[j],
            table[j],
            start[j],
            with_unit,
            value[j],
            rest,
            lanes,
            wide,
        )


@numba.njit(cache=True, nogil=True)
def tally_bins(  # noqa: PLR0913, PLR0917 - compiled code takes its arguments by place
    packed: NDArray[np.uint64],
    moved: NDArray[np.int32],
    order: NDArray[np.uint32],
    segments: NDArray[np.int64],
    table: NDArray[np.int64],
    start: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    observed: NDArray[np.int64],
    slack: int,
    reached: NDArray[np.int64],
    total: NDArray[np.float64],
    squares: NDArray[np.float64],
) -> None:
    """Sum each filter's table over the counts of its bins, for some shuffles, and tally.

    `packed` (n, 8): the labels of each row, a byte each. `order` (J, n): rows of each filter
    by bin, in segments of at most 255 rows whose last entry has the highest bit set.
    `segments` (J, B): how many each bin has. `table[j, start[j, b] + c]`: what bin b adds when
    c of its rows show the action unit. The rows of the last bin are never visited: what the
    others leave of `with_unit` (U,) is there. `reached` counts sums of at least
    `observed - slack`; `total` and `squares` add up their distance from `observed`.
    """
    rows, units = len(packed), len(with_unit)
    here = np.empty((rows, WORDS), np.uint64)
    value = np.empty(units, np.int64)
    rest = np.empty(units, np.int64)
    lanes = np.empty(WORDS, np.uint64)
    wide = np.empty(LANES, np.int64)
    for s in range(len(moved)):
        for i in range(rows):
            for w in range(WORDS):
                here[i, w] = packed[moved[s, i], w]
        for j in range(len(order)):
            _sum(
                here, order[j], segments[j], table[j], start[j], with_unit, value, rest, lanes, wide
            )
            for u in range(units):
                above = value[u] - observed[j, u]
                reached[j, u] += above >= -slack
                total[j, u] += np.float64(above)
                squares[j, u] += np.float64(above) * np.float64(above)


@numba.njit(cache=True, nogil=True)
def _sum(  # noqa: PLR0913, PLR0917 - as above
    here: NDArray[np.uint64],
    order: NDArray[np.uint32],
    segments: NDArray[np.int64],
    table: NDArray[np.int64],
    start: NDArray[np.int64],
    with_unit: NDArray[np.int64],
    value: NDArray[np.int64],
    rest: NDArray[np.int64],
    lanes: NDArray[np.uint64],
    wide: NDArray[np.int64],
) -> None:
    units = len(value)
    for u in range(units):
        value[u] = 0
        rest[u] = with_unit[u]
    found = lanes.view(np.uint8)
    last = len(segments) - 1
    at = np.uint64(0)
    for b in range(last):
        if segments[b] == 0:
            continue
        wide[:] = 0
        for _ in range(segments[b]):
            at = _add_rows(here, order, at, lanes)
            for u in range(units):
                wide[u] += found[u]
        first = np.uint64(start[b])
        for u in range(units):
            rest[u] -= wide[u]
            value[u] += table[first + np.uint64(wide[u])]
    first = np.uint64(start[last])
    for u in range(units):
        value[u] += table[first + np.uint64(rest[u])]


@numba.njit(cache=True, nogil=True)
def _add_rows(
    here: NDArray[np.uint64], order: NDArray[np.uint32], at: np.uint64, lanes: NDArray[np.uint64]
) -> np.uint64:
    """Put the sum of the rows of one segment into `lanes`; where the next segment begins.

    Eight named sums stay in registers. The loop ends where the data say, not at a number:
    otherwise the compiler would gather eight rows at a time, which takes longer.
    """
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = np.uint64(0)
    while True:
        entry = order[at]
        row = entry & ROW
        a0 += here[row, 0]
        a1 += here[row, 1]
        a2 += here[row, 2]
        a3 += here[row, 3]
        a4 += here[row, 4]
        a5 += here[row, 5]
        a6 += here[row, 6]
        a7 += here[row, 7]
        at += np.uint64(1)
        if entry > ROW:
            break
    lanes[0], lanes[1], lanes[2], lanes[3] = a0, a1, a2, a3
    lanes[4], lanes[5], lanes[6], lanes[7] = a4, a5, a6, a7
    return at
