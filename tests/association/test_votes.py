"""Which units the filters vote for in one face."""

import numpy as np
import pytest

from facsinterp.association.associate import Settings, associate
from facsinterp.association.rows import observed
from facsinterp.association.units import Units
from facsinterp.association.votes import votes
from facsinterp.errors import InputError
from tests.association.stores import people, store_of


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A store with one strong pair, and its associations on half of the people."""
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 24, 8, 3)
    activation = np.maximum(0, rng.normal(size=(192, 6)))
    activation[:, 0] += 4 * labels[:, 1]
    activation[:, 1] += 1.5 * labels[:, 1]
    activation[:, 3] = 0
    coded = np.ones_like(labels)
    coded[40:44, 1] = False
    store = store_of(
        tmp_path_factory.mktemp("t") / "s",
        activation,
        labels & coded,
        coded=coded,
        subject=owner,
        sequence=[f"{one}-{i // 2}" for i, one in enumerate(owner)],
        frame=[i % 2 for i in range(192)],
        phase=["apex" if i % 2 else "onset" for i in range(192)],
        split=["test" if i < 96 else "train" for i in range(192)],
    )
    return store, associate(store, Settings(permutations=999, min_units=3))


def slow_vote(store, table, image, unit, alpha):
    """The definition in plain words, filter by filter."""
    peak = store.data["peak"].values
    row = store.faces.images.tolist().index(image)
    total = weight = 0.0
    voters = firing = 0
    for i, name in enumerate(table.data["filter"].values):
        pair = table.data.sel(filter=name, au=unit)
        if not float(pair["q_auroc"]) <= alpha or float(pair["auroc"]) <= 0.5:
            continue
        column, own = peak[:, i], peak[row, i]
        percentile = 100 * ((column < own).sum() + (column == own).sum() / 2) / len(column)
        total += (2 * float(pair["auroc"]) - 1) * percentile
        weight += 2 * float(pair["auroc"]) - 1
        voters += 1
        firing += own > 0
    return (total / weight, voters, firing / voters) if voters else (np.nan, 0, np.nan)


@pytest.mark.parametrize("alpha", [0.05, 1.0])
@pytest.mark.parametrize("image", ["i000", "i041", "i190"])
def test_votes_by_their_definition(found, image, alpha):
    store, table = found
    frame = votes(store, table, image, alpha).set_index("au")
    assert frame["filters"].sum() > 0
    for unit in (1, 2, 3):
        row = frame.loc[f"AU{unit}"]
        vote, voters, firing = slow_vote(store, table, image, unit, alpha)
        assert row["vote"] == pytest.approx(vote, nan_ok=True)
        assert row["filters"] == voters
        assert row["firing"] == pytest.approx(firing, nan_ok=True)


def test_strongest_first_and_units_without_voters_last(found):
    store, table = found
    vote = votes(store, table, "i000", alpha=0.9)["vote"]
    assert vote.dropna().is_monotonic_decreasing
    assert votes(store, table, "i000")["vote"].isna().tolist() == [False, True, True]


def test_the_coder_stands_beside(found):
    store, table = found
    for row, image in ((0, "i000"), (41, "i041")):
        coded = votes(store, table, image).set_index("au")["coded"]
        for place, unit in enumerate(store.faces.units):
            told = "present" if store.data["present"].values[row, place] else "absent"
            if not store.data["coded"].values[row, place]:
                told = "not coded"
            assert coded[f"AU{unit}"] == told


def test_a_face_that_chose_its_voters_is_marked(found):
    store, table = found
    seen = {image: votes(store, table, image).set_index("au")["seen"] for image in ("i000", "i190")}
    assert seen["i000"].all()
    assert not seen["i190"].any()
    not_coded = votes(store, table, "i041").set_index("au")["seen"]
    assert not_coded[["AU1", "AU2", "AU3"]].tolist() == [True, False, True]


@pytest.mark.parametrize("faces", ["held-out", "all"])
def test_observed_are_the_faces_of_the_rows_and_their_sequences(found, faces):
    store, _ = found
    rows = Units.of(store, faces=faces, unit="sequence")
    sequences = store.faces.column("sequence")
    for place in range(3):
        names = set(rows.names[rows.coded[:, place]])
        expected = [name in names for name in sequences]
        assert observed(store, faces=faces)[:, place].tolist() == expected


def test_a_face_of_the_same_sequence_that_was_not_coded_is_seen(tmp_path):
    coded = np.array([[0], [1], [1], [0]], dtype=bool)
    store = store_of(
        tmp_path / "s",
        [[1], [2], [3], [4]],
        coded & False,
        coded=coded,
        sequence=["a", "a", "", ""],
        images=["i0", "i1", "i2", "a"],
    )
    # The image that is called as the sequence is no part of it.
    assert observed(store, faces="all")[:, 0].tolist() == [True, True, True, False]


def test_associations_of_another_store_do_not_vote(found, tmp_path):
    _, table = found
    other = store_of(tmp_path / "s", np.ones((4, 6)), np.ones((4, 3)))
    with pytest.raises(InputError, match="another store"):
        votes(other, table, "i000")
