"""Whether the two scores of a store from bfloat16 hold together and bear out its lists.

Blocks are read one after the other, so memory does not grow with the number of images.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray

from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.layout import SCORES, Layer, array_of
from facsinterp.activations.keeping.margin import Margin, Twice, scored_twice

# Other names do not tell: a clamp rectifies when it begins at 0 and has no end.
_RECTIFYING: Final = {"ReLU", "functional relu"}
_PLAIN: Final = {"none"}
# Filters named in one line.
_NAMED: Final = 5


def wrong_scores(group: zarr.Group) -> Iterator[str]:
    """One line for each fault of `score` and `precise`, and of the peaks and lists they decide.

    `group`: a store of bf16 whose variables can all be read.
    """
    found = list(_wrong_rows(group))
    yield from found
    yield from _wrong_peaks(group)
    if not found:
        yield from _uncertain_lists(group)


def _wrong_rows(group: zarr.Group) -> Iterator[str]:
    """Rows of `precise` that are neither whole nor empty; no rows at all."""
    wrong, twice = [], 0
    for images in _blocks(group):
        precise = _read(group, "precise", images)
        whole, empty = scored_twice(precise), np.isnan(precise).all(axis=1)
        twice += int(whole.sum())
        wrong += [int(at) + images.start for at in np.flatnonzero(~whole & ~empty)[:1]]
    if wrong:
        yield (
            "precise holds rows that are neither finite nor NaN as a whole, "
            f"the first of image {wrong[0]}"
        )
    elif not twice:
        yield "precise holds no image: none was scored in float32"


def _wrong_peaks(group: zarr.Group) -> Iterator[str]:
    """Filters whose peaks are not what their nonlinearity makes of their scores."""
    names = _nonlinearities(group)
    plain, rectified = np.ones(len(names), bool), np.ones(len(names), bool)
    for images in _blocks(group):
        peak, score, precise = (_read(group, name, images) for name in ("peak", *SCORES))
        before = np.where(np.isnan(precise), score, precise)
        plain &= (peak == before).all(axis=0)
        rectified &= (peak == np.maximum(before, 0)).all(axis=0)
    follows = np.where(
        np.isin(names, list(_RECTIFYING)),
        rectified,
        np.where(np.isin(names, list(_PLAIN)), plain, plain | rectified),
    )
    if not follows.all():
        yield f"peak does not follow from score and precise: {_named(group, ~follows)}"


def _uncertain_lists(group: zarr.Group) -> Iterator[str]:
    """Filters in whose list an image without a float32 score could belong."""
    images, filters = array_of(group, "score").shape
    margin = Margin.seen(_twice(group), filters, images)
    reached = np.zeros(filters, np.int64)
    for some in _blocks(group):
        score, precise = (_read(group, name, some) for name in SCORES)
        reached += margin.within_reach(score[~scored_twice(precise)]).sum(axis=0)
    if reached.any():
        yield (
            "lists that other images could belong to, which were not scored in float32: "
            f"{_named(group, reached > 0)}"
        )


def _twice(group: zarr.Group) -> Iterator[Twice]:
    for images in _blocks(group):
        score, precise = (_read(group, name, images) for name in SCORES)
        rows = np.flatnonzero(scored_twice(precise))
        yield Twice(images.start + rows, score[rows], precise[rows])


def _blocks(group: zarr.Group) -> tuple[slice, ...]:
    images = array_of(group, "peak").shape[0]
    return layout.blocks(images, int(str(group.attrs["block_size"])))


def _read(group: zarr.Group, name: str, images: slice) -> NDArray[Any]:
    return np.asarray(array_of(group, name)[images])


def _nonlinearities(group: zarr.Group) -> NDArray[np.str_]:
    """(filter) the name of what follows its layer; empty where that is not known."""
    told = Layer.from_json(str(group.attrs["layers"]))
    after = {layer.name: layer.nonlinearity or "" for layer in told}
    names = np.asarray(array_of(group, "layer")[...]).tolist()
    return np.array([after.get(str(name), "") for name in names], dtype=str)


def _named(group: zarr.Group, which: NDArray[np.bool_]) -> str:
    told = np.asarray(array_of(group, "filter")[...]).tolist()
    names = [str(name) for name, one in zip(told, which, strict=True) if one]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"
