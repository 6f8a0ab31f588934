"""The rules of the verdicts, one after the other, on tables made by hand."""

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.association.verdict import KINDS, Verdicts
from tests.association.stores import people, store_of


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Eight filters, three units, all of them tested under both claims."""
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 20, 4, 3)
    emotion = [("happy", "anger")[i % 2] for i in range(80)]
    store = store_of(
        tmp_path_factory.mktemp("v") / "s",
        np.maximum(0, rng.normal(size=(80, 8))),
        labels,
        subject=owner,
        expression=emotion,
    )
    found = associate(store, Settings(permutations=99)).data.copy(deep=True)
    for name in ("q_auroc", "q_beyond"):
        found[name][:] = 1.0
    for name in ("z", "z_beyond"):
        found[name][:] = 0.5
    return found


def changed(data, **places):
    """A copy with some cells of some variables set: name=[((filter, unit), value), ...]."""
    copy = data.copy(deep=True)
    for name, cells in places.items():
        for place, value in cells:
            copy[name].values[place] = value
    return Associations(copy)


def test_nothing_passes_and_nothing_is_named(data):
    found = Verdicts.of(Associations(data))
    assert set(found.kind) == {"nothing"}
    assert (found.column == -1).all()
    assert found.counts() == dict.fromkeys(KINDS, 0) | {"nothing": 8}


def test_the_unit_that_stands_out_most_of_those_that_pass_is_named(data):
    found = Verdicts.of(
        changed(
            data,
            q_auroc=[((0, 0), 0.01), ((0, 1), 0.02)],
            z=[((0, 0), 3.0), ((0, 1), 5.0), ((0, 2), 9.0)],
        )
    )
    assert (found.kind[0], found.column[0]) == ("emotion", 1)


def test_beyond_emotion_comes_before_the_emotion_and_names_its_own_unit(data):
    found = Verdicts.of(
        changed(
            data,
            q_auroc=[((0, 0), 0.01), ((0, 1), 0.01)],
            z=[((0, 0), 8.0), ((0, 1), 5.0)],
            q_beyond=[((0, 1), 0.04)],
            z_beyond=[((0, 0), 2.0), ((0, 1), 4.0)],
        )
    )
    assert (found.kind[0], found.column[0]) == ("beyond", 1)


def test_without_a_test_beyond_emotion_it_just_answers(data):
    copy = data.copy(deep=True)
    copy["status_beyond"] = ("au", np.array(["no emotion", "tested", "too few"]))
    found = Verdicts.of(
        changed(
            copy,
            q_auroc=[((0, 0), 0.01), ((1, 1), 0.01), ((2, 2), 0.01)],
            z=[((0, 0), 4.0), ((1, 1), 4.0), ((2, 2), 4.0)],
        )
    )
    assert found.kind[:3].tolist() == ["answers", "emotion", "answers"]


def test_dead_and_constant_come_first(data):
    found = Verdicts.of(
        changed(
            data,
            dead=[(0, True)],
            constant=[(0, True), (1, True)],
            q_auroc=[((0, 0), 0.01), ((1, 0), 0.01)],
        )
    )
    assert found.kind[:2].tolist() == ["dead", "constant"]
    assert found.column[:2].tolist() == [-1, -1]


def test_nothing_testable_is_not_nothing_found(data):
    copy = data.copy(deep=True)
    copy["testable"] = ("au", np.zeros(3, dtype=bool))
    assert set(Verdicts.of(Associations(copy)).kind) == {"nothing"}, "tested beyond emotion"
    copy["testable_beyond"] = ("au", np.zeros(3, dtype=bool))
    assert set(Verdicts.of(Associations(copy)).kind) == {"untestable"}


def test_a_filter_that_a_unit_silences_says_so(data):
    found = Verdicts.of(changed(data, q_auroc=[((0, 2), 0.01)], z=[((0, 2), -6.0)]))
    assert found.silenced.tolist() == [True] + [False] * 7
    assert found.column[0] == 2


def test_the_level_can_be_asked_for(data):
    table = changed(data, q_auroc=[((0, 0), 0.03)], z=[((0, 0), 3.0)])
    assert Verdicts.of(table).kind[0] == "emotion"
    assert Verdicts.of(table, alpha=0.01).kind[0] == "nothing"
