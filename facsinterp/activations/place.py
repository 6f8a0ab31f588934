"""Where an activation store lies: found, or refused with what was found; made in one step."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import zarr

from facsinterp.activations.layout import ATTRIBUTES, FORMAT, ZARR_FORMAT
from facsinterp.errors import StoreError


def open_group(path: Path, *, write: bool = False) -> zarr.Group:
    """The zarr group of the activation store at `path`, finished or not.

    Raises StoreError saying what was found instead, which format version it has, or
    which attributes it lacks.
    """
    if not (path / "zarr.json").is_file():
        message = f"no activation store at {path}: found {_found(path)}"
        raise StoreError(message)
    try:
        group = zarr.open_group(path, mode="r+" if write else "r", zarr_format=ZARR_FORMAT)
    except (ValueError, KeyError, TypeError, FileNotFoundError) as error:
        message = f"{path} is damaged: its zarr.json does not describe a group ({error})"
        raise StoreError(message) from error
    version = group.attrs.get("facsinterp_schema")
    if version is None:
        message = f"no activation store at {path}: found a zarr group without facsinterp_schema"
        raise StoreError(message)
    if version != FORMAT:
        message = (
            f"{path} has format version {version}; this facsinterp reads version {FORMAT}. "
            "Open it with the facsinterp that wrote it, or sweep again"
        )
        raise StoreError(message)
    lacking = [name for name in ATTRIBUTES if name not in group.attrs]
    if lacking:
        message = f"the activation store {path} is damaged: it lacks {', '.join(lacking)}"
        raise StoreError(message)
    return group


def _found(path: Path) -> str:
    if path.is_file():
        return "a file"
    if not path.exists():
        begun = partial_of(path).exists()
        return "nothing" + (f", but {partial_of(path).name} of a writer that died" if begun else "")
    if (path / ".zgroup").is_file():
        return "a zarr group of format 2"
    names = sorted(entry.name for entry in path.iterdir())
    return f"a folder with {', '.join(names[:5]) or 'nothing in it'}" + (
        f" and {len(names) - 5} more" if len(names) > 5 else ""
    )


def partial_of(path: Path) -> Path:
    """The name under which a store is written before it appears at `path`."""
    return path.with_name(path.name + ".partial")


@contextmanager
def appearing(path: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A folder to write a store in, renamed to `path` when all went well, else removed.

    With `overwrite` an activation store at `path` is replaced after that. Anything else
    there is never touched: raises StoreError.
    """
    if path.exists():
        if not overwrite:
            message = f"{path} is there already; choose another path, or pass overwrite=True"
            raise StoreError(message)
        open_group(path)
    partial = partial_of(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(partial, ignore_errors=True)
    try:
        yield partial
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if path.exists():
        shutil.rmtree(path)
    os.rename(partial, path)
