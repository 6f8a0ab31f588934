"""FER2013 as one table or two: a row a picture, its 2,304 numbers in one cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.fer2013.files import PARTS, Entry, Form
from facsinterp.faces.sources.reading import ferplus
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.pixelrows import PIXELS, PixelRow, PixelTable, scan

EMOTIONS: Final = ("anger", "disgust", "fear", "happy", "sadness", "surprise", "neutral")
"""The expressions in FER2013's order, 0 to 6."""
ROWS: Final[Mapping[str, int]] = {
    "fer2013.csv": 35_887,
    "icml_face_data.csv": 35_887,
    "train.csv": 28_709,
    "test.csv": 7_178,
}
"""Published numbers of rows."""
_NUMBERS: Final = frozenset(str(number) for number in range(len(EMOTIONS)))
_ENOUGH: Final = 10
"""Rows from which the agreement of labels is told from chance."""
_WHOLE: Final = {"train.csv": "train", "test.csv": "test"}


class _Bad(Exception):  # noqa: N818 - a reason on its way to a list, never an error
    """Why a row cannot be used."""


def read_tables(root: Path, form: Form, *, votes: bool, notes: Notes) -> tuple[Entry, ...]:
    """Every row that holds a picture; what is wrong with the others goes to `notes`.

    `votes`: whether the labels are those of FER+. DataError when a file is no such table, or
    the votes do not belong to it.
    """
    entries: list[Entry] = []
    for file in form.files:
        table = scan(file)
        DataError.raise_any(_column_faults(file, table, labelled=not votes))
        asked = _votes_for(form, table, notes) if votes else None
        name = file.relative_to(root).as_posix()
        for row in table.rows:
            path = f"{name}#{row.number}"
            try:
                entries.append(_entry(path, row, file, asked))
            except _Bad as reason:
                notes.skip(path, f"line {row.line}: {reason}")
        _end(file, name, table, entries, notes)
    return tuple(entries)


def _column_faults(file: Path, table: PixelTable, *, labelled: bool) -> Iterator[Fault]:
    needed = {"emotion"} if labelled and file.name.casefold() != "test.csv" else set()
    needed |= set() if file.name.casefold() in _WHOLE else {"usage"}
    missing = sorted(needed - set(table.headers))
    if missing:
        yield Fault(
            "a table of FER2013 lacks columns",
            where=file.name,
            expected=f"a header with {PIXELS}, {', '.join(sorted(needed))}",
            got=", ".join(table.headers),
        )
    if not table.rows:
        yield Fault("a table of FER2013 has no rows", where=file.name, do="copy it again")


def _entry(path: str, row: PixelRow, file: Path, votes: Sequence[ferplus.Votes] | None) -> Entry:
    if row.fault:
        raise _Bad(row.fault)
    split = _WHOLE.get(file.name.casefold()) or _part(row)
    if votes is None:
        expression, why = _emotion(row), ""
    else:
        expression, why = ferplus.majority(votes[row.number].counts)
    image = f"{file.stem.casefold()}-{row.number:05d}"
    return Entry(path, image, split, expression, why, row.content, row.flat)


def _part(row: PixelRow) -> str:
    usage = row.cells["usage"]
    if usage.casefold() not in PARTS:
        message = f"Usage {usage[:20]!r} is none of Training, PublicTest, PrivateTest"
        raise _Bad(message)
    return PARTS[usage.casefold()]


def _emotion(row: PixelRow) -> str:
    written = row.cells.get("emotion")
    if written is None:
        return ""
    if written not in _NUMBERS:
        message = f"emotion {written[:20]!r} is none of 0 to 6"
        raise _Bad(message)
    return EMOTIONS[int(written)]


def _end(file: Path, name: str, table: PixelTable, entries: list[Entry], notes: Notes) -> None:
    """Whether a table ends where it should. The number that it breaks off in is not to be seen."""
    published = ROWS[file.name.casefold()]
    count = len(table.rows)
    last = f"{name}#{count - 1}"
    broken = not table.ended and table.headers[-1] == PIXELS and count < published
    if broken and entries and entries[-1].path == last:
        entries.pop()
        reason = f"line {table.rows[-1].line}: the file ends here, perhaps within a number"
        notes.skip(last, reason)
    if count < published:
        notes.warn(
            f"{name} holds {count:,} rows, not the published {published:,}: "
            "the copy is cut short, or only a part"
        )


def _votes_for(form: Form, table: PixelTable, notes: Notes) -> tuple[ferplus.Votes, ...]:
    """The votes on each row of a table; DataError unless they can only be on its rows."""
    if form.votes is None:
        raise DataError(
            Fault(
                "there are no FER+ labels",
                expected="fer2013new.csv in the folder",
                do="copy it there from the FERPlus repository, or leave out labels",
            )
        )
    votes = ferplus.read_votes(form.votes)
    if len(votes) != len(table.rows):
        raise DataError(
            Fault(
                "FER+ labels and pictures differ in number, so no row can be matched",
                where=form.votes.name,
                expected=f"{len(table.rows)} rows, as {form.files[0].name} has",
                got=f"{len(votes)} rows",
                do="copy the file again that is cut short",
            )
        )
    differ = [
        (row, vote)
        for row, vote in zip(table.rows, votes, strict=True)
        if not row.fault
        and row.cells["usage"].casefold() in PARTS
        and row.cells["usage"].casefold() != vote.usage.casefold()
    ]
    if differ:
        row, vote = differ[0]
        raise DataError(
            Fault(
                "FER+ labels stand in another order than the pictures",
                where=f"{form.votes.name}, row {vote.line}, and {len(differ) - 1} more",
                expected=f"Usage {row.cells['usage']}, as line {row.line} of {form.files[0].name}",
                got=f"Usage {vote.usage}",
            )
        )
    pairs = [pair for pair in zip(table.rows, votes, strict=True) if not pair[0].fault]
    _require_agreement(form.votes, pairs, notes)
    faces = [f"row {row.number}" for row, vote in pairs if row.flat and not _faceless(vote)]
    notes.note(
        "pictures of one grey level that FER+ has for faces (are its rows in another order?)",
        *faces,
    )
    notes.warn(*ferplus.oddities(votes))
    return votes


def _faceless(vote: ferplus.Votes) -> bool:
    return ferplus.majority(vote.counts) == ("", ferplus.NO_FACE)


def _require_agreement(
    file: Path, pairs: Sequence[tuple[PixelRow, ferplus.Votes]], notes: Notes
) -> None:
    """DataError when votes and FER2013's own labels agree so seldom that rows were moved."""
    both = [
        (EMOTIONS[int(own)], ferplus.majority(vote.counts)[0])
        for row, vote in pairs
        if (own := row.cells.get("emotion", "")) in _NUMBERS
    ]
    agree = [own == voted for own, voted in both if voted]
    if len(agree) < _ENOUGH:
        notes.warn("too few rows have labels of FER2013 to see whether those of FER+ are their own")
    elif sum(agree) < len(agree) / 2:
        raise DataError(
            Fault(
                "FER+ labels do not belong to these pictures",
                where=f"{file.name}, {len(agree):,} rows with a label of both kinds",
                expected="the label of FER2013 in about 71 of 100 rows, as published",
                got=f"in {100 * sum(agree) / len(agree):.0f} of 100",
                do="take the table as it was published: one that was sorted or mixed has lost "
                "the order by which votes belong to rows",
            )
        )
