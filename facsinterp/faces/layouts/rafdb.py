"""Drawn faces laid out as RAF-DB: lists of labels beside aligned and original pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn import Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import drawn, frames, on_canvas, save

_BASIC: Final = ("surprise", "fear", "disgust", "happy", "sadness", "anger", "neutral")
_COMPOUND: Final = 11
_ALIGNED: Final = 100
_ORIGINAL: Final = (160, 120)
_TESTED: Final = 5
"""One face in so many is a test face."""

Picture = NDArray[np.uint8]


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    some = [
        frame
        for person in range(1, cast.people + 1)
        for sequence in range(1, cast.sequences + 1)
        for frame in frames(cast, person, sequence, [1, 8])
    ]
    faces = list(zip(some, drawn(some, cast.pixels), strict=True))
    shown = [(frame, picture) for frame, picture in faces if frame.expression in _BASIC]
    labels = [_BASIC.index(frame.expression) + 1 for frame, _ in shown]
    pictures = [picture for _, picture in shown]
    if "sorted-copy" in quirks:
        _write_sorted(root, labels, pictures, quirks)
    else:
        _write_list(root / "basic", labels, pictures, quirks)
    if "compound" in quirks:
        numbers = [k % _COMPOUND + 1 for k in range(len(shown))]
        _write_list(root / "compound", numbers, pictures[::-1], quirks - {"missing-picture"})
    if "codes" in quirks:
        _write_codes(root / "RAF-AU", faces[1::2])


def _names(count: int) -> list[str]:
    """train_00001, ... and, with a digit less, test_0001, ..."""
    tested = [place % _TESTED == _TESTED - 1 for place in range(count)]
    numbers = np.where(tested, np.cumsum(tested), np.cumsum(np.logical_not(tested)))
    return [
        f"test_{n:04d}" if test else f"train_{n:05d}"
        for n, test in zip(numbers.tolist(), tested, strict=True)
    ]


def _write_list(
    folder: Path, labels: Sequence[int], pictures: Sequence[Picture], quirks: frozenset[str]
) -> None:
    lines = []
    aligned = folder / "Image" / "aligned"
    if "doubled-folder" in quirks:
        aligned = aligned / "aligned"
    for name, label, picture in zip(_names(len(labels)), labels, pictures, strict=True):
        lines.append(f"{name}.jpg {label}")
        if "missing-picture" in quirks and name == "train_00002":
            continue
        square = on_canvas(picture, _ALIGNED, _ALIGNED)
        save(square, aligned / f"{name}_aligned.jpg", rgb=True)
        save(
            on_canvas(picture, *_ORIGINAL), folder / "Image" / "original" / f"{name}.jpg", rgb=True
        )
    spelling = "patition" if "misspelt-list" in quirks else "partition"
    _write_lines(folder / "EmoLabel" / f"list_{spelling}_label.txt", lines)


def _write_sorted(
    root: Path, labels: Sequence[int], pictures: Sequence[Picture], quirks: frozenset[str]
) -> None:
    tables: dict[str, list[str]] = {"train": ["image,label"], "test": ["image,label"]}
    for name, label, picture in zip(_names(len(labels)), labels, pictures, strict=True):
        split = name.partition("_")[0]
        tables[split].append(f"{name}_aligned.jpg,{label}")
        if "missing-picture" in quirks and name == "train_00002":
            continue
        square = on_canvas(picture, _ALIGNED, _ALIGNED)
        save(square, root / "DATASET" / split / str(label) / f"{name}_aligned.jpg", rgb=True)
    for split, lines in tables.items():
        _write_lines(root / f"{split}_labels.csv", lines)


def _write_codes(folder: Path, faces: Sequence[tuple[Frame, Picture]]) -> None:
    """Faces of RAF-AU: numbers alone, codes joined by +, with l and r for one side."""
    lines = []
    for place, (frame, picture) in enumerate(faces, 1):
        codes = [
            f"{frame.side(unit).lower()}{unit}"
            for unit in sorted(frame.face.units)
            if frame.letter(unit) > 0
        ]
        # A blank stands at the end of some lines.
        lines.append(f"{place:04d}.jpg {'+'.join(codes) or 'null'}{' ' if place % 3 == 0 else ''}")
        square = on_canvas(picture, _ALIGNED, _ALIGNED)
        save(square, folder / "aligned" / f"{place:04d}_aligned.jpg", rgb=True)
    lines.append(f"{len(faces) + 1:04d}.jpg null")
    save(square, folder / "aligned" / f"{len(faces) + 1:04d}_aligned.jpg", rgb=True)
    _write_lines(folder / "RAFAU_label.txt", lines)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


LAYOUT: Final = Layout(
    name="rafdb",
    title="RAF-DB",
    quirks={
        "misspelt-list": "the list is called list_patition_label.txt",
        "doubled-folder": "aligned pictures lie in aligned/aligned",
        "missing-picture": "a listed picture is not there",
        "compound": "a second part with eleven compound labels for other pictures",
        "codes": "RAF-AU beside it: code strings such as 4+l12, or null, for faces of its own",
        "sorted-copy": "no list but folders train/1 ... 7 and test/1 ... 7, with tables",
    },
    write=_write,
)
