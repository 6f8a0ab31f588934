"""What crosses a split: subjects, sequences and equal pictures that are on two sides of a fold.

Folds of whole subjects part people by their names, so that only pictures can cross them: of a
person under two names. Official splits of data sets without subjects are crossed more often.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.alike import equal_groups
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable

Kind = Literal["subjects", "sequences", "pictures"]
Sides = tuple[Literal["train", "validation"], Literal["validation", "test"]]
Rows = NDArray[np.int64]

SIDES: Final[tuple[Sides, ...]] = (
    ("train", "test"),
    ("train", "validation"),
    ("validation", "test"),
)
"""Pairs of sides. The first has seen what the second is to judge."""
_SHOWN: Final = 3
_NONE: Final = -1
_SAID: Final = {
    "subjects": "subjects are on two sides of a split, so that held-out people were seen before",
    "sequences": "sequences are on two sides of a split, so that held-out moments were seen before",
    "pictures": "pictures that are equal in every pixel are on two sides of a split",
}


@dataclass(frozen=True)
class Crossing:
    """What is on two sides of one fold."""

    fold: str
    kind: Kind
    sides: Sides
    count: int
    """Subjects or sequences on both sides; pictures of the second side with a copy on the first."""
    conflicting: int
    """Those of these pictures that have a copy with another expression there; else 0."""
    names: tuple[str, ...]
    """The first three: subjects, sequences, or "copy = picture"."""


def crossings(folds: Sequence[Fold], faces: FaceTable, pixels: Pixels) -> tuple[Crossing, ...]:
    """What crosses each fold, kind by kind. `pixels`: the prepared pictures of these faces.

    Pictures are copies when they are equal in every pixel after they were prepared. An unknown
    subject or sequence crosses nothing, and an unknown expression conflicts with none.
    """
    looks = (
        partial(_of_names, "subjects", *numbered(faces.column("subject"))),
        partial(_of_names, "sequences", *numbered(faces.column("sequence"))),
        partial(
            _of_pictures, faces.images, copies_of(pixels), numbered(faces.column("expression"))[1]
        ),
    )
    found = (look(fold, sides) for look in looks for fold in folds for sides in SIDES)
    return tuple(one for one in found if one.count)


def copies_of(pixels: Pixels) -> Rows:
    """(image,) number of the picture that several images show; -1 for one that is alone."""
    return _copies_of(pixels)


@lru_cache(maxsize=1)
def _copies_of(pixels: Pixels) -> Rows:
    # A run asks for each of its networks, of the same pictures.
    prints = [hashlib.blake2b(one.tobytes(), digest_size=16).hexdigest() for one in pixels.array]
    numbers = numbers_of(equal_groups(prints), len(prints))
    numbers.flags.writeable = False
    return numbers


def numbers_of(groups: Sequence[Sequence[int]], count: int) -> Rows:
    """(count,) number of the group that each row is in; -1 for one that is in none."""
    numbers = np.full(count, _NONE, dtype=np.int64)
    for number, rows in enumerate(groups):
        numbers[list(rows)] = number
    return numbers


def without_copies(fold: Fold, pixels: Pixels) -> Fold:
    """The fold without training copies of its validation and test pictures, nor validation
    copies of its test pictures."""
    numbers = copies_of(pixels)
    tested, looked = numbers[fold.test], numbers[fold.validation]
    return Fold(
        fold.name,
        _but(fold.train, numbers, np.concatenate([tested, looked])),
        _but(fold.validation, numbers, tested),
        fold.test,
    )


def _but(rows: Rows, numbers: Rows, left_out: Rows) -> Rows:
    return rows[~np.isin(numbers[rows], left_out[left_out != _NONE])]


def bearing_two_names(faces: FaceTable, pixels: Pixels) -> tuple[tuple[str, ...], ...]:
    """Images that show one picture under the names of different subjects, picture by picture."""
    numbers, subjects = copies_of(pixels), faces.column("subject")
    rows = np.argsort(numbers, kind="stable")
    groups = np.split(rows, np.flatnonzero(np.diff(numbers[rows])) + 1)
    return tuple(
        tuple(faces.images[some].tolist())
        for some in groups
        if some.size and numbers[some[0]] != _NONE and len(set(subjects[some].tolist()) - {""}) > 1
    )


def numbered(names: NDArray[np.str_]) -> tuple[NDArray[np.str_], Rows]:
    """All names, and which each row has; -1 where it has none."""
    known, of_row = np.unique(names, return_inverse=True)
    return known, np.where(known[of_row] == "", _NONE, of_row)


def _of_names(
    kind: Kind, names: NDArray[np.str_], numbers: Rows, fold: Fold, sides: Sides
) -> Crossing:
    both = np.flatnonzero(_on_both(numbers, *_rows(fold, sides)))
    some = tuple(names[both[:_SHOWN]].tolist())
    return Crossing(fold.name, kind, sides, len(both), 0, some)


def _of_pictures(
    images: NDArray[np.str_], numbers: Rows, expressions: Rows, fold: Fold, sides: Sides
) -> Crossing:
    both = _on_both(numbers, *_rows(fold, sides))
    copied = (rows[numbers[rows] != _NONE] for rows in _rows(fold, sides))
    seen, judged = (rows[both[numbers[rows]]] for rows in copied)
    number, first = np.unique(numbers[seen], return_index=True)
    some = judged[:_SHOWN]
    copies = seen[first[np.searchsorted(number, numbers[some])]]
    return Crossing(
        fold.name,
        "pictures",
        sides,
        len(judged),
        _conflicting(numbers[seen], expressions[seen], numbers[judged], expressions[judged]),
        tuple(f"{images[copy]} = {images[row]}" for copy, row in zip(copies, some, strict=True)),
    )


def _conflicting(seen: Rows, shown: Rows, judged: Rows, own: Rows) -> int:
    """How many judged pictures have a seen copy with another expression, both being known.

    `seen` and `judged`: numbers of the pictures; `shown` and `own`: of their expressions.
    """
    # The last column takes the unknown ones, whose number is -1.
    kinds = max(shown.max(initial=0), own.max(initial=0)) + 2
    there = np.zeros((seen.max(initial=_NONE) + 1, kinds))
    there[seen, shown] = 1
    there[:, _NONE] = 0
    others = there[judged].sum(axis=1) > there[judged, own]
    return int((others & (own != _NONE)).sum())


def _rows(fold: Fold, sides: Sides) -> tuple[Rows, Rows]:
    first, second = (getattr(fold, side) for side in sides)
    return first, second


def _on_both(numbers: Rows, seen: Rows, judged: Rows) -> NDArray[np.bool_]:
    """(number,) whether rows of both have it."""
    first, second = on_sides(numbers, (seen, judged))
    return np.asarray(first & second)


def on_sides(numbers: Rows, sides: Sequence[Rows]) -> NDArray[np.bool_]:
    """(side, number) whether rows of a side have it; -1 is none."""
    there = np.zeros((len(sides), numbers.max(initial=_NONE) + 2), dtype=bool)
    for place, rows in zip(there, sides, strict=True):
        place[numbers[rows]] = True
    return there[:, :-1]  # the last are rows without one, -1


def crossing_words(found: Sequence[Crossing], folds: int) -> tuple[str, ...]:
    """One line for each kind, over all of so many folds."""
    return tuple(
        _line(kind, list(some), folds) for kind, some in groupby(found, key=lambda one: one.kind)
    )


def _line(kind: Kind, found: Sequence[Crossing], folds: int) -> str:
    return f"{_SAID[kind]}: {'; '.join(_parts(found, folds))}; such as {found[0].names[0]}"


def _parts(found: Sequence[Crossing], folds: int) -> Iterator[str]:
    for sides in SIDES:
        some = [one for one in found if one.sides == sides]
        if some:
            where = f" in {len(some)} of {folds} folds" if folds > 1 else ""
            conflicts = [one.conflicting for one in some]
            labels = f", {spread(conflicts)} of them with another label" if any(conflicts) else ""
            count = spread([one.count for one in some])
            yield f"{count} of {sides[1]} also in {sides[0]}{where}{labels}"


def spread(counts: Sequence[int]) -> str:
    """`3`, or `3 to 20` where counts differ."""
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
