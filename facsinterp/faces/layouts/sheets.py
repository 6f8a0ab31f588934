"""Coding sheets written as their owners ship them: workbooks, and exports as CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import BytesIO, StringIO
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook

Cell = str | int | float | None

_NEVER: Final = (1980, 1, 1, 0, 0, 0)
_SAVED: Final = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def write_workbook(path: Path, rows: Sequence[Sequence[Cell]], sheet: str = "Sheet1") -> None:
    """A workbook of one sheet, the same bytes each time; None leaves a cell empty."""
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(list(row))
    saved = BytesIO()
    book.save(saved)
    # A workbook holds the time of its saving, within and in the zip around it.
    with ZipFile(saved) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["docProps/core.xml"] = _SAVED.sub(
        rb"\g<1>1980-01-01T00:00:00Z", parts["docProps/core.xml"]
    )
    write_zip(path, parts)


def write_zip(path: Path, parts: Mapping[str, str | bytes]) -> None:
    """A zip of these files, the same bytes each time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(ZipInfo(name, _NEVER), content, ZIP_DEFLATED)


def write_csv(path: Path, rows: Sequence[Sequence[Cell]], delimiter: str = ",") -> None:
    """The same rows as a CSV export, with a byte order mark as Excel writes it."""
    text = StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))
