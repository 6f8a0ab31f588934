"""What each operation of torch makes of what its operands see.

Operations that have no rule here, and calls of others that a rule does not know (channels
taken apart that see differently, places repeated or turned round), give None: what comes
out of them is not known, and nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from facsinterp.nets.nonlinearity import copies
from facsinterp.nets.reach import Axis, Reach, Window, union
from facsinterp.nets.trace import Call, Operand

_OVERLOADS: Final = {
    "default",
    "Tensor",
    "Scalar",
    "Tensor_Scalar",
    "dim",
    "dim_IntList",
    "using_ints",
}
_ELEMENTWISE: Final = {
    "add", "sub", "rsub", "mul", "div", "pow", "maximum", "minimum", "neg", "abs", "square", "sqrt",
    "rsqrt", "exp", "log", "log1p", "erf", "sin", "cos", "reciprocal", "_prelu_kernel", "_to_copy",
}  # fmt: skip
# What these make of tensors with one box for every number: every number kept, ...
_RESHAPING: Final = {
    "view", "_unsafe_view", "t", "transpose", "permute", "squeeze", "unsqueeze",
}  # fmt: skip
# ... all put into each, ...
_MIXING: Final = {"addmm", "mm", "linear"}
# ... or some.
_CHOOSING: Final = {
    "expand", "slice", "select", "split", "split_with_sizes", "mean", "sum", "_softmax",
    "native_layer_norm", "convolution",
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One call of an operation, with what the tensors that come from the image see."""

    call: Call
    reaches: Mapping[int, Reach]

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - as the schema of the operation says
        return self.call.arguments[name]

    @property
    def parts(self) -> list[tuple[Operand, Reach]]:
        """What was taken and comes from the image."""
        taken = self.call.operands
        return [(one, self.reaches[one.number]) for one in taken if one.number in self.reaches]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the first tensor given."""
        return self.call.gave[0].shape

    @property
    def map(self) -> tuple[Operand, Reach] | None:
        """The only tensor that comes from the image, where that is maps of one image."""
        if len(self.parts) != 1:
            return None
        operand, reach = self.parts[0]
        spread = reach.spread(operand.shape)
        return None if spread is None or len(operand.shape) != 4 else (operand, spread)


Rule = Callable[[Seen], Reach | None]


def given_by(call: Call, reaches: Mapping[int, Reach]) -> Reach | None:
    """What the first tensor sees that an operation gave, None where that is not known.

    `reaches`: what the tensors see that come from the image and that it took. The others
    are weights and constants.
    """
    operation = call.operation
    if operation is None or operation.namespace != "aten" or not call.gave:
        return None
    if operation._overloadname not in _OVERLOADS:
        return None
    seen, name = Seen(call, reaches), call.name
    if name in _ELEMENTWISE or call.nonlinearity is not None or copies(operation):
        return _over_one_another(seen)
    rule = _RULES.get(name)
    found = rule(seen) if rule else None
    return found if found is not None else _of_one_box(seen, name)


def _of_one_box(seen: Seen, name: str) -> Reach | None:
    """Of tensors that have no places, or one, as they are behind a mean over the map."""
    if name not in _RESHAPING | _MIXING | _CHOOSING or not all(r.single for _, r in seen.parts):
        return None
    found = union([reach for _, reach in seen.parts])
    if found is None or (found.mixed and name in _CHOOSING):
        return None
    return replace(found, mixed=found.mixed and name not in _MIXING)


def _over_one_another(seen: Seen) -> Reach | None:
    if len(seen.shape) != 4:
        parts = [reach for _, reach in seen.parts]
        return union(parts) if all(reach.single for reach in parts) else None
    # A tensor with fewer axes lies along other axes than it has: (channel,) along the columns.
    if any(len(operand.shape) != 4 for operand, _ in seen.parts):
        return None
    spread = [reach.spread(seen.shape) for _, reach in seen.parts]
    known = [reach for reach in spread if reach is not None]
    return union(known) if len(known) == len(spread) else None


def _cat(seen: Seen) -> Reach | None:
    spread = [reach.spread(operand.shape) for operand, reach in seen.parts]
    known = [reach for reach in spread if reach is not None]
    if seen["dim"] not in (1, -3) or len(seen.shape) != 4 or len(known) < len(spread):
        return None
    found = union(known)
    constants = len(known) < len(seen["tensors"])
    mixed = constants or any(one.mixed or not one.same(known[0]) for one in known)
    return found and replace(found, mixed=mixed)


def _windows(windows: Sequence[Window], seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    reach, (rows, cols) = seen.map[1], seen.shape[2:]
    return replace(
        reach,
        rows=reach.rows.through(windows[0], rows),
        cols=reach.cols.through(windows[1], cols),
    )


def _convolution(seen: Seen) -> Reach | None:
    # Weights made from the image (dynamic convolutions) are no constants.
    if seen.map is None or seen["transposed"] or seen["input"].number not in seen.reaches:
        return None
    numbers = (seen["weight"].shape[2:], seen["stride"], seen["padding"], seen["dilation"])
    found = _windows([Window(*along) for along in _each_axis(numbers)], seen)
    return found and replace(found, mixed=found.mixed and seen["groups"] > 1)


def _pool(seen: Seen) -> Reach | None:
    stride = seen["stride"] or seen["kernel_size"]
    dilation = seen.call.arguments.get("dilation", (1,))
    numbers = (seen["kernel_size"], stride, seen["padding"], dilation)
    return _windows([Window(*along) for along in _each_axis(numbers)], seen)


def _each_axis(numbers: Sequence[Sequence[int]]) -> list[tuple[int, ...]]:
    """One number for both axes, or one for each."""
    return [tuple(pair[axis % len(pair)] for pair in numbers) for axis in (0, 1)]


def _adaptive_pool(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    reach, (rows, cols) = seen.map[1], seen.shape[2:]
    along, across = _adapted(reach.rows, rows), _adapted(reach.cols, cols)
    return None if along is None or across is None else replace(reach, rows=along, cols=across)


def _adapted(axis: Axis, places: int) -> Axis | None:
    if places == 1:
        return axis.hull()
    before, index = len(axis.first), np.arange(places)
    starts, ends = index * before // places, -(-(index + 1) * before // places)
    steps, sizes = np.unique(np.diff(starts)), np.unique(ends - starts)
    if len(steps) > 1 or len(sizes) > 1:
        return None
    return axis.through(Window(int(sizes[0]), int(steps[0])), places)


def _reduced(seen: Seen) -> Reach | None:
    """A mean, sum or maximum over rows, columns, channels or several of these."""
    given = seen.call.arguments.get("dim")
    if seen.map is None or given is None or given == ():
        return None
    dims = {dim % 4 for dim in (given if isinstance(given, tuple) else (given,))}
    if 0 in dims or (len(seen.shape) != 4 and not dims >= {2, 3}):
        return None
    reach = seen.map[1].hull(rows=2 in dims, cols=3 in dims)
    return replace(reach, mixed=reach.mixed and 1 not in dims)


def _batch_norm(seen: Seen) -> Reach | None:
    """By its own statistics, or by those of the maps (as instance norms do)."""
    if seen.map is None:
        return None
    return seen.map[1].hull().spread(seen.shape) if seen["training"] else seen.map[1]


def _group_norm(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    found = seen.map[1].hull().spread(seen.shape)
    return found and replace(found, mixed=found.mixed and seen["group"] > 1)


def _layer_norm(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    over = len(seen["normalized_shape"])
    reach = seen.map[1].hull(rows=over >= 2, cols=True)
    return None if over == 4 else replace(reach, mixed=reach.mixed and over < 3).spread(seen.shape)


def _same_shape(seen: Seen) -> Reach | None:
    return seen.map[1] if seen.map is not None and seen.map[0].shape == seen.shape else None


def _softmax(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    dim, reach = seen["dim"] % 4, seen.map[1]
    hull = replace(reach.hull(rows=dim == 2, cols=dim == 3), mixed=reach.mixed and dim != 1)
    return None if dim == 0 else hull.spread(seen.shape)


def _padded(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    # From the last axis back: columns, rows, channels, images; two numbers each.
    reach, pad = seen.map[1], (*seen["pad"], *[0] * 6)
    if any(pad[6:8]) or min(pad[4:6]) < 0:
        return None
    rows = reach.rows.picked(np.arange(-pad[2], len(reach.rows.first) + pad[3]))
    cols = reach.cols.picked(np.arange(-pad[0], len(reach.cols.first) + pad[1]))
    return Reach(rows, cols, mixed=reach.mixed or any(pad[4:6]))


def _bordered(seen: Seen) -> Reach | None:
    left, right, top, bottom = seen["padding"]
    if seen.map is None or min(left, right, top, bottom) < 0:
        return None
    mode, reach = _BORDERS[seen.call.name], seen.map[1]
    return replace(
        reach,
        rows=reach.rows.bordered(top, bottom, mode),
        cols=reach.cols.bordered(left, right, mode),
    )


def _sliced(seen: Seen) -> Reach | None:
    if seen.map is None:
        return None
    (operand, reach), dim = seen.map, seen["dim"] % 4
    if operand.shape == seen.shape:
        return reach
    index = np.arange(operand.shape[dim])[slice(seen["start"], seen["end"], seen["step"])]
    if dim == 0 or not len(index) or (dim == 1 and reach.mixed):
        return None
    rows = reach.rows.picked(index, seen["step"]) if dim == 2 else reach.rows
    cols = reach.cols.picked(index, seen["step"]) if dim == 3 else reach.cols
    return replace(reach, rows=rows, cols=cols)


def _channels_split(seen: Seen) -> Reach | None:
    """Every part sees the same, as long as all channels do."""
    if seen.map is None or seen.map[1].mixed or seen["dim"] % 4 != 1:
        return None
    return seen.map[1]


_BORDERS: Final[Mapping[str, Literal["reflect", "edge"]]] = {
    "reflection_pad2d": "reflect",
    "replication_pad2d": "edge",
}
_RULES: Final[Mapping[str, Rule]] = {
    "convolution": _convolution,
    "max_pool2d_with_indices": _pool,
    "avg_pool2d": _pool,
    "_adaptive_avg_pool2d": _adaptive_pool,
    "adaptive_max_pool2d": _adaptive_pool,
    "mean": _reduced,
    "sum": _reduced,
    "amax": _reduced,
    "amin": _reduced,
    "max": _reduced,
    "min": _reduced,
    "native_batch_norm": _batch_norm,
    "cudnn_batch_norm": _batch_norm,
    "native_group_norm": _group_norm,
    "native_layer_norm": _layer_norm,
    "_softmax": _softmax,
    "cat": _cat,
    "constant_pad_nd": _padded,
    **dict.fromkeys(_BORDERS, _bordered),
    "slice": _sliced,
    "split": _channels_split,
    "split_with_sizes": _channels_split,
    "view": _same_shape,
    "_unsafe_view": _same_shape,
}
