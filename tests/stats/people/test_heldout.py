import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats.effect import auroc, midranks
from facsinterp.stats.people.heldout import best_held_out, halves, named_held_out, within_subject_z


def store(rng, *, subjects=40, each=5, filters=12, rates=(0.1, 0.3, 0.5), planted=()):
    """Filters that code identity, people with habits; `planted`: (filter, unit, shift)."""
    owner = np.repeat(np.arange(subjects), each)
    habit = rng.normal(np.log(rates), 1.0, size=(subjects, len(rates)))[owner]
    labels = rng.random(habit.shape) < 1 / (1 + np.exp(-habit))
    activation = rng.normal(size=(subjects, filters))[owner] + rng.normal(
        size=(len(owner), filters)
    )
    for filter_, unit, shift in planted:
        activation[:, filter_] += shift * labels[:, unit]
    return np.maximum(0, activation), labels, owner


def slow_z(weights, labels, owner):
    """Sums over subjects of the moments of sampling without replacement."""
    result = np.full((weights.shape[1], labels.shape[1]), np.nan)
    for j in range(weights.shape[1]):
        for u in range(labels.shape[1]):
            away = variance = 0.0
            for one in np.unique(owner):
                w, a = weights[owner == one, j], labels[owner == one, u]
                rows, on = len(w), a.sum()
                away += w[a].sum() - on * w.mean()
                if rows > 1:
                    variance += on * (rows - on) / rows * w.var(ddof=1)
            if variance > 1e-12:
                result[j, u] = away / math.sqrt(variance)
    return result


@given(st.integers(0, 1000))
def test_within_subject_z_beside_a_loop(seed):
    rng = np.random.default_rng(seed)
    owner = np.unique(rng.integers(0, 6, size=25), return_inverse=True)[1]
    weights = np.round(rng.normal(size=(25, 3)), 1)
    weights[:, 1] = 2.5
    labels = rng.random((25, 4)) < [0.0, 0.1, 0.5, 1.0]
    expected = slow_z(weights, labels, owner)
    np.testing.assert_allclose(within_subject_z(weights, labels, owner), expected, atol=1e-9)


def slow_best(activation, labels, owner, *, seed, splits):
    held = np.full((splits, 2, labels.shape[1]), np.nan)
    chosen = np.full((splits, 2, labels.shape[1]), -1)
    ranks = midranks(activation)
    for split in range(splits):
        both = halves(labels, owner, np.random.default_rng([seed, split]))
        for side in (0, 1):
            mine, other = both[side], both[1 - side]
            z = slow_z(ranks[mine], labels[mine], owner[mine])
            for u in range(labels.shape[1]):
                if np.isnan(z[:, u]).all():
                    continue
                chosen[split, side, u] = best = int(np.nanargmax(z[:, u]))
                if len(set(labels[other, u])) == 2:
                    held[split, side, u] = roc_auc_score(labels[other, u], activation[other, best])
    return held, chosen


def test_both_directions_beside_loops_and_sklearn():
    rng = np.random.default_rng(0)
    activation, labels, owner = store(rng, subjects=14, filters=4, planted=[(2, 1, 1.0)])
    best = best_held_out(activation, labels, owner.astype(str), seed=3, splits=4)
    order = np.unique(owner.astype(str), return_inverse=True)[1]
    held, chosen = slow_best(activation, labels, order, seed=3, splits=4)
    by_split = np.nanmean(held, axis=1)
    assert best.auroc == pytest.approx(np.nanmean(by_split, axis=0))
    assert best.spread == pytest.approx(np.nanstd(by_split, axis=0, ddof=1))
    for u in range(3):
        votes = np.bincount(chosen[:, :, u].ravel(), minlength=4)
        assert best.often[u] == votes.argmax()
        assert best.share[u] == votes.max() / 8
    whole = slow_z(midranks(activation), labels, order)
    assert best.filter.tolist() == whole.argmax(axis=0).tolist()
    for u in range(3):
        assert best.agreement[u] == (chosen[:, :, u] == best.filter[u]).mean()
    assert (best.agreement <= best.share).all()
    everything = auroc(activation, labels)
    assert best.in_sample == pytest.approx(everything[best.filter, np.arange(3)])
    named = named_held_out(activation, labels, owner.astype(str), seed=3, splits=4)
    assert named.unit.tolist() == whole.argmax(axis=1).tolist()
    assert ((named.share >= 1 / 3) & (named.share <= 1)).all()


def test_what_nothing_looks_like():
    """Filters that know nothing: the best of 448 in the rows it was chosen on, and on other
    people. The rarer the unit, the stronger nothing looks."""
    rng = np.random.default_rng(1)
    rates = (0.013, 0.03, 0.1, 0.4)
    inside, outside, sample = [], [], []
    for seed in range(10):
        owner = np.repeat(np.arange(123), 5)
        activation = rng.normal(size=(len(owner), 448))
        labels = rng.random((len(owner), 4)) < rates
        best = best_held_out(
            activation,
            labels,
            owner,
            seed=seed,
            splits=5,
            score=lambda weights, on, _: np.asarray(auroc(weights, on)),
        )
        inside.append(best.chosen_on)
        outside.append(best.auroc)
        sample.append(best.in_sample)
    curse = np.mean(inside, axis=0)
    assert (np.diff(curse) < 0).all()
    assert curse[0] > 0.85
    assert (np.mean(sample, axis=0)[:2] > [0.7, 0.65]).all()
    error = np.std(outside, axis=0, ddof=1) / math.sqrt(10)
    assert (np.abs(np.mean(outside, axis=0) - 0.5) < 4 * error + 0.01).all()
    assert (error < [0.06, 0.04, 0.03, 0.02]).all()


def test_a_detector_keeps_its_worth_and_its_name():
    rng = np.random.default_rng(2)
    activation, labels, owner = store(rng, planted=[(3, 1, 2.0), (5, 2, 2.0)], subjects=60)
    best = best_held_out(activation, labels, owner, seed=0)
    everything = auroc(activation, labels)
    for filter_, unit in ((3, 1), (5, 2)):
        assert best.filter[unit] == best.often[unit] == filter_
        assert best.share[unit] == 1
        assert best.auroc[unit] == pytest.approx(everything[filter_, unit], abs=0.02)
    named = named_held_out(activation, labels, owner, seed=0)
    assert named.unit[[3, 5]].tolist() == named.often[[3, 5]].tolist() == [1, 2]
    assert named.agreement[[3, 5]].tolist() == [1, 1]
    assert named.auroc[3] == pytest.approx(everything[3, 1], abs=0.02)
    others = np.delete(named.agreement, [3, 5])
    assert others.mean() < 0.6


def test_only_allowed_pairs_are_chosen():
    rng = np.random.default_rng(3)
    activation, labels, owner = store(rng, planted=[(3, 1, 2.0)])
    allowed = np.ones((12, 3), dtype=bool)
    allowed[3, 1] = False
    allowed[:, 2] = False
    best = best_held_out(activation, labels, owner, seed=0, allowed=allowed)
    assert best.filter[1] != 3
    assert best.often[1] != 3
    assert best.filter[2] == best.often[2] == -1
    assert np.isnan([best.auroc[2], best.in_sample[2], best.share[2], best.spread[2]]).all()
    assert best.splits.tolist() == [20, 20, 0]
    allowed[:] = False
    named = named_held_out(activation, labels, owner, seed=0, allowed=allowed)
    assert (named.unit == -1).all()
    assert np.isnan([named.auroc, named.agreement, named.share]).all()


def test_units_of_one_subject_and_constant_filters():
    rng = np.random.default_rng(4)
    activation, labels, owner = store(rng)
    labels[:, 0] = np.arange(len(labels)) == 7  # the half that has it cannot be measured elsewhere
    labels[:, 2] = True
    activation[:, 5] = 0.0
    best = best_held_out(activation, labels, owner, seed=0)
    assert np.isnan(best.auroc[[0, 2]]).all()
    assert best.filter[0] >= 0  # chosen on everybody, but worth nothing to others
    assert best.filter[2] == -1
    named = named_held_out(activation, labels, owner, seed=0)
    assert named.unit[5] == -1
    assert np.isnan(named.auroc[5])


@given(st.integers(0, 5000))
def test_halves_part_subjects_and_share_out_units(seed):
    rng = np.random.default_rng(seed)
    _, labels, owner = store(rng, subjects=15, each=4, rates=(0.03, 0.03, 0.1, 0.3))
    one, other = halves(labels, owner, rng)
    assert sorted([*one, *other]) == list(range(60))
    people = [set(owner[rows]) for rows in (one, other)]
    assert not people[0] & people[1]
    assert abs(len(people[0]) - len(people[1])) <= 5
    shown = np.zeros((15, 4), dtype=bool)
    np.logical_or.at(shown, owner, labels)
    rarest = shown.sum(axis=0).argmin()
    if shown[:, rarest].sum() > 1:
        assert labels[one, rarest].any()
        assert labels[other, rarest].any()


def test_halves_hold_positives_far_oftener_than_a_coin_would():
    rng = np.random.default_rng(5)
    failed = plain = total = 0
    for _ in range(200):
        _, labels, owner = store(rng, subjects=40, rates=(0.01,) * 8)
        shown = np.zeros((40, 8), dtype=bool)
        np.logical_or.at(shown, owner, labels)
        some = shown.sum(axis=0) > 1
        one, other = halves(labels, owner, rng)
        coin = rng.permutation(40) < 20
        total += some.sum()
        failed += (some & ~(labels[one].any(axis=0) & labels[other].any(axis=0))).sum()
        plain += (some & ~(shown[coin].any(axis=0) & shown[~coin].any(axis=0))).sum()
    assert failed < 0.01 * total
    assert plain > 0.1 * total


def test_the_same_seed_gives_the_same_and_names_do_not_matter():
    rng = np.random.default_rng(6)
    activation, labels, owner = store(rng)
    one = best_held_out(activation, labels, owner, seed=5)
    two = best_held_out(
        activation, labels, np.char.add("p", np.char.zfill(owner.astype(str), 3)), seed=5
    )
    for first, second in zip(one, two, strict=True):
        np.testing.assert_array_equal(first, second)
    three = best_held_out(activation, labels, owner, seed=6)
    assert (one.auroc != three.auroc).all()


def test_arrays_that_do_not_fit_are_refused():
    activation, labels, owner = store(np.random.default_rng(7))
    with pytest.raises(InputError, match="do not fit"):
        best_held_out(activation, labels, owner[1:], seed=0)
    with pytest.raises(InputError, match="do not fit"):
        named_held_out(activation, labels, owner, seed=0, allowed=np.ones((3, 12), dtype=bool))
