"""The study of transfer: pairs by hand, intervals beside slow ones, what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.transfer import (
    answer,
    answers,
    jobs,
    layer,
    leakage,
    pairs,
    published,
    sections,
    sets,
    study,
)
from facsinterp_studies.transfer.study import Transfer

import facsinterp
from facsinterp.errors import InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.prediction import predict
from facsinterp.nets.weights import load_network
from facsinterp.study.corpus import Corpus
from facsinterp.study.jobs.training import Training, folds_of
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract
from facsinterp.testing.tiny import tiny_faces, tiny_inputs, with_tiny_jobs

STUDY = Transfer(seeds=(1, 2), pixels=4)


class TestTransferContract(StudyContract):
    study = Transfer(seeds=(1,), pixels=4)


def others(faces, pixels):
    """Other faces: without anger, some sequences under a name of their own."""
    shown = faces.column("expression")
    classes = np.where(shown == "anger", "bored", shown)
    data = faces.data.assign_coords(expression=("image", classes))
    return Corpus("drawn", "Other drawn faces", replace(faces, data=data), pixels)


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Inputs of two sets, six people each, the second with three pictures of the first."""
    folder = tmp_path_factory.mktemp("transfer")
    inputs = tiny_inputs(folder, needs=frozenset())
    faces, pixels = tiny_faces(subjects=7)
    keep = faces.column("subject") != "S001"
    names = faces.images[keep]
    array = 255 - np.asarray(pixels.array)[keep]
    mine, theirs = (
        np.flatnonzero(one.column("expression") != "") for one in (inputs.faces, faces.select(keep))
    )
    array[theirs[:2]] = inputs.pixels.array[mine[-2:]]
    array[theirs[2]] = np.clip(inputs.pixels.array[mine[0]].astype(int) + 1, 0, 255)
    corpus = others(faces.select(keep), Pixels.from_array(names, array))
    inputs = replace(inputs, given_corpora={**inputs.corpora, "other": corpus})
    return with_tiny_jobs(STUDY, inputs, folder)


@pytest.fixture(scope="module")
def result(two):
    return STUDY.run(two)


def found(result, train, test, way):
    rows = result.tables["accuracy"].query("train == @train and test == @test and way == @way")
    return rows.iloc[0]


@pytest.mark.parametrize("names", [("", "other"), ("other", ""), ("", "")])
def test_as_is_is_each_networks_own_answer_over_the_shared_classes(two, result, names):
    source, target = (two.corpora[name] for name in names)
    asked = folds_of(two.network_part, target, two.seed)
    shown = asked.taught.column("expression")
    theirs = set(source.faces.column("expression")) - {""}
    right = []
    for seed in (1, 2):
        for fold in asked.folds:
            made = Training(
                corpus=names[0],
                network=two.network_part,
                seed=seed,
                deal=two.seed,
                fold=fold.name,
            )
            shelf = next(iter(two.finished.values())).parent
            place = shelf / made.key(two.corpora)
            network = load_network(place, builder=two.network_part.built)
            for row in fold.test:
                if shown[row] == "" or shown[row] not in theirs:
                    continue
                said = predict(network, target.pixels.array, np.array([row]))[0]
                each = dict(zip(network.classes, said.tolist(), strict=True))
                both = {name: p for name, p in each.items() if name in set(shown)}
                total = sum(both.values())
                renormalised = {name: p / total for name, p in both.items()}
                right.append(max(renormalised, key=lambda name: renormalised[name]) == shown[row])
    labels = [name or "drawn" for name in names]
    row = found(result, labels[0], labels[1], "as is")
    assert row["accuracy"] == pytest.approx(np.mean(right))
    assert row["faces"] == len(right) / 2
    assert row["seeds"] == 2


def test_every_pair_stands_beside_what_needs_no_transfer(result):
    table = result.tables["accuracy"]
    assert len(table) == 4 * len(pairs.WAYS)
    assert (table["chance"] == 1 / table["classes"]).all()
    for (train, test), rows in table.groupby(["train", "test"]):
        assert rows["faces"].nunique() == rows["majority"].nunique() == 1
        within = rows.set_index("way").loc["within", "accuracy"]
        if train == test:
            assert rows.set_index("way").loc["as is", "accuracy"] == within
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()


def test_the_control_of_untrained_features_is_no_network_that_learnt(two):
    plan = pairs.Plan(sets.sets_of(two, {}), (1,), 4)
    own, other = plan.sets
    for job in plan.fresh(other, 1):
        assert not job.network.learns
        assert job.reads() == ("other", "other")
    assert [job.fold for job in plan.asked(own, own, 1)] == list(own.folds)


def test_nobody_on_the_diagonal_was_seen(two):
    own = sets.sets_of(two, {})[0]
    subject = two.faces.column("subject")
    for job in pairs.Plan((own,), (1,), 4).asked(own, own, 1):
        split = next(
            f for f in folds_of(own.part, own.corpus, two.seed).folds if f.name == job.fold
        )
        table = pd.read_parquet(two.folder(job) / jobs.AS_IS)
        seen = set(subject[np.concatenate([split.train, split.validation])].tolist())
        assert not seen & set(table["subject"])


def test_classes_of_one_set_alone_are_left_out_and_counted(two, result):
    classes = result.tables["classes"].set_index(["train", "test"])
    row = classes.loc[("drawn", "other")]
    bored = int((two.also["other"].faces.column("expression") == "bored").sum())
    assert bored > 0
    assert row["of test only"] == "bored"
    assert row["of train only"] == "anger"
    assert row["faces left out"] == bored
    assert 0 < row["probability left out"] < 1
    words = " ".join(result.sections[0].paragraphs)
    assert f"drawn → other: {bored} faces of bored are left out" in words


def test_differences_are_paired_on_the_same_faces(result):
    table = result.tables["accuracy"].set_index(["train", "test", "way"])["accuracy"]
    differences = result.tables["differences"]
    assert len(differences) == 2 * len(pairs.DIFFERENCES)
    for row in differences.to_dict("records"):
        key = (row["train"], row["test"])
        assert row["difference"] == pytest.approx(
            table[(*key, row["of"])] - table[(*key, row["less"])]
        )
    known = differences.dropna(subset=["p"])
    assert (known["q"] >= known["p"]).all()


def test_pictures_of_both_sets_are_found(result):
    rows = result.tables["leakage"].set_index(["train", "test"])
    assert rows.loc[("drawn", "other"), "equal"] == 2
    assert rows.loc[("drawn", "other"), "like"] >= 3
    assert rows.loc[("other", "drawn"), "equal"] == 2
    assert rows.loc[("drawn", "other"), "subjects"] == 5


def test_a_copy_with_another_label_is_told():
    table = pd.DataFrame(
        {
            "side": [0, 0, 1, 1, 1],
            "image": list("abcde"),
            "expression": ["happy", "fear", "happy", "", "sadness"],
            "like": [1, 2, 1, 2, 1],
        }
    )
    mine, theirs = table[table["side"] == 1], table[table["side"] == 0]
    assert leakage._conflicts(mine, theirs) == 1


def test_small_pictures_are_means_of_areas():
    pictures = np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8)
    slow = [
        [picture[r : r + 4, c : c + 4].mean() for r in (0, 4, 8) for c in (0, 4, 8)]
        for picture in pictures
    ]
    assert jobs.small(pictures, 3) == pytest.approx(np.array(slow))
    assert jobs.small(np.repeat(pictures[..., None], 3, axis=3), 3).shape == (3, 27)


def test_the_layer_is_that_of_the_penalty_the_validation_people_chose():
    rng = np.random.default_rng(1)
    names = np.array(["happy", "neutral", "sadness"])
    centres = rng.normal(0, 2, (3, 5))
    kinds = [rng.integers(0, 3, count) for count in (90, 40, 30)]
    known = [centres[kind] + rng.normal(0, 1, (len(kind), 5)) for kind in kinds]
    shown = [names[kind] for kind in kinds]
    made = layer.new_layer(known[0], shown[0], known[1], shown[1])
    said = made.answers(known[2], ("anger", *names))
    assert said[:, 0].max() == 0
    assert said.sum(axis=1) == pytest.approx(np.ones(30))
    assert (np.array(["anger", *names])[said.argmax(axis=1)] == shown[2]).mean() > 0.8
    losses = []
    for strength in layer.STRENGTHS:
        machine = layer.LogisticRegression(C=strength, max_iter=1000)
        spread = known[0].std(axis=0)
        machine.fit((known[0] - known[0].mean(axis=0)) / spread, shown[0])
        p = machine.predict_proba((known[1] - known[0].mean(axis=0)) / spread)
        place = [machine.classes_.tolist().index(name) for name in shown[1]]
        losses.append(-np.log(p[np.arange(40), place]).mean())
    assert made.loss == pytest.approx(min(losses))
    assert made.strength == layer.STRENGTHS[int(np.argmin(losses))]


def test_noise_gets_a_strong_penalty_and_one_class_is_refused():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(60, 40))
    shown = rng.choice(["happy", "neutral"], 60)
    assert layer.new_layer(values[:40], shown[:40], values[40:], shown[40:]).strength <= 1e-3
    with pytest.raises(InputError, match="two or more classes"):
        layer.new_layer(values[:9], np.full(9, "happy"), values, shown)


def test_answers_of_nobody_known_are_each_a_person(tmp_path):
    table = pd.DataFrame(
        {
            "image": ["a", "b"],
            "subject": ["", ""],
            "true": ["happy", "fear"],
            "p fear": [0.5, 0.2],
            "p happy": [0.4, 0.3],
            "p neutral": [0.1, 0.5],
        }
    )
    table.to_parquet(tmp_path / "one.parquet")
    got = answers.Answers.read([[tmp_path / "one.parquet"]])
    assert len(set(got.people.tolist())) == 2
    assert not got.known
    every = np.ones(2, bool)
    assert got.named(("happy", "fear"), every).tolist() == [["fear", "happy"]]
    assert got.right(("happy", "neutral"), np.array([True, False])).tolist() == [[1.0]]
    assert got.elsewhere(("happy", "fear"), every) == pytest.approx(0.3)


def test_faces_prepared_otherwise_are_refused_by_name(two):
    faces, pixels = tiny_faces()
    larger = Pixels.from_array(pixels.images, np.kron(pixels.array, np.ones((2, 2), np.uint8)))
    colour = Pixels.from_array(pixels.images, np.repeat(pixels.array[..., None], 3, axis=3))
    also = {
        name: Corpus("drawn", name, faces, one)
        for name, one in (("large", larger), ("colour", colour), ("fine", pixels))
    }
    with pytest.raises(InputError) as error:
        STUDY.jobs(replace(two, given_corpora={"": two.corpora[""], **also}))
    text = str(error.value)
    assert "also.large" in text
    assert "64 x 64 pixels, grey" in text
    assert "also.colour" in text
    assert "32 x 32 pixels, rgb" in text
    assert "also.fine" not in text


def test_folds_that_cannot_be_are_told_with_the_way_out(two):
    faces, pixels = tiny_faces()
    nobody = faces.data.assign_coords(subject=("image", np.full(len(faces), "")))
    data = nobody.assign_coords(sequence=("image", np.full(len(faces), "")))
    also = {"web": Corpus("fer2013", "Web", replace(faces, data=data), pixels)}
    changes = {"wbe": {"folds": 4}}
    with pytest.raises(InputError) as error:
        Transfer(train=changes).jobs(replace(two, given_corpora={"": two.corpora[""], **also}))
    text = str(error.value)
    assert "[params.train.web]" in text
    assert "fer2013-official" in text
    assert "no other faces 'wbe'" in text


def test_a_network_that_learns_no_expressions_is_refused(two):
    part = two.network_part
    nothing = part.model_copy(update={"untrained": True})
    people = part.model_copy(update={"train": part.train.model_copy(update={"labels": "identity"})})
    for one in (None, nothing, people):
        with pytest.raises(InputError, match="learn expressions"):
            STUDY.jobs(replace(two, network_part=one))


def test_a_set_may_have_a_split_of_its_own(two):
    own, other = sets.sets_of(two, {"other": {"hold_out": 0.4, "epochs": 2}})
    assert own.folds == ("fold-1", "fold-2", "fold-3")
    assert other.folds == ("hold-out",)
    assert other.part.train.recipe["epochs"] == 2
    plan = pairs.Plan((own, other), (1,), 4)
    assert [job.fold for job in plan.asked(own, other, 1)] == ["fold-1"]
    assert [job.fold for job in plan.asked(other, own, 1)] == ["hold-out"] * 3


def made_up(plain, anew, fresh, small, within, better=True):
    values = {
        "as is": plain,
        "re-trained": anew,
        "untrained": fresh,
        "pixels": small,
        "within": within,
    }
    table = pd.DataFrame(
        [
            {"train": a, "test": b, "way": way, "accuracy": value, "majority": 0.4}
            for a, b in (("x", "y"), ("y", "x"))
            for way, value in values.items()
        ]
    )
    differences = pd.DataFrame(
        {
            "of": "re-trained",
            "less": "untrained",
            "difference": [0.1, 0.1],
            "q": [0.01 if better else 0.2, 0.3],
        }
    )
    return answer.answer(table, differences)


def plainly(sentences):
    return [one.replace("\N{NO-BREAK SPACE}", " ") for one in sentences]


def test_the_answer_says_whose_merit_it_is():
    first, second, third = plainly(made_up(0.3, 0.7, 0.6, 0.5, 0.8))
    assert "names 30.0 % of the held-out faces" in first
    assert "commonest class scores 40.0 %" in first
    assert "set itself 80.0 %" in first
    assert "it is 70.0 %, but the same layer reaches 60.0 %" in second
    assert "Of the 40.0 points that re-training adds, 30.0 come without any" in third
    assert "in 1 of 2 pairs" in third
    assert "in 0 of 2" in plainly(made_up(0.3, 0.7, 0.6, 0.5, 0.8, better=False))[2]
    assert plainly(made_up(0.3, 0.6, 0.7, 0.5, 0.8))[2].startswith("All of the 30.0 points")
    assert plainly(made_up(0.5, 0.6, 0.4, 0.3, 0.8))[2].startswith("None of what")
    assert plainly(made_up(0.5, 0.4, 0.4, 0.3, 0.8))[2].startswith("Re-training adds nothing")


def test_means_of_pairs_stand_with_their_span():
    rows = [("x", "y", "as is", 0.2), ("y", "x", "as is", 0.4)]
    for way in ("re-trained", "untrained", "pixels", "within"):
        rows += [("x", "y", way, 0.5), ("y", "x", way, 0.5)]
    table = pd.DataFrame(rows, columns=["train", "test", "way", "accuracy"]).assign(majority=0.4)
    none = pd.DataFrame(columns=["of", "less", "difference", "q"])
    first, second, third = plainly(answer.answer(table, none))
    assert "names 30.0 % (20.0 to 40.0 %) of the held-out faces" in first
    assert "means of 2 pairs" in first
    assert "it is 50.0 %, but" in second
    assert "All of the 20.0 points (+10.0 to +30.0 by pair) that re-training adds" in third


def test_images_of_nobody_known_are_not_called_people(two, result):
    unknown = result.tables["accuracy"].assign(known=False)
    section = sections.matrix_section(unknown, result.tables["classes"], (), 2)
    assert section.table["of"].str.endswith("images (nobody knows whose)").all()
    assert any("images stand for people" in text for text in section.paragraphs)
    claims = [one.claim for one in study._of_pairs(unknown)]
    assert all("images (nobody knows whose)" in one for one in claims)
    assert not any("people" in one for one in claims)
    known = result.sections[0]
    assert known.table["of"].str.endswith(" people").all()
    assert not any("images stand for people" in text for text in known.paragraphs)


def test_what_crosses_the_folds_of_each_set_is_told(two, result):
    other = two.corpora["other"]
    subject, shown = other.faces.column("subject"), other.faces.column("expression")
    rows = np.flatnonzero(shown != "")
    array = np.asarray(other.pixels.array).copy()
    last = rows[subject[rows] != subject[rows[0]]][-1]
    array[rows[0]] = array[last]
    copied = replace(other, pixels=Pixels.from_array(other.faces.images, array))
    made = sets.sets_of(replace(two, given_corpora={"": two.corpora[""], "other": copied}), {})
    assert made[1].noticed
    section = sections.matrix_section(result.tables["accuracy"], result.tables["classes"], made, 2)
    told = [text for text in section.paragraphs if text.startswith("other: ")]
    assert len(told) == 1
    assert "pictures that are equal in every pixel are on two sides of a split" in told[0]


def test_one_set_shows_nothing_of_transfer():
    alone = pd.DataFrame({"train": ["x"], "test": ["x"], "way": ["as is"], "accuracy": [0.9]})
    assert "Nothing is shown of transfer" in answer.answer(alone, pd.DataFrame())[0]


def test_the_published_numbers_are_those_of_table_3():
    table = published.published_table().set_index(["train", "test"])["accuracy"]
    assert len(table) == 9
    assert table["CK+", "FER2013"] == 0.693
    assert table["NovaEmotions", "CK+"] == 0.9375
    assert table["FER2013", "FER2013"] == 0.721


def test_sections_can_be_written_as_json(result):
    for section in result.sections:
        json.dumps(section.figure, allow_nan=False)
    titles = [section.title for section in result.sections]
    assert titles[0] == "Trained on one data set, asked about another"
    assert any("not run here" in str(name) for name in result.sections[-1].table.columns)


@pytest.mark.parametrize("name", ["study", "drawn", "ictfaces"])
def test_definitions_are_of_this_study(name):
    folder = Path(facsinterp.__file__).parents[1] / "studies" / "transfer"
    spec = read_spec(folder / f"{name}.toml")
    assert spec.study == "transfer"
    assert spec.also
    Transfer(**spec.params)
    if name == "study":
        assert spec.params["train"]["fer2013"]["copies"] == "drop"
