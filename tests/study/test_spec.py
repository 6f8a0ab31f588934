"""Definitions: what they mean, what their id depends on, and every fault at once."""

from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from facsinterp.errors import DefinitionError
from facsinterp.study.contract import Need
from facsinterp.study.faults import faults_of
from facsinterp.study.parse import parse_spec, read_spec
from facsinterp.study.registry import load
from facsinterp.study.steps import steps

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
        ("[association]", '[sweep]\nprecision = "bf16"\n[association]'),
        ("[association]", "[sweep]\nbatch_size = 32\n[association]"),
        ("[association]", '[visual]\nmethod = "gradient"\n[association]'),
        ("[association]", '[visual]\nmethod = "none"\n[association]'),
    ],
)
def test_the_id_changes_with_the_content(old, new):
    assert parse(SMALL.replace(old, new)).id != parse().id


def test_the_method_of_pictures_that_is_the_default_leaves_ids_as_they_were():
    written = SMALL + '\n[visual]\nmethod = "guided-backprop"\n'
    assert parse(written).id == parse(SMALL + "\n[visual]\n").id == parse().id == "25c71be600e7"
    pictures = dict(steps(parse()))["pictures"]
    assert pictures == "guided-backprop of each filter's 10 strongest faces"
    none = parse(SMALL + '\n[visual]\nmethod = "none"\n')
    assert dict(steps(none))["pictures"] == "none are made"
    assert "pictures" not in dict(steps(parse(SMALL.replace('"filters"', '"dead-filters"'))))


def test_methods_of_pictures_that_there_are_none_of_are_told_with_the_nearest():
    (fault,) = faults(SMALL + '\n[visual]\nmethod = "guided-backpropagation"\n')
    assert fault.where == "visual.method"
    assert fault.do == "did you mean guided-backprop?"
    for name in ("guided-backprop", "deconvnet", "gradient", "integrated-gradients", "none"):
        assert name in fault.expected
    (fault,) = faults(SMALL + '\n[visual]\nmethdo = "none"\n')
    assert (fault.where, fault.do) == ("visual.methdo", "did you mean method?")
    (fault,) = faults(SMALL + "\n[visual]\nmethod = 3\n")
    assert fault.where == "visual.method"
    (fault,) = faults(SMALL + '\n[visaul]\nmethod = "none"\n')
    assert fault.do == "did you mean visual?"


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
        ("epochs = 2", "epochs = 0", "network.train.epochs"),
        ("size = 48", "size = 48\nzoom = 2.0", "faces"),
        ("epochs = 2", 'recipe = "no such"', "network.train.recipe"),
        ("permutations = 199", "permutations = 0", "association.permutations"),
        ("seed = 3", "seed = -1", "seed"),
        ("subjects = 12", "subjects = 0", "faces.subjects"),
        ("[association]", '[sweep]\nprecision = "fp8"\n[association]', "sweep.precision"),
        ("size = 48", "size = 50", "faces.size"),
        ('arch = "breuer2017"', 'import = "no.such:x"', "network.import"),
    ],
)
def test_values_that_cannot_be_used_are_named(old, new, where):
    assert where in {fault.where for fault in faults(SMALL.replace(old, new))}


WRONG = """
study = 1
question = ["Which?"]
seed = 1.5

[faces]
source = "drawn"
size = "big"
colour = "gray"
subjects = 1000
without_emotion = "some"

[network]
arch = "breuer2017"
classes = "happy"
untrained = "perhaps"

[network.options]
bias = "maybe"
dropout_maps = 1.0
normalise = "imag"

[network.train]
hold_out = 1
epochs = [2]
optimizer = "adm"
augmentation = { flip = "often", scale = [1.0], rotate = 3 }

[association]
permutations = 199.5
alpha = "small"
unit = "frmae"

[sweep]
layers = "conv1"
batch_size = 0

[controls]
seeds = [true, -1, "x"]
arms = []
filters = 100

[params]
top = 3
"""


def test_every_wrong_value_is_told_in_plain_words():
    found = {fault.where: fault for fault in faults(WRONG)}
    for fault in found.values():
        assert "nput should" not in str(fault)
        assert "valid" not in str(fault)
        assert fault.what[0].islower()
        assert fault.expected or fault.do
    told = {where: (fault.expected, fault.got, fault.do) for where, fault in found.items()}
    digits = "write digits, without quotes"
    assert told["study"] == ("a text", "1", "put it in quotes")
    assert told["seed"][:2] == ("a whole number", "1.5")
    assert told["faces.size"] == ("a whole number", '"big"', f"{digits} or a decimal point")
    assert told["faces.colour"] == ("'grey' or 'rgb'", '"gray"', "did you mean grey?")
    assert told["faces.subjects"] == ("999 or less", "1000", "")
    assert told["network.classes"][::2] == ("a list", "put what belongs to it in [ ]")
    assert told["network.untrained"][0] == "true or false"
    assert told["network.options.dropout_maps"][:2] == ("below 1", "1.0")
    assert told["network.options.normalise"][2] == "did you mean image?"
    assert told["network.train.hold_out"][0] == "below 1"
    assert told["network.train.optimizer"][2] == "did you mean adam?"
    assert told["network.train.augmentation.flip"] == ("a number", '"often"', digits)
    assert told["network.train.augmentation.rotate"][2] == "did you mean rotation?"
    assert found["network.train.augmentation.scale"].what == "a list is too short"
    assert "network.train.augmentation" not in told
    assert told["association.unit"][2] == "did you mean frame?"
    assert told["sweep.batch_size"][:2] == ("1 or more", "0")
    assert told["controls.seeds.1"][:2] == ("0 or more", "-1")
    assert told["controls.arms"][0] == "1 or more of them"
    assert told["controls.filters"][:2] == ("32, 128, 288 or 512", "100")


def test_a_word_where_a_word_or_a_part_belongs_gets_both():
    (fault,) = faults(SMALL.replace("epochs = 2", 'augmentation = "lihgt"'))
    assert "'light'" in fault.expected
    assert "or a part with keys of its own" in fault.expected
    assert fault.do == "did you mean light?"


def test_a_complaint_of_a_kind_that_no_part_knows_is_told_too():
    """As the parameters of somebody's own study may bring."""

    class Params(BaseModel):
        days: set[int]

    with pytest.raises(ValidationError) as caught:
        Params.model_validate({"days": "monday"})
    (fault,) = faults_of(caught.value, Params, "params")
    assert (fault.where, fault.expected, fault.got) == ("params.days", "a valid set", '"monday"')


def test_a_part_that_checks_itself_tells_its_keys():
    (fault,) = faults(SMALL.replace("epochs = 2", "augmentation = { rotation = -1 }"))
    assert (fault.where, fault.expected) == ("network.train.augmentation.rotation", "0 to 180")


def test_no_second_round_of_faults():
    """Values that go together badly are told beside some that cannot be read."""
    text = SMALL.replace("permutations = 199", 'permutations = 5\nnull = "wishful"\nbins = 1')
    text = text.replace("hold_out = 0.5\nepochs = 2", "folds = 2\nhold_out = 2\nepochs = 0")
    text = text.replace("size = 48", "size = 50").replace("subjects = 12", "subjects = 0")
    text = text.replace("[network.train]", 'weights = "a.pt"\n[network.train]\noptimizer = "x"')
    places = {fault.where for fault in faults(text)}
    assert places == {
        "association.permutations", "association.null", "association.bins",
        "network", "network.train", "network.train.folds", "network.train.hold_out",
        "network.train.epochs", "network.train.optimizer", "faces.subjects",
    }  # fmt: skip
    mended = text.replace('weights = "a.pt"', "")
    assert {fault.where for fault in faults(mended)} == places - {"network"} | {"faces.size"}


def test_what_depends_on_a_value_that_cannot_be_read_is_not_told():
    """The null goes with one of the units that may have been meant."""
    text = SMALL.replace("permutations = 199", 'unit = "frmae"\nnull = "time-courses"')
    assert [fault.where for fault in faults(text)] == ["association.unit"]
    text = text.replace("frmae", "frame")
    assert {fault.where for fault in faults(text)} == {"association.beyond"}


def test_layers_and_sizes_are_judged_beside_faults_of_other_parts():
    text = (
        sweeping('layers = ["conv9"]').replace('"Which?"', "3").replace("epochs = 2", "epocs = 2")
    )
    assert {f.where for f in faults(text)} == {"sweep.layers", "question", "network.train.epocs"}


BANK = SMALL.replace('arch = "breuer2017"', 'bank = "NAME"\noptions = { filters = COUNT }').replace(
    "epochs = 2", ""
)


@pytest.mark.parametrize(
    ("bank", "count", "expected"),
    [("gabor", 100, "a multiple of 16"), ("pixels", 100, "twice a square"), ("pca", 33, "even")],
)
def test_check_refuses_banks_that_run_could_not_make(bank, count, expected):
    text = BANK.replace("NAME", bank)
    (fault,) = faults(text.replace("COUNT", str(count)))
    assert (fault.where, fault.got) == ("network.options.filters", str(count))
    assert expected in fault.expected
    assert parse(text.replace("COUNT", "128")).network.bank == bank


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


def sweeping(line, text=SMALL):
    return text.replace("[association]", f"[sweep]\n{line}\n[association]")


@pytest.mark.parametrize(
    ("folder", "identity"),
    [
        ("quickstart", "fd4a4df4b172"),
        ("ckplus", "88a8f0cdbf0d"),
    ],
)
def test_ids_of_reports_that_are_there_stay(folder, identity):
    """They were written down before precision, seeds, labels, banks and controls came."""
    assert read_spec(STUDIES / folder).id == identity


def test_the_steps_say_when_answers_are_not_float32():
    told = dict(steps(parse(sweeping('precision = "bf16"'))))["activations"]
    assert "bfloat16" in told
    assert "those of float32" in told
    assert "bfloat16" not in dict(steps(parse()))["activations"]


USERS = SMALL.replace('arch = "breuer2017"', 'import = "tests.study.small:NAME"')


@pytest.mark.parametrize(
    ("text", "layers", "got"),
    [
        (SMALL, ["conv1", "conv9"], "conv9"),
        (USERS.replace("NAME", "small"), ["0", "1"], "1"),
        (USERS.replace("NAME", "twice"), ["conv@3"], "conv@3"),
    ],
)
def test_layers_that_the_network_has_not_are_named_without_training(text, layers, got):
    (fault,) = faults(sweeping(f"layers = {layers}", text))
    assert (fault.where, fault.got) == ("sweep.layers", got)
    assert fault.expected


def test_the_nearest_layer_is_named():
    (fault,) = faults(sweeping('layers = ["cnv1"]'))
    assert fault.do == "did you mean conv1?"


def test_a_layer_is_swept_once_and_there_is_one():
    assert "twice" in str(faults(sweeping('layers = ["conv1", "conv1"]')))
    assert "no layers to sweep" in str(faults(sweeping("layers = []")))


def test_a_layer_that_is_run_twice_means_both_runs():
    text = USERS.replace("NAME", "twice")
    assert parse(sweeping('layers = ["conv"]', text)).sweep.layers == ("conv",)
    assert parse(sweeping('layers = ["conv@2", "first"]', text)).sweep.layers
    assert "twice" in str(faults(sweeping('layers = ["conv", "conv@2"]', text)))


def test_a_network_for_classes_of_the_faces_alone_is_judged_when_they_are_known():
    text = sweeping('layers = ["conv9"]', USERS.replace("NAME", "for_three"))
    assert parse(text)
    named = text.replace("[network.train]", "classes = [CLASSES]\n[network.train]")
    (fault,) = faults(named.replace("CLASSES", '"sad", "happy", "angry"'))
    assert fault.got == "conv9"
    (fault,) = faults(named.replace("CLASSES", '"sad", "happy"'))
    assert "only three classes" in fault.got


DEFINITIONS = sorted(STUDIES.glob("*/*.toml"))


@pytest.mark.parametrize(
    "file", DEFINITIONS, ids=[f"{p.parent.name}/{p.name}" for p in DEFINITIONS]
)
def test_the_definitions_of_the_project_can_be_run(file):
    spec = read_spec(file)
    folder = file.parent.name
    assert spec.name == (folder if file.name == "study.toml" else f"{folder}-{file.stem}")
    needs, names = load(spec.study).needs, [name for name, _ in steps(spec)]
    asked = bool({Need.ASSOCIATIONS, Need.VISUAL} & needs or spec.controls)
    assert ("associations" in names) == asked
    assert ("pictures" in names) == (Need.VISUAL in needs)
    assert ("controls" in names) == (spec.controls is not None)
    assert [name for name in names if name.startswith("also ")] == [f"also {n}" for n in spec.also]
    assert names[0] == "faces"
    assert names[-2:] == ["study", "report"]


ALSO = """
[also.others]
source = "drawn"
subjects = 4
size = 40
"""


def test_other_faces_are_prepared_as_the_definition_s_own_unless_it_says_otherwise():
    text = SMALL.replace("[network]", ALSO + "\n[network]", 1)
    spec = parse_spec(text, name="x")
    own, other = spec.faces.preparation, spec.also["others"].preparation
    assert other == {**own, "size": 40}
    assert spec.also["others"].options["subjects"] == 4
    assert spec.id != parse_spec(SMALL, name="x").id
    wrong = text.replace('source = "drawn"\nsubjects = 4', 'source = "drawm"\nsubject = 4')
    assert [fault.where for fault in faults(wrong)] == ["also.others.source"]
    assert faults(text.replace("subjects = 4\nsize", "subject = 4\nsize"))[0].where == (
        "also.others.subject"
    )


@pytest.mark.parametrize("name", ['""', '"two words"', "1st"])
def test_other_faces_have_names_that_can_be_typed(name):
    text = SMALL.replace("[network]", ALSO.replace("others", name) + "\n[network]", 1)
    assert faults(text)[0].where.startswith("also")
