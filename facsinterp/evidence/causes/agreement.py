"""Whether filters are moved most by the unit that they are associated with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import t as student

from facsinterp.evidence.causes.causal import PERSON, RESAMPLES
from facsinterp.facs import label
from facsinterp.labels import AU, FILTER
from facsinterp.stats.agreement import agreement, standing
from facsinterp.stats.paired import mean_change, resampled

Floats = NDArray[np.float64]

MOST: Final = "the associated unit moves it most"
LESS: Final = "the associated unit moves it too, but less than {best}"
CLOSE: Final = "the associated unit moves it too, and nothing shows that {best} moves it more"
NOT: Final = (
    "nothing shows that the associated unit alone moves it: it may follow something that goes with "
    "the unit"
)
AGAINST: Final = "the associated unit alone moves it the other way"


# What `cause_agreement` tells of each measure.
TESTED: Final = (
    *("measure", "filters", "mean", "low", "high"),
    *("expected", "chance_low", "chance_high", "p"),
)
COMPARED: Final = (
    *("filter", "layer", "associated", "direction", "causal", "size", "low", "high", "q"),
    *("causal_size", "ahead", "ahead_low", "ahead_high", "standing", "moved", "agree", "words"),
)


def compare_causes(profiles: xr.Dataset, associated: Mapping[str, tuple[int, int]]) -> pd.DataFrame:
    """One row for each associated filter: its unit, its causal unit, and what to think of them.

    `associated`: filter -> (unit, direction), 1 for a filter that answers more with the unit, -1
    for less. Filters without a causal number and units that drawn faces cannot show are left
    out. Columns: filter, layer, associated, direction, causal (0 = no unit moves it that
    way), size, low, high and q of the associated unit, causal_size of the causal one, ahead with
    ahead_low and ahead_high (by how much the causal unit moves it more than the associated one
    in that direction, 95 % over people, knowing nothing of the causal one's being the largest),
    standing (1: no unit moves it more, 0: every other does), moved (the associated unit moves
    it in that direction), agree (and more than any other), words.
    """
    rows = [
        _row(profiles.sel({FILTER: name}), name, unit, way)
        for name, (unit, way) in associated.items()
        if unit in profiles[AU].values and bool(profiles["scale"].sel({FILTER: name}) > 0)
    ]
    return pd.DataFrame(rows, columns=list(COMPARED))


def cause_agreement(
    profiles: xr.Dataset, rows: pd.DataFrame, *, count: int = 9999, seed: int = 0
) -> pd.DataFrame:
    """How far causes and associations agree over filters, `rows` of `compare_causes`.

    One row a measure, none without filters: its mean over filters with low and high, what is
    expected by lot, between what 95 % of the shuffles lie, and p (one-sided).
    `same unit`: the share of filters whose causal unit is the associated one. `standing`: where
    the associated unit stands in the causal profile, 1 the first, 0 the last. Chance: causal
    profiles shuffled among the filters of a layer. Intervals: t with the standard deviation
    over 500 resamples of people.
    """
    if rows.empty:
        return pd.DataFrame(columns=list(TESTED))
    units = profiles[AU].values.tolist()
    chosen = profiles.sel({FILTER: rows["filter"].tolist()}).transpose(FILTER, AU, ...)
    way = rows["direction"].to_numpy(float)[:, None]
    told = np.array([units.index(unit) for unit in rows["associated"]])
    layers = rows["layer"].to_numpy(str)
    people = chosen["person"].transpose(PERSON, FILTER, AU).values
    moved = chosen["moves"].values & (way * chosen["size"].values > 0)
    every = np.arange(len(told))
    drawn = [
        [table[every, told].mean() for table in _scores(way * np.tensordot(w, people, 1), moved)]
        for w in resampled(len(people), RESAMPLES, seed)
    ]
    reach = student.ppf(0.975, len(people) - 1) * np.std(drawn, axis=0, ddof=1)
    found = []
    for name, table, far in zip(
        ("same unit", "standing"), _scores(way * chosen["size"].values, moved), reach, strict=True
    ):
        share = agreement(table, told, layers, count=count, seed=seed)
        low, high = max(0.0, share.mean - far), min(1.0, share.mean + far)
        found.append((name, len(rows), share.mean, low, high, *share[1:]))
    return pd.DataFrame(found, columns=list(TESTED))


def _scores(profile: Floats, moved: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """1 for each filter's causal unit and 0 for others; and the standing of each unit (J, U)."""
    gain = np.where(moved, profile, -np.inf)
    best = np.zeros(profile.shape)
    best[np.arange(len(best)), gain.argmax(axis=1)] = moved.any(axis=1)
    return best, standing(profile)


def _ahead(one: xr.Dataset, way: int, causal: int, unit: int) -> dict[str, float]:
    """How much more the causal unit does than the associated one, NaN without a causal one."""
    if not causal:
        return dict.fromkeys(("ahead", "ahead_low", "ahead_high"), np.nan)
    people = one["person"]
    more = way * (people.sel({AU: causal}).values - people.sel({AU: unit}).values)
    change = mean_change(more[:, None])
    return {
        "ahead": float(change.mean[0]),
        "ahead_low": float(change.low[0]),
        "ahead_high": float(change.high[0]),
    }


def _row(one: xr.Dataset, name: str, unit: int, way: int) -> dict[str, Any]:
    units = one[AU].values
    profile, moves = way * one["size"].values, one["moves"].values
    best, places = _scores(profile[None], (moves & (profile > 0))[None])
    place = int(np.flatnonzero(units == unit)[0])
    causal = int(units[best[0].argmax()]) if best.any() else 0
    told = {key: float(one[key].values[place]) for key in ("size", "low", "high", "q")}
    ahead = _ahead(one, way, causal, unit)
    words = MOST
    if not moves[place]:
        words = NOT
    elif profile[place] < 0:
        words = AGAINST
    elif causal != unit:
        words = (LESS if ahead["ahead_low"] > 0 else CLOSE).format(best=label(causal))
    return {
        "filter": name,
        "layer": str(one["layer"].item()),
        "associated": unit,
        "direction": way,
        "causal": causal,
        **told,
        "causal_size": float(way * profile[best[0].argmax()]) if causal else np.nan,
        **ahead,
        "standing": float(places[0, place]),
        "moved": bool(moves[place] and profile[place] > 0),
        "agree": causal == unit,
        "words": words,
    }
