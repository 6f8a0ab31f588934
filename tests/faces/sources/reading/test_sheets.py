"""Coding sheets: found by the names of their columns, in every form that they are passed on in."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from facsinterp.errors import DataError
from facsinterp.faces.layouts.sheets import write_csv, write_workbook
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.sheets import find_sheet, read_sheet, spreadsheets
from facsinterp.facs import parse
from tests.faces.sources.reading.old_excel import write_xls

WANTED = {"subject": ("Subject #",), "onset": ("OnsetFrame",), "codes": ("Action Units", "AU")}
HEADER: list[Any] = ["Subject", "Onset Frame", "Action Units"]
ROWS: list[list[Any]] = [[1, 46, "4+7"], ["02", "/", 12], [3, None, "R12, 14"]]
READ = [("1", "46", "4+7"), ("02", "/", "12"), ("3", "", "R12, 14")]


def texts(rows, names=("subject", "onset", "codes")):
    return [tuple(row.text(name) for name in names) for row in rows]


def fault_of(path, **options):
    with pytest.raises(DataError) as raised:
        read_sheet(path, WANTED, **options)
    return raised.value.faults[0]


def test_a_workbook(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [HEADER, *ROWS])
    rows = read_sheet(tmp_path / "a.xlsx", WANTED)
    assert texts(rows) == READ
    assert [row.line for row in rows] == [2, 3, 4]
    assert [row.integer("onset") for row in rows] == [46, None, None]


def test_a_workbook_of_excel_97(tmp_path):
    write_xls(tmp_path / "a.xls", [["Note"], [], HEADER, *ROWS])
    rows = read_sheet(tmp_path / "a.xls", WANTED)
    assert texts(rows) == READ
    assert rows[0].line == 4


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_as_csv(tmp_path, delimiter):
    write_csv(tmp_path / "a.csv", [HEADER, *ROWS], delimiter)
    assert texts(read_sheet(tmp_path / "a.csv", WANTED)) == READ


def test_commas_among_the_codes_do_not_part_columns(tmp_path):
    text = "Subject;Onset;AU\n" + "1;46;4,7,12,25,\n2;50;4，7\n" * 3 + "3;60;1,2,4,5,6,7\n" * 3
    assert text.count(",") > text.count(";")
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    rows = read_sheet(tmp_path / "a.csv", WANTED)
    assert texts(rows[:2]) == [("1", "46", "4,7,12,25,"), ("2", "50", "4，7")]


def test_text_under_the_name_of_a_workbook_and_the_reverse(tmp_path):
    write_csv(tmp_path / "old.xls", [HEADER, *ROWS], "\t")
    write_workbook(tmp_path / "new.csv", [HEADER, *ROWS])
    assert texts(read_sheet(tmp_path / "old.xls", WANTED)) == READ
    assert texts(read_sheet(tmp_path / "new.csv", WANTED)) == READ


def test_a_header_in_row_fourteen(tmp_path):
    preamble = [[f"Line {n}", None, n] for n in range(13)]
    write_workbook(tmp_path / "a.xlsx", [*preamble, HEADER, *ROWS])
    rows = read_sheet(tmp_path / "a.xlsx", WANTED)
    assert texts(rows) == READ
    assert rows[0].line == 15


def test_leading_empty_rows_and_columns_keep_their_place(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [[], [], [None, *HEADER], [], [None, *ROWS[0]]])
    (row,) = read_sheet(tmp_path / "a.xlsx", WANTED)
    assert (row.line, row.text("codes")) == (5, "4+7")


def test_columns_that_moved_and_blank_ones_between(tmp_path):
    rows: list[list[Any]] = [
        ["Action units", None, "subject#", "x", None, "ONSET_FRAME"],
        ["4", None, 1, 9, None, 46],
    ]
    write_workbook(tmp_path / "a.xlsx", rows)
    assert texts(read_sheet(tmp_path / "a.xlsx", WANTED)) == [("1", "46", "4")]


def test_merged_cells_hold_their_text_once(tmp_path):
    book = Workbook()
    for row in (["Title"], ["Subject", "", "OnsetFrame", "", "AU"], [1, None, 46, None, "4+7"]):
        book.active.append(row)
    book.active.merge_cells("A1:E1")
    book.active.merge_cells("A2:B2")
    book.active.merge_cells("C2:D2")
    book.save(tmp_path / "a.xlsx")
    assert texts(read_sheet(tmp_path / "a.xlsx", WANTED)) == [("1", "46", "4+7")]


def test_the_sheet_with_the_header_is_found_whatever_its_name(tmp_path):
    book = Workbook()
    book.active.append(["Read me"])
    for name, rows in (("Tabelle2", [HEADER, *ROWS]), ("later", [HEADER, [9, 9, 9]])):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    assert texts(read_sheet(tmp_path / "a.xlsx", WANTED)) == READ
    assert texts(read_sheet(tmp_path / "a.xlsx", WANTED, sheet="Later")) == [("9", "9", "9")]
    fault = fault_of(tmp_path / "a.xlsx", sheet="label")
    assert fault.got == "Sheet, Tabelle2, later"
    fault = fault_of(tmp_path / "a.xlsx", sheet="Sheet")
    assert fault.got == "Read me"


def test_a_sheet_without_a_header(tmp_path):
    write_workbook(tmp_path / "a.xlsx", ROWS)
    positions = {"subject": 0, "onset": 1, "codes": 2}
    assert texts(read_sheet(tmp_path / "a.xlsx", WANTED, positions=positions)) == READ
    write_csv(tmp_path / "a.csv", ROWS, ";")
    assert texts(read_sheet(tmp_path / "a.csv", WANTED, positions=positions)) == READ
    assert "header with" in fault_of(tmp_path / "a.csv", positions={"codes": 3}).expected


def test_a_wrong_sheet_is_told_by_what_it_lacks_and_holds(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [["A page"], ["Subject", "Mood", "AU"], [1, 2, 3]])
    fault = fault_of(tmp_path / "a.xlsx")
    assert fault.where == "a.xlsx"
    assert fault.expected == "a header with subject, onset, codes"
    assert fault.got == "Subject, Mood, AU"
    assert fault.do == "missing: onset"
    rows = read_sheet(tmp_path / "a.xlsx", WANTED, optional=("onset",))
    assert rows[0].text("onset") == ""
    assert rows[0].integer("onset") is None
    assert "onset" not in rows[0].cells


def test_a_column_that_is_there_twice(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [["Subject", "Onset", "AU", "onset "], [1, 2, 3, 4]])
    fault = fault_of(tmp_path / "a.xlsx")
    assert "there twice" in fault.what
    assert fault.got == "Onset"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git LFS pointer"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b"", "empty"),
        (b"PK\x03\x04 and then nothing", ""),
        (b"\xd0\xcf\x11\xe0 and then nothing", ""),
        (b"\x89PNG\r\n\x1a\n\0\0", "neither an Excel workbook nor a table"),
        ("Subject,Onset,AU".encode("utf-16-le"), "neither an Excel workbook nor a table"),
        (b"Subject,Onset,AU\n" + b"1,2,3\n" * 200 + b"\0", "neither an Excel workbook nor a table"),
    ],
)
@pytest.mark.parametrize("ending", ["xlsx", "xls", "csv"])
def test_what_is_no_sheet(tmp_path, content, words, ending):
    path = tmp_path / f"a.{ending}"
    path.write_bytes(content)
    fault = fault_of(path)
    assert fault.what == "a sheet cannot be read"
    assert fault.where == path.name
    assert words in fault.got
    assert fault.got


def test_a_sheet_of_nothing_and_no_file_at_all(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [])
    assert fault_of(tmp_path / "a.xlsx").got == "an empty sheet"
    (tmp_path / "a.csv").write_text("\n\n")
    assert fault_of(tmp_path / "a.csv").got == "an empty sheet"
    assert fault_of(tmp_path / "b.xlsx").what == "a sheet cannot be read"


def test_a_header_without_rows(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [HEADER, [], [None, None]])
    assert read_sheet(tmp_path / "a.xlsx", WANTED) == ()


def test_cells_of_other_kinds(tmp_path):
    cells: list[Any] = [
        dt.datetime(2014, 7, 4),
        dt.datetime(2012, 1, 2, 12, 30),
        12.0,
        12.5,
        True,
        " x ",
        "-",
    ]
    write_workbook(tmp_path / "a.xlsx", [HEADER, *([1, 2, cell] for cell in cells)])
    rows = read_sheet(tmp_path / "a.xlsx", WANTED)
    read = [row.text("codes") for row in rows]
    assert read == ["2014-07-04", "2012-01-02 12:30:00", "12", "12.5", "True", "x", "-"]
    for row in rows[:2]:
        assert parse(row.text("codes")).unread, "a date codes nothing, whatever it was before"
        with pytest.raises(UnreadableFile, match=r"2014-07-04|2012-01-02"):
            row.integer("codes")
    with pytest.raises(UnreadableFile, match=r"12\.5 is not a whole number"):
        rows[3].integer("codes")
    assert rows[6].integer("codes") is None


def test_formulas_that_failed_code_nothing(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [HEADER, [1, "#N/A", "#REF!"]])
    (row,) = read_sheet(tmp_path / "a.xlsx", WANTED)
    assert not parse(row.text("codes")).codes
    assert row.text("onset") in ("", "#N/A")


def test_sheets_in_a_folder(tmp_path):
    for name in ("b.csv", "a.xlsx", "~$a.xlsx", ".a.xlsx", "readme.txt", "c.XLS", "d.pdf"):
        (tmp_path / name).write_text("x")
    assert [path.name for path in spreadsheets(tmp_path)] == ["a.xlsx", "c.XLS", "b.csv"]


def test_the_first_of_several_that_fits(tmp_path):
    write_workbook(tmp_path / "a.xlsx", [["Name"], ["x"]])
    write_workbook(tmp_path / "b.xlsx", [HEADER, *ROWS])
    write_workbook(tmp_path / "c.xlsx", [HEADER])
    notes = Notes()
    path, rows = find_sheet("it", spreadsheets(tmp_path), WANTED, notes)
    assert path.name == "b.xlsx"
    assert texts(rows) == READ
    assert notes.skipped[0][0] == "a.xlsx"
    assert notes.warnings == ("sheets not read, for b.xlsx comes first: 1 (c.xlsx)",)
    (tmp_path / "b.xlsx").write_text("<html>")
    (tmp_path / "c.xlsx").unlink()
    with pytest.raises(DataError) as raised:
        find_sheet("it", spreadsheets(tmp_path), WANTED, notes)
    assert [fault.where for fault in raised.value.faults] == ["a.xlsx", "b.xlsx"]
    with pytest.raises(DataError, match="no coding sheet of it"):
        find_sheet("it", [], WANTED, notes)


_TEXT = st.text("abcEP_0123456789+,?/ R", min_size=1, max_size=8).map(str.strip)
_CELL = st.one_of(st.none(), st.integers(-5, 99999), _TEXT)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(_CELL, _CELL, _CELL), max_size=8),
    order=st.permutations(range(5)),
    preamble=st.integers(0, 20),
    form=st.sampled_from(["xlsx", "xls", ",", ";", "\t"]),
)
def test_whatever_was_written_is_read_back(rows, order, preamble, form):
    wide = [(*HEADER, None, "Notes"), *((*row, None, "n" if any(row) else None) for row in rows)]
    placed = [["This is", "a preamble"]] * preamble + [[row[col] for col in order] for row in wide]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"sheet.{form}" if form.isalpha() else "sheet.csv")
        if form == "xlsx":
            write_workbook(path, placed)
        elif form == "xls":
            write_xls(path, placed)
        else:
            write_csv(path, placed, form)
        read = read_sheet(path, WANTED)
    told = [("" if c is None else str(c) for c in row) for row in rows]
    expected = [tuple(row) for row in told]
    kept = [place for place, row in enumerate(wide[1:]) if any(c not in (None, "") for c in row)]
    assert texts(read) == [expected[place] for place in kept]
    assert [row.line for row in read] == [preamble + 2 + place for place in kept]


def test_nul_is_named_wherever_it_stands(tmp_path):
    for place in (0, 5000):
        path = tmp_path / "coding.csv"
        path.write_bytes(b"Subject,Onset,AU\n" + b" " * place + b"1,\0,3\n")
        assert "holds NUL" in fault_of(path).got
