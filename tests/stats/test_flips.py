"""Signs of subjects' scores: the plain form, every sign vector, and size under nulls."""

import itertools

import numpy as np
import pytest
from scipy import stats as sps

from facsinterp.errors import InputError
from facsinterp.stats import effect, flips
from facsinterp.stats.flips import flip_tail
from facsinterp.stats.permute import p_values


def plain_scores(weights, labels, subjects, emotions=None, within=True):
    """(S, J, U): residuals of least squares on dummies, row by row products, added up."""
    columns = [np.ones(len(subjects))]
    for factor in ([subjects] if within else []) + ([emotions] if emotions is not None else []):
        columns += [(factor == level).astype(float) for level in np.unique(factor)]
    nuisance = np.column_stack(columns)

    def left(values):
        return values - nuisance @ np.linalg.lstsq(nuisance, values.astype(float), rcond=None)[0]

    ranks, shown = left(weights), left(labels)
    rows = ranks[:, :, None] * shown[:, None, :]
    return np.array([rows[subjects == s].sum(axis=0) for s in np.unique(subjects)])


def takes(rng, people, frames, units=1, filters=1, common=0.0):
    """Frames of people, of different number: labels switch on and off, activations drift.

    `common`: how far a filter answers to an action unit. People have habits and identities.
    """
    subjects, labels, activation = [], [], []
    for s in range(people):
        length = int(rng.integers(frames, 3 * frames))
        state = rng.normal(size=(length, units)).cumsum(axis=0) / 3 + rng.normal(size=units)
        shown = state > 0.5
        noise = np.zeros((length, filters))
        for t in range(1, length):
            noise[t] = 0.8 * noise[t - 1] + 0.6 * rng.normal(size=filters)
        subjects += [f"s{s:03}"] * length
        labels.append(shown)
        activation.append(noise + 2 * rng.normal(size=filters) + common * shown[:, :1])
    return np.array(subjects), np.vstack(labels), np.vstack(activation)


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("with_emotions", [True, False])
def test_agrees_with_every_sign_vector(within, with_emotions):
    rng = np.random.default_rng(0)
    subjects, labels, activation = takes(rng, 8, 4, units=2, filters=3, common=0.7)
    emotions = rng.integers(0, 3, len(subjects)).astype(str) if with_emotions else None
    weights = effect.midranks(activation)
    scores = plain_scores(weights, labels, subjects, emotions, within)
    signs = np.array(list(itertools.product([1, -1], repeat=8)))
    sums = np.tensordot(signs, scores, axes=1)
    seen = scores.sum(axis=0)
    near = 1e-5 * np.abs(scores).sum(axis=0)
    count = 20_000
    tally = flip_tail(
        weights, labels, subjects, count=count, seed=1, within=within, emotions=emotions, both=True
    )
    assert tally.below is not None
    for reached, share in (
        (tally.reached, (sums >= seen - near).mean(axis=0)),
        (tally.below, (sums <= seen + near).mean(axis=0)),
    ):
        assert np.abs(reached / count - share).max() <= 4 * np.sqrt(0.25 / count)


def test_one_row_each_way_is_the_sign_test_of_differences():
    """Two rows a subject, one with the unit: scipy's permutation test of paired samples."""
    rng = np.random.default_rng(1)
    subjects = np.repeat([f"s{i}" for i in range(9)], 2)
    labels = np.tile([True, False], 9)[:, None]
    weights = rng.normal(size=(18, 1)) + 0.5 * labels
    expected = sps.permutation_test(
        (weights[::2, 0] - weights[1::2, 0],),
        np.sum, permutation_type="samples", alternative="greater", n_resamples=10**6,
    ).pvalue  # fmt: skip
    count = 20_000
    reached = flip_tail(weights, labels, subjects, count=count, seed=0).reached[0, 0]
    assert abs(reached / count - expected) <= 4 * np.sqrt(expected * (1 - expected) / count)


def test_ties_count_although_thirds_are_no_machine_numbers():
    """Subjects of three rows: scores in thirds, some sums equal the observed one."""
    subjects = np.repeat([f"s{i}" for i in range(7)], 3)
    labels = np.tile([True, False, False], 7)[:, None]
    weights = np.array([3, 1, 2, 1, 2, 3, 2, 1, 3, 3, 2, 1, 2, 3, 1, 1, 1, 2, 3, 3, 3.0])[:, None]
    scores = [2 * w[0] - w[1] - w[2] for w in weights.reshape(7, 3).astype(int)]
    sums = [sum(s * x for s, x in zip(signs, scores, strict=True))
            for signs in itertools.product([1, -1], repeat=7)]  # fmt: skip
    share = np.mean(np.array(sums) >= sum(scores))
    count = 20_000
    reached = flip_tail(weights, labels, subjects, count=count, seed=3).reached[0, 0]
    assert np.mean(np.array(sums) == sum(scores)) > 0.1
    assert abs(reached / count - share) <= 4 * np.sqrt(share * (1 - share) / count)


def test_sums_nearer_than_rounding_count_as_ties():
    """Scores 100, 1, 1 of half a step each: 98 is further from 102 than rounding explains."""
    scores = np.array([[100.0], [1.0], [1.0]], dtype=np.float32)
    up, down = flips._count(scores, 20_000, 0, both=True)
    assert up[0] / 20_000 == pytest.approx(3 / 8, abs=0.015)
    assert down[0] == 20_000


def test_nothing_to_turn_has_p_of_one():
    subjects = np.repeat(["a", "b", "c"], 7)
    weights = np.column_stack([np.full(21, 0.1), np.repeat([0.1, 0.7, 0.3], 7), np.arange(21.0)])
    labels = np.column_stack([np.arange(21) % 7 > 3, np.repeat([True, False, True], 7)])
    reached = flip_tail(weights, labels, subjects, count=99, seed=0).reached
    assert (reached[:2] == 99).all()
    assert (reached[:, 1] == 99).all()
    assert reached[2, 0] < 99


def test_seed_alone_decides(monkeypatch):
    rng = np.random.default_rng(2)
    subjects, labels, activation = takes(rng, 12, 4, units=3, filters=5)
    whole = flip_tail(activation, labels, subjects, count=700, seed=4)
    assert whole.reached.shape == (5, 3)
    assert (whole.count, whole.below, whole.largest) == (700, None, None)
    heard: list[int] = []
    monkeypatch.setattr(flips, "BLOCK", 1)
    part = flip_tail(
        activation[:, 1:4], labels[:, [2]], subjects, count=700, seed=4, advance=heard.append
    )
    assert np.array_equal(part.reached, whole.reached[1:4, [2]])
    assert sum(heard) == 700
    assert len(heard) == 3
    other = flip_tail(activation, labels, subjects, count=700, seed=5)
    assert not np.array_equal(other.reached, whole.reached)
    mixed = rng.permutation(len(subjects))
    again = flip_tail(activation[mixed], labels[mixed], subjects[mixed], count=700, seed=4)
    assert np.array_equal(again.reached, whole.reached)


def test_rows_without_a_subject_are_refused():
    with pytest.raises(InputError, match="2 rows without"):
        flip_tail(np.ones((3, 1)), np.ones((3, 1), bool), np.array(["", "a", ""]), count=9, seed=0)


@pytest.mark.parametrize("with_emotions", [False, True])
def test_size_with_labels_that_vary_in_time(with_emotions):
    """Frames correlate, people have habits and identities, takes differ in length."""
    rng = np.random.default_rng(5)
    levels, p = np.array([0.01, 0.05, 0.1]), []
    for _ in range(12):
        subjects, labels, activation = takes(rng, 25, 6, units=4, filters=12)
        emotions = rng.integers(0, 3, len(subjects)).astype(str) if with_emotions else None
        weights = effect.midranks(activation)
        tally = flip_tail(weights, labels, subjects, count=499, seed=6, emotions=emotions)
        p += p_values(tally.reached, 499).ravel().tolist()
    size = (np.array(p)[:, None] <= levels).mean(axis=0)
    # Pairs of one store are nearly independent; the band allows for a quarter of them.
    spread = np.sqrt(levels * (1 - levels) / (len(p) / 4))
    assert (size <= levels + 4 * spread).all()
    assert size[2] > 0.04


def test_power_with_labels_that_vary_in_time():
    rng = np.random.default_rng(7)
    subjects, labels, activation = takes(rng, 40, 10, filters=10, common=0.8)
    tally = flip_tail(effect.midranks(activation), labels, subjects, count=999, seed=0)
    assert (p_values(tally.reached, 999) < 0.05).mean() > 0.8


def test_emotion_alone_passes_for_an_action_unit_unless_it_is_taken_out():
    rng = np.random.default_rng(8)
    subjects = np.repeat([f"s{i}" for i in range(40)], 8)
    emotions = np.tile(np.repeat(["happy", "sad"], 4), 40)
    labels = (rng.random(320) < np.where(emotions == "happy", 0.8, 0.2))[:, None]
    activation = rng.normal(size=(320, 30)) + (emotions == "happy")[:, None]
    weights = effect.midranks(activation)
    marginal = flip_tail(weights, labels, subjects, count=999, seed=0)
    beyond = flip_tail(weights, labels, subjects, count=999, seed=0, emotions=emotions)
    assert (p_values(marginal.reached, 999) < 0.01).all()
    assert (p_values(beyond.reached, 999) < 0.01).sum() <= 3
