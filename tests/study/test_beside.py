"""Controls of a study that does not ask for any: made by the run, shown by its report."""

import json
import shutil

import pytest
import torch

from facsinterp.association.table import Associations
from facsinterp.errors import PluginError
from facsinterp.nets.weights import load_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.provenance import Provenance
from facsinterp.study import publish as publishing
from facsinterp.study import run
from facsinterp.study.beside import place_of
from facsinterp.study.derived import QUESTIONS, Member
from facsinterp.study.folder import RunFolder
from facsinterp.study.locate import DataPlaces
from facsinterp.study.pages import site_key
from facsinterp.study.parse import parse_spec
from facsinterp.study.run import run_study
from facsinterp.study.scores import scores_of
from tests.study.test_run import Listener

DEFINITION = """
study = "filters"
question = "Which filters answer, and is it training?"
seed = 1

[faces]
source = "drawn"
subjects = 9
sequences = 3
pixels = 32
size = 32

[network]
import = "tests.study.small:small"

[network.train]
folds = 3
first_fold_only = true
epochs = 1

[association]
permutations = 99
min_units = 2

[visual]
method = "none"

[controls]
seeds = [1, 4]
arms = ["trained", "untrained", "shuffled-labels", "identity", "rotated", "emotion-only"]
"""
SPEC = parse_spec(DEFINITION, name="small")
ALL = [
    ("trained", 4), ("untrained", 1), ("untrained", 4), ("shuffled-labels", 1),
    ("shuffled-labels", 4), ("identity", 1), ("identity", 4), ("rotated", 1), ("rotated", 4),
    ("emotion-only", None),
]  # fmt: skip
SAME = {("untrained", 1), ("shuffled-labels", 1)}


def go(out, progress=None, text=DEFINITION):
    listener = progress or Listener()
    spec = parse_spec(text, name="small")
    index = run_study(spec, DataPlaces(), out, device="cpu", progress=listener)
    return RunFolder(index.parents[1]), listener


class StopsInTraining(Listener):
    """Interrupts the second training."""

    def step(self, title, total):
        if title.startswith("training") and any(one.startswith("training") for one in self.steps):
            raise KeyboardInterrupt
        return super().step(title, total)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of the run, what was told, and what the study was given."""
    given = []
    answer = run._answer

    def listening(study, inputs, *rest):
        given.append(inputs)
        answer(study, inputs, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "_answer", listening)
        folder, listener = go(tmp_path_factory.mktemp("reports"))
    return folder, listener, given[0]


@pytest.fixture
def copy(finished, tmp_path):
    """The finished run in a place of its own, to be broken."""
    folder = finished[0]
    shutil.copytree(folder.path.parents[1], tmp_path / "reports")
    return RunFolder(tmp_path / "reports" / "small" / folder.path.name)


def reported(folder, monkeypatch):
    """What the pages of a run would be made of."""
    caught = []

    def catch(report, site, progress):
        caught.append(report)
        return site / "index.html"

    with monkeypatch.context() as patch:
        patch.setattr(publishing, "write_site", catch)
        publishing.publish(folder.path)
    return caught[0]


def place(folder, arm, seed):
    return place_of(SPEC, Member(arm, seed), folder)


def network(folder):
    (first, *_) = folder.of_folds("network.json")
    return load_network(first.parent, builder="tests.study.small:small")


def weights(module):
    return dict(module.state_dict())


def equal(one, other):
    return one.keys() == other.keys() and all(
        one[name].shape == other[name].shape and torch.equal(one[name], other[name]) for name in one
    )


def test_the_report_has_every_control_but_the_network_itself(finished, monkeypatch):
    report = reported(finished[0], monkeypatch)
    assert [(one.arm, one.seed) for one in report.controls] == ALL
    assert report.controls_missing == ()
    assert all(one.words == QUESTIONS[one.arm] for one in report.controls)
    assert report.study == "filters"
    assert report.answer == ()


def test_a_study_that_did_not_ask_gets_none(finished):
    _, _, inputs = finished
    with pytest.raises(PluginError, match=r"Need\.CONTROLS"):
        _ = inputs.controls
    assert inputs.given_controls is None


def test_the_network_of_the_run_is_not_made_again(finished):
    folder, listener, _ = finished
    made = {one.name for one in folder.path.parents[1].iterdir()} - {".cache"}
    assert "small-trained-1" not in made
    assert "small-trained-4" in made
    # The run's own, trained-4, and two seeds of shuffled labels and identity.
    assert sum(step.startswith("training") for step in listener.steps) == 6


def test_same_start_is_said_where_the_weights_are_those_and_nowhere_else(finished, monkeypatch):
    """Every weight that the seed of each network draws, against those of the studied one."""
    folder, _, _ = finished
    start = weights(from_blueprint(network(folder).blueprint, seed=1))
    told = {(one.arm, one.seed): one.same_start for one in reported(folder, monkeypatch).controls}
    assert {key for key, same in told.items() if same} == SAME
    for arm, seed in ALL[:-1]:
        assert seed is not None
        drawn = weights(from_blueprint(network(place(folder, arm, seed)).blueprint, seed=seed))
        same_weights = equal(start, drawn)
        # A rotated network is the trained one, but its filters are others.
        assert same_weights == (told[arm, seed] or (arm, seed) == ("rotated", 1)), (arm, seed)
    untrained = network(place(folder, "untrained", 1)).module
    assert torch.equal(start["0.weight"], weights(untrained)["0.weight"])
    assert not torch.equal(start["0.weight"], weights(network(folder).module)["0.weight"])


def test_a_network_that_was_built_otherwise_has_no_same_start(copy, monkeypatch):
    record = place(copy, "untrained", 1).of_folds("network.json")[0]
    told = json.loads(record.read_text())
    record.write_text(json.dumps({**told, "options": {"wide": True}}))
    same = {(one.arm, one.seed) for one in reported(copy, monkeypatch).controls if one.same_start}
    assert same == SAME - {("untrained", 1)}


def test_accuracy_is_that_of_the_controls_own_predictions(finished, monkeypatch):
    folder = finished[0]
    told = {(one.arm, one.seed): one.accuracy for one in reported(folder, monkeypatch).controls}
    assert {key for key, share in told.items() if share is None} == {
        ("identity", 1), ("identity", 4), ("emotion-only", None),
    }  # fmt: skip
    for key in (("untrained", 1), ("shuffled-labels", 4)):
        scores = scores_of(place(folder, *key))
        assert scores is not None
        assert told[key] == scores.accuracy.share


def test_a_second_run_computes_nothing(finished):
    folder = finished[0]
    out = folder.path.parents[1]
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    _, listener = go(out)
    assert listener.steps == []
    assert "report: already written" in listener.news
    after = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    assert after.keys() == before.keys()
    assert {file.name for file in before if after[file] != before[file]} <= {"study.toml"}


def test_a_run_stopped_in_a_control_goes_on_with_it(tmp_path):
    """Stopped in the second training, that of the only control that learns."""
    text = DEFINITION.partition("seeds =")[0] + 'seeds = [1]\narms = ["shuffled-labels"]\n'
    stopped = StopsInTraining()
    with pytest.raises(KeyboardInterrupt):
        go(tmp_path, stopped, text)
    (left,) = (tmp_path / "small").iterdir()
    assert RunFolder(left).associations.exists()
    assert not RunFolder(left).site.exists()
    _, rest = go(tmp_path, text=text)
    assert [title.split(" on ")[0] for title in rest.steps] == [
        "training", "Sweeping faces", "associations", "report",
    ]  # fmt: skip
    assert stopped.steps[-1] == "associations"


def test_a_control_that_is_gone_is_told_and_made_again(copy, monkeypatch):
    gone = place(copy, "shuffled-labels", 1)
    shutil.rmtree(gone.path)
    report = reported(copy, monkeypatch)
    assert [(one.arm, one.seed) for one in report.controls] == [
        key for key in ALL if key != ("shuffled-labels", 1)
    ]
    (told,) = report.controls_missing
    assert told.startswith("The network trained on expressions shuffled")
    assert "(seed 1) cannot be shown" in told
    assert gone.path.name in told
    assert str(copy.path.parents[1]) not in told
    _, listener = go(copy.path.parents[1])
    assert sum(step.startswith("training") for step in listener.steps) == 1
    assert "report" in listener.steps
    assert reported(copy, monkeypatch).controls_missing == ()


def test_associations_of_other_activations_and_faces_are_not_shown(copy, monkeypatch):
    one, other = place(copy, "untrained", 1), place(copy, "untrained", 4)
    shutil.rmtree(one.associations)
    shutil.copytree(other.associations, one.associations)
    emotions = place(copy, "emotion-only", None)
    record = emotions.store / "zarr.json"
    changed = json.loads(record.read_text())
    inputs = json.loads(changed["attributes"]["inputs"])
    changed["attributes"]["inputs"] = json.dumps({**inputs, "faces": "of others"})
    record.write_text(json.dumps(changed))
    report = reported(copy, monkeypatch)
    assert len(report.controls) == len(ALL) - 2
    told = " ".join(report.controls_missing)
    assert "not those of its activations" in told
    assert "asked about other faces" in told


def test_damaged_associations_are_told_and_leave_the_report(copy, monkeypatch):
    (place(copy, "untrained", 1).associations / "zarr.json").write_text("{")
    assert "damaged" in " ".join(reported(copy, monkeypatch).controls_missing)


@pytest.mark.parametrize("damage", ["chunk", "half a network", "no classes", "predictions"])
def test_a_control_that_cannot_be_read_leaves_the_report_with_the_reason(copy, monkeypatch, damage):
    control = place(copy, "untrained" if damage == "chunk" else "shuffled-labels", 1)
    if damage == "chunk":
        for chunk in (control.associations / "auroc/c").rglob("*"):
            if chunk.is_file():
                chunk.write_bytes(chunk.read_bytes()[:-5])
    elif damage == "predictions":
        for file in control.of_folds("predictions.parquet"):
            file.write_bytes(file.read_bytes()[:100])
    else:
        (record, *_) = control.of_folds("network.json")
        record.write_text("[]" if damage == "no classes" else record.read_text()[:40])
    report = reported(copy, monkeypatch)
    assert len(report.controls) == len(ALL) - 1
    (told,) = report.controls_missing
    assert "(seed 1) cannot be shown: " in told
    assert "damaged" in told
    assert str(copy.path.parents[1]) not in told


def key_of(folder):
    made = Provenance.from_json(folder.provenance.read_text())
    return site_key(SPEC, folder, made)


def test_pages_are_written_again_when_what_they_show_has_changed(copy, monkeypatch):
    key = key_of(copy)
    assert json.loads((copy.path / "steps.json").read_text())["site"] == key
    results = copy.tables / "results.json"
    text = results.read_text()
    results.write_text(text.replace("filters", "FILTERS", 1))
    assert key_of(copy) != key
    _, listener = go(copy.path.parents[1])
    assert listener.steps == ["report"]
    results.write_text(text)
    assert key_of(copy) == key
    steps = place(copy, "emotion-only", None).path / "steps.json"
    steps.write_text(steps.read_text().replace('"associations.zarr": "', '"associations.zarr": "x'))
    assert key_of(copy) != key


def test_pages_are_written_again_when_the_code_has_changed(copy, monkeypatch, tmp_path):
    code = tmp_path / "code"
    code.mkdir()
    (code / "__init__.py").write_text("one = 1")
    monkeypatch.setattr("facsinterp.study.pages.facsinterp.__file__", str(code / "__init__.py"))
    key = key_of(copy)
    (code / "compiled.pyc").write_bytes(b"1")
    assert key_of(copy) == key
    (code / "page.html").write_text("<p>")
    assert key_of(copy) != key


def test_a_definition_without_controls_has_none(copy, monkeypatch):
    text = DEFINITION.partition("[controls]")[0]
    folder, listener = go(copy.path.parents[1], text=text)
    assert not any(step.startswith("training") for step in listener.steps)
    report = reported(folder, monkeypatch)
    assert (report.controls, report.controls_missing) == ((), ())
    assert Associations.open(folder.associations).data.sizes["filter"] == 12
