"""Where what a definition needs lies on this machine: its data, and models of face detectors.

`--data PATH` or `--data NAME=PATH`, and `--model NAME=FILE`. None of them is part of a
definition, whose id means the same everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from facsinterp.errors import DataError, Fault, NotThisError
from facsinterp.faces.pictures import is_junk
from facsinterp.faces.preparing.sighting import MODELS
from facsinterp.faces.sources.contract import O, Source
from facsinterp.faces.sources.registry import installed, source
from facsinterp.faces.table import FaceTable

# Files of data sets that hold more than one face. Folders of several data sets hold none.
_TABLES: Final = frozenset({".csv", ".xlsx", ".xls", ".mat", ".npy"})


@dataclass(frozen=True)
class DataPlaces:
    """The folders that the user named: one for every source, or some by name; and models."""

    default: Path | None = None
    named: Mapping[str, Path] = field(default_factory=dict)
    models: Mapping[str, Path] = field(default_factory=dict)
    """Files of face detectors by the detector's name."""

    @classmethod
    def parse(
        cls, values: Iterable[str], models: Iterable[str] = (), also: Collection[str] = ()
    ) -> Self:
        """The places that `--data` and `--model` values name.

        `also`: names that a definition gives to faces, beside those of sources.

        Raises DataError when two folders have no name, or a model is not NAME=FILE with the
        name of a detector; DefinitionError when a name is no source.
        """
        default: Path | None = None
        named: dict[str, Path] = {}
        for value in values:
            name, equals, path = value.partition("=")
            # A path may hold "=" itself: only a source or a plain word before it is a name.
            if equals and (name.isidentifier() or name in {*installed(), *also}):
                if name not in also:
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
        return cls(default, named, _models(models))

    def read(self, corpus: Source[O], options: O, name: str = "") -> tuple[Path | None, FaceTable]:
        """The faces of this source, and the folder they were read from; None where it needs none.

        `name`: what a definition calls them in `[also]`; a folder of that name goes before one
        of the source's.

        A folder that holds the data set under its usual name is entered. Raises DataError
        when no folder was named, there is none at the place, or it does not hold the data set.
        """
        if not corpus.needs_data:
            return None, corpus.read(None, options)
        given = self._given(corpus, name)
        inside = _inside(given, corpus.folders)
        if inside is None:
            return given, corpus.read(given, options)
        if given.resolve().name.lower() in {name.lower() for name in corpus.folders}:
            return _first_of(given, inside, corpus, options)
        # Some data sets have parts of their own name, which lack what lies around them: SAMM/
        # beside its sheet, fer2013/ beside the table of FER+.
        tables = any(e.suffix.lower() in _TABLES for e in given.iterdir() if not is_junk(e.name))
        left = DataError if tables else NotThisError
        return _first_of(inside, given, corpus, options, only=left)

    def _given(self, corpus: Source[Any], name: str) -> Path:
        given = self.named.get(name, self.named.get(corpus.name, self.default))
        if given is None:
            raise DataError(
                Fault(
                    f"the definition reads {corpus.title}, and no folder was named for it",
                    expected=f"the data set, or a folder that holds it as {_words(corpus.folders)}",
                    do=f"add --data PATH, or --data {name or corpus.name}=PATH",
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
        return given


def _models(values: Iterable[str]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for value in values:
        name, equals, path = value.partition("=")
        if not (equals and path and name in MODELS) or name in named:
            raise DataError(
                Fault(
                    "a --model cannot be used",
                    expected=f"{' or '.join(f'{name}=FILE' for name in MODELS)}, each once",
                    got=value,
                )
            )
        named[name] = Path(path)
    return named


def _inside(given: Path, names: Iterable[str]) -> Path | None:
    """The first sub-folder with a usual name; case does not count."""
    present = {entry.name.lower(): entry for entry in sorted(given.iterdir()) if entry.is_dir()}
    return next((present[name.lower()] for name in names if name.lower() in present), None)


def _first_of(
    one: Path,
    other: Path,
    corpus: Source[O],
    options: O,
    *,
    only: type[DataError] = DataError,
) -> tuple[Path, FaceTable]:
    """What is read from one folder; where that fails by an error of a kind, from the other.

    Where both fail, the error that tells more is raised.
    """
    try:
        return one, corpus.read(one, options)
    except only as first:
        try:
            return other, corpus.read(other, options)
        except DataError as second:
            if isinstance(first, NotThisError) and not isinstance(second, NotThisError):
                raise
            raise first from None


def _words(names: Iterable[str]) -> str:
    return " or ".join(f"{name}/" for name in names)
