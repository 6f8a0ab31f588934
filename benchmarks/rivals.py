"""Two other ways to the strongest images of each filter, written plainly for comparison.

naive       hooks that keep the full maps of every image, and numpy afterwards
crp_style   each batch sorted whole for each channel and merged with the lists so far, and
            the same again for every class in the batch, as relevance tools do
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.nets.network import to_tensor

KEPT = 40


@contextmanager
def watched(module: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """The output of each layer after its ReLU, for modules named as in our zoo."""
    parts = dict(module.named_modules())
    seen: dict[str, Tensor] = {}

    def keep(layer: str) -> Any:
        def hook(_part: nn.Module, _args: Any, out: Tensor) -> None:
            seen[layer] = out

        return hook

    handles = [
        parts[layer.replace("conv", "relu")].register_forward_hook(keep(layer)) for layer in layers
    ]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def naive(
    module: nn.Module, layers: Sequence[str], pictures: NDArray[np.uint8], batch: int
) -> dict[str, NDArray[np.int64]]:
    """Strongest images (rank, channel) of each layer, from maps that are all kept."""
    kept: dict[str, list[NDArray[np.float32]]] = {layer: [] for layer in layers}
    with torch.inference_mode(), watched(module, layers) as seen:
        for start in range(0, len(pictures), batch):
            module(to_tensor(pictures[start : start + batch]))
            for layer in layers:
                kept[layer].append(seen[layer].clone().numpy())
    out = {}
    for layer, maps in kept.items():
        peaks = np.concatenate(maps).max(axis=(2, 3))
        out[layer] = np.argsort(-peaks, axis=0, kind="stable")[:KEPT]
    return out


def crp_style(
    module: nn.Module,
    layers: Sequence[str],
    pictures: NDArray[np.uint8],
    targets: NDArray[np.int64],
    batch: int,
) -> dict[str, Tensor]:
    """Strongest images (rank, channel) of each layer, merged batch by batch."""
    lists: dict[tuple[str, int], tuple[Tensor, Tensor]] = {}
    classes = torch.from_numpy(targets)
    with torch.inference_mode(), watched(module, layers) as seen:
        for start in range(0, len(pictures), batch):
            module(to_tensor(pictures[start : start + batch]))
            here = classes[start : start + batch]
            for layer in layers:
                flat = seen[layer].flatten(2)
                places = flat.argmax(dim=2)
                values = flat.gather(2, places[..., None])[..., 0]
                images = torch.arange(start, start + len(values))
                _merge(lists, (layer, -1), values, images)
                for one in sorted(set(here.tolist())):
                    _merge(lists, (layer, one), values[here == one], images[here == one])
    return {layer: lists[layer, -1][1] for layer in layers}


def _merge(
    lists: dict[tuple[str, int], tuple[Tensor, Tensor]],
    name: tuple[str, int],
    values: Tensor,
    images: Tensor,
) -> None:
    """The whole batch sorted for each channel, put beside the list so far, sorted again."""
    order = values.argsort(dim=0, descending=True)
    values, found = values.gather(0, order), images[order]
    if name in lists:
        values = torch.cat([lists[name][0], values[:KEPT]])
        found = torch.cat([lists[name][1], found[:KEPT]])
        order = values.argsort(dim=0, descending=True)
        values, found = values.gather(0, order), found.gather(0, order)
    lists[name] = values[:KEPT], found[:KEPT]
