"""Nonlinearities: found however they are called, and applied as torch itself does."""

import copy
import pickle

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facsinterp.nets.network import Network
from facsinterp.nets.nonlinearity import NONLINEARITIES, Nonlinearity, of_module

CLASSES = ("neutral", "happy")

FUNCTIONS = {
    "relu": F.relu,
    "torch.relu": torch.relu,
    "method": lambda x: x.relu(),
    "relu_": F.relu_,
    "relu inplace": lambda x: F.relu(x, inplace=True),
    "clamp": lambda x: x.clamp(min=0),
    "clamp_": lambda x: x.clamp_(min=0.0),
    "clip": lambda x: torch.clip(x, 0, None),
    "clamp_min": lambda x: torch.clamp_min(x, 0),
    "threshold": lambda x: F.threshold(x, 0, 0),
    "clamp both": lambda x: x.clamp(-0.1, 0.2),
    "clamp 0 6": lambda x: x.clamp(0, 6),
    "clamp above": lambda x: x.clamp(min=0.1),
    "clamp max": lambda x: x.clamp_max_(0.0),
    "threshold 1": lambda x: F.threshold(x, 0.1, -5),
    "relu6": F.relu6,
    "hardtanh": lambda x: F.hardtanh(x, -0.2, 0.1, inplace=True),
    "leaky_relu": lambda x: F.leaky_relu(x, 0.3),
    "leaky_relu_": F.leaky_relu_,
    "elu": F.elu,
    "elu_": lambda x: F.elu_(x, alpha=0.5),
    "selu": F.selu,
    "selu inplace": lambda x: F.selu(x, inplace=True),
    "celu": lambda x: F.celu(x, 0.7),
    "gelu": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "silu inplace": lambda x: F.silu(x, inplace=True),
    "mish": F.mish,
    "softplus": lambda x: F.softplus(x, beta=2),
    "sigmoid": torch.sigmoid,
    "sigmoid_": lambda x: x.sigmoid_(),
    "logsigmoid": F.logsigmoid,
    "tanh": torch.tanh,
    "hardswish": F.hardswish,
    "hardsigmoid": F.hardsigmoid,
    "softshrink": lambda x: F.softshrink(x, 0.1),
    "hardshrink": lambda x: F.hardshrink(x, 0.1),
}
RECTIFIERS = {
    "relu", "torch.relu", "method", "relu_", "relu inplace", "clamp", "clamp_", "clip",
    "clamp_min", "threshold",
}  # fmt: skip

# What computes no number by itself from one alone, or by weights, or of several parts.
NONE = {
    "nothing": lambda x: x,
    "sum first": lambda x: F.relu(x + 1),
    "sum written over": lambda x: F.relu(x.add_(1)),
    "tensor bounds": lambda x: torch.clamp(x, min=torch.zeros(())),
    "prelu": lambda x: F.prelu(x, torch.full((1,), 0.2)),
    "softmax": lambda x: x.softmax(dim=1),
    "max": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "pooled first": lambda x: F.relu(F.max_pool2d(x, 2)),
    "swish of parts": lambda x: x * torch.sigmoid(x),
    "swish written over": lambda x: x.mul_(torch.sigmoid(x)),
    "mish of parts": lambda x: x * torch.tanh(F.softplus(x)),
    "tanhshrink": F.tanhshrink,
}


class One(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.function = function
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.function(self.conv(x)).mean(dim=(2, 3)))


class Leaf(nn.Module):
    """A module of the user's own around a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


def bend_of(module: nn.Module) -> Nonlinearity:
    bend = of_module(module)
    assert bend is not None
    return bend


def bend_in(network: Network) -> Nonlinearity:
    bend = network.taps["conv"].nonlinearity
    assert bend is not None
    return bend


def found(function):
    torch.manual_seed(0)
    network = Network.of(One(function), classes=CLASSES, input_shape=(1, 8, 8))
    return network.taps["conv"].nonlinearity


def values(dtype=torch.float32):
    spread = torch.randn(2, 4, 5, 6, generator=torch.Generator().manual_seed(2), dtype=dtype)
    spread[0, 0, 0] = torch.tensor([0.0, -0.0, 7.0, -7.0, 1e-30, -1e-30])
    return spread


@pytest.mark.parametrize("own", [False, True], ids=["function", "module of one's own"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_found_and_applied_as_it_is(name, own):
    function = FUNCTIONS[name]
    bend = found(Leaf(function) if own else function)
    assert bend.name.startswith("functional ")
    assert bend.rectifies == (name in RECTIFIERS)
    for dtype in (torch.float32, torch.float64):
        given = values(dtype)
        before = given.clone()
        assert torch.equal(bend.apply(given), function(values(dtype)))
        assert torch.equal(given, before)
    if bend.rectifies:
        assert torch.equal(bend.apply(values()), torch.maximum(values(), torch.zeros(())))


@pytest.mark.parametrize("name", NONE)
def test_what_is_no_nonlinearity_of_the_value_alone_is_none(name):
    assert found(NONE[name]) is None


def test_names_are_those_of_the_functions():
    names = {"relu_": "relu", "relu6": "relu6", "selu": "selu", "hardtanh": "hardtanh",
             "elu": "elu", "logsigmoid": "log_sigmoid", "clamp": "clamp"}  # fmt: skip
    for name, told in names.items():
        assert found(FUNCTIONS[name]).name == f"functional {told}"


def made(kind, inplace):
    module = kind(0.3, -1.0) if kind is nn.Threshold else kind()
    if inplace:
        module.inplace = True
    return module


KINDS = [
    (kind, inplace)
    for kind in NONLINEARITIES
    for inplace in (False, True)
    if not inplace or hasattr(made(kind, False), "inplace")
]


@pytest.mark.parametrize(("kind", "inplace"), KINDS, ids=str)
def test_a_module_is_found_and_applied_without_its_hooks(kind, inplace):
    module = made(kind, inplace)
    module.register_forward_hook(lambda *_: pytest.fail("a hook was run"))
    module.register_forward_pre_hook(lambda *_: pytest.fail("a hook was run"))
    module.eval()
    bend = bend_of(module)
    given = values()
    assert bend.name == kind.__name__
    assert bend.rectifies == (kind is nn.ReLU)
    assert torch.equal(bend.apply(given), module.forward(values()))
    assert torch.equal(given, values())
    plain = values().requires_grad_()
    (slope,) = torch.autograd.grad(bend.apply(plain).sum(), plain)
    (expected,) = torch.autograd.grad(module.forward(plain.clone()).sum(), plain)
    assert torch.equal(slope, expected)


def test_a_threshold_at_zero_rectifies():
    assert bend_of(nn.Threshold(0, 0)).rectifies
    assert not bend_of(nn.Threshold(0, 0.5)).rectifies
    assert not bend_of(nn.Threshold(0.5, 0)).rectifies


def test_a_class_made_from_relu_is_not_taken_for_one():
    class Shifted(nn.ReLU):
        def forward(self, x):
            return x.relu_() + 1

    bend = bend_of(Shifted())
    given = values()
    assert bend.name == "Shifted"
    assert not bend.rectifies
    assert torch.equal(bend.apply(given), values().relu() + 1)
    assert torch.equal(given, values())


def test_a_module_with_parts_is_looked_into():
    class Block(nn.ReLU):
        def __init__(self):
            super().__init__()
            self.act = nn.Tanh()

        def forward(self, x):
            return self.act(x)

    assert of_module(Block()) is None
    assert found(Block()).name == "Tanh"


def test_weights_of_a_prelu_are_the_networks_own():
    module = One(nn.PReLU(4))
    network = Network.of(module, classes=CLASSES, input_shape=(1, 8, 8))
    bend = bend_in(network)
    with torch.no_grad():
        module.function.weight[:] = torch.tensor([0.0, 1.0, -1.0, 0.5])
    assert torch.equal(bend.apply(values()), F.prelu(values(), module.function.weight))
    module.double()
    assert bend.apply(values(torch.float64)).dtype == torch.float64


@pytest.mark.parametrize("function", [nn.PReLU(4), F.gelu, nn.ReLU(inplace=True), F.relu_])
def test_networks_are_copied_and_pickled_with_their_nonlinearities(function):
    module = One(function)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 8, 8))
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        bend = bend_in(other)
        expected = bend_in(network).apply(values())
        assert torch.equal(bend.apply(values()), expected)
        if isinstance(function, nn.PReLU):
            assert bend.apply.args[0] is other.module.function  # type: ignore[attr-defined]
