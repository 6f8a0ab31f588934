"""The page of a filter: what it says, and what its script draws of the numbers in it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from facsinterp.faces.terms import Terms
from facsinterp.report import wording
from facsinterp.report.pages import filters
from facsinterp.report.pages.numbers import plain, script
from facsinterp.report.pages.page import Page
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from facsinterp.report.words import beside
from facsinterp.report.words.followed import followed, shown
from tests.report import runs, tables
from tests.report.listed import Listing

HIDDEN = ("S03", "S07", "S05", "S09", "S11")
NAME = "conv1/000"


def control(arm, *, seed=7, same_start=True, shift=0.0, drop=()):
    """A control whose AUROCs lie lower by `shift`; without the filters `drop`."""
    made = tables.associations()
    data = made.data.assign(auroc=made.data["auroc"] - shift)
    kept = [name for name in data["filter"].values if name not in drop]
    told = f"the <{arm}> network"
    return ControlRun(arm, told, seed, same_start, type(made)(data.sel(filter=kept)))


CONTROLS = (
    control("untrained", shift=0.125),
    *(control("shuffled-labels", seed=seed, shift=seed / 20) for seed in (1, 2, 4)),
    control("other", same_start=False),
    control("small", drop=[NAME]),
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    everyone = {f"S{i:02d}" for i in range(runs.SUBJECTS)} | {runs.EVIL}
    table = runs.faces(Terms("s", "Some terms.", frozenset(everyone - set(HIDDEN))))
    odd = tables.associations()
    p = odd.data["p_auroc"].values.copy()
    p[0, 0] = 0
    z = odd.data["z"].values.copy()
    z[0, 1], z[0, 2] = -1234.56, -0.04
    data = odd.data.assign(p_auroc=(odd.data["p_auroc"].dims, p), z=(odd.data["z"].dims, z))
    made = runs.report(folder, table, associations=type(odd)(data), controls=CONTROLS)
    return replace(made, visual=runs.visual(folder, made))


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


@pytest.fixture(scope="module")
def site(report, tmp_path_factory):
    return write_site(report, tmp_path_factory.mktemp("out") / "site").parent


def text_of(site, name="conv1-000"):
    return (site / f"filters/{name}.html").read_text(encoding="utf-8")


def data_of(site, name="conv1-000"):
    found = re.search(r'id="data">(.*?)</script>', text_of(site, name), re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("0.96", ".96"),
        ("−0.10", "-.10"),
        ("–", "-"),
        ("1.00", "1"),
        ("0.0", ".0"),
        ("2.1 × 10⁻¹⁵", "2.1e-15"),
        ("< 10⁻³⁰⁰", "<"),
        ("−1,234.6", "-1,234.6"),
    ],
)
def test_numbers_are_sent_short(text, short):
    assert plain(text) == short
    assert " " not in short


def test_no_text_ends_the_script_that_holds_it():
    told = {"a": "</script><!--&\u2028", "b": ["é"]}
    text = str(script(told))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == told


def test_the_range_shows_what_the_store_says(report, survey, site):
    data = data_of(site)
    rows = np.isin(np.arange(len(survey.faces)), survey.rows)
    found = report.store.examples(NAME, bins=4, per_bin=4, within=rows, one_per="sequence")
    assert len(data["bins"]) == 4
    hidden = 0
    for number, line in enumerate(data["bins"]):
        low, high, *short = line.split(" ")
        names = [name.rstrip("!") + data["tail"] + "!" * name.endswith("!") for name in short]
        ends = (float(found[end][number]) for end in ("low", "high"))
        assert [low, high] == [plain(wording.significant(end)) for end in ends]
        wanted = found["image"].values[found["of_bin"].values == number + 1]
        assert [name.removesuffix("!") for name in names] == wanted.tolist()
        subjects = survey.faces.column("subject")
        for name in names:
            subject = subjects[survey.faces.images.tolist().index(name.removesuffix("!"))]
            assert name.endswith("!") == (subject in HIDDEN)
            hidden += name.endswith("!")
    assert hidden


def test_a_histogram_is_sent_as_counts(survey, site):
    data = data_of(site)
    peaks = survey.peaks(slice(0, 1))[:, 0]
    present = survey.faces.data["present"].values[survey.rows, survey.faces.units.index(12)]
    assert data["with"][0] == sum(data["with"][1:]) == present.sum()
    assert data["without"][0] == sum(data["without"][1:]) == (~present).sum()
    assert data["ends"][1] == plain(wording.significant(float(peaks.max())))


def test_the_emotion_that_a_filter_goes_with_most(survey):
    """By scikit-learn, over the faces that are labelled."""
    expressions = survey.faces.column("expression")[survey.rows]
    peaks = survey.peaks(slice(0, 10))
    peaks[:, 1] += 9 * (expressions == "happy")
    labelled = expressions != ""
    for silenced in (False, True):
        found = followed(peaks, expressions, [silenced] * 10)
        for place, one in enumerate(found):
            values = {
                name: roc_auc_score(expressions[labelled] == name, peaks[labelled, place])
                for name in ("happy", "anger")
            }
            best = (min if silenced else max)(values, key=lambda name: values[name])
            assert one is not None
            assert one.auroc == pytest.approx(values[best])
            assert one.auroc == pytest.approx(values[one.emotion])
            assert one.n_with == (expressions == one.emotion).sum()
            assert one.n_with + one.n_without == labelled.sum()
        assert found[1] is not None
        assert found[1].emotion == ("anger" if silenced else "happy")
    assert followed(peaks, np.full(len(peaks), "happy"), [False] * 10) == [None] * 10


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("conv1-000", "Answers to AU12 lip corner puller beyond the emotion"),
        ("conv1-001", "Answers to AU4 brow lowerer; nothing shown beyond the emotion"),
        ("conv1-002", "Answers to AU1 inner brow raiser; not tested beyond the emotion"),
        ("conv1-003", "Nothing shown; the nearest is AU4 brow lowerer"),
        ("conv2-000", "Constant"),
        ("conv2-001", "Dead"),
        ("conv2-003", "Silenced by AU12 lip corner puller beyond the emotion"),
    ],
)
def test_the_verdict_in_one_line(site, name, told):
    found = re.search(r'<p class="verdict">(.*?)\n', text_of(site, name))
    assert found
    assert re.sub(r"<[^>]*>", "", found[1]).startswith(told)


def test_an_emotion_is_named_where_its_faces_show_the_unit(site, survey):
    """Else the page says on how many of its faces the unit shows."""
    text = text_of(site, "conv1-001")
    goes_with = re.search(r"it goes most with (happy|anger): AUROC 0\.", text)
    assert goes_with
    emotion = goes_with[1]
    expressions = survey.faces.column("expression")[survey.rows]
    column = survey.faces.units.index(4)
    coded, present = (
        np.asarray(survey.faces.data[name].values)[survey.rows, column]
        for name in ("coded", "present")
    )
    shows = shown(emotion, "AU4", expressions, coded, present)
    assert (shows.sentence in text) != shows.stands
    assert (f"nothing shown beyond the emotion {emotion}" in text) == shows.stands


def test_filters_that_answer_alike_are_named_and_linked(survey, site):
    text = text_of(site).partition('id="alike"')[2].partition("</section>")[0]
    links = re.findall(r"<a href=(\S+)>(\S+)</a> (\S+)", text)
    others = survey.alike.other[0]
    assert [name for _, name, _ in links] == [str(survey.filters[i]) for i in others]
    assert [value for *_, value in links] == [
        wording.number(float(value)) for value in survey.alike.correlation[0]
    ]
    for href, *_ in links:
        assert (site / "filters" / href).exists()


def test_the_controls_beside_a_filter(survey, site):
    this, untrained, shuffled = beside.lines(survey.controls, survey.claims, NAME, 0, 12)
    assert this.auroc == "0.91 [0.85, 0.95]"
    assert untrained.auroc == "0.79 [0.85, 0.95]"
    assert this.passes == "yes, 0.003"
    assert this.verdict == "AU12 beyond the emotion"
    assert shuffled.network == "The <shuffled-labels> network, 3 seeds: median and range"
    assert shuffled.auroc == "0.81, 0.71 to 0.86"
    assert (shuffled.passes, shuffled.verdict) == ("in 3 of 3", "beyond the emotion in 3 of 3")
    assert beside.without(survey.controls, NAME) == (
        "The <other> network: its weights began elsewhere, so that none of its filters is this "
        "one.",
        "The <small> network: no filter of this name.",
    )
    text = text_of(site)
    assert data_of(site)["beside"] == [
        [place, line.auroc, line.passes, line.verdict]
        for place, line in enumerate((this, untrained, shuffled))
    ]
    assert beside.networks(survey.controls)[:3] == (
        this.network,
        untrained.network,
        shuffled.network,
    )
    assert "The &lt;small&gt; network: no filter" in text
    assert "<small> network" not in text
    assert 'id="controls"' not in text_of(site, "conv2-000")


def test_a_unit_that_a_control_does_not_know(survey):
    found = beside.lines(survey.controls, survey.claims, NAME, 0, 99)
    assert {line.auroc for line in found} == {"–"}


def test_without_controls_nothing_is_said_of_them(report, survey):
    bare = replace(survey, controls=())
    (made, *_) = (
        one
        for one in filters.pages(bare, slice(0, 1))
        if isinstance(one, Page) and one.address.endswith("000.html")
    )
    assert made.content["beside"] == made.content["not_beside"] == ()


# What the script draws

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.fixture
def page(browser, site):
    context = browser.new_context(
        offline=True, bypass_csp=True, viewport={"width": 1200, "height": 900}
    )
    opened = context.new_page()
    wrong = []
    opened.on("console", lambda message: wrong.append(message.text))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto((site / "filters/conv1-000.html").as_uri())
    yield opened
    assert wrong == []
    context.close()


def row_of(page, unit):
    """What a reader sees of one unit, without what only screen readers are told."""
    return page.evaluate(
        """(unit) => {
            const rows = [...document.querySelectorAll("#numbers tbody tr")];
            const row = rows.find((one) => one.cells[0].textContent.startsWith(unit + " "));
            return [...row.cells].map((cell) => {
                const copy = cell.cloneNode(true);
                copy.querySelectorAll(".aside").forEach((part) => part.remove());
                return copy.textContent;
            });
        }""",
        unit,
    )


@pytest.mark.browser
def test_the_table_says_what_the_associations_say(page, survey):
    heads = page.locator("#numbers thead tr").last.locator("th").all_inner_texts()
    for row in survey.claims.rows(0)[:3]:
        found = row_of(page, row.label)
        assert len(found) == len(heads) == 18
        ties = wording.number(row["precision_low"]), wording.number(row["precision_high"])
        beyond = [wording.probability(row[f"{p}_beyond"]) for p in ("p", "q")]
        wanted = [
            f"{row.label} {row.name}",
            row.kind or "no",
            wording.count(row["n_present"]),
            wording.count(row["n_subjects_present"]),
            wording.percent(row["base_rate"]),
            wording.with_interval(row["auroc"], row["auroc_low"], row["auroc_high"]),
            wording.number(row["auroc_within"]),
            wording.number(row["z"], 1),
            wording.probability(row["p_auroc"]) + {"saddlepoint": "a", "shuffles": "s"}[
                row.ways["auroc"]
            ],
            wording.probability(row["q_auroc"]),
            wording.probability(row["p_auroc_max"]),
            wording.number(row["z_beyond"], 1),
            beyond[0] + ("" if beyond[0] == "–" else {"saddlepoint": "a", "shuffles": "s"}[
                row.ways["beyond"]
            ]),
            beyond[1],
            wording.probability(row["p_beyond_max"]),
            wording.number(row["precision_at_n"])
            + (f" ({ties[0]} to {ties[1]})" if ties[0] != ties[1] else ""),
            wording.probability(row["p_precision"]) + "e",
            f"{wording.number(row['kl'])} ({wording.number(row['kl_null'], 3)} ± "
            f"{wording.number(row['kl_null_sd'], 3)})",
        ]  # fmt: skip
        assert found == wanted
    assert row_of(page, "AU12")[8] == "< 10⁻³⁰⁰a"
    assert row_of(page, "AU4")[7] == "−1,234.6"
    assert row_of(page, "AU1")[7] == "0.0"


@pytest.mark.browser
def test_the_reason_behind_a_dash_and_the_way_of_a_p_can_be_read(page):
    reasons = page.locator("#numbers abbr.none").evaluate_all("all => all.map((x) => x.title)")
    assert "no filter could reach a small enough p by the shuffles of this test" in reasons
    ways = page.locator("#numbers td abbr.way").evaluate_all("all => all.map((x) => x.title)")
    assert "by the saddlepoint approximation; 0 of 1,999 reach it" in ways
    assert "by shuffles" in ways or "exact, over all shuffles" in ways
    apart = page.locator("#untested").text_content()
    assert "AU43" in apart
    assert "too few faces or subjects with it, or without it" in apart
    assert "AU43" not in page.locator("#numbers").text_content()


@pytest.mark.browser
def test_sorting_by_numbers_that_were_sent_short(page):
    def units():
        return page.locator("#numbers tbody th a").all_inner_texts()

    heads = page.locator("#numbers thead tr").last.get_by_role("button")
    heads.nth(7).click()  # z, the largest first
    assert units() == ["AU12", "AU1", "AU4"]
    heads.nth(8).click()  # p
    heads.nth(8).click()
    assert units()[0] == "AU12"
    heads.nth(0).click()
    assert units() == ["AU1", "AU4", "AU12"]


@pytest.mark.browser
def test_what_a_run_does_not_give_is_not_shown(browser, report, tmp_path):
    """Few faces of a unit, a null that gives no divergence by chance, intervals of 90 %."""
    made = tables.associations(
        attrs={"interval": 0.9}, largest_precision=0.4, kl_null=np.nan, kl_null_sd=np.nan
    )
    bare = replace(report, associations=made, visual=None, controls=())
    folder = write_site(bare, tmp_path / "site").parent
    page = browser.new_page(offline=True)
    page.goto((folder / "filters/conv1-000.html").as_uri())
    found = row_of(page, "AU12")
    assert found[15].endswith("(≤ 0.40)")
    assert found[17] == "–"
    assert "no value by chance" in page.locator("#numbers td:last-child").first.text_content()
    assert "AUROC [90 % CI]" in page.locator("#numbers thead").text_content()
    assert "with 90 % interval" in page.locator("#chart svg").text_content()
    assert not re.search(r"95\s%", page.locator("main").text_content())
    page.close()
    listed = Listing(folder)
    assert "AUROC [90 % CI]" in listed.titles
    column = listed.column("KL (by chance)")
    assert set(column.texts) == {"–"}
    assert column.known == 0


@pytest.mark.browser
def test_a_chart_is_saved_as_it_was_last_drawn(page):
    page.set_viewport_size({"width": 360, "height": 800})
    figure = page.locator("figure#chart")
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save as SVG").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert 'width="330"' in text
    assert "AU12" in text


@pytest.mark.browser
def test_the_chart_shows_each_unit_by_its_effect(page, site):
    chart = page.locator("figure#chart svg.chart")
    assert chart.locator("g.row .label").all_text_contents()[0] == "AU12"
    first = chart.locator("g.row").first
    assert first.get_attribute("class") == "row best passes kind-beyond"
    assert first.locator("title").text_content() == (
        "AU12 lip corner puller: precision 1.00, base rate 40\N{NO-BREAK SPACE}%, "
        "AUROC 0.91 [0.85, 0.95]; passes beyond the emotion"
    )
    width = {
        i: float(chart.locator("g.row").nth(i).locator(".bar").get_attribute("width"))
        for i in (0, 1)
    }
    assert width[1] == pytest.approx(0.4 * width[0])
    low, high = (float(first.locator(".interval").get_attribute(x)) for x in ("x1", "x2"))
    dot = float(first.locator(".dot").get_attribute("cx"))
    assert (dot - low) / (high - low) == pytest.approx(0.6)
    assert chart.locator("g.row").count() == 3


@pytest.mark.browser
def test_the_histogram_has_two_groups_and_its_zeros(page, site):
    data = data_of(site)
    chart = page.locator("figure#peaks svg.chart")
    words = chart.locator("text").all_text_contents()
    assert f"with AU12: {data['with'][0]} faces" in words
    assert f"without AU12: {data['without'][0]} faces" in words
    steps = chart.locator("path.with").last.get_attribute("d")
    heights = [142 - float(y) for y in re.findall(r"V([\d.]+)H", steps)]
    assert len(heights) == len(data["with"]) - 2
    shares = np.array(data["with"][2:]) / data["with"][0]
    others = np.array(data["without"][2:]) / data["without"][0]
    assert heights == pytest.approx(104 * shares / max(shares.max(), others.max()))


@pytest.mark.browser
def test_faces_over_the_range_are_small_pictures_that_lead_to_faces(page, site):
    links = page.locator("#bins a")
    assert links.count() == sum(len(line.split(" ")) - 2 for line in data_of(site)["bins"])
    hidden = page.locator("#bins a:not(:has(img))")
    assert hidden.count() == sum(line.count("!") for line in data_of(site)["bins"])
    pictures = page.locator("#bins img")
    sources = pictures.evaluate_all("all => all.map((x) => x.getAttribute('src'))")
    assert all(re.fullmatch(r"\.\./faces/i\d{3}\.webp", one) for one in sources)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1300, 600, 360])
def test_no_filter_page_is_wider_than_the_screen(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.reload()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#chart svg").bounding_box()["width"] <= width


@pytest.mark.browser
def test_a_filter_without_a_verdict_on_a_unit_draws_no_charts(page, site):
    page.goto((site / "filters/conv2-000.html").as_uri())
    assert page.locator("#peaks").count() == 0
    assert page.locator("#numbers tbody tr").count() == 3
