"""Who writes a store: a name for this writer that tells others whether it still lives."""

from __future__ import annotations

import os
import platform
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from facsinterp.errors import StoreError


def new_writer() -> str:
    """A name that no other writer has: machine, process and a random part."""
    return f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def lives(writer: str) -> bool:
    """Whether the writer of this name may still be at work.

    Only a process of this machine can be known to be gone; one elsewhere may live. What is
    no name of a writer does not live.
    """
    found = re.fullmatch(r"(\w*)-(\d+)-[0-9a-f]{8}", writer)
    if found is None:
        return False
    if found[1] != _machine():
        return True
    try:
        os.kill(int(found[2]), 0)  # signal 0 asks and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def alone(path: Path | str) -> Iterator[None]:
    """While it lasts, no other process goes on with the store at `path`.

    `<name>.writer` beside the store names who does; what a dead writer left is taken over.
    Raises StoreError when another one may be at work. At a URL nothing is guarded.
    """
    if not isinstance(path, Path):
        yield
        return
    mark = path.with_name(path.name + ".writer")
    me = new_writer()
    _take(mark, me)
    try:
        yield
    finally:
        if mark.exists() and mark.read_text(encoding="utf-8") == me:
            mark.unlink()


def _take(mark: Path, me: str) -> None:
    if mark.exists():
        other = mark.read_text(encoding="utf-8", errors="replace")
        if lives(other):
            message = (
                f"another process ({other}) is sweeping to {mark.with_suffix('')}: wait for it, or "
                f"remove {mark} if it is gone"
            )
            raise StoreError(message)
        mark.unlink(missing_ok=True)
    try:
        with mark.open("x", encoding="utf-8") as file:
            file.write(me)
    except FileExistsError as error:
        message = f"another process began to sweep to {mark.with_suffix('')} just now"
        raise StoreError(message) from error


def _machine() -> str:
    return re.sub(r"\W", "_", platform.node())
