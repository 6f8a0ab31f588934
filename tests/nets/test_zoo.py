"""The zoo: shapes, parameter counts, places of dropout and starting weights of the papers."""

import math
import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.errors import InputError
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.normalise import FLAT, ImageStandard, LocalMean

build: Any = zoo.build  # parts of a module are Tensor | Module to mypy

EIGHT = ("neutral", "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise")


def shapes(module, channels, size):
    x = torch.rand(2, channels, size, size)
    found = {}
    for name, part in module.eval().named_children():
        x = part(x)
        found[name] = tuple(x.shape[1:])
    return found


def parameters(module):
    return sum(value.numel() for value in module.parameters())


def test_khorrami_has_the_papers_shapes_and_1335508_parameters():
    module = build("khorrami2015", classes=EIGHT, size=96)
    assert parameters(module) == 1_335_508
    found = shapes(module, 1, 96)
    assert found["conv1"] == (64, 96, 96)
    assert found["conv2"] == (128, 48, 48)
    assert found["conv3"] == (256, 24, 24)
    assert found["pool3"] == (256, 2, 2)
    assert found["fc4"] == (300,)
    assert found["output"] == (8,)


@pytest.mark.parametrize("size", [8, 32, 48])
def test_khorrami_pools_four_quadrants_at_any_size(size):
    module = build("khorrami2015", classes=EIGHT, size=size)
    assert shapes(module, 1, size)["pool3"] == (256, 2, 2)


def test_breuer_has_the_papers_shapes():
    module = build("breuer2017", classes=EIGHT, size=96, channels_in=3)
    assert list(dict(module.named_children())) == [
        "normalise", "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "conv3", "relu3",
        "pool3", "dropout3", "flatten", "fc4", "relu4", "dropout4", "output",
    ]  # fmt: skip
    found = shapes(module, 3, 96)
    assert found["conv3"] == (256, 24, 24)
    assert found["pool3"] == (256, 12, 12)
    assert found["fc4"] == (512,)
    assert found["output"] == (8,)
    convolutions = (3 * 25 + 1) * 64 + (64 * 25 + 1) * 128 + (128 * 25 + 1) * 256
    assert parameters(module) == convolutions + (256 * 144 + 1) * 512 + 513 * 8


def test_dropout_stands_where_each_paper_or_its_code_puts_it():
    def names(arch, **options):
        module = build(arch, options, classes=EIGHT, size=16)
        return module, list(dict(module.named_children()))

    module, order = names("khorrami2015", variant="as-run")
    assert order[order.index("pool3") :] == [
        "pool3", "dropout", "flatten", "fc4", "relu4", "output",
    ]  # fmt: skip
    module, order = names("khorrami2015", variant="as-written", dropout=0.3)
    assert order[order.index("pool3") :] == [
        "pool3", "flatten", "fc4", "relu4", "dropout", "output",
    ]  # fmt: skip
    assert module.dropout.p == 0.3
    module, _ = names("breuer2017")
    assert (module.dropout3.p, module.dropout4.p) == (0.25, 0.5)
    module.train()
    ones = torch.ones(1, 256, 2, 2)
    dropped = module.dropout3(ones)
    assert sorted(dropped.unique().tolist()) == pytest.approx([0, 1 / 0.75])


def test_bias_is_an_option_of_the_convolutions_only():
    for arch, usual in (("khorrami2015", False), ("breuer2017", True)):
        for bias in (False, True):
            module = build(arch, {"bias": bias}, classes=EIGHT, size=16)
            assert all((getattr(module, f"conv{i}").bias is not None) == bias for i in (1, 2, 3))
            assert module.fc4.bias is not None
            assert module.output.bias is not None
        module = build(arch, classes=EIGHT, size=16)
        assert (module.conv1.bias is not None) == usual


@pytest.mark.parametrize(("variant", "fan_in"), [("as-run", 64 * 1024), ("as-written", 1024)])
def test_khorrami_starts_with_k_over_the_root_of_the_fan_in(variant, fan_in):
    options = {"variant": variant, "k": 0.7}
    module = build("khorrami2015", options, classes=EIGHT, size=32)
    fans = {"conv1": 25, "conv2": 25 * 64, "conv3": 25 * 128, "fc4": fan_in, "output": 300}
    for name, fan in fans.items():
        weights = getattr(module, name).weight
        wanted = 0.7 / math.sqrt(fan)
        # the standard error of a deviation over n draws is sd / sqrt(2 n)
        allowed = 5 * wanted / math.sqrt(2 * weights.numel())
        assert abs(weights.std().item() - wanted) < allowed
        assert abs(weights.mean().item()) < 5 * wanted / math.sqrt(weights.numel())
    assert torch.equal(module.fc4.bias, torch.ones(300))
    assert torch.equal(module.output.bias, torch.zeros(8))


def test_khorrami_draws_one_k_for_the_network():
    ks = []
    for seed in range(40):
        module = build("khorrami2015", classes=EIGHT, size=8, seed=seed)
        from_conv3 = module.conv3.weight.std().item() * math.sqrt(25 * 128)
        from_conv2 = module.conv2.weight.std().item() * math.sqrt(25 * 64)
        assert from_conv3 == pytest.approx(from_conv2, rel=0.02)
        ks.append(from_conv3)
    assert 0.19 < min(ks) < 0.4
    assert 1.0 < max(ks) < 1.21
    assert np.mean(ks) == pytest.approx(0.7, abs=0.2)


def test_breuer_starts_glorot_uniform():
    module = build("breuer2017", classes=EIGHT, size=16)
    for name, fans in (("conv2", (64 * 25, 128 * 25)), ("fc4", (1024, 512))):
        weights = getattr(module, name).weight
        bound = math.sqrt(6 / sum(fans))
        assert weights.abs().max().item() <= bound
        assert weights.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert not module.conv2.bias.any()


@pytest.mark.parametrize(
    ("initialiser", "least", "most"), [("he", 1.4, 1.43), ("khorrami", 0.2, 1.2)]
)
def test_breuer_starts_as_its_option_says(initialiser, least, most):
    """The deviation of every layer is one number over the root of its fan-in."""
    module = build("breuer2017", {"initialiser": initialiser}, classes=EIGHT, size=16, seed=3)
    found = [
        getattr(module, name).weight.std().item() * math.sqrt(fan_in)
        for name, fan_in in (("conv2", 64 * 25), ("conv3", 128 * 25), ("fc4", 1024))
    ]
    assert found == pytest.approx([found[0]] * 3, rel=0.02)
    assert least < found[0] < most
    assert not module.conv2.bias.any()


def box_mean_slowly(image):
    rows, cols = image.shape
    means = np.zeros_like(image)
    for row in range(rows):
        for col in range(cols):
            total = 0.0
            for down in range(-2, 3):
                for across in range(-2, 3):
                    if 0 <= row + down < rows and 0 <= col + across < cols:
                        total += image[row + down, col + across]
            means[row, col] = total / 25
    return means


@pytest.mark.parametrize("divide", [False, True])
def test_local_normalisation_against_a_slow_loop(divide):
    pixels = np.random.default_rng(5).random((2, 3, 9, 11))
    found = LocalMean(divide=divide)(torch.from_numpy(pixels)).numpy()
    for image in range(2):
        for channel in range(3):
            doubled = 2 * pixels[image, channel]
            wanted = doubled - box_mean_slowly(doubled)
            if divide:
                wanted = wanted / np.sqrt(box_mean_slowly(wanted**2) + FLAT**2)
            np.testing.assert_allclose(found[image, channel], wanted, atol=1e-12)


def test_normalisation_keeps_full_precision_under_autocast():
    pixels = torch.rand(1, 1, 12, 12)
    for part in (LocalMean(), LocalMean(divide=True), ImageStandard()):
        wanted = part(pixels)
        with torch.autocast("cpu", torch.bfloat16):
            assert torch.equal(part(pixels), wanted)


def test_flat_images_stay_finite_in_value_and_slope():
    for part in (LocalMean(divide=True), ImageStandard()):
        flat = torch.full((1, 1, 12, 12), 0.5, requires_grad=True)
        answer = part(flat)
        (slope,) = torch.autograd.grad(answer[..., 5, 5].sum(), flat)
        assert torch.isfinite(answer).all()
        assert torch.isfinite(slope).all()


def test_each_image_is_standardised_by_itself():
    pixels = torch.rand(3, 3, 20, 20) * torch.tensor([0.2, 0.5, 1.0])[:, None, None, None]
    found = ImageStandard()(pixels)
    assert torch.allclose(found.mean(dim=(1, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(found.std(dim=(1, 2, 3)), torch.ones(3), atol=0.02)


def test_normalisation_is_that_of_the_variant():
    def first(arch, **options):
        return build(arch, options, classes=EIGHT, size=16).normalise

    assert first("khorrami2015").divide is False
    assert first("khorrami2015", variant="as-written").divide is True
    assert isinstance(first("breuer2017", normalise="image"), ImageStandard)
    assert isinstance(first("breuer2017", normalise="none"), nn.Identity)
    assert isinstance(first("breuer2017", normalise="local-mean"), LocalMean)


def test_a_seed_gives_the_same_weights_and_leaves_the_generator_alone():
    torch.manual_seed(11)
    wanted = torch.rand(3)
    torch.manual_seed(11)
    for arch in zoo.ARCHITECTURES:
        first, again, other = (
            build(arch, classes=EIGHT, size=16, seed=seed).state_dict() for seed in (1, 1, 2)
        )
        assert all(torch.equal(first[name], again[name]) for name in first)
        assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
    assert torch.equal(torch.rand(3), wanted)


def test_unknown_names_are_answered_with_near_ones():
    with pytest.raises(InputError, match="did you mean 'khorrami2015'"):
        build("khorami2015", classes=EIGHT, size=96)
    with pytest.raises(InputError, match="known: breuer2017, khorrami2015, vgg, resnet"):
        build("xyz", classes=EIGHT, size=96)


def test_every_fault_of_a_blueprint_is_told_at_once():
    with pytest.raises(InputError) as caught:
        build(
            "khorrami2015",
            {"varant": "as-run", "dropout": 2, "variant": "as run"},
            classes=["happy"],
            size=50,
            channels_in=2,
        )
    text = str(caught.value)
    assert "did you mean 'variant'" in text
    for where in ("options.dropout", "options.variant", "classes", "size", "channels_in"):
        assert where in text
    assert len(caught.value.faults) == 6


def test_checking_a_blueprint_builds_nothing(monkeypatch):
    monkeypatch.setattr(nn.init, "normal_", None)
    zoo.check(Blueprint("khorrami2015", EIGHT, 96))
    with pytest.raises(InputError, match="multiple of 8"):
        zoo.check(Blueprint("khorrami2015", EIGHT, 97))


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    (tmp_path / "own_networks.py").write_text(
        "from torch import nn\n"
        "def small(classes, size, width=2):\n"
        "    return nn.Sequential(nn.Conv2d(1, width, 3), nn.ReLU(), nn.Flatten(),\n"
        "                         nn.Linear(width * (size - 2) ** 2, classes))\n"
        "def colour(classes, size, channels_in):\n"
        "    return nn.Conv2d(channels_in, classes, size)\n"
        "def nothing(classes, size): return 'a network'\n"
        "number = 3\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield "own_networks"
    sys.modules.pop("own_networks", None)


def test_a_network_of_ones_own_is_built_from_its_import_path(own_module):
    def own(name, **options):
        return build(f"own_networks:{name}", options, classes=EIGHT, size=8, channels_in=3)

    assert own("small", width=5)[0].weight.shape[0] == 5
    assert own("colour").weight.shape == (8, 3, 8, 8)
    first, again = own("small"), own("small")
    assert torch.equal(first[0].weight, again[0].weight)


def test_what_is_wrong_with_an_import_path_is_told(own_module):
    def own(path, **options):
        return build(path, options, classes=EIGHT, size=8)

    with pytest.raises(InputError, match="cannot be imported"):
        own("no_such_package_here:small")
    with pytest.raises(InputError, match="did you mean 'small'"):
        own("own_networks:smal")
    with pytest.raises(InputError, match="nothing to call under the name 'number'"):
        own("own_networks:number")
    with pytest.raises(InputError, match="did not return a network"):
        own("own_networks:nothing")
    with pytest.raises(InputError, match="does not take what it is called with"):
        own("own_networks:small", depth=3)
