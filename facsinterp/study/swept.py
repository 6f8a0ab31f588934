"""The first half of a run: from a definition to its finished activation store.

    faces -> pixels -> network -> activations

Each step is skipped when its output is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from facsinterp.activations.keeping.folder import place_of
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.errors import StaleStoreError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.table import FaceTable
from facsinterp.nets.network import Network
from facsinterp.nets.rotation import rotated_name
from facsinterp.study.corpus import Corpus
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import make_network
from facsinterp.study.spec import StudySpec
from facsinterp.study.work import Work


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
    spec: StudySpec,
    looked: Corpus,
    places: DataPlaces,
    out: Path,
    work: Work,
    store: Path | str | None = None,
) -> Swept:
    """The steps of a definition up to a store in the folder of its run, or at `store`.

    `looked`: what `look` gives for the definition, or for another of the same faces. A store
    in the folder that was made from other content is replaced. One at `store` never is:
    raises StaleStoreError.
    """
    place = None if store is None else place_of(store)
    pixels, folder = looked.pixels, RunFolder(out / spec.name / spec.id)
    network, faces = _network(spec, looked, folder, places, work)
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


def _network(
    spec: StudySpec, looked: Corpus, folder: RunFolder, places: DataPlaces, work: Work
) -> tuple[Network, FaceTable]:
    """The network, and the faces with the part of each in its training."""
    ledger = Ledger(folder.path)
    looker = make_network(spec, looked, ledger, places, work)
    # Not before: weights or faces that are refused leave no folder behind.
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.definition.write_text(spec.text, encoding="utf-8")
    split = looked.faces.with_split(looker.split.tolist())
    return looker.network, replace(split, found=looked.faces.found.and_warnings(looker.noticed))


def _plan(spec: StudySpec, network: Network, faces: FaceTable, pixels: Pixels) -> Plan:
    layers = spec.sweep.layers
    if layers is not None and spec.network.rotated:
        layers = tuple(map(rotated_name, layers))
    return Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        layers=layers,
        batch_size=spec.sweep.batch_size,
        precision=spec.sweep.precision,
    )
