"""`facsinterp store` as a user types it."""

import io
import json
import os
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from facsinterp.activations.store import ActivationStore
from facsinterp.cli import app as cli
from facsinterp.errors import DataError, InputError, StoreError
from facsinterp.testing import tiny_store
from tests.activations import tiny


def call(*words):
    return CliRunner().invoke(cli.app, ["store", *(str(word) for word in words)])


def read(*words):
    """What a command says, as records."""
    done = call(*words, "--format", "json")
    if done.exception:
        raise done.exception
    return json.loads(done.stdout)


def raise_of(*words):
    raise call(*words).exception


def shell(*words):
    code = "from facsinterp.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "store", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store, as a run leaves it."""
    made = tmp_path_factory.mktemp("run")
    tiny_store(made)
    return made


@pytest.fixture(scope="module")
def store(folder):
    return ActivationStore.open(folder / "activations.zarr")


@pytest.fixture(scope="module")
def name(store):
    """A filter that answers to some faces."""
    share = store.data["active_share"].values
    return str(store.filters[int(np.flatnonzero(share > 0)[-1])])


def test_help_names_every_question_and_loads_nothing():
    text = call("--help").output
    for command in ("info", "verify", "top", "bottom", "examples", "face", "correlated"):
        assert command in text
    assert "duplicates" in text
    assert "layers" in text
    assert "frame" in text
    code = "import sys, facsinterp.cli.app; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_run_and_its_store_are_the_same(folder, store):
    assert call("info", folder).stdout == call("info", store.path).stdout
    assert repr(store) in call("info", folder).stdout
    facts = {row["fact"]: row["value"] for row in read("info", folder)}
    assert facts["key"] == store.key


def test_top_and_bottom_within_groups(folder, store, name):
    unit = next(u for u in store.faces.units if store.data["present"].sel(au=u).values.any())
    group = store.where(au=unit) & store.where(split="test")
    words = (folder, name, "--n", 3, "--one-per", "subject", "--au", unit, "--split", "test")
    for kind in ("top", "bottom"):
        expected = getattr(store, kind)(name, 3, "subject", group)["image"].values.tolist()
        assert [row["image"] for row in read(kind, *words)] == expected
    absent = store.where(au=unit, present=False)
    rows = read("top", folder, name, "--n", 3, "--without-au", unit)
    assert [row["image"] for row in rows] == store.top(name, 3, within=absent)[
        "image"
    ].values.tolist()
    with pytest.raises(InputError, match="unknown expression"):
        raise_of("top", folder, name, "--emotion", "hapy")


def test_ties_are_told_beside_the_list(tmp_path):
    peak = np.array([[0], [0], [0], [5]], dtype=np.float32)
    path = tmp_path / "a.zarr"
    ActivationStore.from_arrays(path, peak, tiny.filters(1), tiny.faces(4))
    told = call("bottom", path, "conv2/000", "--n", 2).stderr
    assert "3 images have the value of the last; which 2 of them" in told
    assert call("bottom", path, "conv2/000", "--n", 3).stderr == ""
    silent = call("top", path, "conv2/000", "--subject", "S000", "--n", 3)
    assert silent.stderr == ""


def test_a_dead_filter_is_told(tmp_path):
    path = tmp_path / "a.zarr"
    ActivationStore.from_arrays(path, np.zeros((4, 1)), tiny.filters(1), tiny.faces(4))
    done = call("top", path, "conv2/000")
    assert "nothing found" in done.stdout
    assert "dead or constant" in done.stderr
    assert read("examples", path, "conv2/000") == []


def test_examples_face_correlated_duplicates_layers_frame(folder, store, name):
    found = read("examples", folder, name, "--bins", 2, "--per-bin", 1)
    assert [row["bin"] for row in found] == [1, 2]
    image = str(store.faces.images[0])
    assert read("face", folder, image, "--n", 2)[0]["filter"] == store.face(image)["filter"][0]
    best = read("correlated", folder, name, "--n", 1, "--method", "pearson")[0]
    assert best["correlation"] == store.correlated(name, 1, "pearson")["correlation"][0]
    pairs = read("duplicates", folder, "--threshold", 0.1, "--layer", "conv2")
    assert len(pairs) == len(store.duplicates(0.1, "conv2"))
    assert [row["layer"] for row in read("layers", folder)] == ["conv1", "conv2"]
    assert len(read("layers", folder, "conv2")) == 6
    frame = read("frame", folder, "conv1/0", "conv2/1", "--column", "subject", "--column", "AU12")
    assert list(frame[0]) == ["image", "subject", "AU12", "conv1/000", "conv2/001"]
    assert len(frame) == store.data.sizes["image"]


def test_numbers_are_written_unrounded(folder, store, name, tmp_path):
    exact = store.top(name, 5)["value"].values
    assert np.array_equal(
        np.array([row["value"] for row in read("top", folder, name)], np.float32)[:5], exact
    )
    printed = call("top", folder, name, "--format", "csv").stdout
    csv = pd.read_csv(io.StringIO(printed), dtype={"value": np.float32})
    assert np.array_equal(csv["value"].to_numpy()[:5], exact)
    for form in ("csv", "json", "parquet", "table"):
        out = tmp_path / f"top.{form}"
        assert call("top", folder, name, "--format", form, "--out", out).exit_code == 0
    assert (tmp_path / "top.csv").read_text() == printed
    parquet = pd.read_parquet(tmp_path / "top.parquet")
    assert np.array_equal(parquet["value"].to_numpy()[:5], exact)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        *("top.csv", "top.json", "top.parquet", "top.table")
    ]


def test_json_is_strict(tmp_path):
    path = tmp_path / "a.zarr"
    ActivationStore.from_arrays(path, np.zeros((4, 1)), tiny.filters(1), tiny.faces(4))
    text = call("layers", path, "--format", "json").stdout
    assert json.loads(text, parse_constant=pytest.fail)[0]["peak_max"] is None


def test_parquet_and_files_without_a_folder_are_refused(folder, name, tmp_path):
    with pytest.raises(DataError, match="give --out"):
        raise_of("top", folder, name, "--format", "parquet")
    with pytest.raises(DataError, match="no place"):
        raise_of("top", folder, name, "--out", tmp_path / "gone" / "x.csv")
    assert list(tmp_path.iterdir()) == []


def test_verify_counts_what_it_checked(folder, store):
    counts = {row["checked"]: row["count"] for row in read("verify", folder)}
    assert counts["top lists, made again from the peaks"] == 10
    assert counts["faces whose codes do not contradict each other"] == store.data.sizes["image"]
    finite = next(count for name, count in counts.items() if name.startswith("finite"))
    assert finite >= store.data["peak"].size
    assert min(counts.values()) > 0


def test_verify_lists_all_faults_and_exits_with_2(folder, tmp_path):
    import zarr

    shutil.copytree(folder / "activations.zarr", tmp_path / "a.zarr")
    group: Any = zarr.open_group(tmp_path / "a.zarr", mode="r+")
    group["active_share"][0] = 0.123
    group["mean"][0, 0] = np.nan
    done = shell("verify", tmp_path / "a.zarr")
    assert done.returncode == 2
    assert "active_share does not follow from peak" in done.stderr
    assert "mean holds values that are not finite" in done.stderr
    # A store that cannot even be opened tells the rest too.
    shutil.rmtree(tmp_path / "a.zarr" / "landmarks" / "c")
    done = shell("verify", tmp_path / "a.zarr")
    assert done.returncode == 2
    assert "landmarks lacks" in done.stderr
    assert "active_share does not follow from peak" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_no_store_is_told(tmp_path):
    for command in (("info", tmp_path), ("verify", tmp_path), ("top", tmp_path, "conv1/000")):
        with pytest.raises(StoreError, match="no activation store"):
            raise_of(*command)
