"""How units and heads get from one moment to another."""

from __future__ import annotations

from dataclasses import fields, replace

from facsinterp.faces.drawn.emotions import Units
from facsinterp.faces.drawn.spec import Setting


def eased(part: float) -> float:
    """Share of a movement that is made after a part of its time: slow, fast, slow."""
    s = min(max(part, 0.0), 1.0)
    return s * s * (3 - 2 * s)


def scaled(units: Units, factor: float) -> Units:
    """The same units, all stronger or weaker by one factor."""
    return {unit: (right * factor, left * factor) for unit, (right, left) in units.items()}


def between(first: Setting, last: Setting, share: float) -> Setting:
    """A setting on the straight way from one to another."""
    mixed = {
        one.name: (1 - share) * getattr(first, one.name) + share * getattr(last, one.name)
        for one in fields(first)
    }
    return replace(first, **mixed)
