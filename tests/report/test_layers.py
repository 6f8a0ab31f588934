"""The gallery of a layer: every filter a card, and the data that it is sorted by."""

import re
from dataclasses import replace

import numpy as np
import pytest

from facsinterp.report import wording
from facsinterp.report.addresses import layer_page
from facsinterp.report.building.render import Frame, navigation, rendered
from facsinterp.report.pages.layers import Card, data_script, gallery, pages
from facsinterp.report.pages.page import Page
from facsinterp.report.parts import ControlRun, Finding
from facsinterp.report.reading.survey import Survey
from facsinterp.report.words.verdicts import badge_of, verdict_of
from tests.report import runs, tables
from tests.report.listed import column
from tests.report.test_site import HIDDEN, rich_report


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    made = rich_report(tmp_path_factory.mktemp("run"))
    return replace(made, associations=tables.associations())


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


def page_of(survey, place):
    page, script = pages(survey, slice(place, place + 1))
    assert isinstance(page, Page)
    return page, script


def html(survey, place=0):
    page, _ = page_of(survey, place)
    return rendered(page, Frame("A run", "id", "1", pages=navigation(survey))).decode()


def test_every_filter_of_a_layer_has_one_card_in_order(survey):
    found = []
    for place, layer in enumerate(survey.layer_names):
        page, script = page_of(survey, place)
        assert page.address == layer_page(layer)
        assert script.address == data_script(layer)
        cards = page.content["cards"]
        assert all(isinstance(card, Card) for card in cards)
        found += [card.name for card in cards]
        assert html(survey, place).count('<li class="kind-') == len(cards)
    assert found == [str(one) for one in survey.filters]


def test_a_card_tells_what_the_page_of_its_filter_tells(survey):
    for place in range(2):
        page, _ = page_of(survey, place)
        for card in page.content["cards"]:
            at = [str(one) for one in survey.filters].index(card.name)
            dead = bool(survey.activity.dead[at])
            verdict = verdict_of(survey.claims, at, dead=dead, faces="faces")
            assert card.badge == verdict.badge == badge_of(survey.claims, at, dead=dead)
            named = next((row for row in survey.claims.rows(at) if row.named), None)
            if named is None:
                assert card.unit == ""
                continue
            assert card.unit == named.label
            for told, name in ((card.corrected, "q_auroc"), (card.beyond, "q_beyond")):
                p = named[name]
                assert told == ("not tested" if p is None else wording.probability(p))
            assert card.auroc.startswith(wording.number(named["auroc"]))


def test_the_strip_has_the_strongest_faces_and_none_that_may_not_be_shown(survey):
    subjects = survey.faces.column("subject")
    allowed = {
        f"faces/{name}.webp"
        for name, subject in zip(survey.face_names, subjects, strict=True)
        if subject not in HIDDEN
    }
    seen, blanks = set(), 0
    for place in range(2):
        page, _ = page_of(survey, place)
        for card in page.content["cards"]:
            at = [str(one) for one in survey.filters].index(card.name)
            strongest = [face for face in survey.strongest.face[at, :5].tolist() if face >= 0]
            assert len(card.faces) == len(strongest)
            for face, picture in zip(strongest, card.faces, strict=True):
                hidden = subjects[face] in HIDDEN
                assert picture == ("" if hidden else f"faces/{survey.face_names[face]}.webp")
            seen |= set(card.faces) - {""}
            blanks += card.faces.count("")
    assert seen
    assert blanks
    assert seen <= allowed
    assert html(survey, 0).count("not shown") + html(survey, 1).count("not shown") == blanks


def test_the_data_of_a_layer_are_those_of_its_cards_and_of_every_unit(survey):
    rows = np.flatnonzero(survey.of_layer("conv2"))
    data = gallery(survey, rows)
    assert [unit for unit, _ in data["units"]] == [1, 4, 12], "those that could be tested"
    claims = survey.claims
    for name, told in (("auroc", wording.number), ("q_auroc", wording.probability)):
        own, each = column(data[name]), column(data[f"each_{name}"])
        assert len(own.codes) == len(rows)
        for place, (unit, _) in enumerate(data["units"]):
            at = claims.units.index(unit)
            values = [told(value) for value in claims.pair[name][rows, at]]
            assert list(each.texts[place * len(rows) : (place + 1) * len(rows)]) == values
    verdict = data["verdict"]
    kinds = [verdict["kind"][code] for code in column(verdict).codes]
    assert kinds == survey.kind[rows].tolist()


def test_neighbours_are_reached_by_keys(survey):
    first, last = html(survey, 0), html(survey, 1)
    assert 'href="conv2.html" rel="next" data-press="ArrowRight"' in first
    assert "ArrowLeft" not in first
    assert 'href="conv1.html" rel="prev" data-press="ArrowLeft"' in last
    assert "ArrowRight" not in last


def test_what_the_controls_give_stands_beside_the_layer(report):
    less = tables.associations(q_beyond=1.0)
    controls = (
        ControlRun("untrained", "before training", 1, True, less),
        ControlRun("untrained", "before training", 2, True, less),
    )
    survey = Survey.of(replace(report, controls=controls))
    own, control = page_of(survey, 0)[0].content["beside"]
    inside = survey.of_layer("conv1")
    assert own.answers == survey.claims.answering[inside].sum() == control.answers
    assert own.beyond == survey.claims.surpassing[inside].sum() > 0
    assert control.beyond == 0
    assert "median of 2 seeds" in html(survey)


def test_names_of_layers_are_text(survey):
    evil = '<script>alert(1)</script>/"onerror=../' + "x" * 300
    filters = tuple(replace(one, layer=evil) for one in survey.filters)
    page, script = page_of(replace(survey, filters=filters, layers={}), 0)
    text = rendered(page, Frame("A run", "id", "1")).decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    for address in (page.address, script.address):
        assert re.fullmatch(r"(layers|data)/[\w.~-]+", address)
        assert ".." not in address


def test_without_associations_the_gallery_is_one_of_faces(report):
    survey = Survey.of(replace(report, associations=None))
    text = html(survey)
    assert "AUROC" not in text
    assert text.count('<li class="kind-') == 4
    assert gallery(survey, np.arange(4))["passing"] is None


def test_the_navigation_offers_what_the_run_has(report):
    named = [page for _, page in navigation(Survey.of(report))]
    assert named[0] == "index.html"
    assert {"units.html", "experiment.html"} <= set(named)
    bare = replace(report, associations=None, findings=(), sections=())
    assert not {"units.html", "experiment.html"} & {page for _, page in navigation(Survey.of(bare))}
    told = replace(bare, findings=(Finding("A claim"),))
    assert "experiment.html" in {page for _, page in navigation(Survey.of(told))}


def test_a_card_is_small(tmp_path):
    survey = Survey.of(runs.report(tmp_path))
    page, _ = page_of(survey, 0)
    text = rendered(page, Frame("A run", "id", "1")).decode()
    cards = text[text.index('id="cards"') : text.index("</ol>\n</section>")]
    assert len(cards) / len(page.content["cards"]) < 900
