"""Where a store lies: on this machine and at URLs, whole or not at all, by one writer."""

import importlib.util
import multiprocessing
import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import fsspec
import numpy as np
import pytest
import xarray as xr
import zarr

from facsinterp.activations.keeping import elsewhere, place, writing
from facsinterp.activations.keeping.folder import Folder, place_of
from facsinterp.activations.keeping.layout import array_of
from facsinterp.activations.keeping.place import appearing, is_there, open_group
from facsinterp.activations.keeping.writer import BlockWriter, Contents
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import InputError, StoreError
from facsinterp.provenance import Provenance

from . import tiny

NUMBERS = count()


@pytest.fixture(params=["path", "text", "file", "memory"])
def where(request, tmp_path):
    """A place without anything: as a path, as text, and as URLs with and without renaming."""
    if request.param == "memory":
        return f"memory://test_place/{next(NUMBERS)}/a.zarr"
    path = tmp_path / "inside" / "a.zarr"
    return {"path": path, "text": str(path), "file": f"file://{path}"}[request.param]


def made(where, n=12, **more):
    return ActivationStore.from_arrays(
        where, tiny.peaks(n), tiny.filters(), tiny.faces(n, full=True), **more
    )


def contents(n=12, block_size=5):
    return Contents(
        tiny.filters(), tiny.faces(n), ("peak",), {"made": "here"}, Provenance({}), block_size
    )


def beside(where):
    """Every file at the place of the store and beside it."""
    folder = Folder.at(place_of(where))
    return Folder(folder.files, folder.root.rpartition("/")[0]).keys()


def state(where):
    """Content and time of every file of a store."""
    folder = Folder.at(place_of(where))
    paths = map(folder.path, folder.keys())
    return {path: (folder.files.cat_file(path), folder.files.modified(path)) for path in paths}


def a_dead_writer():
    """The name of a writer whose process has ended."""
    code = "from facsinterp.activations.keeping.writing import new_writer; print(new_writer())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


# --- everywhere the same ---


def test_a_store_is_the_same_everywhere(where, tmp_path):
    here = made(tmp_path / "here.zarr")
    there = made(where).verify()
    xr.testing.assert_equal(there.data, here.data)
    assert there.key == here.key
    assert ActivationStore.open(where).top("conv2/001", 3).equals(here.top("conv2/001", 3))
    assert {name.partition("/")[0] for name in beside(where)} == {"a.zarr"}


def test_blocks_are_written_and_gone_on_with(where):
    writer = ActivationStore.create(where, contents())
    peak = tiny.peaks()
    writer.write(1, {"peak": peak[5:10]})
    writer = BlockWriter.resume(where, {"made": "here"})
    assert writer.missing == (0, 2)
    writer.write(0, {"peak": peak[:5]})
    writer.write(2, {"peak": peak[10:]})
    with pytest.raises(StoreError, match="is not complete: 3 of 3 blocks"):
        ActivationStore.open(where)
    writer.finish()
    np.testing.assert_array_equal(ActivationStore.open(where).verify().peaks().values, peak)


def test_what_is_there_is_kept_unless_told(where):
    assert not is_there(where)
    made(where)
    assert is_there(where)
    with pytest.raises(StoreError, match="there already"):
        made(where)
    assert made(where, n=8, overwrite=True).verify().data.sizes["image"] == 8
    fresh = f"{where}2"
    made(fresh, n=8)
    start = "a.zarr2/"
    names = {name.removeprefix(start) for name in beside(where) if name.startswith(start)}
    assert set(Folder.at(place_of(where)).keys()) == names  # nothing of the old one is left


def test_only_a_store_is_overwritten(where):
    folder = Folder.at(place_of(where))
    folder.files.makedirs(folder.root, exist_ok=True)
    folder.files.pipe_file(folder.path("chapter1.txt"), b"years")
    with pytest.raises(StoreError, match=r"found a folder with chapter1\.txt"):
        made(where, overwrite=True)
    assert folder.files.cat_file(folder.path("chapter1.txt")) == b"years"
    assert beside(where) == ["a.zarr/chapter1.txt"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_nothing_is_left_of_what_failed(where, overwrite, monkeypatch):
    if overwrite:
        made(where)
    before = beside(where)

    def die(self, block, answers):
        raise KeyboardInterrupt

    monkeypatch.setattr(BlockWriter, "write", die)
    with pytest.raises(KeyboardInterrupt):
        made(where, n=8, overwrite=overwrite)
    assert beside(where) == before
    if overwrite:
        assert ActivationStore.open(where).verify().data.sizes["image"] == 12


def test_what_a_killed_writer_left_is_removed(where):
    folder = Folder.at(f"{place_of(where)}.partial")
    dead = a_dead_writer()
    folder.files.makedirs(folder.path(dead), exist_ok=True)
    folder.files.pipe_file(folder.path(f"{dead}/zarr.json"), b"{}")
    folder.files.pipe_file(folder.path("claim"), dead.encode())
    with pytest.raises(StoreError, match=r"nothing, but a\.zarr\.partial of a writer that died"):
        ActivationStore.open(where)
    made(where)
    assert {name.partition("/")[0] for name in beside(where)} == {"a.zarr"}


def test_an_open_store_is_only_read(where):
    made(where)
    before = state(where)
    store = ActivationStore.open(where).verify()
    group = open_group(where)
    with pytest.raises(ValueError, match="read-only"):
        array_of(group, "peak")[0, 0] = 9
    with pytest.raises(ValueError, match="read-only"):
        group.attrs["complete"] = False
    with pytest.raises(ValueError, match="read-only"):
        store.data.to_zarr(group.store, mode="a", consolidated=False)
    store.data["peak"][0, 0] = 9  # a copy in memory
    store.top("conv2/001", 3)
    assert state(where) == before


# --- two writers ---


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_writers_one_wins(where, overwrite):
    """The second to end gets an error here, the second to begin at a URL."""
    if overwrite:
        made(where, n=4)

    def race():
        with appearing(where, overwrite=overwrite) as first:
            BlockWriter.begin(first, contents())
            with appearing(where) as second:
                assert second != first
                BlockWriter.begin(second, contents(8))

    lost = "is making the store" if str(where).startswith("memory") else "there already"
    with pytest.raises(StoreError, match=lost):
        race()
    assert not [name for name in beside(where) if "partial" in name]


def test_a_store_made_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    path = tmp_path / "a.zarr"
    checked = place.is_there
    monkeypatch.setattr(place, "is_there", lambda where: False)

    def race():
        with appearing(path) as partial:
            BlockWriter.begin(partial, contents())
            made(path, n=8)

    with pytest.raises(StoreError, match="another process made"):
        race()
    assert checked(path)
    assert ActivationStore.open(path).verify().data.sizes["image"] == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_a_claim_that_was_taken_over_is_lost(monkeypatch):
    url = f"memory://test_place/{next(NUMBERS)}/a.zarr"
    other = writing.new_writer()

    def race():
        with appearing(url) as partial:
            BlockWriter.begin(partial, contents())
            fsspec.filesystem("memory").pipe_file(f"{url}.partial/claim", other.encode())

    with pytest.raises(StoreError, match=f"another process \\({other}\\)"):
        race()
    assert beside(url) == ["a.zarr.partial/claim"]
    with pytest.raises(StoreError, match=r"If it died, remove memory://.*\.partial"):
        made(url)


def make(path, start, told):
    """One of several processes that make the same store."""
    start.wait()
    try:
        made(path, n=4 + os.getpid() % 7)
        told.put("made")
    except StoreError as error:
        told.put(str(error))


def test_processes_that_race_do_not_mix(tmp_path):
    path = tmp_path / "a.zarr"
    spawn = multiprocessing.get_context("spawn")
    start, told = spawn.Event(), spawn.Queue()
    racers = [spawn.Process(target=make, args=(path, start, told)) for _ in range(3)]
    for one in racers:
        one.start()
    start.set()
    said = sorted(told.get(timeout=60) for _ in racers)
    for one in racers:
        one.join()
    assert said.count("made") == 1
    assert all("meanwhile" in one or "already" in one for one in said if one != "made")
    ActivationStore.open(path).verify()
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


# --- at a URL: object by object ---


def test_the_object_that_makes_a_store_comes_last(monkeypatch):
    url = f"memory://test_place/{next(NUMBERS)}/a.zarr"
    root = Folder.at(url).path("zarr.json")
    files = type(Folder.at(url).files)
    seen, copy, remove = [], files.cp_file, files.rm_file

    def noted_copy(self, a, b, **more):
        seen.append(("put", b))
        copy(self, a, b, **more)

    def noted_removal(self, path):
        seen.append(("removed", path))
        remove(self, path)

    monkeypatch.setattr(files, "cp_file", noted_copy)
    monkeypatch.setattr(files, "rm_file", noted_removal)
    made(url)
    put = [path for what, path in seen if what == "put"]
    assert put[-1] == root
    assert put.count(root) == 1
    seen.clear()
    made(url, n=8, overwrite=True)
    touched = [one for one in seen if one[1].startswith(root.removesuffix("zarr.json"))]
    assert touched[0] == ("removed", root)
    assert touched[-1] == ("put", root)


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("after", [0, 1, 20])
def test_a_move_that_did_not_end_is_taken_back(monkeypatch, after, killed):
    url = f"memory://test_place/{next(NUMBERS)}/a.zarr"
    files = type(Folder.at(url).files)
    copy, copied = files.cp_file, count()

    def broken(self, a, b, **more):
        if next(copied) == after:
            raise ConnectionError("gone")
        copy(self, a, b, **more)

    with monkeypatch.context() as patch:
        patch.setattr(files, "cp_file", broken)
        if killed:  # nothing is taken back, and the writer is gone
            dead = a_dead_writer()
            patch.setattr(elsewhere, "new_writer", lambda: dead)
            patch.setattr(elsewhere, "_withdraw", lambda *_: None)
            patch.setattr(Folder, "clear", lambda self: None)
        with pytest.raises(StoreError, match=r"cannot be used \(ConnectionError: gone\)"):
            made(url)
    assert killed == bool(beside(url))
    with pytest.raises(StoreError, match="no activation store"):
        ActivationStore.open(url)
    made(url, n=8).verify()
    assert {name.partition("/")[0] for name in beside(url)} == {"a.zarr"}


# --- places that cannot be used ---


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("s3://bucket/a.zarr", "Install s3fs"),
        ("gs://bucket/a.zarr", "install"),
        ("nosuch://bucket/a.zarr", "unknown kind of URL"),
        ("s3://bucket", "names no folder"),
        ("memory://", "names no folder"),
        ("memory://a/b*.zarr", "no name of one folder"),
    ],
)
def test_a_url_that_cannot_work_says_what_to_do(url, said):
    if "nstall" in said and importlib.util.find_spec({"s3": "s3fs", "gs": "gcsfs"}[url[:2]]):
        pytest.skip("the package for this kind of URL is installed")
    for use in (ActivationStore.open, made, is_there):
        with pytest.raises(InputError, match=said):
            use(url)


@pytest.mark.parametrize("scheme", ["path", "memory"])
def test_a_place_that_refuses_is_told(tmp_path, monkeypatch, scheme):
    if scheme == "path":
        (tmp_path / "file").write_text("x")
        where = tmp_path / "file" / "a.zarr"
    else:
        where = f"memory://test_place/{next(NUMBERS)}/a.zarr"

        def forbidden(self, *_, **__):
            raise PermissionError("Access Denied")

        monkeypatch.setattr(type(Folder.at(where).files), "pipe_file", forbidden)
    with pytest.raises(StoreError, match=r"cannot be used \((Perm|NotADir).*signed in"):
        made(where)


def test_places_are_told_apart():
    assert place_of("a/b") == Path("a/b")
    assert place_of(Path("a")) == Path("a")
    assert place_of("file:///a/b c") == Path("/a/b c")
    assert place_of("s3://bucket/a.zarr/") == "s3://bucket/a.zarr"


def test_a_writer_knows_who_lives(monkeypatch):
    assert writing.lives(writing.new_writer())
    assert not writing.lives(a_dead_writer())
    assert not writing.lives("zarr.json")
    assert not writing.lives("")
    assert writing.lives("another_machine-1-01234567")


def test_zarr_alone_reads_a_store_at_a_url():
    url = f"memory://test_place/{next(NUMBERS)}/a.zarr"
    made(url)
    assert zarr.open_group(url, mode="r").attrs["complete"] is True
