"""What is converted, noted and refused before a picture is made."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from facsinterp.errors import InputError
from facsinterp.nets import zoo
from facsinterp.nets.network import Network
from facsinterp.nets.normalise import ImageStandard
from facsinterp.saliency.attribute import attribute
from facsinterp.saliency.preflight import preflight
from facsinterp.saliency.rules import METHODS
from tests.saliency.nets import CLASSES, Residual, chain, network, pixels, units

RULES = ("guided-backprop", "deconvnet")


class Between(nn.Module):
    """Two convolutions and something between them."""

    def __init__(self, what, part=None):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.part = part if part is not None else nn.Identity()
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Linear(4, 2)
        self.what = what

    def forward(self, x):
        x = F.relu(self.second(self.what(self, self.first(x))))
        return self.out(x.mean(dim=(2, 3)))


def module(net, x):
    return net.part(x)


def written(net, x):
    x = x + 0
    x[:, 1:] = x[:, 1:] * (x[:, 1:] > 0)
    return x


def unseen(net, x):
    with torch.no_grad():
        shift = x.mean(dim=(2, 3), keepdim=True)
    return x - shift


def attention(net, x):
    flat = x.flatten(2).transpose(1, 2)
    return F.scaled_dot_product_attention(flat, flat, flat).transpose(1, 2).reshape(x.shape)


def dynamic(net, x):
    return F.conv2d(x, x.mean(dim=(0, 2, 3)).expand(4, 4)[:, :, None, None])


REFUSED = {
    "leaky": (module, nn.LeakyReLU(), "leaky_relu in part (LeakyReLU)"),
    "gelu": (module, nn.GELU(), "gelu in part (GELU)"),
    "silu": (module, nn.SiLU(), "silu in part (SiLU)"),
    "sigmoid": (module, nn.Sigmoid(), "sigmoid in part (Sigmoid)"),
    "relu6": (module, nn.ReLU6(), "in part (ReLU6)"),
    "prelu": (module, nn.PReLU(), "prelu in part (PReLU)"),
    "threshold": (module, nn.Threshold(0.1, 0), "in part (Threshold)"),
    "group norm": (module, nn.GroupNorm(2, 4), "group_norm in part (GroupNorm)"),
    "instance norm": (module, nn.InstanceNorm2d(4), "instance_norm in part (InstanceNorm2d)"),
    "batch statistics": (
        module,
        nn.BatchNorm2d(4, track_running_stats=False),
        "batch_norm in part (BatchNorm2d)",
    ),
    "response norm": (module, nn.LocalResponseNorm(2), "in part (LocalResponseNorm)"),
    "lp pooling": (module, nn.LPPool2d(2, 1), "in part (LPPool2d)"),
    "softmax": (module, nn.Softmax2d(), "softmax in part (Softmax2d)"),
    "gate": (lambda net, x: x * torch.sigmoid(x), None, "in the forward of Between"),
    "mask": (lambda net, x: x * (x > 0), None, "gt in the forward of Between"),
    "float mask": (lambda net, x: x * (x > 0).float(), None, "gt in the forward of Between"),
    "sign": (lambda net, x: x * x.sign(), None, "mul in the forward of Between"),
    "mask written": (written, None, "gt in the forward of Between"),
    "where": (lambda net, x: torch.where(x > 0, x, 0), None, "where in the forward of Between"),
    "indexed": (
        lambda net, x: x.masked_fill(x < 0, 0),
        None,
        "masked_fill in the forward of Between",
    ),
    "square": (lambda net, x: x**2, None, "pow in the forward of Between"),
    "product": (lambda net, x: x * x.flip(2), None, "mul in the forward of Between"),
    "quotient": (lambda net, x: 1 / (x + 9), None, "in the forward of Between"),
    "absolute": (lambda net, x: x.abs(), None, "abs in the forward of Between"),
    "maximum": (lambda net, x: torch.maximum(x, x.flip(2)), None, "maximum in the forward"),
    "other bound": (lambda net, x: x.clamp(min=0.1), None, "clamp in the forward of Between"),
    "two bounds": (lambda net, x: x.clamp(0, 1), None, "clamp in the forward of Between"),
    "attention": (attention, None, "scaled_dot_product_attention in the forward of Between"),
    "made weights": (dynamic, None, "conv2d in the forward of Between"),
    "chosen": (
        lambda net, x: x[:, x.mean(dim=(0, 2, 3)).argsort()],
        None,
        "argsort in the forward of Between",
    ),
    "number": (lambda net, x: x * x.mean().item(), None, "item in the forward of Between"),
    "branch": (
        lambda net, x: x if x.mean() > 0 else -x,
        None,
        "__bool__ in the forward of Between",
    ),
}


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_rule_says_nothing_of_is_refused(name, method):
    what, part, place = REFUSED[name]
    net = network(Between(what, part))
    with pytest.raises(InputError) as error:
        preflight(net, "second", method)
    told = str(error.value)
    assert place in told
    assert "before layer 'second'" in told
    if name == "number":  # its gradient is lost, for any method
        assert "cut off by item" in told
    else:
        assert f"{method} is not defined for" in told
        assert 'use method "gradient" or "integrated-gradients"' in told
    # The convolution before it is not concerned, unless what follows is its own nonlinearity.
    own = net.taps["first"].nonlinearity
    if name not in {"group norm", "instance norm", "batch statistics", "response norm"} and (
        own is None or own.rectifies
    ):
        preflight(net, "first", method)
    for other in METHODS[2:]:
        if name in {"batch statistics", "made weights", "number"}:
            with pytest.raises(InputError, match=r"other pictures of the batch|cut off by item"):
                preflight(net, "second", other)
        else:
            assert preflight(net, "second", other).conversions == ()


def test_all_faults_are_told_at_once():
    parts = nn.Sequential(nn.LeakyReLU(), nn.Conv2d(4, 4, 1), nn.GELU())
    with pytest.raises(InputError) as error:
        preflight(network(Between(module, parts)), "second", "deconvnet")
    assert [fault.what.rpartition(" in ")[2] for fault in error.value.faults] == [
        "part.0 (LeakyReLU)",
        "part.2 (GELU)",
    ]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("what", "function"),
    [
        (lambda net, x: x - x.detach().mean(), "detach"),
        (lambda net, x: x - x.data.mean(), "data"),
        (unseen, "mean"),
    ],
)
def test_gradients_that_are_cut_off_are_refused_for_all(what, function, method):
    with pytest.raises(InputError, match=f"cut off by {function} in the forward of Between"):
        preflight(network(Between(what)), "second", method)


def test_what_is_only_looked_at_does_no_harm():
    def watched(net, x):
        net.last = x.detach()
        net.count = (x > 0).sum()
        shape = torch.zeros_like(x) + torch.ones(x.shape[2:])
        return F.relu(x) + 0 * shape

    assert preflight(network(Between(watched)), "second", "guided-backprop").notes == ()


ALLOWED = {
    "pooling": lambda net, x: F.max_pool2d(F.avg_pool2d(x, 3, 1, 1), 3, 1, 1),
    "adaptive": lambda net, x: F.adaptive_max_pool2d(F.adaptive_avg_pool2d(x, 6), 4),
    "padding": lambda net, x: F.pad(F.pad(x, (1, 1, 1, 1), "reflect"), (0, 1), "constant"),
    "replicated": lambda net, x: F.pad(x, (1, 1, 1, 1), "replicate"),
    "joined": lambda net, x: torch.cat([x[:, :2], x[:, 2:]], 1),
    "parts": lambda net, x: torch.stack(x.unbind(1), 1).flatten(1, 2).reshape(x.shape),
    "constants": lambda net, x: (2 * x - 1) / 3 * torch.ones(4, 1, 1),
    "shuffled": lambda net, x: F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2),
    "enlarged": lambda net, x: F.interpolate(x, scale_factor=2),
    "written": lambda net, x: x.mul_(2).add_(1),
    "chunks": lambda net, x: torch.cat([one.roll(1, 2) for one in x.chunk(2, 1)], 1),
    "dropout": lambda net, x: F.dropout2d(F.dropout(x, 0.5, net.training), 0.5, net.training),
    "tokens": lambda net, x: torch.einsum("bchw,dc->bdhw", x, torch.ones(4, 4)),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_linear_operations_and_maxima_are_allowed(name):
    found = preflight(network(Between(ALLOWED[name])), "second", "guided-backprop")
    assert (found.layer, found.method) == ("second", "guided-backprop")
    assert found.conversions == found.notes == ()


RECTIFIERS = {
    "function": lambda net, x: F.relu(x),
    "in place": lambda net, x: F.relu(x, inplace=True),
    "place of torch": lambda net, x: torch.relu_(x),
    "method": lambda net, x: x.relu(),
    "named": lambda net, x: F.relu(input=x),
    "clamp": lambda net, x: torch.clamp(x, min=0),
    "clamped": lambda net, x: x.clamp_(0.0),
    "clip": lambda net, x: x.clip(0, None),
    "clamp min": lambda net, x: x.clamp_min(0),
    "threshold": lambda net, x: F.threshold(x, 0, 0),
    "operation": lambda net, x: torch.ops.aten.relu.default(x),
    "unread": lambda net, x: (x.relu_(), x)[1],
    "view": lambda net, x: (x[:].relu_(), x)[1],
    "module": module,
}


@pytest.mark.parametrize("method", RULES)
@pytest.mark.parametrize("name", RECTIFIERS)
def test_every_spelling_of_a_rectifier_gives_the_same(name, method):
    plain = network(Between(module, nn.ReLU()))
    part = nn.ReLU(inplace=True) if name == "module" else None
    other = network(Between(RECTIFIERS[name], part))
    faces = pixels()
    asked = units(plain, "second", len(faces))
    expected = attribute(plain, "second", faces, asked, method=method)
    found = attribute(other, "second", faces, asked, method=method)
    assert abs(found - expected).max() <= 1e-6 * abs(expected).max()
    assert preflight(plain, "second", method).conversions == ()
    (told,) = preflight(other, "second", method).conversions
    place = "part (ReLU in place)" if name == "module" else "in the forward of Between"
    assert place in told


def test_what_is_converted_and_noted_is_told():
    net = network(Residual())
    net.module.train()
    found = preflight(net, "three", "guided-backprop")
    assert found.conversions == (
        "relu in the forward of Residual was run as a module of its own",
        "6 modules were in train mode; all were run in eval mode",
    )
    assert found.notes == (
        "add in the forward of Residual: a sum of two ways; the signal goes back along both",
    )
    assert preflight(net, "three", "gradient").notes == ()


def test_the_normalisation_is_noted():
    built = zoo.build("breuer2017", classes=CLASSES, size=24)
    net = Network.of(built, classes=CLASSES, input_shape=(1, 24, 24))
    (note,) = preflight(net, "conv2", "deconvnet").notes
    assert note == "attributed to what normalise (ImageStandard) gives, not to the pixels before it"
    # In another place it is an operation like others, and not a linear one.
    net = network(nn.Sequential(nn.Identity(), *chain()[:1], ImageStandard(), *chain()[1:]))
    with pytest.raises(InputError, match=r"in 2 \(ImageStandard\)"):
        preflight(net, "4" if "4" in net.layers else net.layers[1], "deconvnet")


def test_pixels_that_go_past_the_normalisation_are_refused():
    class Past(nn.Module):
        def __init__(self):
            super().__init__()
            self.normalise = ImageStandard()
            self.inside = chain()

        def forward(self, x):
            return self.inside(self.normalise(x) + x)

    with pytest.raises(InputError, match="gives other maps when the network is cut there"):
        preflight(network(Past()), "inside.3", "gradient")


def test_noise_is_refused():
    net = network(Between(lambda net, x: F.dropout(x, 0.5, training=True)))
    for method in METHODS:
        with pytest.raises(InputError, match="no noise"):
            preflight(net, "second", method)


def test_fused_modules_work_and_quantized_ones_are_refused():
    conv, relu = nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
    fused = network(Between(module, torch.ao.nn.intrinsic.ConvReLU2d(conv, relu)))
    assert preflight(fused, "second", "guided-backprop").conversions == ()
    net = network(Between(lambda net, x: x, torch.ao.nn.quantized.ReLU6()))
    with pytest.raises(InputError, match=r"part \(ReLU6\) is quantized"):
        preflight(net, "second", "gradient")


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_scripted_and_compiled_modules_are_refused():
    net = network(Between(module, torch.jit.script(nn.ReLU())))
    with pytest.raises(InputError, match=r"part \(.*\) is scripted"):
        preflight(net, "second", "guided-backprop")
    net = network(chain())
    net.module.compile()
    with pytest.raises(InputError, match=r"the network .* is compiled"):
        preflight(net, "3", "guided-backprop")


def test_unknown_layers_and_methods_are_refused_together():
    with pytest.raises(InputError) as error:
        preflight(network(chain()), "conv", "lime")  # type: ignore[arg-type]
    assert [fault.where for fault in error.value.faults] == ["layer", "method"]


def test_weights_of_inference_mode_are_refused_in_words():
    with torch.inference_mode():
        built = chain()
        net = Network.of(built, classes=CLASSES, input_shape=(1, 12, 12))
    with pytest.raises(InputError, match=r"0 \(Conv2d\) is made inside torch.inference_mode"):
        preflight(net, "3", "gradient")


class Again(nn.Module):
    """Runs its first part, the normaliser among it, a second time for its gradients."""

    def __init__(self):
        super().__init__()
        self.part = nn.Sequential(ImageStandard(), nn.Conv2d(1, 4, 3), nn.ReLU())
        self.last = nn.Conv2d(4, 2, 3)

    def forward(self, pixels):
        maps = checkpoint(self.part, pixels, use_reentrant=False)
        return nn.functional.relu(self.last(maps)).mean((2, 3))


@pytest.mark.parametrize("method", METHODS)
def test_what_runs_forwards_and_not_backwards_is_refused(method):
    net = Network.of(Again(), classes=("a", "b"), input_shape=(1, 12, 12))
    with pytest.raises(InputError, match="cannot be led back"):
        preflight(net, "last", method)
