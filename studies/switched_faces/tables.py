"""What the study keeps: profiles, doses, filters, units and tests as plain tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.facs import describe, label

LETTERS: Final = ("", "A", "B", "C", "D", "E")
_PAIR: Final = [
    "size", "low", "high", "d_z", "neutral", "expression", "p", "q", "p_max", "moves", "share",
    "trend", "p_trend", "q_trend", "least",
]  # fmt: skip
_FILTER: Final = [
    "scale", "best", "second", "lead", "lead_low", "lead_high", "returns",
]  # fmt: skip


def alive(profiles: xr.Dataset) -> xr.Dataset:
    """The filters that have numbers."""
    return profiles.isel(filter=np.flatnonzero(profiles["scale"].values > 0))


def profile(profiles: xr.Dataset) -> pd.DataFrame:
    """One row a live filter and unit: what the unit does to it at the greatest intensity."""
    table = alive(profiles)[_PAIR].to_dataframe().reset_index()
    return table.assign(
        au=[label(int(unit)) for unit in table["au"]],
        least=[LETTERS[letter] for letter in table["least"]],
    ).rename(columns={"au": "unit"})


def dose(profiles: xr.Dataset) -> pd.DataFrame:
    """One row a live filter, unit and intensity: the curves."""
    names = {"dose": "size", "dose_low": "low", "dose_high": "high", "dose_p": "p"}
    table = alive(profiles)[list(names)].to_dataframe().reset_index().rename(columns=names)
    return table.assign(
        au=[label(int(unit)) for unit in table["au"]],
        intensity=[LETTERS[letter] for letter in table["intensity"]],
    ).rename(columns={"au": "unit"})


def filters(profiles: xr.Dataset) -> pd.DataFrame:
    """One row a live filter: the unit that moves it up most, how far ahead, how surely."""
    live = alive(profiles)
    table = live[_FILTER].to_dataframe().reset_index()
    share = live["share"].max("au").values
    named = {name: [label(n) if n else "" for n in table[name]] for name in ("best", "second")}
    return table.assign(**named, share=share)


def units(profiles: xr.Dataset) -> pd.DataFrame:
    """One row a unit: the filters that it moves up and down, how far, and from which letter on."""
    live = alive(profiles)
    rows: list[dict[str, Any]] = []
    for unit in live["au"].values.tolist():
        one = live.sel(au=unit)
        moves, size = one["moves"].values, one["size"].values
        strongest = np.where(moves, np.abs(size), -1).argmax()
        least = one["least"].values[one["least"].values > 0]
        rows.append(
            {
                "unit": describe(unit),
                "moves up": int((moves & (size > 0)).sum()),
                "moves down": int((moves & (size < 0)).sum()),
                "best of": int((one["best"].values == unit).sum()),
                "median size": float(np.median(np.abs(size[moves]))) if moves.any() else None,
                "strongest filter": str(one["filter"].values[strongest]) if moves.any() else None,
                "its size": float(size[strongest]) if moves.any() else None,
                "from letter": LETTERS[int(np.median(least))] if len(least) else None,
            }
        )
    return pd.DataFrame(rows).astype({"median size": float, "its size": float})


def shown_units(profiles: xr.Dataset) -> pd.DataFrame:
    """`units` as the report shows it, with the interval of the strongest filter."""
    table = units(profiles)
    low, high = (
        [
            float(profiles[name].sel(filter=one, au=unit)) if isinstance(one, str) else np.nan
            for one, unit in zip(table["strongest filter"], profiles["au"].values, strict=True)
        ]
        for name in ("low", "high")
    )
    return pd.DataFrame(
        {
            "Unit": table["unit"],
            "Filters moved up": table["moves up"],
            "Moved down": table["moves down"],
            "First unit of": table["best of"],
            "Median change, sd": table["median size"],
            "Strongest filter": table["strongest filter"],
            "Its change, sd": table["its size"],
            "95 % interval": intervals(low, high),
        }
    )


def thresholds(profiles: xr.Dataset) -> pd.DataFrame:
    """Filters by first unit, and how many of them are moved from each letter on."""
    live = alive(profiles)
    letters = [int(one) for one in profiles["intensity"].values]
    rows = []
    for unit in np.unique(live["best"].values[live["best"].values > 0]).tolist():
        least = live.sel(au=unit)["least"].values[live["best"].values == unit]
        counts = {f"from {LETTERS[one]} on": int((least == one).sum()) for one in letters}
        rows.append({"First unit": describe(unit), "Filters": len(least), **counts})
    return pd.DataFrame(rows)


def interval(low: float, high: float) -> str:
    """Such as `−0.10 to 0.25`; empty where there is none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"{low:.2f} to {high:.2f}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")


def intervals(lows: Iterable[float], highs: Iterable[float]) -> list[str]:
    """`interval` of each pair."""
    return [interval(low, high) for low, high in zip(lows, highs, strict=True)]


def percent(share: float) -> str:
    """Such as `39 %`."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
