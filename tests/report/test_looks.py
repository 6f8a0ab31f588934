"""The pictures of filters on their pages: there, where the page looks for them, of whom it may."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import facsinterp
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.evidence.visual import VisualEvidence, no_filters
from facsinterp.faces.terms import Terms
from facsinterp.report.charts import sheets
from facsinterp.report.charts.colours import GROUND
from facsinterp.report.pages.looks import FEWEST_OF_HIDDEN
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from facsinterp.saliency.store import scale_of
from tests.report import runs, tables
from tests.report.test_site import MISSING, Page

HIDDEN = ("S03", "S07", "S05", "S09", "S11")
REASON = "guided-backprop would be wrong here: layer conv2 adds up two <paths>"


def site(folder, made, **changes):
    """The site of a run with pictures, and its pages of filters."""
    visual = runs.visual(folder, made, **changes)
    index = write_site(replace(made, visual=visual), folder / "site")
    return index.parent


def words(folder, name):
    return Page(folder / f"filters/{name}.html").words


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"), associations=tables.associations())


@pytest.fixture(scope="module")
def made(report, tmp_path_factory):
    return site(tmp_path_factory.mktemp("shown"), report)


def columns(path):
    """(column, image) of each face of a page that has a column of the sheet."""
    text = path.read_text(encoding="utf-8")
    _, _, faces = text.partition('<ol class="faces"')
    for column, face in enumerate(faces.partition("</ol>")[0].split("<li>")[1:]):
        if "<u" in face:
            (name,) = re.findall(r'alt="(.+?)"', face)
            yield column, name


def told(path):
    """What a page says of its sheet: {"tile": "48/152", ...}."""
    text = path.read_text(encoding="utf-8")
    (style,) = re.findall(r'<ol class="faces" style="(.*?)"', text)
    return dict(re.findall(r"--(\w+):([^;]+)", style))


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def alone(report, position, rank, window, shape=(24, 24)):
    """The three tiles of one face, made as a sheet of its own."""
    rows = runs.planted(position, rank, shape)
    scale = scale_of(np.stack([runs.planted(position, k, shape) for k in range(runs.RANKS)]))
    face = report.store.data["face"].values[window[0]]
    return sheets.sheet([sheets.Look(face, rows, window[1])], scale).astype(int)


def test_each_tile_lies_where_the_page_looks_for_it(report, made):
    """The sheet is cut as the page's shares say; each part is the view made alone."""
    place = 2
    visual_top = runs.strongest(Survey.of(report))
    picture = opened(made / "looks/conv1-002.webp")
    page = made / "filters/conv1-002.html"
    found, style = list(columns(page)), told(page)
    assert [column for column, _ in found] == list(range(runs.RANKS))
    tile = sheets.Tile.of(24, 24)
    assert style["tile"] == f"{tile.cols}/{picture.shape[0]}"
    assert int(style["last"]) * (tile.cols + sheets.GAP) + tile.cols == picture.shape[1]
    end, start = (float(style[name][:-1]) / 100 * picture.shape[0] for name in ("end", "start"))
    assert (end, start) == pytest.approx((tile.rows, tile.rows + sheets.GAP), abs=0.01)
    for column, name in found:
        x = column * (tile.cols + sheets.GAP)
        cut = picture[:, x : x + tile.cols]
        image = int(visual_top.image[place, column])
        # conv1 sees 5 pixels from 2 before its unit on.
        row, col = (
            int(report.store.data[f"peak_{axis}"].values[image, place]) - 2
            for axis in ("row", "col")
        )
        window = sheets.Window(row, col, row + 5, col + 5)
        wanted = alone(report, place, column, (image, window))
        assert cut.shape == wanted.shape
        for top in (0, tile.rows + sheets.GAP, 2 * (tile.rows + sheets.GAP)):
            view = slice(top, top + tile.rows)
            assert np.abs(cut[view] - wanted[view]).mean() < 16, (column, top)
        assert name == f"i{image:03d}"


def test_columns_beyond_those_that_the_style_sheet_counts_say_where_they_are(tmp_path):
    text = (Path(facsinterp.__file__).parent / "report/assets/filter.css").read_text("utf-8")
    places = re.findall(r"nth-child\((\d+)\) u \{ --at: (\d+); \}", text)
    assert [(int(child), int(at)) for child, at in places] == [(at + 1, at) for at in range(1, 10)]
    made = runs.report(tmp_path, associations=tables.associations(attrs={"top_n": 12}))
    folder = site(tmp_path, made, maps=None)
    page = (folder / "filters/conv1-000.html").read_text("utf-8")
    assert re.findall(r"--at:(\d+)", page) == ["10", "11"]


def test_every_picture_says_what_it_is(made):
    for path in (made / "filters").iterdir():
        images = [attrs for tag, attrs in Page(path).tags if tag == "img"]
        # A column of the sheet is no picture of its own: it stands below its face.
        assert all(attrs["alt"] for attrs in images)
        assert len({attrs["src"] for attrs in images}) == len(images)


def test_the_words_beside_the_pictures(made):
    text = words(made, "conv1-000")
    assert "the gradient of the peak over it" in text
    assert "Its attribution lies at the place of AU12 more than evenly spread: 42 %" in text
    assert "Would look the same." in text
    page = (made / "filters/conv1-000.html").read_text(encoding="utf-8")
    assert page.count('class="note kind-doubt"') == 1
    other = (made / "filters/conv1-002.html").read_text(encoding="utf-8")
    assert "Not compared." in other
    assert "kind-doubt" not in other
    assert "looks at the place" not in other
    for path in made.rglob("*.html"):
        assert not re.search(MISSING, Page(path).words), path


def test_a_dead_filter_has_no_pictures(made):
    assert "No faces to show" in words(made, "conv2-001")
    assert "Where it looks" not in words(made, "conv2-001")
    assert not list((made / "looks").glob("conv2-001*"))
    assert not list((made / "looks").glob("conv2-002*"))


def test_all_files_are_used_and_pages_weigh_little(made):
    used = {src for path in (made / "filters").iterdir() for src in Page(path).resources}
    for path in (made / "filters").iterdir():
        used |= set(re.findall(r"url\((.*?)\)", path.read_text(encoding="utf-8")))
    there = {f"../looks/{path.name}" for path in (made / "looks").iterdir()}
    assert there == {src for src in used if "looks/" in src}
    for path in (made / "filters").glob("conv1-*.html"):
        pictures = [made / f"looks/{path.stem}{end}.webp" for end in ("", "-mean")]
        # Noise weighs more than faces do.
        assert sum(one.stat().st_size for one in (path, *pictures)) < 60_000


def hidden_report(folder, subjects=HIDDEN):
    everyone = {f"S{i:02d}" for i in range(runs.SUBJECTS)} | {runs.EVIL}
    table = runs.faces(Terms("s", "Some terms.", frozenset(everyone - set(subjects))))
    return runs.report(folder, table, associations=None)


def test_who_may_not_be_shown_is_in_no_picture(tmp_path):
    made = hidden_report(tmp_path)
    folder = site(tmp_path, made)
    subjects = made.store.faces.column("subject")
    top = runs.strongest(Survey.of(made))
    met = 0
    tile = sheets.Tile.of(24, 24)
    for place, one in enumerate(made.store.filters):
        name = f"{one.layer}-{one.channel:03d}"
        for column, image in enumerate(top.image[place]):
            if image < 0 or subjects[image] not in HIDDEN:
                continue
            met += 1
            assert column not in {at for at, _ in columns(folder / f"filters/{name}.html")}
            left = column * (tile.cols + sheets.GAP)
            cut = opened(folder / f"looks/{name}.webp")[:, left : left + tile.cols]
            assert np.abs(cut[:, 8:-8] - GROUND).max() < 8
    assert met > 3


def test_where_nobody_may_be_shown_there_is_no_sheet(tmp_path):
    everyone = [f"S{i:02d}" for i in range(runs.SUBJECTS)] + [runs.EVIL]
    folder = site(tmp_path, hidden_report(tmp_path, everyone), average=np.zeros((24, 24), np.uint8))
    assert {path.stem[-4:] for path in (folder / "looks").iterdir()} == {"mean"}
    text = words(folder, "conv1-000")
    assert "may notbe shown" in text
    assert "Below each face" not in text
    assert "its attribution" in text
    mean = opened(folder / "looks/conv1-000-mean.webp")
    assert np.abs(mean[36, 104] - GROUND[0]).max() < 6


@pytest.mark.parametrize("faces", [0, 1, FEWEST_OF_HIDDEN - 1, FEWEST_OF_HIDDEN])
def test_a_mean_of_few_faces_shows_none_that_may_not_be(tmp_path, faces):
    """Of faces that may all be shown one is enough; a mean of nothing is no picture."""
    for subjects in ((), [f"S{i:02d}" for i in range(runs.SUBJECTS)]):
        made = hidden_report(tmp_path / f"{len(subjects)}", subjects)
        where = tmp_path / f"{len(subjects)}"
        counts = np.where(np.arange(10) == 1, faces, 9)
        folder = site(where, made, mean_faces=counts)
        there = (folder / "looks/conv1-001-mean.webp").exists()
        assert there == (faces >= (FEWEST_OF_HIDDEN if subjects else 1))
        assert ("its peaks" in words(folder, "conv1-001")) == there
        assert (folder / "looks/conv1-000-mean.webp").exists()


def test_without_landmarks_there_is_no_mean_face(report, tmp_path):
    folder = site(tmp_path, report, located=False)
    assert not list((folder / "looks").glob("*-mean.webp"))
    assert 'class="mean"' not in (folder / "filters/conv1-000.html").read_text(encoding="utf-8")
    assert "Its attribution lies at the place of AU12" in words(folder, "conv1-000")
    assert len(list(columns(folder / "filters/conv1-000.html"))) == runs.RANKS


def test_a_refusal_is_told_with_what_the_peaks_say(report, tmp_path):
    visual = VisualEvidence(
        None, REASON, pd.DataFrame([runs.placed()]), pd.DataFrame(), no_filters()
    )
    folder = write_site(replace(report, visual=visual), tmp_path / "site").parent
    text = words(folder, "conv1-000")
    assert f"No pictures: {REASON}" in text
    assert "Its peaks lie at the place of AU12 more than evenly spread: 42 %" in text
    text = words(folder, "conv1-001")
    assert f"No pictures: {REASON}" in text
    assert "Where it looks" not in text
    assert "No pictures" not in words(folder, "conv2-001")
    assert not (folder / "looks").exists()
    assert not list(columns(folder / "filters/conv1-000.html"))


def test_a_run_without_visual_evidence_says_nothing_of_it(report, tmp_path):
    folder = write_site(report, tmp_path / "site").parent
    assert "Where it looks" not in words(folder, "conv1-000")
    assert "No pictures" not in words(folder, "conv1-000")


def test_a_store_without_thumbnails_has_means_but_no_sheets(tmp_path):
    store = runs.store(tmp_path / "activations.zarr", thumbnails=None)
    made = runs.report(tmp_path, store=store, associations=None)
    folder = site(tmp_path, made)
    assert {path.stem[-4:] for path in (folder / "looks").iterdir()} == {"mean"}
    text = words(folder, "conv1-000")
    assert "keeps no thumbnails, so nothing shows what moved the filter on each face." in text
    assert "its peaks" in text


@pytest.mark.parametrize("shape", [(48, 48), (24, 36)])
def test_attributions_of_another_size_than_the_thumbnails(tmp_path, shape):
    """As of a colour network: its attributions are summed over colours, thumbnails are grey."""
    thumbnails = (shape[0] // 2, shape[1] // 2)
    store = runs.store(tmp_path / "activations.zarr", thumbnails=thumbnails)
    made = runs.report(tmp_path, store=store, associations=None)
    folder = site(tmp_path, made, shape=shape, located=shape[0] == shape[1])
    tile = sheets.Tile.of(*shape)
    picture = opened(folder / "looks/conv1-000.webp")
    assert picture.shape[:2] == (
        3 * (tile.rows + sheets.GAP) - sheets.GAP,
        runs.RANKS * (tile.cols + sheets.GAP) - sheets.GAP,
    )
    style = told(folder / "filters/conv1-000.html")
    assert style["tile"] == f"{tile.cols}/{picture.shape[0]}"
    assert style["shape"] == f"{thumbnails[1]}/{thumbnails[0]}"


def test_a_filter_whose_attributions_are_all_zero(report, tmp_path):
    maps = np.zeros((10, runs.RANKS, 24, 24), np.float32)
    folder = site(tmp_path, report, maps=maps)
    picture = opened(folder / "looks/conv1-000.webp")
    side = sheets.Tile.of(24, 24).rows
    second = picture[side + sheets.GAP : 2 * side + sheets.GAP][8:-8]
    assert np.abs(second - GROUND).max() < 8


def test_a_two_sided_run_shows_the_faces_of_the_largest_peak(tmp_path):
    store = runs.store(tmp_path / "activations.zarr")
    made = runs.report(
        tmp_path,
        store=store,
        associations=associate(store, Settings(permutations=199, sides="two")),
    )
    folder = site(tmp_path, made)
    assert len(list(columns(folder / "filters/conv1-000.html"))) == runs.RANKS
    for path in folder.rglob("*.html"):
        assert not re.search(MISSING, Page(path).words), path


def test_blocks_of_filters_make_no_difference(report, made, tmp_path, monkeypatch):
    monkeypatch.setattr("facsinterp.report.pages.looks.FILTERS_PER_BLOCK", 3)
    again = site(tmp_path, report)
    names = sorted(path.name for path in (made / "looks").iterdir())
    assert names == sorted(path.name for path in (again / "looks").iterdir())
    for name in names:
        assert (made / "looks" / name).read_bytes() == (again / "looks" / name).read_bytes()
