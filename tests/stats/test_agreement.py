"""Agreement against all arrangements one by one, and under a null."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import stats

from facsinterp.errors import InputError
from facsinterp.stats.agreement import agreement, standing

LAYERS = np.array(["a", "a", "a", "b", "b", "b", "b"])
TOLD = np.array([0, 1, 2, 0, 0, 1, 1])


def best(chosen, units=3):
    return np.eye(units)[chosen]


def slow(scores):
    """Mean score under every arrangement of rows inside the layers."""
    ways = []
    for first, second in product(permutations(range(3)), permutations(range(3, 7))):
        order = [*first, *second]
        ways.append(np.mean([scores[row][unit] for row, unit in zip(order, TOLD, strict=True)]))
    return np.array(ways)


@pytest.mark.parametrize("chosen", [TOLD, TOLD[::-1], [0, 0, 2, 1, 0, 1, 1]])
def test_chance_is_every_arrangement_inside_the_layers(chosen):
    scores = best(np.array(chosen))
    found = agreement(scores, TOLD, LAYERS, count=20_000, seed=1)
    ways = slow(scores)
    assert found.mean == pytest.approx((np.array(chosen) == TOLD).mean())
    assert found.expected == pytest.approx(ways.mean(), abs=0.01)
    assert found.p == pytest.approx((ways >= found.mean - 1e-12).mean(), abs=0.02)
    inside = (ways >= found.chance_low - 1e-9) & (ways <= found.chance_high + 1e-9)
    assert inside.mean() > 0.93
    assert (ways < found.chance_low - 1e-9).mean() < 0.045
    assert (ways > found.chance_high + 1e-9).mean() < 0.045


def test_a_unit_that_all_filters_have_is_no_agreement():
    found = agreement(best(np.zeros(40, int)), np.zeros(40, int), np.zeros(40))
    assert (found.mean, found.expected, found.p) == (1, 1, 1)


def test_layers_are_not_mixed():
    """Layers that differ in their units agree by lot; only inside layers would be something."""
    told = np.repeat([0, 1], 50)
    inside = agreement(best(told), told, told, count=499)
    across = agreement(best(told), told, np.zeros(100), count=499)
    assert inside.p == 1
    assert across.p == 1 / 500


def test_lot_rejects_no_more_often_than_it_says():
    rng = np.random.default_rng(4)
    layers = np.repeat(["a", "b"], [12, 30])
    shares = [[0.6, 0.3, 0.1], [0.1, 0.1, 0.8]]
    small = 0
    for _ in range(400):
        told, chosen = (
            np.concatenate([rng.choice(3, 12, p=shares[0]), rng.choice(3, 30, p=shares[1])])
            for _ in range(2)
        )
        scores = best(chosen) + rng.uniform(0, 1e-3, (42, 3))
        small += agreement(scores, told, layers, count=199, seed=1).p <= 0.1
    assert stats.binomtest(int(small), 400, 0.1).pvalue > 0.001


def test_the_same_seed_gives_the_same():
    one, other = (agreement(best(TOLD), TOLD, LAYERS, count=99, seed=3) for _ in range(2))
    assert one == other


def test_standing_is_the_share_of_others_below():
    profile = np.array([[3.0, 1, 2, 1], [np.nan] * 4, [0, 0, 0, 0]])
    found = standing(profile)
    for unit in range(4):
        row = profile[0]
        others = np.delete(row, unit)
        wanted = ((others < row[unit]) + (others == row[unit]) / 2).mean()
        assert found[0, unit] == pytest.approx(wanted)
    assert np.isnan(found[1]).all()
    assert found[2] == pytest.approx(0.5)
    assert standing([[4.0]]) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("scores", "told"), [(np.zeros((0, 3)), []), (np.zeros((2, 3)), [1]), (np.zeros(3), [1] * 3)]
)
def test_what_does_not_fit_is_refused(scores, told):
    with pytest.raises(InputError, match="agreement"):
        agreement(scores, told, [0] * len(scores))
