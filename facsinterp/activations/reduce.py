"""From maps to numbers: what is kept of one layer's answer to one batch of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from facsinterp.errors import ActivationError


class Reduced(NamedTuple):
    """One layer's answers, each (image, channel), with names as in the store."""

    peak: Tensor
    """Spatial maximum, float32."""
    peak_row: Tensor
    peak_col: Tensor
    """Where the maximum is; the first place in row-major order when there are several."""
    mean: Tensor
    """Spatial mean, float32."""
    area: Tensor
    """Share of places above zero, float32."""


def reduce_maps(maps: Tensor, *, layer: str, images: Sequence[str]) -> Reduced:
    """Peak, its place, mean and area of each map. `maps`: (image, channel, row, col).

    Computed in float32 on the device of the maps. `images`: identifiers of the first
    images of the batch; what follows them fills the batch up and is left out. Raises
    ActivationError naming image, layer and channel of the first NaN or infinity.
    """
    flat = maps[: len(images)].float().flatten(2)
    # One pass gives maximum and place; torch promises the first of several equal places.
    peak, place = flat.max(dim=2)
    mean = flat.mean(dim=2)
    _refuse_unreal(peak, mean, layer, images)
    cols = maps.shape[3]
    area = (flat > 0).sum(dim=2).float() / flat.shape[2]
    return Reduced(peak, place // cols, place % cols, mean, area)


def _refuse_unreal(peak: Tensor, mean: Tensor, layer: str, images: Sequence[str]) -> None:
    """NaN and infinity anywhere in a map reach its mean."""
    unreal = ~(torch.isfinite(mean) & torch.isfinite(peak))
    if not unreal.any():
        return
    found = unreal.nonzero()
    image, channel = (int(i) for i in found[0])
    message = (
        f"the network answered with NaN or infinity: image {images[image]}, layer {layer}, "
        f"channel {channel} (peak {float(peak[image, channel])}, "
        f"mean {float(mean[image, channel])}), and {len(found) - 1} more in this batch. "
        "Check the weights, and that the pixels are what the network was trained on"
    )
    raise ActivationError(message)
