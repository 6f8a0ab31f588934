"""Landmarks in MATLAB files: what is read the short way equals what scipy reads."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.io import savemat

from facsinterp.faces.sources.reading import points66
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.points66 import ibug68, read_points

POINTS = np.random.default_rng(7).uniform(0, 800, (66, 2))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A plain and a compressed file."""
    folder = tmp_path_factory.mktemp("points")
    for name, compressed in (("plain", False), ("compressed", True)):
        savemat(folder / f"{name}.mat", {"pts": POINTS}, do_compression=compressed)
    return folder


@pytest.mark.parametrize("name", ["plain", "compressed"])
def test_a_plain_matrix_needs_no_scipy(files, name, monkeypatch):
    monkeypatch.setattr(points66, "_variables", lambda _: pytest.fail("read by scipy"))
    np.testing.assert_array_equal(read_points(files / f"{name}.mat"), ibug68(POINTS))


@pytest.mark.parametrize(
    "variables",
    [
        {"about": "words", "pts": POINTS},
        {"pts": POINTS.astype(np.float32)},
        {"pts": POINTS.astype(np.int16)},
        {"pts": np.asfortranarray(POINTS)},
    ],
)
def test_other_files_are_read_as_well(tmp_path, variables):
    savemat(tmp_path / "points.mat", variables)
    np.testing.assert_array_equal(
        read_points(tmp_path / "points.mat"), ibug68(np.asarray(variables["pts"]))
    )


@pytest.mark.parametrize("name", ["plain", "compressed"])
@given(place=st.integers(124, 1400), value=st.integers(0, 255), cut=st.integers(0, 1400))
def test_damage_is_refused_or_gives_68_points(files, name, place, value, cut):
    content = bytearray((files / f"{name}.mat").read_bytes())
    content[min(place, len(content) - 1)] = value
    damaged = files / f"damaged-{name}.mat"
    damaged.write_bytes(content[: len(content) - cut])
    with suppress(UnreadableFile):
        assert read_points(damaged).shape == (68, 2)
