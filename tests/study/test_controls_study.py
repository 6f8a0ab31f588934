"""The study of controls on plain tables: every number told again slowly."""

from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
import xarray as xr

from facsinterp import Control, StudyResult
from facsinterp.association.table import Associations
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.stats.accuracy import score
from facsinterp.study import registry
from facsinterp.study.contract import Inputs
from facsinterp.testing import tiny_controls, tiny_faces

STUDY = registry.load("controls")()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_controls(tmp_path_factory.mktemp("controls"))


@pytest.fixture(scope="module")
def base(tiny):
    """One table, to be given other numbers."""
    return tiny["trained", 1]


def told(base, passing, rule, beyond=None):
    """A control of ten filters, one dead, of which so many pass each way."""
    names = {"filter": np.array([f"conv/{i:03d}" for i in range(10)]), "au": np.array([1, 2])}
    old = base.associations.data
    zeros = {
        name: (v.dims, np.zeros([{"filter": 10, "au": 2}[d] for d in v.dims], v.dtype))
        for name, v in old.data_vars.items()
    }
    coords = {
        **names,
        "layer": ("filter", np.full(10, "conv")),
        "channel": ("filter", np.arange(10)),
    }
    data = xr.Dataset(zeros, coords=coords, attrs=old.attrs).assign(
        status=("au", np.full(2, "tested"))
    )
    data["dead"][9] = True
    data["q_auroc"][:] = 1.0
    data["q_auroc"][:passing, 1] = 0.01
    data["precision_at_n"][:rule, 0] = 1.0
    # The dead one passes everything: it must not be counted.
    data["q_auroc"][9], data["precision_at_n"][9] = 0.0, 1.0
    data = data.assign(q_beyond=data["q_auroc"] * 0 + (np.nan if beyond is None else 1))
    if beyond is not None:
        data["q_beyond"][:beyond, 0] = 0.01
    return replace(base, associations=Associations(data))


PASSING = {
    "trained": (7, 6, 8, 7, 9),
    "untrained": (2, 6, 3, 4, 1),
    "shuffled-labels": (1, 7, 2, 2, 6),
    "rotated": (6, 5, 7, 8, 2),
    "identity": (5, 4, 8, 2, 3),
}


def controls(base, seeds=5, beyond=None):
    found: dict[tuple[str, int | None], Control] = {
        (arm, seed): replace(told(base, counts[seed], 9 - seed, beyond), arm=arm, seed=seed)
        for arm, counts in PASSING.items()
        for seed in range(seeds)
    }
    found["gabor", None] = replace(told(base, 3, 1, beyond), arm="gabor", seed=None)
    return found


def answer(given, tmp_path) -> StudyResult:
    faces, pixels = tiny_faces(subjects=2, sequences=1)
    result: StudyResult = STUDY.run(
        Inputs(faces, pixels, Preparation(), tmp_path, given_controls=given)
    )
    return result


def finding(result, *words):
    (one,) = [f for f in result.findings if all(word in f.claim for word in words)]
    return one


def test_a_row_counts_live_filters_that_pass(base, tmp_path):
    table = answer(controls(base), tmp_path).tables["networks"]
    row = table[(table["arm"] == "trained") & (table["seed"] == 2)].iloc[0]
    assert (row["filters"], row["live"]) == (10, 9)
    assert row["answering share"] == pytest.approx(8 / 9)
    assert row["rule share"] == pytest.approx(7 / 9)
    assert (row["rule"], row["answering"]) == (7, 8)
    assert np.isnan(row["beyond share"])
    assert row["units covered"] == pytest.approx(1.0)  # all nine are drawn, and one unit is found


def test_units_covered_are_those_of_as_many_filters_as_the_poorest_has(base, tmp_path):
    given = controls(base)
    poor = given["gabor", None].associations.data.copy(deep=True)
    poor["dead"][4:] = True
    given["gabor", None] = replace(given["gabor", None], associations=Associations(poor))
    table = answer(given, tmp_path).tables["networks"].set_index(["arm", "seed"])
    found = np.arange(9) < 7
    wanted = np.mean([found[list(drawn)].any() for drawn in combinations(range(9), 4)])
    assert table.loc[("trained", 0), "units covered"] == pytest.approx(wanted)


def test_differences_are_tested_over_networks_by_every_arrangement(base, tmp_path):
    result = answer(controls(base), tmp_path)
    one, other = (np.array(PASSING[arm]) / 9 for arm in ("trained", "identity"))
    values = np.concatenate([one, other])
    sums = [values[list(c)].sum() for c in combinations(range(10), 5)]
    found = finding(result, "answering", "less identity")
    assert found.p == pytest.approx(np.mean([s >= one.sum() - 1e-9 for s in sums]))
    assert found.estimate == pytest.approx(np.median(one[:, None] - other))
    assert found.low <= found.estimate <= found.high
    assert found.n == 5


@pytest.mark.parametrize("arm", ["untrained", "shuffled-labels", "rotated"])
def test_networks_that_share_a_start_are_compared_in_pairs(base, tmp_path, arm):
    result = answer(controls(base), tmp_path)
    gained = (np.array(PASSING["trained"]) - np.array(PASSING[arm])) / 9
    sums = [np.dot(signs, gained) for signs in product((1, -1), repeat=5)]
    found = finding(result, "answering", f"less {arm}")
    assert found.p == pytest.approx(np.mean([s >= gained.sum() - 1e-9 for s in sums]))
    means = [(gained[i] + gained[j]) / 2 for i in range(5) for j in range(i, 5)]
    assert found.estimate == pytest.approx(np.median(means))
    assert "fewer" not in found.claim


@pytest.mark.parametrize(
    ("arm", "least", "how"),
    [("shuffled-labels", 1 / 32, "pairs of one seed"), ("identity", 1 / 252, "arms exchanged")],
)
def test_a_claim_says_how_its_p_is_made_and_how_small_it_could_be(base, tmp_path, arm, least, how):
    result = answer(controls(base), tmp_path)
    claim = finding(result, "answering", f"less {arm}").claim
    assert f"one-sided, at least {least:.2g}" in claim
    assert how in claim
    table = result.tables["comparisons"].set_index(["trained less", "share of live filters"])
    assert table.loc[(arm, "answering to an action unit"), "least possible p"] == least


def test_the_text_is_of_the_arms_that_were_asked_for(base, tmp_path):
    every = controls(base)
    alone = {key: one for key, one in every.items() if key[0] in ("trained", "untrained")}
    emotion = {**alone, ("emotion-only", None): replace(every["gabor", None], arm="emotion-only")}
    told = {
        name: " ".join(p for s in answer(given, tmp_path).sections for p in s.paragraphs)
        for name, given in (("every", every), ("alone", alone), ("emotion", emotion))
    }
    for word in ("gabor", "identity", "shuffled-labels", "rotated", "exchanged"):
        assert word in told["every"]
        assert word not in told["alone"]
    assert "emotion-only" in told["emotion"]
    assert not any("emotion-only" in told[name] for name in ("every", "alone"))
    assert "signs" in told["alone"]
    assert "Accuracy" not in told["every"]  # no network of these has any


def test_accuracy_stands_beside_what_the_most_frequent_expression_would_score(base, tmp_path):
    given = controls(base)
    scores = score(np.array([0, 0, 0, 1, 2]), np.array([0, 0, 1, 1, 2]), 3)
    given["trained", 0] = replace(given["trained", 0], scores=scores)
    result = answer(given, tmp_path)
    table = result.tables["networks"].set_index(["arm", "seed"])
    assert table.loc[("trained", 0), "accuracy"] == pytest.approx(4 / 5)
    assert table.loc[("trained", 0), "majority"] == pytest.approx(3 / 5)
    assert table["majority"].notna().sum() == 1
    assert "Majority" in result.sections[0].paragraphs[-1]


def test_fewer_than_five_seeds_are_said(base, tmp_path):
    result = answer(controls(base, seeds=3), tmp_path)
    assert all("only 3, fewer than five" in one.claim for one in result.findings)
    assert any("Fewer than five seeds" in text for text in result.sections[1].paragraphs)
    assert finding(result, "answering", "identity").low is None


def test_banks_are_described_and_not_tested(base, tmp_path):
    result = answer(controls(base), tmp_path)
    assert "gabor" in set(result.tables["networks"]["arm"])
    assert not any("gabor" in one.claim for one in result.findings)


def test_beyond_emotion_is_left_out_where_it_was_not_tested(base, tmp_path):
    without, tested = (answer(controls(base, beyond=b), tmp_path) for b in (None, 2))
    assert not any("beyond" in one.claim for one in without.findings)
    assert "No network was tested beyond" in without.sections[0].paragraphs[0]
    assert finding(tested, "beyond", "identity").estimate == 0
    table = tested.tables["networks"]
    assert set(table["beyond share"]) == {2 / 9}


@pytest.mark.parametrize(("beyond", "panels"), [(None, 2), (1, 3)])
def test_the_figure_has_a_panel_a_measure_and_a_dot_a_network(base, tmp_path, beyond, panels):
    figure = answer(controls(base, beyond=beyond), tmp_path).sections[0].figure
    assert figure is not None
    assert len(figure["data"]) == panels
    for trace in figure["data"]:
        assert len(trace["x"]) == len(trace["y"]) == 26
        assert trace["marker"]["symbol"].count("circle-open") == 1
        assert f"xaxis{trace['xaxis'][1:]}" in figure["layout"]


def test_without_a_trained_arm_nothing_is_compared(base, tmp_path):
    given = {key: one for key, one in controls(base).items() if key[0] != "trained"}
    result = answer(given, tmp_path)
    assert not result.findings
    assert len(result.tables["networks"]) == 21
    assert result.sections[1].paragraphs[0].startswith("Nothing is compared")
