"""What all detectors said of the test people of all folds and seeds, as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Kind = tuple[str, str, bool]
"""What the detectors see, whether each was taught alone or all together, and whether weighed."""

PREDICTIONS: Final = "predictions.parquet"


@dataclass(frozen=True, eq=False)
class Said:
    """Peaks of all folds, once for each seed: a subject counts with all that was said of it."""

    units: tuple[int, ...]
    seeds: tuple[int, ...]
    seed: NDArray[np.int64]
    """(row,) that of the networks; also where none was asked, as with pixels."""
    subjects: NDArray[np.str_]
    expression: NDArray[np.str_]
    """(row,) "" where the sequence has no emotion label."""
    fold: NDArray[np.str_]
    present: Labels
    """(row, au), as all below."""
    coded: Labels
    intensity: Floats
    probability: Mapping[Kind, Floats]
    """NaN where no detector could be taught."""
    told: Mapping[Kind, Floats]
    refused: NDArray[np.str_]
    """(row, au) why nothing is said; "" where something is."""

    @classmethod
    def of(cls, folders: Mapping[str, Mapping[int, Sequence[Path]]]) -> Said:
        """From the folders of each arm's jobs by seed; an arm of one seed stands beside all."""
        arms = {arm: _arm(by_seed) for arm, by_seed in folders.items()}
        seeds = max((tuple(by_seed) for by_seed in folders.values()), key=len)
        kinds = {(arm, *kind): one for arm, found in arms.items() for kind, one in found.items()}
        first = next(one for one in kinds.values() if one.seeds == seeds)
        many = len(first.units)

        def grid(table: pd.DataFrame, name: str) -> NDArray[np.generic]:
            return np.asarray(table[name].to_numpy()).reshape(-1, many)

        def texts(name: str) -> NDArray[np.str_]:
            return np.asarray(grid(first.table, name)[:, 0], dtype=str)

        def numbers(one: _Arm, name: str) -> Floats:
            values = grid(one.table, name).astype(np.float64)
            return np.tile(values, (len(seeds) // len(one.seeds), 1))

        return cls(
            units=first.units,
            seeds=seeds,
            seed=np.asarray(grid(first.table, "seed")[:, 0], dtype=np.int64),
            subjects=texts("subject"),
            expression=texts("expression"),
            fold=texts("fold"),
            present=grid(first.table, "present").astype(bool),
            coded=grid(first.table, "coded").astype(bool),
            intensity=numbers(first, "intensity"),
            probability={kind: numbers(one, "probability") for kind, one in kinds.items()},
            told={kind: numbers(one, "told") for kind, one in kinds.items()},
            refused=grid(first.table, "refused").astype(str),
        )

    @property
    def peaks(self) -> int:
        """Sequences that were asked about."""
        return int((self.seed == self.seeds[0]).sum())

    def where(self, rows: Labels) -> Said:
        """The rows (row,) alone."""
        return Said(
            self.units,
            self.seeds,
            self.seed[rows],
            self.subjects[rows],
            self.expression[rows],
            self.fold[rows],
            self.present[rows],
            self.coded[rows],
            self.intensity[rows],
            {kind: one[rows] for kind, one in self.probability.items()},
            {kind: one[rows] for kind, one in self.told.items()},
            self.refused[rows],
        )


@dataclass(frozen=True, eq=False)
class _Arm:
    """The cells of one arm, detector and weighing, sorted by seed, fold, image and unit."""

    units: tuple[int, ...]
    seeds: tuple[int, ...]
    table: pd.DataFrame


def _arm(by_seed: Mapping[int, Sequence[Path]]) -> dict[tuple[str, bool], _Arm]:
    whole = pd.concat(
        [
            pd.read_parquet(folder / PREDICTIONS).assign(seed=seed)
            for seed, folders in by_seed.items()
            for folder in folders
        ],
        ignore_index=True,
    )
    # Seeds in the order in which they are given, so that arms stand side by side.
    order = {seed: place for place, seed in enumerate(by_seed)}
    whole = whole.sort_values(
        ["seed", "fold", "image", "au"],
        key=lambda column: column.map(order) if column.name == "seed" else column,
        kind="stable",
    )
    units = tuple(sorted(int(unit) for unit in whole["au"].unique()))
    return {
        (str(detector), bool(weighed)): _Arm(units, tuple(by_seed), table)
        for (detector, weighed), table in whole.groupby(["detector", "weighed"])
    }
