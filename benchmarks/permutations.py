"""One line of JSON: shuffled p-values of all pairs beside the product they need and beside scipy.

    python benchmarks/permutations.py

448 filters x 44 action units x 616 sequences of 123 subjects x 10,000 shuffles within subjects,
on one thread; base rates of 1 to 55 %, as in CK+. The pass over all rank sums draws the shuffles,
counts what reaches, and keeps the largest standardised sum of each shuffle. `auroc_over_gemm`
compares it with the bare product of float32 matrices of that size, timed in turns with it.
scipy's test shuffles freely (it has no blocks) and is given ranks that were computed beforehand;
it is timed on 20 pairs, in its faster batch size, and extrapolated to all.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import permutation_test

from facsinterp.stats import divergence, effect, top
from facsinterp.stats.nulls import Rows, null_named
from facsinterp.stats.permute import divergence_tail, upper_tail, whole_weights

FILTERS, UNITS, ROWS, SUBJECTS, SHUFFLES = 448, 44, 616, 123, 10_000
BINS, TOP, SCIPY_PAIRS, REPEATS = 11, 10, 20, 4
TOGETHER = 8


class Moments:
    """Mean and spread of each sum under shuffles inside strata, in closed form."""

    def __init__(self, weights: Any, labels: Any, strata: Any) -> None:
        filters, units = weights.shape[1], labels.shape[1]
        self.mean, variance = np.zeros((filters, units)), np.zeros((filters, units))
        for stratum in np.unique(strata):
            w, a = weights[strata == stratum].astype(float), labels[strata == stratum]
            share, n = a.mean(axis=0), len(w)
            self.mean += np.outer(w.sum(axis=0), share)
            if n > 1:
                variance += np.outer(w.var(axis=0, ddof=1), n * share * (1 - share))
        self.sd = np.sqrt(variance)


def like_ckplus(rng: np.random.Generator) -> tuple[Any, Any, Any]:
    """Activations with some 45 % zeros, labels with habits of people, and subjects."""
    owner = np.sort(
        np.concatenate([np.arange(SUBJECTS), rng.integers(0, SUBJECTS, ROWS - SUBJECTS)])
    )
    identity = rng.normal(size=(SUBJECTS, FILTERS))[owner]
    activation = np.maximum(0, identity + rng.normal(size=(ROWS, FILTERS)) + 0.2)
    rate = np.geomspace(0.01, 0.55, UNITS)
    score = rng.normal(size=(SUBJECTS, UNITS))[owner] + 2 * rng.normal(size=(ROWS, UNITS))
    labels = score > -np.quantile(-score, rate, axis=0).diagonal()
    return activation.astype(np.float32), labels, owner.astype(str)


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def bare_product(rng: np.random.Generator) -> Callable[[], None]:
    """The product of all shuffled labels with all ranks, and nothing else."""
    drawn = (rng.random((TOGETHER * UNITS, ROWS)) < 0.15).astype(np.float32)
    ranks = rng.integers(1, 2 * ROWS, size=(ROWS, FILTERS)).astype(np.float32)
    sums = np.empty((TOGETHER * UNITS, FILTERS), dtype=np.float32)

    def multiply() -> None:
        for _ in range(SHUFFLES // TOGETHER):
            np.matmul(drawn, ranks, out=sums)

    return multiply


def scipy_seconds(ranks: Any, labels: Any) -> float:
    """Time of scipy's test for all pairs, extrapolated from some."""
    taken = []
    for batch in (None, 1000):
        start = time.perf_counter()
        for pair in range(SCIPY_PAIRS):
            present = labels[:, pair * UNITS // SCIPY_PAIRS]
            permutation_test(
                (ranks[present, pair], ranks[~present, pair]),
                lambda one, _other, axis: one.sum(axis=axis),
                alternative="greater",
                n_resamples=SHUFFLES,
                vectorized=True,
                batch=batch,
                rng=0,
            )
        taken.append(time.perf_counter() - start)
    return min(taken) / SCIPY_PAIRS * FILTERS * UNITS


def precision_seconds(activation: Any, labels: Any, strata: Any) -> float | None:
    """Time of the exact p-values of precision; None where that module is not there."""
    try:
        from facsinterp.stats.closed.exact import precision_tail
    except ImportError:
        return None
    weights = top.top_weights(activation, TOP)
    exact = partial(precision_tail, weights, labels, strata)
    exact()
    return min(seconds(exact) for _ in range(2))


def main() -> None:
    rng = np.random.default_rng(0)
    activation, labels, subjects = like_ckplus(rng)
    scheme = null_named("within-subject").bind(Rows.of(subjects))
    ranks = whole_weights(effect.midranks(activation))
    bins = divergence.atom_and_quantile_bins(activation, BINS)
    moments = Moments(ranks, labels, scheme.stratum)
    auroc = partial(upper_tail, ranks, labels, scheme, seed=0, moments=moments)
    kl = partial(divergence_tail, bins, labels, scheme, seed=0, number_of_bins=BINS)
    multiply = bare_product(rng)
    auroc(count=64), kl(count=64)  # compiled, if they were not
    taken: dict[str, list[float]] = {"gemm": [], "auroc": [], "kl": []}
    for _ in range(REPEATS):
        taken["gemm"].append(seconds(multiply))
        taken["auroc"].append(seconds(partial(auroc, count=SHUFFLES)))
        taken["kl"].append(seconds(partial(kl, count=SHUFFLES)))
    best = {which: min(times) for which, times in taken.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    precision = precision_seconds(activation, labels, scheme.stratum)
    figures = {
        "auroc_seconds": best["auroc"],
        "auroc_over_gemm": best["auroc"] / best["gemm"],
        "scipy_over_auroc": scipy_seconds(ranks, labels) / best["auroc"],
        "kl_over_auroc": best["kl"] / best["auroc"],
        "p_at_n_over_auroc": None if precision is None else precision / best["auroc"],
        "peak_memory_mb": peak,
        "gemm_seconds": best["gemm"],
        "kl_seconds": best["kl"],
    }
    rounded = {k: v if v is None else float(f"{v:.4g}") for k, v in figures.items()}
    print(json.dumps({**rounded, "threads": 1, "machine": machine()}))


def machine() -> str:
    """What the processor calls itself."""
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        lines = listed.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return f"{names[0]}, {len(names)} cores" if names else platform.machine()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    alone = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    if alone.items() <= os.environ.items():
        main()
    else:  # the libraries read these when they are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **alone})
