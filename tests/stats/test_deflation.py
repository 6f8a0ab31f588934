"""Deflation: where people differ in spread, shuffles between them say too little."""

import numpy as np
import pytest
from scipy.stats import norm

from facsinterp.stats.closed.moments import moments
from facsinterp.stats.deflation import deflated, deflation
from facsinterp.stats.effect import midranks
from facsinterp.stats.nulls import NULLS, Rows
from facsinterp.stats.permute import residual_ranks, upper_tail, whole_weights
from facsinterp.stats.tails import refined


def slow(weights, labels, strata, people, sd):
    """The ratio for one pair, in plain loops."""
    scores: dict[int, float] = {}
    for i in range(len(weights)):
        mine = strata == strata[i]
        w = weights[i] - weights[mine].mean()
        a = float(labels[i]) - labels[mine].mean()
        scores[people[i]] = scores.get(people[i], 0.0) + w * a
    told = [t for t in scores.values() if abs(t) > 1e-9]
    if len(told) < 2:
        return 1.0
    mean = sum(told) / len(told)
    variance = sum((t - mean) ** 2 for t in told) * len(told) / (len(told) - 1)
    return min(1.0, sd / np.sqrt(variance)) if variance > 0 else 1.0


def test_beside_plain_loops():
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(9), 4)
    emotions = rng.integers(0, 3, 36)
    rows = Rows.of(people.astype(str), emotions=emotions.astype(str))
    labels = rng.random((36, 3)) < 0.4
    labels[people > 1, 2] = False
    scheme = NULLS["within-emotion"].bind(rows)
    weights = whole_weights(residual_ranks(midranks(rng.random((36, 4))), people, emotions))
    sd = moments(weights, labels, scheme).sd
    found = deflation(weights, labels, scheme, people, sd)
    expected = [
        [slow(weights[:, j], labels[:, u], emotions, people, sd[j, u]) for u in range(3)]
        for j in range(4)
    ]
    assert found == pytest.approx(np.array(expected))
    assert (found < 1).any()
    assert (found <= 1).all()


def test_p_is_moved_on_the_normal_scale_and_never_down():
    p = np.array([1e-12, 0.001, 0.04, 0.5, 0.8, np.nan])
    assert deflated(p, 1.0) == pytest.approx(p, nan_ok=True)
    moved = deflated(p, 0.5)
    assert moved[:3] == pytest.approx(norm.sf(0.5 * norm.isf(p[:3])))
    assert moved[3:] == pytest.approx(p[3:], nan_ok=True)
    assert deflated(p[:3], 0.5, both=True) == pytest.approx(2 * norm.sf(0.5 * norm.isf(p[:3] / 2)))


def sizes(rng, spread_out):
    """Share of p <= 0.05 without and with deflation; nothing goes with anything in a person."""
    plain, mended = [], []
    for seed in range(3):
        people, emotions = np.repeat(np.arange(100), 6), np.tile(np.arange(6), 100)
        open_ = np.repeat(rng.random(100) < (0.2 if spread_out else 1.0), 6)[:, None]
        activation = np.maximum(0, rng.normal(size=(600, 60))) * open_
        labels = (rng.random((600, 12)) < 0.4) & open_
        rows = Rows.of(people.astype(str), emotions=emotions.astype(str))
        scheme = NULLS["within-emotion"].bind(rows)
        weights = whole_weights(residual_ranks(midranks(activation), people, emotions))
        expected = moments(weights, labels, scheme)
        tally = upper_tail(weights, labels, scheme, count=999, seed=seed)
        p = refined(tally, weights, labels, scheme).p
        factor = deflation(weights, labels, scheme, people, expected.sd)
        plain.append(p)
        mended.append(deflated(p, factor))
    return np.mean(np.array(plain) <= 0.05), np.mean(np.array(mended) <= 0.05)


def test_where_few_people_are_expressive_shuffles_find_too_much_and_deflation_mends_it():
    plain, mended = sizes(np.random.default_rng(1), spread_out=True)
    assert plain > 0.12
    assert mended < 0.05 + 3 * 0.01  # pairs of one store go together: a wide band


def test_where_people_are_alike_it_costs_little():
    plain, mended = sizes(np.random.default_rng(2), spread_out=False)
    assert plain == pytest.approx(0.05, abs=0.015)
    assert plain - 0.015 < mended <= plain
