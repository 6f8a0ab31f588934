"""FER2013 and FER+: a table with a picture in each row, votes in the same order, and copies."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.layouts.drawing import Picture, save
from facsinterp.faces.layouts.many import pictures, scaled, shown

_SIDE: Final = 48
_LEAST: Final = 24  # rows, so that every quirk has its own
_FOLDERS: Final = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
_NUMBERS: Final = {
    "anger": 0, "disgust": 1, "fear": 2, "happy": 3, "sadness": 4, "surprise": 5, "neutral": 6,
    "contempt": 6,
}  # fmt: skip
"""FER2013 knows no contempt; the drawn ones pass for neutral there, and for contempt in FER+."""
_VOTED: Final = (
    "neutral", "happy", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
)  # fmt: skip
_VOTES_HEADER: Final = (
    "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
)
_FERPLUS: Final = {
    "Training": "FER2013Train",
    "PublicTest": "FER2013Valid",
    "PrivateTest": "FER2013Test",
}
_WRITTEN: Final = [str(value) for value in range(256)]
_UNKNOWN, _NO_FACE = 8, 9

QUIRKS: Final = {
    "inside-folder": "fer2013.csv lies in fer2013/ beside its README and bibliography",
    "leading-blanks": "icml_face_data.csv, with blanks before header names and another order",
    "competition-tables": "train.csv and test.csv without Usage, the latter without labels",
    "folder-version": "train and test folders by class; only file names tell the official part",
    "ids-reused": "two ids of the folder version are used in two classes",
    "ferplus-folders": "FER2013Train, -Valid and -Test with pictures and a label.csv each",
    "ferplus-empty-names": "rows of FER+ without a face have no name, and later ones are shifted",
    "ferplus-names-twice": "a name of FER+ stands for two rows",
    "ferplus-nine-votes": "a row of FER+ holds nine votes",
    "copies-across-splits": "pictures of the test parts are training pictures, pixel by pixel",
    "conflicting-labels": "one of those copies has another label",
    "constant-pictures": "a picture is one grey level throughout",
    "malformed-row": "a row has too few numbers, another a word among them",
    "half-last-row": "the table breaks off in its last row",
}


@dataclass(frozen=True)
class _Row:
    """One picture with what each file says of it."""

    emotion: int
    usage: str
    pixels: str
    votes: tuple[int, ...]
    name: str = ""

    @property
    def picture(self) -> Picture | None:
        """The picture to save as a file; None where the numbers are damaged."""
        numbers = self.pixels.split()
        if len(numbers) != _SIDE * _SIDE or not all(n.isdigit() for n in numbers):
            return None
        return np.array(numbers, dtype=np.uint8).reshape(_SIDE, _SIDE)


def _write(root: Path, cast: Cast, quirks: frozenset[str]) -> None:
    rows = _named(_spoilt(_rows(cast), quirks), quirks)
    folder = root / "fer2013" if "inside-folder" in quirks else root
    folder.mkdir(exist_ok=True)
    if "inside-folder" in quirks:
        (folder / "README").write_text("Drawn faces in the layout of FER2013.\n", encoding="utf-8")
        (folder / "fer2013.bib").write_text("@misc{drawn}\n", encoding="utf-8")
    table = folder / "fer2013.csv"
    _table(table, "emotion,pixels,Usage", rows, lambda r: f"{r.emotion},{r.pixels},{r.usage}")
    if "half-last-row" in quirks:
        os.truncate(table, table.stat().st_size - len(rows[-1].pixels) // 2)
    votes = root / "fer2013new.csv"
    _table(votes, _VOTES_HEADER, rows, lambda r: f"{r.usage},{r.name},{_joined(r.votes)}")
    if "leading-blanks" in quirks:
        other = root / "icml_face_data.csv"
        header = "emotion, Usage, pixels"
        _table(other, header, rows, lambda r: f"{r.emotion},{r.usage},{r.pixels}")
    if "competition-tables" in quirks:
        _write_competition(root, rows)
    if "folder-version" in quirks:
        _write_folders(root, rows, cast.seed, again="ids-reused" in quirks)
    if "ferplus-folders" in quirks:
        _write_ferplus(root, rows)


def _rows(cast: Cast) -> list[_Row]:
    """The rows before anything is spoilt: eight tenths for training, one for each test part."""
    count = max(cast.people * cast.sequences, _LEAST)
    tenth = count // 10
    rows: list[_Row] = []
    for part in pictures(cast, count):
        for picture in part:
            index = len(rows)
            label = shown(cast, index).expression
            usage = "Training" if index < count - 2 * tenth else "PublicTest"
            usage = usage if index < count - tenth else "PrivateTest"
            votes = _votes(index, _VOTED.index(label))
            rows.append(_Row(_NUMBERS[label], usage, _text(scaled(picture, _SIDE)), votes))
    return rows


def _votes(index: int, expression: int) -> tuple[int, ...]:
    """Ten votes: mostly eight for what is shown; at times as many for another, or for none."""
    votes = [0] * 10
    other = (expression + 1 + index % 7) % 8
    if index % 13 == 6:
        votes[_NO_FACE] = 10
    elif index % 7 == 3:
        votes[expression], votes[other] = 5, 5
    elif index % 17 == 8:
        votes[expression], votes[_UNKNOWN] = 4, 6
    else:
        votes[expression], votes[other] = 8, 1
        votes[(other + 1) % 8 if (other + 1) % 8 != expression else _UNKNOWN] += 1
    return tuple(votes)


def _spoilt(rows: list[_Row], quirks: frozenset[str]) -> list[_Row]:
    """The same rows with the faults of the table itself."""
    public = next(i for i, row in enumerate(rows) if row.usage == "PublicTest")
    private = next(i for i, row in enumerate(rows) if row.usage == "PrivateTest")
    if "copies-across-splits" in quirks:
        emotion, pixels = rows[0].emotion, rows[0].pixels
        rows[public] = replace(rows[public], emotion=emotion, pixels=pixels)
    if "conflicting-labels" in quirks:
        emotion = (rows[1].emotion + 1) % 7
        rows[private] = replace(rows[private], emotion=emotion, pixels=rows[1].pixels)
    if "constant-pictures" in quirks:
        no_face = (*[0] * _NO_FACE, 10)
        rows[2] = replace(rows[2], pixels=" ".join(["0"] * _SIDE * _SIDE), votes=no_face)
    if "malformed-row" in quirks:
        rows[4] = replace(rows[4], pixels=rows[4].pixels.rpartition(" ")[0])
        rows[5] = replace(rows[5], pixels=rows[5].pixels.rpartition(" ")[0] + " NaN")
    if "ferplus-nine-votes" in quirks:
        rows[7] = replace(rows[7], votes=tuple(9 if n >= 8 else 0 for n in rows[7].votes))
    return rows


def _named(rows: Sequence[_Row], quirks: frozenset[str]) -> list[_Row]:
    """The rows with their names in FER+, which are numbered in order."""
    named = []
    number = without = 0
    for index, row in enumerate(rows):
        if "ferplus-empty-names" in quirks and row.votes[_NO_FACE] == 10:
            without += 1
            number += without % 2  # half of them use up a number
            named.append(row)
            continue
        if "ferplus-names-twice" in quirks and index == 9:
            number -= 1
        named.append(replace(row, name=f"fer{number:07d}.png"))
        number += 1
    return named


def _write_competition(root: Path, rows: Sequence[_Row]) -> None:
    train = [row for row in rows if row.usage == "Training"]
    test = [row for row in rows if row.usage != "Training"]
    _table(root / "train.csv", "emotion,pixels", train, lambda row: f"{row.emotion},{row.pixels}")
    _table(root / "test.csv", " pixels", test, lambda row: row.pixels)


def _write_folders(root: Path, rows: Sequence[_Row], seed: int, *, again: bool) -> None:
    """`train/angry/Training_<random id>.jpg`; with `again`, rows 0 and 1 hand on their ids."""
    ids = np.random.default_rng((seed, 7)).permutation(100_000)[: len(rows)]
    for index in (0, 1) if again else ():
        mine = rows[index]
        for other in range(10 + index, len(rows), 2):
            if rows[other].usage == mine.usage and rows[other].emotion != mine.emotion:
                ids[other] = ids[index]
                break
    for row, number in zip(rows, ids, strict=True):
        if row.picture is not None:
            part = "train" if row.usage == "Training" else "test"
            save(row.picture, root / part / _FOLDERS[row.emotion] / f"{row.usage}_{number}.jpg")


def _write_ferplus(root: Path, rows: Sequence[_Row]) -> None:
    """Pictures under their names, so that the later of two with one name stays."""
    for usage, folder in _FERPLUS.items():
        mine = [row for row in rows if row.usage == usage and row.name]
        for row in mine:
            if row.picture is not None:
                save(row.picture, root / folder / row.name)
        lines = [f'{row.name},"(0, 0, 48, 48)",{_joined(row.votes)}\n' for row in mine]
        (root / folder / "label.csv").write_bytes("".join(lines).encode())


def _table(path: Path, header: str, rows: Sequence[_Row], line: Callable[[_Row], str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{header}\n")
        file.writelines(f"{line(row)}\n" for row in rows)


def _joined(votes: Sequence[int]) -> str:
    return ",".join(map(str, votes))


def _text(picture: Picture) -> str:
    return " ".join([_WRITTEN[value] for value in picture.ravel().tolist()])


LAYOUT: Final = Layout(
    name="fer2013",
    title="FER2013 and FER+",
    quirks=QUIRKS,
    write=_write,
)
