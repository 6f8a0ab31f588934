"""From activations and codes to associations: effects, chance, and correction for many tests.

Whole label rows are shuffled, so that one set of shuffles judges all filters and all action
units with the same coded rows, and the dependence between pairs is kept.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.association.margins import Margins
from facsinterp.association.settings import Settings
from facsinterp.association.table import PAIRS, Associations
from facsinterp.association.units import Units
from facsinterp.labels import AU, FILTER
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.stats import effect
from facsinterp.stats.bootstrap import auroc_interval
from facsinterp.stats.multiple import adjust, fewest_rejections
from facsinterp.stats.permute import null_mean, null_named, p_values, upper_tail

__all__ = ["Settings", "associate"]

Numbers = dict[str, NDArray[np.float64]]

# Enough for a mean: its standard error is a fourteenth of the spread under the null.
KL_SHUFFLES: Final = 200
BOOTSTRAP_DRAWS: Final = 2000
INTERVAL: Final = 0.95
FAMILY: Final = "live filters x testable action units"
# Filters are taken in slabs of this many, so that memory does not grow with the network.
SLAB: Final = 2048


def associate(
    store: ActivationStore, settings: Settings | None = None, progress: Progress = SILENT
) -> Associations:
    """How strongly each filter answers to each action unit, and what chance would give.

    One observation is a sequence, from held-out faces by default (`association.units`). Each
    action unit is analysed on the observations that were coded for it. P-values are those
    of one-sided tests (higher when present) by shuffles under the null of the settings;
    filters that are dead or give all observations one value, and action units that cannot
    be tested (`association.margins`), stay outside the family and have none.

    Raises InputError when the null cannot be used on these faces or nothing is coded,
    ActivationError for activations that are not finite.
    """
    settings = settings or Settings()
    units = Units.of(store, faces=settings.faces, unit=settings.unit)
    blocks = null_named(settings.null).blocks(units.subjects)
    analysis = _Analysis(
        settings,
        units,
        blocks,
        Margins.of(units, blocks, min_units=settings.min_units, alpha=settings.alpha),
    )
    table = {name: np.full(analysis.shape, np.nan) for name in PAIRS}
    analysis.fill(table, progress)
    for name in ("auroc", "precision"):
        table[f"q_{name}"] = adjust(table[f"p_{name}"], settings.correction)
    return Associations(_dataset(store, analysis, table))


@dataclass(frozen=True)
class _Part:
    """Filters and action units that are computed together, on the rows coded for them."""

    rows: NDArray[np.int64]
    filters: NDArray[np.int64]
    columns: NDArray[np.int64]

    @property
    def place(self) -> tuple[NDArray[np.int64], ...]:
        """Where the part's numbers (filter, au) stand among all."""
        return np.ix_(self.filters, self.columns)


@dataclass(frozen=True)
class _Analysis:
    """Observations, what may be shuffled, and what the margins say of them."""

    settings: Settings
    units: Units
    blocks: NDArray[np.int64]
    margins: Margins

    @property
    def shape(self) -> tuple[int, int]:
        return self.units.activation.shape[1], self.units.present.shape[1]

    @property
    def dead(self) -> NDArray[np.bool_]:
        """(filter,) whether no observation lifts it above 0."""
        return np.asarray(~(self.units.activation > 0).any(axis=0))

    @property
    def constant(self) -> NDArray[np.bool_]:
        """(filter,) whether it gives every observation the same value."""
        return np.asarray((self.units.activation == self.units.activation[:1]).all(axis=0))

    @property
    def live(self) -> NDArray[np.bool_]:
        """(filter,) whether it belongs to the family."""
        return ~(self.dead | self.constant)

    def fill(self, table: Numbers, progress: Progress) -> None:
        """Put effects, intervals, chance values and p-values into the (filter, au) arrays."""
        everything = self.parts(np.arange(self.shape[0]), np.ones(self.shape[1], dtype=bool))
        family = self.parts(np.flatnonzero(self.live), self.margins.testable)
        kl_shuffles = min(KL_SHUFFLES, self.settings.permutations)
        steps = (
            (
                "effects and intervals",
                self.effects,
                everything,
                [len(p.filters) for p in everything],
            ),
            (
                "KL divergence by chance",
                self.kl_by_chance,
                everything,
                [kl_shuffles] * len(everything),
            ),
            ("shuffles", self.tests, family, [self.settings.permutations] * len(family)),
        )
        for title, compute, parts, sizes in steps:
            with progress.step(title, sum(sizes)) as advance:
                for part in parts:
                    for name, values in compute(part, advance).items():
                        table[name][part.place] = values

    def parts(self, filters: NDArray[np.int64], chosen: NDArray[np.bool_]) -> list[_Part]:
        """The given filters in slabs, for each set of chosen units with the same coded rows."""
        return [
            _Part(rows, filters[start : start + SLAB], columns[chosen[columns]])
            for rows, columns in self.units.masks()
            if chosen[columns].any()
            for start in range(0, len(filters), SLAB)
        ]

    def effects(self, part: _Part, advance: Advance) -> Numbers:
        """Sizes of the association, none of which knows of chance."""
        activation, labels = self._arrays(part)
        top = min(self.settings.top_n, len(part.rows))
        precision = effect.precision_at_n(activation, labels, top)
        low, high = auroc_interval(
            activation,
            labels,
            self.units.subjects[part.rows],
            level=INTERVAL,
            draws=BOOTSTRAP_DRAWS,
            seed=self.settings.seed,
            advance=advance,
        )
        return {
            "precision_at_n": precision.value,
            "precision_low": precision.low,
            "precision_high": precision.high,
            "lift": effect.lift(precision.value, effect.base_rate(labels)),
            "auroc": effect.auroc(activation, labels),
            "auroc_low": low,
            "auroc_high": high,
            "rank_correlation": effect.rank_correlation(activation, labels),
            "kl": self._kl(activation, labels),
        }

    def kl_by_chance(self, part: _Part, advance: Advance) -> Numbers:
        """Mean KL divergence over a small number of shuffles."""
        activation, labels = self._arrays(part)
        shuffled = null_mean(
            partial(self._kl, activation),
            labels,
            self.blocks[part.rows],
            count=min(KL_SHUFFLES, self.settings.permutations),
            seed=self.settings.seed,
            advance=advance,
        )
        return {"kl_null": shuffled}

    def tests(self, part: _Part, advance: Advance) -> Numbers:
        """One-sided p-values of rank sum and precision, from the same shuffles."""
        activation, labels = self._arrays(part)
        count = self.settings.permutations
        doubled_ranks = (2 * effect.midranks(activation)).astype(np.int64)
        top = effect.top_weights(activation, min(self.settings.top_n, len(part.rows)))
        reached = upper_tail(
            np.hstack([doubled_ranks, top.weights]),
            labels,
            self.blocks[part.rows],
            count=count,
            seed=self.settings.seed,
            advance=advance,
        )
        by_rank, by_precision = np.split(p_values(reached, count), 2)
        return {"p_auroc": by_rank, "p_precision": by_precision}

    def _arrays(self, part: _Part) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        activation = self.units.activation[np.ix_(part.rows, part.filters)]
        return activation, self.units.present[np.ix_(part.rows, part.columns)]

    def _kl(
        self, activation: NDArray[np.float32], labels: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        settings = self.settings
        return effect.kl_divergence(
            activation, labels, bins=settings.bins, pseudo_count=settings.pseudo_count
        )


def _dataset(store: ActivationStore, analysis: _Analysis, table: Numbers) -> xr.Dataset:
    margins = analysis.margins
    n_coded = margins.n_coded
    base_rate = np.full(len(n_coded), np.nan)
    np.divide(margins.n_present, n_coded, out=base_rate, where=n_coded > 0)
    by_unit = {
        "base_rate": base_rate,
        "n_present": margins.n_present,
        "n_coded": n_coded,
        "n_top": np.minimum(analysis.settings.top_n, n_coded),
        "n_subjects": margins.n_subjects,
        "n_subjects_present": margins.n_subjects_present,
        "n_informative": margins.n_informative,
        "attainable_p": margins.attainable_p,
        "testable": margins.testable,
        "status": margins.status,
    }
    by_filter = {"dead": analysis.dead, "constant": analysis.constant}
    return xr.Dataset(
        {
            **{name: ((FILTER, AU), values) for name, values in table.items()},
            **{name: (AU, values) for name, values in by_unit.items()},
            **{name: (FILTER, values) for name, values in by_filter.items()},
        },
        coords={
            FILTER: np.array([str(one) for one in store.filters]),
            AU: store.data[AU].values,
            "layer": (FILTER, np.array([one.layer for one in store.filters])),
            "channel": (FILTER, np.array([one.channel for one in store.filters])),
        },
        attrs=_attributes(store, analysis),
    )


def _attributes(store: ActivationStore, analysis: _Analysis) -> dict[str, Any]:
    """What the numbers mean and rest on, in plain JSON values."""
    settings, units = analysis.settings, analysis.units
    tests = int(analysis.live.sum()) * int(analysis.margins.testable.sum())
    known = units.subjects[units.subjects != ""]
    subjects, counts = np.unique(known, return_counts=True)
    least = 1 / (settings.permutations + 1)
    given = asdict(settings)
    del given["faces"]
    return {
        **given,
        "effect": "auroc",
        "side": "higher when present",
        "exchangeable": null_named(settings.null).exchangeable,
        "rows": units.rows,
        "family": FAMILY,
        "family_size": tests,
        "fewest_discoveries": fewest_rejections(least, tests, settings.alpha, settings.correction),
        "kl_permutations": min(KL_SHUFFLES, settings.permutations),
        "interval": INTERVAL,
        "bootstrap_draws": BOOTSTRAP_DRAWS,
        "n_units": len(units),
        "n_subjects": len(subjects),
        "informative_subjects": int((counts > 1).sum()),
        "store": store.key,
    }
