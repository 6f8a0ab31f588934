"""The contract between facsinterp and a study: the one file a plug-in writer reads.

A study is a class with a `run`. Its fields are the `[params]` of a definition; `needs`
says what must be there before it runs; `run` gets `Inputs` and gives a `StudyResult`.

    class Brightest(Study):
        "Which filters answer most?"
        needs = frozenset({Need.ACTIVATIONS})
        top: int = 5

        def run(self, inputs: Inputs) -> StudyResult:
            strongest = inputs.store.data["peak"].max("image").to_series().nlargest(self.top)
            return StudyResult(tables={"brightest": strongest.reset_index()})

It is found through an entry point:

    [project.entry-points."facsinterp.studies"]
    brightest = "my_package.brightest:Brightest"

A study is called once a run, after everything it needs is computed. It writes nowhere but in
`inputs.scratch`, takes randomness only from `inputs.rng()`, and gives the same result
for the same inputs. Subclass `facsinterp.testing.StudyContract` to test that yours does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.errors import PluginError
from facsinterp.evidence.visual import VisualEvidence
from facsinterp.faces.table import FaceTable
from facsinterp.progress import SILENT, Progress
from facsinterp.report.parts import Finding, Section
from facsinterp.stats.accuracy import Scores
from facsinterp.study import card

if TYPE_CHECKING:
    from facsinterp.faces.preparing.pixels import Pixels
    from facsinterp.faces.preparing.prepare import Preparation
    from facsinterp.nets.network import Network

__all__ = ["Control", "Finding", "Inputs", "Need", "Section", "Study", "StudyResult"]

T = TypeVar("T")


class Need(StrEnum):
    """What a study can ask for; each is computed once and kept. Faces are always there."""

    NETWORK = "network"
    ACTIVATIONS = "activations"
    ASSOCIATIONS = "associations"
    CONTROLS = "controls"
    VISUAL = "visual"


@dataclass(frozen=True)
class Control:
    """One network that the studied one is compared with, asked about the same faces."""

    arm: str
    """`trained`, `untrained`, ...: a name of `[controls] arms`."""
    seed: int | None
    """Of its weights and training; None for what has none, such as a bank of fixed filters."""
    store: ActivationStore
    associations: Associations
    scores: Scores | None
    """How well it names the expressions of the held-out people; None where it cannot."""
    network: Network | None
    """None for what is no network: what a filter would be that knew the emotion alone."""


@dataclass(frozen=True)
class Inputs:
    """What a study gets. Asking for a thing that it did not declare raises PluginError."""

    faces: FaceTable
    pixels: Pixels
    preparation: Preparation
    """How the pictures were made ready for the network."""
    scratch: Path
    """A folder of the study's own; the only place it may write to."""
    seed: int = 0
    progress: Progress = SILENT
    given_network: Network | None = None
    given_store: ActivationStore | None = None
    given_associations: Associations | None = None
    given_controls: Mapping[tuple[str, int | None], Control] | None = None
    given_visual: VisualEvidence | None = None

    @property
    def network(self) -> Network:
        """The network that is studied (needs `Need.NETWORK`)."""
        return _declared(self.given_network, Need.NETWORK)

    @property
    def store(self) -> ActivationStore:
        """What its filters answered to each face (needs `Need.ACTIVATIONS`)."""
        return _declared(self.given_store, Need.ACTIVATIONS)

    @property
    def associations(self) -> Associations:
        """Each filter's association with each action unit (needs `Need.ASSOCIATIONS`)."""
        return _declared(self.given_associations, Need.ASSOCIATIONS)

    @property
    def controls(self) -> Mapping[tuple[str, int | None], Control]:
        """What `[controls]` names, by arm and seed (needs `Need.CONTROLS`).

        All have the same test subjects. The seed is None for what has none.
        """
        return _declared(self.given_controls, Need.CONTROLS)

    @property
    def visual(self) -> VisualEvidence:
        """What can be seen of the filters (needs `Need.VISUAL`)."""
        return _declared(self.given_visual, Need.VISUAL)

    def rng(self) -> np.random.Generator:
        """A fresh generator that depends on the definition's seed alone."""
        return np.random.default_rng(self.seed)


def _declared(value: T | None, need: Need) -> T:
    if value is None:
        message = f"the study uses {need.value} but does not declare Need.{need.name} in `needs`"
        raise PluginError(message)
    return value


@dataclass(frozen=True)
class StudyResult:
    """What a study found: claims with uncertainty, tables to keep, sections for the report."""

    findings: tuple[Finding, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """Written to `tables/<name>.parquet`; names of lower-case letters, digits and hyphens."""
    sections: tuple[Section, ...] = ()
    answer: tuple[str, ...] = ()
    """What the study answers, in up to three sentences made from its numbers, also when nothing
    is shown; the report starts with them. Left empty, it starts with the associations."""

    def _repr_html_(self) -> str:
        return card.html(self)


class Study(BaseModel, ABC):
    """One question asked of faces, a network and its activations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    needs: ClassVar[frozenset[Need]] = frozenset()

    @abstractmethod
    def run(self, inputs: Inputs) -> StudyResult:
        """The answer. Pure but for `inputs.scratch`."""
