"""Sweeps in bfloat16: their lists are those of float32 to the bit, whatever the network."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from facsinterp.activations.keeping import layout, margin
from facsinterp.activations.keeping.margin import MULTIPLE, Margin, spread
from facsinterp.activations.plan import Plan
from facsinterp.activations.sweep import sweep
from facsinterp.activations.sweeping.jobs import in_whole_batches, parts_of
from facsinterp.activations.sweeping.passes import Passes
from facsinterp.errors import StoreError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network

from . import tiny
from .test_sweep import Counting, Killed, bytes_of

SIZE = 12
IMAGES = 100


class Functional(nn.Module):
    """Two convolutions, functional ReLUs, a residual addition, one convolution run twice."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 6, 3, padding=1)
        self.again = nn.Conv2d(6, 6, 3, padding=1)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        x = functional.relu(self.first(x))
        x = functional.relu(x + self.again(x))
        return self.out(functional.relu(self.again(x)).mean((2, 3)))


def plain(*between, bias=True):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1, bias=bias),
        *between,
        nn.MaxPool2d(2),
        nn.Conv2d(8, 10, 3, bias=bias),
        *between,
        nn.Flatten(),
        nn.Linear(160, 2),
    )


def with_silent_filters():
    """Filters that never answer, answer the same to all, or answer to few images."""
    net = plain(nn.ReLU())
    with torch.no_grad():
        net[0].weight[0], net[0].bias[0] = 0, -1
        net[0].weight[1], net[0].bias[1] = 0, 0.3
        net[0].bias[2] -= 0.9
        net[3].bias[4] -= 0.5
    return net


NETS = {
    "relu": lambda: plain(nn.ReLU()),
    "zero-bias relu": lambda: plain(nn.ReLU(), bias=False),
    "in-place relu": lambda: plain(nn.ReLU(inplace=True)),
    "no nonlinearity": plain,
    "gelu": lambda: plain(nn.GELU()),
    "tanh": lambda: plain(nn.Tanh()),
    "batch norm": lambda: plain(nn.BatchNorm2d(8), nn.ReLU())[:4],
    "silent filters": with_silent_filters,
    "functional": Functional,
}


def network_of(name, seed=0):
    torch.manual_seed(seed)
    module = NETS[name]()
    if name == "batch norm":
        module = nn.Sequential(*module, nn.Flatten(), nn.Linear(8 * 36, 2))
    return Network.of(module, classes=("a", "b"), input_shape=(1, SIZE, SIZE))


def pictures(kind, images=IMAGES, seed=0):
    """`varied` pictures; `close` ones that differ by one grey level in one pixel; `few`
    different ones, each shown many times."""
    rng = np.random.default_rng(seed)
    if kind == "varied":
        # Strength differs from picture to picture as it does between faces.
        gain = rng.random((images, 1, 1)) ** 3
        array = (gain * rng.integers(0, 256, (images, SIZE, SIZE))).astype(np.uint8)
    elif kind == "close":
        array = np.repeat(rng.integers(1, 255, (1, SIZE, SIZE), dtype=np.uint8), images, axis=0)
        array[np.arange(images), rng.integers(0, SIZE, images), rng.integers(0, SIZE, images)] += 1
    else:
        array = rng.integers(0, 256, (4, SIZE, SIZE), dtype=np.uint8)[rng.integers(0, 4, images)]
    return Pixels.from_array(tiny.faces(images).images, array)


def run(path, network, pixels, precision, progress=None, **sizes):
    faces = tiny.faces(len(pixels))
    sizes = {"batch_size": 8, "block_size": 40} | sizes
    plan = Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        precision=precision,
        **sizes,
    )
    return sweep(network, pixels, faces, plan, path, progress or Counting())


def scored_twice(store):
    return ~np.isnan(store.data["precise"].values[:, 0])


@pytest.fixture(autouse=True)
def short_lists(monkeypatch):
    """With lists of 50 every one of so few images would be scored again."""
    monkeypatch.setattr(layout, "RANKS", 5)
    monkeypatch.setattr(margin, "SPREAD", 8)


def assert_same_lists(low, exact):
    for name in ("top_image", "top_value"):
        np.testing.assert_array_equal(low.data[name].values, exact.data[name].values)
    for position, one in enumerate(low.filters):
        listed = low.data["top_image"].values[position]
        listed = listed[listed >= 0]
        for name in ("peak", "peak_row", "peak_col", "mean", "area"):
            np.testing.assert_array_equal(
                low.data[name].values[listed, position],
                exact.data[name].values[listed, position],
                err_msg=f"{name} of {one}",
            )
        assert low.top(one, 5).equals(exact.top(one, 5))


@pytest.mark.parametrize("kind", ["varied", "close", "few"])
@pytest.mark.parametrize("name", NETS)
def test_lists_values_and_places_are_those_of_float32(tmp_path, name, kind):
    network, pixels = network_of(name), pictures(kind)
    exact = run(tmp_path / "exact.zarr", network, pixels, "float32").verify()
    low = run(tmp_path / "low.zarr", network, pixels, "bf16").verify()
    assert_same_lists(low, exact)
    twice = scored_twice(low)
    for variable in ("peak", "peak_row", "peak_col", "mean", "area"):
        np.testing.assert_array_equal(
            low.data[variable].values[twice], exact.data[variable].values[twice]
        )


@pytest.mark.parametrize("seed", range(4))
def test_most_images_are_left_as_they_are_where_answers_differ_clearly(tmp_path, seed):
    network, pixels = network_of("relu", seed), pictures("varied", 400, seed)
    low = run(tmp_path / "low.zarr", network, pixels, "bf16")
    exact = run(tmp_path / "exact.zarr", network, pixels, "float32")
    assert_same_lists(low, exact)
    twice = scored_twice(low)
    assert 0 < twice.mean() < 0.6
    others = low.data["peak"].values[~twice] != exact.data["peak"].values[~twice]
    assert others.any(), "the matrix of the others is that of bfloat16"
    said, exactly = (one.data["probability"].values[twice] for one in (low, exact))
    assert (said != exactly).any(), "probabilities are those of the sweep for all images"


def test_close_answers_are_all_scored_again(tmp_path):
    low = run(tmp_path / "low.zarr", network_of("relu"), pictures("close"), "bf16")
    assert scored_twice(low).all()


def test_ranking_by_bfloat16_alone_would_be_wrong(tmp_path):
    """The adversary is one: without the second scores the lists are others."""
    network, pixels = network_of("relu"), pictures("close")
    exact = run(tmp_path / "exact.zarr", network, pixels, "float32")
    low = run(tmp_path / "low.zarr", network, pixels, "bf16")
    by_score = np.argsort(-low.data["score"].values, axis=0, kind="stable")[:5].T
    assert (by_score != exact.data["top_image"].values).any()


@pytest.mark.parametrize("block_size", [8, 40, 1000])
def test_blocks_change_no_bit(tmp_path, block_size):
    network, pixels = network_of("relu"), pictures("varied")
    a = run(tmp_path / "a.zarr", network, pixels, "bf16")
    b = run(tmp_path / "b.zarr", network, pixels, "bf16", block_size=block_size)
    for name in a.data.variables:
        np.testing.assert_array_equal(a.data[name].values, b.data[name].values, err_msg=name)


@pytest.mark.parametrize("dies_after", [30, 101, 110, 130])
def test_a_sweep_killed_anywhere_goes_on_to_the_same_bytes(tmp_path, dies_after):
    network, pixels = network_of("relu"), pictures("varied")
    whole = run(tmp_path / "whole.zarr", network, pixels, "bf16")
    with pytest.raises(Killed):
        run(tmp_path / "killed.zarr", network, pixels, "bf16", Counting(dies_after))
    again = run(tmp_path / "killed.zarr", network, pixels, "bf16")
    assert bytes_of(again.path) == bytes_of(whole.path)


def test_where_places_in_a_batch_matter_whole_batches_are_scored_again(tmp_path, monkeypatch):
    monkeypatch.setattr(Passes, "position_free", lambda self: False)
    network, pixels = network_of("relu"), pictures("varied", 400)
    sizes = {"batch_size": 2, "block_size": 100}
    low = run(tmp_path / "low.zarr", network, pixels, "bf16", **sizes)
    twice = scored_twice(low).reshape(-1, 2)
    assert (twice.all(axis=1) | ~twice.any(axis=1)).all()
    assert not twice.all()
    assert_same_lists(low, run(tmp_path / "exact.zarr", network, pixels, "float32", **sizes))


def test_later_rounds_score_what_the_first_one_missed(tmp_path, monkeypatch):
    """With lists of one image the first round knows little of the errors."""
    monkeypatch.setattr(layout, "RANKS", 1)
    monkeypatch.setattr(margin, "SPREAD", 1)
    rounds = []

    class Rounds(Counting):
        def step(self, title, total):
            rounds.append(title)
            return super().step(title, total)

    network, pixels = network_of("relu"), pictures("close", 60)
    low = run(tmp_path / "low.zarr", network, pixels, "bf16", Rounds())
    assert sum("again" in title for title in rounds) > 1
    assert_same_lists(low, run(tmp_path / "exact.zarr", network, pixels, "float32"))


def test_scores_that_were_lost_stop_the_sweep(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "facsinterp.activations.keeping.writer.BlockWriter.rewrite", lambda *_: None
    )
    with pytest.raises(StoreError, match="the store does not have it"):
        run(tmp_path / "a.zarr", network_of("relu"), pictures("varied"), "bf16")


def test_the_plan_of_a_precision_is_another(tmp_path):
    network, pixels = network_of("relu"), pictures("varied", 20)
    low, exact = (
        run(tmp_path / f"{precision}.zarr", network, pixels, precision)
        for precision in ("bf16", "float32")
    )
    assert low.key != exact.key
    assert low.inputs["precision"] == "bf16"
    assert {"score", "precise"} <= set(low.data)
    assert not {"score", "precise"} & set(exact.data)


def slow_reached(margin_, score):
    """Image by image and filter by filter."""
    found = []
    for row in score:
        could = False
        for one, value in enumerate(row):
            most = float(value) + MULTIPLE * margin_.error[one]
            could |= most > 0 and most >= margin_.last[one]
        found.append(could)
    return found


def test_the_margin_is_what_it_says():
    rng = np.random.default_rng(0)
    score = rng.normal(size=(60, 3)).astype(np.float32)
    for scale in (0, 0.01, 0.3):
        one = Margin(scale * rng.random(3), np.array([1.5, -np.inf, -0.2]))
        assert one.within_reach(score).any(axis=1).tolist() == slow_reached(one, score)
    exact = Margin(np.zeros(1), np.array([1.0]))
    # An equal value stands behind by its position, or before: it must be looked at.
    below = np.nextafter(np.float32(1), np.float32(0))
    assert exact.within_reach(np.array([[1.0], [below]])).ravel().tolist() == [True, False]
    # What is not known is within reach.
    unknown = Margin(np.array([np.nan]), np.array([1.0]))
    assert unknown.within_reach(np.array([[-5.0]])).all()
    silent = Margin(np.zeros(1), np.array([-np.inf]))
    scores = np.array([[0.0], [-1.0], [1e-30]])
    assert silent.within_reach(scores).ravel().tolist() == [False, False, True]


def test_parts_share_no_block_and_hold_every_image(monkeypatch):
    monkeypatch.setattr("facsinterp.activations.sweeping.jobs._AGAIN", 7)
    rng = np.random.default_rng(0)
    blocks = layout.blocks(100, 10)
    for share in (0.05, 0.4, 1.0):
        rows = np.flatnonzero(rng.random(100) < share)
        parts = parts_of(rows, blocks)
        assert [row for part in parts for row in part] == rows.tolist()
        touched = [{row // 10 for row in part} for part in parts]
        assert sum(map(len, touched)) == len(set().union(*touched))
        assert all(len(part) < 7 + 10 for part in parts)
    assert parts_of(np.empty(0, dtype=np.int64), blocks) == []


def test_whole_batches_hold_the_rows_and_nothing_of_others():
    pixels = pictures("varied", 20)
    faces = tiny.faces(20)
    plan = Plan.of("n", {"c": 1}, faces, pixels.fingerprint, batch_size=8)
    assert in_whole_batches(np.array([3, 17]), plan).tolist() == [*range(8), *range(16, 20)]


def test_the_spread_covers_all_images():
    assert spread(5).tolist() == [0, 1, 2, 3, 4]
    assert len(spread(10_000)) == margin.SPREAD
    assert (spread(10_000)[0], spread(10_000)[-1]) == (0, 9999)
