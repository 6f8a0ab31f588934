"""What a folder holds, to see whether something wrote to it."""

from __future__ import annotations

import hashlib
from pathlib import Path


def contents(folder: Path, left_out: Path | None = None) -> dict[str, str]:
    """Hash of each file of a folder by its relative path."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and left_out not in file.parents
    }
