"""Whether a filter's pictures would look the same from an untrained network, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

SAME: Final = 0.5


@dataclass(frozen=True)
class Sameness:
    """What is said of one filter's pictures."""

    same: bool | None
    """As from an untrained network; None where there is nothing to compare."""
    shared: bool | None
    """As from other filters of its layer; None where there is nothing to compare."""
    words: str


def sameness(
    untrained: float,
    *,
    absolute: float = math.nan,
    structure: float = math.nan,
    others: float = math.nan,
) -> Sameness:
    """What a page says beside the pictures of a filter.

    `untrained`: mean rank correlation, with signs, of its pictures with those that random
    filters draw at the same places of the same faces; `absolute`: that without signs;
    `structure`: mean SSIM; `others`: as `untrained`, with other filters of its own layer;
    NaN where not known.

    The rule: pictures look the same when either rank correlation is at least 0.5. A copy has 1
    and an unrelated picture 0: from the middle on, a picture is nearer to a copy. Both count,
    since a page shows where attributions are strong as well as their signs: what multiplies by
    the input (integrated gradients) keeps the first and loses the second. Without signs
    even unrelated pictures have more than 0, because every field fades towards its border;
    that too is drawn by an untrained network. Anybody may draw the line elsewhere, so the
    numbers are always told. The likeness with other filters of the layer is no part of the rule
    for untrained networks, but says whether a picture is of this filter at all.
    """
    same = None if math.isnan(untrained) else looks_same(untrained, absolute)
    shared = None if math.isnan(others) else others >= SAME
    return Sameness(
        same, shared, f"{_random(same, untrained, absolute, structure)}{_beside(others)}"
    )


def looks_same(signed: float, absolute: float) -> bool:
    """Whether either rank correlation, with signs and without, reaches `SAME`; see `sameness`."""
    return signed >= SAME or absolute >= SAME


def _random(same: bool | None, untrained: float, absolute: float, structure: float) -> str:
    if same is None:
        return "Not compared with an untrained network: no random filter has a picture there."
    start = "Would look the same from" if same else "Would not look the same from"
    more = [
        *([] if math.isnan(absolute) else [f"{absolute:.2f} without signs"]),
        *([] if math.isnan(structure) else [f"SSIM {structure:.2f}"]),
        f"the same from {SAME:g} on, with signs or without",
    ]
    return (
        f"{start} an untrained network: random filters draw pictures there whose rank "
        f"correlation with these is {untrained:.2f} ({', '.join(more)})."
    )


def _beside(others: float) -> str:
    if math.isnan(others):
        return ""
    if others >= SAME:
        return (
            f" Other filters of its layer draw much the same there as well ({others:.2f}): it "
            "shows the face at that place more than what sets this filter apart."
        )
    return f" Other filters of its layer draw something else there ({others:.2f})."
