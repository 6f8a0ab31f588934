"""The report of a run, made from nothing but what the run's folder holds."""

from __future__ import annotations

import json
from pathlib import Path

from facsinterp.activations.store import ActivationStore
from facsinterp.amounts import amount
from facsinterp.association.table import Associations
from facsinterp.errors import DataError, Fault
from facsinterp.evidence.dead import dead_filters
from facsinterp.evidence.visual import VisualEvidence
from facsinterp.faces.sources.registry import source
from facsinterp.progress import SILENT, Progress
from facsinterp.provenance import Provenance
from facsinterp.report.parts import Curve, Fact, Report
from facsinterp.report.site import write_site
from facsinterp.stats.accuracy import Scores
from facsinterp.study.beside import control_runs
from facsinterp.study.folder import CURVES, PREDICTIONS, RunFolder
from facsinterp.study.inventory import kept_inventory
from facsinterp.study.ledger import Ledger
from facsinterp.study.pages import site_key
from facsinterp.study.parse import parse_spec
from facsinterp.study.results import load_result
from facsinterp.study.scores import scores_of
from facsinterp.study.spec import StudySpec
from facsinterp.study.steps import network_words, precision_words


def publish(folder: Path, *, progress: Progress = SILENT) -> Path:
    """The `index.html` of a run's site, written again from the run's folder.

    Raises DataError when the folder is not that of a finished run.
    """
    run = RunFolder(folder)
    missing = [
        place.name for place in (run.definition, run.store, run.tables) if not place.exists()
    ]
    if missing:
        raise DataError(
            Fault(
                "this is not the folder of a finished run",
                where=str(folder),
                expected="reports/<study>/<id>, as `facsinterp run` leaves it",
                got=f"no {', '.join(missing)}",
                do="run the study to its end first",
            )
        )
    spec = parse_spec(run.definition.read_text(encoding="utf-8"), name=folder.resolve().parent.name)
    store = ActivationStore.open(run.store)
    result = load_result(run.tables)
    controls, left_out = control_runs(spec, store, run)
    report = Report(
        title=spec.name,
        question=spec.question,
        identity=spec.id,
        store=store,
        facts=tuple(_facts(spec, store, run)),
        findings=result.findings,
        sections=result.sections,
        associations=Associations.open(run.associations) if run.associations.exists() else None,
        dead=dead_filters(store),
        visual=VisualEvidence.open(run.visual) if run.visual.exists() else None,
        curves=_curves(run),
        definition=spec.text,
        provenance=run.provenance.read_text(encoding="utf-8") if run.provenance.exists() else "",
        answer=result.answer,
        study=spec.study,
        controls=controls,
        controls_missing=left_out,
        tables=result.tables,
        inventory=kept_inventory(run, progress),
    )
    index = write_site(report, run.site, progress)
    if report.provenance:
        made = Provenance.from_json(report.provenance)
        Ledger(folder).mark(run.site.name, site_key(spec, run, made))
    return index


def _facts(spec: StudySpec, store: ActivationStore, run: RunFolder) -> list[Fact]:
    """What a reader must know of the run before believing anything of it."""
    prepared = spec.preparation
    facts = [
        Fact("Source", store.faces.terms.source or source(spec.faces.source).title),
        Fact(
            "Network",
            spec.network.name,
            f"{prepared.size} × {prepared.size} px {prepared.colour}, "
            f"{amount(len(store.layers), 'layer')}"
            + (f"; {kind}" if (kind := network_words(spec.network)) else ""),
        ),
    ]
    if precision_words(spec):
        facts.append(Fact("Sweep", spec.sweep.precision, precision_words(spec)))
    scores = scores_of(run)
    if scores is not None:
        known = bool((store.faces.column("subject") != "").any())
        facts.append(_accuracy(spec, scores, len(run.of_folds(PREDICTIONS)), known))
    return facts


def _accuracy(spec: StudySpec, scores: Scores, folds: int, subjects_known: bool) -> Fact:
    found, train = scores.accuracy, spec.network.train
    blocks = "subjects as blocks" if subjects_known else "nobody knows whose faces they are"
    named = f", protocol {train.protocol}" if train is not None and train.protocol else ""
    return Fact(
        f"Accuracy on held-out {'subjects' if subjects_known else 'faces'}",
        f"{100 * found.share:.1f} %",
        f"95 % interval {100 * found.low:.1f} to {100 * found.high:.1f} % "
        f"({'one split' if folds == 1 else f'{folds} folds'}{named}, {blocks}), of "
        f"{amount(found.count, 'labelled frame')}, from neutral to apex; "
        f"{100 * scores.balanced:.1f} % as the mean over expressions; "
        f"chance {100 * scores.chance:.1f} %, majority {100 * scores.majority:.1f} %",
    )


def _curves(run: RunFolder) -> tuple[Curve, ...]:
    """Training curves of the network that is studied, that of the first fold."""
    files = run.of_folds(CURVES)
    if not files:
        return ()
    told = json.loads(files[0].read_text(encoding="utf-8"))
    return tuple(
        Curve(name=part, values=tuple(told[f"{part}_{quantity}"]), quantity=quantity)
        for quantity in ("loss", "accuracy")
        for part in ("train", "validation")
    )
