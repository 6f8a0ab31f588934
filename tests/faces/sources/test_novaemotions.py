"""NovaEmotions: folders, a table or arrays; numbers mean nothing until they are named."""

import shutil
from typing import Any, ClassVar

import numpy as np
import pytest
from pydantic import ValidationError

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.sources.novaemotions import SOURCE, NovaEmotionsOptions
from facsinterp.testing.source import SourceContract

CAST = Cast()
COUNT = CAST.people * CAST.sequences
CLASSES = ("anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise", "neutral")


def read(root, **options):
    return SOURCE.read(root, NovaEmotionsOptions(**options))


def opened(root, faces, **options):
    paths = faces.column("path").tolist()
    return list(SOURCE.pictures(root, NovaEmotionsOptions(**options)).open(paths))


def frame(row):
    """What picture `row` was drawn to show."""
    shown = take(row // CAST.sequences + 1, row % CAST.sequences + 1, CAST.seed, 0.0)
    return shown.frame(1 if row % 5 == 4 else 8)


EXPRESSIONS = [frame(row).expression for row in range(COUNT)]


def numbered(faces):
    """Expression and subject of each picture, by the number in its name."""
    columns = zip(
        *(faces.column(name).tolist() for name in ("path", "expression", "subject")), strict=True
    )
    found = sorted((int(p.rpartition("/")[2].partition(".")[0]), e, s) for p, e, s in columns)
    assert [number for number, _, _ in found] == list(range(COUNT))
    return [expression for _, expression, _ in found], [subject for _, _, subject in found]


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    return write("novaemotions", tmp_path_factory.mktemp("every") / "NovaEmotions", CAST)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return write("novaemotions", tmp_path_factory.mktemp("plain") / "NovaEmotions", CAST, ())


@pytest.fixture
def tree(tmp_path):
    return lambda *quirks: write("novaemotions", tmp_path / "NovaEmotions", CAST, quirks)


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, every):
        return every


class TestContractWithFolders(TestContract):
    options: ClassVar[dict[str, Any]] = {"version": "folders"}


class TestContractWithArrays(TestContract):
    options: ClassVar[dict[str, Any]] = {"version": "arrays", "classes": CLASSES}


class TestContractWithoutQuirks(TestContract):
    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    expressions, subjects = numbered(faces)
    assert expressions == EXPRESSIONS
    assert set(subjects) == {""}
    assert faces.found.skipped == ()
    assert opened(plain, faces)[0].shape == (64, 64)
    assert faces.units == ()


def test_that_the_layout_is_not_verified_is_said(every):
    faces = read(every)
    assert "not verified" in faces.found.layout
    assert sum("could not be verified" in warning for warning in faces.found.warnings) == 1


def test_quirk_other_spellings(tree):
    root = tree("other-spellings")
    assert (root / "SAD").is_dir() or (root / "happiness").is_dir()
    assert numbered(read(root))[0] == EXPRESSIONS


def test_quirk_jpg_and_png(tree):
    faces = read(tree("jpg-and-png"))
    endings = {path.rpartition(".")[2] for path in faces.column("path").tolist()}
    assert endings == {"jpg", "png"}
    assert numbered(faces)[0] == EXPRESSIONS


def test_quirk_label_table(tree):
    root = tree("label-table")
    faces = read(root)
    assert "labels.csv" in faces.found.layout
    expressions, subjects = numbered(faces)
    assert expressions == EXPRESSIONS
    assert subjects == [frame(row).subject for row in range(COUNT)]
    assert faces.found.counts["subjects"] == CAST.people
    assert not any("who is shown" in warning for warning in faces.found.warnings)


def test_quirk_packed_arrays(tree):
    root = tree("packed-arrays")
    options = {"version": "arrays", "classes": CLASSES}
    faces = read(root, **options)
    assert faces.column("expression").tolist() == EXPRESSIONS
    data = np.load(root / "novaemotions-data.npy")
    np.testing.assert_array_equal(opened(root, faces, **options), data)
    without = read(root, version="arrays")
    assert set(without.column("expression")) == {""}, "nothing tells what the numbers mean"
    assert any("name the numbers with classes" in w for w in without.found.warnings)


def test_quirk_folder_without_meaning(tree):
    faces = read(tree("folder-without-meaning"))
    assert len(faces) == COUNT
    assert "'unsorted'" in dict(faces.found.skipped)["unsorted/a.png"]
    assert any("name no expression (unsorted)" in w for w in faces.found.warnings)


def test_quirk_numbered_folder(tree):
    root = tree("numbered-folder")
    faces = read(root)
    assert len(faces) == COUNT
    assert any("are numbers (7)" in warning for warning in faces.found.warnings)
    named = read(root, classes=CLASSES)
    assert named.column("expression")[named.images == "7/a.png"].tolist() == ["neutral"]


def test_every_quirk_of_the_layout_has_its_test():
    tested = {name.removeprefix("test_quirk_") for name in globals() if "test_quirk_" in name}
    assert tested == {name.replace("-", "_") for name in layout("novaemotions").quirks}


def test_two_folders_of_one_expression_are_told(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    shutil.copytree(root / "happy", root / "Joy")
    faces = read(root)
    assert any("happy has more than one folder: Joy, happy" in w for w in faces.found.warnings)


def test_expressions_without_a_picture_are_told(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    shutil.rmtree(root / "happy")
    assert any("no picture is labelled" in w and "happy" in w for w in read(root).found.warnings)


def test_numbered_folders_alone_are_refused_until_they_are_named(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    for folder in [entry for entry in root.iterdir() if entry.is_dir()]:
        folder.rename(root / str(CLASSES.index(folder.name)))
    with pytest.raises(DataError, match="name them with classes"):
        read(root)
    assert numbered(read(root, classes=CLASSES))[0] == EXPRESSIONS


def test_classes_are_expressions():
    assert NovaEmotionsOptions(classes=("Angry", "Joy")).classes == ("anger", "happy")
    with pytest.raises(ValidationError, match="grumpy"):
        NovaEmotionsOptions(classes=("anger", "grumpy"))


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("happy/gone.png,happy,S1", "no such picture"),
        ("../x.png,happy,S1", "leads out of the folder"),
        ("{},grumpy,S1", "'grumpy' is no expression"),
        ("{},3,S1", "'3' is a number without a name"),
        ("{},,S1", "'' is no expression"),
    ],
)
def test_rows_that_cannot_be_used_are_told(plain, tmp_path, row, reason):
    root = shutil.copytree(plain, tmp_path / "nova")
    paths = sorted(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    lines = ["Path,Label,Subject", row.format(paths[0]), f"{paths[1]},Joyful,S2"]
    (root / "list.csv").write_text("\n".join(lines))
    faces = read(root)
    assert faces.images.tolist() == [paths[1]]
    assert faces.column("expression").tolist() == ["happy"]
    assert faces.column("subject").tolist() == ["S2"]
    ((name, said),) = faces.found.skipped
    assert reason in said
    assert name.endswith(", row 2")


def test_a_picture_in_two_rows_is_taken_once(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    path = next(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    (root / "list.csv").write_text(f"path,label\n{path},happy\n./{path},sad\n")
    faces = read(root)
    assert faces.column("expression").tolist() == ["happy"]
    assert "an earlier row" in faces.found.skipped[0][1]


def test_a_table_of_other_pictures_does_not_hide_the_folders(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    (root / "another.csv").write_text("path,label\nelsewhere/1.png,happy\n../x.png,sad\n")
    faces = read(root)
    assert numbered(faces)[0] == EXPRESSIONS
    assert any("lie here as well" in w and "table" in w for w in faces.found.warnings)
    path = next(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    (root / "mine.csv").write_text(f"path,label\n{path},sad\n")
    faces = read(root)
    assert "mine.csv" in faces.found.layout, "the table whose pictures are there"
    assert faces.column("expression").tolist() == ["sadness"]


def test_a_table_alone_without_pictures_is_told(tmp_path):
    (tmp_path / "labels.csv").write_text("path,label\ngone.png,happy\n")
    with pytest.raises(DataError, match="there is no such picture"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "labels.txt"])
def test_a_table_parted_by_tabs(plain, tmp_path, name):
    root = shutil.copytree(plain, tmp_path / "nova")
    path = next(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    (root / name).write_text(f"path\tlabel\tsubject\n{path}\tsad\tS4\n")
    faces = read(root)
    assert faces.column("expression").tolist() == ["sadness"]
    assert faces.column("subject").tolist() == ["S4"]


def test_labels_against_the_votes_are_told(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    path = next(p.relative_to(root).as_posix() for p in root.rglob("*.png"))
    (root / "list.csv").write_text(f"path,label,happiness,anger\n{path},happy,1,5\n")
    faces = read(root)
    assert faces.column("expression").tolist() == ["happy"]
    assert any("not what most votes in their rows say" in w for w in faces.found.warnings)


@pytest.mark.parametrize(
    ("data", "shape"),
    [
        (np.arange(2 * 16, dtype=np.uint8).reshape(2, 4, 4), (4, 4)),
        (np.arange(2 * 16, dtype=np.uint8).reshape(2, 16), (4, 4)),
        (np.arange(2 * 16, dtype=np.uint8).reshape(2, 4, 4, 1), (4, 4)),
        (np.arange(2 * 48, dtype=np.uint8).reshape(2, 4, 4, 3), (4, 4, 3)),
        (np.arange(2 * 16, dtype=np.float64).reshape(2, 4, 4), (4, 4)),
        (np.arange(2 * 16, dtype=np.float32).reshape(2, 4, 4) / 255, (4, 4)),
    ],
)
@pytest.mark.parametrize(
    "labels",
    [
        np.array(["Happy", "sad"]),
        np.array([b"Happy", b"sad"]),
        np.array([4, 5]),
        np.array([[4.0], [5.0]]),
        np.eye(8, dtype=int)[[4, 5]],
    ],
)
def test_arrays_of_many_kinds(tmp_path, data, shape, labels):
    np.save(tmp_path / "novaemotions-data.npy", data)
    np.save(tmp_path / "novaemotions-label.npy", labels)
    faces = read(tmp_path, classes=CLASSES)
    assert faces.column("expression").tolist() == ["happy", "sadness"]
    first = opened(tmp_path, faces)[0]
    assert first.shape == shape
    assert first.ravel()[:16].tolist() == list(range(16))


@pytest.mark.parametrize(
    ("data", "labels", "reason"),
    [
        (np.zeros((2, 4, 4), np.uint8), np.zeros(3), "do not fit the pictures"),
        (np.zeros((2, 15), np.uint8), np.zeros(2), "does not hold pictures"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros((2, 8)), "does not hold labels"),
        (np.zeros((0, 4, 4), np.uint8), np.zeros(0), "without rows"),
        (np.zeros((2, 4, 4), np.uint8), np.array([{}, {}], dtype=object), "cannot be read"),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(2, "datetime64[D]"), "an array of datetime64"),
        (np.zeros((2, 4, 4), "datetime64[D]"), np.zeros(2), "an array of datetime64"),
        (np.zeros((2, 4, 4), np.complex64), np.zeros(2), "an array of complex64"),
    ],
)
def test_arrays_that_are_something_else_are_refused(tmp_path, data, labels, reason):
    np.save(tmp_path / "novaemotions-data.npy", data)
    np.save(tmp_path / "novaemotions-label.npy", labels)
    with pytest.raises(DataError, match=reason):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"version https://git-lfs.github.com/spec/v1\n", b"", b"abc"])
def test_a_file_that_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "novaemotions-data.npy").write_bytes(content)
    np.save(tmp_path / "novaemotions-label.npy", np.zeros(2))
    with pytest.raises(DataError, match=r"novaemotions-data\.npy"):
        read(tmp_path)


def test_an_archive_under_the_name_of_an_array_is_refused(tmp_path):
    for changed in ("novaemotions-data", "novaemotions-label"):
        np.save(tmp_path / "novaemotions-data.npy", np.zeros((2, 4, 4), np.uint8))
        np.save(tmp_path / "novaemotions-label.npy", np.zeros(2))
        np.savez(tmp_path / "x.npz", np.zeros(2))
        (tmp_path / "x.npz").rename(tmp_path / f"{changed}.npy")
        with pytest.raises(DataError, match="an archive of arrays") as caught:
            read(tmp_path)
        assert caught.value.faults[0].where == f"{changed}.npy"


def test_pixels_outside_their_range_are_refused(tmp_path):
    np.save(tmp_path / "novaemotions-data.npy", np.full((2, 4, 4), -1.0))
    np.save(tmp_path / "novaemotions-label.npy", np.zeros(2))
    faces = read(tmp_path)
    with pytest.raises(DataError, match="outside 0 to 255"):
        opened(tmp_path, faces)


def test_the_subjects_and_terms_of_a_restricted_set(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "nova")
    (root / "LICENSE.txt").unlink()
    terms = read(root).terms
    assert not terms.may_show("")
    assert not terms.redistributable
    assert read(root, showable="all").terms.may_show("")
