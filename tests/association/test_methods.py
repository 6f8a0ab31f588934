"""The methods text: told from the settings, with nothing left to fill in."""

import itertools

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.methods import methods_text
from facsinterp.association.settings import Settings
from tests.association.stores import people, store_of


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 20, 4, 2)
    return store_of(
        tmp_path_factory.mktemp("m") / "s",
        np.maximum(0, rng.normal(size=(80, 4))),
        labels,
        subject=owner,
        expression=[("happy", "anger")[i % 2] for i in range(80)],
    )


@pytest.mark.parametrize(
    ("null", "beyond", "sides", "correction"),
    [
        *itertools.product(["within-subject"], ["within-emotion"], ["one", "two"], ["bh", "by"]),
        ("free", "none", "one", "hierarchical"),
        ("whole-subject", "within-subject-and-emotion", "one", "bh"),
        ("subject-flips", "subject-flips", "two", "bh"),
    ],
)
def test_every_choice_is_told(store, null, beyond, sides, correction):
    settings = Settings(
        permutations=199, null=null, beyond=beyond, sides=sides, correction=correction
    )
    text = " ".join(methods_text(associate(store, settings)))
    assert "{" not in text
    assert "199" in text
    assert "80 sequences" in text
    assert ("one-sided" in text) == (sides == "one")
    assert ("Yekutieli" in text) == (correction == "by")
    assert ("Bogomolov" in text) == (correction == "hierarchical")
    assert ("was not tested" in text) == (beyond == "none")
    assert ("changed its sign" in text) == ("subject-flips" in (null, beyond))
    assert ("Westfall" in text) == (null != "subject-flips")
    assert ("saddlepoint" in text) == (null in ("within-subject", "free"))
    assert "other than those that chose" in text  # there are 20 subjects
    assert "  " not in text


def test_no_emotion_means_no_second_claim(tmp_path):
    rng = np.random.default_rng(1)
    owner, labels = people(rng, 20, 4, 2)
    found = associate(
        store_of(tmp_path / "s", rng.random((80, 3)), labels, subject=owner),
        Settings(permutations=199),
    )
    assert "was not tested" in " ".join(methods_text(found))


def test_few_people_have_no_interval_and_no_held_out_estimate(tmp_path):
    rng = np.random.default_rng(2)
    owner, labels = people(rng, 10, 6, 2)
    store = store_of(tmp_path / "s", rng.random((60, 3)), labels, subject=owner)
    text = " ".join(methods_text(associate(store, Settings(permutations=199))))
    assert "too few subjects for an interval" in text
    assert "other than those that chose" not in text
