"""Rank-sum and precision p-values of all pairs beside scipy's permutation test of one pair.

    OMP_NUM_THREADS=1 python benchmarks/association_speed.py

448 filters x 24 action units x 300 units of analysis from 60 subjects x 10,000 shuffles.
scipy's figure is for one pair, times the number of pairs. Its test shuffles freely (it has
no blocks) and is given ranks that were computed beforehand, its fastest form.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy.stats import permutation_test

from facsinterp.stats import effect
from facsinterp.stats.bootstrap import auroc_interval
from facsinterp.stats.permute import null_mean, null_named, shuffles, upper_tail

FILTERS, UNITS, ROWS, SUBJECTS, SHUFFLES = 448, 24, 300, 60, 10_000


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Least wall time of some repeats."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    rng = np.random.default_rng(0)
    activation = np.maximum(0, rng.normal(size=(ROWS, FILTERS))).astype(np.float32)
    labels = rng.random((ROWS, UNITS)) < np.linspace(0.05, 0.5, UNITS)
    subjects = np.repeat(np.arange(SUBJECTS).astype(str), ROWS // SUBJECTS)
    blocks = null_named("within-subject").blocks(subjects)
    ranks = (2 * effect.midranks(activation)).astype(np.int64)
    both = np.hstack([ranks, effect.top_weights(activation, 10).weights])
    test = partial(upper_tail, labels=labels, blocks=blocks, count=SHUFFLES, seed=0)
    kl = partial(effect.kl_divergence, activation)
    on, off = ranks[labels[:, 0], 0], ranks[~labels[:, 0], 0]

    def scipy_one_pair() -> object:
        return permutation_test(
            (on, off),
            lambda one, _other, axis: one.sum(axis=axis),
            alternative="greater",
            n_resamples=SHUFFLES,
            vectorized=True,
            rng=0,
        )

    one_pair = seconds(scipy_one_pair)
    all_pairs = seconds(lambda: test(ranks))
    rows = [
        ("shuffles within subjects, drawn", seconds(lambda: list(shuffles(blocks, SHUFFLES, 0)))),
        ("rank sum, all pairs", all_pairs),
        ("rank sum and precision, all pairs", seconds(lambda: test(both))),
        ("KL divergence, all pairs", seconds(lambda: kl(labels))),
        (
            "KL divergence by chance, 200 shuffles",
            seconds(lambda: null_mean(kl, labels, blocks, count=200, seed=0), 1),
        ),
        (
            "AUROC intervals, all pairs, 2,000 draws",
            seconds(lambda: auroc_interval(activation, labels, subjects), 1),
        ),
        ("scipy permutation_test, one pair", one_pair),
        ("scipy permutation_test, all pairs (one x pairs)", one_pair * FILTERS * UNITS),
    ]
    for name, taken in rows:
        print(f"{name:<50}{taken:>10.3f} s")
    print(f"{'scipy / facsinterp, rank sum':<50}{one_pair * FILTERS * UNITS / all_pairs:>10.0f} x")


if __name__ == "__main__":
    main()
