"""A network that normalises by its data set: by the training faces of its fold, kept with it."""

from typing import Any

import numpy as np
import pytest

from facsinterp.nets.weights import load_network
from facsinterp.progress import SILENT
from facsinterp.study.corpus import look
from facsinterp.study.locate import DataPlaces
from facsinterp.study.parse import parse_spec
from facsinterp.study.run import sweep_study

TEXT = """
study = "filters"
question = "q"
[faces]
source = "drawn"
subjects = 6
sequences = 1
pixels = 32
size = 16
[network]
arch = "{arch}"
{more}
[network.options]
normalise = "data-set"
[network.train]
folds = 3
{recipe}
"""


def definition(more="", recipe="epochs = 1", arch="breuer2017"):
    return parse_spec(TEXT.format(arch=arch, more=more, recipe=recipe), name="folds")


@pytest.mark.parametrize(("more", "recipe"), [("", "epochs = 1"), ("untrained = true", "")])
def test_each_fold_is_normalised_by_its_own_training_faces(tmp_path, more, recipe):
    spec = definition(more, recipe)
    store = sweep_study(spec, DataPlaces(), tmp_path)
    looked = look(spec.faces, DataPlaces(), tmp_path, SILENT)
    folder = tmp_path / spec.name / spec.id / "network"
    train = store.faces.column("split") == "train"  # in the first fold, which is studied
    shown = looked.pixels.array[train] / 255
    parts: list[Any] = [load_network(one).module.normalise for one in sorted(folder.iterdir())]
    assert parts[0].mean.item() == pytest.approx(shown.mean(), abs=1e-6)
    assert parts[0].deviation.item() == pytest.approx(shown.std(), abs=1e-6)
    assert shown.mean() != pytest.approx(looked.pixels.array.mean() / 255, abs=1e-5)
    means = [part.mean.item() for part in parts]
    assert len(set(means)) == 3
    assert np.isfinite(store.data["peak"].values).all()
    again = sweep_study(spec, DataPlaces(), tmp_path)
    assert again.key == store.key


def test_an_option_that_came_later_leaves_ids_as_they_were():
    plain = TEXT.replace('normalise = "data-set"', "").format(
        arch="khorrami2015", more="", recipe=""
    )
    spec = parse_spec(plain, name="x")
    assert spec.network.options["normalise"] is None
    content = spec._content()["network"]["options"]
    assert "normalise" not in content
    asked = definition(arch="khorrami2015")
    assert asked._content()["network"]["options"]["normalise"] == "data-set"
    assert asked.id != spec.id
