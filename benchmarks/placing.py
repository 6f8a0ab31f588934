"""How many filters look at the places of their action units, and of units shuffled among them.

    python benchmarks/placing.py reports/quickstart/<id> [--data PATH] [--fold hold-out]

Taken are the live filters with a corrected association, each with the unit of its highest z
among those with a region. Prints one line of JSON: how many pass by peaks and by attributions
(those of the run, where it has pictures), and how many in the mean of shuffles of the units
among the same filters of a layer; of all pairs, and of those with the highest z. For faces with
exact masks also by the attribution inside the pixels that the unit changes.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp import ActivationStore, Associations
from facsinterp.association.rows import rows_looked_at
from facsinterp.evidence.places.attributed import made_looks, stored_looks
from facsinterp.evidence.places.exchange import exchange_test
from facsinterp.evidence.places.looks import Looks, Regions, peak_looks
from facsinterp.evidence.places.overlap import overlap
from facsinterp.evidence.places.placing import Pair, region_test
from facsinterp.evidence.visual import ATTRIBUTIONS
from facsinterp.faces.masks import Masks, changed
from facsinterp.faces.regions import LOCATED, area_of, regions_of
from facsinterp.faces.sources.registry import source
from facsinterp.labels import FilterId
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.weights import load_network
from facsinterp.progress import SILENT
from facsinterp.saliency.picture import picture
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.study.corpus import Corpus, look
from facsinterp.study.folder import RunFolder
from facsinterp.study.locate import DataPlaces
from facsinterp.study.parse import parse_spec
from facsinterp.study.spec import StudySpec

RANKS: Final = 9
# Pairs with the highest z that are also told by themselves.
STRONGEST: Final = 60
LEVEL: Final = 0.05


def best_pairs(found: Associations, units: Sequence[int]) -> list[Pair]:
    """Each filter with a corrected association, and the unit of its highest z; highest first."""
    passing = found.significant().sel(au=list(units))
    z = found.data["z"].sel(au=list(units)).where(passing)
    kept = np.asarray(passing.any("au").values)
    best = np.asarray(units)[z.fillna(-np.inf).argmax("au").values]
    names = found.data["filter"].values.tolist()
    order = np.argsort(-z.max("au").values[kept], kind="stable")
    return [(names[j], int(best[j])) for j in np.flatnonzero(kept)[order]]


def shuffled(pairs: Sequence[Pair], rng: np.random.Generator) -> list[Pair]:
    """The same filters with the units of each layer dealt out anew."""
    layers = np.array([FilterId.parse(name).layer for name, _ in pairs])
    units = np.array([unit for _, unit in pairs])
    for layer in np.unique(layers):
        mine = np.flatnonzero(layers == layer)
        units[mine] = units[rng.permutation(mine)]
    return [(name, int(unit)) for (name, _), unit in zip(pairs, units, strict=True)]


def strongest(store: ActivationStore, rows: NDArray[np.int64]) -> TopFaces:
    """The strongest faces of every filter among `rows`, one a person."""
    peak = store.data["peak"].values[rows]
    row, col = (store.data[name].values[rows] for name in ("peak_row", "peak_col"))
    people = store.data["subject"].values.astype(str)[rows]
    at = np.full((len(store.filters), RANKS), -1)
    for j in range(len(at)):
        order = np.argsort(-peak[:, j], kind="stable")
        order = order[peak[order, j] > 0]
        first = np.sort(np.unique(people[order], return_index=True)[1])[:RANKS]
        at[j, : len(first)] = order[first]
    filters = np.arange(len(at))[:, None]
    return TopFaces(
        store.filters,
        np.where(at >= 0, rows[at], -1),
        np.where(at >= 0, peak[at, filters], 0).astype(np.float32),
        row[at, filters].astype(np.int64),
        col[at, filters].astype(np.int64),
    )


@dataclass(frozen=True)
class Ways:
    """Looks by unit: those that tell where a filter looks, and those to compare."""

    shown: Mapping[int, Looks]
    compared: Mapping[int, Looks]

    def test(self, pairs: Sequence[Pair], store: ActivationStore, **more: Any) -> xr.Dataset:
        """The region test of these looks."""
        return region_test(
            pairs,
            self.shown.__getitem__,
            store,
            located=LOCATED,
            compared=self.compared.__getitem__,
            **more,
        )


def passing(table: xr.Dataset) -> dict[str, float]:
    """How many pairs pass, corrected, and what their shares are."""
    kinds = ("chance", "assignment", "presence")
    own, only = (table[f"q_{kind}"].values <= LEVEL for kind in kinds[1:])
    raw = {kind: table[f"p_{kind}"].values for kind in kinds}
    tested = {kind: int(np.isfinite(p).sum()) for kind, p in raw.items()}
    above = int((table["q_chance"] <= LEVEL).sum())
    return {
        "pairs": len(own),
        **{f"tested_{kind}": count for kind, count in tested.items()},
        "chance": above,
        "chance_of_tested": above / max(tested["chance"], 1),
        "assignment": int(own.sum()),
        "presence": int(only.sum()),
        "both": int((own & only).sum()),
        **{
            f"raw_{kind}": float((p <= LEVEL).sum() / max(tested[kind], 1))
            for kind, p in raw.items()
        },
        "above_expected": int((table["share"] > table["expected"]).sum()),
        "share": float(table["share"].mean()),
        "expected": float(table["expected"].mean()),
        "by_chance": float(table["chance"].mean()),
        "difference": float(table["difference"].mean()),
    }


def mean_of(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each number over the rounds that have it."""
    return {name: round(float(np.nanmean([one[name] for one in rounds])), 3) for name in rounds[0]}


def told(ways: Ways, pairs: Sequence[Pair], store: ActivationStore, times: int) -> dict[str, Any]:
    """What passes with the filters' own units, and in the mean of shuffles of the units."""
    strong = np.arange(len(pairs)) < STRONGEST
    parts = {"all": strong | True, f"{STRONGEST} of highest z": strong}
    home = [area_of(unit) for _, unit in pairs]
    rounds = []
    for seed in range(times):
        drawn = shuffled(pairs, np.random.default_rng(seed))
        away = np.array([area_of(unit) != own for (_, unit), own in zip(drawn, home, strict=True)])
        rounds.append((ways.test(drawn, store, draws=(999, seed)), away))
    own = ways.test(pairs, store)
    return {
        name: {
            "own units": passing(own.isel(pair=part)),
            "shuffled units": mean_of([passing(table.isel(pair=part)) for table, _ in rounds]),
            "of them units of another area": mean_of(
                [passing(table.isel(pair=part & away)) for table, away in rounds]
            ),
        }
        for name, part in parts.items()
    }


def exchanged(ways: Ways, pairs: Sequence[Pair], store: ActivationStore) -> dict[str, Any]:
    """Whether filters look at the places of their own units, not of each other's."""
    found = exchange_test(pairs, ways.shown.__getitem__, store, located=LOCATED)
    return {"units exchanged": {**found.own._asdict(), "p of both": found.p}}


@dataclass(frozen=True)
class Run:
    """A finished run, and the faces that its associations rest on."""

    folder: RunFolder
    spec: StudySpec
    store: ActivationStore
    looked: Corpus
    network: Network
    places: DataPlaces

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions of these faces."""
        return rows_looked_at(self.store, self.spec.settings.faces, "sequence")

    def by_landmarks(self, unit: int, faces: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Regions of faces by the landmarks of their prepared pictures."""
        points = self.looked.pixels.landmarks
        if points is None:
            message = "these faces have no landmarks"
            raise SystemExit(message)
        return regions_of(points[faces], unit, self.network.input_shape[1])

    def pictures(self, scratch: Path, device: str) -> Attributions:
        """Those of the run; of its strongest faces, one a person, where it has none."""
        kept = self.folder.visual / ATTRIBUTIONS
        if kept.exists():
            return Attributions.open(kept)
        top = strongest(self.store, self.rows)
        return picture(self.network, self.looked.pixels, top, scratch / "a", device=device)

    def exact(self, units: Sequence[int]) -> Regions | None:
        """The pixels that units change on faces that show them; None where nobody knows them."""
        corpus = source(self.spec.faces.source)
        if corpus.masks is None:
            return None
        options = corpus.Options(**self.spec.faces.options)
        root, _ = self.places.read(corpus, options)
        masks: Masks = corpus.masks(root, options)
        rows, faces = self.rows, self.looked.faces
        some = faces.select(faces.images[rows])
        by_unit = {u: changed(some, masks, u, self.spec.preparation).mask for u in units}
        return Regions(lambda u, at: by_unit[u][np.searchsorted(rows, at)], tuple(units), rows)


def measured(run: Run, pairs: Sequence[Pair], asked: argparse.Namespace) -> dict[str, Any]:
    """Every way of telling where filters look, by its name."""
    network, store, pixels = run.network, run.store, run.looked.pixels
    wanted, sizes = sorted({unit for _, unit in pairs}), network.sizes
    fields = receptive_fields(network)
    regions = Regions(run.by_landmarks, tuple(wanted), run.rows)
    peaks = {unit: peak_looks(store, unit, regions, fields, sizes) for unit in wanted}
    present = {u: store.data["present"].sel(au=u).values.astype(bool) for u in wanted}
    ways = Ways({unit: looks.at(present[unit]) for unit, looks in peaks.items()}, peaks)
    result: dict[str, Any] = {
        "peaks": told(ways, pairs, store, asked.times) | exchanged(ways, pairs, store)
    }
    if asked.peaks_only:
        return result
    with tempfile.TemporaryDirectory() as scratch:
        kept = run.pictures(Path(scratch), asked.device)
        shown = stored_looks(kept, wanted, regions, fields, sizes)
        ways = Ways(shown, peaks)
        result["attributions"] = told(ways, pairs, store, asked.times) | exchanged(
            ways, pairs, store
        )
        exact = run.exact(wanted)
        if exact is not None:
            inside = stored_looks(kept, wanted, exact, fields, sizes)
            result["exact masks"] = told(Ways(inside, peaks), pairs, store, asked.times)
    if asked.presence:
        names = [name for name, _ in pairs]
        made = made_looks(network, pixels, store, names, regions, units=wanted, device=asked.device)
        result["attributions of all faces"] = told(Ways(shown, made), pairs, store, asked.times)
    masks = overlap(network, pixels, store, regions, device=asked.device)
    table = ways.test(pairs, store, overlap=masks)
    result["iou"] = {
        "median": float(table["iou"].median()),
        "largest": float(table["iou"].max()),
        "median of all": float(masks["iou"].sel(au=wanted).median()),
        "p at most 0.05": int((table["iou_p"] <= LEVEL).sum()),
    }
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--fold", default="hold-out")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--layers", nargs="*", help="only filters of these layers")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peaks-only", action="store_true")
    parser.add_argument(
        "--presence", action="store_true", help="presence by attributions of every face, too: slow"
    )
    asked = parser.parse_args()
    folder, places = RunFolder(asked.run), DataPlaces.parse(asked.data)
    spec = parse_spec(folder.definition.read_text(encoding="utf-8"), name="run")
    with tempfile.TemporaryDirectory() as scratch:
        looked = look(spec.faces, places, Path(scratch), SILENT)
        store, network = (
            ActivationStore.open(folder.store),
            load_network(folder.network(asked.fold)),
        )
        run = Run(folder, spec, store, looked, network, places)
        found = Associations.open(folder.associations)
        units = set(found.data["au"].values[found.data["testable"].values].tolist())
        pairs = best_pairs(found, sorted(units & set(LOCATED)))
        if asked.layers:
            pairs = [pair for pair in pairs if FilterId.parse(pair[0]).layer in asked.layers]
        told_of = {"run": asked.run.name, "fold": asked.fold, "rows": len(run.rows)}
        print(json.dumps({**told_of, **measured(run, pairs, asked)}))


if __name__ == "__main__":
    main()
