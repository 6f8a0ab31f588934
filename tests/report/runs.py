"""Small runs with planted answers, for the tests of the report."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from facsinterp.activations.keeping.arrays import contents_of
from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.evidence.dead import dead_filters
from facsinterp.evidence.visual import VisualEvidence
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.labels import FilterId
from facsinterp.report.parts import Report
from facsinterp.report.reading.survey import Survey
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.saliency.writer import AttributionWriter, Contents, MeanFaceTables

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


def store(folder: Path, table=None, copies=(), thumbnails=(24, 24)):
    """Ten filters: conv1/000 follows AU12, conv2/001 is dead, conv2/002 is dead when held out.

    `copies`: pairs of places, of a filter and of the one that answers twice as strongly.
    `thumbnails`: rows and columns; None keeps none.
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
    }
    if thumbnails is not None:
        given["face"] = rng.integers(0, 256, (n, *thumbnails)).astype(np.uint8)
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


RANKS = 10
MEAN = 24


def planted(place: int, rank: int, shape=(24, 24)):
    """What moved a filter on its face of this rank: brighter at the top, darker at the bottom.

    The blocks lie elsewhere for each filter and get weaker from rank to rank.
    """
    found = np.zeros(shape, np.float32)
    rows, cols = shape
    strength = 0.8**rank
    left = 2 + place % 3 * (cols // 4)
    found[: rows // 4, left : left + cols // 4] = strength
    found[-(rows // 4) :, left : left + cols // 4] = -strength / 2
    return found


def visual(folder: Path, made: Report, *, shape=(24, 24), located=True, **changes):
    """Planted attributions of the faces that the pages of `made` show, and planted tables."""
    survey = Survey.of(made)
    top = strongest(survey)
    count = len(survey.faces)
    mean = MeanFaceTables(
        np.zeros((68, 2), np.float32),
        changes.pop("average", np.full((MEAN, MEAN), 128, np.uint8)),
        np.zeros((count, 68, 2), np.float32),
    )
    names = np.array([str(name) for name in survey.faces.images])
    told = [{"layer": name, "method": "gradient"} for name in survey.layer_names]
    contents = Contents(top, names, shape, "gradient", told, {}, {}, mean if located else None)
    writer = AttributionWriter.begin(folder / "attributions.zarr", contents)
    maps = np.zeros((*top.image.shape, *shape), np.float32)
    for place, rank in np.argwhere(top.used):
        maps[place, rank] = planted(place, rank, shape)
    pictures = {"attribution": changes.pop("maps", maps)}
    if located:
        means = np.zeros((len(top), MEAN, MEAN), np.float32)
        means[:, :4, :4] = 0.05
        pictures |= {"mean_attribution": means, "mean_place": means[:, ::-1, ::-1]}
        faces = changes.pop("mean_faces", top.used.sum(axis=1))
        pictures |= {f"mean_{name}_faces": faces for name in ("attribution", "place")}
    writer.write(0, pictures)
    writer.finish()
    content = {
        "attributions": Attributions.open(folder / "attributions.zarr"),
        "refused": "",
        "placing": pd.DataFrame([placed()]),
        "together": pd.DataFrame(),
        "likeness": likeness(),
    }
    return VisualEvidence(**(content | changes))


def strongest(survey: Survey) -> TopFaces:
    """The faces of each filter's page; none of a filter that answers to none."""
    filters, strongest = survey.filters, survey.strongest
    kept = slice(0, RANKS)
    image, row, col = (one[:, kept] for one in (strongest.face, strongest.row, strongest.col))
    value = strongest.value[:, kept]
    return TopFaces(tuple(filters), image, value, row, col)


def placed(**changes):
    """One row of the region test: conv1/000 at the place of AU12, more than by chance."""
    row = {
        "filter": "conv1/000", "unit": 12, "layer": "conv1", "reason": "",
        "share": 0.42, "share_low": 0.31, "share_high": 0.53, "chance": 0.12, "q_chance": 0.003,
        "expected": 0.2, "p_assignment": 0.04, "enrichment": 3.5,
        "share_with": 0.5, "share_without": 0.1, "difference": 0.4, "low": 0.3, "high": 0.5,
        "difference_still": 0.35,
        "q_presence": 0.01, "iou": 0.123, "iou_p": 0.05, "n_faces": 9, "n_subjects": 7,
    }  # fmt: skip
    return row | changes


def likeness():
    """conv1/000 is as an untrained network would draw it, 001 is not, of 002 it is not known."""
    return pd.DataFrame(
        {
            "filter": ["conv1/000", "conv1/001", "conv1/002"],
            "signed": [0.9, 0.1, np.nan],
            "same": pd.array([True, False, None], dtype="boolean"),
            "words": ["Would look the same.", "Would not look the same.", "Not compared."],
        }
    )
