"""Jobs done: those that are not there yet, by processes of this machine, workers, or here.

On a CPU each job computes in one thread. So many processes as there are cores do them at a
time, unless `--workers` or `--scheduler` say who; on an accelerator, one after the other here.
What is found is the same either way, bit for bit on the same kind of machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import torch
from dask.system import CPU_COUNT
from threadpoolctl import threadpool_limits

from facsinterp.amounts import amount
from facsinterp.errors import PluginError
from facsinterp.nets.devices import lower_precision
from facsinterp.provenance import fingerprint
from facsinterp.study.corpus import Corpus
from facsinterp.study.crew import crew_of
from facsinterp.study.jobs.contract import Given, Job
from facsinterp.study.jobs.keeping import Shelf

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew, Part
    from facsinterp.activations.sweeping.crew import Job as Piece
    from facsinterp.progress import Progress
    from facsinterp.study.work import Work

JOBS: Final = Path(".cache") / "jobs"


@dataclass(frozen=True, eq=False)
class Runner:
    """Who does jobs, on which faces, and where they are kept."""

    corpora: Mapping[str, Corpus]
    shelf: Shelf
    device: str
    crew: Crew | None
    progress: Progress

    @classmethod
    def at(cls, out: Path, corpora: Mapping[str, Corpus], work: Work) -> Self:
        """The runner of an `out` folder, whose finished jobs all its definitions share.

        Kinds of device give other last bits, so each has jobs of its own.
        """
        shelf = Shelf(out / JOBS / _kind(work.device))
        return cls(corpora, shelf, work.device, work.crew, work.progress)

    def finish(self, jobs: Sequence[Job], what: str) -> dict[str, Path]:
        """The folder of each job by key, after doing what is not there, and what that needs.

        `what`: what the jobs are, for the progress display. An exception in a job is raised here
        as it is; what is finished by then is kept.
        """
        asked = dict.fromkeys(job.key(self.corpora) for job in jobs)
        missing = self._missing(jobs)
        count = sum(map(len, missing))
        done = len(asked) - sum(key in asked for wave in missing for key in wave)
        if done:
            self.progress.say(f"{what}: {done} of {amount(len(asked), 'job')} done before")
        if count:
            self._do(missing, f"{what}: {amount(count, 'job')}")
        return {key: self.shelf.place(key) for key in asked}

    def _missing(self, jobs: Sequence[Job]) -> list[dict[str, Job]]:
        """The jobs that are not there, and those that they need: first what needs nothing."""
        level: dict[str, int] = {}
        known: dict[str, Job] = {}

        def placed(job: Job, above: tuple[str, ...]) -> int:
            key = job.key(self.corpora)
            if key in above:
                message = f"the job {job.name!r} is to be done after itself"
                raise PluginError(message)
            # Of equal jobs, one may leave more than the other: that one is done.
            if key in known and not job.leaves_more_than(known[key]):
                return level[key]
            known[key], level[key] = job, -1
            if not self.shelf.has(job, key):
                before = [placed(one, (*above, key)) for one in job.after()]
                level[key] = max(before, default=-1) + 1
            return level[key]

        for job in jobs:
            placed(job, ())
        depth = max(level.values(), default=-1) + 1
        return [{key: known[key] for key in level if level[key] == at} for at in range(depth)]

    def _do(self, waves: Sequence[Mapping[str, Job]], title: str) -> None:
        total = sum(job.cost for wave in waves for job in wave.values())
        with (
            self._crew(max(map(len, waves))) as crew,
            self.progress.step(title, total) as advance,
        ):
            for wave in waves:
                # The longest first, so that no worker waits for the others at the end.
                order = sorted(wave.items(), key=lambda item: -item[1].cost)
                batch = Batch(tuple(job for _, job in order), self.corpora, self.shelf, self.device)
                for (number,) in crew.work(batch, [(i,) for i in range(len(order))]):
                    advance(order[number][1].cost)

    def _crew(self, at_once: int) -> AbstractContextManager[Crew]:
        if self.crew is not None:
            return nullcontext(self.crew)
        processes = min(_cores(), at_once)
        if self.device != "cpu" or processes < 2:
            return nullcontext(Here())
        return _called(processes)


@contextmanager
def _called(processes: int) -> Iterator[Crew]:
    with crew_of(workers=processes) as crew:
        assert crew is not None  # it was asked for
        yield crew


def _cores() -> int:
    """How many cores this process may use, by its affinity and the quota of its container."""
    return int(CPU_COUNT)


def _kind(device: str) -> str:
    """What decides the last bits of a training: `cpu`, `cpu-bf16`, `cuda-bf16` ..."""
    one = torch.device(device)
    return f"{one.type}-bf16" if lower_precision(one) else one.type


class Here:
    """A crew that is this process."""

    def work(self, job: Piece, parts: Sequence[Part]) -> Iterator[Part]:
        """As `Crew.work`."""
        for part in parts:
            job.do(part)
            yield part


@dataclass(frozen=True, eq=False)
class Batch:
    """Jobs that need nothing of each other, as the parts of one piece of work for a crew."""

    jobs: tuple[Job, ...]
    corpora: Mapping[str, Corpus]
    shelf: Shelf
    device: str

    @property
    def key(self) -> str:
        """Equal for equal work."""
        return fingerprint([job.key(self.corpora) for job in self.jobs], str(self.shelf.folder))

    def do(self, part: Part) -> None:
        """Do one job, unless somebody else has done it."""
        job = self.jobs[part[0]]
        needed = {one.key(self.corpora): one for one in job.after()}
        finished = {key: self.shelf.place(key) for key in needed}
        with (
            _one_thread(self.device),
            self.shelf.writing(job, job.key(self.corpora)) as folder,
        ):
            if folder is None:
                return
            try:
                job.do(Given(folder, self.corpora, self.device, finished))
            except Exception as error:
                error.add_note(f"in the job: {job.name}")
                raise


@contextmanager
def _one_thread(device: str) -> Iterator[None]:
    """On a CPU, no more than one thread: how many there are changes the last bits of sums."""
    if device != "cpu":
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
