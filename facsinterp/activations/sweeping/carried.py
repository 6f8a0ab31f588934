"""A job on a worker: brought there once, unpickled when its first part comes."""

from __future__ import annotations

import pickle
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final, final

from distributed import WorkerPlugin, get_worker

from facsinterp.errors import CrewError
from facsinterp.provenance import installed_versions

# What computes the numbers, and what writes them.
_DECIDING: Final = ("facsinterp", "torch", "numpy", "zarr")


@final
class CarriedJob(WorkerPlugin):  # type: ignore[misc] # dask tells no types
    """A pickled job, and the versions that a worker must have to do it."""

    def __init__(self, name: str, pickled: bytes, versions: Mapping[str, str]) -> None:
        self.name = name
        self.pickled = pickled
        self.versions = dict(versions)

    def setup(self, worker: Any) -> None:  # noqa: ANN401
        """Called by Dask on each worker, before it gets any part."""
        self.address = str(worker.address)
        self.turn = threading.Lock()
        self.job: Any = None

    def do(self, part: tuple[int, ...]) -> None:
        """Do a part. One at a time: torch uses all threads of the worker for it."""
        with self.turn:
            if self.job is None:
                # Workers may come after the others were asked.
                self._refuse_other_versions()
                self.job = pickle.loads(self.pickled)
                self.pickled = b""
            self.job.do(part)

    def _refuse_other_versions(self) -> None:
        faults = list(differences(self.versions, installed_versions()))
        if faults:
            message = f"the worker {self.address} is refused: it has {', '.join(faults)}"
            raise CrewError(message)


def dask_setup(_worker: Any) -> None:  # noqa: ANN401
    """Called by Dask in each worker on this machine as it starts.

    Ctrl-C at a terminal goes to all processes; the caller takes it and ends the workers.
    """
    with suppress(ValueError):  # signals are for main threads
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def do_part(name: str, part: tuple[int, ...]) -> None:
    """Do a part of the job that was brought to this worker under `name`."""
    get_worker().plugins[name].do(part)


def differences(here: Mapping[str, str], there: Mapping[str, str]) -> Iterator[str]:
    """Each package whose version on a worker differs from that of the caller."""
    for name in _DECIDING:
        # Without "+cpu" or "+cu130": machines of one cluster need not be alike.
        own, found = (versions.get(name, "none").partition("+")[0] for versions in (here, there))
        if own != found:
            yield f"{name} {found}, not {own}"
