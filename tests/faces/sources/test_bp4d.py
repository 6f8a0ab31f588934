"""BP4D and BP4D+: both forms of tables, unknown codes, and which picture belongs to a frame."""

import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.sources.bp4d import PROTOCOL, SOURCE, Bp4dOptions
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.frame_codes import read_occurrence
from facsinterp.testing import SourceContract

CAST = Cast(people=2, sequences=2, pixels=16)
FIRST = 98
SHOWN = [3, 4, 5, 6, 7, 8]
"""Frames of a drawn sequence that are coded, from number FIRST on."""
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"


def read(root, **options):
    return SOURCE.read(root, Bp4dOptions(**options))


def tree(tmp_path, *quirks, cast=CAST):
    return write("bp4d", tmp_path / "BP4D", cast, quirks, licence=False)


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("bp4d", tmp_path_factory.mktemp("all") / "BP4D", CAST)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("bp4d", tmp_path_factory.mktemp("none") / "BP4D", CAST, [])


def drawn_frame(image, people=("F001", "M001")):
    """The drawn frame behind an image such as F001_T1_00098."""
    subject, task, number = image.split("_")
    person, sequence = people.index(subject) + 1, int(task[1:])
    return take(person, sequence, 0, 0.35).frame(SHOWN[int(number) - FIRST])


def test_what_was_drawn_comes_back(tmp_path):
    faces = read(tree(tmp_path))
    assert len(faces) == 2 * 2 * len(SHOWN)
    assert set(PROTOCOL) <= set(faces.units)
    assert 26 not in faces.units
    for row, image in enumerate(faces.images):
        frame = drawn_frame(image)
        for column, unit in enumerate(faces.units):
            letter = frame.letter(unit) if unit not in (26, 43) else 0
            assert bool(faces.data["present"].values[row, column]) == (letter > 0)
            scored = faces.data["intensity"].values[row, column]
            if letter == 0 or unit in (6, 10, 12, 14, 17):
                assert scored == letter
            else:
                assert np.isnan(scored)
    assert faces.data["coded"].values.all()
    assert set(faces.column("subject")) == {"F001", "M001"}
    assert set(faces.column("sequence")) == {
        f"{s}_{t}" for s in ("F001", "M001") for t in ("T1", "T2")
    }
    assert faces.data["frame"].values[: len(SHOWN)].tolist() == [*range(FIRST, FIRST + len(SHOWN))]
    assert faces.column("path")[0] == "Sequences(2D+3D)/F001/T1/0098.jpg"
    assert faces.found.layout.startswith("BP4D, codes in wide tables")
    assert faces.found.expected == {"subjects": 41, "tasks": 328}
    assert faces.found.skipped == ()


def test_expressions_name_what_the_task_was_to_elicit(tmp_path):
    faces = read(tree(tmp_path, cast=Cast(people=1, sequences=8, pixels=16)))
    by_task = dict(zip(faces.column("sequence"), faces.column("expression"), strict=True))
    assert list(by_task.values()) == [
        "happy", "sadness", "surprise", "embarrassment", "fear", "pain", "anger", "disgust",
    ]  # fmt: skip
    assert any("elicit" in warning for warning in faces.found.warnings)


def test_quirk_plus(tmp_path):
    faces = read(tree(tmp_path, "plus", cast=Cast(people=2, sequences=4, pixels=16)))
    by_task = dict(zip(faces.column("sequence"), faces.column("expression"), strict=True))
    assert by_task == {
        f"{subject}_{task}": expression
        for subject in ("F024", "M001")
        for task, expression in zip(
            ("T1", "T6", "T7", "T8"), ("happy", "embarrassment", "fear", "pain"), strict=True
        )
    }
    assert faces.found.expected == {"subjects": 140, "tasks": 560}
    assert faces.column("path")[0].startswith("2D+3D/F024/T1/")


def test_quirk_named_columns(tmp_path):
    root = tree(tmp_path, "named-columns")
    header = (root / "AUCoding/AU_OCC/F001_T1.csv").read_text().partition("\n")[0]
    assert header.startswith("1,1,2,4,5,6,7")
    faces = read(root)
    assert "named tables" in faces.found.layout
    plain = read(write("bp4d", tmp_path / "wide", CAST, [], licence=False))
    both = sorted(set(faces.units) & set(plain.units))
    assert set(PROTOCOL) <= set(both)
    for name in ("present", "coded", "intensity"):
        np.testing.assert_array_equal(
            faces.data[name].sel(au=both).values, plain.data[name].sel(au=both).values
        )


def test_quirk_frame_offset(tmp_path):
    root = tree(tmp_path, "frame-offset")
    faces = read(root)
    assert len(faces) == 2 * 2 * len(SHOWN)
    assert faces.images[0] == "F001_T1_00098"
    assert faces.column("path")[0].endswith("T1/0097.jpg")
    assert any("picture number = coded frame -1" in w for w in faces.found.warnings)
    forced = read(root, frame_offset=0)
    assert forced.column("path")[0].endswith("T1/0098.jpg")
    assert len(forced) == len(faces) - 4
    assert not any("picture number" in w for w in forced.found.warnings)


def test_the_own_number_when_the_pictures_do_not_tell(tmp_path):
    root = tree(tmp_path)
    faces = read(root)
    assert faces.column("path")[0].endswith("T1/0098.jpg")
    assert any("do not tell" in w and "frame_offset" in w for w in faces.found.warnings)
    assert read(root, frame_offset=-1).column("path")[0].endswith("T1/0097.jpg")


def test_quirk_three_digits(tmp_path):
    root = tree(tmp_path, "three-digits")
    assert (root / "Sequences(2D+3D)/M001/T1/098.jpg").is_file()
    assert (root / "Sequences(2D+3D)/M001/T1/100.jpg").is_file()
    faces = read(root)
    assert faces.found.counts["faces"] == 2 * 2 * len(SHOWN)
    assert "Sequences(2D+3D)/M001/T1/098.jpg" in faces.column("path")
    assert "Sequences(2D+3D)/F001/T1/0098.jpg" in faces.column("path")


def test_quirk_unknown_codes(tmp_path):
    faces = read(tree(tmp_path, "unknown-codes"))
    coded = faces.data["coded"].sel(au=[1, 2, 12]).values
    unknown = np.array([(int(image[-5:]) - FIRST) % 3 == 1 for image in faces.images])
    np.testing.assert_array_equal(coded, np.repeat(~unknown[:, None], 3, axis=1))
    assert faces.data["coded"].sel(au=[4, 6]).values.all()
    assert np.isnan(faces.data["intensity"].sel(au=12).values[unknown]).all()
    last = faces.data.isel(image=len(SHOWN) - 1).sel(au=[6, 10, 14, 17])
    present = last["present"].values
    assert np.isnan(last["intensity"].values[present]).all()
    assert (last["intensity"].values[~present] == 0).all()


def test_quirk_without_intensities(tmp_path):
    faces = read(tree(tmp_path, "without-intensities"))
    assert faces.found.counts["tables of intensities"] == 0
    present = faces.data["present"].values
    assert present.any()
    assert np.isnan(faces.data["intensity"].values[present]).all()


def test_quirk_missing_picture(tmp_path):
    faces = read(tree(tmp_path, "missing-picture"), frame_offset=0)
    assert len(faces) == 2 * 2 * len(SHOWN) - 1
    assert faces.found.skipped == (("F001_T1 (1)", "coded frames without a picture"),)


def test_quirk_pictures_only(tmp_path):
    root = tree(tmp_path, "pictures-only")
    assert (root / "Sequences(2D+3D)/F003/T1").is_dir()
    faces = read(root)
    assert faces.fingerprint == read(tree(tmp_path / "plain")).fingerprint
    assert any("without a table of codes, left out: 1 (F003)" in w for w in faces.found.warnings)


def test_in_bp4d_plus_the_picture_is_one_less_when_the_pictures_do_not_tell(tmp_path):
    faces = read(tree(tmp_path, "plus"))
    assert faces.column("path")[0].endswith("T1/0097.jpg")
    assert "picture = frame -1" in faces.found.layout
    (told,) = [w for w in faces.found.warnings if "do not tell" in w]
    assert "-1 is taken, as is usual in BP4D+" in told
    assert read(tmp_path / "BP4D", frame_offset=0).column("path")[0].endswith("T1/0098.jpg")


def test_numbers_that_are_no_frames_are_left_out(tmp_path):
    root = tree(tmp_path)
    folder = root / "Sequences(2D+3D)/F001/T1"
    shutil.copy(folder / "0098.jpg", folder / f"{10**18}.jpg")
    shutil.copy(folder / "0098.jpg", folder / "00098.jpg")
    faces = read(root)
    told = "\n".join(faces.found.warnings)
    assert f"not those of frames, left out: 1 (Sequences(2D+3D)/F001/T1/{10**18}.jpg)" in told
    assert "the first by name is taken: 1 (Sequences(2D+3D)/F001/T1/0098.jpg)" in told
    assert len(faces) == 2 * 2 * len(SHOWN)


def test_every_third_frame(tmp_path):
    faces = read(tree(tmp_path), every=3)
    assert faces.data["frame"].values.tolist() == [FIRST, FIRST + 3] * 4


def test_the_frame_is_column_nought_whatever_its_header_says(tmp_path):
    for header in ("1,1,2,4", "0,1,2,4", "frame,AU1,AU02,au 4", '"1","1","2","4"'):
        file = tmp_path / "F001_T1.csv"
        file.write_text(f"{header}\n7,1,0,9\n8,0,1,1\n")
        codes = read_occurrence(file)
        assert codes.frames.tolist() == [7, 8]
        assert codes.units == (1, 2, 4)
        assert codes.values.tolist() == [[1, 0, 9], [0, 1, 1]]


def test_a_wide_table_without_a_header_is_read_by_position(tmp_path):
    file = tmp_path / "F001_T1.csv"
    file.write_text("\n".join(f"{f}," + ",".join(["1", *["9"] * 98]) for f in (5, 6)))
    codes = read_occurrence(file)
    assert codes.frames.tolist() == [5, 6]
    assert codes.values[:, 0].tolist() == [1, 1]
    assert codes.units == tuple(range(1, 100))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (POINTER, "git LFS pointer"),
        ("<!DOCTYPE html><html></html>", "web page"),
        ("5,0,1,0\n6,0,1,1\n", "names no action units"),
        ("a,b\nc,d\n", "names no action units"),
        ("1,1,2\nx,0,1\n", "not the number of a frame"),
        ("1,1,2\n99999999999,0,1\n", "not the number of a frame"),
        ("1,1,2\n1e300,0,1\n", "not the number of a frame"),
        ("1,1,2\n3,0,1,1\n", "3 columns and its rows have 4"),
        ("1,1,2\n3,0\n4,0,1,1\n", "Expected 2 fields"),
    ],
)
def test_a_table_that_is_none(tmp_path, text, reason):
    file = tmp_path / "F001_T1.csv"
    file.write_text(text)
    with pytest.raises(UnreadableFile, match=reason):
        read_occurrence(file)


def test_a_broken_table_leaves_its_task_out(tmp_path):
    root = tree(tmp_path)
    (root / "AUCoding/AU_OCC/F001_T1.csv").write_text(POINTER)
    faces = read(root)
    assert "F001_T1" not in faces.column("sequence")
    assert faces.found.skipped[0][0] == "AUCoding/AU_OCC/F001_T1.csv"


def test_other_numbers_are_unknown_and_told(tmp_path):
    root = tree(tmp_path)
    file = root / "AUCoding/AU_OCC/F001_T1.csv"
    lines = file.read_text().splitlines()
    cells = lines[1].split(",")
    cells[1], cells[2] = "5", ""
    file.write_text("\n".join([lines[0], ",".join(cells), *lines[2:], lines[2]]))
    faces = read(root)
    assert faces.data["coded"].sel(au=[1, 2, 4]).values[0].tolist() == [False, False, True]
    warnings = "\n".join(faces.found.warnings)
    assert "another number than is allowed" in warnings
    assert "F001_T1.csv x 2" in warnings
    assert "coded twice" in warnings
    assert len(faces) == 2 * 2 * len(SHOWN)


def test_intensities_that_contradict_occurrence_are_not_used(tmp_path):
    root = tree(tmp_path)
    file = root / "AUCoding/AU_INT/AU06/F001_T1_AU06.csv"
    occurs = read(root).data["present"].sel(au=6).values[: len(SHOWN)]
    file.write_text("\n".join(f"{FIRST + k},{0 if on else 3}" for k, on in enumerate(occurs)))
    faces = read(root)
    assert any("contradict" in w and "AU6 x 6" in w for w in faces.found.warnings)
    np.testing.assert_array_equal(faces.data["present"].sel(au=6).values[: len(SHOWN)], occurs)


def test_a_present_unit_with_intensity_nought_is_not_scored(tmp_path):
    # Seed 14 shows each of these units in one of the four takes.
    root = tree(tmp_path, cast=Cast(people=2, sequences=2, pixels=16, seed=14))
    for file in (root / "AUCoding/AU_INT").rglob("*.csv"):
        file.write_text("\n".join(f"{FIRST + k},0" for k in range(len(SHOWN))))
    faces = read(root)
    present = faces.data["present"].values
    assert faces.data["present"].sel(au=[6, 10, 12, 14, 17]).values.any(axis=0).all()
    assert np.isnan(faces.data["intensity"].values[present]).all()


def test_four_tasks_in_named_tables_are_bp4d_plus(tmp_path):
    root = tree(tmp_path, "plus", "named-columns", cast=Cast(people=2, sequences=4, pixels=16))
    for file in (root / "AUCoding/AU_OCC").glob("F024*"):
        file.unlink()
    faces = read(root)
    assert set(faces.column("subject")) == {"M001"}
    assert faces.found.layout.startswith("BP4D+")
    assert set(faces.column("expression")) == {"happy", "embarrassment", "fear", "pain"}


def test_a_table_of_intensities_in_the_folder_of_another_unit(tmp_path):
    root = tree(tmp_path)
    folder = root / "AUCoding/AU_INT"
    (folder / "AU06/F001_T1_AU06.csv").rename(folder / "AU10/F001_T1_AU06.csv")
    faces = read(root)
    assert faces.found.skipped == (
        ("AUCoding/AU_INT/AU10/F001_T1_AU06.csv", "the table of a unit in the folder of another"),
    )


def test_other_spellings_and_doubled_folders(tmp_path):
    root = tree(tmp_path)
    faces = read(root)
    (root / "AUCoding/AU_OCC").rename(tmp_path / "x")
    (root / "AUCoding/AU_OCC").mkdir()
    (tmp_path / "x").rename(root / "AUCoding/AU_OCC/au_occ")
    (root / "Sequences(2D+3D)").rename(root / "sequences (2D+3D)")
    again = read(root)
    assert again.fingerprint == faces.fingerprint


def refused(root, **options):
    with pytest.raises(DataError) as caught:
        read(root, **options)
    return str(caught.value)


def test_pictures_still_in_their_zips(tmp_path):
    root = tree(tmp_path, "plus")
    shutil.rmtree(root / "2D+3D")
    (root / "2D+3D.zip").write_bytes(b"PK")
    message = refused(root)
    assert "BP4D with its pictures" in message
    assert "unpack 2D+3D.zip" in message


def test_pictures_without_codes(tmp_path):
    root = tree(tmp_path)
    shutil.rmtree(root / "AUCoding")
    message = refused(root)
    assert "AUCoding/AU_OCC/F001_T1.csv" in message
    assert "Sequences(2D+3D)/" in message


def test_swapped_label_folders(tmp_path):
    root = tree(tmp_path)
    shutil.rmtree(root / "AUCoding/AU_OCC")
    (root / "AUCoding/AU_INT/AU06").rename(root / "AUCoding/AU_OCC")
    assert "swap it with AU_INT" in refused(root)


def test_no_table_can_be_read(tmp_path):
    root = tree(tmp_path)
    for file in (root / "AUCoding/AU_OCC").iterdir():
        file.write_text(POINTER)
    message = refused(root)
    assert "no table of codes can be used" in message
    assert "git LFS pointer" in message


def test_an_offset_under_which_nothing_fits(tmp_path):
    message = refused(tree(tmp_path), frame_offset=500)
    assert "no coded frame has a picture" in message
    assert "frame_offset 500" in message


def test_terms(tmp_path):
    terms = read(tree(tmp_path)).terms
    assert not terms.may_show("F001")
    assert not terms.redistributable
    assert read(tmp_path / "BP4D", showable="all").terms.may_show("F001")


def test_each_quirk_has_its_test():
    names = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals()}
    assert set(layout("bp4d").quirks) <= names


@given(st.text(alphabet='0159,\n AUx".-', max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory, text):
    file = tmp_path_factory.getbasetemp() / "F001_T1.csv"
    file.write_text(text)
    try:
        codes = read_occurrence(file)
    except UnreadableFile:
        return
    assert set(np.unique(codes.values).tolist()) <= {0, 1, 9}
    assert (np.diff(codes.frames) > 0).all()
    assert codes.values.shape == (len(codes.frames), len(codes.units))
