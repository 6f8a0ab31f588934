"""SAMM: a workbook with a preamble, and folders of frames under long padded numbers.

Whole frames are a quarter as wide and high as the real ones, which are 2040 by 1088.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.clips import Movement, movements
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, on_canvas
from facsinterp.faces.layouts.sheets import Cell, write_workbook
from facsinterp.facs import LETTERS

_QUIRKS: Final[Mapping[str, str]] = {
    "subjects-as-numbers": "subjects are numbers, without the zeros before them",
    "spelling-of-emotions": "emotions begin with a capital in every second row",
    "spaces-between-codes": "codes are parted by a plus between blanks: R12A + R15B",
    "missing-apex": "the second clip has -1 for an apex",
    "offset-before-onset": "the third clip ends before it begins",
    "or-rows": "the fourth clip is coded with an alternative",
    "unreadable-codes": "the fifth clip has a word among its codes",
    "apex-not-on-disk": "the apex frame of the sixth clip is not among its frames",
    "clip-not-on-disk": "the frames of the seventh clip are missing",
    "cropped-only": "only cropped faces are there, in SAMM_CROP",
    "doubled-folders": "unpacking doubled the folder's name",
    "sheet-among-frames": "the coding sheet lies in the folder of frames",
    "long-videos-too": "the sheet of SAMM Long Videos lies beside",
}
PREAMBLE: Final = 13
_HEADER: Final = (
    *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame"),
    *("Duration", "Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
)
_EMOTIONS: Final = {"happy": "happiness", "repression": "others"}
_FIRST_SUBJECT = 6
_APART: Final = 500
"""Frames from the beginning of a person's clip to that of the next; all are one recording."""


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    cropped = "cropped-only" in quirks
    top = root / ("SAMM_CROP" if cropped else "SAMM")
    top = top / top.name if "doubled-folders" in quirks else top
    clips = list(movements(cast, _APART))
    rows = [_row(place, clip, quirks) for place, clip in enumerate(clips, start=1)]
    preamble: list[list[Cell]] = [[f"Line {n} of what its owners say"] for n in range(PREAMBLE)]
    sheet = (top if "sheet-among-frames" in quirks else root) / "SAMM_Micro_FACS_Codes_v2.xlsx"
    write_workbook(sheet, [*preamble, _HEADER, *rows], "Sheet1")
    if "long-videos-too" in quirks:
        _write_long_videos(root)
    for place, clip in enumerate(clips, start=1):
        if place == 7 and "clip-not-on-disk" in quirks:
            continue
        folder = top / subject(clip) / name(clip)
        folder.mkdir(parents=True)
        numbers = _numbers(place, clip, quirks)
        files = clip.files(numbers, cast.pixels, _cropped if cropped else _whole)
        for number, file in zip(numbers, files, strict=True):
            (folder / f"{subject(clip)}_{number:05d}.jpg").write_bytes(file)


def subject(clip: Movement) -> str:
    """`006` for the first person."""
    return f"{clip.person + _FIRST_SUBJECT - 1:03d}"


def name(clip: Movement) -> str:
    """`006_1_2`: the person, the stimulus, and which movement it was."""
    return f"{subject(clip)}_{1 + clip.number // 3}_{1 + clip.number % 3}"


def codes(frame: Frame, between: str = "+") -> str:
    """`R14A+4B`: the units of a drawn frame with their sides and intensities."""
    return between.join(
        f"{frame.side(unit)}{unit}{LETTERS[frame.letter(unit) - 1]}"
        for unit in sorted(frame.face.units)
    )


def objective(clip: Movement) -> int:
    """The objective class that a clip has; drawn clips have none of their own."""
    return 1 + (clip.person + clip.number) % 7


def _row(place: int, clip: Movement, quirks: frozenset[str]) -> list[Cell]:
    """The sheet's row of a clip: what was drawn, but for the faults that are asked for."""
    apex = -1 if place == 2 and "missing-apex" in quirks else clip.apex
    early = place == 3 and "offset-before-onset" in quirks
    offset = clip.onset - 10 if early else clip.offset
    text = codes(clip.peak, " + " if "spaces-between-codes" in quirks else "+")
    if place == 4 and "or-rows" in quirks:
        text = "12or R12A"
    if place == 5 and "unreadable-codes" in quirks:
        text = f"{text} + smirk"
    shown = clip.peak.expression
    emotion = _EMOTIONS.get(shown, shown)
    if "spelling-of-emotions" in quirks and place % 2:
        emotion = emotion.capitalize()
    number: Cell = int(subject(clip)) if "subjects-as-numbers" in quirks else subject(clip)
    frames: tuple[Cell, ...] = (clip.onset, apex, offset)
    length = clip.offset - clip.onset + 1
    return [
        *(number, name(clip), 1 + clip.number // 3, *frames, length, "Micro - 1/2"),
        *(text, emotion, objective(clip), None),
    ]


def _numbers(place: int, clip: Movement, quirks: frozenset[str]) -> list[int]:
    lost = clip.apex if place == 6 and "apex-not-on-disk" in quirks else None
    return [number for number in range(clip.onset, clip.offset + 1) if number != lost]


def _write_long_videos(root: Path) -> None:
    header = (
        *("Subject", "Filename", "Inducement Code", "Onset", "Apex", "Offset"),
        *("Duration", "Type", "Action Units", "Notes"),
    )
    rows = [["Long videos"]] * 10 + [header, ["006", "006_1", 1, 10, 40, 0, 60, "Macro", "4", None]]
    write_workbook(root / "SAMM_LongVideos_V2_Release.xlsx", rows)


def _cropped(picture: Picture) -> Picture:
    return on_canvas(picture, 240, 240)


def _whole(picture: Picture) -> Picture:
    return on_canvas(picture, 510, 272)


LAYOUT: Final = Layout("samm", "SAMM", _QUIRKS, _write)
