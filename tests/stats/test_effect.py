"""Effects beside their formulas written slowly, beside other packages, and at their edges."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, pointbiserialr, rankdata
from sklearn.metrics import average_precision_score, roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats import divergence, effect, matrices, top
from tests.stats.samples import (
    FELL,
    alone,
    coded,
    every_order,
    left_after_wrong_labels,
    peak_beside_result,
    tied_samples,
)


def one_subject_in_three(activation, labels):
    subjects = np.arange(len(labels)) % 3
    return effect.auroc_within(activation, labels, subjects)


RANK_EFFECTS = {
    "auroc": effect.auroc,
    "rank correlation": effect.rank_correlation,
    "partial rank correlation": effect.partial_rank_correlation,
    "AUPRC": effect.auprc,
    "AUPRC gain": effect.auprc_gain,
}
EFFECTS = {**RANK_EFFECTS, "point-biserial": effect.point_biserial}


# Formulas


@given(tied_samples())
def test_auroc_is_the_share_of_ordered_pairs(sample):
    activation, labels, *_ = sample
    found = effect.auroc(activation, labels)
    for j, u in np.ndindex(2, 2):
        on, off = activation[labels[:, u], j], activation[~labels[:, u], j]
        if not len(on) or not len(off):
            assert math.isnan(found[j, u])
            continue
        wins = [1.0 if a > b else 0.5 if a == b else 0.0 for a in on for b in off]
        assert found[j, u] == pytest.approx(np.mean(wins))


@given(tied_samples())
def test_auroc_within_is_the_share_of_ordered_pairs_of_one_subject(sample):
    activation, labels, _, subjects = sample
    found = effect.auroc_within(activation, labels, subjects)
    owner = alone(subjects)
    for j, u in np.ndindex(2, 2):
        f, a = activation[:, j], labels[:, u]
        wins = [
            1.0 if f[i] > f[k] else 0.5 if f[i] == f[k] else 0.0
            for i in range(len(f))
            for k in range(len(f))
            if owner[i] == owner[k] and a[i] and not a[k]
        ]
        if not wins:
            assert math.isnan(found[j, u])
        else:
            assert found[j, u] == pytest.approx(np.mean(wins))


def test_auroc_within_beside_sklearn_and_weighed_by_pairs():
    rng = np.random.default_rng(11)
    activation, labels = coded(rng, 90, 4, 3, levels=4)
    subjects = np.array([f"S{s}" for s in rng.integers(0, 12, 90)])
    found = effect.auroc_within(activation, labels, subjects)
    for j, u in np.ndindex(4, 3):
        wins = pairs = 0.0
        for s in set(subjects):
            mine = subjects == s
            a = labels[mine, u]
            if 0 < a.sum() < len(a):
                weight = a.sum() * (~a).sum()
                wins += weight * roc_auc_score(a, activation[mine, j])
                pairs += weight
        assert found[j, u] == pytest.approx(wins / pairs)


def test_identity_weakens_the_pooled_auroc_and_not_the_one_within():
    rng = np.random.default_rng(12)
    labels = rng.random((200, 2)) < 0.4
    activation = rng.normal(size=(200, 3)) + 2.0 * labels[:, :1]
    subjects = np.repeat(np.arange(20), 10)
    identity = 8.0 * rng.normal(size=(20, 3))[subjects]
    within = effect.auroc_within(activation, labels, subjects)
    assert np.allclose(effect.auroc_within(activation + identity, labels, subjects), within)
    pooled = effect.auroc(activation + identity, labels)[:, 0]
    assert (pooled < within[:, 0] - 0.1).all()


def test_auroc_within_of_one_subject_is_the_pooled_one():
    activation, labels = coded(np.random.default_rng(13), 40, 3, 2, levels=2)
    one = effect.auroc_within(activation, labels, ["me"] * 40)
    assert np.array_equal(one, effect.auroc(activation, labels))


@pytest.mark.parametrize("subjects", [[""] * 12, [str(i) for i in range(12)], np.arange(12)])
def test_subjects_with_one_sequence_form_no_pair(subjects):
    activation, labels = coded(np.random.default_rng(14), 12, 2, 2)
    assert np.isnan(effect.auroc_within(activation, labels, subjects)).all()


def test_auroc_and_correlations_beside_other_packages():
    activation, labels = coded(np.random.default_rng(1), 80, 5, 3, levels=3)
    auroc = effect.auroc(activation, labels)
    by_rank = effect.rank_correlation(activation, labels)
    by_value = effect.point_biserial(activation, labels)
    for j, u in np.ndindex(5, 3):
        assert auroc[j, u] == pytest.approx(roc_auc_score(labels[:, u], activation[:, j]))
        expected = pearsonr(rankdata(activation[:, j]), labels[:, u]).statistic
        assert by_rank[j, u] == pytest.approx(expected)
        assert by_value[j, u] == pytest.approx(
            pointbiserialr(labels[:, u], activation[:, j]).statistic
        )


def test_rank_correlation_is_auroc_standardised_by_the_base_rate():
    rng = np.random.default_rng(15)
    activation, labels = rng.random((300, 4)), rng.random((300, 3)) < (0.05, 0.3, 0.6)
    rate = labels.mean(axis=0)
    expected = (2 * effect.auroc(activation, labels) - 1) * np.sqrt(3 * rate * (1 - rate))
    found = effect.rank_correlation(activation, labels)
    assert found == pytest.approx(expected * 300 / math.sqrt(300**2 - 1))


@given(tied_samples())
@settings(max_examples=60)
def test_auprc_is_the_mean_over_every_order_of_ties(sample):
    activation, labels, *_ = sample
    activation, labels = activation[:6], labels[:6]
    found = effect.auprc(activation, labels)
    for j, u in np.ndindex(2, 2):
        if labels[:, u].all() or not labels[:, u].any():
            assert math.isnan(found[j, u])
            continue
        areas = []
        for order in every_order(activation[:, j].tolist()):
            shown = labels[order, u]
            areas.append(np.mean([shown[: i + 1].mean() for i in range(len(shown)) if shown[i]]))
        assert found[j, u] == pytest.approx(np.mean(areas))


def test_auprc_without_ties_beside_sklearn():
    rng = np.random.default_rng(16)
    activation, labels = rng.random((120, 4)), rng.random((120, 3)) < (0.1, 0.4, 0.8)
    found = effect.auprc(activation, labels)
    for j, u in np.ndindex(4, 3):
        expected = average_precision_score(labels[:, u], activation[:, j])
        assert found[j, u] == pytest.approx(expected)


@pytest.mark.parametrize("with_unit", [1, 6, 30, 592])
def test_auprc_by_chance_lies_above_the_base_rate_as_said(with_unit):
    labels = np.arange(593)[:, None] < with_unit
    gain = effect.auprc_gain(np.zeros((593, 1)), labels)[0, 0]
    harmonic = sum(1 / place for place in range(1, 594))
    assert gain == pytest.approx((593 - with_unit) * (harmonic - 1) / (593 * 592))
    if with_unit == 6:
        rng = np.random.default_rng(17)
        drawn = effect.auprc_gain(rng.random((593, 2000)), labels)
        assert np.mean(drawn) == pytest.approx(gain, abs=4 * float(np.std(drawn)) / math.sqrt(2000))
        assert gain == pytest.approx(0.010, abs=5e-4)


def test_partial_rank_correlation_beside_least_squares():
    """t / sqrt(t^2 + df) of a regression of the ranks on all units."""
    activation, labels = coded(np.random.default_rng(18), 90, 3, 4, levels=4)
    found = effect.partial_rank_correlation(activation, labels, ridge=0)
    for j in range(3):
        fit = sm.OLS(rankdata(activation[:, j]), sm.add_constant(labels.astype(float))).fit()
        t = fit.tvalues[1:]
        assert found[j] == pytest.approx(t / np.sqrt(t**2 + fit.df_resid))


@pytest.mark.parametrize("ridge", [0.02, 0.1, 3.0])
def test_partial_rank_correlation_beside_the_inverse_of_the_joint_matrix(ridge):
    activation, labels = coded(np.random.default_rng(19), 90, 3, 4, levels=4)
    found = effect.partial_rank_correlation(activation, labels, ridge=ridge)
    for j in range(3):
        joint = np.corrcoef(np.column_stack([rankdata(activation[:, j]), labels]).T)
        joint[1:, 1:] += ridge * np.eye(4)
        inverse = np.linalg.inv(joint)
        expected = -inverse[0, 1:] / np.sqrt(inverse[0, 0] * np.diag(inverse)[1:])
        assert found[j] == pytest.approx(expected)


def test_the_ridge_is_noise_in_the_labels():
    """The plain partial correlation where each label carries independent noise."""
    rng = np.random.default_rng(20)
    n, ridge = 200_000, 0.5
    labels = rng.random((n, 3)) < 0.4
    labels[:, 1] ^= labels[:, 0] & (rng.random(n) < 0.8)
    activation = rng.normal(size=(n, 1)) + labels[:, :1]
    found = effect.partial_rank_correlation(activation, labels, ridge=ridge)[0]
    noisy = labels + rng.normal(size=labels.shape) * labels.std(axis=0) * math.sqrt(ridge)
    inverse = np.linalg.inv(np.corrcoef(np.column_stack([rankdata(activation), noisy]).T))
    expected = -inverse[0, 1:] / np.sqrt(inverse[0, 0] * np.diag(inverse)[1:])
    assert found == pytest.approx(expected, abs=4 / math.sqrt(n))


def test_a_unit_that_comes_with_another_is_explained_by_it():
    rng = np.random.default_rng(21)
    one = rng.random(600) < 0.3
    other = np.where(rng.random(600) < 0.9, one, rng.random(600) < 0.3)
    labels = np.column_stack([one, other, rng.random(600) < 0.3])
    activation = np.maximum(0, rng.normal(size=(600, 1)) + 2 * one[:, None])
    plain = effect.rank_correlation(activation, labels)[0]
    partial = effect.partial_rank_correlation(activation, labels)[0]
    assert plain[1] > 0.5
    assert abs(partial[1]) < 0.25
    assert partial[0] > 2 * partial[1]
    sharper = effect.partial_rank_correlation(activation, labels, ridge=0.01)[0]
    assert sharper[0] > 5 * abs(sharper[1])


def test_units_that_depend_on_each_other_need_a_ridge():
    activation, labels = coded(np.random.default_rng(22), 50, 2, 2)
    twice = np.column_stack([labels, labels[:, 0]])
    with pytest.raises(InputError, match="depend linearly"):
        effect.partial_rank_correlation(activation, twice, ridge=0)
    found = effect.partial_rank_correlation(activation, twice, ridge=0.1)
    assert found[:, 0] == pytest.approx(found[:, 2])
    with pytest.raises(InputError, match="ridge is negative"):
        effect.partial_rank_correlation(activation, labels, ridge=-0.1)


def test_units_without_contrast_are_no_part_of_what_is_given():
    activation, labels = coded(np.random.default_rng(23), 50, 2, 3)
    never, always = np.zeros((50, 1), dtype=bool), np.ones((50, 1), dtype=bool)
    more = np.column_stack([never, labels, always])
    found = effect.partial_rank_correlation(activation, more)
    assert np.isnan(found[:, [0, 4]]).all()
    alone_found = effect.partial_rank_correlation(activation, labels)
    assert found[:, 1:4] == pytest.approx(alone_found)


# What changes nothing


@pytest.mark.parametrize("name", [*RANK_EFFECTS, "within"])
@given(sample=tied_samples())
@settings(max_examples=40)
def test_increasing_transforms_change_nothing(name, sample):
    activation, labels, *_ = sample
    measure = RANK_EFFECTS.get(name, one_subject_in_three)
    before = measure(activation, labels)
    after = measure(activation**3 * 7 - 5, labels)
    assert np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", EFFECTS)
@given(sample=tied_samples(), data=st.data())
@settings(max_examples=40)
def test_the_order_of_rows_changes_nothing(name, sample, data):
    activation, labels, _, subjects = sample
    order = data.draw(st.permutations(range(len(labels))))
    before = EFFECTS[name](activation, labels)
    after = EFFECTS[name](activation[order], labels[order])
    assert np.allclose(before, after, equal_nan=True, rtol=1e-12, atol=1e-12)
    before = effect.auroc_within(activation, labels, subjects)
    after = effect.auroc_within(activation[order], labels[order], subjects[order])
    assert np.array_equal(before, after, equal_nan=True)


@pytest.mark.parametrize("name", [*EFFECTS, "within"])
def test_each_filter_knows_of_no_other(name, monkeypatch):
    measure = EFFECTS.get(name, one_subject_in_three)
    activation, labels = coded(np.random.default_rng(4), 40, 6, 3)
    whole = measure(activation, labels)
    monkeypatch.setattr(matrices, "BLOCK", 2 * 40)  # two filters at a time
    assert measure(activation, labels) == pytest.approx(whole, rel=1e-12)
    assert measure(activation[:, [4]], labels)[0] == pytest.approx(whole[4], rel=1e-12)


@pytest.mark.parametrize("name", [*EFFECTS, "within"])
def test_memory_does_not_grow_with_the_filters(name, monkeypatch):
    measure = EFFECTS.get(name, one_subject_in_three)
    activation = np.random.default_rng(6).random((100, 4000), dtype=np.float32)
    labels = np.random.default_rng(7).random((100, 2)) < 0.4
    monkeypatch.setattr(matrices, "BLOCK", 100 * 50)
    peaks = [
        peak_beside_result(lambda n=n: measure(activation[:, :n], labels)) for n in (800, 4000)
    ]
    # A few (J, U) arrays remain; activations of all filters in float64 would be 3.2 MB.
    assert peaks[1] - peaks[0] < 6 * 4000 * 2 * 8


# Edges


@pytest.mark.parametrize("name", [*EFFECTS, "within"])
@pytest.mark.parametrize("present", [False, True])
def test_au_absent_everywhere_or_present_everywhere_has_no_effect(name, present):
    activation = np.random.default_rng(5).random((12, 2))
    measure = EFFECTS.get(name, one_subject_in_three)
    assert np.isnan(measure(activation, np.full((12, 2), present))).all()


@pytest.mark.parametrize("value", [0.0, 0.1, 3.5, -1e8])
def test_dead_filter_and_constant_filter_say_nothing(value):
    labels = np.arange(23)[:, None] < 6
    activation = np.full((23, 1), value, dtype=np.float32)
    assert effect.auroc(activation, labels)[0, 0] == 0.5
    assert one_subject_in_three(activation, labels)[0, 0] == 0.5
    for name in ("rank correlation", "partial rank correlation", "point-biserial"):
        assert EFFECTS[name](activation, labels)[0, 0] == 0.0, name


def test_the_mean_of_equal_numbers_may_round_and_a_constant_filter_stays_silent():
    activation = np.tile(np.random.default_rng(8).random(50), (23, 1))
    assert (activation != activation.mean(axis=0)).any()
    assert not effect.point_biserial(activation, np.arange(23)[:, None] < 6).any()


def test_float32_ties_are_equal_numbers_and_nothing_else():
    one = np.float32(0.1)
    next_one = np.nextafter(one, np.float32(1))
    labels = np.array([[True], [False]])
    assert effect.auroc(np.array([[next_one], [one]]), labels)[0, 0] == 1.0
    assert effect.auroc(np.array([[one], [one]]), labels)[0, 0] == 0.5
    assert effect.midranks(np.array([[one], [next_one], [one]]))[:, 0].tolist() == [1.5, 3, 1.5]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", [*EFFECTS, "within"])
def test_nan_or_infinity_is_refused_and_said_where(name, bad):
    activation = np.ones((4, 9))
    activation[1, 1] = activation[2, 1:8] = bad
    with pytest.raises(InputError, match="NaN or infinity") as caught:
        EFFECTS.get(name, one_subject_in_three)(activation, np.ones((4, 1), dtype=bool))
    assert "7 filters (columns 1, 2, 3, 4, 5, ...), 2 rows" in str(caught.value)


@pytest.mark.parametrize("unscored", [-1, 2, np.nan, 0.5])
def test_unscored_is_not_absent(unscored):
    labels = np.array([[1.0], [0.0], [unscored], [0.0]])
    with pytest.raises(InputError, match="neither 0 nor 1"):
        effect.auroc(np.ones((4, 1)), labels)
    with pytest.raises(InputError, match="neither 0 nor 1"):
        effect.base_rate(labels)
    whole = effect.auroc(np.arange(3.0)[:, None], np.array([[1], [0], [1]]))
    assert whole[0, 0] == 0.5


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="do not fit together"):
        effect.auroc(np.ones((4, 1)), np.ones((3, 1), dtype=bool))
    with pytest.raises(InputError, match="not a matrix"):
        effect.auroc(np.ones(4), np.ones((4, 1), dtype=bool))
    with pytest.raises(InputError, match="not a matrix"):
        effect.auroc(np.ones((4, 1)), np.ones(4, dtype=bool))
    with pytest.raises(InputError, match="not one group a row"):
        effect.auroc_within(np.ones((4, 1)), np.ones((4, 1), dtype=bool), ["a", "b"])


def test_no_rows_have_no_base_rate():
    assert np.isnan(effect.base_rate(np.zeros((0, 2), dtype=bool))).all()


def test_exact_dtype_changes_where_float32_ends():
    assert effect.exact_dtype((1 << 24) - 1) is np.float32
    assert effect.exact_dtype(1 << 24) is np.float64


# Which effect may name a filter


def precision(activation, labels):
    return top.precision_at_n(activation, labels, 20).value


def lift(activation, labels):
    return top.lift(precision(activation, labels), effect.base_rate(labels))


def gain(activation, labels):
    return top.gain(precision(activation, labels), effect.base_rate(labels))


def above_half(activation, labels):
    return effect.auroc(activation, labels) - 0.5


# Whether the effect of a rare unit falls for missing labels, and for extra ones.
SANITY = {
    "rank correlation": (effect.rank_correlation, True, True),
    "partial rank correlation": (effect.partial_rank_correlation, True, True),
    "point-biserial": (effect.point_biserial, True, True),
    "AUPRC gain": (effect.auprc_gain, True, True),
    "mutual information": (divergence.mutual_information, True, True),
    "AUROC": (above_half, False, True),
    "KL, equal widths": (divergence.kl_divergence, False, True),
    "Jeffreys": (divergence.jeffreys, False, True),
    "Jensen-Shannon": (divergence.jensen_shannon, False, True),
    "lift": (lift, False, True),
    "precision": (precision, True, False),
    "gain": (gain, True, False),
}


@pytest.mark.parametrize("rate", [0.03, 0.1])
@pytest.mark.parametrize("name", SANITY)
def test_neuron_eval_missing_labels_and_extra_labels(name, rate):
    measure, falls_for_missing, falls_for_extra = SANITY[name]
    missing, extra = left_after_wrong_labels(measure, rate)
    assert (missing < FELL) == falls_for_missing
    assert (extra < FELL) == falls_for_extra
    if falls_for_missing and falls_for_extra:
        assert max(missing, extra) < 0.8


def test_raw_auprc_of_a_common_unit_does_not_see_extra_labels():
    missing, extra = left_after_wrong_labels(effect.auprc, 0.3)
    assert missing < FELL < extra
    missing, extra = left_after_wrong_labels(effect.auprc_gain, 0.3)
    assert max(missing, extra) < FELL


def detectors(rng, n=590, units=40, filters=150, emotions=7):
    """Filters that each answer to one of many units, rare to common, linked by emotion."""
    emotion = rng.integers(0, emotions, n)
    drive = rng.normal(0, 1.5, size=(emotions, units))[emotion] + rng.logistic(size=(n, units))
    count = np.geomspace(6, 0.55 * n, units).astype(int)
    labels = rankdata(-drive, axis=0) <= count
    owner = rng.integers(0, units, filters)
    effects = np.array([0.5, 1.0, 2.0])[rng.integers(0, 3, filters)]
    return np.maximum(0, rng.normal(size=(n, filters)) + effects * labels[:, owner]), labels, owner


def test_effects_standardised_by_the_base_rate_name_better():
    """The order of scores in the share of planted detectors that get their unit's name."""
    rng = np.random.default_rng(24)
    scores = {
        "rank": effect.rank_correlation,
        "point": effect.point_biserial,
        "partial": effect.partial_rank_correlation,
        "AUPRC gain": effect.auprc_gain,
        "AUROC": effect.auroc,
        "KL": divergence.kl_shrunk,
        "AUPRC": effect.auprc,
        "P": precision,
        "lift": lift,
    }
    named = dict.fromkeys(scores, 0.0)
    for _ in range(4):
        activation, labels, owner = detectors(rng)
        for name, score in scores.items():
            named[name] += np.mean(score(activation, labels).argmax(axis=1) == owner) / 4
    better = min(named[name] for name in ("rank", "point", "partial"))
    assert better > 0.75
    assert better > max(named["AUROC"], named["KL"]) + 0.05
    assert better > max(named["P"], named["lift"], named["AUPRC"]) + 0.25
    assert named["AUPRC gain"] > named["AUPRC"] + 0.25
