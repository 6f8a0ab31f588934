"""The study's answer in up to three sentences, from its tests and profiles."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from . import sections, tables

ALPHA: Final = 0.05


def answer(tests: pd.DataFrame, profiles: xr.Dataset) -> tuple[str, ...]:
    """Whether the associated unit is the one that moves, for which filters, and how many move."""
    return tuple(_sentences(tests, profiles))


def _sentences(tests: pd.DataFrame, profiles: xr.Dataset) -> Iterator[str]:
    same = tests[tests["measure"] == sections.SAME] if len(tests) else tests
    rows = {str(row["which"]): row for row in same.to_dict("records")}
    if sections.ALL in rows:
        yield _all(rows[sections.ALL])
    else:
        yield "Nothing can be said: no filter that answers is associated with a unit that is drawn."
    if "beyond" in rows:
        yield f"Of those that pass beyond the emotion it is {_share(rows['beyond'])}."
    live = tables.alive(profiles)
    moved, people = int(live["moves"].any("au").sum()), int(profiles.attrs["people"])
    yield (
        f"{moved:,} of {live.sizes['filter']:,} live filters are moved by some action unit when it "
        f"alone is switched on, on {people} people drawn for this."
        if moved
        else f"No action unit is shown to move any of {live.sizes['filter']:,} live filters when "
        f"it alone is switched on, on {people} people drawn for this."
    )


def _all(row: Mapping[Hashable, Any]) -> str:
    if not row["mean"]:
        return (
            f"Nothing is shown: of {row['filters']:,} associated filters, not one is shown to be "
            "moved most by the action unit that it is associated with."
        )
    above = row["p"] <= ALPHA and row["mean"] > row["expected"]
    often = (
        "That is more often than by lot"
        if above
        else "That is not shown to be more often than by lot"
    )
    return (
        f"The action unit that a filter is associated with is the one that moves it most in "
        f"{_share(row)}. {often}."
    )


def _share(row: Mapping[Hashable, Any]) -> str:
    """Such as `39 % of 336 filters (95 % interval 37 % to 41 %; by lot 9 %, p = 0.0001)`."""
    interval = (
        f"95\N{NO-BREAK SPACE}% interval {tables.percent(row['low'])} to "
        f"{tables.percent(row['high'])}; "
        if np.isfinite(row["low"]) and np.isfinite(row["high"])
        else ""
    )
    return (
        f"{tables.percent(row['mean'])} of {row['filters']:,} filters ({interval}by lot "
        f"{tables.percent(row['expected'])}, p = {row['p']:.2g})"
    )
