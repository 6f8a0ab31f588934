"""Tables as a user wants them: to read, or for another program, unrounded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import pandas as pd


class Format(StrEnum):
    """How a table is written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


FormatOption = Annotated[
    Format, typer.Option("--format", help="All but table are unrounded; parquet needs --out.")
]
FileOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write here instead of printing.")
]


def show(
    frame: pd.DataFrame, form: Format, out: Path | None, *, columns: Sequence[str] | None = None
) -> None:
    """Print a table, or write it to a file that appears whole.

    `columns` are those that a table to read has; the other formats have all.
    Raises DataError for parquet without a file, and for a file in a folder that is not there.
    """
    from facsinterp.errors import DataError, Fault

    if form is Format.TABLE and columns is not None:
        frame = frame[list(columns)]
    if out is None and form is Format.PARQUET:
        raise DataError(Fault("parquet cannot be printed", do="give --out FILE"))
    if out is None or form is not Format.PARQUET:
        put(_content(frame, form) + "\n", out)
        return
    with whole(out) as partial:
        frame.to_parquet(partial, index=False)


def put(text: str, out: Path | None) -> None:
    """Print a text, or write it to a file that appears whole. Raises DataError as `place`."""
    if out is None:
        typer.echo(text.removesuffix("\n"))
        return
    with whole(out) as partial:
        partial.write_text(text, encoding="utf-8")


@contextmanager
def whole(out: Path) -> Iterator[Path]:
    """A file beside `out` to write to, which takes its place at the end and never stays behind.

    Raises DataError as `place`.
    """
    place(out)
    partial = out.with_name(out.name + ".partial")
    try:
        yield partial
        os.replace(partial, out)
    finally:
        if partial.exists():
            partial.unlink()


def place(out: Path) -> None:
    """Raises DataError for a file in a folder that is not there."""
    from facsinterp.errors import DataError, Fault

    if not out.absolute().parent.is_dir() or out.is_dir():
        raise DataError(
            Fault("no place for this file", where=str(out), expected="a file in a folder there is")
        )


def _content(frame: pd.DataFrame, form: Format) -> str:
    if form is Format.JSON:
        return json.dumps(records(frame), ensure_ascii=False, allow_nan=False, indent=1)
    if form is Format.CSV:
        return frame.to_csv(index=False, lineterminator="\n").removesuffix("\n")
    if frame.empty:
        return f"nothing found; columns: {', '.join(map(str, frame.columns))}"
    return frame.to_string(index=False, na_rep="-", float_format="{:.4g}".format)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One object a row, of values that JSON has; a number that does not exist is None."""
    columns = {str(name): [_plain(value) for value in frame[name]] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _plain(value: Any) -> Any:  # noqa: ANN401 - a cell may be anything
    import numpy as np
    import pandas as pd

    if pd.isna(value) or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return None
    return value.item() if isinstance(value, np.generic) else value
