"""Which filters pass which test, where it is known where they look."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from facsinterp.errors import InputError
from facsinterp.evidence.places.exchange import exchange_test
from facsinterp.evidence.places.looks import Looks, Regions, peak_looks
from facsinterp.evidence.places.placing import region_test
from facsinterp.evidence.places.reach import interpolated, middles, sampled, seen
from tests.evidence import scene
from tests.evidence.scene import (
    BROW,
    BROWS,
    DETECTOR,
    FIELDS,
    FRAMED,
    KEEPER,
    LIPS,
    MISNAMED,
    MOUTH,
    NOWHERE,
    SILENT,
    SIZES,
)

LOCATED = (BROW, MOUTH, LIPS)
PAIRS = [
    (scene.name(DETECTOR), MOUTH),
    (scene.name(KEEPER), MOUTH),
    (scene.name(FRAMED), LIPS),
    (scene.name(BROWS), BROW),
    (scene.name(MISNAMED), MOUTH),
    (scene.name(SILENT), MOUTH),
    (scene.name(BROWS), NOWHERE),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return scene.store(tmp_path_factory.mktemp("scene"))


def looks(made, unit):
    store, present = made
    return peak_looks(store, unit, scene.regions(present), FIELDS, SIZES)


def outcome(made, pairs=PAIRS, **more):
    store, present = made

    def shown(unit):
        return looks(made, unit).at(present[:, scene.UNITS.index(unit)])

    given = {"located": LOCATED, "compared": lambda unit: looks(made, unit), "draws": (999, 0)}
    return region_test(pairs, shown, store, **{**given, **more})


@pytest.fixture(scope="module")
def table(made):
    return outcome(made)


def test_a_detector_passes_both_tests(table):
    for pair in (0, 3):
        one = table.isel(pair=pair)
        assert one["p_assignment"] <= 0.05
        assert one["q_presence"] <= 0.01
        assert one["share_low"] > one["chance"]
        assert one["enrichment"] > 2
        assert one["low"] > 0.3
        assert one["reason"] == ""


def test_a_filter_that_keeps_to_the_mouth_is_in_place_but_not_for_the_unit(table):
    for pair in (1, 2):
        one = table.isel(pair=pair)
        assert one["p_assignment"] <= 0.05
        assert one["p_presence"] > 0.1
    # The open mouth grows over where this one looks: its own region alone would be taken in.
    framed = table.isel(pair=2)
    assert framed["difference"] > 0.2
    assert framed["low"] > 0
    assert abs(framed["difference_still"]) < 0.1


def test_a_filter_with_a_unit_of_another_place_passes_neither(table):
    one = table.isel(pair=4)
    assert one["p_assignment"] > 0.3
    assert one["p_presence"] > 0.05


def test_what_cannot_be_tested_says_why(table):
    silent, nowhere = table.isel(pair=5), table.isel(pair=6)
    assert silent["reason"] == (
        "where it looks: faces of 0 people, not 5; with and without the unit: answers to both on "
        "0 people, not 5"
    )
    assert nowhere["reason"] == "AU7 has no region on the face"
    for one in (silent, nowhere):
        assert np.isnan(one["p_assignment"])
        assert np.isnan(one["q_presence"])
    assert table.attrs["family_assignment"] == table.attrs["family_presence"] == 5


def test_columns_slowly(made, table):
    store, present = made
    own = looks(made, MOUTH).own[DETECTOR]
    people = store.data["subject"].values.astype(str)
    each = [
        np.nanmean(own[(people == who) & present[:, 2]])
        for who in dict.fromkeys(people.tolist())
        if np.isfinite(own[(people == who) & present[:, 2]]).any()
    ]
    one = table.isel(pair=0)
    np.testing.assert_allclose(one["share"], np.mean(each))
    assert one["n_subjects"] == len(each)
    assert one["n_faces"] == np.isfinite(own[present[:, 2]]).sum()
    np.testing.assert_allclose(one["enrichment"], one["share"] / one["chance"])
    # The others have no unit of the mouth: lips are of the mouth.
    others = [j for j in range(scene.FILTERS) if j not in {DETECTOR, KEEPER, FRAMED, MISNAMED}]
    means = []
    for j in others:
        row = looks(made, MOUTH).own[j]
        part = [
            np.nanmean(row[(people == who) & present[:, 2] & np.isfinite(row)])
            if ((people == who) & present[:, 2] & np.isfinite(row)).any()
            else np.nan
            for who in dict.fromkeys(people.tolist())
        ]
        if np.isfinite(part).sum() >= 5:
            means.append(np.nanmean(part))
    np.testing.assert_allclose(one["expected"], np.mean(means))
    # Rank among 42 others, of which none reaches it.
    assert len(means) == 41
    assert one["p_assignment"] == 1 / 42


def test_above_chance_slowly(made, table):
    """p_chance turns the signs of people; q_chance is corrected over all pairs tested."""
    store, present = made
    people = store.data["subject"].values.astype(str)
    for pair, (name, unit) in enumerate(PAIRS[:5]):
        found, j = looks(made, unit), int(name.rpartition("/")[2])
        seen = present[:, scene.UNITS.index(unit)] & np.isfinite(found.own[j])
        above = [
            np.mean(found.own[j][seen & (people == who)])
            - np.mean(found.chance[j][seen & (people == who)])
            for who in np.unique(people[seen])
        ]
        sums = [np.dot(signs, above) for signs in product((1, -1), repeat=len(above))]
        slow = np.mean(np.array(sums) >= sum(above) - 1e-9)
        assert len(above) == table["n_subjects"][pair]
        if sum(above) > 0:
            np.testing.assert_allclose(table["p_chance"][pair], slow, atol=2 / len(sums))
        else:
            assert 0.5 <= table["p_chance"][pair] <= slow
    p = table["p_chance"].values[:5]
    assert np.isnan(table["p_chance"].values[5:]).all()
    np.testing.assert_allclose(table["q_chance"].values[:5], stats.false_discovery_control(p))
    by = outcome(made, correction="by")["q_chance"].values[:5]
    np.testing.assert_allclose(by, stats.false_discovery_control(p, method="by"))
    # The place is that of the unit, whatever the unit does: only the last looks elsewhere.
    assert (p[:4] <= 0.01).all()
    assert p[4] > 0.05


def test_results_follow_the_seed(made, table):
    again = outcome(made)
    assert again.identical(table)
    other = outcome(made, draws=(999, 1))
    assert not other["p_presence"].equals(table["p_presence"])


def test_filters_that_look_anywhere_pass_neither_more_often_than_the_level(made):
    """Noise filters named after units at random, over several stores' worth of filters."""
    pairs = [(scene.name(6 + k), MOUTH if k % 2 else BROW) for k in range(20)]
    found = outcome(made, pairs)
    for kind in ("chance", "assignment", "presence"):
        assert (found[f"p_{kind}"] <= 0.05).mean() <= 0.25
        assert (found[f"q_{kind}"] <= 0.05).sum() == 0


def test_presence_counts_only_coded_faces(made):
    store, present = made
    coded = store.data["coded"].values.copy()
    coded[40:, 2] = False
    part = store.data.assign(coded=(("image", "au"), coded))
    other = type(store)(store.path, part)
    found = outcome((other, present), PAIRS[:1])
    assert found["n_subjects_presence"][0] <= 5
    assert found["n_faces_presence"][0] < 40


def test_units_that_exchange_names_are_told_from_their_own(made):
    store, present = made
    wide = looks(made, MOUTH)

    def shown(unit):
        """Filters 6 to 17 look at place u if it is theirs; there are four places."""
        own = np.full(wide.own.shape, 0.1)
        own[6 + 3 * UNITS.index(unit) : 9 + 3 * UNITS.index(unit)] = 0.6
        image = np.broadcast_to(np.arange(len(present)), own.shape)
        rng = np.random.default_rng(unit)
        own = own + 0.05 * rng.random(own.shape)
        return Looks.of(wide.filters, wide.layers, image, (own, own, own))

    UNITS = (1, 12, 17, 9, 43)
    pairs = [(scene.name(6 + 3 * k + i), unit) for k, unit in enumerate(UNITS) for i in range(3)]
    found = exchange_test([*pairs, (scene.name(6), 7)], shown, store, located=UNITS)
    assert (found.pairs, found.left_out) == (15, 1)
    assert found.p <= 0.02
    assert found.own.low > 0.3
    moved = [(which, UNITS[(UNITS.index(unit) + 1) % 5]) for which, unit in pairs]
    assert exchange_test(moved, shown, store, located=UNITS).p > 0.5
    with pytest.raises(InputError, match="no pair"):
        exchange_test([(scene.name(6), 7)], shown, store, located=UNITS)


def test_pairs_that_make_no_sense_are_refused(made):
    with pytest.raises(InputError, match="given twice"):
        outcome(made, [PAIRS[0], PAIRS[0]])
    with pytest.raises(InputError, match="c/400"):
        outcome(made, [("c/400", MOUTH)])


def test_peaks_are_looked_up_at_the_middle_of_fields(made):
    store, present = made
    found = looks(made, MOUTH)
    row, col = (store.data[part].values.astype(int) for part in ("peak_row", "peak_col"))
    region = scene.masks(MOUTH, np.arange(len(present)), present)
    still = region[1:].mean(axis=0)
    for image, which in [(3, 0), (17, 9), (40, 30), (5, KEEPER)]:
        r, c = 2 * row[image, which], 2 * col[image, which]
        # The middle of a field lies between two rows and two columns.
        at = [(r, c), (r + 1, c), (r, c + 1), (r + 1, c + 1)]
        at = [(min(a, 23), min(b, 23)) for a, b in at]
        np.testing.assert_allclose(
            found.own[which, image], np.mean([region[image][one] for one in at])
        )
        np.testing.assert_allclose(found.still[which, image], np.mean([still[one] for one in at]))
        every = [
            region[image][min(2 * a + i, 23), min(2 * b + j, 23)]
            for a in range(12)
            for b in range(12)
            for i in (0, 1)
            for j in (0, 1)
        ]
        np.testing.assert_allclose(found.chance[which, image], np.mean(every))
    assert (found.image[SILENT] == -1).all()
    assert (found.image[:, 0] == -1).all()
    assert np.isnan(found.own[:, 0]).all()
    some = Regions(scene.regions(present).of, LOCATED, np.array([4, 9]))
    assert peak_looks(store, MOUTH, some, FIELDS, SIZES).image.shape == (scene.FILTERS, 2)


def test_a_store_without_places_is_refused(made):
    store, present = made
    bare = type(store)(store.path, store.data.drop_vars("peak_row"))
    with pytest.raises(InputError, match="where filters peak"):
        peak_looks(bare, MOUTH, scene.regions(present), FIELDS, SIZES)


def test_weights_of_the_reach_slowly():
    field = FIELDS["c"]
    rows, cols = middles(field, (12, 12))
    np.testing.assert_array_equal(rows, 2 * np.arange(12) + 0.5)
    np.testing.assert_array_equal(cols, rows)
    weights = sampled(np.array([0.25, 3, 7.5, 40, -2]), 9)
    picture = np.arange(9.0) ** 2
    np.testing.assert_allclose(weights @ picture, [0.25, 9, 56.5, 64, 0])
    share = np.zeros((24, 24))
    for r in range(12):
        for c in range(12):
            top, left, bottom, right = field.window(r, c)
            box = np.zeros((24, 24))
            box[max(top, 0) : min(bottom, 24), max(left, 0) : min(right, 24)] = 1
            share += box / box.sum() / 144
    down, across = seen(field, (12, 12), (24, 24))
    np.testing.assert_allclose(np.outer(down, across), share)
    np.testing.assert_allclose(share.sum(), 1)


def test_maps_are_spread_linearly_between_middles():
    weights = interpolated(np.array([0.5, 2.5]), 4)
    np.testing.assert_allclose(weights @ [1, 3], [1, 1.5, 2.5, 3])
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    with pytest.raises(ValueError, match="ascend"):
        interpolated(np.array([1.0, 1.0]), 4)
