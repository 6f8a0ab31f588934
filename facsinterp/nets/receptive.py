"""Receptive fields: the box of pixels that each unit of a layer can see, exactly.

One forward is traced, and what each tensor sees is carried from operation to operation,
whatever modules or functions called them, along branches and where these are joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import nn

from facsinterp.nets.entrance import entrance
from facsinterp.nets.network import Network
from facsinterp.nets.nonlinearity import NONLINEARITIES
from facsinterp.nets.reach import Axis, Reach
from facsinterp.nets.reaching import given_by
from facsinterp.nets.trace import Call, Trace, trace


@dataclass(frozen=True)
class Span:
    """The pixels that the units of a layer see along one axis.

    In an image without borders, unit i sees `size` pixels from `start + i * stride` on.
    """

    size: int
    stride: int
    """Pixels from one unit's to the next one's; 0 where all units see the same."""
    start: float
    """First pixel that unit 0 sees; negative where it sees padding."""
    inside: tuple[tuple[int, int], ...]
    """For each unit, the first pixel of the image that it sees, and one after the last."""

    def plain(self, pixels: int) -> bool:
        """Whether `inside` is no more than the other three, cut to an image of so many pixels."""
        starts = [self.start + i * self.stride for i in range(len(self.inside))]
        return self.inside == tuple(
            (max(start, 0), min(start + self.size, pixels)) for start in starts
        )


@dataclass(frozen=True)
class ReceptiveField:
    """The box of input pixels that one unit of a layer can see."""

    rows: Span
    cols: Span

    def window(self, row: int, col: int) -> tuple[float, float, float, float]:
        """First row, first column, end row and end column (not included) of one unit.

        Parts that lie outside the image are padding.
        """
        top = self.rows.start + row * self.rows.stride
        left = self.cols.start + col * self.cols.stride
        return top, left, top + self.rows.size, left + self.cols.size

    def crop(self, row: int, col: int) -> tuple[int, int, int, int]:
        """(top, left, bottom, right) of the pixels of the image that one unit sees.

        Bottom and right are not included. No change of a pixel outside reaches the unit; a
        change of each row and column inside can. That may be less than `window` cut to the
        image: units beyond the border that the window counts are not there. (0, 0, 0, 0)
        for a unit that sees nothing but padding.
        """
        (top, bottom), (left, right) = self.rows.inside[row], self.cols.inside[col]
        return (top, left, bottom, right) if top < bottom and left < right else (0, 0, 0, 0)


def receptive_fields(network: Network) -> dict[str, ReceptiveField]:
    """The field of each tapped layer's maps, for images of the network's size.

    Known are convolutions and poolings (modules and functions; any kernel, stride,
    padding, dilation; adaptive where its windows are regular), padding, slices, norms,
    pointwise operations, sums, products and concatenations of branches, and means and
    maxima over the maps, behind which a unit sees the whole image. A layer has no entry
    where anything else lies before it (rotations, transposed convolutions, interpolation,
    numbers taken out of tensors), where its channels see differently, or where the
    branches of a sum do not march in step: no box is told that is not exact.

    The network's own normalisation is left out where it comes first: fields are those
    over normalised pixels, and a 5 x 5 box mean reaches 2 pixels further.
    """
    seen = trace(network.module, network.input_shape)
    tapped = {tap.seen: layer for layer, tap in network.taps.items()}
    reaches = _reaches(seen, network.input_shape[1:])
    found = {}
    for by, call in seen.executions:
        reach = reaches.get(call.given)
        if by in tapped and reach is not None and not reach.mixed:
            spread = reach.spread(call.shape)
            if spread is not None:
                found[tapped[by]] = ReceptiveField(_span(spread.rows), _span(spread.cols))
    return {layer: found[layer] for layer in network.layers if layer in found}


def _span(axis: Axis) -> Span:
    inside = zip(axis.first.tolist(), axis.end.tolist(), strict=True)
    return Span(
        axis.size,
        axis.stride,
        float(axis.start),
        tuple((first, end) if first < end else (0, 0) for first, end in inside),
    )


def _reaches(seen: Trace, size: tuple[int, int]) -> dict[int, Reach]:
    """What each tensor sees, by its number, as long as that is known."""
    pixels = Reach.of_image(*size)
    reaches, constants = {seen.entered: pixels}, set(seen.weights)
    first = entrance(seen)
    for call in seen.calls:
        if call.by is not None:
            reach = pixels if call.by == first else _after_module(call, reaches)
            if reach is not None and call.given >= 0:
                reaches[call.given] = reach
        elif call.inputs <= constants:
            constants.update(operand.number for operand in call.gave)
        elif call.name == "_local_scalar_dense":
            break  # a number of Python's own may go anywhere
        elif call.inputs <= constants | reaches.keys():
            reach = given_by(call, reaches)
            if reach is not None:
                for operand in call.gave if call.name in _ALIKE else call.gave[:1]:
                    reaches[operand.number] = reach
    return reaches


# Operations whose answers all see the same; of others the first is known.
_ALIKE: Final = {"split", "split_with_sizes"}


def _after_module(call: Call, reaches: dict[int, Reach]) -> Reach | None:
    """For modules whose operations were not recorded, or say more than there is."""
    part = call.part
    # Exact types: a subclass, or a hook of the user's, may compute something else.
    if not isinstance(part, nn.Module) or part._forward_hooks or part._forward_pre_hooks:
        return None
    reach = reaches.get(call.taken)
    if type(part) is nn.LocalResponseNorm:
        return None if reach is None or reach.mixed else reach
    return reach if call.nonlinearity is not None and type(part) in NONLINEARITIES else None
