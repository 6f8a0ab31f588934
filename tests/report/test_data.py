"""The page of the data: terms with counts, the list of files, and a word where people are few."""

import re
from dataclasses import replace

import numpy as np
import pytest

from facsinterp.faces.inventory import Split, inventory_of_pixels
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.terms import Terms
from facsinterp.report.building.render import Frame, rendered
from facsinterp.report.pages import data
from facsinterp.report.pages import index as first_page
from facsinterp.report.pages.page import File, Page
from facsinterp.report.pages.paper import paper_text
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from facsinterp.report.words.terms import KEEP
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


def taken(report, copied=(), **changes):
    """A run with an inventory of its faces; pairs of `copied` are equal in every pixel."""
    faces = report.store.faces
    array = np.random.default_rng(0).integers(0, 256, (len(faces), 6, 8)).astype(np.uint8)
    for one, other in copied:
        array[other] = array[one]
    found = inventory_of_pixels(
        faces.with_split(changes.pop("split", [""] * len(faces))),
        Pixels.from_array(faces.images, array),
        changes.pop("also", {}),
    )
    return replace(report, inventory=replace(found, **changes))


def sides(report, *places):
    """A split in which the faces at these places test and the others train."""
    return ["test" if place in places else "train" for place in range(len(report.store.faces))]


def test_runs_without_an_inventory_say_so(report):
    *_, words = made_of(report)
    assert "Nobody looked for copies in this run" in words
    assert "equal in every pixel" not in words


def test_pictures_are_told_with_size_and_kind(report):
    *_, words = made_of(taken(report))
    assert "352 pictures as the network gets them: 8 × 6 pixels, grey." in words
    assert "No two are equal in every pixel." in words
    assert "These faces are not split." in words


def test_copies_are_told_and_those_that_contradict_are_named(report):
    *_, words = made_of(taken(report, [(0, 1), (2, 3), (2, 100)]))
    assert "5 pictures in 2 groups are equal in every pixel." in words
    assert "1 group with the names of different subjects i002 = i003 = i100" in words


def test_long_groups_and_many_are_cut(report):
    shown = taken(report)
    group = tuple(f"i{i:03d}" for i in range(9))
    pictures = replace(shown.inventory.pictures, other_expressions=(group,) * 60)
    html = made_of(replace(shown, inventory=replace(shown.inventory, pictures=pictures)))[2]
    assert html.count("i000 = i001 = i002 = i003 and 5 more") == 50
    assert "and 10 more." in html


def test_plain_pictures_are_told(report):
    shown = taken(report)
    pictures = replace(shown.inventory.pictures, plain=("i001",))
    *_, words = made_of(replace(shown, inventory=replace(shown.inventory, pictures=pictures)))
    assert "1 picture is of one brightness all over and shows nothing." in words


def test_a_split_that_nothing_crosses_is_praised(report):
    half = ["test"] * 176 + ["train"] * 176
    _, _, html, words = made_of(taken(report, [(0, 1)], split=half))
    assert "Nobody and no picture stands on two sides of a split." in words
    assert "Official split 176 176 0 0" in words
    assert "caution" not in html


def test_what_crosses_the_split_of_the_run_is_a_caution(report):
    also = {"this run": sides(report, 0, 100)}
    _, _, html, words = made_of(taken(report, [(0, 200), (100, 101)], also=also))
    said = "This run: 2 subjects have faces on two sides; 2 test faces stand in train as well"
    assert said in words
    assert f'<p class="caution">{said}' in html
    assert "Nobody and no picture" not in words


@pytest.mark.parametrize(
    ("split", "said"),
    [
        (Split("x", {}, 1, 0), "X: 1 subject has faces on two sides."),
        (Split("x", {}, 0, 3, {"test": 0}), "X: 3 groups of equal pictures stand on two sides."),
        (
            Split("x", {}, 0, 3, {"validation": 1, "test": 0}),
            "X: 1 validation face stands in train as well, equal in every pixel.",
        ),
        (
            Split("x", {}, 0, 3, {"validation": 280, "test": 288}),
            "X: 280 validation faces and 288 test faces stand in train as well",
        ),
    ],
)
def test_splits_in_words(report, split, said):
    *_, words = made_of(taken(report, splits=(split,)))
    assert said in words


def kept(folder, terms, **changes):
    return runs.report(folder, runs.faces(terms), associations=None, **changes)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A run of faces that may be shown but not passed on."""
    terms = Terms("CK+", "Research.", None, frozenset({"S03"}), redistributable=False)
    return kept(tmp_path_factory.mktemp("guarded"), terms)


def html_of(made, report):
    page = next(one for one in made if isinstance(one, Page))
    return rendered(page, Frame(report.title, report.identity, "0")).decode()


def test_pictures_that_may_not_be_passed_on_are_a_caution_where_people_look(guarded):
    survey = Survey.of(guarded)
    for pages in (data.pages, first_page.pages):
        html = html_of(pages(survey), guarded)
        assert f'<p class="caution">{KEEP}</p>' in html
    *_, words = made_of(guarded)
    assert "Pictures of the faces may not be passed on: give nobody this site as it is." in words


def test_every_page_says_so_at_its_foot(guarded, tmp_path):
    folder = write_site(guarded, tmp_path / "site", workers=1).parent
    pages = list(folder.rglob("*.html"))
    assert len(pages) > 20
    assert all(KEEP in page.read_text(encoding="utf-8").split("<footer>")[1] for page in pages)
    faces = guarded.store.faces
    owner = dict(zip(faces.images.tolist(), faces.column("subject").tolist(), strict=True))
    drawn = {owner[path.stem] for path in (folder / "faces").glob("*.webp")}
    assert len(drawn) > 5
    assert "S03" not in drawn


def test_a_site_without_pictures_may_be_passed_on(tmp_path):
    terms = Terms("CK+", "Research.", frozenset(), redistributable=False)
    nobody = kept(tmp_path / "nobody", terms)
    free = kept(tmp_path / "free", Terms("mine", "Mine."))
    for one in (nobody, free):
        survey = Survey.of(one)
        assert not survey.kept_to_oneself
        for pages in (data.pages, first_page.pages):
            assert KEEP not in html_of(pages(survey), one)
    assert "this site holds none" in made_of(nobody)[3]
    assert "The terms do not forbid to pass the pictures on." in made_of(free)[3]


def test_the_text_for_a_paper_says_who_is_not_shown(report, guarded, tmp_path):
    assert (
        "Of 16 faces none is shown, as the terms of the data ask."
        in paper_text(Survey.of(report))[0]
    )
    assert "Of 8 faces none is shown" in paper_text(Survey.of(guarded))[0]
    nobody = kept(tmp_path, Terms("x", "x", frozenset()))
    assert "None of them is shown, as" in paper_text(Survey.of(nobody))[0]
    free = paper_text(Survey.of(kept(tmp_path / "free", Terms("mine"))))[0]
    assert "shown, as" not in free
