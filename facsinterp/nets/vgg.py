"""A VGG-style network for faces of 48 pixels, after Pramerdorfer & Kampel (2016).

Breuer & Kimmel (2017, table 2) cite 72.7 % on FER2013 for a "VGG CNN"; that is the VGG of
Pramerdorfer & Kampel (2016, arXiv 1612.02903). The authors' page of models says VGG, depth
10, 72.7 %. A description by others adds four blocks of two 3 x 3 convolutions and a pooling,
then two dense layers (CCPCCPCCPCCPFF), some 1.8 million parameters, batch norm after each
convolution, dropout after each block and after the first dense layer. The paper itself was
not at hand.

Chosen here: 32, 64, 128 and 256 filters and a dense layer of 256, which make 1.77 million
parameters for grey faces of 48 pixels; no batch norm after dense layers, which fails on a
last batch of one face; dropout of 0.25 and 0.5 as in breuer2017; Gaussian weights after
He et al. (2015, arXiv 1502.01852); each image standardised by its own mean and deviation.
0.118 GMAC a face of 48 pixels, about half of breuer2017.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from facsinterp.nets.normalise import Normalisation, normaliser

WIDTHS: Final = (32, 64, 128, 256)
HIDDEN: Final = 256


class VggOptions(BaseModel):
    """What may be varied in `vgg`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    normalise: Normalisation = "image"
    dropout_maps: float = Field(default=0.25, ge=0, lt=1)
    """Share of the values after each pooling that are dropped in training."""
    dropout_dense: float = Field(default=0.5, ge=0, lt=1)
    """Share of the 256 hidden outputs that are dropped in training."""


def vgg(options: VggOptions, *, outputs: int, size: int, channels_in: int) -> nn.Module:
    """The untrained network for square inputs of `size` pixels.

    Parts are named normalise, conv1, bn1, relu1, conv2, bn2, relu2, pool2, dropout2, conv3,
    ... dropout8, flatten, fc9, relu9, dropout9, output. Poolings keep a last odd row. The
    output is logits, (batch, outputs). Weights are Gaussian with deviation
    sqrt(2 / fan-in), that of `output` sqrt(1 / fan-in), drawn from torch's global generator.
    """
    first = normaliser(options.normalise, channels=channels_in, size=size)
    parts: OrderedDict[str, nn.Module] = OrderedDict(normalise=first)
    width, layer = channels_in, 0
    for channels in WIDTHS:
        for _ in range(2):
            layer += 1
            # Batch norm shifts: a bias before it would do nothing.
            parts[f"conv{layer}"] = nn.Conv2d(width, channels, 3, padding=1, bias=False)
            parts[f"bn{layer}"] = nn.BatchNorm2d(channels)
            parts[f"relu{layer}"] = nn.ReLU()
            width = channels
        parts[f"pool{layer}"] = nn.MaxPool2d(2, ceil_mode=True)
        parts[f"dropout{layer}"] = nn.Dropout(options.dropout_maps)
    parts["flatten"] = nn.Flatten()
    parts["fc9"] = nn.Linear(width * math.ceil(size / 2 ** len(WIDTHS)) ** 2, HIDDEN)
    parts["relu9"] = nn.ReLU()
    parts["dropout9"] = nn.Dropout(options.dropout_dense)
    parts["output"] = nn.Linear(HIDDEN, outputs)
    for name, part in parts.items():
        if isinstance(part, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_normal_(
                part.weight, nonlinearity="linear" if name == "output" else "relu"
            )
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    return nn.Sequential(parts)
