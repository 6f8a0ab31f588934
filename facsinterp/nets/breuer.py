"""The network of Breuer & Kimmel (2017, arXiv 1705.01842), with every gap filled openly.

The paper gives: three blocks of 5 x 5 convolution (64, 128, 256), ReLU and 2 x 2 max
pooling, a layer of 512, an output for each class, dropout of 0.25 after the last
convolution and 0.5 between the dense layers. It leaves open, and here is chosen: padding
that keeps the size, biases everywhere, Glorot-uniform weights and zero biases (the
defaults of Keras, which the authors used), dropout 0.25 after the third pooling rather
than before it, and each image standardised by its own mean and deviation.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from facsinterp.nets.khorrami import K_RANGE
from facsinterp.nets.normalise import Normalisation, normaliser

Initialiser = Literal["glorot", "he", "khorrami"]


class BreuerOptions(BaseModel):
    """What may be varied in `breuer2017`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bias: bool = True
    """Whether convolutions have biases; dense layers always have."""
    initialiser: Initialiser = "glorot"
    """How weights are drawn: Glorot & Bengio (2010), uniform; He et al. (2015), Gaussian with
    deviation sqrt(2 / fan-in); or as Khorrami et al. ran theirs, Gaussian with deviation
    k / sqrt(fan-in) and one k from U[0.2, 1.2] for the network."""
    normalise: Normalisation = "image"
    dropout_maps: float = Field(default=0.25, ge=0, lt=1)
    """Share of the values after the third pooling that are dropped in training."""
    dropout_dense: float = Field(default=0.5, ge=0, lt=1)
    """Share of the 512 hidden outputs that are dropped in training."""


def breuer2017(options: BreuerOptions, *, outputs: int, size: int, channels_in: int) -> nn.Module:
    """The untrained network for square inputs of `size` pixels (at least 8).

    Parts are named normalise, conv1, relu1, pool1, ... pool3, dropout3, flatten, fc4,
    relu4, dropout4, output. The output is logits, (batch, outputs). Weights are drawn
    from torch's global generator.
    """
    first = normaliser(options.normalise, channels=channels_in, size=size)
    parts: OrderedDict[str, nn.Module] = OrderedDict(normalise=first)
    width = channels_in
    for block, channels in enumerate((64, 128, 256), start=1):
        parts[f"conv{block}"] = nn.Conv2d(width, channels, 5, padding=2, bias=options.bias)
        parts[f"relu{block}"] = nn.ReLU()
        parts[f"pool{block}"] = nn.MaxPool2d(2)
        width = channels
    parts["dropout3"] = nn.Dropout(options.dropout_maps)
    parts["flatten"] = nn.Flatten()
    parts["fc4"] = nn.Linear(width * (size // 8) ** 2, 512)
    parts["relu4"] = nn.ReLU()
    parts["dropout4"] = nn.Dropout(options.dropout_dense)
    parts["output"] = nn.Linear(512, outputs)
    _initialise(parts, options.initialiser)
    return nn.Sequential(parts)


def _initialise(parts: OrderedDict[str, nn.Module], initialiser: Initialiser) -> None:
    low, high = K_RANGE
    k = low + (high - low) * torch.rand(()).item() if initialiser == "khorrami" else 0.0
    for part in parts.values():
        if not isinstance(part, (nn.Conv2d, nn.Linear)):
            continue
        match initialiser:
            case "glorot":
                nn.init.xavier_uniform_(part.weight)
            case "he":
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
            case "khorrami":
                nn.init.normal_(part.weight, std=k / math.sqrt(part.weight[0].numel()))
        if part.bias is not None:
            nn.init.zeros_(part.bias)
