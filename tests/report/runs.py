"""Small runs with planted answers, for the tests of the report."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from facsinterp.activations.keeping.arrays import contents_of
from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.evidence.dead import dead_filters
from facsinterp.faces.table import FaceTable, Found, Terms
from facsinterp.labels import FilterId
from facsinterp.report.parts import Report

UNITS = (12, 4, 1, 43)
SUBJECTS = 44
EACH = 4
EVIL = "<script>alert(1)</script>"
LAYERS = (
    Layer("conv1", 4, 24, 24, "ReLU", 5, 1, -2.0),
    Layer("conv2", 6, 12, 12, "ReLU", 14, 2, -6.0),
)


def faces(terms=None, found=None):
    """Two frames of each sequence, onset and apex; AU43 is present once; half is held out."""
    rng = np.random.default_rng(5)
    names = [EVIL if i == 1 else f"S{i:02d}" for i in range(SUBJECTS)]
    subject = np.repeat(names, 2 * EACH)
    sequence = np.repeat([f"{name}_{k}" for name in names for k in range(EACH)], 2)
    phase = np.tile(["onset", "apex"], SUBJECTS * EACH)
    n = len(subject)
    present = np.repeat(rng.random((SUBJECTS * EACH, len(UNITS))) < 0.4, 2, axis=0)
    present[:, 3] = False
    present[1, 3] = True
    intensity = np.where(present, rng.integers(1, 6, present.shape), 0).astype(float)
    intensity[present & (rng.random(present.shape) < 0.3)] = np.nan
    return FaceTable.from_arrays(
        [f"i{i:03d}" for i in range(n)],
        UNITS,
        present,
        intensity=intensity,
        subject=subject.tolist(),
        sequence=sequence.tolist(),
        frame=[1, 9] * (n // 2),
        phase=phase.tolist(),
        expression=np.repeat(rng.choice(["happy", "anger", ""], SUBJECTS * EACH), 2).tolist(),
        split=["test"] * (n // 2) + ["train"] * (n // 2),
        terms=terms or Terms("small", "Made of noise.", None),
        found=found or Found(),
    )


def store(folder: Path, table=None, copies=()):
    """Ten filters: conv1/000 follows AU12, conv2/001 is dead, conv2/002 is dead when held out.

    `copies`: pairs of places, of a filter and of the one that answers twice as strongly.
    """
    table = table or faces()
    rng = np.random.default_rng(6)
    n, filters = len(table), FilterId.of_layers([(layer.name, layer.filters) for layer in LAYERS])
    peak = np.maximum(rng.normal(size=(n, len(filters))), 0).astype(np.float32)
    with_12 = table.data["present"].values[:, table.units.index(12)]
    peak[:, 0] = 0.2 * rng.random(n) + 3 * with_12
    peak[:, 5] = 0
    peak[:, 6] = np.where(table.column("split") == "test", 0, 1 + peak[:, 6])
    for one, double in copies:
        peak[:, double] = 2 * peak[:, one]
    place = rng.integers(0, 12, (2, *peak.shape))
    given = {
        "peak": peak,
        "peak_row": place[0],
        "peak_col": place[1],
        "face": rng.integers(0, 256, (n, 24, 24)).astype(np.uint8),
    }
    contents, answers = contents_of(given, filters, table, 64)
    writer = ActivationStore.create(folder, replace(contents, layers=LAYERS))
    for block, images in enumerate(writer.blocks):
        writer.write(block, {name: values[images] for name, values in answers.items()})
    writer.finish()
    return ActivationStore.open(folder)


def report(folder: Path, table=None, **changes):
    """A whole run on `store`, its parts replaced by `changes`."""
    made = changes.get("store") or store(folder / "activations.zarr", table)
    content = {
        "title": "Filters & units",
        "question": "Which filters answer to which units?",
        "identity": "filters-0123456789abcdef",
        "store": made,
        "dead": dead_filters(made),
    }
    if "associations" not in changes:
        content["associations"] = associate(made, Settings(permutations=1999))
    return Report(**(content | changes))
