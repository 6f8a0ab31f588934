"""Which action units can be judged: seen in enough sequences and people, and told at all."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import facs

from .said import Kind, Said

ARMS: Final = ("trained", "untrained", "pixels", "emotion")
MAIN: Final[Kind] = ("trained", "alone", True)
TOGETHER: Final[Kind] = ("trained", "together", True)
PLAIN: Final[Kind] = ("trained", "together", False)
"""As the paper trains: all units at once, every cell weighing the same."""
PARTS: Final = ("all", "with an emotion", "without an emotion")
"""Of the peaks: those of sequences that bear an emotion label, and the others."""


def part_rows(said: Said, part: str) -> NDArray[np.bool_]:
    """(row,) whether a peak is of a part."""
    labelled = said.expression != ""
    kept = {"all": np.ones_like(labelled), PARTS[1]: labelled, PARTS[2]: ~labelled}[part]
    return np.asarray(kept)


def unit_table(said: Said, sequences: int, people: int) -> pd.DataFrame:
    """A row a unit: how often it was seen and told, and why it cannot be judged; "" where it can.

    Columns: au, unit, sequences and subjects that show it, told (sequences of test people that
    show it and got an answer), folds with a detector, of_folds, untestable.
    """
    one = said.where(said.seed == said.seeds[0])
    told = one.coded & np.isfinite(one.probability[MAIN])
    of_folds = len(np.unique(one.fold))
    rows = []
    for k, unit in enumerate(one.units):
        shown = one.present[:, k]
        rows.append(
            {
                "au": unit,
                "unit": facs.label(unit),
                "sequences": int(shown.sum()),
                "subjects": len(np.unique(one.subjects[shown])),
                "told": int((shown & told[:, k]).sum()),
                "folds": len(np.unique(one.fold[told[:, k]])),
                "of_folds": of_folds,
                "untestable": _untestable(one, k, sequences, people),
            }
        )
    return pd.DataFrame(rows)


def _untestable(one: Said, k: int, sequences: int, people: int) -> str:
    """Why unit `k` cannot be judged on these rows; "" where it can."""
    coded = one.coded[:, k]
    told = coded & np.isfinite(one.probability[MAIN][:, k])
    if not coded.any():
        return "coded in no sequence"
    why = next((str(w) for w in one.refused[coded & ~told, k] if w), "")
    if not told.any():
        return f"no fold has a detector: {why}"
    whose = one.subjects != ""
    sides = (("with it", one.present[:, k] & told), ("without it", ~one.present[:, k] & told))
    reasons = []
    for words, cells in sides:
        many, who = int(cells.sum()), len(np.unique(one.subjects[cells & whose]))
        if many < sequences:
            reasons.append(f"{many} sequences {words}, fewer than {sequences}")
        elif who < people:
            reasons.append(f"{who} people {words}, fewer than {people}")
    if not reasons or told.sum() == coded.sum():
        return "; ".join(reasons)
    folds = len(np.unique(one.fold))
    without = folds - len(np.unique(one.fold[told]))
    return f"{'; '.join(reasons)} ({without} of {folds} folds have no detector: {why})"


def judgeable(said: Said, sequences: int, people: int) -> NDArray[np.int64]:
    """Columns of the units that can be judged on these rows."""
    one = said.where(said.seed == said.seeds[0])
    found = [k for k in range(len(one.units)) if not _untestable(one, k, sequences, people)]
    return np.array(found, dtype=np.int64)
