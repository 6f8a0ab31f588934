"""The part of a picture that one unit depends on, cut so that nothing of the unit changes.

A unit of a chain of convolutions and poolings sees its receptive field and no more, so a crop
that holds the field gives it the same value and the same attribution, if two things are kept:
the crop begins at a multiple of the layer's stride, so that every layer's windows lie as they
did; and where the field reaches over the picture's edge, the crop's edge is the picture's, so
that padding comes where it came. At the crop's other edges padding comes too early, but what
it touches lies outside the field. A crop is at most field + stride - 1 pixels, made longer
until picture and crop differ by a multiple of the stride, so that it can end at either edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields


@dataclass(frozen=True)
class Side:
    """Crops along one axis of a picture."""

    whole: int
    """Pixels of the picture."""
    length: int
    """Pixels of a crop."""
    stride: int
    start: int
    """First pixel that unit 0 sees; negative where it sees padding."""

    @classmethod
    def of(cls, whole: int, field: int, stride: int, start: int) -> Self:
        """The shortest crops for units that see `field` pixels, or the whole picture."""
        length = field + stride - 1
        length += (whole - length) % stride
        return cls(whole, min(length, whole), stride, start)

    def first(self, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """The first pixel of each unit's crop."""
        aligned = (self.start + units * self.stride) // self.stride * self.stride
        return np.clip(aligned, 0, self.whole - self.length)


@dataclass(frozen=True)
class Crops:
    """Crops of pictures for the units of one layer; they may be whole pictures."""

    rows: Side
    cols: Side

    @classmethod
    def of(cls, network: Network, layer: str) -> Self:
        """The smallest crops where the layer's receptive field is known, else whole pictures."""
        _, high, wide = network.input_shape
        field = receptive_fields(network).get(layer)
        if field is None:
            return cls.whole(network)
        top, left, bottom, right = field.window(0, 0)
        below, beside, *_ = field.window(1, 1)
        numbers = (top, left, bottom, right, below, beside)
        if not all(float(one).is_integer() for one in numbers) or below <= top or beside <= left:
            return cls.whole(network)
        return cls(
            Side.of(high, int(bottom - top), int(below - top), int(top)),
            Side.of(wide, int(right - left), int(beside - left), int(left)),
        )

    @classmethod
    def whole(cls, network: Network) -> Self:
        """Pictures that are not cropped."""
        _, high, wide = network.input_shape
        return cls(Side(high, high, 1, 0), Side(wide, wide, 1, 0))

    @property
    def share(self) -> float:
        """Pixels of a crop over those of the picture."""
        return self.rows.length * self.cols.length / (self.rows.whole * self.cols.whole)

    def pixels(self, places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The picture's rows (sample, row) and columns (sample, col) of each unit's crop."""
        rows, cols = self.rows.first(places[:, 0]), self.cols.first(places[:, 1])
        return (
            rows[:, None] + np.arange(self.rows.length),
            cols[:, None] + np.arange(self.cols.length),
        )

    def places(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each unit lies in the map of its crop, (sample, 2)."""
        rows, cols = self.rows.first(places[:, 0]), self.cols.first(places[:, 1])
        moved = np.stack([rows // self.rows.stride, cols // self.cols.stride], axis=1)
        return places - moved

    def taken(
        self, pictures: Tensor, which: NDArray[np.int64], places: NDArray[np.int64]
    ) -> Tensor:
        """The crops of `pictures[which]` for the units at `places`, (sample, channel, row, col)."""
        if self.share == 1:
            return pictures[torch.from_numpy(which)]
        rows, cols = self.pixels(places)
        crops = pictures.cpu().numpy()[
            which[:, None, None, None],
            np.arange(pictures.shape[1])[:, None, None],
            rows[:, None, :, None],
            cols[:, None, None, :],
        ]
        return torch.from_numpy(crops).to(pictures.device)

    def put(
        self,
        found: NDArray[np.float32],
        crops: NDArray[np.float32],
        places: NDArray[np.int64],
    ) -> None:
        """Writes crops (sample, row, col) into `found`, (sample, row, col) of whole pictures."""
        rows, cols = self.pixels(places)
        found[np.arange(len(found))[:, None, None], rows[:, :, None], cols[:, None, :]] = crops
