"""Folders as data sets are unpacked: other spellings, doubled names, numbers not padded."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from facsinterp.errors import Fault, NotThisError
from facsinterp.faces.pictures import is_junk
from facsinterp.faces.sources.reading.files import walked
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.facs import expression_of

K = TypeVar("K", bound=Hashable)

PICTURES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".gif", ".webp"})
LAST_FRAME: Final = 10**9
"""Above it, what looks like a frame's number is something else: a date, a hash."""
_LAST_NUMBER: Final = re.compile(r"(?:.*\D)?(?P<frame>\d+)\D*", re.ASCII | re.DOTALL)
_PARTS: Final = re.compile(r"[0-9]+|[^\W\d_]+")
_CLASSES: Final = frozenset({"others", "other", "repression", "negative", "positive"})
_SHOWN: Final = 6


def children(folder: Path) -> list[Path]:
    """What lies directly in a folder, by name, without what systems leave behind."""
    return sorted(
        entry for entry in folder.iterdir() if not is_junk(entry.name) and entry.name != "__MACOSX"
    )


def inner(root: Path, *accepted: str) -> Path | None:
    """The folder below `root` that has one of these names, None if there is none.

    Names may be paths (`Emotion_labels/Emotion`); the first that is there wins. Case, blanks,
    underscores and hyphens do not count. Where unpacking doubled a name (`Cropped/Cropped`),
    the inner folder is given.
    """
    for names in accepted:
        found: Path | None = root
        for name in names.split("/"):
            found = None if found is None else _child(found, name)
        if found is None:
            continue
        while (deeper := _child(found, found.name)) is not None and not deeper.samefile(found):
            found = deeper
        return found
    return None


def _child(folder: Path, name: str) -> Path | None:
    if is_junk(name) or name == "__MACOSX":
        return None
    wanted = _plain(name)
    # By names alone: a folder may hold hundreds of thousands of pictures.
    with os.scandir(folder) as entries:
        found = [e.name for e in entries if _plain(e.name) == wanted and e.is_dir()]
    return folder / min(found) if found else None


def same_name(one: str, other: str) -> bool:
    """Whether two names of folders are the same but for case, blanks and marks."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return name.casefold().translate({ord(mark): None for mark in " _-()"})


def frames_in(root: Path, folder: Path, notes: Notes) -> dict[int, str]:
    """The pictures directly in a folder by the last number in their names, however padded.

    Paths are relative to `root`. What has no such number, or one that is taken, is noted as
    by `frames_below`.
    """
    with os.scandir(folder) as entries:
        names = sorted(e.name for e in entries if not is_junk(e.name) and e.is_file())
    return _frames(names, folder.relative_to(root).as_posix(), _LAST_NUMBER, notes)


def frames_below(
    root: Path, top: Path, name: re.Pattern[str], notes: Notes
) -> dict[tuple[str, ...], dict[int, str]]:
    """The frames of each folder below `top` that holds any, by the folder's path in parts.

    `name` matches the whole name of a frame without its ending; its group `frame` is the
    number. Frames are paths relative to `root`. Pictures of other names are noted, and so is a
    number that is there twice (the first by name is taken). One pass, linked folders included.
    """
    found: dict[tuple[str, ...], dict[int, str]] = {}
    for inside, names in walked(top):
        frames = _frames(names, Path(inside).relative_to(root).as_posix(), name, notes)
        if frames:
            found[Path(inside).relative_to(top).parts] = frames
    return found


def _frames(
    names: Iterable[str], folder: str, pattern: re.Pattern[str], notes: Notes
) -> dict[int, str]:
    """The frames among the names in a folder, by number."""
    frames: dict[int, str] = {}
    for file in names:
        stem, ending = os.path.splitext(file)
        if ending.casefold() not in PICTURES:
            continue
        path = file if folder == "." else f"{folder}/{file}"
        named = pattern.fullmatch(stem)
        if not named or int(named["frame"]) > LAST_FRAME:
            notes.note("pictures whose names are not those of frames, left out", path)
        elif int(named["frame"]) in frames:
            notes.note("frames that are there twice; the first by name is taken", path)
        else:
            frames[int(named["frame"])] = path
    return dict(sorted(frames.items()))


def keyed(
    folders: Mapping[tuple[str, ...], dict[int, str]],
    key: Callable[[tuple[str, ...]], K | None],
    notes: Notes,
) -> dict[K, dict[int, str]]:
    """Frames by the key of their folder; those without one, or with one taken, are noted."""
    found: dict[K, dict[int, str]] = {}
    for parts, frames in folders.items():
        which = key(parts)
        if which is None or which in found:
            notes.note("folders of pictures that are no clip's", "/".join(parts) or ".")
        else:
            found[which] = frames
    return found


def matched(
    wanted: Iterable[K], there: Iterable[K], loosely: Callable[[K], Hashable]
) -> dict[K, K]:
    """For each wanted key the one that is there: the same, else the only one loosely alike.

    A key that is there is given once only, and never where two wanted ones are as like it.
    """
    wanted, free = list(dict.fromkeys(wanted)), set(there)
    found = {key: key for key in wanted if key in free}
    free -= set(found)
    asking, offered = defaultdict(list), defaultdict(list)
    for key in wanted:
        if key not in found:
            asking[loosely(key)].append(key)
    for key in free:
        offered[loosely(key)].append(key)
    for alike, keys in asking.items():
        if len(keys) == len(offered[alike]) == 1:
            found[keys[0]] = offered[alike][0]
    return found


def name_key(text: str) -> tuple[str | int, ...]:
    """A name without what copies spell differently: `EP02_01f` -> ("ep", 2, 1, "f")."""
    parts = _PARTS.findall(text.casefold())
    return tuple(int(part) if part.isdecimal() else part for part in parts)


def class_folders(top: Path) -> list[str]:
    """Folders below `top` (at most two deep) that are named by expressions, when there are several.

    They are made by others, by whatever labels they had.
    """
    inside = [e for e in children(top) if e.is_dir()]
    for level in (inside, [e for folder in inside for e in children(folder) if e.is_dir()]):
        named = sorted({e.name for e in level if _is_class(e.name)})
        if len(named) > 1:
            return named
    return []


def _is_class(name: str) -> bool:
    return expression_of(name) is not None or name.casefold() in _CLASSES


def not_this(
    title: str, root: Path, expected: str | Iterable[str], *, do: str = ""
) -> NotThisError:
    """The error for a folder that is not the data set: what was looked for, and what is there."""
    looked_for = expected if isinstance(expected, str) else ", or ".join(expected)
    names = [entry.name for entry in children(root)]
    zipped = [name for name in names if name.casefold().endswith((".zip", ".7z", ".rar", ".gz"))]
    return NotThisError(
        Fault(
            f"this is not {title}, as far as can be told",
            where=str(root),
            expected=looked_for,
            got="; ".join(_contents(root)) or "an empty folder",
            do=do
            or (
                f"unpack {', '.join(zipped[:_SHOWN])}"
                if zipped
                else "name the folder that the data set was unpacked into"
            ),
        )
    )


def _contents(root: Path) -> Iterator[str]:
    """What lies in a folder, told shortly: folders by name, files by kind."""
    entries = children(root)
    folders = [f"{e.name}/" for e in entries if e.is_dir()]
    kinds = Counter(e.suffix.casefold() or e.name for e in entries if e.is_file())
    told = [f"{n} x {kind}" for kind, n in kinds.most_common()]
    yield from (few(names, _SHOWN) for names in (folders, told) if names)
