"""Reach: which pixels each place of a map can see, along rows and along columns.

What a unit sees is a box, and the operations of a convolutional network act on the two
axes apart, so two lists of intervals say all there is to know about a map.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

# A place that sees nothing (padding) begins after every pixel and ends before each, so
# that a union with it is the other side.
_NOWHERE: Final = 2**40


@dataclass(frozen=True)
class Window:
    """What a convolution or pooling does along one axis."""

    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1


@dataclass(frozen=True, eq=False)
class Axis:
    """What the places of a map see along one axis of the image."""

    first: NDArray[np.int64]
    """(place,) first pixel that each sees."""
    end: NDArray[np.int64]
    """(place,) one after the last pixel that each sees."""
    size: int
    """Pixels that a place would see in an image without borders."""
    stride: int
    """Pixels from one place's to the next one's; 0 where all see the same."""
    start: int
    """First pixel that place 0 would see in an image without borders."""

    @classmethod
    def of_image(cls, pixels: int) -> Self:
        """Each pixel sees itself."""
        places = np.arange(pixels)
        return cls(places, places + 1, 1, 1, 0)

    def misses(self, other: Axis) -> bool:
        """Whether some place sees nothing but padding that in `other` sees pixels."""
        return bool(((self.first >= self.end) & (other.first < other.end)).any())

    def within(self, other: Axis) -> bool:
        """Whether no place sees more than it does of `other`."""
        return bool(((self.first >= other.first) & (self.end <= other.end)).all())

    def same(self, other: Axis) -> bool:
        """Whether both say the same of each place."""
        return (
            np.array_equal(self.first, other.first)
            and np.array_equal(self.end, other.end)
            and (self.size, self.stride, self.start) == (other.size, other.stride, other.start)
        )

    def through(self, window: Window, places: int) -> Self:
        """After one more window over the map, which gives so many places."""
        taps = np.arange(window.kernel) * window.dilation - window.padding
        seen = self._at(np.arange(places)[:, None] * window.stride + taps)
        return replace(
            seen,
            first=seen.first.min(axis=1),
            end=seen.end.max(axis=1),
            size=self.size + (window.kernel - 1) * window.dilation * self.stride,
            stride=self.stride * window.stride,
            start=self.start - window.padding * self.stride,
        )

    def picked(self, index: NDArray[np.int64], step: int = 1) -> Self:
        """The places `index`, which begin at `index[0]` and are `step` apart but at borders.

        Places outside the map are padding.
        """
        start = self.start + int(index[0]) * self.stride
        return replace(self._at(index), stride=self.stride * step, start=start)

    def bordered(self, before: int, after: int, mode: Literal["reflect", "edge"]) -> Self:
        """With so many places put before and after that repeat places inside, as np.pad does."""
        index = np.pad(np.arange(len(self.first)), (before, after), mode=mode)
        return replace(self._at(index), start=self.start - before * self.stride)

    def hull(self) -> Self:
        """One place that sees what all see together."""
        first, end = self.first.min(keepdims=True), self.end.max(keepdims=True)
        return replace(
            self, first=first, end=end, size=int(end[0] - first[0]), stride=0, start=int(first[0])
        )

    def spread(self, places: int) -> Self | None:
        """With so many places: one place may stand for many, else None."""
        if len(self.first) == places:
            return self
        if len(self.first) != 1:
            return None
        return replace(self, first=self.first.repeat(places), end=self.end.repeat(places), stride=0)

    def joined(self, other: Axis) -> Self | None:
        """Place by place, what either sees; None where they do not march in step."""
        first, end = np.minimum(self.first, other.first), np.maximum(self.end, other.end)
        for one, another in ((self, other), (other, self)):
            covers = np.array_equal(first, one.first) and np.array_equal(end, one.end)
            if one.stride == 0 and another.stride != 0 and covers:
                return replace(self, size=one.size, stride=0, start=one.start)._with(first, end)
        if self.stride != other.stride:
            return None
        start = min(self.start, other.start)
        size = max(self.start + self.size, other.start + other.size) - start
        return replace(self, size=size, start=start)._with(first, end)

    def _with(self, first: NDArray[np.int64], end: NDArray[np.int64]) -> Self:
        return replace(self, first=first, end=end)

    def _at(self, index: NDArray[np.int64]) -> Self:
        inside = (index >= 0) & (index < len(self.first))
        place = np.where(inside, index, 0)
        return self._with(
            np.where(inside, self.first[place], _NOWHERE),
            np.where(inside, self.end[place], -_NOWHERE),
        )


@dataclass(frozen=True, eq=False)
class Reach:
    """What the places of a tensor see; one place along an axis stands for any number."""

    rows: Axis
    cols: Axis
    mixed: bool = False
    """Whether some channels see less than this says, which is of all together."""

    @classmethod
    def of_image(cls, rows: int, cols: int) -> Self:
        """Each pixel sees itself."""
        return cls(Axis.of_image(rows), Axis.of_image(cols))

    @property
    def single(self) -> bool:
        """Whether one box stands for every place."""
        return len(self.rows.first) == len(self.cols.first) == 1

    def same(self, other: Reach) -> bool:
        """Whether both say the same of each place, all channels together."""
        return self.rows.same(other.rows) and self.cols.same(other.cols)

    def hull(self, *, rows: bool = True, cols: bool = True) -> Self:
        """One place for a whole axis, or both, that sees what all see together."""
        return replace(
            self,
            rows=self.rows.hull() if rows else self.rows,
            cols=self.cols.hull() if cols else self.cols,
        )

    def spread(self, shape: Sequence[int]) -> Self | None:
        """For a tensor of this shape, None where it does not fit.

        The last two of four axes, (image, channel, row, col), are the places; of other
        tensors one box must stand for all.
        """
        if len(shape) != 4:
            return self if self.single else None
        rows, cols = self.rows.spread(shape[2]), self.cols.spread(shape[3])
        return None if rows is None or cols is None else replace(self, rows=rows, cols=cols)


def union(parts: Sequence[Reach]) -> Reach | None:
    """What parts that lie over one another see together, None where it is no regular box."""
    whole = parts[0]
    for part in parts[1:]:
        if whole.same(part):
            whole = replace(whole, mixed=whole.mixed and part.mixed)
            continue
        rows, cols = whole.rows.joined(part.rows), whole.cols.joined(part.cols)
        if rows is None or cols is None or not (_apart(whole, part) and _apart(part, whole)):
            return None
        mixed = whole.mixed or part.mixed
        whole = Reach(rows, cols)
        full = any(not one.mixed and whole.same(one) for one in parts)
        whole = replace(whole, mixed=mixed and not full)
    return whole


def _apart(one: Reach, other: Reach) -> bool:
    """Whether the union can be taken along each axis apart.

    A unit whose columns are all padding adds nothing to the rows either, which are told
    rightly only where the other one sees these anyway.
    """
    return (not one.cols.misses(other.cols) or one.rows.within(other.rows)) and (
        not one.rows.misses(other.rows) or one.cols.within(other.cols)
    )
