"""Attributions: against rules written out by hand, plain captum, and themselves."""

from collections import OrderedDict

import numpy as np
import pytest
import torch
from captum.attr import NeuronDeconvolution, NeuronGradient, NeuronGuidedBackprop
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from facsinterp.errors import ActivationError, InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets import zoo
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.taps import tapping
from facsinterp.saliency.attribute import Units, attribute
from facsinterp.saliency.rules import METHODS, STEPS
from tests.saliency.nets import (
    CLASSES,
    Residual,
    Twins,
    chain,
    chain_by_hand,
    network,
    one,
    pixels,
    units,
)

RULES = ("guided-backprop", "deconvnet", "gradient")


def near(found, expected, share=1e-6):
    assert np.abs(expected).max() > 0
    assert np.abs(found - expected).max() <= share * np.abs(expected).max()


def values(net, layer, faces, asked):
    """The map of each unit, as the taps give it."""
    with torch.no_grad(), tapping(net, [layer]) as maps:
        net.module(to_tensor(faces.array))
    return np.array(
        [
            float(maps[layer][row, channel, place[0], place[1]])
            for row, channel, place in zip(asked.rows, asked.channels, asked.places, strict=True)
        ]
    )


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("layer", ["0", "3", "5"])
def test_a_chain_as_by_hand(method, layer):
    net, faces = network(chain()), pixels()
    asked = units(net, layer, len(faces), 12)
    found = attribute(net, layer, faces, asked, method=method)
    with torch.no_grad():
        expected = [
            chain_by_hand(
                net.module,
                method,
                to_tensor(faces.array[asked.rows[i]][None]),
                int(layer) + 1,
                asked.channels[i],
                asked.places[i],
            )
            for i in range(len(asked))
        ]
    near(found, np.stack(expected), 2e-6)


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize(("kind", "layer"), [(Residual, "three"), (Twins, "last")])
def test_functions_sums_and_shared_rectifiers_as_by_hand(method, kind, layer):
    net, faces = network(kind()), pixels()
    asked = units(net, layer, len(faces), 12)
    found = attribute(net, layer, faces, asked, method=method)
    with torch.no_grad():
        expected = [
            net.module.by_hand(
                method,
                to_tensor(faces.array[asked.rows[i]][None]),
                asked.channels[i],
                asked.places[i],
            )
            for i in range(len(asked))
        ]
    near(found, np.stack(expected), 2e-6)


@pytest.mark.parametrize("arch", ["breuer2017", "khorrami2015"])
@pytest.mark.parametrize(
    ("method", "neuron"),
    [
        ("guided-backprop", NeuronGuidedBackprop),
        ("deconvnet", NeuronDeconvolution),
        ("gradient", NeuronGradient),
    ],
)
@pytest.mark.filterwarnings("ignore:Setting backward hooks", "ignore:Input Tensor 0 did not")
def test_batches_equal_plain_captum_one_by_one(arch, method, neuron):
    torch.manual_seed(0)
    module = zoo.build(arch, classes=CLASSES, size=24)
    net = Network.of(module, classes=CLASSES, input_shape=(1, 24, 24))
    faces = pixels(24)
    layer, rectifier = net.layers[-1], module.get_submodule("relu3")
    asked = units(net, layer, len(faces), 24)
    live = np.flatnonzero(values(net, layer, faces, asked) > 0)
    found = attribute(net, layer, faces, asked, method=method, batch_size=7)
    normalise, *others = module.children()
    rest = nn.Sequential(*others)
    assert len(live) > 5
    expected = []
    for i in live:
        picture = normalise(to_tensor(faces.array[asked.rows[i]][None]))
        place = (int(asked.channels[i]), *map(int, asked.places[i]))
        made = neuron(rest, rectifier).attribute(picture, neuron_selector=place)
        expected.append(made[0].sum(0).detach().numpy())
    near(found[live], np.stack(expected))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [chain, Residual])
def test_any_batch_size_gives_the_same(method, kind):
    net, faces = network(kind()), pixels()
    asked = units(net, net.layers[-1], len(faces), 11)
    found = attribute(net, net.layers[-1], faces, asked, method=method)
    near(attribute(net, net.layers[-1], faces, asked, method=method, batch_size=3), found)
    each = [
        attribute(net, net.layers[-1], faces, one(asked, i), method=method)[0] for i in range(11)
    ]
    near(np.stack(each), found)


@pytest.mark.parametrize("layer", ["3", "5"])
def test_integrated_gradients_as_by_hand(layer):
    net, faces = network(chain()), pixels()
    asked = units(net, layer, len(faces), 6)
    found = attribute(net, layer, faces, asked, method="integrated-gradients")
    points, weights = np.polynomial.legendre.leggauss(STEPS)
    expected = np.zeros_like(found)
    start = np.zeros(len(asked))
    for i in range(len(asked)):
        picture = to_tensor(faces.array[asked.rows[i]][None])
        flat = torch.full_like(picture, float(picture.mean()))
        for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
            leaf = (flat + point * (picture - flat)).requires_grad_()
            maps = net.module[: int(layer) + 2](leaf)
            maps[0, asked.channels[i], *asked.places[i]].backward()
            expected[i] += weight * (leaf.grad * (picture - flat))[0, 0].numpy()
        with torch.no_grad():
            start[i] = net.module[: int(layer) + 2](flat)[0, asked.channels[i], *asked.places[i]]
    value = values(net, layer, faces, asked)
    expected[value <= 0] = 0
    near(found, expected, 1e-5)
    live = value > 0
    assert live.any()
    # Complete: the sum is what the picture adds to the flat one; 32 points miss some kinks.
    apart = found.sum((1, 2))[live] - (value - start)[live]
    assert np.abs(apart).max() < 0.02 * np.abs(value).max()
    for weight in net.module.parameters():
        weight.grad = None


@pytest.mark.parametrize("method", METHODS)
def test_a_closed_unit_has_no_attribution(method):
    net, faces = network(chain()), pixels()
    asked = units(net, "5", len(faces), 40)
    value = values(net, "5", faces, asked)
    found = attribute(net, "5", faces, asked, method=method)
    assert (value <= 0).any()
    assert (value > 0).any()
    assert not found[value <= 0].any()
    assert found[value > 0].any((1, 2)).all()


def test_a_unit_that_only_the_flat_picture_opens_has_no_attribution():
    module = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net = network(module, 4)
    with torch.no_grad():
        net.module.get_parameter("0.weight").fill_(-1)
        net.module.get_parameter("0.bias").fill_(0.5)
    array = np.zeros((1, 4, 4), np.uint8)
    array[0, 1, 2] = 255
    faces = Pixels.from_array(["a"], array)
    asked = Units(np.array([0, 0]), np.array([0, 1]), np.array([[1, 2], [0, 0]]))
    found = attribute(net, "0", faces, asked, method="integrated-gradients")
    assert not found[0].any()
    assert found[1, 0, 0] > 0


def test_attribution_stops_at_the_normalisation():
    module = zoo.build("breuer2017", classes=CLASSES, size=24, options={"normalise": "local-mean"})
    net = Network.of(module, classes=CLASSES, input_shape=(1, 24, 24))
    faces = pixels(24)
    asked = Units(np.array([0, 1]), np.array([0, 1]), np.array([[10, 10], [12, 20]]))
    found = attribute(net, "conv1", faces, asked, method="gradient")
    value = values(net, "conv1", faces, asked)
    for i, (row, col) in enumerate(asked.places):
        outside = found[i].copy()
        inside = outside[row - 2 : row + 3, col - 2 : col + 3]
        if value[i] > 0:
            weights = (
                net.module.get_parameter("conv1.weight")[asked.channels[i], 0].detach().numpy()
            )
            near(inside, weights)
        inside[:] = 0
        assert not outside.any()


def test_colours_are_summed():
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net, faces = network(module, 4, 3), pixels(4, channels=3)
    asked = units(net, "0", len(faces))
    found = attribute(net, "0", faces, asked, method="guided-backprop")
    weights = net.module[0].weight.detach().sum((1, 2, 3)).numpy()
    for i, (row, col) in enumerate(asked.places):
        assert found[i, row, col] == pytest.approx(weights[asked.channels[i]])
        assert np.count_nonzero(found[i]) == 1


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_finite_is_named(method):
    net, faces = network(chain()), pixels()
    with torch.no_grad():
        net.module[3].weight[2] = np.nan
    asked = Units(np.array([1, 2]), np.array([0, 2]), np.array([[1, 1], [2, 2]]))
    with pytest.raises(ActivationError, match=r"(?s)layer 3, channel 2.*face2"):
        attribute(net, "3", faces, asked, method=method)


def test_units_outside_are_refused_all_at_once():
    net, faces = network(chain()), pixels()
    asked = Units(np.array([0, 4]), np.array([0, 9]), np.array([[0, 6], [-1, 0]]))
    with pytest.raises(InputError) as error:
        attribute(net, "3", faces, asked)
    assert [fault.where for fault in error.value.faults] == [
        "units: rows",
        "units: channels",
        "units: places, row",
        "units: places, col",
    ]
    with pytest.raises(InputError, match="do not fit the network"):
        attribute(net, "3", pixels(10), asked)
    with pytest.raises(InputError, match="do not fit each other"):
        attribute(net, "3", faces, Units(np.arange(2), np.arange(3), np.zeros((2, 2), np.int64)))


def test_no_units_no_attributions():
    net, faces = network(chain()), pixels()
    none = Units(*(np.zeros(shape, np.int64) for shape in ((0,), (0,), (0, 2))))
    assert attribute(net, "3", faces, none).shape == (0, 12, 12)


@settings(max_examples=15)
@given(st.data())
def test_where_a_unit_cannot_look_is_nothing(data):
    size = data.draw(st.integers(8, 14))
    kernel, stride = data.draw(st.sampled_from([(1, 1), (3, 1), (3, 2), (5, 1)]))
    padding = data.draw(st.integers(0, 2)) if kernel > 1 else 0
    module = nn.Sequential(
        nn.Conv2d(1, 3, kernel, stride, min(padding, kernel // 2)),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 3, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 2),
    )
    net, faces = network(module, size), pixels(size)
    asked = units(net, "3", len(faces), 8)
    method = data.draw(st.sampled_from(RULES))
    found = attribute(net, "3", faces, asked, method=method)
    for i in range(len(asked)):
        leaf = to_tensor(faces.array[asked.rows[i]][None]).requires_grad_()
        value = module[:5](leaf)[0, asked.channels[i], *asked.places[i]]
        (slope,) = torch.autograd.grad(value, leaf)
        if method == "gradient":
            assert np.allclose(found[i], slope[0, 0].numpy(), atol=1e-6)


def test_another_way_through_the_network_is_refused():
    class Turning(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 2, 3)
            self.out = nn.Linear(2, 2)

        def forward(self, x):
            x = x if x.mean() < 0.9 else 2 * x
            return self.out(self.conv(x).mean(dim=(2, 3)))

    net = network(Turning())
    faces = Pixels.from_array(["a"], np.full((1, 12, 12), 255, np.uint8))
    asked = Units(np.array([0]), np.array([0]), np.array([[1, 1]]))
    with pytest.raises(InputError, match="__bool__"):
        attribute(net, "conv", faces, asked)
    assert attribute(net, "conv", faces, asked, method="gradient").max() > 0


def test_each_run_of_a_layer_is_attributed_by_itself():
    """Against the gradient of the forward written out, at the first run and at the second."""
    first, again = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1)
    parts = {"first": first, "conv": again, "relu": nn.ReLU(), "twice": again}
    net = network(nn.Sequential(OrderedDict(**parts, flat=nn.Flatten(), out=nn.Linear(288, 2))))
    images = pixels()
    for layer, depth in (("conv@1", 3), ("conv@2", 4)):
        asked = units(net, layer, len(images), 20)
        found = attribute(net, layer, images, asked, method="gradient")
        for k, (row, channel, (r, c)) in enumerate(
            zip(asked.rows, asked.channels, asked.places, strict=True)
        ):
            picture = torch.from_numpy(images.array[row] / 255).float()[None, None]
            maps = net.module[:depth](picture.requires_grad_())
            (slow,) = torch.autograd.grad(maps[0, channel, r, c], picture)
            np.testing.assert_allclose(found[k], slow[0, 0], atol=1e-6)
        assert found.any()
