"""The corpora that facsinterp can read, by name; each module is imported when asked for."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from facsinterp.errors import DefinitionError, Fault
from facsinterp.faces.sources.contract import Source

SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ckplus": "facsinterp.faces.sources.ckplus",
        "drawn": "facsinterp.faces.sources.drawn",
        "manifest": "facsinterp.faces.sources.manifest",
    }
)
"""Name of each source and the module whose `SOURCE` it is."""


def source(name: str) -> Source[Any]:
    """The source of this name; DefinitionError with the nearest name when there is none."""
    if name not in SOURCES:
        near = get_close_matches(name.casefold(), SOURCES, n=1)
        raise DefinitionError(
            Fault(
                f"there is no source of faces named {name}",
                expected=", ".join(SOURCES),
                do=f"did you mean {near[0]}?" if near else "",
            )
        )
    found: Source[Any] = import_module(SOURCES[name]).SOURCE
    return found
