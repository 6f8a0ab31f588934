from dataclasses import replace

import numpy as np
import pytest

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, InputError
from facsinterp.evidence import dead
from facsinterp.evidence.dead import dead_by_layer, dead_filters
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId

PEAKS = np.array(
    [
        # conv9: usual, faint, dead, constant, loud
        [2.0, 0.01, 0, 3, 90, 0, 0],
        [4.0, 0.02, 0, 3, 0, 0, 0],
        [0.0, 0.00, 0, 3, 0, 0, 0],
        [1.0, 0.00, 0, 3, 0, 0, 0],
    ],
    dtype=np.float32,
)


@pytest.fixture
def store(tmp_path):
    faces = FaceTable.from_arrays(list("abcd"), [1], np.ones((4, 1)))
    filters = [FilterId("conv9", i) for i in range(5)] + [FilterId("conv10", i) for i in range(2)]
    return ActivationStore.from_arrays(tmp_path / "s", PEAKS, filters, faces)


@pytest.mark.parametrize("slab", [1, 14, 1 << 24])
def test_dead_is_what_answers_to_no_image(store, slab, monkeypatch):
    monkeypatch.setattr(dead, "SLAB", slab)
    table = dead_filters(store)
    assert table["dead"].values.tolist() == [False, False, True, False, False, True, True]
    assert table["constant"].values.tolist() == [False, False, True, True, False, True, True]
    assert table["active_share"].values.tolist() == [0.75, 0.5, 0.0, 1.0, 0.25, 0.0, 0.0]
    assert table["peak_max"].values == pytest.approx(PEAKS.max(axis=0))
    assert table["peak_min"].values == pytest.approx(PEAKS.min(axis=0))
    assert np.array_equal(table["active_share"], store.data["active_share"])


def test_a_threshold_in_units_of_the_filter(store):
    table = dead_filters(store, 0.02 + 1e-6)
    assert table["dead"].values.tolist() == [False, True, True, False, False, True, True]
    assert table["active_share"].values[1] == 0


def test_a_threshold_relative_to_the_layer(store):
    """Answering filters of conv9 reach 4, 0.02, 3 and 90: half of them 3.5 or more."""
    table = dead_filters(store, 0.01, relative=True)
    assert table["layer_scale"].values == pytest.approx([3.5] * 5 + [0.0] * 2)
    assert table["threshold"].values == pytest.approx([0.035] * 5 + [0.0] * 2)
    assert table["dead"].values.tolist() == [False, True, True, False, False, True, True]
    assert table.attrs == {"threshold": 0.01, "relative": True, "images": 4}


def test_a_relative_threshold_does_not_depend_on_the_scale_of_a_layer(store, tmp_path):
    scaled = ActivationStore.from_arrays(
        tmp_path / "t", PEAKS * 1000, list(store.filters), store.faces
    )
    for share in (0.001, 0.01, 0.9):
        before = dead_filters(store, share, relative=True)
        after = dead_filters(scaled, share, relative=True)
        assert (before["dead"] == after["dead"]).all()


def test_layers_in_the_order_of_the_network(store):
    frame = dead_by_layer(dead_filters(store))
    assert frame["layer"].tolist() == ["conv9", "conv10"]
    assert frame["filters"].tolist() == [5, 2]
    assert frame["dead"].tolist() == [1, 2]
    assert frame["dead_share"].tolist() == [0.2, 1.0]
    assert frame["constant"].tolist() == [1, 0]
    assert frame["active_share_median"][0] == 0.625
    assert np.isnan(frame["active_share_median"][1])


@pytest.mark.parametrize("threshold", [-0.1, np.nan, np.inf])
def test_a_threshold_that_is_no_size_is_refused(store, threshold):
    with pytest.raises(InputError, match="threshold is no size"):
        dead_filters(store, threshold)


def test_activations_that_are_not_finite_are_refused(store):
    peak = store.data["peak"].load().copy()
    peak[1, 2] = np.nan
    with pytest.raises(ActivationError, match="conv9/002"):
        dead_filters(replace(store, data=store.data.assign(peak=peak)))
