"""The forms in which NovaEmotions is used; folders and tables of pictures."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import Row, read_table, real_files
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.faces.sources.reading.trees import PICTURES, not_this
from facsinterp.facs import expression_of

Version = Literal["table", "folders", "arrays"]

_EXPECTED: Final = (
    "a folder for each expression with pictures",
    "a CSV table with columns path and label",
    "novaemotions-data.npy beside novaemotions-label.npy",
)
_TABLES: Final = (".csv", ".tsv", ".txt")
_BETWEEN: Final = re.compile(r"[,;\t]")
_LOOKED_AT: Final = 1_000
"""Rows of a table in which a picture is looked for before it is taken for the data set's."""
_DATA: Final = "novaemotions-data.npy"
_LABELS: Final = ("novaemotions-label.npy", "novaemotions-labels.npy")


@dataclass(frozen=True)
class Entry:
    """One face: where it is opened, and what is said of it."""

    path: str
    expression: str
    subject: str = ""


@dataclass(frozen=True)
class Form:
    """A form of the data set and the files that belong to it."""

    version: Version
    files: tuple[Path, ...]
    others: tuple[Version, ...] = ()
    """The forms that lie there as well and are not read."""


def find_form(root: Path, asked: Version | None) -> Form:
    """The form that was asked for, or the fullest that is there; DataError when there is none."""
    forms = {form.version: form for form in _forms(root, real_files(root))}
    if not forms:
        raise not_this("NovaEmotions", root, _EXPECTED)  # noqa: EM101 - a title
    if asked is None:
        version = next((v for v in forms if v != "table" or _usable(root, forms[v])), "table")
    else:
        version = asked
    if version not in forms:
        raise DataError(
            Fault("NovaEmotions is not there in this version", str(root), version, ", ".join(forms))
        )
    return replace(forms[version], others=tuple(other for other in forms if other != version))


def _forms(root: Path, files: Sequence[Path]) -> Iterator[Form]:
    """Every form that is there, the fullest first."""
    tables = [p for p in files if p.suffix.casefold() in _TABLES and _is_table(p)]
    if tables:
        forms = [Form("table", (table,)) for table in tables]
        yield next((form for form in forms if _usable(root, form)), forms[0])
    pictures = tuple(path for path in files if path.suffix.casefold() in PICTURES)
    folders = {path.parent.name for path in pictures}
    if any(expression_of(name) or name.isdecimal() for name in folders):
        yield Form("folders", pictures)
    named = {path.name.casefold(): path for path in reversed(files)}
    labels = next((named[name] for name in _LABELS if name in named), None)
    if _DATA in named and labels is not None:
        yield Form("arrays", (named[_DATA], labels))


def _usable(root: Path, form: Form) -> bool:
    """Whether a table is one of pictures that are here: any of its first rows names one."""
    (file,) = form.files
    try:
        table = read_table(file)
    except DataError:
        return True  # whoever reads it tells what is wrong with it
    header = next(header for header in table.headers if header.casefold() == "path")
    places = (_place(root, file, row.cells[header]) for row in table.rows[:_LOOKED_AT])
    return any(not place.startswith(("/", "..")) and (root / place).is_file() for place in places)


def _place(root: Path, file: Path, written: str) -> str:
    """The path of a picture below `root`, from what its row says."""
    inside = file.parent.relative_to(root) / written.replace("\\", "/")
    return posixpath.normpath(inside.as_posix())


def _is_table(path: Path) -> bool:
    with path.open("rb") as file:
        header = file.readline(4096).decode("utf-8-sig", errors="replace").casefold()
    cells = {cell.strip().strip("'\"").strip() for cell in _BETWEEN.split(header)}
    return {"path", "label"} <= cells


def meaning(label: str, classes: Sequence[str]) -> str | None:
    """The expression that a label means, None where nothing tells."""
    if label.isdecimal() and len(label) < 4:
        return classes[int(label)] if int(label) < len(classes) else None
    return expression_of(label)


def read_folders(root: Path, form: Form, classes: Sequence[str], notes: Notes) -> tuple[Entry, ...]:
    """The pictures in folders whose names are expressions, or numbers that `classes` names."""
    entries: list[Entry] = []
    spellings: dict[str, set[str]] = defaultdict(set)
    unknown: Counter[str] = Counter()
    for path in form.files:
        relative = path.relative_to(root).as_posix()
        folder = path.parent.name if path.parent != root else ""
        expression = meaning(folder, classes)
        if expression is None:
            unknown[folder] += 1
            reason = "a number without a name" if folder.isdecimal() else "no name of an expression"
            notes.skip(relative, f"its folder {folder!r} is {reason}")
            continue
        spellings[expression].add(folder)
        entries.append(Entry(relative, expression))
    notes.warn(*_folder_warnings(unknown, spellings))
    return tuple(entries)


def _folder_warnings(unknown: Counter[str], spellings: dict[str, set[str]]) -> Iterator[str]:
    numbers = sorted(name for name in unknown if name.isdecimal())
    others = sorted(name for name in unknown if not name.isdecimal())
    if numbers:
        count = sum(unknown[name] for name in numbers)
        yield (
            f"{count} pictures lie in folders that are numbers ({few(numbers)}); nothing tells "
            "which expressions these mean: name them with classes"
        )
    if others:
        count = sum(unknown[name] for name in others)
        yield f"{count} pictures lie in folders that name no expression ({few(others)})"
    for expression, folders in sorted(spellings.items()):
        if len(folders) > 1:
            yield f"{expression} has more than one folder: {few(sorted(folders))}"


def read_rows(root: Path, form: Form, classes: Sequence[str], notes: Notes) -> tuple[Entry, ...]:
    """The pictures that a table names, with label and, where it has that column, subject."""
    (file,) = form.files
    table = read_table(file)
    headers = {header.casefold(): header for header in table.headers}
    votes = [header for header in table.headers if expression_of(header)]
    entries: dict[str, Entry] = {}
    against: list[str] = []
    for row in table.rows:
        written = row.cells[headers["path"]]
        path = _place(root, file, written)
        label = row.cells[headers["label"]]
        expression = meaning(label, classes)
        reason = _unusable(root, path, label, expression)
        if not reason and path in entries:
            reason = "an earlier row names the same picture"
        if reason or expression is None:
            notes.skip(f"{written or file.name}, row {row.line}", reason)
            continue
        subject = row.cells[headers["subject"]] if "subject" in headers else ""
        entries[path] = Entry(path, expression, subject)
        if votes and expression not in _chosen(row, votes):
            against.append(path)
    notes.note("labels that are not what most votes in their rows say, used as they are", *against)
    return tuple(entries.values())


def _unusable(root: Path, path: str, label: str, expression: str | None) -> str:
    """Why a row cannot be used, "" where it can."""
    if path.startswith(("/", "../")) or path in (".", "..") or path[1:2] == ":":
        return "its path leads out of the folder"
    if expression is None:
        number = "a number without a name" if label.isdecimal() else "no expression"
        return f"its label {label[:20]!r} is {number}"
    return "" if (root / path).is_file() else "there is no such picture"


def _chosen(row: Row, votes: Sequence[str]) -> set[str]:
    """The expressions with most votes in a row; all where cells are no numbers."""
    counts: dict[str, float] = {}
    for header in votes:
        try:
            counts[expression_of(header) or ""] = float(row.cells[header] or 0)
        except ValueError:
            return {expression_of(header) or "" for header in votes}
    return {name for name, count in counts.items() if count == max(counts.values())}
