"""The layers that a definition sweeps, compared with its network before that is trained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches

from facsinterp.activations.plan import layer_faults
from facsinterp.errors import Fault, InputError
from facsinterp.nets.blueprint import Blueprint
from facsinterp.study.faults import of_network


def unknown_layers(
    layers: Sequence[str], blueprint: Blueprint, *, certain: bool
) -> Iterator[Fault]:
    """Why these layers of a network cannot be swept, seen on one that is built untrained.

    `conv` stands for `conv@1` and `conv@2` of a layer that is run twice. `certain`: whether
    the blueprint has the classes that the network will have. If not, one that cannot be
    built with them is not judged: it may be built with those of the faces.
    """
    try:
        known = _tapped(blueprint)
    except InputError as error:
        yield from of_network(error) if certain else ()
        return
    except Exception as error:  # a builder of the user's own may raise anything
        if certain:
            got = f"{type(error).__name__}: {error}"
            yield Fault("the network cannot be built", "network.import", got=got)
        return
    for fault in layer_faults(layers, known):
        yield replace(fault, where="sweep.layers", do=_advice(layers, known))


def _tapped(blueprint: Blueprint) -> tuple[str, ...]:
    from facsinterp.nets.network import conv_executions
    from facsinterp.nets.zoo import from_blueprint

    shape = (blueprint.channels_in, blueprint.size, blueprint.size)
    return conv_executions(from_blueprint(blueprint), shape)


def _advice(layers: Sequence[str], known: Sequence[str]) -> str:
    """The nearest known name of each layer that is none."""
    modules = {name.rpartition("@")[0] or name for name in known}
    unknown = [name for name in layers if name not in {*known, *modules}]
    near = [one for name in unknown for one in get_close_matches(name, known, n=1)]
    return f"did you mean {', '.join(near)}?" if near else ""
