"""Crops of pictures give a unit the value and the attribution that whole pictures give."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.rotation import rotated
from facsinterp.saliency import attribute as room
from facsinterp.saliency.attribute import Units, attribute
from facsinterp.saliency.crops import Crops, Side
from facsinterp.saliency.rules import METHODS
from tests.saliency.nets import CLASSES, network, pixels


@st.composite
def chains(draw):
    """Convolutions and poolings of any kernel, stride, padding and dilation."""
    parts: list[nn.Module] = []
    width = 1
    for _ in range(draw(st.integers(1, 4))):
        kernel = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        stride = draw(st.integers(1, 2)), draw(st.integers(1, 2))
        if draw(st.booleans()):
            padding = draw(st.integers(0, 2)), draw(st.integers(0, 2))
            dilation = draw(st.integers(1, 2))
            parts += [nn.Conv2d(width, 2, kernel, stride, padding, dilation), nn.ReLU()]
            width = 2
        else:
            padding = kernel[0] // 2, kernel[1] // 2
            ceil = draw(st.booleans())
            pool = draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))
            parts.append(pool(kernel, stride, padding, ceil_mode=ceil))
    parts += [nn.Conv2d(width, 3, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts, nn.Linear(3, 2)), str(len(parts) - 3)


@settings(max_examples=30)
@given(chains(), st.integers(14, 25), st.sampled_from(METHODS[:3]))
def test_crops_change_nothing(chain, size, method):
    module, layer = chain
    try:
        net = network(module, size)
    except ValueError:  # nothing is left of the picture
        return
    same(net, layer, size, method)


def test_a_network_that_takes_no_crops_is_shown_whole_pictures():
    """Rotated filters read maps of the network inside, which must be of their size."""
    plain = network(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 14 * 14, 2)), 16
    )
    turned = rotated(plain, {"0": np.eye(4)})
    faces, places = pixels(16, 3), np.array([[0, 0], [5, 9], [13, 13]])
    units = Units(np.arange(3), np.array([0, 1, 3]), places)
    (layer,) = turned.layers
    found = attribute(turned, layer, faces, units, method="gradient")
    values = attribute(plain, "0", faces, units, method="gradient")
    shown = values.any(axis=(1, 2))
    assert shown.any()
    np.testing.assert_allclose(found[shown], values[shown], atol=1e-6)


@pytest.mark.parametrize("size", [24, 25, 26, 27])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_crops_begin_at_whole_strides_and_end_at_edges(size, stride):
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3, stride, 1),
        nn.ReLU(),
        nn.Conv2d(2, 3, 3, padding=1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 2),
    )
    net = network(module, size)
    assert Crops.of(net, "2").share < 0.5
    same(net, "2", size, "gradient")


def same(net, layer, size, method):
    """Crops and whole pictures give the same for units all over the map."""
    faces = pixels(size, 3)
    rows, cols = net.sizes[layer]
    grid = np.stack(np.meshgrid(range(rows), range(cols), indexing="ij"), -1).reshape(-1, 2)
    grid = grid[np.unique(np.linspace(0, len(grid) - 1, 40).astype(int))]
    count = len(grid)
    asked = Units(np.arange(count) % 3, np.arange(count) % 3, grid)
    crops = Crops.of(net, layer)
    with pytest.MonkeyPatch.context() as patch:
        # Not compared with whole pictures, nor given up, before.
        patch.setattr(room._Asking, "cropped", lambda asking, _: replace(asking, crops=crops))
        found = attribute(net, layer, faces, asked, method=method)
        patch.setattr(room._Asking, "cropped", lambda asking, _: asking)
        expected = attribute(net, layer, faces, asked, method=method)
    assert np.abs(found - expected).max() <= 2e-6 * np.abs(expected).max()
    starts = np.stack([one[:, 0] for one in crops.pixels(grid)], axis=1)
    assert (starts >= 0).all()
    assert (starts % [crops.rows.stride, crops.cols.stride] == 0).all()


def test_the_papers_network_needs_small_crops():
    module = zoo.build("breuer2017", classes=CLASSES, size=96)
    net = Network.of(module, classes=CLASSES, input_shape=(1, 96, 96))
    assert [Crops.of(net, layer).rows.length for layer in net.layers] == [5, 16, 36]


def test_a_way_that_knows_places_is_not_cropped(monkeypatch):
    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 2, 3, padding=1)
            self.two = nn.Conv2d(2, 2, 3, padding=1)
            self.out = nn.Linear(2, 2)

        def forward(self, x):
            x = torch.relu(self.one(x))
            ramp = torch.linspace(0, 1, x.shape[-1])
            return self.out(torch.relu(self.two(x * ramp)).mean(dim=(2, 3)))

    net, faces = network(Placed(), 20), pixels(20)
    asked = Units(np.array([0, 1]), np.array([0, 1]), np.array([[9, 9], [18, 3]]))
    expected = attribute(net, "two", faces, asked)
    monkeypatch.setattr(Crops, "of", None)
    assert (attribute(net, "two", faces, asked) == expected).all()


def test_crops_that_would_change_something_are_not_used(monkeypatch):
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net = network(module, 20)
    faces = pixels(20)
    asked = Units(np.array([0, 1]), np.array([0, 1]), np.array([[9, 9], [17, 3]]))
    expected = attribute(net, "0", faces, asked)
    right = Crops.of(net, "0")
    wrong = Crops(right.rows, Side(20, 3, 1, -1))
    monkeypatch.setattr(Crops, "of", lambda *_: wrong)
    assert (attribute(net, "0", faces, asked) == expected).all()
