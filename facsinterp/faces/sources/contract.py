"""What a source of faces is: a name, its options, a reader and its pictures.

A module `facsinterp.faces.sources.<name>` exposes one `SOURCE`. `read` gives every face of
the data set with its codes; `pictures` opens them by the table's `path` column; `masks`, where
a source has them, tells which pixels each unit changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from facsinterp.faces.masks import Masks
from facsinterp.faces.pictures import Pictures
from facsinterp.faces.table import FaceTable


class SourceOptions(BaseModel):
    """Options of a source, read from the `[faces]` part of a definition."""

    model_config = ConfigDict(frozen=True, extra="forbid")


O = TypeVar("O", bound=SourceOptions)  # noqa: E741 - the usual name beside Options


@dataclass(frozen=True)
class Source(Generic[O]):
    """One corpus that facsinterp can read."""

    name: str
    title: str
    folders: tuple[str, ...]
    """Usual names of the whole data set's folder, never of a part of it, for such a folder is
    entered and the rest not seen; empty when the source needs no data."""
    Options: type[O]
    read: Callable[[Path | None, O], FaceTable]
    pictures: Callable[[Path | None, O], Pictures]
    masks: Callable[[Path | None, O], Masks] | None = None
    """Exact masks; None where the pictures alone do not tell."""

    @property
    def needs_data(self) -> bool:
        """Whether the user must say where the data set lies."""
        return bool(self.folders)

    @property
    def restricted(self) -> bool:
        """Whether terms decide who may be shown: such a source has an option `showable`."""
        return "showable" in self.Options.model_fields
