"""Shuffles: that they are uniform, what they count, and that only the seed decides them."""

import itertools
import math
from collections import Counter
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats as sps

from facsinterp.stats import divergence, effect, permute
from facsinterp.stats.nulls import Rows, Scheme, null_named
from facsinterp.stats.permute import (
    divergence_tail,
    p_values,
    residual_ranks,
    shuffles,
    upper_tail,
    whole_weights,
)
from facsinterp.stats.shuffling import engine
from facsinterp.stats.shuffling.accelerator import TorchBlock
from facsinterp.stats.top import top_weights

SUBJECTS = np.array(["b", "a", "b", "a", "c", "b", "a", "d", "d"])
WITHIN = null_named("within-subject").bind(Rows.of(SUBJECTS))


class Standard:
    """Mean and spread of each sum, as the closed form gives them."""

    def __init__(self, mean, sd):
        self.mean, self.sd = mean, sd


def free(rows):
    return Scheme.of_blocks(np.zeros(rows))


def all_shuffles(scheme):
    """Every way to let the groups of each stratum change places."""
    groups: dict[Any, list[int]] = {}
    for row in np.lexsort((scheme.place, scheme.group)):
        groups.setdefault((scheme.stratum[row], scheme.group[row]), []).append(row)
    strata: dict[Any, list[list[int]]] = {}
    for (stratum, _), rows in groups.items():
        strata.setdefault(stratum, []).append(rows)
    choices = (list(itertools.permutations(members)) for members in strata.values())
    for orders in itertools.product(*choices):
        moved = np.empty(len(scheme.group), dtype=int)
        for members, order in zip(strata.values(), orders, strict=True):
            for rows, origin in zip(members, order, strict=True):
                moved[rows] = origin
        yield moved


def drawn(scheme, count, seed):
    return np.concatenate(list(shuffles(scheme, count, seed)))


def doubled_ranks(activation):
    return whole_weights(effect.midranks(activation))


def within(share, p, count, spreads=4):
    """Whether a Monte Carlo share agrees with a probability."""
    return abs(share - p) <= spreads * math.sqrt(p * (1 - p) / count) + 1e-12


SCHEMES = {
    "blocks": Scheme.of_blocks([0, 1, 0, 1, 0]),
    "one block": Scheme.of_blocks([0, 0, 0, 0]),
    "groups": Scheme.of_groups([0, 1, 2, 1, 0, 2, 3], [0, 0, 0, 0, 0, 0, 0]),
    "groups in pools": Scheme.of_groups([0, 1, 0, 1, 2, 3], [5, 5, 5, 5, 7, 7]),
}


@pytest.mark.parametrize("name", SCHEMES)
def test_every_order_within_strata_is_equally_likely(name):
    scheme = SCHEMES[name]
    seen = Counter(map(tuple, drawn(scheme, 24_000, seed=3).tolist()))
    expected = {tuple(moved.tolist()) for moved in all_shuffles(scheme)}
    assert set(seen) == expected
    assert sps.chisquare(list(seen.values())).pvalue > 1e-3


def test_every_row_of_a_large_block_is_equally_likely_everywhere():
    moved = drawn(free(40), 20_000, seed=4)
    table = np.stack([np.bincount(moved[:, row], minlength=40) for row in range(40)])
    statistic = ((table - 500) ** 2 / 500).sum()
    assert 0.001 < sps.chi2.sf(statistic, 39 * 39) < 0.999
    pairs = np.bincount(moved[:, 7] * 40 + moved[:, 23], minlength=1600)
    assert sps.chisquare(pairs[pairs > 0]).pvalue > 1e-3
    assert (pairs > 0).sum() == 40 * 39


def test_strata_are_shuffled_independently():
    moved = drawn(Scheme.of_blocks([0, 0, 1, 1, 2, 2]), 16_000, seed=5)
    swapped = moved[:, ::2] != np.arange(0, 6, 2)
    kinds = np.bincount(swapped @ [1, 2, 4], minlength=8)
    assert sps.chisquare(kinds).pvalue > 1e-3


def test_more_shuffles_begin_with_the_same_ones():
    few, many = drawn(WITHIN, 70, seed=5), drawn(WITHIN, 200, seed=5)
    assert few.shape == (70, 9)
    assert few.dtype == np.int32
    assert np.array_equal(many[:70], few)
    assert not np.array_equal(few, drawn(WITHIN, 70, seed=6))
    assert not np.array_equal(many[:64], many[64:128])


def test_rows_that_stay_put_change_no_other():
    longer = null_named("within-subject").bind(Rows.of([*SUBJECTS, "", "e"]))
    assert np.array_equal(drawn(longer, 100, seed=1)[:, :9], drawn(WITHIN, 100, seed=1))


def test_no_rows_and_no_shuffles():
    assert drawn(Scheme.of_blocks(np.zeros(0)), 3, seed=0).shape == (3, 0)
    assert list(shuffles(WITHIN, 0, seed=0)) == []


@pytest.mark.parametrize(
    "scheme", [WITHIN, free(7), SCHEMES["groups"]], ids=["in", "free", "whole"]
)
def test_p_values_agree_with_every_shuffle_enumerated(scheme):
    rng = np.random.default_rng(7)
    rows, count = len(scheme.group), 20_000
    activation = np.maximum(0, rng.normal(size=(rows, 3))).round(1)
    labels = rng.random((rows, 2)) < 0.5
    orders = np.array(list(all_shuffles(scheme)))
    for weights in (doubled_ranks(activation), top_weights(activation, 3).weights):
        found = upper_tail(weights, labels, scheme, count=count, seed=0, both=True)
        observed = weights.T @ labels
        assert found.below is not None
        sums = np.einsum("ij,siu->sju", weights, labels[orders].astype(int))
        for j, u in np.ndindex(observed.shape):
            above = (sums[:, j, u] >= observed[j, u]).mean()
            under = (sums[:, j, u] <= observed[j, u]).mean()
            assert within(found.reached[j, u] / count, above, count)
            assert within(found.below[j, u] / count, under, count)


def test_free_rank_sum_agrees_with_scipy():
    rng = np.random.default_rng(8)
    activation, labels = rng.random((9, 1)), np.arange(9)[:, None] < 4
    activation[:4] += 0.3

    def rank_sum(on, off, axis=-1):
        ranks = sps.rankdata(np.concatenate([on, off], axis=axis), axis=axis)
        return ranks[..., : on.shape[axis]].sum(axis=axis)

    expected = sps.permutation_test(
        (activation[labels], activation[~labels]),
        rank_sum,
        alternative="greater",
        n_resamples=10**6,  # more than there are: all are enumerated
        vectorized=True,
    ).pvalue
    found = upper_tail(doubled_ranks(activation), labels, free(9), count=20_000, seed=0)
    assert within(found.reached[0, 0] / 20_000, expected, 20_000)


def test_free_precision_is_hypergeometric():
    rng = np.random.default_rng(9)
    activation = rng.random((40, 1))
    labels = activation + 0.3 * rng.normal(size=(40, 1)) > 0.7
    top = 8
    weights = top_weights(activation, top).weights
    hits = int((weights.T @ labels)[0, 0])
    expected = sps.hypergeom.sf(hits - 1, 40, int(labels.sum()), top)
    count = 20_000
    found = upper_tail(weights, labels, free(40), count=count, seed=0)
    assert 0.001 < expected < 0.2
    assert within(found.reached[0, 0] / count, expected, count)


def plain_tally(weights, labels, scheme, standard, count, seed, k, *, both):
    """Everything that `upper_tail` gives, by loops over Python's whole numbers."""
    filters, units = weights.shape[1], labels.shape[1]
    reached, below = np.zeros((filters, units), int), np.zeros((filters, units), int)
    largest, by_filter = np.full(count, -np.inf), np.full((k, filters), -np.inf)

    def total(j, marked):
        return sum(int(w) for w, a in zip(weights[:, j], marked, strict=True) if a)

    for b, moved in enumerate(drawn(scheme, count, seed)):
        for j, u in np.ndindex(filters, units):
            here, seen = total(j, labels[moved, u]), total(j, labels[:, u])
            reached[j, u] += here >= seen
            below[j, u] += here <= seen
            if standard.sd[j, u] > 0:
                z = (here - standard.mean[j, u]) / standard.sd[j, u]
                z = abs(z) if both else z
                largest[b] = max(largest[b], z)
                if b < k:
                    by_filter[b, j] = max(by_filter[b, j], z)
    return reached, below, largest, by_filter.astype(np.float32)


@pytest.mark.parametrize("scale", [1, 1 << 22])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("whole", [False, True])
def test_tallies_beside_a_plain_loop_also_where_float32_would_round(
    scale, whole, both, monkeypatch
):
    rng = np.random.default_rng(10)
    weights = rng.integers(-3, 9, size=(9, 4)) * scale + rng.integers(0, 2, size=(9, 4))
    labels = rng.random((9, 3)) < 0.5
    scheme = Scheme.of_groups([0, 0, 1, 1, 2, 2, 3, 4, 5], np.zeros(9)) if whole else WITHIN
    standard = Standard(rng.normal(size=(4, 3)) * scale, rng.random((4, 3)) * scale)
    standard.sd[1, 2], standard.sd[3], standard.mean[0, 0] = 0, np.nan, -np.inf
    standard.sd[0, 0] = np.nan
    expected = plain_tally(weights, labels, scheme, standard, 150, 2, 70, both=both)
    for product, most_weights, most_labels in (
        (1, 1, 1),
        (100, 20, 20),
        (1 << 18, 1 << 23, 1 << 22),
    ):
        monkeypatch.setattr(engine, "PRODUCT", product)
        monkeypatch.setattr(permute, "WEIGHTS", most_weights)
        monkeypatch.setattr(permute, "LABEL_TILE", most_labels)
        found = upper_tail(
            weights, labels, scheme, count=150, seed=2, moments=standard, both=both, by_filter=70
        )
        for one, other in zip(
            (found.reached, found.below, found.largest, found.by_filter), expected, strict=True
        ):
            if one is None:
                assert not both
                assert one is found.below
                continue
            assert np.array_equal(one, other)
    assert found.count == 150
    assert found.by_filter is not None
    assert (found.by_filter[:, 3] == -np.inf).all()


def test_torch_gives_the_same_numbers(monkeypatch):
    rng = np.random.default_rng(13)
    activation, labels = rng.random((60, 5)), rng.random((60, 7)) < 0.3
    scheme = Scheme.of_blocks(np.repeat(np.arange(12), 5))
    standard = Standard(rng.normal(200, 9, size=(5, 7)), rng.random((5, 7)))
    standard.sd[2, 3] = 0
    for weights in (doubled_ranks(activation), doubled_ranks(activation) << 20):
        tail = partial(
            upper_tail, weights, labels, scheme, count=130, seed=1, moments=standard, both=True
        )
        plain = tail(by_filter=130)
        monkeypatch.setattr(
            permute,
            "block_on",
            lambda _device: lambda *given, **more: TorchBlock(*given, **more, device="cpu"),
        )
        torched = tail(by_filter=130, device="torch")
        monkeypatch.undo()
        for name in ("reached", "below", "largest", "by_filter"):
            assert np.array_equal(getattr(plain, name), getattr(torched, name)), name


def test_another_device_is_one_of_torch():
    made = engine.block_on("cuda")
    assert isinstance(made, partial)
    assert (made.func, made.keywords) == (TorchBlock, {"device": "cuda"})


def test_what_was_not_asked_for_is_not_there():
    found = upper_tail(np.ones((9, 2), int), np.ones((9, 1), bool), WITHIN, count=5, seed=0)
    assert (found.below, found.largest, found.by_filter) == (None, None, None)
    with pytest.raises(ValueError, match="needs moments"):
        upper_tail(
            np.ones((9, 2), int), np.ones((9, 1), bool), WITHIN, count=5, seed=0, by_filter=2
        )


def test_ties_with_the_observed_value_always_count():
    """Thirds of a place are no machine numbers; whole weights make their sums exact."""
    activation = np.array([5.0, 1, 1, 1, 0, 0, 0, 0])[:, None]
    labels = np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=bool)[:, None]
    count = 30_000
    weights = top_weights(activation, 2).weights
    found = upper_tail(weights, labels, free(8), count=count, seed=0)
    assert within(found.reached[0, 0] / count, 1 / math.comb(8, 4), count)
    same = upper_tail(np.ones((8, 1), dtype=np.int64), labels, free(8), count=99, seed=0)
    assert same.reached[0, 0] == 99


def test_p_is_never_zero_and_at_most_one():
    assert p_values(np.array([0, 99]), 99).tolist() == [0.01, 1.0]


def test_adding_filters_or_units_changes_no_count():
    rng = np.random.default_rng(11)
    weights, labels = rng.integers(0, 50, size=(9, 5)), rng.random((9, 4)) < 0.5
    whole = upper_tail(weights, labels, WITHIN, count=500, seed=1)
    part = upper_tail(weights[:, 2:4], labels[:, [3]], WITHIN, count=500, seed=1)
    assert np.array_equal(whole.reached[2:4, [3]], part.reached)


def test_no_filters_have_no_counts():
    labels = np.ones((3, 2), dtype=bool)
    found = upper_tail(np.zeros((3, 0), dtype=np.int64), labels, free(3), count=5, seed=0)
    assert found.reached.shape == (0, 2)
    none = np.zeros((3, 0), dtype=np.int64)
    assert divergence_tail(none, labels, free(3), count=5, seed=0, number_of_bins=2).mean.size == 0


@given(hnp.arrays(np.float64, (7, 2), elements=st.floats(-1e6, 1e6).map(lambda x: round(x, 3))))
@settings(max_examples=60, deadline=None)
def test_whole_weights_keep_order_and_sums_small(weights):
    whole = whole_weights(weights)
    for given_, made in zip(weights.T, whole.T, strict=True):
        order = np.argsort(given_, kind="stable")
        assert (np.diff(made[order]) >= 0).all()
        if (2 * given_ == np.rint(2 * given_)).all():
            assert np.array_equal(made, 2 * given_)
        else:
            assert np.abs(made).sum() < 1 << 24
            unit = np.abs(given_).sum() / np.abs(made).sum()
            assert np.abs(made * unit - given_).max() <= 2 * unit


def test_residuals_beside_least_squares_on_all_dummies():
    rng = np.random.default_rng(14)
    subjects = rng.integers(0, 12, size=60).astype(str)
    emotions = np.where(subjects == "3", "fear", rng.choice(["fear", "happy", "sadness"], size=60))
    sessions = rng.choice(["1", "2"], size=60)
    ranks = effect.midranks(rng.random((60, 4)))
    for factors in ((), (emotions,), (subjects, emotions), (emotions, sessions, subjects)):
        columns = [np.ones((60, 1))]
        columns += [factor[:, None] == np.unique(factor) for factor in factors]
        design = np.hstack(columns).astype(float)
        expected = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
        assert np.allclose(residual_ranks(ranks, *factors), expected, atol=1e-9)


def plain_divergence(bins, labels, number_of_bins):
    """KL divergence (J, U) shrunk to the pooled histogram, by the definition."""
    result = np.zeros((bins.shape[1], labels.shape[1]))
    n, k = len(bins), number_of_bins / 2
    for j, u in np.ndindex(result.shape):
        n1 = labels[:, u].sum()
        for b in range(number_of_bins):
            pooled, c = (bins[:, j] == b).sum(), (labels[:, u] & (bins[:, j] == b)).sum()
            if pooled:
                p = (c + k * pooled / n) / (n1 + k)
                q = (pooled - c + k * pooled / n) / (n - n1 + k)
                result[j, u] += p * math.log(p / q)
    return result


@pytest.mark.parametrize("units", [3, 70])
def test_divergences_beside_the_definition(units, monkeypatch):
    rng = np.random.default_rng(15)
    rows, number_of_bins = 40, 6
    bins = rng.integers(0, 5, size=(rows, 4))  # the sixth bin is empty
    bins[:, 3] = 2
    labels = rng.random((rows, units)) < 0.3
    labels[:, 0], labels[:, 1] = False, True
    scheme = Scheme.of_blocks(np.repeat(np.arange(8), 5))
    moved = drawn(scheme, 90, 3)
    drawn_kl = np.stack([plain_divergence(bins, labels[m], number_of_bins) for m in moved])
    observed = plain_divergence(bins, labels, number_of_bins)
    reached = (drawn_kl >= observed - 1e-9).sum(axis=0)
    for most in (1, 100, 1 << 19):
        monkeypatch.setattr(permute, "BINNED", most)
        found = divergence_tail(
            bins, labels, scheme, count=90, seed=3, number_of_bins=number_of_bins
        )
        assert np.array_equal(found.reached, reached)
        assert np.isnan(found.mean[:, :2]).all()
        assert np.isnan(found.sd[:, :2]).all()
        assert np.allclose(found.mean[:, 2:], drawn_kl.mean(axis=0)[:, 2:], atol=1e-12)
        assert np.allclose(found.sd[:, 2:], drawn_kl.std(axis=0, ddof=1)[:, 2:], atol=1e-9)
        assert found.count == 90


def test_divergence_is_that_of_the_effect_also_in_bins_beyond_a_byte():
    rng = np.random.default_rng(16)
    activation = np.maximum(0, rng.normal(-1, 1, size=(3000, 3)))  # an atom of some 2,500 rows
    activation[:, 2] = rng.random(3000)
    labels = rng.random((3000, 4)) < [0.01, 0.2, 0.6, 0.97]
    bins = divergence.atom_and_quantile_bins(activation, 5)
    assert np.bincount(bins[:, 2]).max() > 510
    moved = drawn(free(3000), 12, 0)
    kl = np.stack([divergence.kl_shrunk(activation, labels[m], bins=5) for m in moved])
    found = divergence_tail(bins, labels, free(3000), count=12, seed=0, number_of_bins=5)
    assert np.allclose(found.mean, kl.mean(axis=0), rtol=1e-9)
    assert np.allclose(found.sd, kl.std(axis=0, ddof=1), rtol=1e-6)
    observed = divergence.kl_shrunk(activation, labels, bins=5)
    assert np.array_equal(found.reached, (kl >= observed).sum(axis=0))


def test_divergence_p_values_agree_with_every_shuffle_enumerated():
    rng = np.random.default_rng(17)
    bins, labels = rng.integers(0, 3, size=(9, 3)), rng.random((9, 2)) < 0.5
    count = 20_000
    orders = list(all_shuffles(WITHIN))
    drawn_kl = np.stack([plain_divergence(bins, labels[moved], 3) for moved in orders])
    exact = (drawn_kl >= plain_divergence(bins, labels, 3) - 1e-9).mean(axis=0)
    found = divergence_tail(bins, labels, WITHIN, count=count, seed=0, number_of_bins=3)
    for j, u in np.ndindex(exact.shape):
        assert within(found.reached[j, u] / count, exact[j, u], count)


def test_equal_divergences_are_ties_however_the_bins_are_numbered():
    """Bins of equal size may change names: the divergence is the same, sum by sum."""
    rng = np.random.default_rng(18)
    bins = np.repeat(np.arange(5), 6)[:, None]
    renamed = np.hstack([rng.permutation(5)[bins] for _ in range(20)])
    labels = rng.random((30, 6)) < 0.4
    found = divergence_tail(renamed, labels, free(30), count=2000, seed=0, number_of_bins=5)
    assert (found.reached == found.reached[:1]).all()


def test_bins_outside_their_range_are_refused():
    with pytest.raises(ValueError, match="from 0 to 2"):
        divergence_tail(
            np.full((9, 1), 3), np.ones((9, 1), bool), WITHIN, count=1, seed=0, number_of_bins=3
        )


def test_one_shuffle_has_no_spread():
    bins, labels = np.arange(9)[:, None] % 3, (np.arange(9) % 2 == 0)[:, None]
    found = divergence_tail(bins, labels, free(9), count=1, seed=0, number_of_bins=3)
    assert np.isfinite(found.mean).all()
    assert np.isnan(found.sd).all()


@pytest.mark.parametrize("tile", [1, 1 << 22])
def test_progress_hears_every_shuffle_once(tile, monkeypatch):
    monkeypatch.setattr(permute, "WEIGHTS", tile)
    monkeypatch.setattr(permute, "BINNED", tile)
    heard: list[int] = []
    labels = np.ones((9, 3), dtype=bool)
    weights = np.ones((9, 5), dtype=np.int64)
    upper_tail(weights, labels, WITHIN, count=150, seed=0, advance=heard.append)
    assert sum(heard) == 150
    heard.clear()
    divergence_tail(
        weights, labels, WITHIN, count=150, seed=0, number_of_bins=2, advance=heard.append
    )
    assert sum(heard) == 150


@pytest.mark.parametrize("k", range(2, 9))
def test_equal_divergences_are_ties_also_where_their_terms_differ(k):
    """One bin of k rows with the unit is worth as much as k bins of one row with it."""
    bins = np.append(np.arange(k), np.full(k, k))[:, None]
    labels = np.stack([np.arange(2 * k) < k, np.arange(2 * k) >= k], axis=1)
    orders = drawn(free(2 * k), 3000, seed=0)
    reached = [(labels[orders, 0].sum(axis=1) == k) & one for one in _extremes(labels, orders, k)]
    found = divergence_tail(bins, labels, free(2 * k), count=3000, seed=0, number_of_bins=k + 1)
    assert found.reached[0].tolist() == [one.sum() for one in reached]


def _extremes(labels, orders, k):
    """Whether a shuffle puts a unit into the large bin alone, or into the small ones alone."""
    for u in (0, 1):
        inside = labels[orders, u][:, k:].sum(axis=1)
        yield (inside == 0) | (inside == k)


def test_midranks_are_doubled():
    assert whole_weights([[1.5, 0.3], [1.5, 0.3], [3.0, 0.9]])[:, 0].tolist() == [3, 3, 6]


def test_what_factors_explain_wholly_leaves_nothing_to_rank():
    people, moods = np.repeat(np.arange(7), 5), np.tile(np.arange(5), 7)
    ranks = np.column_stack([people * 3.0 + moods * 0.7, np.arange(35.0) ** 2])
    left = residual_ranks(ranks, people, moods)
    assert (left[:, 0] == 0).all()
    assert (left[:, 1] != 0).any()
