"""The calls that the README and the guide show from Python, on small arrays."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from facsinterp import (
    ActivationStore,
    Associations,
    FaceTable,
    FilterId,
    Settings,
    associate,
)
from facsinterp.cli import app as cli


def test_activations_from_elsewhere(tmp_path):
    rng = np.random.default_rng(0)
    subjects = [f"S{i // 4:02d}" for i in range(80)]
    images = [f"image-{i}" for i in range(80)]
    present = rng.random((80, 2)) < 0.4
    peak = np.maximum(rng.normal(size=(80, 5)) + 2 * present[:, :1] * (np.arange(5) == 3), 0)
    faces = FaceTable.from_arrays(images, [6, 12], present, subject=subjects, sequence=images)
    filters = FilterId.of_layers([("layer4", 5)])
    path = str(tmp_path / "my.zarr")
    store = ActivationStore.from_arrays(path, peak, filters, faces)
    assert ActivationStore.open(path).filters == store.filters
    table = associate(store, Settings(permutations=999))
    best = table.ranked(6)
    assert isinstance(best, pd.DataFrame)
    assert best["filter"][0] == "layer4/003"
    assert bool(table.significant().sel(filter="layer4/003", au=6))
    table.save(str(tmp_path / "mine.zarr"))
    assert Associations.open(str(tmp_path / "mine.zarr")).best("layer4/003") == 6
    assert store.top("layer4/003", 9, one_per="sequence").sizes["rank"] == 9
    assert store.response("layer4/003").sizes == {"image": 80}


GUIDE = Path(__file__).parents[1] / "docs" / "guide.md"


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """A run's folder with a store and associations, of a layer called as in the guide."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("guide")
    subjects = [f"S{i // 8:02d}" for i in range(96)]
    present = rng.random((96, 2)) < 0.5
    peak = np.maximum(rng.normal(size=(96, 20)) + 3 * present[:, 1:] * (np.arange(20) > 16), 0)
    faces = FaceTable.from_arrays(
        [f"image-{i}" for i in range(96)],
        [6, 12],
        present,
        subject=subjects,
        expression=["happy" if unit else "" for unit in present[:, 1]],
        split=["test"] * 96,
    )
    filters = FilterId.of_layers([("conv3", 20)])
    store = ActivationStore.from_arrays(folder / "activations.zarr", peak, filters, faces)
    associate(store, Settings(permutations=999)).save(folder / "associations.zarr")
    return folder


def section(title):
    """The text of one section of the guide."""
    return GUIDE.read_text(encoding="utf-8").split(f"## {title}\n")[1].split("\n## ")[0]


def test_every_python_line_of_asking_the_store_runs(asked):
    code = "\n".join(re.findall(r"```python\n(.*?)```", section("Asking the store"), re.DOTALL))
    store = ActivationStore.open(asked / "activations.zarr")
    names: dict[str, Any] = {
        "store": store,
        "table": Associations.open(asked / "associations.zarr"),
    }
    exec(compile(code, "guide", "exec"), names)
    assert names["image"].startswith("image-")
    assert names["shown"].sum() + names["absent"].sum() == 96


def test_every_command_of_asking_the_store_runs(asked, tmp_path):
    lines = re.findall(r"^    facsinterp (.*)$", section("Asking the store"), re.MULTILINE)
    assert len(lines) == 12
    for line in lines:
        words = line.replace("PATH", str(asked)).replace("RUN", str(asked))
        words = words.replace("IMAGE", "image-3").replace("FILE", str(tmp_path / "frame.parquet"))
        done = CliRunner().invoke(cli.app, words.split())
        assert done.exit_code == 0, (line, done.output, done.exception)
    assert len(pd.read_parquet(tmp_path / "frame.parquet")) == 96
