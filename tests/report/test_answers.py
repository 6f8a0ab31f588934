"""What the pages claim, compared with the associations they claim it from."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.units import Units
from facsinterp.association.verdict import Verdicts
from facsinterp.report.charts.cloud import cloud, cloud_words
from facsinterp.report.charts.overview import layer_verdicts
from facsinterp.report.pages.index import clearest, heats, showcase
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.controls import arms
from facsinterp.report.reading.showing import cards_of, faces_of
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import listed
from facsinterp.report.words.answer import answer, more
from facsinterp.report.words.beside import lines, seeds
from tests.report import runs, tables


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


def made(report, **changes):
    """A run with associations made by hand."""
    return Survey.of(replace(report, associations=tables.associations(**changes)))


def told(report, **changes):
    """The answer to a run with associations made by hand."""
    return answer(made(report, **changes))


def added(report, **changes):
    """What is added to the answer."""
    return more(made(report, **changes))


def control(arm, seed, **changes):
    """A control with as many filters as the run, and other numbers."""
    return ControlRun(arm, f"words of {arm}", seed, True, tables.associations(**changes))


def test_the_answer_counts_what_the_associations_call_significant(report, survey):
    associations = report.associations
    text = " ".join((*answer(survey), *more(survey)))
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
    assert said[2].startswith("The rule of Breuer and Kimmel")
    assert said[2].endswith("would accept 1, which passes a test.")
    assert len(said) == 3
    assert added(report)[0] == (
        "Passing means a corrected p of at most 0.05: of the pairs of a filter and a unit that "
        "pass a test, at most 5 % are expected to be false."
    )


def test_each_bound_has_its_own_sentence_and_its_own_confidence(report):
    """Both together hold with less confidence than each."""
    said = added(report)
    assert said[1:3] == (
        "At least 3 filters answer to an action unit, with 95 % confidence for this bound alone.",
        "At least 2 filters know one beyond the emotion, with 95 % confidence for this bound "
        "alone.",
    )
    none: dict[str, Any] = {"attrs": {"alpha": 0.1, "at_least_beyond": {"": 0}}}
    assert added(report, **none)[2] == (
        "No lower bound above 0 can be given on how many filters know one beyond the emotion, "
        "with 90 % confidence for this bound alone."
    )
    one: dict[str, Any] = {"attrs": {"at_least_auroc": {"": 1}, "at_least_beyond": {}}}
    assert added(report, **one)[1] == (
        "At least 1 filter answers to an action unit, with 95 % confidence."
    )


def _most():
    passes = tables.associations().significant().values
    counts = passes.sum(axis=0)
    names = {12: "AU12 lip corner puller", 4: "AU4 brow lowerer", 1: "AU1 inner brow raiser"}
    return listed([names[runs.UNITS[i]] for i in np.flatnonzero(counts == counts.max())])


def test_when_nothing_passes_the_answer_says_none(report):
    none = {"attrs": {"at_least_auroc": {"": 0}, "at_least_beyond": {"": 0}}}
    nothing: dict[str, Any] = {"q_auroc": 1.0, "q_beyond": 1.0, **none}
    text = " ".join((*told(report, **nothing), *added(report, **nothing)))
    assert text.startswith("None of 10 filters is by itself shown to know more of an action unit")
    assert "counted together" not in text
    assert "None of 10 filters is by itself shown to answer to an action unit at all" in text
    assert "expected to be false" not in text
    assert "most often" not in text
    assert "may only follow" not in text
    assert "would accept 1, which passes no test" in text
    assert text.count("No lower bound above 0 can be given on how many filters") == 2


def test_a_bound_above_what_passes_says_that_it_names_none(report):
    """A bound is on how many filters there are; which they are it does not say."""
    few: dict[str, Any] = {"attrs": {"at_least_auroc": {"": 5}, "at_least_beyond": {"": 4}}}
    auroc, beyond = added(report, **few)[1:3]
    assert auroc.endswith("for this bound alone."), "as many as pass"
    assert beyond == (
        "At least 4 filters know one beyond the emotion, with 95 % confidence for this bound "
        "alone, though only 3 can be named: the bound counts filters together and names none."
    )
    none = few | {"q_auroc": 1.0, "q_beyond": 1.0}
    assert added(report, **none)[0] == (
        "At least 5 filters answer to an action unit, with 95 % confidence for this bound alone, "
        "though none can be named: the bound counts filters together and names none."
    )
    said = told(report, **none)
    assert said[0].endswith("for 14 tests; counted together, at least 4 of them can be said to.")
    assert "None of 10 filters is by itself shown to answer to" in said[1]
    assert "; counted together, at least 5 of them can be said to." in said[1]


def test_when_only_the_emotion_is_followed_the_answer_says_so(report):
    said = told(report, q_beyond=1.0)
    assert said[0].startswith("None of 10 filters is by itself shown")
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
    assert len(said) == 3
    beyond = added(report, testable_beyond=False, q_beyond=np.nan, **changes)
    assert "know one beyond" not in " ".join(beyond)


def test_when_nothing_is_testable_the_answer_says_why(report):
    nothing = {"status": "too few", "status_beyond": "too few"}
    said = told(report, q_auroc=np.nan, q_beyond=np.nan, **nothing)
    assert len(said) == 1
    assert "No action unit could be tested" in said[0]
    assert "dead" in added(report, q_auroc=np.nan, q_beyond=np.nan, **nothing)[0]


def test_a_null_without_bounds_gives_no_sentence_about_them(report):
    flips: dict[str, Any] = {"attrs": {"at_least_auroc": {}, "at_least_beyond": {}}}
    assert "confidence" not in " ".join(added(report, **flips))


def test_without_associations_the_answer_claims_nothing(report):
    bare = Survey.of(replace(report, associations=None))
    assert answer(bare) == (
        "This run looked at 10 filters and made no associations with action units.",
    )
    assert more(bare) == ("1 filter is dead: it answers to no face at all.",)
    assert cloud(bare) is None


CONTROLS = (
    control("untrained", 1, q_beyond=1.0),
    control("untrained", 2, q_auroc=1.0, q_beyond=1.0),
    control("shuffled-labels", 1),
)


def test_the_answer_counts_the_controls_beside_the_network(report):
    """Of each kind of control the median over its seeds: of 5 and 0 filters 2.5."""
    associations = tables.associations()
    beside = replace(report, associations=associations, controls=CONTROLS)
    said = answer(Survey.of(beside))
    assert len(said) == 3
    assert said[1].endswith(
        " (controls by the same tests: untrained 2.5 in the median of 2 seeds, none beyond the "
        "emotion; shuffled labels 5, 3 beyond the emotion)."
    )
    alone = answer(Survey.of(replace(beside, controls=())))
    assert "controls" not in " ".join(alone)


def test_a_median_counts_only_the_seeds_that_it_is_over(report):
    """One of three seeds could test nothing, one no unit beyond the emotion."""
    none = {"status": "too few", "testable": False}
    beyond = {"status_beyond": "too few", "testable_beyond": False}
    runs_of = (
        control("untrained", 1),
        control("untrained", 2, **beyond),
        control("untrained", 3, **none, **beyond),
    )
    associations = tables.associations()
    survey = Survey.of(replace(report, associations=associations, controls=runs_of))
    (arm,) = arms(survey.controls, survey.layer_names)
    assert (arm.seeds("answers"), arm.seeds("beyond"), arm.uneven) == (2, 1, True)
    assert (
        "untrained 5 in the median of 2 seeds, 3 beyond the emotion in 1 of them"
        in (answer(survey)[1])
    )
    assert seeds(arm) == (
        "median of 2 seeds, of 1 beyond the emotion; fewer where a unit could not be tested in each"
    )
    same = Survey.of(replace(report, associations=associations, controls=CONTROLS))
    assert [seeds(arm) for arm in arms(same.controls, same.layer_names)] == [
        "median of 2 seeds",
        "one seed",
    ]
    told = lines(survey.controls, survey.claims, "conv1/000", 0, 12)
    assert (told[1].passes, told[1].verdict) == ("in 2 of 2", "beyond the emotion in 1 of 1")


def test_controls_without_a_layer_of_the_network_are_not_counted_beside_it(report):
    data = tables.associations().data
    other = data.assign_coords(filter=[f"bank/{i:03d}" for i in range(data.sizes["filter"])])
    bank = ControlRun("gabor", "a bank", None, False, replace(tables.associations(), data=other))
    survey = Survey.of(replace(report, associations=tables.associations(), controls=(bank,)))
    assert arms(survey.controls, survey.layer_names) == ()
    assert "controls" not in answer(survey)[1]


def test_the_heat_map_has_the_controls_below_each_layer(report):
    survey = Survey.of(replace(report, associations=tables.associations(), controls=CONTROLS))
    beyond, at_all = heats(survey)
    assert [heat.claim for heat in (beyond, at_all)] == ["beyond", "answers"]
    assert [(line.layer, line.arm) for line in at_all.lines] == [
        (layer, arm) for layer in ("conv1", "conv2") for arm in ("", "untrained", "shuffled labels")
    ]
    passes = tables.associations().significant().values
    column = runs.UNITS.index(12)
    network, untrained, shuffled = (line.squares for line in at_all.lines[:3])
    place = [unit for unit, *_ in at_all.units].index(12)
    inside = int(passes[:4, column].sum())
    assert network[place].n == shuffled[place].n == inside
    assert untrained[place].n == inside / 2
    assert untrained[place].share == inside / 2 / 4
    assert at_all.lines[1].any_unit == passes[:4].any(axis=1).sum() / 2
    largest = max(square.share for line in at_all.lines for square in line.squares)
    assert at_all.top == largest, "one scale of colours for the network and its controls"
    assert all(square.n == 0 for square in beyond.lines[1].squares)


def test_every_filter_with_a_tested_unit_is_a_point_that_leads_to_it(report):
    survey = Survey.of(replace(report, associations=tables.associations(), controls=CONTROLS))
    drawn = cloud(survey)
    assert drawn is not None
    traces = drawn.figure["data"]
    network = [trace for trace in traces if "customdata" in trace]
    links = [link for trace in network for link in trace["customdata"]]
    assert len(links) == len(set(links)) == drawn.drawn + drawn.below
    assert drawn.drawn + drawn.below + drawn.left_out == 10
    for trace in network:
        for link, x, words in zip(trace["customdata"], trace["x"], trace["text"], strict=True):
            place = survey.addresses.index(link)
            column = int(survey.claims.named[place])
            assert str(survey.filters[place]) in words
            assert x == pytest.approx(survey.claims.pair["auroc"][place, column], abs=5e-4)
            assert trace["name"] in (
                "beyond the emotion",
                "with the emotion",
                "answers",
                "nothing shown",
            )
    told = [trace["name"] for trace in traces if trace.get("showlegend") and "x" in trace]
    assert len(told) == len(set(told))
    assert {"control: untrained", "control: shuffled labels"} <= set(told)
    words = cloud_words(drawn)
    assert "controls: untrained and shuffled labels" in words
    assert "Its unit is the best of 3, which by chance alone lifts" in words
    assert "compare it with the grey marks, not with 0.5. Green points have theirs by the" in words
    axis = drawn.figure["layout"]["xaxis"]["title"]["text"]
    assert axis == "AUROC of its unit, the best of 3"
    bare = cloud(Survey.of(replace(report, associations=tables.associations())))
    assert bare is not None
    assert "grey marks" not in cloud_words(bare)


def test_a_point_of_a_filter_with_a_hostile_name_has_no_markup_in_its_words(report):
    survey = Survey.of(replace(report, associations=tables.associations()))
    evil = replace(survey.filters[0], layer='<a href="javascript:alert(1)">')
    drawn = cloud(replace(survey, filters=(evil, *survey.filters[1:])))
    assert drawn is not None
    assert "<a" not in str(drawn.figure)


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
    assert shown.others == 2
    alone = Survey.of(replace(report, associations=tables.associations(q_beyond=1.0)))
    again = {alone.claims.units[column]: at for column, at in clearest(alone).items()}
    assert again == {12: 0, 4: 1, 1: 2}, "the best of those that pass at all"


def test_the_best_filter_is_the_clearest_only_if_it_passes(report):
    others = Survey.of(
        replace(report, associations=tables.associations(best_filter=tables.FILTERS[3]))
    )
    again = {others.claims.units[column]: at for column, at in clearest(others).items()}
    assert again == {12: 7, 4: 8, 1: 2}, "one that does not pass is not shown"


def test_top_faces_are_those_of_precision(report, survey):
    """So many of the strip's faces carry the unit as P@N says, where there are no ties."""
    data = report.associations.data
    for position in (0, 1, 4):
        cards = faces_of(survey, cards_of(survey), position, 12)
        pair = data.isel(filter=position).sel(au=12)
        if pair["precision_low"] != pair["precision_high"]:
            continue
        carrying = sum(any(chip.of_interest for chip in card.chips) for card in cards)
        assert carrying / len(cards) == pytest.approx(float(pair["precision_at_n"]))
        assert len({card.sequence for card in cards}) == len(cards)


def test_slabs_hold_every_filter_once(report, survey, monkeypatch):
    monkeypatch.setattr("facsinterp.report.reading.survey._SLAB", 1)
    monkeypatch.setattr("facsinterp.report.reading.survey._CHUNK", 3)
    again = Survey.of(report)
    np.testing.assert_array_equal(again.strongest.face, survey.strongest.face)
    np.testing.assert_array_equal(
        again.strongest.largest, report.store.data["peak"].values[survey.rows].max(axis=0)
    )
    np.testing.assert_array_equal(
        survey.peaks(slice(3, 5)), report.store.data["peak"].values[survey.rows, 3:5]
    )
