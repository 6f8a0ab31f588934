"""Forward passes: a network asked for rows of pixels, batch by batch, every layer at once.

Each layer's maps are reduced as soon as they exist, so only numbers outlive their layer.
The next batch is read while one is computed; on an accelerator it is queued before the
numbers of the one before are fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facsinterp.activations.plan import Plan
from facsinterp.activations.sweeping.overlap import ahead
from facsinterp.activations.sweeping.reduce import Numbers, Reduced, numbers, reduce_maps
from facsinterp.errors import ActivationError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.lending import lent, repeatable
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.taps import visiting

Rows = NDArray[np.int64]
Answers = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Asked:
    """What one forward gave, on its device: for the rows of one batch."""

    rows: Rows
    pictures: NDArray[np.uint8]
    layers: dict[str, Reduced]
    logits: Tensor


@dataclass(frozen=True)
class Passes:
    """Answers of `network` to rows of `pixels`, in the batches that the caller cuts.

    Open one with `opened`; while it is, the network has hooks and may be on another device.
    """

    network: Network
    pixels: Pixels
    plan: Plan
    device: torch.device
    low: bool
    """Whether multiplications are in bfloat16."""
    memory_format: torch.memory_format = torch.contiguous_format
    _seen: dict[str, Reduced] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(
        cls, network: Network, pixels: Pixels, plan: Plan, *, device: str, low: bool
    ) -> Iterator[Passes]:
        """Passes on `device`. The network is as it was when the context ends."""
        where = torch.device(device)
        with ExitStack() as stack:
            memory_format = stack.enter_context(lent(network, where))
            stack.enter_context(repeatable())
            stack.enter_context(torch.inference_mode())
            # Entered in float32 too: the caller may be inside one of their own.
            stack.enter_context(torch.autocast(where.type, torch.bfloat16, enabled=low))
            passes = cls(network, pixels, plan, where, low, memory_format)
            stack.enter_context(visiting(network, plan.layers, passes._visit))
            yield passes

    def answers(self, batches: Iterable[Rows]) -> Iterator[Answers]:
        """For each batch of rows, every variable of the store that a sweep fills.

        A batch shorter than the plan's is filled up with its last image. Raises
        ActivationError naming image, layer and channel of the first NaN or infinity.
        """
        before: Asked | None = None
        for rows, pictures, batch in ahead(self._read, batches):
            asked = self._ask(rows, pictures, batch)
            if before is not None:
                yield self._answers(before)
            before = asked
        if before is not None:
            yield self._answers(before)

    def position_free(self) -> bool:
        """Whether an image's answers are the same to the bit wherever it stands in a batch.

        Tried on one batch: turned round, turned on by one place, and among other images.
        """
        rows = np.arange(min(self.plan.batch_size, self.plan.images))
        orders = [rows, rows[::-1].copy(), np.roll(rows, 1), rows[: (len(rows) + 1) // 2]]
        first, *others = self.answers(orders)
        return all(
            np.array_equal(first[name][order], other[name])
            for order, other in zip(orders[1:], others, strict=True)
            for name in Numbers._fields
        )

    def _read(self, rows: Rows) -> tuple[Rows, NDArray[np.uint8], Tensor]:
        pictures = self.pixels.take(rows)
        missing = self.plan.batch_size - len(rows)
        filled = np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)])
        batch = to_tensor(filled).to(memory_format=self.memory_format)
        return rows, pictures, batch.pin_memory() if self.device.type == "cuda" else batch

    def _ask(self, rows: Rows, pictures: NDArray[np.uint8], batch: Tensor) -> Asked:
        self._seen.clear()
        logits = self.network.module(batch.to(self.device, non_blocking=True))
        return Asked(rows, pictures, dict(self._seen), logits)

    def _visit(self, layer: str, maps: Tensor) -> None:
        bend = self.network.taps[layer].nonlinearity
        rectify = bend is not None and bend.rectifies
        if bend is not None and not rectify:
            maps = bend.apply(maps)
        self._seen[layer] = reduce_maps(maps, rectify=rectify)

    def _answers(self, asked: Asked) -> Answers:
        """The numbers of one batch on the host, checked, without what filled it up."""
        images = self.pixels.images[asked.rows].tolist()
        found = []
        for layer in self.plan.layers:
            bend = self.network.taps[layer].nonlinearity
            one = numbers(
                asked.layers[layer],
                cols=self.network.sizes[layer][1],
                rectify=bend is not None and bend.rectifies,
                images=len(images),
            )
            _refuse_unreal(one, layer, images)
            found.append(one)
        return {
            **{
                name: np.concatenate([getattr(one, name) for one in found], axis=1)
                for name in Numbers._fields
            },
            "probability": _probabilities(asked.logits, images),
            "face": _thumbnails(asked.pictures),
        }


def _refuse_unreal(found: Numbers, layer: str, images: Sequence[str]) -> None:
    """NaN and infinity anywhere in a map reach its mean."""
    unreal = ~(np.isfinite(found.mean) & np.isfinite(found.peak) & np.isfinite(found.score))
    if not unreal.any():
        return
    image, channel = (int(i) for i in np.argwhere(unreal)[0])
    message = (
        f"the network answered with NaN or infinity: image {images[image]}, layer {layer}, "
        f"channel {channel} (peak {found.score[image, channel]}, "
        f"mean {found.mean[image, channel]}), and {int(unreal.sum()) - 1} more in this batch. "
        "Check the weights, and that the pixels are what the network was trained on"
    )
    raise ActivationError(message)


def _probabilities(logits: Tensor, images: Sequence[str]) -> NDArray[np.float32]:
    found: NDArray[np.float32] = logits.float().softmax(dim=1).cpu().numpy()[: len(images)]
    unreal = ~np.isfinite(found).all(axis=1)
    if unreal.any():
        first = images[int(unreal.argmax())]
        message = f"the network's output is NaN or infinite: image {first}"
        raise ActivationError(message)
    return found


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures (image, row, col) as the network saw them; colour by ITU-R BT.601 luma."""
    if pixels.ndim == 3:
        return np.asarray(pixels)
    luma: NDArray[np.float64] = pixels @ np.array([0.299, 0.587, 0.114])
    return np.rint(luma).astype(np.uint8)
