"""What `data draw --list` prints: layouts with their faults, and designs."""

from __future__ import annotations

from facsinterp.faces.drawn.designs import DESIGNS
from facsinterp.faces.layouts.registry import LAYOUTS, layout


def layouts() -> str:
    """The layouts that drawn faces can take."""
    width = max(map(len, LAYOUTS))
    return "\n".join(f"{name:<{width}}  {layout(name).title}" for name in LAYOUTS)


def designs() -> str:
    """The experiments that faces are drawn for."""
    width = max(map(len, DESIGNS))
    return "\n".join(f"{name:<{width}}  {one.question}" for name, one in DESIGNS.items())


def quirks_of(name: str) -> str:
    """A layout and its quirks by name, with what each does."""
    chosen = layout(name)
    width = max(map(len, chosen.quirks), default=0)
    quirks = [f"  {quirk:<{width}}  {words}" for quirk, words in chosen.quirks.items()]
    return "\n".join([chosen.title, *(quirks or ["  no quirks"])])
