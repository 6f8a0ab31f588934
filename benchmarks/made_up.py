"""A run that nobody ran: as many filters as asked for, in layers as of ResNet-50, on made-up faces.

Some filters follow an action unit, most follow none. The store is written block by block; the
numbers of the associations are of the right size and shape, and no test stands behind them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.special import ndtr

from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.keeping.writer import Contents
from facsinterp.activations.store import ActivationStore
from facsinterp.association.columns import ASSOCIATIONS, PAIRS, REACHED, WAYS
from facsinterp.association.table import Associations
from facsinterp.faces.table import FaceTable
from facsinterp.facs import UNITS
from facsinterp.labels import FilterId
from facsinterp.provenance import Provenance

SUBJECTS, SEQUENCES, FRAMES = 50, 10, 2
THUMBNAIL: Final = 32
BLOCK: Final = 50
CODED: Final = tuple(sorted(UNITS))[:44]
EMOTIONS: Final = ("anger", "disgust", "fear", "happy", "sadness", "surprise")

Floats = NDArray[np.float64]


def layers(filters: int) -> tuple[Layer, ...]:
    """The convolutions of ResNet-50 in their order, scaled to `filters` in all."""
    sizes = [("conv1", 64, 56)]
    stages = ((3, 64, 28), (4, 128, 14), (6, 256, 7), (3, 512, 4))
    for stage, (blocks, width, side) in enumerate(stages, 1):
        for block in range(blocks):
            name = f"layer{stage}.{block}"
            sizes += [(f"{name}.conv1", width, side), (f"{name}.conv2", width, side)]
            sizes += [(f"{name}.conv3", 4 * width, side)]
            sizes += [(f"{name}.downsample", 4 * width, side)] if block == 0 else []
    whole = sum(size for _, size, _ in sizes)  # 26,560
    ends = np.round(np.cumsum([size for _, size, _ in sizes]) * filters / whole).astype(int)
    counts = np.diff([0, *ends])
    return tuple(
        Layer(name, int(count), side, side, "ReLU", min(112, 7 + 4 * place), 112 // side, -3.0)
        for place, ((name, _, side), count) in enumerate(zip(sizes, counts, strict=True))
        if count
    )


def faces(rng: np.random.Generator) -> FaceTable:
    """An onset and an apex of each sequence; an action unit shows in 4 to 40 % of the apexes."""
    takes = SUBJECTS * SEQUENCES
    share = rng.uniform(0.04, 0.4, len(CODED))
    apex = rng.random((takes, len(CODED))) < share
    present = np.stack([np.zeros_like(apex), apex], axis=1).reshape(-1, len(CODED))
    subject = np.repeat([f"S{i:03d}" for i in range(SUBJECTS)], SEQUENCES * FRAMES)
    names = [f"S{i // SEQUENCES:03d}_{i % SEQUENCES:03d}" for i in range(takes)]
    return FaceTable.from_arrays(
        [f"{name}_{frame:02d}" for name in names for frame in (1, 9)],
        CODED,
        present,
        subject=subject.tolist(),
        sequence=np.repeat(names, FRAMES).tolist(),
        frame=[1, 9] * takes,
        phase=["onset", "apex"] * takes,
        expression=np.repeat(rng.choice(EMOTIONS, takes), FRAMES).tolist(),
    )


def write_store(path: Path, filters: int) -> ActivationStore:
    """The store, in little memory: one block of faces is held at a time."""
    rng = np.random.default_rng(0)
    table, made = faces(rng), layers(filters)
    names = tuple(FilterId.of_layers([(layer.name, layer.filters) for layer in made]))
    answers = ("peak", "peak_row", "peak_col", "face")
    inputs = {"made": "up", "filters": str(filters)}
    size = (THUMBNAIL, THUMBNAIL)
    contents = Contents(names, table, answers, inputs, Provenance(inputs), BLOCK, made, (), size)
    follows, strength = followed(filters)
    side = np.repeat([layer.rows or 1 for layer in made], [layer.filters for layer in made])
    present = np.asarray(table.data["present"].values, dtype=np.float32)
    writer = ActivationStore.create(path, contents)
    for number, images in enumerate(writer.blocks):
        count = len(range(*images.indices(len(table))))
        peak = rng.standard_normal((count, filters), dtype=np.float32)
        peak += strength * present[images][:, follows] - (strength == 0)
        place = rng.integers(0, side, (2, count, filters), dtype=np.uint16)
        thumbnails = np.stack([thumbnail(rng) for _ in range(count)])
        given = (np.maximum(peak, 0, out=peak), *place, thumbnails)
        writer.write(number, dict(zip(answers, given, strict=True)))
    writer.finish()
    return ActivationStore.open(path)


def followed(filters: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(filter,) the column of the unit that each follows, and how much; most do not."""
    rng = np.random.default_rng(1)
    strength = np.where(rng.random(filters) < 0.2, rng.uniform(0.5, 3, filters), 0)
    strength[rng.random(filters) < 0.02] = -10  # dead
    return rng.integers(0, len(CODED), filters), strength.astype(np.float32)


def thumbnail(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A bright oval with two dark eyes and a mouth, a little noisy."""
    y, x = np.mgrid[-1 : 1 : THUMBNAIL * 1j, -1 : 1 : THUMBNAIL * 1j]
    shift = rng.uniform(-0.1, 0.1, 3)
    face = 190.0 * (x**2 / 0.6 + y**2 / 0.9 < 1) + 40
    for left in (-0.35, 0.35):
        face -= 120 * (((x - left) ** 2 + (y + 0.3 + shift[0]) ** 2) < 0.02)
    face -= 100 * ((x**2 / 0.12 + (y - 0.5 + shift[1]) ** 2 / (0.02 + 0.05 * abs(shift[2]))) < 1)
    return np.asarray(np.clip(face + rng.normal(0, 6, face.shape), 0, 255), dtype=np.uint8)


def associations_of(store: ActivationStore) -> Associations:
    """Sizes from correlations, p from their normal scores; what else there is at random."""
    rng = np.random.default_rng(2)
    present = np.asarray(store.data["present"].values, dtype=np.float64)
    there = present - present.mean(axis=0)
    z = np.empty((len(store.filters), len(CODED)))
    for start in range(0, len(z), 1024):
        peak = store.data["peak"].isel(filter=slice(start, start + 1024)).values.astype(float)
        peak -= peak.mean(axis=0)
        spread = np.sqrt((peak**2).sum(axis=0))[:, None] * np.sqrt((there**2).sum(axis=0))
        z[start : start + 1024] = np.divide(
            peak.T @ there, spread, out=np.zeros_like(spread), where=spread > 0
        ) * np.sqrt(len(present))
    dead = np.asarray(store.data["active_share"].values == 0)
    z[dead] = np.nan
    table = pairs(z, rng)
    best = np.nanargmax(np.where(dead[:, None], -1, np.abs(z)), axis=1)
    by_filter = {
        "dead": dead,
        "constant": np.zeros(len(z), bool),
        "named_au": np.where(dead, -1, np.asarray(CODED)[best]),
        "named_auroc_held_out": np.where(dead, np.nan, rng.uniform(0.5, 0.9, len(z))),
        "named_agreement": np.where(dead, np.nan, rng.random(len(z))),
        "q_filter": np.nanmin(np.nan_to_num(table["q_auroc"], nan=1.0), axis=1),
        "q_filter_beyond": np.nanmin(np.nan_to_num(table["q_beyond"], nan=1.0), axis=1),
    }
    names = [str(one) for one in store.filters]
    data = xr.Dataset(
        {
            **{name: (("filter", "au"), values) for name, values in table.items()},
            **{name: ("filter", values) for name, values in by_filter.items()},
            **{name: ("au", np.asarray(values)) for name, values in by_unit(z, names).items()},
        },
        coords={
            "filter": names,
            "au": list(CODED),
            "layer": ("filter", [one.layer for one in store.filters]),
            "channel": ("filter", [one.channel for one in store.filters]),
        },
        attrs=attributes(store),
    )
    ASSOCIATIONS.check(data)
    return Associations(data)


def pairs(z: Floats, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Every number of (filter, au); missing where the filter is dead."""
    p = 2 * ndtr(-np.abs(z))
    beyond = 0.7 * z + rng.standard_normal(z.shape)
    p_beyond = 2 * ndtr(-np.abs(beyond))
    auroc = np.clip(0.5 + z / 60, 0, 1)
    known: dict[str, NDArray[Any]] = {
        "z": z,
        "auroc": auroc,
        "auroc_low": np.clip(auroc - 0.05, 0, 1),
        "auroc_high": np.clip(auroc + 0.05, 0, 1),
        "z_beyond": beyond,
    }
    for claim, value in (("auroc", p), ("precision", p), ("kl", p), ("beyond", p_beyond)):
        known |= {f"p_{claim}": value, f"q_{claim}": corrected(value)}
    dead = np.isnan(z)
    table: dict[str, NDArray[Any]] = {name: rng.random(z.shape) for name in PAIRS}
    table |= known
    for name in PAIRS:
        table[name] = np.where(dead, np.nan, table[name])
    return table | {name: np.where(dead, -1, 0) for name in (*REACHED, *WAYS)}


def corrected(p: Floats) -> Floats:
    """Benjamini and Hochberg (1995) over all that is not missing."""
    flat = p.ravel()
    order = np.argsort(flat)
    known = int(np.isfinite(flat).sum())
    steps = flat[order[:known]] * known / np.arange(1, known + 1)
    q = np.full(flat.shape, np.nan)
    q[order[:known]] = np.minimum(np.minimum.accumulate(steps[::-1])[::-1], 1)
    return q.reshape(p.shape)


def by_unit(z: Floats, names: list[str]) -> dict[str, Any]:
    """What is told of each action unit."""
    best = np.nanargmax(np.abs(z), axis=0)
    count = len(CODED)
    counts = {"n_present": 120, "n_coded": 1000, "n_top": 10, "n_subjects": SUBJECTS}
    counts |= {"n_subjects_present": 40, "n_informative": 40, "n_present_beyond": 100}
    counts |= {"n_coded_beyond": 800, "n_informative_beyond": 40}
    numbers = {"base_rate": 0.12, "largest_precision": 1.0, "best_auroc": 0.9}
    numbers |= {"best_auroc_held_out": 0.85, "best_agreement": 0.9}
    numbers |= {"attainable_p": 1e-12, "attainable_p_beyond": 1e-9}
    return {
        "status": ["tested"] * count,
        "status_beyond": ["tested"] * count,
        "testable": [True] * count,
        "testable_beyond": [True] * count,
        "best_filter": [names[place] for place in best],
        **{name: [value] * count for name, value in (counts | numbers).items()},
    }


def attributes(store: ActivationStore) -> dict[str, Any]:
    """The settings that such numbers could come from."""
    bounds = {layer.name: layer.filters // 10 for layer in store.layers}
    bounds[""] = sum(bounds.values())
    family = len(store.filters) * len(CODED)
    return {
        "alpha": 0.05, "sides": "two", "rows": "all", "unit": "sequence",
        "null": "within-subject", "beyond": "within-emotion", "correction": "bh",
        "permutations": 10_000, "seed": 0, "top_n": 10, "atom_bins": 11, "min_units": 5,
        "effect": "auroc", "side": "higher when present", "block": "subject",
        "family": "live filters x testable action units", "bins": 20, "pseudo_count": 1.0,
        "ways": ["shuffles", "exact", "saddlepoint"], "interval": 0.95, "store": store.key,
        "interval_method": "logit", "bootstrap_draws": 2000, "exact_precision": True,
        "exchangeable": "the rows of a subject are exchangeable",
        "exchangeable_beyond": "the rows of an emotion are exchangeable",
        "family_size": family, "family_size_beyond": family, "fewest_discoveries": 1,
        "fewest_subjects": 5, "fewest_subjects_of_intervals": 20, "n_units": 500, "n_alike": 0,
        "n_units_beyond": 400, "n_emotions": len(EMOTIONS), "n_subjects": SUBJECTS,
        "informative_subjects": SUBJECTS, "at_least_auroc": bounds, "at_least_beyond": bounds,
    }  # fmt: skip
