"""What `data sources` prints: the sources, and their options."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from typing import Any, Literal, get_args, get_origin

from facsinterp.cli.found import block
from facsinterp.errors import PluginError
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.registry import installed, package, source
from facsinterp.faces.splits.protocols import PROTOCOLS


def sources() -> str:
    """The sources by name: title, terms, options with their defaults, and whose they are."""
    points = installed()
    width = max(map(len, points))
    return "\n".join(line for point in points.values() for line in _source(point, width))


def _source(point: EntryPoint, width: int) -> Iterator[str]:
    whose = package(point)
    theirs = "" if whose == "facsinterp" else f"  ({whose})"
    try:
        corpus = source(point.name)
    except PluginError as error:
        yield f"{point.name:<{width}}  {error}{theirs}"
        return
    yield f"{point.name:<{width}}  {corpus.title:<52} {_terms(corpus)}{theirs}".rstrip()
    yield from block("  options", ", ".join(_options(corpus.Options)) or "none")
    yield from block("  protocols", ", ".join(_protocols(point.name)))


def _protocols(name: str) -> Iterator[str]:
    """The protocols that are made for a source."""
    for one in PROTOCOLS.values():
        if name in one.sources:
            yield one.name


def _terms(corpus: Source[Any]) -> str:
    """The terms in a word."""
    if corpus.restricted:
        return "restricted"
    return "as you say" if corpus.needs_data else "free"


def _options(options: type[SourceOptions]) -> Iterator[str]:
    """Each option with its default; of a choice, every word of it, the default first.

    `version (a|b)` is one that is chosen by what is there, unless it is given.
    """
    for name, field in options.model_fields.items():
        default = field.get_default(call_default_factory=True)
        words = _words(field.annotation)
        if field.is_required() or default in (None, "", ()):
            yield f"{name} ({'|'.join(words)})" if words else name
        else:
            yield f"{name}={'|'.join(dict.fromkeys([_plain(default), *words]))}"


def _words(annotation: object) -> list[str]:
    """The words that a choice allows."""
    if get_origin(annotation) is Literal:
        return [_plain(word) for word in get_args(annotation)]
    return [word for inner in get_args(annotation) for word in _words(inner)]


def _plain(value: object) -> str:
    """A value as `--set` takes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
