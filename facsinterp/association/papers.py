"""The two papers' own measures at other settings than one: P at many N, KL at many bins.

Neither paper gives the N or the bins that its counts rest on, nor what chance gives. Both are
asked here of the same observations as `associate`, and P also of every image, near copies and
neutral frames and all, as a paper that names no observation must be read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.association.claim import Claim
from facsinterp.association.rows import Rows, rows_coded
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.errors import Fault, InputError
from facsinterp.labels import FILTER, IMAGE
from facsinterp.stats.divergence import kl_divergence
from facsinterp.stats.permute import p_values, shuffles
from facsinterp.stats.top import precision_at_n

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Places = NDArray[np.int64]
Looked = Literal["sequence", "image"]


def unanimous(
    activation: ArrayLike, present: ArrayLike, coded: ArrayLike, ns: Sequence[int]
) -> Labels:
    """Whether some action unit is shown by all of a filter's top N, for each N (N, filter).

    The rule of Breuer & Kimmel (2017), P = 1. `activation` (n, J), `present` and `coded` (n, U);
    each unit is ranked over the rows that were coded for it; one that was coded in fewer than N
    has no top N, and accepts nothing there. Rows that tie at the last place must all show it.
    Raises InputError for an N below 1.
    """
    values, on = np.asarray(activation), np.asarray(present, dtype=bool)
    found = np.zeros((len(ns), values.shape[1]), dtype=bool)
    for rows, columns in _coded_alike(np.asarray(coded, dtype=bool)):
        labels = on[np.ix_(rows, columns)]
        for at, n in enumerate(ns):
            if n > len(rows):
                continue
            value = precision_at_n(values[rows], labels, n).value
            found[at] |= (value == 1).any(axis=1)
    return found


def papers_rule(
    store: ActivationStore,
    ns: Sequence[int],
    settings: Settings | None = None,
    *,
    looked: Looked = "sequence",
) -> xr.Dataset:
    """What the rule P = 1 accepts at each N, of all filters of a store.

    Variables: `accepted` (n, filter), False for filters that are not live; `live` (filter),
    neither dead nor constant over what was looked at. `looked`: the observations of the settings,
    or every coded image of their faces. Raises InputError as `associate`.
    """
    chosen = settings or Settings()
    if looked == "image":
        activation, present, coded = every_image(store, faces=chosen.faces)
    else:
        units = Units.of(store, faces=chosen.faces, unit=chosen.unit)
        activation, present, coded = units.activation, units.present, units.coded
    live = (activation > 0).any(axis=0) & (activation != activation[:1]).any(axis=0)
    accepted = unanimous(activation, present, coded, ns) & live
    return _over_filters(
        store, {"accepted": (("n", FILTER), accepted), "live": (FILTER, live)}, {"n": list(ns)}
    )


def every_image(
    store: ActivationStore, *, faces: Rows = "held-out"
) -> tuple[NDArray[np.float32], Labels, Labels]:
    """Peaks (image, filter), present and coded (image, au) of every coded image of the faces."""
    taken, _ = rows_coded(store, faces)
    some = store.data[["peak", "present", "coded"]].isel({IMAGE: np.sort(taken)})
    peak = some["peak"].transpose(IMAGE, FILTER).values
    return peak, some["present"].values, some["coded"].values


def papers_kl(
    store: ActivationStore, bins: Sequence[int], settings: Settings | None = None, *, count: int
) -> xr.Dataset:
    """The largest KL divergence of each filter over the action units, and what chance gives.

    After Khorrami et al. (2015), in bins of equal width with the settings' pseudo-count
    (`divergence.kl_divergence`), over the testable units. Variables (bins, filter): `kl`;
    `kl_null`, the mean of the same maximum over `count` shuffles of the labels under the null of
    the settings; `p`, one-sided, of the observed maximum among them. NaN where no unit is
    testable, and for dead and constant filters, which no settings tell apart. Raises InputError
    as `associate`, and where the null does not shuffle.
    """
    chosen = settings or Settings()
    units = Units.of(store, faces=chosen.faces, unit=chosen.unit)
    claim = Claim.of("auroc", units, chosen)
    if not claim.null.shuffles:
        raise InputError(
            Fault("the divergence has no chance to be held against", "null", got=chosen.null)
        )
    shape = (len(bins), units.activation.shape[1])
    kl, mean, p = (np.full(shape, np.nan) for _ in range(3))
    live = (units.activation > 0).any(axis=0) & (units.activation != units.activation[:1]).any(0)
    if claim.margins.testable.any() and live.any():
        for at, number in enumerate(bins):
            kl[at, live], mean[at, live], p[at, live] = _largest_kl(
                units, claim, live, number, chosen, count
            )
    three = {"kl": kl, "kl_null": mean, "p": p}
    variables = {name: (("bins", FILTER), values) for name, values in three.items()}
    return _over_filters(store, variables, {"bins": list(bins)})


def _largest_kl(
    units: Units, claim: Claim, live: Labels, bins: int, settings: Settings, count: int
) -> tuple[Floats, Floats, Floats]:
    """Largest KL of each live filter, its mean over shuffles, and its p."""
    largest = np.full((count + 1, int(live.sum())), -np.inf)
    for rows, columns in units.masks(claim.null.usable(units.known)):
        tested = columns[claim.margins.testable[columns]]
        if not len(tested):
            continue
        values = units.activation[np.ix_(rows, live)]
        labels = units.present[np.ix_(rows, tested)]
        scheme = claim.null.bind(units.known.select(rows))
        moved = (one for chunk in shuffles(scheme, count, settings.seed) for one in chunk)
        for at, order in enumerate([np.arange(len(rows)), *moved]):
            found = kl_divergence(
                values, labels[order], bins=bins, pseudo_count=settings.pseudo_count
            )
            largest[at] = np.maximum(largest[at], found.max(axis=1))
    reached = (largest[1:] >= largest[0]).sum(axis=0)
    return largest[0], largest[1:].mean(axis=0), p_values(reached, count)


def _coded_alike(coded: Labels) -> Iterator[tuple[Places, Places]]:
    """(rows, columns) of action units that the same rows were coded for."""
    kinds, which = np.unique(coded, axis=1, return_inverse=True)
    for kind in range(kinds.shape[1]):
        if kinds[:, kind].any():
            yield np.flatnonzero(kinds[:, kind]), np.flatnonzero(which.ravel() == kind)


def _over_filters(
    store: ActivationStore, variables: Mapping[str, object], more: Mapping[str, list[int]]
) -> xr.Dataset:
    return xr.Dataset(
        variables,
        coords={
            FILTER: [str(one) for one in store.filters],
            "layer": (FILTER, [one.layer for one in store.filters]),
            **more,
        },
    )
