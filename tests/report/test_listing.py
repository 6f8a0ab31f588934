"""The table of all filters as data: what it tells, how it sorts, and how little it weighs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.labels import FilterId
from facsinterp.report import wording
from facsinterp.report.addresses import filter_page
from facsinterp.report.pages.coded import coded, packed, script
from facsinterp.report.pages.listing import filter_listing
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables
from tests.report.listed import Listing, column, numbers


def listed(survey, folder):
    (folder / "data").mkdir()
    text = script("facsinterpFilters", filter_listing(survey))
    (folder / "data/filters.js").write_text(text, encoding="utf-8")
    return Listing(folder)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def found(report, tmp_path_factory):
    return listed(Survey.of(report), tmp_path_factory.mktemp("listing"))


def test_the_listing_shows_what_the_table_says(report, found):
    assert found.names == [str(one) for one in report.store.filters]
    assert found.hrefs == [filter_page(one) for one in report.store.filters]
    assert found.passing.texts[0] == "AU12+"
    assert found.kinds[0] == "beyond"
    assert found.verdict.texts[0] == "beyond the emotion"
    assert found.verdict.texts[5:7] == ("dead", "inactive")
    assert found.dead[4:8] == [0, 1, 1, 0]
    assert [kind for kind, _ in found.data["kinds"]] == ["beyond", "nothing", "dead"]
    assert found.column("Unit or nearest").texts[0] == "AU12 lip corner puller"
    pair = report.associations.data.sel(filter="conv1/000", au=12)
    for title, name in (("Corrected p", "q_auroc"), ("Beyond, corrected p", "q_beyond")):
        assert found.column(title).texts[0] == wording.probability(float(pair[name]))
        assert found.column(title).texts[5] == "–"
        assert found.column(title).keyless[5]
    middle, low, high = (float(pair[name]) for name in ("auroc", "auroc_low", "auroc_high"))
    auroc = wording.with_interval(middle, low, high)
    assert found.column("AUROC [95 % CI]").texts[0] == auroc
    held_out = float(report.associations.data["named_auroc_held_out"][0])
    assert found.column("Held out").texts[0] == f"{held_out:.2f}"
    precision = wording.number(float(pair["precision_at_n"]))
    base = wording.percent(float(pair["base_rate"]))
    assert found.column("P@10 (base rate)").texts[0] == f"{precision} ({base})"
    for title in found.titles:
        assert len(found.column(title).texts) == 10


def test_rows_sort_by_the_numbers_that_they_tell(report, found):
    shares = report.dead["active_share"].values
    order = np.argsort(found.column("Active on").codes, kind="stable")
    assert (np.diff(shares[order]) >= -0.005).all(), "as finely as they are told"
    assert found.verdict.codes[0] == min(found.verdict.codes)


def test_units_beyond_the_emotion_come_first_with_a_plus(report, tmp_path):
    made = replace(report, associations=tables.associations())
    found = listed(Survey.of(made), tmp_path)
    assert found.passing.texts[0] == "AU12+ AU4+ AU1"
    assert found.passing.texts[3] == "–"
    assert found.kinds == list(tables.KINDS)
    assert found.verdict.texts[7] == "silenced, beyond the emotion"
    assert found.column("Held out").texts[1] == "0.86 (AU12)"


def test_without_associations_the_table_still_says_what_is_dead(report, tmp_path):
    found = listed(Survey.of(replace(report, associations=None)), tmp_path)
    assert found.titles == ["Active on"]
    assert found.passing is None
    assert found.verdict.texts[5] == "dead"
    assert found.verdict.texts[0] == "–"


def test_channels_that_are_left_out_keep_their_neighbours_names(report, tmp_path):
    survey = Survey.of(report)
    names = [FilterId("a", 3), FilterId("a", 4), FilterId("b/é", 0), FilterId("b/é", 7)]
    filters = (*names, *survey.filters[4:])
    found = listed(replace(survey, filters=filters), tmp_path)
    assert found.names == [str(one) for one in filters]
    assert found.hrefs == [filter_page(one) for one in filters]


@given(st.lists(st.integers(0, 20_000), max_size=40), st.integers(1, 20_001))
def test_codes_come_back(values, size):
    codes = [value % size for value in values]
    text = packed(np.array(codes, dtype=np.int64), size)
    assert list(numbers(text, size)) == codes
    assert json.loads(json.dumps(text)) == text
    assert len(json.dumps(text)) == len(text) + 2, "nothing that JSON writes longer"


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_codes_are_in_the_order_of_the_keys(keys):
    texts = [wording.number(key, 3) for key in keys]
    found = column(coded(texts, keys))
    assert list(found.texts) == texts
    for one, other in zip(range(len(keys)), range(1, len(keys)), strict=False):
        if keys[one] is None or keys[other] is None:
            assert found.keyless[one] == (keys[one] is None)
        elif texts[one] != texts[other]:
            assert (found.codes[one] < found.codes[other]) == (keys[one] < keys[other])
