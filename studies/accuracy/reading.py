"""What each system answered to each face, side by side over its seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.facs import EXPRESSIONS

from .systems import Mistake, System

PREDICTIONS: Final = "predictions.parquet"

Texts = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Answers:
    """One system's answers to the faces of its test folds, by one protocol."""

    system: System
    mistake: Mistake
    seeds: tuple[int | None, ...]
    """Of its networks; (None,) for what has none."""
    images: Texts
    """(face,) sorted"""
    people: Texts
    """(face,) the subject, or the image itself where nobody knows whose face it is"""
    folds: Texts
    """(face,) in which it tested"""
    true: Texts
    """(face,) expression"""
    predicted: Texts
    """(seed, face)"""

    @property
    def right(self) -> NDArray[np.bool_]:
        """(seed, face) whether the answer is the face's expression."""
        return np.asarray(self.predicted == self.true)

    def of(self, images: Texts) -> Answers:
        """The same for some of its faces."""
        keep = np.isin(self.images, images)
        return replace(
            self,
            images=self.images[keep],
            people=self.people[keep],
            folds=self.folds[keep],
            true=self.true[keep],
            predicted=self.predicted[:, keep],
        )


def answers_of(
    system: System,
    mistake: Mistake,
    folders: Sequence[tuple[int | None, Sequence[Path]]],
) -> Answers:
    """The answers in the folders of each seed's jobs, which must be of the same faces."""
    tables = [
        pd.concat([pd.read_parquet(one / PREDICTIONS) for one in some], ignore_index=True)
        .astype(str)
        .sort_values("image", kind="stable", ignore_index=True)
        for _, some in folders
    ]
    first = tables[0]
    assert all((one["image"] == first["image"]).all() for one in tables[1:])  # of the same folds
    images, subjects = first["image"].to_numpy(str), first["subject"].to_numpy(str)
    return Answers(
        system,
        mistake,
        tuple(seed for seed, _ in folders),
        images,
        np.where(subjects == "", images, subjects),
        first["fold"].to_numpy(str),
        first["true"].to_numpy(str),
        np.stack([one["predicted"].to_numpy(str) for one in tables]),
    )


def classes_of(expressions: Iterable[str]) -> tuple[str, ...]:
    """The expressions that label some face: the usual ones in CK+ order, then any others."""
    there = set(map(str, expressions)) - {""}
    return (*(e for e in EXPRESSIONS if e in there), *sorted(there - set(EXPRESSIONS)))
