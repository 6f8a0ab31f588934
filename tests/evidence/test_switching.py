"""Switched faces and causal profiles on planted filters, noise, and told again slowly."""

from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, InputError
from facsinterp.evidence.causes import switching
from facsinterp.evidence.causes.causal import causal_profiles
from facsinterp.evidence.causes.switching import changes_of, spread_of, switch_units
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.faces.drawn.switched import Switched
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.nets.network import Network

SIDE = 32
CORPUS = Switched(people=9, contexts=1, intensities=(1, 5), pixels=SIDE, seed=2)
PLAIN = Preparation(SIDE)
# Rows and columns (first, end) of what each planted filter sees: the mean grey of a box.
MOUTH, BROWS, WALL = (
    (slice(19, 26), slice(11, 21)),
    (slice(8, 12), slice(9, 23)),
    (slice(0, 1), slice(0, 2)),
)
PLANTED = {4: 0, 27: 1, 12: 2}  # unit -> filter that is its template
BOXES = {3: MOUTH, 4: BROWS, 5: WALL}
DEAD, CONSTANT = 6, 7


def pictures(corpus, paths):
    return np.stack([np.asarray(one) for one in corpus.pictures().open(paths)])


def template(unit):
    """How switching a unit changes other people, of mean 0 and length 1."""
    others = Switched(people=6, contexts=1, intensities=(5,), pixels=SIDE, seed=99, units=(unit,))
    drawn = (
        pictures(others, [others.path(i) for i in range(12)])
        .reshape(6, 2, SIDE, SIDE)
        .astype(float)
    )
    change = (drawn[:, 1] - drawn[:, 0]).mean(axis=0)
    change[np.abs(change) < 3] = 0
    change -= change.mean()
    return change / np.linalg.norm(change)


def planted_network():
    weights = np.zeros((8, 1, SIDE, SIDE))
    for unit, channel in PLANTED.items():
        weights[channel, 0] = template(unit)
    for channel, box in BOXES.items():
        seen = weights[channel, 0][box]
        seen[:] = 1 / seen.size
    module = nn.Sequential()
    module.add_module("conv", nn.Conv2d(1, 8, SIDE))
    module.add_module("relu", nn.ReLU())
    module.add_module("flat", nn.Flatten())
    module.add_module("output", nn.Linear(8, 2))
    conv: Any = module.conv
    conv.weight.data = torch.from_numpy(weights).float()
    conv.bias.data = torch.tensor([20.0] * 6 + [-1.0, 1.0])  # never cut, but for the dead one
    return Network.of(module, classes=("a", "b"), input_shape=(1, SIDE, SIDE))


@pytest.fixture(scope="module")
def switched(tmp_path_factory):
    return switch_units(planted_network(), CORPUS, PLAIN, tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def reference(switched):
    """Any faces do: those without a unit and with it."""
    return switched


@pytest.fixture(scope="module")
def profiles(switched, reference):
    return causal_profiles(switched, CORPUS, reference, flips=499)


def test_templates_are_found_with_their_units(profiles):
    for unit, channel in PLANTED.items():
        one = profiles.isel(filter=channel)
        assert int(one["best"]) == unit
        pair = one.sel(au=unit)
        assert bool(pair["moves"])
        assert float(pair["trend"]) > 0.7
        assert int(pair["least"]) == 1
        assert float(one["lead_low"]) > 0
        assert float(one["returns"]) > 0.9


def test_the_box_of_the_mouth_hears_of_the_mouth_and_that_of_the_wall_of_nothing(profiles):
    moved = {
        name: {int(u) for u in profiles["au"].values[profiles["moves"].values[channel]]}
        for name, channel in (("mouth", 3), ("brows", 4), ("wall", 5))
    }
    assert {26, 27} <= moved["mouth"]
    assert not moved["mouth"] & {1, 2, 4, 5, 7, 43}
    assert {4, 9} <= moved["brows"]
    assert not moved["brows"] & {12, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27}
    assert not moved["wall"]
    wall = profiles.isel(filter=5)
    assert (wall["size"] == 0).all()
    assert (wall["p"] == 1).all()
    assert int(wall["best"]) == 0
    assert wall["d_z"].isnull().all()
    assert np.isnan(float(wall["returns"]))


def test_dead_and_constant_filters_have_no_number(profiles):
    for channel in (DEAD, CONSTANT):
        one = profiles.isel(filter=channel)
        for name in ("size", "p", "q", "p_max", "trend", "share", "dose", "person", "lead"):
            assert one[name].isnull().all(), name
        assert not one["moves"].any()
        assert (one["least"] == 0).all()
        assert int(one["best"]) == 0
    assert profiles.attrs["tests"] == 6 * len(SHOWN)


def test_a_change_is_the_change_of_the_box_in_the_pictures(switched):
    people = 2
    shape = (people, *CORPUS.shape[1:])
    paths = CORPUS.table().column("path").tolist()[: int(np.prod(shape))]
    drawn = pictures(CORPUS, paths).reshape(*shape, SIDE, SIDE) / 255
    found = changes_of(switched, CORPUS)[:people]
    for channel, (rows, cols) in BOXES.items():
        seen = drawn[..., rows, cols].mean(axis=(-1, -2))
        wanted = seen[..., 1:] - seen[..., :1]
        assert found[..., channel] == pytest.approx(wanted, abs=2e-4)


def told(people_sizes, seed=0, filters=3):
    """Answers by lot on a small corpus, with numbers added to each person, unit and step."""
    corpus = Switched(people=len(people_sizes), contexts=2, intensities=(2, 5), pixels=24)
    rng = np.random.default_rng(seed)
    answers = 10 + rng.standard_normal((*corpus.shape, filters))
    answers += people_sizes
    return corpus, answers.reshape(-1, filters).astype(np.float32)


def store_of(path, corpus, answers):
    filters = [FilterId("conv", i) for i in range(answers.shape[1])]
    faces = corpus.table() if corpus else FaceTable.from_arrays(
        [str(i) for i in range(len(answers))], [1], np.zeros((len(answers), 1))
    )  # fmt: skip
    return ActivationStore.from_arrays(path, answers, filters, faces)


def planted_sizes(people=13):
    """Filter 1 gains from AU2 and more from AU4, filter 0 loses by AU4."""
    sizes = np.zeros((people, 1, len(SHOWN), 3, 3))
    two, four = SHOWN.index(2), SHOWN.index(4)
    sizes[:, :, two, 1:, 1] = [2.0, 4.0]
    sizes[:, :, four, 1:, 1] = [0.0, 8.0]
    sizes[:, :, four, 1:, 0] = [-3.0, -6.0]
    return sizes


def test_every_number_told_again_slowly(tmp_path):
    corpus, answers = told(planted_sizes())
    store = store_of(tmp_path / "s", corpus, answers)
    rng = np.random.default_rng(5)
    faces = store_of(tmp_path / "f", None, rng.standard_normal((50, 3)).astype(np.float32))
    found = causal_profiles(store, corpus, faces, flips=999)
    grid = answers.astype(float).reshape(*corpus.shape, 3)
    scale = [np.std(faces.data["peak"].values.astype(float)[:, j]) for j in range(3)]
    for j, unit in ((1, 2), (1, 4), (0, 4), (2, 12)):
        u, one = SHOWN.index(unit), found.isel(filter=j).sel(au=unit)
        people = [
            [
                np.mean([grid[p, c, u, s, j] - grid[p, c, u, 0, j] for c in (0, 1)]) / scale[j]
                for s in (1, 2)
            ]
            for p in range(13)
        ]
        last = [person[-1] for person in people]
        test = stats.ttest_1samp(last, 0)
        assert float(one["size"]) == pytest.approx(np.mean(last), rel=1e-5)
        assert float(one["low"]) == pytest.approx(test.confidence_interval().low, rel=1e-4)
        assert float(one["d_z"]) == pytest.approx(test.statistic / 13**0.5, rel=1e-4)
        assert one["person"].values == pytest.approx(last, rel=1e-5)
        assert one["dose"].values == pytest.approx(np.mean(people, axis=0), rel=1e-4, abs=1e-5)
        neutral = np.mean([grid[p, 0, u, 2, j] - grid[p, 0, u, 0, j] for p in range(13)]) / scale[j]
        other = np.mean([grid[p, 1, u, 2, j] - grid[p, 1, u, 0, j] for p in range(13)]) / scale[j]
        assert float(one["neutral"]) == pytest.approx(neutral, rel=1e-4)
        assert float(one["expression"]) == pytest.approx(other, rel=1e-4)
        trend = np.mean([stats.spearmanr([0, 1, 2], [0, *person]).statistic for person in people])
        assert float(one["trend"]) == pytest.approx(trend)
    q = found["q"].values
    wanted = stats.false_discovery_control(found["p"].values.ravel())
    assert q.ravel() == pytest.approx(wanted)
    one = found.isel(filter=1)
    assert (int(one["best"]), int(one["second"])) == (4, 2)
    lead = one["person"].sel(au=4).values - one["person"].sel(au=2).values
    assert float(one["lead"]) == pytest.approx(lead.mean())
    assert float(one["lead_low"]) == pytest.approx(
        stats.ttest_1samp(lead, 0).confidence_interval().low
    )
    gains = {unit: float(one["size"].sel(au=unit)) for unit in SHOWN if one["moves"].sel(au=unit)}
    gains = {unit: size for unit, size in gains.items() if size > 0}
    assert {2, 4} <= gains.keys()
    assert float(one["share"].sel(au=4)) == pytest.approx(gains[4] / sum(gains.values()))
    assert int(one["least"].sel(au=2)) == 2
    assert int(one["least"].sel(au=4)) == 5, "at B it does nothing"
    assert int(found["best"][0]) == 0 or int(found["best"][0]) != 4
    assert float(found["size"].sel(au=4)[0]) < 0
    assert int(found["least"].sel(au=4)[0]) == 2


def test_noise_moves_nothing(tmp_path):
    """Thirty times three filters without any effect: p as it says, and hardly a corrected one."""
    corpus, answers = told(np.zeros((10, 1, 1, 1, 1)), filters=3 * 30)
    whole = store_of(tmp_path / "s", corpus, answers)
    small, found = 0, 0
    for seed in range(30):
        three = whole.data.isel(filter=slice(3 * seed, 3 * seed + 3))
        store = ActivationStore(whole.path, three)
        profiles = causal_profiles(store, corpus, store, flips=199, seed=seed)
        small += int((profiles["p"] <= 0.1).sum())
        found += int((profiles["p_max"] <= 0.1).any())
        assert (profiles["best"].values[~profiles["moves"].any("au").values] == 0).all()
    tests = 30 * 3 * len(SHOWN)
    assert abs(small / tests - 0.1) < 4 * np.sqrt(0.1 * 0.9 / tests)
    assert stats.binomtest(found, 30, 0.1).pvalue > 0.001


def test_rounding_is_no_change(tmp_path):
    """Sums in another order differ for everybody in one direction; that moves nothing."""
    corpus, answers = told(np.zeros((8, 1, 1, 1, 1)))
    grid = np.full((*corpus.shape, 3), 1000.0)
    grid[..., 1:, :] += 1000 * switching.ROUNDING / 2
    store = store_of(tmp_path / "s", corpus, grid.reshape(-1, 3).astype(np.float32))
    assert (changes_of(store, corpus) == 0).all()
    faces = store_of(tmp_path / "f", None, answers)
    assert not causal_profiles(store, corpus, faces, flips=199)["moves"].any()


@pytest.mark.parametrize("slab", [1, 100, 1 << 24])
def test_spread_is_that_of_the_store(tmp_path, slab, monkeypatch):
    monkeypatch.setattr(switching, "SLAB", slab)
    _, answers = told(np.zeros((2, 1, 1, 1, 1)))
    answers[:, 2] = 0.1
    store = store_of(tmp_path / "f", None, answers)
    wanted = answers.astype(float).std(axis=0)
    assert spread_of(store)[:2] == pytest.approx(wanted[:2])
    assert spread_of(store)[2] == 0


def test_answers_that_are_no_numbers_are_refused(tmp_path):
    answers = np.ones((5, 2), np.float32)
    answers[3, 1] = np.nan
    with pytest.raises((ActivationError, InputError)):
        spread_of(store_of(tmp_path / "f", None, answers))


def test_the_mean_of_a_map_can_be_asked_for(switched, reference):
    """Maps of one place: mean and peak are one."""
    by_mean = causal_profiles(switched, CORPUS, reference, measure="mean", flips=499)
    by_peak = causal_profiles(switched, CORPUS, reference, flips=499)
    assert by_mean["best"].values.tolist() == by_peak["best"].values.tolist()
    assert by_mean["size"].values == pytest.approx(by_peak["size"].values, rel=1e-3, nan_ok=True)


def test_the_same_again_and_nothing_is_computed_twice(tmp_path):
    corpus = Switched(people=2, contexts=1, intensities=(5,), pixels=SIDE)
    network = planted_network()
    first = switch_units(network, corpus, PLAIN, tmp_path)
    again = switch_units(network, corpus, PLAIN, tmp_path)
    assert first.path == again.path
    other = switch_units(network, corpus, PLAIN, tmp_path / "elsewhere")
    assert np.array_equal(first.data["peak"].values, other.data["peak"].values)


def test_one_context_has_no_expression(tmp_path):
    corpus = Switched(people=2, contexts=1, intensities=(5,), pixels=SIDE)
    store = switch_units(planted_network(), corpus, PLAIN, tmp_path)
    found = causal_profiles(store, corpus, store, flips=99)
    assert found["expression"].isnull().all()
    assert found["neutral"].values == pytest.approx(found["size"].values, nan_ok=True)


def test_stores_that_do_not_belong_together_are_refused(switched, tmp_path):
    with pytest.raises(InputError, match="not of this corpus"):
        changes_of(switched, Switched(people=8, contexts=1, intensities=(1, 5), pixels=SIDE))
    _, answers = told(np.zeros((2, 1, 1, 1, 1)))
    faces = store_of(tmp_path / "f", None, answers)
    with pytest.raises(InputError, match="other filters"):
        causal_profiles(switched, CORPUS, faces)
    dead = store_of(tmp_path / "d", CORPUS, np.zeros((np.prod(CORPUS.shape), 3), np.float32))
    with pytest.raises(InputError, match="dead or constant"):
        causal_profiles(dead, CORPUS, dead)
