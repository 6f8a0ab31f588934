"""Associations of a whole store: each number beside its plain computation, and edge cases."""

from dataclasses import replace
from typing import get_args, get_type_hints

import numpy as np
import pytest
import xarray as xr

from facsinterp.association import analysis as module
from facsinterp.association.associate import Settings, associate
from facsinterp.errors import InputError
from facsinterp.stats import divergence, effect, top
from facsinterp.stats.multiple import METHODS, adjust
from facsinterp.stats.nulls import NULLS, Rows
from facsinterp.stats.permute import p_values, shuffles
from tests.association.stores import people, store_of

QUICK = Settings(permutations=999, top_n=6)
# One unit of each status; see `odd_store`.
EXPECTED = (
    "tested",
    "absent",
    "everywhere",
    "unscored",
    "too few",
    "constant within",
    "tested",
    "too few",
)


def planted(rng, subjects=24, each=5, filters=12, units=4):
    """Filters that know people; filter 0 answers to unit 1, filter 1 to unit 3."""
    owner, labels = people(rng, subjects, each, units)
    identity = np.repeat(rng.normal(size=(subjects, filters)), each, axis=0)
    activation = identity + rng.normal(size=identity.shape)
    activation[:, 0] += 2.5 * labels[:, 0]
    activation[:, 1] += 2.5 * labels[:, 2]
    return np.maximum(0, activation), labels, owner


@pytest.fixture(scope="module")
def odd_store(tmp_path_factory):
    """One unit of each status, a dead and a constant filter, one unit coded in part."""
    rng = np.random.default_rng(1)
    activation, labels, owner = planted(rng, units=8)
    activation[:, 4], activation[:, 5] = 0.0, 1.5
    labels[:, 1], labels[:, 2], labels[:, 4] = False, True, False
    labels[:4, 4] = True
    labels[:, 5] = np.repeat(rng.random(24) < 0.5, 5)  # a habit that never changes
    labels[:, 7] = np.repeat(np.arange(24) < 12, 5)
    labels[:2, 7] = False  # varies in one person only
    coded = np.ones_like(labels)
    coded[:, 3] = False
    coded[rng.random(len(coded)) < 0.3, 6] = False
    folder = tmp_path_factory.mktemp("odd") / "s"
    return store_of(folder, activation, labels & coded, coded=coded, subject=owner)


@pytest.fixture(scope="module")
def odd(odd_store):
    return associate(odd_store, QUICK).data


def test_every_status_is_told(odd):
    assert tuple(odd["status"].values) == EXPECTED
    assert odd["testable"].values.tolist() == [status == "tested" for status in EXPECTED]
    assert odd["dead"].values.nonzero()[0].tolist() == [4]
    assert odd["constant"].values.nonzero()[0].tolist() == [4, 5]


def test_the_family_is_live_filters_by_testable_units(odd):
    family = np.zeros((12, 8), dtype=bool)
    family[np.ix_([0, 1, 2, 3, 6, 7, 8, 9, 10, 11], [0, 6])] = True
    for name in ("p_auroc", "q_auroc", "p_precision", "q_precision", "p_kl", "p_auroc_max"):
        assert np.array_equal(np.isfinite(odd[name].values), family), name
    assert odd.attrs["family_size"] == 20
    for name in ("auroc", "precision"):
        assert np.array_equal(
            odd[f"q_{name}"].values, adjust(odd[f"p_{name}"].values), equal_nan=True
        )


def test_units_without_a_contrast_have_no_effect_size(odd):
    absent, everywhere, unscored = (odd.isel(au=i) for i in (1, 2, 3))
    assert (absent["precision_at_n"] == 0).all()
    assert (everywhere["precision_at_n"] == 1).all()
    assert (everywhere["lift"] == 1).all()
    assert np.isnan(unscored["precision_at_n"]).all()
    assert np.isnan(absent["lift"]).all()
    for one in (absent, everywhere, unscored):
        for name in ("auroc", "auroc_low", "rank_correlation", "kl", "kl_null"):
            assert np.isnan(one[name]).all(), name
    assert np.isnan(unscored["base_rate"])


def test_filters_with_one_value_say_nothing(odd):
    for j in (4, 5):
        one = odd.isel(filter=j, au=[0, 4, 5, 6, 7])
        assert one["precision_at_n"].values == pytest.approx(one["base_rate"].values)
        assert (one["auroc"] == 0.5).all()
        assert (one["kl"] == 0).all()
        assert (one["kl_null"] == 0).all()


def test_each_number_beside_its_plain_computation(odd, odd_store):
    """Unit 7 is coded for some faces only: all its numbers rest on these."""
    faces = odd_store.faces.data
    rows = np.flatnonzero(faces["coded"].values[:, 6])
    rows = rows[np.argsort(faces["subject"].values[rows], kind="stable")]
    labels = faces["present"].values[rows][:, [6]]
    activation = odd_store.data["peak"].values[rows]
    subjects = faces["subject"].values[rows]
    one = odd.isel(au=6)
    assert int(one["n_coded"]) == len(rows) < 120
    assert int(one["n_present"]) == labels.sum()
    assert int(one["n_subjects"]) == len(set(subjects))
    assert int(one["n_subjects_present"]) == len(set(subjects[labels[:, 0]]))
    mixed = [s for s in set(subjects) if 0 < labels[subjects == s].mean() < 1]
    assert int(one["n_informative"]) == len(mixed)
    plain = {
        "precision_at_n": top.precision_at_n(activation, labels, 6).value,
        "auroc": effect.auroc(activation, labels),
        "auroc_within": effect.auroc_within(activation, labels, subjects),
        "rank_correlation": effect.rank_correlation(activation, labels),
        "kl_equal_width": divergence.kl_divergence(activation, labels, bins=20, pseudo_count=1.0),
        "kl": divergence.kl_shrunk(activation, labels, bins=11),
    }
    for name, values in plain.items():
        assert one[name].values == pytest.approx(values[:, 0], abs=1e-12), name
    assert one["lift"].values == pytest.approx(one["precision_at_n"].values / labels.mean())

    scheme = NULLS["within-subject"].bind(Rows.of(subjects))
    moved = np.concatenate(list(shuffles(scheme, 999, seed=0)))
    drawn = np.stack([effect.auroc(activation, labels[m])[:, 0] for m in moved])
    reached = (drawn >= plain["auroc"][:, 0] - 1e-9).sum(axis=0)
    live = np.isfinite(one["p_auroc"].values)
    assert np.array_equal(one["reached_auroc"].values[live], reached[live])
    often = live & (reached >= 10)
    assert np.array_equal(one["p_auroc"].values[often], p_values(reached, 999)[often])
    assert (one["way_auroc"].values[often] == 0).all()
    assert (one["way_auroc"].values[live & (reached < 10)] > 0).all()
    z = (plain["auroc"][:, 0] - drawn.mean(axis=0)) / np.where(live, drawn.std(axis=0), 1)
    assert one["z"].values[live] == pytest.approx(z[live], abs=0.15)
    kl = np.stack([divergence.kl_shrunk(activation, labels[m], bins=11)[:, 0] for m in moved])
    assert one["kl_null"].values == pytest.approx(kl.mean(axis=0), abs=1e-6)
    assert one["kl_null_sd"].values == pytest.approx(kl.std(axis=0), abs=1e-3)


def test_planted_detectors_are_found_and_named(tmp_path):
    activation, labels, owner = planted(np.random.default_rng(2))
    found = associate(store_of(tmp_path / "s", activation, labels, subject=owner), QUICK)
    passing = found.significant().values
    assert passing[0, 0]
    assert passing[1, 2]
    assert passing.sum() <= 3
    assert (found.best("conv1/000"), found.best("conv1/001")) == (1, 3)
    inside = found.data.isel(filter=[0, 1], au=[0, 2])
    for name, sign in (("auroc_low", -1), ("auroc_high", 1)):
        assert (sign * (inside[name] - inside["auroc"]) > 0).all()


def test_frames_of_a_sequence_are_one_observation(tmp_path):
    activation, labels, owner = planted(np.random.default_rng(3))
    once = store_of(tmp_path / "once", activation, labels, subject=owner, sequence=names(owner))
    again = np.repeat(np.arange(len(owner)), 4)
    many = store_of(
        tmp_path / "many",
        activation[again],
        labels[again],
        subject=[owner[i] for i in again],
        sequence=[names(owner)[i] for i in again],
        frame=np.tile(np.arange(4), len(owner)),
    )
    xr.testing.assert_equal(associate(once, QUICK).data, associate(many, QUICK).data)
    assert associate(many, QUICK).data.attrs["n_units"] == len(owner)


def names(owner):
    return [f"{subject}_{i:03d}" for i, subject in enumerate(owner)]


def test_row_order_changes_no_number(tmp_path):
    activation, labels, owner = planted(np.random.default_rng(4))
    order = np.random.default_rng(5).permutation(len(owner))
    images = names(owner)
    plain = store_of(tmp_path / "a", activation, labels, subject=owner, images=images)
    moved = store_of(
        tmp_path / "b",
        activation[order],
        labels[order],
        subject=[owner[i] for i in order],
        images=[images[i] for i in order],
    )
    xr.testing.assert_equal(associate(plain, QUICK).data, associate(moved, QUICK).data)


def test_slabs_of_filters_change_no_number(odd_store, odd, monkeypatch):
    monkeypatch.setattr(module, "SLAB", 5)
    xr.testing.assert_allclose(associate(odd_store, QUICK).data, odd, rtol=1e-12)


def test_attributes_say_what_the_numbers_rest_on(odd, odd_store):
    told = {name: odd.attrs[name] for name in ("null", "correction", "alpha", "rows", "n_units")}
    assert told == {
        "null": "within-subject",
        "correction": "bh",
        "alpha": 0.05,
        "rows": "all",
        "n_units": 120,
    }
    assert (odd.attrs["n_subjects"], odd.attrs["informative_subjects"]) == (24, 24)
    assert odd.attrs["permutations"] == 999
    assert odd.attrs["fewest_discoveries"] == 1
    assert odd.attrs["store"] == odd_store.key


def test_without_subjects_only_the_free_null_can_be_used(tmp_path):
    activation, labels, _ = planted(np.random.default_rng(6))
    store = store_of(tmp_path / "s", activation, labels)
    with pytest.raises(InputError, match="subject"):
        associate(store, QUICK)
    data = associate(store, replace(QUICK, null="free")).data
    assert data["testable"].all()
    assert np.isnan(data["auroc_low"]).all()
    assert data.attrs["n_subjects"] == 0


def test_one_person_can_be_tested_but_has_no_interval(tmp_path):
    rng = np.random.default_rng(7)
    activation, labels, owner = planted(rng, subjects=1, each=40)
    data = associate(store_of(tmp_path / "s", activation, labels, subject=owner), QUICK).data
    assert data["testable"].all()
    assert np.isfinite(data["p_auroc"]).all()
    assert np.isnan(data["auroc_low"]).all()


def test_a_unit_that_few_people_show_is_not_tested(tmp_path):
    rng = np.random.default_rng(8)
    activation, labels, owner = planted(rng)
    labels[20:, 0] = False  # what is left are four people
    data = associate(store_of(tmp_path / "s", activation, labels, subject=owner), QUICK).data
    assert data["n_present"].values[0] >= 5
    assert data["status"].values.tolist() == ["too few", "tested", "tested", "tested"]


def test_nothing_to_test_is_an_answer_and_no_error(tmp_path):
    activation, _, owner = planted(np.random.default_rng(9))
    none = np.zeros((len(owner), 2), dtype=bool)
    found = associate(store_of(tmp_path / "s", activation, none, subject=owner), QUICK)
    assert not found.significant().any()
    assert found.best("conv1/000") is None
    assert found.data.attrs["family_size"] == 0


def test_a_short_ranking_where_few_faces_are_coded(tmp_path):
    activation, labels, owner = planted(np.random.default_rng(10), subjects=2, each=3)
    data = associate(
        store_of(tmp_path / "s", activation, labels, subject=owner), Settings(permutations=99)
    ).data
    assert (data["n_top"] == 6).all()
    assert data["precision_at_n"].values == pytest.approx(
        np.broadcast_to(data["base_rate"].values, (12, 4))
    )


def test_progress_reaches_each_total(odd_store):
    heard = []

    class Listener:
        def step(self, title, total):
            heard.append([title, total, 0])
            return self

        def __enter__(self):
            return self.advance

        def __exit__(self, *_):
            return None

        def advance(self, parts):
            heard[-1][2] += parts

        def say(self, text):
            raise AssertionError(text)

    associate(odd_store, QUICK, Listener())
    assert [title for title, _, _ in heard] == ["associations"]
    assert all(total == done > 0 for _, total, done in heard)


def test_names_of_settings_are_those_of_the_statistics():
    hints = get_type_hints(Settings)
    named = {*get_args(hints["null"]), *get_args(hints["beyond"])}
    assert named == {*NULLS, "none"}
    assert set(get_args(hints["correction"])) == {*METHODS, "hierarchical"}


def test_settings_tell_every_fault_at_once():
    with pytest.raises(InputError) as refused:
        Settings(top_n=0, bins=1, unit="frame", alpha=2.0, pseudo_count=0.0, seed=-1)
    assert {fault.where for fault in refused.value.faults} == {
        "top_n",
        "bins",
        "alpha",
        "pseudo_count",
        "seed",
        "null",
        "beyond",
    }
    with pytest.raises(InputError, match="at least 19"):
        Settings(permutations=18)
    assert Settings(permutations=19).permutations == 19
