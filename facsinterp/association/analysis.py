"""What is computed of a store, decided before anything runs: observations, claims and parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.association.claim import Claim, Draws
from facsinterp.association.parts import Part
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.errors import InputError
from facsinterp.labels import AU
from facsinterp.progress import Advance
from facsinterp.provenance import fingerprint, installed_versions
from facsinterp.stats import divergence, effect, top
from facsinterp.stats.people.bootstrap import auroc_interval
from facsinterp.stats.permute import divergence_tail, p_values

Numbers = dict[str, NDArray[Any]]

BOOTSTRAP_DRAWS: Final = 2000
INTERVAL: Final = 0.95
INTERVAL_METHOD: Final = "logit"
# Filters are taken in slabs of this many, so that memory does not grow with the network.
SLAB: Final = 256
# How long kinds of parts take beside a shuffle of the rank sum, measured once; for progress.
_WEIGHT: Final = {"effects": 4, "auroc": 2, "precision": 1, "divergence": 4, "beyond": 2}


@dataclass(frozen=True)
class Analysis:
    """Observations, claims, and the parts that their numbers are computed in."""

    settings: Settings
    units: Units
    marginal: Claim
    beyond: Claim | None
    numbers: tuple[int, ...]
    """The action units, as FACS numbers them."""
    store: str
    """The key of the store."""
    device: str

    @classmethod
    def of(cls, store: ActivationStore, settings: Settings, device: str = "cpu") -> Self:
        """The analysis of a store; raises InputError where the null cannot be used."""
        units = Units.of(store, faces=settings.faces, unit=settings.unit)
        marginal = Claim.of("auroc", units, settings)
        beyond = None if settings.beyond == "none" else Claim.of("beyond", units, settings)
        numbers = tuple(int(unit) for unit in store.data[AU].values)
        return cls(settings, units, marginal, beyond, numbers, store.key, device)

    @property
    def key(self) -> str:
        """Equal for equal numbers: content, settings and code."""
        return fingerprint(self.store, asdict(self.settings), SLAB, installed_versions())

    @property
    def shape(self) -> tuple[int, int]:
        return self.units.activation.shape[1], self.units.present.shape[1]

    @cached_property
    def dead(self) -> NDArray[np.bool_]:
        """(filter,) whether no observation lifts it above 0."""
        return np.asarray(~(self.units.activation > 0).any(axis=0))

    @cached_property
    def constant(self) -> NDArray[np.bool_]:
        """(filter,) whether it gives every observation the same value."""
        return np.asarray((self.units.activation == self.units.activation[:1]).all(axis=0))

    @property
    def live(self) -> NDArray[np.bool_]:
        """(filter,) whether it belongs to the family."""
        return ~(self.dead | self.constant)

    @property
    def varying(self) -> NDArray[np.bool_]:
        """(au,) whether some coded observations show the unit and some do not."""
        margins = self.marginal.margins
        return np.asarray((margins.n_present > 0) & (margins.n_present < margins.n_coded))

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """All parts, in an order that does not change."""
        everything = np.arange(self.shape[0])
        live = np.flatnonzero(self.live)
        units, margins = self.units, self.marginal.margins
        anything = np.ones(self.shape[1], dtype=bool)
        kinds = [
            ("effects", units.masks(), everything, anything),
            ("auroc", units.masks(self._usable(self.marginal)), live, margins.testable),
            ("precision", units.masks(self._usable(self.marginal)), live, margins.testable),
            ("divergence", units.masks(self._usable(self.marginal)), live, self.varying),
        ]
        if self.beyond is not None:
            testable = self.beyond.margins.testable
            kinds.append(("beyond", units.masks(self._usable(self.beyond)), live, testable))
        if not self.marginal.null.shuffles:
            kinds = [kind for kind in kinds if kind[0] != "divergence"]
        return tuple(part for kind in kinds for part in self._parts(*kind))

    def _usable(self, claim: Claim) -> NDArray[np.bool_]:
        return claim.null.usable(self.units.known)

    def _parts(
        self,
        kind: str,
        masks: Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]],
        filters: NDArray[np.int64],
        chosen: NDArray[np.bool_],
    ) -> Iterator[Part]:
        for rows, columns in masks:
            for start in range(0, len(filters), SLAB) if chosen[columns].any() else ():
                slab = filters[start : start + SLAB]
                size = _WEIGHT[kind] * self.settings.permutations
                yield Part(kind, rows, slab, columns[chosen[columns]], size)

    def compute(self, part: Part, advance: Advance) -> Numbers:
        """The numbers of a part, by their names in the table."""
        activation = self.units.activation[np.ix_(part.rows, part.filters)]
        labels = self.units.present[np.ix_(part.rows, part.columns)]
        known = self.units.known.select(part.rows)
        draws = Draws.of(self.settings, self.device)

        def hear(shuffles: int) -> None:
            advance(_WEIGHT[part.kind] * shuffles)

        if part.kind == "effects":
            return self._effects(activation, labels, part, advance)
        if part.kind == "divergence":
            return self._divergence(activation, labels, part, hear)
        if part.kind == "precision":
            return self.marginal.precision(
                top.top_weights(activation, self._top_n(part.rows), self._groups(part.rows)),
                labels,
                known,
                draws,
                hear,
            )
        claim = self.marginal if part.kind == "auroc" else self.beyond
        assert claim is not None  # its parts are there only with it
        return claim.test(activation, labels, known, draws, hear)

    def _effects(
        self, activation: NDArray[Any], labels: NDArray[np.bool_], part: Part, advance: Advance
    ) -> Numbers:
        """Sizes of the association, none of which knows of chance."""
        settings, subjects = self.settings, self.units.subjects[part.rows]
        groups, rate = self._groups(part.rows), effect.base_rate(labels)
        precision = top.precision_at_n(activation, labels, self._top_n(part.rows), groups)
        low, high = auroc_interval(
            activation,
            labels,
            subjects,
            level=INTERVAL,
            draws=BOOTSTRAP_DRAWS,
            seed=settings.seed,
            method=INTERVAL_METHOD,
        )
        bins = settings.atom_bins
        advance(part.size)
        return {
            "precision_at_n": precision.value,
            "precision_low": precision.low,
            "precision_high": precision.high,
            "lift": top.lift(precision.value, rate),
            "gain": top.gain(precision.value, rate),
            "auroc": effect.auroc(activation, labels),
            "auroc_low": low,
            "auroc_high": high,
            "auroc_within": effect.auroc_within(activation, labels, subjects),
            "rank_correlation": effect.rank_correlation(activation, labels),
            "point_biserial": effect.point_biserial(activation, labels),
            "auprc_gain": effect.auprc_gain(activation, labels),
            "kl": divergence.kl_shrunk(activation, labels, bins=bins),
            "kl_equal_width": divergence.kl_divergence(
                activation, labels, bins=settings.bins, pseudo_count=settings.pseudo_count
            ),
            "jensen_shannon": divergence.jensen_shannon(activation, labels, bins=bins),
            "mutual_information": divergence.mutual_information(activation, labels, bins=bins),
        }

    def _divergence(
        self, activation: NDArray[Any], labels: NDArray[np.bool_], part: Part, hear: Advance
    ) -> Numbers:
        """What the KL divergence is by chance, and its p where the unit is in the family."""
        none = np.full((len(part.filters), len(part.columns)), np.nan)
        try:
            scheme = self.marginal.null.bind(self.units.known.select(part.rows))
        except InputError:  # nothing coded for these units can move; their status says so
            return {"kl_null": none}
        tally = divergence_tail(
            divergence.atom_and_quantile_bins(activation, self.settings.atom_bins),
            labels,
            scheme,
            count=self.settings.permutations,
            seed=self.settings.seed,
            number_of_bins=self.settings.atom_bins,
            advance=hear,
        )
        tested = self.marginal.margins.testable[part.columns]
        p = p_values(tally.reached, tally.count)
        return {
            "kl_null": tally.mean,
            "kl_null_sd": tally.sd,
            "p_kl": np.where(tested, p, np.nan),
            "reached_kl": np.where(tested, tally.reached, -1),
        }

    def _groups(self, rows: NDArray[np.int64]) -> NDArray[np.str_] | None:
        """Frames of one take count once among the top N; sequences are one row anyhow."""
        return self.units.takes[rows] if self.settings.unit == "frame" else None

    def _top_n(self, rows: NDArray[np.int64]) -> int:
        return min(self.settings.top_n, len(rows))
