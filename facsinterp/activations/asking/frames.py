"""Answers of chosen filters beside what is known of the faces, one row an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp import facs
from facsinterp.activations.asking.groups import unknown
from facsinterp.activations.asking.ranking import Mask
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FILTER, IMAGE

TEXTS: Final = ("subject", "sequence", "phase", "expression", "split", "path")
USUAL: Final = ("subject", "sequence", "frame", "phase", "expression", "split")
# As pandas holds it, texts and all: some gigabytes.
CELLS: Final = 50_000_000


def frame_of(
    data: xr.Dataset,
    faces: FaceTable,
    filters: Sequence[int],
    columns: Sequence[str] | None,
    within: Mask | None,
) -> pd.DataFrame:
    """One row an image; see `ActivationStore.to_frame`."""
    units = {facs.label(unit): place for place, unit in enumerate(faces.units)}
    wanted = [*USUAL, *units] if columns is None else list(columns)
    chosen = np.arange(len(faces)) if within is None else np.flatnonzero(within)
    InputError.raise_any(_unknown(wanted, [*TEXTS, "frame", *units]))
    _refuse_size(len(chosen), len(wanted) + len(filters) + 1)
    parts: dict[str, Any] = {IMAGE: faces.images[chosen]}
    for name in wanted:
        if name in units:
            parts[name] = _presence(faces, units[name], chosen)
        elif name == "frame":
            parts[name] = faces.data[name].values[chosen]
        else:
            parts[name] = faces.column(name)[chosen]
    for index in filters:
        parts[str(data[FILTER].values[index])] = data["peak"].isel({FILTER: index}).values[chosen]
    return pd.DataFrame(parts)


def _presence(faces: FaceTable, place: int, chosen: Any) -> pd.Series[Any]:  # noqa: ANN401
    """Whether a unit is present; NA where nobody coded it."""
    present = pd.Series(faces.data["present"].values[chosen, place]).astype("boolean")
    return present.mask(~faces.data["coded"].values[chosen, place])


def _unknown(wanted: Sequence[str], known: Sequence[str]) -> list[Fault]:
    return [unknown("column", name, name, known) for name in wanted if name not in known]


def _refuse_size(rows: int, columns: int) -> None:
    if rows * columns > CELLS:
        raise InputError(
            Fault(
                "the table would be too large to be of use",
                expected=f"at most {CELLS:,} cells",
                got=f"{rows:,} images x {columns:,} columns",
                do="choose fewer filters, columns=[...], or a group with within=..., "
                "or read data['peak'] in parts",
            )
        )
