"""Banks of fixed filters: what a face gives to filters that nobody trained for faces.

pixels   the face averaged on a coarse grid, both polarities
pca      eigenfaces of the training faces, both signs
gabor    oriented filters of four wavelengths, in four phases

A bank is a module of one convolution, named as the bank, and a ReLU. Like a network it
takes pixels in [0, 1] and gives a number for each class, which are all 0: it says nothing.
A builder gives it with weights of 0; `fill` computes them.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy import linalg
from torch import nn

from facsinterp.errors import Fault, InputError
from facsinterp.nets.network import to_tensor
from facsinterp.nets.normalise import ImageStandard

Array = NDArray[np.float64]

FILTERS: Final = 128
# Of a cosine and its negative, a sine and its negative.
PHASES: Final = 4
# The finest wave that 5 x 5 filters of a first layer can hold, and three half octaves more.
WAVELENGTHS: Final = tuple(4.0 * 2 ** (step / 2) for step in range(4))
# Of the Gaussian, in wavelengths: about one octave of bandwidth.
WIDTH: Final = 0.56
REACH: Final = math.ceil(2.5 * WIDTH * WAVELENGTHS[-1])


class BankOptions(BaseModel):
    """What may be varied in a bank."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    filters: int = Field(default=FILTERS, ge=2)
    """pixels: twice a square; pca: even; gabor: a multiple of 16."""


def pixels(*, classes: int, size: int, channels_in: int = 1, filters: int = FILTERS) -> nn.Module:
    """A bank that averages the face on a square grid, each cell once with either sign.

    What a cell usually is over the training faces counts as 0.
    """
    InputError.raise_any(misfits("pixels", filters, size))
    return _bank("pixels", nn.Conv2d(channels_in, filters, size), classes)


def pca(*, classes: int, size: int, channels_in: int = 1, filters: int = FILTERS) -> nn.Module:
    """A bank of the first eigenfaces of the training faces, each with either sign."""
    InputError.raise_any(misfits("pca", filters, size))
    return _bank("pca", nn.Conv2d(channels_in, filters, size), classes)


def gabor(*, classes: int, size: int, channels_in: int = 1, filters: int = FILTERS) -> nn.Module:
    """A bank of Gabor filters: 4 wavelengths, 4 phases, and as many orientations as fit."""
    InputError.raise_any(misfits("gabor", filters, size))
    reach = min(REACH, (size - 1) // 2)
    conv = nn.Conv2d(channels_in, filters, 2 * reach + 1, padding=reach)
    return _bank("gabor", conv, classes)


def misfits(bank: str, filters: int, size: int) -> Iterator[Fault]:
    """Why a bank cannot have this number of filters on pictures of `size` pixels a side."""
    waves = len(WAVELENGTHS) * PHASES
    side = math.isqrt(filters // 2)
    fits, expected = {
        "pixels": (filters == 2 * side**2, "twice a square, such as 128 (8 x 8)"),
        "pca": (filters % 2 == 0, "an even number: each eigenface has two signs"),
        "gabor": (filters % waves == 0, f"a multiple of {waves}, such as 128"),
    }[bank]
    if fits and bank == "pixels" and side > size:
        fits, expected = False, f"at most {2 * size**2}, one for each pixel and sign"
    if not fits:
        yield Fault(
            f"the bank {bank} cannot have this number of filters",
            "options.filters",
            expected=expected,
            got=str(filters),
        )


def fill(module: nn.Module, images: NDArray[np.uint8]) -> None:
    """Puts the weights of its bank into a module that a builder of this module gave.

    `images`: the training faces, (image, row, col) or (image, row, col, 3), 0 to 255.
    Raises InputError when they are too few for as many eigenfaces.
    """
    name, conv = _convolution(module)
    faces = _standardised(images)
    weights = _WEIGHTS[name](conv, faces)
    bias = np.zeros(len(weights))
    if name != "gabor":  # a filter of the whole face: the usual face is its 0
        bias = -(weights.reshape(len(weights), -1) @ faces.mean(axis=0).ravel())
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(weights))
        conv.bias.copy_(torch.from_numpy(bias))  # type: ignore[union-attr]  # it has one


def _bank(name: str, conv: nn.Conv2d, classes: int) -> nn.Module:
    parts: Mapping[str, nn.Module] = {
        "normalise": ImageStandard(),
        name: conv,
        "relu": nn.ReLU(),
        "pool": nn.AdaptiveMaxPool2d(1),
        "flatten": nn.Flatten(),
        "output": nn.Linear(conv.out_channels, classes),
    }
    module = nn.Sequential(OrderedDict(parts))
    for value in module.parameters():
        nn.init.zeros_(value)
    return module


def _convolution(module: nn.Module) -> tuple[str, nn.Conv2d]:
    for name, part in module.named_children():
        if name in _WEIGHTS and isinstance(part, nn.Conv2d):
            return name, part
    raise InputError(Fault("this module is no bank", expected=", ".join(_WEIGHTS)))


def _standardised(images: NDArray[np.uint8]) -> Array:
    """(image, channel, row, col), as the bank's first part gives them."""
    normalise = ImageStandard()
    parts = [
        normalise(to_tensor(images[start : start + 256])).numpy().astype(np.float64)
        for start in range(0, len(images), 256)
    ]
    return np.concatenate(parts)


def _grid(conv: nn.Conv2d, _faces: Array) -> Array:
    """One cell a filter, and each with either sign."""
    size, channels = conv.kernel_size[0], conv.in_channels
    edges = np.linspace(0, size, math.isqrt(conv.out_channels // 2) + 1).round().astype(int)
    kinds = []
    for top, bottom in _neighbours(edges):
        for left, right in _neighbours(edges):
            cell = np.zeros((channels, size, size))
            cell[:, top:bottom, left:right] = 1 / (channels * (bottom - top) * (right - left))
            kinds.append(cell)
    return _both_signs(np.stack(kinds))


def _neighbours(edges: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    return zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _eigenfaces(conv: nn.Conv2d, faces: Array) -> Array:
    """Directions of most variance, the largest weight of each positive."""
    count = conv.out_channels // 2
    flat = (faces - faces.mean(axis=0)).reshape(len(faces), -1)
    most = min(len(faces) - 1, flat.shape[1])
    if count > most:
        raise InputError(
            Fault(
                f"{len(faces)} training faces do not have {count} eigenfaces",
                "options.filters",
                expected=f"at most {2 * most}",
                got=str(2 * count),
                do=f"add filters = {2 * most} to the options of the network",
            )
        )
    if len(flat) <= flat.shape[1]:
        vectors = flat.T @ _largest(flat @ flat.T, count)
    else:
        vectors = _largest(flat.T @ flat, count)
    vectors /= np.linalg.norm(vectors, axis=0)
    vectors *= np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(count)])
    return _both_signs(vectors.T.reshape(count, *faces.shape[1:]))


def _largest(matrix: Array, count: int) -> Array:
    """Eigenvectors of the largest eigenvalues, (row, count), the largest first."""
    size = len(matrix)
    _, vectors = linalg.eigh(matrix, subset_by_index=(size - count, size - 1))
    return np.asarray(vectors[:, ::-1])


def _waves(conv: nn.Conv2d, _faces: Array) -> Array:
    """Every wavelength, orientation and phase; sum 0 and length 1 each."""
    reach, orientations = conv.kernel_size[0] // 2, conv.out_channels // 16
    row, col = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float64)
    kinds = []
    for wave in WAVELENGTHS:
        window = np.exp(-(row**2 + col**2) / (2 * (WIDTH * wave) ** 2))
        for angle in np.arange(orientations) * np.pi / orientations:
            along = 2 * np.pi * (col * np.cos(angle) + row * np.sin(angle)) / wave
            for carrier in (np.cos(along), np.sin(along)):
                even = window * carrier
                even -= window * (even.sum() / window.sum())
                kinds.append(even / np.linalg.norm(even))
    waves = np.repeat(np.stack(kinds)[:, None], conv.in_channels, axis=1) / conv.in_channels
    return _both_signs(waves)


def _both_signs(weights: Array) -> Array:
    """Each filter followed by its negative."""
    return np.stack([weights, -weights], axis=1).reshape(-1, *weights.shape[1:])


_WEIGHTS: Final[Mapping[str, Callable[[nn.Conv2d, Array], Array]]] = {
    "pixels": _grid,
    "pca": _eigenfaces,
    "gabor": _waves,
}
