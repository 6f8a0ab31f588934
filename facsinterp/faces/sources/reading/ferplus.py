"""FER+: what ten people called each picture of FER2013, and the label that a majority gives.

Rows of `fer2013new.csv` follow those of `fer2013.csv`. The names in it must not be used to
find pictures: faceless rows have none, the numbers after them are shifted, some occur twice.

Barsoum, Zhang, Ferrer and Zhang: Training Deep Networks for Facial Expression Recognition
with Crowd-Sourced Label Distribution, ICMI 2016.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.files import UnreadableFile, read_table, read_text
from facsinterp.faces.sources.reading.notes import few
from facsinterp.facs import expression_of

ANSWERS: Final = (
    "neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt",
    "unknown", "NF",
)  # fmt: skip
"""What a voter could answer, in the order of the columns; NF: not a face."""
UNKNOWN: Final = "FER+: no majority for an expression"
NO_FACE: Final = "FER+: not a face"
_VOTERS: Final = 10
_SHOWN: Final = 5


@dataclass(frozen=True)
class Votes:
    """One row: how many gave each answer."""

    line: int
    usage: str
    name: str
    counts: tuple[int, ...]


def majority(counts: Sequence[int]) -> tuple[str, str]:
    """The expression that a majority chose, and "" - or "", and the reason why there is none.

    Single votes are taken for slips and do not count. More than half of the votes that are
    left must agree. Those for "unknown" and "not a face" count among them.
    """
    left = [count if count > 1 else 0 for count in counts]
    best = max(range(len(left)), key=left.__getitem__)
    if left[best] <= sum(left) / 2:
        return "", UNKNOWN
    if ANSWERS[best] == "NF":
        return "", NO_FACE
    expression = expression_of(ANSWERS[best])
    return (expression, "") if expression else ("", UNKNOWN)


def read_votes(path: Path) -> tuple[Votes, ...]:
    """The rows of `fer2013new.csv`; DataError with every fault of the table."""
    table = read_table(path)
    columns = {header.casefold(): header for header in table.headers}
    missing = [name for name in ("Usage", *ANSWERS) if name.casefold() not in columns]
    if missing:
        raise DataError(
            Fault(
                "this is not the table of FER+ votes",
                where=path.name,
                expected=f"columns Usage, Image name, {', '.join(ANSWERS)}",
                got=", ".join(table.headers)[:200],
            )
        )
    name = columns.get("image name", "")
    rows = [
        (
            row.line,
            row.cells[columns["usage"]],
            row.cells[name] if name else "",
            [row.cells[columns[answer.casefold()]] for answer in ANSWERS],
        )
        for row in table.rows
    ]
    return _checked(path, rows)


def read_label_file(path: Path) -> tuple[Votes, ...]:
    """The rows of a `label.csv`: name, box and ten numbers, without a header."""
    try:
        lines = list(csv.reader(StringIO(read_text(path), newline=""), skipinitialspace=True))
    except (UnreadableFile, csv.Error) as error:
        raise DataError(Fault("FER+ labels cannot be read", path.name, got=str(error))) from None
    wide = len(ANSWERS) + 2
    rows = []
    faults = []
    for line, cells in enumerate(lines, start=1):
        if len(cells) == wide:
            rows.append((line, "", cells[0].strip(), cells[2:]))
        elif cells:
            fault = Fault(
                "a row of FER+ labels is of another shape",
                where=f"{path.name}, row {line}",
                expected="a name, a box and 10 numbers of votes",
                got=f"{len(cells)} cells",
            )
            faults.append(fault)
    DataError.raise_any(faults[:_SHOWN])
    return _checked(path, rows)


def _checked(path: Path, rows: Sequence[tuple[int, str, str, list[str]]]) -> tuple[Votes, ...]:
    """The votes as numbers; DataError with the first rows where they are none."""
    faults = [
        Fault(
            "votes are not whole numbers",
            where=f"{path.name}, row {line}",
            expected="how many of ten people gave each answer",
            got=", ".join(cells),
        )
        for line, _, _, cells in rows
        if not all(cell.strip().isdecimal() and len(cell.strip()) < 4 for cell in cells)
    ]
    DataError.raise_any(faults[:_SHOWN])
    return tuple(
        Votes(line, usage, name, tuple(int(cell) for cell in cells))
        for line, usage, name, cells in rows
    )


def oddities(votes: Sequence[Votes]) -> Iterator[str]:
    """What is odd about the votes, a line a kind."""
    other = [vote.line for vote in votes if sum(vote.counts) != _VOTERS]
    if other:
        yield f"FER+: {len(other)} rows do not hold {_VOTERS} votes (row {few(other)})"
    nameless = sum(not vote.name for vote in votes)
    if nameless:
        yield f"FER+: {nameless} rows have no picture name; labels are joined by the order of rows"
    repeated = twice(votes)
    if repeated:
        yield f"FER+: {len(repeated)} names are used twice ({few(repeated)})"


def twice(votes: Sequence[Votes]) -> list[str]:
    """Names that more than one row has."""
    return sorted(name for name, n in Counter(v.name for v in votes).items() if name and n > 1)
