"""The table of codes: complete, well formed, and told in words."""

import pytest

from facsinterp.facs import GROUPS, REGIONS, UNITS, describe, label

MAIN = [1, 2, *range(4, 29), 41, 42, 43, 44, 45, 46]
MISCELLANEOUS = [*range(29, 40)]
HEAD = [*range(51, 61), 83]
EYE = [61, 62, 63, 64, 65, 66, 68, 69]
VISIBILITY = [70, 71, 72, 73, 74]
GROSS = [40, 50, 80, 81, 82, 84, 85, 91, 92, 97, 98]


@pytest.mark.parametrize(
    ("group", "numbers"),
    list(zip(GROUPS, [MAIN, MISCELLANEOUS, HEAD, EYE, VISIBILITY, GROSS], strict=True)),
)
def test_every_group_holds_its_codes(group, numbers):
    assert [n for n, unit in UNITS.items() if unit.group == group] == numbers


def test_the_table_is_well_formed():
    assert list(UNITS) == sorted(UNITS)
    assert all(number == unit.number for number, unit in UNITS.items())
    assert {unit.region for unit in UNITS.values()} <= set(REGIONS)
    names = [unit.name for unit in UNITS.values()]
    assert len(set(names)) == len(names)
    assert all(name == name.strip().lower() for name in names)


def test_the_units_that_move_skin_name_their_muscles():
    assert all(UNITS[n].muscles for n in MAIN if n != 19)
    assert UNITS[4].muscles == ("corrugator supercilii", "depressor supercilii", "procerus")


def test_codes_of_movement_are_marked():
    assert {n for n, unit in UNITS.items() if unit.moves} == {
        55,
        56,
        57,
        59,
        60,
        61,
        62,
        68,
        69,
        83,
    }


def test_codes_of_other_systems_are_not_in_the_table():
    assert 3 not in UNITS
    assert 0 not in UNITS


def test_the_table_cannot_be_changed():
    with pytest.raises(TypeError):
        UNITS[12] = UNITS[1]  # type: ignore[index]


def test_words():
    assert label(12) == "AU12"
    assert describe(12) == "AU12 lip corner puller"
    assert describe(74) == "AU74 unscorable"
    assert describe(99) == "AU99 (not a FACS code)"
