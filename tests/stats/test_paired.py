"""Paired changes against scipy, all sign vectors one by one, and simulated nulls."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facsinterp.errors import InputError
from facsinterp.stats import paired
from facsinterp.stats.paired import mean_change, monotony, resampled, sign_flips


def draws(people, columns, seed=0):
    return np.random.default_rng(seed).standard_normal((people, columns)) + 0.3


def test_mean_interval_and_effect_are_those_of_scipy():
    values = draws(12, 5)
    found = mean_change(values, level=0.9)
    for column in range(5):
        test = stats.ttest_1samp(values[:, column], 0)
        interval = test.confidence_interval(0.9)
        assert found.low[column] == pytest.approx(interval.low)
        assert found.high[column] == pytest.approx(interval.high)
        assert found.effect[column] == pytest.approx(test.statistic / np.sqrt(12))


def test_who_changes_alike_has_no_effect_size_and_no_width():
    found = mean_change(np.tile([[0.0, 0.1]], (7, 1)))
    assert np.isnan(found.effect).all()
    assert found.low == pytest.approx(found.mean)
    assert found.mean == pytest.approx([0, 0.1])


def test_one_person_has_no_interval():
    found = mean_change([[1.0, 2.0]])
    assert found.mean.tolist() == [1, 2]
    assert np.isnan(found.low).all()


def slow_flips(values):
    """All sign vectors, one after another, in float64."""
    length = np.sqrt((values**2).sum(axis=0))
    unit = values / np.where(length > 0, length, 1)
    observed = np.abs(unit.sum(axis=0))
    reached, largest = np.zeros(values.shape[1]), []
    vectors = list(product((1, -1), repeat=len(values)))
    for vector in vectors:
        sums = np.abs(np.array(vector) @ unit)
        reached += sums >= observed - 1e-4
        largest.append(sums.max())
    p_max = [(np.array(largest) >= one - 1e-4).mean() for one in observed]
    return reached / len(vectors), np.array(p_max)


@pytest.mark.parametrize("people", [1, 2, 5, 9])
def test_few_people_are_turned_in_every_way(people):
    values = np.round(draws(people, 7, people), 1)
    values[:, 0] = 0
    found = sign_flips(values)
    p, p_max = slow_flips(values)
    assert found.p == pytest.approx(p)
    assert found.p_max == pytest.approx(p_max)
    assert found.p[0] == found.p_max[0] == 1
    assert found.z[0] == 0
    assert found.p.min() >= 2.0 ** (1 - people)


def test_random_signs_are_near_to_all_of_them(monkeypatch):
    values = draws(12, 6)
    exact = sign_flips(values)
    monkeypatch.setattr(paired, "MOST_ENUMERATED", 3)
    drawn = sign_flips(values, count=20_000, seed=1)
    assert drawn.p == pytest.approx(exact.p, abs=4 * 0.5 / np.sqrt(20_000))
    assert drawn.p_max == pytest.approx(exact.p_max, abs=4 * 0.5 / np.sqrt(20_000))
    assert drawn.z == pytest.approx(exact.z)


def test_nothing_depends_on_blocks_or_on_other_columns(monkeypatch):
    values = draws(30, 20)
    whole = sign_flips(values, count=700, seed=5)
    monkeypatch.setattr(paired, "BLOCK", 3)
    parts = sign_flips(values, count=700, seed=5)
    assert all(np.array_equal(a, b) for a, b in zip(whole, parts, strict=True))
    alone = sign_flips(values[:, 4:5], count=700, seed=5)
    assert alone.p[0] == whole.p[4]
    assert alone.p_max[0] == alone.p[0]
    assert (whole.p_max >= whole.p).all()


def test_the_least_p_counts_the_observed_signs_themselves():
    values = np.ones((30, 1))
    assert sign_flips(values, count=99).p[0] == 0.01


def test_columns_with_nan_are_outside_the_family():
    values = draws(20, 3)
    holed = np.insert(values, 1, np.nan, axis=1)
    whole, found = sign_flips(values, count=200), sign_flips(holed, count=200)
    for before, after in zip(whole, found, strict=True):
        assert np.isnan(after[1])
        assert np.array_equal(np.delete(after, 1), before)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 8), st.floats(0.1, 50))
def test_p_knows_neither_sign_nor_scale(seed, people, factor):
    values = draws(people, 4, seed)
    found = sign_flips(values)
    assert sign_flips(-values).p == pytest.approx(found.p)
    assert sign_flips(-factor * values).z == pytest.approx(-found.z, abs=1e-5)


def test_signs_reject_no_more_often_than_they_say():
    """Symmetric changes of dependent columns: each p, and the largest of the family."""
    rng = np.random.default_rng(11)
    times, columns = 400, 5
    small, family = 0, 0
    for _ in range(times):
        common = rng.standard_t(3, (20, 1))
        values = common + rng.standard_t(3, (20, columns))
        # Most people do not change at all in the last column: a silent filter.
        values[:, -1] *= rng.random(20) < 0.3
        found = sign_flips(values, count=199, seed=int(rng.integers(1 << 30)))
        small += int((found.p <= 0.1).sum())
        family += int(found.p_max.min() <= 0.1)
    assert stats.binomtest(family, times, 0.1).pvalue > 0.001
    # Columns of a family go together: a band of four deviations of whole families.
    assert abs(small / (times * columns) - 0.1) < 4 * np.sqrt(0.1 * 0.9 / times)


@pytest.mark.parametrize(
    ("people", "kind", "covered"), [(20, "normal", 0.95), (40, "rectified", 0.945)]
)
def test_intervals_cover_what_they_say(people, kind, covered):
    rng = np.random.default_rng(people)
    shape = (people, 2000)
    if kind == "normal":
        values, truth = rng.normal(0.5, 1, shape), 0.5
    else:
        up, down = (np.maximum(rng.normal(m, 1, shape), 0) for m in (0.3, -0.3))
        phi = stats.norm
        truth = sum(way * (m * phi.cdf(m) + phi.pdf(m)) for way, m in ((1, 0.3), (-1, -0.3)))
        values = up - down
    found = mean_change(values)
    hits = int(((found.low <= truth) & (truth <= found.high)).sum())
    assert stats.binomtest(hits, 2000, covered).pvalue > 0.001


def test_monotony_is_spearmans_correlation_inside_each_person():
    rng = np.random.default_rng(2)
    answers = np.round(rng.standard_normal((4, 6, 3)), 0)
    answers[0, :, 1] = 2.0
    found = monotony(answers)
    for person, column in product(range(4), range(3)):
        one = answers[person, :, column]
        wanted = 0 if np.ptp(one) == 0 else stats.spearmanr(range(6), one).statistic
        assert found[person, column] == pytest.approx(wanted)
    assert monotony(np.arange(6.0)[None, :, None]) == pytest.approx(1)


def test_resamples_are_weights_of_people():
    weights = np.array(list(resampled(8, 400, seed=0)))
    assert weights.sum(axis=1) == pytest.approx(1)
    assert weights.std(axis=0).mean() == pytest.approx(np.sqrt(7 / 8) / 8**0.5 / 8**0.5, rel=0.1)


@pytest.mark.parametrize("ask", [mean_change, sign_flips])
@pytest.mark.parametrize("values", [np.zeros((0, 3)), np.zeros((3, 0)), np.zeros(3)])
def test_nothing_is_refused(ask, values):
    with pytest.raises(InputError, match="paired changes"):
        ask(values)
