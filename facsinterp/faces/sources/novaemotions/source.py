"""NovaEmotions: faces of people who played a game that answers to their expressions.

The layout of the official archive is not known here: no page or listing of it could be
found. Read are the forms in which others use the data: a folder for each expression, a table
of paths and labels, or two arrays.

Mourão and Magalhães: Competitive Affective Gaming: Winning with a Smile, ACM Multimedia
2013. Tavares, Mourão and Magalhães: Crowdsourcing facial expressions for
affective-interaction, Computer Vision and Image Understanding 147, 2016.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import field_validator

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import ArrayPictures, FilePictures, Pictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.novaemotions.arrays import pixels, read_arrays
from facsinterp.faces.sources.novaemotions.forms import (
    Entry,
    Form,
    Version,
    find_form,
    read_folders,
    read_rows,
)
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found
from facsinterp.facs import EXPRESSIONS, expression_of

_TITLE: Final = "NovaEmotions"
_TERMS: Final = (
    "Research, on request to the NovaSearch group; its terms could not be checked, so no face is "
    "shown or passed on."
)
_PUBLISHED: Final = {"images": 42_911, "subjects": 40}
_UNVERIFIED: Final = (
    "the official layout of NovaEmotions could not be verified: check what was recognised here "
    "against your copy"
)


class NovaEmotionsOptions(SourceOptions):
    """Which form is read, and what numbers mean that stand for expressions."""

    version: Version | None = None
    """Which form is read; when left out, a table before folders before arrays."""
    classes: tuple[str, ...] = ()
    """The expressions that the numbers 0, 1, ... mean where folders or labels are numbers.
    Nothing in the data tells them; without these names such labels are not used."""
    showable: Showable = "licence"

    @field_validator("classes")
    @classmethod
    def _known(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in classes if expression_of(name) is None]
        if unknown:
            message = f"no expressions: {', '.join(unknown)}"
            raise ValueError(message)
        return tuple(expression_of(name) or "" for name in classes)


def _read(folder: Path | None, options: NovaEmotionsOptions) -> FaceTable:
    """Every face with its label; DataError when nothing can be used."""
    root = existing_folder(folder, _TITLE)
    form = find_form(root, options.version)
    notes = Notes()
    notes.warn(_UNVERIFIED)
    if form.others:
        notes.warn(
            f"not read, though they lie here as well (see version): {', '.join(form.others)}"
        )
    read = {"table": read_rows, "folders": read_folders, "arrays": read_arrays}[form.version]
    faces = read(root, form, options.classes, notes)
    if not faces:
        raise DataError(
            Fault(
                "no picture of NovaEmotions can be used",
                where=str(root),
                expected="pictures in folders or rows that name an expression",
                got=notes.left_out or "none",
                do="where expressions are numbers, name them with classes",
            )
        )
    notes.warn(*_warnings(faces))
    return FaceTable.from_arrays(
        [face.path for face in faces],
        (),
        np.zeros((len(faces), 0), dtype=bool),
        subject=[face.subject for face in faces],
        expression=[face.expression for face in faces],
        path=[face.path for face in faces],
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes),
        found=Found(
            _layout(root, form),
            _counts(faces),
            _PUBLISHED,
            notes.skipped,
            notes.warnings,
        ),
    )


def _warnings(faces: Sequence[Entry]) -> Iterator[str]:
    nobody = sum(not face.subject for face in faces)
    if nobody:
        yield (
            f"{nobody} of {len(faces)} faces do not tell who is shown; splits by subject need a "
            "table with a column subject"
        )
    there = {face.expression for face in faces}
    none = [expression for expression in EXPRESSIONS if expression not in there]
    if none and there != {""}:
        yield f"no picture is labelled {', '.join(none)}; the papers speak of eight expressions"


def _counts(faces: Sequence[Entry]) -> dict[str, int]:
    expressions = Counter(face.expression for face in faces)
    return {
        "images": len(faces),
        "subjects": len({face.subject for face in faces} - {""}),
        **{name: expressions[name] for name in EXPRESSIONS},
    }


def _layout(root: Path, form: Form) -> str:
    files = ", ".join(path.relative_to(root).as_posix() for path in form.files[:2])
    told = {
        "table": f"table {files}",
        "folders": "folders named by expression",
        "arrays": f"arrays {files}",
    }
    return f"{told[form.version]} (the official layout is not verified)"


def _pictures(folder: Path | None, options: NovaEmotionsOptions) -> Pictures:
    root = existing_folder(folder, _TITLE)
    form = find_form(root, options.version)
    if form.version == "arrays":
        return ArrayPictures(partial(pixels, form.files[0]))
    return FilePictures(root)


SOURCE: Final = Source(
    name="novaemotions",
    title="NovaEmotions",
    folders=("NovaEmotions", "novaemotions", "nova-emotions"),
    Options=NovaEmotionsOptions,
    read=_read,
    pictures=_pictures,
)
