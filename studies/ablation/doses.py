"""Several filters of the last layer silenced together, against random sets of like activity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import Inputs, Probes, ablate, facs
from facsinterp.stats.exchange import TIE, exchanges
from facsinterp.stats.losses import unit_losses

from .measure import Activity, Asked, Mode
from .pairs import Studied

Floats = NDArray[np.float64]

DOSES = (1, 2, 4, 8, 16)


def dose_table(
    inputs: Inputs,
    asked: Asked,
    activity: Activity,
    studied: Studied,
    probes: Probes | None,
    *,
    mode: Mode,
    sets: int,
) -> pd.DataFrame:
    """Share of a unit's separation lost when the top filters of the last layer go together.

    Columns: unit ("all" for the mean), filters, lost, random (mean of as many filters of the
    same strata), random_low and random_high (their 5 % and 95 % quantiles), units, p. For "all" the
    same exchange of filters serves all units, as in `set_test`.
    """
    layer = str(inputs.network.layers[-1])
    inside = np.flatnonzero((activity.layers == layer) & activity.live)
    wanted: NDArray[np.bool_] = np.logical_or.reduce(studied.passing[inside], axis=0)
    usable = np.zeros(len(wanted), dtype=np.bool_) if probes is None else probes.usable
    units = np.flatnonzero(wanted & usable)
    doses = [dose for dose in DOSES if dose <= len(inside) // 2]
    columns = ["unit", "filters", "lost", "random", "random_low", "random_high", "units", "p"]
    if not len(units) or not doses:
        return pd.DataFrame({name: [] for name in columns})
    moved = np.vstack(
        [np.arange(len(studied.stratum)), exchanges(studied.stratum, sets, inputs.seed)]
    )
    z = inputs.associations.data["z"].transpose("filter", "au").values
    top = {unit: inside[np.argsort(-z[inside, unit], kind="stable")] for unit in units.tolist()}
    asked_for = [
        activity.together(places[top[unit][:dose]], mode)
        for unit in top
        for dose in doses
        for places in moved
    ]
    nothing = activity.together(inside[:1], mode)
    nothing = replace(nothing, channels=(), values=())
    said = ablate(
        inputs.network, asked.pictures, [nothing, *asked_for], probes, progress=inputs.progress
    ).scores
    lost = np.empty((len(units), len(doses), sets + 1))
    block = len(doses) * (sets + 1)
    for i, unit in enumerate(units.tolist()):
        after = said[1 + i * block : 1 + (i + 1) * block, :, [unit]].astype(np.float64)
        before = said[:1, :, [unit]].astype(np.float64)
        codes = asked.present[:, [unit]], asked.coded[:, [unit]]
        one = unit_losses(before, after, *codes, asked.subjects)
        lost[i] = one.mean[:, 0].reshape(len(doses), sets + 1)
    names = [facs.label(int(studied.units[unit])) for unit in units]
    rows = [
        _dose_row(name, dose, values[d], number)
        for name, number, values in [
            ("all", len(units), lost.mean(axis=0)),
            *((name, 1, lost[i]) for i, name in enumerate(names)),
        ]
        for d, dose in enumerate(doses)
    ]
    return pd.DataFrame(rows, columns=columns)


def _dose_row(unit: str, dose: int, lost: Floats, units: int) -> list[object]:
    """One row of `dose_table`; `lost` (1 + set,) begins with the top filters."""
    top, others = lost[0], lost[1:]
    low, high = np.quantile(others, [0.05, 0.95])
    p = (1 + int((others >= top - TIE).sum())) / (1 + len(others))
    return [unit, dose, top, others.mean(), low, high, units, p]
