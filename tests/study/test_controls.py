"""Controls on a few drawn faces: what each network is, and that nothing is computed twice."""

import json
import shutil

import numpy as np
import pytest
import torch

from facsinterp.activations.store import ActivationStore
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.weights import load_network
from facsinterp.nets.zoo import ARCHITECTURES, from_blueprint
from facsinterp.study import run
from facsinterp.study.contract import Inputs
from facsinterp.study.emotion_only import emotion_filters, emotion_store
from facsinterp.study.folder import RunFolder
from facsinterp.study.held_out import held_out
from facsinterp.study.locate import DataPlaces
from facsinterp.study.making import Making
from facsinterp.study.parse import parse_spec, read_spec
from facsinterp.study.run import run_study, sweep_study
from facsinterp.testing import tiny_faces
from tests.study.test_run import Listener

DEFINITION = """
study = "controls"
question = "Is it training?"
seed = 1

[faces]
source = "drawn"
subjects = 9
sequences = 4
pixels = 32
size = 32

[network]
import = "tests.study.small:small"
seed = 2

[network.train]
folds = 3
first_fold_only = true
epochs = 1

[association]
permutations = 99
min_units = 1

[controls]
seeds = [2, 3]
filters = 32
"""


class Asked:
    """What the study was given."""

    inputs: Inputs | None = None


def go(out, progress=None, text=DEFINITION):
    listener = progress or Listener()
    spec = parse_spec(text, name="small")
    index = run_study(spec, DataPlaces(), out, device="cpu", progress=listener)
    return RunFolder(index.parents[1]), listener


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("reports")
    asked = Asked()
    answer = run._answer

    def listening(study, inputs, *rest):
        asked.inputs = inputs
        answer(study, inputs, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_answer", listening)
        folder, listener = go(out)
    assert asked.inputs is not None
    return out, folder, listener, asked.inputs.controls


def place(out, name):
    (folder,) = (out / f"small-{name}").iterdir()
    return RunFolder(folder)


def network(out, name):
    folder = place(out, name)
    builder = read_spec(folder.definition).network.built
    return load_network(folder.network("fold-1"), builder=builder)


def test_every_arm_is_there_with_every_seed(finished):
    _, _, _, controls = finished
    seeded = ("trained", "untrained", "shuffled-labels", "identity", "rotated")
    assert set(controls) == {
        *((arm, seed) for arm in seeded for seed in (2, 3)),
        *((arm, None) for arm in ("pixels", "pca", "gabor", "emotion-only")),
    }
    assert all((one.arm, one.seed) == key for key, one in controls.items())


def test_all_have_the_same_test_faces_and_observations(finished):
    _, folder, _, controls = finished
    own = ActivationStore.open(folder.store).faces
    assert set(own.column("split")) == {"train", "validation", "test"}
    for one in controls.values():
        assert one.store.faces.fingerprint == own.fingerprint
        assert one.associations.data.attrs["rows"] == "held-out"
    counts = {tuple(one.associations.data["n_present"].values) for one in controls.values()}
    assert len(counts) == 1


def test_networks_trained_on_shuffled_labels_start_where_the_trained_ones_do(finished):
    out, _, _, _ = finished
    for seed in (2, 3):
        one, other = (network(out, f"{arm}-{seed}") for arm in ("trained", "shuffled-labels"))
        assert one.blueprint == other.blueprint
        starts = [from_blueprint(net.blueprint, seed=seed).state_dict() for net in (one, other)]
        assert all(torch.equal(starts[0][name], starts[1][name]) for name in starts[0])


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_networks_that_tell_people_apart_have_another_start(arch):
    """Which is why the study of controls does not pair them."""
    starts = [
        from_blueprint(Blueprint(arch, tuple("abcdefghi"[:classes]), 48, 1, {}), seed=3)
        for classes in (8, 9)
    ]
    one, other = (start.state_dict() for start in starts)
    drawn = [name for name in one if name.startswith("conv") and name.endswith("weight")]
    assert drawn
    assert not any(torch.equal(one[name], other[name]) for name in drawn)


def test_an_untrained_network_is_the_initialisation_of_the_trained_one(finished):
    out, _, _, _ = finished
    for seed in (2, 3):
        untrained, trained = (network(out, f"{arm}-{seed}") for arm in ("untrained", "trained"))
        start = from_blueprint(trained.blueprint, seed=seed).state_dict()
        now = untrained.module.state_dict()
        assert all(np.array_equal(start[name], now[name]) for name in start)
        assert untrained.fingerprint != trained.fingerprint


def test_networks_of_other_arms_and_seeds_are_others(finished):
    out, _, _, controls = finished
    fingerprints = [one.store.inputs.get("network") for one in controls.values()]
    made = [one for one in fingerprints if one]
    assert len(made) == 13
    assert len(set(made)) == 13
    assert network(out, "identity-2").classes != network(out, "trained-2").classes


def test_a_network_is_trained_once_whatever_runs_ask_for_it(finished):
    """Trained: two seeds, shuffled and identity; the parent's and the rotated are those."""
    out, folder, listener, controls = finished
    assert sum(step.startswith("training") for step in listener.steps) == 6
    taken = [news for news in listener.news if "taken from" in news]
    assert len(taken) == 3
    assert controls["trained", 2].store.key == ActivationStore.open(folder.store).key
    for seed in (2, 3):
        assert network(out, f"rotated-{seed}").fingerprint == (
            network(out, f"trained-{seed}").fingerprint
        )


def test_accuracy_is_that_of_naming_expressions_of_people_never_seen(finished):
    _, _, _, controls = finished
    assert {key for key, one in controls.items() if one.scores is None} == {
        ("identity", 2), ("identity", 3), ("pixels", None), ("pca", None), ("gabor", None),
        ("emotion-only", None),
    }  # fmt: skip
    trained, rotated = controls["trained", 3].scores, controls["rotated", 3].scores
    assert trained.accuracy == rotated.accuracy
    faces = controls["trained", 3].store.faces
    tested = (faces.column("split") == "test") & (faces.column("expression") != "")
    assert controls["untrained", 2].scores.accuracy.count == tested.sum()


def test_the_report_has_a_row_for_each(finished):
    _, folder, _, _ = finished
    told = json.loads((folder.tables / "results.json").read_text())
    assert any("trained less untrained" in one["claim"] for one in told["findings"])
    assert "fewer than five" in told["findings"][0]["claim"]
    assert len(list(folder.site.glob("index.html"))) == 1


def test_a_second_run_computes_nothing(finished):
    out, _, _, _ = finished
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    _, listener = go(out)
    assert listener.steps == []
    after = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    assert after.keys() == before.keys()
    assert {file.name for file in before if after[file] != before[file]} <= {"study.toml"}


def test_the_sweep_makes_every_store_and_goes_on_where_it_was_stopped(finished, tmp_path):
    """Stopped in the training of the shuffled labels, the sixth of ten long steps."""
    out, _, whole, _ = finished
    spec = parse_spec(DEFINITION, name="small")
    stopped, rest = Listener(stop_at=8), Listener()
    with pytest.raises(KeyboardInterrupt):
        sweep_study(spec, DataPlaces(), tmp_path, device="cpu", progress=stopped)
    sweep_study(spec, DataPlaces(), tmp_path, device="cpu", progress=rest)
    long = [step for step in whole.steps if step.startswith(("training", "Sweeping", "Preparing"))]
    assert stopped.steps[:-1] + rest.steps == long
    assert not list(tmp_path.rglob("*.partial"))
    for name in ("trained-3", "shuffled-labels-2", "pca"):
        assert ActivationStore.open(place(tmp_path, name).store).key == (
            ActivationStore.open(place(out, name).store).key
        )


def test_a_store_at_a_place_of_its_own_makes_no_controls(tmp_path):
    spec = parse_spec(DEFINITION, name="small")
    sweep_study(spec, DataPlaces(), tmp_path, store=tmp_path / "a.zarr", device="cpu")
    assert {file.name for file in tmp_path.iterdir()} == {".cache", "a.zarr", "small"}


def test_a_control_is_a_run_that_can_be_reported_on(finished, tmp_path):
    out, _, _, _ = finished
    copy = tmp_path / "reports"
    shutil.copytree(out, copy)
    definition = place(out, "rotated-3").definition.read_text()
    spec = parse_spec(definition, name="small-rotated-3")
    listener = Listener()
    index = run_study(spec, DataPlaces(), copy, device="cpu", progress=listener)
    assert "filters mixed at random" in index.read_text()
    assert not any(step.startswith(("training", "Sweeping")) for step in listener.steps)
    assert RunFolder(index.parents[1]).path.name == spec.id


def test_eigenfaces_are_made_from_training_faces_alone(monkeypatch):
    """Other pixels of everybody else change no weight; other pixels of one who trains do."""
    faces, pixels = tiny_faces()
    text = DEFINITION.replace('import = "tests.study.small:small"\nseed = 2', 'bank = "pca"')
    text = text.replace("epochs = 1", "").replace('"controls"', '"filters"')
    text = text.partition("[controls]")[0].replace(
        "[network.train]", "options = { filters = 8 }\n[network.train]"
    )
    spec = parse_spec(text, name="bank")
    assert spec.network.train is not None
    (fold,) = held_out(spec.network.train, "drawn", spec.seed, faces, pixels).folds

    def weights(changed):
        other = type(pixels).from_array(pixels.images, pixels.array.copy())
        array = other.array.copy()
        array[changed] = 255 - array[changed] // 2
        made = Making(spec.network, spec.network_seed, "cpu")._untrained(
            faces, type(pixels).from_array(pixels.images, array), fold
        )
        return made.fingerprint

    nothing = weights(np.zeros(0, dtype=int))
    assert weights(np.concatenate([fold.test, fold.validation])) == nothing
    assert weights(fold.train[:1]) != nothing


def test_emotion_filters_know_the_expression_and_nothing_else(tmp_path):
    faces, _ = tiny_faces()
    peak, filters = emotion_filters(faces, seed=1)
    expression = faces.column("expression")
    names = sorted(set(expression) - {""})
    assert [one.layer for one in filters].count("expression") == len(names)
    for i, name in enumerate(names):
        assert (peak[expression == name, i] > 0.99).all()
        assert (peak[expression != name, i] < 0.01).all()
    for name in set(expression):
        assert np.ptp(peak[expression == name], axis=0).max() < 1e-5
    assert len(np.unique(peak[:, 0])) > len(names)
    store = emotion_store(faces, 1, tmp_path / "a.zarr")
    assert store.filters == filters
    before = (tmp_path / "a.zarr" / "zarr.json").stat().st_mtime_ns
    assert emotion_store(faces, 1, tmp_path / "a.zarr").key == store.key
    assert (tmp_path / "a.zarr" / "zarr.json").stat().st_mtime_ns == before
    assert emotion_store(faces, 2, tmp_path / "a.zarr").key != store.key
