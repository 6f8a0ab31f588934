"""What is a network worth on another data set, and whose merit is it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from pydantic import Field

from facsinterp import Finding, Inputs, Job, Seeds, Study, StudyResult

from .answer import answer
from .leakage import copies_jobs, leakage_table
from .pairs import (
    AS_IS,
    DIFFERENCES,
    RETRAINED,
    UNTRAINED,
    WAYS,
    WITHIN,
    Plan,
    accuracy_table,
    class_table,
    difference_table,
    read_pairs,
)
from .published import published_table
from .sections import leakage_section, matrix_section, merit_section, published_section
from .sets import sets_of
from .wording import behind

# Differences that are findings; the tables hold all.
TOLD: Final = ((AS_IS, WITHIN), (RETRAINED, UNTRAINED))


class Transfer(Study):
    """What is a network worth on another data set, and whose merit is it?"""

    seeds: Seeds = Field(default=(1, 2, 3), min_length=1)
    """Of the networks that are trained on each data set."""
    train: Mapping[str, Mapping[str, Any]] = {}
    """Keys of `[network.train]` that are others for the faces of a name in `[also]`."""
    pixels: int = Field(default=16, ge=2)
    """Side of the small pictures on which an output layer is trained without a network."""

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """Trainings on each set, and each network asked about each set."""
        plan = self._plan(inputs)
        return [*plan.jobs(), *copies_jobs(plan.sets)]

    def run(self, inputs: Inputs) -> StudyResult:
        """The matrix of pairs, as is and re-trained, beside what needs no transfer."""
        plan = self._plan(inputs)
        pairs = read_pairs(inputs, plan)
        accuracies, differences = accuracy_table(pairs), difference_table(pairs)
        classes, leakage = class_table(pairs), leakage_table(inputs, plan.sets, pairs)
        sections = [
            matrix_section(accuracies, classes, plan.sets, len(self.seeds)),
            published_section(accuracies, plan.sets),
        ]
        if len(differences):
            sections[1:1] = [merit_section(accuracies, differences), leakage_section(leakage)]
        return StudyResult(
            findings=(*_of_pairs(accuracies), *_of_differences(differences)),
            tables={
                "accuracy": accuracies,
                "differences": differences,
                "classes": classes,
                "leakage": leakage,
                "published": published_table(),
            },
            sections=tuple(sections),
            answer=answer(accuracies, differences),
        )

    def _plan(self, inputs: Inputs) -> Plan:
        return Plan(sets_of(inputs, self.train), self.seeds, self.pixels)


def _of_pairs(accuracies: pd.DataFrame) -> Iterator[Finding]:
    for row in accuracies.to_dict("records"):
        if row["way"] != AS_IS and (row["way"] != RETRAINED or row["train"] == row["test"]):
            continue
        yield Finding(
            f"Accuracy, {row['train']} → {row['test']}, {WAYS[row['way']]}, on "
            f"{behind(row)} (chance {row['chance']:.3f}, always the commonest class "
            f"{row['majority']:.3f}; interval over {'people' if row['known'] else 'images'} and "
            "seeds)",
            estimate=row["accuracy"],
            low=_known(row["low"]),
            high=_known(row["high"]),
            n=row["faces"],
        )


def _of_differences(differences: pd.DataFrame) -> Iterator[Finding]:
    for row in differences.to_dict("records"):
        if (row["of"], row["less"]) not in TOLD:
            continue
        yield Finding(
            f"{row['train']} → {row['test']}, {row['of']} less {row['less']}: "
            f"{DIFFERENCES[row['of'], row['less']]} (paired on the same faces; p two-sided, "
            "corrected over the pairs)",
            estimate=row["difference"],
            low=_known(row["low"]),
            high=_known(row["high"]),
            p=_known(row["q"]),
        )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
