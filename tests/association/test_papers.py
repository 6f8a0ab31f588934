"""The papers' own measures: P = 1 at many N against a loop, and the divergence by chance."""

import numpy as np
import pytest

from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.papers import every_image, papers_kl, papers_rule, unanimous
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.errors import InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.stats.divergence import kl_divergence

RNG = np.random.default_rng(11)


def unanimous_slowly(activation, present, coded, n):
    """For each filter: is there a unit that the n strongest of its coded rows all show?"""
    found = []
    for values in activation.T:
        some = False
        for unit in range(present.shape[1]):
            rows = [row for row in range(len(values)) if coded[row, unit]]
            rows.sort(key=lambda row: -values[row])
            top = rows[:n]
            some |= len(top) == n and all(present[row, unit] for row in top)
        found.append(some)
    return found


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_rule_is_that_of_a_loop(missing):
    activation = RNG.random((30, 40))
    present = RNG.random((30, 5)) < 0.6
    coded = RNG.random((30, 5)) >= missing
    ns = (1, 2, 3, 5, 60)
    found = unanimous(activation, present & coded, coded, ns)
    for at, n in enumerate(ns):
        assert found[at].tolist() == unanimous_slowly(activation, present & coded, coded, n)
    assert found.any()
    assert not found.all()


def test_rows_that_tie_must_all_show_the_unit():
    present = np.array([[True], [True], [False], [False]])
    coded = np.ones_like(present)
    tied_with_one_that_does_not = np.array([[3.0, 2.0, 2.0, 0.0]]).T
    tied_among_those_that_do = np.array([[3.0, 3.0, 2.0, 0.0]]).T
    values = np.hstack([tied_with_one_that_does_not, tied_among_those_that_do])
    assert unanimous(values, present, coded, (1, 2)).tolist() == [[True, True], [False, True]]


def test_a_unit_that_was_coded_in_fewer_rows_than_n_accepts_nothing():
    """One coded face that shows the unit would be all of a top one of any filter."""
    coded = np.zeros((6, 1), bool)
    coded[2] = True
    found = unanimous(RNG.random((6, 3)), coded, coded, (1, 2))
    assert found.tolist() == [[True] * 3, [False] * 3]


def test_a_unit_that_nobody_coded_accepts_nothing():
    values = RNG.random((6, 3))
    assert not unanimous(values, np.zeros((6, 1), bool), np.zeros((6, 1), bool), (2,)).any()


SUBJECTS, SEQUENCES, FRAMES = 12, 4, 3


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Filters: one that knows the first unit, five at random, one dead, one constant."""
    rng = np.random.default_rng(4)
    names = [(s, q, f) for s in range(SUBJECTS) for q in range(SEQUENCES) for f in range(FRAMES)]
    of_sequence = rng.random((SUBJECTS, SEQUENCES, 3)) < 0.4
    present = np.array([of_sequence[s, q] & (f > 0) for s, q, f in names])
    peak = rng.random((len(names), 8)).astype(np.float32)
    peak[:, 0] += 2 * present[:, 0]
    peak[:, 6], peak[:, 7] = 0, 1
    faces = FaceTable.from_arrays(
        [f"{s}-{q}-{f}" for s, q, f in names],
        (1, 4, 12),
        present,
        subject=[f"S{s:02}" for s, _, _ in names],
        sequence=[f"S{s:02}-{q}" for s, q, _ in names],
        frame=[f for _, _, f in names],
        phase=["apex" if f == FRAMES - 1 else "neutral" if f == 0 else "onset" for *_, f in names],
        expression=["happy" if one[2] else "anger" for one in present],
    )
    filters = FilterId.of_layers((("conv1", 2), ("conv2", 6)))
    return ActivationStore.from_arrays(
        tmp_path_factory.mktemp("papers") / "store", peak, filters, faces
    )


SETTINGS = Settings(top_n=5, permutations=99, faces="all", seed=2)


def test_over_sequences_it_is_the_rule_of_the_table(store):
    table = associate(store, SETTINGS)
    found = papers_rule(store, (3, 5), SETTINGS)
    assert np.array_equal(found["live"].values, table.live.values)
    assert np.array_equal(found["accepted"].sel(n=5).values, table.papers_rule().accepted.values)
    assert found["layer"].values.tolist() == ["conv1"] * 2 + ["conv2"] * 6
    assert found["live"].values.tolist() == [True] * 6 + [False] * 2


def test_over_images_every_coded_face_counts(store):
    peak, present, coded = every_image(store, faces="all")
    assert len(peak) == SUBJECTS * SEQUENCES * FRAMES
    found = papers_rule(store, (4,), SETTINGS, looked="image")["accepted"].values[0]
    assert found[:6].tolist() == unanimous_slowly(peak[:, :6], present, coded, 4)
    assert found[0]
    assert not found[6:].any()


def test_the_divergence_is_the_largest_over_the_units(store):
    found = papers_kl(store, (4, 8), SETTINGS, count=39)
    units = Units.of(store, faces="all", unit="sequence")
    for bins in (4, 8):
        each = kl_divergence(units.activation[:, :6], units.present, bins=bins, pseudo_count=1.0)
        got = found["kl"].sel(bins=bins).values
        assert got[:6] == pytest.approx(each.max(axis=1))
        assert np.isnan(got[6:]).all()
    p = found["p"].values[:, :6]
    assert (p[:, 0] == 1 / 40).all()
    assert (p[:, 1:] > 1 / 40).any()
    assert (found["kl"] > found["kl_null"]).values[:, 0].all()


def test_its_p_is_even_where_nothing_is_known(store, tmp_path):
    """Of 300 random filters about a fifth have p of at most a fifth."""
    peak = np.random.default_rng(8).random((len(store.faces), 300)).astype(np.float32)
    filters = FilterId.of_layers((("conv1", 300),))
    random = ActivationStore.from_arrays(tmp_path / "random", peak, filters, store.faces)
    p = papers_kl(random, (5,), SETTINGS, count=39)["p"].values[0]
    # Three standard deviations of 300 independent filters; shuffles are shared, so they are not.
    assert abs((p <= 0.2).mean() - 0.2) < 0.09


def test_more_bins_are_larger_by_chance(store):
    null = papers_kl(store, (4, 30), Settings(faces="all", pseudo_count=0.01), count=19)["kl_null"]
    assert (null.sel(bins=30) > null.sel(bins=4)).values[:6].all()


def test_a_null_that_does_not_shuffle_gives_no_chance(store):
    flips = Settings(faces="all", null="subject-flips")
    with pytest.raises(InputError, match="no chance"):
        papers_kl(store, (4,), flips, count=19)
