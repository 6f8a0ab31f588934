"""Pictures of one array: by row, in order, however the array lies in memory."""

import numpy as np
import pytest

from facsinterp.faces.pictures import ArrayPictures, Skip

ROWS = np.random.default_rng(1).integers(0, 256, (600, 7, 5), dtype=np.uint8)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(600, 7, 5), (200, 7, 5, 3)])
def test_each_row_is_its_picture(order, shape):
    array = np.asarray(ROWS.ravel()[: np.prod(shape)].reshape(shape), order=order)
    rows = np.random.default_rng(2).permutation(len(array))
    opened = list(ArrayPictures(lambda: array).open([f"set.mat#{row}" for row in rows]))
    np.testing.assert_array_equal(opened, array[rows])
    assert all(np.asarray(picture).flags.c_contiguous for picture in opened)


@pytest.mark.parametrize("row", ["600", "-1", "", "1.0", "x", "٣", "9" * 5000])
def test_a_row_that_is_not_there_is_skipped(row):
    first, missing, last = ArrayPictures(lambda: ROWS).open(["a#0", f"a#{row}", "a#599"])
    np.testing.assert_array_equal([first, last], ROWS[[0, 599]])
    assert isinstance(missing, Skip)
    assert "600" in missing.reason


def test_only_missing_rows():
    opened = list(ArrayPictures(lambda: ROWS).open(["a#600", "a#601"]))
    assert all(isinstance(one, Skip) for one in opened)


def test_the_array_is_loaded_once_and_when_asked_for():
    loaded = []

    def load():
        loaded.append(1)
        return ROWS

    pictures = ArrayPictures(load)
    assert not loaded
    paths = ["a#1", "a#2"]
    assert pictures.fingerprint(paths) == pictures.fingerprint(paths)
    list(pictures.open(paths))
    assert loaded == [1]


def test_the_fingerprint_is_of_the_content():
    here = ArrayPictures(lambda: ROWS)
    there = ArrayPictures(lambda: np.asfortranarray(ROWS[::-1]))
    assert here.fingerprint(["a#0", "a#1"]) == there.fingerprint(["b#599", "b#598"])
    assert here.fingerprint(["a#0", "a#1"]) != here.fingerprint(["a#1", "a#0"])
    assert here.fingerprint(["a#0"]) != here.fingerprint(["a#0", "a#600"])
