"""Ways in which other tools give wrong answers from a sweep, each tried on this one."""

import numpy as np
import pytest
import torch

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, IncompleteStoreError, StaleStoreError, StoreError

from . import tiny
from .test_sweep import Counting, Killed, make_network, make_pixels, run, slow_sweep


def test_crp_trap_lists_are_those_of_the_largest_values_and_of_nothing_else(tmp_path):
    """zennit-crp ranks by sums, divided by all that a layer answers to an image."""
    network, pixels = make_network(), make_pixels()
    store = run(tmp_path / "a.zarr", network=network, pixels=pixels)
    peaks = slow_sweep(network, pixels)[0][..., 0].astype(np.float32)
    for position, one in enumerate(store.filters):
        column = peaks[:, position]
        order = sorted(range(len(column)), key=lambda i: (-column[i], i))
        expected = [i for i in order if column[i] > 0] if np.ptp(column) else []
        assert store.top(one, 11)["position"].values.tolist() == expected


@pytest.mark.parametrize("batch_size", [1, 3, 8, 11])
def test_crp_and_dissect_trap_lists_do_not_change_with_the_batch(tmp_path, batch_size):
    """There a dead unit has other images when batches have another size."""
    a = run(tmp_path / "a.zarr")
    b = run(tmp_path / "b.zarr", batch_size=batch_size, block_size=batch_size)
    np.testing.assert_array_equal(a.data["top_image"].values, b.data["top_image"].values)
    assert a.top("3/002", 5).sizes["rank"] == b.top("3/002", 5).sizes["rank"] == 0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_crp_and_dissect_trap_nan_takes_no_rank(tmp_path, value):
    """There one image with NaN is the strongest of its unit."""
    network = make_network()
    with torch.no_grad():
        network.module.get_parameter("0.weight")[1, 0, 0, 0] = value
    network = make_network().of(
        network.module, classes=network.classes, input_shape=network.input_shape
    )
    with pytest.raises(ActivationError, match="image face000, layer 0, channel 1"):
        run(tmp_path / "a.zarr", network=network)
    with pytest.raises(IncompleteStoreError):
        ActivationStore.open(tmp_path / "a.zarr")


def test_semanticlens_trap_negative_answers_name_no_last_image(tmp_path):
    """There the state starts at 0, and units below it list image -1."""
    network = make_network()
    module = torch.nn.Sequential(network.module[0], *network.module[2:4], *network.module[5:])
    with torch.no_grad():
        module.get_parameter("0.bias").fill_(-100.0)
    below = network.of(module, classes=network.classes, input_shape=network.input_shape)
    store = run(tmp_path / "a.zarr", network=below)
    assert (store.peaks("0").values < 0).all()
    assert (store.data["top_image"].values[:4] == -1).all()
    assert all(store.top(one, 5).sizes["rank"] == 0 for one in store.filters[:4])


def test_semanticlens_trap_values_close_to_each_other_keep_their_order(tmp_path):
    """There the state is bfloat16, which knows 1.00 to 1.05 as seven values."""
    network, pixels = make_network(), make_pixels()
    with torch.no_grad():
        network.module[0].weight.mul_(1e-4)
        network.module[0].bias.fill_(1.0)
    same = network.of(network.module, classes=network.classes, input_shape=network.input_shape)
    store = run(tmp_path / "a.zarr", network=same, pixels=pixels)
    peaks = store.peaks("0").values
    assert peaks.max() - peaks.min() < 0.01
    assert all(len(np.unique(column)) > 5 for column in peaks.T)
    assert len(torch.unique(torch.from_numpy(peaks).bfloat16())) <= 2
    for column, listed in zip(peaks.T, store.data["top_image"].values, strict=False):
        assert listed.tolist() == np.argsort(-column, kind="stable").tolist()


def test_semanticlens_and_dissect_trap_the_weights_are_in_the_key(tmp_path):
    """There the cache knows a model by its name, or not at all."""
    network = make_network()
    path = run(tmp_path / "a.zarr", network=network).path
    with torch.no_grad():
        network.module[3].weight[0, 0, 0, 0] += 1e-6
    changed = network.of(
        network.module,
        classes=network.classes,
        input_shape=network.input_shape,
        layers=["0", "3"],
    )
    with pytest.raises(StaleStoreError, match="network: the store has"):
        run(path, network=changed)


def test_brainscore_trap_the_preparation_of_the_pixels_is_in_the_key(tmp_path):
    """There activations of pictures in another size were taken for those asked for."""
    path = run(tmp_path / "a.zarr").path
    pixels = make_pixels()
    brighter = pixels.from_array(pixels.images, pixels.array // 2)
    with pytest.raises(StaleStoreError, match="pixels: the store has"):
        run(path, pixels=brighter)


def test_saedashboard_trap_a_file_that_was_cut_off_is_not_taken_for_done(tmp_path):
    """There a file that exists counts as finished, however it ends."""
    whole, path = run(tmp_path / "whole.zarr"), tmp_path / "a.zarr"
    with pytest.raises(Killed):
        run(path, progress=Counting(11))
    # The last block is not marked; what a dying writer left of it is half a file.
    half = (whole.path / "peak/c/2/0").read_bytes()[:20]
    (path / "peak/c/2").mkdir(parents=True, exist_ok=True)
    (path / "peak/c/2/0").write_bytes(half)
    again = run(path).verify()
    np.testing.assert_array_equal(again.peaks().values, whole.peaks().values)
    (path / "peak/c/2/0").write_bytes(half)
    with pytest.raises(StoreError, match="peak cannot be read"):
        ActivationStore.open(path).verify()


def test_gradcam_trap_hooks_are_gone_after_a_failure(tmp_path):
    """There a model whose pass failed keeps its exchanged parts."""
    network = make_network()
    before = list(network.module.modules())
    with pytest.raises(Killed):
        run(tmp_path / "a.zarr", network=network, progress=Counting(2))
    assert list(network.module.modules()) == before
    for part in network.module.modules():
        assert not part._forward_hooks
        assert not part._forward_pre_hooks


def test_thingsvision_trap_every_layer_has_every_image(tmp_path):
    """There the counter of images runs on from layer to layer."""
    store = run(tmp_path / "a.zarr", faces=tiny.faces(11))
    for layer in store.layers:
        assert store.peaks(layer.name).sizes["image"] == 11
        assert not np.isnan(store.peaks(layer.name).values).any()
