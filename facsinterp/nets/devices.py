"""Which device and which precision a network runs in."""

from __future__ import annotations

import re
from typing import Final, Literal

import torch

from facsinterp.errors import Fault, InputError

Precision = Literal["auto", "float32", "bf16"]

KNOWN: Final = "auto, cpu, cuda, cuda:NUMBER or mps"


def pick(device: str = "auto") -> torch.device:
    """The torch device that `device` names; `auto` is cuda, else mps, else cpu.

    Raises InputError when the name is unknown or this machine has no such device.
    """
    if device == "auto":
        return torch.device("cuda" if _cuda_count() else "mps" if _has_mps() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?|mps", device):
        raise InputError(Fault(f"unknown device {device!r}", "device", expected=KNOWN))
    chosen = torch.device(device)
    if chosen.type == "cuda" and (chosen.index or 0) >= _cuda_count():
        raise InputError(_absent(device, f"{_cuda_count()} CUDA devices seen by torch"))
    if chosen.type == "mps" and not _has_mps():
        raise InputError(_absent(device, "no Metal device seen by torch"))
    return chosen


def lower_precision(device: torch.device, precision: Precision = "auto") -> bool:
    """Whether training on `device` runs in bfloat16 where that is safe.

    `auto` says yes where the hardware multiplies bfloat16 itself: CUDA from Ampere on,
    and CPUs with avx512_bf16 or AMX (there a training step takes less than half the time).
    """
    if precision != "auto":
        return precision == "bf16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and _cpu_has_bf16()


def _cpu_has_bf16() -> bool:
    # torch tells this under private names only, which differ between versions.
    asked = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in asked)


def _cuda_count() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _has_mps() -> bool:
    return torch.backends.mps.is_available()


def _absent(device: str, got: str) -> Fault:
    return Fault(
        f"this machine has no device {device!r}",
        "device",
        got=got,
        do="choose auto or cpu, or install a build of torch for that device",
    )
