"""Features of the first dense layer against networks cut off by hand."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from facsinterp.errors import InputError
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.dense import dense_features, first_dense
from facsinterp.nets.hidden import hidden_features
from facsinterp.nets.network import Network, to_tensor


def images(count=5):
    return np.random.default_rng(1).integers(0, 256, (count, 16, 16), dtype=np.uint8)


def network(module):
    return Network.of(module, classes=("a", "b", "c"), input_shape=(1, 16, 16))


class Functional(nn.Module):
    """Two dense layers between; the ReLUs are functions, and one works in place."""

    def __init__(self):
        super().__init__()
        self.output = nn.Linear(5, 3)
        self.second = nn.Linear(7, 5)
        self.conv = nn.Conv2d(1, 4, 5)
        self.first = nn.Linear(4, 7)

    def forward(self, pixels):
        values = self.first(functional.relu(self.conv(pixels)).mean(dim=(2, 3)))
        values = functional.dropout(functional.relu_(values), 0.5, self.training)
        return self.output(functional.relu(self.second(values)))


@pytest.mark.parametrize(("arch", "width"), [("breuer2017", 512), ("khorrami2015", 300)])
@pytest.mark.parametrize("variant", ["as-run", "as-written"])
def test_networks_of_the_papers_give_the_relu_of_fc4(arch, width, variant):
    options = {"variant": variant} if arch == "khorrami2015" else {}
    net = network(zoo.from_blueprint(Blueprint(arch, ("a", "b", "c"), 16, options=options)))
    found = dense_features(net, images(), device="cpu", batch=2)
    stop = list(dict(net.module.named_children())).index("relu4") + 1
    with torch.no_grad():
        slow = net.module[:stop](to_tensor(images())).numpy()
    assert found.shape == (5, width)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, slow, atol=1e-5)
    assert (found >= 0).all()
    assert (found > 0).any()
    # With one dense layer before the output, it is what the output takes.
    np.testing.assert_allclose(found, hidden_features(net, images(), device="cpu"), atol=1e-5)


def test_the_first_of_several_dense_layers_is_the_one_run_first():
    torch.manual_seed(0)
    module = Functional()
    net = network(module)
    rows = np.array([3, 0])
    found = dense_features(net, images(), rows, device="cpu")
    with torch.no_grad():
        maps = module.conv(to_tensor(images()[rows])).relu().mean(dim=(2, 3))
        slow = module.first(maps).relu().numpy()
    np.testing.assert_allclose(found, slow, atol=1e-6)
    assert first_dense(net).width == 7
    assert not module.first._forward_hooks


def test_a_nonlinearity_in_place_bends_once():
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(3, 6),
        nn.Dropout(0.5),
        nn.LeakyReLU(0.5, inplace=True),
        nn.Linear(6, 3),
    )
    found = dense_features(network(module), images(), device="cpu")
    with torch.no_grad():
        slow = module[:6](to_tensor(images())).numpy()
    assert (slow < 0).any()
    np.testing.assert_allclose(found, slow, atol=1e-6)


def test_a_network_without_a_dense_layer_between_is_refused():
    pooled = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 3)
    )
    with pytest.raises(InputError, match="no dense layer between") as caught:
        dense_features(network(pooled), images())
    assert "hidden_features" in str(caught.value)
    with pytest.raises(InputError, match="no dense layer between"):
        first_dense(network(pooled[:4]))
