"""The sweep: every face through the network once, every filter's answer kept.

blocks of images -> store          (bfloat16: -> images that could be a filter's
                                    strongest, again in float32 -> store)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from facsinterp.activations.keeping.folder import place_of
from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.keeping.place import is_begun
from facsinterp.activations.keeping.writer import BlockWriter, Contents
from facsinterp.activations.keeping.writing import alone
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweeping.jobs import Part, SweepJob, work
from facsinterp.activations.sweeping.reduce import Numbers
from facsinterp.activations.sweeping.rescore import score_again
from facsinterp.errors import Fault, InputError, StoreError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.table import FaceTable
from facsinterp.nets.network import Network, network_fingerprint
from facsinterp.nets.receptive import ReceptiveField, receptive_fields
from facsinterp.nets.taps import nonlinearities
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import Provenance

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew


def sweep(
    network: Network,
    pixels: Pixels,
    faces: FaceTable,
    plan: Plan,
    path: Path | str,
    progress: Progress = SILENT,
    *,
    device: str = "cpu",
    crew: Crew | None = None,
) -> ActivationStore:
    """What every filter of the plan answers to every face, in a store at `path`.

    One forward pass gives all layers. A sweep that was killed goes on with the blocks that
    are missing; a complete store made from the same inputs is opened and nothing computed.
    `path`: a folder, or a URL that fsspec reaches. `device`: as torch names it. `crew`: who
    does the work; None is this process. The numbers are the same to the bit whoever does it.

    Raises StaleStoreError when the store at `path` was made from something else, naming
    what; StoreError when another process sweeps to it, or it was begun on another kind of
    device; ActivationError when the network answers with NaN or infinity; InputError when
    network, pixels, faces and plan do not belong together.
    """
    InputError.raise_any([*_misfits(network, pixels, faces, plan), *_unreachable(path, crew)])
    writer = BlockWriter.resume(path, plan.inputs) if is_begun(path) else None
    if writer is not None:
        if writer.complete:
            progress.say(f"activations are there: {path}")
            return ActivationStore.open(path)
        _refuse_other_device(writer, device)
    else:
        writer = BlockWriter.create(path, _contents(network, pixels, faces, plan, device))
    place = _place_for_all(path)
    job = SweepJob(network, pixels, plan, place, device)
    with alone(place):
        _sweep_blocks(job, writer, crew, progress)
        if plan.precision == "bf16":
            score_again(job, writer, crew, progress)
        writer.finish()
    return ActivationStore.open(path)


def _sweep_blocks(
    job: SweepJob, writer: BlockWriter, crew: Crew | None, progress: Progress
) -> None:
    """Every block that is missing, computed and written."""
    blocks, missing = writer.blocks, writer.missing
    if len(missing) < len(blocks):
        progress.say(f"{len(blocks) - len(missing)} of {len(blocks)} blocks are there")
    sizes: dict[Part, int] = {
        (block,): blocks[block].stop - blocks[block].start for block in missing
    }
    work("Sweeping faces", job, sizes, crew, progress)


def _place_for_all(path: Path | str) -> Path | str:
    """The same place for processes that work in another folder."""
    place = place_of(path)
    return place.absolute() if isinstance(place, Path) else place


def _unreachable(path: Path | str, crew: Crew | None) -> Iterator[Fault]:
    if crew is not None and str(path).startswith("memory://"):
        yield Fault(
            "a store in the memory of this process cannot be written by others",
            str(path),
            expected="a folder or URL that all workers reach",
            do="choose another place, or sweep without workers",
        )


def _contents(
    network: Network, pixels: Pixels, faces: FaceTable, plan: Plan, device: str
) -> Contents:
    """What the store will hold, known from the plan and one image of zeros."""
    fields, after = receptive_fields(network), nonlinearities(network)
    layers = [
        Layer(
            layer,
            count,
            rows=network.sizes[layer][0],
            cols=network.sizes[layer][1],
            nonlinearity=after[layer],
            **_field_facts(fields.get(layer), pixels),
        )
        for layer, count in plan.channels.items()
    ]
    return Contents(
        filters=plan.filters,
        faces=faces,
        answers=(*_variables(plan), "probability", "face"),
        inputs=plan.inputs,
        provenance=Provenance(plan.inputs, {"device": torch.device(device).type}),
        block_size=plan.block_size,
        layers=tuple(layers),
        classes=network.classes,
        face_shape=(pixels.array.shape[1], pixels.array.shape[2]),
    )


def _field_facts(field: ReceptiveField | None, pixels: Pixels) -> dict[str, Any]:
    """What the store holds of a receptive field: three numbers where they say it all."""
    if field is None:
        return {}
    rows, cols = field.rows, field.cols
    facts: dict[str, Any] = {}
    square = (rows.size, rows.stride, rows.start) == (cols.size, cols.stride, cols.start)
    if square:
        facts = {
            "field_size": rows.size,
            "field_stride": rows.stride,
            "field_start": rows.start,
        }
    _, height, width = pixels.array.shape[:3]
    if not (square and rows.plain(height) and cols.plain(width)):
        facts |= {"field_rows": rows.inside, "field_cols": cols.inside}
    return facts


def _refuse_other_device(writer: BlockWriter, device: str) -> None:
    """A processor and an accelerator round differently; one store is the work of one kind."""
    begun = writer.provenance.settings.get("device")
    wanted = torch.device(device).type
    if begun != wanted:
        message = (
            f"the sweep at {writer.path} was begun on {begun} and cannot go on on {wanted}: "
            f"go on on {begun}, or remove the store and sweep again"
        )
        # Not stale: what is there is good, and nobody should sweep it away unasked.
        raise StoreError(message)


def _variables(plan: Plan) -> tuple[str, ...]:
    """What the store holds of every filter; the scores only where two precisions are at work."""
    names = [name for name in Numbers._fields if name != "score"]
    return (*names, "score", "precise") if plan.precision == "bf16" else tuple(names)


def _misfits(network: Network, pixels: Pixels, faces: FaceTable, plan: Plan) -> Iterator[Fault]:
    """Reasons why these things do not belong together."""
    now = network_fingerprint(
        network.module, classes=network.classes, input_shape=network.input_shape
    )
    if now != network.fingerprint:
        yield Fault(
            "the network's weights changed since it was looked at",
            expected=network.fingerprint,
            got=now,
            do="make it anew with Network.of",
        )
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
