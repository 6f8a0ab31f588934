"""What networks learn: labels that keep their numbers and lose their meaning, and who is who."""

from collections import Counter

import numpy as np
import pytest

from facsinterp.errors import DataError
from facsinterp.faces.splits.folds import Fold, k_folds
from facsinterp.faces.table import FaceTable
from facsinterp.study.lessons import class_names, lesson, shuffled_between_sequences

SHOWN = ("happy", "anger", "", "sadness", "happy")


def faces(subjects=9, shown=SHOWN, frames=3):
    """Sequences that begin neutral and go on with an expression, or with none that is known."""
    rows = [
        (f"S{s}", f"S{s}-{q}", f"S{s}-{q}-{f}", "neutral" if f == 0 else expression)
        for s in range(subjects)
        for q, expression in enumerate(shown)
        for f in range(frames)
    ]
    subject, sequence, image, expression = zip(*rows, strict=True)
    return FaceTable.from_arrays(
        image, [1], np.zeros((len(rows), 1)), subject=subject, sequence=sequence,
        expression=expression,
    )  # fmt: skip


def numbered(table):
    classes = class_names(table)
    return np.array([classes.index(e) if e else -1 for e in table.column("expression")])


def by_sequence(table, labels):
    """The labels of each sequence that has any."""
    found: dict[str, set[int]] = {}
    for sequence, label in zip(table.column("sequence"), labels, strict=True):
        if label >= 0:
            found.setdefault(str(sequence), set()).add(int(label))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_shuffled_labels_keep_the_labels_of_each_subject_and_are_one_a_sequence(seed):
    table = faces()
    classes, labels = class_names(table), numbered(table)
    shuffled = shuffled_between_sequences(table, labels, seed)
    assert np.array_equal(shuffled >= 0, labels >= 0)
    found = by_sequence(table, shuffled)
    assert all(len(labels) == 1 for labels in found.values())
    own = Counter(classes.index(e or "neutral") for e in SHOWN)
    for subject in range(9):
        assert Counter(min(found[f"S{subject}-{q}"]) for q in range(5)) == own


def test_shuffled_labels_tell_nothing_of_the_expression():
    """Each sequence gets each of its subject's labels equally often over seeds."""
    table = faces(subjects=1)
    labels, classes = numbered(table), class_names(table)
    counts: Counter[int] = Counter()
    for seed in range(600):
        found = by_sequence(table, shuffled_between_sequences(table, labels, seed))
        counts[min(found["S0-1"])] += 1
    own = Counter(classes.index(e or "neutral") for e in SHOWN)
    for label, times in own.items():
        # five standard errors of a share
        assert abs(counts[label] / 600 - times / 5) < 5 * np.sqrt(0.24 / 600)


def test_a_seed_is_a_shuffle():
    table = faces()
    labels = numbered(table)
    one, other = (shuffled_between_sequences(table, labels, seed) for seed in (1, 2))
    assert np.array_equal(one, shuffled_between_sequences(table, labels, 1))
    assert not np.array_equal(one, other)


def test_faces_without_a_sequence_are_shuffled_one_by_one():
    expressions = ["happy", "anger", "happy", "neutral", "", "anger"]
    table = FaceTable.from_arrays(
        [f"{i}" for i in range(6)], [1], np.zeros((6, 1)), subject=["S"] * 6,
        expression=expressions,
    )  # fmt: skip
    labels = numbered(table)
    shuffled = shuffled_between_sequences(table, labels, 3)
    assert Counter(shuffled) == Counter(labels)
    assert shuffled[4] == -1


def test_validation_labels_are_shuffled_too_and_rows_are_those_of_the_plain_lesson():
    table = faces()
    fold = k_folds(table, 3, 1)[0]
    plain, other = (lesson(table, fold, labels, 4) for labels in ("expression", "shuffled"))
    for rows in ("train", "validation"):
        assert np.array_equal(getattr(plain, rows), getattr(other, rows))
        kept = getattr(plain, rows)
        assert not np.array_equal(plain.labels[kept], other.labels[kept])
    assert np.array_equal(plain.labels, numbered(table))
    assert plain.classes == other.classes


@pytest.mark.parametrize("seed", range(3))
def test_identity_is_learnt_from_sequences_of_training_subjects_alone(seed):
    table = faces()
    fold = k_folds(table, 3, 1)[0]
    learnt = lesson(table, fold, "identity", seed)
    subjects, sequences = table.column("subject"), table.column("sequence")
    assert learnt.classes == tuple(sorted(set(subjects[fold.train])))
    rows = np.concatenate([learnt.train, learnt.validation])
    assert sorted(rows) == sorted(fold.train)
    assert not np.intersect1d(rows, np.concatenate([fold.test, fold.validation])).size
    assert not set(sequences[learnt.train]) & set(sequences[learnt.validation])
    for subject in learnt.classes:
        own = subjects == subject
        assert len(set(sequences[learnt.validation][own[learnt.validation]])) == 1
        assert len(set(sequences[learnt.train][own[learnt.train]])) == 4
        assert {learnt.classes[i] for i in learnt.labels[rows[own[rows]]]} == {subject}
    assert (learnt.labels[np.concatenate([fold.test, fold.validation])] == -1).all()


def test_identity_needs_two_people_and_two_sequences():
    single = faces(shown=("happy",))
    with pytest.raises(DataError, match="who is who"):
        lesson(single, k_folds(single, 3, 1)[0], "identity", 0)
    table = faces(subjects=3)
    rows = [np.flatnonzero(table.column("subject") == f"S{s}") for s in range(3)]
    with pytest.raises(DataError, match="who is who"):
        lesson(table, Fold("one", *rows), "identity", 0)
