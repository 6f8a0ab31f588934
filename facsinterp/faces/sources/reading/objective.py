"""Objective classes: clips sorted by their action units alone, from a sheet or a column."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.sheets import find_sheet, spreadsheets
from facsinterp.faces.sources.reading.trees import matched

K = TypeVar("K", bound=Hashable)

HEADERS: Final = ("Objective Class", "Objective Classes", "Objective")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii")


def objective_class(text: str) -> str:
    """`class 3` for a cell such as 3 or III; "" for one that is no class from 1 to 7."""
    plain = text.casefold().removeprefix("class").strip()
    if plain in _ROMAN:
        return f"class {_ROMAN.index(plain) + 1}"
    return f"class {plain}" if plain in "1234567" and len(plain) == 1 else ""


@dataclass(frozen=True)
class Given:
    """The class that a row gives to a clip; "" where another row gives another."""

    name: str
    row: str


def objective_classes(
    title: str, folder: Path, key: Callable[[str, str], K | None], notes: Notes
) -> dict[K, Given]:
    """The class of each clip by `key(subject, filename)`, from the sheet of objective classes.

    Rows that contradict each other are noted. DataError where a folder has no such sheet.
    """
    candidates = [path for path in spreadsheets(folder) if "objective" in path.name.casefold()]
    if not candidates:
        raise DataError(
            Fault(
                f"the objective classes of {title} are not here",
                where=str(folder),
                expected="a sheet named like CASME2-ObjectiveClasses.xlsx",
                got=", ".join(path.name for path in spreadsheets(folder)) or "no sheets",
                do='unpack it beside the coding sheet, or leave labels at "estimated"',
            )
        )
    wanted = {"subject": (), "filename": (), "class": HEADERS}
    _, rows = find_sheet(f"the objective classes of {title}", candidates, wanted, notes)
    found: dict[K, Given] = {}
    for row in rows:
        which = key(row.text("subject"), row.text("filename"))
        name = objective_class(row.text("class"))
        told = f"row {row.line}: {' '.join(row.text(column) for column in wanted)}"
        if which is None or not name:
            notes.note("rows of objective classes that cannot be used", told)
        elif found.setdefault(which, Given(name, told)).name != name:
            notes.note("rows that give a clip another objective class (it has none then)", told)
            found[which] = Given("", told)
    return found


def classes_of(
    keys: Sequence[K],
    names: Sequence[str],
    classes: Mapping[K, Given],
    loosely: Callable[[K], Hashable],
    notes: Notes,
) -> list[str]:
    """The class of each clip by its key, or by the only key loosely alike; "" if there is none.

    Clips without a row, and rows without a clip, are noted.
    """
    places = matched(keys, classes, loosely)
    unnamed = [name for key, name in zip(keys, names, strict=True) if key not in places]
    notes.note("clips without a row of objective classes", *unnamed)
    used = set(places.values())
    unused = [given.row for key, given in classes.items() if key not in used]
    notes.note("objective classes of clips that the coding sheet lacks", *unused)
    return [classes[places[key]].name if key in places else "" for key in keys]
