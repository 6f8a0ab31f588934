"""Drawn people laid out as SMIC: a folder of bitmaps a clip, in folders named by emotion.

A clip rises from the first frame of a drawn sequence to its apex and falls back. There are no
label files: folder and name say who shows what.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, drawn, frames, on_canvas, save

QUIRKS: Final = {
    "three-cameras": "the folders VIS and NIR hold each clip too, with every third frame",
    "raw": "SMIC_all_raw holds the whole pictures beside SMIC_all_cropped, subjects spelt s01",
    "non-micro": "raw subjects have a folder non_micro without micro-expressions",
    "short-numbers": "the clips of the second person are spelt ne_1 and not ne_01",
    "damaged-picture": "one bitmap of the first person is cut short",
    "gaps": "the first clip of the first person lacks a frame",
}
_COURSE: Final = (1, 4, 7, 8, 6, 3)
"""Frames of a drawn sequence (1 neutral to 8 apex) that make up a clip, none of them twice."""
_APEX: Final = _COURSE.index(8)
_FIRST: Final = 1001
_CODES: Final = {"negative": "ne", "positive": "po", "surprise": "sur"}
_EMOTIONS: Final = {"happy": "positive", "surprise": "surprise"}


def label_of(frame: Frame) -> str:
    """The label of a clip by the drawn expression: whatever is not clearly else is negative."""
    return _EMOTIONS.get(frame.expression, "negative")


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    for person in range(1, cast.people + 1):
        count: Counter[str] = Counter()
        for sequence in range(1, cast.sequences + 1):
            shown = frames(cast, person, sequence, _COURSE)
            label = label_of(shown[_APEX])
            count[label] += 1
            pictures = dict(enumerate(drawn(shown, cast.pixels), start=_FIRST))
            if person == 1 and sequence == 1 and "gaps" in quirks:
                del pictures[_FIRST + 3]
            _write_clip(root, person, label, count[label], pictures, quirks)
        if {"raw", "non-micro"} <= quirks:
            still = drawn(frames(cast, person, 1, [1]), cast.pixels)[0]
            place = root / f"SMIC_all_raw/HS/s{person:02d}/non_micro/s{person:02d}_non_01"
            save(on_canvas(still, *_canvas(still)), place / "image0001.bmp")
    if "damaged-picture" in quirks:
        file = min((root / "SMIC_all_cropped/HS/s1").rglob("*.bmp"))
        file.write_bytes(file.read_bytes()[:500])


def _write_clip(
    root: Path,
    person: int,
    label: str,
    number: int,
    pictures: dict[int, Picture],
    quirks: frozenset[str],
) -> None:
    written = str(number) if person == 2 and "short-numbers" in quirks else f"{number:02d}"
    clip = f"{_CODES[label]}_{written}"
    for camera in ("HS", "VIS", "NIR") if "three-cameras" in quirks else ("HS",):
        place = root / f"SMIC_all_cropped/{camera}/s{person}/micro/{label}/s{person}_{clip}"
        for frame, picture in list(pictures.items())[:: 1 if camera == "HS" else 3]:
            save(picture, place / f"reg_image{frame}.bmp")
    if "raw" in quirks:
        place = root / f"SMIC_all_raw/HS/s{person:02d}/micro/{label}/s{person:02d}_{clip}"
        for frame, picture in pictures.items():
            save(on_canvas(picture, *_canvas(picture)), place / f"image{frame}.bmp")


def _canvas(picture: Picture) -> tuple[int, int]:
    """Width and height of a raw picture: 4 to 3, as the real 640 x 480."""
    return picture.shape[1] * 4 // 3, picture.shape[0]


LAYOUT: Final = Layout("smic", "SMIC", QUIRKS, _write)
