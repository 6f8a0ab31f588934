"""Where the data of a definition lies on this machine: `--data PATH` or `--data NAME=PATH`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.contract import Source
from facsinterp.faces.sources.registry import source


@dataclass(frozen=True)
class DataPlaces:
    """The folders that the user named: one for every source, or some by name."""

    default: Path | None = None
    named: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def parse(cls, values: Iterable[str]) -> Self:
        """The places that `--data` values name.

        Raises DataError when two have no name, DefinitionError when a name is no source.
        """
        default: Path | None = None
        named: dict[str, Path] = {}
        for value in values:
            name, equals, path = value.partition("=")
            # A path may hold "=" itself: only a plain word before it is a name.
            if equals and name.isidentifier():
                source(name)  # a misspelt name would be passed over in silence
                named[name] = Path(path)
            elif default is None:
                default = Path(value)
            else:
                raise DataError(
                    Fault(
                        "two --data folders without a name",
                        expected="one --data PATH, or --data NAME=PATH for each",
                        got=f"{default} and {value}",
                    )
                )
        return cls(default, named)

    def folder(self, corpus: Source[Any]) -> Path | None:
        """The folder of this source's data; None for a source that needs none.

        A folder that holds the data set under its usual name is entered. Raises DataError
        when no folder was named, or there is none at the place.
        """
        if not corpus.needs_data:
            return None
        given = self.named.get(corpus.name, self.default)
        if given is None:
            raise DataError(
                Fault(
                    f"the definition reads {corpus.title}, and no folder was named for it",
                    expected=f"the data set, or a folder that holds it as {_words(corpus.folders)}",
                    do=f"add --data PATH, or --data {corpus.name}=PATH",
                )
            )
        if not given.is_dir():
            raise DataError(
                Fault(
                    "the data folder is not there",
                    where=str(given),
                    expected=f"the folder of {corpus.title}",
                    got="a file" if given.exists() else "nothing at this path",
                    do="check the path given with --data",
                )
            )
        return _inside(given, corpus.folders)


def _inside(given: Path, names: Iterable[str]) -> Path:
    """The first sub-folder with a usual name (case does not count), else the folder itself."""
    present = {entry.name.lower(): entry for entry in sorted(given.iterdir()) if entry.is_dir()}
    for name in names:
        if name.lower() in present:
            return present[name.lower()]
    return given


def _words(names: Iterable[str]) -> str:
    return " or ".join(f"{name}/" for name in names)
