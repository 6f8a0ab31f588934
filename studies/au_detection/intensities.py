"""Scores of the intensities from 0 to 5."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import facs
from facsinterp.stats.accuracy import accuracy
from facsinterp.stats.intensity import all_zero, intensity_scores, rounded
from facsinterp.stats.people.intensities import intensity_intervals

from .said import Said
from .units import PLAIN

INTENSITY: Final = (
    "unit", "cells", "above_zero", "mse", "mse_low", "mse_high", "mse_zero", "icc", "icc_low",
    "icc_high", "exact", "exact_low", "exact_high", "exact_zero",
)  # fmt: skip
Floats = NDArray[np.float64]


def intensity_table(said: Said, columns: NDArray[np.int64], draws: int, seed: int) -> pd.DataFrame:
    """A row for each unit whose intensity can be judged, and first one with unit "" for all cells.

    All at once, unweighed, as the paper; beside it what intensity 0 in every cell would score.
    """
    told = said.told[PLAIN]
    scored = said.coded & np.isfinite(said.intensity) & np.isfinite(told)
    kept = [k for k in columns if (scored[:, k] & (said.intensity[:, k] > 0)).any()]
    rows: list[list[object]] = []
    if kept:
        truth = np.where(scored, said.intensity, np.nan)[:, kept]
        answers = np.where(scored, told, np.nan)[:, kept]
        whose = np.repeat(said.subjects, len(kept))
        pool = answers.reshape(-1, 1), truth.reshape(-1, 1), whose
        rows += _rows([""], *pool, seeds=len(said.seeds), draws=draws, seed=seed)
        names = [facs.label(said.units[k]) for k in kept]
        rows += _rows(
            names, answers, truth, said.subjects, seeds=len(said.seeds), draws=draws, seed=seed
        )
    return pd.DataFrame(rows, columns=list(INTENSITY))


def _rows(
    names: list[str],
    told: Floats,
    truth: Floats,
    people: NDArray[np.str_],
    *,
    seeds: int,
    draws: int,
    seed: int,
) -> list[list[object]]:
    """A row for each column of `told` (row, column)."""
    (found, _), (zero, _) = intensity_scores(told, truth), all_zero(told, truth)
    bounds = intensity_intervals(told, truth, people, draws=draws, seed=seed)
    rows: list[list[object]] = []
    for k, name in enumerate(names):
        known = np.isfinite(told[:, k]) & np.isfinite(truth[:, k])
        exact = accuracy(rounded(told[known, k]) == rounded(truth[known, k]), people[known])
        rows.append(
            [
                name,
                int(found.count[k]) // seeds,
                int((truth[known, k] > 0).sum()) // seeds,
                *(one[k] for one in (found.mse, bounds.mse_low, bounds.mse_high, zero.mse)),
                *(one[k] for one in (found.icc, bounds.icc_low, bounds.icc_high)),
                *(exact.share, exact.low, exact.high, zero.exact[k]),
            ]
        )
    return rows
