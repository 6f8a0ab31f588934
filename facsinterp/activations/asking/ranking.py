"""In which order a filter's images stand: the one order rule of facsinterp, on plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating[Any]]
Names = NDArray[np.str_]
Mask = NDArray[np.bool_]
Positions = NDArray[np.int64]


def top_positions(
    values: Values, n: int, groups: Names | None = None, within: Mask | None = None
) -> Positions:
    """Positions of the `n` images with the highest values, highest first.

    `values`: (image). Equal values keep the order of the images, so the answer depends on
    the values alone. An image whose value is not above zero is no answer and never listed;
    a filter that gives the same value for every image tells none of them from the others
    and has no list either. `groups`: (image) names; each group enters with its best image
    only, and an image with an empty name is a group of its own. `within`: (image) which
    images may be listed; whether the filter has a list is judged over all images.
    """
    return top_order(values, groups, within)[:n]


def bottom_positions(
    values: Values, n: int, groups: Names | None = None, within: Mask | None = None
) -> Positions:
    """Positions of the `n` images with the lowest values, lowest first, silent images too.

    As `top_positions`; a filter without a list of highest values has none of lowest ones.
    """
    return bottom_order(values, groups, within)[:n]


def top_order(values: Values, groups: Names | None = None, within: Mask | None = None) -> Positions:
    """The whole list that `top_positions` begins."""
    if not answers(values):
        return np.empty(0, dtype=np.int64)
    order = np.argsort(-values, kind="stable")
    return _allowed(order[values[order] > 0], groups, within)


def bottom_order(
    values: Values, groups: Names | None = None, within: Mask | None = None
) -> Positions:
    """The whole list that `bottom_positions` begins."""
    if not answers(values):
        return np.empty(0, dtype=np.int64)
    return _allowed(np.argsort(values, kind="stable"), groups, within)


def answers(values: Values) -> bool:
    """Whether a filter has lists: some value is above zero, and not all are the same."""
    return bool((values > 0).any() and (values != values[0]).any())


def _allowed(order: Positions, groups: Names | None, within: Mask | None) -> Positions:
    if within is not None:
        order = order[within[order]]
    if groups is not None:
        order = order[first_of_each(groups[order])]
    return order


def first_of_each(names: Names) -> Mask:
    """(n) whether a name is there for the first time; an empty name always is."""
    keep: Mask = np.asarray(names == "")
    _, first = np.unique(names, return_index=True)
    keep[first] = True
    return keep
