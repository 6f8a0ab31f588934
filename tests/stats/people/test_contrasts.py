"""Differences of two sets of detectors against scikit-learn, loops and simulated people."""

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from facsinterp.errors import InputError
from facsinterp.stats.people.contrasts import contrast


def cells(seed=0, people=24, each=5):
    """Two detectors of three units, the first better; ties, and cells that nobody coded."""
    rng = np.random.default_rng(seed)
    n = people * each
    present, coded = rng.random((n, 3)) < 0.4, rng.random((n, 3)) < 0.9
    first = np.round(0.5 + 0.3 * present - 0.15 + rng.normal(0, 0.2, (n, 3)), 1)
    second = np.round(0.5 + 0.1 * present - 0.05 + rng.normal(0, 0.2, (n, 3)), 1)
    first[0, 0] = second[1, 1] = np.nan
    return first, second, present, coded, np.repeat([f"S{i:02d}" for i in range(people)], each)


def score(measure, truth, said):
    if measure == "auroc":
        return roc_auc_score(truth, said)
    return balanced_accuracy_score(truth, said >= 0.5)


@pytest.mark.parametrize("measure", ["balanced", "auroc"])
def test_differences_and_bounds_are_those_of_a_loop_over_draws(measure):
    first, second, present, coded, subjects = cells()
    found = contrast(first, second, present, coded, subjects, measure=measure, draws=60, seed=3)
    names = np.unique(subjects)
    times = np.random.default_rng(3).multinomial(24, np.full(24, 1 / 24), size=60)
    means = []
    for unit in range(3):
        known = coded[:, unit] & np.isfinite(first[:, unit]) & np.isfinite(second[:, unit])
        values = []
        for many in [np.ones(24, int), *times]:
            own = [np.flatnonzero(known & (subjects == name)) for name in names]
            rows = np.concatenate([np.tile(own[i], many[i]) for i in range(24)])
            truth = present[rows, unit]
            values.append(
                score(measure, truth, first[rows, unit]) - score(measure, truth, second[rows, unit])
            )
        means.append(values)
        shown, absent = (np.unique(subjects[known & (present[:, unit] == on)]) for on in (1, 0))
        half = student.ppf(0.975, min(len(shown), len(absent)) - 1) * np.std(values[1:], ddof=1)
        assert found.difference[unit] == pytest.approx(values[0])
        assert found.low[unit] == pytest.approx(values[0] - half)
        assert found.high[unit] == pytest.approx(values[0] + half)
    over = np.mean(means, axis=0)
    half = student.ppf(0.975, 23) * np.std(over[1:], ddof=1)
    assert found.mean == pytest.approx(over[0])
    assert found.units == 3
    assert found.mean_low == pytest.approx(over[0] - half)
    assert found.mean_high == pytest.approx(over[0] + half)


@pytest.mark.parametrize("measure", ["balanced", "auroc"])
def test_against_saying_absent_to_all_it_is_the_measure_less_one_half(measure):
    first, _, present, coded, subjects = cells()
    found = contrast(
        first, np.zeros_like(first), present, coded, subjects, measure=measure, draws=20
    )
    for unit in range(3):
        rows = coded[:, unit] & np.isfinite(first[:, unit])
        wanted = score(measure, present[rows, unit], first[rows, unit])
        assert found.difference[unit] == pytest.approx(wanted - 0.5)


def test_nothing_is_said_of_a_missing_side_or_with_too_few_people():
    first, second, present, coded, subjects = cells()
    present[:, 0] = False
    found = contrast(first, second, present, coded, subjects, draws=50)
    assert np.isnan([found.difference[0], found.low[0]]).all()
    assert found.units == 2
    few = subjects < "S19"
    found = contrast(first[few], second[few], present[few], coded[few], subjects[few], draws=50)
    assert np.isfinite(found.difference[1:]).all()
    assert np.isnan([*found.low, found.mean_low, found.mean_high]).all()


def test_rows_of_nobody_do_not_count():
    first, second, present, coded, subjects = cells()
    one, other, on, known = (np.concatenate([a, a[:9]]) for a in (first, second, present, coded))
    named = np.concatenate([subjects, np.full(9, "")])
    a = contrast(first, second, present, coded, subjects, draws=30)
    b = contrast(one, other, on, known, named, draws=30)
    np.testing.assert_array_equal(a.difference, b.difference)
    np.testing.assert_array_equal(a.low, b.low)


def test_the_mean_is_covered_as_often_as_it_says():
    """People differ in how hard they are; both detectors are as good as each other."""
    rng = np.random.default_rng(8)
    hits, rounds, people, each = 0, 200, 40, 4
    subjects = np.repeat([f"S{i:02d}" for i in range(people)], each)
    for _ in range(rounds):
        present = rng.random((people * each, 4)) < 0.3
        hard = np.repeat(rng.normal(0, 0.5, people), each)[:, None]
        noise = rng.normal(0, 0.7, (2, people * each, 4))
        one, other = 0.5 + np.where(present, 0.4, -0.4) * (1 - hard) + noise
        found = contrast(one, other, present, np.ones_like(present), subjects, draws=200)
        hits += found.mean_low <= 0 <= found.mean_high
    # 95 % of 200 within three standard errors of a share.
    assert 0.90 <= hits / rounds <= 0.99


def test_what_does_not_fit_is_refused():
    first, second, present, coded, subjects = cells()
    with pytest.raises(InputError, match="do not fit together"):
        contrast(first, second[:-1], present, coded, subjects)
