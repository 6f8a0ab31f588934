"""EmotioNet: lists in three forms, codes that nobody gave, and pictures that are not there."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.drawn import take
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.faces.sources.emotionet import SOURCE, USED, EmotioNetOptions
from facsinterp.faces.sources.reading.url_lists import read_url_list
from facsinterp.testing import SourceContract

CAST = Cast(people=3, sequences=4, pixels=16)
NAME = "EmotioNet_FACS_aws_2020_24600"
ALL_BUT_WORKBOOK = tuple(q for q in layout("emotionet").quirks if q != "workbook")


def read(root, **options):
    return SOURCE.read(root, EmotioNetOptions(**options))


def tree(tmp_path, *quirks, name="EmotioNet"):
    return write("emotionet", tmp_path / name, CAST, quirks, licence=False)


def frame_of(image):
    """The drawn frame behind N_0000000001_00003: neutral and apex of each sequence in turn."""
    _, tens, ones = image.split("_")
    place = int(tens) * 10 + int(ones)
    person, sequence = place // 2 // CAST.sequences + 1, place // 2 % CAST.sequences + 1
    return take(person, sequence, 0, 0.35).frame(8 if place % 2 else 1)


class TestContract(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("emotionet", tmp_path_factory.mktemp("all") / "EmotioNet", CAST)


class TestContractOfText(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("text") / "EmotioNet"
        return write("emotionet", folder, CAST, ALL_BUT_WORKBOOK)


class TestContractWithoutQuirks(SourceContract):
    source = SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return write("emotionet", tmp_path_factory.mktemp("none") / "EmotioNet", CAST, [])


def test_what_was_drawn_comes_back(tmp_path):
    faces = read(tree(tmp_path, "not-scored"))
    assert faces.units == USED
    assert len(faces) == 24
    for row, image in enumerate(faces.images):
        frame = frame_of(image)
        for column, unit in enumerate(faces.units):
            coded = unit != 20 or frame.expression != "neutral"
            assert bool(faces.data["coded"].values[row, column]) == coded
            present = coded and frame.letter(unit) > 0
            assert bool(faces.data["present"].values[row, column]) == present
    assert faces.column("path")[0] == "imgs/N_0000000000_00000.jpg"
    assert set(faces.column("subject")) == {""}
    assert any("does not say who is shown" in w for w in faces.found.warnings)
    assert faces.found.counts["rows"] == 24
    assert faces.found.expected == {"rows": 24_600}


def test_quirk_quoted_names(tmp_path):
    root = tree(tmp_path, "quoted-names")
    assert "'AU 1'" in (root / f"{NAME}.csv").read_text().partition("\n")[0]
    plain = tree(tmp_path, name="plain")
    assert read(root).fingerprint == read(plain).fingerprint


def test_quirk_not_scored(tmp_path):
    faces = read(tree(tmp_path, "not-scored"))
    neutral = np.array([frame_of(image).expression == "neutral" for image in faces.images])
    assert neutral.any()
    np.testing.assert_array_equal(faces.data["coded"].sel(au=20).values, ~neutral)
    assert np.isnan(faces.data["intensity"].sel(au=20).values[neutral]).all()
    assert 7 not in faces.units
    assert 7 in read(tree(tmp_path, name="scored")).units


def test_quirk_nested(tmp_path):
    nested, flat = read(tree(tmp_path, "nested")), read(tree(tmp_path, name="flat"))
    assert nested.fingerprint == flat.fingerprint
    assert nested.column("path")[0] == "Images/N_0000000000/N_0000000000_00000.jpg"


def test_quirk_dead_links(tmp_path):
    faces = read(tree(tmp_path, "dead-links"))
    assert len(faces) == 20
    assert faces.found.counts["rows without a picture"] == 4
    assert [name for name, _ in faces.found.skipped] == [
        f"N_{place // 10:010d}_{place % 10:05d}" for place in (1, 7, 13, 19)
    ]
    assert {reason for _, reason in faces.found.skipped} == {
        "the picture is not there; its link may be dead"
    }


def test_many_dead_links_have_one_reason(tmp_path):
    root = tree(tmp_path)
    for file in sorted((root / "imgs").iterdir())[1:]:
        file.unlink()
    skipped = read(root).found.skipped
    assert len(skipped) == 23
    assert len({reason for _, reason in skipped if "dead" in reason}) == 1


def test_quirk_second_address(tmp_path):
    faces = read(tree(tmp_path, "second-address"))
    assert len(faces) == 24
    paths = dict(zip(faces.images, faces.column("path"), strict=True))
    assert paths["N_0000000000_00002"] == "imgs/face 2.jpg"
    assert read(tree(tmp_path, name="plain")).fingerprint == faces.fingerprint


def test_a_second_name_of_several_rows_is_nobody_s(tmp_path):
    root = tree(tmp_path)
    table = root / f"{NAME}.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    for row in rows[1:4]:
        row[1] = "http://elsewhere.example.com/image.jpg"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (root / "imgs/N_0000000000_00001.jpg").rename(root / "imgs/image.jpg")
    faces = read(root)
    assert "imgs/image.jpg" not in faces.column("path")
    assert faces.found.skipped[0][0] == "N_0000000000_00001"


def test_quirk_stray_quote(tmp_path):
    root = tree(tmp_path, "stray-quote")
    assert (root / f"{NAME}.csv").read_text().splitlines()[1].startswith('"http')
    faces = read(root)
    assert faces.fingerprint == read(tree(tmp_path, name="plain")).fingerprint
    assert faces.found.skipped == ()


def test_a_stray_quote_costs_at_most_its_row(tmp_path):
    lines = ["URL,AU 1", *(f"http://x/{k}.jpg,{k % 2}" for k in range(9))]
    lines[3], lines[5] = 'http://x/2.jpg,"0', '"http://x/4.jpg,0,1'
    (tmp_path / "list.csv").write_text("\n".join(lines))
    listed = read_url_list(tmp_path / "list.csv")
    assert listed.lines == [2, 3, 4, 5, 7, 8, 9, 10]
    assert listed.misfits == (6,)
    assert listed.codes[:, 0].tolist() == [0, 1, 0, 1, 1, 0, 1, 0]
    (tmp_path / "list.csv").write_text('URL,AU 1\n"http://x/a,b.jpg",1\n')
    assert read_url_list(tmp_path / "list.csv").first == ["http://x/a,b.jpg"]


def test_quirk_small_copies(tmp_path):
    root = tree(tmp_path, "small-copies", "nested", "second-address")
    assert (root / "Copies/N_0000000000_00000.jpg").is_file()
    faces = read(root)
    nested = read(tree(tmp_path, "nested", "second-address", name="other"))
    named = [k for k, p in enumerate(nested.column("path")) if "face" not in p]
    assert faces.column("path")[named].tolist() == nested.column("path")[named].tolist()
    (told,) = [w for w in faces.found.warnings if "one name in several folders" in w]
    assert "folder): 24 (Images/N_0000000000/N_0000000000_00000.jpg of 2, " in told
    assert faces.found.counts["pictures without a row"] == 24


def test_a_list_without_a_header_that_has_other_columns(tmp_path):
    root = tree(tmp_path, "automatic-list")
    file = root / "dataFile_0001.txt"
    rows = [line.split("\t")[:-1] for line in file.read_text().splitlines()]
    for written in (rows, [[rows[0][0], "", *rows[0][2:]], *rows[1:]]):
        file.write_text("\n".join("\t".join(row) for row in written))
        message = refused(root, file="dataFile_0001.txt")
        assert "not those that were taken for them" in message
        assert "an address where the codes of a unit should be" in message


def test_a_row_with_an_address_among_its_codes_is_left_out(tmp_path):
    def change(rows):
        rows[2][4] = rows[2][1]

    faces = read(edited(tmp_path, change))
    assert len(faces) == 23
    assert faces.found.skipped == (("row 3", "a row with an address among its codes"),)
    assert faces.found.counts["rows"] == 24


def test_quirk_workbook(tmp_path):
    root = tree(tmp_path, "workbook", "quoted-names", "not-scored")
    assert not (root / f"{NAME}.csv").exists()
    faces = read(root)
    assert faces.found.layout.startswith(f"{NAME}.xlsx")
    assert faces.fingerprint == read(tree(tmp_path, "not-scored", name="text")).fingerprint


def test_quirk_automatic_list(tmp_path):
    root = tree(tmp_path, "automatic-list")
    checked = read(root)
    assert checked.found.layout.startswith(f"{NAME}.csv")
    automatic = read(root, file="dataFile_0001.txt")
    assert automatic.fingerprint == checked.fingerprint  # the same rows without a header
    assert automatic.found.expected == {}


def test_an_automatic_list_is_never_taken_by_itself(tmp_path):
    root = tree(tmp_path, "automatic-list")
    (root / f"{NAME}.csv").unlink()
    message = refused(root)
    assert "file = ..." in message
    assert "dataFile_0001.txt" in message


def test_several_forms_of_the_checked_list(tmp_path):
    root = tree(tmp_path)
    (tree(tmp_path, "workbook", name="other") / f"{NAME}.xlsx").rename(root / f"{NAME}.xlsx")
    faces = read(root)
    assert faces.found.layout.startswith(f"{NAME}.csv")
    assert any(f"{NAME}.xlsx not read" in w for w in faces.found.warnings)


def edited(tmp_path, change):
    root = tree(tmp_path)
    table = root / f"{NAME}.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    change(rows)
    with table.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return root


def test_other_cells_are_not_coded_and_told(tmp_path):
    def change(rows):
        rows[1][2], rows[2][2], rows[3][3] = "7", "", "yes"

    faces = read(edited(tmp_path, change))
    assert faces.data["coded"].sel(au=1).values[:3].tolist() == [False, False, True]
    assert not faces.data["coded"].sel(au=2).values[2]
    (told,) = [w for w in faces.found.warnings if "other than 0, 1 and 999" in w]
    assert "2 (AU1 x 1, AU2 x 1)" in told


def test_rows_that_do_not_fit_and_repeats(tmp_path):
    def change(rows):
        rows[2].append("1")
        rows[4] = rows[3]

    faces = read(edited(tmp_path, change))
    assert len(faces) == 22
    assert ("row 3", "a row that does not fit the header") in faces.found.skipped
    assert ("row 5", "the picture of an earlier row") in faces.found.skipped
    assert faces.found.counts["rows"] == 24


def test_numbers_that_are_no_units_are_told(tmp_path):
    faces = read(tree(tmp_path))
    assert 3 not in faces.units
    assert any("AU3 x 24" in w for w in faces.found.warnings)


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
        ("name,AU 1\na.jpg,1\n", "columns URL and AU 1"),
        ("URL,AU 1,AU 01\na.jpg,1,0\n", "each once"),
        ("http://x/a.jpg\t1\t0\n", "3 columns"),
    ],
)
def test_a_list_that_is_none(tmp_path, text, words):
    root = tree(tmp_path)
    (root / f"{NAME}.csv").write_text(text)
    assert words in refused(root)


def test_a_list_that_is_not_there(tmp_path):
    message = refused(tree(tmp_path), file="mine.csv")
    assert "no such list" in message
    assert f"{NAME}.csv" in message


def test_pictures_still_in_a_zip(tmp_path):
    root = tree(tmp_path)
    for file in (root / "imgs").iterdir():
        file.unlink()
    (root / "imgs.zip").write_bytes(b"PK")
    message = refused(root)
    assert "EmotioNet with its pictures" in message
    assert "unpack imgs.zip" in message


def test_pictures_of_other_names(tmp_path):
    root = tree(tmp_path)
    for k, file in enumerate(sorted((root / "imgs").iterdir())):
        file.rename(file.with_name(f"{k}.jpg"))
    message = refused(root)
    assert "24 pictures of other names" in message
    assert "N_0000000000_00000.jpg" in message


def test_terms(tmp_path):
    terms = read(tree(tmp_path)).terms
    assert not terms.may_show("")
    assert not terms.redistributable


def test_each_quirk_has_its_test():
    names = {name.removeprefix("test_quirk_").replace("_", "-") for name in globals()}
    assert set(layout("emotionet").quirks) <= names


@given(st.lists(st.sampled_from(["0", "1", "999", " 1 ", "'0'", '"1"', "", "x", "2", "nan"])))
def test_a_cell_is_coded_only_by_nought_and_one(tmp_path_factory, cells):
    file = tmp_path_factory.getbasetemp() / "list.csv"
    with file.open("w", newline="") as opened:
        rows = [[f"http://x/{k}.jpg", cell] for k, cell in enumerate(cells)]
        csv.writer(opened).writerows([["URL", "'AU 12'"], *rows])
    meant = {"0": 0, "1": 1}
    found = read_url_list(file).codes[:, 0].tolist() if cells else []
    for cell, code in zip(cells, found, strict=True):
        assert (code if code < 2 else None) == meant.get(cell.strip(" '\""))
