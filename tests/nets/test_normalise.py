"""Normalisation: each formula once more with scipy, borders included; statistics that are kept."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from scipy import ndimage, signal

from facsinterp.errors import WeightsError
from facsinterp.evidence.weights.randomised import untrained
from facsinterp.nets import normalise, zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.entrance import normaliser as entrance
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.normalise import FLAT, DataSetStandard, measure
from facsinterp.nets.weights import load_network, load_weights, save_network

normaliser: Any = normalise.normaliser  # kinds are plain words here
CLASSES = ("happy", "neutral")
BOX = np.ones((5, 5))
rng = np.random.default_rng(4)
PIXELS = rng.random((2, 3, 13, 17))
FACES = rng.integers(0, 256, (40, 16, 16), dtype=np.uint8)


def inside(image):
    """How many pixels of the box around each lie inside the image."""
    return signal.convolve2d(np.ones_like(image), BOX, mode="same")


def as_run(image):
    return 2 * image - ndimage.uniform_filter(2 * image, 5, mode="constant")


def as_run_divided(image):
    centred = as_run(image)
    power = ndimage.uniform_filter(centred**2, 5, mode="constant")
    return centred / np.sqrt(power + FLAT**2)


def patch_mean(image):
    return 2 * image - signal.convolve2d(2 * image, BOX, mode="same") / inside(image)


def patch_standard(image):
    nan = np.pad(2 * image, 2, constant_values=np.nan)
    patches = np.lib.stride_tricks.sliding_window_view(nan, (5, 5))
    variance = np.nanvar(patches, axis=(2, 3))
    return (2 * image - np.nanmean(patches, axis=(2, 3))) / np.sqrt(variance + FLAT**2)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("local-mean", as_run),
        ("local-contrast", as_run_divided),
        ("patch-mean", patch_mean),
        ("patch-standard", patch_standard),
    ],
)
def test_each_local_formula_against_scipy(kind, wanted):
    part = normaliser(kind, channels=3, size=13)
    found = part(torch.from_numpy(PIXELS)).numpy()
    for image, made in zip(PIXELS, found, strict=True):
        for channel, one in zip(image, made, strict=True):
            np.testing.assert_allclose(one, wanted(channel), atol=1e-10)


def test_the_four_agree_inside_where_only_borders_differ():
    made = {
        kind: normaliser(kind, channels=3, size=13)(torch.from_numpy(PIXELS))[..., 2:-2, 2:-2]
        for kind in ("local-mean", "patch-mean")
    }
    torch.testing.assert_close(made["local-mean"], made["patch-mean"])


def test_a_light_border_leaves_no_rim_where_only_pixels_inside_count():
    flat = torch.full((1, 1, 12, 12), 0.7)
    for kind in ("patch-mean", "patch-standard"):
        assert normaliser(kind, channels=1, size=12)(flat).abs().max() < 1e-4
    assert normaliser("local-mean", channels=1, size=12)(flat).abs().max() > 0.5


@pytest.mark.parametrize("kind", ["patch-mean", "patch-standard"])
def test_patches_keep_precision_under_autocast_and_finite_slopes(kind):
    part = normaliser(kind, channels=1, size=12)
    pixels = torch.rand(1, 1, 12, 12)
    wanted = part(pixels)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(part(pixels), wanted)
    flat = torch.full((1, 1, 12, 12), 0.5, requires_grad=True)
    (slope,) = torch.autograd.grad(part(flat)[..., 5, 5].sum(), flat)
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize("kind", ["data-set", "data-set-pixel"])
@pytest.mark.parametrize("colour", [False, True])
def test_a_data_set_is_measured_over_the_training_faces_alone(kind, colour):
    faces = rng.integers(0, 256, (40, 16, 16, 3), dtype=np.uint8) if colour else FACES
    faces[:, :4, :4] = 200  # without any contrast
    train = np.arange(3, 40, 2)
    part = normaliser(kind, channels=3 if colour else 1, size=16)
    measure(part, faces, train)
    shown = np.atleast_3d(faces / 255.0).reshape(40, 16, 16, -1)
    axes = (0, 1, 2) if kind == "data-set" else 0
    mean, deviation = (how(shown[train], axis=axes, keepdims=True) for how in (np.mean, np.std))
    wanted = (shown - mean) / np.maximum(deviation, FLAT)
    found = part(to_tensor(faces)).numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(found, wanted, atol=2e-5, rtol=2e-5)
    if kind == "data-set":
        assert found[train].mean() == pytest.approx(0, abs=1e-5)
        assert found[train].std(axis=(0, 1, 2)) == pytest.approx(1, abs=1e-4)


def test_faces_without_contrast_are_divided_by_the_floor():
    part = DataSetStandard(1)
    flat = np.full((4, 16, 16), 51, np.uint8)
    measure(part, flat, np.arange(4))
    assert part.deviation.item() == pytest.approx(0.01)
    brighter = np.full((1, 16, 16), 102, np.uint8)
    np.testing.assert_allclose(part(to_tensor(brighter)).numpy(), 0.2 / 0.01, rtol=1e-4)


def test_the_sums_do_not_depend_on_the_parts_they_are_read_in(monkeypatch):
    found = []
    for together in (256, 7):
        monkeypatch.setattr("facsinterp.nets.normalise._TOGETHER", together)
        part = DataSetStandard(1, 16)
        measure(part, FACES, np.arange(40))
        found.append(part.state_dict())
    assert all(torch.equal(found[0][name], found[1][name]) for name in found[0])


def made(kind, seed=3):
    options = {"normalise": kind}
    blueprint = Blueprint("breuer2017", CLASSES, 16, 1, options)
    module = zoo.from_blueprint(blueprint, seed=seed)
    measure(module, FACES, np.arange(20))
    return Network.of(module, classes=CLASSES, input_shape=(1, 16, 16), blueprint=blueprint)


@pytest.mark.parametrize("kind", ["data-set", "data-set-pixel"])
def test_what_was_measured_is_saved_with_the_weights(kind, tmp_path):
    network = made(kind)
    save_network(network, tmp_path / "network")
    again = load_network(tmp_path / "network")
    assert again.fingerprint == network.fingerprint
    pixels = to_tensor(FACES[:4])
    assert torch.equal(again.module(pixels), network.module(pixels))
    assert torch.isfinite(again.module(pixels)).all()


def test_other_training_faces_are_another_network():
    one, other = made("data-set"), made("data-set")
    measure(other.module, FACES, np.arange(20, 40))
    other = Network.of(other.module, classes=CLASSES, input_shape=(1, 16, 16))
    assert one.fingerprint != other.fingerprint


def test_what_was_never_measured_is_not_taken_for_measured(tmp_path):
    module = zoo.build("breuer2017", {"normalise": "data-set"}, classes=CLASSES, size=16)
    assert module(to_tensor(FACES[:1])).isnan().all()
    torch.save(module.state_dict(), tmp_path / "w.pt")
    with pytest.raises(WeightsError, match=r"normalise\.mean holds NaN"):
        load_weights(module, tmp_path / "w.pt")


def test_untrained_weights_keep_what_was_measured():
    network = made("data-set")
    random = untrained(network, "conv2", seed=9).module.state_dict()
    own = network.module.state_dict()
    assert torch.equal(random["normalise.mean"], own["normalise.mean"])
    assert not torch.equal(random["conv1.weight"], own["conv1.weight"])


@pytest.mark.parametrize("kind", ["patch-standard", "data-set", "data-set-pixel"])
def test_each_is_known_as_the_entrance(kind):
    assert entrance(made(kind)) == "normalise"


def test_khorrami_takes_another_normalisation_where_one_is_asked_for():
    for variant, kind in (("as-run", "LocalMean"), ("as-written", "LocalMean")):
        module = zoo.build("khorrami2015", {"variant": variant}, classes=CLASSES, size=16)
        assert type(module.normalise).__name__ == kind
    options = {"variant": "as-written", "normalise": "patch-standard"}
    module = zoo.build("khorrami2015", options, classes=CLASSES, size=16)
    assert type(module.normalise).__name__ == "PatchStandard"


def test_names_that_do_not_differ_in_result_would_be_one_too_many():
    pixels = to_tensor(FACES[:3])
    kinds = ["none", "image", "local-mean", "local-contrast", "patch-mean", "patch-standard"]
    kinds += ["data-set", "data-set-pixel"]
    seen = []
    for kind in kinds:
        part = normaliser(kind, channels=1, size=16)
        measure(part, FACES, np.arange(40))
        seen.append(part(pixels))
    assert not any(torch.allclose(one, other) for one, other in pairwise(seen))
