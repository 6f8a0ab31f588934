"""Rotation: the same network, its filters mixed by random orthogonal matrices.

A layer's maps turned into another basis tell the next layer just as much. Whether single
filters mean more than single directions drawn at random is what the comparison shows: the
test of axis alignment of Bau et al. (Network Dissection, CVPR 2017, section 3.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.network import Network
from facsinterp.nets.taps import tapping

ROTATED: Final = "rotated"


def rotated_name(layer: str) -> str:
    """What a layer is called in the rotated network: `rotated.conv3`."""
    return f"{ROTATED}.{layer}"


def random_rotation(channels: int, seed: int, layer: int = 0) -> NDArray[np.float64]:
    """An orthogonal matrix (channels, channels), all equally likely.

    `seed` and `layer` decide it. Source: Mezzadri 2007, Notices of the AMS 54:592.
    """
    drawn = np.random.default_rng([seed, layer]).normal(size=(channels, channels))
    turned, upper = np.linalg.qr(drawn)
    return np.asarray(turned * np.sign(np.diag(upper)))


def rotated(network: Network, rotations: Mapping[str, NDArray[np.floating]]) -> Network:
    """A Network whose layers are those of `network`, their maps mixed by `rotations`.

    `rotations`: for each layer an orthogonal (channel, channel). Maps are mixed after the
    nonlinearity, place by place, so what the network says is what it says unrotated, and the
    identity gives the same maps. The module is shared, not copied. Raises InputError with every
    layer that has no rotation of its size.
    """
    InputError.raise_any(
        Fault(
            f"layer {layer!r} has no rotation that fits",
            "rotations",
            expected=f"an orthogonal matrix ({count}, {count})",
            got=str(rotations[layer].shape) if layer in rotations else "none",
        )
        for layer, count in network.channels.items()
        if layer not in rotations or not _orthogonal(rotations[layer], count)
    )
    return Network.of(
        _Rotated(network, rotations),
        classes=network.classes,
        input_shape=network.input_shape,
        layers=[rotated_name(layer) for layer in network.layers],
    )


def rotated_at_random(network: Network, seed: int) -> Network:
    """`rotated` by matrices that `seed` draws, one for each layer."""
    channels = network.channels.items()
    return rotated(
        network,
        {layer: random_rotation(count, seed, i) for i, (layer, count) in enumerate(channels)},
    )


def _orthogonal(matrix: NDArray[np.floating], count: int) -> bool:
    shaped = matrix.shape == (count, count)
    return shaped and bool(np.allclose(matrix @ matrix.T, np.eye(count), atol=1e-5))


@final
class _Rotated(nn.Module):
    def __init__(self, network: Network, rotations: Mapping[str, NDArray[np.floating]]) -> None:
        super().__init__()
        self.network = network.module
        self._tapped = network
        self._mixers = {
            layer: _placed(self, rotated_name(layer), _mixer(rotations[layer]))
            for layer in network.layers
        }

    def forward(self, pixels: Tensor) -> Tensor:
        with tapping(self._tapped, self._tapped.layers) as maps:
            said: Tensor = self.network(pixels)
        for layer in self._tapped.layers:
            self._mixers[layer](maps[layer])
        return said


def _mixer(matrix: NDArray[np.floating]) -> nn.Conv2d:
    mixer = nn.Conv2d(len(matrix), len(matrix), 1, bias=False)
    with torch.no_grad():
        mixer.weight.copy_(torch.from_numpy(np.asarray(matrix))[:, :, None, None])
    return mixer


def _placed(module: nn.Module, name: str, part: nn.Module) -> nn.Module:
    """`part` inside `module` under a name with dots, as the layers' own names have them."""
    *above, last = name.split(".")
    for step in above:
        inner = module._modules.get(step)
        if inner is None:
            inner = nn.Module()
            module.add_module(step, inner)
        module = inner
    module.add_module(last, part)
    return part
