"""Input normalisation as the first part of a network: pixels in [0, 1] come in.

none            pixels as they are
image           each image by its own mean and deviation
local-mean      less the mean of the 5 x 5 box around each pixel; outside the image counts as 0
local-contrast  the same, divided by the root of the same box mean over its square
patch-mean      less the mean of those pixels of the 5 x 5 box that lie inside the image
patch-standard  the same, divided by the deviation of those pixels
data-set        by mean and deviation of each channel over the training faces
data-set-pixel  by mean and deviation of each pixel over the training faces

Khorrami et al. (2015) ran `local-mean`; what they wrote ("patch-wise mean subtraction and
scaling to unit variance") is `local-contrast` with the borders of their code and
`patch-standard` without. All but the last two take every statistic within one image, so that
an answer does not depend on other faces; the last two keep theirs beside the weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Normalisation = Literal[
    "none",
    "image",
    "local-mean",
    "local-contrast",
    "patch-mean",
    "patch-standard",
    "data-set",
    "data-set-pixel",
]

# About one grey level on the [0, 2] scale: below it, what looks like contrast is rounding.
FLAT: Final = 0.01
_TOGETHER: Final = 256
"""Images that are held at a time as whole numbers of 8 bytes."""


@final
class ImageStandard(nn.Module):
    """Each image with mean 0 and standard deviation 1 over its own pixels and channels.

    Takes and gives (batch, channel, row, col). A flat image becomes 0.
    """

    def forward(self, pixels: Tensor) -> Tensor:
        centred = pixels - pixels.mean(dim=(1, 2, 3), keepdim=True)
        variance = centred.square().mean(dim=(1, 2, 3), keepdim=True)
        return centred / (variance + FLAT**2).sqrt()


@final
class LocalMean(nn.Module):
    """Pixels times 2, less the mean of the 5 x 5 box around each, channel by channel.

    Takes and gives (batch, channel, row, col). Pixels outside the image count as 0 and
    the sum is always divided by 25, so borders keep a rim, as in the code of Khorrami
    et al. (2015). If `divide` is false (default) that is all, which is what their code did
    when run; if true, the result is divided by the local standard deviation (root of the
    same box mean over the squared result, floored by `FLAT`), which is what they wrote.
    """

    def __init__(self, *, divide: bool = False) -> None:
        super().__init__()
        self.divide = divide

    def forward(self, pixels: Tensor) -> Tensor:
        doubled = 2 * pixels
        centred = doubled - _box_mean(doubled)
        if not self.divide:
            return centred
        # The floor stands under the root: its slope stays finite where an image is flat.
        return centred / (_box_mean(centred.square()) + FLAT**2).sqrt()

    def extra_repr(self) -> str:
        return f"box=5, scale=2, divide={self.divide}, floor={FLAT}"


@final
class PatchStandard(nn.Module):
    """Pixels times 2, less the mean of the pixels around each, channel by channel.

    Takes and gives (batch, channel, row, col). Around a pixel is the 5 x 5 box as far as it
    lies inside the image: borders keep no rim. If `divide` is true, the result is divided by
    the deviation of the same pixels from their own mean, floored by `FLAT`.
    """

    def __init__(self, *, divide: bool) -> None:
        super().__init__()
        self.divide = divide

    def forward(self, pixels: Tensor) -> Tensor:
        doubled = 2 * pixels
        # Taken from the middle of its image first, the square of a mean is not far from 0.
        doubled = doubled - doubled.mean(dim=(2, 3), keepdim=True)
        mean = _inner_mean(doubled)
        if not self.divide:
            return doubled - mean
        variance = (_inner_mean(doubled.square()) - mean.square()).clamp(min=0)
        return (doubled - mean) / (variance + FLAT**2).sqrt()

    def extra_repr(self) -> str:
        return f"box=5, scale=2, divide={self.divide}, floor={FLAT}"


@final
class DataSetStandard(nn.Module):
    """Pixels less the mean over the training faces, divided by their deviation.

    Takes and gives (batch, channel, row, col). Mean and deviation are buffers, (channel, 1, 1)
    or, for pixels of `size` a side each by itself, (channel, size, size). They are NaN until
    `measure` or a saved network fills them. Deviations are no less than `FLAT`.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, channels: int, size: int = 1) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((channels, size, size), torch.nan))
        self.register_buffer("deviation", torch.full((channels, size, size), torch.nan))

    def forward(self, pixels: Tensor) -> Tensor:
        return (pixels - self.mean) / self.deviation

    def extra_repr(self) -> str:
        return f"shape={tuple(self.mean.shape)}, floor={FLAT}"

    def fill(self, images: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
        """Takes mean and deviation from these rows of (image, row, col) or (..., 3)."""
        first, second = _moments(images, rows)
        if self.mean.shape[1] == 1:
            first, second = (each.mean(axis=(0, 1), keepdims=True) for each in (first, second))
        deviation = np.sqrt(np.maximum(second - first**2, 0))
        for held, value in ((self.mean, first), (self.deviation, np.maximum(deviation, FLAT))):
            held.copy_(torch.from_numpy(value.transpose(2, 0, 1)))


def measure(module: nn.Module, images: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
    """Fills what `module` normalises by from the training faces; most modules need nothing.

    `images`: (image, row, col) or (image, row, col, 3), 0 to 255; `rows`: the training faces.
    """
    for part in module.modules():
        if isinstance(part, DataSetStandard):
            part.fill(images, rows)


def _moments(
    images: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the pixels and of their squares over images, (row, col, channel), in [0, 1].

    Sums of whole numbers: exact, in whatever parts the images are read.
    """
    shape = (*images.shape[1:3], 1 if images.ndim == 3 else images.shape[3])
    first, second = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for start in range(0, len(rows), _TOGETHER):
        some = images[rows[start : start + _TOGETHER]].reshape(-1, *shape).astype(np.int64)
        first += some.sum(axis=0)
        second += (some * some).sum(axis=0)
    return first / (255 * len(rows)), second / (255**2 * len(rows))


def _box_mean(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 5, stride=1, padding=2, count_include_pad=True)


def _inner_mean(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 5, stride=1, padding=2, count_include_pad=False)


NORMALISERS: Final[tuple[type[nn.Module], ...]] = (
    ImageStandard,
    LocalMean,
    PatchStandard,
    DataSetStandard,
)


def normaliser(kind: Normalisation, *, channels: int, size: int) -> nn.Module:
    """The module for a kind of normalisation; `none` passes pixels through."""
    kinds: dict[Normalisation, Callable[[], nn.Module]] = {
        "none": nn.Identity,
        "image": ImageStandard,
        "local-mean": LocalMean,
        "local-contrast": lambda: LocalMean(divide=True),
        "patch-mean": lambda: PatchStandard(divide=False),
        "patch-standard": lambda: PatchStandard(divide=True),
        "data-set": lambda: DataSetStandard(channels),
        "data-set-pixel": lambda: DataSetStandard(channels, size),
    }
    return kinds[kind]()
