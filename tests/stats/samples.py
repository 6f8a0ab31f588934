"""Small samples that the tests of effects share."""

import itertools
import tracemalloc

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def coded(rng, n, filters, units, *, levels=None):
    """Activations with a heap at zero, and labels that show every unit at least once."""
    activation = np.maximum(0, rng.normal(size=(n, filters)))
    if levels:
        activation = np.round(activation * levels)
    labels = rng.random((n, units)) < np.linspace(0.2, 0.7, units)
    labels[0], labels[1] = True, False
    return activation, labels


@st.composite
def tied_samples(draw):
    """Two filters with ties, two units, N, and the group of each row ("" = not known)."""
    n = draw(st.integers(2, 7))
    activation = draw(arrays(np.int64, (n, 2), elements=st.integers(0, 3)))
    labels = draw(arrays(np.bool_, (n, 2)))
    groups = draw(st.lists(st.sampled_from(["", "a", "b", "c"]), min_size=n, max_size=n))
    return activation.astype(float), labels, draw(st.integers(1, n)), np.array(groups)


def alone(groups):
    """The same groups, where each row of the unknown group is one of its own."""
    return [group or f"row {row}" for row, group in enumerate(groups)]


def every_order(values):
    """Every order of rows from the largest value, however ties are broken."""
    levels = [[i for i, v in enumerate(values) if v == level] for level in sorted(set(values))]
    for parts in itertools.product(*(itertools.permutations(rows) for rows in levels[::-1])):
        yield list(itertools.chain(*parts))


def same(one, other):
    """Whether all parts of two results are equal."""
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


def peak_beside_result(work):
    """Largest memory, in bytes, that some work took beside what it returned."""
    work()
    tracemalloc.start()
    result = work()
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del result
    return peak - kept


# How much of an effect is left may be said to have fallen: less than five sixths.
FELL = 5 / 6


def left_after_wrong_labels(measure, rate, *, n=2000, units=40, shift=1.5):
    """What is left of an effect when labels are missing, and when there are extra ones.

    Filter u is driven by unit u alone. Half of the rows with each unit lose it, or as many
    others get it. Median over filters of measure now / measure before.
    """
    rng = np.random.default_rng(5)
    labels = rng.random((n, units)) < rate
    activation = np.maximum(0, rng.normal(size=(n, units)) + shift * labels)
    missing, extra = labels.copy(), labels.copy()
    for u in range(units):
        on, off = np.flatnonzero(labels[:, u]), np.flatnonzero(~labels[:, u])
        missing[rng.choice(on, len(on) // 2, replace=False), u] = False
        extra[rng.choice(off, len(on), replace=False), u] = True
    before, less, more = (np.diag(measure(activation, some)) for some in (labels, missing, extra))
    return np.median(less / before), np.median(more / before)
