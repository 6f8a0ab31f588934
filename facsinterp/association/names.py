"""What filters may be called, and how much of FACS they cover.

Two tables that read a store and its associations together: which filter stands for which
action unit, one to one; and the set of units that a filter may be named after, since units
that occur together can hardly be told apart by one number.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.association.units import Units
from facsinterp.errors import Fault, InputError
from facsinterp.facs import label
from facsinterp.labels import AU, FILTER
from facsinterp.stats.effect import auroc, midranks
from facsinterp.stats.people.bootstrap import FEWEST_SUBJECTS
from facsinterp.stats.people.heldout import halves
from facsinterp.stats.people.matching import COVERED, coverage, matching, matching_stability
from facsinterp.stats.people.naming import names_by_bootstrap
from facsinterp.stats.people.scores import Score, within_subject_z
from facsinterp.stats.permute import residual_ranks

DRAWS: Final = 200
SPLITS: Final = 20
"""Random halves of the subjects that a matched filter's AUROC is averaged over."""
RETURNS: Final = 0.5
"""Least share of the resamples that a match that covers its unit comes back in."""


def matches(
    store: ActivationStore, associations: Associations, *, draws: int = DRAWS, bar: float = COVERED
) -> pd.DataFrame:
    """One row a testable action unit: the filter that stands for it, and how firmly.

    Filters and units are matched one to one so that the standardised rank sums add up to the
    most, over pairs that pass beyond emotion; where no unit could be tested beyond emotion,
    over pairs that pass the marginal test (column `claim`). `returns` is the share of
    `draws` resamples of subjects in which the match comes back. `auroc_held_out` is what such
    a match is worth on other people: each of 20 splits matches all live filters on one half
    of the subjects, by the same z, and takes the AUROC of the filter that it gives the unit
    from the other half, then the halves change places; whether a pair passes plays no part
    in it, since that was seen in all subjects. Both are NaN where there is no match, and below
    20 subjects. A unit is `covered` when it is matched, the match returns in at least half of
    the resamples, and `auroc_held_out` reaches `bar`.

    Columns: au, filter ("" = unmatched), z, returns, auroc_held_out, covered, claim.
    Raises InputError for associations of another store.
    """
    data = associations.data
    beyond = bool(data["testable_beyond"].any())
    claim, testable = ("beyond", "testable_beyond") if beyond else ("auroc", "testable")
    able = data[testable].values.astype(bool)
    passing = associations.significant(test="beyond" if beyond else "auroc").values
    units, columns = _units(store, associations), np.flatnonzero(able)
    filters = np.flatnonzero(passing[:, columns].any(axis=1))
    rows, seed = _rows(units, columns, beyond=beyond), int(data.attrs["seed"])
    chosen, returns = matching_stability(
        _score(units, rows, filters, columns, beyond=beyond),
        passing[np.ix_(filters, columns)],
        units.subjects[rows],
        draws=draws,
        seed=seed,
    )
    found = np.where(chosen >= 0, filters[chosen], -1) if len(filters) else chosen
    live = np.flatnonzero(associations.live.values)
    held_out = _held_out(
        _score(units, rows, live, columns, beyond=beyond),
        units.activation[np.ix_(rows, live)],
        units.present[np.ix_(rows, columns)],
        units.subjects[rows],
        seed,
    )
    told = coverage(found, held_out, np.ones(len(columns), dtype=bool), bar=bar)
    z = data["z_beyond" if beyond else "z"].values
    return pd.DataFrame(
        {
            AU: [label(int(unit)) for unit in data[AU].values[columns]],
            FILTER: np.where(found >= 0, data[FILTER].values.astype(str)[found], ""),
            "z": np.where(found >= 0, z[found, columns], np.nan),
            "returns": returns,
            "auroc_held_out": np.where(found >= 0, held_out, np.nan),
            "covered": told.covered & (returns >= RETURNS),
            "claim": claim,
        }
    )


def names(
    store: ActivationStore, associations: Associations, *, draws: int = DRAWS
) -> pd.DataFrame:
    """One row a filter that passes the marginal test: the units that it may be named after.

    Those that have the largest within-subject z in at least 5 % of `draws` resamples of
    subjects. Columns: filter, best, names ("AU1 AU2"), share (of the resamples that the best
    wins; NaN below 20 subjects). Both names are "" where no observation of a known subject was
    coded for all tested units, so that these cannot be held against each other. Raises
    InputError for associations of another store.
    """
    data = associations.data
    columns = np.flatnonzero(data["testable"].values)
    filters = np.flatnonzero(associations.significant().values.any(axis=1))
    units = _units(store, associations)
    rows = _rows(units, columns, beyond=False)
    found = names_by_bootstrap(
        _score(units, rows, filters, columns, beyond=False),
        units.subjects[rows],
        draws=draws,
        seed=int(data.attrs["seed"]),
    )
    labels = np.array([label(int(unit)) for unit in data[AU].values[columns]])
    told = zip(found.best, found.share, strict=True)
    return pd.DataFrame(
        {
            FILTER: data[FILTER].values.astype(str)[filters],
            "best": [labels[best] if best >= 0 else "" for best in found.best],
            "names": [" ".join(labels[row]) for row in found.named],
            "share": [share[best] if best >= 0 else np.nan for best, share in told],
        }
    )


def _units(store: ActivationStore, associations: Associations) -> Units:
    told = associations.data.attrs
    if told["store"] != store.key:
        raise InputError(
            Fault(
                "associations of another store",
                where=str(store.path),
                expected=store.key,
                got=str(told["store"]),
            )
        )
    return Units.of(store, faces=told["rows"], unit=told["unit"])


def _rows(units: Units, columns: NDArray[np.int64], *, beyond: bool) -> NDArray[np.int64]:
    """Observations coded for all units, since scores of one filter are held against each other."""
    usable = (units.subjects != "") & units.coded[:, columns].all(axis=1)
    if beyond:
        usable &= units.emotions != ""
    return np.flatnonzero(usable)


def _score(
    units: Units,
    rows: NDArray[np.int64],
    filters: NDArray[np.int64],
    columns: NDArray[np.int64],
    *,
    beyond: bool,
) -> Score:
    """The within-subject z of ranks, freed of subject and emotion for the second claim."""
    ranks = midranks(units.activation[np.ix_(rows, filters)])
    if beyond:
        ranks = residual_ranks(ranks, units.subjects[rows], units.emotions[rows])
    return within_subject_z(ranks, units.present[np.ix_(rows, columns)], units.subjects[rows])


def _held_out(
    score: Score,
    activation: NDArray[np.floating],
    present: NDArray[np.bool_],
    subjects: NDArray[np.str_],
    seed: int,
) -> NDArray[np.float64]:
    """(au,) mean AUROC on one half of the subjects of the filters matched on the other half."""
    names, owner = np.unique(subjects, return_inverse=True)
    if len(names) < FEWEST_SUBJECTS:
        return np.full(present.shape[1], np.nan)
    held = np.full((SPLITS, 2, present.shape[1]), np.nan)
    anything = np.ones((activation.shape[1], present.shape[1]), dtype=bool)
    for split in range(SPLITS):
        parts = halves(present, owner, np.random.default_rng([seed, split]))
        for side, (mine, other) in enumerate((parts, parts[::-1])):
            times = np.isin(np.arange(len(names)), owner[mine]).astype(np.int64)
            chosen = matching(score(times), anything)
            columns = np.flatnonzero(chosen >= 0)
            values = activation[np.ix_(other, chosen[columns])]
            pairs = auroc(values, present[np.ix_(other, columns)])
            held[split, side, columns] = np.diagonal(pairs)
    known = np.isfinite(held)
    count = known.sum(axis=(0, 1))
    total = np.sum(held, axis=(0, 1), where=known)
    return np.asarray(total / np.where(count > 0, count, np.nan))
