"""Who is held out by a definition: protocols, the classes they teach, copies on two sides."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import DataError, DefinitionError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.facs import EXPRESSIONS
from facsinterp.study.corpus import Corpus
from facsinterp.study.derived import derived, members
from facsinterp.study.folder import RunFolder
from facsinterp.study.held_out import held_out
from facsinterp.study.ledger import Ledger
from facsinterp.study.locate import DataPlaces
from facsinterp.study.networks import make_network
from facsinterp.study.parse import parse_spec
from facsinterp.study.run import run_study, sweep_study
from facsinterp.study.scores import scores_of
from facsinterp.study.steps import steps
from facsinterp.study.work import Work
from tests.faces.splits.tables import ckplus, table
from tests.study.test_run import Listener

ICTFACES = Path(__file__).parents[2] / "../shared/data/ictfaces-ck"
EMOTIONS = EXPRESSIONS[1:]
DEFINITION = """
study = "dead-filters"
question = "Who is held out?"
seed = 1

[faces]
source = "SOURCE"
size = 16

[network]
import = "tests.study.small:small"

[network.train]
protocol = "PROTOCOL"
epochs = 1
"""


def text_of(protocol, source="ckplus", more=""):
    text = DEFINITION.replace("SOURCE", source).replace("PROTOCOL", protocol)
    return text.replace("epochs = 1", f"epochs = 1\n{more}")


def parted(spec, faces, pixels):
    return held_out(spec.network.train, spec.faces.source, spec.seed, faces, pixels)


def parse(protocol="ckplus-8-class", source="ckplus", more=""):
    return parse_spec(text_of(protocol, source, more), name="held")


def faults(text):
    with pytest.raises(DefinitionError) as caught:
        parse_spec(text, name="held")
    return {fault.where: fault for fault in caught.value.faults}


def pixels_of(faces, copies=()):
    """Random pictures; of each pair of rows, the second shows what the first does."""
    pictures = np.random.default_rng(9).integers(0, 256, (len(faces), 16, 16), dtype=np.uint8)
    for one, other in copies:
        pictures[other] = pictures[one]
    return Pixels.from_array(faces.images, pictures)


def like_ckplus(subjects=20):
    shown = [(n, e) for n in range(subjects) for e in (EMOTIONS[n % 7], EMOTIONS[(n + 3) % 7], "")]
    return ckplus([*shown, (subjects, "")])


def made(spec, faces, pixels, folder):
    listener = Listener()
    place = RunFolder(folder / spec.name / spec.id)
    corpus = Corpus(spec.faces.source, "Faces", faces, pixels)
    work = Work("cpu", None, listener)
    looker = make_network(spec, corpus, Ledger(place.path), DataPlaces(), work)
    return looker, place, listener


def test_a_definition_holds_out_in_one_way():
    for given in ("folds = 3", "hold_out = 0.4", "folds = 3\nhold_out = 0.4"):
        fault = faults(text_of("ckplus-8-class", more=given))["network.train"]
        assert "two things" in fault.what
        assert "protocol" in fault.got
        assert "ckplus-8-class" in fault.expected
    nothing = text_of("x").replace('protocol = "x"', "")
    assert faults(nothing)["network.train"].got == "none of them"


def test_a_protocol_that_is_none_and_one_of_other_faces_are_told():
    fault = faults(text_of("ckplus-8-clas"))["network.train.protocol"]
    assert fault.do == "did you mean ckplus-8-class?"
    fault = faults(text_of("disfa-3-folds"))["network.train.protocol"]
    assert fault.got == "faces of ckplus, where it is made for disfa"
    assert fault.expected == (
        "ckplus-8-class, ckplus-7-class, ckplus-6-class, leave-one-subject-out"
    )
    assert "network.train.protocol" in faults(text_of("ckplus-8-class", "drawn"))
    assert "network.train.protocol" in faults(text_of("x").replace('"x"', "3"))
    assert parse("leave-one-subject-out", "drawn")


def test_what_is_told_beside_a_protocol_is_told_at_once():
    text = text_of("megc-3-class", more='copies = "dorp"').replace("epochs", "epocs")
    assert faults(text).keys() >= {
        "network.train.protocol", "network.train.copies", "network.train.epocs",
    }  # fmt: skip


def test_ids_change_with_the_protocol_and_not_with_defaults():
    ids = {parse(one).id for one in ("ckplus-8-class", "ckplus-7-class", "leave-one-subject-out")}
    assert len(ids) == 3
    assert parse(more='copies = "keep"').id == parse().id
    assert parse(more='copies = "drop"').id != parse().id
    first = parse(more="first_fold_only = true")
    assert first.id != parse().id
    assert first.network_content == parse().network_content


def test_the_steps_tell_the_protocol():
    told = dict(steps(parse()))["network"]
    assert told.endswith(
        " in ckplus-8-class (8 classes, 10 folds of whole subjects as dealt by Khorrami et al.)"
    )
    first = parse(more='first_fold_only = true\ncopies = "drop"')
    assert "in the first of the folds of ckplus-8-class (" in dict(steps(first))["network"]
    assert "without training copies of held-out" in dict(steps(first))["network"]
    plain = text_of("x", "drawn", 'copies = "drop"').replace('protocol = "x"', "hold_out = 0.25")
    told = dict(steps(parse_spec(plain, name="held")))["network"]
    assert told.endswith("; 25% of the subjects held out, without training copies of held-out "
                         "pictures")  # fmt: skip


def test_controls_hold_out_the_same_people():
    parent = parse_spec(
        text_of("ckplus-6-class", more='copies = "drop"') + "\n[controls]\nseeds = [1, 2]\n",
        name="held",
    )
    for member in members(parent):
        if member.arm != "emotion-only":
            train = derived(parent, member).network.train
            assert train is not None
            assert (train.protocol, train.copies) == ("ckplus-6-class", "drop")
            assert train.first_fold_only


def test_classes_are_taught_and_the_faces_keep_their_expressions():
    faces = like_ckplus()
    asked = parted(parse("ckplus-6-class"), faces, pixels_of(faces))
    assert len(asked.folds) == 10
    assert set(asked.taught.column("expression")) == {"", *EMOTIONS} - {"contempt"}
    assert set(faces.column("expression")) == {"", *EXPRESSIONS}
    assert asked.noticed == ()
    first = parted(parse("ckplus-6-class", more="first_fold_only = true"), faces,
                     pixels_of(faces))  # fmt: skip
    assert [fold.name for fold in first.folds] == ["fold-01"]


def test_a_network_learns_and_is_asked_the_classes_of_its_protocol(tmp_path):
    faces = like_ckplus()
    spec = parse("ckplus-6-class", more="first_fold_only = true")
    looker, place, listener = made(spec, faces, pixels_of(faces), tmp_path)
    assert set(looker.network.classes) == set(EMOTIONS) - {"contempt"}
    said = pd.read_parquet(place.network("fold-01") / "predictions.parquet")
    tested = {"S000", "S010"}
    assert set(said["subject"]) == tested
    subject, shown = faces.column("subject"), faces.column("expression")
    scored = np.isin(subject, list(tested)) & ~np.isin(shown, ["", "neutral", "contempt"])
    assert said["image"].tolist() == faces.images[scored].tolist()
    assert said["true"].tolist() == shown[scored].tolist()
    assert set(said["predicted"]) <= set(looker.network.classes)
    scores = scores_of(place)
    assert scores is not None
    assert scores.chance == 1 / 6
    assert "network fold-01: held-out subjects: 2" in listener.news
    # Faces without a class are held out with their subject; who has no emotion, in no fold.
    assert set(looker.split[np.isin(subject, list(tested))]) == {"test"}
    assert set(looker.split[subject == "S020"]) == {""}


@pytest.mark.parametrize("labels", ["shuffled", "identity"])
def test_other_lessons_rest_on_the_same_protocol(tmp_path, labels):
    faces = like_ckplus()
    spec = parse("ckplus-7-class", more=f'first_fold_only = true\nlabels = "{labels}"')
    looker, _, _ = made(spec, faces, pixels_of(faces), tmp_path)
    people = [f"S{n:03d}" for n in range(20) if n % 10 > 1]
    assert set(looker.network.classes) == set(EMOTIONS if labels == "shuffled" else people)


def test_pictures_on_two_sides_are_told_in_a_line_and_dropped_if_asked(tmp_path):
    faces = like_ckplus()
    test = np.flatnonzero(faces.column("subject") == "S000")
    train = np.flatnonzero(faces.column("subject") == "S008")
    pixels = pixels_of(faces, list(zip(test[:4], train[:4], strict=True)))
    spec = parse(more="first_fold_only = true")
    looker, _, listener = made(spec, faces, pixels, tmp_path)
    (line,) = looker.noticed
    assert f"network: {line}" in listener.news
    assert "4 of test also in train, 3 of them with another label" in line
    assert set(looker.split[train]) == {"train"}
    dropping = parse(more='first_fold_only = true\ncopies = "drop"')
    looker, _, listener = made(dropping, faces, pixels, tmp_path)
    (line,) = looker.noticed
    assert line == "pictures that are equal to held-out ones are left out: 4 of train"
    assert f"network: {line}" in listener.news
    assert (looker.split[train] == "").tolist() == [True] * 4 + [False] * (len(train) - 4)
    assert set(looker.split[test]) == {"test"}


def test_dropped_copies_are_counted_over_all_folds():
    faces = like_ckplus()
    pixels = pixels_of(faces, [(0, 7 * 12), (1, 4 * 12 + 1)])
    asked = parted(parse(more='copies = "drop"'), faces, pixels)
    (line,) = asked.noticed
    assert line == (
        "pictures that are equal to held-out ones are left out in each fold: 0 to 2 of train"
    )
    for fold in asked.folds:
        told = {row: side for side in ("train", "validation", "test")
                for row in getattr(fold, side).tolist()}  # fmt: skip
        for one, other in ((0, 84), (1, 49)):
            assert len({told.get(one), told.get(other)} - {None}) == 1


def test_dropping_copies_until_nothing_is_left_is_refused():
    faces = like_ckplus()
    fold = parted(parse(), faces, pixels_of(faces)).folds[0]
    for side in ("train", "validation"):
        same = [(int(fold.test[0]), row) for row in getattr(fold, side).tolist()]
        with pytest.raises(DataError, match=f"nothing is left of {side}") as caught:
            parted(parse(more='copies = "drop"'), faces, pixels_of(faces, same))
        assert f"fold {fold.name}" in str(caught.value)


@pytest.mark.parametrize("way", ["folds = 3", "hold_out = 0.4"])
def test_faces_of_nobody_known_are_refused_with_the_protocol_to_use(way):
    labels = [e for e in EXPRESSIONS if e != "contempt"]
    split = (["train", "validation", "test"] * 7)[:21]
    faces = table([("", "", labels[i // 3]) for i in range(21)], split=split)
    text = text_of("x", "manifest").replace('protocol = "x"', way)
    spec = parse_spec(text, name="held")
    of_fer = spec.model_copy(update={"faces": spec.faces.model_copy(update={"source": "fer2013"})})
    with pytest.raises(DataError, match="nobody knows") as caught:
        parted(of_fer, faces, pixels_of(faces))
    (fault,) = caught.value.faults
    assert fault.do == (
        'give protocol = "fer2013-official" or "ferplus-official" instead of folds or hold_out'
    )
    assert fault.got == "21 faces of fer2013 without one"
    with pytest.raises(DataError, match="names of its subjects"):
        parted(spec, faces, pixels_of(faces))


def official(protocol="fer2013-official"):
    """A definition of FER2013, whose own source is asked for nothing."""
    spec = parse("leave-one-subject-out", "manifest")
    train = spec.network.train.model_copy(update={"protocol": protocol})
    return spec.model_copy(update={"network": spec.network.model_copy(update={"train": train})})


def test_an_official_split_trains_tests_and_is_scored_without_subjects(tmp_path):
    labels = [e for e in EXPRESSIONS if e != "contempt"]
    split = ["train", "train", "validation", "test"] * 21
    faces = table([("", "", labels[i // 12]) for i in range(84)], split=split)
    looker, place, listener = made(official(), faces, pixels_of(faces, [(0, 3), (1, 83)]), tmp_path)
    assert looker.split.tolist() == split
    assert "network official: held-out faces: 21, whose subjects are not known" in listener.news
    assert "2 of test also in train, 1 of them" in looker.noticed[0]
    scores = scores_of(place)
    assert scores is not None
    assert scores.accuracy.count == 21
    assert "independent" in scores.accuracy.note


def test_answers_to_one_face_in_several_folds_are_one_block(tmp_path):
    run = RunFolder(tmp_path)
    for fold in ("official-1", "official-2"):
        place = run.network(fold)
        place.mkdir(parents=True)
        (place / "network.json").write_text(json.dumps({"classes": ["happy", "anger"]}))
        pd.DataFrame(
            {"image": list("abcd"), "subject": ["", "", "x", "x"], "fold": fold,
             "true": ["happy"] * 4, "predicted": ["happy", "anger"] * 2}
        ).to_parquet(place / "predictions.parquet")  # fmt: skip
    scores = scores_of(run)
    assert scores is not None
    assert "8 faces of 3 subjects" in scores.accuracy.note


def test_a_whole_run_leaves_one_subject_out_at_a_time(tmp_path):
    text = text_of("leave-one-subject-out", "drawn").replace(
        "size = 16", "subjects = 4\nsequences = 2\npixels = 32\nsize = 32"
    )
    index = run_study(parse_spec(text, name="held"), DataPlaces(), tmp_path, device="cpu",
                      progress=Listener())  # fmt: skip
    run = RunFolder(index.parents[1])
    faces = ActivationStore.open(run.store).faces
    people = sorted(set(faces.column("subject")))
    folds = sorted(file.parent.name for file in run.of_folds("predictions.parquet"))
    assert folds == [f"without-{person}" for person in people]
    said = pd.concat(map(pd.read_parquet, run.of_folds("predictions.parquet")))
    assert sorted(said["image"]) == sorted(faces.images[faces.column("expression") != ""])
    assert (said["fold"] == "without-" + said["subject"]).all()
    assert set(faces.column("subject")[faces.column("split") == "test"]) == {people[0]}
    assert "protocol leave-one-subject-out" in index.read_text()


def test_what_crosses_is_found_with_the_faces_of_a_run(tmp_path):
    """So that the page on data tells it."""
    rng = np.random.default_rng(2)
    rows = ["path,subject,expression,AU12"]
    pictures = rng.integers(0, 256, (12, 16, 16), dtype=np.uint8)
    pictures[11] = pictures[0]
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{i}.png")
        rows.append(f"{i}.png,p{i // 3},{('happy', 'anger')[i % 2]},{i % 2}")
    (tmp_path / "faces.csv").write_text("\n".join(rows))
    spec = parse("leave-one-subject-out", "manifest", "first_fold_only = true")
    store = sweep_study(spec, DataPlaces(tmp_path), tmp_path / "out", device="cpu")
    told = [text for text in store.faces.found.warnings if "two sides" in text]
    assert len(told) == 1
    assert "1 of test also in train, 1 of them with another label" in told[0]


@pytest.mark.real
def test_the_protocol_of_ckplus_on_rendered_faces(tmp_path):
    if not ICTFACES.is_dir():
        pytest.skip("ictfaces-ck not present")
    spec = parse("ckplus-8-class", more="first_fold_only = true")
    listener = Listener()
    store = sweep_study(
        spec, DataPlaces(ICTFACES.parent), tmp_path, device="cpu", progress=listener
    )
    run, faces = RunFolder(tmp_path / spec.name / spec.id), store.faces
    assert set(faces.column("expression")) == {"", *EXPRESSIONS}
    said = pd.read_parquet(run.of_folds("predictions.parquet")[0])
    people = sorted(
        {file.name[:4] for file in ICTFACES.glob("Emotion/S*/*/S*_emotion.txt")}
    )[::10]  # fmt: skip
    assert sorted(set(said["subject"])) == people
    assert set(faces.column("subject")[faces.column("split") == "test"]) == set(people)
    assert not [text for text in listener.news if "equal in every pixel" in text]
