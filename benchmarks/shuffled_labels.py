"""How often a run finds something where nothing is: codes shuffled between sequences.

    python benchmarks/shuffled_labels.py reports/quickstart/<id> [--times 20]

Each time the code rows of the held-out sequences change places at random among those of the
same person, and the associations are computed again with the run's own settings. At a level of
5 % about one in twenty may find anything; beside it, what the papers' rule P = 1 accepts.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp import ActivationStore, FaceTable, associate
from facsinterp.association.rows import rows_looked_at
from facsinterp.study.folder import RunFolder
from facsinterp.study.parse import parse_spec

CLAIMS: Final[tuple[Literal["auroc", "beyond"], ...]] = ("auroc", "beyond")
NAMES: Final = ("accepted by P = 1", "answering", "beyond emotion")


def shuffled(faces: FaceTable, rows: NDArray[np.int64], rng: np.random.Generator) -> FaceTable:
    """The same faces with the code rows of `rows` dealt out anew among those of a subject."""
    data = faces.data.isel(image=rows)
    drawn = np.arange(len(rows))
    for person in np.unique(data["subject"].values):
        mine = np.flatnonzero(data["subject"].values == person)
        drawn[mine] = rng.permutation(mine)
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
        expression=data["expression"].values.tolist(),
        split=data["split"].values.tolist(),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--times", type=int, default=20)
    asked = parser.parse_args()
    folder = RunFolder(asked.run)
    settings = parse_spec(folder.definition.read_text(encoding="utf-8"), name="run").settings
    store = ActivationStore.open(folder.store)
    rows = rows_looked_at(store, settings.faces, settings.unit)
    peak = store.data["peak"].values[rows]
    told = []
    for seed in range(asked.times):
        with tempfile.TemporaryDirectory() as place:
            faces = shuffled(store.faces, rows, np.random.default_rng(seed))
            made = ActivationStore.from_arrays(Path(place) / "s.zarr", peak, store.filters, faces)
            found = associate(made, replace(settings, seed=seed))
        counts = [found.papers_rule().count]
        counts += [int(found.significant(test=test).any("au").sum()) for test in CLAIMS]
        told.append(counts)
        print(
            f"shuffle {seed + 1}: "
            + ", ".join(f"{n} {name}" for n, name in zip(counts, NAMES, strict=True)),
            flush=True,
        )
    for name, column in zip(NAMES, zip(*told, strict=True), strict=True):
        print(f"{name}: {sum(n > 0 for n in column)} of {len(column)} shuffles find anything")


if __name__ == "__main__":
    main()
