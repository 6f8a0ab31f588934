"""Banks of fixed filters: what each computes, that training faces alone decide, and misuse."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from facsinterp.errors import InputError
from facsinterp.nets import banks
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.taps import nonlinearities, tapping
from facsinterp.nets.weights import load_network, save_network
from facsinterp.nets.zoo import from_blueprint

SIZE = 16
CLASSES = ("neutral", "happy")
RNG = np.random.default_rng(4)
FACES = RNG.integers(0, 256, size=(30, SIZE, SIZE), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, size=(30, SIZE, SIZE, 3), dtype=np.uint8)
KINDS = ("pixels", "pca", "gabor")


def blueprint(kind, filters=32, channels=1):
    options = {"filters": filters}
    return Blueprint(f"facsinterp.nets.banks:{kind}", CLASSES, SIZE, channels, options)


def bank(kind, images=FACES, filters=32):
    plan = blueprint(kind, filters, 1 if images.ndim == 3 else 3)
    module = from_blueprint(plan)
    banks.fill(module, images)
    shape = (plan.channels_in, SIZE, SIZE)
    return Network.of(module, classes=CLASSES, input_shape=shape, blueprint=plan)


def peaks(network, images):
    (layer,) = network.layers
    with torch.inference_mode(), tapping(network, [layer]) as maps:
        network.module(to_tensor(images))
        return maps[layer].amax(dim=(2, 3)).numpy()


def standardised(images):
    """Slowly: each image less its mean, over its deviation with the floor of `ImageStandard`."""
    rows = []
    for image in images.astype(np.float64) / 255:
        centred = image - image.mean()
        rows.append(centred / np.sqrt((centred**2).mean() + 0.01**2))
    return np.stack(rows)


@pytest.mark.parametrize("images", [FACES, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_bank_is_one_rectified_layer_that_says_nothing(kind, images):
    network = bank(kind, images)
    assert network.channels == {kind: 32}
    assert nonlinearities(network) == {kind: "ReLU"}
    assert not network.module(to_tensor(images)).any()
    found = peaks(network, images)
    assert np.isfinite(found).all()
    assert (found > 0).any(axis=0).all()


def test_pixels_are_cell_means_against_the_usual_face_with_both_signs():
    found = peaks(bank("pixels"), FACES)
    faces = standardised(FACES)
    cells = faces.reshape(len(faces), 4, 4, 4, 4).mean(axis=(2, 4)).reshape(len(faces), 16)
    wanted = cells - cells.mean(axis=0)
    np.testing.assert_allclose(found[:, 0::2], np.maximum(wanted, 0), atol=1e-5)
    np.testing.assert_allclose(found[:, 1::2], np.maximum(-wanted, 0), atol=1e-5)


@pytest.mark.parametrize("count", [30, 400])
def test_eigenfaces_are_those_of_sklearn_with_both_signs(count):
    """Also with more faces than pixels, where the other product is solved."""
    images = RNG.integers(0, 256, size=(count, SIZE, SIZE), dtype=np.uint8)
    found = peaks(bank("pca", images), images)
    faces = standardised(images).reshape(count, -1)
    scores = PCA(16, svd_solver="full").fit_transform(faces)
    signed = found[:, 0::2] - found[:, 1::2]
    np.testing.assert_allclose(np.abs(signed), np.abs(scores), atol=1e-3)
    assert not (found[:, 0::2] * found[:, 1::2]).any()


def test_gabor_filters_prefer_their_own_wave():
    conv = bank("gabor", filters=64).module.gabor
    weights = conv.weight.detach().numpy()[:, 0]
    np.testing.assert_allclose(weights.sum(axis=(1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose((weights**2).sum(axis=(1, 2)), 1, atol=1e-5)
    reach = weights.shape[1] // 2
    row, col = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    across, down = np.cos(2 * np.pi * col / 4), np.cos(2 * np.pi * row / 4)
    to_across, to_down = ((weights * wave).sum(axis=(1, 2)) for wave in (across, down))
    assert to_across.argmax() == 0
    assert to_down.argmax() == 8  # the third of four orientations, four phases each
    np.testing.assert_allclose(weights[0], -weights[1], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bank_survives_the_disk(kind, tmp_path):
    network = bank(kind)
    save_network(network, tmp_path / "bank")
    again = load_network(tmp_path / "bank", builder=f"facsinterp.nets.banks:{kind}")
    assert again.fingerprint == network.fingerprint


@pytest.mark.parametrize(
    ("kind", "filters", "expected"),
    [
        ("pixels", 30, "twice a square"),
        ("pixels", 2 * 17**2, "at most 512"),
        ("pca", 31, "even"),
        ("gabor", 24, "multiple of 16"),
    ],
)
def test_numbers_of_filters_that_a_bank_cannot_have(kind, filters, expected):
    with pytest.raises(InputError, match=expected):
        from_blueprint(blueprint(kind, filters))


def test_more_eigenfaces_than_faces_are_refused():
    with pytest.raises(InputError, match="at most 58"):
        bank("pca", FACES, filters=60)


def test_only_a_bank_is_filled():
    with pytest.raises(InputError, match="no bank"):
        banks.fill(torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3)), FACES)
