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

Work that falls apart, such as trainings over folds and seeds, is named by `jobs` and done before
`run` (see `facsinterp.study.jobs.contract`): many at a time, on workers where there are any,
and never twice.

It is found through an entry point:

    [project.entry-points."facsinterp.studies"]
    brightest = "my_package.brightest:Brightest"

A study is called once a run, after everything it needs is computed. It writes nowhere but in
`inputs.scratch`, takes randomness only from `inputs.rng()`, and gives the same result
for the same inputs. Subclass `facsinterp.testing.StudyContract` to test that yours does.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict

from facsinterp.activations.store import ActivationStore
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.errors import PluginError
from facsinterp.evidence.visual import VisualEvidence
from facsinterp.faces.table import FaceTable
from facsinterp.progress import SILENT, Progress
from facsinterp.report.parts import Finding, Section
from facsinterp.stats.accuracy import Scores
from facsinterp.study import card
from facsinterp.study.corpus import Corpus
from facsinterp.study.jobs.contract import OWN, Given, Job, folder_of

if TYPE_CHECKING:
    from facsinterp.faces.preparing.pixels import Pixels
    from facsinterp.faces.preparing.prepare import Preparation
    from facsinterp.nets.network import Network
    from facsinterp.study.parts import NetworkPart

__all__ = [
    "Control",
    "Corpus",
    "Finding",
    "Given",
    "Inputs",
    "Job",
    "Need",
    "Section",
    "Study",
    "StudyResult",
]

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
    network_part: NetworkPart | None = None
    """The `[network]` part of the definition, to be trained in other folds or from other seeds."""
    settings: Settings = field(default_factory=Settings)
    """Of associations, as `[association]` has them."""
    finished: Mapping[str, Path] = field(default_factory=dict)
    """Folders of finished jobs by key; `folder` finds one."""
    given_corpora: Mapping[str, Corpus] | None = None
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

    @cached_property
    def corpora(self) -> Mapping[str, Corpus]:
        """All faces that jobs may look at: the definition's own under "", others by name.

        They are as they were read: `faces` has the parts in the studied network's training too.
        """
        own = {OWN: Corpus("", "", self.faces, self.pixels)}
        return own if self.given_corpora is None else self.given_corpora

    @property
    def also(self) -> Mapping[str, Corpus]:
        """Other faces, by their names in `[also]`."""
        return {name: corpus for name, corpus in self.corpora.items() if name != OWN}

    def folder(self, job: Job) -> Path:
        """What a job of the study left in its folder."""
        return folder_of(job, self.corpora, self.finished, "does not name it in `jobs`")

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

    def jobs(self, inputs: Inputs) -> Sequence[Job]:  # noqa: ARG002 - for those that have any
        """Work that is done before `run`, job by job, in any order and by anybody."""
        return ()

    @abstractmethod
    def run(self, inputs: Inputs) -> StudyResult:
        """The answer. Pure but for `inputs.scratch`."""
