"""Answers at each coded intensity, and whether people's answers rise with it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from facsinterp.errors import InputError
from facsinterp.evidence.doses import LEVELS, NOT_SCORED, dose_response, levels_of


def people(rng, count, each, *, slope=0.0, zeros=0.0):
    """(peak, present, coded, intensity, subjects) of `count` people with `each` faces."""
    subjects = np.repeat([f"P{i:02d}" for i in range(count)], each)
    present = rng.random(len(subjects)) < 0.45
    intensity = np.where(present, rng.integers(1, 6, len(subjects)), 0).astype(float)
    own = np.repeat(rng.normal(size=count), each)
    peak = own + slope * intensity + rng.normal(size=len(subjects))
    peak = np.where(rng.random(len(subjects)) < zeros, 0, np.maximum(peak + 1, 0))
    return peak[:, None], present, np.ones_like(present), intensity, subjects


@pytest.fixture(scope="module")
def given_faces():
    """Two filters and every kind of code: not scored, not coded, no subject."""
    rng = np.random.default_rng(3)
    peak, present, coded, intensity, subjects = people(rng, 12, 9, slope=0.6)
    peak = np.hstack([peak, rng.normal(size=peak.shape)])
    intensity[present & (rng.random(len(present)) < 0.2)] = np.nan
    coded = coded & (rng.random(len(present)) < 0.9)
    present &= coded
    intensity[~present] = np.where(coded, 0, np.nan)[~present]
    subjects = np.where(rng.random(len(present)) < 0.05, "", subjects)
    return peak, present, coded, intensity, subjects


def slow_rows(column, faces):
    """(level name, standardised peak, person) of each face that counts."""
    peak, present, coded, intensity, subjects = faces
    rows = []
    for i in range(len(peak)):
        if not coded[i] or subjects[i] == "":
            continue
        if not present[i]:
            level = "absent"
        elif np.isnan(intensity[i]):
            level = "not scored"
        else:
            level = " ABCDE"[int(intensity[i])]
        rows.append((level, peak[i, column], subjects[i]))
    values = [value for _, value, _ in rows]
    mean, spread = np.mean(values), np.std(values)
    return [(level, (value - mean) / spread, person) for level, value, person in rows]


@pytest.mark.parametrize("column", [0, 1])
def test_levels_by_their_definition(given_faces, column):
    found = dose_response(*given_faces)
    rows = slow_rows(column, given_faces)
    for place, level in enumerate(LEVELS):
        mine = [(value, person) for name, value, person in rows if name == level]
        names = sorted({person for _, person in mine})
        assert found.faces[place] == len(mine) > 0
        assert found.subjects[place] == len(names)
        means = [np.mean([value for value, person in mine if person == one]) for one in names]
        assert found.mean[place, column] == pytest.approx(np.mean(means))
        low, high = stats.t.interval(0.95, len(means) - 1, np.mean(means), stats.sem(means))
        assert found.low[place, column] == pytest.approx(low)
        assert found.high[place, column] == pytest.approx(high)


@pytest.mark.parametrize("column", [0, 1])
@pytest.mark.parametrize("which", ["rising", "graded"])
def test_trends_by_their_definition(given_faces, column, which):
    found = getattr(dose_response(*given_faces), which)
    order = ["absent", "A", "B", "C", "D", "E"] if which == "rising" else list("ABCDE")
    rows = [row for row in slow_rows(column, given_faces) if row[0] in order]
    each, sizes = [], []
    for one in sorted({person for _, _, person in rows}):
        level = [order.index(name) for name, _, person in rows if person == one]
        value = [value for _, value, person in rows if person == one]
        if len(set(level)) > 1:
            each.append(stats.spearmanr(level, value).statistic)
            sizes.append(len(level))
    assert found.people == len(each) <= 14
    assert found.faces == np.median(sizes)
    assert found.mean[column] == pytest.approx(np.mean(each))
    turned = [
        abs(np.dot(signs, each)) >= abs(sum(each)) * (1 - 1e-6)
        for signs in itertools.product((-1, 1), repeat=len(each))
    ]
    assert found.p[column] == pytest.approx(np.mean(turned))
    low, high = stats.t.interval(0.95, len(each) - 1, np.mean(each), stats.sem(each))
    assert found.low[column] == pytest.approx(max(low, -1))
    assert found.high[column] == pytest.approx(min(high, 1))


def test_not_coded_is_no_level_and_not_scored_has_no_place_in_the_order(given_faces):
    peak, present, coded, intensity, subjects = given_faces
    before = dose_response(*given_faces)
    kept = coded & (subjects != "")
    after = dose_response(*(part[kept] for part in given_faces))
    assert np.array_equal(before.mean, after.mean, equal_nan=True)
    moved = np.where((present & np.isnan(intensity))[:, None], peak + 100, peak)
    raised = dose_response(moved, present, coded, intensity, subjects)
    assert raised.rising.mean == pytest.approx(before.rising.mean)
    assert (raised.mean[NOT_SCORED] > before.mean[NOT_SCORED]).all()


@given(
    present=st.lists(st.booleans(), min_size=1, max_size=20),
    data=st.data(),
)
def test_every_face_has_one_level(present, data):
    n = len(present)
    coded = [on or data.draw(st.booleans()) for on in present]
    strength = st.one_of(st.just(float("nan")), st.floats(0.1, 5))
    intensity = [data.draw(strength) if on else 0.0 for on in present]
    for i, level in enumerate(levels_of(present, coded, intensity).tolist()):
        if not coded[i]:
            assert level == -1
        elif not present[i]:
            assert level == 0
        elif np.isnan(intensity[i]):
            assert level == NOT_SCORED
        else:
            assert level == max(1, round(intensity[i]))
    assert n == len(levels_of(present, coded, intensity))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 50), shift=st.floats(-5, 5))
def test_units_of_the_peaks_do_not_matter(seed, scale, shift):
    faces = people(np.random.default_rng(seed), 6, 8, slope=0.3)
    one = dose_response(*faces)
    two = dose_response(scale * faces[0] + shift, *faces[1:])
    assert two.mean == pytest.approx(one.mean, nan_ok=True, abs=1e-6)
    assert two.rising.p == pytest.approx(one.rising.p, nan_ok=True)


def test_what_rises_in_everybody_is_found():
    _, present, coded, intensity, subjects = people(np.random.default_rng(0), 10, 8)
    found = dose_response(intensity[:, None], present, coded, intensity, subjects).rising
    assert found.mean == pytest.approx([1])
    assert found.p == pytest.approx([2 / 2**10])
    fall = dose_response(-intensity[:, None], present, coded, intensity, subjects).rising
    assert fall.mean == pytest.approx([-1])
    assert fall.p == pytest.approx([2 / 2**10])


def test_differences_between_people_are_no_trend():
    """Some people answer strongly and show the unit strongly; none rises with it."""
    subjects = np.repeat([f"P{i}" for i in range(8)], 4)
    person = np.repeat(np.arange(8), 4)
    intensity = np.where(np.arange(32) % 4 < 2, 1 + person % 5, 0).astype(float)
    peak = (person % 5 + 0.01 * (np.arange(32) % 2)).astype(float)
    found = dose_response(peak[:, None], intensity > 0, intensity >= 0, intensity, subjects)
    assert found.mean[5, 0] - found.mean[1, 0] > 2
    assert found.rising.mean == pytest.approx([0])
    assert found.graded.people == 0
    assert np.isnan(found.graded.faces)
    assert np.isnan(found.graded.p).all()


@pytest.mark.parametrize(("count", "zeros"), [(12, 0.0), (12, 0.6), (30, 0.6)])
def test_the_trend_test_keeps_its_level(count, zeros):
    """Peaks that know nothing of the intensities, half of them tied at zero in most runs."""
    rng = np.random.default_rng(11)
    runs, many = 40, 50
    p = []
    for run in range(runs):
        _, present, coded, intensity, subjects = people(rng, count, 8)
        peak = rng.normal(size=(len(subjects), many)) + rng.normal(size=count).repeat(8)[:, None]
        peak = np.maximum(peak + stats.norm.ppf(1 - zeros) if zeros else peak, 0 if zeros else -9)
        p.append(dose_response(peak, present, coded, intensity, subjects, count=399, seed=run))
    for which in ("rising", "graded"):
        share = np.mean([getattr(one, which).p <= 0.05 for one in p])
        # 2,000 tests, 50 at a time of the same codes; 0.07 is more than four deviations.
        assert 0.03 <= share <= 0.07


def test_a_rare_unit_and_many_silent_faces_give_no_false_rises():
    rng = np.random.default_rng(5)
    rose = []
    for run in range(40):
        _, _, coded, _, subjects = people(rng, 40, 8)
        present = rng.random(len(coded)) < 0.12
        intensity = np.where(present, rng.integers(1, 6, len(coded)), 0.0)
        peak = np.maximum(rng.normal(size=(len(coded), 50)) - 0.5, 0)
        trend = dose_response(peak, present, coded, intensity, subjects, count=399, seed=run).rising
        rose.append((trend.p <= 0.05) & (trend.mean > 0))
    assert np.mean(rose) <= 0.035


def test_a_filter_that_never_changes_has_no_numbers(given_faces):
    peak = np.column_stack([np.full(len(given_faces[0]), 2.5), given_faces[0][:, 0]])
    found = dose_response(peak, *given_faces[1:])
    assert np.isnan(found.mean[:, 0]).all()
    assert np.isnan(found.rising.p[0])
    assert np.isfinite(found.rising.p[1])


def test_few_people_are_said_and_not_drawn():
    intensity = np.array([0, 1, 0, 1, 0, 2.0])
    subjects = np.array(["a", "a", "b", "b", "c", "c"])
    found = dose_response(
        np.arange(6.0)[:, None], intensity > 0, intensity >= 0, intensity, subjects
    )
    assert found.subjects.tolist() == [3, 2, 1, 0, 0, 0, 0]
    assert found.drawn.tolist() == [True] + 6 * [False]
    assert found.scored
    assert np.isnan(found.low[2, 0])
    assert np.isfinite(found.mean[2, 0])
    alone = dose_response(
        np.arange(2.0)[:, None], [False, True], [True, True], [0, 1], ["a", "a"]
    ).rising
    assert (alone.people, alone.p[0]) == (1, 1)


def test_without_letters_nothing_was_scored():
    found = dose_response(np.eye(4), [0, 1, 0, 1], [1] * 4, [0, np.nan] * 2, ["a", "a", "b", "b"])
    assert not found.scored
    assert found.rising.people == 0
    nobody = dose_response(np.eye(2), [0, 0], [0, 0], [0, 0], ["a", "b"])
    assert not nobody.faces.any()
    assert np.isnan(nobody.mean).all()


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(InputError, match="do not fit together"):
        dose_response(np.eye(3), [True], [True], [1], ["a"])
