"""Correction of every test of a network at once, over one named family a claim."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.settings import Settings
from facsinterp.stats.multiple import adjust, hierarchical

Numbers = dict[str, NDArray[np.float64]]

FAMILY: Final = "live filters x testable action units"


def correct(table: Numbers, settings: Settings) -> Numbers:
    """The (filter, au) q-values that go with each p of `table`, and those for any dependence.

    The family of a test is every p of it that is not NaN: all live filters of the network
    and all action units that its margins allow (`FAMILY`).
    """
    found: Numbers = {}
    for test in ("auroc", "precision", "kl", "beyond"):
        found[f"q_{test}"] = q_values(table[f"p_{test}"], settings)
    for test in ("auroc", "beyond"):
        found[f"q_{test}_by"] = adjust(table[f"p_{test}"], "by")
    return found


def q_values(p: NDArray[np.float64], settings: Settings) -> NDArray[np.float64]:
    """p-values (filter, au) corrected as the settings say; NaN outside the family.

    "hierarchical" gives what is at most alpha just where the pair is rejected at the level
    alpha of the settings (Benjamini & Bogomolov 2014): at other levels it means nothing.
    """
    if settings.correction != "hierarchical":
        return adjust(p, settings.correction)
    return hierarchical(p, settings.alpha).q


def by_filter(p: NDArray[np.float64], settings: Settings) -> NDArray[np.float64]:
    """(filter,) corrected p of "answers to some unit", NaN for filters outside the family."""
    return hierarchical(p, settings.alpha).q_filter
