"""The LSTM of clips: against a loop, what padding may do, and what a seed promises."""

import threading
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import expit

from facsinterp.errors import InputError, TrainingError
from facsinterp.nets import recurrent
from facsinterp.nets.recurrent import FrameReader, fit_lstm

CLASSES = ("onset first", "apex first", "still")


@pytest.fixture(scope="module")
def task():
    """Clips of which no frame alone tells the class: the same frames in another order."""
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1, 2], 30)
    features = rng.normal(size=(90, 4, 6)).astype(np.float32) * 0.3
    features[labels == 0, 1, 0] += 2
    features[labels == 0, 2, 0] -= 2
    features[labels == 1, 1, 0] -= 2
    features[labels == 1, 2, 0] += 2
    features[:, :, 5] = 7  # a dead feature
    return features, labels


def train(task, **changes):
    features, labels = task
    facts: dict[str, Any] = {
        "features": features,
        "labels": labels,
        "train": np.arange(48),
        "validation": np.arange(48, 66),
        "classes": CLASSES,
        "hidden": 12,
        "epochs": 3,
        "learning_rate": 0.02,
        "device": "cpu",
    }
    return fit_lstm(**(facts | changes))


def log_loss(said, labels, weights=None):
    each = -np.log(said[np.arange(len(labels)), labels])
    return np.average(each, weights=None if weights is None else weights[labels])


def test_order_of_frames_is_learnt(task):
    features, labels = task
    found = train(task, epochs=25)
    rows = np.arange(66, 90)
    assert np.mean(found.probabilities(features, rows).argmax(axis=1) == labels[rows]) > 0.9
    # Answers to frames in the opposite order are the opposite class.
    turned = found.probabilities(features[:, ::-1], rows).argmax(axis=1)
    moved = labels[rows] < 2
    assert np.mean(turned[moved] == 1 - labels[rows][moved]) > 0.9


def test_the_reader_is_the_loop_of_its_equations():
    rng = np.random.default_rng(2)
    reader = FrameReader(5, 4, 3, torch.Generator().manual_seed(1))
    clips, lengths = rng.normal(size=(6, 7, 5)), np.array([1, 7, 3, 5, 2, 7])
    masks = rng.random((6, 5)), rng.random((6, 4))
    w, u, b = (p.detach().numpy().astype(float) for p in
               (reader.cell.weight_ih, reader.cell.weight_hh, reader.cell.bias_ih))  # fmt: skip
    slow = np.zeros((6, 3))
    for clip in range(6):
        h, c = np.zeros(4), np.zeros(4)
        for x in clips[clip, : lengths[clip]]:
            # One draw a clip for what comes in and for what the frame before gives.
            i, f, g, o = np.split(w @ (x * masks[0][clip]) + u @ (h * masks[1][clip]) + b, 4)
            c = expit(f) * c + expit(i) * np.tanh(g)
            h = expit(o) * np.tanh(c)
        slow[clip] = reader.output.weight.detach().numpy() @ h
    with torch.no_grad():
        given = [torch.from_numpy(one.astype(np.float32)) for one in (clips, *masks)]
        fast = reader(given[0], torch.from_numpy(lengths), (given[1], given[2]))
    np.testing.assert_allclose(fast.numpy(), slow, atol=1e-5)


def test_weights_start_as_in_keras():
    reader = FrameReader(40, 16, 3, torch.Generator().manual_seed(0))
    bias = reader.cell.bias_ih.detach().numpy() + reader.cell.bias_hh.detach().numpy()
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 16))
    between = reader.cell.weight_hh.detach().numpy()
    np.testing.assert_allclose(between.T @ between, np.eye(16), atol=1e-5)
    assert abs(reader.cell.weight_ih.detach()).max() <= np.sqrt(6 / (40 + 64))


def test_a_mask_drops_the_share_and_keeps_the_mean():
    lot = torch.Generator().manual_seed(0)
    mask = recurrent._mask(400, 100, 0.3, lot).numpy()
    assert set(np.unique(mask).tolist()) == {0.0, np.float32(1 / 0.7)}
    assert mask.mean() == pytest.approx(1, abs=0.02)
    assert (recurrent._mask(9, 9, 0.0, lot) == 1).all()


@pytest.mark.parametrize("share", ["dropout", "recurrent_dropout"])
def test_each_dropout_changes_training(task, share):
    none = {"dropout": 0.0, "recurrent_dropout": 0.0}
    plain, dropped = (train(task, epochs=1, **(none | {share: one})) for one in (0.0, 0.4))
    assert plain.course.train_loss != dropped.course.train_loss


def test_padding_changes_nothing(task):
    features, labels = task
    lengths = np.tile([3, 4, 4, 2, 4], 18)
    long = np.full((90, 9, 6), np.nan, np.float32)
    long[:, :4] = features
    long[np.arange(9) >= lengths[:, None]] = np.nan
    other = np.where(np.isnan(long), np.float32(1e6), long)[:, :4]
    one, two = (train((each, labels), lengths=lengths) for each in (long, other))
    assert one.course == two.course
    np.testing.assert_array_equal(
        one.probabilities(long, lengths=lengths), two.probabilities(other, lengths=lengths)
    )
    alone = np.concatenate(
        [one.probabilities(long[[row], : lengths[row]]) for row in range(0, 90, 9)]
    )
    np.testing.assert_allclose(
        alone, one.probabilities(long, np.arange(0, 90, 9), lengths=lengths), atol=1e-6
    )
    assert train(task).course != one.course


def test_a_seed_gives_the_same_bits_in_any_thread_and_draws_from_nobody(task):
    first, found = train(task, seed=3), []
    torch.manual_seed(99)
    drawn = torch.rand(3)
    torch.manual_seed(99)
    thread = threading.Thread(target=lambda: found.append(train(task, seed=3)))
    thread.start()
    thread.join()
    assert torch.equal(torch.rand(3), drawn)
    assert first.course == found[0].course
    for one, other in zip(first.reader.parameters(), found[0].reader.parameters(), strict=True):
        assert torch.equal(one, other)
    assert train(task, seed=4).course != first.course


@pytest.mark.parametrize("weighted", [False, True])
def test_the_weights_are_those_of_the_first_best_epoch(task, weighted):
    features, _ = task
    # Nothing can be learnt of other clips: later epochs are worse.
    labels = np.random.default_rng(7).permutation(np.tile([0, 1, 2, 2, 2, 2], 15))
    found = train((features, labels), epochs=12, learning_rate=0.1, class_weights=weighted)
    losses = found.course.validation_loss
    assert found.best_epoch == 1 + int(np.argmin(losses)) < 12
    rows = np.arange(48, 66)
    said = found.probabilities(features, rows)
    counts = np.bincount(labels[:48])
    weights = 48 / (3 * counts) if weighted else None
    assert log_loss(said, labels[rows], weights) == pytest.approx(min(losses), rel=1e-4)
    right = np.mean(said.argmax(axis=1) == labels[rows])
    assert right == pytest.approx(found.validation_accuracy[found.best_epoch - 1])


def test_features_are_standardised_by_training_clips_alone(task):
    features, labels = task
    scaled = features * np.array([1000, 1, 0.01, 1, 5, 1], np.float32) + 3
    one, two = train(task), train((scaled, labels))
    np.testing.assert_allclose(one.probabilities(features), two.probabilities(scaled), atol=0.01)
    changed = features.copy()
    changed[66:] = np.nan  # nobody is asked about these
    np.testing.assert_array_equal(
        train((changed, labels)).probabilities(features), one.probabilities(features)
    )
    centre = features[:48].reshape(-1, 6).mean(axis=0)
    np.testing.assert_allclose(one.scale.centre, centre, atol=1e-5)


def test_what_cannot_be_used_is_refused_with_every_fault(task):
    features, labels = task
    with pytest.raises(InputError) as caught:
        train(task, train=np.arange(50), validation=np.array([40, 900]), dropout=1.0)
    assert len(caught.value.faults) == 3
    with pytest.raises(InputError, match="no class"):
        train((features, labels + 1))
    with pytest.raises(InputError, match="that long"):
        train(task, lengths=np.zeros(90, int))
    with pytest.raises(InputError, match="not one length"):
        train(task, lengths=np.ones(4, int))
    with pytest.raises(InputError, match="unusable features"):
        train((features[:, 0], labels))
    with pytest.raises(InputError, match="unusable features"):
        train(task, epochs=1).probabilities(features[:, :, :4])
    with pytest.raises(InputError, match="labels do not match"):
        train((features, labels[:80]))
    broken = features.copy()
    broken[5, 2, 1] = np.nan
    with pytest.raises(InputError, match="not finite"):
        train((broken, labels))
    with pytest.raises(TrainingError, match="'onset first'"):
        train((features, np.zeros(90, int)))
