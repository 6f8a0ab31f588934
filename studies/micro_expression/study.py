"""Does an LSTM that reads a clip name micro-expressions better than one frame does?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import Field

from facsinterp import (
    Corpus,
    Fault,
    Finding,
    InputError,
    Inputs,
    Job,
    Seeds,
    Study,
    StudyResult,
    folds_of,
    learning,
)

from .answer import answer
from .sections import class_section, difference_section, system_section
from .settings import Lstm, Texture
from .tables import (
    CHANGES,
    FRAME,
    LSTM,
    SYSTEMS,
    classes_table,
    confusion_table,
    differences_table,
    systems_table,
)

if TYPE_CHECKING:
    from .gathered import Gathered

_CLIPS = "clips"


class MicroExpression(Study):
    """Does an LSTM that reads a clip name micro-expressions better than one frame does?"""

    seeds: Seeds = Field(default=(1,), min_length=1)
    """Of the CNN and the LSTM."""
    fewest: int = Field(default=3, ge=1)
    """People who must show a class; clips of others are neither learnt by the heads nor scored."""
    lstm: Lstm = Lstm()
    texture: Texture = Texture()

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """A CNN, its LSTMs and its machines for each fold; the clips described once.

        Raises InputError for a network that does not learn expressions, colour, and clips or
        folds that cannot be asked about: before anything is trained.
        """
        from .gathered import asked_folds
        from .jobs import Machines, Reading

        network, corpus = learning(inputs.network_part), inputs.corpora[_name(inputs)]
        _require_grey(corpus, "also.clips" if _CLIPS in inputs.also else "faces")
        shared = {
            "corpus": _name(inputs),
            "network": network,
            "deal": inputs.seed,
            "fewest": self.fewest,
            "shortest": self.texture.shortest,
        }
        folds = asked_folds(self._gathered(inputs), corpus, network, inputs.seed)
        return [
            *(Machines(**shared, fold=fold, texture=self.texture) for fold in folds),
            *(
                Reading(**shared, fold=fold, seed=seed, lstm=self.lstm)
                for seed in self.seeds
                for fold in folds
            ),
        ]

    def run(self, inputs: Inputs) -> StudyResult:
        """Every system's answers to the clips of people whom it never saw."""
        from .jobs import ANSWERS

        jobs = self.jobs(inputs)
        answers = pd.concat(
            [pd.read_parquet(inputs.folder(job) / ANSWERS) for job in jobs], ignore_index=True
        )
        gathered = self._gathered(inputs)
        classes = gathered.classes
        systems = systems_table(answers, classes, inputs.seed)
        gaps = differences_table(answers, classes)
        by_class = classes_table(answers, classes)
        confusion = confusion_table(answers, classes)
        folds = answers["fold"].nunique()
        held = folds_of(learning(inputs.network_part), inputs.corpora[_name(inputs)], inputs.seed)
        return StudyResult(
            findings=tuple(_findings(systems, gaps)),
            tables={
                "answers": answers,
                "systems": systems,
                "differences": gaps,
                "classes": by_class,
                "confusion": confusion,
            },
            sections=(
                system_section(
                    systems,
                    gathered,
                    folds,
                    held.noticed,
                    casme2=inputs.corpora[""].source == "casme2",
                ),
                difference_section(gaps, len(self.seeds)),
                class_section(by_class, confusion, classes),
            ),
            answer=answer(systems, gaps),
        )

    def _gathered(self, inputs: Inputs) -> Gathered:
        from .gathered import gather

        network, corpus = learning(inputs.network_part), inputs.corpora[_name(inputs)]
        return gather(corpus, network, inputs.seed, self.fewest, self.texture.shortest)


def _name(inputs: Inputs) -> str:
    """The corpus with all frames: `[also.clips]`, or the definition's own faces."""
    return _CLIPS if _CLIPS in inputs.also else ""


def _require_grey(corpus: Corpus, where: str) -> None:
    if corpus.pixels.array.ndim != 3:
        raise InputError(
            Fault(
                "LBP-TOP reads grey pictures alone",
                where=where,
                expected='colour = "grey"',
                got="pictures in colour",
            )
        )


def _findings(systems: pd.DataFrame, gaps: pd.DataFrame) -> Iterator[Finding]:
    for row in systems[systems["system"].isin([LSTM, CHANGES, FRAME])].to_dict("records"):
        yield Finding(
            f"{SYSTEMS[row['system']]}: accuracy on people left out (always the commonest class: "
            f"{row['majority']:.3f}); interval over people",
            estimate=row["accuracy"],
            low=row["accuracy_low"],
            high=row["accuracy_high"],
            n=row["clips"],
        )
    for row in gaps[gaps["asked"]].to_dict("records"):
        tested = bool(np.isfinite(row["p"]))
        yield Finding(
            f"{row['measure']}: {SYSTEMS[row['system']]} less {SYSTEMS[row['less']]}, same clips; "
            "interval over people" + ("; p one-sided, signs of people flipped" if tested else ""),
            estimate=row["difference"],
            low=row["low"] if np.isfinite(row["low"]) else None,
            high=row["high"] if np.isfinite(row["high"]) else None,
            n=row["people"],
            p=row["p"] if tested else None,
        )
