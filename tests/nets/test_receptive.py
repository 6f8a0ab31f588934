"""Receptive fields against the pixels that reach a unit, and against arithmetic by hand."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.poison import check_fields, reached_boxes
from facsinterp.nets.receptive import ReceptiveField, Span, receptive_fields
from facsinterp.nets.taps import tapping
from tests.nets import plain_nets

CLASSES = ("neutral", "happy")


def made(module, *, size=(20, 20), channels=1, layers=None):
    shape = (channels, *size)
    return Network.of(module, classes=CLASSES, input_shape=shape, layers=layers)


def squares(network):
    """(size, stride, start) of each layer; rows and columns are alike."""
    found = {}
    for layer, field in receptive_fields(network).items():
        rows, cols = field.rows, field.cols
        found[layer] = (rows.size, rows.stride, rows.start)
        assert found[layer] == (cols.size, cols.stride, cols.start)
    return found


class Forward(nn.Module):
    """Parts, and a function that says how they are run."""

    def __init__(self, run, **parts):
        super().__init__()
        self.run, self.head = run, Head()
        for name, part in parts.items():
            self.add_module(name, part)

    def forward(self, x):
        return self.head(self.run(self, x))


class Head(nn.Module):
    def forward(self, x):
        return x.sum(dim=(1, 2, 3))[:, None].repeat(1, 2)


def chain(*parts):
    return nn.Sequential(*parts, Head())


@pytest.mark.parametrize("arch", ["breuer2017", "khorrami2015"])
@pytest.mark.parametrize("size", [48, 96])
def test_fields_of_the_two_papers(arch, size):
    network = made(zoo.build(arch, classes=CLASSES, size=size), size=(size, size))
    assert squares(network) == {"conv1": (5, 1, -2), "conv2": (14, 2, -6), "conv3": (32, 4, -14)}
    for field in receptive_fields(network).values():
        assert field.rows.plain(size)
        assert field.cols.plain(size)


@pytest.mark.parametrize(
    "normalise", ["none", "image", "local-mean", "local-contrast", "patch-mean", "patch-standard"]
)
def test_the_papers_boxes_are_the_pixels_that_reach_whatever_the_normalisation(normalise):
    module = zoo.build("breuer2017", {"normalise": normalise}, classes=CLASSES, size=24)
    assert check_fields(made(module, size=(24, 24))) == ()


def slow_box(windows, unit, size):
    """Follows one unit back, place by place: the set of pixels along one axis."""
    sizes = [size]
    for kernel, stride, padding, dilation in windows:
        sizes.append((sizes[-1] + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)
    seen = {unit}
    for before, (kernel, stride, padding, dilation) in zip(
        sizes[-2::-1], windows[::-1], strict=True
    ):
        taps = {i * stride - padding + j * dilation for i in seen for j in range(kernel)}
        seen = {place for place in taps if 0 <= place < before}
    return (min(seen), max(seen) + 1) if seen else (0, 0)


numbers = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))


def pooled(window, kind):
    """Pools allow a padding of half a kernel at most, and averages no dilation."""
    kernel, stride, padding, dilation = window
    if kind == "c":
        return window
    return kernel, stride, min(padding, kernel // 2), dilation if kind == "m" else 1


def fits(windows, size):
    for kernel, stride, padding, dilation in windows:
        size = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
        if size < 1:
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(numbers, numbers, st.sampled_from("cma")), min_size=1, max_size=4), st.data()
)
def test_chains_see_what_is_found_by_following_each_unit_back(steps, data):
    """Boxes are exact along both axes, at borders too, and are the pixels that reach."""
    size = (data.draw(st.integers(9, 17)), data.draw(st.integers(9, 17)))
    parts: list[nn.Module] = []
    windows: tuple[list[Any], list[Any]] = ([], [])
    for *pair, kind in steps:
        rows, cols = (pooled(numbers, kind) for numbers in pair)
        kernel, stride, padding, dilation = zip(rows, cols, strict=True)
        if kind == "c":
            parts.append(nn.Conv2d(1, 1, kernel, stride, padding, dilation))
        elif kind == "m":
            parts.append(nn.MaxPool2d(kernel, stride, padding, dilation))
        else:
            parts.append(nn.AvgPool2d(kernel, stride, padding))
        windows[0].append(rows)
        windows[1].append(cols)
    if not (fits(windows[0], size[0]) and fits(windows[1], size[1])):
        return
    network = made(chain(*parts, nn.Conv2d(1, 1, 1)), size=size, layers=[str(len(parts))])
    field = receptive_fields(network)[str(len(parts))]
    assert field.rows.inside == tuple(
        slow_box(windows[0], i, size[0]) for i in range(len(field.rows.inside))
    )
    assert field.cols.inside == tuple(
        slow_box(windows[1], i, size[1]) for i in range(len(field.cols.inside))
    )
    assert check_fields(network) == ()


def test_windows_far_from_borders_are_those_of_an_image_without_borders():
    parts = [nn.Conv2d(1, 1, (3, 5), (1, 2), (1, 0)), nn.ReLU(), nn.MaxPool2d((2, 3), (2, 1))]
    network = made(chain(*parts, nn.Conv2d(1, 1, (3, 1), dilation=(2, 1))), size=(30, 30))
    field = receptive_fields(network)["3"]
    # Rows: 3, 3 + 1, 4 + 2 * 2 * 2; columns: 5, 5 + 2 * 2, 9.
    assert (field.rows.size, field.rows.stride, field.rows.start) == (12, 2, -1)
    assert (field.cols.size, field.cols.stride, field.cols.start) == (9, 2, 0)
    assert field.window(2, 3) == (3, 6, 15, 15)
    assert field.crop(2, 3) == (3, 6, 15, 15)
    assert field.window(0, 0) == (-1, 0, 11, 9)
    assert field.crop(0, 0) == (0, 0, 11, 9)
    assert field.crop(9, 0)[2] == 29  # the last pixel row is read by nothing


def test_units_beyond_the_border_are_not_there():
    """The pool leaves the seventh pixel out, though the window of the last unit counts it."""
    network = made(chain(nn.MaxPool2d(2), nn.Conv2d(1, 1, 3, padding=1)), size=(7, 7))
    field = receptive_fields(network)["1"]
    assert field.window(2, 2) == (2, 2, 8, 8)
    assert field.crop(2, 2) == (2, 2, 6, 6)
    assert not field.rows.plain(7)
    assert check_fields(network) == ()


def test_a_unit_in_the_padding_sees_nothing():
    network = made(chain(nn.Conv2d(1, 1, 2, padding=3)), size=(5, 5))
    field = receptive_fields(network)["0"]
    assert field.crop(0, 4) == (0, 0, 0, 0)
    assert field.crop(2, 4) == (0, 1, 1, 3)
    assert check_fields(network) == ()


# -- branches ---------------------------------------------------------------------------------


@pytest.mark.parametrize("net", plain_nets.NETS)
def test_every_layer_of_networks_of_many_kinds_has_its_exact_box(net):
    module = net()
    network = made(module, size=(net.size, net.size), channels=net.channels_in)
    assert set(receptive_fields(network)) == set(network.layers)
    assert check_fields(network) == ()


def test_a_residual_sum_sees_what_both_branches_see():
    def run(net, x):
        x = net.one(x)
        y = net.two(x)
        y += x
        return net.three(net.relu(y))

    conv = [nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3, padding=1), nn.Conv2d(2, 2, 1)]
    parts = {"one": conv[0], "two": conv[1], "three": conv[2], "relu": nn.ReLU()}
    network = made(Forward(run, **parts), size=(9, 9))
    assert squares(network) == {"one": (3, 1, -1), "two": (5, 1, -2), "three": (5, 1, -2)}
    assert check_fields(network) == ()


def inception(net, x):
    x = F.relu(net.stem(x))
    pooled = net.pool(F.max_pool2d(x, 3, 1, 1))
    return net.last(torch.cat([net.narrow(x), net.wide(x), pooled], dim=1))


def inception_parts(**last):
    return {
        "stem": nn.Conv2d(1, 2, 3, 2),
        "narrow": nn.Conv2d(2, 2, 1),
        "wide": nn.Conv2d(2, 2, (3, 5), padding=(1, 2)),
        "pool": nn.Conv2d(2, 2, 1),
        "last": nn.Conv2d(6, 6, 1, **last),
    }


def test_behind_a_concatenation_a_unit_sees_what_any_branch_sees():
    network = made(Forward(inception, **inception_parts()), size=(21, 23))
    field = receptive_fields(network)["last"]
    assert (field.rows.size, field.rows.start) == (3 + 2 * 2, -2)
    assert (field.cols.size, field.cols.start) == (3 + 4 * 2, -4)
    assert check_fields(network) == ()


def test_where_channels_see_differently_there_is_no_entry():
    """Each channel of the grouped convolution reads one channel of one branch."""
    network = made(Forward(inception, **inception_parts(groups=6)))
    assert "last" not in receptive_fields(network)
    boxes = reached_boxes(network)["last"]
    assert (boxes[0] != boxes[2]).any()


def test_channels_put_beside_a_shortcut_change_nothing():
    """ResNet's shortcut without weights: every second place, new channels of zeros."""

    def run(net, x):
        x = net.stem(x)
        short = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 1, 1))
        return net.last(net.grouped(net.down(x) + short))

    network = made(
        Forward(
            run,
            stem=nn.Conv2d(1, 2, 3, padding=1),
            down=nn.Conv2d(2, 4, 3, 2, 1),
            grouped=nn.Conv2d(4, 4, 1, groups=4),
            last=nn.Conv2d(4, 1, 1),
        ),
        size=(17, 17),
    )
    assert squares(network)["grouped"] == (5, 2, -2)
    assert check_fields(network) == ()


GATES = {
    "pooled convolutions": lambda net, x: net.gate(F.adaptive_avg_pool2d(x, 1)).sigmoid(),
    "pooled linear": lambda net, x: net.line(x.mean((2, 3))).sigmoid()[:, :, None, None],
    "largest": lambda net, x: net.line(torch.flatten(net.most(x), 1)).view(-1, 4, 1, 1),
    "softmax": lambda net, x: net.gate(x).flatten(1).softmax(1).view(x.shape),
}


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("gate", ["pooled convolutions", "pooled linear", "largest"])
def test_behind_a_gate_for_the_whole_map_a_unit_sees_the_whole_image(gate, joined):
    """Also where the gated map is joined of branches that see differently."""

    def run(net, x):
        x = net.stem(x)
        x = torch.cat([net.one(x), net.two(x)], 1) if joined else net.both(x)
        return net.last(x * GATES[gate](net, x))

    network = made(
        Forward(
            run,
            stem=nn.Conv2d(1, 2, 3),
            one=nn.Conv2d(2, 2, 1),
            two=nn.Conv2d(2, 2, 3, padding=1),
            both=nn.Conv2d(2, 4, 3),
            gate=nn.Conv2d(4, 4, 1),
            line=nn.Linear(4, 4),
            most=nn.AdaptiveMaxPool2d(1),
            last=nn.Conv2d(4, 2, 3, padding=1),
        ),
        size=(11, 13),
    )
    field = receptive_fields(network)["last"]
    assert (field.rows.size, field.rows.stride, field.rows.start) == (11, 0, 0)
    assert (field.cols.size, field.cols.stride, field.cols.start) == (13, 0, 0)
    assert field.crop(4, 5) == field.crop(0, 0) == (0, 0, 11, 13)
    assert check_fields(network) == ()


def test_attention_over_channels_keeps_the_box():
    def run(net, x):
        x = net.one(x)
        attention = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return net.last(x * net.two(attention).sigmoid())

    parts = {"one": nn.Conv2d(1, 3, 3), "two": nn.Conv2d(2, 1, 3, padding=1)}
    network = made(Forward(run, **parts, last=nn.Conv2d(3, 1, 1)))
    assert squares(network)["last"] == (5, 1, -1)
    assert check_fields(network) == ()


def test_branches_that_do_not_march_in_step_have_no_entry():
    def run(net, x):
        x = net.one(x)
        return net.three(F.avg_pool2d(x, 2) + x[:, :, :5, :5])

    parts = {"one": nn.Conv2d(1, 2, 1), "three": nn.Conv2d(2, 1, 1)}
    assert squares(made(Forward(run, **parts), size=(10, 10))) == {"one": (1, 1, 0)}


def test_a_union_that_is_no_product_of_rows_and_columns_has_no_entry():
    """At a corner one branch sees nothing, along an edge only: its rows count in places."""

    def run(net, x):
        return net.last(net.tall(x) + net.wide(x))

    tall = nn.Conv2d(1, 1, (3, 1), padding=(1, 1))
    wide = nn.Conv2d(1, 1, (1, 3), padding=(0, 2))
    network = made(Forward(run, tall=tall, wide=wide, last=nn.Conv2d(1, 1, 1)), size=(9, 9))
    assert set(receptive_fields(network)) == {"tall", "wide"}
    boxes = reached_boxes(network)["last"][0]
    assert boxes[4, 0].tolist() == [4, 0, 5, 1]
    assert boxes[4, 5].tolist() == [3, 3, 6, 6]


PASSING = {
    "batch norm": (nn.BatchNorm2d(2), (3, 1, 0)),
    "dropout": (nn.Dropout2d(), (3, 1, 0)),
    "local response norm": (nn.LocalResponseNorm(2), (3, 1, 0)),
    "prelu": (nn.PReLU(2), (3, 1, 0)),
    "in place": (nn.ReLU6(inplace=True), (3, 1, 0)),
    "instance norm": (nn.InstanceNorm2d(2), (12, 0, 0)),
    "instance norm with statistics": (nn.InstanceNorm2d(2, track_running_stats=True), (3, 1, 0)),
    "group norm": (nn.GroupNorm(2, 2), (12, 0, 0)),
    "layer norm": (nn.LayerNorm([2, 10, 10]), (12, 0, 0)),
    "norm of the batch": (nn.BatchNorm2d(2, track_running_stats=False), (12, 0, 0)),
    "zeros": (nn.ZeroPad2d(2), (3, 1, -2)),
    "mirror": (nn.ReflectionPad2d(2), (3, 1, -2)),
    "edge": (nn.ReplicationPad2d(2), (3, 1, -2)),
    "adaptive": (nn.AdaptiveAvgPool2d(5), (4, 2, 0)),
    "adaptive, overlapping": (nn.AdaptiveMaxPool2d(4), (5, 2, 0)),
    "ceiled": (nn.MaxPool2d(3, ceil_mode=True), (5, 3, 0)),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_modules_between_do(name):
    part, wanted = PASSING[name]
    if name == "adaptive, overlapping":  # 7 to 3: two of three places and so on, each 3 long
        network = made(
            chain(nn.Conv2d(1, 2, 3), nn.AdaptiveMaxPool2d(3), nn.Conv2d(2, 1, 1)), size=(9, 9)
        )
    else:
        network = made(chain(nn.Conv2d(1, 2, 3), part, nn.Conv2d(2, 1, 1)), size=(12, 12))
    assert squares(network)["2"] == wanted
    assert check_fields(network) == ()


def test_the_map_behind_a_norm_of_the_map_sees_the_whole_image():
    """The layer's map is what its ReLU makes of the normed value."""
    parts = [nn.Conv2d(1, 2, 3), nn.InstanceNorm2d(2), nn.ReLU()]
    network = made(chain(*parts), size=(9, 9))
    assert squares(network) == {"0": (9, 0, 0)}
    assert check_fields(network) == ()


class Twice(nn.ReLU):
    def forward(self, x):
        return F.avg_pool2d(torch.relu(x), 3, 1, 1)


def hooked_relu():
    relu = nn.ReLU()
    relu.register_forward_hook(lambda _part, _args, given: F.avg_pool2d(given, 3, 1, 1))
    return relu


UNKNOWN = {
    "circular": nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"),
    "transposed": nn.ConvTranspose2d(1, 1, 3),
    "irregular": nn.AdaptiveAvgPool2d(7),
    "interpolated": nn.Upsample(scale_factor=2, mode="bilinear"),
    "shuffled": nn.PixelUnshuffle(2),
    "subclass": Twice(),
    "hook": hooked_relu(),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_exactly_has_no_entry(name):
    wide = 4 if name == "shuffled" else 1
    network = made(chain(nn.Conv2d(1, 1, 1), UNKNOWN[name], nn.Conv2d(wide, 1, 1)), size=(12, 12))
    assert "2" not in squares(network)


RUNS = {
    "turned": lambda net, x: net.two(net.one(x).flip(3)),
    "transposed": lambda net, x: net.two(net.one(x).transpose(2, 3)),
    "rolled": lambda net, x: net.two(net.one(x).roll(1, 2)),
    "a number": lambda net, x: net.two(net.one(x) * net.one(x).max().item()),
    "written over": lambda net, x: net.two(blanked(net.one(x)) + x[:, :, 2:, 2:]),
    "dynamic": lambda net, x: F.conv2d(net.one(x), net.two(x[:, :, :3, :3])),
    "softmax of all": lambda net, x: net.two(net.one(x).flatten(1).softmax(1).view(1, 1, 10, 10)),
    "an attribute": lambda net, x: net.two(net.one(x) + net.plain),
}


def blanked(x):
    x[:, :, 1:] = 0
    return x


@pytest.mark.parametrize("name", RUNS)
def test_functions_without_a_rule_have_no_entry(name):
    module = Forward(RUNS[name], one=nn.Conv2d(1, 1, 3), two=nn.Conv2d(1, 1, 1))
    module.plain = torch.zeros(1, 1, 1, 1)
    fields = squares(
        made(module, size=(12, 12), layers=["one", "two"] if name != "dynamic" else ["one"])
    )
    assert "two" not in fields
    assert fields.get("one", fields.get("one@1")) == (3, 1, 0)


class Again(nn.Module):
    """One convolution run twice, and once more behind what mixes; functions between."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        self.out = nn.Linear(1, 2)

    def forward(self, x):
        y = F.leaky_relu(F.relu_(self.conv(input=x)), 0.5, inplace=True)
        y = self.conv(F.dropout(y, training=self.training).clone().clamp(max=9))
        z = self.conv(F.softmax(y, dim=3))
        return self.out(z.mean(dim=(2, 3)))


def test_each_run_has_its_own_field_and_functions_keep_it():
    network = made(Again(), size=(12, 12))
    fields = receptive_fields(network)
    assert [fields[f"conv@{i}"].rows.size for i in (1, 2, 3)] == [3, 5, 7]
    third = fields["conv@3"].cols
    assert (third.size, third.stride, third.start) == (12, 0, 0)  # a softmax over the columns
    assert check_fields(network) == ()


def test_what_takes_no_single_tensor_has_no_field():
    pick = nn.Identity()
    pick.register_forward_hook(lambda _part, _args, pair: pair[0].cumsum(dim=2))
    module = chain(nn.MaxPool2d(2, return_indices=True), pick, nn.Conv2d(1, 2, 1))
    assert receptive_fields(made(module, size=(8, 8))) == {}


def test_weights_that_are_made_in_the_first_forward():
    parts = [nn.LazyConv2d(2, 3), nn.ReLU(), nn.LazyBatchNorm2d(), nn.LazyConv2d(1, 3)]
    assert squares(made(chain(*parts))) == {"0": (3, 1, 0), "3": (5, 1, 0)}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_small_branching_networks_see_what_reaches_them(data):
    """Two branches that give maps of one size, joined by a sum, product or concatenation."""
    joint = data.draw(st.sampled_from(["sum", "product", "cat"]))
    # No unit of the stem sees padding only: sums of such maps need not be boxes.
    stem = nn.Conv2d(1, 2, data.draw(st.integers(2, 4)), data.draw(st.integers(1, 2)), 1)
    branches = []
    for name in ("left", "right"):
        half, dilation = data.draw(st.integers(0, 2), name), data.draw(st.integers(1, 2), name)
        wide = data.draw(st.integers(0, 2), name)
        part = nn.Conv2d(
            2, 2, (2 * half + 1, 2 * wide + 1), 1, (half * dilation, wide), (dilation, 1)
        )
        branches.append(nn.Sequential(part, nn.ReLU()))
    down = data.draw(st.sampled_from([nn.Identity(), nn.MaxPool2d(2), nn.AvgPool2d(3, 2, 1)]))

    def run(net, x):
        x = net.stem(x)
        left, right = net.down(net.left(x)), net.down(net.right(x))
        both = {"sum": left + right, "product": left * right, "cat": torch.cat([left, right], 1)}
        return net.last(both[joint])

    last = nn.Conv2d(4 if joint == "cat" else 2, 1, data.draw(st.integers(1, 3)), padding=1)
    parts = {"stem": stem, "left": branches[0], "right": branches[1], "down": down, "last": last}
    size = (data.draw(st.integers(10, 14)), data.draw(st.integers(10, 14)))
    network = made(Forward(run, **parts), size=size)
    assert set(receptive_fields(network)) == set(network.layers)
    assert check_fields(network) == ()


# -- the trial itself -------------------------------------------------------------------------


def smooth(module):
    """Every weight positive and every pixel felt: averages stand for maxima."""
    for name, part in list(module.named_children()):
        if isinstance(part, nn.MaxPool2d):
            setattr(module, name, nn.AvgPool2d(part.kernel_size, part.stride, part.padding))
        if isinstance(part, nn.ReLU):
            setattr(module, name, nn.Identity())
        if hasattr(part, "weight"):
            nn.init.uniform_(part.weight, 0.5, 1)
    return module


def test_poison_finds_the_pixels_that_have_a_gradient_where_no_path_is_closed():
    parts = [nn.Conv2d(1, 2, 5, 2, 1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(2, 1, (2, 3))]
    network = made(chain(*parts), size=(15, 17))
    boxes = reached_boxes(network)["3"]
    felt_by = made(smooth(network.module), size=(15, 17))
    for row, col in ((0, 0), (1, 1), (1, 0), (boxes.shape[1] - 1, boxes.shape[2] - 1)):
        pixels = torch.rand(1, 1, 15, 17, requires_grad=True)
        with tapping(felt_by, ["3"]) as maps:
            felt_by.module(pixels)
            (slope,) = torch.autograd.grad(maps["3"][0, 0, row, col], pixels)
        rows, cols = (slope[0, 0] != 0).nonzero(as_tuple=True)
        edges = rows.min(), cols.min(), rows.max() + 1, cols.max() + 1
        assert boxes[0, row, col].tolist() == [int(edge) for edge in edges]


def test_poison_passes_closed_rectifiers_and_weights_of_zero():
    network = made(chain(nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Conv2d(1, 1, 3)), size=(9, 9))
    with torch.no_grad():
        network.module[0].weight.zero_()
        network.module[0].bias.fill_(-1)
    assert check_fields(network) == ()


def test_a_field_that_is_told_wrongly_is_found(monkeypatch):
    network = made(chain(nn.Conv2d(1, 2, 3, padding=1)), size=(6, 6))
    true = receptive_fields(network)["0"]
    late = replace(true.rows, inside=((1, 3), *true.rows.inside[1:]))
    monkeypatch.setattr(
        "facsinterp.nets.poison.receptive_fields",
        lambda _network: {"0": ReceptiveField(late, true.cols)},
    )
    first, second = check_fields(network)
    assert (first.layer, first.channel, second.channel) == ("0", 0, 1)
    assert (first.row, first.col) == (0, 0)
    assert (first.computed, first.reached) == ((1, 0, 3, 2), (0, 0, 2, 2))


def test_the_network_is_left_as_it_was():
    module = zoo.build("breuer2017", classes=CLASSES, size=16)
    network = made(module, size=(16, 16))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    check_fields(network)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not any(part._forward_hooks for part in module.modules())


def test_a_span_is_plain_when_its_numbers_say_it_all():
    assert Span(3, 1, -1.0, ((0, 2), (0, 3), (1, 3))).plain(3)
    assert not Span(3, 1, -1.0, ((0, 2), (0, 3), (1, 3))).plain(4)
