"""What two data sets have in common that a transfer must not rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from facsinterp import Inputs, crossed_share

from .pairs import AS_IS, Pair
from .sets import FaceSet

if TYPE_CHECKING:
    from .jobs import Copies

# What is told of data sets that hold one another. From memory, not verified.
INSIDE: Final = {
    frozenset({"ckplus", "tfd"}): "TFD pools older data sets, Cohn-Kanade among them (from "
    "memory, not verified)",
}


def copies_jobs(sets: Sequence[FaceSet]) -> tuple[Copies, ...]:
    """A job for each two sets."""
    from .jobs import Copies

    return tuple(Copies(corpus=one.name, other=other.name) for one, other in combinations(sets, 2))


def leakage_table(inputs: Inputs, sets: Sequence[FaceSet], pairs: Sequence[Pair]) -> pd.DataFrame:
    """A row a pair of two sets: what of the faces that test was, or may have been, seen before.

    equal: pictures that are equal in every pixel to one of the other set; like: those, and such
    as show the same; another label: of these, with a copy of another expression; subjects: names
    that both have; without: accuracy as is on the faces that have no copy, NaN where all or none
    have.
    """
    from .jobs import COPIES

    found = {
        (one.name, other.name): pd.read_parquet(inputs.folder(job) / COPIES)
        for (one, other), job in zip(combinations(sets, 2), copies_jobs(sets), strict=True)
    }
    return pd.DataFrame(list(_rows(found, pairs)), columns=list(COLUMNS))


COLUMNS: Final = (
    "train",
    "test",
    "equal",
    "like",
    "another label",
    "subjects",
    "faces",
    "without",
    "without low",
    "without high",
    "known",
)


def _rows(
    found: dict[tuple[str, str], pd.DataFrame], pairs: Sequence[Pair]
) -> Iterator[dict[str, Any]]:
    for pair in pairs:
        if pair.source is pair.target:
            continue
        names = (pair.source.name, pair.target.name)
        table, side = (found[names], 1) if names in found else (found[names[::-1]], 0)
        answers = pair.answers[AS_IS]
        mine = table[(table["side"] == side) & table["image"].isin(answers.images.tolist())]
        yield {
            "train": pair.source.label,
            "test": pair.target.label,
            "equal": int(mine["equal"].sum()),
            "like": len(mine),
            "another label": _conflicts(mine, table[table["side"] != side]),
            "subjects": len(_subjects(pair.source) & _subjects(pair.target)),
            "faces": len(answers.images),
            **_without(pair, mine),
            "known": INSIDE.get(frozenset({pair.source.corpus.source, pair.target.corpus.source})),
        }


def _conflicts(mine: pd.DataFrame, others: pd.DataFrame) -> int:
    """Pictures with a copy whose expression is known and another."""
    both = mine.reset_index().merge(others, on="like", suffixes=("", " other"))
    known = (both["expression"] != "") & (both["expression other"] != "")
    differs = both[known & (both["expression"] != both["expression other"])]
    return int(differs["index"].nunique())


def _without(pair: Pair, mine: pd.DataFrame) -> dict[str, float]:
    names = ("without", "without low", "without high")
    alone = ~np.isin(pair.answers[AS_IS].images, mine["image"].to_numpy(str))
    rows = pair.rows & alone
    if not len(mine) or not pair.known or not rows.any():
        return dict.fromkeys(names, np.nan)
    answers = pair.answers[AS_IS]
    kept = crossed_share(answers.right(pair.shared, rows), answers.people[rows])
    return dict(zip(names, (kept.value, kept.low, kept.high), strict=True))


def _subjects(one: FaceSet) -> set[str]:
    return set(one.corpus.faces.column("subject").tolist()) - {""}
