"""Which images a filter answers to most: the one order rule of facsinterp, on plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def top_positions(
    values: NDArray[np.floating[Any]], n: int, groups: NDArray[np.str_] | None = None
) -> NDArray[np.int64]:
    """Positions of the `n` images with the highest values, highest first.

    `values`: (image). Equal values keep the order of the images, so the answer depends on
    the values alone. An image whose value is not above zero is no answer and never listed;
    a filter that gives the same value for every image tells none of them from the others
    and has no list either. `groups`: (image) names; each group enters with its best image
    only, and an image with an empty name is a group of its own.
    """
    if not values.size or values.min() == values.max():
        return np.empty(0, dtype=np.int64)
    order = np.argsort(-values, kind="stable")
    order = order[values[order] > 0]
    if groups is not None:
        order = order[_first_of_each(groups[order])]
    return order[:n]


def _first_of_each(names: NDArray[np.str_]) -> NDArray[np.bool_]:
    keep: NDArray[np.bool_] = np.asarray(names == "")
    _, first = np.unique(names, return_index=True)
    keep[first] = True
    return keep
