"""A study's result, its findings and sections as cards."""

import pandas as pd
import pytest

from facsinterp.study.contract import Finding, Section, StudyResult
from tests.cards import HOSTILE, read


def result_of(text="plain", rows=3):
    table = pd.DataFrame(
        {
            text: [text] * rows,
            "share": [0.51234] * rows,
            "passes": [True] * rows,
            "n": [12345] * rows,
            "missing": [None] * rows,
            "nan": [float("nan")] * rows,
        }
    )
    return StudyResult(
        answer=(f"Yes, {text}.", "Two."),
        findings=(
            Finding(text, 0.5, 0.4, 0.6, 120, 0.0001),
            Finding("no interval", 12.0, None, None, None, None),
        ),
        tables={"all-of-it": table},
        sections=(
            Section("First " + text, (text, "more"), table, {"layout": {"title": {"text": text}}}),
            Section("Second", (), None, {"data": [], "layout": {"title": "A plot"}}),
            Section("Third", (), None, {"data": []}),
        ),
    )


def test_the_answer_comes_first_then_findings_with_intervals():
    texts = read(result_of()._repr_html_()).texts
    assert texts[:3] == ["StudyResult", "Yes, plain.", "Two."]
    first = texts.index("finding")
    assert texts[first : first + 12] == [
        "finding", "estimate", "n", "p",
        "plain", "0.500 [0.400, 0.600]", "120", "1.0e−04",
        "no interval", "12", "–", "–",
    ]  # fmt: skip


def test_sections_have_the_beginning_of_their_table_and_the_name_of_their_figure():
    texts = read(result_of(rows=40)._repr_html_()).texts
    first = texts.index("First plain")
    assert texts[first + 1 : first + 3] == ["plain", "more"]
    assert texts[first + 9 : first + 15] == ["plain", "0.512", "yes", "12,345", "–", "–"]
    assert texts.count("12,345") == 6
    assert "The first 6 of 40 rows." in texts
    figures = [text for text in texts if text.startswith("Figure: ")]
    assert [text.split(". ")[0] for text in figures] == [
        "Figure: plain", "Figure: A plot", "Figure: Third",
    ]  # fmt: skip
    assert "all-of-it (40 rows)" in texts


def test_findings_and_sections_show_themselves():
    result = result_of()
    assert read(result.findings[0]._repr_html_()).texts == [
        "Finding", "plain", "estimate", "0.500 [0.400, 0.600]", "n", "120", "p", "1.0e−04",
    ]  # fmt: skip
    assert read(result.sections[0]._repr_html_()).texts[0] == "First plain"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text):
    result = result_of(text)
    plain = read(result_of()._repr_html_())
    found = read(result._repr_html_())
    assert found.tags == plain.tags
    assert sum(text[:50] in told for told in found.texts) >= 6
    for part in (*result.findings, *result.sections):
        assert read(part._repr_html_())


def test_a_large_result_makes_no_huge_card():
    table = pd.DataFrame({f"column {i}": ["&<>" * 500] * 50 for i in range(40)})
    result = StudyResult(
        findings=tuple(Finding("&" * 900, 1.0) for _ in range(500)),
        sections=tuple(Section(f"s{i}", ("<" * 5000,) * 30, table) for i in range(50)),
    )
    card = result._repr_html_()
    assert len(card) < 200_000
    assert read(card).texts[-1].startswith("The rest is left out")


def test_an_empty_result_is_an_empty_card():
    assert read(StudyResult()._repr_html_()).texts == ["StudyResult"]
