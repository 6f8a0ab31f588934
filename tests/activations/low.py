"""A sweep in bfloat16 that leaves most images at it: a few strong pictures, many flat ones."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network

from . import tiny


def network() -> Network:
    """Eight filters of three layers: two with a ReLU, with one dead filter, and one without.

    To flat pictures the first layer is silent. Without a ReLU, the first filter of layer 5 is
    a little above zero for them, the second below.
    """
    torch.manual_seed(2)
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 3, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(3, 2, 1),
        nn.Flatten(),
        nn.Linear(2 * 5 * 4, 3),
    )
    with torch.no_grad():
        first, second, third = (module.get_parameter(f"{name}.weight") for name in "035")
        first.sub_(first.mean(dim=(1, 2, 3), keepdim=True)).mul_(3)
        second.mul_(3)
        second[0].abs_()
        second[2] = 0
        third.abs_()
        module.get_parameter("0.bias").fill_(-0.2)
        module.get_parameter("3.bias").copy_(torch.tensor([-0.02, -0.1, -1.0]))
        module.get_parameter("5.bias").copy_(torch.tensor([0.01, -0.3]))
    return Network.of(
        module,
        classes=("anger", "happy", "sadness"),
        input_shape=(1, 12, 10),
        layers=["0", "3", "5"],
    )


def pixels(images: int = 300, strong: int = 70, seed: int = 0) -> Pixels:
    """Flat pictures of several greys, and `strong` ones with noise in the middle."""
    rng = np.random.default_rng(seed)
    array = np.zeros((images, 12, 10), np.uint8)
    array[:] = (np.arange(images) % 17 * 2 + 60)[:, None, None]
    array += (np.arange(10, dtype=np.uint8) // 4)[None, None]
    for image in rng.choice(images, strong, replace=False):
        array[image, 3:9, 2:8] = rng.integers(0, 256, (6, 6), dtype=np.uint8)
    return Pixels.from_array(tiny.faces(images).images, array)


def swept(path, precision, pictures: Pixels | None = None) -> ActivationStore:
    """A store of `network` and `pixels`."""
    net, pictures = network(), pictures or pixels()
    faces = tiny.faces(len(pictures.images))
    plan = Plan.of(
        net.fingerprint,
        net.channels,
        faces,
        pictures.fingerprint,
        batch_size=2,
        block_size=100,
        precision=precision,
    )
    return sweep(net, pictures, faces, plan, path)
