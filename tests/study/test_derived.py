"""Definitions of controls: one for each arm and seed, readable, with ids of their own."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DefinitionError
from facsinterp.study.derived import Member, derived, members, others, to_toml
from facsinterp.study.parse import parse_spec, read_spec
from facsinterp.study.steps import steps

STUDIES = Path(__file__).parents[2] / "studies"

PARENT = """
study = "controls"
question = "Which?"
seed = 3

[faces]
source = "drawn"
size = 48
subjects = 12

[network]
arch = "breuer2017"
options = { normalise = "image" }

[network.train]
folds = 4
epochs = 2

[sweep]
layers = ["conv1", "conv3"]

[association]
permutations = 199

[controls]
seeds = [1, 3]
filters = 32
"""


def parse(text=PARENT):
    return parse_spec(text, name="parent")


def networks(parent):
    return {
        member: derived(parent, member)
        for member in members(parent)
        if member.arm != "emotion-only"
    }


def test_every_arm_has_every_seed_and_fixed_filters_are_one():
    told = members(parse())
    assert [one.arm for one in told if one.seed is None] == [
        "pixels", "pca", "gabor", "emotion-only",
    ]  # fmt: skip
    assert [(one.arm, one.seed) for one in told[:4]] == [
        ("trained", 1), ("trained", 3), ("untrained", 1), ("untrained", 3),
    ]  # fmt: skip
    assert len(told) == 14
    fewer = parse(PARENT + 'arms = ["gabor", "trained"]\n')
    assert [one.name for one in members(fewer)] == ["gabor", "trained, seed 1", "trained, seed 3"]


def test_definitions_of_controls_differ_and_have_the_parents_folds_and_statistics():
    parent = parse()
    found = networks(parent)
    assert len({spec.id for spec in found.values()} | {parent.id}) == len(found) + 1
    assert len({spec.name for spec in found.values()}) == len(found)
    for member, spec in found.items():
        assert spec.seed == spec.settings.seed == 3
        assert spec.settings == parent.settings
        assert spec.faces == parent.faces
        assert spec.network.train.folds == 4
        assert spec.network.train.first_fold_only
        assert spec.network_seed == (member.seed or 3)
        assert spec.sweep.layers == (("conv1", "conv3") if member.seed else None)
        assert spec.controls is None
        assert spec.study == "filters"


def test_each_arm_asks_for_its_network():
    found = {(m.arm, m.seed): spec.network for m, spec in networks(parse()).items()}
    assert found["untrained", 1].untrained
    assert found["untrained", 1].train.recipe == {}
    assert found["shuffled-labels", 1].train.labels == "shuffled"
    assert found["identity", 3].train.labels == "identity"
    assert found["identity", 3].train.recipe["epochs"] == 2
    assert found["rotated", 1].rotated
    assert found["pca", None].bank == "pca"
    assert found["pca", None].options == {"filters": 32}
    assert found["trained", 1].options["normalise"] == "image"


def test_a_rotated_network_is_the_trained_one_and_other_folds_do_not_change_it():
    parent = parse()
    found = networks(parent)
    trained, rotated = found[Member("trained", 1)], found[Member("rotated", 1)]
    assert trained.network_content == rotated.network_content
    assert found[Member("trained", 3)].network_content == parent.network_content
    others = [spec.network_content for m, spec in found.items() if m.arm not in ("rotated",)]
    assert len({repr(content) for content in others}) == len(others)


def test_subjects_held_out_by_share_are_held_out_the_same_way():
    found = networks(parse(PARENT.replace("folds = 4", "hold_out = 0.25")))
    assert {spec.network.train.hold_out for spec in found.values()} == {0.25}


def test_the_project_compares_over_five_seeds():
    told = members(read_spec(STUDIES / "controls"))
    assert len({one.seed for one in told if one.arm == "trained"}) == 5
    assert len(told) == 5 * 5 + 4


def test_the_steps_say_what_each_network_is():
    told = {m.arm: dict(steps(spec))["network"] for m, spec in networks(parse()).items()}
    assert told["trained"] == "train breuer2017 in the first of 4 subject-exclusive folds"
    assert "make breuer2017 (untrained)" in told["untrained"]
    assert "shuffled between a person's sequences" in told["shuffled-labels"]
    assert "tell people apart" in told["identity"]
    assert "filters mixed at random" in told["rotated"]
    assert "make a bank of gabor" in told["gabor"]
    assert "seeds 1, 3" in dict(steps(parse()))["controls"]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
tables = st.recursive(
    st.dictionaries(texts.filter(bool), values, max_size=3),
    lambda inner: st.dictionaries(texts.filter(bool), inner | values, max_size=3),
    max_leaves=6,
)


@given(tables)
def test_toml_reads_what_was_written(content):
    assert tomllib.loads(to_toml(content)) == content


def faults(text):
    with pytest.raises(DefinitionError) as caught:
        parse(text)
    return caught.value.faults


def test_every_fault_of_controls_is_told_at_once_with_the_way_out():
    text = PARENT.replace("seeds = [1, 3]", 'seeds = [1, 1]\narms = ["traned"]\nsedes = 2')
    text = text.replace("[network]", "[network]\nuntrained = true\nweights = 'a.pt'")
    found = {fault.where: fault for fault in faults(text)}
    assert "trained" in found["controls.arms.0"].expected
    assert found["controls.sedes"].do == "did you mean seeds?"
    assert found["network.untrained"].do
    assert found["network.train.epochs"].do == "remove epochs"
    assert found["network"].what
    assert "name each once" in str(faults(PARENT.replace("[1, 3]", "[1, 1]")))


@pytest.mark.parametrize(
    ("arms", "do"),
    [
        ('["untrained"]', 'add "trained" to arms'),
        ('["gabor", "emotion-only"]', 'add "trained" to arms'),
        ('["trained"]', "add another arm"),
    ],
)
def test_arms_that_compare_nothing_are_refused(arms, do):
    (fault,) = faults(PARENT + f"arms = {arms}\n")
    assert fault.where == "controls.arms"
    assert fault.what.startswith("nothing is compared")
    assert fault.do.startswith(do)


def test_a_bank_among_the_controls_must_fit_the_pictures():
    text = PARENT.replace("arch = ", 'import = "tests.study.small:small"\n#').replace(
        "options", "#"
    )
    text = text.replace("size = 48", "size = 16").replace("filters = 32", "filters = 512")
    text = text.replace("layers", "#")
    assert parse(text)
    (fault,) = faults(text.replace("size = 16", "size = 15"))
    assert (fault.where, fault.got) == ("controls.filters", "512")
    assert parse(text.replace("size = 16", "size = 15") + 'arms = ["trained", "pca"]\n')


@pytest.mark.parametrize("filters", [32, 128, 288, 512])
def test_numbers_of_filters_of_controls_fit_every_bank(filters):
    assert parse(PARENT.replace("filters = 32", f"filters = {filters}"))


FILTERS = PARENT.replace('"controls"', '"filters"', 1)


def test_a_study_that_compares_needs_controls_and_others_may_have_some():
    head, _, _ = PARENT.partition("[controls]")
    (fault,) = faults(head)
    assert (fault.where, "seeds" in fault.do) == ("controls", True)
    assert parse(head.replace('"controls"', '"filters"')).controls is None
    told = dict(steps(parse(FILTERS + 'arms = ["untrained", "pca"]\n')))
    assert told["controls"] == (
        "networks, activations and associations of untrained, pca; seeds 1, 3"
    )


@pytest.mark.parametrize(
    ("seeds", "own", "compares"),
    [("[3]", "", False), ("[1]", "", True), ("[3, 1]", "", True), ("[2]", "seed = 2", False)],
)
def test_the_network_itself_is_compared_with_trained_ones_of_other_seeds_only(seeds, own, compares):
    text = FILTERS.replace("[1, 3]", seeds).replace("[network]", f"[network]\n{own}")
    text += 'arms = ["trained"]\n'
    if compares:
        assert others(parse(text)) == (Member("trained", 1),)
    else:
        (fault,) = faults(text)
        assert fault.where == "controls.arms"
        assert fault.do.startswith("add another arm")


def test_the_network_of_the_definition_is_none_of_its_others():
    arms = [(one.arm, one.seed) for one in others(parse(FILTERS))]
    assert ("trained", 3) not in arms
    assert ("trained", 1) in arms
    assert len(arms) == len(members(parse(FILTERS))) - 1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('arch = "breuer2017"', 'arch = "breuer2017"\nrotated = true'),
        ("epochs = 2", 'epochs = 2\nlabels = "identity"'),
        ("[network.train]\nfolds = 4\nepochs = 2", ""),
    ],
)
def test_controls_of_any_study_are_those_of_a_network_trained_on_expressions(old, new):
    text = FILTERS.replace(old, new)
    if "[network.train]" not in text:
        text = text.replace("[network]", "[network]\nweights = 'a.pt'")
    (fault,) = faults(text)
    assert fault.where == "network"
    assert "trained on expressions" in fault.what


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[1, 3]", "[]", "controls.seeds"),
        ("[1, 3]", "[-1]", "controls.seeds.0"),
        ("filters = 32", "filters = 33", "controls.filters"),
        ('arch = "breuer2017"', 'bank = "gabor"\nseed = 1', "network.seed"),
        ('arch = "breuer2017"', 'bank = "gabour"', "network.bank"),
        ('arch = "breuer2017"', 'arch = "breuer2017"\nbank = "pca"', "network"),
        ('arch = "breuer2017"', 'arch = "breuer2017"\nrotated = true', "network"),
        ("epochs = 2", 'epochs = 2\nlabels = "shuffled"', "network"),
        ("epochs = 2", 'epochs = 2\nlabels = "mixed"', "network.train.labels"),
        ("folds = 4", "hold_out = 0.3\nfirst_fold_only = true", "network.train.first_fold_only"),
    ],
)
def test_keys_that_do_not_go_together_are_named(old, new, where):
    assert where in {fault.where for fault in faults(PARENT.replace(old, new))}


def test_a_bank_takes_a_number_of_filters_that_it_can_have():
    head, _, _ = PARENT.partition("[network]")
    text = head.replace('"controls"', '"filters"') + "[network]\nbank = 'gabor'\n"
    text += "options = { filters = 24, fliters = 2 }\n[network.train]\nfolds = 3\n"
    (fault,) = faults(text)
    assert fault.do == "did you mean filters?"
    assert parse(text.replace(", fliters = 2", "").replace("24", "48")).network.name
