"""AffectNet: both releases, lists with and without a header, arrays of text, odd landmarks."""

import shutil
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.drawing import frames, points
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.preparing.prepare import Preparation, prepare
from facsinterp.faces.sources.affectnet import SOURCE, AffectNetOptions
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.points import parse_points
from facsinterp.faces.sources.reading.small_arrays import one_number, read_small_array
from facsinterp.testing import SourceContract

CAST = Cast(people=3, sequences=4, pixels=16)
LISTS = tuple(q for q in layout("affectnet").quirks if q != "release-2021")
TRAINING = "Manually_Annotated_file_lists/training.csv"
NAMES = ("neutral", "happy", "sadness", "surprise", "fear", "disgust", "anger", "contempt")


def read(root, **options):
    return SOURCE.read(root, AffectNetOptions(**options))


def tree(tmp_path, *quirks, name="AffectNet"):
    return write("affectnet", tmp_path / name, CAST, quirks, licence=False)


def drawn():
    """The drawn faces of training, then those of validation."""
    some = [f for p in (1, 2, 3) for s in (1, 2, 3, 4) for f in frames(CAST, p, s, [1, 8])]
    return [f for k, f in enumerate(some) if k % 4 != 3], some[3::4]


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("affectnet", tmp_path_factory.mktemp("all") / "AffectNet", CAST)


class TestContractOfLists(SourceContract):
    source = SOURCE
    options: ClassVar = {"automatic": True}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("affectnet", tmp_path_factory.mktemp("lists") / "AffectNet", CAST, LISTS)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("affectnet", tmp_path_factory.mktemp("none") / "AffectNet", CAST, [])


@pytest.mark.parametrize("quirks", [(), ("release-2021",)])
def test_what_was_drawn_comes_back(tmp_path, quirks):
    faces = read(tree(tmp_path, *quirks))
    train, validation = drawn()
    assert faces.column("expression").tolist() == [f.expression for f in (*train, *validation)]
    assert faces.column("split").tolist() == ["train"] * len(train) + ["validation"] * len(
        validation
    )
    size = (112, 112) if quirks else (120, 90)
    np.testing.assert_allclose(
        faces.data["landmarks"].values, points([*train, *validation], 16, *size), atol=0.006
    )
    assert faces.units == ()
    assert any("does not say who is shown" in w for w in faces.found.warnings)
    assert faces.found.counts["train neutral"] == sum(f.expression == "neutral" for f in train)
    assert faces.found.skipped == ()


def test_whole_photographs_are_cropped_by_their_landmarks(tmp_path):
    root = tree(tmp_path)
    faces = read(root)
    (picture,) = SOURCE.pictures(root, AffectNetOptions()).open(faces.column("path").tolist()[:1])
    assert isinstance(picture, np.ndarray)
    assert picture.shape == (90, 120, 3)
    crop = prepare(picture, Preparation(48, crop="landmarks"), faces.data["landmarks"].values[0])
    assert crop.shape == (48, 48)


def test_the_numbers_of_the_expressions(tmp_path):
    root = tree(tmp_path)
    file = root / TRAINING
    header, *lines = file.read_text().splitlines()
    changed = []
    for k, line in enumerate(lines[:12]):
        cells = line.split(",")
        cells[6] = str(k)
        changed.append(",".join(cells))
    file.write_text("\n".join([header, *changed]))
    faces = read(root)
    assert faces.column("expression")[:10].tolist() == [*NAMES, "", ""]
    assert faces.column("split").tolist().count("train") == 10
    assert (f"{TRAINING}, row 12", "no face (expression 10)") in faces.found.skipped
    assert (
        f"{TRAINING}, row 13",
        "its expression is no number from 0 to 10",
    ) in faces.found.skipped
    assert faces.found.counts["train without a label"] == 2


def test_quirk_headerless_validation(tmp_path):
    root = tree(tmp_path, "headerless-validation")
    lists = root / "Manually_Annotated_file_lists"
    assert not (lists / "validation.csv").read_text().startswith("sub")
    assert (lists / "training.csv").read_text().startswith("sub")
    assert read(root).fingerprint == read(tree(tmp_path, name="well")).fingerprint


def test_quirk_uncertain(tmp_path):
    faces, plain = read(tree(tmp_path, "uncertain")), read(tree(tmp_path, name="plain"))
    assert len(faces) == len(plain)
    changed = faces.column("expression") != plain.column("expression")
    assert changed.any()
    assert set(faces.column("expression")[changed]) == {""}


def test_quirk_no_face(tmp_path):
    faces = read(tree(tmp_path, "no-face"))
    assert len(faces) == 24 - 2
    assert {reason for _, reason in faces.found.skipped} == {"no face (expression 10)"}


def test_quirk_repeated_row(tmp_path):
    root = tree(tmp_path, "repeated-row")
    faces = read(root)
    assert len(faces) == 24
    assert len(faces.found.skipped) == 2
    assert {reason for _, reason in faces.found.skipped} == {"a picture that an earlier row has"}


def test_quirk_missing_picture(tmp_path):
    faces = read(tree(tmp_path, "missing-picture"))
    assert len(faces) == 22
    assert {r for _, r in faces.found.skipped} == {"no such picture in Manually_Annotated_Images"}
    new = read(tree(tmp_path, "missing-picture", "release-2021", name="new"))
    assert ("train_set/annotations/1_exp.npy", "an annotation without picture") in new.found.skipped


def test_of_thousands_of_missing_pictures_a_thousand_are_named(tmp_path):
    root = tree(tmp_path)
    with (root / TRAINING).open("a") as file:
        for k in range(2_000):
            file.write(f"{k % 7}/none{k}.jpg,0,0,1,1,NULL,1,0,0\n")
    found = read(root).found
    assert len(found.skipped) == 1_000
    assert found.skipped[0][0] == "0/none0.jpg"
    assert found.left_out == {"no such picture in Manually_Annotated_Images": 2_000}


def test_quirk_without_landmarks(tmp_path):
    for quirks in (("without-landmarks",), ("without-landmarks", "release-2021")):
        faces = read(tree(tmp_path, *quirks, name="-".join(quirks)))
        lacking = np.isnan(faces.data["landmarks"].values).all(axis=(1, 2))
        assert lacking.sum() == 2
        assert lacking[0]
        assert faces.found.warnings[0] == "2 of 24 faces have no landmarks"


def test_quirk_automatic_lists(tmp_path):
    root = tree(tmp_path, "automatic-lists")
    assert len(read(root)) == 24
    faces = read(root, automatic=True)
    assert len(faces) == 28
    assert faces.images[-1].startswith("automatic/")
    assert faces.column("path")[-1].startswith("Automatically_Annotated_Images/")
    assert set(faces.column("split")[-4:]) == {"train"}


def test_quirk_release_2021(tmp_path):
    root = tree(tmp_path, "release-2021")
    array = np.load(root / "train_set/annotations/0_exp.npy")
    assert array.shape == ()
    assert array.dtype.kind == "U"
    faces = read(root)
    assert faces.images[:3].tolist() == ["train/0", "train/1", "train/2"]
    assert faces.images[-1] == "val/5"
    assert faces.column("path")[10] == "train_set/images/10.jpg"
    assert faces.found.expected == {"validation": 3_999}


def test_broken_arrays_are_left_out(tmp_path):
    root = tree(tmp_path, "release-2021")
    labels = root / "train_set/annotations"
    np.save(labels / "0_exp.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (labels / "1_exp.npy").write_bytes(b"")
    (labels / "2_exp.npy").write_text("<html>")
    np.save(labels / "3_exp.npy", np.array("11"))
    (labels / "4_exp.npy").write_bytes((labels / "4_exp.npy").read_bytes()[:-4] + b"")
    np.save(labels / "5_exp.npy", np.array([1, 2]))
    (labels / "6_exp.npy").unlink()
    faces = read(root)
    reasons = dict(faces.found.skipped)
    assert "numbers or text" in reasons["train_set/annotations/0_exp.npy"]
    assert reasons["train_set/annotations/1_exp.npy"] == "the file is empty"
    assert "web page" in reasons["train_set/annotations/2_exp.npy"]
    assert "0 to 9" in reasons["train_set/images/3.jpg"]
    assert "train_set/annotations/4_exp.npy" in reasons
    assert "2 values" in reasons["train_set/annotations/5_exp.npy"]
    assert reasons["train_set/images/6.jpg"] == "a picture without annotation"
    assert faces.images[0] == "train/7"


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return tree(tmp_path_factory.mktemp("plain"))


@pytest.fixture
def copied(plain, tmp_path):
    return shutil.copytree(plain, tmp_path / "copy")


@pytest.mark.parametrize("before", ["", "./", "./3/../"])
@pytest.mark.parametrize("label", ["same", "other"])
def test_a_picture_in_both_lists_is_of_validation(copied, before, label):
    """In training it would be tested on; however its path is written."""
    cells = (copied / TRAINING).read_text().splitlines()[1].split(",")
    path, number = cells[0], int(cells[6])
    if label == "other":
        cells[6] = str((number + 1) % 8)
    cells[0] = before + path.replace("/", "//")
    with (copied / "Manually_Annotated_file_lists/validation.csv").open("a") as file:
        file.write(",".join(cells) + "\n")
    faces = read(copied)
    assert len(faces) == 24
    (row,) = np.flatnonzero(faces.images == path)
    assert faces.column("split")[row] == "validation"
    assert faces.column("expression")[row] == NAMES[int(cells[6])]
    more = ", under another label" if label == "other" else ""
    name = f"training: Manually_Annotated_Images/{path}"
    assert faces.found.skipped == ((name, f"a picture that validation has{more}"),)
    assert any("different labels: 1 (" in w for w in faces.found.warnings) == (label == "other")


def test_rows_of_one_picture_with_two_labels_are_told(copied):
    cells = (copied / TRAINING).read_text().splitlines()[1].split(",")
    cells[6] = str((int(cells[6]) + 1) % 8)
    with (copied / TRAINING).open("a") as file:
        file.write(",".join(cells) + "\n")
    faces = read(copied)
    assert len(faces) == 24
    assert faces.found.skipped[0][1] == "a picture that an earlier row has, under another label"
    assert any("different labels" in w for w in faces.found.warnings)


def test_columns_named_twice(copied):
    header, *lines = (copied / TRAINING).read_text().splitlines()
    others = header.replace("face_x", "face_y").replace("arousal", "valence")
    (copied / TRAINING).write_text("\n".join([others, *lines]))
    assert len(read(copied)) == 24, "columns that are not read may have any names"
    (copied / TRAINING).write_text("\n".join([header.replace("valence", "expression"), *lines]))
    message = refused(copied)
    assert "names columns twice" in message
    assert "training.csv" in message


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        ("train_set/annotations", "train_set gives no face"),
        ("val_set/images", "val_set gives no face"),
        ("val_set", "there is no validation part"),
        ("train_set", "there is no train part"),
    ],
)
def test_a_release_that_is_half_unpacked_is_told(tmp_path, lost, words):
    root = tree(tmp_path, "release-2021")
    shutil.rmtree(root / lost)
    faces = read(root)
    assert len(faces) in (6, 18)
    assert any(words in warning for warning in faces.found.warnings)


def test_lists_that_are_half_there_are_told(copied):
    validation = copied / "Manually_Annotated_file_lists/validation.csv"
    header, *lines = validation.read_text().splitlines()
    worded = [",".join([*line.split(",")[:6], "Happy", "0", "0"]) for line in lines]
    validation.write_text("\n".join([header, *worded]))
    assert any("validation gives no face" in w for w in read(copied).found.warnings)
    validation.unlink()
    assert any("no validation part" in w for w in read(copied).found.warnings)


def test_a_list_is_read_in_blocks_as_at_once(plain, monkeypatch):
    monkeypatch.setattr("facsinterp.faces.sources.affectnet.files._AT_ONCE", 5)
    again = read(plain)
    monkeypatch.undo()
    faces = read(plain)
    assert again.fingerprint == faces.fingerprint
    assert again.found == faces.found


def test_rows_are_counted_over_blocks(copied, monkeypatch):
    header, *lines = (copied / TRAINING).read_text().splitlines()
    cells = lines[11].split(",")
    cells[6] = "10"
    lines[11] = ",".join(cells)
    (copied / TRAINING).write_text("\n".join([header, *lines]))
    monkeypatch.setattr("facsinterp.faces.sources.affectnet.files._AT_ONCE", 5)
    assert read(copied).found.skipped == ((f"{TRAINING}, row 13", "no face (expression 10)"),)


def header_of(text):
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize(
    "header",
    [
        b"{ ((((",
        b"(" * 9_000,
        b"{1: 2, 'a': 3}",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000000000000,), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }",
        b"{'descr': 'nonsense', 'fortran_order': False, 'shape': (), }",
        b"",
    ],
)
def test_an_array_with_a_broken_header_is_unreadable(tmp_path, header):
    file = tmp_path / "0_exp.npy"
    file.write_bytes(header_of(header) + bytes(8))
    with pytest.raises(UnreadableFile, match="not a numpy file"):
        read_small_array(file)


def refused(root, **options):
    with pytest.raises(DataError) as caught:
        read(root, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version https://git-lfs.github.com/spec/v1\n", "git LFS pointer"),
        ("<html></html>", "web page"),
        ("", "empty"),
        ("path,label\na.jpg,1\n", "no list of AffectNet"),
        ("1,2,3,4,5,6,7,8,9\n", "no list of AffectNet"),
    ],
)
def test_a_list_that_is_none(tmp_path, text, words):
    root = tree(tmp_path)
    (root / TRAINING).write_text(text)
    assert words in refused(root)


def test_lists_without_pictures(tmp_path):
    root = tree(tmp_path)
    shutil.rmtree(root / "Manually_Annotated_Images")
    (root / "Manually_Annotated_Images.zip").write_bytes(b"PK")
    message = refused(root)
    assert "AffectNet with its pictures" in message
    assert "unpack Manually_Annotated_Images.zip" in message


def test_none_of_the_pictures_is_there(tmp_path):
    root = tree(tmp_path)
    for folder in (root / "Manually_Annotated_Images").iterdir():
        shutil.rmtree(folder)
    message = refused(root)
    assert "both a label and a picture" in message
    assert "no such picture" in message


def test_two_releases_in_one_folder(tmp_path):
    root = tree(tmp_path)
    tree(root, "release-2021", name="x")
    for folder in (root / "x").iterdir():
        folder.rename(root / folder.name)
    assert "two releases" in refused(root)


def test_a_path_that_leads_out_is_not_followed(tmp_path):
    root = tree(tmp_path)
    outside = root.parent / "secret.jpg"
    shutil.copy(next((root / "Manually_Annotated_Images").rglob("*.jpg")), outside)
    with (root / TRAINING).open("a") as file:
        file.write("../../secret.jpg,0,0,1,1,NULL,1,0,0\n")
    assert read(root).found.skipped[0][0] == "../../secret.jpg"


def test_terms(tmp_path):
    assert not read(tree(tmp_path)).terms.may_show("")


def test_each_quirk_has_its_test():
    names = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals()}
    assert set(layout("affectnet").quirks) <= names


NUMBER = st.floats(0, 5000, allow_nan=False).map(lambda x: f"{x:.2f}")


@given(
    st.lists(
        st.one_of(
            st.lists(NUMBER, min_size=136, max_size=136).map(";".join),
            st.sampled_from(["", "NULL", "1;2", ";" * 135, "x" + ";1" * 135, "nan" + ";1" * 135]),
            st.lists(NUMBER, max_size=4).map(";".join),
        ),
        max_size=4,
    )
)
def test_landmarks_are_read_together_as_one_by_one(texts):
    found = parse_points(texts)
    assert found.shape == (len(texts), 68, 2)
    for text, mine in zip(texts, found, strict=True):
        try:
            numbers = [float(cell) for cell in text.split(";")]
        except ValueError:
            numbers = []
        if len(numbers) == 136 and np.isfinite(numbers).all():
            np.testing.assert_allclose(mine.ravel(), numbers, rtol=1e-6)
        else:
            assert np.isnan(mine).all()


@given(st.integers(0, 9), st.sampled_from(["U", "S", "i", "f"]))
def test_a_number_in_an_array_of_any_kind(tmp_path_factory, value, kind):
    file = tmp_path_factory.getbasetemp() / "0_exp.npy"
    arrays = {"U": np.array(str(value)), "i": np.array(value), "f": np.array([float(value)])}
    np.save(file, arrays.get(kind, np.array(str(value).encode())))
    if kind == "S":
        with pytest.raises(UnreadableFile):
            one_number(read_small_array(file))
    else:
        assert one_number(read_small_array(file)) == value
