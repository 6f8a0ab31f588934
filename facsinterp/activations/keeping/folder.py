"""A folder on this machine or at any URL that fsspec reaches, and what is in it.

What is at a URL are objects under a common prefix: there is no renaming of folders, and
most have no folders at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self, final

import fsspec
import zarr.storage

from facsinterp.errors import FacsinterpError, Fault, InputError, StoreError

# Others write there too: what was listed before is not what is there now.
_FRESH: Final = {"use_listings_cache": False}


def place_of(where: Path | str) -> Path | str:
    """A Path for what is on this machine (also `file://`), else the URL without a slash at the end.

    Raises InputError for a URL that names no folder of its own.
    """
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return Path(where)
    if text.startswith(("file://", "local://")):
        return Path(fsspec.core.strip_protocol(text))
    url = text.rstrip("/")
    inside = url.rpartition("://")[2]
    # A bucket has no place beside it to write in; fsspec reads these signs as patterns.
    if "/" not in inside and not url.startswith("memory://"):
        raise InputError(Fault("the URL names no folder", text, expected="s3://bucket/name.zarr"))
    if not inside or set(inside) & set("*?[]"):
        raise InputError(Fault("the URL is no name of one folder", url, expected="none of * ? [ ]"))
    return url


def store_at(place: Path | str, *, write: bool) -> zarr.storage.StoreLike:
    """What zarr opens to read, or to read and write, at a place that `place_of` gave."""
    if isinstance(place, Path):
        return place
    with reaching(place):
        return zarr.storage.FsspecStore.from_url(place, dict(_FRESH), read_only=not write)


@contextmanager
def reaching(place: Path | str) -> Iterator[None]:
    """Errors of file systems and networks inside, told as ours.

    Raises InputError for a kind of URL that is not known or not installed, StoreError for
    a place that does not answer or may not be used.
    """
    try:
        yield
    except FacsinterpError:
        raise
    except ImportError as error:
        what = "this kind of URL needs a package that is not installed"
        raise InputError(Fault(what, str(place), do=str(error))) from error
    except Exception as error:  # each file system has exceptions of its own
        if isinstance(error, ValueError) and "Protocol not known" in str(error):
            kinds = "a path, or a URL that fsspec knows: s3://, gs://, az://, memory:// ..."
            raise InputError(Fault("unknown kind of URL", str(place), expected=kinds)) from error
        message = (
            f"{place} cannot be used ({type(error).__name__}: {error}): check the address, the "
            "connection, and that you are signed in and may read and write there"
        )
        raise StoreError(message) from error


@final
@dataclass(frozen=True)
class Folder:
    """One folder; nothing need be there."""

    files: Any
    """The fsspec file system."""
    root: str

    @classmethod
    def at(cls, place: Path | str) -> Self:
        """The folder at a path or URL. Raises InputError when fsspec has no way to it."""
        if isinstance(place, Path):
            return cls(fsspec.filesystem("file"), str(place.absolute()))
        with reaching(place):
            return cls(*fsspec.core.url_to_fs(str(place), **_FRESH))

    def __str__(self) -> str:
        return str(self.files.unstrip_protocol(self.root))

    def path(self, key: str) -> str:
        """What the file system calls one object of this folder."""
        return f"{self.root}/{key}"

    def has(self, key: str) -> bool:
        """Whether this object is there."""
        return bool(self.files.isfile(self.path(key)))

    def names(self) -> list[str]:
        """The names right in this folder, sorted; none if it is not there."""
        with suppress(FileNotFoundError, NotADirectoryError):
            paths = self.files.ls(self.root, detail=False)
            return sorted(path.rstrip("/").rpartition("/")[2] for path in paths)
        return []

    def keys(self) -> list[str]:
        """Every object under this folder, in any depth, sorted."""
        with suppress(FileNotFoundError):
            start = self.root + "/"
            paths = self.files.find(self.root)
            return sorted(path.removeprefix(start) for path in paths if path.startswith(start))
        return []

    def remove(self, keys: list[str]) -> None:
        """Remove these objects, those that are there."""
        for key in keys:
            with suppress(FileNotFoundError):
                self.files.rm_file(self.path(key))

    def clear(self) -> None:
        """Remove the folder with all that is in it."""
        with suppress(FileNotFoundError):
            self.files.rm(self.root, recursive=True)
