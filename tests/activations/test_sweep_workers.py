"""Sweeps by workers: the bytes of a sweep here, whoever dies meanwhile."""

import gc
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.activations.sweep import sweep
from facsinterp.activations.sweeping import crew as crew_module
from facsinterp.activations.sweeping.carried import CarriedJob
from facsinterp.activations.sweeping.crew import local_workers
from facsinterp.errors import DataError, InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.nets.network import Network
from facsinterp.provenance import fingerprint

from . import tiny
from .test_sweep import CLASSES, Counting, bytes_of, make_network, make_pixels, make_plan

# Dask forgets sockets on their way to workers that died.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:Exception ignored in. <socket\.socket:pytest.PytestUnraisableExceptionWarning"
)

IMAGES = 60


class Killing(Counting):
    """A progress that kills a worker when the first part is done."""

    def __init__(self, workers):
        super().__init__()
        self.workers, self.killed = workers, 0

    def advance(self, parts):
        super().advance(parts)
        if not self.killed:
            pid = next(iter(self.workers.client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            self.killed = pid


@pytest.fixture(scope="module")
def workers():
    with local_workers(2) as found:
        yield found
    gc.collect()  # what Dask forgot is found here, not in the tests of others


def swept(path, precision="float32", crew=None, progress=None, pixels=None):
    network, pixels, faces = make_network(), pixels or make_pixels(IMAGES), tiny.faces(IMAGES)
    plan = make_plan(network, pixels, faces, precision=precision)
    return sweep(network, pixels, faces, plan, path, progress or Counting(), crew=crew)


@pytest.fixture(scope="module", params=["float32", "bf16"])
def alone(request, tmp_path_factory):
    """A precision, and the bytes of a sweep by this process alone."""
    path = tmp_path_factory.mktemp("alone") / "a.zarr"
    swept(path, request.param)
    return request.param, bytes_of(path)


def test_workers_write_the_same_bytes(workers, alone, tmp_path):
    precision, expected = alone
    progress = Counting()
    swept(tmp_path / "a.zarr", precision, workers, progress).verify()
    assert bytes_of(tmp_path / "a.zarr") == expected
    assert progress.seen >= IMAGES


def test_a_lost_worker_changes_no_byte(workers, alone, tmp_path):
    precision, expected = alone
    progress = Killing(workers)
    swept(tmp_path / "a.zarr", precision, workers, progress).verify()
    assert progress.killed
    assert bytes_of(tmp_path / "a.zarr") == expected


def test_a_relative_path_means_the_folder_of_the_caller(workers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    swept("a.zarr", crew=workers)
    swept(tmp_path / "b.zarr")
    assert bytes_of(tmp_path / "a.zarr") == bytes_of(tmp_path / "b.zarr")


def test_a_store_that_workers_cannot_reach_is_refused(workers):
    with pytest.raises(InputError, match="in the memory of this process"):
        swept("memory://workers/a.zarr", crew=workers)


class AtHand:
    """Square pictures for a decoder, already in memory."""

    shown = np.random.default_rng(1).integers(0, 256, (IMAGES, 12, 12), dtype=np.uint8)

    def fingerprint(self, paths):
        return fingerprint(self.shown)

    def open(self, paths):
        yield from self.shown


def square(folder, crew, path):
    """A sweep of pictures that were decoded into a folder."""
    faces = tiny.faces(IMAGES)
    pixels = Pixels.decode(faces, AtHand(), Preparation(12), folder)
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 4, 3), nn.PReLU(4), nn.Flatten(), nn.Linear(400, 3))
    network = Network.of(module, classes=CLASSES, input_shape=(1, 12, 12))
    plan = make_plan(network, pixels, faces)
    return sweep(network, pixels, faces, plan, path, crew=crew)


def test_workers_open_the_folder_of_the_pixels_themselves(workers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    square(Path("cache"), workers, tmp_path / "a.zarr")
    square(Path("cache"), None, tmp_path / "b.zarr")
    assert bytes_of(tmp_path / "a.zarr") == bytes_of(tmp_path / "b.zarr")


def test_workers_that_cannot_reach_the_pixels_tell_it(workers, tmp_path, monkeypatch):
    def lost(*given):
        """The job was pickled, and no worker has opened anything yet."""
        (tmp_path / "cache").rename(tmp_path / "elsewhere")
        return CarriedJob(*given)

    monkeypatch.setattr(crew_module, "CarriedJob", lost)
    with pytest.raises(DataError, match="let all workers reach this folder"):
        square(tmp_path / "cache", workers, tmp_path / "a.zarr")
