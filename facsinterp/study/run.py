"""A run: from a definition to a report, each step skipped when its output is there.

    faces -> pixels -> network -> activations -> associations -> study -> site

Everything a run writes lies in `<out>/<name>/<id>/`, but for decoded pixels, which
definitions that show the same faces share in `<out>/.cache/pixels/`.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.association.associate import associate
from facsinterp.association.table import Associations
from facsinterp.errors import StaleStoreError, StoreError
from facsinterp.faces.pixels import Pixels
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.nets.devices import pick
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import Provenance, fingerprint
from facsinterp.study import registry
from facsinterp.study.contract import Inputs, Need, Study
from facsinterp.study.folder import RunFolder
from facsinterp.study.ledger import Ledger, discard
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import Looker, make_network
from facsinterp.study.publish import publish
from facsinterp.study.results import save_result
from facsinterp.study.spec import StudySpec


def run_study(
    spec: StudySpec,
    places: DataPlaces,
    out: Path,
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> Path:
    """The `index.html` of the report of a definition, after computing what is not there yet.

    Raises InputError for data or weights that cannot be used, ActivationError and
    TrainingError where a network gives no usable numbers. An interrupted run goes on at
    the step (in training: the fold, in the sweep: the block) where it stopped.
    """
    study = registry.load(spec.study)(**spec.params)
    device = str(pick(device))
    faces, pixels = _look(spec, places, out, progress)
    folder = RunFolder(out / spec.name / spec.id)
    ledger = Ledger(folder.path)

    looker = make_network(spec, faces, pixels, ledger, places, device=device, progress=progress)
    # Not before: weights or faces that are refused leave no folder behind.
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.definition.write_text(spec.text, encoding="utf-8")
    faces = faces.with_split(looker.split.tolist())
    store = _activations(
        spec, looker, faces, pixels, folder.store, device=device, progress=progress
    )
    associations = None
    if Need.ASSOCIATIONS in study.needs:
        associations = _associations(spec, store, folder.associations, ledger, progress)
    inputs = Inputs(
        faces=faces,
        pixels=pixels,
        scratch=folder.path / "scratch",
        seed=spec.seed,
        progress=progress,
        given_network=looker.network,
        given_store=store,
        given_associations=associations,
    )
    provenance = _provenance(spec, inputs)
    _answer(study, inputs, ledger, provenance.key, progress)
    if ledger.has(folder.site.name, provenance.key):
        progress.say("report: already written")
        return folder.site / "index.html"
    folder.provenance.write_text(provenance.to_json(), encoding="utf-8")
    index = publish(folder.path, progress=progress)
    ledger.mark(folder.site.name, provenance.key)
    return index


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


def _activations(
    spec: StudySpec,
    looker: Looker,
    faces: FaceTable,
    pixels: Pixels,
    path: Path,
    *,
    device: str,
    progress: Progress,
) -> ActivationStore:
    """The store of this network and these faces; one made from other content is replaced."""
    network = looker.network
    plan = Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        layers=spec.sweep.layers,
        batch_size=spec.sweep.batch_size,
    )
    try:
        return sweep(network, pixels, faces, plan, path, progress, device=device)
    except StaleStoreError as error:
        progress.say(f"activations: swept again, since {error}")
        discard(path)
        return sweep(network, pixels, faces, plan, path, progress, device=device)


def _associations(
    spec: StudySpec, store: ActivationStore, path: Path, ledger: Ledger, progress: Progress
) -> Associations:
    """The associations of this store; those made from other content are computed again."""
    key = fingerprint(store.key, dict(spec.association), spec.seed)
    if ledger.has(path.name, key):
        try:
            found = Associations.open(path)
        except StoreError as error:
            progress.say(f"associations: computed again, since {error}")
        else:
            progress.say("associations: already computed")
            return found
    found = associate(store, spec.settings, progress)
    discard(path)
    found.save(path)
    ledger.mark(path.name, key)
    return found


def _answer(study: Study, inputs: Inputs, ledger: Ledger, key: str, progress: Progress) -> None:
    """The study's result in `tables/`, asked for only when it is not there."""
    if ledger.has("tables", key):
        progress.say("study: already answered")
        return
    shutil.rmtree(inputs.scratch, ignore_errors=True)
    inputs.scratch.mkdir()
    try:
        with ledger.writing("tables", key) as partial:
            save_result(study.run(inputs), partial)
    finally:
        shutil.rmtree(inputs.scratch, ignore_errors=True)


def _provenance(spec: StudySpec, inputs: Inputs) -> Provenance:
    return Provenance(
        inputs={
            "definition": spec.id,
            "faces": inputs.faces.fingerprint,
            "pixels": inputs.pixels.fingerprint,
            "network": inputs.network.fingerprint,
        },
        settings={"seed": spec.seed, **spec.association},
    )
