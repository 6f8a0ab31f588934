"""Both papers' analyses over folds and seeds, beside filters that cannot know an action unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from facsinterp import Inputs, Job, Need, Seeds, Study, StudyResult, learning

if TYPE_CHECKING:
    from .arms import Arm

Count = Annotated[int, Field(ge=1)]


class FiltersOverSeeds(Study):
    """How many filters pass each paper's rule, over folds and seeds, and how many each control?"""

    needs = frozenset({Need.ACTIVATIONS, Need.ASSOCIATIONS})

    seeds: Seeds = Field(default=(1, 2, 3), min_length=1)
    """Of the networks, trained and untrained; each is made in every fold."""
    layers: tuple[str, ...] | None = None
    """Conv layers whose filters are counted; left out, all."""
    ns: tuple[Count, ...] = Field(default=(3, 5, 9, 10, 20), min_length=1)
    """Images at the top of a filter's ranking that the rule P = 1 looks at."""
    bins: tuple[Annotated[int, Field(ge=2)], ...] = Field(default=(10, 20, 50), min_length=1)
    """Of the histograms of the KL divergence."""
    shuffles: int = Field(default=199, ge=19)
    """Of the labels, for the chance of the KL divergence."""
    draws: int = Field(default=2000, ge=100)
    """Random filters of each kind."""
    bar: float = Field(default=0.75, gt=0.5, lt=1)
    """Least AUROC on people who did not choose a filter's unit."""

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """Each network and its analysis, those of the emotion alone, and chance, in every fold.

        The networks' predictions are read, too.
        """
        own = [job for arm in self._arms(inputs) for job in arm.jobs]
        return [one for job in own for one in (*job.after(), job)]

    def run(self, inputs: Inputs) -> StudyResult:
        """Counts over all networks beside what chance and the emotion alone give."""
        from . import measure, sections
        from .answer import answer, findings

        told = inputs.associations.data.attrs
        arms = self._arms(inputs)
        counts, kl, rates = measure.gathered(inputs, arms)
        layer = measure.last_layer(counts)
        rule, funnel = measure.rule(counts, rates, layer), measure.funnel(counts, layer)
        divergence, tests = measure.divergence(kl, layer), measure.tests(counts, layer)
        top_n, accuracy = int(told["top_n"]), measure.accuracies(inputs, arms)
        return StudyResult(
            findings=tuple(findings(rule, funnel, tests, top_n, layer)),
            tables={
                "counts": counts,
                "accuracy": accuracy,
                "divergences": kl,
                "random": rates,
                "rule": rule,
                "funnel": funnel,
                "divergence": divergence,
                "tests": tests,
            },
            sections=tuple(
                sections.all_of(rule, funnel, divergence, tests, accuracy, told=told, layer=layer)
            ),
            answer=answer(rule, funnel, tests, top_n, layer, learnt=measure.learnt(accuracy)),
        )

    def _arms(self, inputs: Inputs) -> tuple[Arm, ...]:
        from .arms import arms_of

        return arms_of(self, inputs, learning(inputs.network_part), asdict(inputs.settings))
