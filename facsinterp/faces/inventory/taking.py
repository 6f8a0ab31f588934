"""An inventory taken: of a face table alone, with its pictures, or with prepared pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.faces.inventory.contents import Inventory, Showing, Split, UnitCount
from facsinterp.faces.inventory.looking import Seen, look
from facsinterp.faces.pictures import Pictures
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.sources.reading.notes import printable
from facsinterp.faces.splits.crossing import Rows, numbered, numbers_of, on_sides
from facsinterp.faces.table import FaceTable
from facsinterp.progress import SILENT, Progress

PARTS: Final = ("train", "validation", "test")
_NOBODY: Final = np.empty(0, dtype=np.int64)


def inventory(
    faces: FaceTable, pictures: Pictures | None = None, progress: Progress = SILENT
) -> Inventory:
    """What a face table holds and, where its pictures are given, what these tell.

    Every picture is decoded once and only its hash is kept, so that memory does not grow with
    them; `progress` hears of each.
    """
    if pictures is None:
        return _taken(faces, None, {})
    paths = faces.column("path").tolist()
    with progress.step("Looking at pictures", len(paths)) as advance:
        seen = look(_names(faces, "image"), _names(faces, "path"), pictures.open(paths), advance)
    return _taken(faces, seen, {})


def inventory_of_pixels(
    faces: FaceTable, pixels: Pixels, splits: Mapping[str, Sequence[str]] | None = None
) -> Inventory:
    """The inventory of faces whose pictures are prepared, row by row those of `pixels`.

    Copies are those that the network cannot tell apart. `splits`: more ways of splitting the
    faces by name, each with the part of every face, such as that of a run.
    """
    seen = look(_names(faces, "image"), _names(faces, "path"), iter(pixels.array), prepared=True)
    return _taken(faces, seen, splits or {})


def _taken(faces: FaceTable, seen: Seen | None, splits: Mapping[str, Sequence[str]]) -> Inventory:
    found = faces.found
    subject, expression = faces.column("subject"), faces.column("expression")
    coded = np.asarray(faces.data["coded"].values, dtype=bool).any(axis=1)
    return Inventory(
        layout=printable(found.layout),
        faces=len(faces),
        subjects=_distinct(subject),
        without_subject=int((subject == "").sum()),
        sequences=_distinct(faces.column("sequence")),
        unlabelled=int(((expression == "") & ~coded).sum()),
        counts=dict(found.counts),
        published=dict(found.expected),
        expressions=_tally(expression),
        units=tuple(_units(faces)),
        splits=tuple(_splits(faces, seen, splits)),
        skipped=tuple((printable(name), printable(reason)) for name, reason in found.skipped),
        warnings=tuple(map(printable, found.warnings)),
        terms=_showing(faces),
        pictures=None if seen is None else seen.counts(expression, subject),
        left_out=found.left_out,
    )


def _names(faces: FaceTable, column: str) -> list[str]:
    """The texts of a column as they can be printed; what opens a file is the column itself."""
    return [printable(name) for name in faces.column(column).tolist()]


def _distinct(names: NDArray[np.str_]) -> int:
    return len(set(names.tolist()) - {""})


def _tally(names: NDArray[np.str_]) -> dict[str, int]:
    """How often each word stands there, the commonest first; nothing where there is none."""
    order = sorted(Counter(names.tolist()).items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(order) if order and any(name for name, _ in order) else {}


def _units(faces: FaceTable) -> Iterator[UnitCount]:
    coded, present, intensity = (
        np.asarray(faces.data[name].values) for name in ("coded", "present", "intensity")
    )
    sequence, subject = faces.column("sequence"), faces.column("subject")
    for column in np.argsort(faces.units, kind="stable").tolist():
        shows = present[:, column]
        yield UnitCount(
            faces.units[column],
            int(coded[:, column].sum()),
            int(shows.sum()),
            int((shows & np.isfinite(intensity[:, column])).sum()),
            _distinct(sequence[shows]),
            _distinct(subject[shows]),
        )


def _splits(
    faces: FaceTable, seen: Seen | None, splits: Mapping[str, Sequence[str]]
) -> Iterator[Split]:
    """Each way of splitting the faces that puts any of them on a side."""
    ways = {"official split": faces.column("split")}
    if "official" in faces.data:
        folds = faces.data["official"].values
        ways |= {
            f"official fold {k + 1}": np.asarray(folds[:, k].tolist(), dtype=str)
            for k in range(folds.shape[1])
        }
    ways |= {name: np.asarray(parts, dtype=str) for name, parts in splits.items()}
    people = numbered(faces.column("subject"))[1]
    copies = None if seen is None else numbers_of(seen.groups, len(faces))
    for name, parts in ways.items():
        rows = {part: np.flatnonzero(parts == part) for part in PARTS}
        taken = {part: some for part, some in rows.items() if some.size}
        if taken:
            yield _split(name, taken, people, copies)


def _split(name: str, rows: Mapping[str, Rows], people: Rows, copies: Rows | None) -> Split:
    """One split by the rows of its parts; `people`, `copies`: number of each, -1 for none."""
    sizes = {part: len(some) for part, some in rows.items()}
    crossing = _on_two(people, rows)
    if copies is None:
        return Split(name, sizes, crossing)
    trained = np.append(on_sides(copies, [rows.get("train", _NOBODY)])[0], False)
    seen = {part: int(trained[copies[rows[part]]].sum()) for part in PARTS[1:] if part in rows}
    return Split(name, sizes, crossing, _on_two(copies, rows), seen)


def _on_two(numbers: Rows, rows: Mapping[str, Rows]) -> int:
    """How many numbers stand on two sides or more."""
    return int((on_sides(numbers, list(rows.values())).sum(axis=0) > 1).sum())


def _showing(faces: FaceTable) -> Showing:
    terms, subject = faces.terms, faces.column("subject")
    people = sorted(set(subject.tolist()))
    hidden = {who for who in people if not terms.may_show(who)}
    n_faces, n_hidden = int(np.isin(subject, sorted(hidden)).sum()), len(hidden - {""})
    return Showing(
        terms.source,
        terms.text,
        _who(len(people), len(hidden), shows_few=terms.showable is not None),
        n_faces,
        n_hidden,
        terms.redistributable,
    )


def _who(people: int, hidden: int, *, shows_few: bool) -> str:
    """Who may be shown; it names the fewer where terms allow by name, else those who may not."""
    if not hidden:
        return "everybody"
    if hidden == people:
        return "nobody"
    if shows_few:
        return f"{people - hidden} of {amount(people, 'subject')}"
    return f"everybody but {amount(hidden, 'subject')}"
