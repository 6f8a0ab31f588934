from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facsinterp.report.figures import (
    UnitBar,
    curve_chart,
    histogram_chart,
    histogram_of,
    share_chart,
    unit_chart,
)
from facsinterp.report.overview import LayerVerdicts, verdict_chart
from facsinterp.report.parts import Curve


def drawn(svg):
    """The chart parsed as XML: what cannot be parsed raises."""
    return ElementTree.fromstring(svg)


@given(
    arrays(np.float32, 20, elements=st.sampled_from([0, 0.5, 1, 7])),
    arrays(np.bool_, 20),
)
def test_shares_of_a_histogram_are_counts_over_the_group(peak, present):
    shares = histogram_of(peak, present, bins=6)
    for group, bins, zero in (
        (present, shares.with_unit, shares.zero_with),
        (~present, shares.without, shares.zero_without),
    ):
        assert bins.sum() + zero == pytest.approx(1.0 if group.any() else 0.0)
        if shares.edges.size and group.any():
            for i, (low, high) in enumerate(zip(shares.edges[:-1], shares.edges[1:], strict=True)):
                inside = (peak >= low) & ((peak < high) | ((i == 5) & (peak == high)))
                expected = sum(inside & group & (peak != 0)) / group.sum()
                assert bins[i] == pytest.approx(expected)
    drawn(histogram_chart(shares, "AU12"))


def test_zeros_stand_apart_and_labels_do_not_move_the_bins():
    peak = np.array([0, 0, 1, 2, 3.0])
    one = histogram_of(peak, np.array([True, False, True, False, True]))
    other = histogram_of(peak, np.array([True, True, True, False, False]))
    np.testing.assert_array_equal(one.edges, other.edges)
    assert one.zero_with == pytest.approx(1 / 3)
    assert one.zero_without == pytest.approx(1 / 2)


def test_a_filter_that_is_zero_everywhere_has_a_chart_that_says_so():
    shares = histogram_of(np.zeros(4), np.array([True, False, True, False]))
    assert "every face is at 0" in histogram_chart(shares, "AU1")


BAR = UnitBar("AU12", "lip corner puller", 0.8, 0.25, 0.9, 0.8, 0.95, "beyond", named=True)


def test_the_unit_chart_draws_only_what_is_known():
    full = drawn(unit_chart([BAR], 10, 0.95))
    bare = drawn(
        unit_chart(
            [replace(BAR, precision=None, base=None, auroc=None, low=None, high=None)], 10, 0.95
        )
    )

    def marks(svg):
        return {e.get("class") for e in svg.iter()} & {"bar", "base", "dot", "interval"}

    assert marks(full) == {"bar", "base", "dot", "interval"}
    assert marks(bare) == set()
    assert "nan" not in unit_chart([replace(BAR, auroc=float("nan"))], 10, 0.95).lower()


def test_the_bar_is_as_long_as_the_precision():
    def width(precision):
        svg = drawn(unit_chart([replace(BAR, precision=precision)], 10, 0.95))
        return next(float(e.get("width")) for e in svg.iter() if e.get("class") == "bar")

    assert width(0.5) == pytest.approx(width(1.0) / 2, abs=0.1)


def test_the_level_of_the_intervals_is_that_of_the_run():
    assert "with 90 % interval" in unit_chart([BAR], 10, 0.9)
    assert "95" not in unit_chart([replace(BAR, high=0.94)], 10, 0.9)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("beyond", "; passes beyond the emotion<"),
        ("emotion", "; passes, and nothing shows more than the emotion tells<"),
        ("answers", "; passes, with no test beyond the emotion<"),
        ("", "; does not pass<"),
    ],
)
def test_the_title_of_a_row_says_what_its_colour_says(kind, told):
    assert told in unit_chart([replace(BAR, kind=kind)], 10, 0.95)


def test_names_are_escaped():
    svg = unit_chart([replace(BAR, label="<b>", name='"&')], 10, 0.95)
    assert "<b>" not in svg
    drawn(svg)


def test_curves_skip_what_is_missing():
    chart = curve_chart([Curve("training <1>", (1.0, float("nan"), 0.5))], "loss")
    points = next(e for e in drawn(chart).iter() if e.get("class", "").startswith("curve"))
    assert len(points.get("points").split()) == 2
    assert "nan" not in chart
    assert curve_chart([Curve("nothing", ())], "loss") == ""
    assert curve_chart([Curve("nothing", (float("nan"),))], "loss") == ""


def test_shares_count_every_filter_once():
    svg = drawn(share_chart(np.array([0, 0, 0.05, 0.1, 1.0]), "x"))
    labels = [e.text for e in svg.iter() if e.tag.endswith("text") and not e.get("class")]
    assert sum(int(text) for text in labels) == 5
    drawn(share_chart(np.zeros(0), "x"))


def test_a_bar_of_verdicts_is_as_long_as_its_share():
    line = LayerVerdicts("<conv>", 8, (("beyond", 2), ("emotion", 0), ("dead", 6)), 1, 0)
    chart = verdict_chart([line])
    svg = drawn(chart)
    widths = [float(e.get("width")) for e in svg.iter() if e.get("class") == "part"]
    assert len(widths) == 2
    assert widths[1] + 1 == pytest.approx(3 * (widths[0] + 1), abs=0.2)
    told = [e.text for e in svg.iter() if e.tag.endswith("title")]
    assert told[0] == "<conv>, beyond the emotion: 2 filters, 25 %"
    assert "<conv>" not in chart
