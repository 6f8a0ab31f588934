"""Files of a new site that are those of the old one: linked, so that they stay what they are."""

from __future__ import annotations

import filecmp
import os
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from facsinterp.report.pages.page import File


def put(site: Path, file: File, old: Path) -> Path:
    """`file` in the folder `site`; one with the same bytes in the site `old` is kept as it is.

    Folders are made below `site` only. Raises ValueError for an address that leads out of it.
    """
    address = PurePosixPath(file.address)
    if address.is_absolute() or ".." in address.parts or not address.parts:
        message = f"no address inside a site: {file.address}"
        raise ValueError(message)
    for folder in reversed(address.parents[:-1]):
        (site / folder).mkdir(exist_ok=True)
    path, before = site / address, old / address
    # A file left there may be a link to one of the old site: it is never written into.
    path.unlink(missing_ok=True)
    if not _holds(before, file.content):
        path.write_bytes(file.content)
        return path
    try:
        os.link(before, path, follow_symlinks=False)
    except OSError:  # another disk, or a file system without links
        shutil.copy2(before, path)
    return path


def _holds(path: Path, content: bytes) -> bool:
    try:
        there = path.lstat()
        plain = os.path.isfile(path) and not path.is_symlink()
        return plain and there.st_size == len(content) and path.read_bytes() == content
    except OSError:
        return False


def same_files(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files with the same bytes."""
    if not other.is_dir() or other.is_symlink():
        return False
    names = sorted(_names(one))
    return names == sorted(_names(other)) and all(_same(one / name, other / name) for name in names)


def _same(one: Path, other: Path) -> bool:
    if other.is_symlink():
        return False
    return os.path.samefile(one, other) or filecmp.cmp(one, other, shallow=False)


def _names(folder: Path) -> Iterator[str]:
    """Every file under a folder; a link to a folder is one too, and nothing is looked for in it."""
    for top, folders, files in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(top, name))]
        yield from (os.path.relpath(os.path.join(top, name), folder) for name in [*files, *links])
