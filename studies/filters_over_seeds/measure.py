"""From what the jobs left to tables: shares of live filters by arm, over folds and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from facsinterp import Inputs, named_rightly, paired_test

from .arms import CHANCE, TRAINED, UNTRAINED, Arm
from .jobs import COUNTS, KL, RATES, RULE, STAGES, OfNetwork, read

# What the layers of the filters that know the emotion are called (`emotion_filters`).
EMOTIONS: Final = {"expression": "one emotion alone", "mixture": "a mixture of emotions alone"}
_FEWEST_SEEDS: Final = 2


def gathered(
    inputs: Inputs, arms: Sequence[Arm]
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Counts and divergences of every network, and the rates of random filters.

    Each with arm, seed (NaN for what has none) and fold first; a filter that knows the emotion
    stands under its own arm, whatever the layer.
    """
    counts: list[pd.DataFrame] = []
    kl: list[pd.DataFrame] = []
    rates: list[pd.DataFrame] = []
    for arm in arms:
        for job in arm.jobs:
            folder = inputs.folder(job)
            if arm.name == CHANCE:
                rates.append(read(folder, RATES).assign(fold=job.model_dump()["fold"]))
                continue
            for name, into in ((COUNTS, counts), (KL, kl)):
                table = read(folder, name)
                if isinstance(job, OfNetwork):
                    made = job.training
                    into.append(table.assign(arm=arm.name, seed=made.seed, fold=made.fold))
                else:
                    kind = table["layer"].map(EMOTIONS)
                    into.append(table.assign(arm=kind, seed=np.nan, fold=job.model_dump()["fold"]))
    return _ordered(counts), _ordered(kl), pd.concat(rates, ignore_index=True)


def _ordered(tables: list[pd.DataFrame]) -> pd.DataFrame:
    whole = pd.concat(tables, ignore_index=True).astype({"seed": float})
    first = ["arm", "seed", "fold"]
    return whole[[*first, *[name for name in whole if name not in first]]]


def accuracies(inputs: Inputs, arms: Sequence[Arm]) -> pd.DataFrame:
    """How well each network names held-out expressions: arm, seed, fold, accuracy, majority.

    Majority is what always saying the fold's commonest expression would score. Both NaN for a
    network that names none.
    """
    rows = []
    for arm in arms:
        for job in arm.jobs:
            if isinstance(job, OfNetwork):
                made = job.training
                named = named_rightly(inputs.folder(made))
                who = {"arm": arm.name, "seed": made.seed, "fold": made.fold}
                rows.append({**who, **named._asdict()})
    return pd.DataFrame(rows, columns=["arm", "seed", "fold", "accuracy", "majority"])


def learnt(accuracy: pd.DataFrame) -> bool | None:
    """Whether the trained networks, on average, name more than the commonest expression.

    None where they were not asked.
    """
    trained = accuracy[accuracy["arm"] == TRAINED]
    gain = float((trained["accuracy"] - trained["majority"]).mean())
    return gain > 0 if np.isfinite(gain) else None


def last_layer(counts: pd.DataFrame) -> str:
    """The last layer of the networks that were analysed."""
    return str(counts[counts["arm"] == TRAINED]["layer"].iloc[-1])


def of_layer(table: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The rows of one layer of the networks, and all of the filters that have none."""
    return table[(table["layer"] == layer) | table["arm"].isin(EMOTIONS.values())]


def rule(counts: pd.DataFrame, rates: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Share of live filters that P = 1 accepts: arm, looked, n, networks, share, least, most.

    Means over networks (of chance and emotion: over folds), with the least and the most.
    """
    asked = of_layer(counts[counts["stage"] == RULE], layer)
    shares = pd.concat(
        [
            asked.assign(share=asked["alone"] / asked["live"].where(asked["live"] > 0)),
            rates.rename(columns={"what": "arm", "rate": "share"}),
        ]
    )
    by = shares.groupby(["arm", "looked", "n"], sort=False)["share"]
    return by.agg(networks="count", share="mean", least="min", most="max").reset_index()


def staged(counts: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The counts of the stages with `share_alone` and `share` of live filters, that of `together`.

    NaN where no filter is live, and where the stage (for `share`, or one before it) made no test.
    """
    asked = of_layer(counts[counts["stage"].isin(STAGES)], layer)
    order = {stage: at for at, stage in enumerate(STAGES)}
    asked = asked.sort_values("stage", key=lambda one: one.map(order), kind="stable")
    made = asked["tested"] > 0
    network = [asked[name] for name in ("arm", "seed", "fold")]
    all_made = made.groupby(network, sort=False, dropna=False).cummin()
    live = asked["live"].where(asked["live"] > 0)
    return asked.assign(
        share_alone=(asked["alone"] / live).where(made),
        share=(asked["together"] / live).where(all_made),
    ).sort_index()


def funnel(counts: pd.DataFrame, layer: str) -> pd.DataFrame:
    """What survives each stage: arm, stage, networks, of, filters, alone, together, and shares.

    `networks`: those of all (`of`) in which there was something to test. `alone` and `together`
    are means of counts; `share_alone`, and `share` with `least` and `most`, see `staged`.
    """
    by = staged(counts, layer).groupby(["arm", "stage"], sort=False)
    return by.agg(
        networks=("share", "count"),
        of=("share", "size"),
        filters=("filters", "mean"),
        alone=("alone", "mean"),
        together=("together", "mean"),
        share_alone=("share_alone", "mean"),
        share=("share", "mean"),
        least=("share", "min"),
        most=("share", "max"),
    ).reset_index()


def divergence(kl: pd.DataFrame, layer: str) -> pd.DataFrame:
    """The KL measure by arm and bins: networks, kl, kl_null, passing (share of live filters)."""
    asked = of_layer(kl, layer)
    shares = asked.assign(share=asked["passing"] / asked["live"].where(asked["live"] > 0))
    by = shares.groupby(["arm", "bins"], sort=False)
    return by.agg(
        networks=("share", "count"),
        kl=("kl", "mean"),
        kl_null=("kl_null", "mean"),
        passing=("share", "mean"),
        least=("share", "min"),
        most=("share", "max"),
    ).reset_index()


def tests(counts: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Trained less untrained networks, seed by seed, in the share of live filters of each stage.

    A seed's share is the mean over its folds: folds share people who train, so they are no
    networks of their own. Folds in which one of the two could not be tested are left out. Columns:
    stage, seeds, trained, untrained, difference, low, high (95 %,
    NaN where so few seeds give none), p (one-sided, trained larger), least_p.
    """
    shares = staged(counts[counts["arm"].isin([TRAINED, UNTRAINED])], layer)
    both = shares.set_index(["stage", "seed", "fold", "arm"])["share_alone"].unstack("arm").dropna()
    rows = []
    for stage in STAGES[1:]:
        pairs = both[both.index.get_level_values("stage") == stage].groupby("seed").mean()
        if len(pairs) < _FEWEST_SEEDS:
            continue
        found = paired_test((pairs[TRAINED] - pairs[UNTRAINED]).to_numpy(float))
        known = bool(np.isfinite([found.low, found.high]).all())
        rows.append(
            {
                "stage": stage,
                "seeds": len(pairs),
                TRAINED: float(pairs[TRAINED].mean()),
                UNTRAINED: float(pairs[UNTRAINED].mean()),
                "difference": found.difference,
                "low": found.low if known else float("nan"),
                "high": found.high if known else float("nan"),
                "p": found.p,
                "least_p": found.least_p,
            }
        )
    columns = ["stage", "seeds", TRAINED, UNTRAINED, "difference", "low", "high", "p", "least_p"]
    return pd.DataFrame(rows, columns=columns)
