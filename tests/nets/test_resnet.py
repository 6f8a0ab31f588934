"""resnet: depth, weights, start, and what a tap sees of layers with a sum behind them."""

import math

import pytest
import torch

from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.taps import nonlinearities, tapping
from tests.nets.draws import is_gaussian, multiplications, parameters, shapes

SEVEN = ("neutral", "anger", "disgust", "fear", "happy", "sadness", "surprise")


def built(size=48, channels_in=1, **options):
    return zoo.build("resnet", options, classes=SEVEN, size=size, channels_in=channels_in)


@pytest.fixture(scope="module")
def network():
    return Network.of(built(size=24), classes=SEVEN, input_shape=(1, 24, 24))


def test_it_has_the_blocks_of_resnet_34_at_half_width():
    module = built()
    counts, total = parameters(module)
    deep = [name for name in counts if name.rpartition(".")[2] in ("conv1", "conv2", "output")]
    assert len(deep) == 34
    assert total / 1e6 == pytest.approx(5.3, abs=0.05)
    # Three 3 x 3 convolutions and their norms, written out.
    assert counts["block3_1.conv1"] == 9 * 64 * 128
    assert counts["block3_1.shortcut.conv"] == 64 * 128
    assert "block3_2.shortcut.conv" not in counts
    found = shapes(module, 1, 48)
    assert [found[name] for name in ("block1_3", "block2_4", "block3_6", "block4_3")] == [
        (32, 24, 24), (64, 12, 12), (128, 6, 6), (256, 3, 3),
    ]  # fmt: skip
    assert (found["pool"], found["flatten"], found["output"]) == ((256, 1, 1), (256,), (7,))


def test_a_face_costs_two_thirds_of_breuer2017():
    assert multiplications(built(), 1, 48) == pytest.approx(0.163e9, rel=5e-3)


@pytest.mark.parametrize("size", [8, 40, 96])
def test_any_multiple_of_8_pixels_goes_in(size):
    assert built(size, channels_in=3).eval()(torch.rand(2, 3, size, size)).shape == (2, 7)


def test_weights_start_as_told():
    module = built()
    for name, part in module.named_modules():
        if name.rpartition(".")[2] in ("conv", "conv1", "conv2", "output"):
            gain = 1 if name == "output" else 2
            is_gaussian(part.weight, math.sqrt(gain / part.weight[0].numel()))
        if isinstance(part, torch.nn.BatchNorm2d):
            assert torch.equal(part.weight, torch.ones_like(part.weight))
            assert not part.bias.any()


def test_every_convolution_is_tapped(network):
    convolutions = [
        name for name, part in network.module.named_modules() if isinstance(part, torch.nn.Conv2d)
    ]
    assert sorted(network.layers) == sorted(convolutions)
    assert len(network.layers) == 36
    bends = nonlinearities(network)
    assert {name for name, bend in bends.items() if bend == "none"} == {
        name for name in network.layers if name.endswith(("conv2", "shortcut.conv"))
    }
    assert set(receptive_fields(network)) == set(network.layers)


def test_maps_are_behind_the_relu_but_not_behind_the_sum(network):
    sums = ("block1_1.relu2", "block2_1.relu2")
    both = Network.of(
        network.module,
        classes=SEVEN,
        input_shape=(1, 24, 24),
        layers=(*network.layers, *sums),
    )
    pixels = torch.rand(2, 1, 24, 24)
    parts = dict(network.module.named_children())
    with torch.no_grad(), tapping(both, both.layers) as maps:
        network.module(pixels)
        first = parts["relu1"](parts["bn1"](parts["conv1"](parts["normalise"](pixels))))
        torch.testing.assert_close(maps["conv1"], first)
        before = first
        for name in ("block1_1", "block1_2", "block1_3", "block2_1"):
            block = parts[name]
            inside = block.bn1(block.conv1(before)).clamp(min=0)
            torch.testing.assert_close(maps[f"{name}.conv1"], inside)
            second = block.conv2(inside)
            torch.testing.assert_close(maps[f"{name}.conv2"], second)
            past = block.shortcut(before) if name == "block2_1" else before
            before = (block.bn2(second) + past).clamp(min=0)
            if f"{name}.relu2" in sums:
                torch.testing.assert_close(maps[f"{name}.relu2"], before)


def test_dropout_falls_on_the_pooled_features():
    assert built().get_submodule("dropout").p == 0
    assert built(dropout=0.4).get_submodule("dropout").p == 0.4
