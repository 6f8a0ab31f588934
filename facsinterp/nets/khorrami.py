"""The network of Khorrami, Paine & Huang (2015, arXiv 1510.02969), as run and as written.

Three 5 x 5 convolutions without biases (64, 128, 256), each with ReLU; max pooling 2 x 2
after the first two and over the four quadrants after the third; a dense layer of 300 whose
biases start at 1, and an output for each class. The authors' code and their text disagree
in three places, and `variant` chooses the side:

- `as-run`: the local mean is subtracted and nothing is divided; the weights of fc4 start
  with a deviation of k / sqrt(64 x 1024), the batch of 64 having slipped into the fan-in;
  dropout falls on the 1,024 pooled features.
- `as-written`: the result is also divided by the local deviation; fc4 starts with
  k / sqrt(1024); dropout falls on the 300 hidden outputs.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from facsinterp.nets.normalise import Normalisation, normaliser

HIDDEN: Final = 300
BATCH: Final = 64  # of the authors' training; part of the fan-in of fc4 as run
K_RANGE: Final = (0.2, 1.2)

Variant = Literal["as-run", "as-written"]


class KhorramiOptions(BaseModel):
    """What may be varied in `khorrami2015`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: Variant = "as-run"
    bias: bool = False
    """Whether convolutions have biases (starting at 0); dense layers always have."""
    dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share dropped in training, at the place that `variant` says; 0 for the arms without."""
    normalise: Normalisation | None = None
    """None: as the variant says, `local-mean` as run and `local-contrast` as written."""
    k: float | None = Field(default=None, gt=0)
    """Scale of all starting weights; None draws one from U[0.2, 1.2] for the network."""


def khorrami2015(
    options: KhorramiOptions, *, outputs: int, size: int, channels_in: int
) -> nn.Module:
    """The untrained network for square inputs of `size` pixels, a multiple of 8.

    Parts are named normalise, conv1, relu1, pool1, conv2, relu2, pool2, conv3, relu3,
    pool3 (2 x 2 out), dropout, flatten, fc4, relu4, output; as written, dropout stands
    after relu4. The output is logits, (batch, outputs). Weights are Gaussian with
    deviation k / sqrt(fan-in), drawn from torch's global generator.
    """
    as_run = options.variant == "as-run"
    kind = options.normalise or ("local-mean" if as_run else "local-contrast")
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        normalise=normaliser(kind, channels=channels_in, size=size)
    )
    width = channels_in
    for block, channels in enumerate((64, 128, 256), start=1):
        parts[f"conv{block}"] = nn.Conv2d(width, channels, 5, padding=2, bias=options.bias)
        parts[f"relu{block}"] = nn.ReLU()
        parts[f"pool{block}"] = nn.MaxPool2d(2 if block < 3 else size // 8)
        width = channels
    if as_run:
        parts["dropout"] = nn.Dropout(options.dropout)
    parts["flatten"] = nn.Flatten()
    parts["fc4"] = nn.Linear(4 * width, HIDDEN)
    parts["relu4"] = nn.ReLU()
    if not as_run:
        parts["dropout"] = nn.Dropout(options.dropout)
    parts["output"] = nn.Linear(HIDDEN, outputs)
    _initialise(parts, options)
    return nn.Sequential(parts)


def _initialise(parts: OrderedDict[str, nn.Module], options: KhorramiOptions) -> None:
    low, high = K_RANGE
    k = options.k if options.k is not None else low + (high - low) * torch.rand(()).item()
    for name, part in parts.items():
        if not isinstance(part, (nn.Conv2d, nn.Linear)):
            continue
        fan_in = part.weight[0].numel()
        if name == "fc4" and options.variant == "as-run":
            fan_in *= BATCH
        nn.init.normal_(part.weight, std=k / math.sqrt(fan_in))
        if part.bias is not None:
            nn.init.constant_(part.bias, 1.0 if name == "fc4" else 0.0)
