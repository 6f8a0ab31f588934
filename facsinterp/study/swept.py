"""The first half of a run: from a definition to its finished activation store.

    faces -> pixels -> network -> activations

Each step is skipped when its output is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from facsinterp.activations.keeping.folder import place_of
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.errors import StaleStoreError
from facsinterp.faces.pixels import Pixels
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.nets.devices import pick
from facsinterp.nets.network import Network
from facsinterp.progress import Progress
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import make_network
from facsinterp.study.spec import StudySpec

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew


@dataclass(frozen=True)
class Work:
    """How the steps are done; it changes no number that they give, but for `device`."""

    device: str
    crew: Crew | None
    progress: Progress


@dataclass(frozen=True)
class Swept:
    """What the steps up to the activations gave."""

    folder: RunFolder
    faces: FaceTable
    """Those that were swept; their split is the part of each in training."""
    pixels: Pixels
    network: Network
    store: ActivationStore


def swept(
    spec: StudySpec, places: DataPlaces, out: Path, work: Work, store: Path | str | None = None
) -> Swept:
    """The steps of a definition up to a store in the folder of its run, or at `store`.

    A store in the folder that was made from other content is replaced. One at `store` never
    is: raises StaleStoreError.
    """
    work = replace(work, device=str(pick(work.device)))
    place = None if store is None else place_of(store)
    faces, pixels = _look(spec, places, out, work.progress)
    folder = RunFolder(out / spec.name / spec.id)
    network, faces = _network(spec, faces, pixels, folder, places, work)
    made = partial(
        sweep,
        network,
        pixels,
        faces,
        _plan(spec, network, faces, pixels),
        place or folder.store,
        work.progress,
        device=work.device,
        crew=work.crew,
    )
    try:
        return Swept(folder, faces, pixels, network, made())
    except StaleStoreError as error:
        if place is not None:
            raise
        work.progress.say(f"activations: swept again, since {error}")
    discard(folder.store)
    return Swept(folder, faces, pixels, network, made())


def _look(
    spec: StudySpec, places: DataPlaces, out: Path, progress: Progress
) -> tuple[FaceTable, Pixels]:
    """The faces that can be decoded, and their pixels."""
    corpus = source(spec.faces.source)
    options = corpus.Options(**spec.faces.options)
    root = places.folder(corpus)
    faces = corpus.read(root, options)
    progress.say(f"faces: {len(faces)} images of {corpus.title}")
    pixels = Pixels.decode(
        faces, corpus.pictures(root, options), spec.preparation, out / ".cache" / "pixels", progress
    )
    if pixels.skipped:
        progress.say(f"faces: {len(pixels.skipped)} pictures cannot be decoded and are left out")
    found = faces.found.and_skipped([(skip.path, skip.reason) for skip in pixels.skipped])
    return replace(faces.select(pixels.images), found=found), pixels


def _network(
    spec: StudySpec,
    faces: FaceTable,
    pixels: Pixels,
    folder: RunFolder,
    places: DataPlaces,
    work: Work,
) -> tuple[Network, FaceTable]:
    """The network, and the faces with the part of each in its training."""
    ledger = Ledger(folder.path)
    looker = make_network(
        spec, faces, pixels, ledger, places, device=work.device, progress=work.progress
    )
    # Not before: weights or faces that are refused leave no folder behind.
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.definition.write_text(spec.text, encoding="utf-8")
    return looker.network, faces.with_split(looker.split.tolist())


def _plan(spec: StudySpec, network: Network, faces: FaceTable, pixels: Pixels) -> Plan:
    return Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        layers=spec.sweep.layers,
        batch_size=spec.sweep.batch_size,
        precision=spec.sweep.precision,
    )
