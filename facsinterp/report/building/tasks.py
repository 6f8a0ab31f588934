"""What a site is made of, as tasks that any process can do: each makes pages and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK
from facsinterp.report.pages import (
    atlas,
    data,
    dead,
    experiment,
    faces,
    filters,
    index,
    layers,
    methods,
    units,
)
from facsinterp.report.pages.page import Made
from facsinterp.report.reading.survey import Survey

FACES: Final = 64
"""Faces of a task at least. Each task reads the answers of all filters: where these are many, it
takes one face more for each 64 of them."""


@dataclass(frozen=True)
class Task:
    """One piece of work. The same survey gives the same files."""

    name: str
    """Of no other task of the site; a file may be called so."""
    make: Callable[[Survey], Iterator[Made]]
    pages: int = 1
    """How many it makes, about."""


def tasks(survey: Survey) -> Iterator[Task]:
    """Every task of a site, the long ones first."""
    for room in (atlas, data, dead, index, experiment, methods):
        yield Task(room.__name__.rpartition(".")[2], room.pages)
    for part in _parts(len(survey.filters), FILTERS_PER_CHUNK):
        yield Task(f"filters-{part.start}", _Part(filters.pages, part), _size(part))
    for part in _parts(len(survey.pictured), max(FACES, len(survey.filters) // FACES)):
        yield Task(f"faces-{part.start}", _Part(faces.pages, part), _size(part))
    for part in _parts(len(survey.layer_names), 1):
        yield Task(f"layer-{part.start}", _Part(layers.pages, part))
    for part in _parts(len(survey.claims.units), 1):
        yield Task(f"unit-{part.start}", _Part(units.pages, part))


@dataclass(frozen=True)
class _Part:
    """A maker of parts, and one part of what it makes."""

    make: Callable[[Survey, slice], Iterator[Made]]
    part: slice

    def __call__(self, survey: Survey) -> Iterator[Made]:
        return self.make(survey, self.part)


def _size(part: slice) -> int:
    return int(part.stop - part.start)


def _parts(count: int, size: int) -> Iterator[slice]:
    for start in np.arange(0, count, size).tolist():
        yield slice(start, min(start + size, count))
