"""Parts of an analysis: computed here in threads or by a crew, and kept until all are there.

A part is a slab of filters and the action units coded for the same observations, for one
kind of number. Its numbers do not depend on who computes it, nor on how many threads: every
product of matrices that is not in whole numbers runs in one thread.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from facsinterp.errors import CrewError
from facsinterp.progress import Advance, Progress

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew

Numbers = dict[str, NDArray[Any]]

THREADS: Final = "OMP_NUM_THREADS"


@dataclass(frozen=True)
class Part:
    """What is computed at a time."""

    kind: str
    rows: NDArray[np.int64]
    """Observations coded for the units, among all."""
    filters: NDArray[np.int64]
    """Filters, among all."""
    columns: NDArray[np.int64]
    """Action units, among all."""
    size: int
    """How much work it is, beside other parts."""


class Computing(Protocol):
    """Whoever knows how to compute a part."""

    @property
    def key(self) -> str:
        """Equal for equal numbers."""

    @property
    def parts(self) -> Sequence[Part]:
        """All parts, in an order that does not change."""

    def compute(self, part: Part, advance: Advance) -> Numbers:
        """The numbers of a part; `advance` hears the part's size bit by bit."""


@final
@dataclass(frozen=True)
class PartJob:
    """Parts by their number, each written to a file of the folder that all can read."""

    analysis: Computing
    folder: str

    @property
    def key(self) -> str:
        return self.analysis.key

    def do(self, part: tuple[int, ...]) -> None:
        """Compute a part and write it, whole or not at all."""
        with threadpool_limits(limits=1):
            self.write(part[0], lambda _done: None)

    def write(self, number: int, advance: Advance) -> None:
        """The same with somebody who listens."""
        numbers = self.analysis.compute(self.analysis.parts[number], advance)
        path = self._file(number)
        partial = path.with_name(f"{path.stem}.{os.getpid()}-{threading.get_ident()}.partial")
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **numbers)
        partial.replace(path)

    def read(self, number: int) -> Numbers | None:
        """The numbers of a part; None where they are not there or damaged."""
        try:
            with self._file(number).open("rb") as file, np.load(file) as found:
                return dict(found)
        except (OSError, ValueError, EOFError, BadZipFile):
            return None

    def _file(self, number: int) -> Path:
        return Path(self.folder) / f"part-{number:04d}.npz"


def computed(
    analysis: Computing, *, crew: Crew | None, folder: Path | None, progress: Progress
) -> Iterator[tuple[Part, Numbers]]:
    """Each part with its numbers, in their order.

    `folder` keeps what is finished under the key of the analysis, so that an interrupted
    analysis goes on; None keeps it nowhere. A crew needs a folder that its workers can
    write to. `crew` None computes here, in as many threads as OMP_NUM_THREADS says, or as
    there are processors.
    """
    with ExitStack() as stack:
        root = folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        place = root / analysis.key
        place.mkdir(parents=True, exist_ok=True)
        job = PartJob(analysis, str(place.resolve()))
        sizes = [part.size for part in analysis.parts]
        missing = [number for number in range(len(sizes)) if job.read(number) is None]
        with progress.step("associations", sum(sizes)) as advance:
            advance(sum(sizes) - sum(sizes[number] for number in missing))
            if crew is None:
                _here(job, missing, advance)
            else:
                for done in crew.work(job, [(number,) for number in missing]):
                    advance(sizes[done[0]])
        for number, part in enumerate(analysis.parts):
            numbers = job.read(number)
            if numbers is None:  # others wrote it, or thought so, just now
                message = (
                    f"the workers did part {number}, but it cannot be read at {place}: give a "
                    "folder that they and this machine have under the same path"
                )
                raise CrewError(message)
            yield part, numbers


def _here(job: PartJob, missing: Sequence[int], advance: Callable[[int], None]) -> None:
    """The missing parts, the largest first so that the last one does not keep all waiting."""
    turn = threading.Lock()

    def hear(done: int) -> None:
        with turn:
            advance(done)

    order = sorted(missing, key=lambda number: -job.analysis.parts[number].size)
    with threadpool_limits(limits=1), ThreadPoolExecutor(_threads()) as pool:
        futures = [pool.submit(job.write, number, hear) for number in order]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _threads() -> int:
    told = os.environ.get(THREADS, "")
    return int(told) if told.isdigit() and int(told) else os.cpu_count() or 1
