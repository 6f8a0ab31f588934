"""What networks said of a data set, gathered over folds and seeds, and class sets aligned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_PROBABILITY: Final = "p "


@dataclass(frozen=True, eq=False)
class Answers:
    """Probabilities that networks of several seeds gave to the same faces."""

    images: NDArray[np.str_]
    people: NDArray[np.str_]
    """(face,) the subject; a face of nobody known is a person of its own."""
    true: NDArray[np.str_]
    classes: tuple[str, ...]
    said: NDArray[np.float64]
    """(seed, face, class)"""
    known: bool = True
    """Whether subjects, not images alone, stand behind the faces."""

    @classmethod
    def read(cls, seeds: Sequence[Sequence[Path]]) -> Self:
        """From the tables of each seed, fold by fold. A class that some lack has probability 0."""
        tables = [
            pd.concat([pd.read_parquet(path) for path in folds], ignore_index=True).fillna(0.0)
            for folds in seeds
        ]
        first = tables[0]
        every = {str(name) for one in tables for name in one.columns}
        columns = sorted(name for name in every if name.startswith(_PROBABILITY))
        images, subjects, true = (_texts(first, name) for name in ("image", "subject", "true"))
        said = [one.reindex(columns=columns, fill_value=0.0).to_numpy(float) for one in tables]
        return cls(
            images,
            np.where(subjects == "", np.char.add("\0", images), subjects),
            true,
            tuple(name.removeprefix(_PROBABILITY) for name in columns),
            np.stack(said),
            bool((subjects != "").any()),
        )

    def right(self, shared: tuple[str, ...], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(seed, face) 1 where the most probable of the shared classes is the true one.

        `rows` (face,): faces of shared classes. Probabilities are renormalised over the shared
        ones, which leaves their order.
        """
        return np.asarray(self.named(shared, rows) == self.true[rows], dtype=np.float64)

    def named(self, shared: tuple[str, ...], rows: NDArray[np.bool_]) -> NDArray[np.str_]:
        """(seed, face) the most probable of the shared classes."""
        places = [self.classes.index(name) for name in shared if name in self.classes]
        names = np.array([self.classes[k] for k in places])
        return np.asarray(names[self.said[:, rows][..., places].argmax(axis=-1)])

    def elsewhere(self, shared: tuple[str, ...], rows: NDArray[np.bool_]) -> float:
        """Mean probability that went to classes that are not shared."""
        places = [self.classes.index(name) for name in shared if name in self.classes]
        return float(1 - self.said[:, rows][..., places].sum(axis=-1).mean())


def _texts(table: pd.DataFrame, name: str) -> NDArray[np.str_]:
    return np.asarray(table[name].tolist(), dtype=str)
