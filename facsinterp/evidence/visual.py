"""What can be seen of a network's filters, kept together: pictures, places, and doubts.

<folder>/attributions.zarr   what moved each filter in its strongest faces
         placing.parquet     whether that lies where the filter's action unit shows
         together.parquet    the same of all these filters together
         likeness.parquet    whether an untrained network would draw the same
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pandas as pd

from facsinterp.errors import StoreError
from facsinterp.labels import FILTER
from facsinterp.saliency.store import Attributions

ATTRIBUTIONS: Final = "attributions.zarr"
_REFUSED: Final = "refused.txt"
_TABLES: Final = ("placing", "together", "likeness")


def no_filters() -> pd.DataFrame:
    """A table of nothing: what was asked of no filter."""
    return pd.DataFrame({FILTER: pd.Series([], dtype=str)})


@dataclass(frozen=True)
class VisualEvidence:
    """The visual evidence of one run; tables have one row a filter that is in them."""

    attributions: Attributions | None
    """None where no method could be used, or none was asked for."""
    refused: str
    """Why there are no pictures, for people; empty where there are."""
    placing: pd.DataFrame
    """One row a filter that passes a test, with the unit that it answers to: whether its
    attribution and its peaks lie in the region of that unit."""
    together: pd.DataFrame
    """One row, or none: whether those filters look at the places of their own units rather than
    at each other's. Columns: share, expected (units exchanged), low and high (of their
    difference, over people), null_low and null_high (95 % of the exchanges), p (the larger of
    two, one in the region that stands still), units, filters, left_out."""
    likeness: pd.DataFrame
    """One row a pictured filter: how like its pictures those of untrained networks are."""

    def save(self, folder: Path) -> None:
        """The tables and the refusal, beside attributions that are in `folder` already."""
        (folder / _REFUSED).write_text(self.refused, encoding="utf-8")
        for name in _TABLES:
            getattr(self, name).to_parquet(folder / f"{name}.parquet", index=False)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """What `save` wrote. Raises StoreError where something is lost or cannot be read."""
        try:
            refused = (folder / _REFUSED).read_text(encoding="utf-8")
            tables = [pd.read_parquet(folder / f"{name}.parquet") for name in _TABLES]
        except (OSError, ValueError) as error:
            message = f"the visual evidence {folder} is damaged: {error}"
            raise StoreError(message) from error
        return cls(None if refused else Attributions.open(folder / ATTRIBUTIONS), refused, *tables)
