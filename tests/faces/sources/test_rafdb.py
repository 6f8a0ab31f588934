"""RAF-DB: lists and sorted copies, aligned and original pictures, and the codes of RAF-AU."""

import shutil
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.sources.rafdb import COMPOUND, SOURCE, RafDbOptions
from facsinterp.testing import SourceContract

CAST = Cast(people=3, sequences=4, pixels=16)
BASIC = {"surprise", "fear", "disgust", "happy", "sadness", "anger", "neutral"}
LISTED = tuple(q for q in layout("rafdb").quirks if q != "sorted-copy")


def read(root, **options):
    return SOURCE.read(root, RafDbOptions(**options))


def tree(tmp_path, *quirks, name="RAF-DB"):
    return write("rafdb", tmp_path / name, CAST, quirks, licence=False)


def drawn():
    """Every drawn face: neutral and apex of each sequence."""
    return [
        take(person, sequence, 0, 0.35).frame(number)
        for person in range(1, 4)
        for sequence in range(1, 5)
        for number in (1, 8)
    ]


def labelled():
    """Name and expression of each face that the layout lists."""
    shown = [frame.expression for frame in drawn() if frame.expression in BASIC]
    train = test = 0
    for place, expression in enumerate(shown):
        if place % 5 == 4:
            test += 1
            yield f"test_{test:04d}", expression
        else:
            train += 1
            yield f"train_{train:05d}", expression


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("rafdb", tmp_path_factory.mktemp("all") / "RAF-DB", CAST)


class TestContractOfLists(SourceContract):
    source = SOURCE
    options: ClassVar = {"pictures": "aligned"}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("rafdb", tmp_path_factory.mktemp("lists") / "RAF-DB", CAST, LISTED)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE
    options: ClassVar = {"pictures": "original"}

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("rafdb", tmp_path_factory.mktemp("none") / "RAF-DB", CAST, [])


def test_what_was_drawn_comes_back(tmp_path):
    faces = read(tree(tmp_path))
    assert list(zip(faces.images, faces.column("expression"), strict=True)) == list(labelled())
    assert [image.partition("_")[0] for image in faces.images] == faces.column("split").tolist()
    assert faces.column("path")[0] == "basic/Image/aligned/train_00001_aligned.jpg"
    assert faces.units == ()
    assert any("no action unit is coded" in w for w in faces.found.warnings)
    assert any("does not say who is shown" in w for w in faces.found.warnings)
    assert faces.found.counts["train"] == sum(n.startswith("train") for n, _ in labelled())
    assert faces.found.expected["train happy"] == 4_772


def test_the_numbers_of_the_labels(tmp_path):
    """1 surprise, 2 fear, 3 disgust, 4 happiness, 5 sadness, 6 anger, 7 neutral."""
    root = tree(tmp_path)
    names = [name for name, _ in labelled()][:7]
    file = root / "basic/EmoLabel/list_partition_label.txt"
    file.write_text("".join(f"{name}.jpg {k}\n" for k, name in enumerate(names, 1)))
    assert read(root).column("expression").tolist() == [
        "surprise", "fear", "disgust", "happy", "sadness", "anger", "neutral",
    ]  # fmt: skip


def test_original_pictures(tmp_path):
    root = tree(tmp_path)
    faces = read(root, pictures="original")
    assert faces.column("path")[0] == "basic/Image/original/train_00001.jpg"
    assert faces.fingerprint == read(root).fingerprint


def test_quirk_misspelt_list(tmp_path):
    root = tree(tmp_path, "misspelt-list")
    assert (root / "basic/EmoLabel/list_patition_label.txt").is_file()
    assert read(root).fingerprint == read(tree(tmp_path, name="well")).fingerprint


def test_quirk_doubled_folder(tmp_path):
    faces = read(tree(tmp_path, "doubled-folder"))
    assert faces.column("path")[0] == "basic/Image/aligned/aligned/train_00001_aligned.jpg"


def test_quirk_missing_picture(tmp_path):
    faces = read(tree(tmp_path, "missing-picture"))
    assert faces.found.skipped == (("train_00002", "there is no aligned picture"),)
    assert "train_00002" not in faces.images
    copy = read(tree(tmp_path, "missing-picture", "sorted-copy", name="copy"))
    assert copy.found.skipped == (
        ("train_00002", "train_labels.csv lists it, and there is no such picture"),
    )


def test_quirk_compound(tmp_path):
    root = tree(tmp_path, "compound")
    assert len(COMPOUND) == 11
    faces = read(root, labels="compound")
    n = len(list(labelled()))
    assert faces.column("expression").tolist() == [COMPOUND[k % 11] for k in range(n)]
    assert faces.column("path")[0].startswith("compound/Image/aligned/")
    assert faces.found.expected == {}
    assert set(read(root).column("expression")) <= BASIC


def test_the_folder_of_one_part_may_be_named(tmp_path):
    root = tree(tmp_path, "compound")
    assert set(read(root / "basic").column("expression")) <= BASIC
    assert read(root / "compound", labels="compound").column("expression")[1] == COMPOUND[1]
    assert "as far as can be told" in refused(root / "compound")


def test_compound_labels_in_the_place_of_basic_ones(tmp_path):
    root = tree(tmp_path, "compound")
    shutil.rmtree(root / "basic")
    (root / "compound").rename(root / "basic")
    message = refused(root)
    assert "not the list of the labels" in message
    assert "numbers from 1 to 7" in message


def test_quirk_codes(tmp_path):
    faces = read(tree(tmp_path, "codes"))
    coded = [k for k, image in enumerate(faces.images) if image.startswith("rafau_")]
    apex = drawn()[1::2]
    assert len(coded) == len(apex) + 1
    named = {unit for frame in apex for unit in frame.face.units if frame.letter(unit) > 0}
    assert set(faces.units) == named
    for row, frame in zip(coded, apex, strict=False):
        for column, unit in enumerate(faces.units):
            assert faces.data["coded"].values[row, column]
            present = bool(faces.data["present"].values[row, column])
            assert present == (frame.letter(unit) > 0)
            if present:
                assert str(faces.data["side"].values[row, column]) == frame.side(unit)
                assert np.isnan(faces.data["intensity"].values[row, column])
    assert not faces.data["coded"].values[coded[-1]].any()  # null
    assert not faces.data["coded"].values[: coded[0]].any()  # RAF-DB's own faces
    assert {faces.column("split")[row] for row in coded} == {""}
    assert {faces.column("expression")[row] for row in coded} == {""}
    assert any("null" in w and f"rafau_{len(coded):04d}" in w for w in faces.found.warnings)
    assert faces.found.expected["RAF-AU"] == 4_601


def test_raf_au_by_itself(tmp_path):
    root = tree(tmp_path, "codes")
    faces = read(root / "RAF-AU")
    assert set(faces.column("split")) == {""}
    assert faces.column("path")[0] == "aligned/0001_aligned.jpg"


def test_code_strings(tmp_path):
    root = tree(tmp_path, "codes")
    lines = ["0001.jpg 4+l12", "0002.jpg 4, 12", "0003.jpg 1+x9y", "0004.jpg 12+99 ", "0005.jpg"]
    (root / "RAF-AU/RAFAU_label.txt").write_text("\n".join(lines))
    faces = read(root)
    assert faces.units == (1, 4, 12)
    rows = faces.data.isel(image=slice(-5, None))
    assert rows["present"].values.tolist() == [
        [False, True, True],
        [False, True, True],
        [False] * 3,
        [False, False, True],
        [False] * 3,
    ]
    assert rows["coded"].values.all(axis=1).tolist() == [True, True, False, True, False]
    assert rows["side"].values[0].tolist() == ["", "", "L"]
    warnings = "\n".join(faces.found.warnings)
    assert "rafau_0003 (x9y)" in warnings
    assert "AU99" in warnings


def test_quirk_sorted_copy(tmp_path):
    root = tree(tmp_path, "sorted-copy")
    faces = read(root)
    found = dict(zip(faces.images, faces.column("expression"), strict=True))
    assert found == dict(labelled())
    assert [image.partition("_")[0] for image in faces.images] == faces.column("split").tolist()
    assert read(root / "DATASET").fingerprint == faces.fingerprint


def test_a_folder_and_a_table_that_disagree(tmp_path):
    root = tree(tmp_path, "sorted-copy")
    table = root / "train_labels.csv"
    before = read(root)
    name, expression = next(labelled())
    number = 1 if expression != "surprise" else 2
    lines = table.read_text().splitlines()
    lines[1] = f"{name}_aligned.jpg,{number}"
    table.write_text("\n".join(lines))
    faces = read(root)
    assert len(faces) == len(before) - 1
    assert "train_labels.csv another number" in faces.found.skipped[0][1]


def test_swapped_folders(tmp_path):
    root = tree(tmp_path, "sorted-copy")
    data = root / "DATASET"
    (data / "train").rename(data / "x")
    (data / "test").rename(data / "train")
    (data / "x").rename(data / "test")
    for split in ("train", "test"):
        (root / f"{split}_labels.csv").unlink()
    assert "train and test are swapped" in refused(root)


def test_swapped_folders_of_labels(tmp_path):
    root = tree(tmp_path, "sorted-copy")
    there = {expression for name, expression in labelled() if name.startswith("train")}
    one, other = sorted(
        {"happy": 4, "neutral": 7, "surprise": 1}[e] for e in there & {"happy", "neutral"}
    )
    train = root / "DATASET/train"
    (train / str(one)).rename(train / "x")
    (train / str(other)).rename(train / str(one))
    (train / "x").rename(train / str(other))
    message = refused(root)
    assert "folders and tables of a sorted copy contradict each other" in message
    assert f"DATASET/train/{one}/train_" in message


def test_the_other_part_alone_says_what_to_set(tmp_path):
    root = tree(tmp_path, "compound")
    for folder in ("basic/EmoLabel", "basic/Image"):
        shutil.rmtree(root / folder)
    assert 'only the compound part is here: set labels = "compound"' in refused(root)
    copy = tree(tmp_path, "sorted-copy", name="copy")
    assert 'set labels = "basic"' in refused(copy, labels="compound")


def test_broken_lines(tmp_path):
    root = tree(tmp_path)
    file = root / "basic/EmoLabel/list_partition_label.txt"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, "", "train_00001.jpg nine", lines[0]]))
    faces = read(root)
    where = "basic/EmoLabel/list_partition_label.txt, line"
    assert faces.found.skipped == (
        (f"{where} {len(lines) + 2}", "its label is no number from 1 to 7"),
        (f"{where} {len(lines) + 3}", "the picture of an earlier line"),
    )


def refused(root, **options):
    with pytest.raises(DataError) as caught:
        read(root, **options)
    return str(caught.value)


def test_a_pointer_instead_of_the_list(tmp_path):
    root = tree(tmp_path)
    file = root / "basic/EmoLabel/list_partition_label.txt"
    file.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert "git LFS pointer" in refused(root)


def test_labels_without_pictures(tmp_path):
    root = tree(tmp_path)
    shutil.rmtree(root / "basic/Image")
    message = refused(root)
    assert "no label has a picture" in message
    assert "Image/aligned" in message


def test_pictures_without_labels(tmp_path):
    root = tree(tmp_path)
    shutil.rmtree(root / "basic/EmoLabel")
    message = refused(root)
    assert "list_patition_label.txt" in message
    assert "DATASET/train/1" in message


def test_terms(tmp_path):
    root = tree(tmp_path)
    assert not read(root).terms.may_show("")
    assert read(root, showable="all").terms.may_show("")


def test_each_quirk_has_its_test():
    names = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals()}
    assert set(layout("rafdb").quirks) <= names


@pytest.fixture(scope="module")
def coded_root(tmp_path_factory):
    return tree(tmp_path_factory.mktemp("coded"), "codes") / "RAF-AU"


@given(
    units=st.lists(st.sampled_from([1, 2, 4, 9, 12, 25]), unique=True), gap=st.sampled_from("+ ,")
)
def test_any_gap_gives_the_same_units(coded_root, units, gap):
    codes = gap.join(map(str, units))
    (coded_root / "RAFAU_label.txt").write_text(f"0001.jpg {codes}\n0002.jpg 17\n")
    faces = read(coded_root)
    present = faces.data["present"].values[0]
    assert {u for u, there in zip(faces.units, present, strict=True) if there} == set(units)
    assert faces.data["coded"].values[0].all() == bool(units)
