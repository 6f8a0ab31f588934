"""Effective receptive fields against gradients by hand, and against random walks."""

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.errors import ActivationError, InputError
from facsinterp.nets import zoo
from facsinterp.nets.effective import EffectiveField, effective_field
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.receptive import receptive_fields

CLASSES = ("neutral", "happy")


class Head(nn.Module):
    def forward(self, x):
        return x.sum(dim=(1, 2, 3))[:, None].repeat(1, 2)


def made(*parts, size=24, channels=1):
    module = nn.Sequential(*parts, Head())
    return Network.of(module, classes=CLASSES, input_shape=(channels, size, size))


@pytest.fixture(scope="module")
def faces():
    return np.random.default_rng(0).integers(0, 256, (5, 24, 24), dtype=np.uint8)


@pytest.mark.parametrize("normalise", ["none", "image", "local-contrast"])
def test_it_is_the_mean_absolute_gradient_written_slowly(faces, normalise):
    module = zoo.build("breuer2017", {"normalise": normalise}, classes=CLASSES, size=24, seed=1)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 24, 24))
    found = effective_field(network, "conv2", faces, batch_size=2)
    total = torch.zeros(24, 24, dtype=torch.float64)
    parts = dict(module.named_modules())
    for face in faces:
        leaf = parts["normalise"](to_tensor(face[None])).detach().requires_grad_()
        x = torch.relu(parts["conv1"](leaf))
        maps = torch.relu(parts["conv2"](torch.max_pool2d(x, 2)))
        for unit in maps[0, :, 6, 6]:
            (slope,) = torch.autograd.grad(unit, leaf, retain_graph=True)
            total += slope[0, 0].abs()
    total /= len(faces) * maps.shape[1]
    assert (found.row, found.col, found.top, found.left) == (6, 6, 6, 6)
    assert found.gradient.shape == (14, 14)
    np.testing.assert_allclose(found.gradient, total[6:20, 6:20], rtol=1e-5, atol=1e-9)
    assert total.sum() == pytest.approx(found.gradient.sum(), rel=1e-5)


def test_batches_change_nothing_but_rounding(faces):
    network = made(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.ReLU())
    whole = effective_field(network, "3", faces)
    for batch_size in (1, 2, 3):
        parts = effective_field(network, "3", faces, batch_size=batch_size)
        np.testing.assert_allclose(parts.gradient, whole.gradient, rtol=1e-5, atol=1e-9)


def test_colour_channels_are_summed_and_channels_and_faces_averaged():
    network = made(nn.Conv2d(3, 2, 1, bias=False), size=3, channels=3)
    with torch.no_grad():
        weights = torch.tensor([[1.0, -2, 3], [0, 0, -4]])
        network.module[0].weight.copy_(weights[:, :, None, None])
    pixels = np.zeros((2, 3, 3, 3), np.uint8)
    found = effective_field(network, "0", pixels)
    assert found.gradient.tolist() == [[5.0]]  # (6 + 4) / 2


def test_weights_of_one_give_the_binomial_walk_of_the_paper(faces):
    """n convolutions with k equal weights are n steps of a random walk: its probabilities."""
    layers = 4
    parts = [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(layers)]
    network = made(*parts)
    with torch.no_grad():
        for part in parts:
            part.weight.fill_(1 / 9)
    found = effective_field(network, str(layers - 1), faces)
    walk = np.array([1.0])
    for _ in range(layers):
        walk = np.convolve(walk, [1 / 3] * 3)
    np.testing.assert_allclose(found.gradient, np.outer(walk, walk), rtol=1e-5)
    wanted = sum(p * q > 0.0455 * walk.max() ** 2 for p in walk for q in walk)
    assert found.side == pytest.approx(wanted**0.5)
    assert found.share == pytest.approx(wanted**0.5 / 9)


def test_it_grows_with_the_root_of_the_depth_and_its_share_shrinks(faces):
    sides = []
    for layers in (2, 4, 8):
        parts = [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(layers)]
        network = made(*parts)
        with torch.no_grad():
            for part in parts:
                part.weight.fill_(1 / 9)
        sides.append(effective_field(network, str(layers - 1), faces))
    assert sides[0].side < sides[1].side < sides[2].side
    assert sides[0].share > sides[1].share > sides[2].share
    # A walk four times as long reaches twice as far: 5.0 and 10.7, less what whole pixels do.
    assert sides[2].side / sides[0].side == pytest.approx(2, rel=0.2)


def test_where_nothing_flows_it_is_zero(faces):
    network = made(nn.Conv2d(1, 2, 3), nn.ReLU())
    with torch.no_grad():
        network.module[0].bias.fill_(-100)
    found = effective_field(network, "0", faces)
    assert found.gradient.tolist() == [[0.0] * 3] * 3
    assert (found.side, found.share) == (0.0, 0.0)


def test_a_field_larger_than_the_image_is_zero_in_the_padding(faces):
    network = made(nn.Conv2d(1, 1, 31, padding=15), nn.ReLU6())
    with torch.no_grad():
        network.module[0].weight.fill_(1e-3)
        network.module[0].bias.fill_(1)
    found = effective_field(network, "0", faces)
    assert found.gradient.shape == (31, 31)
    assert (found.top, found.left) == (-3, -3)
    inside = np.zeros((31, 31), bool)
    inside[3:27, 3:27] = True
    assert ((found.gradient > 0) == inside).all()


def test_the_network_is_left_as_it_was(faces):
    network = made(nn.Conv2d(1, 2, 3), nn.ReLU())
    network.module[0].bias.requires_grad_(False)
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    effective_field(network, "0", faces)
    flags = [weight.requires_grad for weight in network.module.parameters()]
    assert flags == [True, False]
    assert all(weight.grad is None for weight in network.module.parameters())
    after = network.module.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not any(part._forward_hooks for part in network.module.modules())


def test_faults_are_told_together_and_before_anything_runs(faces):
    network = made(
        nn.Conv2d(1, 2, 3), nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 1, 1)
    )
    with pytest.raises(InputError) as caught:
        effective_field(network, "1", faces[:, :20])
    assert "'1' is not a tapped layer" in str(caught.value)
    assert "cannot take" in str(caught.value)
    with pytest.raises(InputError, match="not known exactly"):
        effective_field(network, "2", faces)
    with pytest.raises(InputError, match="cannot take"):
        effective_field(network, "0", faces[:0])


def test_a_gradient_outside_the_box_is_refused(faces, monkeypatch):
    network = made(nn.Conv2d(1, 2, 5), nn.Conv2d(2, 2, 3))
    narrow = receptive_fields(network)["0"]
    monkeypatch.setattr(
        "facsinterp.nets.effective.receptive_fields", lambda _network: {"1": narrow}
    )
    with pytest.raises(ActivationError, match="outside the box"):
        effective_field(network, "1", faces)


def test_a_threshold_of_the_largest_gradient():
    gradient = np.array([[1.0, 0.0456], [0.0454, 0.0]])
    assert EffectiveField("x", 0, 0, gradient, 0, 0).side == pytest.approx(2**0.5)
