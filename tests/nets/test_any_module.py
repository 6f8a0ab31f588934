"""Taps on networks of many kinds, bit for bit against `plain_nets` and random nets."""

import copy
import warnings
from collections import Counter
from typing import Any

import cloudpickle
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from facsinterp.nets.network import Network
from facsinterp.nets.taps import nonlinearities, tapping, visiting
from tests.nets.plain_nets import NETS, Mobile, Net, Recurrent, Residual18, Skipped, conv, norm

CLASSES = ("neutral", "happy")
FORMATS = {"plain": torch.contiguous_format, "channels last": torch.channels_last}


def lived_in(module, seed=3):
    """The module with weights, and running means and variances, as after some training."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            low = 0.5 if "var" in name else -0.5
            value.uniform_(low, low + 1, generator=generator)
    return module.eval()


def of(module, layers=None):
    shape = (module.channels_in, module.size, module.size)
    return Network.of(module, classes=CLASSES, input_shape=shape, layers=layers)


def pictures(module, count=3, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, module.channels_in, module.size, module.size, generator=generator)


def visited(network, batches):
    """Maps of all batches, each reduced to its map at the visit and joined afterwards."""
    seen: dict[str, list[torch.Tensor]] = {layer: [] for layer in network.layers}

    def visit(layer, maps):
        bend = network.taps[layer].nonlinearity
        seen[layer].append(bend.apply(maps) if bend else maps.clone())

    with torch.inference_mode(), visiting(network, network.layers, visit):
        for batch in batches:
            network.module(batch)
    assert all(len(maps) == len(batches) for maps in seen.values())
    return {layer: torch.cat(maps) for layer, maps in seen.items()}


def equal(maps, expected):
    assert set(maps) == set(expected)
    for layer, value in expected.items():
        assert torch.equal(maps[layer], value), layer


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("kind", NETS, ids=lambda kind: kind.__name__)
def test_maps_are_those_of_the_plain_forward(kind, layout):
    module = lived_in(kind()).to(memory_format=FORMATS[layout])
    network = of(module)
    batches = [pictures(module, 3, seed).to(memory_format=FORMATS[layout]) for seed in (1, 2)]
    with torch.inference_mode():
        answers = module(batches[0])
        plain = [module.maps(batch) for batch in batches]
        with tapping(network, network.layers) as maps:
            assert torch.equal(module(batches[0]), answers)
            equal(maps, plain[0])
            module(batches[1])
            equal(maps, plain[1])
    both = {layer: torch.cat([maps[layer] for maps in plain]) for layer in plain[0]}
    equal(visited(network, batches), both)
    sizes = {layer: tuple(maps.shape[2:]) for layer, maps in both.items()}
    assert network.sizes == sizes
    assert network.channels == {layer: maps.shape[1] for layer, maps in both.items()}


@pytest.mark.parametrize("kind", NETS, ids=lambda kind: kind.__name__)
def test_looking_changes_nothing(kind):
    module = lived_in(kind())
    before = copy.deepcopy(module)
    network = of(module)
    with tapping(network, network.layers):
        module(pictures(module))
    assert all(not p._forward_hooks and not p._forward_pre_hooks for p in module.modules())
    assert not any(p.training for p in module.modules())
    for name, value in before.state_dict().items():
        assert torch.equal(module.state_dict()[name], value), name
    assert set(module.__dict__) == set(before.__dict__)


@pytest.mark.parametrize("kind", NETS, ids=lambda kind: kind.__name__)
def test_slopes_are_those_of_the_plain_forward(kind):
    module = lived_in(kind())
    network = of(module)  # looked at in one type of number, asked in another
    module.double()
    pixels = pictures(module).double().requires_grad_()
    expected = module.maps(pixels)
    with tapping(network, network.layers) as maps:
        module(pixels)
        for layer in network.layers:
            weights = torch.rand_like(expected[layer])
            (slope,) = torch.autograd.grad((maps[layer] * weights).sum(), pixels, retain_graph=True)
            (plain,) = torch.autograd.grad(
                (expected[layer] * weights).sum(), pixels, retain_graph=True
            )
            torch.testing.assert_close(slope, plain)


def test_nonlinearities_are_told():
    told = nonlinearities(of(lived_in(Residual18())))
    assert Counter(told.values()) == {"ReLU": 9, "none": 11}
    assert told["layer2.0.conv1"] == "ReLU"
    assert nonlinearities(of(Mobile())) == {
        "expand": "ReLU6",
        "depth": "functional hardswish",
        "grouped": "none",
        "gate": "functional sigmoid",
    }
    assert nonlinearities(of(Skipped())) == {
        "one": "functional relu", "side": "none", "two": "functional relu",
        "three": "functional relu",
    }  # fmt: skip


def test_values_are_seen_after_the_norm_and_before_the_nonlinearity():
    module = lived_in(Recurrent())
    network = of(module, layers=["step.0@2", "step.2"])
    tap = network.taps["step.0@2"]
    assert (tap.layer.module, tap.layer.number) == ("step.0", 2)
    assert (tap.seen.module, tap.seen.number) == ("step.2", 2)
    assert tap.nonlinearity.rectifies
    assert network.layers == ("step.2@1", "step.0@2", "step.2@2", "step.2@3")
    seen: dict[str, torch.Tensor] = {}
    with torch.inference_mode(), visiting(network, network.layers, seen.setdefault):
        module(pictures(module))
    # Both layers are one value, seen at once; the shared ReLU has written over it since.
    assert seen["step.0@2"] is seen["step.2@2"]
    assert torch.equal(seen["step.0@2"], module.maps(pictures(module))["step.0@2"])


def test_functions_in_a_scripted_part_are_found():
    class Scripted(Net):
        def __init__(self):
            super().__init__()
            self.one = nn.Conv2d(1, 3, 3)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                self.bend = torch.jit.script(nn.Sequential(nn.ReLU(), nn.Conv2d(3, 3, 1)))
            self.two = nn.Conv2d(3, 4, 3)
            self.out = nn.Linear(4, 2)

        def forward(self, x):
            return self.head(self.two(self.bend(self.one(x))))

        def maps(self, x):
            one = torch.relu(conv(self.one, x))
            mixed = F.conv2d(one, self.bend[1].weight, self.bend[1].bias)
            return {"one": one, "two": conv(self.two, mixed)}

    module = lived_in(Scripted())
    network = of(module)
    batch = pictures(module)
    with torch.inference_mode():
        equal(visited(network, [batch]), module.maps(batch))


# Random nets: steps of convolution, norm, nonlinearity and skip, written down as words.
BENDS: dict[str, tuple[Any, Any]] = {
    "none": (None, None),
    "relu": (nn.ReLU(), torch.relu),
    "relu in place": (nn.ReLU(inplace=True), torch.relu),
    "shared": (nn.ReLU(), torch.relu),
    "shared in place": (nn.ReLU(inplace=True), torch.relu),
    "elu": (nn.ELU(0.5, inplace=True), lambda x: F.elu(x, 0.5)),
    "prelu": (nn.PReLU(3), None),
    "F.relu": (F.relu, torch.relu),
    "F.relu_": (F.relu_, torch.relu),
    "clamp_": (lambda x: x.clamp_(min=0), torch.relu),
    "F.leaky": (lambda x: F.leaky_relu(x, 0.1, inplace=True), lambda x: F.leaky_relu(x, 0.1)),
    "F.gelu": (F.gelu, F.gelu),
    "tanh_": (lambda x: x.tanh_(), torch.tanh),
}
NORMS = ("none", "batch", "shared", "group", "identity", "dropout")
SKIPS = ("none", "before", "before in place", "after", "after in place")
STEP = st.fixed_dictionaries(
    {
        "conv": st.integers(0, 2),
        "norm": st.sampled_from(NORMS),
        "bend": st.sampled_from(sorted(BENDS)),
        "skip": st.sampled_from(SKIPS),
        "branch": st.booleans(),
    }
)


class Random(Net):
    size = 6

    def __init__(self, steps):
        super().__init__()
        self.steps = steps
        self.stem = nn.Conv2d(1, 3, 1)
        groups = (1, 3, 1)
        self.convs = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1, groups=g) for g in groups)
        self.norms = nn.ModuleDict(
            {"shared": nn.BatchNorm2d(3), "identity": nn.Identity(), "dropout": nn.Dropout2d()}
        )
        self.own = nn.ModuleList(nn.BatchNorm2d(3) for _ in steps)
        self.groups = nn.ModuleList(nn.GroupNorm(3, 3) for _ in steps)
        self.side = nn.Conv2d(3, 3, 1)
        bends = [copy.deepcopy(BENDS[step["bend"]][0]) for step in steps]
        self.bends = nn.ModuleList(
            bend if isinstance(bend, nn.Module) else nn.Identity() for bend in bends
        )
        self.shared, self.shared_in_place = nn.ReLU(), nn.ReLU(inplace=True)
        self.out = nn.Linear(3, 2)

    def normed(self, i, x):
        kind = self.steps[i]["norm"]
        if kind == "batch":
            return self.own[i](x)
        if kind == "group":
            return self.groups[i](x)
        return x if kind == "none" else self.norms[kind](x)

    def bent(self, i, x):
        name = self.steps[i]["bend"]
        if name.startswith("shared"):
            return (self.shared if name == "shared" else self.shared_in_place)(x)
        bend = BENDS[name][0]
        if bend is None:
            return x
        return self.bends[i](x) if isinstance(bend, nn.Module) else bend(x)

    def forward(self, x):
        x = self.stem(x)
        for i, step in enumerate(self.steps):
            value = self.convs[step["conv"]](x)
            side = self.side(value) if step["branch"] else None
            y = self.normed(i, value)
            if step["skip"] == "before":
                y = y + x
            elif step["skip"] == "before in place":
                y += x
            y = self.bent(i, y)
            if step["skip"] == "after":
                y = y + x
            elif step["skip"] == "after in place":
                y += x
            x = y if side is None else y + side
        return self.head(x)

    def plainly(self, i, y):
        kind = self.steps[i]["norm"]
        part = {"batch": self.own[i], "group": self.groups[i], "shared": self.norms["shared"]}
        return norm(part[kind], y) if kind in part else y

    def maps(self, x):
        """Each map in the order of execution, as (module, map)."""
        x = conv(self.stem, x)
        maps = [("stem", x)]
        for i, step in enumerate(self.steps):
            bend = BENDS[step["bend"]][1]
            if step["bend"] == "prelu":
                weight = self.bends[i].weight
                bend = lambda y, weight=weight: F.prelu(y, weight)  # noqa: E731
            value = conv(self.convs[step["conv"]], x)
            y = self.plainly(i, value)
            before = step["skip"].startswith("before")
            own = bend is None or before
            maps.append((f"convs.{step['conv']}", value if own else bend(y)))
            side = None
            if step["branch"]:
                side = conv(self.side, value)
                maps.append(("side", side))
            y = y + x if before else y
            y = y if bend is None else bend(y)
            y = y + x if step["skip"].startswith("after") else y
            x = y if side is None else y + side
        return maps


def named(maps):
    """Layers as they must be called: with a number where a module is run more than once."""
    total = Counter(name for name, _ in maps)
    run: Counter[str] = Counter()
    found = {}
    for name, value in maps:
        run[name] += 1
        found[name if total[name] == 1 else f"{name}@{run[name]}"] = value
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, min_size=1, max_size=5), st.sampled_from(sorted(FORMATS)))
def test_maps_of_random_networks(steps, layout):
    module = lived_in(Random(steps)).to(memory_format=FORMATS[layout])
    network = of(module)
    batches = [pictures(module, 2, seed).to(memory_format=FORMATS[layout]) for seed in (1, 2)]
    with torch.inference_mode():
        plain = [named(module.maps(batch)) for batch in batches]
        assert network.layers == tuple(plain[0])
        with tapping(network, network.layers) as maps:
            module(batches[0])
            equal(maps, plain[0])
    both = {layer: torch.cat([maps[layer] for maps in plain]) for layer in plain[0]}
    equal(visited(network, batches), both)


@pytest.mark.parametrize("kind", NETS, ids=lambda kind: kind.__name__)
def test_a_network_that_was_sent_elsewhere_answers_the_same(kind):
    network = of(lived_in(kind()))
    sent = cloudpickle.loads(cloudpickle.dumps(network))
    assert sent.fingerprint == network.fingerprint
    batch = pictures(network.module)
    with torch.inference_mode(), tapping(sent, sent.layers) as maps:
        given = sent.module(batch)
        there = dict(maps)
    with torch.inference_mode(), tapping(network, network.layers) as maps:
        assert torch.equal(network.module(batch), given)
        equal(there, dict(maps))


def test_taps_that_were_sent_elsewhere_use_the_weights_that_came_with_them():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.PReLU(2), nn.Flatten(), nn.LazyLinear(2))
    network = Network.of(module, classes=CLASSES, input_shape=(1, 8, 8))
    sent = cloudpickle.loads(cloudpickle.dumps(network))
    bend = sent.taps["0"].nonlinearity
    assert bend is not None
    sent.module.get_submodule("1").weight.data.fill_(7.0)
    assert bend.apply(torch.full((1, 2, 1, 1), -1.0)).tolist() == [[[[-7.0]], [[-7.0]]]]
