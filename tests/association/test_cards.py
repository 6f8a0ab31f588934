"""Associations and one filter of them as cards, against numbers read off the table."""

import numpy as np
import pytest

from facsinterp import facs
from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.association.verdict import KINDS, Verdicts
from facsinterp.errors import InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from tests.association.stores import people, store_of
from tests.cards import HOSTILE, read


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Forty people; filter 0 follows unit 1, filter 1 is dead, the others are noise."""
    rng = np.random.default_rng(3)
    owner, labels = people(rng, 40, 4, 3)
    peak = np.maximum(0, rng.normal(size=(160, 4)))
    peak[:, 0] = labels[:, 0] + 0.1 * rng.random(160)
    peak[:, 1] = 0
    store = store_of(
        tmp_path_factory.mktemp("cards") / "a",
        peak,
        labels,
        subject=owner,
        expression=[("happy", "anger")[i % 2] for i in range(160)],
        split=["test" if i < 120 else "train" for i in range(160)],
        faces_shown=rng.integers(0, 256, (160, 8, 8), dtype=np.uint8),
    )
    return store, associate(store, Settings(permutations=199))


def test_the_card_tells_what_was_tested_and_what_passes(made):
    _, table = made
    card = table._repr_html_()
    texts = read(card).texts
    assert texts[0] == "Associations"
    tested = texts[texts.index("tested") + 1]
    assert "3 live of 4 filters x 3 of 3 action units: 9 pairs" in tested
    assert (
        texts[texts.index("on") + 1]
        == "120 held-out observations (a sequence at its apex) of 30 people"
    )
    passing = table.significant().values
    assert texts[texts.index("passes") + 1] == (
        f"{passing.any(axis=1).sum()} filters, in {passing.sum()} pairs"
    )
    beyond = table.significant(test="beyond").values
    assert texts[texts.index("beyond emotion") + 1].endswith(f"in {beyond.sum()} pairs")
    assert "within-subject, 199 shuffles" in card
    assert len(card) < 200_000


def test_the_pairs_stand_by_z_with_their_numbers(made):
    _, table = made
    texts = read(table._repr_html_()).texts
    rows = texts[texts.index("q beyond") + 1 :]
    data = table.data
    order = sorted(
        ((float(data["z"][i, j]), i, j) for i in (0, 2, 3) for j in range(3)), reverse=True
    )
    for place, (_, i, j) in enumerate(order):
        one = data.isel(filter=i, au=j)
        assert rows[6 * place : 6 * place + 6] == [
            str(data["filter"].values[i]),
            facs.describe(int(data["au"].values[j])),
            f"{float(one['auroc']):.2f} [{float(one['auroc_low']):.2f}, "
            f"{float(one['auroc_high']):.2f}]",
            f"{int(one['n_present'])} of 120",
            *(
                f"{p:.3f}" if p >= 1e-3 else f"{p:.1e}".replace("-", "−")
                for p in (float(one["q_auroc"]), float(one["q_beyond"]))
            ),
        ]
    assert len(rows) == 6 * len(order) + 1


def test_at_most_ten_pairs_are_listed(tmp_path):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 20, 4, 3)
    store = store_of(tmp_path / "a", rng.random((80, 8)), labels, subject=owner)
    found = read(associate(store, Settings(permutations=99, beyond="none"))._repr_html_())
    assert sum(text.startswith("conv") for text in found.texts) == 10
    assert "beyond emotion" not in found.texts


def test_a_table_without_a_tested_pair_says_so(tmp_path):
    store = store_of(tmp_path / "a", np.random.default_rng(0).random((8, 2)), np.ones((8, 2)))
    card = associate(store, Settings(permutations=99, null="free"))._repr_html_()
    assert "No pair could be tested: 0 of 2 action units" in card
    assert read(card)


def test_a_filter_has_its_verdict_and_its_units(made):
    _, table = made
    one = table.filter("conv1/0")
    assert (one.id, one.unit) == (FilterId("conv1", 0), 1)
    assert one.kind == str(Verdicts.of(table).kind[0])
    assert one.verdict == f"{facs.describe(1)}: {KINDS[one.kind]}"
    units = one.units
    assert units["au"].tolist()[0] == 1
    z = units["z"].to_numpy()
    assert (np.diff(z) <= 0).all()
    np.testing.assert_array_equal(np.sort(z), np.sort(table.data["z"].isel(filter=0).values))
    assert units["q_auroc"][0] == float(table.data["q_auroc"][0, 0])
    assert one.faces is None
    assert not read(one._repr_html_()).sources
    assert "conv1/000" in repr(one)


def test_with_its_store_it_shows_the_faces_that_the_numbers_rest_on(made):
    store, table = made
    one = table.filter("conv1/000", store)
    assert one.faces.within.sum() == 120
    assert (store.faces.column("split")[one.faces.within] == "test").all()
    card = one._repr_html_()
    assert len(read(card).sources) == 12
    assert one.verdict in read(card).texts
    dead = table.filter("conv1/001", store)
    assert dead.kind == "dead"
    assert not read(dead._repr_html_()).sources


def test_a_unit_that_silences_a_filter_is_said_to(tmp_path):
    rng = np.random.default_rng(1)
    owner, labels = people(rng, 30, 4, 2)
    peak = 1 - labels[:, :1] + 0.1 * rng.random((120, 1))
    store = store_of(tmp_path / "a", np.hstack([peak, rng.random((120, 1))]), labels, subject=owner)
    table = associate(store, Settings(permutations=199, sides="two", beyond="none"))
    one = table.filter("conv1/000", store)
    assert (one.unit, one.silenced) == (1, True)
    assert one.verdict.endswith("which it answers to less")
    assert one.units["au"][0] == 1


def test_unknown_filters_and_other_stores_are_refused(made, tmp_path):
    _, table = made
    with pytest.raises(InputError, match="unknown filter"):
        table.filter("conv7/000")
    other = store_of(tmp_path / "a", np.random.default_rng(0).random((160, 4)), np.ones((160, 3)))
    with pytest.raises(InputError, match="another store"):
        table.filter("conv1/000", other)


def test_hostile_layers_are_text(tmp_path):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 20, 4, 2)
    layers = [name for name in HOSTILE if name == name.strip()]
    faces = FaceTable.from_arrays([f"i{i}" for i in range(80)], [1, 12], labels, subject=owner)
    store = ActivationStore.from_arrays(
        tmp_path / "a.zarr",
        rng.random((80, len(layers))),
        [FilterId(name, 0) for name in layers],
        faces,
    )
    table = associate(store, Settings(permutations=99, beyond="none"))
    names = "".join(read(table._repr_html_()).texts)
    assert sum(layer[:50] in names for layer in layers) >= 5
    for layer in layers:
        name = str(FilterId(layer, 0))
        assert read(table.filter(name, store)._repr_html_()).texts[0] == name
    assert read(store._repr_html_())


def test_a_table_that_was_saved_shows_the_same(made, tmp_path):
    _, table = made
    table.save(tmp_path / "t")
    assert Associations.open(tmp_path / "t")._repr_html_() == table._repr_html_()
