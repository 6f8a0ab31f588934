"""Small networks for the tests of attributions, and rules written out slowly."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network
from facsinterp.saliency.attribute import Units

CLASSES = ("neutral", "happy")


def network(module, size=12, channels=1, layers=None):
    """The module with lively weights as a Network."""
    generator = torch.Generator().manual_seed(7)
    for name, value in module.state_dict().items():
        if value.is_floating_point():
            low = 0.5 if "var" in name else -0.4
            value.uniform_(low, low + 0.9, generator=generator)
    return Network.of(module, classes=CLASSES, input_shape=(channels, size, size), layers=layers)


def pixels(size=12, count=4, channels=1, seed=3):
    shape = (count, size, size) if channels == 1 else (count, size, size, channels)
    array = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Pixels.from_array([f"face{i}" for i in range(count)], array)


def units(net, layer, images, count=10, seed=5):
    """Units of every kind: any picture, filter and place, corners among them."""
    rng = np.random.default_rng(seed)
    rows, cols = net.sizes[layer]
    places = np.stack([rng.integers(0, rows, count), rng.integers(0, cols, count)], 1)
    places[:2] = (0, 0), (rows - 1, cols - 1)
    return Units(
        rng.integers(0, images, count), rng.integers(0, net.channels[layer], count), places
    )


def one(found, i):
    """The units of sample i alone."""
    return Units(found.rows[i : i + 1], found.channels[i : i + 1], found.places[i : i + 1])


def rule(method, signal, taken):
    """What a rectifier that took `taken` does to the signal that comes back to it."""
    if method == "guided-backprop":
        return signal * (signal > 0) * (taken > 0)
    if method == "deconvnet":
        return signal * (signal > 0)
    return signal * (taken > 0)


def chain():
    """Convolutions, rectifiers and max pooling in a row."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 5, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(5, 6, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(6 * 16, 2),
    )


def chain_by_hand(module, method, picture: Tensor, layer: int, channel, place):
    """The attribution of one unit behind `module[layer]`, one layer of `chain` at a time."""
    taken = [picture]
    for part in module[: layer + 1]:
        taken.append(part(taken[-1]))
    value = taken[layer + 1]
    signal = torch.zeros_like(value)
    signal[0, channel, place[0], place[1]] = float(value[0, channel, place[0], place[1]] > 0)
    for i in reversed(range(layer + 1)):
        part = module[i]
        if isinstance(part, nn.ReLU):
            signal = rule(method, signal, taken[i])
        elif isinstance(part, nn.MaxPool2d):
            signal = unpooled(signal, taken[i])
        else:
            signal = F.conv_transpose2d(signal, part.weight, padding=part.padding)
    return signal[0].sum(0).numpy()


def unpooled(signal, taken):
    """Each value of the signal put back to the largest of its 2 x 2 window."""
    found = torch.zeros_like(taken)
    _, channels, rows, cols = signal.shape
    for c in range(channels):
        for row in range(rows):
            for col in range(cols):
                window = taken[0, c, 2 * row : 2 * row + 2, 2 * col : 2 * col + 2]
                best = int(window.argmax())
                found[0, c, 2 * row + best // 2, 2 * col + best % 2] = signal[0, c, row, col]
    return found


class Residual(nn.Module):
    """A value goes into a function and past it; another is rectified in place, a third clamped."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.two = nn.Conv2d(4, 4, 3, padding=1)
        self.three = nn.Conv2d(4, 4, 3, padding=1)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        one = self.norm(self.one(x))
        two = self.two(F.relu(one))
        summed = (two + one) * 2
        F.relu_(summed)
        three = self.three(summed).clamp(min=0)
        return self.out(three.mean(dim=(2, 3)))

    def by_hand(self, method, x, channel, place):
        """One unit of the third layer, step by step."""
        one = self.norm(self.one(x))
        two = self.two(one.clamp(0))
        summed = (two + one) * 2
        value = self.three(summed.clamp(0))
        signal = torch.zeros_like(value)
        signal[0, channel, place[0], place[1]] = float(value[0, channel, place[0], place[1]] > 0)
        signal = F.conv_transpose2d(signal, self.three.weight, padding=1)
        signal = 2 * rule(method, signal, summed)
        inside = F.conv_transpose2d(signal, self.two.weight, padding=1)
        signal = signal + rule(method, inside, one)
        spread = torch.as_tensor(self.norm.running_var) + self.norm.eps
        scale = self.norm.weight / spread.sqrt()
        signal = F.conv_transpose2d(signal * scale[:, None, None], self.one.weight, padding=1)
        return signal[0].sum(0).numpy()


class Twins(nn.Module):
    """One ReLU for two ways that lie beside each other, run after both were computed."""

    def __init__(self):
        super().__init__()
        self.left = nn.Conv2d(1, 3, 3, padding=1)
        self.right = nn.Conv2d(1, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.last = nn.Conv2d(6, 4, 3, padding=1)
        self.out = nn.Linear(4, 2)

    def forward(self, x):
        left, right = self.left(x), self.right(x)
        left, right = self.relu(left), self.relu(right)
        maps = self.relu(self.last(torch.cat([left, right], dim=1)))
        return self.out(maps.mean(dim=(2, 3)))

    def by_hand(self, method, x, channel, place):
        """One unit of the last layer, step by step."""
        left, right = self.left(x), self.right(x)
        value = self.last(torch.cat([left, right], 1).clamp(0))
        signal = torch.zeros_like(value)
        signal[0, channel, place[0], place[1]] = float(value[0, channel, place[0], place[1]] > 0)
        signal = F.conv_transpose2d(signal, self.last.weight, padding=1)
        found = torch.zeros_like(x)
        for part, taken, back in (
            (self.left, left, signal[:, :3]),
            (self.right, right, signal[:, 3:]),
        ):
            found += F.conv_transpose2d(rule(method, back, taken), part.weight, padding=1)
        return found[0].sum(0).numpy()
