import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from facsinterp.report import wording

MISSING = [None, math.nan, np.float32("nan"), math.inf, -math.inf]
FORMATS = [
    wording.number,
    wording.count,
    wording.significant,
    wording.exact,
    wording.percent,
    wording.probability,
    wording.value,
]


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("words", FORMATS)
def test_what_is_missing_is_a_dash(words, missing):
    assert words(missing) == "–"


@given(st.floats() | st.integers(-(10**12), 10**12) | st.none())
def test_no_format_shows_nan_or_fails(number):
    for words in FORMATS:
        text = words(number)
        assert text
        assert "nan" not in text.lower()
        assert "inf" not in text.lower()


@given(st.floats(0, 1))
def test_only_all_is_100_percent_and_only_none_is_0(share):
    text = wording.percent(share)
    assert (text == "100\N{NO-BREAK SPACE}%") == (share == 1)
    assert (text == "0\N{NO-BREAK SPACE}%") == (share == 0)


@given(st.floats(min_value=1e-12, max_value=1))
def test_a_p_value_is_never_shown_as_0(p):
    text = wording.probability(p)
    assert any(digit in text for digit in "123456789")


@pytest.mark.parametrize(
    ("p", "text"),
    [(1.0, "1.00"), (0.25, "0.25"), (0.0314, "0.031"), (0.001, "0.001"), (2.14e-5, "2.1 × 10⁻⁵")],
)
def test_p_values(p, text):
    assert wording.probability(p) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1308, "1,308"),
        (41.23, "41.2"),
        (3.0, "3"),
        (0.1234, "0.12"),
        (0.0123, "0.012"),
        (-2.5, "−2.50"),
        (2.5e-7, "2.5 × 10⁻⁷"),
    ],
)
def test_sizes_of_any_order(size, text):
    assert wording.significant(size) == text


def test_minus_is_a_minus_and_zero_has_no_sign():
    assert wording.number(-0.5) == "−0.50"
    assert wording.number(-0.0001) == "0.00"


def test_intervals():
    assert wording.with_interval(0.961, 0.93, 0.98) == "0.96 [0.93, 0.98]"
    assert wording.with_interval(0.961, math.nan, 0.98) == "0.96"
    assert wording.with_interval(None, 0.1, 0.2) == "– [0.10, 0.20]"
    assert wording.finding_interval(0.12, 0.09, 0.16) == "0.12 [0.09, 0.16]"
    assert wording.finding_interval(0.12, 0.003, 0.31) == "0.120 [0.003, 0.310]"
    assert wording.finding_interval(370, 300.2, 410) == "370 [300, 410]"
    assert wording.finding_interval(None, None, None) == "–"


def test_a_dash_tells_its_reason_and_escapes_it():
    told = wording.or_reason("–", "too <few>")
    assert isinstance(told, Markup)
    assert "too &lt;few&gt;" in told
    assert wording.or_reason("0.5", "too few") == "0.5"
    assert wording.or_reason("–", "") == "–"


@pytest.mark.parametrize(
    ("thing", "text"),
    [
        ("word", "word"),
        ("", "–"),
        (True, "yes"),
        (np.False_, "no"),
        (12, "12"),
        (pd.NA, "–"),
        (pd.NaT, "–"),
        (("a", 1), "('a', 1)"),
    ],
)
def test_cells_of_any_kind(thing, text):
    assert wording.value(thing) == text


def test_words():
    assert wording.plural(1, "filter") == "1 filter"
    assert wording.plural(0, "filter") == "no filters"
    assert wording.plural(1200, "face") == "1,200 faces"
    assert wording.listed([]) == ""
    assert wording.listed(["AU1"]) == "AU1"
    assert wording.listed(["AU1", "AU2", "AU5"]) == "AU1, AU2 and AU5"
    assert wording.capital("no face of AU12") == "No face of AU12"
    assert wording.capital("") == ""
    assert wording.letter(3) == "C"
    assert wording.letter(math.nan) == ""
