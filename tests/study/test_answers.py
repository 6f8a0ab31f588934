"""What each study answers, when something is shown and when nothing is."""

import importlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from facsinterp.study import registry


def room(study, name="answer"):
    """A module of the package that a shipped study lives in, however it is installed."""
    package = registry.load(study).__module__.rpartition(".")[0]
    return importlib.import_module(f"{package}.{name}")


def plain(sentences):
    text = " ".join(sentences)
    assert len(sentences) <= 3
    assert "nan" not in text.lower().replace("than", "")
    return text.replace("\N{NO-BREAK SPACE}", " ")


def ablation_test(question, difference, p, low=0.01, high=0.03):
    return {"question": question, "difference": difference, "low": low, "high": high, "p": p,
            "pairs": 40}  # fmt: skip


FOUND = SimpleNamespace(labelled=200, filters=np.arange(4), accuracy=np.array([0, 0, 5, -1]))
OTHERS = "beyond the emotion's other units"


def test_ablation_shown():
    tests = pd.DataFrame(
        [ablation_test("own unit", 0.02, 0.001), ablation_test(OTHERS, 0.015, 0.01)]
    )
    said = plain(room("ablation").answer(tests, FOUND))
    assert said.startswith("Silencing a filter of an action unit takes more of that unit")
    assert "2.0 % of the unit's separation a filter (95 % interval 1.0 % to 3.0 %)" in said
    assert "p = 0.001, 40 pairs" in said
    assert "The unit loses more than the other units of its emotion do, by 1.5 %" in said
    assert "2 of 4 live filters can each be silenced" in said
    assert "costs most costs 5" in said


@pytest.mark.parametrize(("difference", "p"), [(0.02, 0.2), (-0.02, 0.001), (0.02, 0.0501)])
def test_ablation_not_shown(difference, p):
    tests = pd.DataFrame([ablation_test(name, difference, p) for name in ("own unit", OTHERS)])
    said = plain(room("ablation").answer(tests, FOUND))
    assert said.count("It is not shown that") == 2
    assert "what is lost may be the emotion" in said


def test_ablation_of_nothing():
    none = pd.DataFrame(columns=["question", "difference", "low", "high", "p", "pairs"])
    said = plain(room("ablation").answer(none, SimpleNamespace(labelled=0, filters=np.arange(0))))
    assert said.startswith("Nothing is shown: no pair")
    few = pd.DataFrame([ablation_test("own unit", 0.02, 0.3, np.nan, np.nan)])
    assert "too few people for an interval" in plain(room("ablation").answer(few, FOUND))


def comparison(arm, measure, difference, p, seeds=6, low=0.08, high=0.16):
    return {
        "trained less": arm, "share of live filters": measure, "difference": difference,
        "low": low, "high": high, "p": p, "least possible p": 1 / 2**seeds, "seeds": seeds,
    }  # fmt: skip


def test_controls_shown_and_not():
    rows = [
        comparison("untrained", "beyond emotion", 0.12, 0.016),
        comparison("shuffled-labels", "beyond emotion", 0.01, 0.4, low=np.nan, high=np.nan),
        comparison("untrained", "answering to an action unit", -0.1, 0.9, low=-0.2, high=0.01),
        comparison("untrained", "accepted by P = 1", 0.5, 0.016),
    ]
    said = plain(room("controls").answer(pd.DataFrame(rows)))
    assert (
        "Trained networks have a larger share of filters that know more of an action unit than "
        "the emotion tells than untrained (difference 12.0 points, 95 % interval 8.0 to 16.0, "
        "p = 0.016, 6 seeds). Not shown against shuffled-labels (difference 1.0 points, too few "
        "seeds for an interval, p = 0.4, 6 seeds)." in said
    )
    assert (
        "It is not shown that trained networks have a larger share of filters that answer" in said
    )
    assert "(difference −10.0 points, 95 % interval −20.0 to 1.0" in said


def test_controls_of_few_seeds_and_of_none():
    few = pd.DataFrame([comparison("untrained", "beyond emotion", 0.2, 0.25, seeds=2)])
    assert "not below 0.25" in plain(room("controls").answer(few))
    assert plain(room("controls").answer(few.head(0))).startswith("Nothing can be compared")


def picture(method, layer, signed, absolute=0.1, untrained=np.nan, low=None):
    return {
        "method": method, "layer": layer, "all random": signed, "without signs": absolute,
        "low": signed - 0.02 if low is None else low, "high": signed + 0.02,
        "untrained control": untrained,
    }  # fmt: skip


def test_sanity_of_pictures_that_stay_and_that_change():
    said = pd.DataFrame(
        [
            picture("guided-backprop", "conv2", 0.72, untrained=0.9),
            picture("integrated-gradients", "conv2", 0.05, absolute=0.6),
            picture("gradient", "conv1", -0.01, low=np.nan),
        ]
    )
    told = plain(room("sanity").answer(said))
    assert told.startswith(
        "2 of 3 kinds of pictures (a method and a layer) stay the same when all weights are random"
    )
    assert "guided backprop of conv2 (0.72 [0.70, 0.74])" in told
    assert "integrated gradients of conv2 (0.05 [0.03, 0.07], without signs 0.60)" in told
    assert "1 does not: gradient of conv1 (−0.01, too few filters for an interval)" in told
    assert "In 1 of the 3" in told


def test_sanity_where_all_change_or_nothing_can_be_compared():
    said = pd.DataFrame([picture("gradient", "conv1", 0.1), picture("deconvnet", "conv1", 0.2)])
    told = plain(room("sanity").answer(said))
    assert told.startswith("None of 2 kinds of pictures")
    assert "at most a rank correlation of 0.20 [0.18, 0.22]" in told
    assert plain(room("sanity").answer(said.assign(**{"all random": np.nan}))).startswith("Nothing")
    assert plain(room("sanity").nothing()).startswith("Nothing can be said")


def profiles(moves):
    table = np.array(moves, dtype=bool)
    return xr.Dataset(
        {"moves": (("filter", "au"), table), "scale": ("filter", np.ones(len(table)))},
        attrs={"people": 40},
    )


def lot(which, mean, p, expected=0.1):
    return {"measure": "same unit", "which": which, "mean": mean, "low": mean - 0.05,
            "high": mean + 0.05, "expected": expected, "p": p, "filters": 120}  # fmt: skip


@pytest.mark.parametrize(
    ("mean", "p", "told"),
    [
        (0.4, 0.001, "40 % of 120 filters (95 % interval 35 % to 45 %; by lot 10 %, p = 0.001)"),
        (0.4, 0.001, "That is more often than by lot."),
        (0.4, 0.2, "That is not shown to be more often than by lot."),
        (0.0, 1.0, "Nothing is shown: of 120 associated filters, not one"),
    ],
)
def test_switched_faces(mean, p, told):
    tests = pd.DataFrame([lot("all", mean, p), lot("beyond", 0.8, 0.001)])
    said = plain(room("switched-faces").answer(tests, profiles([[1, 0], [0, 0]])))
    assert told in said
    assert "Of those that pass beyond the emotion it is 80 % of 120" in said
    assert "1 of 2 live filters are moved" in said


def test_switched_faces_of_nothing():
    said = plain(room("switched-faces").answer(pd.DataFrame(), profiles([[0, 0]])))
    assert said.startswith("Nothing can be said")
    assert "No action unit is shown to move any of 1 live filters" in said


def layers(dead):
    filters = [64, 128]
    return pd.DataFrame(
        {"layer": ["conv1", "conv2"], "filters": filters, "dead": dead,
         "active_share_median": [0.9, 0.25]}
    )  # fmt: skip


def test_dead_filters():
    answer = room("dead-filters", "study")._answer
    said = plain(answer(layers([2, 6]), 2400))
    assert said.startswith(
        "8 of 192 filters (4.2 %) answer to none of 2,400 faces: 6 of 128 in conv2, 2 of 64 in "
    )
    assert "not an estimate" in said
    said = plain(answer(layers([0, 0]), 2400))
    assert said.startswith("No filter is dead: each of 192")
    assert "conv2, whose median filter answers to 25 % of them" in said


def rates(**cells):
    """One row a method and scenario, (fdr, fdr_se, any)."""
    return pd.DataFrame(
        [
            {"method": method.replace("__", "-"), "scenario": scenario, "fdr": fdr, "fdr_se": se,
             "any": some, "stores": 30}
            for (method, scenario), (fdr, se, some) in cells["of"].items()
        ]
    )  # fmt: skip


def test_calibration():
    methods, scenarios = (room("calibration", name) for name in ("methods", "scenarios"))
    default = next(name for name, one in methods.METHODS.items() if one.default)
    signal = [name for name, one in scenarios.SCENARIOS.items() if one.signal]
    empty = next(name for name, one in scenarios.SCENARIOS.items() if not one.signal)
    table = rates(
        of={
            (default, signal[0]): (0.04, 0.005, 1.0),
            (default, signal[1]): (0.08, 0.005, 1.0),
            (default, empty): (np.nan, np.nan, 0.1),
            ("unanimous-10", signal[0]): (0.5, 0.01, 1.0),
            ("unanimous-10", signal[1]): (0.9, 0.01, 1.0),
        }
    )
    said = plain(room("calibration").answer(table))
    assert "at or below 5 % in 1 of 2 cases" in said
    assert f"on {signal[1]}, 8.0 % (95 % interval 7.0 % to 9.0 %) over 30 stores" in said
    assert "50.0 % to 90.0 % is false" in said
    assert "in at most 10.0 % of 30 stores (95 % interval 2.1 % to 26.5 %)" in said
    alone = table[table["method"] == "unanimous-10"]
    assert "nothing is known" in plain(room("calibration").answer(alone))
