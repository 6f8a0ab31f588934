"""Filters over folds and seeds: the counts of the jobs, what they are held against, the answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from facsinterp_studies.filters_over_seeds import answer, jobs, measure, sections
from facsinterp_studies.filters_over_seeds.arms import TRAINED, UNTRAINED
from facsinterp_studies.filters_over_seeds.jobs import (
    RULE,
    STAGES,
    OfChance,
    OfEmotion,
    at_random,
    how_often_tested,
    passing,
)
from facsinterp_studies.filters_over_seeds.study import FiltersOverSeeds

from facsinterp import Corpus, Given, InputError, unanimous
from facsinterp.study.filling import network_part
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract
from facsinterp.testing.tiny import tiny_faces, tiny_inputs, tiny_store

STUDY = Path(__file__).parents[2] / "studies/filters_over_seeds"
ONE, MIXED = measure.EMOTIONS.values()


class TestContract(StudyContract):
    study = FiltersOverSeeds(seeds=(1,), ns=(2, 3), bins=(4,), shuffles=19, draws=100)


@pytest.mark.parametrize("name", ["study.toml", "drawn.toml"])
def test_the_definitions_parse(name):
    spec = read_spec(STUDY / name)
    assert spec.study == "filters-over-seeds"
    assert len(spec.params["seeds"]) >= 3


def test_a_network_that_learns_something_else_is_refused(tmp_path):
    part = network_part({"arch": "breuer2017", "train": {"folds": 3, "labels": "identity"}})
    study = FiltersOverSeeds()
    inputs = replace(tiny_inputs(tmp_path, needs=study.needs), network_part=part)
    with pytest.raises(InputError, match="trains a network on expressions"):
        study.jobs(inputs)


def counts(trained, untrained, seeds=(1, 2, 3, 4, 5)):
    """Shares of ten live filters of two folds that pass each stage alone and with those before."""
    rows = []
    for arm, share in ((TRAINED, trained), (UNTRAINED, untrained)):
        for seed in seeds:
            for fold in ("fold-1", "fold-2"):
                who = {"arm": arm, "seed": float(seed), "fold": fold, "layer": "conv3",
                       "filters": 12, "live": 10, "tested": 10, "n": 10}  # fmt: skip
                rows += [
                    {**who, "looked": looked, "stage": RULE, "alone": share, "together": share}
                    for looked in ("image", "sequence")
                ]
                rows += [
                    {**who, "looked": "", "stage": stage,
                     "alone": 10 if at == 0 else share + (fold == "fold-2"),
                     "together": 10 - at}
                    for at, stage in enumerate(STAGES)
                ]  # fmt: skip
    for arm, layer in ((ONE, "expression"), (MIXED, "mixture")):
        who = {"arm": arm, "seed": np.nan, "fold": "fold-1", "layer": layer,
               "filters": 4, "live": 4, "tested": 4, "n": 10}  # fmt: skip
        rows.append({**who, "looked": "image", "stage": RULE, "alone": 4, "together": 4})
        rows += [{**who, "looked": "", "stage": s, "alone": 2, "together": 1} for s in STAGES]
    return pd.DataFrame(rows)


RATES = pd.DataFrame(
    {"what": "random sequences", "looked": "image", "n": 10, "rate": [0.1, 0.3], "fold": ["1", "2"]}
)


def test_shares_are_of_live_filters_with_their_range():
    table = counts(6, 2)
    table.loc[(table["arm"] == TRAINED) & (table["seed"] == 1), "alone"] = 10
    rule = measure.rule(table, RATES, "conv3").set_index(["arm", "looked"])
    row = rule.loc[TRAINED, "image"]
    assert (row["networks"], row["least"], row["most"]) == (10, 0.6, 1.0)
    assert row["share"] == pytest.approx((2 * 1.0 + 8 * 0.6) / 10)
    assert rule.loc["random sequences", "image"]["share"] == pytest.approx(0.2)
    assert rule.loc[ONE, "image"]["share"] == 1


def test_other_layers_are_left_out():
    other = counts(10, 10).assign(layer="conv1")
    other = other[other["arm"] == TRAINED]
    rule = measure.rule(pd.concat([counts(6, 2), other]), RATES, "conv3").set_index("arm")
    assert rule.loc[TRAINED, "share"].tolist() == pytest.approx([0.6, 0.6])


def test_a_dead_network_has_no_share():
    table = counts(0, 0)
    table.loc[(table["arm"] == TRAINED) & (table["seed"] == 1), "live"] = 0
    rule = measure.rule(table, RATES, "conv3").set_index(["arm", "looked"])
    assert rule.loc[TRAINED, "image"]["networks"] == 8


def test_a_seed_counts_once_by_the_mean_of_its_folds():
    found = measure.tests(counts(6, 2), "conv3").set_index("stage").loc[STAGES[4]]
    assert found["seeds"] == 5
    assert found[TRAINED] == pytest.approx(0.65)
    assert found["difference"] == pytest.approx(0.4)
    assert found["p"] == pytest.approx(1 / 32)  # all five differences have one sign


def without_tests(table, rows=True):
    """The counts of networks (`rows` of them) that had nothing to test beyond the emotion."""
    table.loc[rows & (table["stage"] == STAGES[4]), ["alone", "together", "tested"]] = 0
    return table


def test_what_was_not_tested_has_no_share_and_nothing_after_it():
    table = counts(6, 2)
    table = without_tests(table, (table["arm"] == TRAINED) & (table["seed"] <= 2))
    found = measure.funnel(table, "conv3").set_index(["arm", "stage"])
    for stage, networks in zip(STAGES, (10, 10, 10, 10, 6, 6), strict=True):
        row = found.loc[TRAINED, stage]
        assert (row["networks"], row["of"]) == (networks, 10)
    assert found.loc[TRAINED, STAGES[4]]["share"] == pytest.approx(0.6)
    assert found.loc[TRAINED, STAGES[5]]["share_alone"] == pytest.approx(0.65)
    assert measure.tests(table, "conv3").set_index("stage")["seeds"].to_dict() == dict(
        zip(STAGES[1:], (5, 5, 5, 3, 5), strict=True)
    )


def test_folds_that_one_side_could_not_test_are_left_out_of_both():
    table = counts(6, 2)
    table = without_tests(table, (table["arm"] == TRAINED) & (table["fold"] == "fold-2"))
    found = measure.tests(table, "conv3").set_index("stage").loc[STAGES[4]]
    assert (found[TRAINED], found[UNTRAINED]) == pytest.approx((0.6, 0.2))


def test_one_seed_is_not_tested():
    assert measure.tests(counts(6, 2, seeds=(1,)), "conv3").empty


def test_stages_are_asked_of_live_filters_and_each_by_its_own():
    live = np.array([True, True, True, False])
    data = xr.Dataset(
        {
            "named_auroc_held_out": ("filter", [0.9, 0.6, np.nan, 0.9]),
            "named_agreement": ("filter", [0.6, 0.9, np.nan, 0.9]),
        }
    )

    class Table:
        def __init__(self):
            self.data, self.live = data, xr.DataArray(live, dims="filter")

        def significant(self, alpha=None, test="auroc"):
            passed = {"auroc": [[1], [1], [0], [1]], "beyond": [[0], [1], [0], [1]]}[test]
            return xr.DataArray(np.array(passed, bool), dims=("filter", "au"))

    rule = {
        "image": xr.Dataset({"accepted": (("n", "filter"), [[0, 0, 0, 0], [1, 1, 1, 0]])}) > 0,
        "sequence": xr.Dataset({"accepted": (("n", "filter"), [[1, 1, 1, 0], [0, 1, 0, 0]])}) > 0,
    }
    found = passing(Table(), rule, 0.75)
    told = {stage: found[stage].astype(int).tolist() for stage in STAGES}
    assert list(told.values()) == [
        [1, 1, 1, 0],
        [1, 1, 1, 0],
        [0, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 1, 0, 0],
        [1, 0, 0, 0],
    ]


class Asked:
    """Associations of three filters with two units, of which some pairs were tested."""

    data = xr.Dataset(
        {
            "p_auroc": (("filter", "au"), [[0.5, np.nan], [0.1, 0.2], [np.nan, np.nan]]),
            "p_beyond": (("filter", "au"), np.full((3, 2), np.nan)),
            "named_auroc_held_out": ("filter", [0.9, np.nan, np.nan]),
        }
    )


def test_tests_are_counted_where_there_may_be_none():
    found = {stage: made.tolist() for stage, made in how_often_tested(Asked()).items()}
    assert found == {STAGES[3]: [1, 2, 0], STAGES[4]: [0, 0, 0], STAGES[5]: [1, 0, 0]}


def of_fold(**changes):
    part = network_part({"arch": "breuer2017", "train": {"folds": 3}, **changes})
    return OfChance(network=part, deal=7, fold="fold-1", seed=7, ns=(3,), draws=100)


def test_what_has_no_network_is_done_once_for_all_that_share_its_folds():
    (faces, pixels), own = tiny_faces(), of_fold()
    corpora = {"": Corpus("drawn", "Drawn faces", faces, pixels)}
    key = own.key(corpora)
    shorter = {"train": {"folds": 3, "epochs": 2, "first_fold_only": True}}
    assert of_fold(arch="khorrami2015", **shorter).key(corpora) == key
    assert of_fold(train={"folds": 4}).key(corpora) != key
    assert of_fold(train={"folds": 3, "copies": "drop"}).key(corpora) != key


def test_shuffles_are_not_counted_on_metal(monkeypatch, tmp_path):
    devices = []

    class SeenError(Exception):
        pass

    def associate(store, settings, device):
        devices.append(device)
        raise SeenError

    monkeypatch.setattr(jobs, "associate", associate)
    job = OfEmotion(
        network=of_fold().network, deal=7, fold="fold-1", seed=7, settings={}, ns=(3,),
        bins=(4,), shuffles=19, bar=0.7,
    )  # fmt: skip
    given = Given(folder=tmp_path, corpora={}, device="mps", finished={})
    with pytest.raises(SeenError):
        job.analyse(tiny_store(tmp_path), given)
    assert devices == ["cpu"]


def test_random_sequences_stand_together_and_images_do_not():
    faces, _ = tiny_faces()
    found = list(at_random(faces, 300, np.random.default_rng(3)))
    kinds = {(what, looked): (rows, values) for what, looked, rows, values in found}
    rows, values = kinds["random sequences", "image"]
    assert "neutral" not in set(faces.column("phase")[rows])
    sequence = faces.column("sequence")[rows]
    for one in np.unique(sequence):
        assert np.ptp(values[sequence == one], axis=0).max() < 1e-5
    last, _ = kinds["random sequences", "sequence"]
    assert len(set(faces.column("sequence")[last])) == len(last)
    for row in last:
        same = faces.column("sequence") == faces.column("sequence")[row]
        assert faces.data["frame"].values[row] == faces.data["frame"].values[same].max()


def test_near_copies_alone_pass_the_rule_more_often():
    """Two frames of each sequence: the top two are one sequence, whose units they share."""
    faces, _ = tiny_faces()
    rate = {
        (what, looked): unanimous(
            values, faces.data["present"].values[rows], faces.data["coded"].values[rows], (2,)
        ).mean()
        for what, looked, rows, values in at_random(faces, 400, np.random.default_rng(1))
    }
    assert rate["random sequences", "image"] > rate["random images that are not neutral", "image"]
    assert rate["random images that are not neutral", "image"] > rate["random images", "image"]


def told(trained, untrained, seeds=(1, 2, 3, 4, 5), learnt=True):
    return said_of(counts(trained, untrained, seeds), learnt=learnt)


def said_of(table, learnt=True):
    rule, funnel = measure.rule(table, RATES, "conv3"), measure.funnel(table, "conv3")
    said = answer.answer(rule, funnel, measure.tests(table, "conv3"), 10, "conv3", learnt=learnt)
    return [one.replace("\N{NO-BREAK SPACE}", " ") for one in said]


def test_the_answer_says_what_the_published_count_shows():
    first, second, third = told(6, 2)
    assert (
        "P = 1 accepts 60 % of trained networks' live filters in conv3 (60 % to 60 % over 10"
        in first
    )
    assert "20 % of untrained ones, 100 % of filters that know one emotion alone" in first
    assert "the published 43 of 50 (86 %, N not told) is reached by such filters too" in first
    assert "60 % of the live filters are left (60 % untrained), and 50 % follow the same" in second
    assert third.startswith("So training teaches more of action units than emotions tell: 65 %")


def test_the_answer_refuses_what_is_not_shown():
    assert told(2, 6)[2].startswith("That training made such filters is not shown")
    assert told(6, 2, seeds=(1, 2))[2].startswith("Whether training made that cannot be shown")
    assert told(6, 2, seeds=(1,))[2].startswith(
        "Whether training makes such filters cannot be told"
    )


def test_the_answer_gives_no_share_where_nothing_was_tested():
    _, second, third = said_of(without_tests(counts(6, 2)))
    assert second == (
        "Whether any filter knows more than the emotion tells could not be tested in any of 10 "
        "trained networks."
    )
    assert third == "So whether training makes such filters is not known."
    table = counts(6, 2)
    _, second, _ = said_of(without_tests(table, (table["arm"] == TRAINED) & (table["seed"] < 3)))
    assert "60 % of the live filters are left (60 % untrained; could not be tested in 4 of 10" in (
        second
    )


def test_networks_without_a_live_filter_have_no_share():
    table = counts(0, 2)
    dead = table["arm"] == TRAINED
    table.loc[dead, ["live", "alone", "together", "tested"]] = 0
    first, second, third = said_of(table)
    assert first.startswith("No trained network has a live filter in conv3")
    assert "nan" not in " ".join((first, second, third))
    attrs = {"top_n": 10, "alpha": 0.05, "n_subjects": 20, "n_units": 90,
             "family_size": 40, "family_size_beyond": 0}  # fmt: skip
    shown = sections.funnel_section(measure.funnel(table, "conv3"), attrs, "conv3").table
    assert "nan" not in shown.to_string()
    assert (shown[shown["filters"] == 12]["alone"] == "nothing to test").sum() == len(STAGES)


def test_networks_that_learnt_nothing_answer_nothing():
    accuracy = pd.DataFrame(
        {"arm": [TRAINED, TRAINED, UNTRAINED], "accuracy": [0.5, 0.4, 0.9], "majority": 0.5}
    )
    assert measure.learnt(accuracy) is False
    assert measure.learnt(accuracy.assign(accuracy=[0.7, 0.4, 0.1])) is True
    assert told(6, 2, learnt=False)[2].startswith("What training teaches cannot be said: the tr")


def test_networks_that_were_not_asked_did_not_fail():
    accuracy = pd.DataFrame({"arm": [TRAINED], "accuracy": np.nan, "majority": np.nan})
    assert measure.learnt(accuracy) is None
    assert told(6, 2, learnt=None)[2].endswith("was not measured.")
    assert not list(sections._accuracy_words(accuracy))


def test_what_has_nothing_to_test_is_said_so():
    row = {"share": float("nan"), "networks": 0, "least": 0.0, "most": 0.0}
    assert sections._with_range(row) == "nothing to test"
