"""The sweep: every face through the network once, every filter's answer kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facsinterp.activations.layout import ANSWERS, Layer
from facsinterp.activations.plan import Plan
from facsinterp.activations.reduce import Reduced, reduce_maps
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.writer import BlockWriter, Contents
from facsinterp.errors import ActivationError, Fault, InputError, StaleStoreError
from facsinterp.faces.pixels import Pixels
from facsinterp.faces.table import FaceTable
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.taps import nonlinearities, tapping
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import Provenance

_CPU: Final = torch.device("cpu")


def sweep(
    network: Network,
    pixels: Pixels,
    faces: FaceTable,
    plan: Plan,
    path: Path,
    progress: Progress = SILENT,
    *,
    device: str = "cpu",
) -> ActivationStore:
    """What every filter of the plan answers to every face, in a store at `path`.

    One forward pass gives all layers. A sweep that was killed goes on with the blocks that
    are missing; a complete store made from the same inputs is opened and nothing computed.
    `device`: as torch names it.

    Raises StaleStoreError when the store at `path` was made from something else, naming
    what; ActivationError when the network answers with NaN or infinity; InputError when
    network, pixels, faces and plan do not belong together.
    """
    InputError.raise_any(_misfits(network, pixels, faces, plan))
    writer = BlockWriter.resume(path, plan.inputs) if path.exists() else None
    if writer is not None:
        if writer.complete:
            progress.say(f"activations are there: {path}")
            return ActivationStore.open(path)
        _refuse_other_device(writer, device)
    with _on(network, device):
        if writer is None:
            contents = _contents(network, pixels, faces, plan, device)
            writer = BlockWriter.create(path, contents)
        _fill(writer, network, pixels, plan, progress)
    writer.finish()
    return ActivationStore.open(path)


def _fill(
    writer: BlockWriter, network: Network, pixels: Pixels, plan: Plan, progress: Progress
) -> None:
    """Every block that is missing, computed and written."""
    blocks, missing = writer.blocks, writer.missing
    if len(missing) < len(blocks):
        progress.say(f"{len(blocks) - len(missing)} of {len(blocks)} blocks are there")
    total = sum(blocks[block].stop - blocks[block].start for block in missing)
    with (
        torch.inference_mode(),
        tapping(network, plan.layers) as maps,
        progress.step("Sweeping faces", total) as advance,
    ):
        for block in missing:
            batches = []
            for rows in _batches(blocks[block], plan.batch_size):
                batches.append(_answers(network, pixels, rows, maps, plan))
                advance(len(rows))
            writer.write(
                block,
                {name: np.concatenate([one[name] for one in batches]) for name in batches[0]},
            )


def _batches(block: slice, size: int) -> Iterator[NDArray[np.int64]]:
    for start in range(block.start, block.stop, size):
        yield np.arange(start, min(start + size, block.stop))


def _answers(
    network: Network,
    pixels: Pixels,
    rows: NDArray[np.int64],
    maps: Mapping[str, Tensor],
    plan: Plan,
) -> dict[str, NDArray[Any]]:
    """One forward pass: every variable of the store for the images at `rows`."""
    images = pixels.images[rows].tolist()
    # The last image fills a batch up: see Plan.batch_size.
    filled = np.pad(rows, (0, plan.batch_size - len(rows)), mode="edge")
    batch = to_tensor(pixels.array[filled]).to(_device_of(network))
    logits = network.module(batch)[: len(rows)]
    layers = [reduce_maps(maps[layer], layer=layer, images=images) for layer in plan.layers]
    answers = {
        name: torch.cat([getattr(layer, name) for layer in layers], dim=1)
        for name in Reduced._fields
    }
    answers["probability"] = _probabilities(logits, images)
    numbers = {
        name: value.cpu().numpy().astype(ANSWERS[name].dtype) for name, value in answers.items()
    }
    return {**numbers, "face": _thumbnails(pixels.array[rows])}


def _probabilities(logits: Tensor, images: Sequence[str]) -> Tensor:
    probabilities = logits.float().softmax(dim=1)
    unreal = ~torch.isfinite(probabilities).all(dim=1)
    if unreal.any():
        first = images[int(unreal.nonzero()[0])]
        message = f"the network's output is NaN or infinite: image {first}"
        raise ActivationError(message)
    return probabilities


def _thumbnails(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey pictures (image, row, col) as the network saw them; colour by ITU-R BT.601 luma."""
    if pixels.ndim == 3:
        return np.asarray(pixels)
    luma: NDArray[np.float64] = pixels @ np.array([0.299, 0.587, 0.114])
    return np.rint(luma).astype(np.uint8)


def _contents(
    network: Network, pixels: Pixels, faces: FaceTable, plan: Plan, device: str
) -> Contents:
    """What the store will hold, known from the plan and one image of zeros."""
    with torch.inference_mode(), tapping(network, plan.layers) as maps:
        network.module(torch.zeros(1, *network.input_shape, device=_device_of(network)))
        sizes = {layer: maps[layer].shape[2:] for layer in plan.layers}
    fields, after = receptive_fields(network), nonlinearities(network)
    layers = []
    for layer, count in plan.channels.items():
        field = fields.get(layer)
        layers.append(
            Layer(
                layer,
                count,
                rows=sizes[layer][0],
                cols=sizes[layer][1],
                nonlinearity=after[layer],
                field_size=field.size if field else None,
                field_stride=field.stride if field else None,
                field_start=field.start if field else None,
            )
        )
    return Contents(
        filters=plan.filters,
        faces=faces,
        answers=(*Reduced._fields, "probability", "face"),
        inputs=plan.inputs,
        provenance=Provenance(plan.inputs, {"device": torch.device(device).type}),
        block_size=plan.block_size,
        layers=tuple(layers),
        classes=network.classes,
        face_shape=(pixels.array.shape[1], pixels.array.shape[2]),
    )


def _refuse_other_device(writer: BlockWriter, device: str) -> None:
    """A processor and an accelerator round differently; one store is the work of one kind."""
    begun = writer.provenance.settings.get("device")
    wanted = torch.device(device).type
    if begun != wanted:
        message = (
            f"the sweep at {writer.path} was begun on {begun} and cannot go on on {wanted}: "
            f"go on on {begun}, or remove the store and sweep again"
        )
        raise StaleStoreError(message)


def _device_of(network: Network) -> torch.device:
    return next((value.device for value in network.module.state_dict().values()), _CPU)


@contextmanager
def _on(network: Network, device: str) -> Iterator[None]:
    """The network on `device` for a while, with arithmetic that does not change between runs."""
    home = _device_of(network)
    network.module.to(device)
    try:
        # TF32 keeps 10 bits of each number; the ranks of a store are those of float32.
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        network.module.to(home)


def _misfits(network: Network, pixels: Pixels, faces: FaceTable, plan: Plan) -> Iterator[Fault]:
    """Reasons why these things do not belong together."""
    for name, found in (
        ("network", network.fingerprint),
        ("pixels", pixels.fingerprint),
        ("faces", faces.fingerprint),
    ):
        if plan.inputs[name] != found:
            yield Fault(f"the plan is for another {name}", expected=plan.inputs[name], got=found)
    if pixels.images.tolist() != faces.images.tolist():
        yield Fault(
            "pixels and faces hold other images, or in another order",
            expected=f"{len(faces)} images as in the face table",
            got=f"{len(pixels.images)} images",
            do="plan and sweep with faces.select(pixels.images)",
        )
    shape = pixels.array.shape[1:]
    channels, rows, cols = network.input_shape
    wanted = (rows, cols) if channels == 1 else (rows, cols, channels)
    if shape != wanted:
        yield Fault("pixels do not fit the network", expected=str(wanted), got=str(shape))
    if any(part.training for part in network.module.modules()):
        yield Fault("the network is in training mode", do="call network.module.eval() first")
