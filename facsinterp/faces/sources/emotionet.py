"""EmotioNet: pictures of faces from the web, coded for some units.

Users load the pictures down by themselves, and many links are dead.

Benitez-Quiroz, Srinivasan and Martinez: EmotioNet, CVPR 2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.listing import files_below, is_picture
from facsinterp.faces.sources.reading.notes import Notes, no_subjects
from facsinterp.faces.sources.reading.trees import not_this
from facsinterp.faces.sources.reading.url_lists import (
    NOT_SCORED,
    PRESENT,
    STRANGE,
    UrlList,
    read_url_list,
)
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found
from facsinterp.facs import UNITS, label

USED: Final = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
"""The units that were coded throughout; the others are mostly not scored."""
PUBLISHED: Final[Mapping[str, int]] = {"rows": 24_600}
_TITLE: Final = "EmotioNet"
_TERMS: Final = (
    "Approval is for research that makes no profit and develops no product; no redistribution. "
    "The pictures belong to others."
)
_LISTS: Final = (".csv", ".xlsx", ".xls", ".tsv", ".txt")
"""Endings of lists, the one that is read first where several hold the same."""
_EXPECTED: Final = "EmotioNet_FACS_aws_2020_24600.csv (or .xlsx) and the pictures that it lists"


class EmotioNetOptions(SourceOptions):
    """Which list is read, and whether the faces may be shown."""

    file: str = ""
    """The list, relative to the folder. When left out, the hand-checked one, known by its name;
    lists of labels that a program gave are read only when they are named."""
    showable: Showable = "licence"
    """Who may be shown in a report: nobody, as the approval says, or everybody."""


def _read(folder: Path | None, options: EmotioNetOptions) -> FaceTable:
    """The rows whose picture is there; DataError when there is no list or no picture."""
    root = existing_folder(folder, _TITLE)
    notes = Notes()
    files = list(files_below(root))
    chosen = _list_file(root, files, options, notes)
    listed = read_url_list(root / chosen)
    notes.skip_all((f"row {n}" for n in listed.misfits), "a row that does not fit the header")
    notes.skip_all((f"row {n}" for n in listed.shifted), "a row with an address among its codes")
    pictures = _by_name(path for path in files if is_picture(path))
    paths = _paths(listed, pictures, notes)
    rows = _kept(listed, paths, notes)
    if not rows:
        raise _nothing_matched(root, chosen, listed, sum(map(len, pictures.values())))
    notes.warn(no_subjects(_TITLE))
    units, codes = _codes(listed, rows, notes)
    counts = {
        "rows": len(paths) + len(listed.misfits) + len(listed.shifted),
        "faces": len(rows),
        "rows without a picture": paths.count(""),
        "pictures without a row": len({p for same in pictures.values() for p in same} - {*paths}),
    }
    return FaceTable.from_arrays(
        [_stem(listed.first[row]) for row in rows],
        units,
        codes == PRESENT,
        coded=codes < NOT_SCORED,
        path=[paths[row] for row in rows],
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes),
        found=Found(
            f"{chosen}, pictures found by name",
            counts,
            {} if options.file else PUBLISHED,
            notes.skipped,
            notes.warnings,
        ),
    )


def _list_file(root: Path, files: Sequence[str], options: EmotioNetOptions, notes: Notes) -> str:
    """Path of the list that is read; DataError when there is none."""
    lists = [path for path in files if PurePosixPath(path).suffix.casefold() in _LISTS]
    if options.file:
        if options.file in lists:
            return options.file
        there = ", ".join(lists[:6]) or "none"
        raise DataError(
            Fault("there is no such list", str(root), options.file, f"lists there: {there}")
        )
    checked = sorted(filter(_is_hand_checked, lists), key=_preference)
    if len(checked) > 1:
        notes.warn(f"{', '.join(checked[1:])} not read: {checked[0]} is the same list")
    if checked:
        return checked[0]
    others = [path for path in lists if path.casefold().endswith((".csv", ".tsv", ".txt"))]
    words = "name one with file = ..., knowing that a program may have given its labels"
    raise not_this(
        _TITLE, root, _EXPECTED, do=f"{words}: {', '.join(others[:6])}" if others else ""
    )


def _is_hand_checked(path: str) -> bool:
    stem = PurePosixPath(path).stem.casefold()
    return "emotionet" in stem and ("facs" in stem or "24600" in stem)


def _preference(path: str) -> tuple[int, str]:
    return _LISTS.index(PurePosixPath(path).suffix.casefold()), path


def _by_name(paths: Iterable[str]) -> dict[str, list[str]]:
    """The name of each picture in lower case, and the paths of all that bear it."""
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(PurePosixPath(path).name.casefold(), []).append(path)
    return found


def _paths(listed: UrlList, pictures: Mapping[str, Sequence[str]], notes: Notes) -> list[str]:
    """The picture of each row, "" where there is none.

    It bears the name in its first address, else that in the second: unless this one stands
    in several rows (`image.jpg`), for then nobody knows whose picture it is. Of several
    pictures of the name, that in the folders of the address is taken.
    """
    first = [_name(address).casefold() for address in listed.first]
    second = [_name(address).casefold() for address in listed.second]
    named = Counter(first) + Counter(name for name in second if name)
    found = []
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        there, address = pictures.get(one, ()), listed.first[row]
        if not there and named[other] == 1:
            there, address = pictures.get(other, ()), listed.second[row]
        path = max(there, key=lambda path: _in_common(path, address), default="")
        if len(there) > 1:
            told = "pictures of one name in several folders, one taken (by the address's folder)"
            notes.note(told, f"{path} of {len(there)}")
        found.append(path)
    return found


def _in_common(path: str, address: str) -> int:
    """How many folders a path and an address share before their last."""
    folders = zip(
        path.casefold().split("/")[-2::-1],
        address.casefold().partition("?")[0].split("/")[-2::-1],
        strict=False,
    )
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], folders))


def _name(address: str) -> str:
    """The name of the file at an address: without folders, queries and %20."""
    path = address.partition("?")[0].partition("#")[0].replace("\\", "/")
    return unquote(path.rpartition("/")[2])


def _stem(address: str) -> str:
    return PurePosixPath(_name(address)).stem


def _kept(listed: UrlList, paths: Sequence[str], notes: Notes) -> list[int]:
    """The rows that have a picture, each picture once."""
    kept: dict[str, int] = {}
    missing, again = [], []
    for row, path in enumerate(paths):
        name = _stem(listed.first[row]) or f"row {listed.lines[row]}"
        if not path:
            missing.append(name)
        elif kept.setdefault(name, row) != row:
            again.append(f"row {listed.lines[row]}")
    notes.skip_all(missing, "the picture is not there; its link may be dead")
    notes.skip_all(again, "the picture of an earlier row")
    return list(kept.values())


def _codes(
    listed: UrlList, rows: Sequence[int], notes: Notes
) -> tuple[tuple[int, ...], NDArray[np.uint8]]:
    """Those units that were coded, and the codes of the kept rows, (row, unit)."""
    codes = listed.codes[rows]
    scored = dict(zip(listed.units, (codes < NOT_SCORED).sum(axis=0).tolist(), strict=True))
    for column, unit in enumerate(listed.units):
        if strange := int((codes[:, column] == STRANGE).sum()):
            notes.note("cells other than 0, 1 and 999, not coded", f"{label(unit)} x {strange:,}")
        if scored[unit] and unit not in UNITS:
            notes.note(
                "numbers that are no FACS code, left out", f"{label(unit)} x {scored[unit]:,}"
            )
    units = tuple(sorted({*USED, *(unit for unit, n in scored.items() if n and unit in UNITS)}))
    grid = np.full((len(rows), len(units)), NOT_SCORED, dtype=np.uint8)
    for column, unit in enumerate(units):
        if unit in listed.units:
            grid[:, column] = codes[:, listed.units.index(unit)]
    return units, grid


def _nothing_matched(root: Path, chosen: str, listed: UrlList, pictures: int) -> DataError:
    names = ", ".join(map(_name, listed.first[:3]))
    if not pictures:
        return not_this("EmotioNet with its pictures", root, f"pictures named {names} ...")
    return DataError(
        Fault(
            f"no picture is one that {chosen} lists",
            where=str(root),
            expected=f"pictures named {names} ..., flat or in folders",
            got=f"{pictures:,} pictures of other names",
            do="keep the names that the addresses have",
        )
    )


def _pictures(folder: Path | None, _options: EmotioNetOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, _TITLE))


SOURCE: Final = Source(
    name="emotionet",
    title="EmotioNet",
    folders=("EmotioNet", "emotionet", "EmotioNetData"),
    Options=EmotioNetOptions,
    read=_read,
    pictures=_pictures,
)
