"""Prints one JSON line: what attributions cost over the passes that they consist of.

python benchmarks/saliency.py           # about 20 minutes on two cores
python benchmarks/saliency.py 8         # one filter of 8: what is done once a layer weighs more

All 448 filters of breuer2017 at 96 pixels, each at the peaks of 9 drawn faces, by guided
backpropagation. The floor is a forward and a backward of the plain network cut behind each
layer's rectifier, weights wanting no gradients, for as many samples, in batches of as many, in
the faster of the two memory formats. One by one, and captum on the uncut network, are measured
on a part of the filters and scaled. All are measured in one process in turns; the least time
of each counts. `busy` tells how much other work the machine had.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from captum.attr import NeuronGuidedBackprop
from numpy.typing import NDArray
from sweep import CLASSES, drawn, in_turns, lay_out, machine
from torch import nn

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets import zoo
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.taps import tapping
from facsinterp.saliency.attribute import Units, attribute

BATCH = 64
TOP = 9
PART = 8  # one filter of so many is measured one by one, and by captum on the whole network


def strongest(network: Network, pixels: Pixels) -> dict[str, Units]:
    """For each filter the places of its peaks on the 9 faces where they are highest."""
    with torch.no_grad(), tapping(network, network.layers) as maps:
        parts: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {x: [] for x in network.layers}
        for start in range(0, len(pixels), BATCH):
            network.module(to_tensor(pixels.array[start : start + BATCH]))
            for layer, found in maps.items():
                parts[layer].append(found.flatten(2).max(dim=2))
    asked = {}
    for layer, pairs in parts.items():
        peaks, at = (torch.cat(one) for one in zip(*pairs, strict=True))
        rows = peaks.topk(TOP, dim=0).indices.T.flatten()
        channels = torch.arange(network.channels[layer]).repeat_interleave(TOP)
        flat = at[rows, channels].numpy()
        places = np.stack(np.unravel_index(flat, network.sizes[layer]), axis=1)
        asked[layer] = Units(rows.numpy(), channels.numpy(), places)
    return asked


def truncated(network: Network, layer: str) -> nn.Sequential:
    """The plain network behind its normalisation, up to the layer's rectifier."""
    names = [name for name, _ in network.module.named_children()]
    end = names.index(layer.replace("conv", "relu")) + 1
    return nn.Sequential(*list(network.module.children())[1:end])


def floor(network: Network, asked: dict[str, Units], memory_format: torch.memory_format) -> None:
    """Forward and backward of the truncated plain networks, and nothing else."""
    lay_out(network.module.requires_grad_(False), memory_format)
    for layer, units in asked.items():
        part = truncated(network, layer)
        for start in range(0, len(units), BATCH):
            count = len(units.rows[start : start + BATCH])
            leaf = torch.rand(count, *network.input_shape)
            leaf = leaf.to(memory_format=memory_format).requires_grad_()
            maps = part(leaf)
            torch.autograd.grad(maps, leaf, torch.ones_like(maps))
    lay_out(network.module.requires_grad_(True), torch.contiguous_format)


def batched(network: Network, pixels: Pixels, asked: dict[str, Units]) -> None:
    """What the package does."""
    for layer, units in asked.items():
        attribute(network, layer, pixels, units, batch_size=BATCH)


def one_by_one(network: Network, pixels: Pixels, asked: dict[str, Units]) -> None:
    """Plain captum on the truncated networks, a sample at a time."""
    normalise = next(network.module.children())
    for layer, units in asked.items():
        part = truncated(network, layer)
        neuron = NeuronGuidedBackprop(part, part[-1])
        for row, channel, place in zip(units.rows, units.channels, units.places, strict=True):
            leaf = normalise(to_tensor(pixels.array[row][None]))
            neuron.attribute(leaf, neuron_selector=(int(channel), *map(int, place)))


def uncut(network: Network, pixels: Pixels, asked: dict[str, Units]) -> None:
    """Captum on the whole network, in batches of one filter's faces."""
    normalise, *others = network.module.children()
    rest = nn.Sequential(*others)
    for layer, units in asked.items():
        neuron = NeuronGuidedBackprop(rest, network.module.get_submodule(f"relu{layer[-1]}"))
        for start in range(0, len(units), TOP):
            part = slice(start, start + TOP)
            leaf = normalise(to_tensor(pixels.array[units.rows[part]]))
            channel, places = int(units.channels[start]), units.places[part]

            def select(
                maps: torch.Tensor, channel: int = channel, places: NDArray[np.int64] = places
            ) -> torch.Tensor:
                return maps[torch.arange(len(maps)), channel, places[:, 0], places[:, 1]]

            neuron.attribute(leaf, neuron_selector=select)


def sampled(asked: dict[str, Units], every: int) -> dict[str, Units]:
    """One filter of `every`, with all its faces."""
    chosen = {layer: units.channels % every == 0 for layer, units in asked.items()}
    return {
        layer: Units(units.rows[keep], units.channels[keep], units.places[keep])
        for (layer, units), keep in zip(asked.items(), chosen.values(), strict=True)
    }


def main() -> None:
    """Measure, and print."""
    warnings.filterwarnings("ignore", "Setting backward hooks|Input Tensor 0 did not")
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    folder = Path(os.environ.get("FACSINTERP_BENCHMARK_PIXELS", tempfile.mkdtemp()))
    _, pixels = drawn(20, 96, folder)
    module = zoo.build("breuer2017", classes=CLASSES, size=96)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 96, 96))
    asked = sampled(strongest(network, pixels), every)
    part = sampled(asked, max(1, PART // every) * every)
    scale = sum(map(len, asked.values())) / sum(map(len, part.values()))
    work: dict[str, Callable[[], object]] = {
        "floor": lambda: floor(network, asked, torch.contiguous_format),
        "floor_last": lambda: floor(network, asked, torch.channels_last),
        "batched": lambda: batched(network, pixels, asked),
        "one_by_one": lambda: one_by_one(network, pixels, part),
        "uncut": lambda: uncut(network, pixels, part),
    }
    begun = time.perf_counter()
    least = {name: min(times) for name, times in in_turns(2, **work).items()}
    best = min(least["floor"], least["floor_last"])
    found = {
        "samples": sum(len(units) for units in asked.values()),
        "batched_over_floor": round(least["batched"] / best, 3),
        "one_by_one_over_batched": round(least["one_by_one"] * scale / least["batched"], 2),
        "captum_uncut_over_batched": round(least["uncut"] * scale / least["batched"], 2),
        "ms_per_sample": round(least["batched"] * 1e3 / sum(map(len, asked.values())), 2),
        "seconds": {name: round(value, 1) for name, value in least.items()},
        "took": round(time.perf_counter() - begun),
        "machine": machine(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
