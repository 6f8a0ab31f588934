"""Receptive fields against the pixels that have a gradient."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import ReceptiveField, receptive_fields
from facsinterp.nets.taps import tapping

CLASSES = ("neutral", "happy")


def head(width):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 2)]


CHAINS = {
    "strides": [nn.Conv2d(1, 2, 5, 2, 1), nn.ReLU(), nn.Conv2d(2, 3, 3, 2, 2), *head(3)],
    "dilation": [nn.Conv2d(1, 2, 3, dilation=2), nn.Tanh(), nn.Conv2d(2, 3, 2, 3), *head(3)],
    "pools": [
        nn.Conv2d(1, 2, 3, padding="same"),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.AvgPool2d(3, 2, 1),
        nn.Conv2d(2, 2, 4, padding="same"),
        nn.AvgPool2d((2, 2)),
        nn.Dropout(),
        nn.Conv2d(2, 3, 1, padding="valid"),
        *head(3),
    ],
    "max pools": [
        nn.Conv2d(1, 2, 3, padding=1),
        nn.MaxPool2d(3, 2, padding=1, dilation=1),
        nn.Conv2d(2, 3, 3, padding=1),
        *head(3),
    ],
}


def smooth(module):
    """Every weight positive and every pixel felt: averages stand for maxima."""
    for name, part in list(module.named_children()):
        if isinstance(part, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(part.kernel_size, part.stride, part.padding))
        if isinstance(part, nn.ReLU):
            setattr(module, name, nn.Identity())
        if hasattr(part, "weight"):
            nn.init.uniform_(part.weight, 0.5, 1)
    return module


def felt(network, layer, row, col):
    """First and last row and column with a gradient of one unit."""
    pixels = torch.rand(1, *network.input_shape, requires_grad=True)
    with tapping(network, [layer]) as maps:
        network.module(pixels)
        (slope,) = torch.autograd.grad(maps[layer][0, 0, row, col], pixels)
    rows, cols = (slope[0, 0] != 0).nonzero(as_tuple=True)
    return rows.min().item(), cols.min().item(), rows.max().item() + 1, cols.max().item() + 1


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", CHAINS)
def test_fields_are_the_pixels_with_a_gradient(name):
    size = 40
    module = nn.Sequential(*CHAINS[name])
    network = Network.of(module, classes=CLASSES, input_shape=(1, size, size))
    fields = receptive_fields(network)
    assert set(fields) == set(network.layers)
    felt_by = Network.of(smooth(module), classes=CLASSES, input_shape=(1, size, size))
    for layer, field in fields.items():
        for row, col in ((0, 0), (2, 3), (1, 4)):
            told = tuple(min(max(edge, 0), size) for edge in field.window(row, col))
            assert told == felt(felt_by, layer, row, col)


@pytest.mark.parametrize("arch", ["breuer2017", "khorrami2015"])
def test_fields_of_the_two_papers(arch):
    module = zoo.build(arch, classes=CLASSES, size=96)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 96, 96))
    assert receptive_fields(network) == {
        "conv1": ReceptiveField(5, 1, -2),
        "conv2": ReceptiveField(14, 2, -6),
        "conv3": ReceptiveField(32, 4, -14),
    }


class Branching(nn.Module):
    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 2, 3, padding=1)
        self.two = nn.Conv2d(2, 2, 3, padding=1)
        self.relu = nn.ReLU()
        self.three = nn.Conv2d(2, 2, 3)
        self.out = nn.Linear(2, 2)

    def forward(self, x):
        x = self.one(x)
        y = self.two(x)
        y += x  # the same tensor, with other values
        return self.out(self.three(self.relu(y)).mean(dim=(2, 3)))


def test_layers_behind_a_sum_have_no_entry():
    network = Network.of(Branching(), classes=CLASSES, input_shape=(1, 9, 9))
    assert receptive_fields(network) == {
        "one": ReceptiveField(3, 1, -1),
        "two": ReceptiveField(5, 1, -2),
    }


@pytest.mark.parametrize(
    "first",
    [
        nn.Conv2d(1, 2, (3, 5)),
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"),
        nn.Sequential(nn.InstanceNorm2d(1), nn.Conv2d(1, 2, 3)),
    ],
)
def test_what_is_not_known_exactly_has_no_entry(first):
    network = Network.of(
        nn.Sequential(first, nn.ReLU(), nn.Conv2d(2, 2, 1), *head(2)),
        classes=CLASSES,
        input_shape=(1, 12, 12),
    )
    assert receptive_fields(network) == {}


class Again(nn.Module):
    """One convolution run twice, and once more behind what mixes; functions between."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.out = nn.Linear(1, 2)

    def forward(self, x):
        y = functional.leaky_relu(functional.relu_(self.conv(input=x)), 0.5, inplace=True)
        y = self.conv(functional.dropout(y, training=self.training).clone().clamp(max=9))
        z = self.conv(functional.softmax(y, dim=3))
        return self.out(z.mean(dim=(2, 3)))


def test_each_run_has_its_own_field_and_functions_keep_it():
    network = Network.of(Again(), classes=CLASSES, input_shape=(1, 12, 12))
    assert network.layers == ("conv@1", "conv@2", "conv@3")
    assert receptive_fields(network) == {
        "conv@1": ReceptiveField(3, 1, 0),
        "conv@2": ReceptiveField(5, 1, 0),
    }


def test_what_takes_no_single_tensor_has_no_field():
    pick = nn.Identity()
    pick.register_forward_hook(lambda _part, _args, pair: pair[0].cumsum(dim=2))
    module = nn.Sequential(nn.MaxPool2d(2, return_indices=True), pick, nn.Conv2d(1, 2, 1), *head(2))
    network = Network.of(module, classes=CLASSES, input_shape=(1, 8, 8))
    assert receptive_fields(network) == {}
