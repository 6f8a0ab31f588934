"""One store on the bench: its family of tests, and the p-values that several methods share.

Everything that counts as a product of facsinterp is computed by `facsinterp.stats`, as the
association step computes it. What does not (papers' rules, tests that the literature
offers) is in `rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp import FacsinterpError
from facsinterp.stats import top
from facsinterp.stats.closed.exact import attainable_p, precision_tail
from facsinterp.stats.closed.moments import moments, standard_score
from facsinterp.stats.deflation import deflated, deflation
from facsinterp.stats.divergence import atom_and_quantile_bins
from facsinterp.stats.effect import midranks
from facsinterp.stats.flips import flip_tail
from facsinterp.stats.nulls import NULLS, Rows, Scheme
from facsinterp.stats.permute import (
    Tally,
    divergence_tail,
    p_values,
    residual_ranks,
    upper_tail,
    whole_weights,
)
from facsinterp.stats.tails import refined

from .simulator import Simulated, Truth

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Whole = NDArray[np.int64]

ALPHA: Final = 0.05
# As the association step asks: sequences with and without the unit, and subjects with it.
FEWEST: Final = 5
BINS: Final = 11


@dataclass(frozen=True)
class Table:
    """Rows of one kind, images or sequences: activation (n, J), labels (n, U), and whose."""

    activation: Floats
    labels: Labels
    rows: Rows

    @cached_property
    def ranks(self) -> Whole:
        """Twice the midranks of each filter (n, J), whole numbers."""
        return np.rint(2 * midranks(self.activation)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Bench:
    """A store, cut to its family: live filters, and units seen often enough."""

    store: Simulated
    shuffles: int
    seed: int
    _kept: dict[str, Ranked] = field(default_factory=dict, init=False)

    @cached_property
    def _starts(self) -> Whole:
        return np.unique(self.store.sequences, return_index=True)[1]

    @cached_property
    def live(self) -> Whole:
        """Filters that do not give one value to all images."""
        return np.flatnonzero(np.ptp(self.store.activation, axis=0) > 0)

    @cached_property
    def units(self) -> Whole:
        """Units with 5 positive and 5 negative sequences, the positive ones of 5 subjects."""
        shown = np.logical_or.reduceat(self.store.labels, self._starts, axis=0)
        subjects = self.store.subjects[self._starts]
        people = np.array([len(np.unique(subjects[column])) for column in shown.T])
        count = shown.sum(axis=0)
        absent = (
            (~self.store.labels).sum(axis=0) if self.store.scenario.dynamic else len(shown) - count
        )
        return np.flatnonzero((count >= FEWEST) & (absent >= FEWEST) & (people >= FEWEST))

    @cached_property
    def truth(self) -> Truth:
        """What is so in the family."""
        given, pairs = self.store.truth, np.ix_(self.live, self.units)
        return Truth(
            given.marginal[pairs],
            given.conditional[pairs],
            given.planted[pairs],
            given.effect[self.live],
        )

    @cached_property
    def images(self) -> Table:
        """Every image a row."""
        store = self.store
        rows = Rows.of(store.subjects, store.emotions, store.sequences.astype(np.str_))
        return Table(store.activation[:, self.live], store.labels[:, self.units], rows)

    @cached_property
    def sequences(self) -> Table:
        """Every sequence a row, its activation the mean over its frames."""
        images, starts = self.images, self._starts
        total = np.add.reduceat(images.activation, starts, axis=0)
        mean = total / np.bincount(self.store.sequences)[:, None]
        chosen = images.rows.select(starts)
        return Table(mean, images.labels[starts], Rows.of(chosen.subjects, chosen.emotions))

    def whole(self) -> tuple[Floats, Labels, NDArray[np.str_]]:
        """Sequences of all filters and all units, in the family or not, and their subjects."""
        total = np.add.reduceat(self.store.activation, self._starts, axis=0)
        mean = total / np.bincount(self.store.sequences)[:, None]
        return mean, self.store.labels[self._starts], self.store.subjects[self._starts]

    def largest_by_filter(self) -> tuple[NDArray[np.float32], Floats, Whole]:
        """Largest z of each filter, in each shuffle (m, J) and observed (J,), and over what units.

        Under the default null.
        """
        table, scheme = self.sequences, self.scheme(self.default)
        units = self.tested(scheme, table.labels)
        on = table.labels[:, units]
        known = moments(table.ranks, on, scheme)
        tally = upper_tail(
            table.ranks,
            on,
            scheme,
            count=self.shuffles,
            seed=self.seed,
            moments=known,
            by_filter=self.shuffles,
        )
        assert tally.by_filter is not None
        observed = np.nanmax(standard_score(table.ranks, on, scheme), axis=1)
        return tally.by_filter, observed, units

    @cached_property
    def peaks(self) -> Floats:
        """(sequence, filter) the best frame of each sequence."""
        return np.asarray(np.maximum.reduceat(self.images.activation, self._starts, axis=0))

    @cached_property
    def default(self) -> str:
        """The null that the rows can bear: without people that come back all rows are alike."""
        return "within-subject" if self.store.scenario.people else "free"

    def scheme(self, null: str) -> Scheme:
        """How sequences may move under a null; none does where they cannot bear it."""
        rows = self.sequences.rows
        try:
            return NULLS[null].bind(rows)
        except FacsinterpError:
            return Scheme.of_blocks(np.arange(len(rows)))

    def tested(self, scheme: Scheme, labels: Labels) -> Whole:
        """Units that some filter could pass with under these shuffles (attainable p)."""
        return np.flatnonzero(attainable_p(labels, scheme) <= ALPHA / 100)

    def tops(self, count: int, null: str) -> Floats:
        """p of precision among the top `count`, one per sequence; exact where that is feasible."""
        weights = top.top_weights(self.peaks, min(count, len(self.peaks)))
        scheme = self.scheme(null)
        labels = self.sequences.labels
        if not scheme.singly:
            return self._shuffled(weights.weights, scheme)
        units = self.tested(scheme, labels)
        p = precision_tail(weights, labels[:, units], scheme.stratum)
        if np.isnan(p).any():
            p = np.where(np.isnan(p), self._shuffled(weights.weights, scheme)[:, units], p)
        return self._spread(p, units)

    def paper(self, null: str) -> Floats:
        """p of precision among the top 10 images, labels of whole sequences shuffled."""
        weights = top.top_weights(self.images.activation, 10).weights
        return self._shuffled(np.add.reduceat(weights, self._starts, axis=0), self.scheme(null))

    def ranked(self, null: str) -> Ranked:
        """The rank sum test of sequences under a null, its smallest p-values refined."""
        if null not in self._kept:
            self._kept[null] = self._ranked(self.sequences.ranks, self.scheme(null))
        return self._kept[null]

    @cached_property
    def _residuals(self) -> Whole:
        """Ranks less what subject and emotion explain, as whole numbers."""
        table = self.sequences
        factors = [table.rows.emotions]
        if self.store.scenario.people:
            factors.append(table.rows.subjects)
        return whole_weights(residual_ranks(midranks(table.activation), *factors))

    @cached_property
    def residualised(self) -> Floats:
        """p beyond emotion: residual ranks, shuffled in emotions."""
        return self._ranked(self._residuals, self.scheme("within-emotion")).p

    @cached_property
    def deflated(self) -> Floats:
        """The same for people who differ in spread: what facsinterp does."""
        table, scheme = self.sequences, self.scheme("within-emotion")
        expected = moments(self._residuals, table.labels, scheme)
        people = table.rows.subjects
        factor = deflation(self._residuals, table.labels, scheme, people, expected.sd)
        return deflated(self.residualised, factor)

    def divergence(self, null: str) -> Floats:
        """p of the KL divergence of sequences under a null."""
        table, scheme = self.sequences, self.scheme(null)
        units = self.tested(scheme, table.labels)
        tally = divergence_tail(
            atom_and_quantile_bins(table.activation, BINS),
            table.labels[:, units],
            scheme,
            count=self.shuffles,
            seed=self.seed,
            number_of_bins=BINS,
        )
        return self._spread(p_values(tally.reached, self.shuffles), units)

    def flips(self, *, emotions: bool = False) -> Floats:
        """p by flips of the subjects' scores; with `emotions` beyond emotion."""
        table = self.sequences
        tally = flip_tail(
            table.ranks,
            table.labels,
            table.rows.subjects,
            count=self.shuffles,
            seed=self.seed,
            emotions=table.rows.emotions if emotions else None,
        )
        return p_values(tally.reached, self.shuffles)

    def courses(self) -> Floats:
        """p of images: whole time courses of a subject's takes swapped."""
        images = self.images
        scheme = NULLS["time-courses"].bind(images.rows)
        tally = self._tally(images.ranks, images.labels, scheme)
        return p_values(tally.reached, self.shuffles)

    def image_flips(self, *, takes: bool) -> Floats:
        """p of images by flips of the scores of subjects, or of takes."""
        images = self.images
        owners = images.rows.takes if takes else images.rows.subjects
        tally = flip_tail(images.ranks, images.labels, owners, count=self.shuffles, seed=self.seed)
        return p_values(tally.reached, self.shuffles)

    def _ranked(self, weights: Whole, scheme: Scheme) -> Ranked:
        labels = self.sequences.labels
        units = self.tested(scheme, labels)
        if not len(units):
            return Ranked(self._nothing, self._nothing, np.full(self.shuffles, -np.inf))
        on = labels[:, units]
        known = moments(weights, on, scheme)
        tally = upper_tail(weights, on, scheme, count=self.shuffles, seed=self.seed, moments=known)
        p = refined(tally, weights, on, scheme).p
        z = standard_score(weights, on, scheme)
        return Ranked(self._spread(p, units), self._spread(z, units), tally.largest)

    def _shuffled(self, weights: Whole, scheme: Scheme) -> Floats:
        labels = self.sequences.labels
        units = self.tested(scheme, labels)
        tally = self._tally(weights, labels[:, units], scheme)
        return self._spread(p_values(tally.reached, self.shuffles), units)

    def _tally(self, weights: Whole, labels: Labels, scheme: Scheme) -> Tally:
        return upper_tail(weights, labels, scheme, count=self.shuffles, seed=self.seed)

    def _spread(self, values: Floats, units: Whole) -> Floats:
        """Values of some units in the columns of all; NaN in the others."""
        result = self._nothing.copy()
        result[:, units] = values
        return result

    @cached_property
    def _nothing(self) -> Floats:
        """What a method says where it can test no unit (J, U)."""
        return np.full((len(self.live), len(self.units)), np.nan)


@dataclass(frozen=True)
class Ranked:
    """A rank sum test: p and z (J, U), and the largest z of each shuffle."""

    p: Floats
    z: Floats
    largest: Floats | None
