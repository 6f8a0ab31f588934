"""The atlas shows each unit beside neutral."""

from facsinterp.faces.drawn import UNITS
from facsinterp.faces.drawn.atlas import atlas


def test_the_atlas_has_a_tile_for_neutral_and_each_unit_of_each_person():
    picture = atlas([1, 2], size=32, columns=6)
    rows = -(-(len(UNITS) + 1) // 6)
    assert picture.mode == "L"
    assert picture.size == (6 * 32, 2 * rows * (32 + 14))
