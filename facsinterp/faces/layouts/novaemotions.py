"""NovaEmotions as others use it: folders by expression, a table beside them, two arrays.

What the official archive looks like could not be verified.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Final

import numpy as np

from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import save
from facsinterp.faces.layouts.many import pictures, scaled, shown

_SIDE: Final = 64
_EXPRESSIONS: Final = (
    "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise", "neutral",
)  # fmt: skip
_SPELLINGS: Final = {
    "anger": "Angry",
    "disgust": "Disgusted",
    "happy": "happiness",
    "sadness": "SAD",
    "surprise": "Surprised",
}

QUIRKS: Final = {
    "other-spellings": "folders are called Angry, happiness, SAD and so on",
    "jpg-and-png": "every other picture is a JPEG",
    "label-table": "labels.csv with path, label, subject and the votes for each expression",
    "packed-arrays": "novaemotions-data.npy and novaemotions-label.npy with numbers for labels",
    "folder-without-meaning": "a folder of pictures that names no expression",
    "numbered-folder": "a folder whose name is a number",
}


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    count = cast.people * cast.sequences
    frames = [shown(cast, index) for index in range(count)]
    drawn = [scaled(picture, _SIDE) for part in pictures(cast, count) for picture in part]
    names = []
    for index, (frame, picture) in enumerate(zip(frames, drawn, strict=True)):
        folder = frame.expression
        if "other-spellings" in quirks:
            folder = _SPELLINGS.get(folder, folder)
        ending = "jpg" if "jpg-and-png" in quirks and index % 2 else "png"
        names.append(f"{folder}/{index:05d}.{ending}")
        save(picture, root / names[-1])
    if "folder-without-meaning" in quirks:
        save(drawn[0][:, ::-1], root / "unsorted/a.png")
    if "numbered-folder" in quirks:
        save(drawn[0][::-1], root / "7/a.png")
    numbers = [_EXPRESSIONS.index(frame.expression) for frame in frames]
    if "label-table" in quirks:
        with (root / "labels.csv").open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(["path", "label", "subject", *_EXPRESSIONS])
            for name, frame, number in zip(names, frames, numbers, strict=True):
                votes = np.bincount([number] * 4 + [(number + 3) % 8], minlength=8).tolist()
                table.writerow([name, frame.expression, frame.subject, *votes])
    if "packed-arrays" in quirks:
        np.save(root / "novaemotions-data.npy", np.stack(drawn))
        np.save(root / "novaemotions-label.npy", np.array(numbers))


LAYOUT: Final = Layout(
    name="novaemotions",
    title="NovaEmotions",
    quirks=QUIRKS,
    write=_write,
)
