"""AU detection: what a network that learnt emotions can tell of action units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from facsinterp import Inputs, Seeds, Study, StudyResult, learning

from .answer import answer
from .differences import difference_table
from .findings import findings
from .found import Found
from .intensities import intensity_table
from .said import Said
from .sections import sections
from .tables import pooled_table, score_table, seed_table
from .units import judgeable, unit_table

if TYPE_CHECKING:
    from facsinterp import Job

    from .jobs import Detecting


class AuDetection(Study):
    """Can action units be told from the features of a network that learnt emotions?"""

    seeds: Seeds = Field(default=(0,), min_length=1)
    """Of the networks; each is trained in every fold."""
    sequences: int = Field(default=15, ge=2)
    """Fewest sequences with a unit, and without it, for which a number is shown."""
    people: int = Field(default=5, ge=2)
    """Fewest people on either side."""
    l1: float = Field(default=1e-4, ge=0)
    """Of the detectors that are taught all at once: weight of the sum of |w| in the loss."""
    l2: float = Field(default=1e-4, ge=0)
    """Weight of the sum of w squared."""
    epochs: int = Field(default=100, ge=1)
    """Most epochs of the detectors that are taught all at once."""
    learning_rate: float = Field(default=0.01, gt=0)
    """Of Adam: at 0.001 a few hundred peaks are too few for 100 epochs to reach the base rates."""
    draws: int = Field(default=1000, ge=200)
    """Draws of people for the intervals."""

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """A network for each fold and seed, and the detectors on its features."""
        return [job for arm in self._plan(inputs).values() for job in arm]

    def run(self, inputs: Inputs) -> StudyResult:
        """Scores of what was said of the test people of all folds, and what they are beside."""
        said = Said.of(
            {
                arm: {
                    seed: [inputs.folder(job) for job in jobs if job.training.seed == seed]
                    for seed in dict.fromkeys(job.training.seed for job in jobs)
                }
                for arm, jobs in self._plan(inputs).items()
            }
        )
        columns = judgeable(said, self.sequences, self.people)
        asked = self.draws, inputs.seed
        found = Found(
            units=unit_table(said, self.sequences, self.people),
            scores=score_table(said, columns, *asked),
            pooled=pooled_table(said),
            differences=difference_table(said, self.sequences, self.people, *asked),
            intensities=intensity_table(said, columns, *asked),
            seeds=seed_table(said, columns),
            peaks=said.peaks,
            people=len(np.unique(said.subjects)),
            title=inputs.corpora[""].title,
            least=self.sequences,
        )
        return StudyResult(
            findings=findings(found),
            tables=found.frames,
            sections=sections(found),
            answer=answer(found),
        )

    def _plan(self, inputs: Inputs) -> dict[str, tuple[Detecting, ...]]:
        # The module of the jobs loads torch, which is slow.
        from .jobs import plan

        return plan(
            learning(inputs.network_part),
            inputs.corpora[""],
            seeds=self.seeds,
            deal=inputs.seed,
            l1=self.l1,
            l2=self.l2,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
        )
