"""Methods of a run: formulas that were used, works with exact entries, and the text as a file."""

import re
from dataclasses import replace

import pytest

from facsinterp.activations.store import ActivationStore
from facsinterp.association.methods import methods_text
from facsinterp.faces.terms import Terms
from facsinterp.provenance import Provenance
from facsinterp.report.building.render import Frame, rendered
from facsinterp.report.pages import methods
from facsinterp.report.pages.citations import bibliography, citations, cited
from facsinterp.report.pages.formulas import formulas
from facsinterp.report.pages.page import File, Page
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables

ENTRY = re.compile(r"@(\w+)\{(\w+),\n((?:  \w+ = \{.*\},?\n)+)\}\n")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    made = runs.report(folder, associations=tables.associations())
    told = Provenance({"faces": "abc"}, {"seed": 7}).to_json()
    made = replace(made, provenance=told, definition='study = "filters"\n', study="filters")
    return replace(made, visual=runs.visual(folder, made))


def ids(report):
    return {one.id for one in formulas(Survey.of(report))}


def made_of(report):
    page, *files = methods.pages(Survey.of(report))
    assert isinstance(page, Page)
    text, works = (file.content for file in files if isinstance(file, File))
    html = rendered(page, Frame(report.title, report.identity, "0")).decode()
    return html, text.decode(), works.decode()


def test_every_entry_is_bibtex_with_its_own_key():
    assert len(citations()) == len({one.key for one in citations().values()})
    text = bibliography(citations().values())
    found = ENTRY.findall(text)
    assert len(found) == len(citations())
    for kind, key, body in found:
        names = re.findall(r"^  (\w+) = ", body, re.MULTILINE)
        needed = {"author", "title"} | ({"journal", "volume"} if kind == "article" else set())
        assert needed <= set(names), key
        assert len(names) == len(set(names))
        assert text.count(f"{{{key},\n") == 1
        assert body.count("{") == body.count("}")


def test_names_and_places_read_as_in_a_paper():
    one = citations()["benjamini1995"]
    assert one.names == "Y. Benjamini and Y. Hochberg"
    assert one.place == "Journal of the Royal Statistical Society: Series B 57(1), 289–300"
    assert one.short == "Benjamini & Hochberg 1995"
    assert citations()["adebayo2018"].short == "Adebayo et al. 2018"
    assert citations()["facsinterp"].names == "The facsinterp developers"


def test_every_work_that_a_formula_names_is_known(report):
    for correction in ("bh", "by", "hierarchical"):
        for interval in ("logit", "bca", "percentile"):
            attrs = {"correction": correction, "interval_method": interval}
            survey = Survey.of(replace(report, associations=tables.associations(attrs)))
            named = {key for one in formulas(survey) for key in one.cites}
            assert named <= set(citations())


def test_what_the_run_used_is_told_and_nothing_else(report):
    used = ids(report)
    assert {"auroc", "kl", "precision", "beyond", "likeness", "mean-face", "region"} <= used
    assert {"doses", "votes", "interval", "max", "least", "duplicates"} <= used
    assert "controls" not in used
    few = {"n_subjects": 12, "null": "subject-flips", "beyond": "none", "n_units_beyond": 0}
    less = ids(replace(report, visual=None, associations=tables.associations(few)))
    assert not less & {"likeness", "mean-face", "pictures", "interval", "beyond", "max"}
    bare = ids(replace(report, visual=None, associations=None))
    assert bare == {"answer", "examples", "alike", "duplicates"}


@pytest.mark.parametrize(
    ("changes", "there", "missing"),
    [
        ({"correction": "bh"}, "benjamini1995", "benjamini2001"),
        ({"correction": "by"}, "benjamini2001", "benjamini2014"),
        ({"correction": "hierarchical"}, "benjamini2014", "benjamini2001"),
        ({"interval_method": "bca"}, "efron1987", "lucey2010"),
        ({"null": "within-subject"}, "robinson1982", "efron1987"),
    ],
)
def test_works_are_those_of_the_settings(report, changes, there, missing):
    html, text, works = made_of(replace(report, associations=tables.associations(changes)))
    for content in (f'id="ref-{there}"', f'href="#ref-{there}"'):
        assert content in html
    assert f"{{{there},\n" in works
    assert f"[{there}]" in text
    assert missing not in html + text + works


def test_the_data_set_is_cited_where_the_source_knows_it(report, tmp_path):
    table = runs.faces(Terms("CK+", "Terms.", None))
    store = runs.store(tmp_path / "ck.zarr", table)
    survey = Survey.of(replace(report, store=ActivationStore.open(store.path), visual=None))
    assert {"lucey2010", "kanade2000"} <= {one.key for one in cited(survey, ())}


def test_controls_are_told_where_there_are_any(report):
    control = ControlRun("untrained", "the network before training", 7, True, report.associations)
    html, text, _ = made_of(replace(report, controls=(control,)))
    assert "untrained: the network before training" in html
    assert "on the same faces, of the network before training" in re.sub(r"\s+", " ", text)


def test_the_file_has_text_settings_versions_works_and_definition(report):
    _, text, _ = made_of(report)
    words = re.sub(r"\s+", " ", text)
    for paragraph in methods_text(report.associations):
        assert re.sub(r"\s+", " ", paragraph) in words
    assert "guided backpropagation" in words or "the gradient (Simonyan et al. 2014)" in words
    assert re.search(r"^permutations +1999$", text, re.MULTILINE)
    assert "identity filters-0123456789abcdef" in words
    assert text.rstrip().endswith('study = "filters"')
    assert max(map(len, text.splitlines())) <= 160


def test_formulas_are_escaped_and_set(report):
    html, *_ = made_of(report)
    assert "<i>R</i><sub><i>i</i></sub> = 1 + #{<i>k</i> : <i>a</i><sub><i>k</i></sub> &lt;" in html
    assert "<i>g</i><sub><i>b</i></sub> log(" in html
    assert "lt;" not in html.replace("&lt;", "")


def test_a_run_without_associations_has_a_text_all_the_same(report):
    html, text, works = made_of(replace(report, associations=None, visual=None))
    assert "352 faces of 44 subjects" in html
    assert "facsinterp" in text
    assert "@misc{breuer2017" in works
