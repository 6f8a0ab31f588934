"""Tables of a study as pages and files can take them, whatever its author made of pandas.

A table of pages and files has names above its columns, each once, and nothing beside its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd

_LEVELS: Final = " · "
_ONE_KIND: Final = {
    "string", "boolean", "integer", "floating", "mixed-integer-float", "decimal", "date", "empty"
}  # fmt: skip


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with what names its rows as columns, and a name of its own for each column.

    Levels of names become one, as in `AUROC · low`. An index without a name that only numbers
    rows is left out. A second column `x` is called `x (2)`. Columns for whose values Parquet has
    no one type become texts; what is missing stays missing. `frame` is not changed.
    """
    made = frame.copy(deep=False)
    made.columns = pd.Index([_joined(name) for name in frame.columns])
    if _says_something(frame.index):
        made = made.reset_index(allow_duplicates=True)
    made.columns = pd.Index(_once([_encodable(str(name)) for name in made.columns]))
    for name in made.columns:
        if not _holds(made[name]):
            texts = [_text(one) for one in made[name].tolist()]
            made[name] = pd.Series(texts, index=made.index, dtype=object)
    return made


def _joined(name: object) -> str:
    levels = name if isinstance(name, tuple) else (name,)
    return _encodable(_LEVELS.join(text for text in map(str, levels) if text))


def _says_something(index: pd.Index[Any]) -> bool:
    named = any(name is not None for name in index.names)
    return named or index.nlevels > 1 or index.dtype.kind not in "iu"


def _once(names: Sequence[str]) -> list[str]:
    made: list[str] = []
    taken = set(names)
    for name in names:
        one, count = name, 1
        while one in made or (count > 1 and one in taken):
            count += 1
            one = f"{name} ({count})"
        made.append(one)
    return made


def _holds(column: pd.Series[Any]) -> bool:
    """Whether Parquet has a type for all values of a column."""
    import pyarrow as pa  # slow to load, and only what writes tables asks

    kind = column.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return _holds(kind.categories.to_series())
    if (
        pd.api.types.is_object_dtype(kind)
        and pd.api.types.infer_dtype(column, skipna=True) not in _ONE_KIND
    ):
        return False
    if kind.kind in "biuf":
        return True
    try:
        pa.Array.from_pandas(column)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return False
    return True


def _text(thing: Any) -> str | None:  # noqa: ANN401 - a cell of any kind
    if hasattr(thing, "tolist"):
        thing = thing.tolist()
    missing = pd.api.types.is_scalar(thing) and pd.isna(thing)
    return None if missing else _encodable(str(thing))


def _encodable(text: str) -> str:
    """Half of a pair of surrogates is no text that a file could hold."""
    return text.encode(errors="replace").decode()
