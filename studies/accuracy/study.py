"""How well do the papers' systems name expressions of people they never saw?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from pydantic import Field, field_validator, model_validator

from facsinterp import (
    Fault,
    Finding,
    InputError,
    Inputs,
    Job,
    Seeds,
    Study,
    StudyResult,
    folds_of,
)

from . import sections, tables
from .answer import answer
from .published import Table
from .published import table as printed_table
from .reading import Answers
from .systems import (
    SYSTEMS,
    Mistake,
    Recipes,
    System,
    grey_faults,
    normalise_faults,
    taught,
    unknown,
)

if TYPE_CHECKING:
    from .planning import Planned


class Accuracy(Study):
    """How well does each system name the expressions of people it never saw?"""

    systems: tuple[str, ...] = Field(
        default=("breuer2017", "khorrami2015", "lbp-svm", "gabor-svm"), min_length=1
    )
    """By name; the first is the one whose confusions are shown."""
    reference: str = "lbp-svm"
    """The system with which each is compared, if it is among them."""
    recipe: Recipes = "shared"
    """`shared`: all networks train by the recipe of the definition; `own`: by their papers'."""
    normalise: str | None = None
    """How all networks normalise faces, such as `local-contrast`; left out, as each does."""
    seeds: Seeds = Field(default=(1, 2, 3), min_length=1)
    """Of weights, batches and changes of faces: so many networks a fold."""
    mistakes: tuple[Mistake, ...] = ()
    """Faults of protocol whose worth in points is measured; see `Training.mistake`."""
    mistaken: tuple[str, ...] = ()
    """The systems that make them; left out, all."""
    published: Table = "ckplus"
    """The printed numbers that are set beside: of CK+, of FER2013, or none."""

    @field_validator("reference")
    @classmethod
    def _reference(cls, name: str) -> str:
        if unknown([name]):
            raise InputError(
                Fault(
                    "no such system to compare with",
                    expected=f"one of {', '.join(SYSTEMS)}",
                    got=name,
                )
            )
        return name

    @field_validator("systems", "mistaken")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        wrong = unknown(names)
        if wrong or len(set(names)) < len(names):
            raise InputError(
                Fault(
                    "systems that cannot be compared",
                    expected=f"each once, of {', '.join(SYSTEMS)}",
                    got=", ".join(wrong or names),
                )
            )
        return names

    @field_validator("mistakes")
    @classmethod
    def _once(cls, values: tuple[object, ...]) -> tuple[object, ...]:
        if len(set(values)) < len(values) or "" in values:
            raise InputError(Fault("each once", got=", ".join(map(str, values))))
        return values

    @model_validator(mode="after")
    def _among(self) -> Accuracy:
        strange = [name for name in self.mistaken if name not in self.systems]
        if strange:
            raise InputError(
                Fault(
                    "who makes a mistake must also be seen without it",
                    "mistaken",
                    expected=f"some of systems: {', '.join(self.systems)}",
                    got=", ".join(strange),
                )
            )
        return self

    def jobs(self, inputs: Inputs) -> Sequence[Job]:
        """A training for each network, fold and seed; one job for all folds of each machine."""
        return [job for one in self._planned(inputs) for _, some in one.jobs for job in some]

    def run(self, inputs: Inputs) -> StudyResult:
        """Tables of systems, folds, classes and confusions; differences; worth of mistakes."""
        every = [one.answers(inputs) for one in self._planned(inputs)]
        honest = [one for one in every if not one.mistake]
        found = {
            "systems": tables.systems(honest),
            "folds": tables.folds(every),
            "recalls": tables.recalls(honest),
            "confusion": tables.confusion(honest),
            "differences": tables.differences(honest, self.reference),
            "mistakes": tables.mistakes(honest, [one for one in every if one.mistake]),
            "published": printed_table(self.published),
        }
        shown = sections.Shown(
            tables=found,
            printed=self.published,
            recipe=self.recipe,
            reference=self.reference,
            people_known=_people_known(honest),
            noticed=folds_of(taught(inputs.network_part), inputs.corpora[""], inputs.seed).noticed,
        )
        return StudyResult(
            findings=tuple(_findings(found)),
            tables=found,
            sections=sections.sections(shown),
            answer=answer(shown),
        )

    def _planned(self, inputs: Inputs) -> Sequence[Planned]:
        from .planning import planned

        part = taught(inputs.network_part)
        InputError.raise_any(
            [*normalise_faults(part, self.normalise), *grey_faults(self.systems, inputs)]
        )
        return planned(inputs, part, self._asked(), self.seeds, self.recipe, self.normalise)

    def _asked(self) -> tuple[tuple[System, Mistake], ...]:
        honest: list[tuple[System, Mistake]] = [(SYSTEMS[name], "") for name in self.systems]
        wrong = [
            (SYSTEMS[name], mistake)
            for mistake in self.mistakes
            for name in self.mistaken or self.systems
        ]
        return (*honest, *wrong)


def _people_known(answers: Sequence[Answers]) -> bool:
    """Whether subjects, not images, stand behind the faces."""
    return bool((answers[0].people != answers[0].images).any())


def _findings(found: dict[str, pd.DataFrame]) -> Iterator[Finding]:
    for row in found["systems"].to_dict("records"):
        yield Finding(
            f"Accuracy of {row['words']} on held-out faces; always naming the commonest class "
            f"scores {100 * row['majority']:.1f} % (n: people)",
            estimate=row["accuracy"],
            low=_known(row["low"]),
            high=_known(row["high"]),
            n=row["people"],
        )
    words = {name: one.words for name, one in SYSTEMS.items()}
    for row in found["differences"].to_dict("records"):
        yield _difference(row, f"{words[row['system']]} less {words[row['against']]}: accuracy")
    for row in found["mistakes"].to_dict("records"):
        yield _difference(row, f"{words[row['system']]}: accuracy that {row['mistake']} adds")


def _difference(row: Mapping[Any, Any], claim: str) -> Finding:
    """A finding whose p is corrected by Holm over the comparisons of its kind."""
    return Finding(
        f"{claim} (same faces; p two-sided, corrected by Holm; n: people)",
        estimate=_known(row["difference"]),
        low=_known(row["low"]),
        high=_known(row["high"]),
        n=int(row["people"]),
        p=_known(row["p_holm"]),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
