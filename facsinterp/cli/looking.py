"""A data set looked at from the command line: its source, its folder, options as `KEY=VALUE`."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from facsinterp.amounts import amount
from facsinterp.errors import DataError, DefinitionError, Fault
from facsinterp.faces.inventory import Inventory, inventory
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.registry import source
from facsinterp.progress import SILENT, Progress
from facsinterp.study.faults import bad_keys, faults_of
from facsinterp.study.locate import DataPlaces


def look_at(
    name: str,
    root: Path | None,
    settings: Sequence[str] = (),
    *,
    pictures: bool = True,
    progress: Progress = SILENT,
) -> Inventory:
    """The inventory of a data set in a folder, or in the usual one inside it.

    `settings`: options of the source as `KEY=VALUE`. Raises DefinitionError for those that it
    does not have, with all faults, and DataError for a folder that is not the data set.
    """
    corpus = source(name)
    options = options_of(corpus, settings)
    if corpus.needs_data and root is None:
        raise DataError(Fault(f"{corpus.title} needs a folder", do=f"data check {name} FOLDER"))
    folder, faces = DataPlaces(root).read(corpus, options)
    progress.say(f"faces: {amount(len(faces), 'image')} of {corpus.title}")
    return inventory(faces, corpus.pictures(folder, options) if pictures else None, progress)


def options_of(corpus: Source[Any], settings: Sequence[str]) -> SourceOptions:
    """The options of a source that `KEY=VALUE` texts give, values as a definition writes them.

    A text need not be in quotes. Raises DefinitionError with every fault.
    """
    texts, faults = _pairs(settings)
    values = {key: _value(text) for key, text in texts.items()}
    try:
        made = corpus.Options.model_validate(values)
    except ValidationError as error:
        # 2010 is a number, unless a text was wanted.
        retried = values | {key: texts[key] for key in bad_keys(error) if key in texts}
        try:
            made = corpus.Options.model_validate(retried)
        except ValidationError as again:
            still = error if bad_keys(error) == bad_keys(again) else again
            faults += faults_of(still, corpus.Options)
    DefinitionError.raise_any(faults)
    assert isinstance(made, SourceOptions)
    return made


def _pairs(settings: Sequence[str]) -> tuple[dict[str, str], list[Fault]]:
    texts: dict[str, str] = {}
    faults = []
    for one in settings:
        key, equals, text = one.partition("=")
        if not (key.strip() and equals):
            faults.append(Fault("an option without a value", got=one, expected="--set KEY=VALUE"))
        elif key.strip() in texts:
            faults.append(Fault("an option is given twice", where=key.strip(), do="give it once"))
        else:
            texts[key.strip()] = text.strip()
    return texts, faults


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text


def titled(name: str) -> str:
    """What a source calls its data set, and itself."""
    return f"{source(name).title} ({name})"
