"""Does the default null hold its level where filters know people and people have habits?

Small simulations with fixed seeds. Bounds are Monte Carlo bounds over the simulated
stores: pairs inside a store depend on each other, stores do not.
"""

import math

import numpy as np
import pytest

from facsinterp.stats import effect, top
from facsinterp.stats.multiple import adjust
from facsinterp.stats.nulls import Rows, null_named
from facsinterp.stats.permute import p_values, shuffles, upper_tail

SUBJECTS, EACH, FILTERS, UNITS = 30, 5, 24, 4


def simulate(rng, *, planted=0):
    """Filters that code identity strongly, people with habits, and some true detectors.

    The first `planted` filters answer to units 0, 1, 2, 3, 0, ... Given the person nothing
    else is related, so that every other pair is a true null.
    """
    owner = np.repeat(np.arange(SUBJECTS), EACH)
    habit = rng.normal(-0.5, 1.8, size=(SUBJECTS, UNITS))[owner]
    labels = rng.random(habit.shape) < 1 / (1 + np.exp(-habit))
    identity = 2.0 * rng.normal(size=(SUBJECTS, FILTERS))[owner]
    activation = identity + rng.normal(size=identity.shape)
    truth = np.zeros((FILTERS, UNITS), dtype=bool)
    for j in range(planted):
        truth[j, j % UNITS] = True
        activation[:, j] += 2.0 * labels[:, j % UNITS]
    return np.maximum(0, activation), labels, owner.astype(str), truth


def p_of(activation, labels, subjects, null, count, seed):
    weights = np.hstack(
        [
            (2 * effect.midranks(activation)).astype(np.int64),
            top.top_weights(activation, 10).weights,
        ]
    )
    scheme = null_named(null).bind(Rows.of(subjects))
    reached = upper_tail(weights, labels, scheme, count=count, seed=seed).reached
    return np.split(p_values(reached, count), 2)


def bound(values):
    """Mean over stores, and three and a half of its standard errors."""
    return np.mean(values), 3.5 * np.std(values, ddof=1) / math.sqrt(len(values))


def test_size_without_any_association():
    rng = np.random.default_rng(20)
    within, precision, free, any_found = [], [], [], []
    for store in range(150):
        activation, labels, subjects, _ = simulate(rng)
        p, p_top = p_of(activation, labels, subjects, "within-subject", 199, store)
        within.append(np.mean(p <= 0.05))
        precision.append(np.mean(p_top <= 0.05))
        any_found.append((adjust(p) <= 0.05).any())
        free.append(np.mean(p_of(activation, labels, subjects, "free", 199, store)[0] <= 0.05))
    mean, error = bound(within)
    assert abs(mean - 0.05) < error
    assert error < 0.008
    mean, error = bound(precision)
    assert mean < 0.05 + error
    mean = np.mean(any_found)
    assert mean <= 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / 150)
    # The free null is wrong here, and the simulation is hard enough to show it.
    mean, error = bound(free)
    assert mean - error > 0.09


def test_false_discoveries_stay_rare_and_detectors_are_found():
    rng = np.random.default_rng(21)
    false, power = [], []
    for store in range(60):
        activation, labels, subjects, truth = simulate(rng, planted=8)
        p, _ = p_of(activation, labels, subjects, "within-subject", 1999, store)
        found = adjust(p) <= 0.05
        false.append((found & ~truth).sum() / max(found.sum(), 1))
        power.append(found[truth].mean())
    mean, error = bound(false)
    assert mean < 0.05 + error
    assert error < 0.04
    assert np.mean(power) > 0.9


@pytest.mark.parametrize("null", ["within-subject", "free"])
def test_labels_that_are_shuffled_give_nothing(null):
    rng = np.random.default_rng(22)
    found = []
    for store in range(60):
        activation, labels, subjects, _ = simulate(rng, planted=8)
        scheme = null_named(null).bind(Rows.of(subjects))
        moved = next(shuffles(scheme, 1, 10_000 + store))[0]
        p, _ = p_of(activation, labels[moved], subjects, null, 999, store)
        found.append((adjust(p) <= 0.05).any())
    assert np.mean(found) <= 0.05 + 3.5 * math.sqrt(0.05 * 0.95 / 60)
