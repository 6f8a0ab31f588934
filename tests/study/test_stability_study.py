"""Stability: matching, recurrence and what is said of them, by hand and by loops."""

import re
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from facsinterp_studies.stability import measure
from facsinterp_studies.stability.answer import answer, findings
from facsinterp_studies.stability.matching import correlations, match, within
from facsinterp_studies.stability.measure import (
    CLAIMS,
    EMOTION,
    OTHER_PEOPLE,
    OTHER_SEED,
    UNTRAINED,
    Trained,
    measured,
)
from facsinterp_studies.stability.recurrence import Recurrence, recurrence, share_of
from facsinterp_studies.stability.study import Stability
from facsinterp_studies.stability.tables import likeness_table, recurrence_table, units_table
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import pearsonr

from facsinterp import associations_in, learning
from facsinterp.errors import InputError
from facsinterp.study.parse import read_spec
from facsinterp.study.results import load_result, save_result
from facsinterp.testing import StudyContract, tiny_inputs

FOLDER = Path(__file__).parents[2] / "studies" / "stability"
FOLDS = ("fold-1", "fold-2", "fold-3")


class TestContract(StudyContract):
    study = Stability(seeds=(1, 2), untrained=2)

    def test_each_claim_counts_the_units_that_its_null_could_test(self, inputs, monkeypatch):
        def other_units(folder):
            table = associations_in(folder)
            table.data["testable_beyond"] = ~table.data["testable"]
            return table

        monkeypatch.setattr(measure, "associations_in", other_units)
        for one in self.study._networks(inputs):
            assert np.array_equal(one.testable["beyond"], ~one.testable["auroc"])


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 5))
def test_the_matching_has_the_largest_sum_of_all(seed, first, second):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(9, first)), rng.normal(size=(9, second))
    found = match(one, other)
    table = np.array([[pearsonr(a, b)[0] for b in other.T] for a in one.T])
    assert np.allclose(correlations(one, other), table)
    few, wide = (table, False) if first <= second else (table.T, True)
    best = max(
        sum(few[i, j] for i, j in enumerate(chosen))
        for chosen in permutations(range(few.shape[1]), few.shape[0])
    )
    matched = np.flatnonzero(found.partner >= 0)
    assert len(matched) == min(first, second)
    assert len(set(found.partner[matched])) == len(matched)
    assert np.isclose(found.correlation[matched].sum(), best)
    assert np.allclose(found.correlation[matched], table[matched, found.partner[matched]])
    assert wide == (first > second)


def test_a_network_and_its_filters_in_another_order_are_matched_exactly():
    rng = np.random.default_rng(1)
    answers, order = rng.random((40, 12)), rng.permutation(12)
    found = match(answers, answers[:, order] * 3 + 2)
    assert np.array_equal(order[found.partner], np.arange(12))
    assert np.allclose(found.correlation, 1)


def test_a_constant_filter_has_no_partner_and_takes_none():
    rng = np.random.default_rng(2)
    one, other = rng.random((20, 3)), rng.random((20, 3))
    one[:, 1], other[:, 0] = 0.3, 0.0
    found = match(one, other)
    assert found.partner[1] == -1
    assert np.isnan(found.correlation[1])
    assert 0 not in found.partner
    nobody = match(np.zeros((20, 2)), other)
    assert (nobody.partner == -1).all()


def test_faces_are_shuffled_inside_their_group_only():
    groups = np.array(["a", "b", "a", "", "b", "a"])
    orders = {tuple(within(groups, np.random.default_rng(k)).tolist()) for k in range(50)}
    assert len(orders) == 3 * 2 * 2
    assert all((groups[list(order)] == groups).all() for order in orders)


@given(st.integers(0, 10_000))
def test_recurrence_is_counted_one_finding_at_a_time(seed):
    rng = np.random.default_rng(seed)
    found, elsewhere = rng.random((7, 3)) < 0.4, rng.random((9, 3)) < 0.5
    partner = rng.permutation(9)[:7]
    partner[rng.random(7) < 0.2] = -1
    got = recurrence(found, elsewhere, partner)
    matched = [j for j in range(7) if partner[j] >= 0]
    for unit in range(3):
        mine = [j for j in matched if found[j, unit]]
        assert got.findings[unit] == len(mine)
        assert got.recurring[unit] == sum(elsewhere[partner[j], unit] for j in mine)
        share = np.mean([elsewhere[partner[j], unit] for j in matched]) if matched else 0
        assert np.isclose(got.by_chance[unit], len(mine) * share)


def test_chance_is_what_partners_dealt_at_random_give():
    rng = np.random.default_rng(3)
    found, elsewhere = rng.random((6, 2)) < 0.5, rng.random((6, 2)) < 0.5
    expected = recurrence(found, elsewhere, np.arange(6)).by_chance
    dealt = [recurrence(found, elsewhere, np.array(p)).recurring for p in permutations(range(6))]
    assert np.allclose(np.mean(dealt, axis=0), expected)


def made(findings, recurring, chance=0.0):
    return Recurrence(np.array([findings]), np.array([recurring]), np.array([chance]))


@pytest.mark.parametrize(
    ("folds", "over"), [("aaa", "over trainings, on these people"), ("abc", "over folds")]
)
def test_the_share_is_pooled_and_its_interval_leaves_out_one_at_a_time(folds, over):
    pairs = [(0, 1, made(10, 5, 2)), (1, 2, made(20, 15, 4)), (0, 2, made(10, 2, 1))]
    got = share_of(pairs, folds)
    assert got.interval == over
    assert got.share == 22 / 40
    assert got.by_chance == 7 / 40
    left = [15 / 20, 2 / 10, 5 / 10]  # without network 0, 1, 2
    spread = 2 / 3 * sum((one - np.mean(left)) ** 2 for one in left)
    half = 4.302652729911275 * spread**0.5
    assert got.low == pytest.approx(max(0, 0.55 - half))
    assert got.high == pytest.approx(min(1, 0.55 + half))
    assert share_of([(0, 1, made(0, 0))], folds) is None
    assert np.isnan(share_of(pairs[:1], folds).low)


def test_networks_of_a_fold_are_left_out_together():
    """Six networks in three folds, two each; pairs inside folds, and pairs across."""
    folds = "aabbcc"
    inside = [(0, 1, made(10, 5)), (2, 3, made(20, 12)), (4, 5, made(10, 5))]
    left = [17 / 30, 10 / 20, 17 / 30]
    half = 4.302652729911275 * (2 * np.var(left)) ** 0.5
    got = share_of(inside, folds)
    assert (got.low, got.high) == pytest.approx((0.55 - half, 0.55 + half))
    across = [(i, j, made(10, i + j)) for i, j in permutations(range(6), 2) if folds[i] != folds[j]]
    mean = np.mean([found.recurring[0] for *_, found in across]) / 10
    left = [7 / 10, 5 / 10, 3 / 10]  # without a: networks 2, 3 and 4, 5; and so on
    half = 4.302652729911275 * (2 * np.var(left)) ** 0.5
    got = share_of(across, folds)
    assert got.share == pytest.approx(mean)
    assert (got.low, got.high) == pytest.approx((max(0, mean - half), min(1, mean + half)))


@pytest.mark.parametrize(
    ("folds", "pairs", "why"),
    [
        ("aabb", [(0, 1, made(9, 3)), (2, 3, made(9, 4))], "too few folds for an interval"),
        ("aa", [(0, 1, made(9, 3))], "too few networks for an interval"),
        ("abc", [(0, 1, made(9, 9)), (1, 2, made(5, 5)), (0, 2, made(2, 2))], "all folds agree"),
        ("abc", [(0, 1, made(9, 3)), (1, 2, made(0, 0)), (0, 2, made(0, 0))], "too few folds"),
    ],
)
def test_there_is_no_interval_where_nothing_tells_of_it(folds, pairs, why):
    got = share_of(pairs, folds)
    assert np.isnan([got.low, got.high]).all()
    assert why in got.interval


def test_the_interval_covers_where_networks_differ():
    """Networks with a quality of their own; a finding recurs with the mean of the two."""
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(300):
        quality = rng.uniform(0.3, 0.7, 6)
        pairs = [
            (i, j, made(40, rng.binomial(40, (quality[i] + quality[j]) / 2)))
            for i, j in permutations(range(6), 2)
        ]
        got = share_of(pairs, "aaaaaa")
        covered += got.low <= 0.5 <= got.high
    assert 0.90 <= covered / 300 <= 0.99


@pytest.mark.parametrize("inside", [True, False])
def test_the_interval_covers_where_folds_differ(inside):
    """Three folds of four networks; what recurs depends on the people more than on the seed."""
    rng = np.random.default_rng(8)
    folds = np.repeat([0, 1, 2], 4)
    asked = [(i, j) for i, j in permutations(range(12), 2) if (folds[i] == folds[j]) == inside]
    covered = 0
    for _ in range(300):
        quality = rng.uniform(0.35, 0.65, 3)[folds] + rng.uniform(-0.05, 0.05, 12)
        pairs = [
            (i, j, made(40, rng.binomial(40, (quality[i] + quality[j]) / 2))) for i, j in asked
        ]
        got = share_of(pairs, [f"fold-{one}" for one in folds])
        covered += got.low <= 0.5 <= got.high
    assert 0.90 <= covered / 300 <= 0.99


def network(fold, seed, noise=0.1, found=None):
    """Eight filters that see one of four hidden things each, in an order of their own."""
    hidden = np.random.default_rng(0).random((60, 4))
    rng = np.random.default_rng(seed)
    order = rng.permutation(8) % 4
    part = np.array(["train"] * 60)
    part[:20] = "test" if fold == "fold-1" else "train"
    part[20:40] = "train" if fold == "fold-1" else "test"
    answers = hidden[:, order] + noise * rng.random((60, 8))
    seen = (order[:, None] == np.array([0, 1])) if found is None else found
    return Trained(
        fold,
        "conv3",
        part,
        np.array([f"s{k // 2}" for k in range(60)]),
        answers,
        np.array(["happy", "anger"] * 30),
        {"auroc": seen},
        np.array([1, 12]),
        {"auroc": np.array([True, True])},
    )


def said_of(found):
    tables = (likeness_table(found), recurrence_table(found), units_table(found))
    return answer(len(found.networks), *tables)


def both(one="fold-1", two="fold-1", noise=0.1):
    return measured(
        [network(one, 1, noise), network(two, 2, noise)],
        [network("fold-1", 3, 50), network("fold-1", 4, 50)],
        np.random.default_rng(5),
    )


def test_filters_that_see_the_same_are_matched_and_their_findings_recur():
    found = both()
    (row,) = recurrence_table(found).to_dict("records")
    assert row["networks"] == OTHER_SEED
    assert row["recurring"] == 1
    assert row["by chance"] == pytest.approx(0.25)
    assert row["findings"] == 8
    likeness = likeness_table(found).set_index("networks")["median"]
    assert likeness[OTHER_SEED] > 0.95
    assert likeness[UNTRAINED] < 0.6
    assert likeness[EMOTION] < 0.6
    units = units_table(found)
    assert units["au"].tolist() == [1, 12]
    assert (units["found in"] == 2).all()


def test_findings_dealt_at_random_recur_as_chance_says():
    rng = np.random.default_rng(6)
    nets = [network("fold-1", k, found=rng.random((8, 2)) < 0.5) for k in range(8)]
    (row,) = recurrence_table(measured(nets, [], rng)).to_dict("records")
    assert row["recurring"] == pytest.approx(row["by chance"], abs=0.1)


def test_pairs_of_two_folds_are_matched_on_who_tests_in_neither():
    found = both("fold-1", "fold-2")
    assert [pair.kind for pair in found.pairs] == [OTHER_PEOPLE] * 2
    assert {pair.faces for pair in found.pairs} == {20}
    assert {pair.faces for pair in both().pairs} == {40}


def test_no_other_face_of_who_tests_is_matched_on():
    nets = [network("fold-1", 1), network("fold-2", 2)]
    nets[0].part[40:60] = ""  # of people of whom a face tests, and of one who is not known
    nets[0].subject[40:56] = nets[0].subject[0]
    nets[0].subject[[1, 56, 57]] = ""
    (pair, _) = measured(nets, [], np.random.default_rng(0)).pairs
    assert pair.faces == 4


def test_a_unit_that_one_network_cannot_test_is_not_counted():
    nets = [network("fold-1", 1), network("fold-1", 2)]
    nets[1].testable["auroc"][1] = False
    table = recurrence_table(measured(nets, [], np.random.default_rng(0)))
    assert table["findings"].tolist() == [4]


def test_each_claim_has_units_of_its_own_that_it_can_test():
    nets = [network("fold-1", 1), network("fold-1", 2)]
    for one in nets:
        one.found["beyond"] = one.found["auroc"]
        one.testable["beyond"] = np.array([False, True])
    found = measured(nets, [], np.random.default_rng(0))
    assert recurrence_table(found)["findings"].tolist() == [8, 4]
    units = units_table(found).set_index("a filter")
    assert units.loc[CLAIMS["beyond"]]["au"] == 12
    assert units.loc[[CLAIMS["auroc"]], "could test"].tolist() == [2, 2]


def test_networks_that_share_no_unit_are_told_from_a_lack_of_networks():
    nets = [network("fold-1", 1), network("fold-1", 2)]
    nets[0].testable["auroc"][0] = nets[1].testable["auroc"][1] = False
    said = said_of(measured(nets, [], np.random.default_rng(0)))
    assert said[0] == "No unit could be tested in two networks at once."
    assert said[1].startswith("Matched filters correlate by")
    for one in nets:
        one.found.clear()
    assert said_of(measured(nets, [], np.random.default_rng(0))) == said


def test_a_unit_that_few_networks_could_test_is_not_called_every_network_s():
    nets = [network("fold-1", k) for k in range(3)]
    nets[2].testable["auroc"][1] = False
    said = said_of(measured(nets, [], np.random.default_rng(0)))
    assert said[1] == (
        "Some filter of every network answers to AU1 (other units not testable in every network: "
        "1)."
    )
    for one, seen in zip(nets, (True, False, False), strict=True):
        one.testable["auroc"][:] = True
        one.found["auroc"] = np.column_stack([np.full(8, seen), np.zeros(8, dtype=bool)])
    said = said_of(measured(nets, [], np.random.default_rng(0)))
    assert said[1] == (
        "Some filter of every network answers to no unit (other units found only in some "
        "networks: 1, in none: 1)."
    )


def test_filters_that_cannot_be_matched_are_told_without_a_number():
    nets = [network("fold-1", k) for k in range(3)]
    for one in nets:
        one.answers[:] = 0.5
    found = measured(nets, [], np.random.default_rng(0))
    said = said_of(found)
    assert said[0] == (
        "No matched filter answers to an action unit that both of its networks could test."
    )
    assert said[-1] == "No filter of one network could be matched to a filter of another."
    assert not any("nan" in sentence for sentence in said)
    result = Stability()._result(found)
    assert [one.estimate for one in result.findings] == [None, None]


def test_the_result_holds_content_and_survives_the_disk(tmp_path):
    nets = [network(fold, 3 * k + s) for k, fold in enumerate(FOLDS) for s in range(2)]
    nets[0].found["auroc"][0] ^= True
    result = Stability()._result(measured(nets, nets[:2], np.random.default_rng(5)))
    assert list(result.tables) == ["likeness", "recurrence", "units"]
    assert [len(table) for table in result.tables.values()] == [4, 2, 2]
    assert [section.figure is not None for section in result.sections] == [False, True, True]
    assert "the interval leaves out one fold at a time" in result.sections[0].paragraphs[1]
    shares = result.findings[:2]
    assert all(one.low <= one.estimate <= one.high for one in shares)
    assert all("; 95 % interval over folds)" in one.claim for one in shares)
    assert len(result.answer) == 3
    save_result(result, tmp_path)
    assert load_result(tmp_path).findings == result.findings


def test_associations_are_of_who_tests_whatever_the_definition_asks(tmp_path):
    study = Stability(seeds=(1, 2), untrained=2)
    inputs = tiny_inputs(tmp_path, needs=study.needs)
    everybody = replace(inputs, settings=replace(inputs.settings, faces="all"))
    assert {job.settings["faces"] for job in study.jobs(everybody)} == {"held-out"}


def test_a_network_that_learns_no_expressions_is_refused(tmp_path):
    study = Stability()
    inputs = tiny_inputs(tmp_path, needs=study.needs)
    part = learning(inputs.network_part).model_copy(update={"untrained": True})
    with pytest.raises(InputError, match="trains a network on expressions"):
        study.jobs(replace(inputs, network_part=part))
    with pytest.raises(ValidationError, match="a seed is there twice"):
        Stability(seeds=(1, 1))


def test_the_answer_says_what_recurs_which_units_and_how_alike():
    found = both()
    said = said_of(found)
    assert len(said) == 3
    assert said[0].replace("\N{NO-BREAK SPACE}", " ") == (
        "Of the findings that a filter answers to the unit, 100 % (too few networks for an "
        "interval) hold for the matched filter of a network trained from another seed, 25 % if "
        "filters were matched at random."
    )
    assert said[1] == "Some filter of every network answers to AU1, AU12."
    assert "where nothing learnt is shared" in said[2]
    claims = list(findings(likeness_table(found), recurrence_table(found)))
    assert claims[0].estimate == 1
    assert claims[0].low is None


def test_the_interval_stands_beside_the_share_that_it_is_of():
    nets = [network("fold-1", k) for k in range(4)]
    nets[0].found["auroc"][0] ^= True
    said = said_of(measured(nets, [], np.random.default_rng(5)))[0]
    assert re.search(r"\d+.% \(95 % interval \d+.% to \d+.% over trainings, on these", said)
    assert re.search(r"from another seed, \d+.% if filters were matched at random\.$", said)


def test_one_network_and_networks_without_findings_are_told():
    alone = measured([network("fold-1", 1)], [], np.random.default_rng(0))
    assert said_of(alone) == (
        "Nothing can recur: that takes two networks, trained from two seeds or in two folds.",
    )
    none = np.zeros((8, 2), dtype=bool)
    empty = measured(
        [network("fold-1", k, found=none) for k in (1, 2)], [], np.random.default_rng(0)
    )
    table = recurrence_table(empty)
    assert table["recurring"].isna().all()
    assert said_of(empty)[0].startswith("No matched filter answers to an action unit")


@pytest.mark.parametrize("name", ["study.toml", "drawn.toml"])
def test_the_definitions_are_whole(name):
    spec = read_spec(FOLDER / name)
    assert spec.study == "stability"
    assert len(spec.params["seeds"]) > 2
