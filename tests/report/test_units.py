"""Pages of action units: what they say is what the run holds, and only faces that may be shown."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from facsinterp.evidence.doses import dose_response
from facsinterp.faces.drawn import UNITS as DRAWN
from facsinterp.faces.regions import LOCATED
from facsinterp.facs import UNITS
from facsinterp.report.charts.region import SIDE, drawable, located, region_picture
from facsinterp.report.charts.units import MOST_POINTS, Forest, all_filters_figure, dose_chart
from facsinterp.report.pages import units
from facsinterp.report.pages.page import File, Page
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.claims import read_claims
from facsinterp.report.reading.doses import doses_of, ranked
from facsinterp.report.reading.shown import WITH, WITHOUT, faces_with
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from tests.report import runs, tables
from tests.report.test_site import HIDDEN, rich_report
from tests.report.test_site import Page as Read


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Two subjects are hidden, and two controls stand beside."""
    controls = (
        ControlRun("untrained", "the network before <training>", 7, True, tables.associations()),
        ControlRun("shuffled-labels", "shuffled labels", 7, True, tables.associations(passing())),
    )
    return replace(rich_report(tmp_path_factory.mktemp("run")), controls=controls)


def passing():
    return {"alpha": 0.001}


@pytest.fixture(scope="module")
def survey(report):
    return Survey.of(report)


@pytest.fixture(scope="module")
def site(report, tmp_path_factory):
    return write_site(report, tmp_path_factory.mktemp("out") / "site").parent


@pytest.fixture(scope="module")
def made(survey):
    found = list(units.pages(survey, slice(0, len(survey.claims.units))))
    return {one.address: one for one in found}


def words(site, name):
    return Read(site / name).words


def test_each_unit_has_a_page_and_the_first_part_the_list(survey, made):
    pages = {address for address, one in made.items() if isinstance(one, Page)}
    expected = {f"units/au{unit:02d}.html" for unit in runs.UNITS} | {"units.html"}
    assert pages == expected
    rest = units.pages(survey, slice(1, 2))
    assert "units.html" not in {one.address for one in rest}


def test_links_of_the_pages_hold(site):
    for path in [site / "units.html", *(site / "units").glob("*.html")]:
        page = Read(path)
        for link in page.links + page.resources:
            if not link.startswith(("#", "data:")):
                assert (path.parent / link.partition("#")[0]).resolve().is_file(), link
        assert "undefined" not in page.words


def test_the_numbers_are_those_of_the_associations(site, survey):
    claims, column = survey.claims, survey.claims.units.index(12)
    told = words(site, "units/au12.html")
    n = int(claims.passes[:, column].sum())
    assert n >= 1
    assert f"{n} filter{'s' if n > 1 else ''} of 10 pass" in told
    data = survey.faces.data
    held = survey.faces.column("split")[survey.rows] == "test"
    assert held.all()
    present = data["present"].values[survey.rows, survey.faces.units.index(12)]
    subjects = set(survey.faces.column("subject")[survey.rows][present])
    assert f"Present in{present.sum()} (" in told
    assert f"of {len(subjects)} people" in told
    row = claims.row(int(ranked(claims, column)[0]), column)
    assert f"{row['auroc']:.2f} [{row['auroc_low']:.2f}, {row['auroc_high']:.2f}]" in told
    assert "zygomaticus major" in told


def test_what_a_choice_gives_is_not_told_as_the_number_of_one_filter(site, survey):
    """Each half of the people chooses its own filter, which is not always the best of all."""
    values = {name: one[survey.claims.units.index(12)] for name, one in survey.claims.unit.items()}
    held, agreed = values["best_auroc_held_out"], values["best_agreement"]
    told = words(site, "units/au12.html")
    assert f"; choosing a filter so gives {held:.2f} on other people (this one in" in told
    share = f"(this one in {100 * agreed:.0f} % of halves)"
    assert share in told.replace("\N{NO-BREAK SPACE}", " ")
    assert "choosing a filter so" not in words(site, "units/au43.html")  # nothing was chosen
    page = (site / "units.html").read_text(encoding="utf-8")
    assert "that each half of the people chooses, which may be another than the one named" in page


def test_a_unit_without_a_test_says_why(site, survey):
    reason = "too few"
    assert survey.claims.status[survey.claims.units.index(43)] == reason
    told = words(site, "units/au43.html")
    assert "Not tested:" in told
    assert "nan" not in told.lower().replace("dominan", "")
    assert "Not tested:" not in words(site, "units/au12.html")


def test_filters_are_ranked_by_z_and_the_first_is_the_best(survey):
    claims = survey.claims
    for column in np.flatnonzero(claims.testable).tolist():
        order = ranked(claims, column)
        z = claims.pair["z"][order, column]
        assert (np.diff(z) <= 0).all()
        assert set(order) == set(np.flatnonzero(np.isfinite(claims.pair["z"][:, column])))


def test_two_sided_tests_rank_silenced_filters_too(tmp_path):
    survey = Survey.of(runs.report(tmp_path, associations=tables.associations()))
    order = ranked(survey.claims, survey.claims.units.index(12)).tolist()
    size = np.abs(survey.claims.pair["z"][order, 0])
    assert (np.diff(size) <= 0).all()
    assert set(order[:3]) == {0, 7, 9}


def test_faces_that_show_a_unit_by_their_definition(survey):
    faces, rows, hidden = survey.faces, survey.rows, survey.hidden
    subject, data = faces.column("subject"), faces.data
    for column, unit in enumerate(faces.units):
        shown, lacking = faces_with(faces, rows, hidden, unit)
        strength = np.nan_to_num(data["intensity"].values[:, column])
        present = data["present"].values[:, column]
        assert present[shown].all()
        assert not present[lacking].any()
        assert data["coded"].values[lacking, column].all()
        for chosen, most in ((shown, WITH), (lacking, WITHOUT)):
            names = subject[chosen].tolist()
            assert len(names) == len(set(names)) <= most
            assert not hidden[chosen].any()
            assert set(chosen) <= set(rows)
        assert (np.diff(strength[shown]) <= 0).all()
        able = [i for i in rows if present[i] and not hidden[i]]
        assert len(shown) == min(WITH, len(set(subject[able])))
        if len(shown):
            left = [i for i in able if subject[i] not in set(subject[shown])]
            assert max(strength[left], default=0) <= strength[shown].min()
        for i in shown:
            assert strength[i] == max(strength[j] for j in able if subject[j] == subject[i])


def test_the_same_people_stand_beside_without_it(survey):
    subject = survey.faces.column("subject")
    shown, lacking = faces_with(survey.faces, survey.rows, survey.hidden, 12)
    assert set(subject[lacking]) <= set(subject[shown])


def test_faces_of_no_known_subject_stand_for_themselves():
    table = runs.faces()
    nameless = table.data.assign_coords(subject=("image", np.full(len(table), "", dtype="U1")))
    table = replace(table, data=nameless)
    shown, _ = faces_with(table, np.arange(len(table)), np.zeros(len(table), bool), 12)
    assert len(shown) == WITH
    assert faces_with(table, np.arange(4), np.zeros(len(table), bool), 99)[0].size == 0


def test_every_face_of_a_unit_page_has_a_page(survey):
    every = [faces_with(survey.faces, survey.rows, survey.hidden, unit) for unit in runs.UNITS]
    wanted = np.concatenate([part for pair in every for part in pair])
    assert set(wanted) | set(survey.strongest.shown) == set(survey.pictured.tolist())
    assert (np.diff(survey.pictured) > 0).all()


def test_no_hidden_face_is_on_a_unit_page(site, survey):
    hidden = [survey.face_names[i] for i in np.flatnonzero(survey.hidden)]
    assert hidden
    for path in (site / "units").glob("*.html"):
        linked = " ".join(Read(path).links + Read(path).resources)
        assert not any(f"/{name}." in linked for name in hidden)
        told = words(site, f"units/{path.name}")
        count = int(survey.hidden[survey.rows].sum())
        none = "None of the held-out faces that may be shown" in told
        assert none or f"{count} faces of the held-out faces may not be shown" in told


def test_the_figure_holds_every_tested_filter(survey, made):
    claims, column = survey.claims, survey.claims.units.index(12)
    figure = made["units/au12.html"].figures[0]
    points = {
        at: (x, y)
        for trace in figure["data"]
        for x, y, at in zip(trace["x"], trace["y"], trace["customdata"], strict=True)
    }
    assert figure["listed"]
    corrected = claims.pair["q_auroc"][:, column]
    assert len(points) == np.isfinite(corrected).sum()
    for place in range(len(survey.filters)):
        if np.isfinite(corrected[place]):
            x, y = points[place]
            assert x == pytest.approx(claims.pair["auroc"][place, column], abs=6e-4)
            assert y == pytest.approx(-np.log10(corrected[place]), abs=6e-3)
    told = [trace["name"] for trace in figure["data"]]
    assert any("does not pass" in name for name in told)
    assert not made["units/au43.html"].figures


def test_the_figure_has_a_largest_size():
    claims = many_claims(3000)
    order = ranked(claims, 0)
    figure = all_filters_figure(claims, 0, order)
    assert figure is not None
    assert sum(len(trace["x"]) for trace in figure["data"]) == MOST_POINTS


def many_claims(count):
    small = read_claims(tables.associations(), 10)
    rows = np.arange(count) % 3
    return replace(
        small,
        pair={name: values[rows] for name, values in small.pair.items()},
        passes=small.passes[rows],
        passes_beyond=small.passes_beyond[rows],
        named=small.named[rows],
    )


def test_the_doses_are_those_of_the_faces_looked_at(survey, made):
    column = survey.faces.units.index(12)
    best = ranked(survey.claims, survey.claims.units.index(12))[:3]
    data, rows = survey.faces.data, survey.rows
    present, coded, intensity = (
        data[name].values[rows, column] for name in ("present", "coded", "intensity")
    )
    peak = survey.report.store.data["peak"].values[rows][:, best]
    subject = survey.faces.column("subject")[rows]
    seed = survey.claims.settings["seed"]
    expected = dose_response(peak, present, coded, intensity, subject, seed=seed)
    found = doses_of(survey, 12, best)
    for name in ("mean", "low", "high", "faces", "subjects"):
        assert np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=True)
    content = made["units/au12.html"].content
    assert content["each"] == [f"{expected.rising.faces:g} from absent to E"] + [
        f"{expected.graded.faces:g} from A to E" for _ in range(expected.graded.people > 0)
    ]
    chart = content["dose_chart"]
    for faces, people in zip(expected.faces, expected.subjects, strict=True):
        assert f"{faces} / {people}" in chart
    assert chart.count("<circle") == 3 * int((expected.drawn).sum())


def test_a_level_with_few_people_is_marked_and_not_drawn():
    doses = dose_response(
        np.arange(8.0)[:, None],
        [0, 0, 0, 0, 1, 1, 1, 1],
        [1] * 8,
        [0, 0, 0, 0, 3, 3, 3, 5],
        list("abcdabcd"),
    )
    chart = dose_chart(doses, ["conv1/<b>"], "AU12")
    assert chart.count("<circle") == 2
    assert chart.count("too few") == 4
    assert "&lt;b&gt;" in chart
    assert "nan" not in chart
    assert "not scored" not in chart


def test_without_intensities_the_page_says_not_scored(tmp_path):
    table = runs.faces()
    intensity = table.data["intensity"].copy(data=np.where(table.data["present"], np.nan, 0))
    table = replace(table, data=table.data.assign(intensity=intensity.astype(np.float32)))
    survey = Survey.of(runs.report(tmp_path, table))
    page = next(units.pages(survey, slice(0, 1)))
    assert isinstance(page, Page)
    content = page.content
    assert not content["doses"].scored
    assert "not scored" in content["dose_chart"]
    assert {one["grade"] for one in content["shown"]} == {"not scored"}


def test_controls_stand_beside_with_their_own_counts(site, report):
    told = words(site, "units/au12.html")
    assert "the network before <training>" in told
    assert "high by luck alone" in told
    untrained = report.controls[0].associations
    passing = int(untrained.significant(test="auroc").sel(au=12).values.sum())
    beyond = int(untrained.significant(test="beyond").sel(au=12).values.sum())
    best = "0.91 [0.85, 0.95]"
    assert float(untrained.data["auroc"].sel(au=12).max()) == 0.91
    assert passing > 0
    assert f"the network before <training>10{passing}{beyond}{best}" in told
    none = f"shuffled labels1000{best}"
    assert none in told


def test_regions_are_drawn_small_and_only_where_there_are_any():
    for unit in UNITS:
        picture = region_picture(unit)
        assert located(unit) == (unit in LOCATED) == (picture is not None)
        if picture is None:
            continue
        assert len(picture) <= 4096
        with Image.open(io.BytesIO(picture)) as opened:
            assert opened.format == "WEBP"
            assert opened.size == (SIDE * (2 if drawable(unit) else 1), SIDE)
        assert drawable(unit) == (unit in DRAWN)


def test_a_region_lies_where_the_unit_shows():
    """The light line of AU4 is in the upper half, that of AU12 in the lower."""

    def lines(unit):
        with Image.open(io.BytesIO(region_picture(unit) or b"")) as opened:
            return np.asarray(opened.convert("L"))[:, :SIDE].astype(int)

    difference = np.abs(lines(4) - lines(12))
    brows, mouth = lines(4), lines(12)
    assert (brows[: SIDE // 2] > 235).sum() > 60 > (brows[SIDE // 2 :] > 235).sum()
    assert (mouth[SIDE // 2 :] > 235).sum() > 60 > (mouth[: SIDE // 2 - 8] > 235).sum()
    assert difference.max() > 100


def test_pictures_of_the_site_are_those_of_the_located_units(made):
    found = {address for address, one in made.items() if isinstance(one, File)}
    assert found == {f"units/au{unit:02d}.webp" for unit in runs.UNITS if unit in LOCATED}


def test_the_forest_puts_each_number_on_its_axis():
    forest = Forest([0.62, 0.31, None])
    assert forest.low == pytest.approx(0.3)
    row = forest.row(0.65, 0.3, 1.0, 0.5)
    assert re.search(r'M6 9H162"', row)
    assert f'cx="{6 + 156 / 2:.0f}"' in row
    assert f"M{forest.chance} 2v14" in row
    assert forest.row(None, None, None, None) == "<svg></svg>"


def test_without_associations_there_are_no_units(tmp_path):
    survey = Survey.of(runs.report(tmp_path, associations=None))
    assert len(survey.claims.units) == 0
    assert np.array_equal(survey.pictured, survey.strongest.shown)


def test_without_thumbnails_the_page_says_so(tmp_path):
    bare = runs.report(tmp_path, store=runs.store(tmp_path / "s", thumbnails=None))
    site = write_site(bare, tmp_path / "site").parent
    assert "keeps no thumbnails" in words(site, "units/au12.html")


def test_hostile_names_are_text(site):
    for path in (site / "units").glob("*.html"):
        text = path.read_text("utf-8")
        assert "<script>alert" not in text
        assert "<training>" not in text


def test_hidden_subjects_are_among_those_looked_at(survey):
    """Else the tests above would show nothing."""
    subjects = set(survey.faces.column("subject")[survey.rows])
    assert subjects >= set(HIDDEN)


sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")


@pytest.mark.browser
def test_walking_from_unit_to_unit_and_sorting(browser, site):
    page = browser.new_page()
    page.goto((site / "units.html").as_uri())
    page.get_by_role("button", name="Present").click()
    first = page.locator("tbody tr").first.inner_text()
    most = page.locator("tbody tr td:nth-child(4)").all_inner_texts()
    assert first
    assert [int(n) for n in most] == sorted(map(int, most), reverse=True)
    page.locator("a[href='units/au04.html']").click()
    page.wait_for_url("**/units/au04.html")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/units/au12.html")
    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/units/au04.html")
    page.keyboard.press("u")
    page.wait_for_url("**/units.html")
    page.close()
