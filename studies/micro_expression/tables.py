"""The numbers: each system's scores, its differences to the LSTM, its classes and confusions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from facsinterp import score, unweighted

from .comparing import differences

LSTM: Final = "lstm"
CHANGES: Final = "changes"
FRAME: Final = "cnn-apex"
CHANGES_APEX: Final = "changes-apex"
SYSTEMS: Final[Mapping[str, str]] = {
    LSTM: "CNN + LSTM",
    CHANGES: "CNN + LSTM on changes from onset",
    FRAME: "CNN, apex frame",
    "cnn-mean": "CNN, mean over frames",
    "lbptop": "LBP-TOP + SVM",
    "lbptop-magnified": "LBP-TOP + SVM, magnified",
    "lbptop-adaptive": "LBP-TOP + SVM, band chosen",
    "changes-shuffled": "LSTM on changes, order lost",
    CHANGES_APEX: "LSTM on changes, apex alone",
}
# The systems whose differences are asked about, then those that describe.
ASKED: Final = ((LSTM, FRAME), (CHANGES, FRAME))
DESCRIBED: Final = tuple(
    (CHANGES, other)
    for other in (
        LSTM,
        "changes-shuffled",
        CHANGES_APEX,
        "lbptop",
        "lbptop-magnified",
        "lbptop-adaptive",
    )
)


def systems_table(answers: pd.DataFrame, classes: tuple[str, ...], seed: int) -> pd.DataFrame:
    """A row for each system: accuracy, UF1 and UAR with bounds over people, the majority beside."""
    return pd.DataFrame([_row(one, name, classes, seed) for name, one in _by_system(answers)])


def _row(answers: pd.DataFrame, system: str, classes: tuple[str, ...], seed: int) -> dict[str, Any]:
    true, said = (_numbers(answers[name], classes) for name in ("true", "predicted"))
    who = answers["subject"].to_numpy(str)
    scores = score(true, said, len(classes), who)
    once = unweighted(true, said, len(classes), who, seed=seed)
    return {
        "system": system,
        "clips": answers["clip"].nunique(),
        "people": answers["subject"].nunique(),
        "seeds": answers["seed"].nunique(),
        "accuracy": scores.accuracy.share,
        "accuracy_low": scores.accuracy.low,
        "accuracy_high": scores.accuracy.high,
        "majority": scores.majority,
        "uf1": once.uf1,
        "uf1_low": once.uf1_interval[0],
        "uf1_high": once.uf1_interval[1],
        "majority_uf1": once.majority_uf1,
        "uar": once.uar,
        "uar_low": once.uar_interval[0],
        "uar_high": once.uar_interval[1],
        "chance_uar": 1 / len(classes),
    }


def differences_table(answers: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """Pairs of systems, by accuracy, UF1 and UAR: a row for each; those asked about first."""
    by_system = dict(_by_system(answers))
    rows = []
    for pair in (*ASKED, *DESCRIBED):
        one, other = (by_system[name] for name in pair)
        for measure, found in differences(one, other, classes).items():
            rows.append(
                {
                    "system": pair[0],
                    "less": pair[1],
                    "asked": pair in ASKED,
                    "measure": measure,
                    "difference": found.estimate,
                    "low": found.low,
                    "high": found.high,
                    "p": found.p,
                    "people": one["subject"].nunique(),
                }
            )
    return pd.DataFrame(rows)


def classes_table(answers: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """A row for each system and class: its clips, people, recall and F1 over all folds."""
    rows = []
    for name, one in _by_system(answers):
        true, said = (_numbers(one[column], classes) for column in ("true", "predicted"))
        found = unweighted(true, said, len(classes), one["subject"].to_numpy(str), draws=2)
        for k, word in enumerate(classes):
            mine = one[one["true"] == word]
            rows.append(
                {
                    "system": name,
                    "class": word,
                    "clips": mine["clip"].nunique(),
                    "people": mine["subject"].nunique(),
                    "recall": float(found.recall[k]),
                    "f1": float(found.f1[k]),
                }
            )
    return pd.DataFrame(rows)


def confusion_table(answers: pd.DataFrame, classes: tuple[str, ...]) -> pd.DataFrame:
    """A row for each system and true class, a column for each answer: clips, over all seeds."""
    counted = pd.crosstab([answers["system"], answers["true"]], answers["predicted"])
    whole = pd.MultiIndex.from_product([_order(answers), classes], names=["system", "true"])
    table = counted.reindex(index=whole, columns=list(classes), fill_value=0)
    table.columns.name = None
    return table.reset_index()


def _by_system(answers: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(name, answers[answers["system"] == name]) for name in _order(answers)]


def _order(answers: pd.DataFrame) -> list[str]:
    there = set(answers["system"])
    return [name for name in SYSTEMS if name in there]


def _numbers(
    names: pd.Series[str], classes: tuple[str, ...]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array([classes.index(name) for name in names], dtype=np.int64)
