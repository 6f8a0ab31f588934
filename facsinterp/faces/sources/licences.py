"""Whether a data set's own licence file lets everybody show its pictures.

Data that only shares the layout of a restricted set (rendered faces laid out like CK+, say)
carries its own licence; the restrictions of the original are not its terms.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

# What the text of a licence that allows publication says of itself.
OPEN: Final = (
    "MIT License",
    "Apache License",
    "BSD License",
    "Creative Commons",
    "CC0",
    "CC BY",
    "public domain",
)
_NAMES: Final = ("licence", "license", "copying")
_READ: Final = 4096
"""A licence names itself at its beginning."""


def open_licence(root: Path) -> str | None:
    """`MIT License (LICENSE.txt)` for an open licence file directly in `root`, else None."""
    for file in sorted(root.iterdir()):
        if file.is_file() and file.name.lower().startswith(_NAMES):
            with file.open(encoding="utf-8", errors="replace") as text:
                beginning = text.read(_READ).lower()
            for name in OPEN:
                if name.lower() in beginning:
                    return f"{name} ({file.name})"
    return None
