"""Tasks done: in this process, or in several that each hold the survey once."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import joblib
from joblib.externals.loky import FIRST_COMPLETED, BrokenProcessPool, ProcessPoolExecutor, wait

from facsinterp.errors import CrewError, Fault, InputError
from facsinterp.report.building.place import Place
from facsinterp.report.building.render import Frame, assets_of, files_of
from facsinterp.report.building.tasks import Task
from facsinterp.report.reading.survey import Survey

# Processes take about 2 s to begin; this many pages take one process about as long.
SMALL: Final = 150
# Pages are made of small arrays: more threads in each process would only stand in the way.
_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Bench:
    """What every task needs: where its files go, and what stands around each page."""

    place: Place
    frame: Frame

    def do(self, task: Task, survey: Survey) -> None:
        """Make everything of a task, then mark it as finished."""
        files: list[list[Any]] = []
        assets: set[str] = set()
        for made in task.make(survey):
            for file in files_of(made, self.frame):
                files.append(self.place.put(file))
                assets |= assets_of(file)
        self.place.mark(task.name, files, assets)


def worked(
    todo: Sequence[Task], survey: Survey, bench: Bench, workers: int | None
) -> Generator[Task, None, None]:
    """Each task when it is done, in any order. `workers` None: as many as have work and a core.

    Raises CrewError when a worker is killed, as for want of memory; what is done stays.
    """
    if workers is not None and workers < 1:
        raise InputError(Fault("too few workers", expected="at least 1", got=str(workers)))
    count = min(len(todo), _fitting(todo) if workers is None else workers)
    # What lies in the memory of this process cannot be read by another.
    if count <= 1 or str(survey.report.store.path).startswith("memory:"):
        for task in todo:
            bench.do(task, survey)
            yield task
        return
    yield from _in_processes(todo, survey, bench, count)


def _fitting(todo: Sequence[Task]) -> int:
    return 1 if sum(task.pages for task in todo) < SMALL else int(joblib.cpu_count())


def _in_processes(
    todo: Sequence[Task], survey: Survey, bench: Bench, count: int
) -> Generator[Task, None, None]:
    path = str(bench.place.survey)
    joblib.dump(survey.lent, path)
    given = (path, bench, os.getpid())
    pool = ProcessPoolExecutor(count, initializer=_begin, initargs=given, env=_ONE_THREAD)
    waiting: dict[Future[None], Task] = {}
    try:
        with warnings.catch_warnings():
            # A worker that holds more and more of the survey is replaced by a new one.
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            # As many at a time as the pool hands out at once.
            later = iter(todo)
            with _deaf():
                waiting = {pool.submit(_do, task): task for task in islice(later, 2 * count)}
            while waiting:
                for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                    done.result()
                    task = waiting.pop(done)
                    waiting |= {pool.submit(_do, one): one for one in islice(later, 1)}
                    yield task
    except BrokenProcessPool as error:
        message = (
            "a process that was making pages is gone, perhaps for want of memory; the pages that "
            "are made stay, and the same again goes on with the others, with less memory if with "
            "fewer workers"
        )
        raise CrewError(message) from error
    finally:
        _handed_out(waiting)
        pool.shutdown(wait=True, kill_workers=True)


def _handed_out(waiting: Iterable[Future[None]]) -> None:
    """Return when the pool has begun all of it: ended before, it trips over what is left.

    It does so at once, except where it is broken; a second is more than it ever needs.
    """
    for _ in range(100):
        if all(one.running() or one.done() for one in waiting):
            return
        time.sleep(0.01)


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes begun inside never hear Ctrl-C: the builder hears it, and ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@dataclass
class _Desk:
    """What one worker process holds while it lives."""

    survey: Survey
    bench: Bench
    builder: int


_DESK: list[_Desk] = []


def _begin(path: str, bench: Bench, builder: int) -> None:
    """Read the survey; its arrays stay on disk, where all workers share what they look at."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # also one that took the place of another
    _DESK[:] = [_Desk(joblib.load(path, mmap_mode="r"), bench, builder)]


def _do(task: Task) -> None:
    (desk,) = _DESK
    if os.getppid() != desk.builder:  # it was killed: what is made now nobody waits for
        os._exit(1)
    desk.bench.do(task, desk.survey)
