"""Studied pairs: a filter, the unit it is associated with, and filters that are like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import Associations, facs
from facsinterp.stats.exchange import (
    Pairs,
    SetTest,
    activity_ranks,
    matched_filters,
    pair_excess,
    pair_p,
    set_test,
    strata,
)
from facsinterp.stats.losses import Loss
from facsinterp.stats.multiple import adjust

from .measure import Activity, Asked, Measured

Floats = NDArray[np.float64]

FEWEST_MATCHED = 5
# Of a test of one unit or emotion.
DRAWS = 1999
COLUMNS = ("name", "units", "pairs", "lost", "matched", "difference", "low", "high", "p")
# An emotion has a unit when this share of its faces shows it.
TYPICAL = 0.5


@dataclass(frozen=True, eq=False)
class Studied:
    """The pairs, by positions among all filters, and who may change places with whom."""

    pairs: Pairs
    stratum: NDArray[np.int64]
    """(filter,)"""
    units: NDArray[np.int64]
    """(au,) numbers of the columns."""
    passing: NDArray[np.bool_]
    """(filter, au)"""


def studied(
    associations: Associations, activity: Activity, usable: NDArray[np.bool_], each: int, count: int
) -> Studied:
    """For each unit with a probe, the passing filters of largest z with enough matched ones."""
    passing = associations.significant().transpose("filter", "au").values & activity.live[:, None]
    z = associations.data["z"].transpose("filter", "au").values
    ranks = activity_ranks(activity.mean, activity.area, activity.layers, activity.live)
    found: list[tuple[int, int, NDArray[np.int64]]] = []
    for unit in np.flatnonzero(usable & passing.any(axis=0)).tolist():
        filters = np.flatnonzero(passing[:, unit])
        for one in filters[np.argsort(-z[filters, unit], kind="stable")][:each].tolist():
            eligible = activity.live & ~passing[:, unit]
            matched = matched_filters(ranks, activity.layers, one, eligible, count)
            if len(matched) >= FEWEST_MATCHED:
                found.append((one, unit, matched))
    pairs = Pairs(
        np.array([one for one, _, _ in found], dtype=np.int64),
        np.array([unit for _, unit, _ in found], dtype=np.int64),
        tuple(matched for _, _, matched in found),
    )
    units = associations.data["au"].values.astype(np.int64)
    return Studied(pairs, strata(ranks, activity.layers), units, passing)


@dataclass(frozen=True, eq=False)
class Emotional:
    """The emotion that each action unit goes with, among the asked faces."""

    emotion: NDArray[np.int64]
    """(au,) position of the emotion whose faces show the unit most often; -1 for none."""
    company: NDArray[np.bool_]
    """(au, au) other units with a probe that are typical of the same emotion."""

    @classmethod
    def of(cls, asked: Asked, emotions: tuple[str, ...], usable: NDArray[np.bool_]) -> Emotional:
        """From the faces whose emotion is known."""
        shares = np.array(
            [asked.present[asked.emotions == emotion].mean(axis=0) for emotion in emotions]
        ).reshape(len(emotions), len(usable))
        if not len(emotions):
            return cls(np.full(len(usable), -1), np.zeros((len(usable),) * 2, dtype=bool))
        emotion = np.where(shares.max(axis=0) > 0, shares.argmax(axis=0), -1).astype(np.int64)
        company = (shares[emotion] >= TYPICAL) & usable & (emotion >= 0)[:, None]
        np.fill_diagonal(company, val=False)
        return cls(emotion, company)


@dataclass(frozen=True)
class Question:
    """One set-level test and what it asks."""

    name: str
    asks: str
    test: SetTest


def questions(
    measured: Measured, studied: Studied, emotional: Emotional, seed: int
) -> Iterator[Question]:
    """Own unit, own unit beyond the units of the same emotion, and the emotion itself."""
    if not len(studied.pairs):
        return
    own = every_filter(measured.units, measured.filters, len(studied.stratum))
    yield Question(
        "own unit",
        "share of the separation of its own action unit that a filter's silencing takes, "
        "less that of matched filters",
        set_test(own, studied.pairs, studied.stratum, seed=seed),
    )
    accompanied = _those(studied.pairs, emotional.company[studied.pairs.units].sum(axis=1) > 0)
    if len(accompanied):
        beyond = Loss(own.each - _company(own.each, emotional.company))
        yield Question(
            "beyond the emotion's other units",
            "the same, less what the other units of the emotion lose",
            set_test(beyond, accompanied, studied.stratum, seed=seed),
        )
    emotion = emotional.emotion[studied.pairs.units]
    shown = _those(replace(studied.pairs, units=emotion), emotion >= 0)
    if len(shown):
        specific = Loss(measured.own.each - measured.other.each)
        spread = every_filter(specific, measured.filters, len(studied.stratum))
        yield Question(
            "emotion of the unit",
            "fall of the probability of the unit's emotion on its own faces less on others, "
            "less that of matched filters",
            set_test(spread, shown, studied.stratum, seed=seed),
        )


def each_column(
    found: Measured, studied: Studied, emotional: Emotional, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What studied filters lose more than matched ones, unit by unit and emotion by emotion.

    Columns of both: name, units (that go with an emotion), pairs, lost, matched (means over
    pairs), difference with low and high (over people), p (as `set_test`), q (Benjamini and
    Hochberg over the rows). A unit's loss is the share of its separation, an emotion's the fall
    of its probability on its own faces less on others.
    """
    count, pairs = len(studied.stratum), studied.pairs
    names = [facs.label(int(unit)) for unit in studied.units]
    own = every_filter(found.units, found.filters, count)
    specific = every_filter(Loss(found.own.each - found.other.each), found.filters, count)
    emotion = emotional.emotion[pairs.units]
    shown = _those(replace(pairs, units=emotion), emotion >= 0)
    of_emotion = {
        place: ", ".join(dict.fromkeys(names[unit] for unit in pairs.units[emotion == place]))
        for place in np.unique(shown.units).tolist()
    }
    return (
        _column_table(own, pairs, studied.stratum, names, {}, seed),
        _column_table(specific, shown, studied.stratum, found.emotions, of_emotion, seed),
    )


def _column_table(
    loss: Loss,
    pairs: Pairs,
    stratum: NDArray[np.int64],
    names: Sequence[str],
    units: Mapping[int, str],
    seed: int,
) -> pd.DataFrame:
    rows = []
    mean = loss.mean
    for column in np.unique(pairs.units).tolist():
        some = _those(pairs, pairs.units == column)
        test = set_test(loss, some, stratum, draws=DRAWS, seed=seed)
        lost = float(mean[some.filters, column].mean())
        told = [lost, lost - test.estimate, test.estimate, test.low, test.high, test.p]
        rows.append([names[column], units.get(column, names[column]), len(some), *told])
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.assign(q=adjust(table["p"]) if len(table) else [])


def every_filter(loss: Loss, filters: NDArray[np.int64], count: int) -> Loss:
    """A loss of live filters as one of all filters; NaN for the others."""
    each = np.full((len(loss.each), count, loss.each.shape[2]), np.nan)
    each[:, filters] = loss.each
    return Loss(each)


def pair_table(
    measured: Measured, studied: Studied, activity: Activity, associations: Associations, seed: int
) -> pd.DataFrame:
    """One row a studied pair: association, losses with intervals, matched filters, p by rank."""
    pairs, count = studied.pairs, len(studied.stratum)
    at = np.searchsorted(measured.filters, pairs.filters), pairs.units
    low, high = measured.units.interval(seed)
    mean = every_filter(measured.units, measured.filters, count).mean
    chosen = associations.data.transpose("filter", "au", ...)
    return pd.DataFrame(
        {
            "filter": activity.filters[pairs.filters],
            "layer": activity.layers[pairs.filters],
            "unit": [facs.label(int(studied.units[unit])) for unit in pairs.units],
            **{name: chosen[name].values[pairs.filters, pairs.units] for name in ("auroc", "z")},
            "q_auroc": chosen["q_auroc"].values[pairs.filters, pairs.units],
            "q_beyond": chosen["q_beyond"].values[pairs.filters, pairs.units],
            "separation_lost": measured.units.mean[at],
            "separation_lost_low": low[at],
            "separation_lost_high": high[at],
            "auroc_lost": measured.auroc[at],
            "probability_lost": measured.probability[at],
            "matched": np.array([len(one) for one in pairs.matched], dtype=np.int64),
            "excess": pair_excess(mean, pairs),
            "p_rank": pair_p(mean, pairs),
            "faces_lost": measured.accuracy[at[0]],
        }
    )


def _those(pairs: Pairs, kept: NDArray[np.bool_]) -> Pairs:
    matched = tuple(one for one, keep in zip(pairs.matched, kept, strict=True) if keep)
    return Pairs(pairs.filters[kept], pairs.units[kept], matched)


def _company(each: Floats, company: NDArray[np.bool_]) -> Floats:
    """Mean loss (subject, filter, au) of a unit's company; NaN where none is known."""
    known = np.isfinite(each)
    total = np.where(known, each, 0.0) @ company.T.astype(np.float64)
    count = known.astype(np.float64) @ company.T.astype(np.float64)
    return np.asarray(total / np.where(count > 0, count, np.nan))
