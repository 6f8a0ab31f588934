"""The study of accuracy: every number told again slowly, and what is said of it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.accuracy import figures, published, sections, tables
from facsinterp_studies.accuracy.answer import answer
from facsinterp_studies.accuracy.planning import planned
from facsinterp_studies.accuracy.reading import Answers, answers_of, classes_of
from facsinterp_studies.accuracy.study import Accuracy
from facsinterp_studies.accuracy.systems import SYSTEMS, network_of, taught
from pydantic import ValidationError
from statsmodels.stats.multitest import multipletests

from facsinterp import InputError, crossed_gain, crossed_share, folds_of
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.study import registry
from facsinterp.study.filling import network_part
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract, tiny_inputs

HERE = Path(__file__).parents[2] / "studies" / "accuracy"


class TestContract(StudyContract):
    study = Accuracy(
        systems=("network", "lbp-svm"),
        seeds=(0, 1),
        mistakes=("checkpoint-on-test", "folds-by-image"),
        mistaken=("lbp-svm",),
    )


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_inputs(tmp_path_factory.mktemp("tiny"), needs=Accuracy.needs)


def test_it_is_found_by_its_name():
    assert registry.load("accuracy") is Accuracy


def made_up(name="breuer2017", mistake="", shares=(0.8, 0.7), seed=0, folds=2, system=None):
    """Answers of some seeds to 60 faces of 10 people and three classes."""
    rng = np.random.default_rng(seed)
    people = np.repeat([f"S{i:02d}" for i in range(10)], 6)
    true = np.tile(["neutral", "happy", "happy", "anger", "neutral", "happy"], 10)
    right = rng.random((len(shares), 60)) < np.array(shares)[:, None]
    wrong = np.where(true == "happy", "anger", "happy")
    return Answers(
        system or SYSTEMS[name],
        mistake,
        tuple(range(len(shares))) if SYSTEMS[name].features is None else (None,),
        np.array([f"{person}/{i}" for i, person in enumerate(people)]),
        people,
        np.array([f"fold-{1 + int(p[1:]) % folds}" for p in people]),
        true,
        np.where(right, true, wrong),
    )


def machine(share=0.5, seed=9):
    return made_up("lbp-svm", shares=(share,), seed=seed)


def test_a_system_has_the_numbers_of_its_answers():
    one = made_up()
    row = tables.systems([one]).iloc[0]
    shares = [np.mean([one.predicted[s, f] == one.true[f] for f in range(60)]) for s in (0, 1)]
    assert row["accuracy"] == pytest.approx(np.mean(shares))
    assert row["seed_sd"] == pytest.approx(np.std(shares, ddof=1))
    assert row["majority"] == 0.5, "three of six faces are happy"
    recall = [
        np.mean([one.predicted[s, f] == c for s in (0, 1) for f in range(60) if one.true[f] == c])
        for c in ("neutral", "happy", "anger")
    ]
    assert row["balanced"] == pytest.approx(np.mean(recall))
    by_fold = [
        [np.mean(one.right[s, one.folds == k]) for k in ("fold-1", "fold-2")] for s in (0, 1)
    ]
    assert row["fold_sd"] == pytest.approx(np.mean([np.std(f, ddof=1) for f in by_fold]))
    share = crossed_share(one.right, one.people)
    assert (row["low"], row["high"]) == (share.low, share.high)
    assert (row["people"], row["seeds"], row["faces"]) == (10, 2, 60)


def test_folds_are_told_one_by_one():
    one = made_up()
    table = tables.folds([one, machine()])
    assert len(table) == 2 * 2 + 2
    assert table["seed"].isna().sum() == 2, "a machine has no seed"
    row = table[(table["fold"] == "fold-2") & (table["seed"] == 1)].iloc[0]
    assert row["accuracy"] == one.right[1, one.folds == "fold-2"].mean()
    assert (row["faces"], row["people"]) == (30, 5)


def test_recalls_and_confusions_count_the_same_answers():
    one = made_up()
    recalls = tables.recalls([one]).set_index("class")
    table = tables.confusion([one]).set_index(["true", "predicted"])
    for name in ("neutral", "happy", "anger"):
        counted = sum(
            one.true[f] == name and one.predicted[s, f] == name for s in (0, 1) for f in range(60)
        )
        assert table.loc[(name, name), "count"] == counted
        assert recalls.loc[name, "recall"] == table.loc[(name, name), "share"]
    assert table["count"].sum() == 120
    assert table.groupby("true")["share"].sum().tolist() == pytest.approx([1, 1, 1])
    own = one.true == "anger"
    assert recalls.loc["anger", "low"] == crossed_share(one.right[:, own], one.people[own]).low


def test_differences_are_over_the_same_faces_and_corrected_by_holm():
    network, plain = made_up("khorrami2015", seed=1), made_up("khorrami2015-plain", seed=2)
    given = [network, plain, machine()]
    table = tables.differences(given, "lbp-svm")
    assert table["family"].tolist() == ["reference", "arm", "reference"]
    gain = crossed_gain(network.right, machine().right, network.people, paired=False)
    assert table.iloc[0]["difference"] == gain.value
    assert (table.iloc[0]["low"], table.iloc[0]["p"]) == (gain.low, gain.p)
    assert gain.value == pytest.approx(network.right.mean() - machine().right.mean())
    known = table[table["family"] == "reference"]
    assert known["p_holm"].tolist() == multipletests(known["p"], method="holm")[1].tolist()
    arm = table[table["family"] == "arm"].iloc[0]
    assert (arm["system"], arm["against"]) == ("khorrami2015", "khorrami2015-plain")
    assert arm["p_holm"] == arm["p"], "one comparison is a family of its own"


def test_a_mistake_is_worth_what_it_adds_on_faces_that_test_in_both():
    honest = made_up(shares=(0.6, 0.6))
    wrong = made_up(mistake="folds-by-image", shares=(0.9, 0.9), seed=4)
    some = wrong.images[10:]
    row = tables.mistakes([honest], [wrong.of(some)]).iloc[0]
    assert row["honest"] == honest.right[:, 10:].mean()
    assert row["mistaken"] == wrong.right[:, 10:].mean()
    assert row["difference"] == pytest.approx(row["mistaken"] - row["honest"])
    paired = crossed_gain(
        wrong.of(some).right, honest.of(some).right, honest.people[10:], paired=True
    )
    assert (row["low"], row["high"], row["p"]) == (paired.low, paired.high, paired.p)
    assert tables.mistakes([honest], [wrong.of(np.array(["none"]))]).empty


def test_answers_are_put_side_by_side_by_image(tmp_path):
    rows = {"subject": "", "fold": "fold-1", "true": "happy", "predicted": "anger"}
    for name, order in (("a", ["y", "x"]), ("b", ["x", "y"])):
        (tmp_path / name).mkdir()
        table = pd.DataFrame([{"image": image, **rows} for image in order])
        table.loc[table["image"] == "y", "predicted"] = "happy"
        table.to_parquet(tmp_path / name / "predictions.parquet")
    found = answers_of(SYSTEMS["vgg"], "", [(1, [tmp_path / "a"]), (2, [tmp_path / "b"])])
    assert found.images.tolist() == ["x", "y"]
    assert found.right.tolist() == [[False, True]] * 2
    assert found.people.tolist() == ["x", "y"], "who is not known stands alone"
    assert classes_of(["zeal", "happy", "", "neutral"]) == ("neutral", "happy", "zeal")


def part(**train):
    return network_part({"arch": "breuer2017", "train": {"folds": 3, "epochs": 2, **train}})


def test_arms_differ_in_what_they_say_and_nothing_else():
    shared = {
        name: network_of(SYSTEMS[name], part(), "shared") for name in SYSTEMS if "-s" not in name
    }
    full, plain = shared["khorrami2015"], shared["khorrami2015-plain"]
    assert (full.options["dropout"], plain.options["dropout"]) == (0.5, 0)
    assert (full.options["bias"], shared["khorrami2015-bias"].options["bias"]) == (False, True)
    assert full.train is not None
    assert plain.train is not None
    assert plain.train.recipe == {**full.train.recipe, "augmentation": "none"}
    assert shared["khorrami2015-augmentation"].train == full.train
    assert shared["khorrami2015-dropout"].train == plain.train
    assert shared["breuer2017"] == part(), "the definition's own network is trained once"
    assert shared["network"] == part()


def test_own_recipes_are_those_of_the_papers():
    own = network_of(SYSTEMS["khorrami2015"], part(), "own").train
    assert own is not None
    assert (own.recipe["optimizer"], own.recipe["learning_rate"]) == ("sgd", 0.01)
    assert (own.recipe["epochs"], own.folds) == (31, 3)
    bare = network_of(SYSTEMS["khorrami2015-dropout"], part(), "own").train
    assert bare is not None
    assert bare.recipe == {**own.recipe, "augmentation": "none"}
    assert network_of(SYSTEMS["vgg"], part(), "own").train == part().train, "no paper gave one"


def test_who_teaches_no_expressions_is_refused():
    with pytest.raises(InputError, match="training on expressions"):
        taught(None)
    with pytest.raises(InputError, match="training on expressions"):
        taught(part(labels="identity"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"systems": ("lenet",)},
        {"systems": ("vgg", "vgg")},
        {"systems": ("vgg",), "mistaken": ("resnet",)},
        {"seeds": (1, 1)},
        {"mistakes": ("",)},
        {"recipe": "best"},
        {"published": "jaffe"},
        {"reference": "lbp-svn"},
    ],
)
def test_wrong_params_are_refused(wrong):
    with pytest.raises(ValidationError):
        Accuracy(**wrong)


def test_all_systems_have_the_same_people_to_test(tiny):
    study = Accuracy(systems=("network", "gabor-svm"), seeds=(4, 5), mistakes=("folds-by-image",))
    every = planned(tiny, taught(tiny.network_part), study._asked(), study.seeds, "shared")
    names = [(one.system.name, one.mistake) for one in every]
    assert names == [(s, m) for m in ("", "folds-by-image") for s in study.systems]
    assert [len(some) for one in every for _, some in one.jobs] == [3, 3, 1, 3, 3, 1]
    assert len(study.jobs(tiny)) == 14
    assert {job.deal for job in study.jobs(tiny)} == {tiny.seed}


def test_a_machine_learns_what_a_fold_teaches_and_nothing_else(tiny, tmp_path):
    from facsinterp_studies.accuracy.jobs import Machines

    from facsinterp import Given, fit_svm, lbp_histograms

    corpus, split = tiny.corpora[""], tiny.network_part
    Machines(features="lbp", split=split, deal=0).do(Given(tmp_path, {"": corpus}, "cpu", {}))
    found = pd.read_parquet(tmp_path / "predictions.parquet")
    fold = folds_of(split, corpus, 0).folds[1]
    expression = corpus.faces.column("expression")
    classes = classes_of(expression)
    labels = np.array([classes.index(e) if e else -1 for e in expression])
    train, look, test = (r[labels[r] >= 0] for r in (fold.train, fold.validation, fold.test))
    described = lbp_histograms(corpus.pixels.array)
    known = fit_svm(described, labels, train=train, validation=look, classes=len(classes))
    rows = found[found["fold"] == fold.name]
    assert rows["image"].tolist() == corpus.faces.images[test].tolist()
    said = [classes[k] for k in known.predict(described[test])]
    assert rows["predicted"].tolist() == said
    assert set(found["image"]) == set(corpus.faces.images[labels >= 0]), "each tests once"


def test_a_recipe_makes_no_other_machine(tiny):
    from facsinterp_studies.accuracy.jobs import Machines

    keys = {
        Machines(features="lbp", split=part(epochs=n), deal=0).key(tiny.corpora) for n in (2, 3)
    }
    others = {
        Machines(features="lbp", split=part(), deal=1).key(tiny.corpora),
        Machines(features="gabor", split=part(), deal=0).key(tiny.corpora),
        Machines(features="lbp", split=part(folds=4), deal=0).key(tiny.corpora),
    }
    assert len(keys) == 1
    assert len(keys | others) == 4


def shown(honest, wrong=(), printed="ckplus", known=True):
    found = {
        "systems": tables.systems(honest),
        "folds": tables.folds(honest),
        "recalls": tables.recalls(honest),
        "confusion": tables.confusion(honest),
        "differences": tables.differences(honest, "lbp-svm"),
        "mistakes": tables.mistakes(honest, wrong),
        "published": published.table(printed),
    }
    return sections.Shown(found, printed, "shared", "lbp-svm", known)


def test_the_answer_has_the_numbers_of_the_tables():
    honest = [made_up(shares=(0.95, 0.95)), machine(0.4)]
    wrong = [made_up(mistake="checkpoint-on-test", shares=(0.95, 0.95), seed=5)]
    given = shown(honest, wrong)
    said = answer(given)
    assert len(said) == 3
    row = given.tables["systems"].iloc[0]
    assert f"{100 * row['accuracy']:.1f} %" in said[0]
    assert "scores 50.0 %" in said[0]
    assert "prints 98.62 % for CK+ (that number was not run here)" in said[0]
    gain = given.tables["differences"].iloc[0]
    assert f"better than it: breuer2017 +{100 * gain['difference']:.1f}" in said[1]
    assert "choosing the epoch on the test fold adds" in said[2]
    assert "not shown" in said[2]


def test_mistakes_are_told_of_one_system_in_its_own_words():
    honest = [made_up(shares=(0.95, 0.95)), machine(0.4)]
    wrong = [
        made_up(name, mistake="checkpoint-on-test", shares=(0.9,), seed=4)
        for name in ("lbp-svm", "gabor-svm")
    ]
    given = shown([*honest, made_up("gabor-svm", shares=(0.5,), seed=8)], wrong)
    said = answer(given)[2]
    assert said.startswith("For LBP + SVM, choosing the penalty on the test fold adds")
    assert said.count(" adds ") == 1


def test_what_is_not_shown_is_not_claimed():
    said = answer(shown([made_up(shares=(0.6, 0.6)), machine(0.6)], printed="none"))
    assert len(said) == 2
    assert "paper" not in said[0]
    assert "not told apart from it: breuer2017" in said[1]
    worse = answer(shown([made_up(shares=(0.2, 0.2)), machine(0.9)], printed="none"))
    assert "worse than it: breuer2017 −" in worse[1]
    assert len(answer(shown([made_up()], printed="none"))) == 1


def test_printed_numbers_are_marked_as_not_run_and_from_memory():
    table = published.table("ckplus").set_index("system")
    assert table.loc["Breuer & Kimmel", "percent"] == 98.62
    assert table.loc["AUDN", "beside"] == "", "nothing here stands for it"
    memory = table[table["from_memory"]]
    assert len(memory) == 2
    assert memory["caveat"].str.contains("from memory, not verified").all()
    given = shown([made_up(), machine()])
    figure = figures.systems(given.tables["systems"], published.table("ckplus"), "CK+")
    names = [trace["name"] for trace in figure["data"]]
    assert "printed, of CK+; not run here" in names
    assert "printed, of CK+; from memory, not verified" in names
    printed = next(one for one in figure["data"] if one["name"].endswith("not run here"))
    assert dict(zip(printed["y"], printed["x"], strict=True))["AUDN"] == pytest.approx(0.937)
    assert all(one["marker"]["symbol"].endswith("open") for one in figure["data"][2:])


def test_numbers_from_memory_alone_are_in_no_answer():
    for name, percent in (("ckplus-6", [95.7, 98.3]), ("tfd", [88.6])):
        table = published.table(name)
        assert table["percent"].tolist() == percent
        assert table["from_memory"].all()
        assert table["caveat"].str.contains("from memory, not verified").all()
        given = shown([made_up("khorrami2015"), machine()], printed=name)
        assert "paper" not in answer(given)[0]
        last = sections.sections(given)[-1]
        assert published.TITLES[name] in last.title
        assert last.paragraphs


def test_networks_that_name_one_class_only_are_counted():
    one = made_up(shares=(1, 1))
    stuck = replace(one, predicted=one.predicted.copy())
    stuck.predicted[1, stuck.folds == "fold-2"] = "happy"
    assert tables.systems([one]).iloc[0]["constant"] == 0
    row = tables.systems([stuck]).iloc[0]
    assert (row["constant"], row["trained"]) == (1, 4)
    words = " ".join(sections.sections(shown([stuck]))[0].paragraphs)
    assert "one class only, whatever the face: 1 of 4 of Breuer & Kimmel 2017" in words
    assert "one class only" not in " ".join(sections.sections(shown([one]))[0].paragraphs)
    # One class to name is no failure.
    easy = replace(one, true=np.full(60, "happy"), predicted=np.full((2, 60), "happy"))
    assert tables.systems([easy]).iloc[0]["constant"] == 0


def test_what_crosses_the_folds_is_told():
    given = replace(shown([made_up()], known=False), noticed=("3 of test also in train",))
    assert "Of these folds: 3 of test also in train." in sections.sections(given)[0].paragraphs


def test_equal_answers_are_drawn_without_a_bar():
    one = made_up(shares=(0.8,))
    table = tables.differences([one, replace(one, system=SYSTEMS["vgg"])], "vgg")
    assert np.isnan(table["p"]).all()
    figure = figures.gains(table, ["one"], "points")
    assert figure["data"][0]["error_x"]["array"] == [None]
    json.dumps(figure, allow_nan=False)


def test_a_misspelt_normalisation_is_refused_though_no_network_has_it(tiny):
    for systems in (("lbp-svm",), ("network",), ("vgg",)):
        with pytest.raises(InputError, match=r"params\.normalise"):
            Accuracy(systems=systems, normalise="local-contras").jobs(tiny)


def test_machines_refuse_faces_in_colour_before_anything_is_trained(tiny):
    own = tiny.corpora[""]
    rgb = Pixels.from_array(own.pixels.images, np.repeat(own.pixels.array[..., None], 3, axis=3))
    colour = replace(tiny, given_corpora={"": replace(own, pixels=rgb)})
    with pytest.raises(InputError, match="lbp-svm describe") as error:
        Accuracy(systems=("network", "lbp-svm")).jobs(colour)
    assert "grey" in str(error.value)
    assert Accuracy(systems=("network",)).jobs(colour)


def test_sections_show_what_there_is():
    full = shown([made_up(), machine()], [made_up(mistake="folds-by-image", seed=3)])
    titles = [one.title for one in sections.sections(full)]
    assert len(titles) == 5
    assert titles[2] == "What faults of protocol are worth"
    bare = shown([made_up(shares=(0.5,))], printed="none", known=False)
    some = sections.sections(bare)
    assert len(some) == 2
    assert any("images count as independent" in text for text in some[0].paragraphs)
    assert any("luck of training" in text for text in some[0].paragraphs)


def test_the_heat_map_has_a_row_a_class():
    table = tables.confusion([made_up()])
    heat = figures.confusion(table)["data"][0]
    assert heat["y"] == ["neutral", "anger", "happy"]
    assert np.sum(heat["z"], axis=1).tolist() == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("name", ["study", "six", "tfd", "fer2013", "ictfaces", "drawn"])
def test_definitions_can_be_read(name):
    spec = read_spec(HERE / f"{name}.toml")
    study = Accuracy(**spec.params)
    assert spec.study == "accuracy"
    assert spec.network.train is not None
    networks = [
        network_of(SYSTEMS[one], spec.network, study.recipe, study.normalise)
        for one in study.systems
        if SYSTEMS[one].features is None
    ]
    assert networks[0] == spec.network, "the network of every report is one of those compared"
    assert spec.seed in study.seeds
    if name == "fer2013":
        assert spec.network.train.copies == "drop"
