"""The study of micro-expressions on a few drawn clips, and its numbers told again slowly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from facsinterp_studies.micro_expression.answer import answer
from facsinterp_studies.micro_expression.comparing import differences
from facsinterp_studies.micro_expression.gathered import asked_folds, gather, key_frames, sides
from facsinterp_studies.micro_expression.jobs import Describing, Machines, Reading
from facsinterp_studies.micro_expression.published import TABLE_4
from facsinterp_studies.micro_expression.sections import difference_section, system_section
from facsinterp_studies.micro_expression.settings import Texture
from facsinterp_studies.micro_expression.tables import (
    ASKED,
    CHANGES,
    LSTM,
    SYSTEMS,
    classes_table,
    confusion_table,
    differences_table,
    systems_table,
)
from scipy import stats
from sklearn.metrics import accuracy_score, f1_score, recall_score

from facsinterp import Corpus, InputError, folds_of
from facsinterp.faces.clips import clips
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.study import registry
from facsinterp.study.contract import Inputs
from facsinterp.study.filling import network_part
from facsinterp.study.parse import read_spec
from facsinterp.testing import StudyContract
from facsinterp.testing.tiny import with_tiny_jobs

STUDIES = Path(__file__).parents[2] / "studies/micro_expression"
NETWORK = network_part(
    {
        "import": "tests.study.test_micro_expression_study:two_dense",
        "train": {"folds": 3, "epochs": 1, "augmentation": "none", "first_fold_only": True},
    }
)
# A ninth of the frames, so that they move at a ninth of the rate.
STUDY = registry.load("micro-expression").model_validate(
    {
        "fewest": 2,
        "lstm": {"frames": 3, "hidden": 4, "epochs": 2},
        "texture": {"regions": 2, "frames": 1, "rate": 22, "bands": [(1, 5, 10), (2, 6, 5)]},
    }
)


def two_dense(classes, size, channels_in):
    """A network with a dense layer before its output."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(channels_in, 3, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(8),
        nn.Flatten(),
        nn.Linear(3 * (size // 8) ** 2, 6),
        nn.ReLU(),
        nn.Linear(6, classes),
    )


@pytest.fixture(scope="module")
def corpus():
    """Some frames of three clips each of six people, at 24 px."""
    drawn = source("drawn-clips")
    options = drawn.Options(subjects=6, clips=3, pixels=24)
    whole = drawn.read(None, options)
    kept = [
        row
        for one in clips(whole)
        for row in sorted(
            {*one.moving()[::9], *map(one.at, (one.apex, one.offset)), *one.rows[[0, -1]]}
        )
    ]
    faces = whole.select(whole.images[kept])
    opened = drawn.pictures(None, options).open(faces.column("path").tolist())
    array = np.stack([np.asarray(one) for one in opened])
    pixels = Pixels.from_array(faces.images, array, faces.data["landmarks"].values)
    return Corpus("drawn-clips", "drawn", faces, pixels)


def inputs_of(corpus, folder):
    return Inputs(
        faces=corpus.faces,
        pixels=corpus.pixels,
        preparation=Preparation(),
        scratch=folder / "scratch",
        seed=3,
        given_corpora={"": corpus, "clips": corpus},
        network_part=NETWORK,
    )


class TestContract(StudyContract):
    study = STUDY

    @pytest.fixture(scope="class")
    @classmethod
    def inputs(cls, corpus, tmp_path_factory):
        """Clips, since faces of no clip are no micro-expressions."""
        folder = tmp_path_factory.mktemp("study")
        return with_tiny_jobs(cls.study, inputs_of(corpus, folder), folder)

    def test_every_clip_is_asked_about_once_by_every_system(self, inputs, result):
        answers = result.tables["answers"]
        known = gather(inputs.corpora["clips"], NETWORK, 3, 2, 3)
        assert set(answers["system"]) == set(SYSTEMS)
        for _, one in answers.groupby("system"):
            assert sorted(one["clip"]) == sorted(known.names)
            truth = dict(zip(known.names, known.labels, strict=True))
            assert [known.classes[truth[clip]] for clip in one["clip"]] == one["true"].tolist()

    def test_who_tests_is_of_the_fold(self, inputs, result):
        for fold in folds_of(NETWORK, inputs.corpora["clips"], 3).folds:
            people = set(inputs.faces.column("subject")[fold.test])
            asked = result.tables["answers"]
            assert set(asked["subject"][asked["fold"] == fold.name]) <= people

    def test_published_numbers_are_marked(self, result):
        table = result.sections[0].table
        told = table[table["System"].isin([one.system for one in TABLE_4])]
        assert all("not run here" in one for one in told["Source"])
        assert len(told) == 3


def test_the_apex_bears_the_class_and_still_frames_are_neutral(corpus):
    taught = key_frames(corpus.faces)
    label = taught.column("expression")
    for one in clips(corpus.faces):
        still = {one.rows[0], one.at(one.onset), one.at(one.offset), one.rows[-1]}
        for row in one.rows:
            expected = "neutral" if row in still else ""
            assert label[row] == (one.expression if row == one.at(one.apex) else expected)
    assert corpus.faces.column("expression").tolist() != label.tolist()


def test_frames_are_taken_at_equal_steps_from_onset_to_offset(corpus):
    known = gather(corpus, NETWORK, 3, 2, 3)
    named = {one.name: one for one in clips(corpus.faces)}
    for name, rows in zip(known.names, known.spread(3), strict=True):
        moving = named[name].moving()
        assert rows[0] == moving[0] == named[name].at(named[name].onset)
        assert rows[-1] == moving[-1] == named[name].at(named[name].offset)
        assert np.all(np.diff(rows) > 0)
    assert [named[name].at(named[name].apex) for name in known.names] == known.apex.tolist()


def test_classes_that_few_show_are_left_out_and_told(corpus):
    people: dict[str, set[str]] = {}
    for one in clips(corpus.faces):
        people.setdefault(one.expression, set()).add(one.subject)
    known = gather(corpus, NETWORK, 3, 3, 3)
    assert known.classes == tuple(sorted(c for c, some in people.items() if len(some) >= 3))
    assert {name for name, _ in known.left_out} == {c for c in people if len(people[c]) < 3}
    assert sum(n for _, n in known.left_out) + len(known.names) == len(clips(corpus.faces))


def test_clips_without_their_frames_are_refused(corpus):
    with pytest.raises(InputError, match="too few frames"):
        gather(corpus, NETWORK, 3, 2, 99)
    with pytest.raises(InputError, match="nothing to tell apart"):
        gather(corpus, NETWORK, 3, 7, 3)


def test_nobody_is_on_two_sides(corpus):
    known = gather(corpus, NETWORK, 3, 2, 3)
    tested = []
    for fold in folds_of(NETWORK, corpus, 3).folds:
        found = sides(known, corpus, NETWORK, 3, fold.name)
        who = [set(known.subjects[part]) for part in (found.train, found.validation, found.test)]
        assert not (who[0] & who[1])
        assert not (who[0] & who[2])
        assert not (who[1] & who[2])
        tested += found.test.tolist()
    assert sorted(tested) == list(range(len(known.names)))


@pytest.mark.parametrize(
    "wrong", [{"labels": "identity"}, {"labels": "shuffled"}, {"untrained": True}, None]
)
def test_networks_that_learn_no_expressions_are_refused_before_anything_is_done(
    corpus, tmp_path, wrong
):
    inputs = inputs_of(corpus, tmp_path)
    part = None
    if wrong is not None:
        assert NETWORK.train is not None
        labels = NETWORK.train.model_copy(update=wrong if "labels" in wrong else {})
        part = NETWORK.model_copy(update={"train": labels, **wrong})
    with pytest.raises(InputError, match="trains a network on expressions"):
        STUDY.jobs(replace(inputs, network_part=part))


def test_clips_that_cannot_be_asked_about_are_refused_before_anything_is_done(corpus, tmp_path):
    inputs = inputs_of(corpus, tmp_path)
    long = Texture(frames=49)
    with pytest.raises(InputError, match="too few frames"):
        STUDY.model_copy(update={"texture": long}).jobs(inputs)
    with pytest.raises(InputError, match="nothing to tell apart"):
        STUDY.model_copy(update={"fewest": 7}).jobs(inputs)


def without_apex(corpus, names):
    """The corpus, the apex of these clips not known."""
    data = corpus.faces.data.copy(deep=True)
    data["clip_apex"].values[np.isin(corpus.faces.column("sequence"), names)] = -1
    return replace(corpus, faces=replace(corpus.faces, data=data))


def test_a_class_without_an_apex_is_refused_and_a_clip_is_not(corpus, tmp_path):
    known = gather(corpus, NETWORK, 3, 2, 3)
    (mine,) = np.flatnonzero(known.labels == 0)[:1]
    one = without_apex(corpus, known.names[mine])
    assert gather(one, NETWORK, 3, 2, 3).guessed == 1
    assert len(STUDY.jobs(inputs_of(one, tmp_path))) == 6
    none = without_apex(corpus, known.names[known.labels == 0])
    with pytest.raises(InputError, match=f"no frame teaches the CNN a class\n.*{known.classes[0]}"):
        STUDY.jobs(inputs_of(none, tmp_path))


def test_pictures_in_colour_are_refused_before_anything_is_done(corpus, tmp_path):
    grey = corpus.pixels
    colour = Pixels.from_array(grey.images, np.repeat(grey.array[..., None], 3, axis=3))
    with pytest.raises(InputError, match="grey pictures alone") as caught:
        STUDY.jobs(inputs_of(replace(corpus, pixels=colour), tmp_path))
    assert caught.value.faults[0].where == "also.clips"


def thinned(corpus, kept):
    """The clips of some people bear no class; those of `kept` keep it."""
    faces = corpus.faces
    known = np.isin(faces.column("subject"), sorted(kept))
    label = np.where(known, faces.column("expression"), "")
    data = faces.data.assign_coords(expression=("image", label))
    return replace(corpus, faces=replace(faces, data=data))


def test_folds_without_clips_to_learn_or_to_choose_by_are_named_all_at_once(corpus):
    folds = folds_of(NETWORK, corpus, 3).folds
    subjects = corpus.faces.column("subject")
    tested = [set(subjects[fold.test].tolist()) for fold in folds]
    whole = gather(corpus, NETWORK, 3, 1, 3)
    assert asked_folds(whole, corpus, NETWORK, 3) == tuple(fold.name for fold in folds)
    # Of three folds, the people of two have clips: those who test teach nobody, so that one fold
    # is left nobody to learn from, and the other nobody to choose by.
    some = thinned(corpus, tested[0] | tested[1])
    known = gather(some, NETWORK, 3, 1, 3)
    with pytest.raises(InputError, match="folds lack clips") as caught:
        asked_folds(known, some, NETWORK, 3)
    (fault,) = caught.value.faults
    dealt = {fold.name: sides(known, some, NETWORK, 3, fold.name) for fold in folds[:2]}
    empty = [
        f"{name} ({part})"
        for name, side in dealt.items()
        for part in ("train", "validation")
        if getattr(side, part).size == 0
    ]
    assert len(empty) == 2
    assert {one.split(" ")[1] for one in empty} == {"(train)", "(validation)"}
    assert fault.where == ", ".join(empty)


def test_a_fold_without_clips_to_ask_about_has_no_jobs(corpus, tmp_path, monkeypatch):
    inputs = inputs_of(corpus, tmp_path)
    folds = folds_of(NETWORK, corpus, 3).folds
    real = sides

    def emptied(gathered, corpus, network, deal, fold):
        side = real(gathered, corpus, network, deal, fold)
        return replace(side, test=side.test[:0]) if fold == folds[1].name else side

    monkeypatch.setattr("facsinterp_studies.micro_expression.gathered.sides", emptied)
    named = {job.model_dump()["fold"] for job in STUDY.jobs(inputs)}
    assert named == {folds[0].name, folds[2].name}


@pytest.mark.parametrize("band", [(8, 1, 10), (0, 8, 10), (1, 8, 0), (1, float("inf"), 10)])
def test_bands_out_of_order_are_refused(band):
    with pytest.raises(ValueError, match="is no band"):
        Texture(bands=(band,))


CLASSES = ("a", "b", "c")


def made_up(people=12, each=4, better=0.5, seed=0, systems=tuple(SYSTEMS)):
    """Answers of every system; those of `changes` are right more often by `better`."""
    rng = np.random.default_rng(seed)
    true = rng.choice(CLASSES, size=people * each, p=[0.5, 0.3, 0.2])
    tables = []
    for system in systems:
        right = rng.random(len(true)) < 0.35 + better * (system in (CHANGES, LSTM))
        tables.append(
            pd.DataFrame(
                {
                    "system": system,
                    "clip": [f"c{i:03d}" for i in range(len(true))],
                    "subject": [f"S{i // each:02d}" for i in range(len(true))],
                    "fold": "fold-1",
                    "seed": 1,
                    "true": true,
                    "predicted": np.where(right, true, rng.choice(CLASSES, size=len(true))),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def test_scores_are_those_of_scikit_learn():
    answers = made_up()
    table = systems_table(answers, CLASSES, 0).set_index("system")
    by_class = classes_table(answers, CLASSES)
    for system, one in answers.groupby("system"):
        row = table.loc[system]
        assert row["accuracy"] == pytest.approx(accuracy_score(one["true"], one["predicted"]))
        assert row["uf1"] == pytest.approx(f1_score(one["true"], one["predicted"], average="macro"))
        assert row["uar"] == pytest.approx(
            recall_score(one["true"], one["predicted"], average="macro")
        )
        assert row["majority"] == one["true"].value_counts(normalize=True).max()
        mine = by_class[by_class["system"] == system].set_index("class")
        for word in CLASSES:
            shown = one[one["true"] == word]
            assert mine.loc[word, "recall"] == pytest.approx((shown["predicted"] == word).mean())
            assert mine.loc[word, "clips"] == len(shown)


def test_confusions_count_each_clip():
    answers = made_up()
    table = confusion_table(answers, CLASSES)
    for row in table.to_dict("records"):
        mine = answers[(answers["system"] == row["system"]) & (answers["true"] == row["true"])]
        for word in CLASSES:
            assert row[word] == (mine["predicted"] == word).sum()


def test_differences_are_of_the_same_clips_and_pairs_are_named():
    answers = made_up()
    table = differences_table(answers, CLASSES)
    assert list(dict.fromkeys(zip(table["system"], table["less"], strict=True)))[:2] == list(ASKED)
    by_system = {str(name): rows for name, rows in answers.groupby("system")}
    for row in table.to_dict("records"):
        one, other = by_system[row["system"]], by_system[row["less"]]
        score = {
            "accuracy": accuracy_score,
            "UF1": lambda t, p: f1_score(t, p, average="macro"),
            "UAR": lambda t, p: recall_score(t, p, average="macro"),
        }[row["measure"]]
        expected = score(one["true"], one["predicted"]) - score(other["true"], other["predicted"])
        assert row["difference"] == pytest.approx(expected)
        assert row["low"] < row["difference"] < row["high"]


def test_the_interval_of_an_accuracy_is_that_of_a_mean_over_people():
    """With as many clips each, the resampled people are a paired t-test."""
    answers = made_up(people=16)
    one, other = (answers[answers["system"] == name] for name in ("changes", "cnn-apex"))
    found = differences(one, other, CLASSES)["accuracy"]
    gained = [
        (mine["true"] == mine["predicted"]).mean() - (yours["true"] == yours["predicted"]).mean()
        for (_, mine), (_, yours) in zip(
            one.groupby("subject"), other.groupby("subject"), strict=True
        )
    ]
    slow = stats.ttest_1samp(gained, 0).confidence_interval()
    assert found.low == pytest.approx(slow.low)
    assert found.high == pytest.approx(slow.high)


def test_intervals_hold_no_difference_as_often_as_they_say():
    """Two systems that guess alike: 95 % of intervals hold zero, and p is seldom small."""
    held, small = [], []
    for seed in range(150):
        answers = made_up(people=12, each=6, better=0.0, seed=seed, systems=("changes", "cnn-apex"))
        one, other = (answers[answers["system"] == name] for name in ("changes", "cnn-apex"))
        found = differences(one, other, CLASSES)
        held.append([found[name].low <= 0 <= found[name].high for name in found])
        small.append(found["accuracy"].p <= 0.05)
    # Three standard errors of 150 draws either way.
    assert np.all(np.abs(np.mean(held, axis=0) - 0.95) < 0.054)
    assert abs(np.mean(small) - 0.05) < 0.054


def test_the_interval_is_that_of_leaving_each_person_out():
    answers = made_up()
    one, other = (answers[answers["system"] == name] for name in ("changes", "cnn-apex"))
    found = differences(one, other, CLASSES)["UF1"]
    left = []
    for person in sorted(set(one["subject"])):
        rest = [x[x["subject"] != person] for x in (one, other)]
        f1 = [f1_score(x["true"], x["predicted"], average="macro") for x in rest]
        left.append(f1[0] - f1[1])
    spread = np.sqrt(len(left) - 1) * np.std(left)
    half = stats.t.ppf(0.975, len(left) - 1) * spread
    assert found.high - found.estimate == pytest.approx(half)


def test_several_seeds_count_as_one():
    answers = made_up()
    again = pd.concat([answers, answers.assign(seed=2)], ignore_index=True)
    once, twice = (
        differences(*(x[x["system"] == name] for name in ("changes", "lstm")), CLASSES)
        for x in (answers, again)
    )
    for measure, one in once.items():
        assert (one.estimate, one.low, one.high) == pytest.approx(
            (twice[measure].estimate, twice[measure].low, twice[measure].high)
        )


def test_sections_say_what_the_cnn_is_what_time_adds_and_what_was_noticed(corpus):
    answers = made_up(people=16)
    known = gather(corpus, NETWORK, 3, 2, 3)
    systems, gaps = systems_table(answers, CLASSES, 0), differences_table(answers, CLASSES)
    shown = system_section(systems, known, 3, ("Copies cross.", "Two alike."), casme2=False)
    assert shown.paragraphs[-1] == "Of all frames of the clips: Copies cross. Two alike."
    assert any("weak thing to compare with" in one for one in shown.paragraphs)
    quiet = system_section(systems, known, 3, (), casme2=False)
    assert quiet.paragraphs == shown.paragraphs[:-1]
    assert difference_section(gaps, 1).paragraphs[1].endswith(": more frames than one help.")
    level = answers[answers["system"] == "changes"].assign(system="changes-apex")
    level = pd.concat([answers[answers["system"] != "changes-apex"], level], ignore_index=True)
    same = difference_section(differences_table(level, CLASSES), 1).paragraphs[1]
    assert "it is not shown that more frames than one help" in same


def told(better, people=14):
    answers = made_up(people=people, better=better)
    systems = systems_table(answers, CLASSES, 0)
    return answer(systems, differences_table(answers, CLASSES))


def test_the_answer_says_what_is_shown():
    sentences = told(0.6)
    assert sentences[0].startswith("Shown: CNN + LSTM names more clips rightly than CNN, apex")
    assert "points of accuracy, 95 % interval +" in sentences[0]
    assert sentences[2].count("%") == 5
    assert "LSTM on changes, apex alone" in sentences[2]


def test_the_answer_says_what_is_not_shown_and_what_is_worse():
    assert told(0.0)[0].startswith("Not shown: that")
    assert told(-0.34, people=16)[0].startswith("CNN + LSTM names fewer clips rightly")
    assert "too few people for an interval" in told(0.0, people=4)[0]


@pytest.mark.parametrize("name", ["study.toml", "drawn.toml"])
def test_definitions_are_read(name):
    spec = read_spec(STUDIES / name)
    study = registry.load(spec.study).model_validate(dict(spec.params))
    assert study.model_dump()["fewest"] >= 2
    assert set(spec.also) == {"clips"}
    assert spec.also["clips"].source == spec.faces.source
    assert spec.also["clips"].options["frames"] == "all"


def test_jobs_are_equal_for_equal_work(corpus, tmp_path):
    inputs = inputs_of(corpus, tmp_path)
    own = replace(inputs, given_corpora={"": corpus})
    keys = [{job.key(one.corpora) for job in STUDY.jobs(one)} for one in (inputs, own)]
    # The definition's own faces are the clips where no others are named.
    assert len(keys[0]) == 6
    other = STUDY.model_copy(update={"texture": Texture(frames=1, rate=23)})
    assert len({job.key(inputs.corpora) for job in other.jobs(inputs)} & keys[0]) == 3
    kinds = [type(job) for job in STUDY.jobs(inputs)]
    assert kinds == [Machines] * 3 + [Reading] * 3
    assert isinstance(STUDY.jobs(inputs)[0].after()[0], Describing)
