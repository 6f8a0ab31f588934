"""Input normalisation as the first part of a network: pixels in [0, 1] come in.

Every statistic is taken within one image, so a network's answer to a face does not
depend on the other faces of the batch, and a saved network needs no numbers beside it.
"""

from __future__ import annotations

from typing import Final, Literal, final

from torch import Tensor, nn
from torch.nn import functional

Normalisation = Literal["none", "image", "local-mean", "local-contrast"]

# About one grey level on the [0, 2] scale: below it, what looks like contrast is rounding.
FLAT: Final = 0.01


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


def _box_mean(maps: Tensor) -> Tensor:
    return functional.avg_pool2d(maps, 5, stride=1, padding=2, count_include_pad=True)


NORMALISERS: Final[tuple[type[nn.Module], ...]] = (ImageStandard, LocalMean)


def normaliser(kind: Normalisation) -> nn.Module:
    """The module for a kind of normalisation; `none` passes pixels through."""
    match kind:
        case "none":
            return nn.Identity()
        case "image":
            return ImageStandard()
        case "local-mean":
            return LocalMean()
        case "local-contrast":
            return LocalMean(divide=True)
