"""Pictures of all filters: each one's strongest faces attributed to their pixels, and kept.

top faces -> blocks of filters -> attribution of each face -> means on one face -> store
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, final

import numpy as np
import torch
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.devices import pick
from facsinterp.nets.network import Network, network_fingerprint
from facsinterp.nets.receptive import ReceptiveField, receptive_fields
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.provenance import fingerprint
from facsinterp.saliency.attribute import Units, attribute
from facsinterp.saliency.layout import FORMAT
from facsinterp.saliency.meanface import MeanFace
from facsinterp.saliency.preflight import Clearance, preflight
from facsinterp.saliency.rules import Method
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.saliency.writer import AttributionWriter, Contents, MeanFaceTables, refuse_other

# Raised when the same inputs would give other numbers.
_ARITHMETIC: Final = 1


def picture(  # noqa: PLR0913 - one keyword a decision
    network: Network,
    pixels: Pixels,
    top: TopFaces,
    path: Path | str,
    *,
    method: Method = "guided-backprop",
    device: str = "cpu",
    batch_size: int = 64,
    showable: NDArray[np.bool_] | None = None,
    progress: Progress = SILENT,
) -> Attributions:
    """What moved every filter on its strongest faces, in a store at `path`.

    `top`: faces as positions in `pixels`, ranked by the caller. `showable`: (image) which
    faces may be seen, in the picture of the mean face; None is all. A run that was killed
    goes on with the filters that are missing, and ends with the same bytes; a complete store
    made from the same inputs is opened and nothing computed.

    Raises InputError with every fault before anything is computed: things that do not belong
    together, layers where the method would be wrong; StaleStoreError when the store at
    `path` was made from something else, naming what; StoreError when it was begun on another
    kind of device; ActivationError when an attribution is NaN or infinite.
    """
    path = Path(path)
    InputError.raise_any(_misfits(network, pixels, top, showable))
    cleared = _cleared(network, top.layers, method)
    inputs = _inputs(network, pixels, top, method, batch_size, showable)
    if path.exists():
        there = Attributions.open(path)
        refuse_other(path, there.inputs, inputs)
        progress.say(f"attributions are there: {path}")
        return there
    mean = MeanFace.of(pixels)
    contents = Contents(
        top=top,
        names=pixels.images,
        shape=_shape(pixels),
        method=method,
        clearances=[asdict(one) for one in cleared],
        inputs=inputs,
        settings={"device": pick(device).type},
        canonical=_tables(mean, pixels, showable),
    )
    writer = AttributionWriter.begin(path, contents)
    job = _Job(network, pixels, top, method, device, batch_size, mean, receptive_fields(network))
    _work(job, writer, progress)
    writer.finish()
    return Attributions.open(path)


@final
@dataclass(frozen=True, eq=False)
class _Job:
    """What the blocks are computed from."""

    network: Network
    pixels: Pixels
    top: TopFaces
    method: Method
    device: str
    batch_size: int
    mean: MeanFace | None
    fields: dict[str, ReceptiveField]

    def block(self, part: slice, advance: Advance) -> dict[str, NDArray[Any]]:
        """Every picture of these filters; `advance` hears the faces that are attributed."""
        filters, image = self.top.filters[part], self.top.image[part]
        maps = np.zeros((*image.shape, *_shape(self.pixels)), np.float32)
        for layer in dict.fromkeys(one.layer for one in filters):
            here = np.array([one.layer == layer for one in filters])
            which, rank = np.nonzero(self.top.used[part] & here[:, None])
            if which.size:
                maps[which, rank] = self._attributed(layer, part, which, rank, advance)
        found: dict[str, NDArray[Any]] = {"attribution": maps}
        if self.mean is not None:
            warps = self.mean.warps(image)
            means, counts = self.mean.attributions(maps, image, warps)
            places, peaks = self.mean.places(self._centres(part), image, warps)
            found |= {"mean_attribution": means, "mean_attribution_faces": counts}
            found |= {"mean_place": places, "mean_place_faces": peaks}
        return found

    def _attributed(
        self,
        layer: str,
        part: slice,
        which: NDArray[np.int64],
        rank: NDArray[np.int64],
        advance: Advance,
    ) -> NDArray[np.float32]:
        """(sample, row, col) of some faces of filters of one layer in the block."""
        at = which + part.start, rank
        units = Units(
            rows=self.top.image[at].astype(np.int64),
            channels=np.array([self.top.filters[i].channel for i in at[0]], np.int64),
            places=np.stack([self.top.row[at], self.top.col[at]], axis=1).astype(np.int64),
        )
        return attribute(
            self.network,
            layer,
            self.pixels,
            units,
            method=self.method,
            device=self.device,
            batch_size=self.batch_size,
            progress=_Part(advance),
        )

    def _centres(self, part: slice) -> NDArray[np.float64]:
        """(filter, rank, 2) middle of what the peak's unit sees, row and column; NaN unknown.

        Inside the picture: of a unit at the rim that sees mostly padding, the nearest pixel.
        """
        image = self.top.image[part]
        centres = np.full((*image.shape, 2), np.nan)
        last = np.array(_shape(self.pixels)) - 1
        for which, rank in np.argwhere(image >= 0):
            field = self.fields.get(self.top.filters[part.start + which].layer)
            if field is not None:
                at = part.start + which, rank
                window = field.window(int(self.top.row[at]), int(self.top.col[at]))
                top, left, bottom, right = window
                middle = np.array([(top + bottom - 1) / 2, (left + right - 1) / 2])
                centres[which, rank] = middle.clip(0, last)
        return centres


@final
@dataclass(frozen=True)
class _Part:
    """Progress of a part of the work, heard as progress of all of it."""

    advance: Advance

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002
        yield self.advance

    def say(self, text: str) -> None:
        pass


def _work(job: _Job, writer: AttributionWriter, progress: Progress) -> None:
    """Every block that is missing, computed and written."""
    blocks, missing = writer.blocks, writer.missing
    if len(missing) < len(blocks):
        progress.say(f"{len(blocks) - len(missing)} of {len(blocks)} blocks of filters are there")
    total = sum(int(job.top.used[blocks[block]].sum()) for block in missing)
    with progress.step("Picturing filters", total) as advance:
        for block in missing:
            writer.write(block, job.block(blocks[block], advance))


def _cleared(network: Network, layers: Sequence[str], method: Method) -> tuple[Clearance, ...]:
    """What is done in each layer so that the method is right; InputError for all refused."""
    cleared: list[Clearance] = []
    faults: list[Fault] = []
    for layer in layers:
        try:
            cleared.append(preflight(network, layer, method))
        except InputError as error:
            faults += error.faults
    InputError.raise_any(dict.fromkeys(faults))
    return tuple(cleared)


def _inputs(
    network: Network,
    pixels: Pixels,
    top: TopFaces,
    method: Method,
    batch_size: int,
    showable: NDArray[np.bool_] | None,
) -> dict[str, str]:
    points = pixels.landmarks
    return {
        "network": network.fingerprint,
        "pixels": pixels.fingerprint,
        "landmarks": "none" if points is None else fingerprint(points),
        "showable": "all" if showable is None else fingerprint(showable),
        "top faces": top.fingerprint,
        "method": method,
        "batch size": str(batch_size),
        "arithmetic": str(_ARITHMETIC),
        "torch": torch.__version__.partition("+")[0],
        "captum": version("captum"),
        "format": str(FORMAT),
    }


def _tables(
    mean: MeanFace | None, pixels: Pixels, showable: NDArray[np.bool_] | None
) -> MeanFaceTables | None:
    if mean is None:
        return None
    return MeanFaceTables(
        np.asarray(mean.target.landmarks, np.float32),
        mean.picture(pixels, showable),
        mean.landmarks,
    )


def _shape(pixels: Pixels) -> tuple[int, int]:
    return pixels.array.shape[1], pixels.array.shape[2]


def _misfits(
    network: Network, pixels: Pixels, top: TopFaces, showable: NDArray[np.bool_] | None
) -> Iterator[Fault]:
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
    channels, rows, cols = network.input_shape
    wanted = (rows, cols) if channels == 1 else (rows, cols, channels)
    if pixels.array.shape[1:] != wanted:
        yield Fault(
            "pixels do not fit the network", expected=str(wanted), got=str(pixels.array.shape[1:])
        )
    if showable is not None and (showable.shape != (len(pixels),) or showable.dtype != bool):
        yield Fault(
            "showable does not fit the pixels",
            expected=f"one bool for each of {len(pixels)} faces",
            got=f"{showable.dtype} of shape {showable.shape}",
        )
    yield from top.faults(network.channels, network.sizes, len(pixels))
