"""Effective receptive fields: how much each pixel of its field moves a unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.nets.devices import pick
from facsinterp.nets.entrance import normaliser
from facsinterp.nets.network import Network, did_you_mean, to_tensor
from facsinterp.nets.receptive import ReceptiveField, receptive_fields
from facsinterp.nets.taps import tapping
from facsinterp.nets.trace import home, hooked
from facsinterp.progress import SILENT, Progress

# Share of the largest gradient above which a pixel counts: two standard deviations of a
# Gaussian hold 95.45 % of it.
THRESHOLD: Final = 1 - 0.9545


@dataclass(frozen=True, eq=False)
class EffectiveField:
    """The mean absolute gradient of a layer's centre unit, over its receptive field."""

    layer: str
    row: int
    """The centre unit's place in the map."""
    col: int
    gradient: NDArray[np.float64]
    """(row, col) of the field, as large as it is; 0 where it lies outside the image."""
    top: int
    """Row of the image at which the field begins; negative in the padding."""
    left: int

    @property
    def side(self) -> float:
        """Square root of the number of pixels with more than 4.55 % of the largest gradient.

        Luo et al. (2016), section 3.1, who take the share of the gradient at the centre: of
        a trained unit the largest may lie elsewhere, and a field of even size has no centre.
        0 where no pixel moves the unit.
        """
        return sqrt(np.count_nonzero(self.gradient > THRESHOLD * self.gradient.max()))

    @property
    def share(self) -> float:
        """`side` over the side of a square as large as the field."""
        return self.side / sqrt(self.gradient.size)


def effective_field(
    network: Network,
    layer: str,
    pixels: NDArray[np.uint8],
    *,
    device: str = "cpu",
    batch_size: int = 64,
    progress: Progress = SILENT,
) -> EffectiveField:
    """The effective receptive field of the unit in the middle of the maps of `layer`.

    The absolute gradient of the unit, after the layer's nonlinearity, with respect to the
    normalised pixels (to the pixels where the network does not begin with a normalisation),
    summed over colour channels; its mean over the faces `pixels`, (image, row, col) or
    (image, row, col, 3) as networks are given them, and over the layer's channels, silent
    ones included (Luo et al. 2016, "Understanding the effective receptive field in deep
    convolutional neural networks"). One backward pass a channel and batch; `batch_size`
    changes nothing but rounding.

    Raises InputError when the layer is unknown or its receptive field is, or there is no
    face or not of the network's shape; ActivationError when a pixel outside the field has
    a gradient.
    """
    field = _checked_field(network, layer, pixels)
    row, col = (size // 2 for size in network.sizes[layer])
    total = np.zeros(network.input_shape[1:], np.float64)
    batches = range(0, len(pixels), batch_size)
    with (
        _unchanged(network, pick(device)) as target,
        progress.step(f"effective field of {layer}", len(pixels)) as advance,
    ):
        for start in batches:
            batch = to_tensor(pixels[start : start + batch_size]).to(target)
            for slopes in _slopes(network, layer, (row, col), batch):
                total += slopes.abs().sum(dim=(0, 1), dtype=torch.float64).cpu().numpy()
            advance(len(batch))
    total /= len(pixels) * network.channels[layer]
    return EffectiveField(layer, row, col, *_cut(total, field, layer, row, col))


def _slopes(
    network: Network, layer: str, place: tuple[int, int], batch: Tensor
) -> Iterator[Tensor]:
    """The gradient of each channel's unit at `place`, (image, colour, row, col)."""
    entry, leaves = normaliser(network), []

    def begin(_part: nn.Module, _args: tuple[Any, ...], given: Tensor) -> Tensor:
        leaves.append(given.detach().requires_grad_())
        return leaves[-1].clone()  # a leaf cannot be written over, and networks may do that

    hooks = [network.module.get_submodule(entry).register_forward_hook(begin)] if entry else []
    with torch.enable_grad(), hooked(iter(hooks)), tapping(network, [layer]) as maps:
        network.module(batch if entry else begin(network.module, (), batch))
        units = maps[layer][:, :, place[0], place[1]].sum(dim=0)
    for channel, unit in enumerate(units):
        last = channel == len(units) - 1
        (slope,) = torch.autograd.grad(unit, leaves[0], retain_graph=not last)
        yield slope


def _cut(
    total: NDArray[np.float64], field: ReceptiveField, layer: str, row: int, col: int
) -> tuple[NDArray[np.float64], int, int]:
    """The part of the image's gradient that lies in the unit's field, and where that begins."""
    top, left, bottom, right = field.crop(row, col)
    inside = total[top:bottom, left:right]
    if np.count_nonzero(inside) != np.count_nonzero(total):
        message = (
            f"layer {layer!r}: pixels outside the box {(top, left, bottom, right)} have a "
            f"gradient of the unit at {(row, col)}, so its receptive field is not that box"
        )
        raise ActivationError(message)
    first_row, first_col, _, _ = (int(edge) for edge in field.window(row, col))
    picture = np.zeros((field.rows.size, field.cols.size))
    picture[top - first_row : bottom - first_row, left - first_col : right - first_col] = inside
    return picture, first_row, first_col


@contextmanager
def _unchanged(network: Network, target: torch.device) -> Iterator[torch.device]:
    """The network on `target`, its weights without gradients, and afterwards as it was."""
    before = home(network.module)
    wanted: Mapping[nn.Parameter, bool] = {
        weight: weight.requires_grad for weight in network.module.parameters()
    }
    try:
        network.module.requires_grad_(False).to(target)
        yield target
    finally:
        network.module.to(before)
        for weight, flag in wanted.items():
            weight.requires_grad_(flag)


def _checked_field(network: Network, layer: str, pixels: NDArray[np.uint8]) -> ReceptiveField:
    faults = []
    if layer not in network.layers:
        near = did_you_mean(layer, network.layers)
        faults.append(Fault(f"{layer!r} is not a tapped layer", "layer", do=near))
    shape = (1 if pixels.ndim == 3 else pixels.shape[-1], *pixels.shape[1:3])
    if shape != network.input_shape or not len(pixels):
        wanted = f"at least one of shape {network.input_shape}, (channels, rows, columns)"
        got = f"{len(pixels)} of shape {shape}"
        faults.append(Fault("faces that the network cannot take", "pixels", wanted, got))
    InputError.raise_any(faults)
    field = receptive_fields(network).get(layer)
    if field is None:
        raise InputError(
            Fault(
                f"what the units of {layer!r} see is not known exactly",
                "layer",
                expected="a layer that receptive_fields knows",
                do="choose a layer before the operation that has no rule",
            )
        )
    return field
