"""Pages of faces: what each says is what the store holds, and hidden faces are never encoded."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from facsinterp.association.votes import votes
from facsinterp.facs import parse
from facsinterp.labels import FilterId
from facsinterp.report import wording
from facsinterp.report.addresses import filter_page, layer_name
from facsinterp.report.pages import faces
from facsinterp.report.pages.page import File, Page
from facsinterp.report.reading.survey import Survey
from facsinterp.report.reading.votes import FIRING, Standings, Votes
from facsinterp.report.site import write_site
from tests.association.stores import store_of
from tests.report import runs, tables
from tests.report.test_site import Page as Read
from tests.report.test_site import rich_report


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Sides, probabilities, every face looked at, and two subjects that stay hidden."""
    made = rich_report(tmp_path_factory.mktemp("run"))
    rng = np.random.default_rng(2)
    data = made.store.data
    side = np.where(data["present"].values & (rng.random(data["present"].shape) < 0.3), "L", "")
    chances = rng.dirichlet([1, 1, 1], len(data["image"])).astype(np.float32)
    told = data.assign(
        side=(("image", "au"), side),
        probability=(("image", "class"), chances),
    ).assign_coords({"class": ["anger", "happy", "<b>sad"]})
    return replace(made, store=replace(made.store, data=told))


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


@pytest.fixture(scope="module")
def made(survey):
    """All that is made, in parts."""
    count = len(survey.pictured)
    parts = [slice(start, min(start + 40, count)) for start in range(0, count, 40)]
    found = [one for part in parts for one in faces.pages(survey, part)]
    assert len(found) == len({one.address for one in found})
    return {one.address: one for one in found}


@pytest.fixture(scope="module")
def site(report, tmp_path_factory):
    return write_site(report, tmp_path_factory.mktemp("out") / "site").parent


def page_of(made, survey, position):
    return made[f"faces/{survey.face_names[position]}.html"].content


def test_every_pictured_face_has_a_page_and_only_those(survey, made):
    names = {survey.face_names[i] for i in survey.pictured}
    pages = {address for address, one in made.items() if isinstance(one, Page)}
    assert pages == {f"faces/{name}.html" for name in names} | {"faces.html"}


def test_hidden_faces_have_a_page_without_a_picture(survey, made, site):
    hidden = [i for i in survey.pictured if survey.hidden[i]]
    assert hidden
    for position in hidden:
        name = survey.face_names[position]
        assert f"faces/{name}.webp" not in made
        page = Read(site / f"faces/{name}.html")
        assert "The terms of the data do not allow this face to be shown." in page.words
        assert not any(tag == "img" for tag, _ in page.tags)
        assert not (site / f"faces/{name}.webp").exists()
    files = {address for address, one in made.items() if isinstance(one, File)}
    shown = [i for i in survey.pictured if not survey.hidden[i]]
    assert files == {f"faces/{survey.face_names[i]}.webp" for i in shown}
    listed = Read(site / "faces.html")
    assert f"{len(hidden)} faces of subjects who may not be shown" in listed.words
    assert sum(tag == "img" for tag, _ in listed.tags) == len(shown)
    assert sum(tag == "li" for tag, _ in listed.tags) == len(survey.pictured)


def test_standings_are_those_of_the_store_to_the_last_bit(survey):
    store, positions = survey.report.store, survey.pictured[::17]
    found = Standings.of(store, positions)
    for row, position in enumerate(positions.tolist()):
        one = store.standing(str(survey.faces.images[position]))
        assert np.array_equal(found.percentile[row], one["percentile"].values)
        assert np.array_equal(found.peak[row], one["peak"].values)
        assert np.array_equal(found.constant, one["constant"].values)


def test_unusual_answers_are_those_of_the_store(survey, made):
    store = survey.report.store
    for position in survey.pictured[::17].tolist():
        expected = store.face(str(survey.faces.images[position])).head(FIRING)
        fires = page_of(made, survey, position)["fires"]
        assert [one[0] for one in fires] == expected["filter"].tolist()
        assert [one[2] for one in fires] == expected["percentile"].tolist()


def test_votes_are_those_of_the_associations(survey, made):
    report = survey.report
    seen = set()
    for position in survey.pictured[::17].tolist():
        image = str(survey.faces.images[position])
        expected = votes(report.store, report.associations, image)
        expected = expected[expected["filters"] > 0]
        found = page_of(made, survey, position)["votes"]
        assert len(found) > 0
        assert [f"AU{one.unit}" for one in found] == expected["au"].tolist()
        for name, column in (("vote", "vote"), ("coded", "coded"), ("filters", "filters")):
            assert [getattr(one, name) for one in found] == expected[column].tolist()
        assert [one.seen for one in found] == expected["seen"].tolist()
        seen |= set(expected["seen"])
    assert seen == {True}


def test_votes_where_every_filter_votes_for_every_unit(survey):
    """So that their order and their weights matter."""
    store, rng = survey.report.store, np.random.default_rng(1)
    effect = rng.uniform(0.51, 1, (10, 4))
    told = tables.associations({"store": store.key}, auroc=effect, q_auroc=0.01)
    other = Survey.of(replace(survey.report, associations=told))
    maker, positions = Votes.of(other), other.pictured[::23]
    standings = Standings.of(store, positions)
    for row, position in enumerate(positions.tolist()):
        expected = votes(store, told, str(survey.faces.images[position]))
        found = maker.of_face(standings, row, position)
        assert [f"AU{one.unit}" for one in found] == expected["au"].tolist()
        assert [one.vote for one in found] == expected["vote"].tolist()
        assert len(found) == 4


@pytest.mark.parametrize("filters", [130])
def test_standings_over_several_chunks_of_filters(filters, tmp_path):
    rng = np.random.default_rng(0)
    peak = np.maximum(np.round(rng.normal(size=(30, filters)), 1), 0)
    peak[:, 70] = 2
    store = store_of(tmp_path / "s", peak, np.ones((30, 1)))
    found = Standings.of(store, np.array([3, 29, 0]))
    for row, position in enumerate((3, 29, 0)):
        one = store.standing(str(store.faces.images[position]))
        assert np.array_equal(found.percentile[row], one["percentile"].values)
    assert np.flatnonzero(found.constant).tolist() == [70]
    assert 70 not in found.unusual(0, filters)


def test_who_was_not_looked_at_did_not_choose_the_voters(survey):
    maker = Votes.of(survey)
    training = np.flatnonzero(survey.faces.column("split") == "train")[:3]
    standings = Standings.of(survey.report.store, training)
    for row, position in enumerate(training.tolist()):
        found = maker.of_face(standings, row, position)
        assert found
        assert not any(one.seen for one in found)


def test_codes_read_back_as_what_was_coded(survey, made):
    data = survey.faces.data
    for position in survey.pictured.tolist():
        codes = [parse(one.text).codes[0] for one in page_of(made, survey, position)["codes"]]
        present = np.flatnonzero(data["present"].values[position])
        assert [code.unit for code in codes] == [survey.faces.units[i] for i in present]
        for code, column in zip(codes, present, strict=True):
            strength = data["intensity"].values[position, column]
            assert code.intensity == (None if np.isnan(strength) else round(float(strength)))
            assert code.side == data["side"].values[position, column]


def test_the_prediction_is_the_most_likely_class(survey, made, site):
    chances = survey.report.store.data["probability"].values
    classes = survey.report.store.data["class"].values
    for position in survey.pictured.tolist():
        name, chance = page_of(made, survey, position)["predicted"]
        assert name == classes[chances[position].argmax()]
        assert chance == chances[position].max()
    every = " ".join(Read(path).words for path in (site / "faces").glob("*.html"))
    assert "<b>sad (" in every


def test_previous_and_next_go_through_all_faces(survey, site):
    name, walked = survey.face_names[survey.pictured[0]], []
    while name:
        walked.append(name)
        page = Read(site / f"faces/{name}.html")
        following = page.presses.get("ArrowRight", "")
        if following:
            back = Read((site / "faces" / following).resolve()).presses["ArrowLeft"]
            assert back == f"{name}.html"
        name = following.removesuffix(".html")
    assert walked == [survey.face_names[i] for i in survey.pictured]


def test_other_frames_of_the_sequence_are_linked(tmp_path):
    """Without associations every frame is looked at, so that a sequence has several pages."""
    survey = Survey.of(runs.report(tmp_path, associations=None))
    maker = faces.FacePages.of(survey)
    sequence = survey.faces.column("sequence")
    many = 0
    for number, position in enumerate(survey.pictured.tolist()):
        others = maker._content(position, number)["others"]
        same = [i for i in survey.pictured if i != position and sequence[i] == sequence[position]]
        assert [page for _, page in others] == [f"faces/{survey.face_names[i]}.html" for i in same]
        many += bool(same)
    assert many


def test_links_of_the_pages_hold(site):
    for path in [site / "faces.html", *(site / "faces").glob("*.html")]:
        page = Read(path)
        for link in page.links + page.resources:
            if not link.startswith(("#", "data:")):
                assert (path.parent / link.partition("#")[0]).resolve().is_file(), link
        assert not re.search(r"\b(nan|None)\b", page.words)


def test_hostile_names_are_text(site):
    text = (site / "faces.html").read_text("utf-8")
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_without_associations_the_pages_have_no_votes(tmp_path):
    site = write_site(runs.report(tmp_path, associations=None), tmp_path / "site").parent
    page = Read(next((site / "faces").glob("*.html")))
    assert "What they vote for" not in page.words
    assert "Most unusual answers" in page.words


def test_without_thumbnails_the_pages_say_so(tmp_path):
    bare = runs.report(tmp_path, store=runs.store(tmp_path / "s", thumbnails=None))
    site = write_site(bare, tmp_path / "site").parent
    assert not list((site / "faces").glob("*.webp"))
    page = Read(next((site / "faces").glob("*.html")))
    assert "The store keeps no thumbnails." in page.words
    assert "keeps no thumbnails" in Read(site / "faces.html").words


sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.mark.browser
def test_what_the_script_draws_is_what_the_store_says(browser, survey, made, site):
    units = survey.faces.units
    for position in survey.pictured[::29].tolist():
        content, name = page_of(made, survey, position), survey.face_names[position]
        page = browser.new_page()
        page.goto((site / f"faces/{name}.html").as_uri())
        rows = [cells(page, row) for row in page.locator(".fires tbody tr").all()]
        assert [row[:2] for row in rows] == [
            [one[0], wording.number(one[2])] for one in content["fires"]
        ]
        assert [row[2] for row in rows] == [one[3] for one in content["fires"]]
        links = page.locator(".fires td:first-child a").all()
        for link, one in zip(links, content["fires"], strict=True):
            address = link.evaluate("link => link.href")
            assert address == (site / one[1]).as_uri()
        votes_ = [cells(page, row) for row in page.locator(".votes tbody tr").all()]
        assert votes_ == [
            [
                f"AU{one.unit}",
                wording.number(one.vote, 0),
                "" if one.coded == "absent" else one.coded,
            ]
            for one in content["votes"]
        ]
        marked = page.locator(".votes td.p:first-child").all_inner_texts()
        present = survey.faces.data["present"].values[position]
        assert marked == [row[0] for row in votes_ if present[units.index(int(row[0][2:]))]]
        page.close()


def cells(page, row):
    return [text.strip() for text in row.locator("td").all_inner_texts()]


def test_filters_of_a_layer_whose_file_has_another_name(survey):
    """The script finds the page by the name of the file, and shows the layer's own."""
    maker = faces.FacePages.of(survey)
    layer = "a/b <i>"
    renamed = {layer_name(layer): layer}
    vars(maker)["_renamed"] = renamed
    fires = [(f"{layer}/007", filter_page(FilterId(layer, 7)), 12.0, "AU4", "beyond")]
    told = json.loads(maker._script(fires, ()))
    assert told == {"layers": renamed, "fires": f"{layer_name(layer)}-007 12.00 b4"}
    vars(maker).pop("_renamed")
    assert maker._renamed == {}


@pytest.mark.browser
def test_choosing_faces_and_deep_links(browser, survey, site):
    page = browser.new_page()
    page.goto((site / "faces.html").as_uri())
    present = survey.faces.data["present"].values[survey.pictured]
    column = survey.faces.units.index(12)
    expression = survey.faces.column("expression")[survey.pictured]
    visible = page.locator("#faces > li:visible")
    sync_api.expect(visible).to_have_count(len(survey.pictured))
    page.locator("#unit").select_option("12")
    sync_api.expect(visible).to_have_count(int(present[:, column].sum()))
    page.locator("#unit").select_option("1")  # which begins the names of 12 and 17
    alone = present[:, survey.faces.units.index(1)].sum()
    sync_api.expect(visible).to_have_count(int(alone))
    page.locator("#unit").select_option("12")
    page.locator("#expression").select_option("happy")
    both = int((present[:, column] & (expression == "happy")).sum())
    sync_api.expect(visible).to_have_count(both)
    assert page.locator("#found").inner_text() == f"{both} of {len(survey.pictured)} faces"
    assert page.url.endswith("#unit=12&expression=happy")
    page.get_by_role("button", name="Clear").click()
    sync_api.expect(visible).to_have_count(len(survey.pictured))
    page.goto((site / "faces.html").as_uri() + f"#subject={runs.EVIL}")
    owner = survey.faces.column("subject")[survey.pictured]
    sync_api.expect(visible).to_have_count(int((owner == runs.EVIL).sum()))
    page.goto((site / "faces.html").as_uri() + "#subject=nobody")
    sync_api.expect(visible).to_have_count(len(survey.pictured))
    page.close()


@pytest.mark.browser
def test_walking_by_keys_from_face_to_subject(browser, survey, site):
    names = [survey.face_names[i] for i in survey.pictured[:2]]
    page = browser.new_page()
    page.goto((site / f"faces/{names[0]}.html").as_uri())
    page.keyboard.press("ArrowRight")
    page.wait_for_url(f"**/{names[1]}.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(f"**/{names[0]}.html")
    page.locator("a[href*='faces.html#subject=']").click()
    page.wait_for_url("**/faces.html#subject=*")
    owner = survey.faces.column("subject")[survey.pictured]
    shown = page.locator("#faces > li:visible")
    sync_api.expect(shown).to_have_count(int((owner == owner[0]).sum()))
    page.close()
