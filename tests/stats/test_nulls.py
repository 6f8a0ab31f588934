"""Nulls: which rows may take whose labels, and what is refused with which way out."""

import numpy as np
import pytest

from facsinterp.errors import InputError
from facsinterp.stats.nulls import NULLS, Rows, Scheme, null_named
from facsinterp.stats.permute import shuffles

SUBJECTS = np.array(["b", "a", "b", "a", "c", "b", "a", "d", "d", ""])
EMOTIONS = np.array(["fear"] * 3 + ["happy"] * 2 + ["", "happy", "fear", "happy", "fear"])


def moves(null, rows, count=300, seed=0):
    """Shuffles (count, n) that a null draws for these rows."""
    scheme = null_named(null).bind(rows)
    return np.concatenate(list(shuffles(scheme, count, seed)))


def seen_in(moved, row):
    """Whose labels a row gets over many shuffles."""
    return set(moved[:, row].tolist())


def test_rows_change_places_within_their_subject_only():
    moved = moves("within-subject", Rows.of(SUBJECTS))
    assert (np.sort(moved, axis=1) == np.arange(10)).all()
    assert (SUBJECTS[moved] == SUBJECTS).all()
    assert seen_in(moved, 0) == {0, 2, 5}
    assert seen_in(moved, 4) == {4}


def test_a_row_without_a_subject_stays_where_it_is():
    moved = moves("within-subject", Rows.of(["a", "", "a", ""]))
    assert (moved[:, [1, 3]] == [1, 3]).all()


def test_free_shuffles_move_everything():
    assert seen_in(moves("free", Rows.of(SUBJECTS)), 0) == set(range(10))


def test_whole_subjects_change_places_inside_their_size_class():
    moved = moves("whole-subject", Rows.of(SUBJECTS))
    b, a = [0, 2, 5], [1, 3, 6]  # three rows each, in the order given
    assert {tuple(row) for row in moved[:, b].tolist()} == {tuple(a), tuple(b)}
    assert (moved[:, [4, 7, 8, 9]] == [4, 7, 8, 9]).all()  # sizes nobody shares, and no subject


def test_a_nameless_row_is_no_subject_of_one_row():
    moved = moves("whole-subject", Rows.of(["a", "b", "", ""]))
    assert (moved[:, 2:] == [2, 3]).all()
    assert seen_in(moved, 0) == {0, 1}


def test_within_emotion_moves_between_subjects_of_one_emotion():
    null = null_named("within-emotion")
    rows = Rows.of(SUBJECTS, EMOTIONS)
    assert null.usable(rows).tolist() == [True] * 5 + [False] + [True] * 3 + [False]
    moved = moves("within-emotion", rows)
    assert (EMOTIONS[moved] == EMOTIONS).all()
    assert seen_in(moved, 0) == {0, 1, 2, 7}
    assert (moved[:, [5, 9]] == [5, 9]).all()
    assert (null.residual, null.claim) == (("subject", "emotion"), "beyond-emotion")


def test_within_subject_and_emotion_moves_twins_only():
    moved = moves("within-subject-and-emotion", Rows.of(SUBJECTS, EMOTIONS))
    assert seen_in(moved, 0) == {0, 2}
    assert seen_in(moved, 3) == {3, 6}
    assert (moved[:, [1, 4, 5, 7, 8, 9]] == [1, 4, 5, 7, 8, 9]).all()


def test_unknown_emotions_are_no_stratum():
    rows = Rows.of(["a"] * 6, ["", "", "", "fear", "fear", ""])
    for null in ("within-emotion", "within-subject-and-emotion"):
        assert (moves(null, rows)[:, [0, 1, 2, 5]] == [0, 1, 2, 5]).all()


TAKES = ["s1", "s1", "s2", "s2", "s3", "s3", "s3", "s1", "s1", ""]
OWNERS = ["a", "a", "a", "a", "a", "a", "a", "b", "b", "a"]


def test_time_courses_move_whole_between_takes_of_one_subject_and_length():
    moved = moves("time-courses", Rows.of(OWNERS, takes=TAKES))
    first = {tuple(row) for row in moved[:, :4].tolist()}
    assert first == {(0, 1, 2, 3), (2, 3, 0, 1)}  # frame p gets the labels of frame p
    assert (moved[:, 4:] == np.arange(4, 10)).all()  # another length, another person, no take


def test_frames_of_a_take_need_not_lie_together():
    moved = moves("time-courses", Rows.of(["a"] * 4, takes=["x", "y", "x", "y"]))
    assert {tuple(row) for row in moved.tolist()} == {(0, 1, 2, 3), (1, 0, 3, 2)}


@pytest.mark.parametrize(
    ("null", "rows", "why", "way_out"),
    [
        ("within-subject", Rows.of(["", "", ""]), "no row has a subject", '"free"'),
        ("within-subject", Rows.of(["a", "b", ""]), "no subject has two rows", '"free"'),
        ("within-subject", Rows.of(["a"] * 4, takes=list("xxyy")), "frames", '"time-courses"'),
        ("free", Rows.of([""] * 4, takes=list("xxyy")), "frames", '"subject-flips"'),
        ("free", Rows.of(["a"]), "fewer than two rows", ""),
        ("whole-subject", Rows.of(["", ""]), "no row has a subject", '"free"'),
        ("whole-subject", Rows.of(["a", "a", "b"]), "equally many rows", '"within-subject"'),
        ("within-emotion", Rows.of(["a", "a"]), "no row has an emotion", '"within-subject"'),
        ("within-emotion", Rows.of(["", ""], ["fear"] * 2), "no row has a subject", "subject of"),
        ("within-emotion", Rows.of(list("ab"), ["fear"] * 2), "no subject has two rows", "subject"),
        (
            "within-subject-and-emotion",
            Rows.of(["a", "a"], ["fear", "happy"]),
            "no subject and emotion has two rows",
            '"within-emotion"',
        ),
        ("time-courses", Rows.of(["a", "a"]), "no row is a frame", '"within-subject"'),
        (
            "time-courses",
            Rows.of(["a"] * 5, takes=list("xxyyy")),
            "no subject has two takes of one length",
            '"subject-flips"',
        ),
        ("subject-flips", Rows.of(["a", "a"]), "moves no rows", "flip_tail"),
    ],
)
def test_what_rows_cannot_bear_is_refused_with_the_way_out(null, rows, why, way_out):
    with pytest.raises(InputError, match=why) as refused:
        null_named(null).bind(rows)
    assert way_out in str(refused.value)


def test_all_faults_are_told_at_once():
    with pytest.raises(InputError) as refused:
        null_named("within-emotion").bind(Rows.of(["", ""]))
    assert len(refused.value.faults) == 2


def test_an_unknown_null_names_the_known():
    with pytest.raises(InputError, match="within-subject or free"):
        null_named("subject")
    for name, null in NULLS.items():
        assert name == null.name
        assert null.exchangeable
        assert null.scheme.__doc__
    assert next(iter(NULLS)) == "within-subject"
    assert [name for name, null in NULLS.items() if not null.shuffles] == ["subject-flips"]
    beyond = {name for name, null in NULLS.items() if null.claim == "beyond-emotion"}
    assert beyond == {"within-emotion", "within-subject-and-emotion"}


def test_rows_of_unequal_number_are_refused():
    with pytest.raises(InputError, match="same rows"):
        Rows.of(["a", "b"], ["fear"])


def test_selected_rows_keep_what_is_known_of_them():
    rows = Rows.of(SUBJECTS, EMOTIONS).select(SUBJECTS == "a")
    assert (rows.subjects.tolist(), rows.emotions.tolist()) == (
        ["a"] * 3,
        ["fear", "happy", "happy"],
    )
    assert len(rows) == 3


def test_schemes_say_whether_rows_move_singly():
    rows = Rows.of(["a", "a", "b", "b"])
    assert null_named("within-subject").bind(rows).singly
    assert not null_named("whole-subject").bind(rows).singly
    with pytest.raises(ValueError, match="differ in size"):
        Scheme(np.array([0, 0, 1]), np.array([0, 1, 0]), np.zeros(3, dtype=np.int64))
