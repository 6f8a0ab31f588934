"""A store at a URL: it appears object by object, the one that makes it a store last.

What is under way at `<name>.partial` is one object, `claim`, with the name of the writer,
a folder of that name with what it has written, and an object `moving` from when it is moved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from facsinterp.activations.keeping.folder import Folder, reaching
from facsinterp.activations.keeping.writing import lives, new_writer
from facsinterp.errors import StoreError

ROOT: Final = "zarr.json"
CLAIM: Final = "claim"
MOVING: Final = "moving"


@contextmanager
def appearing_at_url(url: str, check: Callable[[], None]) -> Iterator[str]:
    """A URL to write a store at, moved to `url` when all went well, else removed.

    `check` raises when the store may not be put at `url`. Raises StoreError when another
    writer is at work for the same `url`.
    """
    target, beside = Folder.at(url), Folder.at(f"{url}.partial")
    writer = new_writer()
    with reaching(url):
        _claim(beside, target, writer)
    own = Folder(beside.files, beside.path(writer))
    try:
        with reaching(url):
            check()
        yield f"{url}.partial/{writer}"
        with reaching(url):
            check()
            _refuse_other(beside, writer)
            beside.files.pipe_file(beside.path(MOVING), b"")
            _move(own, target)
    finally:
        with reaching(url):
            if _claimant(beside) == writer:
                _withdraw(beside, writer, target)
            own.clear()


def _claim(beside: Folder, target: Folder, writer: str) -> None:
    """This writer's name in the claim, what a dead one left removed."""
    found = _claimant(beside)
    if found and not lives(found):
        _withdraw(beside, found, target)
    with suppress(FileExistsError):
        beside.files.pipe_file(beside.path(CLAIM), writer.encode(), mode="create")
    _refuse_other(beside, writer)


def _refuse_other(beside: Folder, writer: str) -> None:
    found = _claimant(beside)
    if found != writer:
        message = (
            f"another process ({found}) is making the store {str(beside).removesuffix('.partial')}"
            f" right now: wait for it. If it died, remove {beside}"
        )
        raise StoreError(message)


def _claimant(beside: Folder) -> str:
    try:
        return str(beside.files.cat_file(beside.path(CLAIM)).decode(errors="replace"))
    except FileNotFoundError:
        return ""


def _move(own: Folder, target: Folder) -> None:
    """The objects of `own` at `target`, in place of what was there."""
    target.remove([ROOT])  # from here on there is no old store
    keys = own.keys()
    target.remove(target.keys())
    for some in ([key for key in keys if key != ROOT], [ROOT]):
        own.files.copy([own.path(key) for key in some], [target.path(key) for key in some])


def _withdraw(beside: Folder, writer: str, target: Folder) -> None:
    """Remove what a writer has written, also what it moved if it did not come to the end."""
    if beside.has(MOVING) and not target.has(ROOT):
        target.remove(Folder(beside.files, beside.path(writer)).keys())
    beside.clear()
