"""Which faces move a filter most, and how each is shown: thumbnail, field box, codes.

One WebP file a face serves all pages. A face of a subject who may not be shown is never
encoded: its card says so and keeps only what the tables hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import Layer
from facsinterp.activations.store import ActivationStore
from facsinterp.faces.table import FaceTable
from facsinterp.faces.thumbnail import webp
from facsinterp.facs import describe
from facsinterp.report.addresses import face_page, face_picture
from facsinterp.report.wording import letter, significant


@dataclass(frozen=True)
class Chip:
    """One coded action unit of a face."""

    text: str
    title: str
    of_interest: bool


@dataclass(frozen=True)
class Box:
    """The receptive field of the peak on the face, in pixels of the network's input."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class FaceCard:
    """One face as a page shows it; `picture` is empty when it may not be shown."""

    position: int
    page: str
    picture: str
    image: str
    value: str
    subject: str
    sequence: str
    expression: str
    chips: tuple[Chip, ...]
    coded: bool
    box: Box | None


def field_box(layer: Layer | None, row: int, col: int) -> Box | None:
    """What the unit of `layer` at this place of its map sees; None where not known."""
    found = layer.field_box(row, col) if layer is not None else None
    if found is None:
        return None
    top, left, bottom, right = found
    return Box(left, top, right - left, bottom - top)


class Cards:
    """Makes face cards of one store; reads its labels once. Final."""

    def __init__(self, faces: FaceTable, names: Sequence[str], *, kept: bool) -> None:
        self.kept = kept
        self._names = names
        self._image = faces.images
        self._subject = faces.column("subject")
        self._sequence = faces.column("sequence")
        self._expression = faces.column("expression")
        self._units = faces.units
        self._present = np.asarray(faces.data["present"].values, dtype=bool)
        coded = np.asarray(faces.data["coded"].values, dtype=bool)
        self._coded: NDArray[np.bool_] = np.asarray(coded.any(axis=1))
        self._intensity = np.asarray(faces.data["intensity"].values, dtype=float)
        self._showable: NDArray[np.bool_] = showable(faces)

    def card(self, position: int, value: float, unit: int | None, box: Box | None) -> FaceCard:
        """The card of one face, with `unit` marked among its codes."""
        shown = bool(self._showable[position])
        return FaceCard(
            position,
            face_page(self._names[position]),
            face_picture(self._names[position]) if shown and self.kept else "",
            str(self._image[position]),
            significant(value),
            str(self._subject[position]),
            str(self._sequence[position]),
            str(self._expression[position]),
            tuple(self._chips(position, unit)),
            bool(self._coded[position]),
            box,
        )

    def _chips(self, position: int, unit: int | None) -> Iterable[Chip]:
        for column in np.flatnonzero(self._present[position]):
            number = self._units[column]
            grade = letter(self._intensity[position, column])
            scored = f", intensity {grade}" if grade else ", intensity not scored"
            yield Chip(f"{number}{grade}", describe(number) + scored, number == unit)


def showable(faces: FaceTable) -> NDArray[np.bool_]:
    """(image,) whether the terms allow that the face is shown."""
    allowed: Mapping[str, bool] = {
        subject: faces.terms.may_show(subject) for subject in set(faces.column("subject").tolist())
    }
    return np.array([allowed[subject] for subject in faces.column("subject").tolist()], dtype=bool)


def pictures(
    store: ActivationStore, names: Sequence[str], positions: Sequence[int]
) -> Iterator[tuple[str, bytes]]:
    """The address and the WebP of the thumbnail of each face at these positions.

    The caller leaves out faces that may not be shown.
    """
    if len(positions) == 0:
        return
    pixels = store.data["face"].isel(image=list(positions)).values
    for position, face in zip(positions, pixels, strict=True):
        yield face_picture(names[position]), webp(face)
