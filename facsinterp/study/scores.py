"""How well the networks of a run name expressions, from what they said of held-out faces."""

from __future__ import annotations

import json

import pandas as pd

from facsinterp.stats.accuracy import Scores, score
from facsinterp.study.folder import NETWORK, PREDICTIONS, RunFolder


def scores_of(run: RunFolder) -> Scores | None:
    """How well the networks of a run name the expression of people they never saw.

    Over all folds; None when nothing was trained.
    """
    files = run.of_folds(PREDICTIONS)
    if not files:
        return None
    table = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    # The network's classes, not those that happen to occur: chance depends on their number.
    record = json.loads(files[0].with_name(NETWORK).read_text(encoding="utf-8"))
    classes = pd.Index(record["classes"])
    return score(
        classes.get_indexer(table["true"]),
        classes.get_indexer(table["predicted"]),
        len(classes),
        table["subject"].to_numpy(dtype=str),
    )
