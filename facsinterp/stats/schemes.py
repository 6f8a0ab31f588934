"""Rows and schemes: what a null may know of the rows, and how it lets their labels move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, InputError

Names = NDArray[np.str_]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """What a null may know of the rows: never an activation, never a label.

    Every array is (n,) text, "" where not known. `takes` names the take that each frame is
    of; it is "" everywhere where a row is a whole sequence.
    """

    subjects: Names
    emotions: Names
    takes: Names

    @classmethod
    def of(
        cls, subjects: ArrayLike, emotions: ArrayLike | None = None, takes: ArrayLike | None = None
    ) -> Self:
        """Rows from their subjects and, where known, emotions and takes.

        Raises InputError unless all have the same length.
        """
        first = np.asarray(subjects).astype(np.str_)
        rest = [
            np.full(len(first), "", dtype=np.str_)
            if given is None
            else np.asarray(given).astype(np.str_)
            for given in (emotions, takes)
        ]
        if first.ndim != 1 or any(given.shape != first.shape for given in rest):
            shapes = [given.shape for given in (first, *rest)]
            raise InputError(
                Fault(
                    "subjects, emotions and takes do not belong to the same rows",
                    expected="one of each for each row",
                    got=", ".join(map(str, shapes)),
                )
            )
        return cls(first, *rest)

    def select(self, rows: ArrayLike) -> Rows:
        """Some of the rows, by position or by a mask."""
        chosen = np.asarray(rows)
        return Rows(self.subjects[chosen], self.emotions[chosen], self.takes[chosen])

    def __len__(self) -> int:
        return len(self.subjects)


@dataclass(frozen=True)
class Scheme:
    """How whole label rows may move; three numbers for each row, every array (n,).

    Rows of one `group` move together, and row p of a group takes the place of row p of
    another: `place` is that order, 0, 1, ... in each group. Groups of one `stratum` have one
    size and may change places. A row alone in its stratum stays where it is.
    """

    group: Positions
    place: Positions
    stratum: Positions

    def __post_init__(self) -> None:
        """Refuse what is no scheme: groups of one stratum that differ in size."""
        groups, size = groups_in_strata(self)
        rows = np.bincount(numbered(self.stratum))
        sizes = np.bincount(numbered(self.group))[numbered(self.group)]
        if (groups * size != rows).any() or (sizes != size[numbered(self.stratum)]).any():
            message = "groups of one stratum differ in size"
            raise ValueError(message)

    @property
    def singly(self) -> bool:
        """Whether each row moves by itself, so that closed forms by stratum hold."""
        return len(np.unique(self.group)) == len(self.group)

    @classmethod
    def of_blocks(cls, blocks: ArrayLike) -> Self:
        """Every row moves by itself among the rows of its block (n,)."""
        stratum = numbered(np.asarray(blocks))
        return cls(np.arange(len(stratum)), np.zeros(len(stratum), dtype=np.int64), stratum)

    @classmethod
    def of_groups(cls, groups: ArrayLike, pools: ArrayLike) -> Self:
        """Groups (n,) of one pool (n,) and one size change places, in the order of their rows.

        A pool may hold groups of several sizes: they form one stratum for each size.
        """
        group, pool = numbered(np.asarray(groups)), np.asarray(pools)
        size = np.bincount(group)[group]
        by_group = np.argsort(group, kind="stable")
        first = np.searchsorted(group[by_group], group[by_group])
        place = np.empty_like(group)
        place[by_group] = np.arange(len(group)) - first
        return cls(group, place, joint(numbered(pool), size))


def numbered(values: NDArray[np.generic]) -> Positions:
    """0, 1, ... for each value, in the order of the values."""
    return np.asarray(np.unique(values, return_inverse=True)[1], dtype=np.int64)


def joint(first: Positions, second: Positions) -> Positions:
    """A number for each pair of two numbers from 0 on."""
    return first * (int(second.max(initial=0)) + 1) + second


def groups_in_strata(scheme: Scheme) -> tuple[Positions, Positions]:
    """How many groups each stratum has, and their size."""
    rows = np.bincount(numbered(scheme.stratum))
    first = np.unique(scheme.group, return_index=True)[1]
    groups = np.bincount(numbered(scheme.stratum)[first])
    return groups, rows // np.maximum(groups, 1)
