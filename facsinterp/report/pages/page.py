"""What a page is before it is rendered, and a file that is kept as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Page:
    """One page: where it lies, its template, and the names that the template uses."""

    address: str
    """From the root of the site, with `/`."""
    template: str
    content: Mapping[str, Any] = field(default_factory=dict)
    figures: Sequence[Mapping[str, Any]] = ()
    """Plotly figures, `data` and `layout` each, that the template places by number."""


@dataclass(frozen=True)
class File:
    """A file of the site that is no page, such as a picture or a table."""

    address: str
    content: bytes


Made = Page | File
