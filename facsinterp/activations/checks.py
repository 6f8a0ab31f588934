"""What a verification of a store looks at, and how much of it there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.activations.keeping.integrity import wrong_content
from facsinterp.activations.keeping.layout import ANSWERS
from facsinterp.activations.keeping.place import open_group
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import IncompleteStoreError, StoreError
from facsinterp.labels import FILTER, IMAGE


def checked(path: Path | str) -> pd.DataFrame:
    """One row a check that the store at `path` passed: check, count.

    Raises StoreError with every fault that was found: of opening it, and of what can be
    read of a store that cannot be opened.
    """
    try:
        store = ActivationStore.open(path)
    except IncompleteStoreError:
        raise
    except StoreError as error:
        raise StoreError("\n".join([str(error), *_more_faults(path)])) from error
    store.verify()
    chunks = sum(array.nchunks for _, array in open_group(store.path).arrays())
    told = _checks(store.data, chunks)
    if store.precision == "bf16":
        told |= _checks_of_scores(store.data)
    return pd.DataFrame(told.items(), columns=["checked", "count"])


def _more_faults(path: Path | str) -> list[str]:
    try:
        return list(wrong_content(open_group(path)))
    except (StoreError, KeyError, ValueError, RuntimeError, OSError):
        return []  # nothing more can be read than what opening it told


def _checks(data: xr.Dataset, chunks: int) -> dict[str, int]:
    finite = [
        name
        for name, answer in ANSWERS.items()
        if answer.kind == "float" and name in data and name != "precise"
    ]
    return {
        "chunks on disk": chunks,
        "chunks read, each by its checksum": chunks,
        f"finite values of {', '.join(finite)}": sum(data[name].size for name in finite),
        "shares of images above zero, counted again": data.sizes[FILTER],
        "top lists, made again from the peaks": int(data["top_image"].sizes[FILTER]),
        "faces whose codes do not contradict each other": data.sizes[IMAGE],
        "keys that follow from the recorded inputs": 1,
    }


def _checks_of_scores(data: xr.Dataset) -> dict[str, int]:
    images, filters = data["score"].shape
    twice = int((~np.isnan(data["precise"].isel({FILTER: 0}).values)).sum())
    return {
        "images scored twice, with finite values of precise": twice,
        "peaks that follow from score or precise": images * filters,
        "images scored in bf16 alone, within reach of no list": images - twice,
        "filters whose list is that of float32": filters,
    }
