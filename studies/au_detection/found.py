"""Everything that the study measured, for those who put it into words and figures."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

Row = Mapping[Hashable, Any]
Told = Callable[[float], str]


@dataclass(frozen=True, eq=False)
class Found:
    """The tables, and what they rest on."""

    units: pd.DataFrame
    scores: pd.DataFrame
    pooled: pd.DataFrame
    differences: pd.DataFrame
    intensities: pd.DataFrame
    seeds: pd.DataFrame
    peaks: int
    people: int
    title: str
    least: int
    """Fewest sequences with a unit for which a number is shown."""

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by the names under which they are kept."""
        names = ("units", "scores", "pooled", "differences", "intensities", "seeds")
        return {name: getattr(self, name) for name in names}

    @property
    def judged(self) -> pd.DataFrame:
        """Scores of the detectors that are taught alone on the trained network's features."""
        return self.of("trained", "alone")

    @property
    def above(self) -> list[str]:
        """Units told better than by saying absent to all: the lower bound is above one half."""
        return self.judged["unit"][self.judged["low"] > CHANCE].tolist()

    @property
    def hard(self) -> list[str]:
        """Units that can be judged and of which that is not shown."""
        return self.judged["unit"][~(self.judged["low"] > CHANCE)].tolist()

    @property
    def untaught(self) -> list[str]:
        """Units shown in sequences enough that cannot be judged, for any reason."""
        enough = (self.units["sequences"] >= self.least) & (self.units["untestable"] != "")
        return self.units["unit"][enough].tolist()

    def of(self, arm: str, detector: str) -> pd.DataFrame:
        """Scores of one arm and detector."""
        kept = (self.scores["arm"] == arm) & (self.scores["detector"] == detector)
        return self.scores[kept]

    def mean(self, less: str, measure: str = "balanced", peaks: str = "all") -> Row | None:
        """The row of the mean difference over units; None where it could not be formed."""
        table = self.differences
        same = (table["less"] == less) & (table["measure"] == measure) & (table["unit"] == "")
        rows = table[same & (table["peaks"] == peaks)].to_dict("records")
        return rows[0] if rows and np.isfinite(rows[0]["difference"]) else None

    def accuracy(self, peaks: str, units: str, arm: str = "trained") -> Row | None:
        """The row of the pooled accuracy of all detectors at once; `units`: all, or with a
        detector."""
        table = self.pooled
        same = (table["arm"] == arm) & (table["detector"] == "together")
        kept = same & (table["peaks"] == peaks) & table["units"].str.startswith(f"{units}:")
        rows = table[kept].to_dict("records")
        return rows[0] if rows else None


CHANCE = 0.5
"""Balanced accuracy of saying absent to all, and AUROC of saying the same to all."""


def percent(value: float) -> str:
    """Such as `97.5 %`."""
    return f"{100 * value:.1f}\N{NO-BREAK SPACE}%".replace("-", "−")


def signed(value: float) -> str:
    """Such as `+0.06`."""
    return f"{value:+.2f}".replace("-", "−")


def between(low: float, high: float, told: Told = "{:.2f}".format) -> str:
    """Such as `0.61 to 0.80`; "" where there are too few people for an interval."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"{told(low)}\N{NO-BREAK SPACE}to\N{NO-BREAK SPACE}{told(high)}".replace("-", "−")


def bracketed(low: float, high: float, told: Told = "{:.2f}".format) -> str:
    """Such as `(0.61 to 0.80)`, for beside a number, or that there is no interval."""
    return f"({between(low, high, told) or 'too few people for an interval'})"


def listed(things: list[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, (", ".join(things[:-1]), *things[-1:])))
