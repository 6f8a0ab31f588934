"""Written designs: whole, gone on with, never drawn twice, the same whoever draws."""

import csv
import fcntl
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from facsinterp.errors import DataError, InputError
from facsinterp.faces.drawn import render
from facsinterp.faces.drawn.designs import Confounded, Factorials, Null, Pairs, Sequences
from facsinterp.faces.drawn.units import UNITS
from facsinterp.faces.drawn.writing import blocks, cached, write, written
from facsinterp.faces.drawn.writing.blocks import SIZE
from facsinterp.faces.drawn.writing.store import NAME, begin, put
from facsinterp.faces.sources.registry import source

PAIRS = Pairs(people=2, contexts=1, units=(1, 12, 27), pixels=24, seed=3)
MANY = Confounded(people=2, faces=70, pixels=24)


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def rows(table):
    return list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))


def manifest(folder):
    chosen = source("manifest")
    return chosen.read(folder, chosen.Options(showable="all"))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    return written(PAIRS, tmp_path_factory.mktemp("sets") / "pairs", workers=1)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    return written(MANY, tmp_path_factory.mktemp("sets") / "many", workers=1)


@pytest.mark.parametrize(
    "design",
    [
        PAIRS,
        Null(people=2, faces=10, pixels=24),
        Sequences(people=1, films=1, rate=12, pixels=24),
        Factorials(people=2, against="identity", units=(12,), pixels=24),
    ],
    ids=lambda design: design.name,
)
def test_the_source_manifest_reads_what_was_written(design, tmp_path):
    folder = written(design, tmp_path / "set", workers=1)
    read, known = manifest(folder), design.table()
    assert read.found.warnings == ()
    assert read.found.skipped == ()
    assert read.images.tolist() == known.images.tolist()
    for name in ("subject", "sequence", "phase", "expression", "split"):
        assert np.array_equal(read.column(name), known.column(name)), name
    for name in ("present", "coded", "intensity", "frame"):
        assert np.array_equal(
            read.data[name].values, known.data[name].values, equal_nan=name == "intensity"
        )
    assert read.units == known.units
    assert ("clip_onset" in read.data) == (design.name == "sequences")
    if "clip_onset" in read.data:
        assert np.array_equal(read.data["clip_apex"].values, known.data["clip_apex"].values)


def test_pictures_are_those_that_are_drawn(pairs):
    faces = [frame.face for frame in PAIRS]
    drawn = render(faces, 24)
    store = xr.open_zarr(pairs / "faces.zarr", consolidated=False)
    assert np.array_equal(store["images"].values, drawn)
    for row, one in zip(rows(pairs / "faces.csv"), drawn, strict=True):
        with Image.open(pairs / row["path"]) as picture:
            assert np.array_equal(np.asarray(picture), one)


def test_the_truth_is_that_of_each_face(pairs):
    store = xr.open_zarr(pairs / "faces.zarr", consolidated=False)
    assert store["shown"].values.tolist() == list(UNITS)
    for row, frame in enumerate(PAIRS):
        one = store.isel(image=row)
        assert str(one["image"].values) == frame.image
        for unit, sides in frame.face.units.items():
            assert one["units"].sel(shown=unit).values == pytest.approx(sides)
        setting = frame.face.setting
        for kind in ("pose", "gaze", "light"):
            for name in store[f"{kind}_of"].values.tolist():
                told = float(one[kind].sel({f"{kind}_of": name}))
                assert told == pytest.approx(getattr(setting, name), abs=1e-6)
    assert {"light_x", "light", "exposure"} <= set(store["light_of"].values.tolist())
    told = rows(pairs / "truth.csv")
    assert float(told[3]["AU12_left"]) == 5
    assert told[3]["time"] == ""
    points = rows(pairs / "landmarks.csv")[0]
    assert float(points["y68"]) == pytest.approx(float(store["landmarks"][0, 67, 1]))


def test_masks_hold_all_that_differs_but_the_noise(pairs):
    store = xr.open_zarr(pairs / "faces.zarr", consolidated=False)
    images, masks = store["images"].values.astype(int), store["masks"].values
    for start in range(0, len(images), 2):
        assert np.array_equal(masks[start], masks[start + 1])
        assert 0 < masks[start].mean() < 0.9
        assert not (images[start] != images[start + 1])[~masks[start]].any()
    with Image.open(pairs / "masks" / "P001" / f"{PAIRS.frame(1).image}.png") as picture:
        assert np.array_equal(np.asarray(picture) == 255, masks[1])


def test_labels_of_a_null_set_are_not_what_is_shown(tmp_path):
    design = Null(people=2, faces=10, pixels=24)
    store = xr.open_zarr(
        written(design, tmp_path / "null", forms=["zarr"], workers=1) / "faces.zarr",
        consolidated=False,
    )
    shown = store["units"].max("side").values > 0
    told = store["intensity"].values > 0
    assert (shown != told).any()
    assert sorted(map(tuple, shown)) == sorted(map(tuple, told))
    assert not (tmp_path / "null" / "faces.csv").exists()


def test_labels_tell_their_side_and_gaze_whose_it_is(tmp_path):
    design = Pairs(people=1, contexts=1, units=(12, 30), pixels=24)
    folder = written(design, tmp_path / "set", forms=["zarr"], workers=1)
    store = xr.open_zarr(folder / "faces.zarr", consolidated=False)
    sides = store["sides"].sel(au=[12, 30]).values.astype(int).tolist()
    assert sides == [[[0, 0], [0, 0]], [[1, 1], [0, 0]], [[0, 0], [0, 0]], [[0, 0], [0, 1]]]
    assert "in the head" in store["gaze"].attrs["description"]


def test_the_bytes_do_not_depend_on_the_workers(many, tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, "_WORTH", 1)
    assert content(written(MANY, tmp_path / "two", workers=2)) == content(many)


def test_every_chunk_is_written_whichever_block_comes_first(tmp_path):
    nothing = {"time": (np.nan, np.float32), "frame": (0, np.int32), "masks": (0, np.bool_)}
    for name, order in (("up", range(3)), ("down", reversed(range(3)))):
        folder = tmp_path / name
        folder.mkdir()
        begin(folder, MANY)
        for number in order:
            count = len(blocks.spans(MANY)[number])
            arrays: dict[str, Any] = {
                kind: np.full((count, 24, 24) if kind == "masks" else count, *fill)
                for kind, fill in nothing.items()
            }
            put(folder, MANY, blocks.Block(number, {}, {}, arrays))
        for kind in nothing:
            chunks = (folder / NAME / kind / "c").iterdir()
            assert sorted(path.name for path in chunks) == ["0", "1", "2"], kind
    assert content(tmp_path / "up") == content(tmp_path / "down")


def test_it_goes_on_where_it_stopped(many, tmp_path, monkeypatch):
    out, drawn = tmp_path / "many", []
    real = blocks.block

    def counted(design, number, **how):
        drawn.append(number)
        if len(drawn) == 3:
            raise KeyboardInterrupt
        return real(design, number, **how)

    monkeypatch.setattr(blocks, "block", counted)
    with pytest.raises(KeyboardInterrupt):
        written(MANY, out, workers=1)
    assert not out.exists()
    assert len(list((tmp_path / "many.partial" / "done").iterdir())) == 2
    written(MANY, out, workers=1)
    assert drawn == [0, 1, 2, 2]
    assert content(out) == content(many)
    assert [path.name for path in tmp_path.iterdir()] == ["many"]


def test_what_another_design_left_is_begun_anew(tmp_path, monkeypatch):
    out = tmp_path / "set"
    with monkeypatch.context() as broken:
        broken.setattr(write, "_put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            written(MANY, out, workers=1)
    folder = written(PAIRS, out, workers=1)
    assert json.loads((folder / "set.json").read_text())["design"] == "pairs"
    assert len(list((folder / "images").rglob("*.png"))) == len(PAIRS)


def test_nothing_is_drawn_twice(pairs, tmp_path, monkeypatch):
    first = cached(PAIRS, tmp_path, forms=["png"], workers=1)
    monkeypatch.setattr(write, "made", lambda *_, **__: pytest.fail("drawn again"))
    assert cached(PAIRS, tmp_path, forms=["png"]) == first
    assert written(PAIRS, pairs) == pairs
    monkeypatch.undo()
    others = {
        cached(one, tmp_path, forms=["png"], workers=1).name
        for one in (PAIRS, replace(PAIRS, seed=4), replace(PAIRS, pixels=25))
    }
    assert len(others) == 3
    monkeypatch.setattr(write, "drawing_code", lambda: "other code")
    assert cached(PAIRS, tmp_path, forms=["png"], workers=1).name not in others


def test_another_folder_is_not_touched(pairs, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        written(PAIRS, tmp_path / "mine")
    before = content(pairs)
    with pytest.raises(InputError, match="another set"):
        written(replace(PAIRS, seed=9), pairs)
    assert content(pairs) == before
    with pytest.raises(InputError) as caught:
        written(PAIRS, tmp_path / "new", forms=["jpg"], workers=0)  # type: ignore[list-item]
    assert len(caught.value.faults) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_files_and_the_working_directory_become_no_set(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file"):
        written(PAIRS, tmp_path / "file")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="working directory") as caught:
        written(PAIRS, Path())
    assert caught.value.faults[0].where == str(tmp_path / "here")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "here"]


def test_small_sets_are_made_by_one_process(monkeypatch):
    asked: list[int] = []

    def parallel(n_jobs, **_):
        asked.append(n_jobs)
        return lambda _: ()

    monkeypatch.setattr(blocks, "Parallel", parallel)
    for faces, workers in ((70, 2), (1000, 2), (1000, 1), (9999, 8)):
        design = Confounded(people=1, faces=faces, pixels=72)
        todo = range(len(blocks.spans(design)))
        list(blocks.made(design, todo, workers, pictures=True, dense=False))
    assert asked == [1, 2, 1, 8]


def test_one_process_at_a_time(tmp_path):
    out = tmp_path / "set"
    with (
        write._alone(tmp_path / "set.partial", out),
        pytest.raises(DataError, match="another process") as caught,
    ):
        written(PAIRS, out, workers=1)
    assert caught.value.faults[0].where == str(out)
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_was_taken_away_keeps_nobody_out(tmp_path, monkeypatch):
    lock, real, tries = tmp_path / "set.partial.lock", fcntl.flock, []

    def late(file, how):
        tries.append(file)
        if len(tries) == 1:
            lock.unlink()  # by the process before, between opening and locking
        real(file, how)

    monkeypatch.setattr("fcntl.flock", late)
    with write._alone(tmp_path / "set.partial", tmp_path / "set"):
        assert len(tries) == 2
        assert lock.is_file()
        with pytest.raises(DataError):
            written(PAIRS, tmp_path / "set", workers=1)


def test_what_is_at_each_pixel_is_written_when_asked_for(tmp_path):
    design = Pairs(people=1, contexts=1, units=(27,), pixels=24)
    folder = written(design, tmp_path / "set", forms=["zarr"], dense=True, workers=1)
    store = xr.open_zarr(folder / "faces.zarr", consolidated=False)
    on_head = np.isfinite(store["depth"].values)
    assert 0.3 < on_head.mean() < 1
    length = np.linalg.norm(store["normals"].values.astype(float), axis=-1)
    assert length[on_head] == pytest.approx(1, abs=0.01)
    down = store["displacement"].values[0, ..., 1]
    assert down.max() > 1, "the chin goes down"
    assert not down[~on_head[0]].any()
    with pytest.raises(InputError, match="no PNG"):
        written(design, tmp_path / "other", forms=["png"], dense=True)


def test_how_far_it_is_is_told(tmp_path):
    told = []

    class Heard:
        def step(self, title, total):
            from contextlib import nullcontext

            told.append((title, total))
            return nullcontext(told.append)

        def say(self, text):
            told.append(text)

    written(MANY, tmp_path / "set", workers=1, progress=Heard())
    assert told == [("Drawing confounded", 140), SIZE, SIZE, 140 - 2 * SIZE]
    written(MANY, tmp_path / "set", workers=1, progress=Heard())
    assert "already" in told[-1]
