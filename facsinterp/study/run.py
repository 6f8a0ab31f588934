"""A run: from a definition to a report, each step skipped when its output is there.

    faces -> pixels -> network -> activations -> associations -> pictures -> study -> site
                       (the same for each control)

Everything a run writes lies in `<out>/<name>/<id>/`, but for decoded pixels, which
definitions that show the same faces share in `<out>/.cache/pixels/`.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import FORMAT
from facsinterp.errors import writing
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import Provenance, fingerprint
from facsinterp.study import registry
from facsinterp.study.associated import associated, require_codes
from facsinterp.study.contract import Inputs, Need, Study
from facsinterp.study.controls import controls_of, swept_controls
from facsinterp.study.corpus import look
from facsinterp.study.folder import RunFolder
from facsinterp.study.inventory import keep_inventory
from facsinterp.study.jobs.contract import OWN
from facsinterp.study.jobs.runner import Runner
from facsinterp.study.ledger import Ledger
from facsinterp.study.locate import DataPlaces
from facsinterp.study.pages import site_key
from facsinterp.study.publish import publish
from facsinterp.study.results import save_result
from facsinterp.study.spec import StudySpec
from facsinterp.study.swept import swept
from facsinterp.study.visual import FORMAT as PICTURES
from facsinterp.study.visual import visual_evidence
from facsinterp.study.work import Work

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew


def run_study(
    spec: StudySpec,
    places: DataPlaces,
    out: Path,
    *,
    device: str = "auto",
    crew: Crew | None = None,
    progress: Progress = SILENT,
) -> Path:
    """The `index.html` of the report of a definition, after computing what is not there yet.

    `crew`: who sweeps and associates; None is this process. `device` is looked for on this
    machine, and a crew's workers take the one of the same name: where they have none, their
    error is raised here.

    Raises InputError for data or weights that cannot be used and where `out` cannot be
    written to, ActivationError and TrainingError where a network gives no usable numbers,
    CrewError where the workers of a crew are gone. An interrupted run goes on at the step (in
    training: the fold, in the sweep: the block) where it stopped.
    """
    with writing("the run", out):
        return _run(spec, places, out, Work.on(device, crew, progress), progress)


def _run(spec: StudySpec, places: DataPlaces, out: Path, work: Work, progress: Progress) -> Path:
    study = registry.load(spec.study)(**spec.params)
    looked = look(spec.faces, places, out, progress)
    also = {name: look(part, places, out, progress, name) for name, part in spec.also.items()}
    if {Need.ASSOCIATIONS, Need.VISUAL} & study.needs:
        require_codes(looked.faces, spec.faces.source)
    found = swept(spec, looked, places, out, work)
    folder, store = found.folder, found.store
    ledger = Ledger(folder.path)
    keep_inventory(looked, found.faces, folder, ledger)
    associations = None
    if Need.ASSOCIATIONS in study.needs:
        associations = associated(spec, store, folder, work)
    visual = None
    if Need.VISUAL in study.needs:
        associations = associations or associated(spec, store, folder, work)
        visual = visual_evidence(spec, found, associations, work)
    # Those that the study does not ask for are made too: the report shows them.
    compared = swept_controls(spec, found, looked, places, out, work)
    controls = controls_of(compared, work)
    inputs = Inputs(
        faces=found.faces,
        pixels=found.pixels,
        preparation=spec.preparation,
        scratch=folder.path / "scratch",
        seed=spec.seed,
        progress=progress,
        network_part=spec.network,
        settings=spec.settings,
        given_corpora={OWN: looked, **also},
        given_network=found.network,
        given_store=store,
        given_associations=associations,
        given_controls=controls if Need.CONTROLS in study.needs else None,
        given_visual=visual,
    )
    inputs = with_jobs(study, inputs, Runner.at(out, inputs.corpora, work))
    provenance = _provenance(spec, inputs)
    _answer(study, inputs, ledger, _key(provenance, inputs), progress)
    return _report(spec, folder, ledger, provenance, progress)


def sweep_study(
    spec: StudySpec,
    places: DataPlaces,
    out: Path,
    *,
    store: Path | str | None = None,
    device: str = "auto",
    crew: Crew | None = None,
    progress: Progress = SILENT,
) -> ActivationStore:
    """The activation store of a definition, after the steps of its run up to it.

    It lies in the folder of the run, and `run_study` goes on from there. With `store`, a
    path or a URL of fsspec, it lies there, and a run knows nothing of it; what is there and
    was made from other content is not replaced: raises StaleStoreError. Without it the
    stores of all controls of the definition are made too. Else as `run_study`.
    """
    work = Work.on(device, crew, progress)
    looked = look(spec.faces, places, out, progress)
    found = swept(spec, looked, places, out, work, store)
    if store is None:
        swept_controls(spec, found, looked, places, out, work)
    return found.store


def with_jobs(study: Study, inputs: Inputs, runner: Runner) -> Inputs:
    """The inputs with the study's jobs done."""
    jobs = study.jobs(inputs)
    return replace(inputs, finished=runner.finish(jobs, "jobs")) if jobs else inputs


def _key(provenance: Provenance, inputs: Inputs) -> str:
    """What a study's result depends on."""
    return (
        fingerprint(provenance.key, sorted(inputs.finished)) if inputs.finished else provenance.key
    )


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


def _report(
    spec: StudySpec, folder: RunFolder, ledger: Ledger, provenance: Provenance, progress: Progress
) -> Path:
    """The pages, written only when they are not there, or show something else."""
    if ledger.has(folder.site.name, site_key(spec, folder, provenance)):
        progress.say("report: already written")
        return folder.site / "index.html"
    folder.provenance.write_text(provenance.to_json(), encoding="utf-8")
    return publish(folder.path, progress=progress)


def _provenance(spec: StudySpec, inputs: Inputs) -> Provenance:
    return Provenance(
        inputs={
            "definition": spec.id,
            "faces": inputs.faces.fingerprint,
            "pixels": inputs.pixels.fingerprint,
            "network": inputs.network.fingerprint,
            **{f"faces of {name}": one.fingerprint for name, one in inputs.also.items()},
        },
        settings={
            "seed": spec.seed,
            "associations": FORMAT,
            "pictures": [PICTURES, spec.visual.method],
            **spec.association,
        },
    )
