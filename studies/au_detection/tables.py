"""Scores of presence: of each unit, pooled over all cells, and by seed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import facs
from facsinterp.stats.detection import all_absent, detection, detection_intervals, pooled

from .said import Said
from .units import PARTS, part_rows

SCORES: Final = (
    "arm", "detector", "au", "unit", "balanced", "low", "high", "auroc", "auroc_low", "auroc_high",
    "f1", "sensitivity", "specificity", "accuracy", "all_absent",
)  # fmt: skip
POOLED: Final = (
    "arm", "detector", "peaks", "units", "cells", "accuracy", "low", "high", "all_absent",
)  # fmt: skip
SEEDS: Final = ("arm", "detector", "seed", "units", "balanced", "auroc")


def score_table(said: Said, columns: NDArray[np.int64], draws: int, seed: int) -> pd.DataFrame:
    """A row for each weighed detector and unit that can be judged: scores with their bounds."""
    found = []
    present, coded = said.present[:, columns], said.coded[:, columns]
    for (arm, detector, weighed), probability in said.probability.items():
        if not weighed or not len(columns):
            continue
        cells = probability[:, columns], present, coded
        scores, absent = detection(*cells), all_absent(*cells)
        bounds = detection_intervals(*cells, said.subjects, draws=draws, seed=seed)
        found.append(
            pd.DataFrame(
                {
                    "arm": arm,
                    "detector": detector,
                    "au": np.array(said.units)[columns],
                    "unit": [facs.label(said.units[k]) for k in columns],
                    "balanced": scores.balanced,
                    "low": bounds.balanced_low,
                    "high": bounds.balanced_high,
                    "auroc": scores.auroc,
                    "auroc_low": bounds.auroc_low,
                    "auroc_high": bounds.auroc_high,
                    "f1": scores.f1,
                    "sensitivity": scores.sensitivity,
                    "specificity": scores.specificity,
                    "accuracy": scores.accuracy,
                    "all_absent": absent.accuracy,
                }
            )
        )
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(SCORES))


def pooled_table(said: Said) -> pd.DataFrame:
    """Accuracy over all cells at once, as the paper reports it, beside saying absent to all.

    Of detectors that were not weighed, for which one half is the best cut for accuracy. `units`:
    all that the faces have a column for, those without a detector being called absent, or
    those with one alone.
    """
    rows = []
    for part in PARTS[:2]:
        some = said.where(part_rows(said, part))
        for (arm, detector, weighed), probability in some.probability.items():
            if weighed:
                continue
            for which, answers in (
                ("with a detector", probability),
                ("all", np.nan_to_num(probability)),
            ):
                taken = np.isfinite(answers) & some.coded
                if not taken.any():
                    continue
                found = pooled(answers, some.present, some.coded, some.subjects)
                rows.append(
                    {
                        "arm": arm,
                        "detector": detector,
                        "peaks": part,
                        "units": f"{which}: {int(taken.any(axis=0).sum())}",
                        "cells": found.accuracy.count // len(some.seeds),
                        "accuracy": found.accuracy.share,
                        "low": found.accuracy.low,
                        "high": found.accuracy.high,
                        "all_absent": found.all_absent,
                    }
                )
    return pd.DataFrame(rows, columns=list(POOLED))


def seed_table(said: Said, columns: NDArray[np.int64]) -> pd.DataFrame:
    """A row for each arm, weighed detector and seed: means over the units that can be judged."""
    rows = []
    for (arm, detector, weighed), probability in said.probability.items():
        for seed in said.seeds if weighed and len(columns) else ():
            mine = said.seed == seed
            cells = (probability[mine], said.present[mine], said.coded[mine])
            found = detection(*(one[:, columns] for one in cells))
            rows.append(
                [arm, detector, seed, len(columns), found.balanced.mean(), found.auroc.mean()]
            )
    return pd.DataFrame(rows, columns=list(SEEDS))
