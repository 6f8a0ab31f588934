"""What a data set holds and what is wrong with it: counts, codes, terms, copies, splits."""

from facsinterp.faces.inventory.contents import (
    FORMAT,
    Inventory,
    PictureCounts,
    Showing,
    Split,
    UnitCount,
)
from facsinterp.faces.inventory.taking import inventory, inventory_of_pixels

__all__ = [
    "FORMAT",
    "Inventory",
    "PictureCounts",
    "Showing",
    "Split",
    "UnitCount",
    "inventory",
    "inventory_of_pixels",
]  # fmt: skip
