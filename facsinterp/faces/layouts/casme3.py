"""Drawn people laid out as CAS(ME)^3: annotation sheets, and a folder of frames a video.

A clip is six frames of a longer video, as the camera's 30 a second give of a short movement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, drawn, frames, on_canvas, save
from facsinterp.faces.layouts.sheets import Cell, write_workbook

QUIRKS: Final[Mapping[str, str]] = {
    "several-in-a-file": "the first two clips of each person lie in one file, so names repeat",
    "long-videos": "each file has frames before and after its clips, which no row codes",
    "late-start": "the second clip lacks its first two frames",
    "gaps": "the third clip lacks a frame after its apex",
    "dead-apex": "the fourth clip has an apex far behind its offset",
    "offset-zero": "the fifth clip has the offset 0",
    "file-not-on-disk": "the frames of the last clip are missing",
    "damaged-picture": "the first frame of the first clip is cut short",
    "depth": "depth pictures lie in a folder beside those of colour",
    "numeric-cells": "single codes are numbers, not text",
    "repeated-codes": "the second clip repeats a code, once with a side (12+L12)",
    "lower-case-sides": "sides are written in lower case (r12)",
    "emotion-case": "every third `others` is written `Others`, `sad` has a blank behind it",
    "label-noise": "every third apex is a frame off, as coders differ",
    "version-1": "the first version of the sheet lies beside, with more rows",
    "part-c": "the sheet of Part C lies there: codes parted by commas, full-width ones too, "
    "with commas at the end and question marks",
}
_COURSE: Final = (1, 2, 4, 6, 5, 3)
"""Frames of a drawn sequence (1 neutral to 8 apex) from onset to offset of a clip."""
APEX: Final = _COURSE.index(max(_COURSE))
_HEADER: Final = (
    *("Subject", "Filename", "Onset", "Apex", "Offset", "AU"),
    *("Objective class", "emotion"),
)
_EMOTIONS: Final = {"sadness": "sad", "": "others", "contempt": "others"}
_CLASSES: Final = ("I", "II", "III", "IV", "V", "VI", "VII")
_AROUND: Final = 4


@dataclass(frozen=True)
class _Clip:
    """A clip as it was drawn: whose, in which file, from which frame on, and what it shows."""

    place: int
    person: int
    file: str
    onset: int
    shown: tuple[Frame, ...]

    @property
    def peak(self) -> Frame:
        return self.shown[APEX]

    @property
    def folder(self) -> str:
        return f"partA/spNO.{self.person}/{self.file}"


def _clips(cast: Cast, quirks: frozenset[str]) -> Iterator[_Clip]:
    place = 0
    for person in range(1, cast.people + 1):
        for number in range(1, cast.sequences + 1):
            place += 1
            file = number - 1
            if "several-in-a-file" in quirks:
                file = max(0, number - 2)
            shown = tuple(frames(cast, person, number, _COURSE))
            yield _Clip(place, person, chr(ord("a") + file), 40 * number + person, shown)


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    clips = list(_clips(cast, quirks))
    sheet = root / "annotation/partA/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
    rows = [_row(clip, cast, quirks) for clip in clips]
    write_workbook(sheet, [_HEADER, *rows], "label")
    if "version-1" in quirks:
        old = sheet.with_name(sheet.name.replace("v2", "v1"))
        write_workbook(old, [_HEADER, *rows, _row(clips[0], cast, frozenset())], "label")
    if "part-c" in quirks:
        write_workbook(root / "annotation/CAS(ME)3_part_C_ME.xlsx", list(_part_c(clips)))
    for clip in clips:
        if not ("file-not-on-disk" in quirks and clip is clips[-1]):
            _write_frames(root, clip, cast, quirks)


def codes(frame: Frame) -> list[str]:
    """["4", "R7"]: the units of a drawn frame with their sides, without intensities."""
    return [f"{frame.side(unit)}{unit}" for unit in sorted(frame.face.units)]


def _row(clip: _Clip, cast: Cast, quirks: frozenset[str]) -> list[Cell]:
    """The sheet's row of a clip: what was drawn, but for the faults that are asked for."""
    apex, offset = clip.onset + APEX, clip.onset + len(_COURSE) - 1
    if clip.place % 3 == 0 and "label-noise" in quirks:
        apex += int(np.random.default_rng((cast.seed, clip.place)).choice([-1, 1]))
    if clip.place == 4 and "dead-apex" in quirks:
        apex = offset + 40
    if clip.place == 5 and "offset-zero" in quirks:
        offset = 0
    head: list[Cell] = [f"spNO.{clip.person}", clip.file, clip.onset, apex, offset]
    kind = _CLASSES[clip.place % len(_CLASSES)]
    return [*head, _codes_cell(clip, quirks), kind, _emotion(clip, quirks)]


def _codes_cell(clip: _Clip, quirks: frozenset[str]) -> Cell:
    shown = codes(clip.peak)
    if clip.place == 2 and "repeated-codes" in quirks:
        shown = [*shown, shown[0], f"L{shown[0].lstrip('LR')}"]
    if "lower-case-sides" in quirks:
        shown = [code.lower() for code in shown]
    text = "+".join(shown)
    return int(text) if "numeric-cells" in quirks and text.isdecimal() else text


def _emotion(clip: _Clip, quirks: frozenset[str]) -> str:
    shown = clip.peak.expression
    emotion = _EMOTIONS.get(shown, shown)
    if "emotion-case" not in quirks:
        return emotion
    if emotion == "others" and clip.place % 3 == 0:
        return "Others"
    return f"{emotion} " if emotion == "sad" else emotion


def _part_c(clips: Sequence[_Clip]) -> Iterator[list[Cell]]:
    yield ["sub", "count", "onset", "offset", "au", "emotion"]
    for clip in clips:
        text = ("，" if clip.place == 4 else ",").join(codes(clip.peak))
        text += {2: ",", 3: ",13?"}.get(clip.place, "")
        offset = clip.onset + len(_COURSE) - 1
        yield [clip.person, clip.place, clip.onset, offset, text, _emotion(clip, frozenset())]


def _write_frames(root: Path, clip: _Clip, cast: Cast, quirks: frozenset[str]) -> None:
    shown = drawn(clip.shown, cast.pixels)
    numbered = dict(enumerate(shown, start=clip.onset))
    if clip.place == 2 and "late-start" in quirks:
        del numbered[clip.onset], numbered[clip.onset + 1]
    if clip.place == 3 and "gaps" in quirks:
        del numbered[clip.onset + APEX + 1]
    if "long-videos" in quirks:
        last = clip.onset + len(_COURSE)
        around = [*range(clip.onset - _AROUND, clip.onset), *range(last, last + _AROUND)]
        numbered |= dict.fromkeys(around, shown[0])
    for number, picture in numbered.items():
        save(_whole(picture), root / clip.folder / f"color/{number}.jpg", rgb=True)
        if "depth" in quirks:
            save(_whole(picture) // 2, root / clip.folder / f"depth/{number}.png")
    if clip.place == 1 and "damaged-picture" in quirks:
        file = root / clip.folder / f"color/{clip.onset}.jpg"
        file.write_bytes(file.read_bytes()[:400])


def _whole(picture: Picture) -> Picture:
    """A picture of the camera: 16 to 9, as the real 1,280 x 720."""
    return on_canvas(picture, picture.shape[1] * 16 // 9, picture.shape[0])


LAYOUT: Final = Layout("casme3", "CAS(ME)^3", QUIRKS, _write)
