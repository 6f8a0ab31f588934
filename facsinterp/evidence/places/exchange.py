"""Do filters look at the places of their own units, or at those of each other's?

One number for a set of filters that were chosen by what they answer to, such as those of a
layer with an association: whether their names fit the places where they look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.evidence.places.looks import positions
from facsinterp.evidence.places.placing import Coded, LooksOf, Pair, refuse_repeats
from facsinterp.stats.placing import Exchange, by_subject, exchanged_units

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExchangeTest:
    """What `exchange_test` found."""

    own: Exchange
    """With shares in the faces' own regions."""
    still: Exchange
    """With shares in the region that stands still."""
    pairs: int
    left_out: int

    @property
    def p(self) -> float:
        """The larger p-value: for filters that keep to a place of the face, or of the picture."""
        return max(self.own.p, self.still.p)


def exchange_test(
    pairs: Sequence[Pair],
    shown: LooksOf,
    store: ActivationStore,
    *,
    located: Sequence[int],
    draws: tuple[int, int] = (9999, 0),
) -> ExchangeTest:
    """Whether filters look at the places of their own units, not at those of each other's.

    The mean share over units, against units that change names among all filters of the set
    at once (`stats.placing.exchanged_units`). Units that share a place cannot be told apart:
    the more there are, the larger p. Left out are pairs of units without a region, and
    filters that look at no face for some unit of the set. Raises InputError when nothing is
    left.
    """
    refuse_repeats(pairs)
    kept = {pair for pair in pairs if pair[1] in located}
    units = sorted({unit for _, unit in kept})
    names = list(dict.fromkeys(name for name, unit in pairs if unit in located))
    tables = _tables(names, units, shown, Coded.of(store).people)
    whole: NDArray[np.bool_] = np.isfinite(tables[0]).max(axis=0).min(axis=1, initial=True)
    wanted = np.zeros((len(names), len(units)), dtype=bool)
    for name, unit in kept:
        wanted[names.index(name), units.index(unit)] = whole[names.index(name)]
    if not wanted.any():
        raise InputError(Fault("no pair can be tested", got=f"{len(pairs)} pairs"))
    left = wanted.any(axis=0)
    asked = wanted[whole][:, left]
    own, still = (
        exchanged_units(table[:, whole][..., left], asked, count=draws[0], seed=draws[1])
        for table in tables
    )
    used = int(wanted.sum())
    return ExchangeTest(own, still, used, len(pairs) - used)


def _tables(
    names: Sequence[str], units: Sequence[int], shown: LooksOf, people: NDArray[np.int64]
) -> tuple[Floats, Floats]:
    """Shares (subject, filter, unit) in own and in still regions."""
    size = int(people.max(initial=-1)) + 1
    own, still = (np.full((size, len(names), len(units)), np.nan) for _ in range(2))
    for v, unit in enumerate(units):
        looks = shown(unit)
        rows = positions(looks.filters, names)
        owner = people[looks.image[rows]]
        own[:, :, v] = by_subject(looks.own[rows], owner, size)
        still[:, :, v] = by_subject(looks.still[rows], owner, size)
    return own, still
