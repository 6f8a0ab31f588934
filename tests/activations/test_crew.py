"""Crews: every part done once and the same, whatever happens to the workers."""

import gc
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped] # a dependency of distributed
import pytest
from dask import config
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facsinterp.activations.sweeping import crew
from facsinterp.activations.sweeping.carried import CarriedJob, differences
from facsinterp.activations.sweeping.crew import cluster, local_workers
from facsinterp.errors import ActivationError, CrewError, FacsinterpError, InputError

# Dask forgets sockets on their way to workers that died.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Writing:
    """A job that writes a file for each part, the same bytes each time."""

    key = "writing"

    def __init__(self, folder, seconds=0.0, ballast=b""):
        self.folder, self.seconds, self.ballast = folder, seconds, ballast

    def do(self, part):
        time.sleep(self.seconds)
        numbers = random.Random(part[-1]).randbytes(1000)
        own = self.folder / f"{os.getpid()}.tmp"
        own.write_bytes(numbers)
        own.rename(self.folder / "-".join(map(str, part)))


class Failing(Writing):
    def do(self, part):
        if part == (5,):
            raise ActivationError("the map of conv3/017 is NaN: image S005_001")
        super().do(part)


class Deadly(Writing):
    """A job whose part 3 kills its worker."""

    def do(self, part):
        if part == (3,):
            os.kill(os.getpid(), signal.SIGKILL)
        super().do(part)


class Nosy(Writing):
    """A job that notes which threads it may use and which parts run at once."""

    def do(self, part):
        threads = " ".join(os.environ[name] for name in THREADS)
        (self.folder / f"{os.getpid()}.{part[0]}").write_text(threads)


@pytest.fixture(scope="module")
def workers():
    """Two workers on a machine with six cores."""
    with pytest.MonkeyPatch.context() as patch:
        for name in THREADS:
            patch.delenv(name, raising=False)
        patch.setattr(crew, "CPU_COUNT", 6)
        before = dict(os.environ)
        with config.set({"distributed.scheduler.allowed-failures": 1}), local_workers(2) as found:
            yield found
        assert dict(os.environ) == before
    gc.collect()  # what Dask forgot is found here, not in the tests of others


@pytest.fixture
def scheduler():
    """The address of a scheduler without workers."""
    with LocalCluster(
        n_workers=0,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
    ) as found:
        yield found.scheduler_address
    gc.collect()


def parts_of(count):
    return [(number,) for number in range(count)]


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".tmp"}


def written_here(folder, parts):
    folder.mkdir()
    for part in parts:
        Writing(folder).do(part)
    return contents(folder)


def pids(workers):
    return list(workers.client.run(os.getpid, on_error="ignore").values())


# --- every part once ---


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 99), min_size=1, max_size=3).map(tuple), unique=True))
def test_every_part_comes_once_in_any_order(workers, tmp_path_factory, parts):
    folder = tmp_path_factory.mktemp("parts")
    assert sorted(workers.work(Writing(folder), parts)) == sorted(parts)
    assert sorted(contents(folder)) == sorted("-".join(map(str, part)) for part in parts)


def test_no_parts_need_no_workers():
    found = crew.DaskCrew(None)
    assert list(found.work(Writing(Path()), [])) == []


def test_a_part_is_done_when_it_comes(workers, tmp_path):
    for (number,) in workers.work(Writing(tmp_path), parts_of(9)):
        assert (tmp_path / str(number)).exists()


def test_few_parts_are_on_their_way(workers, tmp_path):
    """What is not asked for is not begun, beyond two parts a worker."""
    found = workers.work(Writing(tmp_path), parts_of(50))
    next(found)
    time.sleep(0.5)
    assert len(contents(tmp_path)) <= 4
    found.close()
    time.sleep(0.3)
    assert len(contents(tmp_path)) <= 4


def test_a_large_job_gives_no_warning(workers, tmp_path):
    job = Writing(tmp_path, ballast=bytes(30_000_000))
    assert len(list(workers.work(job, parts_of(3)))) == 3


def test_workers_share_the_cores(workers, tmp_path):
    list(workers.work(Nosy(tmp_path), parts_of(12)))
    assert {file.read_text() for file in tmp_path.iterdir()} == {"3 3 3"}
    assert len({file.stem for file in tmp_path.iterdir()}) == 2


def test_the_job_is_gone_from_the_workers_in_the_end(workers, tmp_path):
    list(workers.work(Writing(tmp_path), parts_of(2)))
    kept = workers.client.run(lambda dask_worker: [*dask_worker.plugins])
    assert not [name for names in kept.values() for name in names if "facsinterp" in name]


# --- workers that die ---


@pytest.mark.parametrize("seed", range(3))
def test_killed_workers_change_nothing(workers, tmp_path, seed):
    parts, chance = parts_of(60), random.Random(seed)
    expected = written_here(tmp_path / "here", parts)
    there = tmp_path / "there"
    there.mkdir()
    kills = {chance.randrange(1, 55): chance.choice([1, 2]) for _ in range(2)}
    came, killed = [], 0
    for part in workers.work(Writing(there, 0.01), parts):
        came.append(part)
        for pid in pids(workers)[: kills.get(len(came), 0)]:
            time.sleep(chance.random() * 0.02)
            os.kill(pid, signal.SIGKILL)
            killed += 1
    assert killed >= 1
    assert sorted(came) == parts
    assert contents(there) == expected


def test_workers_that_die_before_the_first_part_are_replaced(workers, tmp_path):
    for pid in pids(workers):
        os.kill(pid, signal.SIGKILL)
    assert sorted(workers.work(Writing(tmp_path), parts_of(4))) == parts_of(4)


def test_a_deadly_part_is_given_up_and_named(workers, tmp_path):
    came = []
    with pytest.raises(CrewError, match=r"part \(3,\) is given up: .*more memory"):
        came.extend(workers.work(Deadly(tmp_path, 0.01), parts_of(8)))
    assert sorted(workers.work(Writing(tmp_path), parts_of(2))) == parts_of(2)


# --- errors of a job ---


def test_an_error_comes_as_it_is_and_ends_the_work(workers, tmp_path):
    with pytest.raises(ActivationError) as caught:
        list(workers.work(Failing(tmp_path, 0.01), parts_of(200)))
    assert type(caught.value) is ActivationError
    assert str(caught.value) == "the map of conv3/017 is NaN: image S005_001"
    assert len(contents(tmp_path)) < 20


def test_an_interrupt_ends_the_work(workers, tmp_path):
    # A shell that starts the tests in the background has interrupts ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = Writing(tmp_path, 0.05)
    done = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    done.start()
    with pytest.raises(KeyboardInterrupt):
        list(workers.work(job, parts_of(1000)))
    time.sleep(0.3)
    count = len(contents(tmp_path))
    time.sleep(0.3)
    assert len(contents(tmp_path)) == count < 100


def test_there_is_at_least_one_worker():
    with pytest.raises(InputError, match="too few workers"), local_workers(0):
        pass


# --- a cluster that others run ---


def test_the_workers_of_a_cluster_stay(workers, tmp_path):
    address = workers.client.scheduler.address
    before = sorted(pids(workers))
    with cluster(address) as others:
        assert sorted(others.work(Writing(tmp_path), parts_of(5))) == parts_of(5)
    assert sorted(pids(workers)) == before


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "127.0.0.1:9", "nowhere", "x://y:z"])
def test_no_scheduler_is_told(address):
    with pytest.raises(CrewError, match=f"no Dask scheduler answers at {address}"):  # noqa: SIM117
        with cluster(address):
            pass


def test_a_scheduler_without_workers_is_told(scheduler, tmp_path):
    with (
        cluster(scheduler, patience=0.5) as empty,
        pytest.raises(CrewError, match=r"no worker at the Dask scheduler for 0\.5 seconds"),
    ):
        list(empty.work(Writing(tmp_path), parts_of(3)))


def test_a_scheduler_that_lost_its_workers_is_told(scheduler, tmp_path):
    with cluster(scheduler, patience=1) as found, Client(scheduler, set_as_default=False) as client:
        command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--no-nanny"]
        worker = subprocess.Popen(
            [*command, "--no-dashboard", "--nthreads", "3"], stderr=subprocess.DEVNULL
        )
        client.wait_for_workers(1)
        job = Writing(tmp_path, 0.05)
        found_parts = found.work(job, parts_of(100))
        next(found_parts)
        worker.kill()
        worker.wait()
        with pytest.raises(CrewError, match="no worker at the Dask scheduler"):
            list(found_parts)


def test_other_versions_are_refused(workers, tmp_path, monkeypatch):
    own = workers.versions["torch"].partition("+")[0]
    others = replace(workers, versions={**workers.versions, "torch": "1.0+cpu"})
    with pytest.raises(CrewError, match=rf"tcp://.* has torch {own}, not 1\.0"):
        list(others.work(Writing(tmp_path), parts_of(3)))
    assert contents(tmp_path) == {}
    # A worker that comes after they were asked refuses itself.
    monkeypatch.setattr(crew.DaskCrew, "_refuse_others", lambda *_: None)
    with pytest.raises(CrewError, match=r"the worker tcp://.* is refused: it has torch"):
        list(others.work(Writing(tmp_path), parts_of(3)))
    assert contents(tmp_path) == {}


def test_versions_are_compared_without_the_kind_of_machine():
    assert list(differences({"torch": "2.1+cpu"}, {"torch": "2.1+cu130", "scipy": "9"})) == []
    assert list(differences({"zarr": "3.1"}, {"torch": "2.1"})) == [
        "torch 2.1, not none",
        "zarr none, not 3.1",
    ]


def test_a_worker_without_facsinterp_is_refused(scheduler, tmp_path):
    (tmp_path / "facsinterp.py").write_text("raise ImportError('no module facsinterp here')")
    out = tmp_path / "out"
    out.mkdir()
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--no-nanny"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with (
        Client(scheduler, set_as_default=False) as client,
        cluster(scheduler) as found,
        subprocess.Popen(
            [*command, "--no-dashboard"],
            env=environment,
            cwd=tmp_path,
            stderr=subprocess.DEVNULL,
        ) as worker,
    ):
        try:
            client.wait_for_workers(1, timeout=20)
            with pytest.raises(CrewError, match="cannot import facsinterp"):
                list(found.work(Writing(out), parts_of(3)))
        finally:
            worker.kill()


# --- one part at a time ---


def test_a_worker_with_many_threads_does_one_part_at_a_time():
    running, most = [], []

    class Watched:
        def do(self, part):
            running.append(part)
            most.append(len(running))
            time.sleep(0.02)
            running.remove(part)

    job = CarriedJob("job", b"", {})
    job.setup(type("Worker", (), {"address": "here"})())
    job.job = Watched()
    threads = [threading.Thread(target=job.do, args=((number,),)) for number in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert max(most) == 1
    assert len(most) == 5


# --- a program of its own ---

PROGRAM = """
import signal, sys, time
from pathlib import Path
# A shell that starts the tests in the background has interrupts ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
from facsinterp.activations.sweeping.crew import local_workers

class Slow:
    key = "slow"
    def __init__(self, seconds): self.seconds = seconds
    def do(self, part):
        time.sleep(self.seconds)
        if part == (7,):
            raise ValueError("seven")

def main(seconds):
    with local_workers(2) as crew:
        for part in crew.work(Slow(seconds), [(n,) for n in range(8)]):
            Path("begun").touch()

if __name__ == "__main__":
    try:
        main(float(sys.argv[1]))
    except (ValueError, KeyboardInterrupt) as error:
        print(type(error).__name__, error)
"""


@pytest.mark.parametrize("interrupt", [False, True])
def test_a_program_shows_nothing_of_dask(tmp_path, interrupt):
    (tmp_path / "program.py").write_text(textwrap.dedent(PROGRAM))
    root = str(Path(__file__).parents[2])
    program = subprocess.Popen(
        [sys.executable, "-W", "error", "program.py", "0.5" if interrupt else "0.01"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if interrupt:  # as from a terminal: to the program and all its workers
        while not (tmp_path / "begun").exists():
            time.sleep(0.05)
        os.killpg(program.pid, signal.SIGINT)
    out, err = program.communicate(timeout=30)
    assert out.strip() == ("KeyboardInterrupt" if interrupt else "ValueError seven")
    assert err == ""
    assert {entry.name for entry in tmp_path.iterdir()} <= {"program.py", "begun", "__pycache__"}
    for _ in range(100):  # Python's own resource tracker ends a moment later
        if not alive_in(program.pid):
            break
        time.sleep(0.1)
    assert alive_in(program.pid) == []


def alive_in(group):
    """The processes of a group that still run."""
    found = []
    for one in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(one.pid) == group and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def test_a_crew_error_is_one_of_ours():
    assert issubclass(CrewError, FacsinterpError)
