"""Random changes to training faces: one warp and one change of tone for a whole batch.

Warps are told as maps from a place in the changed image to the place in the original that
it shows, as in the code of Khorrami et al.; so a scale above 1 zooms out. All of a
batch's flips, turns, scales, shears and shifts are one matrix an image and one resampling
(0.15 ms for a face of 96 pixels, against some 20 ms for its training step).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Literal

import torch
from kornia.geometry.transform import homography_warp
from pydantic import ConfigDict
from torch import Tensor

from facsinterp.errors import Fault, InputError

Range = tuple[float, float]


@dataclass(frozen=True)
class Augmentation:
    """How far faces are changed at random; each image of a batch has its own draw."""

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid")  # where a definition holds it

    flip: float = 0.0
    """Share of images that are mirrored."""
    rotation: float = 0.0
    """Largest turn to either side, in degrees."""
    scale: Range = (1.0, 1.0)
    """Range of the scale; above 1 the face gets smaller."""
    shift: float = 0.0
    """Largest shift along rows and along columns, as a share of the image's size."""
    tied_shift: bool = False
    """If true, |1 - scale| / 2 is the largest shift instead, so that a face at full scale
    stays in its place."""
    shear: float = 0.0
    """Largest shear along rows, in degrees."""
    gamma: Range = (1.0, 1.0)
    """Range of the power to which pixels are raised, all values equally likely."""
    stretch: bool = False
    """Whether each changed image is stretched to fill [0, 1]."""
    fill: Literal["zeros", "border"] = "border"
    """What shows where the warp looks outside: black, or the nearest pixel."""

    def __post_init__(self) -> None:
        for name in ("scale", "gamma"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON has lists
        InputError.raise_any(self._faults())

    def _faults(self) -> Iterator[Fault]:
        for name, value in (("scale", self.scale), ("gamma", self.gamma)):
            if not 0 < value[0] <= value[1]:
                yield Fault(
                    f"unusable range of {name}",
                    f"augmentation.{name}",
                    expected="low and high, low not above high, both above 0",
                    got=str(value),
                )
        limits = (("flip", 1.0), ("rotation", 180.0), ("shift", 1.0), ("shear", 80.0))
        for name, largest in limits:
            if not 0 <= getattr(self, name) <= largest:
                yield Fault(
                    f"unusable {name}",
                    f"augmentation.{name}",
                    expected=f"0 to {largest:g}",
                    got=str(getattr(self, name)),
                )

    @property
    def warps(self) -> bool:
        """Whether any image is moved at all."""
        moved = self.rotation or self.shear or self.shift or self.scale != (1.0, 1.0)
        return bool(self.flip or moved)


AugmentationName = Literal["none", "light", "breuer2017", "khorrami2015"]

AUGMENTATIONS: Final[Mapping[AugmentationName, Augmentation]] = {
    "none": Augmentation(),
    "light": Augmentation(
        flip=0.5, rotation=5.0, scale=(0.95, 1.05), shift=0.04, gamma=(0.8, 1.25)
    ),
    # Flips and affine changes are the paper's; it gives no ranges, these are ours. The
    # border fill is the default of Keras.
    "breuer2017": Augmentation(flip=0.5, rotation=10.0, scale=(0.9, 1.1), shift=0.1, shear=5.0),
    "khorrami2015": Augmentation(
        flip=0.5,
        rotation=5.0,
        scale=(0.7, 1.4),
        tied_shift=True,
        gamma=(0.25, 4.0),
        stretch=True,
        fill="zeros",
    ),
}


def augment(pixels: Tensor, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Changed copies of a batch, (image, channel, row, col) in [0, 1]; `generator` draws.

    The draws are made on the CPU, so a seed gives the same faces on every device.
    """
    if ranges.warps:
        matrices = draw_matrices(len(pixels), ranges, generator).to(pixels.device)
        # align_corners: -1 and 1 are the centres of the outermost pixels.
        pixels = homography_warp(
            pixels,
            matrices,
            (pixels.shape[2], pixels.shape[3]),
            padding_mode=ranges.fill,
            align_corners=True,
        ).clamp(0, 1)
    if ranges.gamma != (1.0, 1.0):
        powers = _uniform(len(pixels), ranges.gamma, generator).to(pixels.device)
        pixels = pixels ** powers[:, None, None, None]
    return _stretched(pixels) if ranges.stretch else pixels


def draw_matrices(count: int, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Random maps from changed to original image, (image, 3, 3), in [-1, 1] coordinates."""
    angle = torch.deg2rad(_either_way(count, ranges.rotation, generator))
    shear = torch.deg2rad(_either_way(count, ranges.shear, generator))
    scale = _uniform(count, ranges.scale, generator)
    mirror = 1 - 2 * (torch.rand(count, generator=generator) < ranges.flip).float()
    # A share of the size is twice as much in coordinates from -1 to 1.
    reach = (1 - scale).abs() if ranges.tied_shift else torch.full((count,), 2 * ranges.shift)
    across = _either_way(count, 1.0, generator) * reach
    down = _either_way(count, 1.0, generator) * reach
    cos, sin, tan = scale * angle.cos(), scale * angle.sin(), shear.tan()
    zero, one = torch.zeros(count), torch.ones(count)
    entries = (
        cos * mirror, cos * tan - sin, across,
        sin * mirror, sin * tan + cos, down,
        zero, zero, one,
    )  # fmt: skip
    return torch.stack(entries, dim=1).reshape(count, 3, 3)


def _uniform(count: int, bounds: Range, generator: torch.Generator) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(count, generator=generator)


def _either_way(count: int, largest: float, generator: torch.Generator) -> Tensor:
    return _uniform(count, (-largest, largest), generator)


def _stretched(pixels: Tensor) -> Tensor:
    low = pixels.amin(dim=(1, 2, 3), keepdim=True)
    high = pixels.amax(dim=(1, 2, 3), keepdim=True)
    return (pixels - low) / (high - low).clamp_min(1e-6)
