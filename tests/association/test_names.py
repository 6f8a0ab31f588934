"""Matches and names: one to one, stable or not, and sets where units go together."""

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.names import matches, names
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.errors import InputError
from tests.association.stores import people, store_of


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two detectors of unit 1, one of unit 2; unit 3 nearly equals unit 2; unit 4 has none."""
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 30, 6, 4)
    labels[:, 2] = labels[:, 1] ^ (np.isin(np.arange(180), [17, 130]))
    activation = np.maximum(0, rng.normal(size=(180, 6)) + 0.5)
    activation[:, 0] += 3 * labels[:, 0]
    activation[:, 1] += 0.8 * labels[:, 0]
    activation[:, 2] += 0.8 * labels[:, 1]
    store = store_of(
        tmp_path_factory.mktemp("n") / "s",
        activation,
        labels,
        subject=owner,
        expression=[("happy", "anger", "sadness")[i % 3] for i in range(180)],
    )
    return store, associate(store, Settings(permutations=999))


def test_each_unit_has_a_filter_of_its_own(run):
    table = matches(*run, draws=50)
    assert table["au"].tolist() == ["AU1", "AU2", "AU3", "AU4"]
    assert set(table["claim"]) == {"beyond"}
    assert table["filter"].tolist()[0] == "conv1/000"
    used = table["filter"][table["filter"] != ""]
    assert used.is_unique
    assert table["filter"].tolist()[3] == ""
    assert table["returns"].tolist()[0] > 0.9
    assert np.isnan(table["returns"].tolist()[3])
    assert table["covered"].tolist()[0]
    assert not table["covered"].tolist()[3]
    assert matches(*run, draws=50, bar=0.999)["covered"].sum() == 0


def test_coverage_asks_for_other_people_and_for_a_match_that_returns(tmp_path):
    """One filter tells both units; the second unit gets a weak one and may not use its AUROC."""
    rng = np.random.default_rng(4)
    owner, labels = people(rng, 40, 6, 2)
    activation = rng.normal(size=(240, 3))
    activation[:, 0] += 4 * labels[:, 0] + 3 * labels[:, 1]
    activation[:, 1] += 0.8 * labels[:, 1]
    store = store_of(tmp_path / "s", activation - activation.min(), labels, subject=owner)
    found = associate(store, Settings(permutations=999))
    table = matches(store, found, draws=50)
    assert table["filter"].tolist() == ["conv1/000", "conv1/001"]
    strong, weak = table["auroc_held_out"]
    assert strong == pytest.approx(
        float(found.data["auroc"].sel(filter="conv1/000", au=1)), abs=0.02
    )
    assert weak == pytest.approx(float(found.data["auroc"].sel(filter="conv1/001", au=2)), abs=0.02)
    assert float(found.data["best_auroc_held_out"].sel(au=2)) > weak + 0.05
    assert table["covered"].tolist() == [True, False]


def test_a_match_that_seldom_returns_covers_nothing(tmp_path):
    """Filters that are nearly equal: good on other people, but none stands for the unit."""
    rng = np.random.default_rng(5)
    owner, labels = people(rng, 30, 6, 1)
    activation = 2 * labels + rng.normal(size=(180, 1)) + 0.02 * rng.normal(size=(180, 12))
    store = store_of(tmp_path / "s", activation - activation.min(), labels, subject=owner)
    table = matches(store, associate(store, Settings(permutations=199)), draws=100)
    assert table["auroc_held_out"].tolist()[0] > 0.85
    assert table["returns"].tolist()[0] < 0.5
    assert not table["covered"].any()


def test_where_no_filter_knows_anything_nothing_is_covered_on_other_people(tmp_path):
    """The best of many looks good in the people that chose it, and at chance in others."""
    rng = np.random.default_rng(6)
    owner, labels = people(rng, 24, 4, 3)
    store = store_of(tmp_path / "s", rng.random((96, 60)), labels, subject=owner)
    found = associate(store, Settings(permutations=199))
    # As if the strongest pairs of these subjects had passed: the choice itself is no evidence.
    best = found.data["auroc"].max("filter")
    lucky = Associations(
        found.data.assign(q_auroc=found.data["q_auroc"].where(found.data["auroc"] < best, 0.0))
    )
    table = matches(store, lucky, draws=20, bar=0.6)
    assert (table["filter"] != "").all()
    assert (best > 0.62).all()
    assert (abs(table["auroc_held_out"] - 0.5) < 0.07).all()
    assert not table["covered"].any()


def test_few_people_cover_nothing(tmp_path):
    rng = np.random.default_rng(7)
    owner, labels = people(rng, 12, 10, 1)
    activation = rng.random((120, 2)) + 3 * labels * [1, 0]
    store = store_of(tmp_path / "s", activation, labels, subject=owner)
    table = matches(store, associate(store, Settings(permutations=199)), draws=20)
    assert table["filter"].tolist() == ["conv1/000"]
    assert np.isnan(table["auroc_held_out"]).all()
    assert not table["covered"].any()


def test_units_that_go_together_share_a_name(run):
    table = names(*run, draws=100)
    told = dict(zip(table["filter"], table["names"], strict=True))
    assert told["conv1/000"] == "AU1"
    assert set(str(told["conv1/002"]).split()) >= {"AU2", "AU3"}
    assert table["share"].iloc[0] == 1.0


def test_without_emotions_the_marginal_claim_is_matched(tmp_path):
    rng = np.random.default_rng(1)
    owner, labels = people(rng, 24, 5, 2)
    activation = rng.random((120, 3)) + 2 * labels[:, [0]] * [1, 0, 0]
    store = store_of(tmp_path / "s", activation, labels, subject=owner)
    table = matches(store, associate(store, Settings(permutations=199)), draws=20)
    assert set(table["claim"]) == {"auroc"}
    assert table["filter"].tolist() == ["conv1/000", ""]


def test_nothing_found_is_an_empty_answer(tmp_path):
    rng = np.random.default_rng(2)
    owner, labels = people(rng, 24, 5, 2)
    store = store_of(tmp_path / "s", rng.random((120, 2)), labels, subject=owner)
    found = associate(store, Settings(permutations=199, alpha=0.006))
    assert not found.significant().any()
    assert (matches(store, found, draws=5)["filter"] == "").all()
    assert names(store, found, draws=5).empty


def test_associations_of_another_store_are_refused(run, tmp_path):
    rng = np.random.default_rng(3)
    owner, labels = people(rng, 5, 4, 4)
    other = store_of(tmp_path / "o", rng.random((20, 6)), labels, subject=owner)
    for ask in (matches, names):
        with pytest.raises(InputError, match="another store"):
            ask(other, run[1])


def test_without_subjects_no_name_is_made_up(tmp_path):
    rng = np.random.default_rng(5)
    labels = rng.random((120, 2)) < 0.4
    activation = rng.random((120, 3)) + 2 * labels[:, [1]] * [1, 0, 0]
    store = store_of(tmp_path / "s", activation, labels)
    found = associate(store, Settings(permutations=199, null="free"))
    table = names(store, found, draws=5)
    assert table["filter"].tolist()[0] == "conv1/000"
    assert (table["best"] == "").all()
    assert (table["names"] == "").all()
    assert table["share"].isna().all()
