"""Drawn faces laid out as the extended Cohn-Kanade database (CK+), or as its first release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zlib import Z_RLE

import numpy as np
from PIL import Image

from facsinterp.faces.drawn import UNITS, Frame
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, drawn, frames, on_canvas, points
from facsinterp.faces.layouts.sheets import Cell, write_workbook, write_zip
from facsinterp.facs import EXPRESSIONS, LETTERS

DRAWN: Final = (1, 4, 7, 8)
"""Frames that are drawn of a sequence; its first and last are held until it is long enough."""
WIDTH: Final = 640
SHEET: Final = "Cohn-Kanade Database FACS codes_updated based on 2002 manual_revised.xlsx"

# Folder quirks that leave no single folder to tip everything into, and label quirks that
# need the label files which the first release does not have.
_FOLDERS: Final = frozenset({"renamed-label-folders", "doubled-image-folder", "zipped-landmarks"})
_LABELS: Final = frozenset(
    {
        "intensity-zero",
        "extra-columns-and-blank-lines",
        "unknown-codes",
        "label-without-image",
        "peak-missing",
        "facs-twice",
    }
)

QUIRKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ds-store": "system files lie in sequence folders, one named like the first frame",
        "label-without-image": "labels of some sequences name a frame that has no image",
        "first-frame-not-one": "the frames of some sequences begin at 4",
        "frames-missing": "of some sequences the first and the last two images alone are there",
        "start-missing": "of some sequences the first seven images are missing",
        "peak-missing": "of some sequences the last five images are missing",
        "facs-twice": "some FACS files are there twice, the copy with other codes",
        "empty-emotion-folders": "sequences without an emotion have an empty emotion folder",
        "missing-emotion-folders": "every other one of them has none all the same",
        "extra-columns-and-blank-lines": "some FACS files have four columns and blank lines",
        "intensity-zero": "every fifth unit is present without a score",
        "unknown-codes": "some FACS files list AU99, which is none, and AU54, which is rare",
        "mixed-colour": "every other sequence is RGB with three equal channels",
        "mixed-sizes": "every third sequence is 640x480, not 640x490",
        "not-contiguous": "numbers of subjects and of their sequences have gaps",
        "missing-landmarks": "some sequences have no landmarks",
        "zipped-landmarks": "Landmarks.zip is not unpacked",
        "renamed-label-folders": "labels in Emotion_labels/Emotion and FACS_labels/FACS",
        "doubled-image-folder": "images in extended-cohn-kanade-images/cohn-kanade-images",
        "ck48-beside": "the crops of CK+48 lie beside, in folders named by emotion",
        "flattened": "all files in one folder, without another quirk of folders",
        "older-release": "a sheet instead of labels; with quirks of labels, unused beside them",
    }
)


@dataclass(frozen=True)
class Shown:
    """One sequence as it is laid out: its name, the number of each image, what each shows."""

    subject: str
    sequence: str
    index: int
    numbers: tuple[int, ...]
    shown: tuple[Frame, ...]

    @property
    def stem(self) -> str:
        """`S005_001`, with which the names of its files begin."""
        return f"{self.subject}_{self.sequence}"

    @property
    def apex(self) -> Frame:
        """The peak."""
        return self.shown[-1]


def shown(cast: Cast, quirks: frozenset[str]) -> Iterator[Shown]:
    """Every sequence of the tree: 10 to 24 frames, neutral held first and the apex last."""
    gaps = "not-contiguous" in quirks
    for person in range(1, cast.people + 1):
        for sequence in range(1, cast.sequences + 1):
            index = (person - 1) * cast.sequences + sequence - 1
            length = 10 + (3 * person + 5 * sequence) % 15
            held = (length - len(DRAWN)) // 2
            start = 4 if "first-frame-not-one" in quirks and index % 8 == 2 else 1
            some = frames(cast, person, sequence, DRAWN)
            yield Shown(
                f"S{5 * person if gaps else person:03d}",
                f"{2 * sequence - 1 if gaps else sequence:03d}",
                index,
                tuple(range(start, start + length)),
                (*some[:1] * held, *some, *some[-1:] * (length - len(DRAWN) - held)),
            )


def write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    """Write the tree."""
    sequences = list(shown(cast, quirks))
    older = "older-release" in quirks and not quirks & _LABELS
    tree = _Tree(root, quirks, older)
    points_of: dict[str, str] = {}
    for one in sequences:
        tree.images(one, cast)
        if not older:
            points_of |= tree.landmarks(one, cast)
            tree.labels(one)
    if "older-release" in quirks:
        write_workbook(root / SHEET, _sheet(sequences))
    if "zipped-landmarks" in quirks and points_of:
        write_zip(root / "Landmarks.zip", points_of)
    else:
        for place, text in points_of.items():
            _write(root / place, text)


@dataclass(frozen=True)
class _Tree:
    """Where the files of a sequence go, and the faults that are built into them."""

    root: Path
    quirks: frozenset[str]
    older: bool

    def folder(self, kind: str, one: Shown) -> Path:
        if "flattened" in self.quirks and not self.quirks & _FOLDERS:
            return Path("ckplus")
        doubled = "doubled-image-folder" in self.quirks
        renamed = "renamed-label-folders" in self.quirks
        top = {
            "image": "extended-cohn-kanade-images/cohn-kanade-images"
            if doubled
            else "cohn-kanade"
            if self.older
            else "cohn-kanade-images",
            "emotion": "Emotion_labels/Emotion" if renamed else "Emotion",
            "facs": "FACS_labels/FACS" if renamed else "FACS",
            "landmarks": "Landmarks",
        }[kind]
        return Path(top, one.subject, one.sequence)

    def images(self, one: Shown, cast: Cast) -> None:
        """Its pictures; a held frame is the same bytes again."""
        folder = self.root / self.folder("image", one)
        folder.mkdir(parents=True, exist_ok=True)
        rgb = "mixed-colour" in self.quirks and one.index % 2 == 1
        height = self.height(one)
        distinct = {frame.number: frame for frame in one.shown}
        pictures = drawn(list(distinct.values()), cast.pixels)
        files = {
            number: _png(on_canvas(picture, WIDTH, height), rgb=rgb)
            for number, picture in zip(distinct, pictures, strict=True)
        }
        kept = there(one, self.quirks)
        for number, frame in zip(one.numbers, one.shown, strict=True):
            if number in kept:
                (folder / f"{one.stem}_{number:08d}.png").write_bytes(files[frame.number])
        if "ds-store" in self.quirks:
            (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
            (folder / f"._{one.stem}_{one.numbers[0]:08d}.png").write_bytes(b"\0\5\x16\7")
        if "ck48-beside" in self.quirks and one.apex.expression:
            crops = self.root / "CK+48" / one.apex.expression
            crops.mkdir(parents=True, exist_ok=True)
            small = _png(on_canvas(pictures[-1], 48, 48), rgb=False)
            for number in one.numbers[-3:]:
                (crops / f"{one.stem}_{number:08d}.png").write_bytes(small)

    def height(self, one: Shown) -> int:
        """Rows of its pictures."""
        return 480 if "mixed-sizes" in self.quirks and one.index % 3 == 2 else 490

    def landmarks(self, one: Shown, cast: Cast) -> dict[str, str]:
        """Text of its landmark files by place; none for a sequence that lacks them."""
        if "missing-landmarks" in self.quirks and one.index % 8 == 5:
            return {}
        distinct = {frame.number: frame for frame in one.shown}
        places = points(list(distinct.values()), cast.pixels, WIDTH, self.height(one))
        texts = {
            number: "".join(f"   {x:.7e}   {y:.7e}\n" for x, y in some)
            for number, some in zip(distinct, places.tolist(), strict=True)
        }
        folder = self.folder("landmarks", one)
        return {
            (folder / f"{one.stem}_{number:08d}_landmarks.txt").as_posix(): texts[frame.number]
            for number, frame in zip(one.numbers, one.shown, strict=True)
        }

    def labels(self, one: Shown) -> None:
        """Its FACS file and, where it shows an emotion, its emotion file."""
        beyond = 2 if "label-without-image" in self.quirks and one.index % 8 == 1 else 0
        stem = f"{one.stem}_{one.numbers[-1] + beyond:08d}"
        _write(self.root / self.folder("facs", one) / f"{stem}_facs.txt", self.facs(one))
        if "facs-twice" in self.quirks and one.index % 8 == 4:
            _write(self.root / "copy" / f"{stem}_facs.txt", "   2.8000000e+01   5.0000000e+00\n")
        emotion = self.root / self.folder("emotion", one)
        if one.apex.expression:
            text = f"   {EXPRESSIONS.index(one.apex.expression):.7e}\n"
            _write(emotion / f"{stem}_emotion.txt", text)
        elif "empty-emotion-folders" in self.quirks and not (
            "missing-emotion-folders" in self.quirks and one.index % 2
        ):
            emotion.mkdir(parents=True, exist_ok=True)

    def facs(self, one: Shown) -> str:
        """The lines of its FACS file."""
        scores = peak(one, self.quirks)
        if "unknown-codes" in self.quirks and one.index % 8 in (3, 4):
            scores |= {54: 1, 99: 2}
        odd = "extra-columns-and-blank-lines" in self.quirks and one.index % 3 == 1
        end = "   0.0000000e+00   0.0000000e+00\n\n" if odd else "\n"
        return "".join(f"   {unit:.7e}   {score:.7e}{end}" for unit, score in scores.items())


def there(one: Shown, quirks: frozenset[str]) -> frozenset[int]:
    """Numbers of the images of a sequence that are there."""
    numbers = one.numbers
    if "frames-missing" in quirks and one.index % 8 == 6:
        numbers = (*numbers[:1], *numbers[-2:])
    if "start-missing" in quirks and one.index % 8 == 7:
        numbers = numbers[7:]
    if "peak-missing" in quirks and one.index % 8 == 0:
        numbers = numbers[:-5]
    return frozenset(numbers)


def peak(one: Shown, quirks: frozenset[str]) -> dict[int, int]:
    """The drawn units that the labels of a sequence list, with 1 to 5, or 0 for "no score"."""
    letters = {unit: one.apex.letter(unit) for unit in UNITS if one.apex.letter(unit)}
    if "intensity-zero" not in quirks:
        return letters
    return {
        unit: 0 if (one.index + place) % 5 == 0 else letter
        for place, (unit, letter) in enumerate(letters.items())
    }


def _sheet(sequences: Sequence[Shown]) -> list[tuple[Cell, ...]]:
    """The sheet of the first release: three rows of preamble, a header, a row a sequence."""
    return [
        ("Cohn-Kanade Database",),
        ("FACS codes of the last frame",),
        (),
        ("Subject #", "Session #", "FACS Code"),
        *((int(one.subject[1:]), int(one.sequence), _code_cell(one)) for one in sequences),
    ]


def _code_cell(one: Shown) -> str | int:
    codes = [
        f"{one.apex.side(unit)}{unit}{LETTERS[letter - 1].lower() if letter > 1 else ''}"
        for unit, letter in peak(one, frozenset()).items()
    ]
    return int(codes[0]) if len(codes) == 1 and codes[0].isdigit() else "+".join(codes)


def _png(picture: Picture, *, rgb: bool) -> bytes:
    image = Image.fromarray(np.ascontiguousarray(picture))
    made = BytesIO()
    (image.convert("RGB") if rgb else image).save(
        made, "PNG", compress_level=1, compress_type=Z_RLE
    )
    return made.getvalue()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii", newline="\n")


LAYOUT: Final = Layout(
    name="ckplus", title="Extended Cohn-Kanade (CK+)", quirks=QUIRKS, write=write
)
