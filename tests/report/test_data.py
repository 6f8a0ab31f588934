"""The page of the data: terms with counts, the list of files, and a word where people are few."""

import re
from dataclasses import replace

import pytest

from facsinterp.faces.table import Terms
from facsinterp.report.building.render import Frame, rendered
from facsinterp.report.pages import data
from facsinterp.report.pages.page import File, Page
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables


def made_of(report):
    *files, page = data.pages(Survey.of(report))
    assert isinstance(page, Page)
    html = rendered(page, Frame(report.title, report.identity, "0")).decode()
    return files, page, html, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    people = {f"S{i:02d}" for i in range(runs.SUBJECTS)} | {runs.EVIL}
    terms = Terms("the <source>", "Some terms.", frozenset(people - {"S03", "S07"}))
    folder = tmp_path_factory.mktemp("run")
    return runs.report(folder, runs.faces(terms), associations=tables.associations())


def test_every_file_is_listed_with_its_size_and_columns(report):
    files, page, html, _ = made_of(report)
    assert all(isinstance(file, File) for file in files)
    linked = set(re.findall(r'href="(tables/[^"]+)" download', html))
    assert linked == {file.address for file in files}
    assert all(f'id="file-{one["name"]}"' in html for one in page.content["files"]["tables"])
    assert "<dt><code>auroc_low</code></dt><dd>lower bound of its interval" in html
    listed = sum(one["bytes"] for one in page.content["files"]["tables"])
    assert listed == sum(len(file.content) for file in files)


def test_terms_say_how_many_faces_are_not_shown(report):
    *_, words = made_of(report)
    assert "Not shown: 16 faces (5 %) of 2 subjects, 8 of them among the held-out faces" in words


def test_no_word_of_that_where_all_may_be_shown(tmp_path):
    *_, words = made_of(runs.report(tmp_path, associations=None))
    assert "No face is left out for its terms." in words


@pytest.mark.parametrize(("people", "warned"), [(5, True), (9, True), (10, False), (0, False)])
def test_few_people_are_a_caution(report, people, warned):
    associations = tables.associations({"n_subjects": people})
    *_, words = made_of(replace(report, associations=associations))
    assert ("are few." in words) == warned
    if warned:
        assert f"{people} people are few." in words
        assert "3 of 4 units could be tested at all, 2 beyond the emotion" in words
