"""Protocols of the field against slow loops over tables made by hand, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.errors import DataError, DefinitionError
from facsinterp.faces.layouts.registry import LAYOUTS
from facsinterp.faces.sources.ckplus import SOURCE as CKPLUS
from facsinterp.faces.sources.registry import SOURCES
from facsinterp.faces.splits.protocols import PROTOCOLS, protocol, protocols_of
from facsinterp.facs import EXPRESSIONS

from .tables import ckplus, clips, table

ICTFACES = Path(__file__).parents[3] / "../shared/data/ictfaces-ck"
EMOTIONS = EXPRESSIONS[1:]
SIX = tuple(e for e in EMOTIONS if e != "contempt")
RNG = np.random.default_rng(7)
# The sequences of CK+ that have an emotion: 327 of 118 people; others have none.
LIKE_CKPLUS = [
    *((n, EMOTIONS[k % 7]) for n in range(118) for k in range(n, n + 3)),
    *((n, "") for n in range(0, 123, 2)),
    *((n, "") for n in range(118, 123)),
]


def sides(fold, faces):
    """(image,) the side of each face, in words."""
    found = np.full(len(faces), "", dtype="U10")
    for side in ("train", "validation", "test"):
        rows = getattr(fold, side)
        assert not (found[rows] != "").any()
        assert (np.diff(rows) > 0).all()
        found[rows] = side
    return found.tolist()


def slow_ckplus(faces, classes):
    """(class of each face, folds as lists of sides), face by face."""
    columns = (faces.column(name).tolist() for name in ("subject", "sequence", "expression"))
    rows = list(zip(*columns, strict=True))
    emotion = {q: e for _, q, e in rows if e not in ("", "neutral")}
    people = sorted({s for s, q, _ in rows if q in emotion})
    of = [e if q in emotion and e in classes else "" for _, q, e in rows]
    folds = []
    for k in range(10):
        fold = []
        for subject, _, _ in rows:
            if subject not in people:
                fold.append("")
            else:
                own = people.index(subject) % 10
                fold.append({k: "test", (k + 1) % 10: "validation"}.get(own, "train"))
        folds.append(fold)
    return of, folds


@pytest.mark.parametrize(
    ("name", "classes"),
    [("ckplus-8-class", EXPRESSIONS), ("ckplus-7-class", EMOTIONS), ("ckplus-6-class", SIX)],
)
def test_ckplus_deals_the_subjects_with_an_emotion_as_khorrami_did(name, classes):
    shown = [LIKE_CKPLUS[i] for i in RNG.permutation(len(LIKE_CKPLUS))]
    faces, one = ckplus(shown), protocol(name)
    of, expected = slow_ckplus(faces, classes)
    assert one.class_of(faces).tolist() == of
    found = one.folds(faces)
    assert [sides(fold, faces) for fold in found] == expected
    people = [len(set(faces.column("subject")[fold.test])) for fold in found]
    assert people == [12] * 8 + [11] * 2
    assert [fold.name for fold in found][::9] == ["fold-01", "fold-10"]


def test_neutral_faces_of_sequences_without_an_emotion_are_not_learnt():
    faces = ckplus(LIKE_CKPLUS)
    learnt = protocol("ckplus-8-class").class_of(faces)
    emotional = sum(bool(emotion) for _, emotion in LIKE_CKPLUS)
    assert (learnt == "neutral").sum() == emotional == 354
    assert (learnt != "").sum() == 4 * emotional


def test_a_subject_of_left_out_classes_alone_still_counts():
    """The fold sizes of the six-class code are those of eight classes without contempt."""
    shown = [(n, "contempt" if n == 3 else EMOTIONS[n % 7]) for n in range(70)]
    faces = ckplus(shown)
    eight, six = (protocol(f"ckplus-{n}-class").folds(faces) for n in (8, 6))
    for one, other in zip(eight, six, strict=True):
        np.testing.assert_array_equal(one.test, other.test)


@pytest.mark.real
def test_ckplus_on_the_rendered_faces():
    if not ICTFACES.is_dir():
        pytest.skip("ictfaces-ck not present")
    faces = CKPLUS.read(ICTFACES, CKPLUS.Options())
    labels = {
        file.name[:8]: int(float(file.read_text()))
        for file in ICTFACES.glob("Emotion/S*/*/S*_emotion.txt")
    }
    people = sorted({name[:4] for name in labels})
    for count, classes in ((8, EXPRESSIONS), (7, EMOTIONS), (6, SIX)):
        one = protocol(f"ckplus-{count}-class")
        learnt = one.class_of(faces)
        kept = [label for label in labels.values() if EXPRESSIONS[label] in classes]
        assert (learnt != "").sum() == len(kept) * 3 + (len(labels) if count == 8 else 0)
        for k, fold in enumerate(one.folds(faces)):
            assert set(faces.column("subject")[fold.test]) == set(people[k::10])
            tested = {n[:8].replace("-", "_") for n in faces.images[fold.test] if n}
            assert {name for name in labels if name[:4] in people[k::10]} <= tested
    assert len(labels) == 204


def whole(name, rng):
    """Faces that fit a protocol, in any order."""
    one = protocol(name)
    if name.startswith("ckplus"):
        shown = [(int(n), e) for n in range(70) for e in rng.choice(EMOTIONS, 3)]
        shown += [(int(n), "") for n in rng.integers(0, 80, 20)]
        return ckplus([shown[i] for i in rng.permutation(len(shown))])
    if "disfa" in name:
        people = [n for n in range(1, 33) if n not in (14, 15, 19, 20, 22)]
        people = people if name == "disfa-3-folds" else [1, 3, 4, 7, 9, 10, 13, 25, 27]
        return clips([(f"SN{n:03d}", "") for n in rng.permutation(people * 3)])
    words = [w for some in one.classes.values() for w in some] or ["happy", "others"]
    labels = [*words, "", *one.left_out] * 12
    names = [f"s{n:02d}" for n in rng.integers(0, 12, len(labels))]
    named = list(zip(names, labels, strict=True)) + [(f"s{n:02d}", words[0]) for n in range(12)]
    return clips([named[i] for i in rng.permutation(len(named))])


EXCLUSIVE = [name for name, one in PROTOCOLS.items() if one.whole_subjects]


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(EXCLUSIVE), st.integers(0, 2**32))
def test_nobody_is_on_two_sides_and_every_face_with_a_class_tests_once(name, seed):
    faces = whole(name, np.random.default_rng(seed))
    one = protocol(name)
    classed = one.class_of(faces) != ""
    assert classed.any() == ("disfa" not in name)
    tested = np.zeros(len(faces), dtype=int)
    for fold in one.folds(faces):
        told = np.array(sides(fold, faces))
        for subject in set(faces.column("subject")):
            assert len(set(told[faces.column("subject") == subject])) == 1
        assert all((told == side).any() for side in ("train", "validation", "test"))
        tested[fold.test] += 1
    assert (tested[classed] == 1).all()
    assert tested.max() == 1
    if not classed.any():
        assert tested.min() == 1


CASME2 = ("happy", "surprise", "disgust", "repression", "others")
SAMM = ("anger", "happy", "contempt", "surprise", "others")
SIGNS = {
    "disgust": "negative", "repression": "negative", "fear": "negative", "sadness": "negative",
    "anger": "negative", "contempt": "negative", "negative": "negative", "happy": "positive",
    "positive": "positive", "surprise": "surprise", "others": "", "neutral": "", "": "",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "labels", "classes"),
    [
        ("casme2-5-class", [*CASME2, "fear", "sadness"],
         {**{w: w for w in CASME2}, "fear": "", "sadness": ""}),
        ("samm-5-class", [*SAMM, "disgust", "fear", "sadness"],
         {**{w: w for w in SAMM}, "disgust": "", "fear": "", "sadness": ""}),
        ("casme2-objective", ["I", "ii", "3", "IV", "v", "VI", "7"],
         {"I": "I", "ii": "II", "3": "III", "IV": "IV", "v": "V", "VI": "", "7": ""}),
        ("samm-objective", ["1", "2", "3", "4", "5", "6", "7"],
         {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V", "6": "", "7": ""}),
        ("megc-3-class", list(SIGNS), SIGNS),
        ("leave-one-subject-out", ["happy", "others", ""],
         {"happy": "happy", "others": "others", "": ""}),
    ],
)  # fmt: skip
def test_one_subject_is_left_out_at_a_time(name, labels, classes):
    people = [f"sub{n:02d}" for n in range(9)]
    shown = [(p, labels[(k * 5 + n) % len(labels)]) for n, p in enumerate(people) for k in range(4)]
    shown += [("sub99", next(one for one in labels if not classes[one]))]
    faces, one = clips(shown), protocol(name)
    assert one.class_of(faces).tolist() == [classes[label] for _, label in shown]
    dealt = sorted({p for p, label in shown if classes[label]})
    found = one.folds(faces)
    assert [fold.name for fold in found] == [f"without-{p}" for p in dealt]
    for k, fold in enumerate(found):
        expected = []
        for subject, _ in shown:
            if subject not in dealt:
                expected.append("")
            else:
                looking = subject == dealt[(k + 1) % len(dealt)]
                test = subject == dealt[k]
                expected.append("test" if test else "validation" if looking else "train")
        assert sides(fold, faces) == expected


@pytest.mark.parametrize(("name", "count"), [("fer2013-official", 7), ("ferplus-official", 8)])
def test_the_split_of_fer2013_is_its_own(name, count):
    labels = [e for e in EXPRESSIONS if count == 8 or e != "contempt"]
    split = ["train"] * 24 + ["validation"] * 10 + ["test"] * 10 + [""]
    faces = table(
        [("", "", labels[i % count]) for i in range(44)] + [("", "", "")], split=split
    )  # fmt: skip
    (fold,) = protocol(name).folds(faces)
    assert sides(fold, faces) == split
    assert set(protocol(name).class_of(faces)) == {*labels, ""}
    assert len(protocol(name).classes) == count


def test_labels_of_ferplus_are_refused_by_the_protocol_of_fer2013_and_the_reverse():
    split = (["train", "validation", "test"] * 8)[:24]
    plus = table([("", "", EXPRESSIONS[i // 3]) for i in range(24)], split=split)
    assert protocol("ferplus-official").folds(plus)
    with pytest.raises(DataError, match="says nothing of contempt"):
        protocol("fer2013-official").folds(plus)
    plain = plus.select(plus.column("expression") != "contempt")
    assert protocol("fer2013-official").folds(plain)
    with pytest.raises(DataError, match="no face shows contempt"):
        protocol("ferplus-official").folds(plain)


def test_the_folds_of_tfd_are_its_own():
    labels = [*SIX, "neutral"]
    rng = np.random.default_rng(3)
    official = rng.choice(["train", "validation", "test"], (70, 5))
    official[60:] = ""
    rows = [("", "", labels[i % 7] if i < 60 else "") for i in range(70)]
    faces = table(rows, official=official)
    found = protocol("tfd-5-folds").folds(faces)
    assert [sides(fold, faces) for fold in found] == official.T.tolist()
    for wrong in (None, official[:, :4]):
        with pytest.raises(DataError, match="no such official folds"):
            protocol("tfd-5-folds").folds(table(rows, official=wrong))


DISFA = (
    (2, 10, 1, 26, 27, 32, 30, 9, 16),
    (13, 18, 11, 28, 12, 6, 31, 21, 24),
    (3, 29, 23, 25, 8, 5, 7, 17, 4),
)


@pytest.mark.parametrize("name", ["disfa-3-folds", "disfaplus-3-folds"])
def test_the_lists_of_disfa(name):
    kept = range(100) if name == "disfa-3-folds" else (1, 3, 4, 7, 9, 10, 13, 25, 27)
    lists = [[f"SN{n:03d}" for n in numbers if n in kept] for numbers in DISFA]
    people = sorted(name for names in lists for name in names)
    faces = clips([(person, "") for person in people * 2])
    for k, fold in enumerate(protocol(name).folds(faces)):
        others = [person for names in lists if names is not lists[k] for person in names]
        expected = [
            "test" if person in lists[k]
            else "validation" if others.index(person) % 6 == 0
            else "train"
            for person in people * 2
        ]  # fmt: skip
        assert sides(fold, faces) == expected
    assert len(people) == (27 if name == "disfa-3-folds" else 9)


def test_the_same_people_of_disfa_and_disfaplus_are_in_a_fold():
    faces = clips([(f"SN{n:03d}", "") for numbers in DISFA for n in numbers])
    plus = faces.select(np.isin(faces.column("subject"), [
        f"SN{n:03d}" for n in (1, 3, 4, 7, 9, 10, 13, 25, 27)]))  # fmt: skip
    both = (protocol(n).folds(f) for n, f in
            (("disfa-3-folds", faces), ("disfaplus-3-folds", plus)))  # fmt: skip
    for one, other in zip(*both, strict=True):
        tested = set(plus.column("subject")[other.test])
        assert tested <= set(faces.column("subject")[one.test])
        assert not tested & set(faces.column("subject")[one.train])


def test_people_of_disfa_who_are_missing_or_strange_are_all_named():
    people = [n for numbers in DISFA for n in numbers if n not in (16, 25)] + [14]
    with pytest.raises(DataError) as caught:
        protocol("disfa-3-folds").folds(clips([(f"SN{n:03d}", "") for n in people]))
    missing, strange = caught.value.faults
    assert missing.got == "SN016, SN025"
    assert "not there" in missing.what
    assert strange.got == "SN014"
    assert "in none" in strange.what
    assert missing.where == "protocol disfa-3-folds"


@pytest.mark.parametrize(
    ("name", "other"), [("rafdb-official", "test"), ("affectnet-official", "validation")]
)
def test_every_tenth_training_face_validates_where_the_data_set_names_none(name, other):
    labels = list(protocol(name).classes)
    rng = np.random.default_rng(5)
    split = [*rng.permutation(["train"] * 150 + [other] * 60).tolist(), ""]
    faces = table([("", "", labels[i % len(labels)]) for i in range(211)], split=split)
    (fold,) = protocol(name).folds(faces)
    trained, expected = 0, []
    for part in split:  # rows are in the order of their names
        looking = part == "train" and trained % 10 == 0
        trained += part == "train"
        expected.append("validation" if looking else "test" if part == other else part)
    assert sides(fold, faces) == expected
    turned = faces.select(np.arange(211)[::-1])
    assert sides(protocol(name).folds(turned)[0], turned) == expected[::-1]


def refused(name, faces):
    with pytest.raises(DataError) as caught:
        protocol(name).folds(faces)
    return {fault.what: fault for fault in caught.value.faults}


def test_everything_that_does_not_fit_is_told_at_once():
    found = refused("fer2013-official", clips([("a", "happy"), ("b", "contempt")]))
    assert set(found) == {
        "no face shows anger, disgust, fear, sadness, surprise, neutral",
        "the protocol says nothing of contempt",
        "the faces have no official split",
    }
    assert all(fault.where == "protocol fer2013-official" for fault in found.values())
    assert found["the faces have no official split"].got == "faces of no part"
    found = refused("casme2-5-class", clips([("", "happy"), ("a", "disgust"), ("b", "disgust")]))
    assert set(found) == {
        "no face shows surprise, repression, others",
        "leaving one subject out needs to know whose face each one is",
        "too few subjects for leaving one subject out",
    }


def test_too_few_people_with_an_emotion_are_told():
    shown = [(n % 9, EMOTIONS[n % 7]) for n in range(63)] + [(n, "") for n in range(20)]
    found = refused("ckplus-8-class", ckplus(shown))
    assert found["too few subjects have an emotion for 10 folds"].got == "9 of 20 subjects"


def test_a_fold_in_which_nobody_can_test_is_told():
    shown = [(n, "contempt" if n in (4, 14) else SIX[n % 6]) for n in range(20)]
    found = refused("ckplus-6-class", ckplus(shown))
    (fault,) = (fault for what, fault in found.items() if "to test" in what)
    assert "1 of 10 folds" in fault.what
    assert fault.where.endswith("fold-05")
    assert any("to validate" in what for what in found)


def test_a_part_of_the_official_split_that_is_missing_is_told():
    labels = [e for e in EXPRESSIONS if e != "contempt"]
    faces = table([("", "", e) for e in labels * 2], split=["train"] * 7 + ["test"] * 7)
    fault = refused("fer2013-official", faces)["the faces have no official split"]
    assert fault.got == "test 7, train 7"


def test_the_nearest_protocol_is_named():
    with pytest.raises(DefinitionError, match=r"did you mean ckplus-8-class\?"):
        protocol("ckplus-8-clas")
    with pytest.raises(DefinitionError, match="ferplus-official"):
        protocol("nothing like it")


def test_every_protocol_is_of_sources_that_there_are_and_says_who_says_so():
    for name, one in PROTOCOLS.items():
        assert one.name == name
        assert set(one.sources) <= set(SOURCES)
        assert one.title
        assert len(one.said_by) > 20
        words = [w.casefold() for some in one.classes.values() for w in some] + list(one.left_out)
        assert len(words) == len(set(words))
    assert [one.name for one in protocols_of("samm")] == [
        "samm-5-class", "samm-objective", "megc-3-class", "leave-one-subject-out",
    ]  # fmt: skip
    assert [one.name for one in protocols_of("manifest")] == ["leave-one-subject-out"]


def test_taught_faces_bear_their_classes_and_nothing_else_changes():
    faces = clips([("a", "disgust"), ("b", "happy"), ("c", "others"), ("d", "")])
    taught = protocol("megc-3-class").taught(faces)
    assert taught.column("expression").tolist() == ["negative", "positive", "", ""]
    assert faces.column("expression").tolist() == ["disgust", "happy", "others", ""]
    assert taught.images.tolist() == faces.images.tolist()
    assert taught.found == faces.found


def test_a_fold_of_a_strange_name_is_a_folder():
    faces = clips([(name, label) for name in ("a/b", "..", "c d") for label in ("x", "y")])
    names = [fold.name for fold in protocol("leave-one-subject-out").folds(faces)]
    assert names == ["without-..", "without-a%2Fb", "without-c%20d"]


def test_every_protocol_is_in_the_documentation():
    text = (Path(__file__).parents[3] / "docs/data-sets/protocols.md").read_text()
    for name, one in PROTOCOLS.items():
        (line,) = (line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        assert all(f"`{source}`" in line for source in one.sources)


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_page_of_each_data_set_names_its_protocols(name):
    text = (Path(__file__).parents[3] / f"docs/data-sets/{name}.md").read_text()
    own = [one.name for one in protocols_of(name) if one.sources]
    assert [one for one in own if f"`{one}`" not in text] == []
    assert "(protocols.md)" in text
