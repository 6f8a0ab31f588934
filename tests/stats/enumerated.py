"""Every shuffle that a scheme allows, one after the other: the slow and plain reference."""

import itertools

import numpy as np


def every_shuffle(scheme):
    """Which row's labels each row gets, (n,), for all ways to move the groups of each stratum."""
    choices = []
    for stratum in np.unique(scheme.stratum):
        inside = np.flatnonzero(scheme.stratum == stratum)
        groups = [
            sorted(inside[scheme.group[inside] == group], key=lambda row: scheme.place[row])
            for group in np.unique(scheme.group[inside])
        ]
        choices.append(
            [list(zip(groups, new, strict=True)) for new in itertools.permutations(groups)]
        )
    for choice in itertools.product(*choices):
        moved = np.arange(len(scheme.stratum))
        for pairs in choice:
            for rows, origin in pairs:
                moved[rows] = origin
        yield moved


def every_sum(weights, labels, scheme):
    """(shuffles, J, U) sums of weights over the moved labels."""
    return np.array([weights.T @ labels[moved] for moved in every_shuffle(scheme)])


def share_as_large(weights, labels, scheme, *, lower=False):
    """Exact p (J, U), each shuffle counted."""
    sums, observed = every_sum(weights, labels, scheme), weights.T @ labels
    return ((sums <= observed) if lower else (sums >= observed)).mean(axis=0)
