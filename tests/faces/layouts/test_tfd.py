"""Drawn faces as TFD: matrices with the variables of the real ones, the same every time."""

import numpy as np
import pytest
from scipy.io import loadmat

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

SMALL = Cast(people=5, sequences=2, pixels=24)


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    return write("tfd", tmp_path_factory.mktemp("every") / "tree", SMALL)


def test_the_same_bytes_every_time(every, tmp_path):
    assert contents(write("tfd", tmp_path / "again", SMALL)) == contents(every)


def test_the_variables_of_both_sizes(every):
    small, large = loadmat(every / "TFD_48x48.mat"), loadmat(every / "TFD_96x96.mat")
    assert small["images"].shape == (240, 48, 48)
    assert large["images"].shape == (240, 96, 96)
    assert small["images"].dtype == np.uint8
    assert small["labs_ex"].shape == (240, 1)
    assert (small["labs_ex"] > 0).sum() == 10
    assert set(np.unique(small["labs_ex"])) <= {-1, *range(1, 8)}
    for name in ("labs_ex", "labs_id", "folds"):
        np.testing.assert_array_equal(small[name], large[name])
    info = loadmat(every / "TFD_info.mat", simplify_cells=True)["tfd_info"]
    assert len(info["imfiles"]) == 240


def test_folds_part_people(every):
    matrix = loadmat(every / "TFD_48x48.mat")
    labelled = matrix["labs_ex"].ravel() > 0
    assert (matrix["folds"][~labelled] == 0).all()
    identity = matrix["labs_id"].ravel()[labelled]
    for parts in matrix["folds"][labelled].T:
        assert {2, 3} & set(parts.tolist())
        assert not (set(identity[parts == 3]) & set(identity[parts == 1])) - {-1}


@pytest.mark.parametrize("quirk", sorted(layout("tfd").quirks))
def test_each_quirk_changes_the_tree(quirk, tmp_path):
    without = contents(write("tfd", tmp_path / "without", SMALL, ()))
    assert contents(write("tfd", tmp_path / "with", SMALL, [quirk])) != without


def test_one_person_is_enough(tmp_path):
    root = write("tfd", tmp_path / "tree", Cast(1, 1, 24))
    assert loadmat(root / "TFD_48x48.mat")["images"].shape == (24, 48, 48)
