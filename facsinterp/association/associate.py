"""From activations and codes to associations: effects, chance, and correction for many tests.

Whole label rows are moved, so that one set of shuffles judges all filters and all action
units with the same coded rows, and the dependence between pairs is kept.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from facsinterp.activations.store import ActivationStore
from facsinterp.association import columns, family
from facsinterp.association.analysis import BOOTSTRAP_DRAWS, INTERVAL, INTERVAL_METHOD, Analysis
from facsinterp.association.claim import KEPT, Claim
from facsinterp.association.margins import FEWEST_SUBJECTS, NOT_ASKED
from facsinterp.association.parts import computed
from facsinterp.association.selected import held_out
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.labels import AU, FILTER
from facsinterp.progress import SILENT, Progress
from facsinterp.stats.bounds import at_least
from facsinterp.stats.multiple import fewest_rejections, max_t
from facsinterp.stats.people import bootstrap
from facsinterp.stats.tails import METHODS

__all__ = ["Settings", "associate"]

if TYPE_CHECKING:
    from facsinterp.activations.sweeping.crew import Crew

Numbers = dict[str, NDArray[Any]]


def associate(
    store: ActivationStore,
    settings: Settings | None = None,
    progress: Progress = SILENT,
    *,
    device: str = "cpu",
    crew: Crew | None = None,
    scratch: Path | None = None,
) -> Associations:
    """How strongly each filter answers to each action unit, and what chance would give.

    One observation is a sequence, from held-out faces by default (`association.units`). Each
    action unit is analysed on the observations that were coded for it. P-values are those
    of tests under the nulls of the settings, one-sided (higher when present) or two-sided: one
    for the claim that a filter carries information about the unit, one for information beyond
    the emotion. Filters that are dead or give all observations one value, and action units that
    cannot be tested (`association.margins`), stay outside the families and have none.

    The numbers depend on store, settings and versions alone, not on `device` ("cpu",
    "cuda"), on threads or on `crew`, whose workers compute parts of it. `scratch` keeps
    finished parts, so that an interrupted analysis goes on; the caller removes it. With a
    crew it must be a folder that the workers can write to.

    Raises InputError when the null cannot be used on these faces or nothing is coded,
    ActivationError for activations that are not finite.
    """
    analysis = Analysis.of(store, settings or Settings(), device)
    table, extremes = _filled(analysis, crew, scratch, progress)
    table |= family.correct(table, analysis.settings)
    table |= _family_wise(analysis, table, extremes)
    with threadpool_limits(limits=1):  # so that no choice hangs on how many threads there are
        by_filter, by_unit = held_out(analysis, np.isfinite(table["p_auroc"]), store.filters)
    by_filter["q_filter"] = family.by_filter(table["p_auroc"], analysis.settings)
    by_filter["q_filter_beyond"] = family.by_filter(table["p_beyond"], analysis.settings)
    attributes = _attributes(analysis, table) | _bounds(store, analysis, table, extremes)
    return Associations(_dataset(store, analysis, table, by_filter, by_unit, attributes))


def _filled(
    analysis: Analysis, crew: Crew | None, scratch: Path | None, progress: Progress
) -> tuple[Numbers, dict[str, Numbers]]:
    """The (filter, au) arrays of all parts, and the largest z of the shuffles of each claim."""
    table: Numbers = {name: np.full(analysis.shape, np.nan) for name in columns.PAIRS}
    table |= {
        name: np.full(analysis.shape, -1, dtype=np.int64)
        for name in (*columns.REACHED, *columns.WAYS)
    }
    # No association: what a filter with one value for all observations shows in any shuffle.
    still = analysis.constant | analysis.dead
    table["kl_null"][still], table["kl_null_sd"][still] = 0.0, 0.0
    extremes: dict[str, Numbers] = {}
    for part, numbers in computed(analysis, crew=crew, folder=scratch, progress=progress):
        if "largest" in numbers:
            kept = extremes.setdefault(part.kind, _no_extremes(analysis))
            largest, maxima = numbers.pop("largest"), numbers.pop("maxima")
            np.maximum(kept["largest"], largest, out=kept["largest"])
            kept["maxima"][:, part.filters] = np.maximum(kept["maxima"][:, part.filters], maxima)
        for name, values in numbers.items():
            table[name][np.ix_(part.filters, part.columns)] = values
    table["kl_null"][:, ~analysis.varying] = np.nan
    table["kl_null_sd"][:, ~analysis.varying] = np.nan
    return table, extremes


def _no_extremes(analysis: Analysis) -> Numbers:
    count = analysis.settings.permutations
    maxima = np.full((min(KEPT, count), analysis.shape[0]), -np.inf, dtype=np.float32)
    return {"largest": np.full(count, -np.inf), "maxima": maxima}


def _claims(analysis: Analysis) -> list[tuple[Claim, str]]:
    """Each claim with the name of its standardised rank sum."""
    found = [(analysis.marginal, "z")]
    return found if analysis.beyond is None else [*found, (analysis.beyond, "z_beyond")]


def _family_wise(
    analysis: Analysis, table: Numbers, extremes: dict[str, Numbers]
) -> dict[str, NDArray[np.float64]]:
    """max-T p-values of each claim; NaN where its null does not shuffle."""
    found = {}
    for claim, score in _claims(analysis):
        if claim.name in extremes:
            tested = np.isfinite(table[f"p_{claim.name}"])
            size = np.where(tested, _sized(analysis, table[score]), np.nan)
            p = max_t(size, extremes[claim.name]["largest"])
            # Where no shuffle changes the sum there is no z, and nothing to find.
            found[f"p_{claim.name}_max"] = np.where(tested & np.isnan(size), 1.0, p)
    return found


def _sized(analysis: Analysis, z: NDArray[np.float64]) -> NDArray[np.float64]:
    """z as the tests take it: without its sign where both tails count."""
    return np.abs(z) if analysis.settings.sides == "two" else z


def _bounds(
    store: ActivationStore, analysis: Analysis, table: Numbers, extremes: dict[str, Numbers]
) -> dict[str, Any]:
    """At least so many filters of each layer, and of all, answer; one confidence for all."""
    layers = np.array([one.layer for one in store.filters])
    told: dict[str, Any] = {}
    for claim, score in _claims(analysis):
        if claim.name not in extremes:
            continue
        size = _sized(analysis, table[score])
        # A filter that does not vary where a unit does has no z for it, but others for others.
        tested = np.isfinite(table[f"p_{claim.name}"]) & np.isfinite(size)
        observed = np.where(tested, size, -np.inf).max(axis=1, initial=-np.inf)
        observed[~tested.any(axis=1)] = np.nan
        bounds = at_least(
            extremes[claim.name]["maxima"], observed, level=1 - analysis.settings.alpha
        )
        each = {str(layer): bounds.of(layers == layer) for layer in dict.fromkeys(layers)}
        told[f"at_least_{claim.name}"] = {**each, "": bounds.of(np.ones(len(layers), dtype=bool))}
    return told


def _dataset(
    store: ActivationStore,
    analysis: Analysis,
    table: Numbers,
    by_filter: Numbers,
    by_unit: Numbers,
    attributes: dict[str, Any],
) -> xr.Dataset:
    by_unit = by_unit | _counts(analysis)
    by_filter = by_filter | {"dead": analysis.dead, "constant": analysis.constant}
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
        attrs=attributes,
    )


def _counts(analysis: Analysis) -> Numbers:
    """What the margins say of each action unit, under both claims."""
    margins, n_coded = analysis.marginal.margins, analysis.units.coded.sum(axis=0)
    n_present = analysis.units.present.sum(axis=0)
    base_rate = np.full(len(n_coded), np.nan)
    np.divide(n_present, n_coded, out=base_rate, where=n_coded > 0)
    n_top = np.minimum(analysis.settings.top_n, _ranked(analysis))
    largest = np.full(len(n_coded), np.nan)
    np.divide(n_present, n_top, out=largest, where=n_top > 0)
    found = {
        "base_rate": base_rate,
        # With fewer observations that show the unit than places, P cannot reach 1.
        "largest_precision": np.minimum(largest, 1.0),
        "n_present": margins.n_present,
        "n_coded": margins.n_coded,
        "n_top": n_top,
        "n_subjects": margins.n_subjects,
        "n_subjects_present": margins.n_subjects_present,
        "n_informative": margins.n_informative,
        "attainable_p": margins.attainable_p,
        "testable": margins.testable,
        "status": margins.status,
    }
    return found | _counts_beyond(analysis)


def _ranked(analysis: Analysis) -> NDArray[np.int64]:
    """(au,) what can stand among the top N: coded observations, or the takes of frames."""
    units = analysis.units
    if analysis.settings.unit != "frame":
        return np.asarray(units.coded.sum(axis=0))
    take = np.unique(units.takes, return_inverse=True)[1]
    coded = np.zeros((int(take.max()) + 1, units.coded.shape[1]), dtype=bool)
    np.logical_or.at(coded, take, units.coded)
    return np.asarray(coded.sum(axis=0))


def _counts_beyond(analysis: Analysis) -> Numbers:
    none = np.zeros(analysis.shape[1], dtype=np.int64)
    if analysis.beyond is None:
        return {
            "n_present_beyond": none,
            "n_coded_beyond": none,
            "n_informative_beyond": none,
            "attainable_p_beyond": np.ones(len(none)),
            "testable_beyond": np.zeros(len(none), dtype=bool),
            "status_beyond": np.full(len(none), NOT_ASKED),
        }
    margins = analysis.beyond.margins
    return {
        "n_present_beyond": margins.n_present,
        "n_coded_beyond": margins.n_coded,
        "n_informative_beyond": margins.n_informative,
        "attainable_p_beyond": margins.attainable_p,
        "testable_beyond": margins.testable,
        "status_beyond": margins.status,
    }


def _attributes(analysis: Analysis, table: Numbers) -> dict[str, Any]:
    """What the numbers mean and rest on, in plain JSON values."""
    settings, units, known = analysis.settings, analysis.units, analysis.units.known
    subjects, counts = np.unique(units.subjects[units.subjects != ""], return_counts=True)
    live, least = int(analysis.live.sum()), 1 / (settings.permutations + 1)
    tests = live * int(analysis.marginal.margins.testable.sum())
    beyond = analysis.beyond
    usable = np.zeros(len(units), dtype=bool) if beyond is None else beyond.null.usable(known)
    correction = "by" if settings.correction == "by" else "bh"
    given = asdict(settings)
    del given["faces"]
    return {
        **given,
        "effect": "auroc",
        "side": "higher when present" if settings.sides == "one" else "higher or lower",
        "exchangeable": analysis.marginal.null.exchangeable,
        "exchangeable_beyond": "" if beyond is None else beyond.null.exchangeable,
        "rows": units.rows,
        "block": _blocks(analysis.marginal),
        "family": family.FAMILY,
        "family_size": tests,
        "family_size_beyond": 0 if beyond is None else live * int(beyond.margins.testable.sum()),
        # Small p-values are computed under these nulls: shuffles do not bound them.
        "fewest_discoveries": int(tests > 0)
        if settings.null in ("within-subject", "free")
        else fewest_rejections(least, tests, settings.alpha, correction),
        "ways": list(METHODS),
        "exact_precision": bool((table["way_precision"] == METHODS.index("exact")).any()),
        "interval": INTERVAL,
        "interval_method": INTERVAL_METHOD,
        "bootstrap_draws": BOOTSTRAP_DRAWS,
        "fewest_subjects_of_intervals": bootstrap.FEWEST_SUBJECTS,
        "fewest_subjects": min(FEWEST_SUBJECTS, len(subjects)),
        "n_units": len(units),
        "n_alike": units.alike,
        "n_units_beyond": int(usable.sum()),
        "n_emotions": len(np.unique(units.emotions[usable])),
        "n_subjects": len(subjects),
        "informative_subjects": int((counts > 1).sum()),
        "store": analysis.store,
    }


def _blocks(claim: Claim) -> str:
    """What is resampled and shuffled as a whole, in a word or two."""
    return {"free": "none", "within-subject": "subject"}.get(claim.null.name, claim.null.name)
