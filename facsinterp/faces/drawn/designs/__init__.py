"""Experiments made of drawn faces, each with exact labels: pairs, ladders, factorials, ..."""

from typing import Final

from facsinterp.faces.drawn.designs.confounded import Confounded
from facsinterp.faces.drawn.designs.contract import Design
from facsinterp.faces.drawn.designs.factorials import Factorials
from facsinterp.faces.drawn.designs.micro import Micro
from facsinterp.faces.drawn.designs.null import Null
from facsinterp.faces.drawn.designs.sequences import Sequences
from facsinterp.faces.drawn.designs.series import Ladders, Pairs
from facsinterp.faces.drawn.designs.spontaneous import Spontaneous

DESIGNS: Final[dict[str, type[Design]]] = {
    one.name: one
    for one in (Pairs, Ladders, Factorials, Confounded, Null, Sequences, Micro, Spontaneous)
}
"""Every design by its name."""

__all__ = [
    "DESIGNS", "Confounded", "Design", "Factorials", "Ladders", "Micro", "Null", "Pairs",
    "Sequences", "Spontaneous",
]  # fmt: skip
