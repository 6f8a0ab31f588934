"""Divergences beside their formulas written slowly, beside other packages, and by chance."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency, entropy
from sklearn.metrics import mutual_info_score

from facsinterp.errors import InputError
from facsinterp.stats import divergence, effect, matrices
from tests.stats.samples import coded, peak_beside_result, tied_samples

SHRUNK: dict[str, Any] = {
    "shrunk KL": divergence.kl_shrunk,
    "Jeffreys": divergence.jeffreys,
    "Jensen-Shannon": divergence.jensen_shannon,
    "mutual information": divergence.mutual_information,
}
EFFECTS: dict[str, Any] = {"KL": divergence.kl_divergence, **SHRUNK}


def slow_bins(values, bins):
    """The atom at the minimum, then equal shares of the rows above it."""
    values = values.tolist()
    least = min(values)
    above = sorted(value for value in values if value > least)
    return np.array(
        [0 if v == least else 1 + above.index(v) * (bins - 1) // len(above) for v in values]
    )


def slow_sides(values, present, bins, shrinkage):
    """Both histograms, shrunk to the pooled one: lists over bins."""
    place = slow_bins(values, bins)
    n, n1 = len(present), int(present.sum())
    p, q = [], []
    for b in range(bins):
        c1 = int((place[present] == b).sum())
        c0 = int((place[~present] == b).sum())
        p.append((c1 + shrinkage * (c1 + c0) / n) / (n1 + shrinkage))
        q.append((c0 + shrinkage * (c1 + c0) / n) / (n - n1 + shrinkage))
    return np.array(p), np.array(q)


def slow_kl(p, q):
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True) if a > 0)


@pytest.mark.parametrize(("bins", "pseudo_count"), [(20, 1.0), (10, 1e-3), (2, 0.5)])
def test_kl_divergence_written_slowly(bins, pseudo_count):
    activation, labels = coded(np.random.default_rng(2), 90, 4, 3)
    found = divergence.kl_divergence(activation, labels, bins=bins, pseudo_count=pseudo_count)
    for j, u in np.ndindex(4, 3):
        values, on = activation[:, j], labels[:, u]
        span = (values.min(), values.max())
        p = np.histogram(values[on], bins, span)[0] + pseudo_count
        q = np.histogram(values[~on], bins, span)[0] + pseudo_count
        assert found[j, u] == pytest.approx(slow_kl(p / p.sum(), q / q.sum()))
        assert found[j, u] == pytest.approx(entropy(p, q))


@pytest.mark.parametrize(("bins", "shrinkage"), [(7, None), (11, 2.0), (3, 40.0)])
def test_shrunk_divergences_written_slowly(bins, shrinkage):
    activation, labels = coded(np.random.default_rng(3), 90, 4, 3, levels=4)
    found = {
        name: measure(activation, labels, bins=bins, shrinkage=shrinkage)
        for name, measure in SHRUNK.items()
    }
    for j, u in np.ndindex(4, 3):
        weight = bins / 2 if shrinkage is None else shrinkage
        p, q = slow_sides(activation[:, j], labels[:, u], bins, weight)
        rate = labels[:, u].mean()
        even, both = (p + q) / 2, rate * p + (1 - rate) * q
        expected = {
            "shrunk KL": slow_kl(p, q),
            "Jeffreys": slow_kl(p, q) + slow_kl(q, p),
            "Jensen-Shannon": slow_kl(p, even) / 2 + slow_kl(q, even) / 2,
            "mutual information": rate * slow_kl(p, both) + (1 - rate) * slow_kl(q, both),
        }
        for name, value in expected.items():
            assert found[name][j, u] == pytest.approx(value), name
        assert found["shrunk KL"][j, u] == pytest.approx(entropy(p, q))
        assert found["Jensen-Shannon"][j, u] == pytest.approx(jensenshannon(p, q) ** 2)


def test_plain_information_beside_sklearn_and_the_g_statistic():
    activation, labels = coded(np.random.default_rng(4), 200, 3, 3, levels=3)
    found = divergence.mutual_information(activation, labels, bins=5, shrinkage=0)
    place = divergence.atom_and_quantile_bins(activation, 5)
    for j, u in np.ndindex(3, 3):
        assert found[j, u] == pytest.approx(mutual_info_score(place[:, j], labels[:, u]))
        sides = [np.bincount(place[labels[:, u] == on, j], minlength=5) for on in (False, True)]
        table = np.array(sides)[:, np.sum(sides, axis=0) > 0]
        g = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        assert 2 * 200 * found[j, u] == pytest.approx(g)


def test_without_shrinkage_a_bin_of_one_side_is_infinitely_far():
    activation = np.arange(8.0)[:, None]
    labels = activation > 3
    apart = divergence.kl_shrunk(activation, labels, bins=3, shrinkage=0)
    assert apart[0, 0] == np.inf
    assert divergence.jensen_shannon(activation, labels, bins=8, shrinkage=0) == pytest.approx(
        math.log(2)
    )


@given(tied_samples())
def test_bounds(sample):
    activation, labels, *_ = sample
    rate = effect.base_rate(labels)
    contrast = (rate > 0) & (rate < 1)
    labels, rate = labels[:, contrast], rate[contrast]
    found = {name: measure(activation, labels) for name, measure in SHRUNK.items()}
    slack = 1e-12
    for name, values in found.items():
        assert (values >= -slack).all(), name
    assert (found["Jensen-Shannon"] <= math.log(2) + slack).all()
    ceiling = -rate * np.log(rate) - (1 - rate) * np.log(1 - rate)
    assert (found["mutual information"] <= ceiling + slack).all()
    assert (found["Jeffreys"] >= found["shrunk KL"] - slack).all()
    other_side = {name: measure(activation, ~labels) for name, measure in SHRUNK.items()}
    for name in ("Jeffreys", "Jensen-Shannon", "mutual information"):
        assert np.allclose(found[name], other_side[name], atol=1e-12)


@given(st.lists(st.integers(-3, 3), min_size=2, max_size=30), st.integers(2, 8))
def test_atom_and_quantile_bins_written_slowly(values, bins):
    activation = np.array(values, dtype=np.float32)[:, None]
    found = divergence.atom_and_quantile_bins(activation, bins)
    assert found.dtype == np.int64
    assert found[:, 0].tolist() == slow_bins(activation[:, 0], bins).tolist()
    assert 0 <= found.min() <= found.max() < bins


def test_quantile_bins_hold_equal_shares_of_the_rows_above_the_atom():
    activation = np.maximum(0, np.random.default_rng(5).normal(size=(1001, 1)))
    place = divergence.atom_and_quantile_bins(activation, 11)
    counts = np.bincount(place[:, 0])
    assert counts[0] == (activation == 0).sum()
    assert counts[1:].max() - counts[1:].min() <= 1


# Traps


def apart(shift):
    """The same distribution on both sides, one moved: by their own edges they look alike."""
    rng = np.random.default_rng(6)
    base = rng.random(200)
    activation = np.concatenate([base, base + shift])[:, None]
    return activation, (np.arange(400) >= 200)[:, None]


def test_net2brain_the_two_sides_never_get_edges_of_their_own():
    activation, labels = apart(10.0)
    on, off = activation[labels], activation[~labels]
    own = jensenshannon(np.histogram(on, 20)[0], np.histogram(off, 20)[0]) ** 2
    assert own == pytest.approx(0)
    ours = divergence.jensen_shannon(activation, labels, shrinkage=0)[0, 0]
    assert ours == pytest.approx(math.log(2), abs=0.02)  # one bin lies across the middle
    for name, measure in EFFECTS.items():
        assert measure(activation, labels)[0, 0] > 0.4, name


@pytest.mark.parametrize("binned", [divergence.equal_width_bins, divergence.atom_and_quantile_bins])
def test_edges_stay_when_labels_are_shuffled(binned):
    """Counts of the two sides add up to the same bins, whichever rows carry the unit."""
    activation, labels = coded(np.random.default_rng(7), 60, 2, 1)
    place = binned(activation, 6)
    for moved in (labels[:, 0], labels[::-1, 0]):
        sides = [np.bincount(place[moved == on, 0], minlength=6) for on in (False, True)]
        assert np.array_equal(np.sum(sides, axis=0), np.bincount(place[:, 0], minlength=6))


def test_a_silenced_filter_scores_like_a_detector_and_direction_tells():
    rng = np.random.default_rng(8)
    labels = np.column_stack([rng.random(400) < 0.3, np.zeros(400, dtype=bool)])
    drive = rng.normal(size=400) + 3 * labels[:, 0]
    activation = np.column_stack([drive, -drive, np.zeros(400)])
    assert divergence.direction(activation, labels)[:, 0].tolist() == [1, -1, 0]
    assert np.isnan(divergence.direction(activation, labels)[:, 1]).all()
    both = divergence.mutual_information(activation, labels)[:, 0]
    assert both[1] > 0.8 * both[0] > 0.1


@given(tied_samples())
def test_direction_is_exact_at_a_half(sample):
    activation, labels, *_ = sample
    found = divergence.direction(activation, labels)
    for j, u in np.ndindex(2, 2):
        on, off = activation[labels[:, u], j], activation[~labels[:, u], j]
        balance = sum(int(np.sign(a - b)) for a in on for b in off)
        expected = np.sign(balance) if len(on) and len(off) else np.nan
        assert np.array_equal(found[j, u], expected, equal_nan=True)


# By chance


def test_kl_by_chance_is_a_ruler_of_the_base_rate():
    """Null means and sds over 300 filters of 593 rows, for 6, 30 and 120 rows with the unit.

    The reference numbers are means over 300 draws too, so that a difference has 2 sd^2 / 300.
    """
    rng = np.random.default_rng(9)
    activation = np.maximum(0, rng.normal(size=(593, 300)))
    labels = np.arange(593)[:, None] < np.array([6, 30, 120])
    forms = {
        "30 bins of equal width, 0.5 each": (
            divergence.kl_divergence(activation, labels, bins=30, pseudo_count=0.5),
            [(0.72, 0.17), (0.30, 0.08), (0.11, 0.03)],
        ),
        "atom and 10 quantile bins, shrunk": (
            divergence.kl_shrunk(activation, labels, bins=11),
            [(0.20, 0.08), (0.13, 0.05), (0.05, 0.02)],
        ),
    }
    for name, (drawn, reference) in forms.items():
        for u, (mean, sd) in enumerate(reference):
            band = 4 * sd * math.sqrt(2 / 300) + 0.005  # the reference has two decimals
            assert np.mean(drawn[:, u]) == pytest.approx(mean, abs=band), (name, u)
            assert np.std(drawn[:, u]) == pytest.approx(sd, abs=0.2 * sd + 0.005), (name, u)
    expected = 10 / 2 * (1 / 120 + 1 / 473)
    assert np.mean(forms["atom and 10 quantile bins, shrunk"][0][:, 2]) == pytest.approx(
        expected, rel=0.15
    )


def test_shrunk_kl_of_a_detector_comes_near_the_truth_for_common_units():
    """The unit moves the drive by one sd; the true divergence is 0.481 nats."""
    rng = np.random.default_rng(10)
    labels = np.arange(593)[:, None] < np.array([6, 120])
    found = [
        divergence.kl_shrunk(
            np.maximum(0, rng.normal(size=(593, 300)) + labels[:, [u]]), labels[:, [u]]
        )
        for u in (0, 1)
    ]
    assert np.mean(found[0]) == pytest.approx(0.37, abs=4 * 0.13 * math.sqrt(2 / 300) + 0.005)
    assert np.mean(found[1]) == pytest.approx(0.50, abs=4 * 0.10 * math.sqrt(2 / 300) + 0.005)


def test_twice_n_information_is_chi_squared_for_independent_rows():
    rng = np.random.default_rng(11)
    activation = np.maximum(0, rng.normal(size=(2000, 800)))
    labels = rng.random((2000, 1)) < 0.4
    g = 2 * 2000 * divergence.mutual_information(activation, labels, bins=6, shrinkage=0)
    assert np.mean(g) == pytest.approx(5, abs=4 * math.sqrt(2 * 5 / 800))
    assert np.var(g) == pytest.approx(10, rel=0.3)


# What changes nothing, and edges


@pytest.mark.parametrize("name", SHRUNK)
@given(sample=tied_samples())
@settings(max_examples=40)
def test_increasing_transforms_change_nothing(name, sample):
    activation, labels, *_ = sample
    before = SHRUNK[name](activation, labels)
    after = SHRUNK[name](activation**3 * 7 - 5, labels)
    assert np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", EFFECTS)
@given(sample=tied_samples(), data=st.data())
@settings(max_examples=40)
def test_the_order_of_rows_changes_nothing(name, sample, data):
    activation, labels, *_ = sample
    order = data.draw(st.permutations(range(len(labels))))
    before = EFFECTS[name](activation, labels)
    after = EFFECTS[name](activation[order], labels[order])
    assert np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", EFFECTS)
def test_each_pair_knows_of_no_other(name, monkeypatch):
    activation, labels = coded(np.random.default_rng(4), 40, 6, 3)
    whole = EFFECTS[name](activation, labels)
    one = EFFECTS[name](activation[:, [4]], labels[:, [1]])
    assert one[0, 0] == whole[4, 1]
    monkeypatch.setattr(matrices, "BLOCK", 1)  # one filter at a time
    assert np.array_equal(EFFECTS[name](activation, labels), whole)


@pytest.mark.parametrize("name", EFFECTS)
def test_memory_does_not_grow_with_the_filters(name, monkeypatch):
    activation = np.random.default_rng(6).random((100, 4000), dtype=np.float32)
    labels = np.random.default_rng(7).random((100, 2)) < 0.4
    monkeypatch.setattr(matrices, "BLOCK", 100 * 100)
    peaks = [
        peak_beside_result(lambda n=n: EFFECTS[name](activation[:, :n], labels))
        for n in (800, 4000)
    ]
    assert peaks[1] - peaks[0] < 4000 * 2 * 8


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("present", [False, True])
def test_au_absent_everywhere_or_present_everywhere_has_no_divergence(name, present):
    activation = np.random.default_rng(5).random((12, 2))
    assert np.isnan(EFFECTS[name](activation, np.full((12, 1), present))).all()


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("value", [0.0, 0.1, -3.5])
def test_dead_filter_and_constant_filter_have_zero(name, value):
    labels = np.arange(20)[:, None] < 6
    assert EFFECTS[name](np.full((20, 1), value), labels)[0, 0] == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", EFFECTS)
def test_activations_that_are_not_finite_are_refused(name, bad):
    activation = np.ones((4, 2))
    activation[1, 1] = bad
    with pytest.raises(InputError, match="NaN or infinity"):
        EFFECTS[name](activation, np.ones((4, 1), dtype=bool))


@pytest.mark.parametrize("name", EFFECTS)
def test_one_bin_is_no_histogram(name):
    activation, labels = coded(np.random.default_rng(1), 9, 1, 1)
    with pytest.raises(InputError, match="too few bins"):
        EFFECTS[name](activation, labels, bins=1)
