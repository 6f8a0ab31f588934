"""How often a run finds something where nothing is: codes shuffled between sequences.

    python benchmarks/shuffled_labels.py reports/quickstart/<id> [--times 20]

Each time the code rows of the held-out sequences change places at random, over all
people, and the associations are computed again with the run's own settings. At a level of
5 % about one in twenty may find anything.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facsinterp import ActivationStore, FaceTable, Settings, associate
from facsinterp.study.folder import RunFolder
from facsinterp.study.parse import parse_spec


def looked_at(store: ActivationStore) -> NDArray[np.int64]:
    """The faces of the analysis: the coded apex frame of each held-out sequence."""
    faces = store.faces
    apex = (faces.column("phase") == "apex") & (faces.column("split") == "test")
    coded = faces.data["coded"].values.any(axis=1)
    last: dict[str, int] = {}
    for row in np.flatnonzero(apex & coded):
        last[str(faces.column("sequence")[row])] = int(row)
    return np.array(sorted(last.values()))


def shuffled(faces: FaceTable, rows: NDArray[np.int64], rng: np.random.Generator) -> FaceTable:
    """The same faces with the code rows of `rows` dealt out anew."""
    data = faces.data.isel(image=rows)
    drawn = rng.permutation(len(rows))
    codes = {name: data[name].values[drawn] for name in ("present", "coded", "intensity")}
    return FaceTable.from_arrays(
        data["image"].values.tolist(),
        faces.units,
        codes["present"],
        coded=codes["coded"],
        intensity=codes["intensity"],
        subject=data["subject"].values.tolist(),
        sequence=data["sequence"].values.tolist(),
        phase=data["phase"].values.tolist(),
        split=data["split"].values.tolist(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=20)
    asked = parser.parse_args()
    folder = RunFolder(asked.run)
    spec = parse_spec(folder.definition.read_text(encoding="utf-8"), name="run")
    store = ActivationStore.open(folder.store)
    rows = looked_at(store)
    peak = store.data["peak"].values[rows]
    found = []
    for seed in range(asked.times):
        with tempfile.TemporaryDirectory() as place:
            faces = shuffled(store.faces, rows, np.random.default_rng(seed))
            made = ActivationStore.from_arrays(Path(place) / "s.zarr", peak, store.filters, faces)
            settings = Settings(**{**spec.association, "seed": seed})
            passing = associate(made, settings).significant()
        found.append(int(passing.any("au").sum()))
        print(f"shuffle {seed + 1}: {found[-1]} filters pass", flush=True)
    print(f"{sum(n > 0 for n in found)} of {len(found)} shuffles find anything")


if __name__ == "__main__":
    main()
