"""Drawn faces laid out as BP4D or BP4D+: codes by frame, pictures by person and task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from facsinterp.faces.drawn import UNITS, Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import drawn, frames, on_canvas, save

_NAMED: Final = (
    1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 22, 23, 24, 27, 28, 29,
    30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
)  # fmt: skip
_INTENSITIES: Final = (6, 10, 12, 14, 17)
_SHOWN: Final = tuple(unit for unit in UNITS if unit not in (26, 43))
"""The units that were coded."""
_FIRST: Final = 98
"""Number of the first coded frame, so that numbers run over 99 where they are not padded."""
_UNCODED: Final = (1, 2)
"""Pictures before and after the coded part of a task."""
_FRAMES: Final = range(3, 9)


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    plus = "plus" in quirks
    tasks = ("T1", "T6", "T7", "T8") if plus else tuple(f"T{n}" for n in range(1, 9))
    pictures = root / ("2D+3D" if "plus" in quirks else "Sequences(2D+3D)")
    uncoded = cast.people + 1 if "pictures-only" in quirks else 0
    for person in range(1, max(cast.people, uncoded) + 1):
        # Women first, then men; BP4D has 23 women, so that F024 is of BP4D+ alone.
        sex, number = ("F", person) if person % 2 else ("M", person // 2)
        subject = f"{sex}{number + (23 if plus and sex == 'F' else 0):03d}"
        padding = 3 if "three-digits" in quirks and sex == "M" else 4
        for sequence in range(1, cast.sequences + 1):
            task = tasks[(sequence - 1) % len(tasks)]
            some = frames(cast, person, sequence, _FRAMES)
            if person != uncoded:
                _write_codes(root / "AUCoding", f"{subject}_{task}", some, quirks)
            _write_pictures(pictures / subject / task, cast, person, sequence, padding, quirks)


def _write_pictures(
    folder: Path, cast: Cast, person: int, sequence: int, padding: int, quirks: frozenset[str]
) -> None:
    before, after = _UNCODED
    some = frames(cast, person, sequence, [1] * before + [*_FRAMES] + [1] * after)
    first = _FIRST - before
    if "frame-offset" in quirks:
        # The picture of frame f is number f - 1, and the last coded frame is the last picture.
        first, some = first - 1, some[: len(some) - after]
    for number, picture in enumerate(drawn(some, cast.pixels), first):
        if "missing-picture" in quirks and (person, sequence, number) == (1, 1, first + before + 2):
            continue
        shown = on_canvas(picture, cast.pixels, cast.pixels * 4 // 3)
        save(shown, folder / f"{number:0{padding}d}.jpg", rgb=True)


def _write_codes(folder: Path, task: str, some: Sequence[Frame], quirks: frozenset[str]) -> None:
    rows = []
    for place, frame in enumerate(some):
        codes = {unit: int(frame.letter(unit) > 0) for unit in _SHOWN}
        if "unknown-codes" in quirks and place % 3 == 1:
            codes |= {1: 9, 2: 9, 12: 9}
        rows.append([codes.get(unit, 9) for unit in range(1, 100)])
    lines = []
    if "named-columns" in quirks:
        # The frame's column is called 1, as is that of unit 1.
        lines.append(",".join(map(str, (1, *_NAMED))))
        rows = [[row[unit - 1] for unit in _NAMED] for row in rows]
    else:
        lines.append(",".join(map(str, range(100))))
    lines += [",".join(map(str, [_FIRST + k, *row])) for k, row in enumerate(rows)]
    _write_lines(folder / "AU_OCC" / f"{task}.csv", lines)
    if "without-intensities" in quirks:
        return
    for unit in _INTENSITIES:
        scores = [frame.letter(unit) for frame in some]
        if "unknown-codes" in quirks:
            scores[-1] = 9
        lines = [f"{_FIRST + k},{score}" for k, score in enumerate(scores)]
        _write_lines(folder / "AU_INT" / f"AU{unit:02d}" / f"{task}_AU{unit:02d}.csv", lines)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


LAYOUT: Final = Layout(
    name="bp4d",
    title="BP4D-Spontaneous and BP4D+",
    quirks={
        "plus": "the people and the four coded tasks of BP4D+, pictures in 2D+3D",
        "named-columns": "34 named columns, and the frame's is called 1 like that of unit 1",
        "frame-offset": "the picture of coded frame f is number f - 1",
        "three-digits": "numbers of the men's pictures have three digits, or more from 1000 on",
        "unknown-codes": "9 in occurrence and intensity, which is neither 0 nor absent",
        "without-intensities": "no AU_INT",
        "pictures-only": "there is one person more, with pictures and without codes",
        "missing-picture": "a coded frame has no picture",
    },
    write=_write,
)
