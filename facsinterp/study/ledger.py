"""Which steps of a run are done, and from what: so that a repeated run recomputes nothing.

A run folder keeps `steps.json`: the key of each finished step, written after its output. A
step is skipped when its key is there unchanged and its output still stands.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE_NAME: Final = "steps.json"


class Ledger:
    """The finished steps of one run folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / FILE_NAME

    def keys(self) -> dict[str, str]:
        """Key of each finished step; empty for a new folder or an unreadable ledger."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return dict(found) if isinstance(found, dict) else {}

    def has(self, step: str, key: str) -> bool:
        """Whether this step was finished with this key and its output is still there."""
        return self.keys().get(step) == key and (self.folder / step).exists()

    def mark(self, step: str, key: str) -> None:
        """Note a step as finished; call it after its output stands."""
        keys = {**self.keys(), step: key}
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(keys, indent=2, sort_keys=True), encoding="utf-8")
        partial.replace(self._file)

    @contextmanager
    def writing(self, step: str, key: str) -> Iterator[Path]:
        """A fresh folder to write a step's output in; it takes its place only when whole.

        An exception leaves neither the new output nor the partial folder behind.
        """
        final = self.folder / step
        partial = final.with_name(final.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            _remove_empty(partial.parent, self.folder)
            raise
        discard(final)
        partial.replace(final)
        self.mark(step, key)


def _remove_empty(folder: Path, top: Path) -> None:
    """Take away the empty folders that a failed step made, up to the run's own."""
    while folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        if folder == top:
            return
        folder = folder.parent


def discard(output: Path) -> None:
    """Remove a file or folder if it is there; a folder is gone from its place at once."""
    if output.is_dir():
        going = output.with_name(f"{output.name}.going")
        shutil.rmtree(going, ignore_errors=True)
        output.rename(going)
        shutil.rmtree(going)
    else:
        output.unlink(missing_ok=True)
