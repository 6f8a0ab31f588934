"""Where an activation store lies: found, or refused with what was found; made in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import zarr

from facsinterp.activations.keeping.elsewhere import ROOT, appearing_at_url
from facsinterp.activations.keeping.folder import Folder, place_of, reaching, store_at
from facsinterp.activations.keeping.layout import ATTRIBUTES, READABLE, ZARR_FORMAT
from facsinterp.activations.keeping.writing import lives, new_writer
from facsinterp.errors import StoreError


def is_there(where: Path | str) -> bool:
    """Whether anything is at a path or URL, a store or not."""
    place = place_of(where)
    if isinstance(place, Path):
        return place.exists()
    folder = Folder.at(place)
    with reaching(place):
        return bool(folder.files.exists(folder.root))


def is_begun(where: Path | str) -> bool:
    """Whether there is something that a writer must go on with, or refuse.

    On this machine anything at all; at a URL the root of a group, since a store that was
    being moved there when its writer died is no store yet.
    """
    place = place_of(where)
    if isinstance(place, Path):
        return place.exists()
    with reaching(place):
        return Folder.at(place).has(ROOT)


def open_group(where: Path | str, *, write: bool = False) -> zarr.Group:
    """The zarr group of the activation store at a path or URL, finished or not.

    Nothing can be changed through it but with `write`. Raises StoreError saying what was
    found instead, which format version it has, or which attributes it lacks, or that the
    place cannot be reached; InputError for a URL that needs something to be installed.
    """
    place = place_of(where)
    folder = Folder.at(place)
    with reaching(place):
        if not folder.has(ROOT):
            message = f"no activation store at {place}: found {_found(folder)}"
            raise StoreError(message)
    store = store_at(place, write=write)
    with reaching(place):
        try:
            group = zarr.open_group(store, mode="r+" if write else "r", zarr_format=ZARR_FORMAT)
        except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
            message = f"{place} is damaged: its zarr.json does not describe a group ({error})"
            raise StoreError(message) from error
    _refuse_other_formats(place, group)
    return group


def _refuse_other_formats(place: Path | str, group: zarr.Group) -> None:
    version = group.attrs.get("facsinterp_schema")
    if version is None:
        message = f"no activation store at {place}: found a zarr group without facsinterp_schema"
        raise StoreError(message)
    if version not in READABLE:
        known = " and ".join(str(one) for one in READABLE)
        message = (
            f"{place} has format version {version}; this facsinterp reads versions {known}. "
            "Open it with the facsinterp that wrote it, or sweep again"
        )
        raise StoreError(message)
    lacking = [name for name in ATTRIBUTES if name not in group.attrs]
    if lacking:
        message = f"the activation store {place} is damaged: it lacks {', '.join(lacking)}"
        raise StoreError(message)


def _found(folder: Folder) -> str:
    if folder.files.isfile(folder.root):
        return "a file"
    names = folder.names()
    if not names and not folder.files.exists(folder.root):
        partial = f"{folder.root}.partial"
        begun = folder.files.exists(partial)
        name = partial.rpartition("/")[2]
        return "nothing" + (f", but {name} of a writer that died or is at work" if begun else "")
    if ".zgroup" in names:
        return "a zarr group of format 2"
    return f"a folder with {', '.join(names[:5]) or 'nothing in it'}" + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )


@contextmanager
def appearing(where: Path | str, *, overwrite: bool = False) -> Iterator[Path | str]:
    """A place to write a store in, moved to `where` when all went well, else removed.

    With `overwrite` an activation store at `where` is replaced after that. Anything else
    there is never touched: raises StoreError. So it does when another process made a store
    there meanwhile; what two processes write is never mixed.
    """
    place = place_of(where)

    def check() -> None:
        if is_there(place):
            if not overwrite:
                message = f"{place} is there already; choose another path, or pass overwrite=True"
                raise StoreError(message)
            open_group(place)

    if isinstance(place, Path):
        check()
        with _appearing_at_path(place, check, overwrite=overwrite) as partial:
            yield partial
    else:
        with appearing_at_url(place, check) as partial_url:
            yield partial_url


@contextmanager
def _appearing_at_path(path: Path, check: Callable[[], None], *, overwrite: bool) -> Iterator[Path]:
    """As `appearing`. `<name>.partial` has a folder for each process that writes."""
    beside = path.with_name(path.name + ".partial")
    with reaching(path):
        partial = _own_folder(beside)
    try:
        yield partial
        check()
        with reaching(path):
            _rename(partial, path, overwrite=overwrite)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):
            beside.rmdir()  # others may be in there


def _own_folder(beside: Path) -> Path:
    """A new folder in `beside`, and all removed there that no living writer owns."""
    partial = beside / new_writer()
    while True:
        # Another writer may end, and remove `beside`, between the making of the two.
        with suppress(FileNotFoundError):
            partial.mkdir(parents=True)
            break
    for found in beside.iterdir():
        if not lives(found.name.partition(".")[0]):
            if found.is_dir():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink(missing_ok=True)
    return partial


def _rename(partial: Path, path: Path, *, overwrite: bool) -> None:
    """`partial` in the place of `path`; an old store there is removed after that."""
    old = partial.with_name(partial.name + ".old")
    try:
        if overwrite:
            with suppress(FileNotFoundError):
                os.rename(path, old)
        os.rename(partial, path)
    except OSError as error:
        if not path.exists():
            raise
        message = f"another process made {path} meanwhile: what was made here is removed"
        raise StoreError(message) from error
    finally:
        if old.exists() and not path.exists():
            os.rename(old, path)
        shutil.rmtree(old, ignore_errors=True)
