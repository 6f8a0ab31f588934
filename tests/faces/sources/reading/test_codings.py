"""Cells and strings of codes: not coded, absent and present are never mixed up."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import Fault
from facsinterp.faces.sources.reading.codings import (
    ABSENT,
    NOT_CODED,
    UnitColumns,
    code_string,
    note_strings,
    read_string,
    units_named,
)
from facsinterp.faces.sources.reading.files import Row
from facsinterp.faces.sources.reading.notes import Notes


def said(coding):
    intensity = None if math.isnan(coding.intensity) else coding.intensity
    return coding.present, intensity, coding.side


@pytest.mark.parametrize(
    ("cell", "unit", "meant"),
    [
        ("12", 12, (True, None, "")),
        ("12B", 12, (True, 2, "")),
        ("R12b", 12, (True, 2, "R")),
        ("4", 12, (False, 0, "")),
        ("0", 12, (False, 0, "")),
        ("neutral", 12, (False, 0, "")),
        ("12?", 12, (None, None, "")),
        ("4 or 12", 12, (None, None, "")),
        ("M12", 12, (None, None, "")),
        ("M59", 12, (False, 0, "")),
        ("M12+12C", 12, (True, 3, "")),
        ("12?+L12", 12, (True, None, "L")),
        ("L12B+R12D", 12, (True, 4, "")),
        ("12+B28+B28", 28, (True, None, "B")),
        ("12.0", 12, (True, None, "")),
        ("1，12，", 12, (True, None, "")),
    ],
)
def test_what_a_string_says_of_a_unit(cell, unit, meant):
    assert said(code_string(cell, (unit,))[unit]) == meant


@pytest.mark.parametrize("cell", ["", " ", "nan", "/", "-", "12+x", "?", "12-14", "12²", "120"])
def test_what_cannot_be_read_whole_codes_nothing(cell):
    assert read_string(cell) is None
    assert code_string(cell, (1, 12)) == {}


def test_a_string_names_units_and_the_others_are_absent():
    assert set(read_string("12+4?+M59") or ()) == {12, 4, 59}
    assert read_string("0") == {}
    codings = code_string("12", (4, 12))
    assert codings[4] == ABSENT
    assert codings[12].present
    assert (read_string("4?") or {})[4] is NOT_CODED


def test_units_named_leave_movements_out():
    assert units_named(["12+M59", "M12", "12?", "foo", ""]) == {12: 2}


@given(st.text(alphabet="0123456789ABELRTMU+,;/?or (k)，."), st.sets(st.integers(1, 99)))
def test_every_unit_asked_for_is_answered_or_none_is(cell, units):
    codings = code_string(cell, tuple(units))
    assert set(codings) in (set(), units)
    for coding in codings.values():
        assert coding.present is not False or coding.intensity == 0
        assert coding.present is not None or math.isnan(coding.intensity)


def test_warnings_are_one_for_each_kind():
    cells = ["12", "x", "12+y", "M59", "99", "4"] + ["z"] * 50
    rows = [Row(line, {"codes": cell}) for line, cell in enumerate(cells, start=2)]
    notes = Notes()
    note_strings(rows, "codes", (12,), notes)
    assert notes.warnings == (
        "AU4 is not among the units asked for; left out of 1 rows",
        "AU99 is not a FACS code; left out of 1 rows",
        "code strings that cannot be read and code nothing: 52 "
        "(row 3: x, row 4: y, row 8: z, row 9: z, row 10: z, ...)",
        "rows with movements (M59 and the like), which code no unit: 1 (row 5)",
    )


def test_columns_of_units():
    columns = UnitColumns.among(["AU12", "au_12", "12_r", "AU99", "AU06_c", "age", "AU120", "AU00"])
    assert columns.presence == {12: "AU12", 6: "AU06_c"}
    assert columns.intensity == {12: "12_r"}
    assert columns.repeated == ("au_12",)
    assert columns.unknown == ("AU99",)
    assert columns.units == (6, 12)


def test_a_cell_that_says_nothing_readable_is_a_fault():
    columns = UnitColumns.among(["AU12", "AU12_r", "AU4"])
    faults: list[Fault] = []
    cells = {"AU12": "1", "AU12_r": "7", "AU4": "1_0"}
    assert columns.read(Row(3, cells), "presence", faults) == {}
    assert [(fault.where, fault.what) for fault in faults] == [
        ("row 3", "a cell of column AU4 cannot be read"),
        ("row 3", "a cell of column AU12_r cannot be read"),
    ]
