"""From maps to numbers: what is kept of one layer's answer to one batch of images."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facsinterp.activations.sweeping.fused import fused


class Reduced(NamedTuple):
    """One layer's answers to a batch, each (image, channel), on the device of the maps."""

    score: Tensor
    """Largest value of the maps as they were given, float32."""
    place: Tensor
    """Where that is, row by row from 0; of several places the first. int32."""
    mean: Tensor
    """Mean of the map, of max(value, 0) where it is rectified. float32."""
    area: Tensor
    """Share of places above zero, float32."""


class Numbers(NamedTuple):
    """The variables of the store that come from one layer, each (image, channel)."""

    score: NDArray[np.float32]
    peak: NDArray[np.float32]
    peak_row: NDArray[np.uint16]
    peak_col: NDArray[np.uint16]
    mean: NDArray[np.float32]
    area: NDArray[np.float32]


def reduce_maps(maps: Tensor, *, rectify: bool) -> Reduced:
    """Largest value with its place, mean and area of each map. `maps`: (image, channel, row, col).

    `rectify`: a ReLU follows, and mean is that of its maps. Taking the maps before their ReLU
    needs no copy of maps that it writes over, and tells silent filters by how far they are
    from an answer. Any number type; on a processor the maps are read once.
    """
    if maps.device.type == "cpu":
        return _on_processor(maps, rectify)
    return _on_accelerator(maps, rectify)


def numbers(reduced: Reduced, *, cols: int, rectify: bool, images: int) -> Numbers:
    """The store's variables from what `reduce_maps` gave, brought to the host.

    Of the first `images`; what follows them only filled the batch up.

    A ReLU makes what is not above zero a map of zeros, whose peak is 0 at its first place.
    """
    score, place, mean, area = (one[:images].cpu().numpy() for one in reduced)
    peak = score
    if rectify:
        peak = np.where(score > 0, score, np.float32(0))
        place = np.where(score > 0, place, 0)
    return Numbers(
        score,
        peak,
        (place // cols).astype(np.uint16),
        (place % cols).astype(np.uint16),
        mean,
        area,
    )


def _on_processor(maps: Tensor, rectify: bool) -> Reduced:
    images, channels, rows, cols = maps.shape
    if maps.dtype not in (torch.float32, torch.bfloat16):
        maps = maps.float()
    plain = maps.detach()
    if plain.is_contiguous(memory_format=torch.channels_last):
        values = plain.permute(0, 2, 3, 1).reshape(images, rows * cols, channels)
    else:
        values = plain.contiguous().reshape(images * channels, rows * cols, 1)
    bits = values.view(torch.uint16) if values.dtype == torch.bfloat16 else values
    largest, place, total, count = (
        torch.from_numpy(one).reshape(images, channels)
        for one in fused(bits.numpy(), rectify=rectify, threads=torch.get_num_threads())
    )
    size = rows * cols
    return Reduced(largest, place, (total / size).float(), (count / size).float())


def _on_accelerator(maps: Tensor, rectify: bool) -> Reduced:
    # Places become one axis without a copy in either memory format.
    if maps.is_contiguous(memory_format=torch.channels_last):
        values, axis = maps.permute(0, 2, 3, 1).flatten(1, 2), 1
    else:
        values, axis = maps.flatten(2), 2
    score, place = values.max(dim=axis)
    above = values > 0
    answers = values.clamp(min=0) if rectify else values
    mean = answers.mean(dim=axis, dtype=torch.float32)
    area = above.sum(dim=axis).float() / values.shape[axis]
    return Reduced(score.float(), place.int(), mean, area)
