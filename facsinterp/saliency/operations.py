"""Which operations guided backpropagation and deconvnet are defined for.

By autograd's names. A linear operation passes a signal back by its transpose; max pooling by
its switches; a rectifier by the rule. Nothing else is in the definition of the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from facsinterp.saliency.paths import Step

_LINEAR: Final = (
    "Add", "Sub", "Rsub", "Neg", "Sum", "Mean", "AvgPool2D", "AdaptiveAvgPool2D",
    "MkldnnAdaptiveAvgPool2D", "ConstantPadNd", "ReflectionPad1D", "ReflectionPad2D",
    "ReplicationPad1D", "ReplicationPad2D", "View", "UnsafeView", "ReshapeAlias", "Alias",
    "Permute", "Transpose", "T", "Slice", "Select", "Squeeze", "Unsqueeze", "Expand", "Repeat",
    "Clone", "Copy", "CopySlices", "AsStrided", "ToCopy", "Cat", "Stack", "Split",
    "SplitWithSizes", "Unbind", "Flip", "Roll", "IndexSelect", "PixelShuffle", "PixelUnshuffle",
    "UpsampleNearest2D", "UpsampleBilinear2D", "UpsampleBicubic2D",
)  # fmt: skip
_MAXIMA: Final = ("MaxPool2DWithIndices", "MaxPool2D", "MkldnnMaxPool2D", "AdaptiveMaxPool2D")
# Linear in each operand.
_CONVOLUTIONS: Final = (
    "Convolution", "ConvolutionOverrideable", "MkldnnConvolution", "CudnnConvolution",
)  # fmt: skip
_PRODUCTS: Final = (*_CONVOLUTIONS, "Mul", "Mm", "Bmm", "Mv", "Addmm", "Linear")
_NORMS: Final = ("NativeBatchNorm", "CudnnBatchNorm", "MiopenBatchNorm")

_POOLS: Final = ("MaxPool2DWithIndices", "MaxPool2D", "MkldnnMaxPool2D", "AvgPool2D")
_POINTWISE: Final = (
    "Alias", "Clone", "Copy", "Relu", "Clamp", "ClampMin", "Threshold", "Hardtanh", "LeakyRelu",
    "Elu", "Gelu", "Silu", "Mish", "Sigmoid", "Tanh", "Softplus", "Hardswish", "Hardsigmoid",
)  # fmt: skip

SUMS: Final = ("Add", "Sub")


def undefined(step: Step) -> str:
    """Why a signal's way back through this step is not defined by the rules; "" when it is."""
    check = _CHECKS.get(step.operation)
    if check is None:
        return "neither linear, nor max pooling, nor a rectifier"
    return check(step)


def shifts_along(step: Step) -> bool:
    """Whether a picture moved by whole strides gives this step's maps, moved, but for edges."""
    if step.operation in _CONVOLUTIONS or step.operation in _NORMS:
        return not _CHECKS[step.operation](step)
    if step.operation == "View":
        return step.place.function == "view_as"
    return step.operation in (*_POOLS, *_POINTWISE)


def _nothing(_step: Step) -> str:
    return ""


def _product(step: Step) -> str:
    several = sum(step.operands) > 1
    return "a product of two values that both come from the input" if several else ""


def _quotient(step: Step) -> str:
    return "a division by a value that comes from the input" if step.operands[1] else ""


def _norm(step: Step) -> str:
    if step.node._saved_training:
        return "a norm by the statistics of its own input"
    return _product(step)


def _rectifier(step: Step) -> str:
    # The cut runs those that it meets by themselves.
    met = step.place.function == "relu"
    return "" if met else "a rectifier inside another function of torch"


_CHECKS: Final[dict[str, Callable[[Step], str]]] = {
    **dict.fromkeys((*_LINEAR, *_MAXIMA), _nothing),
    **dict.fromkeys(_PRODUCTS, _product),
    **dict.fromkeys(_NORMS, _norm),
    "Div": _quotient,
    "Relu": _rectifier,
}
