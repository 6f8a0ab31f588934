"""The filters that follow a unit most, and how they answer to its intensities."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.evidence.doses import Doses, dose_response
from facsinterp.report.reading.claims import Claims
from facsinterp.report.reading.survey import Survey

BEST: Final = 3
"""Filters whose doses are drawn; more lines than that cannot be told apart."""


def ranked(claims: Claims, column: int) -> NDArray[np.int64]:
    """Places of the filters that have an AUROC for a unit, those that follow it most first.

    In the order of z, by which the tests judge and the best filter is chosen; of |z| where
    the tests are two-sided. Where the unit was not tested, in the order of AUROC.
    """
    score = np.asarray(claims.pair["z"][:, column], dtype=np.float64)
    effect = np.asarray(claims.pair["auroc"][:, column], dtype=np.float64)
    if not np.isfinite(score).any():
        score = effect - 0.5
    if claims.settings.get("sides") == "two":
        score = np.abs(score)
    score = np.where(np.isfinite(score), score, -np.inf)
    order = np.argsort(-score, kind="stable")
    return order[np.isfinite(score[order]) & np.isfinite(effect[order])]


def doses_of(survey: Survey, unit: int, filters: NDArray[np.int64]) -> Doses | None:
    """How the filters at these places answer to a unit over the faces looked at.

    None where there is no filter, or no face of a known subject was coded for the unit.
    """
    faces, rows = survey.faces, survey.rows
    if not len(filters) or unit not in faces.units:
        return None
    column = faces.units.index(unit)
    present, coded, intensity = (
        np.asarray(faces.data[name].values)[rows, column]
        for name in ("present", "coded", "intensity")
    )
    owner = faces.column("subject")[rows]
    if not (coded & (owner != "")).any():
        return None
    peak = survey.report.store.data["peak"].isel(filter=filters).values[rows]
    seed = int(survey.claims.settings.get("seed", 0))
    return dose_response(peak, present, coded, intensity, owner, seed=seed)
