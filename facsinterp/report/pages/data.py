"""The page of the data: what the loader found, what it left out, the terms, codes and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.inventory import Inventory, PictureCounts, Split
from facsinterp.facs import describe
from facsinterp.report.pages.exports import left_in_the_run, tables
from facsinterp.report.pages.page import Made, Page
from facsinterp.report.pages.tables import Table, Written, file_format, written
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, listed, plural, significant
from facsinterp.report.words.terms import KEEP

Content = dict[str, Any]
_FEW: Final = 10  # people with fewer of whom hardly anything can pass
_PARTS: Final = ("train", "validation", "test")
_KINDS: Final = 4  # names in a row, before "and so many more"
_GROUPS_SHOWN: Final = 50
_SKIPPED_SHOWN: Final = 200  # skipped files listed by name; the counts by reason are whole


def pages(survey: Survey) -> Iterator[Made]:
    """The files under `tables/`, then the page `data.html`, which lists them with their sizes."""
    listed = []
    for table in tables(survey):
        made = written(table)
        yield from made.files
        listed.append(_listed(made))
    files = {"tables": listed, "left": left_in_the_run(survey), "total": _size(_sum(listed))}
    yield Page("data.html", "data.html", _content(survey) | {"files": files})


def _content(survey: Survey) -> Content:
    """What the loader found, what it left out, the terms, and the codes."""
    faces = survey.faces
    found = faces.found
    hidden, inventory = survey.hidden, survey.report.inventory
    reasons = Counter(found.left_out)
    shown = found.skipped[:_SKIPPED_SHOWN]
    subjects = faces.column("subject")
    return {
        "found": found,
        "counts": [
            (name, found.counts.get(name), found.expected.get(name))
            for name in dict.fromkeys([*found.counts, *found.expected])
        ],
        "reasons": reasons.most_common(),
        "skipped": shown,
        "skipped_more": reasons.total() - len(shown),
        "terms": faces.terms,
        "keep": KEEP if survey.kept_to_oneself else "",
        "seen": None if inventory is None else _seen(inventory),
        "n_hidden": int(hidden.sum()),
        "n_hidden_subjects": len(set(subjects[hidden].tolist()) - {""}),
        "n_hidden_looked": int(hidden[survey.rows].sum()),
        "few": _few(survey),
        "n_faces": len(faces),
        "which_faces": survey.which_faces,
        "units": _unit_lines(survey),
        "expressions": _tally(faces.column("expression")),
        "splits": _tally(faces.column("split")),
        "phases": _tally(faces.column("phase")),
    }


def _seen(inventory: Inventory) -> Content:
    """Sizes, copies, and what stands on two sides of a split."""
    pictures = inventory.pictures
    splits = inventory.splits
    return {
        "pictures": pictures,
        "kinds": "" if pictures is None else _kinds(pictures),
        "differing": [] if pictures is None else list(_differing(pictures)),
        "splits": splits,
        "parts": [part for part in _PARTS if any(part in one.sizes for one in splits)],
        "crossed": [words for one in splits if (words := _crossed(one))],
    }


def _kinds(pictures: PictureCounts) -> str:
    """`48 × 48 pixels, grey`: of what is not the same everywhere, how many are so."""
    told = []
    for counts, unit in ((pictures.sizes, " pixels"), (pictures.modes, "")):
        names = [name.replace(" x ", " × ") + unit for name in counts]
        many = [f"{name} ({count(n)})" for name, n in zip(names, counts.values(), strict=True)]
        more = [f"{count(len(many) - _KINDS)} other kinds"] if len(many) > _KINDS else []
        told.append(names[0] if len(names) == 1 else listed([*many[:_KINDS], *more]))
    return ", ".join(told)


def _differing(pictures: PictureCounts) -> Iterator[Content]:
    """Groups of copies that contradict one another, the first of them by name."""
    for what, groups in (
        ("different expressions", pictures.other_expressions),
        ("the names of different subjects", pictures.other_subjects),
    ):
        if groups:
            shown = [_together(group) for group in groups[:_GROUPS_SHOWN]]
            left = max(0, len(groups) - _GROUPS_SHOWN)
            yield {"what": what, "n": len(groups), "shown": shown, "left": left}


def _together(group: tuple[str, ...]) -> str:
    more = f" and {count(len(group) - _KINDS)} more" if len(group) > _KINDS else ""
    return " = ".join(group[:_KINDS]) + more


def _crossed(one: Split) -> str:
    """What stands on two sides of a split, in a sentence; empty where nothing does."""
    seen = [f"{plural(n, f'{part} face')}" for part, n in one.seen.items() if n]
    people = plural(one.subjects, "subject") if one.subjects else ""
    words = []
    if people:
        words.append(f"{people} {'has' if one.subjects == 1 else 'have'} faces on two sides")
    if seen:
        are = "stands" if sum(one.seen.values()) == 1 else "stand"
        words.append(f"{listed(seen)} {are} in train as well, equal in every pixel")
    elif one.copies:
        words.append(f"{plural(one.copies, 'group')} of equal pictures stand on two sides")
    return f"{one.name.capitalize()}: {'; '.join(words)}." if words else ""


def _listed(made: Written) -> Content:
    """A table as the list of files tells it."""
    table: Table = made.table
    return {
        "name": table.name,
        "title": table.title,
        "rows": len(table.frame),
        "columns": [(str(name), table.meanings.get(str(name), "")) for name in table.frame],
        "files": [
            (file_format(file), file.address, _size(len(file.content))) for file in made.files
        ],
        "bytes": sum(len(file.content) for file in made.files),
    }


def _sum(listed: list[Content]) -> int:
    return sum(one["bytes"] for one in listed)


def _size(n: int) -> str:
    """`23 kB`, `1.2 MB`."""
    return f"{significant(n / 1e6)} MB" if n >= 1e6 else f"{max(1, round(n / 1e3))} kB"


def _few(survey: Survey) -> Content | None:
    """What so few people cannot show; None where there are enough, or it is not known."""
    settings = survey.claims.settings
    n = int(settings.get("n_subjects", 0))
    if not 0 < n < _FEW:
        return None
    return {
        "n": n,
        "tested": int(survey.claims.testable.sum()),
        "beyond": int(survey.claims.testable_beyond.sum()),
        "units": len(survey.claims.units),
    }


def _unit_lines(survey: Survey) -> list[Content]:
    faces = survey.faces
    subjects, sequences = faces.column("subject"), faces.column("sequence")
    coded = np.asarray(faces.data["coded"].values)
    present = np.asarray(faces.data["present"].values)
    scored = np.isfinite(np.asarray(faces.data["intensity"].values))
    looked = np.zeros(len(faces), dtype=bool)
    looked[survey.rows] = True
    return [
        {
            "unit": unit,
            "name": describe(unit),
            "coded": int(coded[:, i].sum()),
            "present": int(present[:, i].sum()),
            "looked": int((present[:, i] & looked).sum()),
            "sequences": len(set(sequences[present[:, i]].tolist()) - {""}),
            "subjects": len(set(subjects[present[:, i]].tolist()) - {""}),
            "scored": int((present[:, i] & scored[:, i]).sum()),
        }
        for i, unit in sorted(enumerate(faces.units), key=lambda pair: pair[1])
    ]


def _tally(values: NDArray[np.str_]) -> list[tuple[str, int]]:
    names, counts = np.unique(values, return_counts=True)
    if list(names) == [""]:
        return []
    return [(str(name) or "not known", int(n)) for name, n in zip(names, counts, strict=True)]
