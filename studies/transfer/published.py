"""Table 3 of Breuer and Kimmel (2017), arXiv 1705.01842."""

from __future__ import annotations

from typing import Final

import pandas as pd

SOURCE: Final = "Breuer & Kimmel (2017), table 3"
TITLES: Final = {"ckplus": "CK+", "fer2013": "FER2013", "novaemotions": "NovaEmotions"}
# (train, test). Which of the two the rows are is inferred: the table does not say.
ACCURACY: Final = {
    ("ckplus", "ckplus"): 0.9862,
    ("ckplus", "fer2013"): 0.693,
    ("ckplus", "novaemotions"): 0.672,
    ("fer2013", "ckplus"): 0.920,
    ("fer2013", "fer2013"): 0.721,
    ("fer2013", "novaemotions"): 0.780,
    ("novaemotions", "ckplus"): 0.9375,
    ("novaemotions", "fer2013"): 0.718,
    ("novaemotions", "novaemotions"): 0.813,
}


def published_table() -> pd.DataFrame:
    """A row a pair of the paper, of sources by name."""
    rows = [
        {"train": TITLES[train], "test": TITLES[test], "accuracy": value}
        for (train, test), value in ACCURACY.items()
    ]
    return pd.DataFrame(rows)
