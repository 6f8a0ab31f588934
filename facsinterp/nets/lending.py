"""Networks lent for a while: on a device, in the fastest layout, with repeatable arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from facsinterp.nets.network import Network

_NO_TF32: Final = {"enabled": True, "benchmark": False, "deterministic": True, "allow_tf32": False}


@contextmanager
def repeatable() -> Iterator[None]:
    """Arithmetic that does not change between runs.

    TF32 keeps 10 bits of each number; the ranks of a store are those of float32.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.backends.cudnn.flags(**_NO_TF32):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


@contextmanager
def lent(network: Network, device: torch.device) -> Iterator[torch.memory_format]:
    """The network on `device`, in the memory format in which it computes fastest.

    Convolutions take a quarter less time with channels side by side (measured on
    processors, and known of tensor cores); a network that cannot be fed so is fed as usual.
    """
    module = network.module
    weights = [(weight, weight.data, weight.grad) for weight in module.parameters()]
    buffers = [(part, dict(part._buffers)) for part in module.modules()]
    try:
        for weight, _, _ in weights:
            weight.grad = None  # it would be moved, too
        module.to(device)
        yield _fastest(network, device)
    finally:
        for weight, data, grad in weights:
            weight.data, weight.grad = data, grad
        for part, held in buffers:
            part._buffers.clear()
            part._buffers.update(held)


@torch.no_grad()
def _fastest(network: Network, device: torch.device) -> torch.memory_format:
    image = torch.zeros(1, *network.input_shape, device=device)
    _lay(network, torch.channels_last)
    try:
        network.module(image.to(memory_format=torch.channels_last))
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        # For one, `x.view(len(x), -1)` cannot flatten maps that lie this way.
        _lay(network, torch.contiguous_format)
        return torch.contiguous_format
    return torch.channels_last


def _lay(network: Network, memory_format: torch.memory_format) -> None:
    for weight in network.module.parameters():
        if weight.ndim == 4:
            # Not `contiguous`: of a layer with one input channel that changes no strides, and
            # torch takes such weights for the other format.
            weight.data = weight.data.to(memory_format=memory_format)
