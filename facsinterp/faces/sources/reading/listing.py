"""Names of many files, each folder read once: no file is asked after by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from facsinterp.faces.pictures import is_junk
from facsinterp.faces.sources.reading.files import walked
from facsinterp.faces.sources.reading.trees import PICTURES

_PICTURES: Final = tuple(PICTURES)


def picture_names(folder: Path) -> list[str]:
    """Names of the pictures directly in a folder, sorted; none where there is no folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if is_picture(e.name))
    except OSError:
        return []


def files_below(root: Path) -> Iterator[str]:
    """Paths of all files below a folder, relative to it, with forward slashes, by name within
    each folder, without what systems leave behind. Linked folders are followed, each once."""
    for inside, names in walked(root):
        relative = below(root, Path(inside))
        prefix = "" if relative == "." else f"{relative}/"
        yield from (prefix + name for name in names)


def is_picture(name: str) -> bool:
    """Whether a name is that of a picture, and of none that a system left behind."""
    return name.casefold().endswith(_PICTURES) and not is_junk(name)


def below(root: Path, path: Path) -> str:
    """A path relative to the data set's folder, with forward slashes."""
    return path.relative_to(root).as_posix()
