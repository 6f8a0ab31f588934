import math
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import (
    bootstrap,
    chi2_contingency,
    mannwhitneyu,
    permutation_test,
    wilcoxon,
)

from facsinterp.errors import InputError
from facsinterp.stats import seeds
from facsinterp.stats.seeds import arms_test, paired_test, pigeonhole_interval, rarefied_coverage


def draws(seed, *sizes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=size) for size in sizes]


@given(st.integers(0, 1000), st.integers(1, 5), st.integers(1, 5))
@example(129, 5, 5)
def test_arms_beside_scipy_over_all_arrangements(seed, first, second):
    trained, baseline = (np.round(x, 1) for x in draws(seed, first, second))
    expected = 1.0
    if first > 1 and second > 1:
        expected = permutation_test(
            (trained, baseline),
            # Rounded, since scipy takes ties for such only as far as relative rounding goes.
            lambda x, y: round(x.mean() - y.mean(), 9),
            alternative="greater",
            n_resamples=10**6,
        ).pvalue
    else:
        pool = [*trained, *baseline]
        sums = [sum(some) for some in combinations(pool, first)]
        expected = np.mean([one >= sum(trained) - 1e-9 for one in sums])
    test = arms_test(trained, baseline)
    assert test.p == pytest.approx(expected)
    assert test.exact
    assert test.least_p == 1 / math.comb(first + second, first) <= test.p
    assert test.difference == np.median([x - y for x in trained for y in baseline])


@given(st.integers(0, 1000), st.integers(1, 8))
def test_pairs_beside_every_pattern_of_signs(seed, count):
    values = np.round(draws(seed, count)[0], 1)
    sums = [np.dot(signs, values) for signs in product((1, -1), repeat=count)]
    test = paired_test(values)
    assert test.p == pytest.approx(np.mean([one >= values.sum() - 1e-9 for one in sums]))
    assert test.least_p == 2.0**-count
    walsh = [(values[i] + values[j]) / 2 for i in range(count) for j in range(i, count)]
    assert test.difference == pytest.approx(np.median(walsh))


def test_the_floors_that_the_numbers_of_seeds_set():
    best = arms_test([4, 5, 6], [1, 2, 3])
    assert best.p == best.least_p == 0.05
    assert best.note == "fewer than five seeds an arm"
    assert (best.low, best.high) == (-math.inf, math.inf)
    full = arms_test(np.arange(5) + 9, np.arange(5))
    assert full.p == full.least_p == 1 / 252
    assert full.note == ""
    assert paired_test([1, 2, 3, 4]).p == 1 / 16
    assert paired_test([1, 2, 3, 4]).note == "fewer than five seeds"
    assert paired_test([1, 2, 3, 4, 5]).note == ""


@given(st.integers(0, 1000), st.integers(4, 7), st.integers(4, 7))
def test_the_interval_holds_the_shifts_that_the_rank_sum_test_keeps(seed, first, second):
    trained, baseline = draws(seed, first, second)
    test = arms_test(trained, baseline, level=0.9)
    edges = np.sort((trained[:, None] - baseline).ravel())
    shifts = (edges[1:] + edges[:-1]) / 2
    kept = [
        mannwhitneyu(trained - shift, baseline, method="exact").pvalue > 0.1 for shift in shifts
    ]
    np.testing.assert_array_equal(kept, (test.low < shifts) & (shifts < test.high))


@given(st.integers(0, 1000), st.integers(5, 8))
def test_the_paired_interval_holds_the_shifts_that_the_signed_rank_test_keeps(seed, count):
    (values,) = draws(seed, count)
    test = paired_test(values, level=0.9)
    edges = np.sort([(x + y) / 2 for i, x in enumerate(values) for y in values[i:]])
    shifts = (edges[1:] + edges[:-1]) / 2
    kept = [wilcoxon(values - shift, method="exact").pvalue > 0.1 for shift in shifts]
    np.testing.assert_array_equal(kept, (test.low < shifts) & (shifts < test.high))


@pytest.mark.parametrize("test", ["arms", "pairs"])
def test_random_arrangements_agree_with_all_of_them(test, monkeypatch):
    trained, baseline = draws(3, 6, 6)

    def p():
        if test == "arms":
            return arms_test(trained + 0.8, baseline)
        return paired_test(trained + 0.5)

    whole = p()
    monkeypatch.setattr(seeds, "MOST_ARRANGEMENTS", 10)
    drawn = p()
    assert whole.exact
    assert not drawn.exact
    assert drawn.least_p == 1e-5
    assert abs(drawn.p - whole.p) < 4 * math.sqrt(whole.p / 99_999)
    assert p() == drawn


def test_coverage_of_random_filters_beside_drawing_them():
    rng = np.random.default_rng(4)
    found = rng.random((30, 6)) < [0.0, 0.03, 0.1, 0.3, 0.6, 1.0]
    for k in (0, 1, 7, 30):
        covered = [
            found[rng.choice(30, size=k, replace=False)].any(axis=0).sum() for _ in range(2000)
        ]
        error = np.std(covered) / math.sqrt(2000)
        assert abs(rarefied_coverage(found, k) - np.mean(covered)) <= 4 * error + 1e-12
    small = found[:6]
    every = [small[list(some)].any(axis=0).sum() for some in combinations(range(6), 3)]
    assert rarefied_coverage(small, 3) == pytest.approx(np.mean(every))
    with pytest.raises(InputError, match="0 to 30 filters"):
        rarefied_coverage(found, 31)


def crossed(rng, arms, subjects, *, seed_sd, subject_sd, noise_sd):
    shared = subject_sd * rng.normal(size=subjects)
    return [
        sign * shared / 2
        + seed_sd * rng.normal(size=(count, 1))
        + noise_sd * rng.normal(size=(count, subjects))
        for sign, count in zip((1, -1), arms, strict=True)
    ]


@pytest.mark.parametrize(("arms", "noise"), [((3, 3), 1.0), ((5, 5), 1.0), ((8, 4), 3.0)])
def test_new_seeds_and_new_people_fall_inside(arms, noise):
    rng = np.random.default_rng(5)
    inside = []
    for store in range(300):
        tables = crossed(rng, arms, 30, seed_sd=1.0, subject_sd=1.0, noise_sd=noise)
        low, high = pigeonhole_interval(*tables, draws=300, seed=store)
        inside.append(low <= 0 <= high)
    assert np.mean(inside) > 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / 300)


def test_resampling_seeds_alone_is_what_scipy_resamples():
    """With one number for all subjects only the seeds vary: scipy's standard error."""
    trained, baseline = (np.repeat(x[:, None], 3, axis=1) for x in draws(6, 9, 9))
    low, high = pigeonhole_interval(trained, baseline, draws=20_000)
    errors = [
        bootstrap((arm[:, 0],), np.mean, n_resamples=20_000, method="percentile").standard_error
        for arm in (trained, baseline)
    ]
    centre = trained.mean() - baseline.mean()
    assert (low + high) / 2 == pytest.approx(centre)
    expected = 2.1199 * math.sqrt(9 / 8) * math.hypot(*errors)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.03)


def test_cells_that_say_nothing_are_left_out():
    rng = np.random.default_rng(7)
    trained, baseline = crossed(rng, (5, 5), 20, seed_sd=1, subject_sd=1, noise_sd=1)
    gap = np.where(rng.random(trained.shape) < 0.2, np.nan, trained)
    low, high = pigeonhole_interval(gap, baseline, draws=200)
    assert (low + high) / 2 == pytest.approx(np.nanmean(gap) - baseline.mean())
    assert np.isnan(pigeonhole_interval(gap[:1], baseline)).all()
    with pytest.raises(InputError, match="same subjects"):
        pigeonhole_interval(gap, baseline[:, 1:])


def test_networks_are_the_units_and_not_their_filters():
    """Shares of selective filters vary from network to network (intraclass correlation
    0.02) and training does nothing: chi-square over filters rejects far too often."""
    rng = np.random.default_rng(8)
    share, correlation = 0.2, 0.02
    scale = (1 - correlation) / correlation
    filters, networks = [], []
    for _ in range(400):
        own = rng.beta(share * scale, (1 - share) * scale, size=10)
        counts = rng.binomial(448, own)
        trained, baseline = counts[:5], counts[5:]
        totals = np.array([trained.sum(), baseline.sum()])
        table = np.array([totals, 5 * 448 - totals])
        two_sided = chi2_contingency(table, correction=False).pvalue
        filters.append(totals[0] > totals[1] and two_sided <= 0.1)
        networks.append(arms_test(trained, baseline).p <= 0.05)
    error = math.sqrt(0.05 * 0.95 / 400)
    assert np.mean(filters) > 0.2
    assert 0.05 - 3.5 * error < np.mean(networks) < 0.05 + 3.5 * error


@pytest.mark.parametrize("values", [[], [1.0, np.nan], [[1.0, 2.0]]])
def test_summaries_that_are_no_numbers_are_refused(values):
    with pytest.raises(InputError, match="no summaries"):
        arms_test(values, [1.0, 2.0])
    with pytest.raises(InputError, match="no summaries"):
        paired_test(values)
