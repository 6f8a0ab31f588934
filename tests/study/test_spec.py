"""Definitions: what they mean, what their id depends on, and every fault at once."""

from pathlib import Path

import pytest

from facsinterp.errors import DefinitionError
from facsinterp.study.parse import parse_spec, read_spec
from facsinterp.study.spec import steps

STUDIES = Path(__file__).parents[2] / "studies"

SMALL = """
study = "filters"
question = "Which?"
seed = 3

[faces]
source = "drawn"
size = 48
subjects = 12

[network]
arch = "breuer2017"

[network.train]
hold_out = 0.5
epochs = 2

[association]
permutations = 199
"""


def parse(text=SMALL, name="small"):
    return parse_spec(text, name=name)


def faults(text):
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    return caught.value.faults


def test_defaults_are_filled_in():
    spec = parse()
    assert spec.faces.options["sequences"] > 0
    assert spec.network.train.recipe["batch_size"] > 0
    assert spec.settings.permutations == 199
    assert spec.settings.seed == 3
    assert spec.preparation.size == 48


def test_the_id_depends_on_content_not_on_layout_name_or_comments():
    spaced = "# a comment\n" + SMALL.replace(" = ", "=") + "\n\n"
    assert parse(spaced, name="other").id == parse().id
    assert len(parse().id) == 12


def test_a_default_that_is_written_out_changes_nothing():
    assert (
        parse(SMALL.replace("permutations = 199", "permutations = 199\nalpha = 0.05")).id
        == parse().id
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed = 3", "seed = 4"),
        ("size = 48", "size = 56"),
        ("subjects = 12", "subjects = 13"),
        ("epochs = 2", "epochs = 3"),
        ("permutations = 199", "permutations = 399"),
        ("hold_out = 0.5", "folds = 3"),
        ("breuer2017", "khorrami2015"),
        ('"Which?"', '"Which one?"'),
    ],
)
def test_the_id_changes_with_the_content(old, new):
    assert parse(SMALL.replace(old, new)).id != parse().id


def test_every_fault_is_told_at_once():
    text = SMALL.replace("size = 48", "sise = 48").replace("epochs = 2", "epocs = 2")
    text = text.replace("permutations = 199", 'null = "wishful"').replace('"filters"', '"filtres"')
    text = text.replace("breuer2017", "breuer2071") + "\n[sweeep]\n"
    found = {fault.where: fault for fault in faults(text)}
    assert found["faces.sise"].do == "did you mean size?"
    assert found["network.train.epocs"].do == "did you mean epochs?"
    assert "within-subject" in found["association.null"].expected
    assert "did you mean 'filters'" in found["study"].what
    assert found["network.arch"].do == "did you mean breuer2017?"
    assert found["sweeep"].do == "did you mean sweep?"


def test_an_unknown_source_names_the_nearest():
    (fault,) = faults(SMALL.replace('"drawn"', '"drwan"').replace("subjects = 12", ""))
    assert "drawn" in str(fault)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("hold_out = 0.5", "", "network.train"),
        ("hold_out = 0.5", "hold_out = 0.5\nfolds = 5", "network.train"),
        ("hold_out = 0.5", "hold_out = 1.5", "network.train.hold_out"),
        ("hold_out = 0.5", "folds = 1", "network.train.folds"),
        ('arch = "breuer2017"', "", "network"),
        ('question = "Which?"', "", "question"),
        ("epochs = 2", "epochs = 0", "network.train"),
        ("epochs = 2", 'recipe = "no such"', "network.train.recipe"),
        ("permutations = 199", "permutations = 0", "association"),
        ("seed = 3", "seed = -1", "seed"),
        ("subjects = 12", "subjects = 0", "faces.subjects"),
        ("size = 48", "size = 50", "network: size"),
        ('arch = "breuer2017"', 'import = "no.such:x"', "network: builder"),
    ],
)
def test_values_that_cannot_be_used_are_named(old, new, where):
    assert any(fault.where.startswith(where) for fault in faults(SMALL.replace(old, new)))


def test_text_that_is_no_toml_says_where():
    (fault,) = faults("study = \nseed = 1")
    assert "line 1" in fault.got


def test_a_table_where_a_value_belongs_is_a_fault_not_a_crash():
    assert faults('study = "filters"\nquestion = "q"\nfaces = 3\nnetwork = []\nassociation = 1\n')


def test_a_missing_definition_says_what_to_name(tmp_path):
    with pytest.raises(DefinitionError, match="a folder without one"):
        read_spec(tmp_path)
    with pytest.raises(DefinitionError, match="nothing"):
        read_spec(tmp_path / "gone.toml")


def test_faults_in_a_file_name_the_file(tmp_path):
    (tmp_path / "mine.toml").write_text("study = 1")
    with pytest.raises(DefinitionError, match=r"mine\.toml"):
        read_spec(tmp_path / "mine.toml")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DefinitionError, match="UTF-8"):
        read_spec(tmp_path / "mine.toml")


@pytest.mark.parametrize("folder", sorted(p.parent.name for p in STUDIES.glob("*/study.toml")))
def test_the_definitions_of_the_project_can_be_run(folder):
    spec = read_spec(STUDIES / folder)
    assert spec.name == folder
    names = [name for name, _ in steps(spec)]
    assert names == ["faces", "network", "activations", "associations", "study", "report"]
