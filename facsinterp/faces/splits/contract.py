"""What a protocol of the field is: which expressions count as which class, and who tests when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.splits.folds import Fold
from facsinterp.faces.table import FaceTable
from facsinterp.labels import IMAGE

Mask = NDArray[np.bool_]
Deal = Callable[[FaceTable, Mask], tuple[Fold, ...]]
"""The folds of faces, given which of them have a class (image,). Raises DataError."""


def every_face(faces: FaceTable) -> Mask:
    """True for each face."""
    return np.ones(len(faces), dtype=bool)


@dataclass(frozen=True)
class Protocol:
    """A published way to split one data set, so that results can be compared."""

    name: str
    title: str
    """What it is in a few words, as the steps of a study tell it."""
    said_by: str
    """The paper or file that says so, and what is chosen here because none does."""
    sources: tuple[str, ...]
    """Sources of faces that it is made for; empty: any."""
    deal: Deal
    classes: Mapping[str, tuple[str, ...]]
    """The expressions that count as each class; empty: every expression is its own class."""
    left_out: tuple[str, ...] = ()
    """Expressions that a data set has and the protocol does not use."""
    whole_subjects: bool = True
    """Whether nobody is on two sides of a fold."""
    counted: Callable[[FaceTable], Mask] = every_face
    """Faces that may have a class at all."""

    def suits(self, source: str) -> bool:
        """Whether it is made for a source of faces."""
        return not self.sources or source in self.sources

    def class_of(self, faces: FaceTable) -> NDArray[np.str_]:
        """(image,) class of each face; "" where it has none, and is neither learnt nor scored."""
        shown = faces.column("expression")
        if self.classes:
            named = self._class_names()
            shown = np.array([named.get(one.casefold(), "") for one in shown.tolist()], dtype=str)
        return np.where(self.counted(faces), shown, "")

    def taught(self, faces: FaceTable) -> FaceTable:
        """The same faces with their classes for expressions."""
        classes = (IMAGE, self.class_of(faces))
        return replace(faces, data=faces.data.assign_coords(expression=classes))

    def folds(self, faces: FaceTable) -> tuple[Fold, ...]:
        """Who trains, validates and tests, the same on every machine and for every seed.

        A face without a class is on the side of its subject, or where the data set puts it:
        nobody learns from it, and its units can be asked of a network that never saw it.
        Raises DataError with every reason why these faces do not fit.
        """
        classed = self.class_of(faces) != ""
        faults = list(self._misfits(faces))
        try:
            folds = self.deal(faces, classed)
        except DataError as error:
            raise DataError([*faults, *error.faults]).inside(self._here) from None
        if classed.any():
            faults.extend(_empty_sides(folds, classed))
        if faults:
            raise DataError(faults).inside(self._here)
        return folds

    @property
    def _here(self) -> str:
        return f"protocol {self.name}"

    def _class_names(self) -> dict[str, str]:
        return {one.casefold(): name for name, some in self.classes.items() for one in some}

    def _misfits(self, faces: FaceTable) -> Iterator[Fault]:
        """Classes that no face shows, and expressions of which the protocol says nothing."""
        if not self.classes:
            return
        found = set(self.class_of(faces).tolist())
        missing = [name for name in self.classes if name not in found]
        shown = set(faces.column("expression").tolist()) - {""}
        known = {*self._class_names(), *(one.casefold() for one in self.left_out)}
        strange = sorted(one for one in shown if one.casefold() not in known)
        if missing:
            yield Fault(
                f"no face shows {', '.join(missing)}",
                expected=f"faces of all {len(self.classes)} classes: {', '.join(self.classes)}",
                got=", ".join(sorted(shown)) or "no face with an expression",
                do="take the whole data set, with the labels that this protocol is about",
            )
        if strange:
            yield Fault(
                f"the protocol says nothing of {', '.join(strange)}",
                expected=", ".join([*self._class_names(), *self.left_out]),
                do="choose the labels that this protocol is about, or another protocol",
            )


def _empty_sides(folds: tuple[Fold, ...], classed: Mask) -> Iterator[Fault]:
    for side in ("train", "validation", "test"):
        empty = [fold.name for fold in folds if not classed[getattr(fold, side)].any()]
        if empty:
            yield Fault(
                f"no face with a class is there to {side.replace('validation', 'validate')} in "
                f"{len(empty)} of {amount(len(folds), 'fold')}",
                where=", ".join(empty[:5]) + (" ..." if len(empty) > 5 else ""),
                do="take the whole data set",
            )
