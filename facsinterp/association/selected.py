"""What the best of many is worth on people who did not choose it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.analysis import Analysis
from facsinterp.labels import FilterId
from facsinterp.stats.people import bootstrap, heldout

Numbers = dict[str, NDArray[Any]]

SPLITS: Final = 20
"""Random halves of the subjects over which held-out estimates are averaged."""


def held_out(
    analysis: Analysis, allowed: NDArray[np.bool_], filters: Sequence[FilterId]
) -> tuple[Numbers, Numbers]:
    """Columns over filters and over action units: the choice, and its held-out AUROC.

    `allowed` (filter, au): pairs that may be chosen, those of the family. For each unit the
    filter with the largest within-subject z, for each filter the unit; chosen on one half
    of the subjects, measured on the other, the halves exchanged, over `SPLITS` splits: what
    such a choice is worth, also where a half chooses another filter or unit than all subjects
    do, of which the agreements tell. NaN, "" and -1 where nothing may be chosen, or with fewer
    subjects than an interval asks for.
    """
    units = analysis.units
    known = units.subjects != ""
    names = np.array([str(one) for one in filters], dtype=str)
    by_filter, by_unit = _nothing(*analysis.shape, names.dtype)
    if len(np.unique(units.subjects[known])) < bootstrap.FEWEST_SUBJECTS:
        return by_filter, by_unit
    score = _size if analysis.settings.sides == "two" else heldout.within_subject_z
    seed = analysis.settings.seed
    for rows, columns in units.masks(known):
        chosen = columns[allowed[:, columns].any(axis=0)]
        if not len(chosen):
            continue
        best = heldout.best_held_out(
            units.activation[rows],
            units.present[np.ix_(rows, chosen)],
            units.subjects[rows],
            seed=seed,
            allowed=allowed[:, chosen],
            splits=SPLITS,
            score=score,
        )
        by_unit["best_filter"][chosen] = np.where(best.filter >= 0, names[best.filter], "")
        by_unit["best_auroc"][chosen] = best.in_sample
        by_unit["best_auroc_held_out"][chosen] = best.auroc
        by_unit["best_agreement"][chosen] = best.agreement
    # Units can only be held against each other on observations that were coded for all.
    chosen = np.flatnonzero(allowed.any(axis=0))
    rows = np.flatnonzero(known & units.coded[:, chosen].all(axis=1))
    if len(chosen) and len(np.unique(units.subjects[rows])) >= bootstrap.FEWEST_SUBJECTS:
        named = heldout.named_held_out(
            units.activation[rows],
            units.present[np.ix_(rows, chosen)],
            units.subjects[rows],
            seed=seed,
            allowed=allowed[:, chosen],
            splits=SPLITS,
            score=score,
        )
        numbers = np.asarray(analysis.numbers)[chosen]
        by_filter["named_au"] = np.where(named.unit >= 0, numbers[named.unit], -1)
        by_filter["named_auroc_held_out"] = named.auroc
        by_filter["named_agreement"] = named.agreement
    return by_filter, by_unit


def _size(
    weights: NDArray[np.float64], labels: NDArray[np.bool_], owner: NDArray[np.int64]
) -> NDArray[np.float64]:
    """A filter that a unit silences is chosen as well; its AUROC is then below a half."""
    return np.abs(heldout.within_subject_z(weights, labels, owner))


def _nothing(filters: int, units: int, name: np.dtype[np.str_]) -> tuple[Numbers, Numbers]:
    """`name`: a type that the longest name of a filter fits."""
    by_filter: Numbers = {
        "named_au": np.full(filters, -1, dtype=np.int64),
        "named_auroc_held_out": np.full(filters, np.nan),
        "named_agreement": np.full(filters, np.nan),
    }
    by_unit: Numbers = {
        "best_filter": np.full(units, "", dtype=name),
        "best_auroc": np.full(units, np.nan),
        "best_auroc_held_out": np.full(units, np.nan),
        "best_agreement": np.full(units, np.nan),
    }
    return by_filter, by_unit
