"""Expressions: canonical names, aliases, prototypes, and the criteria of CK+."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.facs import (
    EXPRESSIONS,
    PROTOTYPES,
    Code,
    ckplus_emotions,
    expression_of,
    format_codes,
    parse,
)


def test_the_order_is_that_of_the_label_files():
    assert EXPRESSIONS[0] == "neutral"
    assert EXPRESSIONS[5] == "happy"
    assert len(EXPRESSIONS) == 8


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        *((name, name) for name in EXPRESSIONS),
        ("Happiness", "happy"),
        ("joy", "happy"),
        ("angry", "anger"),
        ("SAD", "sadness"),
        (" Surprised ", "surprise"),
        ("afraid", "fear"),
        ("fearful", "fear"),
        ("disgusted", "disgust"),
        ("neutral_face", "neutral"),
        ("others", None),
        ("5", None),
        ("", None),
    ],
)
def test_aliases(text, expression):
    assert expression_of(text) == expression


def test_every_expression_has_a_prototype():
    assert tuple(PROTOTYPES) == EXPRESSIONS
    assert PROTOTYPES["neutral"] == ()
    assert format_codes(PROTOTYPES["surprise"]) == "1+2+5B+26"
    assert format_codes(PROTOTYPES["contempt"]) == "R12A+R14A"


@pytest.mark.parametrize(
    ("codes", "emotions"),
    [
        ("", set()),
        ("23+24", {"anger"}),
        ("23", set()),
        ("24", set()),
        ("9", {"disgust"}),
        ("10", {"disgust"}),
        ("12", {"happy"}),
        ("L12A", {"happy"}),
        ("14", {"contempt"}),
        ("R14A", {"contempt"}),
        ("11", {"sadness"}),
        ("6+15", {"sadness"}),
        ("1+4+15", {"sadness"}),
        ("1+4", set()),
        ("1+2", {"surprise"}),
        ("1+2+5B", {"surprise"}),
        ("1+2+5C", set()),
        ("1+2+5", {"surprise"}),
        ("5", {"surprise"}),
        ("5A", {"surprise"}),
        ("5C", set()),
        ("5E", set()),
        ("1+2+4", {"fear", "surprise"}),
        ("1+2+4+5C", {"fear"}),
        ("1+2+5E", {"fear"}),
        ("1+2+5D", set()),
        ("L5A+R5E+1+2", {"fear"}),
        ("12?", set()),
        ("M12", set()),
        ("12+9", {"happy", "disgust"}),
    ],
)
def test_criteria_of_ckplus(codes, emotions):
    assert ckplus_emotions(parse(codes).codes) == emotions


some_codes = st.dictionaries(
    st.sampled_from([1, 2, 4, 5, 6, 9, 10, 11, 12, 14, 15, 23, 24]), st.integers(0, 5)
)


@given(some_codes)
def test_the_criteria_written_plainly(units):
    codes = [Code(unit, letter or None) for unit, letter in units.items()]
    found = set()
    if 23 in units and 24 in units:
        found.add("anger")
    if 9 in units or 10 in units:
        found.add("disgust")
    if 1 in units and 2 in units and (4 in units or units.get(5) == 5):
        found.add("fear")
    if 12 in units:
        found.add("happy")
    if (1 in units and 4 in units and 15 in units) or 11 in units or (6 in units and 15 in units):
        found.add("sadness")
    if ((1 in units and 2 in units) or 5 in units) and units.get(5, 0) < 3:
        found.add("surprise")
    if 14 in units:
        found.add("contempt")
    assert ckplus_emotions(codes) == found
