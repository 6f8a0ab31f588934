"""Pairs, ladders and factorials: one thing differs, all else is equal."""

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.faces.drawn.designs import Factorials, Ladders, Pairs
from facsinterp.faces.drawn.designs.factorials import Against
from facsinterp.faces.drawn.emotions import EMOTIONS
from facsinterp.faces.drawn.pairs import changes, pair
from facsinterp.faces.drawn.spec import Face
from facsinterp.faces.drawn.units import EXCLUSIVE, UNITS, sides


def bare(face):
    return replace(face, units={})


@given(st.integers(0, 99), st.sampled_from(UNITS), st.integers(1, 9), st.integers(0, 3))
def test_a_pair_differs_in_one_unit_to_the_last_random_number(seed, unit, person, context):
    design = Pairs(people=9, contexts=4, units=(unit,), seed=seed, intensity=3.5)
    start = int(np.ravel_multi_index((person - 1, context, 0, 0), design.shape))
    off, on = design.frame(start), design.frame(start + 1)
    assert bare(off.face) == bare(on.face)
    assert unit not in off.face.units
    assert on.face.units == {**off.face.units, unit: sides(unit, 3.5)}
    assert (off.subject, off.sequence, off.expression) == (on.subject, on.sequence, on.expression)
    both = design.pair(start)
    assert (both.without, both.shown) == (off.face, on.face)


@pytest.mark.parametrize("unit", [24, 25, 28, 33, 34, 35])
def test_nothing_parts_the_lips_beside_a_unit_that_25_cannot_be_shown_with(unit):
    parted = {4: (2.0, 2.0), 10: (4.0, 4.0), 26: (3.0, 3.0), 25: (3.0, 3.0)}
    one = pair(Face(units=parted), unit)
    assert one.without.units == {4: (2.0, 2.0)}
    assert one.shown.units == {4: (2.0, 2.0), unit: (5.0, 5.0)}
    design = Factorials(against="emotion", people=4, units=(unit,))
    for number in range(0, len(design), 2):
        assert not design.frame(number).face.units.keys() & {10, 16, 22, 25, 26, 27}


def test_a_ladder_rises_from_absent_to_e():
    design = Ladders(people=1, contexts=1, units=(12, 45), finer=4)
    assert design.shape == (1, 1, 2, 21)
    strengths = [frame.strength(12) for frame in design][:21]
    assert strengths == pytest.approx(np.arange(21) / 4)
    assert len({repr(bare(frame.face)) for frame in design}) == 1


@given(st.sampled_from(Factorials().combinations), st.integers(0, 20))
def test_the_four_cells_of_two_units(combination, seed):
    design = Factorials(people=2, contexts=2, combinations=(combination,), seed=seed)
    first, second = combination
    cells = [frame.face for frame in design]
    for start in range(0, len(cells), 4):
        neither, b, a, both = cells[start : start + 4]
        rest = neither.units
        assert not {first, second} & rest.keys()
        assert a.units == {**rest, first: (4.0, 4.0)}
        assert b.units == {**rest, second: (4.0, 4.0)}
        assert both.units == {**rest, **a.units, **b.units}
        assert bare(a) == bare(b) == bare(both) == bare(neither)
        assert design.held(start + 3) == neither
        switch = design.pair(start + 1)
        assert (switch.without, switch.shown) == (b, both)


def test_a_unit_crossed_with_identity_is_seen_in_the_same_light():
    design = Factorials(against="identity", people=5, contexts=2, units=(6, 12))
    frames = list(design)
    assert len(frames) == np.prod(design.shape) == 2 * 2 * 5 * 2
    grid = np.array([frame.face for frame in frames], object).reshape(design.shape)
    for setting in grid:
        assert len({(one.setting, one.noise) for one in setting.ravel()}) == 1
    assert len({one.setting for one in grid[:, 0, 0, 0]}) == 2
    assert len({one.identity for one in grid[0, 0, :, 0]}) == 5
    assert all(one.units == {} for one in grid[..., 0].ravel())
    assert all(one.units == {12: (4.0, 4.0)} for one in grid[:, 1, :, 1].ravel())


def test_a_unit_crossed_with_an_emotion_differs_in_nothing_else():
    design = Factorials(against="emotion", people=2, units=(1, 12, 24))
    grid = np.array([frame.face for frame in design], object).reshape(design.shape)
    assert grid.shape[2] == 1 + len(EMOTIONS)
    for person in grid:
        assert len({(one.setting, one.noise) for one in person.ravel()}) == 1
    for number, frame in enumerate(design):
        *_, on = np.unravel_index(number, design.shape)
        unit = design.units[np.unravel_index(number, design.shape)[1]]
        assert (unit in frame.face.units) == bool(on)
    names = [frame.expression for frame in design][: 2 * grid.shape[2] : 2]
    assert names == ["neutral", *EMOTIONS]


@pytest.mark.parametrize("against", get_args(Against))
def test_every_unit_of_a_crossing_changes_the_picture(against):
    if against == "unit":
        combinations = tuple((unit, 1 if unit != 1 else 12) for unit in UNITS)
        design = Factorials(against=against, people=1, combinations=combinations)
    else:
        design = Factorials(against=against, people=1, units=UNITS)
    first = [design.pair(len(design) // len(UNITS) * which) for which in range(len(UNITS))]
    assert [pair.unit for pair in first] == list(UNITS)
    changed = changes(first, 64).any(axis=(1, 2))
    assert changed.all(), np.array(UNITS)[~changed]


@pytest.mark.parametrize(
    ("combination", "reason"),
    [(two, "") for two in EXCLUSIVE[::6]]
    + [((25, 26), "AU26 parts the lips"), ((25, 22), "AU22"), ((12, 12), ""), ((12, 99), "")],
)
def test_crossings_that_cannot_be_shown_are_refused_with_the_reason(combination, reason):
    with pytest.raises(InputError, match="combinations") as caught:
        Factorials(combinations=(combination, (6, 12)))
    assert all(fault.got == "+".join(map(str, combination)) for fault in caught.value.faults)
    assert reason in str(caught.value)
    if combination in EXCLUSIVE:
        assert caught.value.faults[0].do


def test_wrong_numbers_are_all_refused():
    with pytest.raises(InputError) as caught:
        Pairs(contexts=0, units=(12, 12), intensity=6)
    assert [fault.where for fault in caught.value.faults] == ["contexts", "units", "intensity"]
    for units in ((), (3,), (12, 99)):
        with pytest.raises(InputError, match="units"):
            Ladders(units=units)
    unused: list[tuple[Against, dict[str, Any]]] = [
        ("unit", {"units": (99,)}),
        ("identity", {"combinations": ((1, 2),)}),
        ("emotion", {"combinations": ((6, 12),), "contexts": 3}),
    ]
    for against, numbers in unused:
        with pytest.raises(InputError, match=f"against {against}") as caught:
            Factorials(against=against, **numbers)
        assert [fault.where for fault in caught.value.faults] == list(numbers)
        assert not set(numbers) & set(Factorials(against=against).settings)
    with pytest.raises(InputError, match="against"):
        Factorials(against="people")  # type: ignore[arg-type]
