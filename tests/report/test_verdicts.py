"""Every kind of verdict in words, and the numbers of a row that they are made from."""

import numpy as np
import pytest

from facsinterp.association.margins import STATUSES, TESTED
from facsinterp.association.verdict import KINDS, Verdicts
from facsinterp.report.reading.claims import read_claims, reason_beyond
from facsinterp.report.words.followed import Brief, Followed, Shown, brief, shown
from facsinterp.report.words.reachable import beyond_words, out_of_reach
from facsinterp.report.words.verdicts import LEGEND, RULES, SHORT, verdict_of
from tests.report import tables


def claims_of(**changes):
    return read_claims(tables.associations(**changes), len(tables.FILTERS))


CLAIMS = claims_of()


def told(position, claims=CLAIMS, *, dead=False):
    return verdict_of(claims, position, dead=dead, faces="held-out faces")


def test_every_kind_has_its_words():
    assert set(SHORT) == set(LEGEND) == set(RULES) == set(KINDS)


def test_the_rules_are_told_in_the_order_in_which_they_are_asked():
    """Each filter gets the first rule that holds, so a rule may only hide those behind it."""
    order = list(RULES)
    assert order.index("dead") < order.index("constant") < order.index("untestable")
    assert order.index("beyond") < order.index("answers") < order.index("emotion")
    assert order[-1] == "nothing"


def test_the_verdicts_are_those_of_the_associations():
    assert CLAIMS.kind.tolist() == list(tables.KINDS)
    decided = Verdicts.of(tables.associations())
    for position, kind in enumerate(tables.KINDS):
        assert told(position).kind == kind
        if decided.column[position] >= 0:
            assert CLAIMS.named[position] == decided.column[position]
    assert np.flatnonzero(CLAIMS.silenced).tolist() == list(tables.SILENCED)


def test_beyond_the_emotion():
    verdict = told(0)
    assert verdict.badge == "AU12 beyond the emotion"
    assert verdict.sentence == (
        "Is shown to answer to AU12 lip corner puller beyond the emotion (AUROC 0.91 [0.85, 0.95], "
        "within subjects 0.88; beyond emotion z = 4.2, corrected p = 0.003). Also beyond the "
        "emotion: AU4. Passes without more than the emotion shown: AU1."
    )


def test_with_the_emotion():
    verdict = told(1)
    assert verdict.badge == "AU4 with the emotion"
    assert verdict.sentence == (
        "Is shown to answer with the emotion: AU4 brow lowerer passes (AUROC 0.50 [0.40, 0.60], "
        "within subjects 0.51; z = 5.0, corrected p = 0.003), but nothing shows that it knows the "
        "unit beyond what the emotion tells (z = 1.1, corrected p = 0.70)."
    )


def test_what_was_not_tested_beyond_the_emotion_says_why():
    verdict = told(2)
    assert verdict.badge == "AU1"
    assert "Is shown to answer to AU1 inner brow raiser (AUROC 0.50" in verdict.sentence
    assert (
        "Whether it knows more than the emotion tells was not tested: no filter could reach a "
        "small enough p by the shuffles of this test. It also passes for AU4." in verdict.sentence
    )
    none = claims_of(
        status_beyond="not asked", testable_beyond=False, z_beyond=np.nan, q_beyond=np.nan
    )
    assert "was not tested: the run did not ask for this test" in told(0, none).sentence
    assert told(0, none).badge == "AU12"


def test_nothing_passes():
    verdict = told(3)
    assert verdict.badge == "nothing shown"
    assert verdict.sentence.startswith(
        "No action unit passes after correction. The nearest is AU4 brow lowerer (AUROC 0.50"
    )


def test_a_silenced_filter_is_no_detector():
    assert told(7).badge == "silenced by AU12 beyond the emotion"
    assert told(7).sentence.startswith(
        "Is shown to be silenced by AU12 lip corner puller beyond the emotion: it answers less "
        "where the unit is present (AUROC"
    )
    assert told(7).sentence.count("z = −5.0") == 1
    assert told(9).sentence.startswith(
        "Is shown to be silenced with the emotion: AU12 lip corner puller passes"
    )
    alone = claims_of(
        status_beyond="no emotion", testable_beyond=False, z_beyond=np.nan, q_beyond=np.nan
    )
    assert told(7, alone).sentence.startswith(
        "Is shown to be silenced by AU12 lip corner puller: it answers less where the unit "
        "is present (AUROC"
    )


def test_what_only_the_test_beyond_finds_is_told_so():
    """Filter 8 passes for AU4 beyond the emotion; the first test of AU4 does not find it."""
    verdict = told(8)
    assert verdict.alone
    assert not told(0).alone
    assert verdict.badge == "AU4 beyond the emotion only"
    assert verdict.sentence == (
        "AU4 brow lowerer adds something beyond the emotion (z = 4.0, corrected p = 0.003), "
        "but the filter is not shown to answer to it at all (AUROC 0.50 [0.40, 0.60], "
        "within subjects 0.51; z = 1.2, corrected p = 0.70)."
    )
    assert brief(verdict, CLAIMS.row(8, 1), None, None, silenced=False) == Brief(
        "",
        "AU4 brow lowerer",
        " adds something beyond the emotion, but the filter is not shown to answer to it at all",
    )
    assert "does not require the test of answering" in LEGEND["beyond"]
    assert "does not require the first test" in RULES["beyond"]
    untested = claims_of(
        status="too few", testable=False, **dict.fromkeys(("z", "p_auroc", "q_auroc"), np.nan)
    )
    assert not told(8, untested).alone, "it was not asked"


def test_an_emotion_is_named_only_where_it_can_stand_for_the_unit():
    """At least half of its faces show the unit, or twice as many as of all; never fewer."""
    for n, of, all_n, all_of, stands in (
        (5, 10, 20, 100, True),  # half
        (4, 10, 20, 100, True),  # twice the base rate
        (3, 10, 20, 100, False),
        (5, 10, 60, 100, False),  # half, but fewer than of all
        (0, 10, 0, 100, False),
        (0, 0, 20, 100, False),
    ):
        assert Shown("AU6", n, of, all_n, all_of).stands is stands
    found = shown(
        "happy",
        "AU6",
        np.array(["happy", "happy", "happy", "anger", ""]),
        np.array([True, True, False, True, True]),
        np.array([True, False, False, False, True]),
    )
    assert found == Shown("AU6", 1, 2, 1, 3)
    assert found.sentence == (
        "AU6 shows on 1 of 2 of these faces, and on 1 of 3 with a labelled emotion."
    )
    follows = Followed("happy", 0.9, 10, 90)
    row, named = CLAIMS.row(1, 1), told(1)
    for counts, after in (((5, 10, 20, 100), "emotion happy"), ((1, 10, 20, 100), "emotion")):
        line = brief(named, row, follows, Shown("AU4", *counts), silenced=False)
        assert line.after == f"; nothing shown beyond the {after}"


def test_what_no_filter_could_reach_is_said():
    """Of 14 tests with 4 passing pairs one more needs p of at most 0.05 x 5 / 14 = 0.0179."""
    assert int(CLAIMS.passes_beyond.sum()) == 4
    assert "could not have passed" not in told(1).sentence
    assert beyond_words(CLAIMS, 1) == (
        "varies inside 2 of 2 emotions; no filter could reach a p below 2.0 × 10⁻⁹"
    )
    assert beyond_words(CLAIMS, 2) == "", "not tested"
    said = (
        "even a perfect filter could not have passed here: the least p is 0.018, and after "
        "correction for 14 tests one more pair needs 0.018"
    )
    short = claims_of(attainable_p_beyond=0.009)
    assert out_of_reach(short, 1) == said, "two sides: twice the tail"
    assert f"corrected p = 0.70). Beyond the emotion {said}." in told(1, short).sentence
    assert said not in told(0, short).sentence
    assert out_of_reach(claims_of(attainable_p_beyond=0.0089), 1) == ""
    assert out_of_reach(claims_of(attainable_p_beyond=0.009, attrs={"sides": "one"}), 1) == ""
    first = claims_of(attainable_p_beyond=0.009, attrs={"correction": "hierarchical"})
    assert out_of_reach(first, 1) == ""
    cells = claims_of(n_informative_beyond=1, attrs={"beyond": "within-subject-and-emotion"})
    assert beyond_words(cells, 0).startswith("varies inside 1 pair of a person and an emotion;")


def test_what_tells_no_faces_apart():
    assert told(4).sentence == "Not tested: it answers to all of the held-out faces alike."
    assert told(5, dead=True).sentence.startswith("Dead: this filter answers to none of the faces")
    assert (told(5, dead=True).badge, told(5).badge) == ("dead", "inactive")
    assert told(5).sentence == (
        "Not tested: it answers to none of the held-out faces, though it answers to other faces."
    )


def test_what_could_not_be_tested_names_units_and_reasons():
    claims = claims_of(
        status=np.array(["too few", "absent", "too few", "too few"]),
        status_beyond="too few",
        testable=False,
        testable_beyond=False,
        **dict.fromkeys(("z", "p_auroc", "q_auroc", "z_beyond", "p_beyond", "q_beyond"), np.nan),
    )
    assert told(0, claims).badge == "not testable"
    assert told(0, claims).sentence == (
        "No action unit could be tested on the held-out faces: AU1, AU12 and AU43 (too few faces "
        "or subjects with it, or without it); AU4 (present in no coded face)."
    )
    assert claims.named[0] == -1


def test_each_claim_has_its_own_reasons():
    """A unit present in coded faces may be absent from those with a labelled emotion."""
    row = claims_of(
        status_beyond=np.array(["absent", "everywhere", "too few", "constant within"])
    ).row
    for column, told_beyond in enumerate(
        (
            "present in no coded face with a labelled emotion",
            "present in every coded face with a labelled emotion",
            "too few faces or subjects with it, or without it, among those with a labelled emotion",
            "it varies nowhere that this test shuffles",
        )
    ):
        assert row(0, column).reason_beyond == told_beyond
    assert row(0, 0).reason == ""
    assert row(0, 3).reason == "too few faces or subjects with it, or without it"
    assert {reason_beyond(status) != "" for status in STATUSES if status != TESTED} == {True}
    assert reason_beyond(TESTED) == ""


def test_a_test_beyond_emotion_stands_where_the_first_could_not_be_made():
    """Habits do not vary within subjects, but may within an emotion."""
    claims = claims_of(
        status="constant within",
        testable=False,
        **dict.fromkeys(("z", "p_auroc", "q_auroc"), np.nan),
    )
    assert told(0, claims).kind == "beyond"
    assert claims.row(0, 0).tested
    assert not claims.row(0, 2).tested
    assert told(3, claims).sentence == "No action unit passes after correction."
    assert claims.named[3] == -1


def test_without_associations():
    claims = read_claims(None, 3)
    assert "no associations" in told(0, claims).sentence
    assert told(0, claims).kind == ""
    assert told(0, claims, dead=True).sentence.startswith("Dead:")
    assert claims.rows(0) == ()


def test_a_row_holds_the_numbers_of_its_pair():
    data = tables.associations().data
    row = CLAIMS.row(0, 0)
    for name in ("auroc", "z", "z_beyond", "q_beyond", "kl_null", "p_auroc_max"):
        assert row[name] == pytest.approx(float(data[name][0, 0]))
    assert row["n_present"] == 35
    assert CLAIMS.row(0, 3)["q_auroc"] is None
    assert CLAIMS.row(0, 3).reason == "too few faces or subjects with it, or without it"
    assert [row.unit for row in CLAIMS.rows(0)] == [1, 4, 12, 43]


def test_a_pair_without_a_test_has_no_way():
    assert CLAIMS.row(0, 0).ways["auroc"] == "saddlepoint"
    assert "auroc" not in CLAIMS.row(0, 3).ways


def test_bounds_are_only_of_claims_that_were_tested():
    assert CLAIMS.at_least("auroc") == 3
    assert CLAIMS.at_least("beyond", "conv1") == 1
    assert claims_of(status_beyond="not asked").at_least("beyond") is None
    assert claims_of(attrs={"at_least_auroc": {}}).at_least("auroc") is None
