import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.activations.plan import Plan
from facsinterp.activations.sweeping.overlap import ahead, behind
from facsinterp.activations.sweeping.passes import Passes
from facsinterp.errors import ActivationError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network

from . import tiny


class Viewing(nn.Module):
    """Flattens by `view`, which maps with channels side by side do not allow."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.out = nn.Linear(4 * 36, 2)

    def forward(self, x):
        maps = torch.relu(self.conv(x))
        return self.out(maps.view(len(maps), -1))


def flattening():
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(4 * 36, 2),
    )


def made(module, n=10, batch_size=4):
    torch.manual_seed(0)
    network = Network.of(module(), classes=("a", "b"), input_shape=(1, 8, 8))
    array = np.random.default_rng(0).integers(0, 256, (n, 8, 8), dtype=np.uint8)
    pixels = Pixels.from_array(tiny.faces(n).images, array)
    plan = Plan.of(
        network.fingerprint,
        network.channels,
        tiny.faces(n),
        pixels.fingerprint,
        batch_size=batch_size,
    )
    return network, pixels, plan


def answers(network, pixels, plan, batches, *, low=False):
    with Passes.opened(network, pixels, plan, device="cpu", low=low) as passes:
        return list(passes.answers(batches))


@pytest.mark.parametrize(
    ("module", "expected"),
    [(flattening, torch.channels_last), (Viewing, torch.contiguous_format)],
)
def test_a_network_is_fed_in_the_fastest_format_that_it_takes(module, expected):
    network, pixels, plan = made(module)
    with Passes.opened(network, pixels, plan, device="cpu", low=False) as passes:
        assert passes.memory_format is expected
        (found,) = passes.answers([np.arange(4)])
    with torch.no_grad():
        batch = torch.from_numpy(pixels.array[:4].astype(np.float32))[:, None] / 255
        maps = network.module.conv(batch) if module is Viewing else network.module[:2](batch)
    np.testing.assert_allclose(
        found["peak"], maps.relu().amax((2, 3)).numpy(), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize("module", [flattening, Viewing])
def test_the_network_is_as_it_was_to_the_stride(module, low):
    network, pixels, plan = made(module)
    before = {
        name: (value, value.clone(), value.stride(), value.data_ptr())
        for name, value in network.module.state_dict(keep_vars=True).items()
    }
    answers(network, pixels, plan, [np.arange(4)], low=low)
    after = network.module.state_dict(keep_vars=True)
    for name, (tensor, values, stride, place) in before.items():
        assert after[name] is tensor
        assert (tensor.stride(), tensor.data_ptr()) == (stride, place)
        assert torch.equal(tensor, values)
        assert not tensor.is_inference()
    batch = torch.rand(2, 1, 8, 8, requires_grad=True)
    network.module(batch).sum().backward()
    assert batch.grad is not None


def test_an_exception_inside_leaves_the_network_as_it_was():
    network, pixels, plan = made(flattening)
    weight = network.module[0].weight
    stride = weight.stride()

    def fail():
        with Passes.opened(network, pixels, plan, device="cpu", low=True):
            assert any(part._forward_hooks for part in network.module.modules())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert weight.stride() == stride
    assert not any(part._forward_hooks for part in network.module.modules())
    assert not torch.is_inference_mode_enabled()
    assert not torch.is_autocast_enabled("cpu")


def test_a_short_batch_gives_its_rows_only():
    network, pixels, plan = made(flattening)
    whole, short = answers(network, pixels, plan, [np.arange(4), np.array([8, 9])])
    for name, values in whole.items():
        assert len(values) == 4
        assert len(short[name]) == 2
    np.testing.assert_array_equal(short["face"], pixels.array[8:])


def test_convolutions_do_not_depend_on_the_place_in_a_batch():
    network, pixels, plan = made(flattening)
    with Passes.opened(network, pixels, plan, device="cpu", low=False) as passes:
        assert passes.position_free()


def test_a_network_whose_answers_depend_on_the_place_is_noticed():
    class Placed(nn.Module):
        def forward(self, x):
            return x + torch.arange(len(x))[:, None, None, None] * 1e-3

    network, pixels, plan = made(
        lambda: nn.Sequential(
            *flattening()[:2], Placed(), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2)
        )
    )
    assert network.layers == ("0",)
    with Passes.opened(network, pixels, plan, device="cpu", low=False) as passes:
        assert passes.position_free()  # what comes after the maps of a layer changes none
    placed = nn.Sequential(Placed(), *flattening())
    network, pixels, plan = made(lambda: placed)
    with Passes.opened(network, pixels, plan, device="cpu", low=False) as passes:
        assert not passes.position_free()


def test_a_callers_autocast_and_gradients_are_no_part_of_it():
    network, pixels, plan = made(flattening)
    network.module(torch.rand(2, 1, 8, 8)).sum().backward()
    weight = network.module.get_parameter("0.weight")
    gradient = weight.grad
    (plain,) = answers(network, pixels, plan, [np.arange(4)])
    with torch.autocast("cpu", torch.bfloat16):
        (inside,) = answers(network, pixels, plan, [np.arange(4)])
    np.testing.assert_array_equal(plain["peak"], inside["peak"])
    assert weight.grad is gradient


def test_a_map_of_minus_infinity_is_refused():
    network, pixels, plan = made(flattening)
    with torch.no_grad():
        network.module.get_parameter("1.bias")[2] = -torch.inf
    with pytest.raises(ActivationError, match="image face000, layer 0, channel 2"):
        answers(network, pixels, plan, [np.arange(4)])


def test_reading_ahead_keeps_order_and_few_items():
    made_items = []

    def make(item):
        made_items.append(item)
        return item * 10

    found = ahead(make, range(20))
    assert next(found) == 0
    assert len(made_items) <= 3
    assert list(found) == [10 * item for item in range(1, 20)]


def test_what_fails_ahead_fails_in_its_turn():
    found = ahead(lambda item: 1 / (item - 2), range(5))
    assert [next(found), next(found)] == [-0.5, -1.0]
    with pytest.raises(ZeroDivisionError):
        next(found)


def test_use_goes_on_behind_and_ends_when_making_fails():
    used: list[int] = []

    def items():
        yield from range(3)
        raise KeyError

    with pytest.raises(KeyError):
        list(behind(used.append, items()))
    assert used == [0, 1, 2]
    assert list(behind(lambda item: item + 1, range(4))) == [1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        list(behind(lambda item: 1 / item, [1, 0, 2]))
