"""Are the chosen filters special? Filters of one layer and of like activity change places.

Nothing is said of a single pair by a p-value below 1 / (matched + 1). What is said of all pairs
together counts filters, not pairs: in each draw every filter changes places, with all its
losses, with a random one of its stratum, so that pairs which share filters, units which occur
together and matched filters that serve several pairs are as dependent as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.stats.losses import Loss, resampled
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Positions = NDArray[np.int64]

STRATUM: Final = 8
DRAWS: Final = 9999
# Losses are shares and probabilities; what a float32 network rounds is a tie, never a finding.
TIE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Pairs:
    """Filters that are studied, each with one action unit and with matched filters."""

    filters: Positions
    """(pair,)"""
    units: Positions
    """(pair,) column of the losses."""
    matched: tuple[Positions, ...]
    """For each pair, its matched filters; one at least."""

    def __len__(self) -> int:
        return len(self.filters)


@dataclass(frozen=True)
class SetTest:
    """What studied filters lose more than matched ones, over all pairs."""

    estimate: float
    low: float
    high: float
    """95 % interval for other people; NaN for fewer than 20."""
    p: float
    """One-sided, over filters."""
    pairs: int


def activity_ranks(mean: Floats, area: Floats, layers: NDArray[np.str_], live: Labels) -> Floats:
    """Ranks (filter, 2) of live filters inside their layer, in [0, 1]; NaN for others.

    `mean` (filter,) of the map, `area` (filter,) the share of it that answers; ties keep the order
    of the filters.
    """
    ranks = np.full((len(mean), 2), np.nan)
    for layer in np.unique(layers):
        inside = np.flatnonzero((layers == layer) & live)
        for column, values in enumerate((mean, area)):
            order = np.argsort(values[inside], kind="stable")
            ranks[inside[order], column] = np.arange(len(inside)) / max(len(inside) - 1, 1)
    return ranks


def matched_filters(
    ranks: Floats, layers: NDArray[np.str_], one: int, eligible: Labels, count: int
) -> Positions:
    """The `count` eligible filters of the layer of filter `one` that are nearest by rank.

    Itself is never among them; fewer where the layer has no more.
    """
    allowed = eligible & (layers == layers[one]) & np.isfinite(ranks).all(axis=1)
    allowed[one] = False
    candidates = np.flatnonzero(allowed)
    distance = np.square(ranks[candidates] - ranks[one]).sum(axis=1)
    return candidates[np.argsort(distance, kind="stable")[:count]]


def strata(ranks: Floats, layers: NDArray[np.str_]) -> Positions:
    """(filter,) stratum: about eight live filters of a layer, neighbours in activity; -1 others."""
    found = np.full(len(layers), -1, dtype=np.int64)
    first = 0
    for layer in dict.fromkeys(layers.tolist()):
        inside = np.flatnonzero((layers == layer) & np.isfinite(ranks).all(axis=1))
        order = inside[np.argsort(ranks[inside].sum(axis=1), kind="stable")]
        parts = max(len(order) // STRATUM, 1)
        for part, members in enumerate(np.array_split(order, parts)):
            found[members] = first + part
        first += parts
    return found


def exchanges(stratum: Positions, draws: int, seed: int) -> Positions:
    """Random exchanges inside strata (draw, filter): who stands in each filter's place."""
    rng = np.random.default_rng(seed)
    places = np.argsort(stratum, kind="stable")
    keys = rng.random((draws, len(stratum)))
    keys[:, stratum < 0] = np.arange(int((stratum < 0).sum()))  # these stay
    drawn = np.lexsort((keys, np.broadcast_to(stratum, keys.shape)), axis=1)
    found = np.empty_like(drawn)
    found[:, places] = drawn
    return found.astype(np.int64)


def pair_excess(losses: Floats, pairs: Pairs) -> Floats:
    """(pair,) loss of each studied filter less the mean of its matched ones.

    `losses` (filter, unit).
    """
    together = zip(pairs.filters, pairs.units, pairs.matched, strict=True)
    excess = [losses[one, unit] - losses[some, unit].mean() for one, unit, some in together]
    return np.array(excess, dtype=np.float64)


def pair_p(losses: Floats, pairs: Pairs) -> Floats:
    """(pair,) one-sided p by the rank of a studied filter among its matched ones."""
    found = []
    for one, unit, some in zip(pairs.filters, pairs.units, pairs.matched, strict=True):
        reached = int((losses[some, unit] >= losses[one, unit] - TIE).sum())
        found.append((1 + reached) / (1 + len(some)))
    return np.array(found, dtype=np.float64)


def set_test(
    loss: Loss, pairs: Pairs, stratum: Positions, *, draws: int = DRAWS, seed: int = 0
) -> SetTest:
    """Do studied filters lose more of their own column than matched ones, over all pairs?

    `loss` (subject, filter, unit). The statistic is the mean of `pair_excess`; its null lets
    filters change places inside strata: that which filter answers to which unit has nothing to do
    with what silencing does, among filters of like activity. Raises InputError without pairs.
    """
    if not len(pairs):
        raise InputError(Fault("there is no pair to test"))
    mean = loss.mean
    # T = sum over filters and units of contrast * loss.
    contrast = _contrast(pairs, mean.shape)
    used = np.flatnonzero(contrast.any(axis=0))
    values, weights = mean[:, used], contrast[:, used]
    observed = float((weights * values)[np.isfinite(values)].sum())
    values = np.where(np.isfinite(values), values, 0.0)
    reached, chunk = 0, 500
    for start in range(0, draws, chunk):
        moved = exchanges(stratum, min(chunk, draws - start), _mixed(seed, start))
        sums = np.einsum("dfu,fu->d", values[moved], weights)
        reached += int((sums >= observed - TIE).sum())
    low, high = _people(loss, contrast, seed)
    return SetTest(observed, low, high, (1 + reached) / (1 + draws), len(pairs))


def _contrast(pairs: Pairs, shape: tuple[int, ...]) -> Floats:
    """(filter, unit) weights of the losses in the mean over pairs."""
    contrast = np.zeros(shape)
    for one, unit, matched in zip(pairs.filters, pairs.units, pairs.matched, strict=True):
        contrast[one, unit] += 1 / len(pairs)
        contrast[matched, unit] -= 1 / len(matched) / len(pairs)
    return contrast


def _people(loss: Loss, contrast: Floats, seed: int) -> tuple[float, float]:
    """Bounds of the statistic when subjects are resampled."""
    subjects = len(loss.each)
    if subjects < FEWEST_SUBJECTS:
        return float("nan"), float("nan")
    known = np.isfinite(loss.each).any(axis=1)
    parts = np.einsum("sfu,fu->su", np.where(np.isfinite(loss.each), loss.each, 0.0), contrast)
    counts = resampled(subjects, seed)
    weight = counts @ known
    drawn = np.nansum(counts @ parts / np.where(weight > 0, weight, np.nan), axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _mixed(seed: int, start: int) -> int:
    return int(np.random.SeedSequence([seed, start]).generate_state(1)[0])
