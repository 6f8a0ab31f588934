"""The first half of a run: from a definition to its finished activation store.

    faces -> pixels -> network -> activations

Each step is skipped when its output is there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from facsinterp.activations.keeping.folder import place_of
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.amounts import amount
from facsinterp.errors import StaleStoreError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.sources.registry import source
from facsinterp.faces.splits.crossing import bearing_two_names
from facsinterp.faces.table import FaceTable
from facsinterp.nets.devices import pick
from facsinterp.nets.network import Network
from facsinterp.nets.rotation import rotated_name
from facsinterp.progress import Progress
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import make_network
from facsinterp.study.spec import StudySpec

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew

# Groups of copies that a warning names.
_SHOWN: Final = 5


@dataclass(frozen=True)
class Work:
    """How the steps are done; it changes no number that they give, but for `device`."""

    device: str
    crew: Crew | None
    progress: Progress

    @classmethod
    def on(cls, device: str, crew: Crew | None, progress: Progress) -> Self:
        """Work on a device that is there. Raises InputError for one that is not."""
        return cls(str(pick(device)), crew, progress)


@dataclass(frozen=True)
class Looked:
    """The faces of a definition that can be decoded, and their pixels."""

    faces: FaceTable
    pixels: Pixels


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
    looked: Looked,
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


def look(spec: StudySpec, places: DataPlaces, out: Path, progress: Progress) -> Looked:
    """The faces that a definition names, with what was noticed in their pictures."""
    corpus = source(spec.faces.source)
    options = corpus.Options(**spec.faces.options)
    root, faces = places.read(corpus, options)
    progress.say(f"faces: {amount(len(faces), 'image')} of {corpus.title}")
    pixels = Pixels.decode(
        faces,
        corpus.pictures(root, options),
        spec.preparation,
        out / ".cache" / "pixels",
        progress,
        models=places.models,
    )
    if pixels.skipped:
        progress.say(
            f"faces: left out, {amount(len(pixels.skipped), 'picture')} that cannot be prepared"
        )
    shown = faces.select(pixels.images)
    found = faces.found.and_skipped([(skip.path, skip.reason) for skip in pixels.skipped])
    noticed = _two_names(shown, pixels)
    for warning in noticed:
        progress.say(f"faces: {warning}")
    return Looked(replace(shown, found=found.and_warnings(noticed)), pixels)


def _two_names(faces: FaceTable, pixels: Pixels) -> tuple[str, ...]:
    """A warning if a picture stands under the names of two people: held out by name, they may
    have been seen in training."""
    groups = bearing_two_names(faces, pixels)
    if not groups:
        return ()
    named = [" = ".join(group) for group in groups[:_SHOWN]]
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return (
        f"pictures that are equal in every pixel bear the names of different subjects, so that "
        f"held-out people may have been trained on: {'; '.join(named)}{more}",
    )


def _network(
    spec: StudySpec, looked: Looked, folder: RunFolder, places: DataPlaces, work: Work
) -> tuple[Network, FaceTable]:
    """The network, and the faces with the part of each in its training."""
    faces, pixels, ledger = looked.faces, looked.pixels, Ledger(folder.path)
    looker = make_network(
        spec, faces, pixels, ledger, places, device=work.device, progress=work.progress
    )
    # Not before: weights or faces that are refused leave no folder behind.
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.definition.write_text(spec.text, encoding="utf-8")
    split = faces.with_split(looker.split.tolist())
    return looker.network, replace(split, found=faces.found.and_warnings(looker.noticed))


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
