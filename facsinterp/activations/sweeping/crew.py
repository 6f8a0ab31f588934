"""Who does the parts of a sweep: processes of this machine, or workers of a Dask cluster.

    with local_workers(4) as crew:              # or cluster("tcp://machine:8786")
        for part in crew.work(job, parts):
            ...                                 # this part is done, and lies where all can read

A job writes what it computes itself, and doing a part twice gives the same bytes. So a
worker may be lost at any moment: another one does its parts.
"""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import time
import uuid
import warnings
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, final

import cloudpickle
import dask
from dask.system import CPU_COUNT
from distributed import Client, Future, KilledWorker, LocalCluster, wait
from distributed.comm import get_address_host_port, normalize_address
from distributed.utils import silence_logging_cmgr

from facsinterp.activations.sweeping.carried import CarriedJob, differences, do_part
from facsinterp.errors import CrewError, Fault, InputError
from facsinterp.provenance import installed_versions

Part = tuple[int, ...]

# One part is computed and one waits: more would only be lost with the worker.
_PARTS_A_WORKER: Final = 2
_PATIENCE: Final = 60.0
_LOOK_EVERY: Final = 1.0

# As text: a function of facsinterp cannot even be received where facsinterp is not.
_ASK_VERSIONS: Final = (
    "__import__('importlib').import_module('facsinterp.provenance').installed_versions()"
)
# Dask's own threshold gives each freed array back to the system at once, and glibc then maps every
# large one anew: a training took 1.5 times as long, a third of it in page faults.
_MALLOC: Final = {"MALLOC_TRIM_THRESHOLD_": 1 << 28, "MALLOC_MMAP_THRESHOLD_": 1 << 27}
_THREADS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Job(Protocol):
    """Work that falls into parts. It is pickled, by cloudpickle, once for all workers."""

    @property
    def key(self) -> str:
        """Equal for equal work."""

    def do(self, part: Part) -> None:
        """Compute a part and write it where all can read; doing it again changes nothing."""


class Crew(Protocol):
    """Those who do the parts of a job."""

    def work(self, job: Job, parts: Sequence[Part]) -> Iterator[Part]:
        """The parts as they are finished, in any order, each exactly once.

        An exception of `job.do` is raised here as it is; parts that are not done by then,
        or when the iterator is closed, are not done any more.
        """


@contextmanager
def local_workers(count: int, *, patience: float = _PATIENCE) -> Iterator[Crew]:
    """A crew of `count` processes on this machine, which share its cores; gone at the end.

    A worker that dies is replaced. Each computes with `cores // count` threads, or with
    OMP_NUM_THREADS where that is set. The processes import the calling script anew: in a
    script, use this under `if __name__ == "__main__"`. Raises InputError for a count below 1.
    """
    if count < 1:
        raise InputError(Fault("too few workers", expected="at least 1", got=str(count)))
    threads = dict.fromkeys(_THREADS, max(1, CPU_COUNT // count))
    with ExitStack() as stack:
        stack.enter_context(_quiet())
        stack.enter_context(_environment_kept())
        scratch = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="facsinterp-", ignore_cleanup_errors=True)
        )
        settings = {
            "distributed.nanny.pre-spawn-environ": {**_MALLOC, **threads},
            "temporary-directory": scratch,
        }
        stack.enter_context(dask.config.set(settings))
        workers = stack.enter_context(
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                # A network and its batch take what they take; the system says when it is enough.
                memory_limit=None,
                # A port of its own, or else two sweeps on a machine would meet at the same one.
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                preload=["facsinterp.activations.sweeping.carried"],
                silence_logs=logging.CRITICAL + 1,
            )
        )
        client = stack.enter_context(Client(workers, set_as_default=False))
        yield DaskCrew(client, patience)


@contextmanager
def cluster(address: str, *, patience: float = _PATIENCE) -> Iterator[Crew]:
    """The crew of a Dask scheduler that runs at `address`; its workers stay at the end.

    Raises CrewError when there is no scheduler. `patience`: seconds without any worker
    after which `work` raises CrewError.
    """
    with _quiet():
        try:
            # Dask tries for long, and leaves its sockets open, where nobody listens.
            host, port = get_address_host_port(normalize_address(address))
            socket.create_connection((host, port), timeout=10).close()
            # Dask warns of versions that differ; what counts here is refused by `work`.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                client = Client(address, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            message = (
                f"no Dask scheduler answers at {address} ({error}): start one with "
                "`dask scheduler` and workers with `dask worker ADDRESS`, or check the address"
            )
            raise CrewError(message) from error
        with client:
            yield DaskCrew(client, patience)


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines of dask on the terminal: what the user must know is raised."""
    with silence_logging_cmgr(logging.CRITICAL + 1):
        yield


@contextmanager
def _environment_kept() -> Iterator[None]:
    """Dask sets variables for its workers in this process too: taken back at the end."""
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


@final
@dataclass
class _Course:
    """Where the parts of one job are on their way."""

    waiting: deque[Part]
    doubted: deque[Part] = field(default_factory=deque)
    """Parts whose workers died; each is done once more with nothing beside it."""
    flight: dict[Future, Part] = field(default_factory=dict)
    alone: bool = False


@final
@dataclass(frozen=True)
class DaskCrew:
    """The workers of one Dask scheduler.

    The job is no task of Dask but a plugin of its workers: the scheduler keeps it and gives
    it to each worker that comes, before any part. So it is not lost with a worker, and no
    worker is preferred because it has the job already.
    """

    client: Any
    patience: float = _PATIENCE
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    """What the workers must have, too."""

    def work(self, job: Job, parts: Sequence[Part]) -> Iterator[Part]:
        """The parts as they are finished: see Crew. Raises CrewError when there is no worker
        for a while, when workers have other versions, or when they die of a part.
        """
        if not parts:
            return
        self._wait_for_workers()
        self._refuse_others()
        name = f"facsinterp-{job.key}-{uuid.uuid4().hex}"
        try:
            carried = CarriedJob(name, cloudpickle.dumps(job), self.versions)
            self._insist(lambda: self.client.register_plugin(carried, name=name))
            yield from self._finished(name, parts)
        finally:
            with suppress(Exception):  # a scheduler that is gone has forgotten it
                self.client.unregister_worker_plugin(name)

    def _finished(self, name: str, parts: Sequence[Part]) -> Iterator[Part]:
        course = _Course(deque(parts))
        try:
            while course.waiting or course.doubted or course.flight:
                self._send(name, course)
                for future, status in self._done(course.flight):
                    part = course.flight.pop(future)
                    if self._judge(future, status, part, course):
                        yield part
        finally:
            with suppress(Exception):
                self.client.cancel(list(course.flight))

    def _send(self, name: str, course: _Course) -> None:
        """Parts on their way to the workers, as many as keep these busy."""
        if course.doubted:
            if not course.flight:
                self._submit(name, course, course.doubted.popleft())
                course.alone = True
            return
        course.alone = False
        room = _PARTS_A_WORKER * max(1, self._count()) - len(course.flight)
        for _ in range(min(room, len(course.waiting))):
            self._submit(name, course, course.waiting.popleft())

    def _submit(self, name: str, course: _Course, part: Part) -> None:
        key = f"facsinterp-part-{uuid.uuid4().hex}"
        course.flight[self.client.submit(do_part, name, part, key=key, pure=False)] = part

    def _done(self, flight: Mapping[Future, Part]) -> list[tuple[Future, str]]:
        """The futures that are done, at least one, and how they ended."""
        last_seen = time.monotonic()
        while True:
            with suppress(TimeoutError), self.client.as_current():
                wait(list(flight), timeout=_LOOK_EVERY, return_when="FIRST_COMPLETED")
            # A part that was done is begun again when its worker dies before this is known.
            found = [(future, future.status) for future in flight]
            done = [one for one in found if one[1] not in ("pending", "lost")]
            if done:
                return done
            last_seen = self._mind(last_seen)

    def _judge(self, future: Future, status: str, part: Part, course: _Course) -> bool:
        """Whether a part was done; one whose workers died is put among the doubted."""
        if status == "finished":
            return True
        if status != "error":
            message = f"the Dask scheduler was lost, or cancelled part {part}"
            raise CrewError(message)
        error = future.exception()
        if not isinstance(error, KilledWorker):
            raise error
        # Dask blames all parts on a worker that died; only alone is it known which it was.
        if course.alone:
            message = (
                f"part {part} is given up: the workers that began it died, each time. Most often "
                "they need more memory than there is: use fewer workers or smaller batches"
            )
            raise CrewError(message)
        course.doubted.append(part)
        return False

    def _count(self) -> int:
        """How many workers there are now."""
        try:
            return len(self.client.nthreads())
        except (OSError, TimeoutError, RuntimeError) as error:
            message = f"the Dask scheduler does not answer any more: {error}"
            raise CrewError(message) from error

    def _mind(self, last_seen: float) -> float:
        """When there was a worker last. Raises CrewError when that is too long ago."""
        now = time.monotonic()
        if self._count():
            return now
        if now - last_seen > self.patience:
            message = (
                f"no worker at the Dask scheduler for {self.patience:g} seconds: start some with "
                "`dask worker ADDRESS`. What is finished is kept; run the same again to go on"
            )
            raise CrewError(message)
        return last_seen

    def _wait_for_workers(self) -> None:
        last_seen = time.monotonic()
        while not self._count():
            last_seen = self._mind(last_seen)
            time.sleep(min(_LOOK_EVERY, self.patience / 4))

    def _refuse_others(self) -> None:
        """Raise CrewError when workers cannot import facsinterp or have other versions."""
        answers = self._insist(lambda: self.client.run(eval, _ASK_VERSIONS, on_error="return"))
        faults = []
        for worker, answer in answers.items():
            if isinstance(answer, ImportError):
                faults.append(f"  {worker} cannot import facsinterp ({answer}): install it there")
            elif isinstance(answer, dict):
                faults += [f"  {worker} has {one}" for one in differences(self.versions, answer)]
        if faults:
            message = "workers that might give other numbers are refused:\n" + "\n".join(faults)
            raise CrewError(message)

    def _insist(self, ask: Any) -> Any:  # noqa: ANN401 - what Dask answers
        """The answer of all workers; asked again when one of them dies of it."""
        last_seen = time.monotonic()
        while True:
            try:
                return ask()
            except OSError:
                last_seen = self._mind(last_seen)
                time.sleep(_LOOK_EVERY / 10)
