"""A whole run on a few drawn faces: what it leaves, what it skips, and how it goes on."""

import html
import json
import shutil

import pytest
from PIL import Image

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.errors import DataError, StaleStoreError, WeightsError
from facsinterp.evidence.visual import VisualEvidence
from facsinterp.faces.inventory import Inventory
from facsinterp.nets.zoo import from_blueprint
from facsinterp.study import making
from facsinterp.study.folder import RunFolder
from facsinterp.study.locate import DataPlaces
from facsinterp.study.parse import parse_spec
from facsinterp.study.publish import publish
from facsinterp.study.run import run_study, sweep_study
from facsinterp.study.scores import scores_of

DEFINITION = """
study = "filters"
question = "Which filters answer?"
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
epochs = 1

[association]
permutations = 199
min_units = 2
"""


class Listener:
    """A Progress that remembers what was done."""

    def __init__(self, stop_at=None):
        self.steps, self.news, self.stop_at = [], [], stop_at

    def step(self, title, total):
        self.steps.append(title)
        if self.stop_at is not None and len(self.steps) == self.stop_at:
            raise KeyboardInterrupt
        return SilentStep()

    def say(self, text):
        self.news.append(text)


class SilentStep:
    def __enter__(self):
        return lambda parts: None

    def __exit__(self, *_):
        return None


def run(out, text=DEFINITION, progress=None, places=None):
    spec = parse_spec(text, name="small")
    listener = progress or Listener()
    index = run_study(spec, places or DataPlaces(), out, device="cpu", progress=listener)
    return RunFolder(index.parents[1]), listener


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    return run(tmp_path_factory.mktemp("reports"))


@pytest.fixture(scope="module")
def finished(first_run):
    return first_run[0]


@pytest.fixture
def copy(finished, tmp_path):
    """The finished run in a place of its own, to be broken."""
    out = finished.path.parents[1]
    shutil.copytree(out, tmp_path / "reports")
    return tmp_path / "reports"


def test_a_run_leaves_everything_that_its_report_rests_on(finished):
    assert finished.path.name == parse_spec(DEFINITION, name="small").id
    assert finished.definition.read_text() == DEFINITION
    store = ActivationStore.open(finished.store)
    assert len(store.filters) == 12
    assert set(store.faces.column("split")) == {"train", "validation", "test"}
    assert Associations.open(finished.associations).data.attrs["rows"] == "held-out"
    assert len(list((finished.site / "filters").glob("*.html"))) == 12
    assert {file.name for file in finished.tables.glob("*.parquet")} >= {"units.parquet"}
    assert json.loads(finished.provenance.read_text())["inputs"]["definition"]
    assert not list(finished.path.rglob("*.partial"))
    assert not (finished.path / "scratch").exists()


def test_no_subject_is_on_two_sides(finished):
    faces = ActivationStore.open(finished.store).faces
    for subject in set(faces.column("subject")):
        assert len(set(faces.column("split")[faces.column("subject") == subject])) == 1


def test_every_labelled_face_is_predicted_once_by_a_network_that_never_saw_it(finished):
    scores = scores_of(finished)
    assert scores is not None
    accuracy = scores.accuracy
    faces = ActivationStore.open(finished.store).faces
    assert accuracy.count == sum(faces.column("expression") != "")
    assert "9 subjects" in accuracy.note
    assert len(finished.of_folds("predictions.parquet")) == 3


def test_a_second_run_recomputes_nothing(finished):
    out = finished.path.parents[1]
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    _, listener = run(out)
    assert listener.steps == []
    after = {file: file.stat().st_mtime_ns for file in out.rglob("*") if file.is_file()}
    changed = {file.name for file in before if after.get(file) != before[file]}
    assert changed <= {"study.toml"}
    assert after.keys() == before.keys()


@pytest.mark.parametrize("stop_at", [2, 4, 5])
def test_an_interrupted_run_goes_on_where_it_stopped(first_run, tmp_path, stop_at):
    finished, whole = first_run
    listener = Listener(stop_at)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress=listener)
    assert not list(tmp_path.rglob("fold-*.partial"))
    folder, again = run(tmp_path)
    assert again.steps == whole.steps[stop_at - 1 :]
    first, second = (Associations.open(f.associations).data for f in (finished, folder))
    assert first.drop_attrs().identical(second.drop_attrs())


def test_a_store_of_another_network_is_swept_again_and_said(copy, monkeypatch):
    ledger = next(copy.glob("small/*/steps.json"))
    keys = json.loads(ledger.read_text())
    shutil.rmtree(ledger.parent / "network" / "fold-1")
    shutil.rmtree(copy / ".cache" / "jobs")
    ledger.write_text(json.dumps({k: v for k, v in keys.items() if k != "network/fold-1"}))
    monkeypatch.setattr(making, "from_blueprint", other_weights)
    _, listener = run(copy)
    assert any("swept again" in news and "network" in news for news in listener.news)


def other_weights(blueprint, seed):
    return from_blueprint(blueprint, seed=seed + 1)


def test_new_settings_keep_the_network_and_make_a_new_run(copy, finished):
    text = DEFINITION.replace("permutations = 199", "permutations = 299")
    folder, _ = run(copy, text)
    assert folder.path.name != finished.path.name
    assert finished.path.name in {p.name for p in (copy / "small").iterdir()}


def test_publish_needs_a_finished_run(tmp_path, copy):
    with pytest.raises(DataError, match="not the folder of a finished run"):
        publish(tmp_path)
    folder = next((copy / "small").iterdir())
    shutil.rmtree(folder / "site")
    assert publish(folder).is_file()


def test_a_run_keeps_an_inventory_of_its_faces(finished):
    found = Inventory.from_json(finished.inventory.read_text(encoding="utf-8"))
    assert (found.faces, found.subjects) == (81, 9)
    assert found.pictures is not None
    assert (found.pictures.prepared, found.pictures.sizes) == (True, {"32 x 32": 81})
    (split,) = found.splits
    assert (split.name, split.subjects, split.copies) == ("this run", 0, 0)
    assert sum(split.sizes.values()) == 81
    page = (finished.site / "data.html").read_text(encoding="utf-8")
    assert "81 pictures as the network gets them: 32 × 32 pixels, grey." in page


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_runs_without_an_inventory_are_published_as_well(copy, content):
    folder = RunFolder(next((copy / "small").iterdir()))
    folder.inventory.unlink()
    if content is not None:
        folder.inventory.write_text(content)
    listener = Listener()
    page = publish(folder.path, progress=listener).with_name("data.html")
    assert "Nobody looked for copies" in page.read_text(encoding="utf-8")
    said = [news for news in listener.news if "without the inventory" in news]
    assert len(said) == (content is not None)


def test_a_lost_inventory_is_taken_again(copy, finished):
    folder = RunFolder(next((copy / "small").iterdir()))
    folder.inventory.unlink()
    run(copy)
    assert folder.inventory.read_bytes() == finished.inventory.read_bytes()


def test_given_weights_are_loaded_and_all_faces_are_looked_at(copy, tmp_path):
    weights = next(copy.glob("small/*/network/fold-1/weights.safetensors"))
    (tmp_path / "data").mkdir()
    shutil.copy(weights, tmp_path / "data" / "mine.safetensors")
    head, _, tail = DEFINITION.partition("[network.train]")
    text = head + 'weights = "mine.safetensors"\n\n' + tail[tail.index("[association]") :]
    folder, _ = run(tmp_path / "out", text, places=DataPlaces(tmp_path / "data"))
    assert Associations.open(folder.associations).data.attrs["rows"] == "all"
    assert scores_of(folder) is None


def test_weights_that_are_not_there_are_named(tmp_path):
    head, _, tail = DEFINITION.partition("[network.train]")
    text = head + 'weights = "gone.pt"\n\n' + tail[tail.index("[association]") :]
    with pytest.raises(WeightsError, match=r"gone\.pt"):
        run(tmp_path, text)


def test_refused_weights_leave_no_run_behind(tmp_path):
    head, _, tail = DEFINITION.partition("[network.train]")
    text = head + 'weights = "page.pt"\n\n' + tail[tail.index("[association]") :]
    (tmp_path / "page.pt").write_text("<!DOCTYPE html><html></html>")
    with pytest.raises(WeightsError):
        run(tmp_path / "out", text, places=DataPlaces(tmp_path))
    assert not (tmp_path / "out" / "small").exists()


@pytest.mark.parametrize(
    ("column", "reason"), [("AU12", "too few expressions"), ("expression", "no face is coded")]
)
def test_faces_that_cannot_be_studied_are_refused_and_leave_no_run(tmp_path, column, reason):
    (tmp_path / "data").mkdir()
    cell = "1" if column == "AU12" else "happy"
    rows = [f"{i}.png,S{i},{cell}" for i in range(6)]
    (tmp_path / "data" / "faces.csv").write_text("\n".join([f"path,subject,{column}", *rows]))
    for i in range(6):
        Image.new("L", (32, 32), 40 * i).save(tmp_path / "data" / f"{i}.png")
    text = DEFINITION.replace('"drawn"', '"manifest"')
    for line in ("subjects = 9\n", "sequences = 3\n", "pixels = 32\n"):
        text = text.replace(line, "")
    with pytest.raises(DataError, match=reason):
        run(tmp_path / "out", text, places=DataPlaces(tmp_path / "data"))
    assert not (tmp_path / "out" / "small").exists()


def sweep(out, text=DEFINITION, store=None):
    spec, listener = parse_spec(text, name="small"), Listener()
    return sweep_study(
        spec, DataPlaces(), out, store=store, device="cpu", progress=listener
    ), listener


def test_a_run_goes_on_from_a_sweep(first_run, tmp_path):
    finished, whole = first_run
    store, begun = sweep(tmp_path)
    folder, rest = run(tmp_path)
    assert store.path == folder.store
    assert store.key == ActivationStore.open(finished.store).key
    assert begun.steps + rest.steps == whole.steps
    assert begun.steps[-1] == "Sweeping faces"
    assert {file.name for file in folder.path.iterdir()} == {
        file.name for file in finished.path.iterdir()
    }


@pytest.mark.parametrize("kind", ["memory", "file", "path"])
def test_a_store_is_made_where_it_is_wanted(copy, finished, tmp_path, kind):
    place = tmp_path / "elsewhere" / "a.zarr"
    url = {"memory": "memory://study/a.zarr", "file": place.as_uri(), "path": place}[kind]
    shutil.rmtree(next((copy / "small").iterdir()) / "activations.zarr")
    store, _ = sweep(copy, store=url)
    assert store.key == ActivationStore.open(finished.store).key
    assert str(store.path) == ("memory://study/a.zarr" if kind == "memory" else str(place))
    assert not list(copy.rglob("activations.zarr"))
    again, listener = sweep(copy, store=url)
    assert listener.steps == []
    assert again.key == store.key


def test_a_store_that_was_named_is_never_replaced(copy, tmp_path):
    sweep(copy, store=tmp_path / "a.zarr")
    before = ActivationStore.open(tmp_path / "a.zarr").key
    other = DEFINITION.replace("[association]", "[sweep]\nbatch_size = 32\n[association]")
    own, _ = sweep(copy, other)
    with pytest.raises(StaleStoreError, match="batch size"):
        sweep(copy, other, store=tmp_path / "a.zarr")
    assert ActivationStore.open(own.path).key == own.key
    assert ActivationStore.open(tmp_path / "a.zarr").key == before


def test_another_precision_is_another_sweep_and_is_told(copy, finished):
    text = DEFINITION.replace("[association]", '[sweep]\nprecision = "bf16"\n[association]')
    folder, listener = run(copy, text)
    assert "Scoring the strongest again in float32" in listener.steps
    keys = [json.loads((one.path / "steps.json").read_text()) for one in (folder, finished)]
    assert keys[0]["associations.zarr"] != keys[1]["associations.zarr"]
    assert (
        "50 strongest images of each filter are those of float32"
        in (folder.site / "index.html").read_text()
    )
    assert "bfloat16" not in (finished.site / "index.html").read_text()


def test_a_sweep_alone_is_not_the_folder_of_a_finished_run(copy):
    folder = next((copy / "small").iterdir())
    shutil.rmtree(folder / "tables")
    with pytest.raises(DataError, match="no tables"):
        publish(folder)


def test_a_network_whose_method_is_refused_has_a_report_that_tells_why(tmp_path):
    folder, _ = run(tmp_path, DEFINITION.replace("small:small", "small:leaky"))
    silent = ~(ActivationStore.open(folder.store).data["peak"] > 0).any("image").values
    pages = sorted((folder.site / "filters").glob("*.html"))
    told = [page for page, dead in zip(pages, silent, strict=True) if not dead]
    for page in (folder.site / "experiment.html", *told):
        text = html.unescape(page.read_text())
        assert "guided-backprop is not defined for" in text, page
        assert 'use [visual] method = "gradient" or "integrated-gradients"' in text, page
    text = DEFINITION.replace("small:small", "small:leaky") + '[visual]\nmethod = "gradient"\n'
    other, _ = run(tmp_path, text)
    assert other.path.name != folder.path.name
    assert "is not defined" not in (other.site / "experiment.html").read_text()
    assert (other.visual / "attributions.zarr").is_dir()


@pytest.mark.parametrize(
    "network",
    [
        'import = "tests.study.small:small"\nrotated = true',
        'import = "tests.study.small:twice"',
        'bank = "gabor"\noptions = { filters = 16 }',
    ],
)
def test_pictures_are_made_of_every_kind_of_network(tmp_path, network):
    text = DEFINITION.replace('import = "tests.study.small:small"', network)
    if "bank" in network:
        text = text.replace("epochs = 1\n", "")
    folder, _ = run(tmp_path, text)
    found = VisualEvidence.open(folder.visual)
    assert found.refused == ""
    assert len(found.likeness)
