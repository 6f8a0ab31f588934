"""Dead filters over thresholds, networks and seeds: counts by hand, the words, the definitions."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.dead_filters import figures, measure, sections
from facsinterp_studies.dead_filters.answer import answer
from facsinterp_studies.dead_filters.networks import OWN
from facsinterp_studies.dead_filters.study import DeadFilters

from facsinterp import InputError, Training
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract
from facsinterp.testing.tiny import tiny_inputs, with_tiny_jobs

STUDY = Path(__file__).parents[2] / "studies/dead_filters"


class TestContract(StudyContract):
    study = DeadFilters.model_validate(
        {
            "threshold": 0.01,
            "relative": True,
            "seeds": [1, 2],
            "variants": {"by SGD": {"train": {"optimizer": "sgd"}}},
        }
    )

    def test_networks_are_made_where_they_are_asked_for(self, result):
        networks = result.tables["networks"]
        made = networks.groupby(["variant", "trained"]).size().to_dict()
        # In three folds trained as defined, in the first fold all others.
        assert made == {(OWN, True): 6, (OWN, False): 2, ("by SGD", True): 2, ("by SGD", False): 2}
        assert set(networks["layer"]) == {"conv2"}

    def test_equal_starts_are_made_once(self, inputs):
        """The start does not depend on what would train it."""
        jobs = [job for job in self.study.jobs(inputs) if isinstance(job, Training)]
        starts = [job for job in jobs if job.network.untrained]
        assert len(starts) == 4
        assert len({job.key(inputs.corpora) for job in starts}) == 2

    def test_tables_agree_with_each_other(self, result):
        peaks, thresholds = result.tables["peaks"], result.tables["thresholds"]
        who = ["variant", "trained", "seed", "fold", "layer"]
        for row in thresholds.itertuples():
            same = peaks[(peaks[who] == [getattr(row, name) for name in who]).all(axis=1)]
            limit = row.threshold * (same["layer_scale"].iloc[0] if row.relative else 1.0)
            assert row.filters == len(same)
            assert row.live == (same["peak_max"] > limit).sum()
            assert 0 <= row.at_once <= row.live


def test_without_seeds_no_network_is_made(tmp_path):
    study = DeadFilters()
    inputs = tiny_inputs(tmp_path, needs=study.needs)
    assert not study.jobs(inputs)
    result = study.run(with_tiny_jobs(study, inputs, tmp_path))
    assert set(result.tables) == {"dead-by-layer", "filters"}


def test_seeds_without_a_training_are_refused(tmp_path):
    from dataclasses import replace

    study = DeadFilters(seeds=(1,))
    inputs = replace(tiny_inputs(tmp_path, needs=study.needs), network_part=None)
    with pytest.raises(InputError, match="trains a network on expressions"):
        study.jobs(inputs)


@pytest.mark.parametrize("name", ["study.toml", "drawn.toml"])
def test_the_definitions_parse_and_their_variants_can_be_built(name):
    from facsinterp import changed_network

    spec = read_spec(STUDY / name)
    study = DeadFilters(**spec.params)
    assert len(study.seeds) >= 3
    parts = [
        changed_network(spec.network, arch=one.arch, options=one.options, train=one.train)
        for one in study.variants.values()
    ]
    assert len({part.model_dump_json() for part in [spec.network, *parts]}) == len(parts) + 1


# What the paper's counts would take


def live_slowly(peaks, scale, threshold):
    return sum(1 for peak in peaks if peak > threshold * scale)


@pytest.mark.parametrize("seed", range(5))
def test_between_the_thresholds_there_are_so_many_and_outside_not(seed):
    rng = np.random.default_rng(seed)
    peaks = np.maximum(rng.normal(1, 1, 256), 0)
    scale = float(np.median(peaks[peaks > 0]))
    low, high = measure.needed(peaks, scale, (50, 60))
    assert 0 < low < high
    for threshold in np.linspace(low, high, 20, endpoint=False):
        assert 50 <= live_slowly(peaks, scale, threshold + 1e-12) <= 60
    assert live_slowly(peaks, scale, low - 1e-9) > 60
    assert live_slowly(peaks, scale, high) < 50


def test_few_that_answer_have_no_threshold_and_not_too_many_need_none():
    few = np.zeros(256)
    few[:40] = 1.0
    assert np.isnan(measure.needed(few, 1.0, (50, 60))).all()
    few[:55] = np.linspace(1, 2, 55)
    assert measure.needed(few, 1.0, (50, 60)) == (0.0, pytest.approx(np.linspace(2, 1, 55)[49]))
    assert np.isnan(measure.needed(np.zeros(256), 0.0, (50, 60))).all()


def test_counts_are_scaled_to_the_width_of_the_layer():
    assert measure.of_width(256) == (50, 60)
    assert measure.of_width(128) == (25, 30)
    assert measure.of_width(2) == (1, 1)


# Comparisons and words


def networks(**dead):
    """Dead shares of each seed of each variant, the own network first."""
    rows = []
    for name, shares in dead.items():
        variant = OWN if name == "own" else name.replace("_", " ")
        for trained in (True, False):
            for seed, share in enumerate(shares, start=1):
                live = round(100 * (1 - share)) if trained else 100
                rows.append(
                    {"variant": variant, "trained": trained, "seed": seed, "fold": "fold-1",
                     "network": "net", "optimiser": "adam", "learning rate": 1e-3,
                     "conv biases": "no" if "bias" in name else "yes", "initialiser": "glorot",
                     "layer": "conv3", "filters": 100, "live": live, "dead_share": 1 - live / 100,
                     "needed_low": 1.5, "needed_high": 2.0, "accuracy": 0.6, "majority": 0.4}
                )  # fmt: skip
    return pd.DataFrame(rows)


def test_a_variant_is_compared_over_seeds_in_the_fold_of_all():
    table = networks(own=[0.2, 0.3, 0.25], no_bias=[0.0, 0.05, 0.1])
    other = table[table["variant"] == OWN].assign(fold="fold-2", dead_share=0.9)
    found = measure.comparisons(pd.concat([table, other])).set_index("variant").loc["no bias"]
    # Median of the nine differences; 1 of 20 exchanges is as far to either side.
    assert found["difference"] == pytest.approx(-0.2)
    assert found["p"] == pytest.approx(0.1)
    assert found["least_p"] == pytest.approx(0.1)
    assert np.isnan(found["low"])


def said(table):
    variants, found = sections.variants_of(table), measure.comparisons(table)
    return answer(variants, found, "conv3", 2400), sections.comparison_section(found).paragraphs


def test_the_answer_names_what_kills():
    table = networks(own=[0.2, 0.3, 0.25], no_bias=[0.0, 0.05, 0.1], fast=[0.9, 0.85, 0.78])
    (first, second, third), words = said(table)
    assert first.startswith("75 (70 to 80) of 100 filters of conv3 answer to at least one of 2,400")
    assert first.endswith("over 3 trained networks; 100 did before training.")
    assert "a threshold of 1.5 to 2 times" in second
    assert second.endswith("only this has so many live: fast.") is False
    assert "more are dead in every network of fast" in third
    assert "fewer in every network of no bias (3 seeds each)" in third
    assert "no bias: −20.0 points (p = 0.1)" in " ".join(words)


def test_what_differs_in_more_than_biases_says_nothing_of_biases():
    table = networks(own=[0.2, 0.3, 0.25], no_bias=[0.0, 0.05, 0.1], other_bias=[0.5, 0.6, 0.7])
    other = table["variant"] == "other bias"
    table.loc[other, ["network", "optimiser"]] = ["khorrami2015", "sgd"]
    table["learning rate"] = np.nan  # of a network without one: no difference
    found = measure.comparisons(table).set_index("variant")
    assert found["differs in"].to_dict() == {
        "no bias": "conv biases",
        "other bias": "network, optimiser, conv biases",
    }
    _, words = said(table)
    (verdict,) = [one for one in words if one.startswith("Expected before")]
    assert "no bias: −20.0 points" in verdict
    assert "other bias" not in verdict
    (rest,) = [one for one in words if one.startswith("Without biases too")]
    assert "other bias: +35.0 points (p = 0.1) (differs in network, optimiser too)" in rest


def test_where_nothing_has_biases_there_is_no_verdict_on_them():
    table = networks(own=[0.2, 0.3], slow_bias=[0.25, 0.4]).assign(**{"conv biases": "no"})
    assert "biases" not in " ".join(said(table)[1])


def test_the_last_layer_has_a_row_a_fold_and_a_row_a_seed():
    table = networks(own=[0.2, 0.3], other=[0.9, 0.9])
    both = pd.concat([table, table.assign(fold="fold-2", live=table["live"] - 10)])
    shown = sections.networks_section(both).table
    assert shown["networks of"].tolist() == ["fold-1", "fold-2", "seed 1", "seed 2"]
    assert shown["networks"].tolist() == [2] * 4
    assert shown["live"].tolist() == [
        "75.0 (70 to 80)", "65.0 (60 to 70)", "75.0 (70 to 80)", "65.0 (60 to 70)"
    ]  # fmt: skip


def test_a_variant_with_the_published_count_is_named():
    (_, second, _), _ = said(networks(own=[0.2, 0.3], slow=[0.78, 0.79]))
    assert second.endswith("only this has so many live: slow.")


def test_networks_that_learnt_nothing_are_told():
    (first, *_), _ = said(networks(own=[0.2, 0.3]).assign(accuracy=0.4))
    assert "no more expressions than always saying the commonest" in first


def test_networks_that_were_not_asked_did_not_fail():
    (first, *_), _ = said(networks(own=[0.2, 0.3]).assign(accuracy=np.nan, majority=np.nan))
    assert "whether they name any expression was not measured" in first
    assert "no more expressions" not in first


def test_ranges_that_overlap_are_no_difference():
    (*_, third), words = said(networks(own=[0.2, 0.3], slow=[0.25, 0.4]))
    assert third.startswith("None of 1 variants")
    assert "Expected before" not in " ".join(words)


def test_the_published_row_is_marked():
    table = networks(own=[0.2, 0.3])
    filters = pd.DataFrame(
        {"variant": OWN, "trained": True, "seed": 1, "fold": "fold-1", "layer": "conv3",
         "peak_max": [0.0, 1.0, 3.0], "layer_scale": 2.0}
    )  # fmt: skip
    shown = sections.needed_section(filters, sections.variants_of(table), "conv3", 0.01, True)
    last = shown.table.iloc[-1]
    assert "not run here" in last["variant"]
    assert last["live"] == "50 and 60 of 256"
    assert shown.table["before training"].iloc[0] == "100.0 (100 to 100)"
    line = figures.survival(filters, "conv3", 0.01)["data"][0]
    at = dict(zip(np.round(line["x"], 6), line["y"], strict=True))
    assert max(at.values()) == 2
    assert [n for x, n in at.items() if 0.5 < x < 1.5] == [1.0] * sum(0.5 < x < 1.5 for x in at)
