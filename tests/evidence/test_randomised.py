"""Weights that are drawn anew: which, from what, and that the network given stays."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import InputError
from facsinterp.evidence.weights.randomised import (
    answers,
    blocks,
    jittered,
    redrawn,
    stand_ins,
    untrained,
)
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.taps import tapping
from tests.evidence.small import BLUEPRINT, CLASSES, SIZE, breuer, faces, normed


def weights(network):
    return {name: value.clone() for name, value in network.module.state_dict().items()}


def test_blocks_lead_from_the_layer_down():
    assert blocks(breuer(), "conv3") == (("conv3",), ("conv2",), ("conv1",))
    assert blocks(breuer(), "conv2") == (("conv2",), ("conv1",))
    assert blocks(breuer(), "conv1") == (("conv1",),)


def test_a_norm_belongs_to_its_convolution_and_a_module_counts_once():
    network = normed()
    assert network.layers == ("conv1", "again@1", "again@2")
    assert blocks(network, "again@2") == (("again", "norm3"), ("conv1", "norm1"))
    assert blocks(network, "again@1") == (("again",), ("conv1", "norm1"))
    assert blocks(network, "conv1") == (("conv1", "norm1"),)


def test_refuses_layers_and_modules_that_are_not_there():
    with pytest.raises(InputError, match="conv9"):
        blocks(breuer(), "conv9")
    with pytest.raises(InputError, match="did you mean 'conv1'"):
        redrawn(breuer(), ["conv11"], 1)


def test_weights_come_from_the_initialiser_of_the_architecture():
    network = breuer(seed=0)
    before = weights(network)
    fresh = zoo.from_blueprint(BLUEPRINT, seed=5).state_dict()
    made = weights(redrawn(network, ["conv2", "fc4"], seed=5))
    for name, value in made.items():
        expected = fresh if name.split(".")[0] in ("conv2", "fc4") else before
        assert torch.equal(value, expected[name]), name
    assert not torch.equal(made["conv2.weight"], before["conv2.weight"])


def test_an_unknown_make_has_its_weights_shuffled():
    network = breuer(blueprint=False)
    before, made = weights(network), weights(redrawn(network, ["conv2"], seed=5))
    for name, value in made.items():
        assert torch.equal(value, before[name]) == (name != "conv2.weight"), name
    shuffled, given_ = made["conv2.weight"].flatten(), before["conv2.weight"].flatten()
    assert torch.equal(shuffled.sort().values, given_.sort().values)
    assert (shuffled == given_).float().mean() < 0.01


def test_a_blueprint_of_something_else_is_refused():
    network = breuer()
    wrong = Network.of(
        network.module,
        classes=CLASSES,
        input_shape=(1, SIZE, SIZE),
        blueprint=Blueprint("breuer2017", CLASSES, SIZE, 1, {"bias": False}),
    )
    with pytest.raises(InputError, match="blueprint builds another"):
        redrawn(wrong, ["conv1"], 1)


@pytest.mark.parametrize("make", [breuer, lambda: breuer(blueprint=False), normed])
def test_the_network_given_stays_as_it_was(make):
    network = make()
    layer = network.layers[-1]
    network.module.train()
    before, printed = weights(network), str(torch.get_rng_state().sum())
    for changed in (untrained(network, layer, 1), jittered(network, 0.1, 1)):
        assert changed.fingerprint != network.fingerprint
        assert changed.layers == network.layers
        assert not {id(v) for v in changed.module.parameters()} & {
            id(v) for v in network.module.parameters()
        }
    assert all(torch.equal(value, before[name]) for name, value in weights(network).items())
    assert all(part.training for part in network.module.modules())
    assert str(torch.get_rng_state().sum()) == printed


def test_draws_depend_on_the_seed_alone():
    for blueprint in (True, False):
        one, same, other = (
            untrained(breuer(blueprint=blueprint), "conv2", seed).fingerprint for seed in (1, 1, 2)
        )
        assert one == same != other


def test_nothing_of_training_is_left_below_the_layer():
    made = [weights(untrained(breuer(seed=seed), "conv3", 7)) for seed in (1, 2)]
    for name in made[0]:
        left = name.split(".")[0] in ("fc4", "output") and name.endswith("weight")
        assert torch.equal(made[0][name], made[1][name]) != left, name


def test_jitter_is_a_share_of_the_deviation():
    network = breuer()
    before, made = weights(network), weights(jittered(network, 0.01, 3))
    noise = made["conv3.weight"] - before["conv3.weight"]
    assert float(noise.std() / before["conv3.weight"].std()) == pytest.approx(0.01, rel=0.01)
    assert not torch.equal(noise, torch.zeros_like(noise))


@pytest.mark.parametrize("batch_size", [1, 4, 64])
def test_answers_are_those_of_the_maps(batch_size):
    network, pixels = breuer(), faces()
    draws = np.random.default_rng(1)
    rows = draws.integers(0, 6, 20)
    places = draws.integers(0, 8, (20, 2))
    found = answers(network, "conv2", pixels, rows, places, batch_size=batch_size)
    with tapping(network, ["conv2"]) as maps, torch.no_grad():
        network.module(to_tensor(pixels.array))
        for sample, (row, (at_row, at_col)) in enumerate(zip(rows, places, strict=True)):
            slow = maps["conv2"][row, :, at_row, at_col].numpy()
            assert found[sample] == pytest.approx(slow, abs=1e-5)


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_stand_in_is_the_next_filter_that_answers(seed, count):
    draws = np.random.default_rng(seed)
    answered = np.maximum(draws.normal(-0.5, 1, (8, count)), 0).astype(np.float32)
    channels = draws.integers(0, count, 8)
    found = stand_ins(answered, channels)
    for sample in range(8):
        order = [(channels[sample] + step) % count for step in range(count)]
        slow = next((channel for channel in order if answered[sample, channel] > 0), -1)
        assert found[sample] == slow
