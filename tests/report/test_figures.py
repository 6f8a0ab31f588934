from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from facsinterp.report.charts.figures import curve_chart, histogram_of, share_chart
from facsinterp.report.charts.overview import LayerVerdicts, verdict_chart
from facsinterp.report.parts import Curve


def drawn(svg):
    """The chart parsed as XML: what cannot be parsed raises."""
    return ElementTree.fromstring(svg)


@given(
    arrays(np.float32, 20, elements=st.sampled_from([0, 0.5, 1, 7])),
    arrays(np.bool_, 20),
)
def test_a_histogram_counts_every_face_of_a_group_once(peak, present):
    counts = histogram_of(peak, present, bins=6)
    for group, bins, zero in (
        (present, counts.with_unit, counts.zero_with),
        (~present, counts.without, counts.zero_without),
    ):
        assert bins.sum() + zero == group.sum()
        assert zero == sum(group & (peak == 0))
        for i, (low, high) in enumerate(zip(counts.edges[:-1], counts.edges[1:], strict=True)):
            inside = (peak >= low) & ((peak < high) | ((i == 5) & (peak == high)))
            assert bins[i] == sum(inside & group & (peak != 0))
    assert (counts.n_with, counts.n_without) == (sum(present), sum(~present))


def test_zeros_stand_apart_and_labels_do_not_move_the_bins():
    peak = np.array([0, 0, 1, 2, 3.0])
    one = histogram_of(peak, np.array([True, False, True, False, True]))
    other = histogram_of(peak, np.array([True, True, True, False, False]))
    np.testing.assert_array_equal(one.edges, other.edges)
    assert (one.zero_with, one.zero_without) == (1, 1)


def test_a_filter_that_is_zero_everywhere_has_no_bins():
    counts = histogram_of(np.zeros(4), np.array([True, False, True, False]))
    assert not counts.edges.size
    assert (counts.n_with, counts.n_without) == (2, 2)


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
    assert told[0] == "<conv>, beyond the emotion: 2 filters, 25\N{NO-BREAK SPACE}%"
    assert "<conv>" not in chart
