"""The entrance of a network: where normalised pixels come out of its own normalisation."""

from __future__ import annotations

from facsinterp.nets.network import Network
from facsinterp.nets.normalise import NORMALISERS
from facsinterp.nets.trace import Execution, Trace, trace


def normaliser(network: Network) -> str | None:
    """The module that normalises the pixels before anything else does; None without one."""
    first = entrance(trace(network.module, network.input_shape))
    return first.module if first else None


def entrance(seen: Trace) -> Execution | None:
    """The first execution of all, where that is a normaliser which takes the pixels."""
    for by, call in seen.executions:
        if call.leaf:
            return by if type(call.part) in NORMALISERS and call.taken == seen.entered else None
    return None
