"""Drawn faces as NovaEmotions: folders, table and arrays speak of the same pictures."""

import csv

import numpy as np
import pytest
from PIL import Image

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

SMALL = Cast(people=3, sequences=3, pixels=24)


def test_the_same_bytes_every_time(tmp_path):
    first = contents(write("novaemotions", tmp_path / "one", SMALL))
    assert contents(write("novaemotions", tmp_path / "two", SMALL)) == first


def test_the_forms_agree(tmp_path):
    root = write("novaemotions", tmp_path / "tree", SMALL, ["label-table", "packed-arrays"])
    with (root / "labels.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    data = np.load(root / "novaemotions-data.npy")
    assert len(rows) == len(data) == len(np.load(root / "novaemotions-label.npy")) == 9
    for row, picture in zip(rows, data, strict=True):
        assert row["path"].partition("/")[0] == row["label"]
        np.testing.assert_array_equal(np.asarray(Image.open(root / row["path"])), picture)


@pytest.mark.parametrize("quirk", sorted(layout("novaemotions").quirks))
def test_each_quirk_changes_the_tree(quirk, tmp_path):
    without = contents(write("novaemotions", tmp_path / "without", SMALL, ()))
    assert contents(write("novaemotions", tmp_path / "with", SMALL, [quirk])) != without
