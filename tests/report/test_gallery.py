from dataclasses import replace

import numpy as np
import pytest

from facsinterp.activations.keeping.layout import Layer
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Terms
from facsinterp.report.reading.cards import Box, Cards, field_box, showable

LAYER = Layer("conv2", 4, 12, 12, "ReLU", field_size=14, field_stride=2, field_start=-6.0)


def test_the_box_is_what_the_unit_sees():
    """Slowly: the columns of the input that unit (row 3, col 5) sees begin at -6 + 2 * 5."""
    assert field_box(LAYER, row=3, col=5) == Box(left=4.0, top=0.0, width=14, height=14)
    assert field_box(LAYER, row=0, col=0) == Box(left=-6.0, top=-6.0, width=14, height=14)


def test_the_box_of_rows_and_columns_that_differ():
    """What is told of each row and column goes before three numbers for all."""
    layer = replace(LAYER, field_rows=((0, 5), (3, 9)), field_cols=((0, 4), (1, 8), (5, 12)))
    assert field_box(layer, row=1, col=2) == Box(left=5, top=3, width=7, height=6)
    assert layer.field_shape == (14, 14)
    assert replace(layer, field_size=None).field_shape == (6, 7)
    assert Layer("conv2", 4).field_shape is None


@pytest.mark.parametrize("layer", [None, Layer("conv2", 4), Layer("conv2", 4, field_size=5)])
def test_without_a_known_field_there_is_no_box(layer):
    assert field_box(layer, 1, 1) is None


@pytest.fixture
def faces():
    return FaceTable.from_arrays(
        ["a", "b", "c"],
        [12, 6],
        [[True, True], [False, False], [False, False]],
        coded=[[True, True], [True, True], [False, False]],
        intensity=np.array([[3, np.nan], [0, 0], [np.nan, np.nan]]),
        subject=["x", "y", ""],
        sequence=["x1", "y1", ""],
        expression=["happy", "", ""],
        terms=Terms("", "", frozenset({"x"})),
    )


def test_a_card_holds_value_codes_and_the_unit_of_interest(faces):
    card = Cards(faces, faces.images.tolist(), kept=True).card(0, 1.25, 12, None)
    assert card.picture == "faces/a.webp"
    assert card.value == "1.25"
    assert [(chip.text, chip.of_interest) for chip in card.chips] == [("12C", True), ("6", False)]
    assert "intensity C" in card.chips[0].title
    assert "intensity not scored" in card.chips[1].title


def test_absent_is_not_uncoded(faces):
    cards = Cards(faces, faces.images.tolist(), kept=True)
    assert cards.card(1, 1, 12, None).coded
    assert not cards.card(2, 1, 12, None).coded


def test_who_may_not_be_shown_has_no_picture(faces):
    assert showable(faces).tolist() == [True, False, False]
    assert Cards(faces, faces.images.tolist(), kept=True).card(1, 1, None, None).picture == ""
    assert Cards(faces, faces.images.tolist(), kept=False).card(0, 1, None, None).picture == ""
