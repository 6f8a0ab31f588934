"""What the pages claim, compared with the associations they claim it from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.association.verdict import Verdicts
from facsinterp.report.answer import answer
from facsinterp.report.filterpages import FilterPages
from facsinterp.report.frontpage import clearest, showcase
from facsinterp.report.gallery import Cards
from facsinterp.report.overview import layer_verdicts
from facsinterp.report.survey import Survey
from facsinterp.report.wording import listed
from tests.report import runs, tables


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


def told(report, **changes):
    """The answer to a run with associations made by hand."""
    return answer(Survey.of(replace(report, associations=tables.associations(**changes))))


def test_the_answer_counts_what_the_associations_call_significant(report, survey):
    associations = report.associations
    text = " ".join(answer(survey))
    for test, said in (("beyond", "knowing more of an"), ("auroc", "answering to an")):
        found = int(associations.significant(test=test).any("au").sum())
        assert found > 0
        assert f"{found} of 10 filters passes the test of {said} action unit" in text
    assert "AU12 lip corner puller" in text
    assert "on 22 held-out subjects" in text
    assert f"{associations.data.attrs['family_size']} tests" in text
    assert f"would accept {associations.papers_rule().count}" in text
    assert f"At least {associations.data.attrs['at_least_beyond']['']} filter" in text
    assert text.endswith(
        "1 filter is dead: it answers to no face at all. 1 more answers to none of the held-out "
        "faces, though it answers to others."
    )


def test_the_claims_come_in_order_of_what_they_say(report):
    said = told(report)
    assert said[0] == (
        "3 of 10 filters pass the test of knowing more of an action unit than the emotion tells, "
        "on 22 held-out subjects, after correction for 14 tests, most often for AU12 lip corner "
        "puller and AU4 brow lowerer (2 filters each)."
    )
    assert said[1] == (
        "5 of 10 filters pass the test of answering to an action unit at all, after correction for "
        "21 tests, most often for AU12 lip corner puller, AU4 brow lowerer and AU1 inner brow "
        "raiser (3 filters each); 3 of them may only follow the emotion, which implies action "
        "units."
    ).replace("AU12 lip corner puller, AU4 brow lowerer and AU1 inner brow raiser", _most())
    assert said[2] == (
        "Passing means a corrected p of at most 0.05: of the pairs of a filter and a unit that "
        "pass a test, at most 5 % are expected to be false."
    )
    assert said[3].startswith("The rule of Breuer and Kimmel")
    assert said[3].endswith("would accept 1.")


def test_each_bound_has_its_own_sentence_and_its_own_confidence(report):
    """Both together hold with less confidence than each."""
    said = told(report)
    assert said[4:6] == (
        "At least 3 filters answer to an action unit, with 95 % confidence for this bound alone.",
        "At least 2 filters know one beyond the emotion, with 95 % confidence for this bound "
        "alone.",
    )
    none: dict[str, Any] = {"attrs": {"alpha": 0.1, "at_least_beyond": {"": 0}}}
    assert told(report, **none)[5] == (
        "No lower bound above 0 can be given on how many filters know one beyond the emotion, "
        "with 90 % confidence for this bound alone."
    )
    one: dict[str, Any] = {"attrs": {"at_least_auroc": {"": 1}, "at_least_beyond": {}}}
    assert told(report, **one)[4] == (
        "At least 1 filter answers to an action unit, with 95 % confidence."
    )


def _most():
    passes = tables.associations().significant().values
    counts = passes.sum(axis=0)
    names = {12: "AU12 lip corner puller", 4: "AU4 brow lowerer", 1: "AU1 inner brow raiser"}
    return listed([names[runs.UNITS[i]] for i in np.flatnonzero(counts == counts.max())])


def test_when_nothing_passes_the_answer_says_none(report):
    none = {"attrs": {"at_least_auroc": {"": 0}, "at_least_beyond": {"": 0}}}
    text = " ".join(told(report, q_auroc=1.0, q_beyond=1.0, **none))
    assert text.startswith("None of 10 filters is shown to know more of an action unit than")
    assert "None of 10 filters is shown to answer to an action unit at all" in text
    assert "expected to be false" not in text
    assert "most often" not in text
    assert "may only follow" not in text
    assert "would accept 1, which passes no test" in text
    assert text.count("No lower bound above 0 can be given on how many filters") == 2


def test_when_only_the_emotion_is_followed_the_answer_says_so(report):
    said = told(report, q_beyond=1.0)
    assert said[0].startswith("None of 10 filters is shown")
    assert "; all of them may only follow the emotion" in said[1]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status_beyond": "not asked"}, "was not asked."),
        (
            {"status_beyond": "no emotion", "attrs": {"n_units_beyond": 0}},
            "could not be tested: none of the held-out faces has a labelled emotion.",
        ),
        ({"status_beyond": "too few"}, "could not be tested: no action unit occurs in enough"),
    ],
)
def test_without_a_test_beyond_emotion_the_answer_says_why(report, changes, why):
    said = told(report, testable_beyond=False, q_beyond=np.nan, **changes)
    assert said[0].startswith(
        "5 of 10 filters pass the test of answering to an action unit on 22 held-out"
    )
    assert said[1].startswith(f"Whether any of them knows more than the emotion tells {why}")
    assert "may only follow" not in said[0]
    assert "know one beyond" not in " ".join(said)


def test_when_nothing_is_testable_the_answer_says_why(report):
    nothing = {"status": "too few", "status_beyond": "too few"}
    text = " ".join(told(report, q_auroc=np.nan, q_beyond=np.nan, **nothing))
    assert "No action unit could be tested" in text
    assert "Breuer" not in text


def test_a_null_without_bounds_gives_no_sentence_about_them(report):
    flips: dict[str, Any] = {"attrs": {"at_least_auroc": {}, "at_least_beyond": {}}}
    assert "confidence" not in " ".join(told(report, **flips))


def test_without_associations_the_answer_claims_nothing(report):
    text = " ".join(answer(Survey.of(replace(report, associations=None))))
    assert "made no associations" in text
    assert "Breuer" not in text


def test_the_rows_are_the_observations_of_the_associations(report, survey):
    units = Units.of(report.store, faces="held-out", unit="sequence")
    names = sorted(survey.faces.column("sequence")[survey.rows].tolist())
    assert names == sorted(units.names.tolist())
    peak = report.store.data["peak"].values[survey.rows]
    np.testing.assert_array_equal(np.sort(peak, axis=0), np.sort(units.activation, axis=0))


def test_the_rows_of_sequence_means_are_all_coded_held_out_faces(report):
    settings = Settings(unit="sequence-mean", permutations=99)
    present = report.store.data["present"].values.copy()
    present[:, 3] = False  # AU43 changes inside its sequence
    store = replace(report.store, data=report.store.data.assign(present=(("image", "au"), present)))
    means = associate(store, settings)
    survey = Survey.of(replace(report, associations=means))
    assert len(survey.rows) == runs.SUBJECTS // 2 * runs.EACH * 2


def test_every_filter_has_one_verdict_in_the_overview(report, survey):
    lines = layer_verdicts(survey)
    assert [line.layer for line in lines] == ["conv1", "conv2", ""]
    assert [line.filters for line in lines] == [4, 6, 10]
    kinds = Verdicts.of(report.associations).counts()
    assert dict(lines[-1].counts) == {kind: n for kind, n in kinds.items() if n}
    for line in lines:
        assert sum(n for _, n in line.counts) == line.filters
        assert line.at_least == report.associations.data.attrs["at_least_auroc"][line.layer]
        assert line.at_least_beyond == report.associations.data.attrs["at_least_beyond"][line.layer]


def test_the_clearest_filter_passes_beyond_the_emotion_where_one_does(report):
    survey = Survey.of(replace(report, associations=tables.associations()))
    chosen = {survey.claims.units[column]: at for column, at in clearest(survey).items()}
    # AU4: filter 1 is the best of all and passes with the emotion alone; filter 8 beyond it.
    assert chosen == {12: 0, 4: 8, 1: 2}
    shown = showcase(survey, 0, 0, ())
    assert shown.held_out == 0.87
    assert shown.others == 2
    alone = Survey.of(replace(report, associations=tables.associations(q_beyond=1.0)))
    again = {alone.claims.units[column]: at for column, at in clearest(alone).items()}
    assert again == {12: 0, 4: 1, 1: 2}, "the best of those that pass at all"


def test_the_held_out_filter_is_the_clearest_only_if_it_passes(report):
    others = Survey.of(
        replace(report, associations=tables.associations(best_filter=tables.FILTERS[3]))
    )
    again = {others.claims.units[column]: at for column, at in clearest(others).items()}
    assert again == {12: 7, 4: 8, 1: 2}, "one that does not pass is not shown"
    assert showcase(others, 0, 0, ()).held_out is None


def test_top_faces_are_those_of_precision(report, survey):
    """So many of the strip's faces carry the unit as P@N says, where there are no ties."""
    pages = FilterPages(survey, Cards(survey.faces, kept=True))
    data = report.associations.data
    (_, slab), *more = survey.slabs()
    assert not more
    for position in (0, 1, 4):
        peaks = {name: values[:, position] for name, values in slab.items()}
        cards = pages.faces(position, peaks, 12)
        pair = data.isel(filter=position).sel(au=12)
        if pair["precision_low"] != pair["precision_high"]:
            continue
        carrying = sum(any(chip.of_interest for chip in card.chips) for card in cards)
        assert carrying / len(cards) == pytest.approx(float(pair["precision_at_n"]))
        assert len({card.sequence for card in cards}) == len(cards)


def test_slabs_hold_every_filter_once(report, survey, monkeypatch):
    monkeypatch.setattr("facsinterp.report.survey._SLAB", 1)
    monkeypatch.setattr("facsinterp.report.survey._CHUNK", 3)
    parts = list(Survey.of(report).slabs())
    assert [(part.start, part.stop) for part, _ in parts] == [(0, 3), (3, 6), (6, 9), (9, 10)]
    whole = np.concatenate([slab["peak"] for _, slab in parts], axis=1)
    np.testing.assert_array_equal(whole, report.store.data["peak"].values[survey.rows])
