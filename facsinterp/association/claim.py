"""One claim about every pair of filter and action unit, and its test.

"auroc": the filter carries information about the unit. "beyond": it carries more than the
emotion tells. Both test a rank sum; they differ in the ranks, in what may be shuffled, and
in the observations that can be used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.margins import Margins
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.progress import Advance
from facsinterp.stats import nulls
from facsinterp.stats.closed.exact import precision_tail
from facsinterp.stats.closed.moments import moments
from facsinterp.stats.deflation import deflated, deflation
from facsinterp.stats.effect import midranks
from facsinterp.stats.flips import flip_score, flip_tail
from facsinterp.stats.permute import p_values, residual_ranks, upper_tail, whole_weights
from facsinterp.stats.tails import EXACT, SHUFFLES, refined
from facsinterp.stats.top import TopWeights

Name = Literal["auroc", "beyond"]
Numbers = dict[str, NDArray[Any]]
Labels = NDArray[np.bool_]

# Shuffles whose largest z of each filter are kept, for the bounds on how many filters answer.
KEPT: Final = 1000


@dataclass(frozen=True)
class Draws:
    """How many shuffles, from which seed, where, and whether both tails count."""

    count: int
    seed: int
    both: bool
    device: str

    @classmethod
    def of(cls, settings: Settings, device: str) -> Self:
        """As the settings say."""
        return cls(settings.permutations, settings.seed, settings.sides == "two", device)


@dataclass(frozen=True)
class Claim:
    """Which null, and what the margins say of each action unit under it."""

    name: Name
    null: nulls.Null
    margins: Margins

    @classmethod
    def of(cls, name: Name, units: Units, settings: Settings) -> Self:
        """The claim as the settings ask for it.

        Raises InputError, with the way out, where the marginal null cannot be used on the
        observations at all; a claim beyond emotion is then one without testable units.
        """
        null = nulls.null_named(settings.null if name == "auroc" else settings.beyond)
        known = units.known
        if name == "auroc" and null.shuffles:
            null.bind(known.select(null.usable(known)))
        return cls(
            name,
            null,
            Margins.of(
                units,
                null,
                min_units=settings.min_units,
                alpha=settings.alpha,
                both=settings.sides == "two",
            ),
        )

    def test(
        self,
        activation: NDArray[np.float32],
        labels: Labels,
        known: nulls.Rows,
        draws: Draws,
        advance: Advance,
    ) -> Numbers:
        """z, p, its way, and how many shuffles reached the rank sum, (filter, au) each.

        `activation` (n, filter), `labels` (n, au), `known` (n) of the same observations.
        Also, where rows are shuffled, `largest` z of each shuffle, and `maxima` (shuffle,
        filter) of the first of them.
        """
        ranks = midranks(activation)
        if not self.null.shuffles:
            return self._flipped(ranks, labels, known, draws, advance)
        if self.null.residual:
            told = {"subject": known.subjects, "emotion": known.emotions}
            ranks = residual_ranks(ranks, *(told[name] for name in self.null.residual))
        weights, scheme = whole_weights(ranks), self.null.bind(known)
        expected = moments(weights, labels, scheme)
        tally = upper_tail(
            weights,
            labels,
            scheme,
            count=draws.count,
            seed=draws.seed,
            moments=expected,
            both=draws.both,
            by_filter=min(KEPT, draws.count),
            device=draws.device,
            advance=advance,
        )
        tails = refined(tally, weights, labels, scheme)
        p = tails.p
        spread = np.where(expected.sd > 0, expected.sd, np.nan)
        z = (weights.T @ labels.astype(np.float64) - expected.mean) / spread
        if self.null.residual:  # rows change places between people, who may differ in spread
            factor = deflation(weights, labels, scheme, known.subjects, expected.sd)
            z, p = z * factor, deflated(p, factor, both=draws.both)
        found = self._named(z, p, tails.method, tally.reached)
        assert tally.largest is not None  # moments were given
        assert tally.by_filter is not None
        return found | {"largest": tally.largest, "maxima": tally.by_filter}

    def precision(
        self, top: TopWeights, labels: Labels, known: nulls.Rows, draws: Draws, advance: Advance
    ) -> Numbers:
        """p of precision among the top N: exact where rows move singly, else by shuffles.

        One-sided whatever the settings say: precision is that of a detector. NaN under a
        null that does not shuffle.
        """
        if not self.null.shuffles:
            advance(draws.count)
            none = np.full((top.weights.shape[1], labels.shape[1]), np.nan)
            return {"p_precision": none, "way_precision": np.full(none.shape, -1)}
        scheme = self.null.bind(known)
        found = np.full((top.weights.shape[1], labels.shape[1]), np.nan)
        if scheme.singly:
            found = precision_tail(top, labels, scheme.stratum)
        way = np.where(np.isfinite(found), EXACT, SHUFFLES)
        left = np.flatnonzero(np.isnan(found).any(axis=1))
        if len(left):
            weights = top.weights[:, left]
            tally = upper_tail(weights, labels, scheme, count=draws.count, seed=draws.seed)
            shuffled = p_values(tally.reached, draws.count)
            found[left] = np.where(np.isnan(found[left]), shuffled, found[left])
        advance(draws.count)
        return {"p_precision": found, "way_precision": way}

    def _flipped(
        self,
        ranks: NDArray[np.float64],
        labels: Labels,
        known: nulls.Rows,
        draws: Draws,
        advance: Advance,
    ) -> Numbers:
        """The same by turning signs of subjects; then no shuffle has a largest z."""
        emotions = known.emotions if self.name == "beyond" else None
        tally = flip_tail(
            ranks,
            labels,
            known.subjects,
            count=draws.count,
            seed=draws.seed,
            emotions=emotions,
            both=draws.both,
            advance=advance,
        )
        p = p_values(tally.reached, draws.count)
        if tally.below is not None:
            p = np.minimum(1.0, 2 * np.minimum(p, p_values(tally.below, draws.count)))
        z = flip_score(ranks, labels, known.subjects, emotions=emotions)
        return self._named(z, p, np.full(p.shape, SHUFFLES), tally.reached)

    def _named(self, z: Any, p: Any, way: Any, reached: Any) -> Numbers:  # noqa: ANN401
        score = "z" if self.name == "auroc" else "z_beyond"
        return {
            score: z,
            f"p_{self.name}": p,
            f"way_{self.name}": way.astype(np.int64),
            f"reached_{self.name}": reached,
        }
