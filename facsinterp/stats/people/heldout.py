"""What a chosen pair is worth on people it was not chosen on: no winner's curse.

The best of hundreds of filters looks strong in the very rows it was chosen on, also where
no filter knows anything. Here the choice is made on one half of the subjects and the AUROC
is taken from the other half, then the halves change places; the mean over random splits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from facsinterp.errors import Fault, InputError
from facsinterp.stats.closed.moments import standard_score
from facsinterp.stats.effect import midranks
from facsinterp.stats.schemes import Scheme

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Positions = NDArray[np.int64]

Score = Callable[[Floats, Labels, Positions], Floats]
"""From weights (n, J), labels (n, U) and the subject of each row (n,) as a number to what
pairs are chosen by, larger is better (J, U); NaN where a pair cannot be chosen."""


class BestHeldOut(NamedTuple):
    """For each action unit the filter that answers most to it; all (U,), NaN or -1 = none."""

    auroc: Floats
    """Held out: pooled AUROC among the subjects that the filter was not chosen on."""
    spread: Floats
    """Standard deviation of it over splits."""
    chosen_on: Floats
    """AUROC of the same filters among the subjects they were chosen on, for comparison."""
    splits: Positions
    """Splits with a held-out value."""
    filter: Positions
    """The filter chosen on all subjects."""
    agreement: Floats
    """Share of the halves with a choice that choose it as well."""
    in_sample: Floats
    """AUROC of that filter among all subjects: what not to report."""
    often: Positions
    """The filter that was chosen most often in the halves."""
    share: Floats
    """Share of the halves with a choice in which it was chosen."""


class NamedHeldOut(NamedTuple):
    """For each filter the action unit it answers most to; all (J,), NaN or -1 = none."""

    auroc: Floats
    """Held out: pooled AUROC for the unit named by the other half of the subjects."""
    spread: Floats
    """Standard deviation of it over splits."""
    splits: Positions
    """Splits with a held-out value."""
    unit: Positions
    """The action unit named by all subjects."""
    often: Positions
    """The action unit that was named most often in the halves."""
    share: Floats
    """Share of the halves with a name in which it was named."""
    agreement: Floats
    """Share of the splits whose two halves name one and the same unit."""


def within_subject_z(weights: Floats, labels: Labels, owner: Positions) -> Floats:
    """`stats.closed.moments.standard_score` under shuffles inside subjects (J, U)."""
    return standard_score(weights, labels, Scheme.of_blocks(owner))


def best_held_out(
    activation: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike,
    *,
    seed: int,
    allowed: ArrayLike | None = None,
    splits: int = 20,
    score: Score = within_subject_z,
) -> BestHeldOut:
    """The best filter of each action unit, and its AUROC on subjects it was not chosen on (U,).

    `activation` (n, J), `labels` (n, U) bool, `subjects` (n,). The filter with the largest
    `score` of the midranks of all rows is chosen among the `allowed` pairs, bool (J, U).
    Each split divides the subjects by `halves`; where one half cannot choose, or the other
    not measure, that side of the split is left out. Deterministic in `seed`. Raises
    InputError when the arrays do not fit together.
    """
    data = _Data.of(activation, labels, subjects, allowed, score)
    filters, units = data.allowed.shape
    held, inside = np.full((2, splits, 2, units), np.nan)
    chosen = np.full((splits, 2, units), -1)
    every = np.arange(units)
    for split, halves in enumerate(data.halves(splits, seed)):
        for side, (mine, other) in enumerate((halves, halves[::-1])):
            best = data.choice(mine, axis=0)
            chosen[split, side] = best
            held[split, side] = data.auroc(other, best, every)
            inside[split, side] = data.auroc(mine, best, every)
    best = data.choice(np.arange(len(data.labels)), axis=0)
    halved = chosen.reshape(-1, units)
    often, share = _mode(halved, filters)
    made = (halved >= 0).sum(axis=0)
    value, spread, count = _over_splits(held)
    return BestHeldOut(
        auroc=value,
        spread=spread,
        chosen_on=_over_splits(inside)[0],
        splits=count,
        filter=best,
        agreement=((halved == best) & (halved >= 0)).sum(axis=0) / np.where(made, made, np.nan),
        in_sample=data.auroc(np.arange(len(data.labels)), best, every),
        often=often,
        share=share,
    )


def named_held_out(
    activation: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike,
    *,
    seed: int,
    allowed: ArrayLike | None = None,
    splits: int = 20,
    score: Score = within_subject_z,
) -> NamedHeldOut:
    """The action unit each filter answers most to, and its AUROC on other subjects (J,).

    As `best_held_out`, but each filter names the action unit with the largest `score`.
    """
    data = _Data.of(activation, labels, subjects, allowed, score)
    filters, units = data.allowed.shape
    held = np.full((splits, 2, filters), np.nan)
    named = np.full((splits, 2, filters), -1)
    every = np.arange(filters)
    for split, halves in enumerate(data.halves(splits, seed)):
        for side, (mine, other) in enumerate((halves, halves[::-1])):
            named[split, side] = data.choice(mine, axis=1)
            held[split, side] = data.auroc(other, every, named[split, side])
    often, share = _mode(named.reshape(-1, filters), units)
    both = (named >= 0).all(axis=1)
    same = ((named[:, 0] == named[:, 1]) & both).sum(axis=0)
    value, spread, count = _over_splits(held)
    return NamedHeldOut(
        auroc=value,
        spread=spread,
        splits=count,
        unit=data.choice(np.arange(len(data.labels)), axis=1),
        often=often,
        share=share,
        agreement=same / np.where(both.any(axis=0), both.sum(axis=0), np.nan),
    )


def halves(
    labels: Labels, owner: Positions, rng: np.random.Generator
) -> tuple[Positions, Positions]:
    """Rows of two random halves of the subjects that share out each action unit evenly.

    Iterative stratification (Sechidis, Tsoumakas & Vlahavas 2011) of subjects by the action
    units they show and those they lack in some row: the one that the fewest subjects have
    comes first, and each of its subjects goes to the half with fewer of them, then to the
    smaller half, then to either.
    """
    traits = np.zeros((int(owner.max()) + 1, 2 * labels.shape[1] + 1), dtype=bool)
    np.logical_or.at(traits[:, :-1], owner, np.hstack([labels, ~labels]))
    traits[:, -1] = True  # what is left is only dealt out evenly
    side = np.zeros(len(traits), dtype=np.int64)  # -1 and 1, 0 = not yet
    order = rng.permutation(len(traits))
    coin = rng.integers(0, 2, len(traits)) * 2 - 1
    whole = 0
    many = traits.sum(axis=0)
    for trait in np.argsort(many, kind="stable"):
        having = traits[:, trait]
        tilt = int(side[having].sum())
        for one in order[having[order] & (side[order] == 0)]:
            side[one] = -np.sign(tilt) or -np.sign(whole) or coin[one]
            tilt += side[one]
            whole += side[one]
    return np.flatnonzero(side[owner] < 0), np.flatnonzero(side[owner] > 0)


@dataclass(frozen=True)
class _Data:
    values: Floats
    weights: Floats
    """(n, J) midranks of all rows; labels play no part in them."""
    labels: Labels
    owner: Positions
    allowed: NDArray[np.bool_]
    score: Score

    @classmethod
    def of(
        cls,
        activation: ArrayLike,
        labels: ArrayLike,
        subjects: ArrayLike,
        allowed: ArrayLike | None,
        score: Score,
    ) -> _Data:
        weights, on = midranks(activation), np.asarray(labels, dtype=bool)
        owner = np.unique(np.asarray(subjects), return_inverse=True)[1]
        shape = weights.shape[1], on.shape[1]
        pairs = np.ones(shape, bool) if allowed is None else np.asarray(allowed, dtype=bool)
        if not len(weights) == len(on) == len(owner) or pairs.shape != shape:
            got = f"{weights.shape}, {on.shape}, {owner.shape} and allowed {pairs.shape}"
            raise InputError(Fault("activation, labels and subjects do not fit", got=got))
        return cls(np.asarray(activation), weights, on, owner, pairs, score)

    def halves(self, splits: int, seed: int) -> Iterator[tuple[Positions, Positions]]:
        for split in range(splits):
            yield halves(self.labels, self.owner, np.random.default_rng([seed, split]))

    def choice(self, rows: Positions, *, axis: int) -> Positions:
        """The allowed filter (axis 0) or action unit (axis 1) that scores most; -1 = none."""
        owner = np.unique(self.owner[rows], return_inverse=True)[1]
        scores = self.score(self.weights[rows], self.labels[rows], owner)
        open_to = self.allowed & np.isfinite(scores)
        best = np.where(open_to, scores, -np.inf).argmax(axis=axis)
        return np.where(open_to.any(axis=axis), best, -1)

    def auroc(self, rows: Positions, filters: Positions, units: Positions) -> Floats:
        """Pooled AUROC of pairs (k,) in some rows; NaN without a choice or a contrast."""
        on = self.labels[np.ix_(rows, units)]
        with_unit = on.sum(axis=0).astype(np.float64)
        pairs = with_unit * (len(rows) - with_unit)
        chosen = (filters >= 0) & (units >= 0) & (pairs > 0)
        ranked = rankdata(self.values[np.ix_(rows, filters)], axis=0)
        above: Floats = (ranked * on).sum(axis=0) - with_unit * (with_unit + 1) / 2
        return np.where(chosen, above / np.where(pairs > 0, pairs, np.nan), np.nan)


def _over_splits(held: Floats) -> tuple[Floats, Floats, Positions]:
    """Mean over splits (split, side, k) of the mean of the sides, its sd, and the splits."""
    known = np.isfinite(held)
    sides = known.sum(axis=1)
    each = np.sum(held, axis=1, where=known) / np.where(sides > 0, sides, np.nan)
    there = sides > 0
    count = there.sum(axis=0)
    mean = np.sum(each, axis=0, where=there) / np.where(count > 0, count, np.nan)
    square = np.sum((each - mean) ** 2, axis=0, where=there)
    return mean, np.sqrt(square / np.where(count > 1, count - 1, np.nan)), count


def _mode(choices: Positions, kinds: int) -> tuple[Positions, Floats]:
    """The most frequent choice of each column (halves, k) that is not -1, and its share."""
    counts = np.zeros((kinds + 1, choices.shape[1]), dtype=np.int64)
    np.add.at(counts, (choices, np.arange(choices.shape[1])), 1)  # -1 goes to the last row
    made = counts[:-1].sum(axis=0)
    often = np.where(made > 0, counts[:-1].argmax(axis=0), -1)
    return often, counts[:-1].max(axis=0) / np.where(made > 0, made, np.nan)
