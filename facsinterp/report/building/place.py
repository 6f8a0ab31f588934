"""Where a site is made until it is whole: beside its place, by one process, and gone on with.

    <site>.partial/<name>/key      what decides every byte of the site
                          marks/   the files of each finished task
                          site/    the site as far as it is made
                          survey   what the workers share
                   old/            the old site between the two renames of the swap

The swap is two renames. A build that is killed between them leaves no site, but the old one in
`old`: the next build, and `facsinterp serve` when it begins, put it back.

A builder that goes on where another was killed renames `<name>`: workers of the other that
may still be at work then write nowhere.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from facsinterp.errors import CrewError, DataError, Fault, writing
from facsinterp.report.building.keeping import put, same_files
from facsinterp.report.pages.page import File

_MAKING: Final = "making-"


@dataclass(frozen=True)
class Place:
    """The place of one build. Any process may put files; one of them finishes."""

    root: Path
    folder: Path
    """Where the site will stand, and where the old one stands."""

    @property
    def site(self) -> Path:
        """The site as far as it is made."""
        return self.root / "site"

    @property
    def survey(self) -> Path:
        """What the workers share."""
        return self.root / "survey"

    def put(self, file: File) -> list[Any]:
        """Write a file, or keep the one of the old site; gives what `done` knows it by."""
        path = put(self.site, file, self.folder)
        stat = path.stat()
        return [file.address, stat.st_size, stat.st_mtime_ns]

    def mark(self, task: str, files: list[list[Any]], assets: set[str]) -> None:
        """Note a task as finished, once all its files are there."""
        text = json.dumps({"files": files, "assets": sorted(assets)})
        partial = self.root / "marks" / f"{task}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self._mark(task))

    def done(self, task: str) -> bool:
        """Whether a task is finished, and its files are as it left them."""
        try:
            files = json.loads(self._mark(task).read_text(encoding="utf-8"))["files"]
            stats = [(self.site / address).stat() for address, _, _ in files]
        except (OSError, ValueError):
            return False
        return all(
            [stat.st_size, stat.st_mtime_ns] == told
            for stat, (_, *told) in zip(stats, files, strict=True)
        )

    def assets(self) -> list[str]:
        """The site's own files that pages of finished tasks load, in order of their names."""
        marks = (self.root / "marks").glob("*.json")
        told = (json.loads(mark.read_text(encoding="utf-8"))["assets"] for mark in marks)
        return sorted(set().union(*told))

    def finish(self) -> None:
        """Put the site in its place. A site that is there with the same files is not touched."""
        if same_files(self.site, self.folder):
            return
        old = self.root.parent / "old"
        try:
            if os.path.lexists(self.folder):
                self.folder.rename(old)
            self.site.rename(self.folder)
        except BaseException:
            _put_back(old, self.folder)
            raise
        # Only a whole site is called old: what is being removed is never put back.
        if old.exists():
            old.rename(self.root / "old")

    def _mark(self, task: str) -> Path:
        return self.root / "marks" / f"{task}.json"


@contextmanager
def building(folder: Path, key: Callable[[], str]) -> Iterator[Place]:
    """The place to make the site of `folder`, with what an unfinished build of this key left.

    What is made stays for the next build when this one is stopped or its workers are killed;
    any other error removes it. Raises DataError while another process builds this site, and where
    the disk is full or the folder may not be written to.
    """
    partial = _partial(folder)
    with writing("the site", folder), _alone(partial, folder):
        _put_back(partial / "old", folder)
        try:
            yield _begun(partial, folder, key())
        except CrewError:
            raise
        except Exception:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        shutil.rmtree(partial, ignore_errors=True)


def put_back(folder: Path) -> None:
    """The old site in its place where a build was killed between the two renames of its swap.

    Nothing is done while somebody builds there, or where that cannot be written to.
    """
    partial = _partial(folder)
    if os.path.lexists(folder) or not os.path.lexists(partial / "old"):
        return
    with suppress(DataError, OSError), _alone(partial, folder):
        _put_back(partial / "old", folder)


def _partial(folder: Path) -> Path:
    return folder.with_name(folder.name + ".partial")


def _begun(partial: Path, folder: Path, key: str) -> Place:
    place = Place(partial / f"{_MAKING}{uuid.uuid4().hex}", folder)
    for found in list(partial.iterdir()):
        if _key(found) == key and not place.root.exists():
            found.rename(place.root)
        elif found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink()
    for inner in (place.root, place.site, place.root / "marks"):
        inner.mkdir(exist_ok=True)
    (place.root / "key").write_text(key, encoding="utf-8")
    return place


def _key(found: Path) -> str:
    with suppress(OSError, UnicodeDecodeError):
        if found.name.startswith(_MAKING):
            return (found / "key").read_text(encoding="utf-8")
    return ""


def _put_back(old: Path, folder: Path) -> None:
    """The old site in its place, where a swap took it away and did not bring the new one."""
    if os.path.lexists(old) and not os.path.lexists(folder):
        old.rename(folder)


@contextmanager
def _alone(partial: Path, folder: Path) -> Iterator[None]:
    """While it lasts no other process builds there. A lock ends with its process, however."""
    while True:
        partial.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # a builder that ends removes it
            held = os.open(partial, os.O_RDONLY)
            try:
                _lock(held, folder)
                if os.path.samestat(os.fstat(held), partial.stat()):
                    break
            except BaseException:
                os.close(held)
                raise
            os.close(held)
    try:
        yield
    finally:
        os.close(held)


def _lock(held: int, folder: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise DataError(
            Fault(
                "another process is building this site",
                where=str(folder),
                do="wait until it has finished, or stop it; a new build goes on from there",
            )
        ) from None
    except OSError:
        return  # a file system that knows no locks
