"""What the trained network's detectors do better than others, on the same peaks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from facsinterp import facs
from facsinterp.stats.people.contrasts import Measure, contrast

from .said import Kind, Said
from .units import ARMS, MAIN, PARTS, TOGETHER, judgeable, part_rows

ALL_ABSENT: Final = "all absent"
MEASURES: Final[tuple[Measure, ...]] = ("balanced", "auroc")
DIFFERENCES: Final = ("peaks", "less", "measure", "unit", "difference", "low", "high", "units")


def difference_table(
    said: Said, sequences: int, people: int, draws: int, seed: int
) -> pd.DataFrame:
    """What the trained network's detectors, each alone, do better than others on the same peaks.

    A row for each part of the peaks, other, measure and unit, and one with unit "" for the mean
    over the units that can be judged in the part. `less`: a control, all absent, or together.
    """
    rows = list(_differences(said, sequences, people, draws, seed))
    return pd.DataFrame(rows, columns=list(DIFFERENCES))


def _differences(
    said: Said, sequences: int, people: int, draws: int, seed: int
) -> Iterator[dict[str, object]]:
    others: dict[str, Kind] = {arm: (arm, "alone", True) for arm in ARMS[1:]}
    others["together"] = TOGETHER
    for part in PARTS:
        some = said.where(part_rows(said, part))
        columns = judgeable(some, sequences, people) if len(some.seed) else np.array([], np.int64)
        if not len(columns):
            continue
        codes = some.present[:, columns], some.coded[:, columns], some.subjects
        mine = some.probability[MAIN][:, columns]
        for less in (ALL_ABSENT, *others):
            known = less in others
            other = some.probability[others[less]][:, columns] if known else np.zeros_like(mine)
            for measure in MEASURES:
                found = contrast(mine, other, *codes, measure=measure, draws=draws, seed=seed)
                same = {"peaks": part, "less": less, "measure": measure}
                yield {
                    **same,
                    "unit": "",
                    "difference": found.mean,
                    "low": found.mean_low,
                    "high": found.mean_high,
                    "units": found.units,
                }
                for place, k in enumerate(columns):
                    yield {
                        **same,
                        "unit": facs.label(some.units[k]),
                        "difference": found.difference[place],
                        "low": found.low[place],
                        "high": found.high[place],
                        "units": 1,
                    }
