"""Silenced filters against networks cut in two, with the channel written over by hand."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from facsinterp.errors import ActivationError, InputError
from facsinterp.evidence.causes.ablation import ablate
from facsinterp.nets.hidden import head_of, hidden_features
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.silence import Silencing, silencing
from facsinterp.nets.tails import Silencer

CLASSES = ("a", "b", "c")


def images(count=5, size=16):
    return np.random.default_rng(1).integers(0, 256, (count, size, size), dtype=np.uint8)


def network(module, size=16, layers=None):
    return Network.of(module, classes=CLASSES, input_shape=(1, size, size), layers=layers)


def chain(bend=nn.ReLU, norm=False):
    """conv, bend, pool, conv, bend, pool, dense, bend, dense."""
    torch.manual_seed(0)
    module: Any = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        bend(),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Sequential(
            nn.Conv2d(4, 6, 3, padding=2, stride=2),
            nn.BatchNorm2d(6) if norm else nn.Identity(),
            bend(),
        ),
        nn.AvgPool2d(2, padding=1),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(54, 7),
        nn.ReLU(),
        nn.Linear(7, 3),
    )
    if norm:
        module[3][1].running_mean.uniform_(-0.2, 0.2)
        module[3][1].bias.data.uniform_(-0.5, 0.5)
    return module


def parts(module):
    """The modules of a chain, one after another."""
    return [
        unit
        for part in module
        for unit in (parts(part) if isinstance(part, nn.Sequential) else [part])
    ]


def cut_in_two(module, bend_number, silenced, x):
    """Slowly: run up to the n-th conv's nonlinearity, write over, run the rest."""
    units = parts(module.eval())
    ends = [i for i, one in enumerate(units) if not isinstance(one, (nn.Conv2d, nn.BatchNorm2d, nn.Identity)) and i and isinstance(units[i - 1 - isinstance(units[i - 1], (nn.BatchNorm2d, nn.Identity))], nn.Conv2d)]  # fmt: skip  # noqa: E501
    end = ends[bend_number]
    with torch.no_grad():
        for unit in units[: end + 1]:
            x = unit(x)
        x = x.clone()
        for channel, value in zip(silenced.channels, silenced.values, strict=True):
            x[:, channel] = value
        for unit in units[end + 1 :]:
            x = unit(x)
    return x.numpy()


@pytest.mark.parametrize("bend", [nn.ReLU, nn.ELU, nn.Sigmoid, nn.PReLU, lambda: nn.ReLU(True)])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.parametrize(("number", "layer"), [(0, "0"), (1, "3.0")])
def test_equals_the_network_cut_in_two(bend, norm, number, layer):
    module = chain(bend, norm)
    net, x = network(module), to_tensor(images())
    asked = [
        Silencing(layer),
        Silencing.zero(layer, 2),
        Silencing(layer, (3, 0), (0.7, 0.0)),
        Silencing(layer, (1,), (-0.4,)),
    ]
    said = ablate(net, images(), asked, batch=2).logits
    for one, logits in zip(asked, said, strict=True):
        slow = cut_in_two(copy.deepcopy(module), number, one, x)
        np.testing.assert_allclose(logits, slow, atol=1e-6)
        with silencing(net, one), torch.no_grad():
            np.testing.assert_allclose(module(x).numpy(), slow, atol=1e-6)
    assert np.abs(said[1:] - said[:1]).max() > 1e-3  # something was silenced


def test_does_not_depend_on_the_batch_nor_on_what_else_is_asked():
    net = network(chain())
    asked = [Silencing.zero("0", channel) for channel in range(4)]
    together = ablate(net, images(7), asked, batch=7).logits
    np.testing.assert_allclose(ablate(net, images(7), asked, batch=2).logits, together, atol=1e-6)
    alone = np.concatenate([ablate(net, images(7), [one], batch=7).logits for one in asked])
    np.testing.assert_allclose(alone, together, atol=1e-6)


class Branching(nn.Module):
    """Functions for nonlinearities, one convolution run twice, and a skip connection."""

    def __init__(self, shared=False, reader=False):
        super().__init__()
        torch.manual_seed(3)
        self.shared, self.reader = shared, reader
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)

    def forward(self, x, silenced=None):
        y = self.first(x)
        z = F.relu(y)
        if silenced and silenced[0] == "first":
            z = written(z, silenced[1])
        a = F.relu(self.again(z))
        if silenced and silenced[0] == "again@1":
            a = written(a, silenced[1])
        b = self.again(a)
        if silenced and silenced[0] == "again@2":
            b = written(b, silenced[1])
        out = F.relu(b + z)
        if self.reader:
            out = out + y
        return self.head(out.mean(dim=(2, 3)))


def written(maps, channel):
    maps = maps.clone()
    maps[:, channel] = 0
    return maps


@pytest.mark.parametrize("layer", ["first", "again@1", "again@2"])
def test_any_network_is_silenced_exactly(layer):
    module = Branching()
    net, x = network(module), to_tensor(images())
    said = ablate(net, images(), [Silencing.zero(layer, c) for c in range(4)]).logits
    with torch.no_grad():
        slow = np.stack([module(x, (layer, c)).numpy() for c in range(4)])
        whole = module(x).numpy()
    np.testing.assert_allclose(said, slow, atol=1e-6)
    assert np.abs(slow - whole).max() > 1e-4


def test_refuses_a_value_that_something_else_reads():
    net = network(Branching(reader=True))
    with pytest.raises(InputError, match="'first' cannot be silenced exactly"):
        ablate(net, images(), [Silencing.zero("first", 0)])


def test_refuses_numbers_that_a_function_would_change():
    net = network(Branching())
    with pytest.raises(InputError, match="'first' cannot be silenced exactly"):
        ablate(net, images(), [Silencing("first", (0,), (-1.0,))])


@pytest.mark.parametrize(
    "wrong",
    [
        Silencing.zero("nothing", 0),
        Silencing.zero("0", 4),
        Silencing.zero("0", 1, 1),
        Silencing("0", (1,), ()),
        Silencing("0", (1,), (float("nan"),)),
    ],
)
def test_refuses_filters_and_numbers_that_are_none(wrong):
    with pytest.raises(InputError):
        ablate(network(chain()), images(), [wrong])


def state(module):
    return (
        {name: value.clone() for name, value in module.state_dict().items()},
        [part.training for part in module.modules()],
        [(len(part._forward_hooks), len(part._forward_pre_hooks)) for part in module.modules()],
    )


@pytest.mark.parametrize("make", [chain, Branching])
def test_the_network_is_left_as_it_was(make):
    module = make()
    net, x = network(module), to_tensor(images())
    layer = net.layers[0]
    before, logits = state(module), module(x)
    ablate(net, images(), [Silencing.zero(layer, 0)])
    rgb = np.repeat(images()[..., None], 3, axis=3)
    with pytest.raises(RuntimeError), silencing(net, Silencing.zero(layer, 0)):
        module(to_tensor(rgb))
    with pytest.raises(RuntimeError):
        ablate(net, rgb, [Silencing.zero(layer, 0)])
    after = state(module)
    assert after[1:] == before[1:]
    assert all(torch.equal(after[0][name], value) for name, value in before[0].items())
    assert torch.equal(module(x), logits)


@pytest.mark.parametrize("part", [(2,), (3, 0)])
def test_modules_that_somebody_has_hooked_are_run_as_they_stand(part):
    module = chain()
    net, x = network(module), to_tensor(images())
    hooked = module
    for number in part:
        hooked = hooked[number]
    # Mixes channels, so that it is neither linear nor each channel's own affair.
    hooked.register_forward_hook(lambda _m, _a, out: out * out.mean(dim=1, keepdim=True))
    one = Silencing("0", (1,), (0.3,))
    said = ablate(net, images(), [one]).logits[0]
    with silencing(net, one), torch.no_grad():
        np.testing.assert_allclose(said, module(x).numpy(), atol=1e-6)


def test_what_comes_before_the_layer_is_run_once_a_batch():
    module = chain()
    runs = []
    module[0].register_forward_hook(lambda *_: runs.append(1))
    net = network(module)
    silencer = Silencer.of(net, "3.0", [])
    runs.clear()
    with torch.no_grad():
        answer = silencer.on(to_tensor(images()))
        answer([Silencing.zero("3.0", 0)])
        answer([Silencing.zero("3.0", 1), Silencing.zero("3.0", 2)])
    assert len(runs) == 1


class Fickle(nn.Module):
    """Runs its convolution once more for bright images."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)
        self.head = nn.Linear(1, 3)

    def forward(self, x):
        y = self.conv(x)
        if x.mean() > 0.1:
            y = self.conv(y)
        return self.head(y.mean(dim=(2, 3)))


def test_a_path_that_depends_on_the_image_is_an_error():
    with pytest.raises(ActivationError, match="run 2 times"):
        ablate(network(Fickle()), images(), [Silencing.zero("conv", 0)])


def test_hidden_features_are_what_the_head_takes():
    module = chain()
    net = network(module)
    assert head_of(net) == "9"
    with torch.no_grad():
        slow = module[:9](to_tensor(images())).numpy()
    np.testing.assert_allclose(hidden_features(net, images(), batch=2), slow, atol=1e-6)


def test_a_network_without_a_dense_output_has_no_hidden_features():
    module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(InputError, match="hidden features cannot be found"):
        head_of(network(module))
    softened = nn.Sequential(*chain(), nn.LogSoftmax(dim=1))
    with pytest.raises(InputError, match="hidden features cannot be found"):
        head_of(network(softened))
