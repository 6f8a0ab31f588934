import json
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.activations.keeping.writer import BlockWriter
from facsinterp.activations.keeping.writing import new_writer
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.errors import (
    ActivationError,
    IncompleteStoreError,
    InputError,
    StaleStoreError,
    StoreError,
)
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network

from . import tiny

CLASSES = ("anger", "happy", "sadness")


class Killed(Exception):
    """Stands for the end of the process."""


class Counting:
    """A progress that counts images, and dies when told."""

    def __init__(self, dies_after=10**9):
        self.seen, self.total, self.said, self.dies_after = 0, 0, [], dies_after

    @contextmanager
    def step(self, title, total):
        self.total = total
        yield self.advance

    def advance(self, parts):
        self.seen += parts
        if self.seen >= self.dies_after:
            raise Killed

    def say(self, text):
        self.said.append(text)


def make_network(colour=False, seed=0):
    """Two conv layers; one filter of the second is dead."""
    torch.manual_seed(seed)
    module = nn.Sequential(
        nn.Conv2d(3 if colour else 1, 4, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(5 * 5 * 4, 3),
    )
    with torch.no_grad():
        module.get_parameter("3.weight")[2] = 0
        module.get_parameter("3.bias")[2] = -1
    return Network.of(
        module, classes=CLASSES, input_shape=(3 if colour else 1, 12, 10), layers=["0", "3"]
    )


def make_pixels(n=11, colour=False, seed=0):
    rng = np.random.default_rng(seed)
    shape = (n, 12, 10, 3) if colour else (n, 12, 10)
    return Pixels.from_array(tiny.faces(n).images, rng.integers(0, 256, shape, dtype=np.uint8))


def make_plan(network, pixels, faces, **sizes):
    sizes = {"batch_size": 2, "block_size": 4} | sizes
    return Plan.of(network.fingerprint, network.channels, faces, pixels.fingerprint, **sizes)


def run(path, *, network=None, pixels=None, faces=None, progress=None, plan=None, **sizes):
    network, pixels, faces = (
        network or make_network(),
        pixels or make_pixels(),
        faces or tiny.faces(11),
    )
    plan = plan or make_plan(network, pixels, faces, **sizes)
    return sweep(network, pixels, faces, plan, path, progress or Counting())


def bytes_of(path: Path):
    """Content of every file but the record of the time of making."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file != path / "zarr.json"
    }


def slow_sweep(network, pixels):
    """Image after image, layer after layer, filter after filter, in numpy."""
    module = network.module
    rows = []
    for picture in pixels.array:
        x = picture[None] if picture.ndim == 2 else np.moveaxis(picture, 2, 0)
        x = torch.from_numpy(x[None].astype(np.float32) / 255)
        row = []
        with torch.no_grad():
            for part in module:
                x = part(x)
                if isinstance(part, nn.ReLU):
                    for one in x[0].numpy():
                        r, c = np.unravel_index(one.argmax(), one.shape)
                        row.append((one.max(), r, c, one.mean(), (one > 0).mean()))
        rows.append((row, torch.softmax(x[0], 0).numpy()))
    answers = np.array([row for row, _ in rows])
    return answers, np.array([p for _, p in rows])


@pytest.mark.parametrize("colour", [False, True])
def test_equals_a_loop_over_images_and_layers(tmp_path, colour):
    network, pixels = make_network(colour), make_pixels(colour=colour)
    store = run(tmp_path / "a.zarr", network=network, pixels=pixels).verify()
    answers, probabilities = slow_sweep(network, pixels)
    assert [str(one) for one in store.filters][3:6] == ["0/003", "3/000", "3/001"]
    for position, name in enumerate(["peak", "peak_row", "peak_col", "mean", "area"]):
        np.testing.assert_allclose(
            store.data[name].values, answers[..., position], rtol=1e-4, atol=1e-6
        )
    np.testing.assert_allclose(store.data["probability"].values, probabilities, rtol=1e-4)
    assert store.data["class"].values.tolist() == list(CLASSES)
    assert store.faces.fingerprint == tiny.faces(11).fingerprint
    assert store.top("3/002", 5).sizes["rank"] == 0
    if not colour:
        np.testing.assert_array_equal(store.data["face"].values, pixels.array)


def test_thumbnails_of_colour_pictures_are_grey(tmp_path):
    pixels = make_pixels(colour=True)
    store = run(tmp_path / "a.zarr", network=make_network(colour=True), pixels=pixels)
    red, green, blue = np.moveaxis(pixels.array.astype(float), 3, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    np.testing.assert_allclose(store.data["face"].values, luma, atol=0.51)


@pytest.mark.parametrize("block_size", [1, 5, 100])
def test_the_size_of_blocks_changes_no_bit(tmp_path, block_size):
    a = run(tmp_path / "a.zarr")
    b = run(tmp_path / "b.zarr", block_size=block_size)
    assert a.key == b.key
    for name in a.data.variables:
        np.testing.assert_array_equal(a.data[name].values, b.data[name].values, err_msg=name)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_the_size_of_batches_changes_no_rank(tmp_path, batch_size):
    a = run(tmp_path / "a.zarr")
    b = run(tmp_path / "b.zarr", batch_size=batch_size)
    np.testing.assert_allclose(a.data["peak"].values, b.data["peak"].values, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(a.data["top_image"].values, b.data["top_image"].values)


@pytest.mark.parametrize("dies_after", [1, 4, 7, 11])
def test_a_killed_sweep_goes_on_and_gives_the_same_bytes(tmp_path, dies_after):
    whole = run(tmp_path / "whole.zarr")
    path = tmp_path / "killed.zarr"
    with pytest.raises(Killed):
        run(path, progress=Counting(dies_after))
    with pytest.raises(IncompleteStoreError, match="of 3 blocks"):
        ActivationStore.open(path)
    # A block of 4 is marked once all its images are done and the next batch has begun.
    done = {1: 0, 4: 0, 7: 4, 11: 8}[dies_after]
    progress = Counting()
    run(path, progress=progress)
    assert progress.seen == progress.total == 11 - done
    assert bytes_of(path) == bytes_of(whole.path)


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.activations.test_sweep import Counting, run

class Power(Counting):
    def advance(self, parts):
        super().advance(parts)
        if self.seen >= 9:
            os.kill(os.getpid(), signal.SIGKILL)

run(Path(sys.argv[1]), progress=Power())
"""


def test_a_process_that_is_killed_leaves_what_can_be_gone_on_with(tmp_path):
    path = tmp_path / "killed.zarr"
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL
    progress = Counting()
    run(path, progress=progress)
    assert progress.seen in (3, 7)  # the block before may have been on its way to the disk
    assert bytes_of(path) == bytes_of(run(tmp_path / "whole.zarr").path)


def test_a_sweep_killed_while_it_finishes_goes_on(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    with monkeypatch.context() as patch:
        patch.setattr(
            "facsinterp.activations.keeping.writer.derived", lambda peak, block_size: 1 / 0
        )
        with pytest.raises(ZeroDivisionError):
            run(path)
    progress = Counting()
    assert run(path, progress=progress).verify().data.attrs["complete"] is True
    assert progress.seen == 0


def test_a_store_that_was_begun_keeps_its_blocks(tmp_path):
    path = tmp_path / "a.zarr"
    with pytest.raises(Killed):
        run(path, progress=Counting(7))
    store = run(path, block_size=2).verify()
    assert store.data.attrs["block_size"] == 4
    np.testing.assert_array_equal(store.peaks().values, run(tmp_path / "b.zarr").peaks().values)


def test_a_complete_store_is_opened_and_nothing_computed(tmp_path, monkeypatch):
    path = run(tmp_path / "a.zarr").path
    before = {file: file.stat().st_mtime_ns for file in path.rglob("*")}
    network = make_network()
    monkeypatch.setattr(network.module, "forward", lambda x: 1 / 0)
    progress = Counting()
    run(path, network=network, progress=progress)
    assert progress.seen == 0
    assert "there" in progress.said[0]
    assert before == {file: file.stat().st_mtime_ns for file in path.rglob("*")}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"network": make_network(seed=1)}, "network: the store has"),
        ({"pixels": make_pixels(seed=1)}, "pixels: the store has"),
        ({"faces": tiny.faces(11, seed=1)}, "faces: the store has"),
        ({"batch_size": 3}, "batch size: the store has 2, asked for 3"),
    ],
)
def test_a_stale_store_is_refused_with_the_difference(tmp_path, change, said):
    path = run(tmp_path / "a.zarr").path
    before = bytes_of(path)
    with pytest.raises(StaleStoreError, match=said) as caught:
        run(path, **change)
    assert str(caught.value).count("the store has") == 1
    assert bytes_of(path) == before


def test_a_store_begun_on_another_kind_of_device_is_refused(tmp_path):
    network, pixels, faces = make_network(), make_pixels(), tiny.faces(11)
    plan = make_plan(network, pixels, faces)
    with pytest.raises(Killed):
        sweep(network, pixels, faces, plan, tmp_path / "a.zarr", Counting(7))
    with pytest.raises(StoreError, match="begun on cpu and cannot go on on meta") as caught:
        sweep(network, pixels, faces, plan, tmp_path / "a.zarr", device="meta")
    # A run sweeps a stale store away; this one is worth going on with.
    assert not isinstance(caught.value, StaleStoreError)


def test_two_processes_do_not_sweep_to_one_store(tmp_path):
    path = tmp_path / "a.zarr"

    class Twice(Counting):
        def advance(self, parts):
            super().advance(parts)
            if self.seen == 6:
                with pytest.raises(StoreError, match="is sweeping to"):
                    run(path)

    store = run(path, progress=Twice()).verify()
    assert not (tmp_path / "a.zarr.writer").exists()
    dead = re.sub(r"-\d+-", "-999999999-", new_writer())
    (tmp_path / "b.zarr.writer").write_text(dead)
    again = run(tmp_path / "b.zarr")
    np.testing.assert_array_equal(again.peaks().values, store.peaks().values)


def test_a_block_that_is_marked_stays(tmp_path):
    path = tmp_path / "a.zarr"
    with pytest.raises(Killed):
        run(path, progress=Counting(11))
    network, pixels = make_network(), make_pixels()
    writer = BlockWriter.resume(path, make_plan(network, pixels, tiny.faces(11)).inputs)
    late = {name: np.zeros_like(writer.read(name, slice(0, 4))) for name in ("peak", "mean")}
    writer.write(0, late)
    np.testing.assert_array_equal(
        run(path).verify().peaks().values, run(tmp_path / "b.zarr").peaks().values
    )


def test_weights_that_changed_unseen_are_refused(tmp_path):
    network = make_network()
    with torch.no_grad():
        network.module.get_parameter("3.weight").mul_(2)
    with pytest.raises(InputError, match="weights changed"):
        run(tmp_path / "a.zarr", network=network)
    assert not (tmp_path / "a.zarr").exists()


def test_nan_stops_the_sweep_by_name_and_a_mended_one_goes_on(tmp_path):
    path, network, calls = tmp_path / "a.zarr", make_network(), []

    def poison(_module, _args, maps):
        calls.append(len(maps) == 2)
        if sum(calls) == 4:  # a batch holds two faces; a network is looked at with one image
            maps[1, 1, 0, 0] = float("nan")
        return maps

    handle = network.module[3].register_forward_hook(poison)
    with pytest.raises(ActivationError, match="image face007, layer 3, channel 1"):
        run(path, network=network)
    handle.remove()
    progress = Counting()
    assert run(path, network=network, progress=progress).verify().data.sizes["image"] == 11
    assert progress.seen == 7


def test_layers_tell_where_their_maps_look(tmp_path):
    first, second = run(tmp_path / "a.zarr").layers
    assert (first.name, first.filters, first.rows, first.cols) == ("0", 4, 10, 8)
    assert (first.field_size, first.field_stride, first.field_start) == (3, 1, 0)
    assert (second.rows, second.cols, second.nonlinearity) == (5, 4, "ReLU")
    assert (second.field_size, second.field_stride, second.field_start) == (8, 2, -2)


def test_square_fields_are_written_as_ever(tmp_path):
    told = json.loads(run(tmp_path / "a.zarr").data.attrs["layers"])
    assert not any({"field_rows", "field_cols"} & layer.keys() for layer in told)


def test_layers_tell_where_their_maps_look_when_three_numbers_do_not(tmp_path):
    network = make_network()
    network.module[0] = nn.Conv2d(1, 4, (3, 5), padding=(0, 1))
    network = Network.of(network.module, classes=network.classes, input_shape=network.input_shape)
    first, second = run(tmp_path / "a.zarr", network=network).layers
    assert (first.field_size, first.field_stride, first.field_start) == (None, None, None)
    assert first.field_rows is not None
    assert first.field_cols is not None
    assert (first.field_rows[4], first.field_cols[0]) == ((4, 7), (0, 4))
    assert first.field_box(4, 4) == (4, 3, 7, 8)
    assert second.field_shape is not None


def test_the_network_is_left_as_it_was(tmp_path):
    network = make_network()
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    run(tmp_path / "a.zarr", network=network)
    assert not any(part._forward_hooks for part in network.module.modules())
    assert all(value.requires_grad for value in network.module.parameters())
    for name, value in network.module.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_things_that_do_not_belong_together_are_refused(tmp_path):
    network, pixels, faces = make_network(), make_pixels(), tiny.faces(11)
    plan = make_plan(network, pixels, faces)
    network.module.train()
    other = tiny.faces(12).select(np.arange(1, 12))
    with pytest.raises(InputError) as caught:
        sweep(network, make_pixels(11, colour=True), other, plan, tmp_path / "a.zarr")
    for said in ("another pixels", "another faces", "other images", "fit the network", "training"):
        assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []
