"""Receptive fields, exact where a chain of convolutions and poolings leads to a layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from torch import nn

from facsinterp.nets.layers import BETWEEN
from facsinterp.nets.network import Network
from facsinterp.nets.nonlinearity import NONLINEARITIES, copies
from facsinterp.nets.normalise import NORMALISERS
from facsinterp.nets.trace import Call, trace


@dataclass(frozen=True)
class Window:
    """What a convolution or pooling does along one axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int


@dataclass(frozen=True)
class ReceptiveField:
    """The square of input pixels that one unit of a layer can see.

    Unit (row, col) sees rows from `start + row * stride` to `size` pixels further, and
    columns likewise. Parts that lie outside the image are padding.
    """

    size: int
    """Rows, and columns, of the square."""
    stride: int
    """Pixels between the squares of neighbouring units."""
    start: float
    """First row, and column, that unit (0, 0) sees; negative where it sees padding."""

    def window(self, row: int, col: int) -> tuple[float, float, float, float]:
        """First row, first column, end row and end column (not included) of one unit."""
        top = self.start + row * self.stride
        left = self.start + col * self.stride
        return top, left, top + self.size, left + self.size

    def through(self, window: Window) -> ReceptiveField:
        """The field after one more window over the maps."""
        return ReceptiveField(
            self.size + (window.kernel - 1) * window.dilation * self.stride,
            self.stride * window.stride,
            self.start - window.padding * self.stride,
        )


_POINTWISE: Final = (*NONLINEARITIES, *BETWEEN, *NORMALISERS)
# These mix an image's pixels when they are run, so what follows sees all of them.
_MIXING: Final = (nn.InstanceNorm2d, nn.GroupNorm)


def receptive_fields(network: Network) -> dict[str, ReceptiveField]:
    """The field of each tapped layer whose path from the input is a plain chain.

    Known are convolutions (zero padding), max and average pooling with square windows,
    and pointwise modules and functions. A layer behind anything else (a sum, a functional
    pooling, a module of the user's own that computes more than a ReLU) has no entry. The
    network's own normalisation is left out: fields are those over normalised pixels, and a
    5 x 5 box mean reaches 2 pixels further.
    """
    seen = trace(network.module, network.input_shape)
    fields = {seen.entered: ReceptiveField(1, 1, 0.0)}
    found: dict[str, ReceptiveField] = {}
    layers = {tap.layer: layer for layer, tap in network.taps.items()}
    for call in seen.calls:
        if not call.leaf or call.taken not in fields:
            continue
        field = _after(call, fields[call.taken])
        if field is not None and call.given >= 0:
            fields[call.given] = field
            if call.by in layers:
                found[layers[call.by]] = field
    return found


def _after(call: Call, field: ReceptiveField) -> ReceptiveField | None:
    module = call.part
    if not isinstance(module, nn.Module):
        return field if call.nonlinearity is not None or copies(module) else None
    # Exact types: a subclass may compute something else.
    if type(module) in _POINTWISE and type(module) not in _MIXING:
        return field
    rows, cols = _windows(module)
    if rows is None or rows != cols:
        return None
    return field.through(rows)


def _windows(module: nn.Module) -> tuple[Window | None, Window | None]:
    """The windows of a convolution or pooling along rows and along columns."""
    if type(module) is nn.Conv2d and module.padding_mode == "zeros":
        return _conv_window(module, 0), _conv_window(module, 1)
    if type(module) is nn.MaxPool2d or type(module) is nn.AvgPool2d:
        return _pool_window(module, 0), _pool_window(module, 1)
    return None, None


def _conv_window(conv: nn.Conv2d, axis: int) -> Window:
    kernel, dilation = conv.kernel_size[axis], conv.dilation[axis]
    if conv.padding == "valid":
        padding = 0
    elif isinstance(conv.padding, str):  # "same": an odd pixel is put at the end
        padding = dilation * (kernel - 1) // 2
    else:
        padding = conv.padding[axis]
    return Window(kernel, conv.stride[axis], padding, dilation)


def _pool_window(pool: nn.MaxPool2d | nn.AvgPool2d, axis: int) -> Window:
    dilation = _along(pool.dilation, axis) if isinstance(pool, nn.MaxPool2d) else 1
    return Window(
        _along(pool.kernel_size, axis),
        _along(pool.stride, axis),
        _along(pool.padding, axis),
        dilation,
    )


def _along(size: int | tuple[int, ...], axis: int) -> int:
    return size if isinstance(size, int) else size[axis]
