"""Accuracy on people kept apart, against counts done by hand."""

import numpy as np
import pytest

from facsinterp.stats.accuracy import held_out_accuracy


def sample(subjects=12, images=5, seed=0):
    rng = np.random.default_rng(seed)
    subject = np.repeat([f"S{i:02d}" for i in range(subjects)], images)
    names = np.array(["anger", "happy", "neutral"])
    true = names[rng.integers(3, size=subject.size)]
    predicted = np.where(
        rng.random(subject.size) < 0.7, true, names[rng.integers(3, size=subject.size)]
    )
    fold = np.where(np.char.add("", subject) < "S06", "fold-1", "fold-2")
    majority = np.where(fold == "fold-1", "happy", "anger")
    return {
        "true": true,
        "predicted": predicted,
        "majority": majority,
        "subject": subject,
        "fold": fold,
    }


def test_shares_equal_plain_counts():
    data = sample()
    found = held_out_accuracy(**data)
    right = [t == p for t, p in zip(data["true"], data["predicted"], strict=True)]
    assert found.share == pytest.approx(sum(right) / len(right))
    dull = [t == m for t, m in zip(data["true"], data["majority"], strict=True)]
    assert found.majority == pytest.approx(sum(dull) / len(dull))
    assert found.chance == pytest.approx(1 / 3)
    assert (found.n, found.subjects, found.folds) == (60, 12, 2)
    for name, share in zip(("fold-1", "fold-2"), found.by_fold, strict=True):
        mine = [r for r, f in zip(right, data["fold"], strict=True) if f == name]
        assert share == pytest.approx(sum(mine) / len(mine))


def test_confusion_counts_each_pair():
    data = sample()
    found = held_out_accuracy(**data)
    for i, true in enumerate(found.classes):
        for j, said in enumerate(found.classes):
            count = sum((data["true"] == true) & (data["predicted"] == said))
            assert found.confusion[i, j] == count


def test_the_interval_resamples_subjects_not_images():
    """Images of one person right or wrong together: the interval must be as wide as for people."""
    subject = np.repeat([f"S{i}" for i in range(20)], 50)
    good = np.repeat(np.arange(20) % 2 == 0, 50)
    true = np.full(subject.size, "happy")
    predicted = np.where(good, "happy", "anger")
    same = np.full(subject.size, "x")
    found = held_out_accuracy(
        true=true, predicted=predicted, majority=true, subject=subject, fold=same
    )
    half = 1.96 * np.sqrt(0.25 / 20)
    assert found.high - found.low == pytest.approx(2 * half, rel=0.25)


def test_few_subjects_get_no_interval():
    found = held_out_accuracy(**sample(subjects=5))
    assert np.isnan(found.low)
    assert np.isnan(found.high)


def test_the_same_seed_gives_the_same_interval():
    assert held_out_accuracy(**sample()).low == held_out_accuracy(**sample()).low
