"""What a layout is: a name, the quirks that it can build in, and a writer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cast:
    """How many drawn people a tree holds, and how large they are drawn.

    `sequences` (or clips, videos, single pictures) of each person; `pixels`: the side of a
    face as it is drawn, before a layout scales it to the data set's own size.
    """

    people: int = 6
    sequences: int = 4
    pixels: int = 48
    seed: int = 0


@dataclass(frozen=True)
class Layout:
    """A data set's layout, by the name of the source that reads it."""

    name: str
    title: str
    quirks: Mapping[str, str]
    """Name of each fault or oddity of the real data set, and what it does to the tree."""
    write: Callable[[Path, Cast, frozenset[str]], None]
    """Writes the tree into an empty folder, with these quirks. Same arguments, same bytes."""
