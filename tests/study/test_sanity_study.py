"""The study of sanity: the contract, and every number told again from the tables below it."""

import importlib
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from facsinterp.evidence.weights.cascade import CASCADE
from facsinterp.evidence.weights.randomised import answers
from facsinterp.study import registry
from facsinterp.testing import StudyContract, tiny_inputs

Sanity: Any = registry.load("sanity")
study = importlib.import_module(Sanity.__module__)
by_layer = study.by_layer
_conclusions = importlib.import_module(study.verdicts.__module__)._conclusions


class TestSanity(StudyContract):
    study = Sanity(
        methods=("guided-backprop", "gradient"), filters=2, faces=2, draws=1, candidates=2
    )


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return tiny_inputs(tmp_path_factory.mktemp("sanity"), needs=Sanity.needs)


@pytest.fixture(scope="module")
def result(inputs):
    return Sanity(methods=("gradient",), filters=2, faces=2, draws=2, candidates=2).run(inputs)


def test_filters_are_spread_over_the_live_ones(inputs):
    loudest = inputs.store.peaks("conv2").max("image").values
    live = [channel for channel in np.argsort(-loudest, kind="stable") if loudest[channel] > 0]
    units = study._units(inputs, "conv2", 2, 3)
    assert list(dict.fromkeys(units.channels.tolist())) == [live[0], live[-1]]
    everyone = study._units(inputs, "conv2", 99, 3)
    assert list(dict.fromkeys(everyone.channels.tolist())) == live
    # Each place is where the filter has its peak on that face.
    found = answers(inputs.network, "conv2", inputs.pixels, everyone.rows, everyone.places)
    peaks = inputs.store.peaks("conv2").values[everyone.rows, everyone.channels]
    assert found[np.arange(len(peaks)), everyone.channels] == pytest.approx(peaks, rel=1e-4)


def test_one_network_an_arm_and_never_the_studied_one(inputs):
    others = study._others(inputs, "conv2")
    assert list(others) == ["trained", "untrained", "identity"]
    studied = inputs.controls["trained", 2].network
    same = study._others(replace(inputs, given_network=studied), "conv2")
    assert {arm: network.fingerprint for arm, network in same.items()} == {
        "trained": inputs.controls["trained", 1].network.fingerprint,
        "untrained": inputs.controls["untrained", 2].network.fingerprint,
        "identity": inputs.controls["identity", 2].network.fingerprint,
    }


def test_numbers_of_a_layer_are_means_over_filters(result):
    filters, stages = result.tables["cascade-filters"], result.tables["cascade"]
    for row in stages.to_dict("records"):
        mine = filters[
            (filters[list(study.STAGE)] == [row[key] for key in study.STAGE]).all(axis=1)
        ]
        for name in ("absolute", "signed", "structure"):
            assert row[name] == pytest.approx(mine[name].mean(), nan_ok=True)
        assert row["silent"] == mine["silent"].sum() / mine["pairs"].sum()
        assert math.isnan(row["low"]), "two filters have no interval"


def test_verdicts_are_the_ends_of_the_cascade(result):
    said, stages = result.tables["verdicts"], result.tables["cascade"]
    for row, finding in zip(said.to_dict("records"), result.findings, strict=True):
        lines = stages[(stages["layer"] == row["layer"]) & (stages["randomised"] == CASCADE)]
        assert row["all random"] == lines["signed"].iloc[-1] == finding.estimate
        assert row["own layer random"] == lines["signed"].iloc[0]
        assert row["verdict"] == slow_verdict(row["all random"], row["without signs"])
        assert row["itself"] > 0.9


def slow_verdict(signed, absolute):
    if signed >= 0.5:
        return "the same"
    return "the same but for signs" if absolute >= 0.5 else "not the same"


def test_the_interval_is_that_of_a_mean():
    draws = np.random.default_rng(0)
    values = draws.normal(0.3, 0.1, (200, 30))
    inside = 0
    for each in values:
        pairs = pd.DataFrame(
            {"level": "x", "channel": range(30), "pairs": 1, "silent": 0}
            | dict.fromkeys(("absolute", "signed", "structure"), each)
        )
        (row,) = by_layer(pairs, ["level"], 1).to_dict("records")
        assert row["signed"] == pytest.approx(each.mean())
        inside += row["low"] <= 0.3 <= row["high"]
    # 95 %, less what percentiles lose with 30 values; four Monte Carlo errors.
    assert 0.93 - 4 * math.sqrt(0.93 * 0.07 / 200) <= inside / 200 <= 0.99


def test_the_figure_starts_from_the_trained_network(result):
    figure = result.sections[1].figure
    json.dumps(figure)
    assert [line["y"][0] for line in figure["data"]] == [1.0, 1.0]
    assert figure["data"][1]["x"] == ["nothing", "conv2", "down to conv1"]


def test_what_cannot_be_pictured_is_told(inputs, monkeypatch):
    monkeypatch.setattr("facsinterp.evidence.weights.sights.receptive_fields", lambda _network: {})
    nothing = Sanity(methods=("gradient",), filters=2, faces=2).run(inputs)
    assert nothing.tables["refused"]["layer"].tolist() == ["conv1", "conv2"]
    assert "receptive field of layer 'conv2'" in nothing.sections[0].paragraphs[-1]


def test_conclusions_follow_the_numbers():
    row = {"method": "gradient", "layer": "conv3", "all random": 0.7, "another filter": 0.9}
    row |= {"untrained control": math.nan, "without signs": 0.3}
    keeps = "\n".join(_conclusions(pd.DataFrame([row])))
    assert "Gradient keeps 0.70 in conv3" in keeps
    assert "0.90 in conv3" in keeps
    loses = "\n".join(
        _conclusions(pd.DataFrame([row | {"all random": 0.1, "another filter": 0.2}]))
    )
    assert "Gradient is left with 0.10 in conv3" in loses
    assert "start" not in loses
    unsigned = row | {"all random": 0.0, "without signs": 0.6}
    told = "\n".join(_conclusions(pd.DataFrame([unsigned])))
    assert "keeps where it is strong (0.60 in conv3 without signs)" in told
    assert "is left with" not in told
    start = row | {"all random": 0.1, "untrained control": 0.8}
    assert "0.80 in conv3" in "\n".join(_conclusions(pd.DataFrame([start])))
    assert "alike" not in loses
