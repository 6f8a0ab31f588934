"""The site as somebody uses it: opened from disk, without a network, by mouse and keyboard."""

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from facsinterp.report.charts.colours import GROUND, LOWERING, RAISING
from facsinterp.report.pages.coded import script
from facsinterp.report.site import write_site
from tests.report import runs
from tests.report.listed import Listing
from tests.report.test_site import rich_report

pytestmark = pytest.mark.browser

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site of a run without sections, opened by every test."""
    folder = tmp_path_factory.mktemp("browser")
    made = rich_report(folder, sections=())
    visual = runs.visual(folder, made)
    return write_site(replace(made, visual=visual), folder / "site").parent


@pytest.fixture
def page(browser, site):
    """A page without a network that notes what goes wrong and what it asks for."""
    context = browser.new_context(offline=True, viewport={"width": 1200, "height": 480})
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


ROWS = "#listing tbody tr[aria-rowindex]"


def names(page):
    return page.locator(f"{ROWS} .link").all_inner_texts()


def first_filter(page):
    return page.locator(ROWS).first.locator("a").inner_text()


def test_sorting_searching_and_clearing(page):
    assert first_filter(page) == "conv1/000"
    page.locator("#listing th.link button").click()
    assert first_filter(page) == "conv2/005"
    page.get_by_role("button", name="AUROC").click()
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("AUROC")
    assert first_filter(page) == "conv1/000"
    page.keyboard.press("/")
    page.keyboard.type("conv2 dead")
    sync_api.expect(page.locator(ROWS)).to_have_count(1)
    assert first_filter(page) == "conv2/001"
    assert "1 of 10 filters" in page.locator("#shown").inner_text()
    page.get_by_role("button", name="Clear").click()
    assert page.locator(ROWS).count() == 10
    page.get_by_label("hide dead and inactive filters").check()
    assert page.locator(ROWS).count() == 8


def test_rows_without_a_number_come_last_whichever_way(page):
    for _ in range(2):
        page.get_by_role("button", name=re.compile("^Corrected p")).click()
        last = page.locator(ROWS).last.inner_text()
        assert "inactive" in last


def test_what_is_chosen_stands_in_the_address_and_back_undoes_it(page, site):
    page.locator("#unit").select_option("12")
    page.get_by_role("button", name="Active on").click()
    page.get_by_label("hide dead and inactive filters").check()
    chosen, address = names(page), page.url
    assert "unit=12" in address
    assert "sort=-Active+on" in address
    page.go_back()
    page.go_back()
    sync_api.expect(page.locator("#unit")).to_have_value("12")
    assert page.locator("th[aria-sort]").inner_text().startswith("Filter")
    page.go_back()
    sync_api.expect(page.locator("#unit")).to_have_value("")
    assert page.locator(ROWS).count() == 10
    page.goto("about:blank")
    page.goto(address)
    assert names(page) == chosen
    assert page.locator("#alive").is_checked()
    page.locator(f"{ROWS} a").first.click()
    page.wait_for_url("**/filters/*")
    page.go_back()
    page.wait_for_selector(ROWS)
    assert names(page) == chosen


def test_arrows_walk_through_the_rows(page):
    page.locator(f"{ROWS} a").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.textContent") == "conv1/003"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.textContent") == "conv1/002"
    assert page.url.endswith("index.html")


def test_of_many_rows_only_those_in_view_are_there(page, browser, site, tmp_path):
    """Filters as many as the largest banks have; the table is read row by row at its end."""
    many = tmp_path / "many"
    shutil.copytree(site, many)
    path = many / "data/filters.js"
    data = Listing(site).data
    times = 2656
    for part in (
        data["verdict"],
        data["passing"],
        *(p for c in data["columns"] for p in c["parts"]),
    ):
        part["code"] *= times
    data["runs"] = [
        [place, first, size] for _ in range(times) for place, first, size in data["runs"]
    ]
    path.write_text(script("facsinterpFilters", data), encoding="utf-8")
    page.goto((many / "index.html").as_uri())
    assert page.locator("#listing").get_attribute("aria-rowcount") == "26561"
    assert page.locator(ROWS).count() < 100
    page.evaluate("document.getElementById('scroller').scrollTop = 1e9")
    sync_api.expect(page.locator("#listing tr[aria-rowindex='26561']")).to_be_visible()
    assert page.locator(ROWS).last.locator("a").inner_text() == "conv2/005"
    assert page.locator(ROWS).count() < 100
    page.locator("#listing th.link button").click()
    assert first_filter(page) == "conv2/005"
    heights = "[...document.querySelectorAll('#listing tbody tr[aria-rowindex]')]"
    heights += ".map((row) => row.getBoundingClientRect().height)"
    assert len({round(height, 1) for height in page.evaluate(heights)}) == 1


def test_the_heat_map_of_each_claim_leads_to_the_gallery(page, site):
    for claim in ("beyond", "answers"):
        page.goto((site / "index.html").as_uri())
        page.locator(f"#show-{claim}").check()
        sync_api.expect(page.locator(".heat:visible")).to_have_count(1)
        page.locator(".heat:visible td a").first.click()
        page.wait_for_url("**/layers/*.html#unit=*")
        sync_api.expect(page.locator("#show")).to_have_value(
            "beyond" if claim == "beyond" else "pass"
        )
        assert page.locator("#cards li:visible").count() >= 1
        assert page.locator("#sort").input_value() == "auroc"
        asked = (page.locator("#cards li:visible .asked").first.text_content() or "").strip()
        assert asked.startswith(f"AU{page.locator('#unit').input_value()} ")


def test_filters_by_verdict(page):
    page.locator("table.overview a[href*='layer=conv2'][href*='verdict=dead']").click()
    sync_api.expect(page.locator("#verdict")).to_have_value("dead")
    assert names(page) == ["conv2/001", "conv2/002"]
    page.locator("#verdict").select_option("beyond")
    page.locator("#layer").select_option("")
    assert names(page) == ["conv1/000"]
    page.get_by_role("button", name="Clear").click()
    assert page.locator(ROWS).count() == 10


def cards(page):
    # Cards that were never in view are not laid out (content-visibility): their rendered text,
    # innerText, is empty until the next frame. textContent needs no layout.
    return page.locator("#cards li:visible a > b").all_text_contents()


def test_a_gallery_is_sorted_filtered_and_searched(page, site):
    page.goto((site / "layers/conv2.html").as_uri())
    usual = ["000", "001", "002", "003", "004", "005"]
    assert cards(page) == usual
    page.get_by_label("reversed").check()
    assert cards(page) == usual[::-1]
    page.get_by_label("reversed").uncheck()
    page.get_by_label("hide dead").check()
    assert cards(page) == ["000", "003", "004", "005"]
    assert "4 of 6 filters" in page.locator("#shown").inner_text()
    page.locator("#sort").select_option("p")
    told = page.locator("#cards li:visible").all_text_contents()
    p = [float(x) for text in told for x in re.findall(r"\bp (0\.\d+|1\.00)", text)]
    assert len(p) == 4 - len(re.findall("constant", "".join(told)))
    assert p == sorted(p)
    address = page.url
    page.get_by_role("button", name="Clear").click()
    assert cards(page) == usual
    page.go_back()
    assert page.url == address
    assert page.locator("#sort").input_value() == "p"
    page.get_by_role("button", name="Clear").click()
    page.keyboard.press("/")
    page.keyboard.type("003")
    sync_api.expect(page.locator("#cards li:visible")).to_have_count(1)
    page.locator("#search").fill("")
    page.locator("#unit").select_option("4")
    auroc = [
        float(x.split()[0]) for x in page.locator("#cards .asked b").all_text_contents() if x != "–"
    ]
    assert auroc == sorted(auroc, reverse=True)
    assert len(auroc) >= 4
    page.locator("#show").select_option("pass")
    assert cards(page) == []
    assert "No filter fits" in page.locator("#shown").inner_text()


def test_a_gallery_stands_without_scripts(browser, site):
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto((site / "layers/conv1.html").as_uri())
    assert page.locator("#cards li:visible").count() == 4
    assert page.locator("#tools:visible").count() == 0
    page.locator("#cards a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    context.close()


def test_clicking_through_from_the_overview_to_a_face(page, site):
    """Overview, layer, filter; then its unit and its first face, and all the way back."""
    page.locator("nav.ways a", has_text="conv1").click()
    page.wait_for_url("**/layers/conv1.html")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/layers/conv2.html")
    page.go_back()
    page.wait_for_url("**/layers/conv1.html")
    page.locator("#cards a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    visits = ["**/filters/conv1-000.html"]
    for target in ("../units/au12.html", "../faces/"):
        link = page.locator(f"main a[href^='{target}']").first
        if not link.count():
            continue
        link.click()
        visits.append("**/" + target.removeprefix("../") + "*")
        page.wait_for_url(visits[-1])
        page.wait_for_selector("h1")
    for visit in visits[-2::-1]:
        page.go_back()
        page.wait_for_url(visit)
    page.keyboard.press("i")
    page.wait_for_url("**/index.html*")


def test_keys_explain_themselves_and_can_be_turned_off(page, site):
    page.keyboard.press("?")
    sync_api.expect(page.get_by_role("dialog")).to_be_visible()
    assert "at random" in page.get_by_role("dialog").inner_text()
    page.get_by_label("Keys are on").uncheck()
    page.keyboard.press("Escape")
    sync_api.expect(page.get_by_role("dialog")).not_to_be_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"
    page.goto((site / "layers/conv1.html").as_uri())
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(200)
    assert page.url.endswith("conv1.html"), "the choice is remembered"
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Keys are on").check()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/layers/conv2.html")


@pytest.mark.parametrize("name", ["index.html", "layers/conv2.html", "methods.html"])
def test_r_opens_a_filter(page, site, name):
    page.goto((site / name).as_uri())
    page.keyboard.press("r")
    page.wait_for_url("**/filters/conv*.html")


def test_charts_are_saved_as_they_look(page):
    figure = page.locator("figure:has(svg.verdicts)")
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as SVG").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert download.value.suggested_filename.endswith(".svg")
    chart = ElementTree.fromstring(text)
    green = page.evaluate(
        "getComputedStyle(document.querySelector('svg.verdicts .kind-beyond .part')).fill"
    )
    assert any(green in part.get("style", "") for part in chart.iter())
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as PNG").click()
    with Image.open(download.value.path()) as picture:
        assert picture.size == tuple(2 * int(chart.attrib[side]) for side in ("width", "height"))
        assert len(picture.convert("RGB").getcolors(10**6) or ()) > 20


def test_the_figure_is_drawn_when_it_comes_into_view_and_its_points_lead_on(page):
    page.locator(".plot").scroll_into_view_if_needed()
    page.wait_for_selector(".plot.drawn .main-svg")
    assert page.locator(".plot").get_attribute("aria-label")
    point = page.locator(".plot .scatterlayer .trace:has(path.point)").last
    box = point.locator("path.point").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_selector(".plot .hovertext")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/filters/conv*.html")


def test_the_figure_of_a_unit_finds_its_filters_in_the_list_of_all(page, site):
    page.goto((site / "units/au12.html").as_uri())
    page.locator(".plot").scroll_into_view_if_needed()
    page.wait_for_selector(".plot.drawn")
    points = page.evaluate(
        """() => document.querySelector(".plot").data.flatMap(
            (trace) => trace.text.map((name, i) => [name, trace.customdata[i]]))"""
    )
    live = [name for name in Listing(site).hrefs if "conv2-001" not in name]
    assert {link for _, link in points} <= {(site / name).as_uri() for name in live}
    assert len(points) > 5
    for name, link in points:
        assert link.endswith(f"/filters/{name.replace('/', '-')}.html")


def test_plotly_is_not_read_before_a_figure_is_near(page, site):
    page.set_viewport_size({"width": 400, "height": 300})
    page.goto((site / "index.html").as_uri())
    page.wait_for_selector(ROWS)
    assert not page.evaluate("Boolean(window.Plotly)")


def test_the_text_for_a_paper_can_be_copied(page, site):
    page.goto((site / "methods.html").as_uri())
    page.get_by_role("button", name="Copy the text").click()
    sync_api.expect(page.locator(".copied [role=status]")).to_have_text("Copied.")


def test_walking_by_keys(page):
    page.locator(f"{ROWS} a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/filters/conv1-001.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/filters/conv1-000.html")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("i")
    page.wait_for_url("**/index.html*")


def test_a_filter_page_shows_its_faces_and_sorts_its_numbers(page, site):
    page.goto((site / "filters/conv1-000.html").as_uri())
    assert page.locator(".faces a img").count() > 5
    decoded(page)
    assert page.locator("figure#chart").get_by_role("button", name="Save as SVG").count() == 1
    page.get_by_role("button", name="AUROC [").click()
    assert page.locator(".numbers th[aria-sort]").inner_text().startswith("AUROC")
    assert page.locator(".numbers tbody th").first.inner_text().startswith("AU12")


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
    faces = page.locator(".faces li")
    strengths = []
    for column in range(faces.count()):
        face = faces.nth(column)
        if not face.locator("> u").count():
            continue
        thumbnail = face.locator("a").bounding_box()
        whole = face.locator("> u").bounding_box()
        assert whole["width"] == pytest.approx(thumbnail["width"], abs=0.5)
        # Three tiles as large as the thumbnail, and two gaps of 4 in 48 pixels.
        assert whole["height"] == pytest.approx(thumbnail["height"] * (3 + 8 / 48), abs=0.5)
        rows = cols = round(thumbnail["width"])
        below = round(thumbnail["width"] * 52 / 48)
        found = seen(face.locator("> u"))[below : below + rows]
        # Block of the filter at place 2: columns 14 to 19 of 24, rows 0 to 5 and 18 to 23.
        middle = round(cols * 17 / 24)
        share = 0.8**column
        for at, colour, strength in ((3, RAISING, share), (21, LOWERING, share / 2)):
            wanted = GROUND + strength**0.65 * (np.array(colour) - GROUND)
            assert found[round(rows * at / 24), middle] == pytest.approx(wanted, abs=16)
        assert found[rows // 2, cols // 4] == pytest.approx(GROUND, abs=4)
        strengths.append(found[round(rows / 8), middle, 2])
    assert len(strengths) >= 8
    assert strengths == sorted(strengths)


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
    page.locator(f"{ROWS} a").first.click()
    page.wait_for_url("**/filters/conv1-000.html")
    page.close()


PAPER = 703  # pixels between the margins of A4


@pytest.mark.parametrize("name", ["index", "units", "methods", "dead", "data", "layers/conv1"])
def test_nothing_is_cut_on_paper(page, site, name):
    page.goto((site / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 1000})
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER


def test_tables_with_many_columns_lie_on_broad_paper(page, site):
    page.goto((site / "filters/conv1-000.html").as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1032, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 1032
    numbers = page.locator("#numbers .wide")
    assert numbers.evaluate("part => getComputedStyle(part).page") == "broad"


def test_paper_says_that_it_holds_only_rows_in_view_and_draws_every_figure(page):
    assert not page.locator(".printed").is_visible()
    page.emulate_media(media="print")
    assert "tables/filters.csv" in page.locator(".printed").inner_text()
    page.wait_for_selector(".plot.drawn .main-svg")


@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowRight"])
def test_arrows_move_a_table_that_scrolls_and_no_pages(page, site, key):
    page.goto((site / "filters/conv1-001.html").as_uri())
    page.set_viewport_size({"width": 500, "height": 600})
    page.locator("#numbers .wide").focus()
    page.keyboard.press(key)
    page.wait_for_timeout(100)
    assert page.url.endswith("conv1-001.html")
    page.evaluate("document.activeElement.blur()")
    with page.expect_navigation():
        page.keyboard.press(key)


def test_back_undoes_choices_among_faces(page, site):
    page.goto((site / "faces.html").as_uri())
    every = page.locator("#found").inner_text()
    page.locator("#unit").select_option(index=1)
    chosen = page.locator("#found").inner_text()
    page.locator("#expression").select_option(index=1)
    page.go_back()
    sync_api.expect(page.locator("#found")).to_have_text(chosen)
    page.go_back()
    sync_api.expect(page.locator("#found")).to_have_text(every)


def test_a_history_that_is_full_stops_nothing(page):
    refuse = "() => { throw new Error('full'); }"
    page.evaluate(f"() => {{ history.pushState = history.replaceState = {refuse}; }}")
    page.locator("#unit").select_option("12")
    sync_api.expect(page.locator("#shown")).not_to_contain_text("10 of 10")


def test_charts_of_dead_filters_fit_a_telephone(page, site):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto((site / "dead.html").as_uri())
    box = page.locator("svg.shares").first.bounding_box()
    assert box["x"] + box["width"] <= 360
    shadow = page.locator(".wide").first.evaluate("part => getComputedStyle(part).backgroundImage")
    assert shadow.count("linear-gradient") == 4
