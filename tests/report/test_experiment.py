"""The page of a study: columns as people read them, findings drawn, links, and hostile text."""

import math
import re
from dataclasses import replace

import pandas as pd
import pytest

from facsinterp.report.building.render import Frame, rendered
from facsinterp.report.charts.forest import drawn_findings
from facsinterp.report.pages import experiment, index
from facsinterp.report.pages.columns import planned, title_of
from facsinterp.report.pages.page import Page
from facsinterp.report.pages.sections import section_ids, shown_sections
from facsinterp.report.parts import Finding, Section
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from tests.report import runs, tables

EVIL = '<img src=x onerror="alert(1)">'


def columns(frame):
    return planned([(str(name), frame[name].tolist()) for name in frame])


def test_a_number_and_its_bounds_are_one_column_that_sorts_by_the_number():
    frame = pd.DataFrame(
        {
            "name": ["a", "b", "c"],
            "lost": [0.31, -0.2, 10.0],
            "lost_low": [0.2, -0.3, 9.0],
            "lost_high": [0.42, -0.1, 11.0],
        }
    )
    _, lost = columns(frame)
    assert lost.title == "Lost [interval]"
    assert lost.texts[0] == "0.31 [0.20, 0.42]"
    assert lost.texts[1] == "−0.20 [−0.30, −0.10]"
    assert lost.keys == (0.31, -0.2, 10.0)


@pytest.mark.parametrize("names", [("low", "high"), ("x low", "x high"), ("x_low", "x_high")])
def test_bounds_are_known_by_their_names(names):
    frame = pd.DataFrame({"x": [0.5], names[0]: [0.25], names[1]: [0.75]})
    (one,) = columns(frame)
    assert one.texts == ("0.50 [0.25, 0.75]",)


def test_bounds_of_something_else_stay_columns():
    frame = pd.DataFrame({"x": [0.5], "y_low": [0.25], "y_high": [0.75]})
    assert [one.title for one in columns(frame)] == ["x", "Y low", "Y high"]


def test_an_interval_that_a_study_wrote_joins_the_number_before_it():
    frame = pd.DataFrame(
        {"Fall": [0.0214, 0.5, None], "95 % interval": ["0.010\xa0to\xa00.031", "", ""]}
    )
    (fall,) = columns(frame)
    assert fall.title == "Fall [95 % interval]"
    assert fall.texts == ("0.021 [0.010, 0.031]", "0.50", "–")
    assert fall.keys == (0.0214, 0.5, None)


def test_words_that_hold_an_interval_are_left_alone():
    frame = pd.DataFrame({"size": [1.0], "said": ["0.1 to 0.2 or so"]})
    assert [one.title for one in columns(frame)] == ["Size", "Said"]


def test_p_values_are_told_as_such_and_sort_by_size():
    frame = pd.DataFrame({"p": [1e-4, 0.031, math.nan], "its corrected p": [0.2, 1e-20, 0.04]})
    p, corrected = columns(frame)
    assert p.texts == ("1.0 × 10⁻⁴", "0.031", "–")
    assert p.keys == (1e-4, 0.031, None)
    assert corrected.texts[1] == "1.0 × 10⁻²⁰"


def test_a_column_has_one_number_of_decimals():
    (one,) = columns(pd.DataFrame({"share": [0.5, 0.123456, 0.01, 0.0]}))
    assert one.texts == ("0.50", "0.12", "0.01", "0.00")
    (whole,) = columns(pd.DataFrame({"n": [3.0, 1200.0, math.nan]}))
    assert whole.texts == ("3", "1,200", "–")
    (tiny,) = columns(pd.DataFrame({"x": [2e-5, 3e-6]}))
    assert tiny.texts == ("2.0 × 10⁻⁵", "3.0 × 10⁻⁶")


def test_truth_is_no_number():
    (one,) = columns(pd.DataFrame({"moved": [True, False]}))
    assert one.texts == ("yes", "no")
    assert not one.numeric


@pytest.mark.parametrize(
    ("name", "title"),
    [("separation_lost", "Separation lost"), ("p", "p"), ("q", "Corrected p"),
     ("au", "Action unit"), ("auroc", "AUROC"), ("AUROC", "AUROC"), ("SSIM", "SSIM")],
)  # fmt: skip
def test_heads_are_words(name, title):
    assert title_of(name) == title


def test_names_of_sections_are_made_of_their_titles_alone():
    sections = [Section("What is it?"), Section("Ünï <x>"), Section("what is it"), Section("…")]
    assert section_ids(sections) == ("what-is-it", "n-x", "what-is-it-2", "section")
    assert section_ids(sections[2:])[0] == "what-is-it"
    twice = [Section("x"), Section("x"), Section("x 2"), Section("x-2")]
    assert len(set(section_ids(twice))) == 4, "else one file would hold the other's table"
    long = section_ids([Section("word " * 300)])[0]
    assert len(long) <= 48
    assert re.fullmatch(r"[a-z0-9-]+", long)


def test_filters_and_units_lead_to_their_pages():
    table = pd.DataFrame({"filter": ["conv1/000", "conv9/000"], "said": ["AU12", "AU12 moves"]})
    links = {"conv1/000": "filters/conv1-000.html", "AU12": "units/au12.html"}
    (section,), _ = shown_sections([Section("s", table=table)], links)
    assert section.table is not None
    assert [[cell.href for cell in row] for row in section.table.rows] == [
        ["filters/conv1-000.html", "units/au12.html"],
        ["", ""],
    ]


def test_columns_that_never_change_are_told_once():
    table = pd.DataFrame({"unit": ["AU1"] * 4, "status": ["tested"] * 4, "n": [1, 2, 3, 4]})
    (section,), _ = shown_sections([Section("s", table=table)])
    assert section.table is not None
    assert section.table.columns == ("Unit", "n")
    assert section.table.constant == (("Status", "tested"),)
    (short,), _ = shown_sections([Section("s", table=table.head(3))])
    assert short.table is not None
    assert short.table.constant == ()
    (long,), _ = shown_sections([Section("s", table=pd.concat([table] * 200))])
    assert long.table is not None
    assert long.table.constant == ()  # the rows that are left out may differ


SHARES = (
    Finding("Share of filters that do", 0.25, 0.2, 0.3, 40, 0.01),
    Finding("Share of filters that do not, for at least one unit", 0.75, None, None, 40),
    Finding("Share of a thing, less another", -0.02, -0.03, 0.01, 40),
    Finding("Mean AUROC", 0.7, 0.6, 0.8, 9),
    Finding("Filters, at least", 12.0, 12.0, n=40),
    Finding("Share of nothing"),
)


def test_only_what_is_comparable_is_drawn_on_one_scale():
    charts = drawn_findings(SHARES)
    assert [chart is not None for chart in charts] == [True, True, False, False, False, False]
    first, second = map(str, charts[:2])
    assert "on a scale from 0 to 1" in first
    places = [float(x) for chart in (first, second) for x in re.findall(r'cx="([\d.]+)"', chart)]
    assert places == pytest.approx([14 + 196 * 0.25, 14 + 196 * 0.75], abs=0.06)
    assert 'class="interval"' in first
    assert 'class="interval"' not in second


def test_claims_that_begin_with_anything_are_not_compared():
    falls = [
        Finding("Largest fall of accuracy", 0.03),
        Finding("Largest fall of a probability", 0.1),
    ]
    assert drawn_findings(falls) == (None, None)


def test_differences_have_a_scale_around_zero():
    charts = drawn_findings([Finding("Share, less x", -0.02, -0.03, 0.01), SHARES[2]] * 2)
    assert "on a scale from −0.05 to 0.01" in str(charts[0])


def page_of(report):
    survey = Survey.of(report)
    (page,) = experiment.pages(survey)
    assert isinstance(page, Page)
    return page, rendered(page, Frame(report.title, report.identity, "0")).decode()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    made = runs.report(tmp_path_factory.mktemp("run"), associations=tables.associations())
    long = pd.DataFrame({"filter": ["conv1/000"] * 40, "x": range(40)})
    return replace(
        made,
        study="made-up",
        answer=("It is <b>shown</b>.", "It is not."),
        findings=SHARES,
        sections=(
            Section(EVIL, (EVIL,), pd.DataFrame({EVIL: [EVIL], "unit": ["AU12"]})),
            Section("Long", (), long, {"data": [{"y": [1.0, math.nan]}]}),
            Section("Bare"),
        ),
    )


def test_the_page_has_answer_contents_findings_sections_and_files(report):
    page, html = page_of(report)
    assert page.address == "experiment.html"
    assert "It is &lt;b&gt;shown&lt;/b&gt;." in html
    assert "<code>made-up</code>" in html
    for name in ("findings", "img-src-x-onerror-alert-1", "long", "bare", "files"):
        assert f'href="#{name}"' in html
        assert f'id="{name}"' in html
    assert 'href="filters/conv1-000.html">conv1/000</a>' in html
    assert 'href="units/au12.html">AU12</a>' in html
    assert 'href="tables/section-long.csv"' in html
    assert html.count('class="wide long"') == 1  # 40 rows; the others are short
    assert len(page.figures) == 1
    assert page.figures[0]["data"][0]["y"] == [1.0, None]


def test_numbers_without_an_interval_say_what_they_are(report):
    _, html = page_of(report)
    told = re.findall(r'<p class="told"><b>(.*?)</b>(?: <small>(.*?)</small>)?', html)
    assert told == [
        ("0.25 [0.20, 0.30]", ""),
        ("30 of 40 (0.75)", "a count"),
        ("−0.020 [−0.030, 0.010]", ""),
        ("0.70 [0.60, 0.80]", ""),
        ("12", "a lower bound"),
        ("–", "no number could be made"),
    ]


def test_hostile_text_stays_text(report):
    _, html = page_of(report)
    assert "<img" not in html
    assert "&lt;img src=x" in html


def test_a_study_that_found_nothing_has_no_page(report):
    survey = Survey.of(replace(report, findings=(), sections=(), answer=()))
    assert list(experiment.pages(survey)) == []


def test_the_first_page_of_another_study_leads_to_its_findings(report):
    """Where the study has no answer in sentences, those of the associations are headed."""

    def first(**changes):
        survey = Survey.of(replace(report, **changes))
        page = next(index.pages(survey))
        assert isinstance(page, Page)
        return rendered(page, Frame(report.title, report.identity, "0")).decode()

    html = first(answer=())
    lead = html.index('href="experiment.html#findings">the page of the study')
    assert lead < html.index("<h2>What the associations say</h2>") < html.index("filters pass the")
    assert 'href="#findings"' in html
    assert 'id="findings"' in html
    for others in ({}, {"answer": (), "study": "filters"}, {"answer": (), "findings": ()}):
        assert "What the associations say" not in first(**others)


def test_without_an_answer_of_its_own_the_first_page_has_it(report):
    _, html = page_of(replace(report, answer=()))
    assert "the first page</a>" in html


@pytest.fixture(scope="module")
def site(report, tmp_path_factory):
    return write_site(report, tmp_path_factory.mktemp("out") / "site").parent


@pytest.mark.browser
def test_an_interval_column_sorts_by_its_number(browser, report, tmp_path):
    table = pd.DataFrame(
        {"name": ["a", "b", "c"], "x": [-0.5, 10.0, 9.0], "x_low": [-1.0, 9.5, 8.0],
         "x_high": [0.0, 10.5, 9.9]}
    )  # fmt: skip
    made = replace(report, sections=(Section("s", table=table),))
    page = browser.new_page(offline=True)
    page.goto((write_site(made, tmp_path / "site").parent / "experiment.html").as_uri())
    page.get_by_role("button", name="x [interval]").click()
    assert page.locator("#s tbody td:first-child").all_inner_texts() == ["b", "c", "a"]
    page.close()
