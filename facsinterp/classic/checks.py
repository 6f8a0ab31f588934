"""What pictures and clips must be before they are described: grey, 8 bits, large enough."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault


def grey_faults(array: NDArray[np.uint8], axes: str, where: str) -> Iterator[Fault]:
    """Why `array` is not grey pictures of three axes, named by `axes` such as "image, row, col"."""
    if array.dtype != np.uint8 or array.ndim != 3:
        rgb = array.ndim == 4 and array.shape[3] == 3
        yield Fault(
            f"unusable {where}",
            where,
            expected=f"uint8 ({axes})",
            got=f"{array.dtype} {array.shape}",
            do='prepare them with colour = "grey"' if rgb else "",
        )


def too_small(shape: tuple[int, ...], least: tuple[int, ...], where: str) -> Iterator[Fault]:
    """That some axis of an array is shorter than it must be."""
    if any(side < need for side, need in zip(shape, least, strict=True)):
        yield Fault(
            f"{where} too small for these settings",
            where,
            expected=f"at least {least}",
            got=str(shape),
            do="take larger pictures or longer clips, or smaller settings",
        )
