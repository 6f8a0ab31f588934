"""Cards for notebooks: every text is escaped, long text is cut, nothing is asked of a network."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp import notebook
from tests.cards import HOSTILE, read


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_any_kind_is_shown_as_text(text):
    webp = b"RIFF"
    card = notebook.card(
        text,
        notebook.heading(text),
        notebook.paragraph(text),
        notebook.note(text),
        notebook.facts([(text, text)]),
        notebook.table([text, text], [[text, text]], numbers=1),
        notebook.pictures([(webp, (text,)), (b"", (text, text))]),
    )
    found = read(card)
    cut = [notebook.cut(text, longest) for longest in (60, 320, 1000, 2000)]
    assert set(found.texts) <= {*cut}
    assert found.texts.count(notebook.cut(text)) >= 7
    assert found.alternatives == [notebook.cut(text)]


@given(st.text(max_size=400))
def test_no_text_makes_an_element(text):
    plain = read(notebook.card("x", notebook.table(["x"], [["x"]])))
    found = read(notebook.card(text, notebook.table([text], [[text]])))
    assert found.tags == plain.tags


def test_the_parser_of_these_tests_sees_what_is_not_escaped():
    with pytest.raises(AssertionError):
        read("<div><script>alert(1)</script></div>")
    with pytest.raises(AssertionError):
        read('<div><img alt="" onerror="x" src="data:image/webp;base64,"></div>')
    with pytest.raises(AssertionError):
        read('<div style="background:url(http://a)"></div>')


def test_a_card_that_would_be_huge_leaves_parts_out_and_says_so():
    part = notebook.paragraph("&" * 2000)
    card = notebook.card("many", *[part] * 100)
    assert len(card) < 200_000
    assert read(card).texts[-1].startswith("The rest is left out")
    assert len(notebook.card("few", part)) > len(part)


def test_long_text_keeps_its_beginning():
    assert notebook.cut("a" * 10, 10) == "a" * 10
    assert notebook.cut("a" * 11, 10) == "a" * 8 + " …"


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.957, "0.96"), (-0.1, "−0.10"), (-0.001, "0.00"), (math.nan, "–"), (None, "–"),
     (math.inf, "–"), (1308.0, "1,308.00")],
)  # fmt: skip
def test_numbers(value, told):
    assert notebook.number(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0"), (3.0, "3"), (1308.2, "1,308"), (41.23, "41.2"), (4.123, "4.12"), (0.0123, "0.012"),
     (0.115, "0.115"), (-2.1e-5, "−2.1e−05"), (None, "–")],
)  # fmt: skip
def test_significant_digits(value, told):
    assert notebook.significant(value) == told


def test_a_probability_is_never_zero_and_an_interval_is_left_out_whole():
    assert notebook.probability(1e-30) == "1.0e−30"
    assert notebook.probability(0.0312) == "0.031"
    assert notebook.probability(math.nan) == "–"
    assert notebook.interval("0.9", "0.8", "–") == "0.9"
    assert notebook.interval("0.9", "0.8", "1.0") == "0.9 [0.8, 1.0]"
