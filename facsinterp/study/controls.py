"""The controls of a study: every network it is compared with, each a run of its own.

Networks and stores first, then associations, each skipped where it is there: a killed run
goes on with the member, the fold and the block where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from facsinterp.activations.store import ActivationStore
from facsinterp.nets.network import Network
from facsinterp.study import registry
from facsinterp.study.associated import associated
from facsinterp.study.contract import Control, Need
from facsinterp.study.corpus import Corpus
from facsinterp.study.derived import EMOTION_ONLY, Member, derived, members, others
from facsinterp.study.emotion_only import emotion_store
from facsinterp.study.folder import RunFolder
from facsinterp.study.locate import DataPlaces
from facsinterp.study.scores import scores_of
from facsinterp.study.spec import StudySpec
from facsinterp.study.swept import Swept, swept
from facsinterp.study.work import Work


@dataclass(frozen=True)
class Made:
    """One control up to its store."""

    spec: StudySpec
    folder: RunFolder
    network: Network | None


def wanted(spec: StudySpec) -> tuple[Member, ...]:
    """The members that a run makes.

    A study that compares them gets all; elsewhere the network of the run stands for itself.
    """
    asked = Need.CONTROLS in registry.load(spec.study).needs
    return members(spec) if asked else others(spec)


def swept_controls(
    spec: StudySpec, parent: Swept, looked: Corpus, places: DataPlaces, out: Path, work: Work
) -> dict[Member, Made]:
    """What was made of each control, its store complete.

    `parent`: the run of the study itself, whose held-out faces are those of every control.
    """
    told = wanted(spec)
    found = {}
    for number, member in enumerate(told, start=1):
        work.progress.say(f"control {number} of {len(told)}: {member.name}")
        if member.arm == EMOTION_ONLY:
            folder = parent.folder.control(EMOTION_ONLY)
            emotion_store(parent.faces, spec.seed, folder.store)
            found[member] = Made(spec, folder, None)
        else:
            own = derived(spec, member)
            made = swept(own, looked, places, out, work)
            found[member] = Made(own, made.folder, made.network)
    return found


def controls_of(found: Mapping[Member, Made], work: Work) -> dict[tuple[str, int | None], Control]:
    """Each control with its associations, by (arm, seed)."""
    return {(one.arm, one.seed): one for one in _controls(found, work)}


def _controls(found: Mapping[Member, Made], work: Work) -> Iterator[Control]:
    for number, (member, made) in enumerate(found.items(), start=1):
        work.progress.say(f"associations of control {number} of {len(found)}: {member.name}")
        store = ActivationStore.open(made.folder.store)
        yield Control(
            arm=member.arm,
            seed=member.seed,
            store=store,
            associations=associated(made.spec, store, made.folder, work),
            scores=scores_of(made.folder),
            network=made.network,
        )
