"""breuer2017 against the paper, and against what fills its gaps."""

import math

import pytest
import torch

from facsinterp.nets import zoo
from tests.nets.draws import is_uniform, multiplications, parameters, shapes

EIGHT = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def built(classes=EIGHT, size=96, channels_in=1, **options):
    return zoo.build("breuer2017", options, classes=classes, size=size, channels_in=channels_in)


@pytest.mark.parametrize("outputs", [6, 7, 8])
@pytest.mark.parametrize("channels", [1, 3])
def test_parameters_layer_by_layer(outputs, channels):
    counts, together = parameters(built(EIGHT[:outputs], channels_in=channels))
    wanted = {
        "conv1": 25 * 64 * channels + 64,
        "conv2": 204_928,
        "conv3": 819_456,
        "fc4": 512 * 256 * 144 + 512,
        "output": 513 * outputs,
    }
    assert counts == wanted
    assert together == sum(wanted.values())


def test_without_biases_the_convolutions_are_those_of_khorrami():
    counts, _ = parameters(built(size=8, bias=False))
    assert [counts[f"conv{i}"] for i in (1, 2, 3)] == [1_600, 204_800, 819_200]


def test_the_output_of_every_layer():
    found = shapes(built(), 1, 96)
    assert found == {
        "normalise": (1, 96, 96),
        "conv1": (64, 96, 96), "relu1": (64, 96, 96), "pool1": (64, 48, 48),
        "conv2": (128, 48, 48), "relu2": (128, 48, 48), "pool2": (128, 24, 24),
        "conv3": (256, 24, 24), "relu3": (256, 24, 24), "pool3": (256, 12, 12),
        "dropout3": (256, 12, 12), "flatten": (36_864,),
        "fc4": (512,), "relu4": (512,), "dropout4": (512,), "output": (8,),
    }  # fmt: skip


def test_a_face_of_48_pixels_costs_244_million_multiplications():
    assert multiplications(built(size=48), 1, 48) == pytest.approx(0.244e9, rel=5e-3)


def test_weights_start_glorot_uniform_and_biases_at_zero():
    module = built(size=16)
    fans = {
        "conv1": (25, 64 * 25),
        "conv2": (64 * 25, 128 * 25),
        "conv3": (128 * 25, 256 * 25),
        "fc4": (1024, 512),
        "output": (512, 8),
    }
    for name, (into, out) in fans.items():
        part = module.get_submodule(name)
        is_uniform(part.weight, math.sqrt(6 / (into + out)))
        assert torch.equal(part.bias, torch.zeros_like(part.bias))
