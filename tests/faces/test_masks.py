"""Exact masks of drawn faces lie on the prepared pictures, and hold what a unit changes."""

from dataclasses import replace

import numpy as np
import pytest

from facsinterp.errors import DataError
from facsinterp.faces.drawn import cast, render
from facsinterp.faces.drawn.pairs import switched
from facsinterp.faces.drawn.units import ONE_SIDED
from facsinterp.faces.masks import changed
from facsinterp.faces.preparing.prepare import Preparation, prepare
from facsinterp.faces.preparing.windows import around_face
from facsinterp.faces.regions import regions_of
from facsinterp.faces.sources.drawn import SOURCE, DrawnOptions
from facsinterp.faces.sources.registry import source

OPTIONS = DrawnOptions(subjects=4, sequences=4, seed=8, pixels=64)
FACES = SOURCE.read(None, OPTIONS)
FRAMES = list(cast(4, 4, 8))


def masks():
    assert SOURCE.masks is not None
    return SOURCE.masks(None, OPTIONS)


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(64),
        Preparation(32),
        Preparation(48, "rgb", "centre", 1.3),
        Preparation(48, crop="landmarks"),
        Preparation(80, crop="landmarks", zoom=1.3),
    ],
)
@pytest.mark.parametrize("unit", [1, 12, 25])
def test_masks_lie_on_the_prepared_pictures(preparation, unit):
    """Prepared with the unit and without, the pictures differ where the mask says."""
    found = changed(FACES, masks(), unit, preparation)
    shown = FACES.data["present"].sel(au=unit).values
    assert found.mask.shape == found.levels.shape == (len(FACES), *preparation.shape[:2])
    assert found.mask.any(axis=(1, 2)).tolist() == shown.tolist()
    assert not found.levels[~shown].any()
    grey = replace(preparation, colour="grey")
    for row in np.flatnonzero(shown)[:6]:
        points = FACES.data["landmarks"].values[row]
        two = switched(FRAMES[row].face, unit)
        still = [
            replace(face, setting=replace(face.setting, noise=0.0))
            for face in (two.without, two.shown)
        ]
        before, after = (
            prepare(picture, grey, points).astype(int) for picture in render(still, 64)
        )
        np.testing.assert_array_equal(np.abs(before - after), found.levels[row])
        np.testing.assert_array_equal(found.mask[row], before != after)
        assert found.mask[row].mean() < 0.5


def test_a_mask_knows_which_side_of_this_face_shows_the_unit():
    sided = 0
    for unit in ONE_SIDED & set(FACES.units):
        side = FACES.data["side"].sel(au=unit).values
        rows = np.flatnonzero((side == "R") | (side == "L"))
        found = changed(FACES.select(rows), masks(), unit, Preparation(64))
        for row, levels in zip(rows, found.levels.astype(float), strict=True):
            nose = int(FACES.data["landmarks"].values[row, 30, 0])
            left, right = levels[:, :nose].sum(), levels[:, nose + 1 :].sum()
            assert (left > 2 * right) if side[row] == "R" else (right > 2 * left)
            sided += 1
    assert sided >= 5


def test_what_a_unit_changes_in_a_corpus_lies_in_its_region():
    preparation = Preparation(48, crop="landmarks", zoom=1.1)
    points = np.stack(
        [around_face(one, 1.1).placed(one, 48) for one in FACES.data["landmarks"].values]
    )
    for unit in (1, 2, 4, 5, 9, 12, 25, 27, 43):
        found = changed(FACES, masks(), unit, preparation)
        if found.mask.any():
            region = regions_of(points, unit, 48)
            levels = found.levels.astype(float)
            assert (levels * region).sum() > 0.75 * levels.sum(), unit


def test_other_sources_have_none_and_other_paths_are_refused():
    assert source("ckplus").masks is None
    assert source("manifest").masks is None
    with pytest.raises(DataError, match="not a drawn face"):
        list(masks().pairs(["S005/001/a.png"], 12))
