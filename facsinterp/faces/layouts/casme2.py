"""CASME II: two workbooks, and folders of frames under their original, unpadded numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.clips import Movement, movements
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, on_canvas
from facsinterp.faces.layouts.sheets import Cell, write_csv, write_workbook

_QUIRKS: Final[Mapping[str, str]] = {
    "blank-columns": "columns 3 and 7 of the coding sheet are empty, without a header",
    "renamed-sheet": "the coding sheet has the name of another release, its sheet another name",
    "csv-export": "the coding sheet lies there as a CSV export with semicolons, not as a workbook",
    "numbers-as-text": "subjects are written 01, and single codes and frames as text",
    "spelling-of-emotions": "emotions are written in other cases, with blanks around them",
    "missing-apex": "the second clip has / for an apex",
    "offset-zero": "the third clip has the offset 0",
    "apex-at-onset": "the fourth clip has its apex at its onset",
    "apex-after-offset": "the fifth clip has its apex after its offset",
    "apex-not-on-disk": "the apex frame of the sixth clip is not among its frames",
    "frames-around": "the seventh clip has frames before its onset and after its offset",
    "clip-not-on-disk": "the frames of the eighth clip are missing",
    "doubtful-codes": "the ninth clip is coded `4 or 5`, the tenth with a question mark",
    "unreadable-codes": "the eleventh clip has a word among its codes",
    "names-differ": "folders lack zeros or the letter at the end of a clip's name",
    "objective-names-differ": "the sheet of objective classes lacks the letter at a name's end",
    "doubled-folders": "unpacking doubled the folder's name",
    "class-folders": "folders of clips sorted by class, made by others, lie beside",
    "selected-only": "only the selected frames are there, not the cropped faces",
    "raw-too": "the whole video of the first clip lies beside, as frames from number 1",
    "resampled-too": "the first clip, resampled to ten frames, lies beside in CASME2_TIM10",
    "videos-too": "compressed videos lie beside the folders of frames",
    "lock-file": "Excel left the hidden copy of an open workbook",
}
_HEADER: Final = (
    *("Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame"),
    *("Action Units", "Estimated Emotion"),
)
_EMOTIONS: Final = {"happy": "happiness"}
_BEFORE, _AFTER = 5, 4
"""Frames beside the movement in a folder that was cut too widely."""


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    clips = list(movements(cast))
    rows = [_row(place, clip, quirks) for place, clip in enumerate(clips, start=1)]
    _write_sheets(root, rows, quirks)
    selected = "selected-only" in quirks
    top = root / ("CASME2_RAW_selected" if selected else "Cropped")
    top = top / top.name if "doubled-folders" in quirks else top
    for place, clip in enumerate(clips, start=1):
        if place == 8 and "clip-not-on-disk" in quirks:
            continue
        folder = top / f"sub{clip.person:02d}" / _folder(clip, quirks)
        stem = "img" if selected else "reg_img"
        _write_frames(folder, stem, clip, _numbers(place, clip, quirks), cast, selected=selected)
        if "videos-too" in quirks:
            folder.with_name(f"{folder.name}.avi").write_bytes(b"RIFF")
        if place == 1 and "class-folders" in quirks:
            for name in ("disgust", "happiness"):
                ends = [clip.onset, clip.offset]
                _write_frames(root / name / folder.name, stem, clip, ends, cast, selected=False)
        if place == 1 and "raw-too" in quirks:
            raw = root / "CASME2_RAW/CASME2-RAW" / folder.parent.name / folder.name
            _write_frames(raw, "img", clip, clip.whole, cast, selected=True)
        if place == 1 and "resampled-too" in quirks:
            _write_resampled(root / "CASME2_TIM10" / folder.parent.name / folder.name, clip, cast)


def _name(clip: Movement) -> str:
    """`EP02_01f`, as the sheet writes it; every fourth clip has no running number."""
    letter = "fs"[clip.number % 2]
    return f"EP{clip.number + 1:02d}" + (f"_{clip.person:02d}{letter}" if clip.number % 4 else "f")


def _folder(clip: Movement, quirks: frozenset[str]) -> str:
    name = _name(clip)
    if "names-differ" not in quirks:
        return name
    return name[:-1] if clip.number % 2 else name.replace("EP0", "EP").replace("_0", "_")


def _emotion(clip: Movement) -> str:
    shown = clip.peak.expression
    return _EMOTIONS.get(shown, shown)


def codes(frame: Frame) -> str:
    """`4+R7`: the units of a drawn frame with their sides, without intensities."""
    return "+".join(f"{frame.side(unit)}{unit}" for unit in sorted(frame.face.units))


def _row(place: int, clip: Movement, quirks: frozenset[str]) -> list[Cell]:
    """The sheet's row of a clip: what was drawn, but for the faults that are asked for."""
    apex: Cell = clip.apex
    if place == 2 and "missing-apex" in quirks:
        apex = "/"
    if place == 4 and "apex-at-onset" in quirks:
        apex = clip.onset
    if place == 5 and "apex-after-offset" in quirks:
        apex = clip.offset + 9
    offset = 0 if place == 3 and "offset-zero" in quirks else clip.offset
    text = codes(clip.peak)
    doubtful = {9: "4 or 5", 10: f"{text}+39?"} if "doubtful-codes" in quirks else {}
    wrong = {11: f"{text}+frown"} if "unreadable-codes" in quirks else {}
    text = (doubtful | wrong).get(place, text)
    emotion = _emotion(clip)
    if "spelling-of-emotions" in quirks and place % 2:
        emotion = f" {emotion.capitalize()} "
    cells: list[Cell] = [clip.person, _name(clip), clip.onset, apex, offset]
    if "numbers-as-text" in quirks:
        cells = [f"{clip.person:02d}", *(str(cell) for cell in cells[1:])]
        return [*cells, text, emotion]
    return [*cells, int(text) if text.isdecimal() else text, emotion]


def _write_sheets(root: Path, rows: Sequence[Sequence[Cell]], quirks: frozenset[str]) -> None:
    sheet = [_HEADER, *rows]
    if "blank-columns" in quirks:
        sheet = [(*row[:2], None, *row[2:5], None, *row[5:]) for row in sheet]
    renamed = "renamed-sheet" in quirks
    stem = "CASME2-coding-20190701 - V2" if renamed else "CASME2-coding-20140508"
    if "csv-export" in quirks:
        write_csv(root / f"{stem}.csv", sheet, ";")
    else:
        write_workbook(root / f"{stem}.xlsx", sheet, "Tabelle1" if renamed else "Sheet1")
    if "lock-file" in quirks:
        (root / f"~${stem}.xlsx").write_bytes(b"\x05owner")
    classes = [(row[0], str(row[1]), objective(str(row[1]))) for row in rows]
    if "objective-names-differ" in quirks:
        classes = [(person, name[:-1], number) for person, name, number in classes]
    write_workbook(
        root / "CASME2-ObjectiveClasses.xlsx",
        [("Subject", "Filename", "Objective Class"), *classes],
    )


def objective(name: str) -> int:
    """The objective class that a clip of this name has; drawn clips have none of their own."""
    return 1 + sum(name.encode()) % 7


def _numbers(place: int, clip: Movement, quirks: frozenset[str]) -> list[int]:
    around = place == 7 and "frames-around" in quirks
    first = clip.onset - (_BEFORE if around else 0)
    lost = clip.apex if place == 6 and "apex-not-on-disk" in quirks else None
    numbers = range(first, clip.offset + 1 + (_AFTER if around else 0))
    return [number for number in numbers if number != lost]


def _write_frames(
    folder: Path, stem: str, clip: Movement, numbers: Sequence[int], cast: Cast, *, selected: bool
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = clip.files(numbers, cast.pixels, _whole if selected else _cropped)
    for number, file in zip(numbers, files, strict=True):
        (folder / f"{stem}{number}.jpg").write_bytes(file)


def _write_resampled(folder: Path, clip: Movement, cast: Cast) -> None:
    folder.mkdir(parents=True)
    span = clip.offset - clip.onset
    numbers = [clip.onset + span * place // 9 for place in range(10)]
    for place, file in enumerate(clip.files(numbers, cast.pixels, _cropped), start=1):
        (folder / f"{place}.jpg").write_bytes(file)


def _cropped(picture: Picture) -> Picture:
    return on_canvas(picture, 280, 340)


def _whole(picture: Picture) -> Picture:
    return on_canvas(picture, 640, 480)


LAYOUT: Final = Layout("casme2", "CASME II", _QUIRKS, _write)
