"""What opens pictures: a protocol, and the reason why one was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class Skip:
    """One picture that was left out, and why."""

    path: str
    reason: str


class Pictures(Protocol):
    """Something that opens pictures by the `path` column of a face table."""

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Sixteen hex digits of the content of these pictures, in order; names do not count."""
        ...

    def open(self, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Each picture in order, (row, col) grey or (row, col, 3) RGB; a `Skip` if it has none."""
        ...


@dataclass(frozen=True, eq=False)
class Opened:
    """One picture or the reason why there is none, and the digest of what it was made from."""

    picture: Picture | Skip
    digest: str


@runtime_checkable
class SinglePictures(Pictures, Protocol):
    """Pictures that threads can open one by one, each fingerprinted as it is read."""

    def one(self, path: str) -> Opened:
        """One picture; called by several threads at a time."""
        ...

    def fingerprint_of(self, digests: Sequence[str]) -> str:
        """What `fingerprint` gives for the paths that `one` gave these digests for, in order."""
        ...
