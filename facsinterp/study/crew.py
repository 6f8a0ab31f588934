"""Who sweeps for a command: this process, more of them, or the workers of a Dask scheduler."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, final

from facsinterp.errors import Fault, InputError

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew, Job, Part


@contextmanager
def crew_of(workers: int | None = None, scheduler: str | None = None) -> Iterator[Crew | None]:
    """The crew of `workers` processes here, or of those at a scheduler; None for neither.

    Processes are started when there is work for them, so not while a network is trained,
    and not when the store is there already; they are gone at the end. Raises InputError for
    both at once or a number below 1, CrewError when there is no scheduler.
    """
    InputError.raise_any(_faults(workers, scheduler))
    if scheduler is not None:
        with _cluster(scheduler):
            pass  # one that does not answer is told now, and not after hours of training
    with ExitStack() as stack:
        if scheduler is not None:
            yield _CalledLate(partial(_cluster, scheduler), stack)
        elif workers is not None:
            yield _CalledLate(partial(_local_workers, workers), stack)
        else:
            yield None


# Dask is slow to load, and loaded only when it is asked for.
def _cluster(address: str) -> AbstractContextManager[Crew]:
    from facsinterp.activations.sweeping.crew import cluster

    return cluster(address)


def _local_workers(count: int) -> AbstractContextManager[Crew]:
    from facsinterp.activations.sweeping.crew import local_workers

    return local_workers(count)


@final
@dataclass
class _CalledLate:
    """A crew that comes together at its first work."""

    call: Callable[[], AbstractContextManager[Crew]]
    stack: ExitStack
    crew: Crew | None = field(default=None, init=False)

    def work(self, job: Job, parts: Sequence[Part]) -> Iterator[Part]:
        """As `Crew.work`."""
        if self.crew is None:
            self.crew = self.stack.enter_context(self.call())
        return self.crew.work(job, parts)


def _faults(workers: int | None, scheduler: str | None) -> Iterator[Fault]:
    if workers is not None and scheduler is not None:
        yield Fault(
            "both workers and a scheduler",
            expected="--workers for processes of this machine, or --scheduler for a cluster",
            got=f"--workers {workers} and --scheduler {scheduler}",
            do="leave one of them out",
        )
    if workers is not None and workers < 1:
        yield Fault("too few workers", "--workers", expected="at least 1", got=str(workers))
