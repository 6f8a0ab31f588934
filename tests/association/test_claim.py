"""The two claims on corpora where the answer is known."""

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.verdict import Verdicts
from facsinterp.stats.multiple import hierarchical
from tests.association.stores import store_of

EMOTIONS = np.array(["happy", "anger", "surprise", "sadness"])
SETTINGS = Settings(permutations=999)


def corpus(rng, subjects=40, each=6):
    """Emotions raise units and filters; people have habits, and filters know people.

    Unit 1 goes with the first emotion, unit 2 with the second. Filter 0 knows the first
    emotion alone, filter 1 knows unit 1 itself, filter 2 knows who somebody is.
    """
    n = subjects * each
    owner = np.repeat(np.arange(subjects), each)
    emotion = rng.integers(0, 4, n)
    habit = rng.normal(size=(subjects, 2))[owner]
    labels = rng.random((n, 2)) < 1 / (
        1 + np.exp(-(habit - 1 + 3.0 * (emotion[:, None] == [0, 1])))
    )
    identity = rng.normal(size=subjects)[owner] + habit[:, 0]
    noise = rng.normal(size=(n, 3))
    activation = (
        np.column_stack([2.0 * (emotion == 0), 1.5 * labels[:, 0], 2 * identity]) + 0.5 * noise
    )
    names = [f"S{one:03d}" for one in owner]
    return activation - activation.min(axis=0), labels, names, EMOTIONS[emotion].tolist()


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    activation, labels, owner, emotion = corpus(np.random.default_rng(0))
    folder = tmp_path_factory.mktemp("c") / "s"
    return associate(
        store_of(folder, activation, labels, subject=owner, expression=emotion), SETTINGS
    )


def test_a_filter_of_the_emotion_answers_but_not_beyond_it(found):
    assert found.significant().values[0, 0]
    assert not found.significant(test="beyond").values[0].any()
    assert Verdicts.of(found).kind[0] == "emotion"


def test_a_filter_of_the_unit_answers_beyond_the_emotion(found):
    assert found.significant().values[1, 0]
    assert found.significant(test="beyond").values[1, 0]
    assert (Verdicts.of(found).kind[1], Verdicts.of(found).column[1]) == ("beyond", 0)


def test_a_filter_of_identity_is_no_filter_of_the_habits_of_people(found):
    assert found.data["auroc"].values[2, 0] > 0.55  # it does go with the unit, over people
    assert not found.significant().values[2].any()
    assert not found.significant(test="beyond").values[2].any()


def test_what_was_refined_counts_for_the_family(found):
    data = found.data
    assert data["p_auroc"].values[1, 0] < 1 / 1000
    assert data["q_auroc"].values[1, 0] < 1 / 1000
    assert data["p_auroc_max"].values[1, 0] == 1 / 1000  # no shuffle's largest z reaches it
    assert data.attrs["at_least_auroc"][""] == 2


def test_false_claims_stay_rare_where_only_the_emotion_speaks(tmp_path):
    """Filters that know the emotion: all answer, and one in twenty or fewer go beyond."""
    beyond = 0
    for seed in range(12):
        rng = np.random.default_rng([7, seed])
        _, labels, owner, emotion = corpus(rng)
        knows = (np.array(emotion) == "happy")[:, None] * rng.uniform(0.5, 2, 8)
        activation = knows + 0.5 * np.abs(rng.normal(size=(len(labels), 8)))
        store = store_of(
            tmp_path / str(seed), activation, labels, subject=owner, expression=emotion
        )
        table = associate(store, Settings(permutations=499))
        assert table.significant().values[:, 0].mean() > 0.8
        beyond += int(table.significant(test="beyond").values.any())
    assert beyond <= 3


def test_hierarchical_q_is_small_just_where_a_pair_is_rejected(tmp_path):
    activation, labels, owner, emotion = corpus(np.random.default_rng(3))
    store = store_of(tmp_path / "s", activation, labels, subject=owner, expression=emotion)
    table = associate(store, Settings(permutations=999, correction="hierarchical"))
    rejected = hierarchical(table.data["p_auroc"].values, 0.05).rejected
    assert np.array_equal(table.significant().values, rejected)
    assert rejected.any()


def test_held_out_estimates_do_not_flatter(tmp_path):
    rng = np.random.default_rng(4)
    _, labels, owner, emotion = corpus(rng)
    activation = rng.random((len(labels), 60))
    store = store_of(tmp_path / "s", activation, labels, subject=owner, expression=emotion)
    data = associate(store, SETTINGS).data
    assert (data["best_auroc"].values > 0.55).all()
    assert np.abs(data["best_auroc_held_out"].values - 0.5).max() < 0.06
    for unit in range(2):
        named = data["filter"].values.tolist().index(data["best_filter"].values[unit])
        assert data["z"].values[named, unit] == data["z"].values[:, unit].max()


def test_expressive_people_among_others_are_no_finding_beyond_the_emotion(tmp_path):
    """Where one in five shows anything, spread over people is no knowledge of a unit."""
    rng = np.random.default_rng(9)
    owner = np.repeat(np.arange(100), 6)
    emotion = np.tile(np.array([*EMOTIONS, "fear", "disgust"]), 100).tolist()
    open_ = (rng.random(100) < 0.2)[owner][:, None]
    labels = (rng.random((600, 10)) < 0.4) & open_
    activation = np.maximum(0, rng.normal(size=(600, 40))) * open_
    store = store_of(
        tmp_path / "s",
        activation,
        labels,
        subject=[f"S{one:03d}" for one in owner],
        expression=emotion,
    )
    found = associate(store, SETTINGS)
    assert found.significant(test="beyond").values.sum() <= 2
    assert found.data.attrs["at_least_beyond"][""] == 0
