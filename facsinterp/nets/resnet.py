"""A ResNet-style network for faces of 48 pixels, after Pramerdorfer & Kampel (2016).

Breuer & Kimmel (2017, table 2) cite 72.4 % on FER2013 for a "ResNet CNN"; that is the ResNet
of Pramerdorfer & Kampel (2016, arXiv 1612.02903). The authors' page of models says
Resnet-34, depth 33, 72.4 %. The paper itself was not at hand: which of the 34 layers is not
there, and the widths, are not known here.

Chosen here: the blocks of ResNet-34 (He et al. 2015, arXiv 1512.03385, 3, 4, 6 and 3 of two
3 x 3 convolutions, with a 1 x 1 convolution past a block that changes the shape) at half its
widths, 32, 64, 128 and 256: 5.3 million parameters. A first 3 x 3 convolution of stride 2
stands for the 7 x 7 and the pooling that photographs of 224 pixels need, so that maps of a
face of 48 pixels are 24, 12, 6 and 3 a side, as in `vgg`. No dropout, as in He et al.;
Gaussian weights after He et al. (2015, arXiv 1502.01852); every batch norm starts at 1, also
at the end of a block, so that the untrained network is a random one in its whole depth; each
image standardised by its own mean and deviation. 0.163 GMAC a face of 48 pixels, two thirds of
breuer2017.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, final

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from facsinterp.nets.normalise import Normalisation, normaliser

STAGES: Final = ((32, 3), (64, 4), (128, 6), (256, 3))
"""Filters and blocks."""


class ResnetOptions(BaseModel):
    """What may be varied in `resnet`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    normalise: Normalisation = "image"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    """Share of the 256 pooled features that are dropped in training."""


@final
class Block(nn.Module):
    """Two convolutions added to what came in; that goes through one of its own where the
    shape changes. Takes and gives (batch, channel, row, col)."""

    def __init__(self, width: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = nn.Sequential()
        if stride > 1 or width != channels:
            past = nn.Conv2d(width, channels, 1, stride, bias=False)
            self.shortcut = nn.Sequential(OrderedDict(conv=past, bn=nn.BatchNorm2d(channels)))
        self.relu2 = nn.ReLU()

    def forward(self, maps: Tensor) -> Tensor:
        inside = self.relu1(self.bn1(self.conv1(maps)))
        added: Tensor = self.relu2(self.bn2(self.conv2(inside)) + self.shortcut(maps))
        return added


def resnet(options: ResnetOptions, *, outputs: int, size: int, channels_in: int) -> nn.Module:
    """The untrained network for square inputs of `size` pixels.

    Parts are named normalise, conv1, bn1, relu1, block1_1, block1_2, ... block4_3, pool,
    flatten, dropout, output; those of a block conv1, bn1, relu1, conv2, bn2, shortcut, relu2.
    Maps of conv1 are read after its ReLU. Those of conv2 and of the shortcut's convolution
    are read as they are, since a sum comes before the next ReLU; name `block1_1.relu2` to
    read that. The output is logits, (batch, outputs). Weights are Gaussian with deviation
    sqrt(2 / fan-in), those of `output` sqrt(1 / fan-in), drawn from torch's global generator.
    Below 24 pixels the last maps are single pixels: batch norm then refuses a batch of one.
    """
    parts: OrderedDict[str, nn.Module] = OrderedDict(
        normalise=normaliser(options.normalise, channels=channels_in, size=size)
    )
    width = STAGES[0][0]
    parts["conv1"] = nn.Conv2d(channels_in, width, 3, 2, padding=1, bias=False)
    parts["bn1"] = nn.BatchNorm2d(width)
    parts["relu1"] = nn.ReLU()
    for stage, (channels, blocks) in enumerate(STAGES, start=1):
        for block in range(1, blocks + 1):
            stride = 2 if stage > 1 and block == 1 else 1
            parts[f"block{stage}_{block}"] = Block(width, channels, stride)
            width = channels
    parts["pool"] = nn.AdaptiveAvgPool2d(1)
    parts["flatten"] = nn.Flatten()
    parts["dropout"] = nn.Dropout(options.dropout)
    parts["output"] = nn.Linear(width, outputs)
    module = nn.Sequential(parts)
    _initialise(module)
    return module


def _initialise(module: nn.Module) -> None:
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
        elif isinstance(part, nn.Linear):
            nn.init.kaiming_normal_(part.weight, nonlinearity="linear")
            nn.init.zeros_(part.bias)
