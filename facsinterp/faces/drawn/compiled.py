"""Functions compiled to machine code, typed as they were written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def kernel(function: _F) -> _F:
    """The function compiled, and kept on disk for the next process.

    numba forgets what it kept when the function's own file changes, but not when what the
    function calls does: a kernel calls nothing from other files, or see `shading`.
    """
    return cast("_F", numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def piece(function: _F) -> _F:
    """The function compiled as a piece of the kernels that call it; it must not make arrays.

    So nobody need count who holds the arrays that it reads, which takes half of the time.
    """
    return cast("_F", numba.njit(nogil=True, error_model="numpy", _nrt=False)(function))
