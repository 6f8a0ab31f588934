"""The atlas: every drawn unit with its name, muscles and rivals, alone and on a run's site."""

import re

import pytest
from PIL import Image

from facsinterp.faces.drawn.drawings import TERMS
from facsinterp.faces.drawn.signs import SIGNS
from facsinterp.faces.drawn.units import EXCLUSIVE, UNITS
from facsinterp.facs import describe
from facsinterp.report.building import alone
from facsinterp.report.building.render import Frame, asset, assets_of, files_of, rendered
from facsinterp.report.building.tasks import tasks
from facsinterp.report.charts import atlas as charts
from facsinterp.report.pages import atlas
from facsinterp.report.pages.page import File, Page
from facsinterp.report.pages.units import UnitPages
from facsinterp.report.reading.survey import Survey
from tests.report import runs
from tests.report.test_site import Page as Read

SIDE = 24


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    """Of a run whose faces are drawn."""
    return Survey.of(runs.report(tmp_path_factory.mktemp("drawn"), runs.faces(TERMS)))


@pytest.fixture(scope="module")
def site(survey, tmp_path_factory):
    """The page in a site, with small pictures: drawing is what takes its time."""
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(atlas, "_SIDE", SIDE)
        made = list(atlas.pages(survey))
    files = [file for one in made for file in files_of(one, Frame("A run", "id", "1"))]
    assets = {name for file in files for name in assets_of(file)}
    for file in [*files, *map(asset, assets)]:
        (folder / file.address).parent.mkdir(exist_ok=True)
        (folder / file.address).write_bytes(file.content)
    return folder


@pytest.fixture(scope="module")
def alone_file(tmp_path_factory):
    """The file, with small pictures: drawing is what takes its time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alone, "_SIDE", SIDE)
        file = tmp_path_factory.mktemp("alone") / "atlas.html"
        file.write_bytes(alone.atlas_file())
    return file


def test_every_unit_is_told_with_name_muscles_signs_and_rivals(alone_file):
    text, words = alone_file.read_text(encoding="utf-8"), Read(alone_file).words
    for unit in UNITS:
        assert describe(unit).split(" ", 1)[1] in words, unit
        assert SIGNS[unit].replace("\u2019", "'") in words, unit
        (section,) = re.findall(rf"<section id=au{unit} .*?</section>", text, re.DOTALL)
        told = {int(other) for other in re.findall(r"<a href=#au(\d+)>", section)}
        assert told == {b if a == unit else a for a, b in EXCLUSIVE if unit in (a, b)}
        assert section.count("<figure") == 2
        assert section.count("<span><i></i>") == 12
    assert set(SIGNS) == set(UNITS)


def test_alone_it_needs_nothing_else(alone_file):
    page = Read(alone_file)
    assert all(link.startswith(("#", "data:")) for link in page.links + page.resources)
    assert "http" not in re.sub("http-equiv", "", alone_file.read_text(encoding="utf-8"))


def test_a_sheet_has_the_face_at_rest_and_a_row_a_unit(site):
    with Image.open(site / "atlas.webp") as picture:
        assert picture.size == (charts.COLUMNS * SIDE, (1 + len(UNITS)) * SIDE)


def test_a_run_of_drawn_faces_has_the_atlas_and_its_units_lead_there(survey, site):
    listed = rendered(UnitPages.of(survey).listed(), Frame("A run", "id", "1")).decode()
    assert 'href="atlas.html"' in listed
    text = (site / "atlas.html").read_text(encoding="utf-8")
    assert "url(atlas.webp)" in text
    page = Read(site / "atlas.html")
    assert {link for link in page.links if link.startswith("#au")} == {f"#au{u}" for u in UNITS}
    assert all((site / name).is_file() for name in page.resources if not name.startswith("data:"))


def test_the_tasks_of_a_site_make_it(survey):
    (task,) = (one for one in tasks(survey) if one.name == "atlas")
    assert isinstance(next(task.make(survey)), Page)


def test_a_run_of_other_faces_has_none(tmp_path):
    survey = Survey.of(runs.report(tmp_path))
    assert list(atlas.pages(survey)) == []
    listed = rendered(UnitPages.of(survey).listed(), Frame("A run", "id", "1")).decode()
    assert "atlas.html" not in listed


@pytest.mark.slow
def test_the_page_weighs_little(survey):
    """A site has 15 MB for 448 filters, and the rest of it takes all but 0.1 of them."""
    page, sheet = atlas.pages(survey)
    assert isinstance(page, Page)
    assert isinstance(sheet, File)
    assert len(sheet.content) < 68_000
    assert len(rendered(page, Frame("A run", "id", "1"))) < 45_000


@pytest.mark.browser
def test_the_arrow_keys_go_from_unit_to_unit(browser, alone_file):
    opened = browser.new_page()
    opened.goto(alone_file.as_uri())
    for _ in range(3):
        opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowLeft")
    assert opened.evaluate("location.hash") == f"#au{UNITS[1]}"
    assert opened.evaluate("document.activeElement.id") == f"h{UNITS[1]}"
    opened.close()


@pytest.mark.browser
def test_nothing_sticks_out_and_nothing_keeps_anybody_from_reading_it(browser, alone_file, site):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(offline=True, bypass_csp=True)
    opened = context.new_page()
    wrong = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("requestfailed", lambda request: wrong.append(request.url))
    for file in (alone_file, site / "atlas.html"):
        opened.goto(file.as_uri())
        for width in (1200, 390):
            opened.set_viewport_size({"width": width, "height": 900})
            assert opened.evaluate("document.documentElement.scrollWidth") <= width
    # One unit is like the other.
    opened.evaluate(
        "document.querySelectorAll('.atlas section + section').forEach(o => o.remove())"
    )
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        found = axe.run(opened, options={"preload": False}).response["violations"]
        assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == [], (
            scheme
        )
    context.close()
    assert wrong == []
