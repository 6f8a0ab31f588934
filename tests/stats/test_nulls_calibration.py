"""Does each null hold its level where it says that it does, and does it break where it says so?

Filters and action units never have anything to do with each other here; identity, habits,
trends, emotions, families and tasks may still tie them together. Seeds are fixed, and bounds
are Monte Carlo bounds over stores.
"""

import math

import numpy as np
import pytest

from facsinterp.stats import divergence, effect
from facsinterp.stats.nulls import Rows, Scheme, null_named
from facsinterp.stats.permute import (
    divergence_tail,
    p_values,
    residual_ranks,
    upper_tail,
    whole_weights,
)

STORES, SUBJECTS, EACH, FILTERS, UNITS, COUNT = 100, 24, 6, 10, 4, 199


def simulate(rng, *, identity=0.0, trend=0.0, emotion=0.0, family=1):
    """Activations (n, J), labels (n, U), and what is known of the rows.

    `identity`: what filters know of a person, and a person's habits. `trend`: both rise over a
    session. `emotion`: both follow the emotion. `family`: persons that share all of identity.
    """
    owner = np.repeat(np.arange(SUBJECTS), EACH)
    home = owner // family
    emotions = np.concatenate([rng.permutation(EACH) % 3 for _ in range(SUBJECTS)])
    time = np.tile(np.linspace(-1, 1, EACH), SUBJECTS)[:, None]

    def drawn(columns):
        return (
            identity * rng.normal(size=(SUBJECTS, columns))[home]
            + emotion * rng.normal(size=(3, columns))[emotions]
            + trend * time
            + rng.normal(size=(len(owner), columns))
        )

    activation, labels = np.maximum(0, drawn(FILTERS) + 0.3), drawn(UNITS) > 0.5
    return activation, labels, Rows.of(owner, emotions)


def size_of(name, stores=STORES, **given):
    """Share of p-values up to 0.05 over stores, with three and a half standard errors."""
    rng = np.random.default_rng(30)
    null = null_named(name)
    shares = []
    for store in range(stores):
        activation, labels, rows = simulate(rng, **given)
        ranks = effect.midranks(activation)
        if null.residual:
            ranks = residual_ranks(ranks, *(getattr(rows, f"{f}s") for f in null.residual))
        shares.append(rejected(ranks, labels, null.bind(rows), store))
    return np.mean(shares), 3.5 * np.std(shares, ddof=1) / math.sqrt(stores)


def rejected(ranks, labels, scheme, seed):
    found = upper_tail(whole_weights(ranks), labels, scheme, count=COUNT, seed=seed)
    return np.mean(p_values(found.reached, COUNT) <= 0.05)


HOLDS = [
    ("within-subject", {"identity": 2.0}),
    ("free", {}),
    ("whole-subject", {"identity": 2.0, "trend": 1.5}),
    ("within-emotion", {"emotion": 1.5}),
]
# Residuals vary less than what labels are shuffled against; twins that differ are few.
STAYS_BELOW = [
    ("within-emotion", {"identity": 2.0, "emotion": 1.5}),
    ("within-subject-and-emotion", {"identity": 2.0, "emotion": 1.5}),
]
BREAKS = [
    ("within-subject", {"identity": 2.0, "trend": 1.5}),
    ("free", {"identity": 2.0}),
    ("whole-subject", {"identity": 2.0, "family": 3}),
    ("within-emotion", {"identity": 2.0, "emotion": 1.5, "trend": 1.5}),
    ("within-subject-and-emotion", {"identity": 2.0, "trend": 1.5}),
]


@pytest.mark.parametrize(("null", "given"), HOLDS)
def test_the_level_holds_where_rows_are_exchangeable(null, given):
    mean, error = size_of(null, **given)
    assert abs(mean - 0.05) < error
    assert error < 0.025


@pytest.mark.parametrize(("null", "given"), STAYS_BELOW)
def test_less_than_the_level_is_found_where_little_can_move(null, given):
    mean, error = size_of(null, **given)
    assert 0.01 < mean < 0.05 + error


@pytest.mark.parametrize(("null", "given"), BREAKS)
def test_too_much_is_found_where_they_are_not(null, given):
    mean, error = size_of(null, **given)
    assert mean - error > 0.06


def test_raw_ranks_within_emotions_would_find_identity_and_habits():
    rng = np.random.default_rng(31)
    raw, residual = [], []
    for store in range(STORES):
        activation, labels, rows = simulate(rng, identity=2.0, emotion=1.5)
        scheme, ranks = null_named("within-emotion").bind(rows), effect.midranks(activation)
        raw.append(rejected(ranks, labels, scheme, store))
        residual.append(
            rejected(residual_ranks(ranks, rows.subjects, rows.emotions), labels, scheme, store)
        )
    assert np.mean(raw) > 0.1
    assert np.mean(residual) < 0.06


def test_divergences_hold_their_level_too():
    rng = np.random.default_rng(32)
    within: list[float] = []
    free: list[float] = []
    for store in range(STORES):
        activation, labels, rows = simulate(rng, identity=2.0)
        bins = divergence.atom_and_quantile_bins(activation, 6)
        for name, shares in (("within-subject", within), ("free", free)):
            found = divergence_tail(
                bins, labels, null_named(name).bind(rows), count=199, seed=store, number_of_bins=6
            )
            shares.append(float(np.mean(p_values(found.reached, 199) <= 0.05)))
    assert abs(np.mean(within) - 0.05) < 3.5 * np.std(within, ddof=1) / math.sqrt(STORES)
    assert np.mean(free) > 0.09


def frames(rng, *, task=0.0, people=12, takes=4, length=15):
    """Frames of takes in which everything rises, changes slowly, and labels switch."""
    n = people * takes
    rise = np.linspace(-1, 1, length)

    def drawn(columns):
        walk = rng.normal(size=(n, length, columns)).cumsum(axis=1) / math.sqrt(length)
        person = np.repeat(rng.normal(size=(people, 1, columns)), takes, axis=0)
        tasks = np.tile(np.arange(takes) > 1, people)[:, None, None]
        return (walk + person + rise[:, None] + task * tasks).reshape(n * length, columns)

    owner, take = np.repeat(np.arange(people), takes * length), np.repeat(np.arange(n), length)
    return drawn(6), drawn(3) > 0.5, Rows.of(owner, takes=take)


def test_whole_time_courses_hold_their_level_where_frames_do_not():
    rng = np.random.default_rng(33)
    courses, singly, tasks = [], [], []
    for store in range(60):
        activation, labels, rows = frames(rng)
        ranks, scheme = effect.midranks(activation), null_named("time-courses").bind(rows)
        courses.append(rejected(ranks, labels, scheme, store))
        singly.append(rejected(ranks, labels, Scheme.of_blocks(rows.subjects), store))
        activation, labels, rows = frames(rng, task=1.5)
        tasks.append(rejected(effect.midranks(activation), labels, scheme, store))
    assert abs(np.mean(courses) - 0.05) < 3.5 * np.std(courses, ddof=1) / math.sqrt(60)
    assert np.mean(singly) > 0.15
    assert np.mean(tasks) > 0.15  # tasks that set both sides are not exchangeable


def test_largest_sums_control_the_family():
    """The observed largest standardised sum is among the largest 5 % of shuffles 5 % of times."""
    rng = np.random.default_rng(34)
    rejections = []
    for store in range(300):
        activation, labels, rows = simulate(rng, identity=2.0)
        weights = whole_weights(effect.midranks(activation))
        scheme = null_named("within-subject").bind(rows)
        standard = Closed(weights, labels, scheme.stratum)
        moves = standard.sd > 0
        z = (weights.T @ labels - standard.mean)[moves] / standard.sd[moves]
        found = upper_tail(weights, labels, scheme, count=99, seed=store, moments=standard)
        assert found.largest is not None
        rejections.append((1 + (found.largest >= z.max()).sum()) / 100 <= 0.05)
    assert abs(np.mean(rejections) - 0.05) < 3.5 * math.sqrt(0.05 * 0.95 / 300)


class Closed:
    """Mean and spread of sums under shuffles inside strata (sampling without replacement)."""

    def __init__(self, weights, labels, strata):
        self.mean = np.zeros((weights.shape[1], labels.shape[1]))
        variance = np.zeros_like(self.mean)
        for stratum in np.unique(strata):
            w, a = weights[strata == stratum].astype(float), labels[strata == stratum]
            share, n = a.mean(axis=0), len(w)
            self.mean += np.outer(w.sum(axis=0), share)
            if n > 1:
                variance += np.outer(w.var(axis=0, ddof=1), n * share * (1 - share))
        self.sd = np.sqrt(variance)
