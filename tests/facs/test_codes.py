"""Code strings: every spelling in use is read, nothing raises, nothing is lost silently."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.facs import LETTERS, SIDES, Code, Reading, format_codes, merge, parse

codes = st.builds(
    Code,
    unit=st.integers(1, 99),
    intensity=st.none() | st.integers(1, 5),
    side=st.sampled_from(["", *SIDES]),
    certain=st.booleans(),
    movement=st.booleans(),
)


@pytest.mark.parametrize(
    ("cell", "canonical"),
    [
        ("12", "12"),
        ("4+7", "4+7"),
        ("1+2+5B+26", "1+2+5B+26"),
        ("R12", "R12"),
        ("r12", "R12"),
        ("R1+R2", "R1+R2"),
        ("4+15+R10", "4+R10+15"),
        ("24+T18+16", "16+T18+24"),
        ("U12 V14 A15", "U12+V14+A15"),
        ("R14A", "R14A"),
        ("R12 + R15", "R12+R15"),
        ("R 12", "R12"),
        ("5e", "5E"),
        ("12 B", "12B"),
        ("12 B + 14", "12B+14"),
        ("12 B 28", "12B+28"),
        ("12 B28", "12+B28"),
        ("12 + B 28", "12+B28"),
        ("AU01", "1"),
        ("AU 1, au 12c", "1+12C"),
        ("AUR12", "R12"),
        ("RAU12", "R12"),
        ("AU12", "12"),
        ("A12", "A12"),
        ("U12", "U12"),
        ("006", "6"),
        ("12.0+25.0", "12+25"),
        ("1;2;4", "1+2+4"),
        ("1，2，4，", "1+2+4"),
        ("1、2", "1+2"),
        ("１２＋Ｂ２８", "12+B28"),
        ("1 2 4", "1+2+4"),
        ("1+2+", "1+2"),
        ("13?", "13?"),
        ("12B?", "12B?"),
        ("4 or 5", "4?+5?"),
        ("4 OR 5 + 6", "4?+5?+6"),
        ("12or R12A", "12?+R12A?"),
        ("12orR12A", "12?+R12A?"),
        ("12Bor14", "12B?+14?"),
        ("4/5/6+7", "4?+5?+6?+7"),
        ("4? or 5", "4?+5?"),
        ("1+4 or 5", "1+4?+5?"),
        ("1+2 or 4+5", "1?+2?+4?+5?"),
        ("1+2 or 4+5+6 or 7+9", "1?+2?+4?+5?+6?+7?+9?"),
        ("12?+4", "4+12?"),
        ("12? 4", "4+12?"),
        ("12 ?+4", "4+12?"),
        ("12 ?", "12?"),
        ("12?? or 4", "4?+12?"),
        ("12(k)+4", "4+12"),
        ("12B (k)", "12B"),
        ("M59", "M59"),
        ("m59b+59", "59+M59B"),
        ("12+15+B28+B28", "12+15+B28"),
        ("T28+10+10+10+17", "10+17+T28"),
        ("12A+12C+12B", "12C"),
        ("12?+12", "12"),
        ("L12B+R12D", "L12B+R12D"),
        ("12E+4", "4+12E"),
        ("99", "99"),
    ],
)
def test_spellings(cell, canonical):
    reading = parse(cell)
    assert format_codes(reading.codes) == canonical
    assert reading.unread == ()
    assert not reading.neutral


@pytest.mark.parametrize(
    ("cell", "canonical", "unread"),
    [
        ("12B28", "", ("12B28",)),
        ("12+foo", "12", ("foo",)),
        ("12.5", "", ("12.5",)),
        ("120", "", ("120",)),
        ("12+0", "12", ("0",)),
        ("12F", "", ("12F",)),
        ("C12", "", ("C12",)),
        ("12_r", "", ("12_r",)),
        ("12-14", "", ("12-14",)),
        ("-1", "", ("-1",)),
        ("(12)", "", ("(12)",)),
        ("?", "", ("?",)),
        ("?12", "12", ("?",)),
        ("12+?4", "4+12", ("?",)),
        ("12, ? 4", "4+12", ("?",)),
        ("12?4", "4+12", ("?",)),
        ("12 ? 4", "4+12", ("?",)),
        ("12 ?4", "4+12", ("?",)),
        ("12(B)", "", ("12(B)",)),
        ("12 (E)", "12", ("(E)",)),
        ("12(R)+4(L)", "", ("12(R)", "4(L)")),
        ("4 or", "4?", ("or",)),
        ("/12", "12?", ("/",)),
        ("4 or foo+12", "4?+12", ("or", "foo")),
        ("1" * 6000, "", ("1" * 6000,)),
        ("AU", "", ("AU",)),
        ("R", "", ("R",)),
    ],
)
def test_what_cannot_be_read_is_given_back(cell, canonical, unread):
    reading = parse(cell)
    assert (format_codes(reading.codes), reading.unread) == (canonical, unread)


@pytest.mark.parametrize(
    "cell",
    [None, math.nan, np.nan, np.float32("nan"), pd.NA, pd.NaT, "", "  ", "nan", "NULL", "/", "-"],
)
def test_missing_cells_say_nothing(cell):
    assert parse(cell) == Reading()


@pytest.mark.parametrize("cell", [0, 0.0, "0", "0.0", "00", "AU0", " Neutral ", np.int64(0)])
def test_zero_alone_is_neutral(cell):
    assert parse(cell) == Reading(neutral=True)


@pytest.mark.parametrize("cell", [12, 12.0, np.int16(12), np.float64(12), "12", b"12"])
def test_numeric_cells(cell):
    assert parse(cell) == Reading((Code(12),))


@pytest.mark.parametrize("cell", [True, 12.5, -3, 999, math.inf, 10**400, ["12"], object()])
def test_other_cells_are_unread(cell):
    reading = parse(cell)
    assert reading.codes == ()
    assert reading.unread


def test_unknown_units_are_kept_and_marked():
    (code,) = parse("R3B").codes
    assert code == Code(3, 2, "R")
    assert not code.known
    assert Code(12).known


def test_a_letter_is_the_intensity():
    assert [parse(f"12{letter}").codes[0].intensity for letter in LETTERS] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "wrong", [{"unit": 0}, {"unit": 100}, {"intensity": 0}, {"intensity": 6}, {"side": "X"}]
)
def test_a_code_that_no_string_can_say_is_refused(wrong):
    with pytest.raises(ValueError, match=r"unit|intensity|side"):
        Code(**{"unit": 12, **wrong})


def test_merged_codes_keep_the_greatest_intensity_and_any_certainty():
    merged = merge([Code(12, 2, certain=False), Code(4), Code(12), Code(12, 4, certain=False)])
    assert merged == (Code(4), Code(12, 4))


@given(st.lists(codes, max_size=8))
def test_canonical_text_reads_back(some):
    assert parse(format_codes(some)).codes == merge(some)


@given(st.lists(codes, min_size=1, max_size=6), st.sampled_from(["+", ",", ";", "，", " ", " + "]))
def test_every_separator_reads_alike(some, separator):
    text = separator.join(str(code) for code in merge(some))
    assert parse(text) == Reading(merge(some))


@given(st.text() | st.text(alphabet="0123456789ABELRTMU+,;/?or (k)，."))
def test_no_text_raises_and_reading_again_changes_nothing(text):
    reading = parse(text)
    assert parse(format_codes(reading.codes)).codes == reading.codes
    assert not (reading.neutral and (reading.codes or reading.unread))


@given(st.text(alphabet="0123456789ABELRTMUxyz+ /?or"))
def test_every_letter_and_digit_is_read_or_given_back(text):
    """Nothing vanishes: with nothing unread, the digits of the codes are all there were."""
    reading = parse(text)
    if not reading.unread and not reading.neutral and text.strip() not in {"", "/"}:
        said = {int(part) for part in "".join(c if c.isdigit() else " " for c in text).split()}
        assert said == {code.unit for code in reading.codes}
