"""Poison: receptive fields found by trial, to be held against those that are computed.

A pixel that is not a number (NaN) makes every unit NaN that it reaches. Nothing hides it:
weights of zero, closed rectifiers, pools that choose another pixel and gates near zero
all pass it on, and it cannot cancel, as gradients can. So one forward with a row of such
pixels tells of every unit of every layer whether it sees that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.nets.entrance import normaliser
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.taps import tapping
from facsinterp.nets.trace import hooked

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Difference:
    """A unit whose computed box is not the box of the pixels that reach it."""

    layer: str
    channel: int
    row: int
    col: int
    computed: Box
    reached: Box


def check_fields(network: Network) -> tuple[Difference, ...]:
    """Where the fields of `receptive_fields` are not those found by trial: nowhere.

    One difference a channel of a layer, its first unit that is told wrongly; every unit
    of every channel is looked at. Takes a forward for each row and column of the image, on
    a copy of the network. Layers without a field are left out.
    """
    return tuple(_differences(network))


def reached_boxes(network: Network) -> dict[str, NDArray[np.int64]]:
    """(channel, row, col, 4) of each layer: the pixels whose change reaches each unit's map.

    Top, left, bottom, right of the smallest box with all of them, bottom and right not
    included; zeros where no pixel reaches. Pixels are normalised ones where the network
    begins with a normalisation. It runs on a copy of the network, on the processor and in
    float64, for which torch has plain convolutions only: others (Winograd's, by Fourier
    transforms) mix pixels that the result does not depend on, and NaN shows that.
    """
    copied = deepcopy(network)
    copied.module.cpu().double()
    entry = normaliser(network)
    rows = _reached_along(copied, entry, axis=0)
    cols = _reached_along(copied, entry, axis=1)
    boxes = {}
    for layer in network.layers:
        (top, bottom), (left, right) = rows[layer], cols[layer]
        boxes[layer] = np.stack([top, left, bottom, right], axis=-1)
    return boxes


def _differences(network: Network) -> Iterator[Difference]:
    fields, reached = receptive_fields(network), reached_boxes(network)
    for layer, field in fields.items():
        rows, cols = network.sizes[layer]
        computed = np.array([[field.crop(i, j) for j in range(cols)] for i in range(rows)])
        for channel, boxes in enumerate(reached[layer]):
            wrong = np.argwhere((boxes != computed).any(axis=-1))
            if len(wrong):
                row, col = (int(place) for place in wrong[0])
                told, found = computed[row, col].tolist(), boxes[row, col].tolist()
                yield Difference(layer, channel, row, col, tuple(told), tuple(found))


def _reached_along(
    network: Network, entry: str | None, *, axis: int
) -> Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """First line of pixels that reaches each unit, (channel, row, col), and one after the last.

    `axis`: 0 for rows, 1 for columns.
    """
    found: dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
    for layer in network.layers:
        shape = (network.channels[layer], *network.sizes[layer])
        found[layer] = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    for line in range(network.input_shape[1 + axis]):
        for layer, maps in _poisoned(network, entry, axis, line).items():
            first, end = found[layer]
            hit = maps[0].isnan().numpy()
            first[hit & (end == 0)] = line
            end[hit] = line + 1
    return found


@torch.no_grad()
def _poisoned(network: Network, entry: str | None, axis: int, line: int) -> Mapping[str, Tensor]:
    """The maps of all layers when this row or column is NaN, of pixels or what `entry` gives."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.rand(1, *network.input_shape, generator=generator, dtype=torch.float64)

    def poison(pixels: Tensor) -> Tensor:
        pixels = pixels.clone()
        pixels.select(2 + axis, line).fill_(torch.nan)
        return pixels

    def after(_part: nn.Module, _args: tuple[Any, ...], given: Tensor) -> Tensor:
        return poison(given)

    hooks = [network.module.get_submodule(entry).register_forward_hook(after)] if entry else []
    with (
        hooked(iter(hooks)),
        tapping(network, network.layers) as maps,
    ):
        network.module(pixels if entry else poison(pixels))
        return dict(maps)
