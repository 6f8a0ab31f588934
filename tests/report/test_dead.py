"""Dead and duplicate filters on their page: planted copies, layers, pictures, and refusals."""

from dataclasses import replace

import pytest

from facsinterp.faces.terms import Terms
from facsinterp.report.building.render import Frame, rendered
from facsinterp.report.pages import dead, duplicates
from facsinterp.report.reading.survey import Survey
from tests.report import runs

COPIES = ((0, 4), (0, 7), (2, 9))  # conv2/000 and conv2/003 double conv1/000; conv2/005 conv1/002


def page_of(survey):
    (page,) = dead.pages(survey)
    frame = Frame(survey.report.title, survey.report.identity, "0")
    return page.content, rendered(page, frame).decode()


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    made = runs.store(folder / "copies.zarr", copies=COPIES)
    return Survey.of(runs.report(folder, store=made))


def test_planted_copies_are_clusters_the_largest_first(survey):
    told = page_of(survey)[0]["duplicates"]
    first, second = told["clusters"]
    assert (first["name"], [one[0] for one in first["others"]]) == (
        "conv1/000", ["conv2/000", "conv2/003"],
    )  # fmt: skip
    assert (second["name"], second["others"]) == (
        "conv1/002", [("conv2/005", "filters/conv2-005.html", "1.00")],
    )  # fmt: skip
    assert first["layers"] == ["conv1", "conv2"]
    assert (told["n_clusters"], told["n_inside"]) == (2, 5)
    assert told["different"] == told["live"] - 3


def test_the_page_tells_them_with_links_and_an_effective_number(survey):
    _, html = page_of(survey)
    assert "Dead and duplicate filters" in html
    assert "5 filters of 8 live ones are in 2 clusters of duplicates" in html
    assert '<a href="filters/conv2-003.html">conv2/003</a>&nbsp;<small>1.00</small>' in html
    assert "<td" in html.partition("Effective (participation)")[2]
    assert html.count('loading="lazy"') == 10  # five of the first filter of each cluster


def test_faces_that_may_not_be_shown_are_left_out(tmp_path):
    nobody = Terms("source", "terms", frozenset({"S05"}))
    made = runs.store(tmp_path / "copies.zarr", runs.faces(nobody), copies=COPIES)
    survey = Survey.of(runs.report(tmp_path, store=made))
    content, html = page_of(survey)
    shown = [image for one in content["duplicates"]["clusters"] for *_, image in one["thumbs"]]
    allowed = survey.faces.images[~survey.hidden].tolist()
    assert set(shown) <= set(allowed)
    assert "5 filters of 8" in html


def test_without_copies_every_live_filter_is_different(tmp_path):
    content, html = page_of(Survey.of(runs.report(tmp_path)))
    assert content["duplicates"]["clusters"] == []
    assert "are duplicates of each other" in html


def test_too_many_filters_are_refused_with_words(survey, monkeypatch):
    monkeypatch.setattr(duplicates, "MOST", 9)
    content, html = page_of(survey)
    assert content["duplicates"] is None
    assert "10 filters have too many pairs for a report (more than 9)" in html


def test_what_cannot_be_asked_is_told(survey):
    associations = survey.report.associations
    table = runs.faces()
    table.data["split"][:] = "train"
    assert (table.column("split") == "train").all()
    made = runs.store(survey.report.store.path.parent / "train.zarr", table)
    lonely = replace(survey, report=replace(survey.report, store=made, associations=associations))
    content, html = page_of(lonely)
    assert content["duplicates"] is None
    assert "Not known: no face is held out" in html
