"""Which filters come back in another training, and which findings on them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pydantic import Field

# What needs torch is loaded when a study is run, so that a definition is read quickly.
import facsinterp
from facsinterp import Inputs, Need, Seeds, Study, StudyResult

from .answer import answer, findings
from .measure import Measured, Trained, measured
from .sections import likeness_section, recurrence_section, units_section
from .tables import likeness_table, recurrence_table, units_table

if TYPE_CHECKING:
    from facsinterp import Analysis, Job


class Stability(Study):
    """Which filters come back in another training, and which findings on them?"""

    needs = frozenset({Need.ASSOCIATIONS})

    seeds: Seeds = Field(default=(1, 2, 3), min_length=1)
    """Of the trainings, each in every fold."""
    layer: str | None = None
    """The conv layer whose filters are matched; left out, the last one."""
    untrained: int = Field(default=3, ge=0)
    """Networks that are left as their seeds draw them, to be matched as well."""

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """The filters of each network, after its training."""
        return (*self._analyses(inputs), *self._analyses(inputs, untrained=True))

    def run(self, inputs: Inputs) -> StudyResult:
        """Likeness of matched filters and recurrence of findings, over all pairs of networks."""
        found = measured(
            self._networks(inputs), self._networks(inputs, untrained=True), inputs.rng()
        )
        return self._result(found)

    def _result(self, found: Measured) -> StudyResult:
        likeness, recurring = likeness_table(found), recurrence_table(found)
        units = units_table(found)
        return StudyResult(
            findings=tuple(findings(likeness, recurring)),
            tables={"likeness": likeness, "recurrence": recurring, "units": units},
            sections=(
                recurrence_section(recurring, found),
                units_section(units),
                likeness_section(likeness, found),
            ),
            answer=answer(len(found.networks), likeness, recurring, units),
        )

    def _networks(self, inputs: Inputs, *, untrained: bool = False) -> list[Trained]:
        own = inputs.corpora[""]
        return [
            Trained.of(
                inputs.folder(job),
                job.training.fold,
                job.training.parts(own),
                inputs.faces,
                self.layer,
            )
            for job in self._analyses(inputs, untrained=untrained)
        ]

    def _analyses(self, inputs: Inputs, *, untrained: bool = False) -> list[Analysis]:
        part = facsinterp.learning(inputs.network_part)
        own = inputs.corpora[""]
        seeds: Sequence[int] = self.seeds
        if untrained:
            part = part.model_copy(update={"untrained": True})
            seeds = tuple(range(1, self.untrained + 1))
        made = facsinterp.trainings(part, own, seeds=seeds, deal=inputs.seed)
        if untrained:  # folds differ in nothing but who is asked
            made = tuple(one for one in made if one.fold == made[0].fold)
        # Of people a network was trained on a finding says little, whatever the definition asks.
        settings = replace(inputs.settings, faces="held-out")
        return [facsinterp.Analysis.of(one, settings) for one in made]
