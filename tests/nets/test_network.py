"""Networks: what `of` finds, what it refuses, and when a fingerprint changes."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.errors import InputError
from facsinterp.labels import FilterId
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network, conv_layers, describe, to_tensor
from facsinterp.nets.trace import Execution
from facsinterp.nets.weights import load_network, save_network
from facsinterp.nets.zoo import from_blueprint
from facsinterp.report.addresses import filter_page

CLASSES = ("neutral", "happy", "fear")


class Small(nn.Module):
    """Declared in another order than executed, with one ReLU for both convolutions."""

    def __init__(self, outputs=3):
        super().__init__()
        self.second = nn.Conv2d(4, 6, 3)
        self.first = nn.Conv2d(1, 4, 3)
        self.relu = nn.ReLU()
        self.unused = nn.Conv2d(1, 1, 1)
        self.out = nn.Linear(6, outputs)

    def forward(self, x):
        x = self.relu(self.first(x))
        x = self.relu(self.second(x))
        return self.out(x.mean(dim=(2, 3)))


class Twice(Small):
    def forward(self, x):
        x = self.relu(self.first(x))
        x = self.relu(self.second(x))
        self.unused(self.unused(x[:, :1]))
        return self.out(x.mean(dim=(2, 3)))


def of(module, layers=("second", "first"), **changes):
    facts = {"classes": CLASSES, "input_shape": (1, 12, 12), "layers": layers} | changes
    return Network.of(module, **facts)


def test_layers_are_in_the_order_of_execution_with_their_channels():
    network = of(Small())
    assert network.layers == ("first", "second")
    assert network.channels == {"first": 4, "second": 6}
    assert list(network.channels) == ["first", "second"]


def test_every_convolution_is_a_layer_unless_told_otherwise():
    assert conv_layers(Small()) == ("second", "first", "unused")


def test_the_module_is_in_eval_mode_and_without_hooks():
    module = Small().train()
    network = of(module)
    assert not any(part.training for part in network.module.modules())
    assert all(not p._forward_hooks and not p._forward_pre_hooks for p in module.modules())


def test_a_layer_never_used_is_left_out_and_refused_when_named():
    assert of(Small(), layers=None).layers == ("first", "second")
    with pytest.raises(InputError, match="'unused' is used 0 times"):
        of(Small(), layers=["first", "unused"])
    with pytest.raises(InputError, match="'unused' is used 0 times"):
        of(Small(), layers=["unused@2"])


def test_each_run_of_a_module_is_a_layer():
    every = ("first", "second", "unused@1", "unused@2")
    network = of(Twice(), layers=None)
    assert network.layers == every
    assert network.channels == {"first": 4, "second": 6, "unused@1": 1, "unused@2": 1}
    assert network.sizes["unused@2"] == (8, 8)
    assert network.taps["unused@2"].layer == Execution("unused", 2)
    assert of(Twice(), layers=["unused", "first"]).layers == ("first", "unused@1", "unused@2")
    assert of(Twice(), layers=["unused@2", "first"]).layers == ("first", "unused@2")
    assert of(network.module, layers=every).fingerprint == network.fingerprint


def test_a_run_that_there_is_not_is_refused():
    for name in ("unused@3", "unused@0", "unused@02"):
        with pytest.raises(InputError, match=f"no layer '{name}'(.|\n)*unused@1, unused@2"):
            of(Twice(), layers=[name])
    with pytest.raises(InputError, match=r"no layer 'first@1'(.|\n)*expected: *first\n"):
        of(Twice(), layers=["first@1"])
    for name in ("first@", "first@two", "@1", "third@1"):
        with pytest.raises(InputError, match="no layer"):
            of(Twice(), layers=[name])
    with pytest.raises(InputError, match="'unused@2' is named 2 times"):
        of(Twice(), layers=["unused@2", "unused"])


def test_a_module_may_have_such_a_name_of_its_own():
    class Named(Small):
        def __init__(self):
            super().__init__()
            self.add_module("first@2", nn.Conv2d(1, 4, 1))

        def forward(self, x):
            return super().forward(getattr(self, "first@2")(x)[:, :1])

    assert of(Named(), layers=None).layers == ("first@2", "first", "second")
    assert of(Named(), layers=["first@2"]).channels == {"first@2": 4}

    class Confused(Named):
        def forward(self, x):
            self.first(x)
            return super().forward(x)

    assert of(Confused(), layers=["first@2", "second"]).layers == ("first@2", "second")
    with pytest.raises(InputError, match="two layers would be called 'first@2'"):
        of(Confused(), layers=["first"])


def test_runs_have_filters_and_pages_of_their_own():
    network = of(Twice(), layers=None)
    layers = (*network.layers, "unused", "unused_2")
    filters = FilterId.of_layers((layer, 2) for layer in layers)
    assert [FilterId.parse(str(one)) for one in filters] == list(filters)
    assert len({filter_page(one) for one in filters}) == len(filters)


def test_runs_come_back_with_a_saved_network(tmp_path, monkeypatch):
    (tmp_path / "own_twice.py").write_text(
        "from torch import nn\n"
        "def built(classes, size):\n"
        "    conv = nn.Conv2d(1, 1, 3)\n"
        "    return nn.Sequential(conv, conv, nn.Flatten(), nn.Linear(64, classes))\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    blueprint = Blueprint("own_twice:built", CLASSES, 12)
    for layers in (("0@1", "0@2"), ("0@2",)):
        network = of(from_blueprint(blueprint), layers, blueprint=blueprint)
        save_network(network, tmp_path / "network")
        again = load_network(tmp_path / "network", builder="own_twice:built")
        assert again.layers == layers
        assert again.order == network.order


def test_a_network_that_uses_no_convolution_is_refused():
    class Idle(Small):
        def forward(self, x):
            return self.out(x[:, :, :6, 0].mean(dim=1))

    with pytest.raises(InputError, match="no convolution is used"):
        of(Idle(), layers=None)


def test_several_maps_for_an_image_are_refused():
    class Folded(Small):
        def forward(self, x):
            return super().forward(torch.cat([x, x.flip(3)])).mean(dim=0, keepdim=True)

    with pytest.raises(InputError, match=r"'first' gives no maps(.|\n)*\(2, 4, 10, 10\)"):
        of(Folded())


def test_every_fault_of_layers_and_output_is_told():
    with pytest.raises(InputError) as caught:
        of(Small(outputs=5), layers=["unused", "out"])
    assert len(caught.value.faults) == 3


def test_an_unknown_layer_is_answered_with_a_near_one():
    with pytest.raises(InputError, match="did you mean 'second'") as caught:
        of(Small(), layers=["secnd", "thirteenth", "first", "first"])
    assert len(caught.value.faults) == 3


def test_a_layer_without_maps_is_refused():
    with pytest.raises(InputError, match="'out' gives no maps"):
        of(Small(), layers=["out"])


def test_an_output_that_is_not_one_number_a_class_is_refused():
    with pytest.raises(InputError, match=r"\(1, 5\)"):
        of(Small(outputs=5))


def test_an_image_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="cannot take an image"):
        of(Small(), input_shape=(3, 12, 12))
    with pytest.raises(InputError, match="input shape"):
        of(Small(), input_shape=(1, 12))


def test_classes_must_be_two_or_more_and_different():
    with pytest.raises(InputError, match="at least two classes"):
        of(Small(), classes=("happy", "happy", "fear"))


def test_a_network_without_convolutions_is_refused():
    module = nn.Sequential(nn.Flatten(), nn.Linear(144, 3))
    with pytest.raises(InputError, match="no convolution"):
        of(module, layers=None)


def test_the_fingerprint_is_of_the_content():
    module = Small()
    first = of(module).fingerprint
    assert of(copy.deepcopy(module)).fingerprint == first
    assert of(copy.deepcopy(module), layers=["first"]).fingerprint == first
    module.first.weight.data = module.first.weight.data.contiguous(
        memory_format=torch.channels_last
    )
    assert of(module).fingerprint == first
    assert of(module, classes=("a", "b", "c")).fingerprint != first
    assert of(module, input_shape=(1, 14, 14)).fingerprint != first
    with torch.no_grad():
        module.first.weight[0, 0, 0, 0] += 1e-6
    assert of(module).fingerprint != first


def test_the_fingerprint_sees_what_has_no_weights():
    def network(pool):
        return of(
            nn.Sequential(nn.Conv2d(1, 2, 3), pool, nn.Flatten(), nn.LazyLinear(3)), layers=None
        )

    torch.manual_seed(0)
    largest = network(nn.MaxPool2d(2)).fingerprint
    torch.manual_seed(0)
    assert network(nn.AvgPool2d(2)).fingerprint != largest


def test_descriptions_hold_no_addresses():
    class Odd(nn.Module):
        def extra_repr(self):
            return f"{object()!r}"

    assert "0x" in repr(Odd())
    assert "0x" not in describe(Odd())


def test_pixels_become_channels_first_between_0_and_1():
    grey = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) * 10
    colour = np.stack([grey, grey // 2, grey // 3], axis=-1)
    grey.flags.writeable = False
    assert to_tensor(grey).shape == (2, 1, 3, 4)
    assert to_tensor(colour).shape == (2, 3, 3, 4)
    assert to_tensor(grey).dtype == torch.float32
    assert to_tensor(colour)[1, 1, 2, 3] == pytest.approx(115 / 255)
    assert to_tensor(np.full((1, 1, 1), 255, np.uint8)).item() == 1.0


def test_it_works_where_inference_mode_is_on():
    module = Small()
    with torch.inference_mode():
        assert of(module).channels["first"] == 4
