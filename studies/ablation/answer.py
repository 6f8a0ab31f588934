"""The study's answer in up to three sentences, from its tests and counts."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from .measure import Measured
from .sections import ALPHA, between, percent

Row = Mapping[Hashable, Any]
OWN, OTHERS = "own unit", "beyond the emotion's other units"


def answer(tests: pd.DataFrame, found: Measured) -> tuple[str, ...]:
    """Whether a unit loses by its filters, whether more than its emotion does, and accuracy."""
    rows = {str(row["question"]): row for row in tests.to_dict("records")}
    return tuple(_sentences(rows, found))


def _sentences(tests: Mapping[str, Row], found: Measured) -> Iterator[str]:
    if OWN not in tests:
        yield (
            "Nothing is shown: no pair of a filter and an action unit could be studied, which "
            "takes a unit that can be read from the network on held-out people and a filter that "
            "passes for it."
        )
    else:
        yield _own(tests[OWN])
    if OTHERS in tests:
        yield _others(tests[OTHERS])
    if found.labelled and len(found.filters):
        none, total = int((found.accuracy == 0).sum()), len(found.filters)
        yield (
            f"{none:,} of {total:,} live filters can each be silenced without one of "
            f"{found.labelled:,} labelled held-out faces more or fewer being recognised as its "
            f"expression; the one that costs most costs {max(0, int(found.accuracy.max())):,}."
            if none
            else f"Each of {total:,} live filters changes which of {found.labelled:,} labelled "
            "held-out faces are recognised when it is silenced, the most harmful one "
            f"{max(0, int(found.accuracy.max())):,} fewer."
        )


def _shown(row: Row) -> bool:
    return bool(row["p"] <= ALPHA and row["difference"] > 0)


def _own(row: Row) -> str:
    numbers = f"p = {row['p']:.2g}, {int(row['pairs'])} pairs of a filter and a unit"
    size = f"{percent(row['difference'])} of the unit's separation a filter{between(row)}"
    if _shown(row):
        return (
            "Silencing a filter of an action unit takes more of that unit from the network than "
            f"silencing a filter like it does, by {size}; {numbers}."
        )
    return (
        "It is not shown that silencing a filter of an action unit takes more of that unit from "
        f"the network than silencing a filter like it does: the difference is {size}; {numbers}."
    )


def _others(row: Row) -> str:
    size = f"{percent(row['difference'])} a filter{between(row)}, p = {row['p']:.2g}"
    if _shown(row):
        return f"The unit loses more than the other units of its emotion do, by {size}."
    known = "" if np.isfinite(row["p"]) else " It could not be tested."
    return (
        "It is not shown that the unit loses more than the other units of its emotion do "
        f"({size}), so that what is lost may be the emotion.{known}"
    )
