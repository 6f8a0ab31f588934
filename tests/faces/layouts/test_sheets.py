"""Sheets that layouts write: workbooks of the same bytes each time, exports as Excel makes them."""

import time
from typing import Any

from openpyxl import load_workbook

from facsinterp.faces.layouts.sheets import write_csv, write_workbook

ROWS: list[Any] = [("Subject", None, "AU"), (1, None, "4+7"), ("02", 1.5, 12)]


def test_cells_keep_their_kind_and_place(tmp_path):
    write_workbook(tmp_path / "new/a.xlsx", ROWS, "label")
    book = load_workbook(tmp_path / "new/a.xlsx")
    assert book.sheetnames == ["label"]
    assert list(book["label"].values) == ROWS


def test_the_same_bytes_each_time(tmp_path):
    write_workbook(tmp_path / "a.xlsx", ROWS)
    time.sleep(1.1)  # a workbook tells the second in which it was saved
    write_workbook(tmp_path / "b.xlsx", ROWS)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_an_export(tmp_path):
    write_csv(tmp_path / "a.csv", ROWS, ";")
    text = (tmp_path / "a.csv").read_bytes()
    assert text == b"\xef\xbb\xbfSubject;;AU\r\n1;;4+7\r\n02;1.5;12\r\n"
