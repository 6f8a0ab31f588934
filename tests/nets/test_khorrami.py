"""khorrami2015 against the authors' code: each layer's shape, weights, field and start."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from tests.nets.draws import is_gaussian, multiplications, parameters, shapes

EIGHT = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def built(classes=EIGHT, size=96, seed=0, **options):
    return zoo.build("khorrami2015", options, classes=classes, size=size, seed=seed)


@pytest.mark.parametrize("variant", ["as-run", "as-written"])
@pytest.mark.parametrize(("outputs", "total"), [(8, 1_335_508), (7, 1_335_207), (6, 1_334_906)])
def test_parameters_layer_by_layer(variant, outputs, total):
    counts, together = parameters(built(EIGHT[:outputs], variant=variant))
    assert counts == {
        "conv1": 1_600,
        "conv2": 204_800,
        "conv3": 819_200,
        "fc4": 307_500,
        "output": 301 * outputs,
    }
    assert together == total


def test_biases_of_the_convolutions_are_64_128_and_256_more():
    assert parameters(built(bias=True))[1] == 1_335_508 + 64 + 128 + 256


def test_the_output_of_every_layer():
    found = shapes(built(), 1, 96)
    assert found == {
        "normalise": (1, 96, 96),
        "conv1": (64, 96, 96), "relu1": (64, 96, 96), "pool1": (64, 48, 48),
        "conv2": (128, 48, 48), "relu2": (128, 48, 48), "pool2": (128, 24, 24),
        "conv3": (256, 24, 24), "relu3": (256, 24, 24), "pool3": (256, 2, 2),
        "dropout": (256, 2, 2), "flatten": (1024,),
        "fc4": (300,), "relu4": (300,), "output": (8,),
    }  # fmt: skip


def test_a_forward_multiplies_959_million_times():
    assert multiplications(built(), 1, 96) == pytest.approx(0.959e9, rel=5e-4)


def test_a_unit_of_conv3_sees_32_pixels_every_4():
    network = Network.of(built(), classes=EIGHT, input_shape=(1, 96, 96))
    fields = receptive_fields(network)
    assert [(one.rows.size, one.rows.stride) for one in fields.values()] == [
        (5, 1),
        (14, 2),
        (32, 4),
    ]
    # Counted from the pixels, the box of the subtracted mean adds two on each side.
    pixels = torch.rand(1, 1, 96, 96, requires_grad=True)
    maps = pixels
    for name, part in network.module.named_children():
        maps = part(maps)
        if name == "conv3":
            break
    (slopes,) = torch.autograd.grad(maps[..., 12, 12].sum(), pixels)
    seen = slopes[0, 0].nonzero()
    assert (seen.amax(dim=0) - seen.amin(dim=0) + 1).tolist() == [36, 36]


@pytest.mark.parametrize(("variant", "fan_in"), [("as-run", 64 * 1024), ("as-written", 1024)])
def test_weights_start_gaussian_and_fc4_eight_times_smaller_as_run(variant, fan_in):
    module = built(variant=variant, k=0.9, seed=2)
    fans = {"conv1": 25, "conv2": 25 * 64, "conv3": 25 * 128, "fc4": fan_in, "output": 300}
    for name, fan in fans.items():
        is_gaussian(module.get_submodule(name).weight, 0.9 / math.sqrt(fan))
    assert 0.9 / math.sqrt(fan_in) == pytest.approx(0.9 / (256 if variant == "as-run" else 32))


def test_biases_start_at_one_in_fc4_and_at_zero_elsewhere():
    module = built(bias=True, size=8)
    for name in ("conv1", "conv2", "conv3", "fc4", "output"):
        bias = module.get_submodule(name).bias
        assert torch.equal(bias, torch.full_like(bias, float(name == "fc4")))


def test_k_is_even_between_a_fifth_and_six_fifths_over_seeds():
    ks = np.array(
        [
            built(size=8, seed=seed).get_submodule("conv2").weight.std().item() * math.sqrt(1600)
            for seed in range(80)
        ]
    )
    error = 4.5 * 1.2 / math.sqrt(2 * 204_800)  # of one k, read off a deviation
    assert 0.2 - error < ks.min() < 0.27  # 80 even draws all above: 1 in 330
    assert 1.13 < ks.max() < 1.2 + error
    assert kstest(ks, "uniform", args=(0.2, 1.0)).pvalue > 0.01
    # Neighbouring seeds have nothing to do with each other: |r| below 2.6 / sqrt(n).
    assert abs(np.corrcoef(ks[:-1], ks[1:])[0, 1]) < 2.6 / math.sqrt(79)
