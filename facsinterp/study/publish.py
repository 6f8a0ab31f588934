"""The report of a run, made from nothing but what the run's folder holds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.errors import DataError, Fault
from facsinterp.evidence.dead import dead_filters
from facsinterp.progress import SILENT, Progress
from facsinterp.report.parts import Curve, Fact, Report
from facsinterp.report.site import write_site
from facsinterp.stats.accuracy import Accuracy, held_out_accuracy
from facsinterp.study.results import load_result
from facsinterp.study.spec import FILE_NAME, StudySpec, parse_spec

CURVES = "curves.json"
PREDICTIONS = "predictions.parquet"


def publish(folder: Path, *, progress: Progress = SILENT) -> Path:
    """The `index.html` of a run's site, written again from the run's folder.

    Raises DataError when the folder is not that of a finished run.
    """
    missing = [
        name for name in (FILE_NAME, "activations.zarr", "tables") if not (folder / name).exists()
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
    spec = parse_spec((folder / FILE_NAME).read_text(encoding="utf-8"), name=folder.parent.name)
    store = ActivationStore.open(folder / "activations.zarr")
    associations = folder / "associations.zarr"
    result = load_result(folder / "tables")
    provenance = folder / "provenance.json"
    report = Report(
        title=spec.name,
        question=spec.question,
        identity=spec.id,
        store=store,
        facts=tuple(_facts(spec, store, folder)),
        findings=result.findings,
        sections=result.sections,
        associations=Associations.open(associations) if associations.exists() else None,
        dead=dead_filters(store),
        curves=_curves(folder),
        definition=spec.text,
        provenance=provenance.read_text(encoding="utf-8") if provenance.exists() else "",
    )
    return write_site(report, folder / "site", progress)


def _facts(spec: StudySpec, store: ActivationStore, folder: Path) -> list[Fact]:
    """What a reader must know of the run before believing anything of it."""
    faces = store.faces
    subjects = set(faces.column("subject")) - {""}
    sequences = set(faces.column("sequence")) - {""}
    built = spec.network.arch or spec.network.builder or ""
    facts = [
        Fact("Faces", spec.faces.source, f"{len(faces)} images"),
        Fact("Subjects", len(subjects), f"{len(sequences)} sequences"),
        Fact("Network", built, f"{len(store.filters)} conv filters"),
    ]
    accuracy = accuracy_of(folder)
    if accuracy is not None:
        facts.append(
            Fact(
                "Accuracy on held-out subjects",
                f"{accuracy.share:.1%}",
                f"95 % interval {accuracy.low:.1%} to {accuracy.high:.1%} over subjects; "
                f"chance {accuracy.chance:.1%}, majority {accuracy.majority:.1%}; "
                f"{accuracy.n} images, {accuracy.folds} "
                f"{'fold' if accuracy.folds == 1 else 'folds'}",
            )
        )
    return facts


def accuracy_of(folder: Path) -> Accuracy | None:
    """How well the networks of a run name the expression of people they never saw.

    Over all folds; None when nothing was trained.
    """
    files = sorted((folder / "network").glob(f"*/{PREDICTIONS}"))
    if not files:
        return None
    table = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    return held_out_accuracy(
        true=table["true"].to_numpy(dtype=str),
        predicted=table["predicted"].to_numpy(dtype=str),
        majority=table["majority"].to_numpy(dtype=str),
        subject=table["subject"].to_numpy(dtype=str),
        fold=table["fold"].to_numpy(dtype=str),
    )


def _curves(folder: Path) -> tuple[Curve, ...]:
    """Training curves of the network that is studied, that of the first fold."""
    files = sorted((folder / "network").glob(f"*/{CURVES}"))
    if not files:
        return ()
    return tuple(
        Curve(**{**curve, "values": tuple(curve["values"])})
        for curve in json.loads(files[0].read_text(encoding="utf-8"))
    )
