"""What people read of the study: tables in the order of the methods, figures as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .methods import METHODS, Claim
from .scenarios import SCENARIOS
from .uncertainty import of_share


def rates(table: pd.DataFrame, claim: Claim = "marginal") -> pd.DataFrame:
    """False discovery rate in % (se) / power in %, a row for each method, scenarios across.

    Where nothing can be found: the share of stores with any finding, and its exact 95 % interval.
    """
    mine = _of(table, claim)
    names = list(dict.fromkeys(mine["scenario"]))
    cells = {(row["method"], row["scenario"]): _cell(row) for row in mine.to_dict("records")}
    return pd.DataFrame(
        {
            "method": [METHODS[name].title for name in dict.fromkeys(mine["method"])],
            **{
                scenario: [
                    cells.get((name, scenario), "–") for name in dict.fromkeys(mine["method"])
                ]
                for scenario in names
            },
        }
    )


def sizes(table: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """One scenario in detail: misleading stores, findings, power by effect, size on true nulls."""
    mine = table[table["scenario"] == scenario]
    mine = mine[[METHODS[name].claim == "marginal" for name in mine["method"]]]
    rows = [
        {
            "method": METHODS[row["method"]].title,
            "FDR %": _share(row["fdr"], row["fdr_se"]),
            "stores with FDP > 20 %": _whole(row["misled"]),
            "discoveries": f"{row['accepted']:.1f}",
            "power %": _share(row["power"], row["power_se"]),
            "at 0.5 / 1 / 2 sd": " / ".join(
                _whole(row[f"power_{effect}"]) for effect in ("0.5", "1", "2")
            ),
            "size at .05, %": _number(row["size_0.05"], 1),
            "size at .001, %": _number(row["size_0.001"], 2),
        }
        for row in mine.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _of(table: pd.DataFrame, claim: Claim) -> pd.DataFrame:
    return table[[METHODS[name].claim == claim for name in table["method"]]]


def _cell(row: Mapping[Any, Any]) -> str:
    if not SCENARIOS[str(row["scenario"])].signal:
        low, high = of_share(round(row["any"] * row["stores"]), row["stores"])
        return f"any: {_whole(row['any'])} ({_whole(low)} to {_whole(high)})"
    return f"{_share(row['fdr'], row['fdr_se'])} / {_whole(row['power'])}"


def _share(share: float, error: float) -> str:
    if math.isnan(error):
        return _number(share, 1)
    return f"{_number(share, 1)} ({_number(error, 1)})"


def _whole(share: float) -> str:
    return _number(share, 0)


def _number(share: float, digits: int) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.{digits}f}"
