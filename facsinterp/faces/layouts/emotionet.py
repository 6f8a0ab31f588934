"""Drawn faces laid out as EmotioNet: a list of addresses with codes, and loose pictures."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import drawn, frames, save
from facsinterp.faces.layouts.sheets import write_workbook

_USED: Final = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
_UNITS: Final = range(1, 61)
_SERVER: Final = "http://faces.example.org/Images"
_DEAD: Final = 6
"""One address in so many is dead."""
_RENAMED: Final = 5
"""One picture in so many bears the name of its second address."""
_NAME: Final = "EmotioNet_FACS_aws_2020_24600"


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    some = [
        frame
        for person in range(1, cast.people + 1)
        for sequence in range(1, cast.sequences + 1)
        for frame in frames(cast, person, sequence, [1, 8])
    ]
    rows = []
    for place, (frame, picture) in enumerate(zip(some, drawn(some, cast.pixels), strict=True)):
        inside, name = f"N_{place // 10:010d}", f"N_{place // 10:010d}_{place % 10:05d}.jpg"
        original = f"face%20{place}.jpg"
        rows.append(_row(f"{_SERVER}/{inside}/{name}", original, frame, quirks))
        if "dead-links" in quirks and place % _DEAD == 1:
            continue
        if "second-address" in quirks and place % _RENAMED == 2:
            name = f"face {place}.jpg"
        folder = root / "Images" / inside if "nested" in quirks else root / "imgs"
        save(picture, folder / name, rgb=True)
        if "small-copies" in quirks:
            save(picture[::2, ::2], root / "Copies" / name, rgb=True)
    names = ["URL", "orig_url", *(f"AU {unit}" for unit in _UNITS)]
    if "quoted-names" in quirks:
        names = [f"'{name}'" for name in names]
        rows = [[f"'{row[0]}'", f" '{row[1]}' ", *row[2:]] for row in rows]
    _write_list(root, names, rows, quirks)


def _row(address: str, original: str, frame: Frame, quirks: frozenset[str]) -> list[str | int]:
    codes = {unit: int(frame.letter(unit) > 0) for unit in _UNITS}
    if "not-scored" in quirks:
        # A unit of the list that a few faces were not scored for, and the rest that nobody was.
        codes |= {unit: 999 for unit in _UNITS if unit not in _USED}
        codes |= {20: 999} if frame.expression == "neutral" else {}
    second = f"http://elsewhere.example.com/{original}?width=100"
    return [address, second, *codes.values()]


def _write_list(
    root: Path, names: Sequence[str], rows: Sequence[Sequence[str | int]], quirks: frozenset[str]
) -> None:
    if "workbook" in quirks:
        write_workbook(root / f"{_NAME}.xlsx", [names, *rows])
    else:
        text = StringIO(newline="")
        csv.writer(text).writerows([names, *rows])
        written = text.getvalue()
        if "stray-quote" in quirks:
            written = written.replace("\r\n", '\r\n"', 1)
        (root / f"{_NAME}.csv").write_text(written, encoding="utf-8", newline="")
    if "automatic-list" in quirks:
        lines = ["\t".join(map(str, row)) for row in rows]
        (root / "dataFile_0001.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


LAYOUT: Final = Layout(
    name="emotionet",
    title="EmotioNet",
    quirks={
        "quoted-names": "names of columns and addresses in single quotes and blanks",
        "not-scored": "999 where a unit was not scored: most units always, AU20 in neutral faces",
        "nested": "pictures in a folder for each part of the list instead of together",
        "dead-links": "one picture in six is not there",
        "second-address": "some pictures bear the name that their second address has",
        "stray-quote": "the first address begins with a quote that nothing closes",
        "small-copies": "every picture is there again, small, in the folder Copies",
        "workbook": "the list is an Excel workbook",
        "automatic-list": "a list without header, parted by tabs, that nobody checked",
    },
    write=_write,
)
