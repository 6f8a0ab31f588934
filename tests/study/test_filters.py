"""What the study of filters claims, compared with the associations it claims it from."""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from facsinterp.association.table import Associations
from facsinterp.association.verdict import Verdicts
from facsinterp.evidence.visual import VisualEvidence, no_filters
from facsinterp.study import registry
from tests.report import runs, tables

# What statistics of a pair have to be told with it, by the columns of the table.
TOLD = {
    *("filter", "unit", "n_coded", "n_present", "n_subjects", "n_informative"),
    *("precision_at_n", "precision_low", "precision_high", "n_top", "top_of_each", "base_rate"),
    *("lift", "auroc", "auroc_low", "auroc_high", "auroc_within", "rank_correlation", "z"),
    *("kl", "kl_null", "kl_null_sd", "atom_bins", "p_auroc", "reached_auroc", "shuffles"),
    *("way_auroc", "attainable_p", "q_auroc", "p_auroc_max", "p_beyond", "q_beyond"),
    *("status", "status_beyond"),
}


FOLDER = tempfile.TemporaryDirectory()
# conv2/005 answers as conv1/001 does, and both pass: one filter that answers, not two.
STORE = runs.store(Path(FOLDER.name) / "activations.zarr", copies=[(1, 9)])


NOTHING_SEEN = VisualEvidence(None, "Not asked for.", no_filters(), pd.DataFrame(), no_filters())


def answer(associations, visual=NOTHING_SEEN):
    associations.data.attrs["store"] = STORE.key
    study = registry.load("filters")()
    given: Any = SimpleNamespace(associations=associations, store=STORE, visual=visual)
    return study.run(given)


def result_of(**changes):
    associations = tables.associations(**changes)
    return associations, answer(associations)


ASSOCIATIONS, RESULT = result_of()


def estimate(result, words):
    (found,) = [one for one in result.findings if words in one.claim]
    return found


def test_findings_come_in_the_order_of_how_little_they_claim():
    words = (
        "Breuer and Kimmel",
        "answering to at least one",
        "than the emotion tells",
        "at least,",
    )
    places = [
        next(i for i, one in enumerate(RESULT.findings) if part in one.claim) for part in words
    ]
    assert places == sorted(places)


def test_findings_count_what_passes():
    live = int(ASSOCIATIONS.live.sum())
    for test, words in (("auroc", "answering to at least"), ("beyond", "than the emotion tells")):
        found = ASSOCIATIONS.significant(test=test).any("au").sum()
        told = estimate(RESULT, words)
        assert told.estimate == pytest.approx(float(found) / live)
        assert told.n == live == 7
        assert "pass the test of" in told.claim
        assert "at most 5 % of the pairs that pass are expected to be false" in told.claim
    assert estimate(RESULT, "Breuer and Kimmel").estimate == ASSOCIATIONS.papers_rule().share
    assert estimate(RESULT, "that answer to an action unit, at least").estimate == 3
    assert estimate(RESULT, "that know one beyond the emotion, at least").estimate == 2
    held_out = estimate(RESULT, "did not choose it")
    assert held_out.estimate == pytest.approx(np.mean([0.87, 0.49, 0.48]))
    assert held_out.n == 3


def test_what_was_not_tested_is_not_claimed():
    nothing = {"best_auroc_held_out": np.nan, "attrs": {"at_least_auroc": {"": 1}}}
    _, result = result_of(
        status_beyond="not asked", testable_beyond=False, q_beyond=np.nan, **nothing
    )
    claims = " ".join(one.claim for one in result.findings)
    assert "emotion" not in claims
    assert "did not choose" not in claims
    bound = estimate(result, "at least, with 95 % confidence")
    assert (bound.estimate, bound.low, bound.high) == (1, 1, None)
    data = tables.associations().data
    del data.attrs["at_least_auroc"], data.attrs["at_least_beyond"]
    bare = answer(Associations(data))
    assert "confidence" not in " ".join(one.claim for one in bare.findings)


def test_the_units_have_both_statuses_and_what_the_best_filter_is_worth_on_others():
    units = RESULT.tables["units"].set_index("unit")
    smile = units.loc["AU12 lip corner puller"]
    assert smile["status"] == smile["status beyond emotion"] == "tested"
    assert smile["chosen so, on others"] == 0.87
    assert smile["halves that choose it"] == 1
    assert (smile["low"], smile["its AUROC"], smile["high"]) == (0.85, 0.91, 0.95)
    assert (smile["subjects with it"], smile["subjects"]) == (20, 22)
    assert smile["its corrected p beyond"] == pytest.approx(0.003)
    brow = units.loc["AU4 brow lowerer"]
    assert (brow["its corrected p"], brow["its corrected p beyond"]) == (0.003, 0.7)
    assert smile["best filter"] == tables.FILTERS[0]
    assert smile["its corrected p"] == pytest.approx(0.003)
    assert smile["beyond the emotion"] == 2
    assert units.loc["AU1 inner brow raiser"]["status beyond emotion"] == "untestable"
    closed = units.loc["AU43 eyes closed"]
    assert pd.isna(closed["best filter"])
    assert np.isnan(closed["chosen so, on others"])


def test_every_passing_pair_carries_what_it_rests_on():
    pairs = RESULT.tables["passing-pairs"]
    assert set(pairs.columns) >= TOLD
    either = ASSOCIATIONS.significant() | ASSOCIATIONS.significant(test="beyond")
    assert len(pairs) == int(either.sum())
    assert pairs["beyond the emotion"].is_monotonic_decreasing
    first = pairs[(pairs["filter"] == tables.FILTERS[0]) & (pairs["unit"] == "AU12")].iloc[0]
    assert first["way_auroc"] == first["way_beyond"] == "saddlepoint"
    assert first["reached_auroc"] == 0
    assert first["n_present"] == 35
    assert first["top_of_each"] == "sequence"
    only = pairs[pairs["unit"] == "AU1"].iloc[0]
    assert only["way_beyond"] == ""
    named = Verdicts.of(ASSOCIATIONS)
    assert set(pairs["filter"]) == {
        name for name, column in zip(tables.FILTERS, named.column, strict=True) if column >= 0
    }


def test_nothing_passes():
    _, result = result_of(q_auroc=1.0, q_beyond=1.0)
    assert result.tables["passing-pairs"].empty
    assert set(result.tables["passing-pairs"].columns) >= TOLD


def test_different_filters_are_counted_once():
    """Of ten filters one is dead here and one everywhere; two answer alike."""
    clusters = RESULT.tables["duplicates"].set_index("filter")["cluster"]
    assert clusters[tables.FILTERS[1]] == clusters[tables.FILTERS[9]] >= 0
    assert clusters[clusters >= 0].nunique() == 7
    answering = ASSOCIATIONS.significant().any("au").values
    assert answering.sum() == 5
    assert answering[1]
    assert answering[9]
    told = estimate(RESULT, "different live filters")
    assert (told.n, told.estimate) == (7, pytest.approx(4 / 7))


def test_dead_filters_are_not_told_as_duplicates():
    (section,) = [one for one in RESULT.sections if one.title == "One filter for each unit"]
    text = " ".join(section.paragraphs)
    assert "conv1: 4 of 4 filters live, 4 different, 1 with a duplicate" in text
    assert "conv2: 4 of 6 filters live, 4 different, 1 with a duplicate" in text


def test_units_have_filters_of_their_own():
    matched = RESULT.tables["matches"]
    used = matched["filter"][matched["filter"] != ""]
    assert used.is_unique
    assert set(matched["claim"]) == {"beyond"}
    covered = estimate(RESULT, "FACS coverage")
    assert covered.estimate == pytest.approx(matched["covered"].mean())
    assert covered.n == len(matched) == 2
    assert set(RESULT.tables["names"]["filter"]) <= set(RESULT.tables["duplicates"]["filter"])


def test_coverage_is_not_told_of_too_few_people():
    _, few = result_of(attrs={"n_subjects": 12})
    assert not [one for one in few.findings if "FACS coverage" in one.claim]
    _, none = result_of(q_auroc=1.0, q_beyond=1.0)
    assert estimate(none, "FACS coverage").estimate == 0


@pytest.mark.parametrize(
    ("attrs", "told"),
    [
        ({}, "the sequences that show the unit above or below those that do not more clearly"),
        ({"sides": "one"}, "that show the unit above those that do not more clearly than"),
        ({}, "than shuffled codes do (1,999 shuffles, within-subject)"),
        ({"null": "subject-flips"}, "score of each person has a sign at random (1,999 sign vec"),
        ({"unit": "frame"}, "over 88 frames of 22 people the network never saw"),
        ({"rows": "all"}, "of 22 people (none held out)"),
        ({"n_subjects": 0}, "of unknown people the network never saw"),
        ({"beyond": "none"}, "This run did not test that."),
        ({"interval": 0.9}, "low and high are 90 % bounds"),
    ],
)
def test_the_text_tells_what_this_run_did(attrs, told):
    _, result = result_of(attrs=attrs)
    assert told in " ".join(result.sections[0].paragraphs)


PLACING = pd.DataFrame(
    {
        "filter": ["conv1/000", "conv1/001", "conv2/003", "conv2/004"],
        "unit": [12, 4, 12, 1],
        "q_chance": [0.01, 0.2, 0.05, np.nan],
        "q_presence": [0.04, 0.9, np.nan, np.nan],
        "share": [0.6, 0.2, 0.4, np.nan],
        "chance": [0.2, 0.2, 0.1, np.nan],
        "expected": [0.3, 0.1, 0.2, np.nan],
    }
)
LIKENESS = pd.DataFrame(
    {
        "filter": ["conv1/000", "conv1/001", "conv2/003", "conv2/005"],
        "same": pd.array([True, False, False, None], dtype="boolean"),
        "signed": [0.9, 0.3, 0.1, np.nan],
    }
)


TOGETHER = pd.DataFrame(
    [
        {
            "share": 0.4, "expected": 0.25, "low": 0.1, "high": 0.2, "null_low": 0.2,
            "null_high": 0.3, "p": 0.01, "units": 5, "filters": 9, "left_out": 1,
        }
    ]
)  # fmt: skip


def seen(placing=PLACING, likeness=LIKENESS, refused=""):
    result = answer(
        tables.associations(), VisualEvidence(None, refused, placing, TOGETHER, likeness)
    )
    (section,) = [one for one in result.sections if one.title == "What the pictures are worth"]
    return result, section


def test_shares_of_pictures_are_of_the_filters_that_could_be_asked():
    result, _ = seen()
    above = estimate(result, "look at the place of the unit that they answer to")
    assert (above.estimate, above.n) == (pytest.approx(2 / 3), 3)
    assert "of the 3 filters" in above.claim
    only = estimate(result, "peak there more when the same people show the unit")
    assert (only.estimate, only.n) == (pytest.approx(1 / 2), 2)
    alike = estimate(result, "the same from an untrained network")
    assert (alike.estimate, alike.n) == (pytest.approx(1 / 3), 3)
    assert result.tables["placing"] is PLACING
    assert result.tables["likeness"] is LIKENESS


def test_layers_are_counted_by_themselves():
    _, section = seen()
    rows = section.table.set_index("layer")
    assert rows.index.tolist() == ["conv1", "conv2"]
    assert rows["filters with a unit"].tolist() == [2, 2]
    assert rows["above chance there"].tolist() == [1, 1]
    assert rows["more with the unit"].tolist() == [1, 0]
    np.testing.assert_allclose(rows["share inside"], [0.4, 0.4])
    np.testing.assert_allclose(rows["by chance"], [0.2, 0.1])
    np.testing.assert_allclose(rows["of other filters"], [0.2, 0.2])
    assert rows["pictured"].tolist() == [2, 2]
    assert rows["as untrained"].tolist() == [1, 0]
    np.testing.assert_allclose(rows["likeness"], [0.6, 0.1])


@pytest.mark.parametrize("dtype", [str, object, float])
def test_a_part_of_the_evidence_may_be_empty(dtype):
    """A table of nothing has lost its type where it was read from disk."""
    nothing = pd.DataFrame({"filter": pd.Series([], dtype=dtype)})
    no_places, section = seen(placing=nothing)
    assert not [one for one in no_places.findings if "place" in one.claim]
    assert section.table["filters with a unit"].tolist() == [0, 0]
    assert "above chance there" not in section.table
    no_pictures, section = seen(likeness=nothing, refused="No method fits.")
    assert not [one for one in no_pictures.findings if "untrained" in one.claim]
    assert section.paragraphs[0] == "No method fits."
    assert section.table["pictured"].tolist() == [0, 0]
    neither, section = seen(nothing, nothing)
    assert section.table is None
    assert len(neither.findings) == len(RESULT.findings) + 1  # all filters together
