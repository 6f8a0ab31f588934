"""The sheet of what a network sees: a spread of faces, hidden ones left out, the truth below."""

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from typer.testing import CliRunner

from facsinterp.cli.app import app
from facsinterp.errors import DataError, WeightsError
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Terms
from facsinterp.facs import EXPRESSIONS
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.normalise import DataSetStandard, LocalMean
from facsinterp.nets.weights import save_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.study import normalised, showing
from facsinterp.study.locate import DataPlaces
from facsinterp.study.parse import parse_spec
from facsinterp.study.sheet import around_grey
from facsinterp.study.showing import contact_sheet, spread

TEXT = """
study = "filters"
question = "q"
[faces]
{faces}
[network]
arch = "breuer2017"
{given}
[network.options]
normalise = "{normalise}"
"""
TRAINED = "[network.train]\nhold_out = 0.4\n"
CLASSES = ("anger", "happy")
DRAWN = 'source = "drawn"\nsubjects = 6\nsequences = 2\npixels = 64\nsize = 32\ncrop = "landmarks"'


def definition(faces=DRAWN, normalise="local-mean", learnt=""):
    """Of a network that is trained, or has given weights."""
    given = f'{learnt}\nclasses = ["anger", "happy"]' if learnt else ""
    text = TEXT.format(faces=faces, normalise=normalise, given=given)
    return parse_spec(text if learnt else text + TRAINED, name="shown")


def sheet_of(spec, monkeypatch, places=None, **given):
    """What would be drawn."""
    kept: list[Any] = []
    monkeypatch.setattr(showing, "drawn", kept.append)
    contact_sheet(spec, places or DataPlaces(), **given)
    return kept[0]


def test_a_beginning_of_the_spread_shows_each_expression_and_other_people():
    expression = ["happy"] * 20 + ["anger"] * 3 + [""] * 10
    subject = [f"S{row % 11}" for row in range(33)]
    faces = FaceTable.from_arrays(
        [str(row) for row in range(33)], [12], np.zeros((33, 1)),
        subject=subject, expression=expression,
        phase=["apex" if row % 2 else "onset" for row in range(33)],
    )  # fmt: skip
    order = spread(faces, np.arange(33), 3)
    assert sorted(order) == list(range(33))
    assert [expression[row] for row in order[:6]] == ["anger", "happy", ""] * 2
    assert len({subject[row] for row in order[:9]}) >= 8  # three people are angry
    assert order == spread(faces, np.arange(33), 3)
    only = spread(faces, np.array([4, 5]), 3)
    assert [expression[row] for row in only] == ["happy"] * 2
    assert only[0] == 5  # the apex first


def test_what_is_shown_is_what_the_network_gets(monkeypatch):
    spec = definition()
    sheet = sheet_of(spec, monkeypatch, count=5)
    assert len(sheet.tiles) == 5
    for tile in sheet.tiles:
        assert tile.original.shape == (64, 64)
        assert tile.prepared.shape == (32, 32)
        assert tile.window.sampling == "turned"
        wanted = LocalMean()(to_tensor(tile.prepared[None]))
        np.testing.assert_allclose(tile.normalised, wanted[0], atol=1e-6)
    words = " ".join(sheet.notes)
    assert "eyes level" in words
    assert "32 x 32 px, grey" in words
    assert "outside counts as 0" in words


def test_a_data_set_is_measured_and_the_sheet_says_on_how_many(monkeypatch):
    monkeypatch.setattr(normalised, "MEASURED", 12)
    sheet = sheet_of(definition(normalise="data-set"), monkeypatch, count=4)
    assert "training faces of each fold, here estimated over 12 faces of all" in said(sheet)
    assert all(np.isfinite(tile.normalised).all() for tile in sheet.tiles)


def said(sheet):
    return " ".join(sheet.notes)


def test_numbers_of_a_data_set_that_come_with_the_weights_are_those_of_the_sheet(
    tmp_path, monkeypatch
):
    """Others would be measured here, and show what the network does not see."""
    spec = definition(normalise="data-set", learnt='weights = "mine.safetensors"')
    blueprint = Blueprint("breuer2017", CLASSES, 32, 1, {"normalise": "data-set"})
    module = from_blueprint(blueprint, seed=1)
    for part in module.modules():
        if isinstance(part, DataSetStandard):
            part.mean.fill_(0.25)
            part.deviation.fill_(0.125)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 32, 32), blueprint=blueprint)
    save_network(network, tmp_path / "network")
    (tmp_path / "network/weights.safetensors").rename(tmp_path / "mine.safetensors")
    sheet = sheet_of(spec, monkeypatch, DataPlaces(tmp_path), count=3)
    for tile in sheet.tiles:
        wanted = (tile.prepared / 255.0 - 0.25) / 0.125
        np.testing.assert_allclose(tile.normalised[0], wanted, atol=1e-5)
    assert "by mean and deviation that its weights hold" in said(sheet)
    with pytest.raises(WeightsError, match=r"mine\.safetensors"):
        contact_sheet(spec, DataPlaces(tmp_path / "network"), 3)


def test_other_normalisations_are_shown_before_the_weights_are_there(tmp_path, monkeypatch):
    spec = definition(learnt='weights = "gone.pt"')
    assert "outside counts as 0" in said(sheet_of(spec, monkeypatch, DataPlaces(tmp_path), count=2))


def test_faces_are_opened_together_and_in_the_order_of_their_frames(monkeypatch):
    """A video is read from its beginning each time it is opened."""
    monkeypatch.setattr(normalised, "MEASURED", 30)
    corpus, opened = source("drawn"), []

    class Watched:
        def __init__(self, pictures):
            self.fingerprint = pictures.fingerprint
            self._pictures = pictures

        def open(self, paths):
            opened.append(list(paths))
            return self._pictures.open(paths)

    watched = replace(corpus, pictures=lambda *given: Watched(corpus.pictures(*given)))
    monkeypatch.setattr(showing, "source", lambda _name: watched)
    spec = definition(normalise="data-set")
    sheet_of(spec, monkeypatch, count=6)
    assert [len(paths) for paths in opened] == [6, 30]
    rows = corpus.read(None, corpus.Options(**spec.faces.options)).column("path").tolist()
    for paths in opened:
        assert [rows.index(path) for path in paths] == sorted(rows.index(path) for path in paths)


def plain_spread(faces, rows, seed):
    """The same order, each time from all that wait."""
    expression, subject = faces.column("expression"), faces.column("subject")
    apex = faces.column("phase") == "apex"
    waiting: dict[str, list[int]] = {}
    for row in np.random.default_rng(seed).permutation(rows).tolist():
        waiting.setdefault(str(expression[row]), []).append(row)
    taken, order = Counter[str](), []
    names = [name for name in (*EXPRESSIONS, "others", "") if name in waiting]
    while any(waiting.values()):
        for own in (waiting[name] for name in names if waiting[name]):
            row = min(own, key=lambda row: (taken[subject[row]], not apex[row]))
            own.remove(row)
            taken[subject[row]] += 1
            order.append(row)
    return order


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 9))
def test_the_spread_is_what_a_plain_search_gives(seed, count, people):
    rng = np.random.default_rng(seed)
    faces = FaceTable.from_arrays(
        [str(row) for row in range(count)], [12], np.zeros((count, 1)),
        subject=[f"S{who}" if who else "" for who in rng.integers(0, people, count)],
        expression=rng.choice(["happy", "anger", "others", ""], count).tolist(),
        phase=rng.choice(["apex", "onset"], count).tolist(),
    )  # fmt: skip
    rows = np.flatnonzero(rng.random(count) < 0.8)
    assert spread(faces, rows, seed) == plain_spread(faces, rows, seed)


def test_a_network_without_a_normalisation_of_its_own_has_two_pictures(monkeypatch):
    sheet = sheet_of(definition(normalise="none"), monkeypatch, count=2)
    assert [tile.normalised for tile in sheet.tiles] == [None, None]
    assert "none of its own" in " ".join(sheet.notes)


def manifest(root, names, rows):
    root.mkdir()
    for number, name in enumerate(names):
        levels = np.random.default_rng(number).integers(0, 256, (40, 50), dtype=np.uint8)
        Image.fromarray(levels).save(root / name)
    (root / "faces.csv").write_text("path,subject,expression,AU12\n" + rows)


def test_pictures_that_cannot_be_shown_are_counted_with_their_reason(tmp_path, monkeypatch):
    names = [f"{number}.png" for number in range(6)]
    rows = "".join(f"{name},S{name[0]},happy,1\n" for name in names)
    manifest(tmp_path / "set", names, rows)
    (tmp_path / "set" / "2.png").write_bytes(b"")
    spec = definition('source = "manifest"\nsize = 32\nshowable = "all"')
    sheet = sheet_of(spec, monkeypatch, DataPlaces(tmp_path / "set"), count=10)
    assert len(sheet.tiles) == 5
    assert "Not usable: 1 of 6 pictures tried: the file is empty (1)." in sheet.notes


def test_faces_that_may_not_be_shown_are_not(tmp_path, monkeypatch):
    manifest(tmp_path / "set", ["0.png"], "0.png,S1,happy,1\n")
    spec = definition('source = "manifest"\nsize = 32')
    with pytest.raises(DataError, match="none of 1 face may be shown"):
        contact_sheet(spec, DataPlaces(tmp_path / "set"))


def test_hidden_people_are_left_out_and_counted(monkeypatch):
    corpus = source("drawn")
    read = corpus.read

    def hiding(root, options):
        faces = read(root, options)
        terms = Terms(hidden=frozenset({"S001", "S002"}))
        return FaceTable(faces.data, terms, faces.found)

    hidden = type(corpus)(
        corpus.name, corpus.title, corpus.folders, corpus.Options, hiding, corpus.pictures
    )
    monkeypatch.setattr(showing, "source", lambda _name: hidden)
    sheet = sheet_of(definition(), monkeypatch, count=30)
    assert not any("S001" in tile.label[0] or "S002" in tile.label[0] for tile in sheet.tiles)
    assert any("terms do not let be shown" in note for note in sheet.notes)


def test_zero_is_grey():
    values = np.array([[[-2.0, -1.0, 0.0, 1.0, 5.0]]], np.float32)
    assert around_grey(values, 2.0).tolist() == [[0, 64, 128, 191, 255]]
    assert around_grey(np.zeros((3, 2, 2), np.float32), 1.0).shape == (2, 2, 3)


def test_the_command_writes_the_sheet(tmp_path):
    (tmp_path / "study.toml").write_text(
        TEXT.format(faces=DRAWN, normalise="patch-standard", given="") + TRAINED
    )
    out = tmp_path / "sheet.png"
    told = CliRunner().invoke(
        app, ["data", "show", str(tmp_path), "--out", str(out), "--faces", "9"]
    )
    assert told.exit_code == 0, told.output
    with Image.open(out) as sheet:
        assert sheet.width >= 900
        assert len(np.unique(np.asarray(sheet))) > 50


def test_a_picture_of_another_kind_is_refused(tmp_path):
    (tmp_path / "study.toml").write_text(
        TEXT.format(faces=DRAWN, normalise="image", given="") + TRAINED
    )
    told = CliRunner().invoke(app, ["data", "show", str(tmp_path), "--out", "sheet.jpg"])
    assert isinstance(told.exception, DataError)
