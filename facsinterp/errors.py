"""The exceptions that a user of facsinterp can meet.

    FacsinterpError
    ├── InputError (ValueError)      what was given cannot be used; lists every fault at once
    │   ├── DefinitionError          a study definition
    │   ├── DataError                a folder, file or table of faces
    │   │   └── NotThisError         a folder that is another data set, or none
    │   ├── WeightsError             a checkpoint
    │   └── SchemaError              a labelled table that does not hold what its type promises
    ├── StoreError                   an activation store cannot be used
    │   ├── IncompleteStoreError     the sweep that writes it has not finished
    │   └── StaleStoreError          it was made from other weights, faces or settings
    ├── ActivationError              a network answered with NaN or infinity
    ├── CrewError                    the workers of a sweep are gone, differ, or die of it
    ├── TrainingError                training cannot give a usable network
    └── PluginError                  a study plug-in is unknown, broken or named twice

An `InputError` carries `Fault`s: what is wrong, where, what was expected, what was
found, and what to do about it.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with an input, told so that it can be mended."""

    what: str
    where: str = ""
    expected: str = ""
    got: str = ""
    do: str = ""

    def __str__(self) -> str:
        lines = [self.what]
        for name, text in (
            ("where", self.where),
            ("expected", self.expected),
            ("got", self.got),
            ("do", self.do),
        ):
            if text:
                lines.append(f"  {name + ':':<10}{text}")
        return "\n".join(lines)


class FacsinterpError(Exception):
    """Anything that facsinterp refuses to do, with the reason."""


class InputError(FacsinterpError, ValueError):
    """What was given cannot be used. `faults` holds every reason that was found."""

    def __init__(self, faults: Iterable[Fault] | Fault | str) -> None:
        if isinstance(faults, str):
            faults = Fault(faults)
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__(_listed(self.faults))

    @classmethod
    def raise_any(cls, faults: Iterable[Fault]) -> None:
        """Raise if there is at least one fault, with all of them."""
        found = tuple(faults)
        if found:
            raise cls(found)

    def inside(self, where: str) -> Self:
        """The same error, each fault's place prefixed by `where`."""
        return type(self)(
            Fault(
                fault.what,
                f"{where}: {fault.where}" if fault.where else where,
                fault.expected,
                fault.got,
                fault.do,
            )
            for fault in self.faults
        )


def _listed(faults: tuple[Fault, ...]) -> str:
    """Several faults with their number first and a blank line before each."""
    if len(faults) == 1:
        return str(faults[0])
    return "\n\n".join([f"{len(faults)} faults:", *map(str, faults)])


class DefinitionError(InputError):
    """A study definition cannot be run."""


class DataError(InputError):
    """A folder, file or table of faces cannot be read."""


class NotThisError(DataError):
    """A folder is not the data set that was looked for; it may be around it, or a part of it."""


@contextmanager
def writing(what: str, folder: Path) -> Iterator[None]:
    """While it lasts, a full disk or a folder that may not be written to is a DataError.

    `what` is written to `folder` and to places beside it whose names begin with its name; other
    errors of the system pass as they are.
    """
    try:
        yield
    except OSError as error:
        inside = str(error.filename or folder).startswith(str(folder))
        if error.errno in _FULL:
            do = "make room on the disk, or write to another one, then do the same again"
        elif (error.errno in _REFUSED and inside) or error.errno == errno.EROFS:
            do = "choose a folder that may be written to, or change its permissions"
        else:
            raise
        told = error.strerror or str(error)
        raise DataError(
            Fault(f"{what} cannot be written", str(error.filename or folder), got=told, do=do)
        ) from error


class WeightsError(InputError):
    """A checkpoint cannot be loaded safely, or does not fit the network."""


class SchemaError(InputError):
    """A labelled table does not hold what its type promises."""


class StoreError(FacsinterpError):
    """An activation store cannot be used."""


class IncompleteStoreError(StoreError):
    """The sweep that writes this store has not finished."""


class StaleStoreError(StoreError):
    """A store was made from other weights, faces or settings than asked for."""


class ActivationError(FacsinterpError):
    """A network answered with NaN or infinity."""


class CrewError(FacsinterpError):
    """The workers of a sweep are gone, have other versions, or die of their work."""


class TrainingError(FacsinterpError):
    """Training cannot give a usable network."""


class PluginError(FacsinterpError):
    """A study plug-in is unknown, broken, or named twice."""
