"""How often a finding on a filter comes back on the partner of that filter elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Recurrence:
    """What became of the findings of one network in another, by action unit."""

    findings: NDArray[np.int64]
    """(unit,) findings on filters that have a partner."""
    recurring: NDArray[np.int64]
    """(unit,) of these, that hold for the partner too."""
    by_chance: Floats
    """(unit,) how many would if partners were dealt at random."""

    def __add__(self, other: Recurrence) -> Recurrence:
        return Recurrence(
            self.findings + other.findings,
            self.recurring + other.recurring,
            self.by_chance + other.by_chance,
        )


def recurrence(found: Bools, elsewhere: Bools, partner: NDArray[np.int64]) -> Recurrence:
    """The findings `found` (filter, unit) of one network looked up at their partners.

    `elsewhere` (filter, unit): the findings of the other network; `partner` (filter,), -1 for
    none. By chance: each finding would meet one with the share of matched filters of the
    other network that have it, which is its mean over all ways of dealing the partners.
    """
    matched = partner >= 0
    mine, theirs = found[matched], elsewhere[partner[matched]]
    count = mine.sum(axis=0)
    share = theirs.mean(axis=0) if matched.any() else np.zeros(found.shape[1])
    return Recurrence(count, (mine & theirs).sum(axis=0), count * share)


@dataclass(frozen=True)
class Share:
    """A share of findings, and how far it moves when some networks are left out."""

    share: float
    low: float
    high: float
    interval: str
    """What the interval is over; where the bounds are NaN, why there is none."""
    by_chance: float
    findings: int


def share_of(
    pairs: Iterable[tuple[int, int, Recurrence]], folds: Sequence[str], level: float = 0.95
) -> Share | None:
    """The share of findings that recur, over pairs of networks (first, second, what recurred).

    `folds`: that of each network. Networks of one fold share who they learn from and whom they
    are asked of, so the jackknife leaves out a fold at a time, with all pairs that it is in, and
    t has one degree of freedom less than folds (Arvesen 1969, for statistics of pairs). Where all
    pairs are of one fold it leaves out a network at a time, and the interval is of the luck of
    training alone, on these people. NaN bounds, and why, for fewer than three to leave out, and
    where leaving them out moves nothing. None where there is no finding.
    """
    known = list(pairs)
    value = _share(known)
    if value is None:
        return None
    low, high, interval = _jackknife(value, known, folds, level)
    total = _summed(known)
    findings = int(total.findings.sum())
    return Share(value, low, high, interval, float(total.by_chance.sum() / findings), findings)


def _jackknife(
    value: float, pairs: Sequence[tuple[int, int, Recurrence]], folds: Sequence[str], level: float
) -> tuple[float, float, str]:
    """(low, high, over what), or (NaN, NaN, why not)."""
    one_fold = len({folds[at] for pair in pairs for at in pair[:2]}) == 1
    noun = "networks" if one_fold else "folds"
    group = {at: str(at) if one_fold else folds[at] for pair in pairs for at in pair[:2]}
    groups = sorted(set(group.values()))
    if len(groups) < 3:
        return np.nan, np.nan, f"too few {noun} for an interval"
    left = [
        _share([pair for pair in pairs if name not in (group[pair[0]], group[pair[1]])])
        for name in groups
    ]
    known = np.array([share for share in left if share is not None])
    if len(known) < len(groups):
        return np.nan, np.nan, f"findings in too few {noun} for an interval"
    if np.ptp(known) == 0:
        return np.nan, np.nan, f"no interval, since all {noun} agree"
    spread = (len(known) - 1) * float(known.var())
    half = float(student.ppf((1 + level) / 2, len(known) - 1)) * spread**0.5
    over = "over trainings, on these people" if one_fold else "over folds"
    return max(0.0, value - half), min(1.0, value + half), over


def _share(pairs: Sequence[tuple[int, int, Recurrence]]) -> float | None:
    if not pairs:
        return None
    total = _summed(pairs)
    findings = int(total.findings.sum())
    return float(total.recurring.sum() / findings) if findings else None


def _summed(pairs: Sequence[tuple[int, int, Recurrence]]) -> Recurrence:
    total = pairs[0][2]
    for _, _, found in pairs[1:]:
        total += found
    return total
