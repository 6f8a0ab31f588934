"""What the region test and the likeness with untrained networks become in words."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from facsinterp.report.words.placed import doubts, place_lines, place_numbers
from tests.report.runs import likeness, placed


def said(row, **options):
    """Texts and kinds; no line ends between a number and its unit."""
    lines = [(line.text, line.kind) for line in place_lines(row, 0.05, **options)]
    assert not any(" %" in text for text, _ in lines)
    return [(text.replace("\N{NO-BREAK SPACE}", " "), kind) for text, kind in lines]


def test_a_filter_that_looks_at_its_unit():
    (where, first), (then, second) = said(placed())
    assert where == (
        "Its attribution lies at the place of AU12 more than evenly spread: 42 % [31 %, 53 %] "
        "where AU12 lip corner puller shows, 12 % if spread evenly over all that the layer can "
        "see (corrected p 0.003); of other filters of conv1, 20 % (uncorrected p 0.040 among "
        "them)."
    )
    assert then == (
        "It peaks there more when AU12 shows: 50 % of its peaks lie there on faces with AU12, 10 % "
        "on faces of the same people without (difference 0.40 [0.30, 0.50]; 0.35 in a region that "
        "stands still; corrected p of the weaker 0.010)."
    )
    assert (first, second) == ("answers", "answers")


def test_at_alpha_a_test_passes_and_beyond_it_does_not():
    row = placed(q_chance=0.05, q_presence=0.05)
    assert [kind for _, kind in said(row)] == ["answers"] * 2
    row = placed(q_chance=0.0501, q_presence=0.0501)
    (where, first), (then, second) = said(row)
    assert where.startswith("Nothing shows that its attribution lies at the place of AU12")
    assert then.startswith("Nothing shows that it peaks there more when AU12 shows:")
    assert (first, second) == ("", "")


def test_where_others_look_as_much_a_place_is_no_good_news():
    (where, kind), _ = said(placed(p_assignment=0.06))
    assert where.endswith("Other filters look there as much, so it says little of this one.")
    assert kind == ""


def test_peaks_stand_for_attributions_where_there_are_none():
    assert said(placed(), peaks=True)[0][0].startswith("Its peaks lie at the place of AU12")


def test_what_was_not_tested_is_told_with_its_reason():
    row = placed(q_chance=math.nan, q_presence=math.nan, reason="AU99 has no region on the face")
    assert said(row) == [("Not told: AU99 has no region on the face.", "")]


@pytest.mark.parametrize("name", ["expected", "p_assignment"])
def test_without_other_filters_nothing_is_said_of_them(name):
    (text, _), _ = said(placed(**{name: math.nan}))
    assert "nan" not in text
    assert "among them" not in text
    assert ("of other filters" in text) == (name == "p_assignment")


def test_a_filter_without_a_unit_has_no_lines():
    assert said(None) == []
    assert place_numbers(None) == ()
    assert list(doubts(None)) == []


def test_the_further_numbers():
    assert place_numbers(placed()) == (
        ("Inside the region", "3.5 × the share of what the layer can see"),
        ("Overlap of map and region (IoU)", "0.123, p 0.050 among filters"),
        ("Rests on", "9 faces of 7 people"),
    )
    few = placed(enrichment=math.nan, iou_p=math.nan, n_faces=1, n_subjects=1)
    assert place_numbers(few) == (
        ("Overlap of map and region (IoU)", "0.123"),
        ("Rests on", "1 face of 1 person"),
    )
    assert place_numbers(placed(enrichment=math.nan, iou=math.nan, n_faces=0)) == ()


def test_whole_numbers_that_a_table_keeps_as_floats():
    assert place_numbers(placed(n_faces=9.0, n_subjects=7.0))[-1] == (
        "Rests on",
        "9 faces of 7 people",
    )
    assert "Rests on" not in dict(place_numbers(placed(n_faces=math.nan, n_subjects=math.nan)))


def test_only_what_an_untrained_network_draws_too_is_a_doubt(tmp_path):
    """As the tables come back from their files: true, false and not known."""
    likeness().to_parquet(tmp_path / "a.parquet", index=False)
    rows: list[Any] = pd.read_parquet(tmp_path / "a.parquet").to_dict("records")
    found = [next(iter(doubts(row))) for row in rows]
    assert [line.kind for line in found] == ["doubt", "", ""]
    assert [line.text for line in found] == [row["words"] for row in rows]


@pytest.mark.parametrize(
    ("same", "kind"),
    [(np.True_, "doubt"), (np.False_, ""), (None, ""), (pd.NA, ""), (math.nan, "")],
)
def test_whatever_stands_for_true_false_or_not_known(same, kind):
    (line,) = doubts({"words": "Would look the same.", "same": same})
    assert line.kind == kind
