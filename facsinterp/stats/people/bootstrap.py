"""Intervals that show how a figure would vary with other people: subjects are resampled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri
from scipy.stats import rankdata
from scipy.stats import t as student

from facsinterp.errors import Fault, InputError
from facsinterp.progress import Advance

if TYPE_CHECKING:
    from facsinterp.stats.people.resampling import Resampling

Floats = NDArray[np.float64]

METHODS: Final[Mapping[str, str]] = {
    "percentile": "quantiles of the draws (Efron 1979)",
    "bca": "quantiles corrected for bias and acceleration (Efron 1987)",
    "logit": "t-interval on the logit scale with the draws' standard deviation there, one "
    "degree of freedom less than subjects on the rarer side",
}
FEWEST_SUBJECTS: Final = 20
FEWEST_INFORMATIVE: Final = 5


def auroc_interval(
    activation: ArrayLike,
    labels: ArrayLike,
    subjects: ArrayLike,
    *,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
    method: str = "logit",
    advance: Advance = lambda _filters: None,
) -> tuple[Floats, Floats]:
    """Lower and upper bound of the pooled AUROC of every filter and action unit, (J, U) each.

    Bootstrap over subjects: each draw takes as many subjects as there are, with
    replacement, with all their rows. `activation` (n, J), `labels` (n, U) bool, `subjects`
    (n,); rows of nobody ("") are left out, and so are draws that miss one side of an action
    unit. NaN where fewer than two subjects show the unit or fewer than two lack it, and
    everywhere when there are fewer than 20 subjects, where draws cannot be believed: see
    `within_subject_interval`. No
    bootstrap sees past a sample that is separated wholly: there the bounds are, or are
    close to, 1. `advance` hears the number of filters done. Raises InputError for another
    method, or arrays that do not fit together.

    `method` is a key of `METHODS`. The default covered the truth closest to what it says
    in simulated stores of people with habits (subjects, coverage of 95 % by percentile, bca,
    logit): 123: 92.1, 92.6, 94.2; 40: 89.9, 91.8, 95.8; 25: 87.1, 89.4, 97.1. For a unit that
    few subjects show it is rather too long than too short.

    A weighted row i of filter j has the weighted midrank R_i, and
    AUROC(w) = (sum_i w_i a_i R_i - n1(w)**2 / 2) / (n1(w) n0(w)), so that one pass over the
    ordered rows serves all action units of a filter.
    """
    if method not in METHODS:
        raise InputError(Fault("unknown interval", expected=" or ".join(METHODS), got=repr(method)))
    values, on, names = _fitting(activation, labels, subjects)
    low = np.full((values.shape[1], on.shape[1]), np.nan)
    high = low.copy()
    kinds, owner = np.unique(names, return_inverse=True)
    sides = np.minimum(_having(on, owner, len(kinds)), _having(~on, owner, len(kinds)))
    contrast = np.flatnonzero(sides > 1)
    if len(kinds) < FEWEST_SUBJECTS or not len(contrast):
        advance(values.shape[1])
        return low, high
    from facsinterp.stats.people.resampling import Resampling  # compiled; asked for when needed

    resampling = Resampling.of(on[:, contrast], owner, draws, seed, leave_out=method == "bca")
    freedom = sides[contrast] - 1
    for column in range(values.shape[1]):
        drawn = resampling.auroc(values[:, column])
        low[column, contrast], high[column, contrast] = _bounds(
            drawn, resampling, freedom, level, method
        )
        advance(1)
    return low, high


class WithinSubject(NamedTuple):
    """Mean of the subjects' own AUROCs with its t-interval, (J, U) each."""

    mean: Floats
    low: Floats
    high: Floats
    subjects: NDArray[np.int64]
    """(U,) informative subjects: those with and without the unit in some row."""


def within_subject_interval(
    activation: ArrayLike, labels: ArrayLike, subjects: ArrayLike, *, level: float = 0.95
) -> WithinSubject:
    """Mean over subjects of the AUROC inside each, with a t-interval over subjects (J, U).

    For few subjects, where resampling them does not work. Every informative subject counts
    once, however many rows it has, so that the mean is not the AUROC over all pairs inside
    subjects. Bounds are kept inside [0, 1]; the mean is NaN without an informative subject,
    the bounds with fewer than five. Shapes and errors as for `auroc_interval`.
    """
    values, on, names = _fitting(activation, labels, subjects)
    informative = np.zeros(on.shape[1], dtype=np.int64)
    total = np.zeros((values.shape[1], on.shape[1]))
    square = total.copy()
    for one in np.unique(names):
        mine = names == one
        with_unit = on[mine].sum(axis=0).astype(np.float64)
        both = np.flatnonzero((with_unit > 0) & (with_unit < mine.sum()))
        some = with_unit[both]
        ranked = rankdata(values[mine], axis=0).T @ on[mine][:, both].astype(np.float64)
        above = (ranked - some * (some + 1) / 2) / (some * (mine.sum() - some)) - 0.5
        informative[both] += 1
        total[:, both] += above
        square[:, both] += above**2
    count = np.where(informative > 0, informative, np.nan)
    mean = total / count
    known = np.where(informative >= FEWEST_INFORMATIVE, informative, np.nan)
    spread = np.sqrt(np.maximum(0, square / known - mean**2) / (known - 1))
    half = student.ppf((1 + level) / 2, known - 1) * spread
    mean += 0.5
    low, high = np.maximum(0, mean - half), np.minimum(1, mean + half)
    return WithinSubject(mean, low, high, informative)


def _bounds(
    auroc: Floats,
    resampling: Resampling,
    freedom: NDArray[np.int64],
    level: float,
    method: str,
) -> tuple[Floats, Floats]:
    """Bounds of one filter (U,) each, from its AUROC in every column."""
    start = 1 + resampling.left_out
    estimate, jackknife, drawn = auroc[:, 0], auroc[:, 1:start], auroc[:, start:]
    tails = np.array([[(1 - level) / 2], [(1 + level) / 2]])
    if method == "logit":
        return _logit_bounds(auroc, resampling, np.asarray(student.ppf(tails, freedom)))
    if method == "bca":
        tails = _corrected(estimate, jackknife, drawn, ndtri(tails))
    else:
        tails = np.broadcast_to(tails, (2, len(estimate)))
    low, high = _quantiles(np.sort(drawn, axis=1), tails)
    return low, high


def _corrected(estimate: Floats, jackknife: Floats, drawn: Floats, normal: Floats) -> Floats:
    """Quantiles of the draws (2, U) that BCa takes for normal quantiles (2, 1).

    Efron (1987), eq. 3.8 and 6.6 as in Efron & Tibshirani (1993), eq. 14.9-14.15; draws that
    equal the estimate count half as below it.
    """
    count = np.isfinite(drawn).sum(axis=1)
    below = (drawn < estimate[:, None]).sum(axis=1) + (drawn == estimate[:, None]).sum(axis=1) / 2
    bias = ndtri(np.clip(below, 0.5, np.maximum(count - 0.5, 0.5)) / np.maximum(count, 1))
    known = np.isfinite(jackknife)
    centre = np.sum(jackknife, axis=1, where=known) / np.maximum(known.sum(axis=1), 1)
    away = np.where(known, centre[:, None] - jackknife, 0.0)
    scale = 6 * np.sum(away**2, axis=1) ** 1.5
    acceleration = np.sum(away**3, axis=1) / np.where(scale > 0, scale, 1.0)
    moved = bias + normal
    rest = 1 - acceleration * moved
    # Where the formula has no value the correction goes all the way to one end.
    ends = np.where(moved > 0, np.inf, -np.inf)
    shifted = np.divide(moved, rest, out=ends, where=rest > 0)
    return np.asarray(ndtr(bias + shifted), dtype=np.float64)


def _having(on: NDArray[np.bool_], owner: NDArray[np.int64], subjects: int) -> NDArray[np.int64]:
    """(U,) subjects with the unit in some row."""
    shown = np.zeros((subjects, on.shape[1]), dtype=bool)
    np.logical_or.at(shown, owner, on)
    return np.asarray(shown.sum(axis=0), dtype=np.int64)


def _quantiles(ordered: Floats, tails: Floats) -> Floats:
    """Quantiles (2, U) of ascending draws (U, draw), NaN last and not counted; interpolated."""
    count = np.isfinite(ordered).sum(axis=1)
    place = tails * np.maximum(count - 1, 0)
    under = np.floor(place).astype(np.int64)
    over = np.minimum(under + 1, np.maximum(count - 1, 0))
    unit = np.arange(len(ordered))
    left, right = ordered[unit, under], ordered[unit, over]
    return np.asarray(left + (place - under) * (right - left), dtype=np.float64)


def _logit_bounds(
    auroc: Floats, resampling: Resampling, quantiles: Floats
) -> tuple[Floats, Floats]:
    # Half a pair on either side keeps 0 and 1 on the scale.
    shares = (auroc * resampling.pairs + 0.5) / (resampling.pairs + 1)
    logit = np.log(shares) - np.log1p(-shares)
    drawn = logit[:, 1 + resampling.left_out :]
    known = np.isfinite(drawn)
    count = np.maximum(known.sum(axis=1), 2)
    centre = np.sum(drawn, axis=1, where=known) / count
    away = np.where(known, drawn - centre[:, None], 0.0)
    spread = np.sqrt(np.sum(away**2, axis=1) / (count - 1))
    low, high = 1 / (1 + np.exp(-(logit[:, 0] + quantiles * spread)))
    return low, high


def _fitting(
    activation: ArrayLike, labels: ArrayLike, subjects: ArrayLike
) -> tuple[Floats, NDArray[np.bool_], NDArray[np.str_]]:
    values = np.asarray(activation, dtype=np.float64)
    on = np.asarray(labels, dtype=bool)
    names = np.asarray(subjects)
    if not len(values) == len(on) == len(names):
        got = f"{values.shape}, {on.shape} and {names.shape}"
        raise InputError(Fault("activation, labels and subjects differ in length", got=got))
    known = names != "" if names.dtype.kind == "U" else np.ones(len(names), dtype=bool)
    return values[known], on[known], names[known]
