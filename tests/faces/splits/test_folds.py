"""Folds: nobody is on two sides, everybody tests once, and the published order is kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.splits.folds import hold_out, k_folds
from facsinterp.faces.splits.protocols import protocol
from facsinterp.faces.table import FaceTable

leave_one_subject_out = protocol("leave-one-subject-out").folds


def faces_of(subjects):
    n = len(subjects)
    return FaceTable.from_arrays(
        [f"i{i}" for i in range(n)], [12], np.zeros((n, 1)), subject=list(subjects)
    )


def people(rows, faces):
    return set(faces.column("subject")[rows])


def assert_fair(fold, faces):
    parts = [fold.train, fold.validation, fold.test]
    together = np.concatenate(parts)
    assert sorted(together) == list(range(len(faces)))
    assert all(len(part) and (np.diff(part) > 0).all() for part in parts)
    names = [people(part, faces) for part in parts]
    assert sum(map(len, names)) == len(set().union(*names))


tables = st.lists(st.integers(0, 25).map("S{:03d}".format), min_size=8, max_size=60).map(faces_of)


@settings(max_examples=40, deadline=None)
@given(tables, st.integers(3, 10), st.integers(0, 5))
def test_k_folds_are_fair(faces, count, seed):
    distinct = len(people(slice(None), faces))
    if distinct < count:
        with pytest.raises(DataError, match="too few subjects"):
            k_folds(faces, count, seed)
        return
    folds = k_folds(faces, count, seed)
    for k, fold in enumerate(folds):
        assert_fair(fold, faces)
        np.testing.assert_array_equal(fold.validation, folds[(k + 1) % count].test)
    assert sorted(np.concatenate([fold.test for fold in folds])) == list(range(len(faces)))
    sizes = [len(people(fold.test, faces)) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


def test_seed_zero_is_the_published_order():
    """Khorrami et al.: subjects sorted, subject i in fold i mod 10; 118 give 12 x 8 and 11 x 2."""
    faces = faces_of([f"S{n:03d}" for n in np.random.default_rng(1).permutation(118)])
    folds = k_folds(faces, 10, 0)
    assert people(folds[3].test, faces) == {f"S{n:03d}" for n in range(3, 118, 10)}
    assert people(folds[3].validation, faces) == {f"S{n:03d}" for n in range(4, 118, 10)}
    assert [len(fold.test) for fold in folds] == [12] * 8 + [11] * 2
    assert [fold.name for fold in folds][::9] == ["fold-01", "fold-10"]


def test_the_seed_shuffles_subjects_and_the_same_seed_alike():
    faces = faces_of([f"S{n:03d}" for n in range(40)])
    one, same, other = k_folds(faces, 5, 1), k_folds(faces, 5, 1), k_folds(faces, 5, 2)
    np.testing.assert_array_equal(one[0].test, same[0].test)
    assert people(one[0].test, faces) != people(other[0].test, faces)


def test_the_order_of_rows_does_not_change_who_is_where():
    faces = faces_of([f"S{n:03d}" for n in range(12)] * 2)
    turned = faces.select(np.arange(23, -1, -1))
    for seed in (0, 7):
        for a, b in zip(k_folds(faces, 4, seed), k_folds(turned, 4, seed), strict=True):
            assert people(a.test, faces) == people(b.test, turned)


@settings(max_examples=40, deadline=None)
@given(tables)
def test_leaving_one_subject_out_is_fair(faces):
    subjects = sorted(people(slice(None), faces))
    if len(subjects) < 3:
        with pytest.raises(DataError, match="too few subjects"):
            leave_one_subject_out(faces)
        return
    folds = leave_one_subject_out(faces)
    assert [fold.name for fold in folds] == [f"without-{subject}" for subject in subjects]
    for fold, subject in zip(folds, subjects, strict=True):
        assert_fair(fold, faces)
        assert people(fold.test, faces) == {subject}
        assert len(people(fold.validation, faces)) == 1


@pytest.mark.parametrize(
    ("share", "held", "validating"), [(0.2, 4, 3), (0.25, 5, 2), (0.01, 1, 3), (0.9, 18, 1)]
)
def test_hold_out_takes_its_share_of_subjects(share, held, validating):
    faces = faces_of([f"S{n:03d}" for n in range(20)] * 3)
    fold = hold_out(faces, share, 4)
    assert_fair(fold, faces)
    assert len(people(fold.test, faces)) == held
    assert len(people(fold.validation, faces)) == validating
    np.testing.assert_array_equal(fold.test, hold_out(faces, share, 4).test)
    assert people(fold.test, faces) != people(hold_out(faces, share, 5).test, faces)


@pytest.mark.parametrize("share", [0.0, -1.0, 0.95, 1.0, float("nan"), float("inf")])
def test_a_share_that_leaves_nobody_is_refused(share):
    with pytest.raises(DataError, match="cannot be held out"):
        hold_out(faces_of([f"S{n:03d}" for n in range(20)]), share, 0)


@pytest.mark.parametrize(
    "split", [lambda f: k_folds(f, 3, 0), leave_one_subject_out, lambda f: hold_out(f, 0.2, 0)]
)
def test_faces_without_a_subject_are_refused(split):
    with pytest.raises(DataError, match="2 of 6 faces without one") as raised:
        split(faces_of(["a", "b", "", "c", "", "d"]))
    assert "i2, i4" in str(raised.value)


def test_two_folds_leave_nobody_to_train():
    with pytest.raises(DataError, match="too few folds"):
        k_folds(faces_of("abcdef"), 2, 0)
