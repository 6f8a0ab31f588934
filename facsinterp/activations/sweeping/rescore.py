"""After a sweep in bfloat16: the strongest images of each filter scored again in float32.

Then the lists of the store are those that a sweep in float32 gives, to the bit. Which images
that takes is decided by `margin`, from both scores of those that have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import SCORES, ranks
from facsinterp.activations.keeping.margin import Margin, Twice, scored_twice, spread
from facsinterp.activations.keeping.toplist import TopLists
from facsinterp.activations.keeping.writer import BlockWriter
from facsinterp.activations.sweeping.jobs import SweepJob, in_whole_batches, parts_of, work
from facsinterp.activations.sweeping.passes import Passes, Rows
from facsinterp.errors import StoreError
from facsinterp.progress import Progress

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew


def score_again(job: SweepJob, writer: BlockWriter, crew: Crew | None, progress: Progress) -> None:
    """In float32 what could be among the strongest of a filter, until nothing else could.

    Which images these are follows from the store alone, so a sweep that was killed here
    goes on with those that are not done.
    """
    again = replace(job, again=True)
    whole = not _position_free(job)
    chosen = np.zeros(job.plan.images, bool)
    wanted = _strongest(writer)
    while wanted.any():
        rows = np.flatnonzero(wanted)
        chosen[in_whole_batches(rows, job.plan) if whole else rows] = True
        todo = np.flatnonzero(chosen & ~_scored_twice(writer))
        todo = in_whole_batches(todo, job.plan) if whole else todo
        sizes = {part: len(part) for part in parts_of(todo, writer.blocks)}
        work("Scoring the strongest again in float32", again, sizes, crew, progress)
        _refuse_lost(writer, chosen & ~_scored_twice(writer))
        margin = Margin.seen(_twice(writer, chosen), writer.filters, writer.images)
        wanted = _within_reach(writer, margin) & ~chosen
    progress.say(f"{int(chosen.sum())} of {len(chosen)} images were scored in float32 too")


def _refuse_lost(writer: BlockWriter, lost: NDArray[np.bool_]) -> None:
    """What was written is read again: another process may have written over it."""
    if lost.any():
        message = (
            f"{int(lost.sum())} images of {writer.path} were scored in float32, but the store does "
            "not have it: is another process writing to it? Run the same sweep again"
        )
        raise StoreError(message)


def _position_free(job: SweepJob) -> bool:
    with Passes.opened(job.network, job.pixels, job.plan, device=job.device, low=False) as passes:
        return passes.position_free()


def _strongest(writer: BlockWriter) -> NDArray[np.bool_]:
    """The images that are a filter's strongest by the scores of the sweep, and some others."""
    wanted = np.zeros(writer.images, bool)
    wanted[spread(writer.images)] = True
    lists = TopLists(writer.filters, ranks(writer.images))
    for images in writer.blocks:
        lists.add(writer.read("score", images), np.arange(images.start, images.stop))
    wanted[lists.positions[lists.values > 0]] = True
    return wanted


def _scored_twice(writer: BlockWriter) -> NDArray[np.bool_]:
    found = [scored_twice(writer.read("precise", images)) for images in writer.blocks]
    return np.concatenate(found)


def _twice(writer: BlockWriter, chosen: NDArray[np.bool_]) -> Iterator[Twice]:
    """Both scores of the chosen images, and of no others that a sweep before this one did."""
    for images in writer.blocks:
        rows: Rows = np.flatnonzero(chosen[images])
        score, precise = (writer.read(name, images)[rows] for name in SCORES)
        yield Twice(images.start + rows, score, precise)


def _within_reach(writer: BlockWriter, margin: Margin) -> NDArray[np.bool_]:
    """(image) which could be in the list of some filter."""
    found = [margin.within_reach(writer.read("score", one)).any(axis=1) for one in writer.blocks]
    return np.concatenate(found)
