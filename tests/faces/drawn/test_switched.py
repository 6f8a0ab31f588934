"""Switched faces: one unit differs, all else is equal, and nobody is of a cast."""

from dataclasses import fields, replace

import numpy as np
import pytest

from facsinterp.errors import InputError
from facsinterp.faces.drawn import Pair, cast, landmarks, regions
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.drawn.switched import Switched
from facsinterp.faces.drawn.units import EXCLUSIVE
from facsinterp.faces.pictures import Skip
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation

SMALL = Switched(people=2, contexts=2, intensities=(2, 5), pixels=32, seed=3)
TABLE = SMALL.table()
PATHS = TABLE.column("path").tolist()


def every_series(corpus):
    people, contexts, _, _ = corpus.shape
    for person in range(1, people + 1):
        for context in range(contexts):
            for unit in SHOWN:
                yield person, context, unit, corpus.series(person, context, unit)


def drawn(corpus, paths):
    return np.stack(list(corpus.pictures().open(paths)))


def test_pictures_come_in_the_order_of_the_shape():
    assert len(TABLE) == np.prod(SMALL.shape)
    told = TABLE.data["intensity"].values.reshape(*SMALL.shape, len(SHOWN))
    names = TABLE.images.reshape(SMALL.shape)
    for number, unit in enumerate(SHOWN):
        assert (told[:, :, number, 0, number] == 0).all(), "step 0 is without the unit"
        assert (told[:, :, number, 1, number] == 2).all()
        assert (told[:, :, number, 2, number] == 5).all()
        assert names[1, 1, number, 2] == f"P002_1_AU{unit:02d}_00000002"
    assert TABLE.column("subject").reshape(SMALL.shape)[1].tolist()[0][0][0] == "P002"


def test_only_the_unit_differs_inside_a_series():
    for _, _, unit, (without, *shown) in every_series(SMALL):
        assert unit not in without.units
        for strength, face in zip(SMALL.intensities, shown, strict=True):
            assert face.units[unit] == (strength, strength)
            assert {u: s for u, s in face.units.items() if u != unit} == without.units
            assert replace(face, units={}) == replace(without, units={})


def test_units_that_exclude_each_other_never_meet_and_25_stands_where_lips_part():
    for _, _, unit, series in every_series(Switched(people=4, contexts=4, seed=1)):
        for face in series:
            shown = {u for u, sides in face.units.items() if max(sides) > 0}
            assert not any(a in shown and b in shown for a, b in EXCLUSIVE), (unit, shown)
            parting = shown & {16, 22, 26, 27}
            parting |= {10} if max(face.units.get(10, (0,))) >= 3 else set()
            # Lips that are pressed, drawn in, or that hold air do not part.
            assert not parting or 25 in shown or {24, 28, 34} & shown, (unit, shown)
            assert not parting or unit not in {24, 28, 34}, (unit, shown)


def test_the_first_context_is_neutral_and_the_others_are_not():
    for person in (1, 2):
        assert SMALL.expression(person, 0) == "neutral"
        assert SMALL.expression(person, 1) != "neutral"
        assert not SMALL.series(person, 0, 12)[0].units
        assert SMALL.series(person, 1, 43)[0].units or SMALL.series(person, 1, 12)[0].units


def test_pictures_of_a_series_are_equal_outside_the_region_of_the_unit():
    corpus = replace(SMALL, people=1)
    some = [series for *_, series in every_series(corpus)]
    array = drawn(corpus, corpus.table().column("path").tolist())
    array = array.reshape(len(some), 3, 32, 32)
    for step in (1, 2):
        pairs = [Pair(0, series[0], series[step]) for series in some]
        where = regions(pairs, 32)
        changed = array[:, 0] != array[:, step]
        assert not (changed & ~where).any()
        assert changed.any(axis=(1, 2)).all(), "each unit changes something"


def test_the_crop_is_that_of_the_face_without_the_unit():
    held = TABLE.data["landmarks"].values.reshape(-1, 3, 68, 2)
    assert (held == held[:, :1]).all()
    series = SMALL.series(1, 0, 43)
    own = landmarks(list(series), 32)
    assert np.array_equal(held.reshape(*SMALL.shape, 68, 2)[0, 0, SHOWN.index(43), 0], own[0])


def test_prepared_pictures_are_equal_outside_the_region_too(tmp_path):
    """A unit that moves the nose base would move the whole crop, were it not held fixed."""
    corpus = Switched(people=2, contexts=1, intensities=(5,), pixels=48)
    crop = Preparation(32, crop="landmarks", zoom=1.2)
    table = corpus.table()
    pixels = Pixels.decode(table, corpus.pictures(), crop, tmp_path).array
    array = np.asarray(pixels).reshape(*corpus.shape, 32, 32).astype(int)
    changed = (array[..., 1, :, :] != array[..., 0, :, :]).mean(axis=(-1, -2))
    assert changed.max() < 0.5
    # What following the landmarks would have given:
    faces = [face for *_, series in every_series(corpus) for face in series]
    moved = table.data.assign(landmarks=(table.data["landmarks"].dims, landmarks(faces, 48)))
    followed = Pixels.decode(replace(table, data=moved), corpus.pictures(), crop, tmp_path).array
    array = np.asarray(followed).reshape(*corpus.shape, 32, 32).astype(int)
    wrong = (array[..., 1, :, :] != array[..., 0, :, :]).mean(axis=(-1, -2))
    assert wrong.max() > 0.8


@pytest.mark.parametrize("colour", ["grey", "rgb"])
def test_a_network_that_takes_colour_gets_grey_in_each_channel(tmp_path, colour):
    corpus = Switched(people=1, contexts=1, intensities=(5,), pixels=24)
    pixels = Pixels.decode(
        corpus.table(), corpus.pictures(), Preparation(24, colour=colour), tmp_path
    )
    assert pixels.array.shape[1:] == ((24, 24) if colour == "grey" else (24, 24, 3))
    if colour == "rgb":
        assert (np.ptp(pixels.array, axis=3) == 0).all()


@pytest.mark.parametrize(("seed", "other"), [(0, 0), (3, 0), (0, 3)])
def test_nobody_is_of_a_cast_whatever_the_seeds(seed, other):
    corpus = Switched(people=30, seed=seed)
    mine = {corpus.series(person, 0, 12)[0].identity for person in range(1, 31)}
    theirs = {frame.face.identity for frame in cast(60, 1, other)}
    assert len(mine) == 30
    looks = [name.name for name in fields(next(iter(mine))) if name.name not in {"hair_style"}]
    for name in looks:
        values = {getattr(one, name) for one in mine}
        again = values & {getattr(one, name) for one in theirs}
        # Some looks are exactly at a limit, or absent; others are never met twice.
        assert again <= {0.0} or len(again) < 5, name
    assert not mine & theirs
    assert not {one.texture for one in mine} & {one.texture for one in theirs}


def test_the_same_again_and_another_seed_gives_others():
    again = Switched(people=2, contexts=2, intensities=(2, 5), pixels=32, seed=3)
    assert again.table().fingerprint == TABLE.fingerprint
    some = PATHS[:40]
    assert np.array_equal(drawn(again, some), drawn(SMALL, some))
    assert np.array_equal(drawn(SMALL, some[7:9]), drawn(SMALL, some)[7:9])
    assert not np.array_equal(drawn(replace(SMALL, seed=4), some), drawn(SMALL, some))
    prints = {
        one.pictures().fingerprint(some)
        for one in (SMALL, again, replace(SMALL, seed=4), replace(SMALL, intensities=(2, 4)))
    }
    assert len(prints) == 3


@pytest.mark.parametrize(
    "path", ["drawn/S001/1/2", "pairs/0000003", f"switched/{len(SMALL):07d}", "switched/-1", "x"]
)
def test_paths_of_another_kind_are_skipped(path):
    (found,) = SMALL.pictures().open([path])
    assert isinstance(found, Skip)


def test_numbers_that_make_no_corpus_are_all_refused():
    with pytest.raises(InputError) as caught:
        Switched(people=0, contexts=0, intensities=(3, 2), pixels=10, seed=-1)
    for name in ("people", "contexts", "intensities", "pixels", "seed"):
        assert name in str(caught.value)
    for letters in ((), (0, 1), (6,), (2, 2)):
        with pytest.raises(InputError, match="intensities"):
            Switched(intensities=letters)
