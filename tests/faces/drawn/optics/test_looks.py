"""What light, gaze and materials do to a picture."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.drawn.optics.camera import project
from facsinterp.faces.drawn.render import render
from facsinterp.faces.drawn.spec import Face, Identity, Setting
from facsinterp.faces.drawn.surface.mesh import Part
from facsinterp.faces.drawn.truth import truth

STILL = Setting(noise=0.0)
SIZE = 128


def picture(identity=None, units=None, **setting):
    face = Face(identity or Identity(), replace(STILL, **setting), units or {})
    return render([face], SIZE)[0].astype(float), truth([face], SIZE).part[0]


@pytest.mark.parametrize("gaze", [-0.3, 0.3])
def test_pupils_go_where_the_eyes_look(gaze):
    def middle(angle):
        grey, part = picture(gaze_x=angle)
        dark = np.where(part == Part.EYE, np.maximum(90 - grey, 0), 0)[:, SIZE // 2 :]
        return (dark * np.arange(SIZE // 2)).sum() / dark.sum()

    assert (middle(gaze) - middle(0.0)) * np.sign(gaze) > 0.8


def test_the_side_that_faces_the_lamp_is_brighter():
    cheek = np.array([[-0.6, 0.45, 1.1], [0.6, 0.45, 1.1]], np.float32)
    (lx, ly), (rx, ry) = np.rint(project(cheek, STILL, SIZE)[:, :2]).astype(int)
    from_left, from_right = picture(light_x=-0.7)[0], picture(light_x=0.7)[0]
    assert from_left[ly, lx] > from_left[ry, rx] + 20
    assert from_right[ry, rx] > from_right[ly, lx] + 20


def test_hair_and_clothes_have_the_tones_asked_for():
    for part, dark, light in (
        (Part.HAIR, {"identity": Identity(hair_tone=0.01)}, {"identity": Identity(hair_tone=0.3)}),
        (Part.CLOTHES, {"clothes": 0.03, "zoom": 0.8}, {"clothes": 0.4, "zoom": 0.8}),
    ):
        means = [grey[where == part].mean() for grey, where in (picture(**dark), picture(**light))]
        assert means[0] < 0.6 * means[1]


def test_closed_eyes_and_lips_hide_what_is_behind_them():
    inner = (Part.TEETH, Part.GUMS, Part.TONGUE, Part.CAVITY)
    rest, shut = picture()[1], picture(units={43: (5.0, 5.0)})[1]
    wide = picture(units={25: (5.0, 5.0), 27: (5.0, 5.0)})
    assert (rest == Part.EYE).sum() > 40
    assert not (shut == Part.EYE).any()
    assert not np.isin(rest, inner).any()
    mouth = np.isin(wide[1], inner)
    assert mouth.sum() > 150
    assert wide[0][wide[1] == Part.CAVITY].mean() < 0.6 * wide[0][wide[1] == Part.SKIN].mean()
