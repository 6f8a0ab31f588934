"""Taps: maps after the nonlinearity, against a forward written out by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from facsinterp.errors import ActivationError, InputError
from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.taps import nonlinearities, tapping, visiting

CLASSES = ("neutral", "happy")


class Shared(nn.Module):
    """One ReLU, in place or not, after both convolutions."""

    def __init__(self, inplace):
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.two = nn.Conv2d(3, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=inplace)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        return self.out(self.relu(self.two(self.relu(self.one(x)))).mean(dim=(2, 3)))


class Functional(Shared):
    def forward(self, x):
        x = functional.relu_(self.one(x))
        x = functional.leaky_relu(self.two(x))
        return self.out(x.mean(dim=(2, 3)))


class Residual(nn.Module):
    """Batch norm before the first ReLU; a sum written over the second's output."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(3)
        self.relu = nn.ReLU(inplace=True)
        self.two = nn.Conv2d(3, 3, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(3)
        self.three = nn.Conv2d(3, 3, 1)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        skip = self.relu(self.norm1(self.one(x)))
        y = self.norm2(self.two(skip))
        y += skip
        y = self.relu(y)
        z = self.three(y)
        z += 5
        return self.out(z.mean(dim=(2, 3)))


class Overwritten(nn.Module):
    """Writes over a map after its ReLU."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        x = self.relu(self.one(x))
        x *= 100
        return self.out(x.mean(dim=(2, 3)))


def of(module):
    torch.manual_seed(3)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean = torch.rand(part.num_features)
            part.running_var = torch.rand(part.num_features) + 0.5
    return Network.of(module, classes=CLASSES, input_shape=(1, 9, 9))


@pytest.fixture
def pixels():
    return torch.rand(2, 1, 9, 9, generator=torch.Generator().manual_seed(1))


def hooks(module):
    return sum(len(p._forward_hooks) + len(p._forward_pre_hooks) for p in module.modules())


def test_zoo_maps_are_those_after_the_relu(pixels):
    module = zoo.build("breuer2017", classes=CLASSES, size=16)
    network = Network.of(module, classes=CLASSES, input_shape=(1, 16, 16))
    x = torch.rand(2, 1, 16, 16)
    with tapping(network, network.layers) as maps:
        assert dict(maps) == {}
        module(x)
        for name, part in module.named_children():
            x = part(x)
            if name.startswith("relu") and name != "relu4":
                assert torch.equal(maps[name.replace("relu", "conv")], x)
    assert nonlinearities(network) == {"conv1": "ReLU", "conv2": "ReLU", "conv3": "ReLU"}


@pytest.mark.parametrize("inplace", [False, True])
def test_a_shared_relu_gives_each_layer_its_own_map(pixels, inplace):
    module = Shared(inplace)
    network = of(module)
    one = module.one(pixels).relu()
    two = module.two(one).relu()
    with tapping(network, network.layers) as maps:
        module(pixels)
        assert torch.equal(maps["one"], one)
        assert torch.equal(maps["two"], two)
    assert nonlinearities(network) == {"one": "ReLU", "two": "ReLU"}


def test_functions_count_as_modules_do(pixels):
    module = Functional(inplace=False)
    network = of(module)
    one = module.one(pixels).relu()
    with tapping(network, network.layers) as maps:
        module(pixels)
        assert torch.equal(maps["one"], one)
        assert torch.equal(maps["two"], functional.leaky_relu(module.two(one)))
    assert nonlinearities(network) == {
        "one": "functional relu",
        "two": "functional leaky_relu",
    }


def test_batch_norm_belongs_to_the_layer_and_a_sum_ends_it(pixels):
    module = Residual()
    network = of(module)
    one = module.norm1(module.one(pixels)).relu()
    two = module.two(one)
    three = module.three((module.norm2(two) + one).relu())
    with tapping(network, network.layers) as maps:
        module(pixels)
        assert torch.equal(maps["one"], one)
        assert torch.equal(maps["two"], two)
        assert torch.equal(maps["three"], three)
    assert nonlinearities(network) == {"one": "ReLU", "two": "none", "three": "none"}


def test_what_is_written_over_a_map_later_does_not_reach_it(pixels):
    module = Overwritten()
    network = of(module)
    with tapping(network, ["one"]) as maps:
        module(pixels)
        assert torch.equal(maps["one"], module.one(pixels).relu())


def test_maps_are_filled_anew_at_each_forward_and_only_those_asked_for(pixels):
    network = of(Shared(inplace=False))
    with tapping(network, ["two"]) as maps:
        network.module(pixels)
        first = maps["two"]
        network.module(pixels + 1)
        assert set(maps) == {"two"}
        assert not torch.equal(first, maps["two"])


def test_a_forward_that_fails_leaves_no_maps_of_the_one_before(pixels):
    network = of(Shared(inplace=False))
    with tapping(network, network.layers) as maps:
        network.module(pixels)
        with pytest.raises(RuntimeError, match="expected input"):
            network.module(pixels.expand(2, 7, 9, 9))
        assert dict(maps) == {}


def test_maps_keep_their_gradients(pixels):
    network = of(Shared(inplace=True))
    pixels.requires_grad_()
    with tapping(network, ["one"]) as maps:
        network.module(pixels)
        (slope,) = torch.autograd.grad(maps["one"].sum(), pixels)
    assert slope.abs().sum() > 0


def test_the_hooks_are_gone_at_the_end_also_after_an_exception(pixels):
    network = of(Shared(inplace=False))
    with tapping(network, network.layers):
        assert hooks(network.module) > 0
    assert hooks(network.module) == 0
    with pytest.raises(RuntimeError, match="expected input"), tapping(network, network.layers):
        network.module(pixels.expand(2, 7, 9, 9))
    assert hooks(network.module) == 0


def test_a_visitor_sees_values_before_the_nonlinearity_in_order(pixels):
    module = Residual()
    network = of(module)
    seen = []

    def visit(layer, maps):
        seen.append((layer, maps.clone()))

    with visiting(network, ("three", "one"), visit):
        module(pixels)
        module(pixels)
    assert [layer for layer, _ in seen] == ["one", "three"] * 2
    assert torch.equal(seen[2][1], module.norm1(module.one(pixels)))
    assert hooks(module) == 0


def test_a_visitor_is_given_the_value_itself_and_no_copy(pixels):
    module = Shared(inplace=False)
    network = of(module)
    seen: dict[str, torch.Tensor] = {}
    given: list[torch.Tensor] = []
    module.two.register_forward_hook(lambda _part, _args, maps: given.append(maps))
    with visiting(network, ["two"], seen.setdefault):
        module(pixels)
    assert seen["two"] is given[0]


def test_an_error_of_the_visitor_comes_out_and_the_next_forward_is_whole(pixels):
    network = of(Shared(inplace=False))
    seen, fail = [], [True]

    def visit(layer, maps):
        seen.append(layer)
        if fail and layer == "one":
            raise KeyError(fail.pop())

    with visiting(network, network.layers, visit):
        with pytest.raises(KeyError):
            network.module(pixels)
        network.module.one(pixels)  # by itself: not a part of a forward of the network
        network.module(pixels)
    assert seen == ["one", "one", "two"]
    assert hooks(network.module) == 0


class Fickle(Shared):
    """What it runs depends on the sum of the pixels; a norm serves both convolutions."""

    def __init__(self):
        super().__init__(inplace=True)
        self.norm = nn.BatchNorm2d(3)
        self.two = nn.Conv2d(3, 3, 3, padding=1)
        self.out = nn.Linear(3, 2)

    def forward(self, x):
        kind = round(float(x.sum()))
        x = x[:, :1]
        if kind == 1:
            return self.out(self.norm(self.one(x)).mean(dim=(2, 3)))
        if kind == 2:
            self.two(self.norm(self.one(x)))
        if kind == 3:
            self.two(self.norm(self.one(x).expand(-1, 3, -1, -1)))
            return self.out(self.norm(self.one(x)).mean(dim=(2, 3)))
        x = self.norm(self.one(x))
        if kind == 4:
            self.norm(x)
        return self.out(self.relu(self.norm(self.two(self.relu(x)))).mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (1, "'two' was run less often(.|\n)*layer 'two'"),
        (2, "'one' was run more often, or earlier(.|\n)*layer 'one'"),
        (3, "'one' was run more often, or earlier(.|\n)*layer 'one'"),
        (4, "'norm' was run more often, or earlier(.|\n)*layer 'one', 'two'"),
    ],
)
def test_another_path_than_that_of_zeros_is_refused(kind, message):
    network = of(Fickle())
    pixels = torch.zeros(1, 1, 9, 9)
    with tapping(network, network.layers) as maps:
        network.module(pixels)
        assert len(maps) == 2
        pixels[0, 0, 4, 4] = kind
        with pytest.raises(ActivationError, match=message):
            network.module(pixels)
        with pytest.raises(ActivationError, match="cannot be swept"):
            network.module(pixels)
        network.module(torch.zeros(1, 1, 9, 9))
    assert hooks(network.module) == 0


def test_only_the_path_of_the_layers_asked_for_counts():
    network = of(Fickle())
    pixels = torch.zeros(1, 1, 9, 9)
    pixels[0, 0, 4, 4] = 1
    network = Network.of(network.module, classes=CLASSES, input_shape=(1, 9, 9), layers=["one"])
    with (
        tapping(network, ["one"]),
        pytest.raises(ActivationError, match="'norm' was run less often"),
    ):
        network.module(pixels)


@pytest.mark.parametrize("shape", [(2, 1, 8, 9), (2, 1, 10, 9)])
def test_images_of_another_size_are_refused(shape):
    network = of(Shared(inplace=True))
    with (
        tapping(network, network.layers),
        pytest.raises(ActivationError, match=r"layer 'one' gave \(2, 3, .*\(1, 9, 9\)"),
    ):
        network.module(torch.zeros(shape))


def test_maps_that_are_not_one_for_an_image_are_refused(pixels):
    class Mixed(Shared):
        def forward(self, x):
            return super().forward(x[:1])

    network = of(Mixed(inplace=True))
    with (
        tapping(network, network.layers),
        pytest.raises(ActivationError, match=r"gave \(1, 3, 9, 9\), expected maps \(2, 3, 9, 9\)"),
    ):
        network.module(pixels)
    with tapping(network, network.layers) as maps:
        network.module(x=pixels[:1])
        assert maps["one"].shape == (1, 3, 9, 9)


def test_a_layer_that_is_not_tapped_is_refused():
    network = of(Shared(inplace=False))
    with pytest.raises(InputError, match="did you mean 'two'"), tapping(network, ["tow"]):
        pass
