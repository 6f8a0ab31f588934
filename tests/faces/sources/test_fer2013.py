"""FER2013: every form reads alike, FER+ joins by the order of rows, no row is a wrong face."""

import shutil
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.fer2013 import SOURCE, Fer2013Options
from facsinterp.testing.source import SourceContract

CAST = Cast()
COUNT = 24
NUMBERS = ("anger", "disgust", "fear", "happy", "sadness", "surprise", "neutral")
FOLDERS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def read(root, **options):
    return SOURCE.read(root, Fer2013Options(**options))


def opened(root, faces, **options):
    paths = faces.column("path").tolist()
    return list(SOURCE.pictures(root, Fer2013Options(**options)).open(paths))


def frame(row):
    """What row `row` was drawn to show."""
    shown = take(row // CAST.sequences + 1, row % CAST.sequences + 1, CAST.seed, 0.0)
    return shown.frame(1 if row % 5 == 4 else 8)


EXPRESSIONS = [frame(row).expression for row in range(COUNT)]
LABELS = ["neutral" if name == "contempt" else name for name in EXPRESSIONS]
SPLITS = ["train"] * 20 + ["validation"] * 2 + ["test"] * 2


@pytest.fixture(scope="module")
def every(tmp_path_factory):
    """A tree with every quirk."""
    return write("fer2013", tmp_path_factory.mktemp("every") / "FER2013", CAST)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A tree without any."""
    return write("fer2013", tmp_path_factory.mktemp("plain") / "FER2013", CAST, ())


@pytest.fixture
def tree(tmp_path):
    """A function that writes a tree with some quirks."""
    return lambda *quirks: write("fer2013", tmp_path / "FER2013", CAST, quirks)


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, every):
        return every


class TestContractWithoutQuirks(TestContract):
    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, plain):
        return plain


class TestContractWithFolders(TestContract):
    options: ClassVar[dict[str, Any]] = {"version": "folders", "dedupe": True}


class TestContractWithFerPlus(TestContract):
    options: ClassVar[dict[str, Any]] = {"labels": "ferplus"}


class TestContractWithFoldersOfFerPlus(TestContract):
    options: ClassVar[dict[str, Any]] = {"version": "ferplus-folders"}


class TestContractWithTheCompetition(TestContract):
    options: ClassVar[dict[str, Any]] = {"version": "competition"}


def test_what_was_drawn_comes_back(plain):
    faces = read(plain)
    assert faces.column("expression").tolist() == LABELS
    assert faces.column("split").tolist() == SPLITS
    assert faces.images[[0, 23]].tolist() == ["fer2013-00000", "fer2013-00023"]
    assert set(faces.column("subject")) == {""}
    assert faces.units == ()
    assert faces.found.skipped == ()
    pictures = opened(plain, faces)
    lines = (plain / "fer2013.csv").read_text().splitlines()[1:]
    for picture, line in zip(pictures, lines, strict=True):
        assert picture.shape == (48, 48)
        assert " ".join(map(str, picture.ravel())) == line.split(",")[1]


def test_nobody_is_known_and_that_is_said_once(plain):
    (said,) = [w for w in read(plain).found.warnings if "who is shown" in w]
    assert "no split by subjects is possible" in said


def test_ferplus_labels_follow_the_order_of_rows(plain):
    faces = read(plain, labels="ferplus")
    kept = [row for row in range(COUNT) if row % 13 != 6 and row % 7 != 3 and row % 17 != 8]
    assert faces.images.tolist() == [f"fer2013-{row:05d}" for row in kept]
    assert faces.column("expression").tolist() == [EXPRESSIONS[row] for row in kept]
    assert len(faces.found.skipped) == COUNT - len(kept)
    assert faces.found.counts["images"] == COUNT
    assert dict(faces.found.skipped)["fer2013.csv#6"] == "FER+: not a face"


def test_quirk_inside_folder(tree):
    faces = read(tree("inside-folder"))
    assert faces.column("path")[0] == "fer2013/fer2013.csv#0"
    assert faces.column("expression").tolist() == LABELS


def test_quirk_leading_blanks(tree, plain):
    root = tree("leading-blanks")
    assert (root / "icml_face_data.csv").read_text().startswith("emotion, Usage, pixels\n")
    faces = read(root, version="icml_face_data.csv")
    assert faces.column("expression").tolist() == LABELS
    assert faces.column("split").tolist() == SPLITS
    same = opened(plain, read(plain))
    np.testing.assert_array_equal(opened(root, faces, version="icml_face_data.csv"), same)


def test_quirk_competition_tables(tree, plain):
    root = tree("competition-tables")
    assert (root / "test.csv").read_text().startswith(" pixels\n")
    faces = read(root, version="competition")
    assert faces.column("expression").tolist() == LABELS[:20] + [""] * 4
    assert faces.column("split").tolist() == ["train"] * 20 + ["test"] * 4
    assert faces.images[[0, 20]].tolist() == ["train-00000", "test-00000"]
    same = opened(plain, read(plain))
    np.testing.assert_array_equal(opened(root, faces, version="competition"), same)
    assert any("test.csv mixes" in warning for warning in faces.found.warnings)


def test_quirk_folder_version(tree):
    root = tree("folder-version")
    faces = read(root, version="folders")
    prefixes = {"train": "Training", "validation": "PublicTest", "test": "PrivateTest"}
    drawn = sorted(
        (prefixes[split], FOLDERS[NUMBERS.index(label)])
        for split, label in zip(SPLITS, LABELS, strict=True)
    )
    assert len(faces) == COUNT
    found = []
    for path, split, label in zip(
        *(faces.column(name).tolist() for name in ("path", "split", "expression")), strict=True
    ):
        part, folder, name = path.split("/")
        prefix = name.partition("_")[0]
        assert prefixes[split] == prefix
        assert part == ("train" if split == "train" else "test")
        assert NUMBERS[FOLDERS.index(folder)] == label
        found.append((prefix, folder))
    assert sorted(found) == drawn
    assert faces.found.expected["validation"] == 3589


def test_quirk_ids_reused(tree):
    faces = read(tree("folder-version", "ids-reused"), version="folders")
    assert len(faces) == len(set(faces.images)) == COUNT
    names = [path.rpartition("/")[2] for path in faces.column("path").tolist()]
    assert len(set(names)) == COUNT - 2
    (said,) = [w for w in faces.found.warnings if "more than one folder" in w]
    assert said.startswith("names used in more than one folder, known by folder and name: 2 (")


def test_quirk_ferplus_folders(tree):
    faces = read(tree("ferplus-folders"), version="ferplus-folders")
    kept = [row for row in range(COUNT) if row % 13 != 6 and row % 7 != 3 and row % 17 != 8]
    labels = dict(zip(faces.images.tolist(), faces.column("expression").tolist(), strict=True))
    folder = {"train": "FER2013Train", "validation": "FER2013Valid", "test": "FER2013Test"}
    assert labels == {f"{folder[SPLITS[row]]}/fer{row:07d}.png": EXPRESSIONS[row] for row in kept}
    assert len(faces.found.skipped) == COUNT - len(kept)
    assert faces.found.expected["train"] == 28_558


def test_quirk_ferplus_empty_names(tree):
    """Numbers in names lag behind rows; labels must not."""
    root = tree("ferplus-empty-names")
    lines = (root / "fer2013new.csv").read_text().splitlines()
    assert lines[1 + 6].split(",")[1] == ""
    assert "fer0000022.png" in lines[1 + 23]
    faces = read(root, labels="ferplus")
    for image, label in zip(faces.images, faces.column("expression"), strict=True):
        assert label == EXPRESSIONS[int(image.rpartition("-")[2])]
    assert any("2 rows have no picture name" in warning for warning in faces.found.warnings)


def test_quirk_ferplus_names_twice(tree):
    root = tree("ferplus-names-twice", "ferplus-folders")
    faces = read(root, labels="ferplus")
    for image, label in zip(faces.images, faces.column("expression"), strict=True):
        assert label == EXPRESSIONS[int(image.rpartition("-")[2])]
    assert any("names are used twice (fer0000008.png)" in w for w in faces.found.warnings)
    # Two votes, one file: which of them it was cannot be told, so neither label is taken.
    folders = read(root, version="ferplus-folders")
    assert "FER2013Train/fer0000008.png" not in folders.images
    reasons = [reason for path, reason in folders.found.skipped if "fer0000008" in path]
    assert len(reasons) == 2
    assert all("two rows" in reason for reason in reasons)


def test_quirk_ferplus_nine_votes(tree):
    faces = read(tree("ferplus-nine-votes"), labels="ferplus")
    assert any("1 rows do not hold 10 votes (row 9)" in w for w in faces.found.warnings)
    assert "fer2013-00007" in faces.images


def test_quirk_copies_across_splits(tree):
    root = tree("copies-across-splits")
    faces = read(root)
    assert any("in more than one part" in warning for warning in faces.found.warnings)
    assert len(faces) == COUNT
    once = read(root, dedupe=True)
    assert set(faces.images) - set(once.images) == {"fer2013-00000"}, "the training copy goes"
    assert dict(once.found.skipped) == {"fer2013.csv#0": "the same pixels as fer2013.csv#20"}
    assert once.found.counts == faces.found.counts


def test_quirk_conflicting_labels(tree):
    root = tree("conflicting-labels")
    faces = read(root)
    assert any("different labels in their copies: 1 (" in w for w in faces.found.warnings)
    once = read(root, dedupe=True)
    assert set(faces.images) - set(once.images) == {"fer2013-00001", "fer2013-00022"}
    assert all("different labels" in reason for _, reason in once.found.skipped)


def test_quirk_constant_pictures(tree):
    root = tree("constant-pictures")
    assert any("one grey level" in w and "#2)" in w for w in read(root).found.warnings)
    reason = dict(read(root, labels="ferplus").found.skipped)["fer2013.csv#2"]
    assert reason == "FER+: not a face"


def test_quirk_malformed_row(tree, plain):
    root = tree("malformed-row")
    faces = read(root)
    assert "fer2013-00004" not in faces.images
    assert dict(faces.found.skipped)["fer2013.csv#4"] == "line 6: 2,303 numbers instead of 2,304"
    pictures = opened(root, faces)
    (skip,) = [one for one in pictures if isinstance(one, Skip)]
    assert skip.path == "fer2013.csv#5"
    assert "'NaN'" in skip.reason
    good = opened(plain, read(plain))
    rows = [int(image[-5:]) for image in faces.images]
    for row, picture in zip(rows, pictures, strict=True):
        assert row == 5 or (picture == good[row]).all()
    labels = read(root, labels="ferplus")
    for image, label in zip(labels.images, labels.column("expression"), strict=True):
        assert label == EXPRESSIONS[int(image[-5:])], "damaged rows count in the order"


def test_quirk_half_last_row(tree):
    root = tree("half-last-row")
    for labels in ("fer2013", "ferplus"):
        faces = read(root, labels=labels)
        assert "fer2013-00023" not in faces.images
        assert dict(faces.found.skipped)["fer2013.csv#23"] == "line 25: 2 cells instead of 3"
        assert any("holds 24 rows, not the published 35,887" in w for w in faces.found.warnings)


def test_every_quirk_of_the_layout_has_its_test():
    tested = {name.removeprefix("test_quirk_") for name in globals() if "test_quirk_" in name}
    assert tested == {name.replace("-", "_") for name in layout("fer2013").quirks}


def test_a_number_that_may_be_cut_is_no_picture(tree):
    """Where pixels come last, a broken table can end in `12` of `123`."""
    root = tree("leading-blanks")
    file = root / "icml_face_data.csv"
    file.write_bytes(file.read_bytes().rstrip(b"\n")[:-1])
    faces = read(root, version="icml_face_data.csv")
    assert len(faces) == COUNT - 1
    assert "perhaps within a number" in dict(faces.found.skipped)["icml_face_data.csv#23"]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (("7", "Training"), "emotion '7' is none of 0 to 6"),
        (("x", "Training"), "emotion 'x'"),
        (("", "Training"), "emotion ''"),
        (("3", "Train"), "Usage 'Train'"),
    ],
)
def test_rows_with_other_labels_are_skipped(plain, tmp_path, cells, reason):
    root = shutil.copytree(plain, tmp_path / "fer")
    header, first, *rest = (root / "fer2013.csv").read_text().splitlines()
    emotion, usage = cells
    first = f"{emotion},{first.split(',')[1]},{usage}"
    (root / "fer2013.csv").write_text("\n".join([header, first, *rest, ""]))
    faces = read(root)
    assert len(faces) == COUNT - 1
    assert reason in dict(faces.found.skipped)["fer2013.csv#0"]


def pictures_in(root, *names):
    rng = np.random.default_rng(0)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (48, 48), dtype=np.uint8)).save(path)


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train/angry/im0.png", "test/sad/im0.png"), ["test", "train"]),
        (
            ("images/train/angry/1.jpg", "images/validation/happy/1.jpg"),
            ["train", "validation"],
        ),
        (("Angry/1.jpg", "Happy/1.jpg"), ["", ""]),
        (("fer/fer/train/fear/1.png", "fer/fer/test/fear/1.png"), ["test", "train"]),
    ],
)
def test_other_folder_versions(tmp_path, names, splits):
    pictures_in(tmp_path, *names)
    faces = read(tmp_path)
    assert faces.images.tolist() == sorted(names)
    assert faces.column("split").tolist() == splits
    assert any("do not tell their official part" in w for w in faces.found.warnings)


def test_a_folder_unpacked_twice_is_read_once(tmp_path):
    pictures_in(tmp_path, "images/train/angry/1.jpg", "images/images/train/angry/1.jpg")
    faces = read(tmp_path)
    assert len(faces) == 1
    assert "unpacked twice" in faces.found.skipped[0][1]


@pytest.mark.parametrize("quirks", [("folder-version",), ("folder-version", "ids-reused")])
def test_a_set_that_lies_there_twice_is_read_once(tree, quirks):
    root = tree(*quirks)
    once = read(root, version="folders")
    for part in ("train", "test"):
        shutil.copytree(root / part, root / "archive" / part)
    again = read(root, version="folders")
    assert len(again) == len(once) == COUNT
    assert {reason.partition(":")[0] for _, reason in again.found.skipped} == {"unpacked twice"}
    assert sorted(again.column("expression")) == sorted(once.column("expression"))


def test_pictures_of_one_name_are_not_taken_for_copies(tmp_path):
    """Names such as im0.png tell nothing; only the same bytes are the same picture."""
    pictures_in(tmp_path, "a/train/angry/im0.png", "b/train/angry/im0.png", "a/test/angry/im0.png")
    shutil.copytree(tmp_path / "a", tmp_path / "c")
    faces = read(tmp_path)
    assert len(faces) == 3
    assert {place for place, _ in faces.found.skipped} == {
        "c/train/angry/im0.png", "c/test/angry/im0.png",
    }  # fmt: skip


def test_a_copy_that_is_left_out_anyway_drops_no_other(tree):
    root = tree("copies-across-splits")
    header, *lines = (root / "fer2013new.csv").read_text().splitlines()
    lines[20] = ",".join([*lines[20].split(",")[:2], *"5500000000"])
    (root / "fer2013new.csv").write_text("\n".join([header, *lines, ""]))
    faces = read(root, labels="ferplus", dedupe=True)
    assert "fer2013-00000" in faces.images
    assert dict(faces.found.skipped)["fer2013.csv#20"] == "FER+: no majority for an expression"


def test_a_name_is_believed_before_its_folder(tmp_path):
    pictures_in(tmp_path, "test/angry/Training_12.jpg", "train/angry/Training_13.jpg")
    faces = read(tmp_path)
    assert faces.column("split").tolist() == ["train", "train"]
    assert any("1 pictures lie in a folder of another part" in w for w in faces.found.warnings)


def test_copies_in_folders_are_found_by_their_pixels(tmp_path):
    pictures_in(tmp_path, "train/angry/Training_1.png", "train/fear/Training_2.png")
    (tmp_path / "test/angry").mkdir(parents=True)
    shutil.copy(tmp_path / "train/angry/Training_1.png", tmp_path / "test/angry/PublicTest_9.png")
    faces = read(tmp_path, dedupe=True)
    assert faces.images.tolist() == ["test/angry/PublicTest_9.png", "train/fear/Training_2.png"]


def test_ferplus_of_another_length_is_refused(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "fer")
    lines = (root / "fer2013new.csv").read_text().splitlines()
    (root / "fer2013new.csv").write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(DataError, match="differ in number") as caught:
        read(root, labels="ferplus")
    assert "24 rows" in caught.value.faults[0].expected
    assert "23 rows" in caught.value.faults[0].got
    assert len(read(root)) == COUNT, "its own labels need no votes"


def test_ferplus_in_another_order_is_refused(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "fer")
    header, *lines = (root / "fer2013new.csv").read_text().splitlines()
    (root / "fer2013new.csv").write_text("\n".join([header, *lines[::-1]]) + "\n")
    with pytest.raises(DataError, match="another order") as caught:
        read(root, labels="ferplus")
    assert "row 2, and 7 more" in caught.value.faults[0].where


def test_ferplus_for_a_table_in_another_order_is_refused(plain, tmp_path):
    """Rows moved within a part: lengths and Usage fit, faces do not."""
    root = shutil.copytree(plain, tmp_path / "fer")
    header, *lines = (root / "fer2013.csv").read_text().splitlines()
    order = [*np.random.default_rng(1).permutation(20), *range(20, COUNT)]
    (root / "fer2013.csv").write_text("\n".join([header, *(lines[row] for row in order), ""]))
    with pytest.raises(DataError, match="do not belong to these pictures") as caught:
        read(root, labels="ferplus")
    assert "71 of 100" in caught.value.faults[0].expected
    assert len(read(root)) == COUNT, "its own labels need no votes"


def test_faces_of_one_grey_level_are_told_with_ferplus(tree):
    root = tree("constant-pictures")
    assert not any("for faces" in w for w in read(root, labels="ferplus").found.warnings)
    header, *lines = (root / "fer2013.csv").read_text().splitlines()
    emotion, _, usage = lines[5].split(",")
    lines[5] = ",".join([emotion, " ".join(["7"] * 48 * 48), usage])
    (root / "fer2013.csv").write_text("\n".join([header, *lines, ""]))
    (said,) = [w for w in read(root, labels="ferplus").found.warnings if "for faces" in w]
    assert "row 5)" in said


def test_ferplus_never_joins_by_name(every):
    for version in ("folders", "competition"):
        with pytest.raises(DataError, match="order of rows") as caught:
            read(every, version=version, labels="ferplus")
        assert "must not be used" in str(caught.value)


def test_ferplus_folders_have_no_labels_of_fer2013(every):
    with pytest.raises(DataError, match="no labels of FER2013"):
        read(every, version="ferplus-folders", labels="fer2013")


def test_without_votes_there_is_no_ferplus(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "fer")
    (root / "fer2013new.csv").unlink()
    with pytest.raises(DataError, match=r"fer2013new\.csv"):
        read(root, labels="ferplus")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 301072766\n", "git lfs"),
        (b"<!DOCTYPE html><html>404</html>", "web page"),
        (b"", "empty"),
        (b"emotion,pixels,Usage\n", "no rows"),
        (b"emotion,pixels\n0,1 2\n", "lacks columns"),
        (b"image,label\na,1\n", "no column of pixels"),
        (b"emotion,pixels,Usage\n0,1 2 3,Training\n", "3 numbers instead of 2,304"),
    ],
)
def test_what_stands_in_place_of_the_table_is_told(tmp_path, content, reason):
    (tmp_path / "fer2013.csv").write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        read(tmp_path)
    assert "fer2013.csv" in str(caught.value)


@pytest.mark.parametrize("content", ["version https://git-lfs.github.com/spec/v1\n", "a,b\n"])
def test_beside_a_damaged_table_the_other_forms_are_named(tree, content):
    root = tree("leading-blanks", "folder-version")
    (root / "fer2013.csv").write_text(content)
    with pytest.raises(DataError) as caught:
        read(root)
    *_, instead = caught.value.faults
    assert instead.got == "icml_face_data.csv, folders"
    assert 'version = "icml_face_data.csv"' in instead.do
    assert len(read(root, version="icml_face_data.csv")) == COUNT


def test_forms_that_are_not_read_are_named(tree):
    faces = read(tree("leading-blanks", "folder-version"), version="folders")
    (said,) = [w for w in faces.found.warnings if "not read" in w]
    assert said.endswith("fer2013.csv, icml_face_data.csv")


def test_an_archive_that_was_not_unpacked_is_named(tmp_path):
    (tmp_path / "fer2013.tar.gz").write_bytes(b"\x1f\x8b")
    with pytest.raises(DataError, match=r"unpack fer2013\.tar\.gz"):
        read(tmp_path)


def test_a_version_that_is_not_there(plain):
    with pytest.raises(DataError, match="not there in this version") as caught:
        read(plain, version="folders")
    assert caught.value.faults[0].got == "fer2013.csv"


def test_another_train_csv_is_not_fer2013(tmp_path):
    (tmp_path / "train.csv").write_text("PassengerId,Survived\n1,0\n")
    with pytest.raises(DataError, match="not FER2013"):
        read(tmp_path)


def test_the_licence_of_the_labels_is_not_that_of_the_pictures(plain, tmp_path):
    root = shutil.copytree(plain, tmp_path / "fer")
    assert read(root).terms.may_show("")
    for title in ("MIT License", "CC0 1.0 Universal", "Apache License"):
        (root / "LICENSE.txt").write_text(f"{title}\n\nCopyright\n")
        faces = read(root)
        assert not faces.terms.may_show("")
        assert not faces.terms.redistributable
        assert any(f"{title} (LICENSE.txt) lies here" in w for w in faces.found.warnings)
    (root / "LICENSE.txt").unlink()
    assert not read(root).terms.may_show("")
    shown = read(root, showable="all").terms
    assert shown.may_show("")
    assert not shown.redistributable
