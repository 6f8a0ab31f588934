"""Effects beside their formulas written slowly, beside sklearn and scipy, and at their edges."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import pearsonr, rankdata
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats import effect


def coded(rng, n, filters, units, *, levels=None):
    """Activations with a heap at zero, and labels that show every unit at least once."""
    activation = np.maximum(0, rng.normal(size=(n, filters)))
    if levels:
        activation = np.round(activation * levels)
    labels = rng.random((n, units)) < np.linspace(0.2, 0.7, units)
    labels[0], labels[1] = True, False
    return activation, labels


@st.composite
def tied_samples(draw):
    n = draw(st.integers(2, 7))
    activation = draw(arrays(np.int64, (n, 2), elements=st.integers(0, 3)))
    labels = draw(arrays(np.bool_, (n, 2)))
    return activation.astype(float), labels, draw(st.integers(1, n))


def every_top(values, n):
    """Every set of n rows that could stand at the top, however ties are broken."""
    last = sorted(values)[-n]
    sure = [i for i, value in enumerate(values) if value > last]
    tied = [i for i, value in enumerate(values) if value == last]
    return [[*sure, *some] for some in itertools.combinations(tied, n - len(sure))]


@given(tied_samples())
def test_precision_is_the_mean_over_every_way_to_break_ties(sample):
    activation, labels, n = sample
    found = effect.precision_at_n(activation, labels, n)
    for j, u in np.ndindex(2, 2):
        shares = [labels[rows, u].sum() / n for rows in every_top(activation[:, j], n)]
        assert found.value[j, u] == pytest.approx(np.mean(shares))
        assert found.low[j, u] == min(shares)
        assert found.high[j, u] == max(shares)


@given(tied_samples())
def test_whole_weights_give_the_same_precision(sample):
    activation, labels, n = sample
    weights, total = effect.top_weights(activation, n)
    assert weights.dtype == np.int64
    assert (weights.sum(axis=0) == total).all()
    value = weights.T @ labels / total[:, None]
    assert np.array_equal(value, effect.precision_at_n(activation, labels, n).value)


@given(tied_samples())
def test_auroc_is_the_share_of_ordered_pairs(sample):
    activation, labels, _ = sample
    found = effect.auroc(activation, labels)
    for j, u in np.ndindex(2, 2):
        on, off = activation[labels[:, u], j], activation[~labels[:, u], j]
        if not len(on) or not len(off):
            assert math.isnan(found[j, u])
            continue
        wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in on for b in off]
        assert found[j, u] == pytest.approx(np.mean(wins))


def test_auroc_and_rank_correlation_beside_other_packages():
    activation, labels = coded(np.random.default_rng(1), 80, 5, 3, levels=3)
    auroc = effect.auroc(activation, labels)
    correlation = effect.rank_correlation(activation, labels)
    for j, u in np.ndindex(5, 3):
        assert auroc[j, u] == pytest.approx(roc_auc_score(labels[:, u], activation[:, j]))
        expected = pearsonr(rankdata(activation[:, j]), labels[:, u]).statistic
        assert correlation[j, u] == pytest.approx(expected)


@pytest.mark.parametrize(("bins", "pseudo_count"), [(20, 1.0), (10, 1e-3), (2, 0.5)])
def test_kl_divergence_written_slowly(bins, pseudo_count):
    activation, labels = coded(np.random.default_rng(2), 90, 4, 3)
    found = effect.kl_divergence(activation, labels, bins=bins, pseudo_count=pseudo_count)
    for j, u in np.ndindex(4, 3):
        values, on = activation[:, j], labels[:, u]
        span = (values.min(), values.max())
        p = np.histogram(values[on], bins, span)[0] + pseudo_count
        q = np.histogram(values[~on], bins, span)[0] + pseudo_count
        expected = sum(
            a / p.sum() * math.log((a / p.sum()) / (b / q.sum())) for a, b in zip(p, q, strict=True)
        )
        assert found[j, u] == pytest.approx(expected)


def test_shrunk_kl_divergence_written_slowly():
    bins = 7
    activation, labels = coded(np.random.default_rng(3), 90, 4, 3, levels=4)
    found = effect.kl_divergence_shrunk(activation, labels, bins=bins)
    for j, u in np.ndindex(4, 3):
        values = activation[:, j].tolist()
        least = min(values)
        above = sorted(value for value in values if value > least)
        place = [0 if v == least else 1 + above.index(v) * (bins - 1) // len(above) for v in values]
        expected = 0.0
        for b in range(bins):
            c1 = sum(1 for x, a in zip(place, labels[:, u], strict=True) if x == b and a)
            c0 = sum(1 for x, a in zip(place, labels[:, u], strict=True) if x == b and not a)
            if c1 + c0 == 0:
                continue
            prior = (bins / 2) * (c1 + c0) / 90
            n1 = int(labels[:, u].sum())
            p = (c1 + prior) / (n1 + bins / 2)
            q = (c0 + prior) / (90 - n1 + bins / 2)
            expected += p * math.log(p / q)
        assert found[j, u] == pytest.approx(expected)


RANK_EFFECTS = {
    "precision": lambda f, a: effect.precision_at_n(f, a, 2).value,
    "auroc": effect.auroc,
    "rank correlation": effect.rank_correlation,
    "shrunk KL": effect.kl_divergence_shrunk,
}
EFFECTS = {**RANK_EFFECTS, "KL": effect.kl_divergence}


@pytest.mark.parametrize("name", RANK_EFFECTS)
@given(sample=tied_samples())
@settings(max_examples=40)
def test_increasing_transforms_change_nothing(name, sample):
    activation, labels, _ = sample
    before = RANK_EFFECTS[name](activation, labels)
    after = RANK_EFFECTS[name](activation**3 * 7 - 5, labels)
    assert np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", EFFECTS)
@given(sample=tied_samples(), data=st.data())
@settings(max_examples=40)
def test_the_order_of_rows_changes_nothing(name, sample, data):
    activation, labels, _ = sample
    order = data.draw(st.permutations(range(len(labels))))
    before = EFFECTS[name](activation, labels)
    after = EFFECTS[name](activation[order], labels[order])
    assert np.allclose(before, after, equal_nan=True, rtol=1e-12)


@pytest.mark.parametrize("name", EFFECTS)
def test_each_pair_knows_of_no_other(name, monkeypatch):
    activation, labels = coded(np.random.default_rng(4), 40, 6, 3)
    whole = EFFECTS[name](activation, labels)
    monkeypatch.setattr(effect, "BLOCK", 2 * 40)  # two filters at a time
    assert np.array_equal(EFFECTS[name](activation, labels), whole)
    one = EFFECTS[name](activation[:, [4]], labels[:, [1]])
    assert one[0, 0] == pytest.approx(whole[4, 1], rel=1e-12)


def test_a_unit_without_contrast_has_no_effect():
    activation = np.random.default_rng(5).random((12, 2))
    labels = np.zeros((12, 2), dtype=bool)
    labels[:, 1] = True
    precision = effect.precision_at_n(activation, labels, 5)
    assert precision.value.tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert np.array_equal(
        effect.lift(precision.value, effect.base_rate(labels)),
        [[np.nan, 1.0], [np.nan, 1.0]],
        equal_nan=True,
    )
    for name in ("auroc", "rank correlation", "shrunk KL", "KL"):
        assert np.isnan(EFFECTS[name](activation, labels)).all(), name


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_filter_with_one_value_says_nothing(value):
    labels = np.arange(20)[:, None] < 6
    activation = np.full((20, 1), value)
    precision = effect.precision_at_n(activation, labels, 10)
    assert precision.value[0, 0] == pytest.approx(0.3)
    assert (precision.low[0, 0], precision.high[0, 0]) == (0.0, 0.6)
    assert effect.auroc(activation, labels)[0, 0] == 0.5
    for name in ("rank correlation", "shrunk KL", "KL"):
        assert EFFECTS[name](activation, labels)[0, 0] == 0.0, name


def test_precision_cannot_pass_the_share_that_rare_units_allow():
    labels = np.arange(30)[:, None] < 3
    activation = -np.arange(30.0)[:, None]
    assert effect.precision_at_n(activation, labels, 10).value[0, 0] == 0.3


def test_exact_dtype_changes_where_float32_ends():
    assert effect.exact_dtype((1 << 24) - 1) is np.float32
    assert effect.exact_dtype(1 << 24) is np.float64


@pytest.mark.parametrize("n", [0, 5])
def test_a_top_that_is_longer_than_the_data_is_refused(n):
    with pytest.raises(InputError, match="from 1 to the number of rows, 4"):
        effect.precision_at_n(np.ones((4, 1)), np.ones((4, 1), dtype=bool), n)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", EFFECTS)
def test_activations_that_are_not_finite_are_refused(name, bad):
    activation = np.ones((4, 2))
    activation[1, 1] = bad
    with pytest.raises(InputError, match="NaN or infinity"):
        EFFECTS[name](activation, np.ones((4, 1), dtype=bool))


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="do not fit together"):
        effect.auroc(np.ones((4, 1)), np.ones((3, 1), dtype=bool))
    with pytest.raises(InputError, match="not a matrix"):
        effect.auroc(np.ones(4), np.ones((4, 1), dtype=bool))


def test_no_rows_have_no_base_rate():
    assert np.isnan(effect.base_rate(np.zeros((0, 2), dtype=bool))).all()
