"""The user's network is as it was: after attributions, and after an end in the middle."""

import pytest
import torch
from torch import nn

from facsinterp.errors import InputError
from facsinterp.nets.network import Network, to_tensor
from facsinterp.saliency.attribute import attribute
from facsinterp.saliency.preflight import preflight
from facsinterp.saliency.rules import METHODS
from tests.saliency.nets import CLASSES, Residual, chain, network, pixels, units


def state(module):
    """Everything of a module that attributions might touch."""
    return {
        "modes": [part.training for part in module.modules()],
        "wants": [weight.requires_grad for weight in module.parameters()],
        "grads": [weight.grad for weight in module.parameters()],
        "where": [value.data_ptr() for value in module.state_dict().values()],
        "hooks": [
            (len(part._forward_hooks), len(part._forward_pre_hooks), len(part._backward_hooks))
            for part in module.modules()
        ],
        "tensors": [id(weight) for weight in module.parameters()],
    }


def lively(module):
    """A network in a state of its own: modes, gradients and wishes mixed."""
    net = network(module)
    for i, weight in enumerate(net.module.parameters()):
        weight.requires_grad = i % 2 == 0
        weight.grad = torch.ones_like(weight) if i % 3 == 0 else None
    for i, part in enumerate(net.module.modules()):
        part.training = i % 2 == 1
    return net


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [chain, Residual])
def test_nothing_is_left_behind(method, kind):
    net, faces = lively(kind()), pixels()
    before = state(net.module)
    values = {name: value.clone() for name, value in net.module.state_dict().items()}
    modes = before["modes"]
    answers = net.module.eval()(to_tensor(faces.array))
    for part, training in zip(net.module.modules(), modes, strict=True):
        part.training = training
    layer = net.layers[-1]
    preflight(net, layer, method)
    attribute(net, layer, faces, units(net, layer, len(faces)), method=method, batch_size=4)
    assert state(net.module) == before
    for name, value in net.module.state_dict().items():
        assert torch.equal(value, values[name])
    assert torch.equal(net.module.eval()(to_tensor(faces.array)), answers)


class Failing(nn.Module):
    """Fails, in the manner that it is told to, from its n-th run from now on."""

    def __init__(self):
        super().__init__()
        self.error: BaseException | None = None
        self.runs = 0

    def forward(self, x):
        self.runs -= 1
        if self.error is not None and self.runs <= 0:
            raise self.error
        return x


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("error", [RuntimeError("no more"), KeyboardInterrupt()])
@pytest.mark.parametrize("run", range(1, 9))
def test_nothing_is_left_behind_by_an_end_in_the_middle(method, error, run):
    failing = Failing()
    net, faces = lively(nn.Sequential(failing, *chain())), pixels()
    before = state(net.module)
    failing.error, failing.runs = error, run
    with pytest.raises((type(error), InputError)):
        attribute(net, "6", faces, units(net, "6", 4), method=method, batch_size=1)
    failing.error = None
    assert state(net.module) == before


def test_a_caller_without_gradients_gets_them():
    net, faces = network(chain()), pixels()
    asked = units(net, "5", len(faces))
    expected = attribute(net, "5", faces, asked)
    with torch.no_grad():
        assert (attribute(net, "5", faces, asked) == expected).all()
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        assert (attribute(net, "5", faces, asked) == expected).all()
    with torch.autocast("cpu", torch.bfloat16):
        assert (attribute(net, "5", faces, asked) == expected).all()


def test_a_forward_that_catches_exceptions_does_not_catch_the_cut():
    class Careful(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside = chain()

        def forward(self, x):
            try:
                return self.inside(x)
            except Exception:
                return torch.zeros(len(x), 2)

    net, faces = network(Careful()), pixels()
    asked = units(net, "inside.5", len(faces))
    plain = Network.of(net.module.inside, classes=CLASSES, input_shape=net.input_shape)
    assert (attribute(net, "inside.5", faces, asked) == attribute(plain, "5", faces, asked)).all()
