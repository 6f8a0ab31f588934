"""Whether a list of images from a sweep in bfloat16 is the one that float32 gives.

Images that were scored in float32 too have their exact values. Of the others it is known how
far their values can reach (margin.py); a list is certain where that is below its last value.
That a filter does not give the same value everywhere needs no look of its own: where the stored
lists are certain, what was not scored again is surely below what was.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from facsinterp.activations.asking.ranking import Mask
from facsinterp.activations.keeping.margin import MULTIPLE, largest_error
from facsinterp.errors import Fault, InputError
from facsinterp.labels import FILTER, IMAGE

_SWEEP = 'sweep with precision = "float32"'


def refuse_uncertain_top(
    data: xr.Dataset, index: int, found: xr.Dataset, n: int, within: Mask | None
) -> None:
    """Raises InputError when an image that is not in a list of strongest might belong there."""
    if n == 0:
        return
    reach = _reach(data, index, within)
    last = float(found["value"][-1]) if found.sizes["rank"] >= n else 0.0
    if reach > 0 and reach >= last:
        raise InputError(
            Fault(
                "this list reaches below what was scored in float32",
                where=str(data[FILTER].values[index]),
                expected=f"values above {reach:.6g}, which other images may have",
                got=f"{n} images asked for, the last at {last:.6g}",
                do=f"ask for fewer images, or {_SWEEP}",
            )
        )


def refuse_low_precision(data: xr.Dataset) -> None:
    """Raises InputError when some image has its value from a multiplication in bfloat16."""
    if "precise" not in data:
        return
    low = int(np.isnan(data["precise"].isel({FILTER: 0}).values).sum())
    if low:
        raise InputError(
            Fault(
                "weak and middling answers are not exact in a sweep in bfloat16",
                expected="a store whose images were all scored in float32",
                got=f"{low} of {data.sizes[IMAGE]} images scored in bfloat16 alone",
                do=_SWEEP,
            )
        )


def _reach(data: xr.Dataset, index: int, within: Mask | None) -> float:
    """The largest value that an image without a float32 score can have; -inf without any."""
    if "precise" not in data:
        return -np.inf
    precise = data["precise"].isel({FILTER: index}).values.astype(np.float64)
    score = data["score"].isel({FILTER: index}).values.astype(np.float64)
    twice = ~np.isnan(precise)
    others = ~twice if within is None else ~twice & np.asarray(within)
    if not others.any():
        return -np.inf
    if not twice.any():
        return np.inf
    return float(score[others].max() + MULTIPLE * largest_error(score[twice], precise[twice]))
