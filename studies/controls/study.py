"""Is the trained network more selective for action units than its controls?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from facsinterp import (
    Control,
    Finding,
    Inputs,
    Need,
    SeedTest,
    Study,
    StudyResult,
    arms_test,
    paired_test,
    rarefied_coverage,
)

from .answer import answer
from .sections import FEWEST_SEEDS, MEASURES, PAIRED, TRAINED, comparison_section, networks_section


class Controls(Study):
    """Is the trained network more selective for action units than its controls?"""

    needs = frozenset({Need.ACTIVATIONS, Need.ASSOCIATIONS, Need.CONTROLS})

    def run(self, inputs: Inputs) -> StudyResult:
        """One row a network, and trained networks against each arm over training seeds."""
        networks = _networks(inputs.controls)
        comparisons = tuple(_comparisons(networks))
        table = _comparison_table(comparisons)
        return StudyResult(
            findings=tuple(_findings(comparisons)),
            tables={"networks": networks, "comparisons": table},
            sections=(networks_section(networks), comparison_section(networks, table)),
            answer=answer(table),
        )


def _networks(controls: Mapping[tuple[str, int | None], Control]) -> pd.DataFrame:
    """One row a control: how many of its filters live and pass, and its accuracy."""
    least = min(int(one.associations.live.sum()) for one in controls.values())
    table = pd.DataFrame([_row(one, least) for one in controls.values()])
    return table.astype({"seed": "Int64", **dict.fromkeys(_numbers(), float)})


def _numbers() -> list[str]:
    shares = [f"{name} share" for name in MEASURES]
    return [*MEASURES, *shares, "units covered", "accuracy", "majority"]


def _row(control: Control, least: int) -> dict[str, Any]:
    associations = control.associations
    live = associations.live.values
    asked_beyond = np.isfinite(associations.data["q_beyond"].values).any()
    passing = {
        "rule": associations.papers_rule().accepted.values,
        "answering": associations.significant().any("au").values,
        "beyond": associations.significant(test="beyond").any("au").values,
    }
    row: dict[str, Any] = {"arm": control.arm, "seed": control.seed, "filters": len(live)}
    row["live"] = int(live.sum())
    for name, passes in passing.items():
        known = row["live"] > 0 and (name != "beyond" or asked_beyond)
        row[name] = float((passes & live).sum()) if known else None
        row[f"{name} share"] = float((passes & live).sum() / row["live"]) if known else None
    row["units covered"] = rarefied_coverage(associations.significant().values[live], least)
    row["accuracy"] = None if control.scores is None else control.scores.accuracy.share
    row["majority"] = None if control.scores is None else control.scores.majority
    return row


@dataclass(frozen=True)
class _Comparison:
    """The trained networks against those of one arm, by one measure."""

    arm: str
    measure: str
    networks: int
    """Of the arm with fewer, or pairs."""
    paired: bool
    test: SeedTest


def _comparisons(networks: pd.DataFrame) -> Iterator[_Comparison]:
    shares = networks[networks["seed"].notna()]
    for measure in MEASURES:
        by_arm = {
            str(arm): rows.set_index("seed")[f"{measure} share"].dropna()
            for arm, rows in shares.groupby("arm", sort=False)
        }
        trained = by_arm.pop(TRAINED, pd.Series(dtype=float))
        for arm, other in by_arm.items():
            if arm in PAIRED:
                gained = (trained - other).dropna().to_numpy(float)
                if len(gained):
                    yield _Comparison(arm, measure, len(gained), True, paired_test(gained))
            elif len(trained) and len(other):
                test = arms_test(trained.to_numpy(float), other.to_numpy(float))
                yield _Comparison(arm, measure, min(len(trained), len(other)), False, test)


def _findings(comparisons: tuple[_Comparison, ...]) -> Iterator[Finding]:
    for one in comparisons:
        few = f"; only {one.networks}, fewer than five" if one.networks < FEWEST_SEEDS else ""
        how = "pairs of one seed, signs flipped" if one.paired else "arms exchanged over seeds"
        yield Finding(
            f"Share of live filters {MEASURES[one.measure]}: trained less {one.arm}, "
            f"over training seeds ({how}; p one-sided, at least {one.test.least_p:.2g}{few})",
            estimate=one.test.difference,
            low=_finite(one.test.low, one.test.high),
            high=_finite(one.test.high, one.test.low),
            n=one.networks,
            p=one.test.p,
        )


def _finite(bound: float, other: float) -> float | None:
    """A bound of an interval that has both."""
    return bound if np.isfinite(bound) and np.isfinite(other) else None


def _comparison_table(comparisons: tuple[_Comparison, ...]) -> pd.DataFrame:
    columns = {
        "trained less": [one.arm for one in comparisons],
        "share of live filters": [MEASURES[one.measure] for one in comparisons],
        "difference": [one.test.difference for one in comparisons],
        "low": [_finite(one.test.low, one.test.high) for one in comparisons],
        "high": [_finite(one.test.high, one.test.low) for one in comparisons],
        "p": [one.test.p for one in comparisons],
        "least possible p": [one.test.least_p for one in comparisons],
        "seeds": [one.networks for one in comparisons],
        "test": ["sign flips" if one.paired else "exchanged arms" for one in comparisons],
    }
    return pd.DataFrame(columns).astype({"low": float, "high": float})
