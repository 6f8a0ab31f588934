"""Sensor noise: drawn from chances of its own, before a wall that is the person's."""

from typing import Any

import numpy as np
import pytest

from facsinterp.faces.drawn.cast import FRAMES, cast
from facsinterp.faces.drawn.designs import DESIGNS, Confounded, Factorials
from facsinterp.faces.drawn.emotions import EMOTIONS

PEOPLE = 30  # more than there are things that numbers are drawn for
SHORT: dict[str, dict[str, Any]] = {
    "pairs": {"units": (12,)}, "ladders": {"units": (12,)}, "factorials": {"contexts": 2},
    "confounded": {"faces": 4}, "null": {"faces": 4}, "sequences": {"films": 2, "rate": 4},
    "micro": {"films": 1}, "spontaneous": {"seconds": 2, "rate": 4},
}  # fmt: skip


def stream(key):
    """A key of random numbers without trailing zeros, which make no difference to short ones."""
    return tuple(np.trim_zeros(np.asarray(key), "b").tolist())


@pytest.fixture(scope="module")
def drawn():
    """The faces of every design and of a cast, and the keys of all lots drawn for them."""
    lots, real = set(), np.random.PCG64

    def noted(key):
        lots.add(stream(key))
        return real(key)

    seed = 918273  # nobody else's, so that nothing of it was drawn before
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.random, "PCG64", noted)
        faces = {
            name: [frame.face for frame in one(people=PEOPLE, seed=seed, **SHORT[name])]
            for name, one in DESIGNS.items()
        }
        for against in ("identity", "emotion"):
            crossing = Factorials(people=PEOPLE, seed=seed, against=against, units=(6, 12))
            faces[against] = [frame.face for frame in crossing]
        faces["cast"] = [frame.face for frame in cast(PEOPLE, 3, seed, last=FRAMES)]
    return faces, lots


def test_noise_is_drawn_from_no_chances_that_anything_else_is_drawn_from(drawn):
    faces, lots = drawn
    assert len(lots) > 1000
    for name, some in faces.items():
        assert not {stream(face.noise) for face in some} & lots, name
        assert not {stream((*face.noise[:2], 1)) for face in some} & lots, name


def test_everybody_sits_before_their_own_wall(drawn):
    faces, _ = drawn
    walls = {
        name: {(face.identity, face.noise[:2]) for face in some} for name, some in faces.items()
    }
    for name in walls.keys() - {"identity"}:
        assert len(walls[name]) == PEOPLE == len({wall for _, wall in walls[name]}), name
    assert len({wall for _, wall in walls["identity"]}) == 1
    assert walls["pairs"] == walls["confounded"] == walls["spontaneous"]
    cast_walls, theirs = ({wall for _, wall in walls[name]} for name in ("cast", "pairs"))
    assert not cast_walls & theirs


def test_the_grain_of_a_picture_tells_nothing_of_its_emotion():
    """Drawn from the chances that the emotion comes from, the size of one knew a quarter of it."""
    frames = list(Confounded(people=30, faces=40))
    lots = [np.random.Generator(np.random.PCG64(frame.face.noise)) for frame in frames]
    grain = np.abs([lot.standard_normal(200, dtype=np.float32) for lot in lots])
    grain -= grain.mean(axis=0)
    names = np.array([frame.expression for frame in frames])
    between = sum(
        (names == name).sum() * grain[names == name].mean(axis=0) ** 2 for name in EMOTIONS
    )
    assert (between / (grain**2).sum(axis=0)).max() < 0.04
