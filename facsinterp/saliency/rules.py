"""The four rules by which a filter's answer is led back to the picture, through captum.

Captum is called here and nowhere else. Plain gradient; deconvnet, which lets a signal pass a
rectifier where the signal itself is positive (Zeiler & Fergus 2014, arXiv 1311.2901); guided
backpropagation, which asks besides that the rectifier was open (Springenberg et al. 2015,
arXiv 1412.6806); integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch
from captum.attr import (
    NeuronDeconvolution,
    NeuronGradient,
    NeuronGuidedBackprop,
    NeuronIntegratedGradients,
)
from torch import Tensor

from facsinterp.errors import ActivationError
from facsinterp.saliency.cut import Cut

Method = Literal["guided-backprop", "deconvnet", "gradient", "integrated-gradients"]

METHODS: Final[tuple[Method, ...]] = get_args(Method)
RECTIFIER_RULES: Final[frozenset[Method]] = frozenset({"guided-backprop", "deconvnet"})
"""The rules that change what a rectifier does to a signal, and nothing else."""

STEPS: Final = 32
"""Points of integrated gradients between the baseline and the picture (Gauss-Legendre)."""

_NEURON: Final = {
    "guided-backprop": NeuronGuidedBackprop,
    "deconvnet": NeuronDeconvolution,
    "gradient": NeuronGradient,
    "integrated-gradients": NeuronIntegratedGradients,
}


@dataclass(frozen=True)
class Selector:
    """One unit of a layer's maps for each sample: channel, row and column, (sample,) each."""

    channels: Tensor
    rows: Tensor
    cols: Tensor

    def __call__(self, maps: Tensor) -> Tensor:
        """The value of each sample's unit.

        Integrated gradients lays the batch behind itself once for each step, so that sample i
        stands at i, i + samples, i + 2 * samples, ...
        """
        times = len(maps) // len(self.channels)
        rows = torch.arange(len(maps), device=maps.device)
        return maps[
            rows, self.channels.repeat(times), self.rows.repeat(times), self.cols.repeat(times)
        ]


def led_back(
    cut: Cut, method: Method, leaf: Tensor, selector: Selector, baseline: Tensor
) -> tuple[Tensor, Tensor]:
    """Attributions of each sample's unit to `leaf`, (sample, channel, row, col), and its value.

    `leaf` is what `cut` takes; integrated gradients start from `baseline`. Call it while `cut`
    is open. Raises ActivationError when a rectifier was run that the rule did not reach.
    """
    if method == "integrated-gradients":
        found = _captum(cut, method, leaf, selector, baselines=baseline, n_steps=STEPS)
        with torch.no_grad():
            return found, selector(cut(leaf))
    values: list[Tensor] = []

    def select(maps: Tensor) -> Tensor:
        chosen = selector(maps)
        values.append(chosen.detach())
        return chosen

    found = _captum(cut, method, leaf, select)
    if method in RECTIFIER_RULES and not cut.hooked == cut.met == len(cut.rectifiers):
        message = (
            f"layer {cut.layer!r}: {method} reached {cut.hooked} of {cut.met} rectifiers, where "
            f"{len(cut.rectifiers)} were found before, so its pictures would be wrong. Use "
            "gradient or integrated-gradients"
        )
        raise ActivationError(message)
    return found, values[-1]


def _captum(
    cut: Cut, method: Method, leaf: Tensor, select: Callable[[Tensor], Tensor], **named: object
) -> Tensor:
    with warnings.catch_warnings():
        # It says so at every call; the hooks are on the cut's own rectifiers.
        warnings.filterwarnings("ignore", "Setting backward hooks on ReLU activations")
        neuron = _NEURON[method](cut, cut.maps)
        found: Tensor = neuron.attribute(leaf.requires_grad_(), neuron_selector=select, **named)
    return found.detach()
