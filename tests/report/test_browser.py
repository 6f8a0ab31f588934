"""The site as somebody uses it: opened from disk, without a network, by mouse and keyboard."""

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facsinterp.report.colours import GROUND, LOWERING, RAISING
from facsinterp.report.site import write_site
from tests.report import runs
from tests.report.test_site import rich_report

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Without a figure: Plotly takes a second to read on each visit."""
    folder = tmp_path_factory.mktemp("browser")
    made = rich_report(folder, sections=())
    visual = runs.visual(folder, made)
    return write_site(replace(made, visual=visual), folder / "site").parent


@pytest.fixture(scope="module")
def browser():
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        pytest.skip("no chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture
def page(browser, site):
    """A page without a network that notes what goes wrong and what it asks for."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 900})
    opened = context.new_page()
    opened.wrong = []
    opened.on("console", lambda message: opened.wrong.append(message.text))
    opened.on("pageerror", lambda error: opened.wrong.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("file:", "data:", "blob:"))
            else opened.wrong.append(request.url)
        ),
    )
    opened.goto((site / "index.html").as_uri())
    yield opened
    assert opened.wrong == []
    context.close()


def first_filter(page):
    return page.locator("#listing tbody tr").first.locator("a").inner_text()


def test_sorting_searching_and_clearing(page):
    assert first_filter(page) == "conv1/000"
    page.get_by_role("button", name="Filter").click()
    assert first_filter(page) == "conv2/005"
    page.get_by_role("button", name="AUROC").click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("AUROC")
    assert first_filter(page) == "conv1/000"
    page.keyboard.press("/")
    page.keyboard.type("conv2 dead")
    sync_api.expect(page.locator("#listing tbody tr")).to_have_count(1)
    assert first_filter(page) == "conv2/001"
    assert "1 of 10 filters" in page.locator("#shown").inner_text()
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#listing tbody tr").count() == 10
    page.get_by_label("hide dead and inactive filters").check()
    assert page.locator("#listing tbody tr").count() == 8


def test_rows_without_a_number_come_last_whichever_way(page):
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Corrected p")).click()
        last = page.locator("#listing tbody tr").last.inner_text()
        assert "inactive" in last


def test_the_heat_map_of_each_claim_leads_to_its_filters(page):
    for claim in ("beyond", "answers"):
        page.locator(f"#show-{claim}").check()
        sync_api.expect(page.locator(".heat:visible")).to_have_count(1)
        page.locator(".heat:visible a").first.click()
        sync_api.expect(page.locator("#unit")).not_to_have_value("")
        assert page.locator("#beyond").is_checked() == (claim == "beyond")
        assert page.locator("#listing tbody tr.found").count() >= 1
        assert page.locator("#listing tbody tr:not(.found)").count() == 0


def test_filters_by_verdict(page):
    page.locator("table.overview a[href*='layer=conv2'][href*='verdict=dead']").click()
    sync_api.expect(page.locator("#verdict")).to_have_value("dead")
    names = page.locator("#listing tbody tr .link").all_inner_texts()
    assert names == ["conv2/001", "conv2/002"]
    page.locator("#verdict").select_option("beyond")
    page.locator("#layer").select_option("")
    assert page.locator("#listing tbody tr .link").all_inner_texts() == ["conv1/000"]
    page.get_by_role("button", name="Clear").click()
    assert page.locator("#listing tbody tr").count() == 10


def test_the_text_for_a_paper_can_be_copied(page, site):
    page.goto((site / "methods.html").as_uri())
    page.get_by_role("button", name="Copy the text").click()
    sync_api.expect(page.locator(".copied [role=status]")).to_have_text("Copied.")


def test_walking_by_keys(page):
    page.locator("#listing a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/filters/conv1-001.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/filters/conv1-000.html")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("i")
    page.wait_for_url("**/index.html#filters")


def test_a_filter_page_shows_its_faces_and_sorts_its_numbers(page, site):
    page.goto((site / "filters/conv1-000.html").as_uri())
    assert page.locator(".picture img").count() > 5
    decoded(page)
    page.get_by_role("button", name="AUROC [").click()
    assert page.locator(".numbers th[aria-sort]").inner_text().startswith("AUROC")
    assert page.locator(".numbers tbody th").first.inner_text().startswith("AU12")
    assert page.evaluate("document.scripts.length") == 1


def decoded(page):
    page.evaluate(
        """Promise.all([...document.images].map((image) => {
            image.loading = "eager";
            return image.decode();
        }))"""
    )


def seen(place):
    """What is on the screen there, (row, col, 3)."""
    with Image.open(io.BytesIO(place.screenshot())) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 600])
def test_each_tile_shows_its_own_part_of_the_sheet(page, site, width, scheme):
    """Of conv1/002 the planted blocks, at the top and at the bottom, are weaker face by face."""
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / "filters/conv1-002.html").as_uri())
    decoded(page)
    faces = page.locator(".face:has(.tile)")
    assert faces.count() >= 8
    everywhere = page.locator(".face")
    columns = [i for i in range(everywhere.count()) if everywhere.nth(i).locator(".tile").count()]
    strengths = []
    for number, column in enumerate(columns):
        face = faces.nth(number)
        thumbnail = face.locator(".picture").bounding_box()
        for tile in face.locator(".tile").all():
            box = tile.bounding_box()
            assert box["width"] == pytest.approx(thumbnail["width"], abs=0.5)
            assert box["height"] == pytest.approx(thumbnail["height"], abs=0.5)
        found = seen(face.locator(".tile").nth(1))
        rows, cols, _ = found.shape
        # Block of the filter at place 2: columns 14 to 19 of 24, rows 0 to 5 and 18 to 23.
        middle = round(cols * 17 / 24)
        share = 0.8**column
        for at, colour, strength in ((3, RAISING, share), (21, LOWERING, share / 2)):
            wanted = GROUND + strength**0.65 * (np.array(colour) - GROUND)
            assert found[round(rows * at / 24), middle] == pytest.approx(wanted, abs=16)
        assert found[rows // 2, cols // 4] == pytest.approx(GROUND, abs=4)
        strengths.append(found[round(rows / 8), middle, 2])
    assert strengths == sorted(strengths)


def test_a_figure_of_a_study_is_drawn(page, tmp_path):
    page.goto(write_site(rich_report(tmp_path), tmp_path / "site").as_uri())
    page.wait_for_selector(".plot .main-svg")
    assert first_filter(page) == "conv1/000"


@pytest.mark.parametrize(
    "name", ["index.html", "filters/conv1-000.html", "dead.html", "data.html", "methods.html"]
)
def test_no_page_is_wider_than_a_telephone(page, site, name):
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto((site / name).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_every_control_has_a_name(page):
    nameless = """[...document.querySelectorAll('a, button, input, select')].filter((x) =>
        !(x.innerText || x.ariaLabel || (x.labels && x.labels.length)) && !x.closest('.plot'))"""
    assert page.evaluate(f"{nameless}.map((x) => x.outerHTML)") == []


def test_the_page_cannot_ask_the_network(page):
    refused = page.evaluate("fetch('https://example.org/').then(() => '', (e) => e.name)")
    assert refused == "TypeError"
    assert any("Content Security Policy" in line for line in page.wrong)
    page.wrong.clear()


def test_where_the_site_lies_does_not_matter(browser, site, tmp_path):
    moved = tmp_path / "a folder with spaces & ü"
    shutil.copytree(site, moved)
    page = browser.new_page()
    page.goto(Path(moved / "index.html").as_uri())
    page.locator("#listing a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    page.close()
