"""The two releases of AffectNet: lists beside folders of pictures, and arrays beside each."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.io.parsers import TextFileReader

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import impostor
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.listing import below, picture_names
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.points import POINTS, parse_points
from facsinterp.faces.sources.reading.small_arrays import one_number, read_small_array
from facsinterp.faces.sources.reading.trees import inner

NO_FACE: Final = 10
COLUMNS: Final = (
    "subDirectory_filePath", "face_x", "face_y", "face_width", "face_height",
    "facial_landmarks", "expression", "valence", "arousal",
)  # fmt: skip
"""Columns of a list, in the order that they have where it has no header."""
_PATH, _POINTS, _EXPRESSION = COLUMNS[0], COLUMNS[5], COLUMNS[6]
_LABEL: Final = "_exp.npy"
_AT_ONCE: Final = 20_000
"""Rows of a list that are parsed together."""


@dataclass(frozen=True)
class Part:
    """One list or one set: its faces in order."""

    name: str
    split: str
    images: Sequence[str]
    paths: Sequence[str]
    expressions: NDArray[np.int64]
    """0 to 9."""
    points: NDArray[np.float32]
    """(face, 68, 2); NaN where a face has none."""


def read_list(root: Path, file: Path, pictures: Path, notes: Notes) -> Part:
    """The faces of a list that have a picture. DataError for a file that is no such list."""
    reader, start = _opened(file)
    where, prefix = below(root, file), below(root, pictures)
    mark = "automatic/" if is_automatic(file) else ""
    names: dict[str, frozenset[str]] = {}
    images: list[str] = []
    expressions, points = [np.empty(0, np.int64)], [np.empty((0, POINTS, 2), np.float32)]
    # In blocks: the landmarks of the whole set are some 3 GB of text.
    for table in _blocks(reader, file):
        paths = [_plain(path) for path in table[_PATH].fillna("").tolist()]
        codes = pd.to_numeric(table[_EXPRESSION], errors="coerce").to_numpy(dtype=np.float64)
        known, faceless = np.isin(codes, range(NO_FACE)), codes == NO_FACE
        there = np.array([_is_there(pictures, path, names) for path in paths], dtype=bool)
        first = start + int(table.index[0])
        _skip_rows(f"no face (expression {NO_FACE})", where, first, faceless, notes)
        strange = ~known & ~faceless
        _skip_rows("its expression is no number from 0 to 10", where, first, strange, notes)
        missing = [paths[row] for row in np.flatnonzero(known & ~there)]
        notes.skip_all(missing, f"no such picture in {prefix}")
        kept = np.flatnonzero(known & there)
        texts = table[_POINTS].fillna("").tolist() if _POINTS in table else [""] * len(paths)
        images += [paths[row] for row in kept]
        expressions.append(codes[kept].astype(np.int64))
        points.append(parse_points([texts[row] for row in kept]))
    return Part(
        file.stem,
        split_of(file.stem),
        [f"{mark}{path}" for path in images],
        [f"{prefix}/{path}" for path in images],
        np.concatenate(expressions),
        np.concatenate(points),
    )


def _plain(path: str) -> str:
    """One spelling of each path: `./1//x.jpg` is `1/x.jpg`."""
    path = path.strip().replace("\\", "/")
    return (
        posixpath.normpath(path) if path.startswith(".") or "//" in path or "/." in path else path
    )


def is_automatic(file: Path) -> bool:
    """Whether a list holds labels that a program gave."""
    return file.stem.casefold().startswith("auto")


def split_of(name: str) -> str:
    """The split of a list or a set by its name."""
    return "validation" if name.casefold().startswith("val") else "train"


def _skip_rows(reason: str, where: str, start: int, flags: NDArray[np.bool_], notes: Notes) -> None:
    notes.skip_all((f"{where}, row {row + start}" for row in np.flatnonzero(flags)), reason)


def _opened(file: Path) -> tuple[TextFileReader, int]:
    """The columns of a list that are needed, in blocks, and the number of its first row."""
    with file.open("rb") as opened:
        head = opened.read(65_536)
    if instead := impostor(head):
        raise DataError(Fault("a list cannot be read", file.name, got=instead))
    cells = [
        cell.strip().strip("'\"")
        for cell in head.decode("utf-8-sig", errors="replace").partition("\n")[0].split(",")
    ]
    plain = [cell.casefold() for cell in cells]
    header = _PATH.casefold() in plain
    if header:
        names = [_spelled(cell) for cell in plain]
    elif len(cells) == len(COLUMNS) and "." in PurePosixPath(cells[0].replace("\\", "/")).name:
        names = list(COLUMNS)
    else:
        names = []
    wanted = [name for name in (_PATH, _POINTS, _EXPRESSION) if name in names]
    twice = [name for name in wanted if names.count(name) > 1]
    if _EXPRESSION not in names or twice:
        raise DataError(
            Fault(
                "a list of AffectNet names columns twice"
                if twice
                else "this is no list of AffectNet",
                where=file.name,
                expected=f"columns {', '.join(COLUMNS)}, with or without a header",
                got=", ".join(cells[:9]),
            )
        )
    # Columns that are not read may have any names, and the same ones.
    unlike = [name if name in wanted else f"{at}" for at, name in enumerate(names)]
    try:
        return pd.read_csv(
            file, header=None, skiprows=int(header), names=unlike, usecols=wanted, dtype=str,
            encoding="utf-8-sig", encoding_errors="replace", index_col=False, chunksize=_AT_ONCE,
        ), 2 if header else 1  # fmt: skip
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(file, error) from None


def _blocks(reader: TextFileReader, file: Path) -> Iterator[pd.DataFrame]:
    with reader:
        try:
            yield from reader
        except pd.errors.ParserError as error:
            raise _unreadable(file, error) from None


def _unreadable(file: Path, error: Exception) -> DataError:
    return DataError(Fault("a list cannot be read", file.name, got=str(error).strip()))


def _spelled(cell: str) -> str:
    """The usual spelling of a column's name."""
    return next((name for name in COLUMNS if name.casefold() == cell), cell)


def _is_there(pictures: Path, path: str, names: dict[str, frozenset[str]]) -> bool:
    """Whether a picture exists. Each folder is listed once: `names` holds those that were."""
    folder, _, name = path.rpartition("/")
    if folder not in names:
        out = _leads_out(folder)
        names[folder] = frozenset(() if out else picture_names(pictures / folder))
    return name in names[folder]


def _leads_out(folder: str) -> bool:
    return folder.startswith("/") or ".." in folder.split("/") or folder[1:2] == ":"


def read_set(root: Path, folder: Path, notes: Notes) -> Part:
    """The faces of a set of the release of 2021: pictures with arrays of the same number."""
    pictures, labels = inner(folder, "images"), inner(folder, "annotations")
    shown = {} if pictures is None else {_stem(n): n for n in picture_names(pictures)}
    labelled = [] if labels is None else _labelled(labels)
    where = below(root, folder)
    bare = sorted(shown.keys() - set(labelled), key=_order)
    notes.skip_all((f"{where}/images/{shown[n]}" for n in bare), "a picture without annotation")
    lone = [name for name in labelled if name not in shown]
    notes.skip_all(
        (f"{where}/annotations/{n}{_LABEL}" for n in lone), "an annotation without picture"
    )
    prefix = "" if pictures is None else below(root, pictures)
    images, paths, expressions, points = [], [], [], []
    for name in sorted(shown.keys() & set(labelled), key=_order) if pictures and labels else []:
        try:
            expression = one_number(read_small_array(f"{labels}/{name}{_LABEL}"))
        except UnreadableFile as reason:
            notes.skip(f"{where}/annotations/{name}{_LABEL}", str(reason))
            continue
        if expression not in range(NO_FACE):
            notes.skip(f"{where}/images/{shown[name]}", "its expression is no number from 0 to 9")
            continue
        images.append(f"{folder.name.removesuffix('_set')}/{name}")
        paths.append(f"{prefix}/{shown[name]}")
        expressions.append(int(expression))
        points.append(_points(f"{labels}/{name}_lnd.npy"))
    stacked = np.stack(points) if points else np.empty((0, POINTS, 2), dtype=np.float32)
    numbers = np.array(expressions, dtype=np.int64)
    return Part(folder.name, split_of(folder.name), images, paths, numbers, stacked)


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _order(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdecimal() else (1 << 62, name)


def _labelled(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        names = [e.name for e in entries if e.name.endswith(_LABEL) and not e.name.startswith(".")]
    return sorted((name.removesuffix(_LABEL) for name in names), key=_order)


def _points(file: str) -> NDArray[np.float32]:
    """Its landmarks (68, 2), NaN where there are none to read."""
    nothing = np.full((POINTS, 2), np.nan, dtype=np.float32)
    try:
        values: NDArray[Any] = read_small_array(file)
        numbers = values.astype(np.float32).reshape(POINTS, 2)
    except (UnreadableFile, ValueError):
        return nothing
    return numbers if np.isfinite(numbers).all() else nothing
