"""The record of what a data set holds, as plain values that JSON can carry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final, Self

from pydantic import TypeAdapter, ValidationError

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.terms import counted

FORMAT: Final = 1
"""Of the JSON; another number means other names in it."""


@dataclass(frozen=True)
class UnitCount:
    """How often one action unit was coded, is present, and has an intensity."""

    unit: int
    coded: int
    """Images for which somebody looked for it."""
    present: int
    scored: int
    """Images in which it is present with an intensity."""
    sequences: int
    """Sequences that show it; an image of no known sequence counts in none."""
    subjects: int


@dataclass(frozen=True)
class Showing:
    """The terms in words and numbers: who may be shown, and what may be passed on."""

    source: str
    text: str
    who: str
    """`everybody`, `nobody`, `2 of 40 subjects`, `everybody but 2 subjects`."""
    faces_hidden: int
    subjects_hidden: int
    redistributable: bool


@dataclass(frozen=True)
class Split:
    """One way of splitting the faces, and what stands on two of its sides."""

    name: str
    """`official split`, `official fold 3`, `this run`."""
    sizes: Mapping[str, int]
    """Faces of each part; those that take no part are left out."""
    subjects: int
    """People with faces in more than one part."""
    copies: int | None = None
    """Groups of equal pictures with members in more than one part; None: nobody looked."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """Of validation and test, the faces whose very picture stands in train as well."""


@dataclass(frozen=True)
class PictureCounts:
    """What the decoded pictures told. Two are copies when every pixel is equal."""

    read: int
    unreadable: tuple[tuple[str, str], ...]
    """(path, reason) of each picture that cannot be opened."""
    sizes: Mapping[str, int]
    """Pictures of each `width x height`, the commonest first."""
    modes: Mapping[str, int]
    """`grey`, `colour`, `colour, all grey`."""
    plain: tuple[str, ...]
    """Images that are of one brightness all over, so that they show nothing."""
    copies: int
    """Groups of equal pictures."""
    copied: int
    """Pictures in these groups."""
    other_expressions: tuple[tuple[str, ...], ...]
    """Images of each group that bears two expressions or more."""
    other_subjects: tuple[tuple[str, ...], ...]
    """Images of each group that bears the names of two subjects or more."""
    prepared: bool = False
    """Whether they were looked at as the network gets them, and not as they lie on disk."""


@dataclass(frozen=True)
class Inventory:
    """What is there, what was left out, what is odd, and who may see it.

    0 subjects or sequences means that none is known. `expressions` counts images under each
    word, "" being those without one.
    """

    layout: str
    faces: int
    subjects: int
    without_subject: int
    sequences: int
    unlabelled: int
    """Images with neither an expression nor a code."""
    counts: Mapping[str, int]
    """What the loader counted in the folder, under its own names."""
    published: Mapping[str, int]
    expressions: Mapping[str, int]
    units: tuple[UnitCount, ...]
    splits: tuple[Split, ...]
    skipped: tuple[tuple[str, str], ...]
    """(file, reason) of files or rows that were left out: the first 1,000 of each reason."""
    warnings: tuple[str, ...]
    terms: Showing
    pictures: PictureCounts | None = None
    """None where the pictures were not opened."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many files or rows were left out for each reason, in all."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "left_out", dict(self.left_out) or counted(self.skipped))

    @property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Names of what was left out, by reason, the commonest first."""
        found: dict[str, list[str]] = {}
        for path, reason in self.skipped:
            found.setdefault(reason, []).append(path)
        order = sorted(found, key=lambda reason: (-self.left_out[reason], reason))
        return {reason: tuple(found[reason]) for reason in order}

    def to_json(self) -> str:
        """This record as JSON text; the same record gives the same text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The record that `to_json` wrote. Raises DataError for anything else."""
        try:
            content = json.loads(text)
            written = content.pop("format")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise DataError(Fault("this is no inventory", expected="JSON of one")) from None
        if written != FORMAT:
            expected = f"format {FORMAT}"
            raise DataError(Fault("an inventory of another format", "", expected, str(written)))
        try:
            return TypeAdapter(cls).validate_python(content)
        except ValidationError as error:
            got = f"{amount(error.error_count(), 'value')} of another kind"
            raise DataError(Fault("an inventory is damaged", got=got)) from None
