"""Whether a data set's own licence file lets everybody show its pictures.

Data that only shares the layout of a restricted set (rendered faces laid out like CK+, say)
carries its own licence; the restrictions of the original are not its terms.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

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


def open_licence(root: Path) -> str | None:
    """`MIT License (LICENSE.txt)` for an open licence file directly in `root`, else None."""
    for file in sorted(root.iterdir()):
        if file.is_file() and file.name.lower().startswith(_NAMES):
            title = _first_line(file).lower()
            for name in OPEN:
                if title == name.lower():
                    return f"{name} ({file.name})"
    return None


def _first_line(file: Path) -> str:
    with file.open(encoding="utf-8", errors="replace") as text:
        return next((line.strip() for line in text if line.strip()), "")
