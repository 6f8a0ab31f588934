"""The study of switched faces on tiny faces, and what it claims from its tables."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.switched_faces import sections, tables
from facsinterp_studies.switched_faces.study import SwitchedFaces
from pydantic import ValidationError

from facsinterp import causal_profiles, switch_units
from facsinterp.faces.drawn.cast import SHOWN
from facsinterp.study import registry
from facsinterp.testing import StudyContract, tiny_inputs

STUDY = SwitchedFaces(people=8, contexts=1, intensities=(2, 5), flips=199)


class TestContract(StudyContract):
    study = SwitchedFaces(people=2, contexts=2, intensities=(5,), flips=99)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return tiny_inputs(tmp_path_factory.mktemp("tiny"), needs=SwitchedFaces.needs)


@pytest.fixture(scope="module")
def result(inputs):
    return STUDY.run(inputs)


@pytest.fixture(scope="module")
def found(inputs, result):
    corpus = STUDY._corpus(inputs)
    assert corpus.pixels == inputs.preparation.size, "not cropped: drawn as large as it is seen"
    switched = switch_units(inputs.network, corpus, inputs.preparation, inputs.scratch)
    return causal_profiles(switched, corpus, inputs.store, flips=199)


def test_it_is_found_by_its_name():
    assert registry.load("switched-faces") is SwitchedFaces


@pytest.mark.parametrize(
    "wrong", [{"intensities": ()}, {"intensities": (5, 1)}, {"intensities": (0,)}, {"people": 1}]
)
def test_wrong_params_are_refused(wrong):
    with pytest.raises(ValidationError):
        SwitchedFaces(**wrong)


def test_faces_that_are_cropped_are_drawn_finer(inputs):
    crop = replace(inputs.preparation, crop="landmarks", size=48)
    assert STUDY._corpus(replace(inputs, preparation=crop)).pixels == 72
    large = replace(crop, size=224)
    assert STUDY._corpus(replace(inputs, preparation=large)).pixels == 256
    told = STUDY.model_copy(update={"pixels": 100})
    assert told._corpus(replace(inputs, preparation=large)).pixels == 100


def test_tables_hold_every_live_filter_and_unit(result, found):
    alive = int((found["scale"] > 0).sum())
    assert len(result.tables["profile"]) == alive * len(SHOWN)
    assert len(result.tables["dose"]) == alive * len(SHOWN) * 2
    assert len(result.tables["filters"]) == alive
    assert len(result.tables["units"]) == len(SHOWN)
    row = result.tables["profile"].query("unit == 'AU27'").iloc[0]
    one = found.sel(filter=row["filter"], au=27)
    assert row["size"] == pytest.approx(float(one["size"]))
    assert row["least"] in tables.LETTERS


def test_findings_are_those_of_the_tables(result):
    profile, rows = result.tables["profile"], result.tables["agreement"]
    last = result.findings[-1]
    assert last.estimate == profile.groupby("filter")["moves"].any().mean()
    assert last.n == profile["filter"].nunique()
    if len(rows):
        assert result.findings[-2].estimate == (~rows["moved"]).mean()
        tests = result.tables["agreement-tests"]
        told = tests[(tests["which"] == "all") | (tests["measure"] == "same unit")]
        assert [one.estimate for one in result.findings[:-2]] == told["mean"].tolist()
    assert "instrument" not in " ".join(result.sections[0].paragraphs), "they are drawn faces"


def compared_rows(**changes):
    """A row of `compare_causes`, as the study keeps it."""
    row = {
        "filter": "conv/000", "associated": 6, "direction": 1, "causal": 12, "size": 0.5,
        "low": 0.4, "high": 0.6, "q": 0.01, "causal_size": 1.5, "ahead_low": 0.8,
        "ahead_high": 1.2, "standing": 0.9, "moved": True, "agree": False, "alpha": 0.05,
        "words": "the associated unit moves it too, but less than AU12",
    }  # fmt: skip
    return row | changes


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "AU6 moves it, AU12 more (by 0.80 to 1.20)"),
        ({"ahead_low": -0.1}, "AU6 moves it, AU12 about as much: either may be first"),
        ({"moved": False, "q": 0.4}, "AU6 alone is not shown to move it; AU12 does (1.50 sd)"),
        ({"moved": False}, "AU6 alone moves it down, not up; AU12 does (1.50 sd)"),
        (
            {"moved": False, "q": 0.4, "causal": 0, "direction": -1},
            "AU6 alone is not shown to move it; no unit is shown to move it down",
        ),
        ({"agree": True, "causal": 6}, "AU6 moves it most"),
    ],
)
def test_every_disagreement_is_told_in_words(changes, words):
    row = compared_rows(**changes)
    assert sections.in_words(row).replace("\N{NO-BREAK SPACE}", " ") == words
    told = sections.disagreement(pd.DataFrame([row, compared_rows(filter="conv/001")]))
    assert told[0].table["Filter"].tolist()[-1] == "conv/001"
    assert ("conv/000" in told[0].table["Filter"].tolist()) is not row["agree"]


@pytest.mark.parametrize(
    ("mean", "end"),
    [
        (0.3, " Of the other 70 %, another unit moves the filter most, or none is shown to move"),
        (0.9, " Of the other 10 %, another unit moves the filter most, or none is shown to move"),
        (1.0, "p = 0.01)."),
    ],
)
def test_the_answer_tells_both_shares(mean, end):
    row = {"which": "all", "measure": "same unit", "filters": 20, "mean": mean, "low": 0.2}
    row |= {"high": 1.0, "expected": 0.1, "chance_low": 0.0, "chance_high": 0.2, "p": 0.01}
    rows = pd.DataFrame([compared_rows()])
    told = sections.agreement(rows, pd.DataFrame([row]), foreign=False, colour=False)
    first = told.paragraphs[0].replace("\N{NO-BREAK SPACE}", " ")
    assert first.startswith(f"Of 20 associated filters, {mean:.0%}".replace("%", " %"))
    assert end in first
    assert "cause" not in first


def test_where_all_agree_or_nothing_is_associated_no_disagreement_is_told():
    agreed = pd.DataFrame([compared_rows(agree=True, causal=6)])
    assert sections.disagreement(agreed) == ()
    assert sections.disagreement(agreed.iloc[:0]) == ()
    nothing = sections.agreement(agreed.iloc[:0], pd.DataFrame(), foreign=True, colour=True)
    assert nothing.paragraphs[0].startswith("Nothing can be said")
    assert "instrument" in nothing.paragraphs[1]
    assert "grey" in nothing.paragraphs[2]


def test_a_unit_that_moves_no_filter_has_no_strongest_one(found):
    still = found.copy(deep=True)
    still["moves"].loc[{"au": 16}] = False
    still["moves"].loc[{"au": 27}] = still["scale"] > 0
    shown = tables.shown_units(still).set_index("Unit")
    assert shown.loc["AU16 lower lip depressor", "95 % interval"] == ""
    assert shown.loc["AU27 mouth stretch", "95 % interval"] != ""


def test_too_few_people_show_nothing_and_it_is_said(found):
    still = found.copy(deep=True)
    still["moves"][:] = False
    still["best"][:] = 0
    still.attrs["people"] = 4
    section = sections.profiles(still)
    assert "Nothing is shown" in section.paragraphs[0]
    assert "at least 0.12" in section.paragraphs[0]
    assert section.figure is None
    assert sections.doses(still).figure is None


def test_counts_of_units_are_those_of_the_profile(result, found):
    for row, unit in zip(result.tables["units"].to_dict("records"), SHOWN, strict=True):
        pairs = result.tables["profile"].query(f"unit == 'AU{unit}' and moves")
        assert row["moves up"] == (pairs["size"] > 0).sum()
        assert row["moves down"] == (pairs["size"] < 0).sum()
        assert row["best of"] == (found["best"].values == unit).sum()
        if len(pairs):
            strongest = pairs.loc[pairs["size"].abs().idxmax()]
            assert row["strongest filter"] == strongest["filter"]
            assert row["its size"] == pytest.approx(strongest["size"])


def test_figures_show_filters_with_a_clear_first_unit(found):
    shown = found.copy(deep=True)
    names = shown["filter"].values[shown["scale"].values > 0].tolist()
    place = shown["filter"].values.tolist().index(names[0])
    shown["best"][place], shown["second"][place] = 12, 6
    shown["lead"][place], shown["lead_low"][place] = 9.0, 8.0
    heat = sections.profiles(shown).figure["data"][0]
    assert names[0] in heat["y"]
    assert np.shape(heat["z"]) == (len(heat["y"]), len(SHOWN))
    figure = sections.doses(shown).figure
    title = next(one for one in figure["layout"]["annotations"] if one["text"].endswith("AU12"))
    assert title["text"] == f"{names[0]}: AU12"
    axis = title["xref"].removesuffix(" domain")
    curve = next(
        one for one in figure["data"] if one["xaxis"] == axis and one["mode"] == "lines+markers"
    )
    assert curve["x"] == pytest.approx([0, 0.38, 1])
    assert curve["y"] == [0, *shown["dose"].sel(filter=names[0], au=12).values.tolist()]
