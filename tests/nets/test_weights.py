"""Weights: round trips, foreign checkpoints read safely, and everything that is refused."""

import json
import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from facsinterp.errors import InputError, WeightsError
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.nets.prediction import predict
from facsinterp.nets.weights import load_network, load_weights, save_network

CLASSES = ("neutral", "happy", "fear")
BLUEPRINT = Blueprint("khorrami2015", CLASSES, 16, options={"variant": "as-written", "k": 1.0})


def of(blueprint, seed=3, **changes):
    module = zoo.from_blueprint(blueprint, seed=seed)
    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    facts = {"classes": blueprint.classes, "input_shape": shape, "blueprint": blueprint}
    return Network.of(module, **(facts | changes))


@pytest.fixture
def network():
    return of(BLUEPRINT)


@pytest.fixture
def folder(network, tmp_path):
    save_network(network, tmp_path / "network")
    return tmp_path / "network"


def state(seed=0):
    return zoo.from_blueprint(BLUEPRINT, seed=seed).state_dict()


def edit(folder, **changes):
    path = folder / "network.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_saved_network_comes_back_the_same(network, folder):
    again = load_network(folder)
    assert replace(again, module=network.module) == network
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16)).astype(np.uint8)
    np.testing.assert_array_equal(
        predict(again, images, device="cpu"), predict(network, images, device="cpu")
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "network.json",
        "weights.safetensors",
    ]
    assert [path.name for path in folder.parent.iterdir()] == ["network"]


def test_layers_and_colour_come_back_too(tmp_path):
    blueprint = Blueprint("breuer2017", CLASSES, 16, 3, {"dropout_maps": 0.1})
    network = of(blueprint, layers=["conv3", "conv1"])
    save_network(network, tmp_path / "a")
    again = load_network(tmp_path / "a")
    assert again.layers == ("conv1", "conv3")
    assert again.input_shape == (3, 16, 16)
    assert again.blueprint == blueprint


def test_saving_replaces_an_older_network_but_nothing_else(folder, tmp_path):
    other = of(BLUEPRINT, seed=8)
    save_network(other, folder)
    assert load_network(folder).fingerprint == other.fingerprint
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt"):
        save_network(other, folder)
    assert (folder / "notes.txt").exists()
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="a file stands"):
        save_network(other, tmp_path / "file")


def test_a_network_of_unknown_build_is_not_saved(tmp_path):
    with pytest.raises(InputError, match="does not know how it was built"):
        save_network(replace(of(BLUEPRINT), blueprint=None), tmp_path / "network")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_older_network_whole(network, folder, monkeypatch):
    monkeypatch.setattr("facsinterp.nets.weights.save_file", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save_network(of(BLUEPRINT, seed=8), folder)
    assert load_network(folder).fingerprint == network.fingerprint


def test_changed_weights_are_named(folder):
    path = folder / "weights.safetensors"
    weights = load_file(path)
    weights["conv2.weight"][0, 0, 0, 0] += 1
    save_file(weights, path)
    with pytest.raises(WeightsError, match=r"weights differ[^\0]*conv2\.weight"):
        load_network(folder)


def test_a_changed_record_is_noticed(folder):
    edit(folder, classes=["neutral", "happy", "anger"])
    with pytest.raises(WeightsError, match="the record was changed"):
        load_network(folder)
    edit(folder, classes=list(CLASSES), options={"variant": "as-written", "dropout": 0.1, "k": 1})
    with pytest.raises(WeightsError, match=r"expected: [^\0]*p=0\.5[^\0]*got: [^\0]*p=0\.1"):
        load_network(folder)


def test_a_record_that_cannot_be_read_is_told(folder):
    edit(folder, options={"variant": "as-writen"})
    with pytest.raises(WeightsError, match=r"network\.json[^\0]*options\.variant"):
        load_network(folder)
    edit(folder, facsinterp_network=2)
    with pytest.raises(WeightsError, match="facsinterp_network"):
        load_network(folder)
    (folder / "network.json").unlink()
    with pytest.raises(WeightsError, match=r"no network\.json"):
        load_network(folder)


def test_code_of_ones_own_is_imported_only_when_named(tmp_path, monkeypatch):
    (tmp_path / "own_builders.py").write_text(
        "from torch import nn\n"
        "def small(classes, size, width):\n"
        "    return nn.Sequential(nn.Conv2d(1, width, size), nn.Flatten(),\n"
        "                         nn.Linear(width, classes))\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    blueprint = Blueprint("own_builders:small", CLASSES, 16, options={"width": 2})
    network = of(blueprint)
    save_network(network, tmp_path / "network")
    sys.modules.pop("own_builders")
    with pytest.raises(WeightsError, match="if you trust that code"):
        load_network(tmp_path / "network")
    assert "own_builders" not in sys.modules
    again = load_network(tmp_path / "network", builder="own_builders:small")
    assert again.fingerprint == network.fingerprint
    sys.modules.pop("own_builders")


@pytest.mark.parametrize("wrapped", ["plain", "nested", "parallel", "lightning", "legacy"])
def test_foreign_checkpoints_are_read(wrapped, tmp_path):
    wanted = state(seed=5)
    path = tmp_path / "weights.pt"
    if wrapped == "plain":
        torch.save(wanted, path)
    elif wrapped == "legacy":
        torch.save(wanted, path, _use_new_zipfile_serialization=False)
    elif wrapped == "nested":
        torch.save({"epoch": 3, "model_state_dict": wanted}, path)
    elif wrapped == "parallel":
        torch.save({f"module.{name}": value for name, value in wanted.items()}, path)
    else:
        inner = {f"model._orig_mod.{name}": value for name, value in wanted.items()}
        torch.save({"state_dict": inner, "global_step": 7}, path)
    module = zoo.from_blueprint(BLUEPRINT)
    load_weights(module, path)
    assert all(torch.equal(value, wanted[name]) for name, value in module.state_dict().items())


def test_safetensors_are_read_whatever_their_name(tmp_path):
    wanted = state(seed=5)
    save_file(wanted, tmp_path / "weights.bin")
    module = zoo.from_blueprint(BLUEPRINT)
    load_weights(module, tmp_path / "weights.bin")
    assert torch.equal(module.state_dict()["conv1.weight"], wanted["conv1.weight"])


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (self.path, "w"))


@pytest.mark.parametrize("how", ["torch", "legacy", "pickle"])
def test_a_checkpoint_with_code_is_refused_and_the_code_does_not_run(how, tmp_path):
    proof, path = tmp_path / "it-ran", tmp_path / "weights.pt"
    content = {"conv1.weight": torch.zeros(2), "extra": Malicious(str(proof))}
    if how == "pickle":
        path.write_bytes(pickle.dumps(content))
    else:
        torch.save(content, path, _use_new_zipfile_serialization=how == "torch")
    module = zoo.from_blueprint(BLUEPRINT)
    with pytest.raises(WeightsError, match="refused") as caught:
        load_weights(module, path)
    assert "safetensors.torch.save_file" in str(caught.value)
    assert not proof.exists()


def test_a_whole_pickled_module_is_refused(tmp_path):
    torch.save(nn.Conv2d(1, 1, 1), tmp_path / "module.pt")
    with pytest.raises(WeightsError, match="holds more than weights"):
        load_weights(nn.Conv2d(1, 1, 1), tmp_path / "module.pt")


def test_all_misfits_are_told_at_once_and_nothing_is_loaded(tmp_path):
    given = state(seed=5)
    del given["conv1.weight"]
    given["conv9.weight"] = torch.zeros(2)
    given["output.weight"] = torch.zeros(8, 300)
    given["fc4.bias"][3] = torch.nan
    torch.save(given, tmp_path / "weights.pt")
    module = zoo.from_blueprint(BLUEPRINT)
    before = {name: value.clone() for name, value in module.state_dict().items()}
    with pytest.raises(WeightsError) as caught:
        load_weights(module, tmp_path / "weights.pt")
    text = str(caught.value)
    for said in ("conv1.weight", "conv9.weight", "(3, 300)", "(8, 300)", "fc4.bias holds NaN"):
        assert said in text
    assert len(caught.value.faults) == 4
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"<?xml version='1.0'?><Error/>", "web page"),
        (b"not a checkpoint at all", "refused|cannot be read"),
        (b"PK\x03\x04 a damaged archive", "cannot be read"),
        (b"\x10\x00\x00\x00\x00\x00\x00\x00{damaged header", "safetensors file is damaged"),
    ],
)
def test_files_that_are_no_checkpoints_are_told(content, said, tmp_path):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=said):
        load_weights(nn.Conv2d(1, 1, 1), path)


def test_truncated_files_are_told(tmp_path):
    torch.save(state(), tmp_path / "a.pt")
    save_file(state(), tmp_path / "b.safetensors")
    for path in tmp_path.iterdir():
        path.write_bytes(path.read_bytes()[:-1000])
        with pytest.raises(WeightsError):
            load_weights(zoo.from_blueprint(BLUEPRINT), path)


def test_missing_files_folders_and_other_content_are_told(tmp_path):
    module = nn.Conv2d(1, 1, 1)
    with pytest.raises(WeightsError, match="no such file"):
        load_weights(module, tmp_path / "none.pt")
    with pytest.raises(WeightsError, match="a folder stands"):
        load_weights(module, tmp_path)
    torch.save([torch.zeros(2)], tmp_path / "list.pt")
    torch.save({"epoch": 3, "notes": "x"}, tmp_path / "notes.pt")
    with pytest.raises(WeightsError, match="list"):
        load_weights(module, tmp_path / "list.pt")
    with pytest.raises(WeightsError, match="epoch, notes"):
        load_weights(module, tmp_path / "notes.pt")


@pytest.mark.parametrize(
    "content", [b"root:x:0:0", b"\x80\x02}q\x00.", bytes(range(256)), b"\xff\xd8\xff\xe0JFIF"]
)
def test_a_file_of_another_kind_is_refused_in_words(tmp_path, content):
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(WeightsError):
        load_weights(torch.nn.Linear(2, 2), tmp_path / "weights.pt")
