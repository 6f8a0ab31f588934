"""Which file of a folder of reports a request may see: those of its sites, and no others.

A site is known by its first page, its methods and its style together, so that a stray
`index.html` makes no folder one; a folder with a `.zarr` in it never is. A run's folder also
holds its activations, with thumbnails of faces that may not be shown, and its weights. They are
nobody's to fetch.
"""

from __future__ import annotations

import html
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from facsinterp.report.building.place import put_back

SITE: Final = "site"
INDEX: Final = "index.html"
_MARKS: Final = (INDEX, "methods.html", "assets/style.css")  # what every site has, and little else
_STORE: Final = ".zarr"
_DEEPEST: Final = 3  # <name>/<id>/site
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}"
    ":root{color-scheme:light dark}"
)


@dataclass(frozen=True)
class Sites:
    """The sites in a folder: the folder itself, that of a run, or those of many runs. Final."""

    folder: Path

    def found(self) -> Iterator[tuple[str, ...]]:
        """Where each site lies, as names from the folder on, in order."""
        places: list[tuple[str, ...]] = [()] if self._is_site(()) else []
        for depth in range(_DEEPEST):
            pattern = "/".join([*["*"] * depth, SITE, INDEX])
            paths = sorted(path.parent.relative_to(self.folder) for path in self._glob(pattern))
            places += [path.parts for path in paths if self._is_site(path.parts)]
        yield from places

    def mend(self) -> None:
        """Put back the sites that a build took away and was killed before it brought new ones."""
        for depth in range(_DEEPEST):
            pattern = "/".join([*["*"] * depth, f"{SITE}.partial", "old"])
            for old in self._glob(pattern):
                put_back(old.parent.with_name(SITE))

    def _glob(self, pattern: str) -> Iterator[Path]:
        try:
            yield from self.folder.glob(pattern)
        except OSError:
            return

    def file(self, parts: tuple[str, ...]) -> Path | None:
        """The file at these names, once known to lie in a site; None for any other."""
        for depth in range(min(len(parts), _DEEPEST + 1)):
            if self._is_site(parts[:depth]):
                site = self._inside(self.folder, parts[:depth])
                file = None if site is None else self._inside(site, parts[depth:])
                if file is not None and file.is_file():
                    return file
        return None

    def _is_site(self, parts: tuple[str, ...]) -> bool:
        if parts and parts[-1] != SITE:
            return False
        site = self._inside(self.folder, parts)
        return (
            site is not None
            and all((site / mark).is_file() for mark in _MARKS)
            and not _holds_store(site)
        )

    @staticmethod
    def _inside(folder: Path, parts: tuple[str, ...]) -> Path | None:
        """What lies there after all links, unless it is elsewhere or has a dot before its name."""
        try:
            top = folder.resolve(strict=True)
            found = top.joinpath(*parts).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            return None
        if not found.is_relative_to(top):
            return None
        inside = found.relative_to(top).parts
        hidden = any(part.startswith(".") or part.endswith(_STORE) for part in inside)
        return None if hidden else found

    def listing(self) -> bytes:
        """A page of links to every site."""
        lines = "".join(
            f'<li><a href="{address([*parts, INDEX])}">'
            f"{html.escape('/'.join(map(_shown, parts[:-1])))}</a>\n"
            for parts in self.found()
            if parts
        )
        text = (
            '<!doctype html>\n<html lang="en-GB"><meta charset="utf-8"><title>Reports</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{_STYLE}</style>\n<main><h1>Reports</h1>\n"
            + (f"<ul>\n{lines}</ul>" if lines else "<p>No report is finished here.")
            + "</main></html>\n"
        )
        return text.encode()


def _holds_store(folder: Path) -> bool:
    """Whether activations lie in it: then it is the folder of a run, whatever else it holds."""
    try:
        with os.scandir(folder) as found:
            return any(one.name.endswith(_STORE) for one in found)
    except OSError:
        return True


def names_of(target: str) -> tuple[str, ...] | None:
    """The names in the path of a request, decoded once; None where one could lead elsewhere.

    The last is empty where the path ends with a slash.
    """
    path = target.partition("?")[0].partition("#")[0]
    if not path.startswith("/"):
        return None
    names = tuple(unquote(name, errors="surrogateescape") for name in path[1:].split("/"))
    return None if "" in names[:-1] or any(map(_refused, names)) else names


def _refused(name: str) -> bool:
    return name.startswith(".") or any(one in "/\\\x7f" or one < " " for one in name)


def opened(file: Path) -> tuple[int, os.stat_result] | None:
    """A regular file to read and what is known of it; the caller closes. None for any other."""
    try:
        held = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    state = os.fstat(held)
    if stat.S_ISREG(state.st_mode):
        return held, state
    os.close(held)
    return None


def address(names: Iterable[str]) -> str:
    """The path of a link to what lies at these names."""
    return "".join("/" + quote(name, safe="", errors="surrogateescape") for name in names)


def _shown(name: str) -> str:
    """A name as text; what is no text in it as marks."""
    return name.encode(errors="replace").decode()
