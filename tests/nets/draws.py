"""Drawn weights against the distribution that they claim, with errors of the sample's size."""

import math
from collections import Counter

import torch
from scipy.stats import kstest
from torch.utils.flop_counter import FlopCounterMode

FAR = 4.5
"""Standard errors: one sample in 150,000 lies further off."""


def parameters(module):
    """Parameters of each part that has any, by its name, and of all together."""
    counts: Counter[str] = Counter()
    for name, value in module.named_parameters():
        counts[name.rpartition(".")[0]] += value.numel()
    return dict(counts), counts.total()


def shapes(module, channels, size):
    """What each part of a sequence gives for one image, by its name."""
    maps = torch.rand(1, channels, size, size)
    found = {}
    for name, part in module.eval().named_children():
        maps = part(maps)
        found[name] = tuple(maps.shape[1:])
    return found


def multiplications(module, channels, size):
    """Of one forward of one image, in convolutions and dense layers."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module.eval()(torch.rand(1, channels, size, size))
    return counter.get_total_flops() / 2  # torch counts an addition for each


def is_gaussian(weights, deviation):
    """Mean 0, this deviation, and the shape in between."""
    drawn = weights.detach().double().flatten()
    n = len(drawn)
    assert abs(drawn.mean().item()) < FAR * deviation / math.sqrt(n)
    # The deviation of n Gaussian draws has the standard error sd / sqrt(2 n).
    assert abs(drawn.std().item() - deviation) < FAR * deviation / math.sqrt(2 * n)
    assert kstest((drawn / deviation)[:20_000].numpy(), "norm").pvalue > 1e-3


def is_uniform(weights, bound):
    """Between -bound and bound, up to both ends, and even in between."""
    drawn = weights.detach().double().flatten()
    n = len(drawn)
    deviation = bound / math.sqrt(3)
    assert abs(drawn.mean().item()) < FAR * deviation / math.sqrt(n)
    # Of n even draws it is sd sqrt((kurtosis - 1) / (4 n)), with a kurtosis of 1.8.
    assert abs(drawn.std().item() - deviation) < FAR * deviation * math.sqrt(0.2 / n)
    # All n stay a share x short of an end with probability (1 - x/2)^n: e^-14 at x = 28 / n.
    for end in (drawn.max().item(), -drawn.min().item()):
        assert bound * (1 - 28 / n) < end <= bound * (1 + 1e-6)
    assert kstest((drawn / bound)[:20_000].numpy(), "uniform", args=(-1, 2)).pvalue > 1e-3
