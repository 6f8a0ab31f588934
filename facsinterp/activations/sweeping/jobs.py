"""What a sweep has to do, as parts that anybody may do: here, or a worker elsewhere.

A part is a few whole numbers. Doing it means asking the network and writing to the store,
so nothing but the part itself goes back; doing it twice writes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from facsinterp.activations.keeping.writer import BlockWriter
from facsinterp.activations.plan import Plan
from facsinterp.activations.sweeping.overlap import behind
from facsinterp.activations.sweeping.passes import Answers, Passes, Rows
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network
from facsinterp.progress import Progress
from facsinterp.provenance import fingerprint

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew

Part = tuple[int, ...]
Advance = Callable[[int], None]

# Images in a part that is scored again: enough batches that the last, unfilled one is cheap.
_AGAIN: Final = 1024


@dataclass(frozen=True)
class SweepJob:
    """The blocks of a sweep, or the images that are to be scored again in float32."""

    network: Network
    pixels: Pixels
    plan: Plan
    path: Path | str
    device: str
    again: bool = False
    """False: a part is the number of a block. True: a part is the positions of images, in
    order, and no other part has images of the same blocks."""

    @property
    def key(self) -> str:
        """Equal for equal work."""
        return fingerprint(self.plan.key, str(self.path), self.device, self.again)

    def do(self, part: Part) -> None:
        """Compute and write one part."""
        for _ in self.run([part], lambda _images: None):
            pass

    def run(self, parts: Sequence[Part], advance: Advance) -> Iterator[Part]:
        """Compute and write parts, one after the other; each is given back when on disk.

        `advance` is told of images as they are computed.
        """
        writer = BlockWriter.resume(self.path, self.plan.inputs)
        low = self.plan.precision == "bf16" and not self.again
        with Passes.opened(
            self.network, self.pixels, self.plan, device=self.device, low=low
        ) as passes:

            def write(made: tuple[Part, Answers]) -> Part:
                part, answers = made
                if self.again:
                    writer.rewrite(np.array(part), self._kept_again(answers))
                else:
                    writer.write(part[0], self._kept(answers))
                return part

            yield from behind(write, self._computed(writer, passes, parts, advance))

    def _computed(
        self, writer: BlockWriter, passes: Passes, parts: Sequence[Part], advance: Advance
    ) -> Iterator[tuple[Part, Answers]]:
        """Each part with its answers; batches are read ahead across parts."""
        batch = self.plan.batch_size
        rows = (self._rows(writer, part) for part in parts)
        answers = passes.answers(
            one[start : start + batch] for one in rows for start in range(0, len(one), batch)
        )
        for part in parts:
            found: list[Answers] = []
            for one in islice(answers, -(-len(self._rows(writer, part)) // batch)):
                found.append(one)
                advance(len(one["peak"]))
            yield (
                part,
                {name: np.concatenate([one[name] for one in found]) for name in found[0]},
            )

    def _rows(self, writer: BlockWriter, part: Part) -> Rows:
        if self.again:
            return np.array(part)
        images = writer.blocks[part[0]]
        return np.arange(images.start, images.stop)

    def _kept(self, answers: Answers) -> Answers:
        """What a block of the store takes. In bfloat16 the scores are kept beside the peaks."""
        score = answers.pop("score")
        if self.plan.precision == "bf16":
            return {**answers, "score": score, "precise": np.full_like(score, np.nan)}
        return answers

    def _kept_again(self, answers: Answers) -> Answers:
        """Of images scored again: probabilities and faces stay those of the sweep."""
        answers["precise"] = answers.pop("score")
        del answers["probability"], answers["face"]
        return answers


def work(
    title: str, job: SweepJob, sizes: dict[Part, int], crew: Crew | None, progress: Progress
) -> None:
    """Do parts of a job, here or by a crew. `sizes`: how many images each has."""
    if not sizes:
        return
    with progress.step(title, sum(sizes.values())) as advance:
        if crew is None:
            for _ in job.run(list(sizes), advance):
                pass
        else:
            for part in crew.work(job, list(sizes)):
                advance(sizes[part])


def parts_of(rows: Rows, blocks: Sequence[slice]) -> list[Part]:
    """Positions of images, in order, cut into parts that share no block."""
    parts: list[list[int]] = [[]]
    for block in blocks:
        inside = rows[(rows >= block.start) & (rows < block.stop)]
        if len(parts[-1]) >= _AGAIN:
            parts.append([])
        parts[-1].extend(inside.tolist())
    return [tuple(part) for part in parts if part]


def in_whole_batches(rows: Rows, plan: Plan) -> Rows:
    """All images of the plan's batches that hold one of `rows`."""
    images = np.arange(plan.images)
    inside: Rows = images[np.isin(images // plan.batch_size, rows // plan.batch_size)]
    return inside
