"""Where finished jobs lie: one folder each, which all definitions of an `out` share.

`<out>/.cache/jobs/<key>/` holds what a job left, and `job.json` that says what it was. A
folder has its name only when it is whole. While somebody does a job others who want it wait.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from facsinterp.study.jobs.contract import Job

RECORD: Final = "job.json"


@dataclass(frozen=True)
class Shelf:
    """The finished jobs of an `out` folder."""

    folder: Path

    def place(self, key: str) -> Path:
        """Where the job with this key lies, or will."""
        return self.folder / key

    def has(self, job: Job, key: str) -> bool:
        """Whether a job with this key is finished and left what this one would."""
        place = self.place(key)
        return (place / RECORD).is_file() and job.serves(place)

    @contextmanager
    def writing(self, job: Job, key: str) -> Iterator[Path | None]:
        """A fresh folder to do the job in; None when another process has just done it.

        It takes its place when the context ends; an exception leaves nothing behind.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone(key):
            if self.has(job, key):
                yield None
                return
            partial = Path(tempfile.mkdtemp(prefix=f"{key}.", suffix=".partial", dir=self.folder))
            try:
                yield partial
                record = {"job": type(job).__qualname__, "name": job.name, **job.content()}
                text = json.dumps(record, indent=2, ensure_ascii=False)
                (partial / RECORD).write_text(text, encoding="utf-8")
                # One that serves less, such as without weights, makes room.
                shutil.rmtree(self.place(key), ignore_errors=True)
                partial.rename(self.place(key))
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """While it lasts nobody else does this job. A lock ends with its process, however."""
        path = self.folder / "locks" / key
        path.parent.mkdir(exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            with suppress(OSError):  # a disk without locks: the same bytes are written twice
                fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)


def lend(finished: Path, folder: Path) -> None:
    """What a job left, in another folder too: the same files on the disk where that is possible."""
    for file in finished.rglob("*"):
        if file.is_dir() or file.name == RECORD:
            continue
        place = folder / file.relative_to(finished)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(file)
        except OSError:  # another disk, or one without links
            shutil.copyfile(file, place)
