"""The study of ablation on networks whose only users of a filter are known."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.activations.plan import Plan
from facsinterp.activations.sweep import sweep
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.table import FaceTable
from facsinterp.nets.network import Network
from facsinterp.study import registry
from facsinterp.study.contract import Inputs
from facsinterp.testing import StudyContract

Ablation: Any = registry.load("ablation")

SIZE = 32
CLASSES = ("neutral", "happy", "sadness")
# Rows of a picture, and so filters, that know AU6 and AU15: clearly, and less clearly.
CLEAR, DIM = (0, 1), (20, 21)


class TestAblationContract(StudyContract):
    study = Ablation(matched=5)


def world_faces():
    """Pictures whose rows are lighter where a unit is present; the other rows know nothing."""
    rng = np.random.default_rng(5)
    people, each = 48, 6
    n = people * each
    present = rng.random((n, 2)) < 0.45
    light = rng.normal(110, 12, size=(n, SIZE))
    for unit in range(2):
        light[:, CLEAR[unit]] += 45 * present[:, unit]
        light[:, DIM[unit]] += 22 * present[:, unit]
    pictures = light[:, :, None] + rng.normal(0, 4, size=(n, SIZE, SIZE))
    images = [f"i{i:03d}" for i in range(n)]
    expression = np.where(present[:, 0], "happy", np.where(present[:, 1], "sadness", "neutral"))
    faces = FaceTable.from_arrays(
        images,
        [6, 15],
        present,
        subject=[f"S{i // each:02d}" for i in range(n)],
        sequence=images,
        expression=expression.tolist(),
        split=["train" if i < n // 2 else "test" for i in range(n)],
    )
    return faces, Pixels.from_array(np.array(images), pictures.clip(0, 255).astype(np.uint8))


def network(read):
    """One filter a row of the picture; hidden features are the filters of the rows `read`."""
    conv = nn.Conv2d(1, SIZE, (SIZE, 1), bias=False)
    hidden, output = nn.Linear(SIZE * SIZE, len(read)), nn.Linear(len(read), 3)
    with torch.no_grad():
        conv.weight[:] = torch.eye(SIZE)[:, None, :, None]
        hidden.weight[:] = 0
        hidden.bias[:] = 0
        for number, row in enumerate(read):
            hidden.weight[number, row * SIZE : (row + 1) * SIZE] = 1 / SIZE
        output.weight[:] = 0
        # Logits of the emotions, from the first two hidden features.
        output.weight[1, 0], output.weight[2, 1] = 40, 40
        output.bias[:] = torch.tensor([0.0, -21.0, -21.5])
    module = nn.Sequential(
        conv, nn.ReLU(), nn.Flatten(), hidden, nn.ReLU(), nn.Dropout(0.1), output
    )
    return Network.of(module, classes=CLASSES, input_shape=(1, SIZE, SIZE))


def answer(read, folder, **params):
    faces, pixels = world_faces()
    net = network(read)
    plan = Plan.of(net.fingerprint, net.channels, faces, pixels.fingerprint)
    store = sweep(net, pixels, faces, plan, folder / "activations.zarr")
    scratch = folder / "scratch"
    scratch.mkdir()
    inputs = Inputs(
        faces=faces,
        pixels=pixels,
        preparation=Preparation(size=SIZE),
        scratch=scratch,
        given_network=net,
        given_store=store,
        given_associations=associate(store, Settings(permutations=199, beyond="none")),
    )
    return Ablation(filters=1, **params).run(inputs)


@pytest.fixture(scope="module", params=["zero", "mean"])
def carried(request, tmp_path_factory):
    """Nobody but the clear rows tells the network of the units."""
    read = (*CLEAR, 5, 6, 7, 8, 9, 10)
    return answer(read, tmp_path_factory.mktemp("carried"), mode=request.param)


@pytest.fixture(scope="module")
def idle(tmp_path_factory):
    """The clear rows are not read, though they know the units best: the dim ones are."""
    return answer((*DIM, 5, 6, 7, 8, 9, 10), tmp_path_factory.mktemp("idle"))


def test_a_filter_that_alone_carries_a_unit_is_found(carried):
    pairs = carried.tables["pairs"].set_index("unit")
    assert pairs["filter"].tolist() == ["0/000", "0/001"]
    assert (pairs["separation_lost"] > 0.9).all()
    assert (pairs["excess"] > 0.9).all()
    assert (pairs["auroc_lost"] > 0.3).all()
    assert (pairs["p_rank"] == 1 / 21).all()
    tests = carried.tables["tests"].set_index("question")
    assert (tests["p"] <= 0.05).all()
    assert tests.loc["own unit", "low"] > 0.8
    assert carried.sections[0].paragraphs[0].startswith("Shown")


def test_only_the_emotion_of_the_unit_is_lost_with_it(carried):
    emotions = carried.tables["emotions"].set_index(["filter", "emotion"])
    assert emotions.loc[("0/000", "happy"), "own_lost"] > 0.3
    assert abs(emotions.loc[("0/000", "sadness"), "own_lost"]) < 0.25
    filters = carried.tables["filters"].set_index("filter")["faces_lost"]
    assert filters.idxmax() in {"0/000", "0/001"}
    assert (filters.drop(["0/000", "0/001"]) == 0).all()  # no other filter is read


def test_units_and_emotions_are_told_one_by_one(carried):
    units = carried.tables["by-unit"].set_index("name")
    pairs = carried.tables["pairs"].set_index("unit")
    assert units.index.tolist() == ["AU6", "AU15"]
    assert units["lost"].tolist() == pytest.approx(pairs["separation_lost"].tolist())
    assert units["difference"].tolist() == pytest.approx(pairs["excess"].tolist())
    assert (units["lost"] - units["matched"]).tolist() == pytest.approx(
        units["difference"].tolist()
    )
    assert ((units["low"] > 0.8) & (units["low"] <= units["high"])).all()
    assert (units["q"] >= units["p"]).all()
    emotions = carried.tables["by-emotion"].set_index("name")
    assert emotions["units"].to_dict() == {"happy": "AU6", "sadness": "AU15"}
    own = carried.tables["emotions"].set_index(["filter", "emotion"])
    happy = own.loc[("0/000", "happy")]
    # Inside people who show both; not all do.
    fall = happy["own_lost"] - happy["others_lost"]
    assert emotions.loc["happy", "lost"] == pytest.approx(fall, abs=0.01)
    assert carried.sections[2].table["Its units"].tolist() == ["AU6", "AU15"]


def test_the_dose_curve_is_above_random_sets(carried):
    doses = carried.tables["doses"].query("unit == 'all'").set_index("filters")
    assert doses.loc[1, "lost"] > 0.9 > doses.loc[1, "random"]
    assert doses.loc[1, "p"] == 1 / 20
    assert "More than by chance with 1" in carried.sections[1].paragraphs[0]
    assert carried.sections[1].figure is not None


def test_nothing_is_claimed_of_filters_that_nothing_depends_on(idle):
    pairs = idle.tables["pairs"]
    assert set(pairs["filter"]) == {"0/000", "0/001"}  # associated most all the same
    assert pairs["separation_lost"].abs().max() < 1e-4
    tests = idle.tables["tests"]
    assert (tests["p"] > 0.05).all()
    assert (tests["difference"].abs() < 0.01).all()
    assert idle.sections[0].paragraphs[0].startswith("Not shown")
    assert (idle.tables["by-unit"]["difference"].abs() < 0.01).all()


def test_units_without_a_probe_are_not_asked_about(tmp_path):
    found = answer((5, 6, 7, 8, 9, 10), tmp_path)
    assert (found.tables["probes"]["refused"] != "").all()
    assert found.tables["pairs"].empty
    assert found.tables["tests"].empty
    assert found.tables["by-unit"].empty
    assert "Nothing is shown" in found.sections[0].paragraphs[0]
