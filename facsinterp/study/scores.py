"""How well the networks of a run name expressions, from what they said of held-out faces."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.stats.accuracy import Scores, score
from facsinterp.study.folder import NETWORK, PREDICTIONS, RunFolder


def scores_of(run: RunFolder) -> Scores | None:
    """How well the networks of a run name the expression of people they never saw.

    Over all folds; None when nothing was trained. Where the subject of a face is not known,
    the face stands for it: the answers to one face in several folds are not independent.
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
        _blocks(table),
    )


def _blocks(table: pd.DataFrame) -> NDArray[np.str_] | None:
    """(answer,) what makes answers alike; None where all are of different faces of nobody."""
    subject, image = (table[name].to_numpy(dtype=str) for name in ("subject", "image"))
    if not (subject != "").any() and len(set(image.tolist())) == len(image):
        return None
    # No subject's name starts so: a file name cannot.
    return np.where(subject == "", np.char.add("\0", image), subject)
