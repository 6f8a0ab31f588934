"""The whole site: what must be on its pages, what must never be, and that its links hold."""

import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from facsinterp.activations.store import ActivationStore
from facsinterp.association.associate import associate
from facsinterp.association.columns import PAIRS
from facsinterp.association.methods import methods_text
from facsinterp.association.settings import Settings
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.labels import FilterId
from facsinterp.provenance import Provenance
from facsinterp.report.parts import Curve, Fact, Finding, Section
from facsinterp.report.site import write_site
from facsinterp.report.words.verdicts import RULES
from tests.report import runs, tables
from tests.report.listed import Listing

HIDDEN = ("S03", "S07")
MISSING = r"\b(nan|inf|NaN|NaT|None(?!\.| answers| of))\b"


class Page(HTMLParser):
    """Links, resources, scripts and text of one page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.links, self.resources, self.presses, self.text = path, [], [], {}, []
        self.tags = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append((tag, attrs))
        if tag == "a":
            self.links.append(attrs["href"])
            if "data-press" in attrs:
                self.presses[attrs["data-press"]] = attrs["href"]
        elif tag == "link":
            self.resources.append(attrs["href"])
        elif "src" in attrs:
            self.resources.append(attrs["src"])

    def handle_data(self, data):
        self.text.append(data)

    @property
    def words(self):
        return re.sub(r"\s+", " ", "".join(self.text))


def rich_report(folder, **changes):
    """A run with something in every part of a report, and two subjects that stay hidden."""
    subjects = {f"S{i:02d}" for i in range(runs.SUBJECTS)} | {runs.EVIL}
    found = Found(
        "a layout",
        {"images": 352, "videos": 3},
        {"images": 400},
        (("a/b<i>.png", "a file that is empty"),) * 3,
        ("a warning",),
    )
    table = runs.faces(Terms("the <source>", "Some terms.", frozenset(subjects - {*HIDDEN})), found)
    content = {
        "facts": (Fact("Accuracy", 0.913, "chance 12.5 %"), Fact("Nothing", None)),
        "findings": (
            Finding("Some <claim>", 0.5, 0.4, math.nan, 12, 0.0002),
            Finding("A bare one"),
        ),
        "sections": (
            Section(
                "A section",
                ("A paragraph with <b>markup</b>.",),
                pd.DataFrame({"name": ["x</script>", None], "size": [math.nan, 0.25]}),
                {"data": [{"y": np.array([1.0, math.nan]), "name": "</script>"}], "layout": {}},
            ),
            Section("An empty section"),
        ),
        "curves": (Curve("training", (1.0, 0.5, math.nan), "loss"),),
        "definition": 'study = "filters"\nquestion = "<why>"\n',
        "provenance": Provenance({"faces": "abc"}, {"seed": 7, "share": math.pi}).to_json(),
    }
    return runs.report(folder, table, **(content | changes))


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return rich_report(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def site(report, tmp_path_factory):
    return write_site(report, tmp_path_factory.mktemp("out") / "site").parent


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): Page(path) for path in sorted(site.rglob("*.html"))}


def test_every_filter_has_a_page_at_its_address(report, site, pages):
    expected = {f"filters/{one.layer}-{one.channel:03d}.html" for one in report.store.filters}
    assert {name for name in pages if name.startswith("filters/")} == expected
    others = {"index.html", "dead.html", "data.html", "methods.html"}
    assert {*others, "layers/conv1.html", "layers/conv2.html"} <= set(pages)
    assert set(Listing(site).hrefs) == expected


def test_the_index_says_what_was_found(pages):
    words = pages["index.html"].words
    for expected in (
        "Which filters answer to which units?",
        "1 of 10 filters passes the test of knowing more of an action unit than the emotion tells",
        "1 of 10 filters passes the test of answering to an action unit at all",
        "At least 1 filter answers to an action unit, with 95 % confidence",
        "What may be said of the filters",
        "passes the test of knowing more of an action unit than the emotion tells",
        "AU12 lip corner puller",
        "Breuer and Kimmel",
        "1 filter is dead",
        "1 dead on all faces",
        "inactive: answers to none of the faces looked at",
        "each column by itself, not both together",
        "Accuracy0.91chance 12.5 %",
        "Some <claim>",
        "2.0 × 10⁻⁴",
        "16 faces are kept in every number but not shown",
        "filters-0123456789abcdef",
        "with the reasons on the methods page: AU43",
        "what choosing a filter so gives on other people is told on the page of the unit",
    ):
        assert expected in words


@pytest.mark.parametrize(("claim", "test"), [("answers", "auroc"), ("beyond", "beyond")])
def test_the_heat_map_of_each_claim_counts_what_passes(report, pages, claim, test):
    passes = report.associations.significant(test=test)
    row = passes.sel(au=12).groupby("layer").sum()
    ending = "#unit=12&show=beyond" if claim == "beyond" else "#unit=12"
    links = {href for href in pages["index.html"].links if href.endswith(f".html{ending}")}
    assert links == {f"layers/{layer}.html{ending}" for layer in row["layer"].values[row > 0]}
    assert f"layers/conv1.html{ending}" in links


def test_a_page_of_a_filter_holds_its_numbers(report, pages):
    page = pages["filters/conv1-000.html"]
    words = page.words
    assert "Is shown to answer to AU12 lip corner puller beyond the emotion" in words
    assert "held-out faces with the highest peak" in words
    assert "the rule P = 1 would accept it" in words
    assert "sees 5 × 5 pixels of 24 × 24" in words
    held_out = float(report.associations.data["named_auroc_held_out"].sel(filter="conv1/000"))
    assert (
        "It follows AU12 lip corner puller most; a unit chosen so has an AUROC of "
        f"{held_out:.2f} on people who did not choose it; two halves of the subjects" in words
    )


def test_tables_say_what_they_hold_and_what_their_heads_head(site):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert text.count("<table") == text.count("<caption"), path
        assert not re.search(r"<th(?![^>]*scope=)[ >]", text), path


def test_a_dead_filter_shows_no_faces(pages):
    page = pages["filters/conv2-001.html"]
    assert "Dead:" in page.words
    assert "img" not in {tag for tag, _ in page.tags}
    assert "conv2/001" in pages["dead.html"].words


def test_a_filter_that_is_dead_on_the_faces_looked_at_says_so(pages):
    page = pages["filters/conv2-002.html"]
    assert "Not tested: it answers to none of the held-out faces, though" in page.words
    assert "It answers to none of the held-out faces" in page.words


def test_the_data_page_tells_what_was_found_and_left_out(pages):
    words = pages["data.html"].words
    for expected in (
        "the <source>.",
        "Some terms.",
        "images 352 400 differs",
        "videos 3 –",
        "a file that is empty 3",
        "a/b<i>.png",
        "a warning",
        "16 faces of 2 subjects may not be shown",
        "happy",
        "apex",
    ):
        assert expected.replace(" ", "") in words.replace(" ", "")


def test_the_methods_page_holds_the_text_the_rules_and_the_columns(report, pages):
    words = pages["methods.html"].words
    for expected in (
        *(re.sub(r"\s+", " ", paragraph) for paragraph in methods_text(report.associations)),
        *PAIRS,
        *RULES.values(),
        report.associations.data.attrs["exchangeable"],
        report.associations.data.attrs["exchangeable_beyond"],
        "arXiv 1705.01842",
        "arXiv 1510.02969",
        'question = "<why>"',
        "3.14159265359",
        "AU43 eyes closed",
        "Copy the text",
    ):
        assert expected in words


def test_what_comes_from_data_is_escaped(site, pages):
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for markup in (runs.EVIL, "<claim>", "<source>", "<why>", "x</script>", "<i>.png"):
            assert markup not in text
    assert any(runs.EVIL in page.words for page in pages.values())
    for page in pages.values():
        for tag, attrs in page.tags:
            # Data that no browser runs, or a file of the site: the policy refuses anything else.
            assert tag != "script" or "src" in attrs or attrs["type"] == "application/json"
        assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_nothing_missing_is_shown_as_nan(site, pages):
    for name, page in pages.items():
        assert not re.search(MISSING, page.words), name
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"[\"=:](nan|NaN|None|inf)[\" ;,<]", text), path
    for path in (site / "data").rglob("*.js"):
        assert not re.search(r"\b(NaN|Infinity)\b", path.read_text(encoding="utf-8")), path
    data = (site / "data/figures-experiment.js").read_text(encoding="utf-8")
    assert "[1.0,null]" in data


def test_faces_of_hidden_subjects_are_never_drawn(report, site, pages):
    faces = report.store.faces
    subjects = dict(zip(faces.images.tolist(), faces.column("subject").tolist(), strict=True))
    shown = {path.stem for path in (site / "faces").glob("*.webp")}
    assert shown
    assert not {subjects[name] for name in shown} & set(HIDDEN)
    sources = {
        (site / name).parent / src
        for name, page in pages.items()
        for src in page.resources
        if src.endswith(".webp")
    }
    sources = {path.stem for path in sources if path.resolve().parent == site / "faces"}
    assert sources
    assert sources <= shown
    blanks = [p for p in pages.values() if "may not" in p.words and "S03" in p.words]
    assert blanks


def test_a_thumbnail_is_the_face_of_its_position(report, site):
    path = next((site / "faces").glob("*.webp"))
    place = report.store.faces.images.tolist().index(path.stem)
    face = report.store.data["face"].values[place].astype(float)
    kept = np.asarray(Image.open(path).convert("L")).astype(float)
    assert kept.shape == face.shape
    assert np.corrcoef(kept.ravel(), face.ravel())[0, 1] > 0.6


def test_every_local_link_and_resource_is_there(site, pages):
    for page in pages.values():
        for href in [*page.links, *page.resources]:
            parts = urlsplit(href)
            if parts.scheme == "data":
                continue
            assert not parts.scheme, href
            assert not parts.netloc, href
            target = (page.path.parent / unquote(parts.path)) if parts.path else page.path
            assert target.resolve().is_file(), f"{page.path.name} -> {href}"
            assert target.resolve().is_relative_to(site.resolve())


def test_nothing_is_loaded_from_a_network(site, pages):
    for page in pages.values():
        policy = next(a["content"] for t, a in page.tags if a.get("http-equiv"))
        assert "http" not in policy
        assert "default-src 'none'" in policy
    for path in (site / "assets/site.js", site / "assets/style.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest", text)


def test_plotly_is_there_only_for_pages_with_a_figure(site, pages, report, tmp_path):
    users = {n for n, p in pages.items() if any("plots.js" in src for src in p.resources)}
    assert users == {n for n, p in pages.items() if "data-figure" in str(p.tags)}
    assert "index.html" in users
    assert "filters/conv1-000.html" not in users
    bare = replace(report, sections=(), associations=None)
    without = write_site(bare, tmp_path / "plain").parent
    assert not (without / "assets/plotly.min.js").exists()
    assert "plotly" not in (without / "index.html").read_text(encoding="utf-8")


def test_keys_walk_through_all_filters_and_back(report, pages):
    names = [f"filters/{one.layer}-{one.channel:03d}.html" for one in report.store.filters]
    forth, back = [names[0]], [names[-1]]
    while "ArrowRight" in pages[forth[-1]].presses:
        forth.append("filters/" + Path(pages[forth[-1]].presses["ArrowRight"]).name)
    while "ArrowLeft" in pages[back[-1]].presses:
        back.append("filters/" + Path(pages[back[-1]].presses["ArrowLeft"]).name)
    assert forth == names
    assert back == names[::-1]
    assert all(pages[name].presses["i"].startswith("../index.html") for name in names)


def test_pages_stay_small(site):
    assert max(path.stat().st_size for path in (site / "filters").iterdir()) < 150_000


def test_pages_say_when_something_was_not_made(report, tmp_path):
    bare = replace(
        report,
        associations=None,
        dead=None,
        facts=(),
        findings=(),
        sections=(),
        curves=(),
        definition="",
        provenance="",
    )
    folder = write_site(bare, tmp_path / "bare").parent
    assert "made no associations" in Page(folder / "index.html").words
    assert "made no associations" in Page(folder / "methods.html").words
    assert "No definition was given." in Page(folder / "methods.html").words
    assert "No record was given." in Page(folder / "methods.html").words
    page = Page(folder / "filters/conv1-000.html")
    assert "This run has no associations" in page.words
    assert "img" in {tag for tag, _ in page.tags}


def shown(report, folder):
    """The pages of a site, none of which holds a number that does not exist."""
    made = write_site(report, folder / "site").parent
    found = {path.relative_to(made).as_posix(): Page(path) for path in made.rglob("*.html")}
    for name, page in found.items():
        assert not re.search(MISSING, page.words), name
    return found


@pytest.mark.parametrize("associations", [True, False])
def test_controls_that_cannot_be_shown_are_told_with_the_reason(report, tmp_path, associations):
    told = ("The network before training cannot be shown: <its> files are damaged.",)
    given = report.associations if associations else None
    made = replace(report, controls_missing=told, associations=given)
    folder = write_site(made, tmp_path / "site", workers=1).parent
    for name in ("index.html", "methods.html"):
        assert told[0] in Page(folder / name).words


def test_every_kind_of_verdict_has_pages(report, tmp_path):
    found = shown(replace(report, associations=tables.associations()), tmp_path)
    index = found["index.html"].words
    for short in ("beyond the emotion", "answers", "with the emotion", "constant", "inactive"):
        assert short in index
    for name, said in (
        ("conv1-001", "Is shown to answer with the emotion: AU4"),
        ("conv1-002", "was not tested: no filter could reach a small enough p"),
        ("conv1-003", "The nearest is AU4"),
        ("conv2-000", "answers to all of the held-out faces alike"),
        ("conv2-003", "Is shown to be silenced by AU12"),
    ):
        assert said in found[f"filters/{name}.html"].words
    assert "on people who did not choose it" not in found["filters/conv2-003.html"].words
    assert "The tests are two-sided" in found["methods.html"].words


@pytest.mark.parametrize(
    ("settings", "changes", "told"),
    [
        ({"beyond": "none"}, {}, "knows more than the emotion tells was not asked"),
        ({}, {"expression": ""}, "none of the held-out faces has a labelled emotion"),
        ({"min_units": 500}, {}, "No action unit could be tested on the held-out faces"),
        ({"null": "free"}, {"subject": ""}, "held-out faces, after correction"),
        ({"null": "subject-flips", "beyond": "subject-flips"}, {}, "of 10 filters"),
    ],
)
def test_runs_that_could_not_make_every_claim_say_so(tmp_path, settings, changes, told):
    table = runs.faces()
    for name, value in changes.items():
        table = FaceTable(
            table.data.assign({name: table.data[name].copy(data=[value] * len(table))})
        )
    store = runs.store(tmp_path / "activations.zarr", table)
    made = associate(store, Settings(permutations=199, **settings))
    found = shown(runs.report(tmp_path, store=store, associations=made), tmp_path)
    assert told in found["index.html"].words
    text = found["methods.html"].words
    for paragraph in methods_text(made):
        assert re.sub(r"\s+", " ", paragraph) in text


def test_a_store_of_others_without_thumbnails_places_or_sizes_has_pages(tmp_path):
    table = runs.faces()
    peak = np.random.default_rng(0).random((len(table), 2)).astype(np.float32)
    filters = (FilterId("Block/Conv", 0), FilterId("Block/Conv", 1))
    store = ActivationStore.from_arrays(tmp_path / "other.zarr", peak, filters, table)
    made = runs.report(tmp_path, store=store, associations=None, dead=None)
    folder = write_site(made, tmp_path / "site").parent
    (page, _) = sorted((folder / "filters").iterdir())
    assert re.fullmatch(r"block_conv~[0-9a-f]{8}-000\.html", page.name)
    assert "keeps no thumbnails" in Page(page).words
    assert not list((folder / "faces").glob("*.webp"))


def test_a_site_is_replaced_whole_and_left_alone_when_writing_fails(report, tmp_path, monkeypatch):
    folder = tmp_path / "site"
    index = write_site(report, folder)
    (folder / "stale.html").write_text("old", encoding="utf-8")
    (tmp_path / "site.partial").mkdir()
    assert write_site(replace(report, question="Again?"), folder) == index
    assert not (folder / "stale.html").exists()

    def fail(*_):
        message = "disk full"
        raise OSError(message)

    monkeypatch.setattr("facsinterp.report.pages.index.filter_listing", fail)
    with pytest.raises(OSError, match="disk full"):
        write_site(report, folder)
    assert "Again?" in index.read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_writing_twice_gives_the_same_bytes(report, site, tmp_path):
    again = write_site(report, tmp_path / "again").parent
    files = sorted(path.relative_to(site) for path in site.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(again) for path in again.rglob("*") if path.is_file())
    for file in files:
        assert (site / file).read_bytes() == (again / file).read_bytes(), file


def test_progress_is_told(report, tmp_path):
    done = []

    class Counted:
        def step(self, title, total):
            done.append(total)
            outer = done

            class Step:
                def __enter__(self):
                    return lambda parts: outer.append(-parts)

                def __exit__(self, *_):
                    return None

            return Step()

        def say(self, text):
            pass

    write_site(report, tmp_path / "site", Counted())
    assert sum(done) == 0
