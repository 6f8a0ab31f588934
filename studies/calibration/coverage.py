"""Whether what is said with 95 % confidence is true of 95 % of the stores."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.stats.bounds import at_least
from facsinterp.stats.effect import auroc
from facsinterp.stats.people.bootstrap import auroc_interval

from .bench import Bench
from .scenarios import SCENARIOS, Scenario, World
from .simulator import Cast, draw_cast, draw_store, simulate
from .uncertainty import of_mean, of_share

Advance = Callable[[int], None]
Floats = NDArray[np.float64]

# Intervals as the association step makes them; a test holds these to what it says of itself.
LEVEL: Final = 0.95
METHOD: Final = "logit"
BOOTSTRAP_DRAWS: Final = 2000
# The scenario that stands for the corpus of the papers, and the one without any signal.
USUAL: Final = "ck"
EMPTY: Final = "ck_null"
# Detectors whose intervals are looked at: of each effect as many.
DETECTORS: Final = 12
# People that stand for all: so many at a time, so many times.
CROWD: Final = (2000, 10)


def covered(
    scenarios: Collection[str],
    stores: int,
    *,
    seed: int,
    shuffles: int,
    methods: tuple[str, ...] = (METHOD,),
    advance: Advance = lambda _stores: None,
) -> dict[str, pd.DataFrame]:
    """Tables of the coverage of intervals and of bounds, by name, on so many stores each.

    Intervals are looked at in the scenario like CK+, bounds there and where nothing is true, as
    far as these are among `scenarios`; a table without a row is left out.
    """
    if not stores:
        return {}
    tables = {}
    if USUAL in scenarios:
        tables["interval-coverage"] = interval_coverage(
            USUAL, stores, seed=seed, methods=methods, advance=advance
        )
    bounds = [
        bound_coverage(name, stores, seed=seed, shuffles=shuffles, advance=advance)
        for name in (USUAL, EMPTY)
        if name in scenarios
    ]
    if bounds:
        tables["bound-coverage"] = pd.concat(bounds, ignore_index=True)
    return tables


def work(scenarios: Collection[str], stores: int) -> int:
    """How many stores `covered` looks at in all."""
    return stores * (2 * (USUAL in scenarios) + (EMPTY in scenarios))


@dataclass(frozen=True)
class Detectors:
    """Some planted pairs of a cast, and their AUROC among all people."""

    cast: Cast
    filters: NDArray[np.int64]
    units: NDArray[np.int64]
    auroc: Floats


def detectors(scenario: Scenario, seed: int) -> Detectors:
    """Twelve detectors; their AUROC from 20,000 people that no store meets again."""
    first, *crowd = np.random.SeedSequence(seed + scenario.number).spawn(1 + CROWD[1])
    cast = draw_cast(scenario, World(), np.random.default_rng(first))
    planted = np.flatnonzero(cast.planted >= 0)
    filters = planted[:: len(planted) // DETECTORS]
    units = cast.planted[filters]
    many = replace(cast, scenario=replace(scenario, subjects=CROWD[0]))
    drawn = [np.diagonal(_auroc(many, filters, units, np.random.default_rng(one))) for one in crowd]
    return Detectors(cast, filters, units, np.mean(drawn, axis=0))


def interval_coverage(
    scenario: str,
    stores: int,
    *,
    seed: int,
    draws: int = BOOTSTRAP_DRAWS,
    methods: tuple[str, ...] = (METHOD,),
    advance: Advance = lambda _stores: None,
) -> pd.DataFrame:
    """Share of the 95 % intervals of AUROC that hold the truth, a row for each method.

    `methods`: by default the one that the association step uses, with as many draws. The
    same detectors meet new people in every store; `se`, `low` and `high` (t) count a store as one.
    """
    known = detectors(SCENARIOS[scenario], seed)
    pairs = range(len(known.filters))
    holds: dict[str, list[float]] = {method: [] for method in methods}
    for store in range(stores):
        entropy = np.random.SeedSequence(seed + SCENARIOS[scenario].number, spawn_key=(1, store))
        drawn = draw_store(known.cast, np.random.default_rng(entropy))
        bench = Bench(drawn, 1, store)
        activation, labels, subjects = bench.whole()
        for method in methods:
            bounds = auroc_interval(
                activation[:, known.filters],
                labels[:, known.units],
                subjects,
                level=LEVEL,
                draws=draws,
                seed=store,
                method=method,
            )
            low, high = (bound[pairs, pairs] for bound in bounds)
            told = np.isfinite(low)
            right = (low <= known.auroc) & (known.auroc <= high)
            holds[method].append(float(right[told].mean()))
        advance(1)
    return pd.DataFrame([_row_of_method(scenario, *held) for held in holds.items()])


def _row_of_method(scenario: str, method: str, shares: list[float]) -> dict[str, str | float]:
    mean, stores = float(np.mean(shares)), len(shares)
    error = float(np.std(shares, ddof=1) / np.sqrt(stores)) if stores > 1 else np.nan
    low, high = of_mean(mean, error, stores)
    return {
        "scenario": scenario,
        "method": method,
        "stores": stores,
        "coverage": mean,
        "se": error,
        "low": low,
        "high": high,
    }


def bound_coverage(
    scenario: str,
    stores: int,
    *,
    seed: int,
    shuffles: int,
    advance: Advance = lambda _stores: None,
) -> pd.DataFrame:
    """Share of stores in which no bound "at least k filters answer" is above the truth.

    Asked of many sets at once: all live filters, those without any association, and the k of
    highest score for each k, which were chosen after seeing the results. `low` and `high` are
    the exact bounds of the share (Clopper & Pearson).
    """
    right, told, true = [], [], []
    for store in range(stores):
        bench = Bench(simulate(SCENARIOS[scenario], seed, store), shuffles, store)
        largest, observed, units = bench.largest_by_filter()
        bounds = at_least(largest, observed, level=LEVEL)
        answers = bench.truth.marginal[:, units].any(axis=1)
        order = np.argsort(-observed, kind="stable")
        chosen = [np.isin(np.arange(len(order)), order[:k]) for k in range(1, len(order) + 1)]
        sets = [*chosen, ~answers]
        right.append(all(bounds.of(one) <= int((one & answers).sum()) for one in sets))
        told.append(bounds.of(chosen[-1]))
        true.append(int(answers.sum()))
        advance(1)
    low, high = of_share(sum(right), stores)
    return pd.DataFrame(
        [
            {
                "scenario": scenario,
                "stores": stores,
                "coverage": float(np.mean(right)),
                "low": low,
                "high": high,
                "filters that answer": float(np.mean(true)),
                "at least": float(np.mean(told)),
            }
        ]
    )


def _auroc(
    cast: Cast, filters: NDArray[np.int64], units: NDArray[np.int64], rng: np.random.Generator
) -> Floats:
    activation, labels, _ = Bench(draw_store(cast, rng), 1, 0).whole()
    return auroc(activation[:, filters], labels[:, units])
