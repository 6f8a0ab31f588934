"""The controls of a finished run, found beside it on disk: what its report compares it with.

Nothing is computed. A control that is missing, unfinished or of other faces is left out, and
why is told.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.errors import StoreError
from facsinterp.report.parts import ControlRun
from facsinterp.study.derived import EMOTION_ONLY, QUESTIONS, Member, derived, others
from facsinterp.study.folder import NETWORK, RunFolder
from facsinterp.study.scores import scores_of
from facsinterp.study.spec import StudySpec

# What reading files that somebody cut or changed raises, among others by zarr and its codecs.
_DAMAGE: Final = (StoreError, OSError, ValueError, RuntimeError, LookupError, TypeError)
# Its network is the trained one, its filters are mixtures of that network's.
_MIXED: Final = "rotated"


def control_runs(
    spec: StudySpec, store: ActivationStore, run: RunFolder
) -> tuple[tuple[ControlRun, ...], tuple[str, ...]]:
    """The controls of a run, and a sentence for each that cannot be shown.

    `store`: that of the run, whose faces a control must have been asked about.
    """
    found, missing = [], []
    for member in others(spec):
        try:
            found.append(_control(spec, member, run, store))
        except _DAMAGE as error:
            missing.append(f"{_named(member)} cannot be shown: {_why(error, run)}.")
    return tuple(found), tuple(missing)


def place_of(spec: StudySpec, member: Member, run: RunFolder) -> RunFolder:
    """Where a control of `run` lies, whether it is there yet or not."""
    if member.arm == EMOTION_ONLY:
        return run.control(EMOTION_ONLY)
    own = derived(spec, member)
    return RunFolder(run.path.resolve().parents[1] / own.name / own.id)


def _associations(place: RunFolder, store: ActivationStore) -> Associations:
    """Those of the control's own store, which has the faces of `store`. Else StoreError."""
    if not place.associations.exists():
        known = "/".join(place.path.parts[-2:])
        message = f"there are no associations in {known}; `facsinterp run` makes them"
        raise StoreError(message)
    associations, own = Associations.open(place.associations), ActivationStore.open(place.store)
    if associations.data.attrs["store"] != own.key:
        message = "its associations are not those of its activations"
        raise StoreError(message)
    if own.inputs.get("faces") != store.inputs.get("faces"):
        message = "it was asked about other faces"
        raise StoreError(message)
    # Damage inside shows when it is read: here, where a control can still be left out.
    associations.data.load()
    return associations


def _control(spec: StudySpec, member: Member, run: RunFolder, store: ActivationStore) -> ControlRun:
    place = place_of(spec, member, run)
    associations, scores = _associations(place, store), scores_of(place)
    return ControlRun(
        arm=member.arm,
        words=QUESTIONS[member.arm],
        seed=member.seed,
        same_start=member.arm != _MIXED
        and member.seed == spec.network_seed
        and _drawn_alike(run, place),
        associations=associations,
        accuracy=None if scores is None else scores.accuracy.share,
    )


def _drawn_alike(run: RunFolder, other: RunFolder) -> bool:
    """Whether one seed gives the networks of two runs the same weights to begin with.

    Weights are drawn layer by layer, so that another number of outputs (the people to tell
    apart, say) may draw others throughout.
    """
    one, two = ([_drawn(file) for file in place.of_folds(NETWORK)[:1]] for place in (run, other))
    return bool(one) and one == two


def _drawn(file: Path) -> tuple[Any, ...]:
    """What decides the weights that a seed draws, as a saved network records it."""
    told = json.loads(file.read_text(encoding="utf-8"))
    return told["arch"], told["options"], told["input_shape"], len(told["classes"])


def _why(error: Exception, run: RunFolder) -> str:
    """The reason in one line, without the folder of whoever publishes."""
    if isinstance(error, StoreError):
        return str(error)
    told = error.strerror if isinstance(error, OSError) else str(error)
    line = " ".join((told or type(error).__name__).split())
    for top in {run.path.parent.parent, run.path.resolve().parents[1]}:
        line = line.replace(f"{top}{os.sep}", "")
    return f"its files are damaged ({line.removesuffix('.')})"


def _named(member: Member) -> str:
    words = QUESTIONS[member.arm]
    seed = "" if member.seed is None else f" (seed {member.seed})"
    return f"{words[:1].upper()}{words[1:]}{seed}"
