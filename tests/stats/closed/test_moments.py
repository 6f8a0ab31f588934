"""Moments in closed form are those of every shuffle enumerated."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as sps

from facsinterp.stats import effect
from facsinterp.stats.closed import moments
from facsinterp.stats.closed.moments import standard_score
from facsinterp.stats.nulls import Scheme
from tests.stats.enumerated import every_sum

BLOCKS = Scheme.of_blocks(np.array([0, 1, 0, 2, 1, 0, 0, 3, 1, 2]))
# Groups of two rows (three of them), of three (two), and one alone; rows are interleaved.
GROUPS = Scheme.of_groups(
    np.array([0, 1, 2, 0, 1, 2, 3, 4, 3, 4, 3, 4, 5]), np.zeros(13, dtype=np.int64)
)
# More places than groups.
LONG = Scheme.of_groups(np.repeat([0, 1, 2], 4), np.zeros(12, dtype=np.int64))


@pytest.mark.parametrize("scheme", [BLOCKS, GROUPS, LONG], ids=["rows", "groups", "long"])
@pytest.mark.parametrize("block", [1, 1 << 22])
def test_moments_are_those_of_every_shuffle(scheme, block, monkeypatch):
    monkeypatch.setattr(moments, "BLOCK", block)
    rng = np.random.default_rng(0)
    rows = len(scheme.stratum)
    weights, labels = rng.normal(size=(rows, 5)).round(1), rng.random((rows, 4)) < 0.5
    sums = every_sum(weights, labels, scheme)
    found = moments.moments(weights, labels, scheme)
    assert np.allclose(found.mean, sums.mean(axis=0), atol=1e-12)
    assert np.allclose(found.sd, sums.std(axis=0), atol=1e-12)
    score = standard_score(weights, labels, scheme)
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = (weights.T @ labels - sums.mean(axis=0)) / sums.std(axis=0)
    moving = sums.std(axis=0) > 1e-9
    assert moving.any()
    assert np.allclose(score[moving], expected[moving])


@given(st.integers(0, 2**32 - 1))
def test_groups_of_one_row_are_rows(seed):
    """The two roads, Hoeffding's variance and sampling without replacement, meet."""
    rng = np.random.default_rng(seed)
    scheme = Scheme.of_blocks(rng.integers(0, 4, size=12))
    doubled = Scheme.of_groups(np.repeat(np.arange(12), 2), np.repeat(scheme.stratum, 2))
    weights, labels = rng.integers(0, 9, size=(12, 3)), rng.random((12, 2)) < 0.4
    still = np.zeros_like(weights)
    spread = np.stack([weights, still], axis=1).reshape(24, 3)
    twice = moments.moments(spread, np.repeat(labels, 2, axis=0), doubled)
    once = moments.moments(weights, labels, scheme)
    assert np.allclose(once.mean, twice.mean)
    assert np.allclose(once.sd, twice.sd)


def test_free_shuffles_of_ranks_have_the_moments_of_wilcoxon():
    activation = np.random.default_rng(1).normal(size=(30, 1))
    labels = (np.arange(30) < 11)[:, None]
    found = moments.moments(
        effect.midranks(activation), labels, Scheme.of_blocks(np.zeros(30, dtype=np.int64))
    )
    assert found.mean[0, 0] == pytest.approx(11 * 31 / 2)
    assert found.sd[0, 0] == pytest.approx(np.sqrt(11 * 19 * 31 / 12))


def test_score_beside_the_van_elteren_form_with_ties():
    """Within one stratum the score is scipy's tie-corrected normal Mann-Whitney z."""
    rng = np.random.default_rng(2)
    activation = np.maximum(0, rng.normal(size=(40, 1)))
    labels = rng.random((40, 1)) < 0.4
    score = standard_score(
        effect.midranks(activation), labels, Scheme.of_blocks(np.zeros(40, dtype=np.int64))
    )
    p = sps.mannwhitneyu(
        activation[labels], activation[~labels], alternative="greater",
        method="asymptotic", use_continuity=False,
    ).pvalue  # fmt: skip
    assert sps.norm.sf(score[0, 0]) == pytest.approx(p)


def test_no_score_where_nothing_moves():
    weights = np.array([[0.1, 0.1, 1.0], [0.1, 0.3, 2.0], [0.1, 0.2, 3.0], [5.0, 7.0, 9.0]])
    labels = np.array([[1, 1, 1], [0, 1, 0], [0, 1, 0], [1, 1, 0]], dtype=bool)
    score = standard_score(weights, labels, Scheme.of_blocks(np.array([0, 0, 0, 1])))
    assert np.isnan(score[0]).all()
    assert np.isnan(score[:, 1]).all()
    assert np.isfinite(score[1:, [0, 2]]).all()
    assert moments.moments(weights, labels, BLOCKS_OF_ONE).sd.tolist() == [[0.0] * 3] * 3


BLOCKS_OF_ONE = Scheme.of_blocks(np.arange(4))


@pytest.mark.parametrize("scheme", [BLOCKS, GROUPS], ids=["rows", "groups"])
def test_neither_order_of_rows_nor_other_pairs_matter(scheme):
    rng = np.random.default_rng(3)
    rows = len(scheme.stratum)
    weights, labels = rng.integers(0, 99, size=(rows, 5)), rng.random((rows, 4)) < 0.5
    whole = moments.moments(weights, labels, scheme)
    part = moments.moments(weights[:, 2:4], labels[:, [1]], scheme)
    assert np.allclose(whole.sd[2:4, [1]], part.sd)
    mixed = rng.permutation(rows)
    again = moments.moments(
        weights[mixed],
        labels[mixed],
        Scheme(scheme.group[mixed], scheme.place[mixed], scheme.stratum[mixed]),
    )
    assert np.allclose(whole.mean, again.mean)
    assert np.allclose(whole.sd, again.sd)
