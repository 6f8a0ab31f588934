"""Networks of a few filters, given by import path as a user would."""

from collections import OrderedDict

from torch import nn


def small(classes, size, channels_in):
    side = size // 16
    return nn.Sequential(
        nn.Conv2d(channels_in, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Conv2d(4, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(8 * side * side, classes),
    )


def twice(classes, size, channels_in):
    """Its second convolution is run two times."""
    conv = nn.Conv2d(2, 2, 3, padding=1)
    first = nn.Conv2d(channels_in, 2, 3, padding=1)
    last = nn.Linear(2 * size * size, classes)
    parts = {"first": first, "conv": conv, "again": conv, "flat": nn.Flatten(), "last": last}
    return nn.Sequential(OrderedDict(parts))


def for_three(classes, size, channels_in):
    """A network of somebody who counts his classes."""
    if classes != 3:
        raise RuntimeError("only three classes")
    return small(classes, size, channels_in)


def leaky(classes, size, channels_in):
    """A network that lets some of what is below zero through."""
    parts = list(small(classes, size, channels_in))
    parts[1] = nn.LeakyReLU()
    return nn.Sequential(*parts)
