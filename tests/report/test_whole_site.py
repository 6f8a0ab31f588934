"""Every type of page in a real browser, in a site where every name is meant to do harm."""

import csv
import gzip
import json
import re
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest

from facsinterp.report.addresses import face_page, layer_page, unit_page
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from tests.report import hostile
from tests.report.test_site import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TYPES = (
    "index", "layer", "filter", "dead filter", "inactive filter", "units", "unit",
    "untested unit", "faces", "face", "hidden face", "dead", "experiment", "data", "methods",
)  # fmt: skip
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def report(folder):
    return hostile.report(folder)


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


@pytest.fixture(scope="module")
def outside(report, folder):
    """What lies beside the site before it is written."""
    return {path for path in folder.parent.rglob("*") if folder / "site" not in path.parents}


@pytest.fixture(scope="module")
def site(report, folder, outside):
    return write_site(report, folder / "site", workers=1).parent


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="module")
def addresses(survey):
    """One page of each type; of layers and filters the one with the longest name."""
    shown, hidden = (
        next(i for i in survey.pictured.tolist() if survey.hidden[i] == one)
        for one in (False, True)
    )
    long = [filter_id.layer for filter_id in survey.filters].index(hostile.LONG)
    dead = survey.activity.dead.tolist().index(True)
    found = {name: f"{name}.html" for name in TYPES}
    return found | {
        "layer": layer_page(hostile.LONG),
        "filter": survey.addresses[long],
        "dead filter": survey.addresses[dead],
        "inactive filter": survey.addresses[6],
        "unit": unit_page(12),
        "untested unit": unit_page(43),
        "face": face_page(survey.face_names[shown]),
        "hidden face": face_page(survey.face_names[hidden]),
    }


@pytest.fixture
def page(browser, site):
    """A page without a network that notes what goes wrong, what it asks for, and what pops up."""
    context = browser.new_context(
        offline=True, bypass_csp=True, viewport={"width": 1200, "height": 900}
    )
    opened = context.new_page()
    wrong = []
    inside = (f"{site.as_uri()}/", "data:", "blob:")

    def dismissed(dialog):
        wrong.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def failed(request):
        if request.failure != "net::ERR_ABORTED":  # by leaving the page
            wrong.append(f"failed: {request.url}")

    def asked(request):
        if not request.url.startswith(inside):
            wrong.append(request.url)

    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("requestfailed", failed)
    opened.on("request", asked)
    opened.on("dialog", dismissed)
    yield opened
    context.close()
    assert wrong == []


def whole(page, address):
    """Open a page and bring all of it into view, its figures and late pictures too."""
    page.goto(address.as_uri())
    page.evaluate(
        """async () => {
            document.querySelectorAll("details").forEach((one) => { one.open = true; });
            for (const image of document.images) image.loading = "eager";
            await Promise.all([...document.images].map((image) => image.decode()));
        }"""
    )
    for place in page.locator(".plot").all():
        place.scroll_into_view_if_needed()
        sync_api.expect(place.locator(".main-svg").first).to_be_attached(timeout=20_000)


@pytest.mark.browser
@pytest.mark.parametrize("kind", TYPES)
def test_nothing_keeps_anybody_from_reading_it(page, site, addresses, kind):
    """By axe-core in the light; in the dark only the colours are others."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    whole(page, site / addresses[kind])
    assert grave(axe.run(page, options={"preload": False})) == []
    page.emulate_media(color_scheme="dark")
    assert grave(axe.run(page, options={"preload": False, "runOnly": ["color-contrast"]})) == []


def grave(found):
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found.response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


# Controls that a reader who scrolls to them cannot touch, or that have no name.
UNREACHED = """() => {
    const lost = [];
    const all = document.querySelectorAll("button, input, select, summary, nav a, .path a");
    for (const one of all) {
        if (!one.checkVisibility({ visibilityProperty: true })) continue;
        if (one.closest(".plot, .skip")) continue;
        one.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
        const box = one.getClientRects()[0];
        if (!box) continue;
        const ends = [Math.max(box.left, 0), Math.min(box.right, innerWidth)];
        const x = (ends[0] + ends[1]) / 2, y = box.top + box.height / 2;
        const hit = document.elementFromPoint(x, y);
        const labels = [...(one.labels ?? [])];
        const touched = hit && (one.contains(hit) || labels.some((label) => label.contains(hit)));
        const named = one.innerText || one.ariaLabel || labels.length || one.title;
        if (!touched || !named) lost.push(one.outerHTML.slice(0, 120));
    }
    return lost;
}"""

TOO_WIDE = """() => [...document.querySelectorAll("body *")].filter((one) => {
    if (one.getBoundingClientRect().right <= innerWidth + 1) return false;
    for (let around = one.parentElement; around; around = around.parentElement) {
        const { overflowX } = getComputedStyle(around);
        if (around !== document.body && overflowX !== "visible") return false;
    }
    return true;
}).map((one) => one.outerHTML.slice(0, 200))"""


@pytest.mark.browser
@pytest.mark.parametrize("kind", TYPES)
def test_on_a_telephone_it_fits_and_every_control_can_be_reached(page, site, addresses, kind):
    page.set_viewport_size({"width": 360, "height": 740})
    whole(page, site / addresses[kind])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.evaluate(TOO_WIDE)
    assert page.evaluate(UNREACHED) == []


@pytest.mark.browser
def test_walking_through_the_site_and_back(page, site, survey):
    """Overview, layer, filter, action unit, filter, face, and back by the browser."""
    page.goto((site / "index.html").as_uri())
    rows = page.locator("#listing tbody tr[aria-rowindex]")
    sync_api.expect(rows).to_have_count(len(survey.filters))
    page.locator("#listing").get_by_role("button", name="Filter").click()
    page.keyboard.press("/")
    page.keyboard.type("passwd")
    sync_api.expect(rows).to_have_count(1)
    assert "../../etc/passwd/000" in rows.inner_text()
    page.get_by_role("button", name="Clear").click()
    page.locator("#layer").select_option(hostile.NAMES[0])
    sync_api.expect(rows).to_have_count(1)
    visits = [page.url]

    def follow(link, expected):
        link.click()
        page.wait_for_url(expected)
        visits.append(page.url)

    ways = page.get_by_role("navigation", name="Ways in")
    follow(ways.get_by_role("link", name=hostile.NAMES[0], exact=True), "**/layers/*.html")
    assert page.get_by_role("heading", level=1).inner_text() == hostile.NAMES[0]
    follow(page.locator("#cards a").first, "**/filters/*.html")
    page.locator("#numbers").get_by_role("button", name="AUROC [").click()
    assert page.locator("#numbers tbody th").first.inner_text().startswith("AU12")
    follow(page.locator("#numbers").get_by_role("link", name="AU12"), "**/units/au12.html")
    follow(page.get_by_role("link", name=f"{hostile.NAMES[0]}/000").first, "**/filters/*.html")
    follow(page.locator("#faces li a").first, "**/faces/*.html")
    for visit in visits[-2::-1]:
        page.go_back()
        page.wait_for_url(visit)
    assert page.locator("#layer").input_value() == hostile.NAMES[0]
    sync_api.expect(rows).to_have_count(1)
    rows.first.get_by_role("link").first.click()
    page.wait_for_url("**/filters/*.html")
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{survey.addresses[1]}")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/{survey.addresses[0]}")
    page.keyboard.press("i")
    page.wait_for_url("**/index.html*")


# Hostile names


def flat(text):
    return re.sub(r"\s+", " ", text).strip()


def test_only_files_that_every_system_takes_are_written_and_none_outside(site, folder, outside):
    found = list(site.rglob("*"))
    names = [path.relative_to(site).as_posix() for path in found]
    assert len({name.lower() for name in names}) == len(names)
    for path in found:
        assert not path.is_symlink()
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._~-]*", path.name), path.name
        assert not DEVICES.match(path.name.lower()), path.name
        assert len(path.name) < 120
    now = {path for path in folder.parent.rglob("*") if site not in path.parents}
    assert now - outside == {site}


def test_every_link_leads_to_a_file_of_the_site(site, pages):
    for page in pages.values():
        for href in {*page.links, *page.resources}:
            parts = urlsplit(href)
            if href == "data:,":
                continue
            assert not parts.scheme, href
            assert not parts.netloc, href
            target = (page.path.parent / unquote(parts.path)) if parts.path else page.path
            assert target.resolve().is_file(), f"{page.path.name} -> {href}"
            assert target.resolve().is_relative_to(site.resolve()), href


def test_no_name_becomes_markup(site, pages):
    known = {path.name for path in (site / "assets").iterdir()} | {"filters.js"}
    for name, page in pages.items():
        ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
        assert len(set(ids)) == len(ids), f"{name}: {sorted(ids)}"
        for tag, attrs in page.tags:
            assert not [one for one in attrs if one.startswith("on")], (name, attrs)
            if tag == "script" and "src" not in attrs:
                assert attrs["type"] == "application/json"
                continue
            if tag == "img":
                assert attrs["src"].endswith(".webp"), (name, attrs)
            if tag == "script":
                file = attrs["src"].rpartition("/")[2]
                assert file in known or "data/" in attrs["src"], (name, attrs)
        assert "49" not in page.words.split(), "the template of a name was filled"


def test_every_name_is_shown_as_text(survey, pages):
    names = [flat(name) for name in hostile.NAMES]
    texts = {address: flat(page.words) for address, page in pages.items()}
    for address in ("experiment.html", "data.html", "methods.html"):
        assert [name for name in names if name not in texts[address]] == [], address
    assert [name for name in names if name not in texts["index.html"]] == []
    for place, layer in enumerate(hostile.LAYERS):
        assert flat(layer) in texts[layer_page(layer)]
        assert f"{flat(layer)}/000" in texts[survey.addresses[place]]
    images = survey.faces.images.tolist()
    for name in hostile.NAMES:
        position = images.index(name)
        assert position in survey.pictured
        address = face_page(survey.face_names[position])
        assert flat(name) in texts[address]
        owner = survey.faces.column("subject")[position]
        assert flat(str(owner)) in texts[address]
    listed = texts["faces.html"]
    pictured = survey.pictured
    for column in ("subject", "expression"):
        for name in set(survey.faces.column(column)[pictured].tolist()):
            assert flat(name) in listed, name


@pytest.mark.browser
def test_the_browser_shows_every_name_and_runs_none(page, site, survey):
    """The pages of every layer, filter and face with such a name; see also the notes of `page`."""
    page.goto((site / "index.html").as_uri())
    shown = page.locator("#listing tbody tr[aria-rowindex] .link").all_inner_texts()
    assert sorted(map(flat, shown)) == sorted(flat(f"{name}/000") for name in hostile.LAYERS)
    images = survey.faces.images.tolist()
    wanted = {layer_page(name): name for name in hostile.LAYERS}
    wanted |= {survey.addresses[i]: f"{name}/000" for i, name in enumerate(hostile.LAYERS)}
    wanted |= {face_page(survey.face_names[images.index(name)]): name for name in hostile.NAMES}
    for address, name in wanted.items():
        page.goto((site / address).as_uri())
        heading = page.get_by_role("heading", level=1).text_content()
        assert flat(heading) == flat(name), address
        assert flat(name) in flat(page.title())
    assert (
        page.evaluate("document.querySelectorAll('iframe, object, embed, form[action]').length")
        == 0
    )


def test_exports_keep_every_name_and_spreadsheets_run_none(report, survey, site):
    def read(name, kind):
        path = site / f"tables/{name}.{kind}"
        if not path.exists():
            return gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes())
        return path.read_bytes()

    def plain(cell):
        return cell[1:] if cell.startswith("'") and cell[1:].startswith(FORMULA) else cell

    section = next(path.name for path in (site / "tables").glob("section-*.csv"))[:-4]
    for name, column, wanted in (
        ("faces", "image", survey.faces.images.tolist()),
        ("filters", "layer", list(hostile.LAYERS)),
        ("findings", "claim", list(hostile.NAMES)),
        (section, hostile.NAMES[0], list(hostile.NAMES)),
        (section, hostile.NAMES[4], list(hostile.NAMES[::-1])),
    ):
        rows = csv.reader(read(name, "csv").decode().splitlines(keepends=True))
        head, *lines = rows
        assert [plain(line[head.index(column)]) for line in lines] == wanted
        texts = [head, *([cell for cell in line if not number(cell)] for line in lines)]
        assert not [cell for line in texts for cell in line if cell.startswith(FORMULA)]
        assert [one[column] for one in json.loads(read(name, "json"))] == wanted
        kept = pd.read_parquet(site / f"tables/{name}.parquet")
        assert kept[column].tolist() == wanted
    assert "=2+2" in kept


def number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
