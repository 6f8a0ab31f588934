"""A network of twelve filters, given by import path as a user would."""

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
