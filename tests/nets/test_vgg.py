"""vgg: the shape that is told of it, its start, and every layer behind its ReLU."""

import math

import numpy as np
import pytest
import torch

from facsinterp.errors import InputError
from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.recipes import Recipe
from facsinterp.nets.taps import nonlinearities, tapping
from facsinterp.nets.training import fit
from tests.nets.draws import is_gaussian, multiplications, parameters, shapes

SEVEN = ("neutral", "anger", "disgust", "fear", "happy", "sadness", "surprise")


def built(size=48, classes=SEVEN, channels_in=1, **options):
    return zoo.build("vgg", options, classes=classes, size=size, channels_in=channels_in)


def test_two_convolutions_and_a_pooling_four_times_then_two_dense_layers():
    kinds = {"conv": "C", "pool": "P", "fc": "F", "output": "F"}
    names = [name.rstrip("0123456789") for name, _ in built().named_children()]
    assert "".join(kinds.get(name, "") for name in names) == "CCPCCPCCPCCPFF"
    counts, total = parameters(built())
    assert sum(name.startswith(("conv", "fc", "output")) for name in counts) == 10
    assert round(total / 1e6, 1) == 1.8
    found = shapes(built(), 1, 48)
    assert [found[f"pool{layer}"] for layer in (2, 4, 6, 8)] == [
        (32, 24, 24), (64, 12, 12), (128, 6, 6), (256, 3, 3),
    ]  # fmt: skip
    assert (found["fc9"], found["output"]) == ((256,), (7,))


def test_a_face_costs_half_of_breuer2017():
    assert multiplications(built(), 1, 48) == pytest.approx(0.118e9, rel=5e-3)


@pytest.mark.parametrize("size", [8, 40, 96])
def test_any_multiple_of_8_pixels_goes_in(size):
    assert built(size, channels_in=3).eval()(torch.rand(2, 3, size, size)).shape == (2, 7)
    with pytest.raises(InputError, match="multiple of 8"):
        built(size + 4)


def test_weights_start_as_told():
    module = built()
    for name, part in module.named_children():
        if name.startswith(("conv", "fc", "output")):
            gain = 1 if name == "output" else 2
            is_gaussian(part.weight, math.sqrt(gain / part.weight[0].numel()))
        if name.startswith("bn"):
            assert torch.equal(part.weight, torch.ones_like(part.weight))
    assert not module.get_submodule("fc9").bias.any()


def until(last, network, maps):
    for name, part in network.module.named_children():
        maps = part(maps)
        if name == last:
            return maps
    raise KeyError(last)


def test_every_convolution_is_tapped_behind_its_norm_and_relu():
    network = Network.of(built(size=24), classes=SEVEN, input_shape=(1, 24, 24))
    assert network.layers == tuple(f"conv{layer}" for layer in range(1, 9))
    assert set(nonlinearities(network).values()) == {"ReLU"}
    assert set(receptive_fields(network)) == set(network.layers)
    pixels = torch.rand(3, 1, 24, 24)
    with torch.no_grad(), tapping(network, network.layers) as maps:
        network.module(pixels)
        for layer in range(1, 9):
            torch.testing.assert_close(maps[f"conv{layer}"], until(f"relu{layer}", network, pixels))


@pytest.mark.parametrize("arch", ["vgg", "resnet"])
def test_bright_and_dark_are_learned(arch):
    rng = np.random.default_rng(0)
    labels = np.arange(33) % 2
    images = (rng.integers(0, 120, (33, 24, 24)) + 100 * labels[:, None, None]).astype(np.uint8)
    trained = fit(
        zoo.build(arch, {"normalise": "none"}, classes=("dark", "bright"), size=24),
        images=images,
        labels=labels,
        train=np.arange(17),  # a last batch of one face
        validation=np.arange(17, 33),
        classes=("dark", "bright"),
        recipe=Recipe(epochs=6, batch_size=8, augmentation="none", precision="bf16"),
        device="cpu",
    )
    assert max(trained.curves.validation_accuracy) > 0.9
