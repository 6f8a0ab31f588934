"""What the networks with which the studied one is compared gave, as the pages need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.labels import FILTER
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.claims import COMPARED, Claims, read_claims

CLAIMS: Final = ("answers", "beyond")


@dataclass(frozen=True)
class Compared:
    """One control with its claims; its filters are not always those of the studied network."""

    run: ControlRun
    filters: tuple[str, ...]
    claims: Claims
    places: Mapping[str, int]
    """Where a filter of this name stands in `claims`."""

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """(filter,) the layer of each filter."""
        return tuple(name.rpartition("/")[0] for name in self.filters)

    @cached_property
    def _inside(self) -> dict[str, NDArray[np.bool_]]:
        every = np.array(self.layers)
        return {layer: every == layer for layer in dict.fromkeys(self.layers)}

    def of_layer(self, layer: str) -> NDArray[np.bool_]:
        """(filter,) which filters belong to a layer."""
        return self._inside.get(layer, np.zeros(len(self.filters), dtype=bool))

    def passing(self, claim: str) -> NDArray[np.bool_]:
        """(filter, au) what passes for `claim`, one of `CLAIMS`."""
        return self.claims.passes_beyond if claim == "beyond" else self.claims.passes

    def tested(self, claim: str) -> NDArray[np.bool_]:
        """(au,) the units that could be tested for `claim`."""
        return self.claims.testable_beyond if claim == "beyond" else self.claims.testable


@dataclass(frozen=True)
class Arm:
    """All controls of one kind, one a seed: counts are medians over them."""

    name: str
    words: str
    runs: tuple[Compared, ...]

    @property
    def title(self) -> str:
        """`untrained`, `shuffled labels`."""
        return self.name.replace("-", " ")

    def size(self, layer: str = "") -> float | None:
        """Filters of a layer, or of all; None where the control has no such layer."""
        return _middle(int(inside.sum()) for _, inside in self._inside(layer))

    def passing(self, claim: str, layer: str = "") -> float | None:
        """Filters that pass for any unit; None where there are none or no test was made."""
        return _middle(
            int(run.passing(claim)[inside].any(axis=1).sum())
            for run, inside in self._inside(layer)
            if run.tested(claim).any()
        )

    def seeds(self, claim: str, layer: str = "") -> int:
        """Runs that the median of `passing` is over: those in which any unit was tested."""
        return sum(bool(run.tested(claim).any()) for run, _ in self._inside(layer))

    @property
    def uneven(self) -> bool:
        """Whether a unit was tested in some runs and not in others, so that medians differ."""
        tested = [
            {(claim, unit) for claim in CLAIMS for unit in _units(run, claim)} for run in self.runs
        ]
        return any(one != tested[0] for one in tested)

    def passing_for(self, unit: int, claim: str, layer: str = "") -> float | None:
        """Filters that pass for one unit; None where it could not be tested."""
        return _middle(
            int(run.passing(claim)[inside, run.claims.units.index(unit)].sum())
            for run, inside in self._inside(layer)
            if unit in run.claims.units and run.tested(claim)[run.claims.units.index(unit)]
        )

    def _inside(self, layer: str) -> Iterator[tuple[Compared, NDArray[np.bool_]]]:
        """Each run that has filters of the layer, and which these are."""
        for run in self.runs:
            inside = run.of_layer(layer) if layer else np.ones(len(run.filters), dtype=bool)
            if inside.any():
                yield run, inside


def compared(controls: tuple[ControlRun, ...]) -> tuple[Compared, ...]:
    """The controls of a run, in the order of its definition."""
    return tuple(_compared(controls))


def arms(controls: Sequence[Compared], layers: Sequence[str]) -> tuple[Arm, ...]:
    """Controls of networks with some of these layers, by kind, in the order of the definition.

    What has other filters, such as a bank of textures, cannot be counted beside them.
    """
    known: dict[str, list[Compared]] = {}
    for control in controls:
        if set(control.layers) & set(layers):
            known.setdefault(control.run.arm, []).append(control)
    return tuple(Arm(name, runs[0].run.words, tuple(runs)) for name, runs in known.items())


def _units(run: Compared, claim: str) -> list[int]:
    """The units that could be tested for a claim."""
    return [unit for unit, can in zip(run.claims.units, run.tested(claim), strict=True) if can]


def _middle(counts: Iterator[int]) -> float | None:
    found = list(counts)
    return float(median(found)) if found else None


def _compared(controls: tuple[ControlRun, ...]) -> Iterator[Compared]:
    for control in controls:
        names = tuple(str(name) for name in control.associations.data[FILTER].values)
        claims = read_claims(control.associations, len(names), COMPARED)
        yield Compared(control, names, claims, {name: at for at, name in enumerate(names)})
