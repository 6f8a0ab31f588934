"""What a network says of faces, against the module itself."""

import numpy as np
import pytest
import torch

from facsinterp.errors import InputError
from facsinterp.nets import zoo
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.prediction import predict

CLASSES = ("neutral", "happy", "fear")


@pytest.fixture(scope="module")
def network():
    module = zoo.build("khorrami2015", {"k": 1.2}, classes=CLASSES, size=16)
    return Network.of(module, classes=CLASSES, input_shape=(1, 16, 16))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).integers(0, 256, (11, 16, 16)).astype(np.uint8)


def test_predictions_are_the_softmax_of_the_networks_answers(network, images):
    with torch.no_grad():
        wanted = network.module(to_tensor(images)).softmax(dim=1).numpy()
    found = predict(network, images, device="cpu")
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(
        predict(network, images, np.array([7, 2, 2]), device="cpu", batch=2),
        wanted[[7, 2, 2]],
        rtol=1e-5,
    )


def test_images_of_another_shape_are_refused(network):
    with pytest.raises(InputError, match=r"\(3, 16, 16\)"):
        predict(network, np.zeros((2, 16, 16, 3), np.uint8))
