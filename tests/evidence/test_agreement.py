"""Causes against associations on a profile written by hand."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from facsinterp.evidence.causes.agreement import (
    AGAINST,
    CLOSE,
    COMPARED,
    LESS,
    MOST,
    NOT,
    TESTED,
    cause_agreement,
    compare_causes,
)

UNITS = np.array([1, 2, 4], np.int16)
# Sizes over units 1, 2 and 4; a change below 0.5 is not told from none.
SIZES = np.array([[3.0, 1, 0], [1, 2, 0.1], [-2, 0.2, 0], [0, 0, 0], [-1, -3, 1], [1, 0, 3]])
PEOPLE = 12


def profiles(sizes=SIZES, layers=None):
    rng = np.random.default_rng(0)
    person = sizes[..., None] + 0.3 * rng.standard_normal((*sizes.shape, PEOPLE))
    person += sizes[..., None] - person.mean(axis=-1, keepdims=True)
    moves = np.abs(sizes) > 0.5
    pair, n = ("filter", "au"), len(sizes)
    scale = np.ones(n)
    scale[3] = 0.0
    return xr.Dataset(
        {
            "size": (pair, sizes),
            "low": (pair, sizes - 0.2),
            "high": (pair, sizes + 0.2),
            "q": (pair, np.where(moves, 0.01, 0.8)),
            "moves": (pair, moves),
            "person": ((*pair, "person"), person),
            "scale": ("filter", scale),
        },
        coords={
            "filter": np.array([f"conv/{i:03d}" for i in range(n)]),
            "au": UNITS,
            "layer": ("filter", np.full(n, "conv") if layers is None else layers),
        },
    )


def rows_of(told, **changes):
    told = {f"conv/{i:03d}": pair for i, pair in told.items()}
    return compare_causes(profiles(**changes), told).set_index("filter")


def test_what_is_said_of_each_filter():
    rows = rows_of({0: (1, 1), 1: (1, 1), 2: (4, 1), 4: (2, 1), 5: (4, 1)})
    assert rows["words"].tolist() == [MOST, LESS.format(best="AU2"), NOT, AGAINST, MOST]
    assert rows["causal"].tolist() == [1, 2, 0, 4, 4]
    assert rows["agree"].tolist() == [True, False, False, False, True]
    assert rows["moved"].tolist() == [True, True, False, False, True]
    assert rows["size"].tolist() == [3, 1, 0, -3, 3]
    assert rows["causal_size"].tolist()[:2] == [3, 2]
    assert np.isnan(rows["causal_size"].iloc[2])
    assert rows["standing"].tolist() == [1, 0.5, 0.5, 0, 1]


def test_how_far_the_causal_unit_is_ahead_is_told_over_people():
    sizes = np.array([[3.0, 1, 0], [1.95, 2, 0.1], [0, 0, 0], [0, 0, 0]])
    found = profiles(sizes)
    rows = compare_causes(
        found, {"conv/000": (2, 1), "conv/001": (1, 1), "conv/002": (1, 1)}
    ).set_index("filter")
    assert rows["words"].tolist() == [LESS.format(best="AU1"), CLOSE.format(best="AU2"), NOT]
    people = found["person"].values
    for row, best, told in ((0, 0, 1), (1, 1, 0)):
        more = people[row, best] - people[row, told]
        low, high = stats.t.interval(0.95, PEOPLE - 1, more.mean(), stats.sem(more))
        expected = [more.mean(), low, high]
        assert rows.iloc[row][["ahead", "ahead_low", "ahead_high"]].tolist() == pytest.approx(
            expected
        )
    assert rows.loc["conv/002", ["ahead", "ahead_low", "ahead_high"]].isna().all()


def test_a_filter_that_a_unit_silences_is_compared_downwards():
    rows = rows_of({2: (1, -1), 4: (1, -1), 0: (1, -1)})
    assert rows["causal"].tolist() == [1, 2, 0]
    assert rows["words"].tolist() == [MOST, LESS.format(best="AU2"), AGAINST]
    assert rows["standing"].tolist() == [1, 0.5, 0]
    assert rows["size"].tolist() == [-2, -1, 3]
    assert rows["causal_size"].tolist()[:2] == [-2, -3]


def test_dead_filters_and_units_that_cannot_be_drawn_are_left_out():
    rows = rows_of({3: (1, 1), 0: (11, 1), 1: (1, 1)})
    assert rows.index.tolist() == ["conv/001"]


def test_agreement_counts_and_stands_against_lot():
    rng = np.random.default_rng(3)
    sizes = rng.standard_normal((60, 3)) * 0.2
    best = rng.integers(0, 3, 60)
    sizes[np.arange(60), best] += 3
    told = np.where(rng.random(60) < 0.7, best, rng.integers(0, 3, 60))
    named = {f"conv/{i:03d}": (int(UNITS[told[i]]), 1) for i in range(60) if i != 3}
    found = profiles(sizes)
    rows = compare_causes(found, named)
    tests = cause_agreement(found, rows, count=999, seed=1).set_index("measure")
    assert list(tests.reset_index().columns) == list(TESTED)
    keep = np.arange(60) != 3
    same, place = tests.loc["same unit"], tests.loc["standing"]
    assert same["filters"] == 59
    assert same["mean"] == pytest.approx((best == told)[keep].mean())
    assert place["mean"] == pytest.approx(rows["standing"].mean())
    by_lot = sum((best[keep] == unit).mean() * (told[keep] == unit).mean() for unit in range(3))
    assert same["expected"] == pytest.approx(by_lot, abs=0.01)
    assert same["p"] == place["p"] == 1 / 1000
    for row in (same, place):
        assert row["chance_low"] <= row["expected"] <= row["chance_high"] < row["mean"]
        assert row["low"] <= row["mean"] <= row["high"]


def test_people_who_differ_widen_the_interval():
    named = {f"conv/{i:03d}": (1, 1) for i in (0, 1, 5)}
    sure, unsure = profiles(), profiles()
    unsure["person"] = unsure["size"] + 30 * (unsure["person"] - unsure["size"])
    widths = []
    for found in (sure, unsure):
        tests = cause_agreement(found, compare_causes(found, named), count=99)
        widths.append((tests["high"] - tests["low"]).to_numpy())
    assert (widths[1] > widths[0]).all()


def test_nothing_associated_is_no_agreement():
    found = profiles()
    rows = compare_causes(found, {})
    assert list(rows.columns) == list(COMPARED)
    assert cause_agreement(found, rows).empty
