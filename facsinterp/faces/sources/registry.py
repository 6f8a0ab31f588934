"""The corpora that can be read, by name: built in, or of other packages by entry point.

Each is imported when it is asked for, not when names are listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType
from typing import Any, Final

from facsinterp.errors import DefinitionError, Fault, PluginError
from facsinterp.faces.sources.contract import Source

GROUP: Final = "facsinterp.sources"
SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "affectnet": "facsinterp.faces.sources.affectnet",
        "bp4d": "facsinterp.faces.sources.bp4d",
        "casme2": "facsinterp.faces.sources.casme2",
        "casme3": "facsinterp.faces.sources.casme3",
        "ckplus": "facsinterp.faces.sources.ckplus",
        "disfa": "facsinterp.faces.sources.disfa",
        "disfaplus": "facsinterp.faces.sources.disfaplus",
        "drawn": "facsinterp.faces.sources.drawn",
        "drawn-clips": "facsinterp.faces.sources.drawn_clips",
        "emotionet": "facsinterp.faces.sources.emotionet",
        "fer2013": "facsinterp.faces.sources.fer2013",
        "manifest": "facsinterp.faces.sources.manifest",
        "novaemotions": "facsinterp.faces.sources.novaemotions",
        "rafdb": "facsinterp.faces.sources.rafdb",
        "samm": "facsinterp.faces.sources.samm",
        "smic": "facsinterp.faces.sources.smic",
        "tfd": "facsinterp.faces.sources.tfd",
    }
)
"""Name of each built-in source and the module whose `SOURCE` it is."""
_OWN: Final = "facsinterp"


def installed() -> dict[str, EntryPoint]:
    """Entry point of each source by name, built in or of another package; loads none.

    Raises PluginError when two packages give one name, a built-in one among them.
    """
    own = [EntryPoint(name, f"{module}:SOURCE", GROUP) for name, module in SOURCES.items()]
    return _unique([*own, *entry_points(group=GROUP)])


def package(point: EntryPoint) -> str:
    """The distribution that gives a source; its module where that is not known."""
    if point.value == f"{SOURCES.get(point.name)}:SOURCE":
        return _OWN
    return point.dist.name if point.dist is not None else point.module


def source(name: str) -> Source[Any]:
    """The source of this name.

    Raises DefinitionError with the nearest name when there is none; PluginError for one that
    cannot be imported or is no Source of that name.
    """
    points = installed()
    if name not in points:
        near = get_close_matches(name.casefold(), points, n=1)
        raise DefinitionError(
            Fault(
                f"there is no source of faces named {name}",
                expected=", ".join(points),
                do=f"did you mean {near[0]}?" if near else "",
            )
        )
    point = points[name]
    try:
        found = point.load()
    except Exception as error:
        message = f"the source {name!r} ({point.value}) cannot be imported: {error!r}"
        raise PluginError(message) from error
    return _checked(point, found)


def _unique(points: Iterable[EntryPoint]) -> dict[str, EntryPoint]:
    found: dict[str, EntryPoint] = {}
    for point in points:
        other = found.setdefault(point.name, point)
        # One package seen twice (an editable install beside a wheel) is no quarrel.
        if other.value != point.value:
            one, two = (f"{package(each)} ({each.value})" for each in (other, point))
            do = "rename that of one" if package(other) == _OWN else "uninstall one of them"
            message = f"two packages give a source named {point.name!r}: {one} and {two}; {do}"
            raise PluginError(message)
    return dict(sorted(found.items()))


def _checked(point: EntryPoint, found: object) -> Source[Any]:
    """Told at loading, not in the middle of a run, when something cannot be a source."""
    if not isinstance(found, Source):
        message = (
            f"the source {point.name!r} ({point.value}) is {type(found).__name__}, not an "
            "instance of facsinterp.faces.sources.contract.Source"
        )
        raise PluginError(message)
    if found.name != point.name:
        message = f"the source {point.name!r} ({point.value}) calls itself {found.name!r}"
        raise PluginError(message)
    return found
