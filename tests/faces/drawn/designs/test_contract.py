"""What every design keeps: frames by number alone, exact labels, every fault at once."""

import inspect
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.faces.drawn import cast, landmarks
from facsinterp.faces.drawn.designs import DESIGNS
from facsinterp.faces.drawn.units import UNITS, agree
from facsinterp.faces.pictures import Skip

SMALL = {name: one(people=3, pixels=32, seed=5) for name, one in DESIGNS.items()}
each_design = pytest.mark.parametrize("design", SMALL.values(), ids=SMALL)


@each_design
def test_any_frame_can_be_made_again_without_the_others(design):
    frames = list(design)
    assert len(frames) == len(design)
    again = type(design)(people=3, pixels=32, seed=5)
    numbers = np.random.default_rng(0).permutation(len(design))[:40].tolist()
    for number in numbers:
        assert repr(again.frame(number)) == repr(frames[number])
    other = type(design)(people=3, pixels=32, seed=6)
    assert repr(other.frame(0)) != repr(frames[0])


@each_design
def test_no_face_shows_what_cannot_be_shown_together(design):
    for frame in design:
        assert agree(frame.face.units), frame.image
        assert all(0 < max(sides) <= 5 for sides in frame.face.units.values())


@each_design
def test_the_table_has_every_frame_with_its_exact_codes(design):
    table, frames = design.table(), list(design)
    assert len(set(table.images.tolist())) == len(frames)
    assert table.units == UNITS
    told = table.data["intensity"].values
    for row, frame in enumerate(frames):
        for column, unit in enumerate(UNITS):
            strength = np.float32(frame.strength(unit))
            if 0 < strength < design.visible:
                assert np.isnan(told[row, column])
                assert not table.data["coded"].values[row, column]
            else:
                assert told[row, column] == strength
    assert table.terms.showable is None


@each_design
def test_pictures_are_found_by_path_and_others_are_skipped(design):
    pictures, last = design.pictures(), len(design) - 1
    drawn, *skipped = pictures.open(
        [design.path(last), f"{design.name}/{last + 1:07d}", "other/0000000", "x", design.name]
    )
    assert drawn.shape == (32, 32)
    assert all(isinstance(one, Skip) for one in skipped)
    assert design.path(0) in skipped[0].reason


@each_design
def test_a_frame_that_there_is_not_is_told_with_how_many_there_are(design):
    many = len(design)
    for number in (-1, -many, many, 10**6):
        with pytest.raises(IndexError, match=rf"no frame {number} of {design.name}: .* {many}, 0"):
            design.frame(number)


@each_design
def test_every_field_has_words_for_the_command_line(design):
    for one in fields(design):
        (note,) = inspect.get_annotations(
            next(
                base
                for base in type(design).__mro__
                if one.name in vars(base).get("__annotations__", {})
            ),
            eval_str=True,
        )[one.name].__metadata__
        assert note.endswith("."), one.name
    assert type(design).question


@given(
    st.sampled_from(sorted(DESIGNS)), st.integers(-3, 0), st.integers(0, 23), st.integers(-9, -1)
)
def test_all_faults_are_told_at_once(name, people, pixels, seed):
    with pytest.raises(InputError) as caught:
        DESIGNS[name](people=people, pixels=pixels, seed=seed)
    assert [fault.where for fault in caught.value.faults][:3] == ["people", "pixels", "seed"]


def test_nobody_is_of_a_cast():
    textures = {frame.face.identity.texture for frame in cast(40, 1, 5)}
    for name, design in SMALL.items():
        mine = {frame.face.identity.texture for frame in design}
        assert len(mine) == 3
        assert bool(mine & textures) == (name == "micro")


def test_people_of_a_seed_are_the_same_in_every_design():
    seen = {
        name: {frame.subject: frame.face.identity for frame in design}
        for name, design in SMALL.items()
        if name != "micro"
    }
    assert all(one == seen["pairs"] for one in seen.values())


def test_frames_have_their_own_landmarks_but_a_series_is_cropped_alike():
    pairs = SMALL["pairs"]
    numbers = [2 * UNITS.index(27), 2 * UNITS.index(27) + 1]
    held = pairs.table().data["landmarks"].values[numbers]
    assert np.array_equal(held[0], held[1])
    own = landmarks([pairs.frame(number).face for number in numbers], 32)
    assert np.abs(own[1] - own[0]).max() > 1
    assert np.array_equal(own[0], held[0])
