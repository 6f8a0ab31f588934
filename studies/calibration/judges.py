"""How a store is judged: from a bench to the pairs that are accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facsinterp.stats import top
from facsinterp.stats.multiple import adjust, hierarchical, max_t

from .bench import ALPHA, Bench
from .rules import circular_shifts, hypergeometric

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]


@dataclass(frozen=True)
class Judged:
    """What a method says of a store: the pairs it accepts and, if it has them, its p-values."""

    accepted: Labels
    p: Floats | None = None


def tested(p: Callable[[Bench], Floats]) -> Callable[[Bench], Judged]:
    """A judge that accepts what Benjamini & Hochberg reject at 5 % over the whole family."""

    def judge(bench: Bench) -> Judged:
        values = p(bench)
        return Judged(_accepted(adjust(values)), values)

    return judge


def _accepted(q: Floats) -> Labels:
    return np.nan_to_num(q, nan=1.0) <= ALPHA


def unanimous(count: int, *, per_subject: bool = False) -> Callable[[Bench], Judged]:
    """A judge by the rule of Breuer & Kimmel (2017): every one of the top images shows the unit."""

    def judge(bench: Bench) -> Judged:
        return Judged(_precision(bench, count, per_subject=per_subject)[0] >= 1 - 1e-12)

    return judge


def drawn(*, per_subject: bool) -> Callable[[Bench], Floats]:
    """p of the precision among the top 10 images, or 10 people, if they were drawn by chance."""

    def p(bench: Bench) -> Floats:
        value, count = _precision(bench, 10, per_subject=per_subject)
        return hypergeometric(value, count, bench.images.labels)

    return p


def _precision(bench: Bench, count: int, *, per_subject: bool) -> tuple[Floats, int]:
    """Precision among the top images, and how many they are."""
    images = bench.images
    groups = images.rows.subjects if per_subject else None
    found = top.precision_at_n(images.activation, images.labels, count, groups=groups)
    return found.value, found.n


def by(bench: Bench) -> Judged:
    """The default test, corrected as Benjamini & Yekutieli do."""
    return Judged(_accepted(adjust(bench.ranked(bench.default).p, "by")))


def by_filter(bench: Bench) -> Judged:
    """The default test, filters first (Benjamini & Bogomolov)."""
    return Judged(hierarchical(bench.ranked(bench.default).p, ALPHA).rejected)


def family_wise(bench: Bench) -> Judged:
    """The default test by the largest z of each shuffle (Westfall & Young)."""
    ranked = bench.ranked(bench.default)
    assert ranked.largest is not None
    return Judged(_accepted(max_t(ranked.z, ranked.largest)))


def turned(bench: Bench) -> Floats:
    """p of images when the labels of each take are turned in time."""
    images = bench.images
    return circular_shifts(
        images.ranks, images.labels, images.rows.takes, count=bench.shuffles, seed=bench.seed
    )
