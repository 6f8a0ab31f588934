"""Rotation: orthogonal matrices, the same network behind them, layers by their names."""

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.errors import InputError
from facsinterp.nets.network import Network
from facsinterp.nets.rotation import random_rotation, rotated, rotated_at_random
from facsinterp.nets.taps import nonlinearities, tapping


class Block(nn.Module):
    """A convolution run twice, its ReLU a function."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, maps):
        return torch.relu(self.conv(torch.relu(self.conv(maps))))


def network():
    torch.manual_seed(0)
    parts = [nn.Conv2d(1, 3, 3), nn.ReLU(), Block(), nn.Flatten(), nn.Linear(3 * 36, 2)]
    return Network.of(nn.Sequential(*parts), classes=("a", "b"), input_shape=(1, 8, 8))


FACES = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(1))


def maps_of(one):
    with torch.inference_mode(), tapping(one, one.layers) as maps:
        said = one.module(FACES)
        return said, {layer: maps[layer].clone() for layer in one.layers}


def identity(one):
    return {layer: np.eye(count) for layer, count in one.channels.items()}


@pytest.mark.parametrize("channels", [1, 2, 64])
def test_rotations_are_orthogonal_and_their_own_for_each_seed_and_layer(channels):
    found = random_rotation(channels, 3)
    np.testing.assert_allclose(found @ found.T, np.eye(channels), atol=1e-12)
    np.testing.assert_array_equal(found, random_rotation(channels, 3))
    if channels > 1:
        assert not np.allclose(found, random_rotation(channels, 4))
        assert not np.allclose(found, random_rotation(channels, 3, layer=1))


def test_every_direction_is_as_likely():
    """The first filter's share in the first direction has mean 1 / channels over seeds."""
    share = np.array([random_rotation(4, seed)[:, 0] for seed in range(2000)])
    np.testing.assert_allclose((share**2).mean(axis=0), 0.25, atol=0.02)
    np.testing.assert_allclose(share.mean(axis=0), 0, atol=0.05)


def test_the_identity_gives_the_same_maps_after_the_nonlinearity():
    plain = network()
    said, maps = maps_of(plain)
    turned = rotated(plain, identity(plain))
    also_said, also = maps_of(turned)
    assert turned.layers == ("rotated.0", "rotated.2.conv@1", "rotated.2.conv@2")
    assert torch.equal(said, also_said)
    for layer in plain.layers:
        torch.testing.assert_close(also[f"rotated.{layer}"], maps[layer])


def test_maps_are_mixed_place_by_place_and_the_answer_stays():
    plain = network()
    said, maps = maps_of(plain)
    turned = rotated_at_random(plain, seed=5)
    also_said, also = maps_of(turned)
    assert torch.equal(said, also_said)
    for i, layer in enumerate(plain.layers):
        matrix = random_rotation(3, 5, i)
        wanted = np.einsum("fc,bcij->bfij", matrix, maps[layer].numpy())
        np.testing.assert_allclose(also[f"rotated.{layer}"].numpy(), wanted, atol=1e-5)
    assert set(nonlinearities(turned).values()) == {"none"}


def test_the_seed_decides_the_fingerprint():
    plain = network()
    assert (
        rotated_at_random(plain, 1).fingerprint
        == rotated_at_random(network(), 1).fingerprint
        != rotated_at_random(plain, 2).fingerprint
        != plain.fingerprint
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_rotated_network_can_be_sent_to_other_processes(copied):
    turned = rotated_at_random(network(), 1)
    _, maps = maps_of(turned)
    _, again = maps_of(copied(turned))
    for layer in turned.layers:
        assert torch.equal(maps[layer], again[layer])


def test_matrices_that_do_not_fit_are_all_named():
    plain = network()
    wrong = {"0": np.eye(4), "2.conv@1": np.ones((3, 3))}
    with pytest.raises(InputError) as caught:
        rotated(plain, wrong)
    assert len(caught.value.faults) == 3
