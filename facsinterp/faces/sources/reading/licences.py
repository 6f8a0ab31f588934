"""Whether a data set's own licence file lets everybody show its pictures.

Data that only shares the layout of a restricted set (rendered faces laid out like CK+, say)
carries its own licence; the restrictions of the original are not its terms. Nothing tells such
a licence from that of a program which somebody put beside the restricted pictures, so that
one decided is always told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.terms import Terms

Showable = Literal["licence", "all"]
"""Who may be shown: as the data set's licence says, or everybody, which the user then answers
for."""

# Titles of licences that let everybody show what they cover. A file counts only when it
# begins with one: a sentence about licences is none.
OPEN: Final = (
    "MIT License",
    "Apache License",
    "BSD 2-Clause License",
    "BSD 3-Clause License",
    "Attribution 4.0 International",
    "Creative Commons Attribution 4.0 International",
    "CC0 1.0 Universal",
)
_NAMES: Final = ("licence", "license", "copying")
_DRAWN: Final = "These faces were drawn by facsinterp; no person is shown."
"""How the licence of a tree of drawn faces goes on below its title."""


def terms_of(
    root: Path,
    title: str,
    text: str,
    asked: Showable,
    notes: Notes,
    *,
    showable: frozenset[str] | None = frozenset(),
    hidden: frozenset[str] = frozenset(),
    licensable: bool = True,
) -> Terms:
    """The terms of a restricted data set, unless the folder's own licence or the user differ.

    `showable` and `hidden`: the subjects that the data set's terms let everybody show, or
    forbid to show; usually nobody is allowed. An open licence does not show the hidden ones,
    and lifts nothing where nobody could give one (`licensable`); `notes` tells which file
    decided. Drawn faces may all be shown.
    """
    licence = open_licence(root)
    if licence is None:
        return Terms(title, text, None if asked == "all" else showable, hidden, False)
    words = f"{licence.name} in the data's folder lets everybody show the faces."
    if licence.of_drawn_faces:
        return Terms(f"data in the layout of {title}", words)
    if not licensable:
        notes.warn(f"{licence.name} lies here; it is not taken for a licence of the pictures")
        return Terms(title, text, None if asked == "all" else showable, hidden, False)
    but = f", but {', '.join(sorted(hidden))}" if hidden else ""
    notes.warn(
        f"{licence.name} is taken for the licence of these faces: reports show them{but}. If it "
        f"is only that of a program or of a copy, the terms of {title} hold: move the file away"
    )
    source = f"data in the layout of {title}"
    return Terms(source, words, None, hidden, redistributable=not hidden)


@dataclass(frozen=True)
class Licence:
    """An open licence file."""

    name: str
    """`MIT License (LICENSE.txt)`."""
    of_drawn_faces: bool


def open_licence(root: Path) -> Licence | None:
    """The open licence file directly in `root`, that of drawn faces before others, or None."""
    found = []
    for file in sorted(root.iterdir()):
        if file.is_file() and file.name.lower().startswith(_NAMES):
            title, begin = _beginning(file)
            names = [name for name in OPEN if title.lower() == name.lower()]
            found += [Licence(f"{name} ({file.name})", begin.startswith(_DRAWN)) for name in names]
    return min(found, key=lambda licence: not licence.of_drawn_faces, default=None)


def _beginning(file: Path) -> tuple[str, str]:
    """The first two lines that are not empty."""
    with file.open(encoding="utf-8", errors="replace") as text:
        lines = (line.strip() for line in text if line.strip())
        return next(lines, ""), next(lines, "")
