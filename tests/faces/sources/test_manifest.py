"""Faces listed in a table: codes by column or string, faults by row, nothing outside."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from facsinterp.errors import DataError
from facsinterp.faces.sources.manifest import SOURCE, ManifestOptions
from facsinterp.faces.sources.reading import codings
from facsinterp.facs import parse
from facsinterp.testing import SourceContract

REAL = Path(__file__).parents[3] / "../shared/data/london-smiles"


@pytest.fixture
def table(tmp_path):
    """Writes a table beside three pictures, and reads it."""
    (tmp_path / "images").mkdir()
    for name in "abc":
        Image.fromarray(np.full((8, 8), ord(name), np.uint8)).save(tmp_path / f"images/{name}.png")

    def read(text, encoding="utf-8", **options):
        (tmp_path / "faces.csv").write_bytes(text.encode(encoding))
        return SOURCE.read(tmp_path, ManifestOptions(**options))

    return read


def refused(table, text, **options):
    with pytest.raises(DataError) as raised:
        table(text, **options)
    return raised.value


def grid(faces, name):
    return faces.data[name].values.tolist()


def test_columns_of_units(table):
    faces = table(
        "path,subject,sequence,frame,expression,split,AU12,au_06\n"
        "images/a.png,p1,001,3,Happiness,train,1,0\n"
        "images/b.png,p2,001,4,neutral,test,0,\n"
    )
    assert faces.units == (6, 12)
    assert grid(faces, "present") == [[False, True], [False, False]]
    assert grid(faces, "coded") == [[True, True], [False, True]]
    np.testing.assert_array_equal(faces.data["intensity"], [[0, np.nan], [np.nan, 0]])
    assert faces.images.tolist() == ["images/a.png", "images/b.png"]
    assert faces.column("subject").tolist() == ["p1", "p2"]
    assert faces.column("sequence").tolist() == ["p1_001", "p2_001"]
    assert faces.column("expression").tolist() == ["happy", "neutral"]
    assert faces.column("split").tolist() == ["train", "test"]
    assert faces.data["frame"].values.tolist() == [3, 4]


@pytest.mark.parametrize(
    "header", ["AU12", "au12", "AU 12", "au_12", "AU-12", "12", "AU012", "AU12_c"]
)
def test_names_of_unit_columns(table, header):
    assert table(f"path,{header}\nimages/a.png,1\n").units == (12,)


def test_only_units_with_a_column_are_coded(table):
    faces = table("path,AU12\nimages/a.png,1\n")
    assert faces.units == (12,)


def test_letters_are_intensities(table):
    faces = table("path,AU12\nimages/a.png,B\nimages/b.png,e\nimages/c.png,0\n")
    assert grid(faces, "present") == [[True], [True], [False]]
    assert grid(faces, "intensity") == [[2], [5], [0]]


def test_numbers_are_intensities_when_asked(table):
    faces = table(
        "path,AU12\nimages/a.png,1\nimages/b.png,0.0\nimages/c.png,3.5\n", values="intensity"
    )
    assert grid(faces, "present") == [[True], [False], [True]]
    assert grid(faces, "intensity") == [[1], [0], [3.5]]


@pytest.mark.parametrize("sibling", ["AU12_intensity", "AU12_r"])
def test_a_sibling_column_holds_the_intensity(table, sibling):
    """Presence goes first: trackers write both, and not always in agreement."""
    rows = "images/a.png,1,4\nimages/b.png,1,0\nimages/c.png,0,2\n"
    faces = table(f"path,AU12,{sibling}\n{rows}")
    assert grid(faces, "present") == [[True], [True], [False]]
    np.testing.assert_array_equal(faces.data["intensity"], [[4], [np.nan], [0]])
    assert np.isnan(table(f"path,AU12,{sibling}\nimages/a.png,1,\n").data["intensity"].item())


def test_columns_that_contradict_each_other_are_told(table):
    text = "path,AU12,AU12_r,AU4\nimages/a.png,{},1\nimages/b.png,{},0\nimages/c.png,{},1\n"
    faces = table(text.format("0,3", "1,0", ",3"))
    assert grid(faces, "present")[0:3] == [[True, False], [False, True], [True, False]]
    assert [row[1] for row in grid(faces, "coded")] == [True, True, False]
    (told,) = [w for w in faces.found.warnings if "contradict" in w]
    assert ": 3 (row 2 AU12, row 3 AU12, row 4 AU12)" in told
    agreed = table(text.format("0,0", "1,2", "1,"))
    assert not any("contradict" in w for w in agreed.found.warnings)


def test_an_intensity_column_alone_tells_presence(table):
    faces = table("path,AU12_r\nimages/a.png,0\nimages/b.png,2.5\n")
    assert grid(faces, "present") == [[False], [True]]


@pytest.mark.parametrize("header", ["facs", "Codes", "action units", "action_units"])
def test_code_strings(table, header):
    faces = table(f'path,{header}\nimages/a.png,"6+R12B"\nimages/b.png,0\nimages/c.png,\n')
    assert faces.units == (6, 12)
    assert grid(faces, "present") == [[True, True], [False, False], [False, False]]
    assert grid(faces, "coded") == [[True, True], [True, True], [False, False]]
    np.testing.assert_array_equal(faces.data["intensity"][0], [np.nan, 2])
    assert grid(faces, "side") == [["", "R"], ["", ""], ["", ""]]


def test_named_units_are_the_coded_ones(table):
    faces = table("path,facs\nimages/a.png,6+12\nimages/b.png,25\n", units=(12, 4))
    assert faces.units == (4, 12)
    assert grid(faces, "coded") == [[True, True], [True, True]]
    assert grid(faces, "present") == [[False, True], [False, False]]
    assert [w for w in faces.found.warnings if "asked for" in w] == [
        "AU6 is not among the units asked for; left out of 1 rows",
        "AU25 is not among the units asked for; left out of 1 rows",
    ]


def test_a_doubtful_unit_is_neither_present_nor_absent(table):
    faces = table("path,facs\nimages/a.png,4 or 5\nimages/b.png,4+12?\nimages/c.png,12\n")
    assert faces.units == (4, 5, 12)
    assert grid(faces, "coded")[0] == [False, False, True]
    assert grid(faces, "coded")[1] == [True, True, False]


def test_a_unit_on_both_sides_keeps_the_greater_intensity_and_no_side(table):
    faces = table("path,facs\nimages/a.png,L12B+R12D+R4\n")
    np.testing.assert_array_equal(faces.data["intensity"], [[np.nan, 4]])
    assert grid(faces, "side") == [["R", ""]]


def test_a_string_that_cannot_be_read_whole_codes_nothing(table):
    faces = table("path,facs\nimages/a.png,4+smile\nimages/b.png,4\n")
    assert grid(faces, "coded") == [[False], [True]]
    assert (
        "code strings that cannot be read and code nothing: 1 (row 2: smile)"
        in faces.found.warnings
    )


def test_many_strings_that_cannot_be_read_are_one_warning(table):
    rows = "".join(f"images/{k}.png,x\n" for k in range(40))
    faces = table(f"path,facs\nimages/a.png,4\n{rows}")
    (told,) = [w for w in faces.found.warnings if "cannot be read" in w]
    assert told.startswith("code strings that cannot be read and code nothing: 40 (row 3: x, ")
    assert told.endswith("row 7: x, ...)")


def test_each_distinct_code_string_is_parsed_a_few_times(table, monkeypatch):
    calls = []

    def counted(cell):
        calls.append(cell)
        return parse(cell)

    monkeypatch.setattr(codings, "parse", counted)
    rows = "".join(f"images/{k}.png,{'1+2' if k % 2 else '4 or 5'}\n" for k in range(500))
    faces = table(f"path,facs\nimages/a.png,12+x\n{rows}")
    assert len(calls) < 20
    assert len(faces) == 1


def test_a_movement_does_not_count_as_its_unit(table):
    faces = table("path,facs\nimages/a.png,M57+12\nimages/b.png,57\nimages/c.png,M59\n")
    assert faces.units == (12, 57)
    assert grid(faces, "present") == [[True, False], [False, True], [False, False]]
    assert grid(faces, "coded") == [[True, False], [True, True], [True, True]]
    told = "rows with movements (M59 and the like), which code no unit: 2 (row 2, row 4)"
    assert told in faces.found.warnings


def test_numbers_that_are_no_codes_are_reported(table):
    assert (
        "AU99 is not a FACS code; left out of 1 rows"
        in table("path,facs\nimages/a.png,4+99\n").found.warnings
    )
    faces = table("path,AU12,AU99,AU3\nimages/a.png,1,1,1\n")
    assert faces.units == (12,)
    assert "columns whose number is no FACS code: AU99, AU3" in faces.found.warnings


def test_columns_that_are_not_used_are_named(table):
    faces = table("path,age,AU12\nimages/a.png,24,1\n")
    assert "columns that are not used: age" in faces.found.warnings


def test_a_table_without_codes_is_read_and_told(table):
    faces = table("path,expression\nimages/a.png,sad\n")
    assert faces.units == ()
    assert "no action unit is coded" in faces.found.warnings


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffpath,AU12\nimages/a.png,1\n",
        ' "path" , \' AU12\'\n"images/a.png", " 1"\n',
        "path;AU12\nimages/a.png;1\n",
        "path\tAU12\nimages/a.png\t1\n",
        "path,AU12\r\nimages/a.png,1\r\n\r\n",
        "\n\npath,AU12\n,\nimages/a.png,1",
        "PATH,AU12\nimages\\a.png,1\n",
        "path,AU12\n./images//a.png,1\n",
    ],
)
def test_tables_as_programs_write_them(table, text):
    faces = table(text)
    assert faces.column("path").tolist() == ["images/a.png"]
    assert grid(faces, "present") == [[True]]


def test_a_table_in_another_encoding_is_read(table):
    faces = table("path,subject,AU12\nimages/a.png,Zoë,1\n", encoding="latin-1")
    assert faces.column("subject").tolist() == ["Zoë"]


def test_an_image_column_names_the_images(table):
    assert table("path,image,AU12\nimages/a.png,one,1\n").images.tolist() == ["one"]


@pytest.mark.parametrize(
    "again", ["images/a.png", "./images/a.png", "images//a.png", r"images\a.png"]
)
def test_a_picture_under_two_names_is_refused(table, again):
    """Else one picture may stand in two parts of a split, of two people."""
    text = f"path,image,subject,split\nimages/a.png,x,p1,train\n{again},y,p2,test\n"
    (fault,) = refused(table, text).faults
    assert fault.what == "a picture is there twice"
    assert fault.where == "faces.csv: row 3"
    assert "images/a.png, also in row 2" in fault.got


def test_missing_pictures_are_reported_skips(table):
    faces = table("path,AU12\nimages/a.png,1\nimages/gone.png,0\nimages,1\n")
    assert len(faces) == 1
    assert faces.found.skipped == (
        ("images/gone.png, row 3", "there is no such file"),
        ("images, row 4", "there is no such file"),
    )
    assert faces.found.counts == {"images": 1, "subjects": 0}
    assert "none of the pictures" in str(refused(table, "path,AU12\ngone.png,1\n"))


@pytest.mark.parametrize(
    "path", ["../a.png", "/etc/passwd", "images/../../a.png", "..", "C:\\a.png", "..\\a.png"]
)
def test_a_path_may_not_leave_the_folder(table, path):
    error = refused(table, f"path,AU12\nimages/a.png,1\n{path},0\n")
    assert "leads out of the folder" in str(error)
    assert error.faults[0].where == "faces.csv: row 3"


@pytest.mark.parametrize("file", ["../faces.csv", "/tmp/faces.csv"])
def test_the_table_may_not_lie_outside(table, file):
    assert "not inside" in str(refused(table, "path,AU12\nimages/a.png,1\n", file=file))


def test_every_fault_is_told_with_its_row(table):
    error = refused(
        table,
        "path,expression,frame,AU12\n"
        "images/a.png,happy,1,2\n"
        ",sad,2,1\n"
        "images/b.png,hapy,x,yes\n"
        "images/a.png,sad,2,1\n",
    )
    told = [(fault.what, fault.where) for fault in error.faults]
    assert told == [
        ("a row has no path", "faces.csv: row 3"),
        ("an unknown expression", "faces.csv: row 4"),
        ("a frame is not a number", "faces.csv: row 4"),
        ("an image is there twice", "faces.csv: row 5"),
        ("a cell of column AU12 cannot be read", "faces.csv: row 2"),
        ("a cell of column AU12 cannot be read", "faces.csv: row 4"),
    ]
    assert 'values = "intensity"' in error.faults[4].expected


def test_very_many_faults_are_counted(table):
    rows = "".join(f"images/{i}.png,9\n" for i in range(50))
    error = refused(table, f"path,AU12\n{rows}")
    assert len(error.faults) == 21
    assert "30 more faults" in str(error)


@pytest.mark.parametrize("cell", ["6", "-1", "inf", "2.5x"])
def test_intensities_outside_the_scale_are_faults(table, cell):
    assert "AU12" in str(refused(table, f"path,AU12\nimages/a.png,{cell}\n", values="intensity"))
    assert "AU12_r" in str(refused(table, f"path,AU12,AU12_r\nimages/a.png,1,{cell}\n"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("version https://git-lfs.github.com/spec/v1\n", "git LFS pointer"),
        ("<!DOCTYPE html>", "web page"),
        ("path,AU12\nimages/a.png,1,2\n", "row 2"),
        ("path,AU12,AU12\nimages/a.png,1,0\n", "named twice"),
        ("path,AU12,au_12\nimages/a.png,1,0\n", "two columns"),
        ("file,AU12\nimages/a.png,1\n", "no column path"),
        ("path,AU12,facs\nimages/a.png,1,12\n", "two ways"),
        ("path,AU12\nimages/a.png,\0\n", "not text"),
        ('path,AU12\n"images/a.png,1\n', "row"),
        ("path,AU12\n", "no rows"),
    ],
)
def test_tables_that_are_none(table, text, told):
    assert told in str(refused(table, text))


def test_units_need_code_strings(table):
    assert "no code strings" in str(refused(table, "path,AU12\nimages/a.png,1\n", units=(12,)))
    with pytest.raises(ValidationError, match="AU99"):
        ManifestOptions(units=(12, 99))


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(DataError, match="the table of faces is not in the folder"):
        SOURCE.read(tmp_path, ManifestOptions())


def test_nobody_is_shown_unless_the_user_says_so(table):
    text = "path,subject,AU12\nimages/a.png,p1,1\n"
    assert not table(text).terms.may_show("p1")
    allowed = table(text, showable="all", terms="CC BY 4.0").terms
    assert allowed.may_show("p1")
    assert allowed.text == "CC BY 4.0"
    assert allowed.redistributable
    assert not table(text).terms.redistributable
    assert not table(text, terms="as agreed").terms.redistributable


def test_clips_and_phases(table):
    faces = table(
        "path,subject,sequence,frame,Phase,Onset,apex,clip_offset,AU12\n"
        "images/a.png,p1,e1,46,Onset,46,59,,0\n"
        "images/b.png,p1,e1,59,apex,46,59,,1\n"
        "images/c.png,p2,e1,3,,/,-1,90,1\n"
    )
    assert faces.column("phase").tolist() == ["onset", "apex", ""]
    assert faces.data["clip_onset"].values.tolist() == [46, 46, -1]
    assert faces.data["clip_apex"].values.tolist() == [59, 59, -1]
    assert faces.data["clip_offset"].values.tolist() == [-1, -1, 90]
    assert not [w for w in faces.found.warnings if "not used" in w]
    assert "clip_onset" not in table("path,AU12\nimages/a.png,1\n").data


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("e1,x,2,3", "not the number of a frame"),
        ("e1,5,2,3", "does not run from onset"),
        ("e1,5,,3", "does not run from onset"),
        ("e1,1,2,4", "change within a sequence"),
    ],
)
def test_clips_that_make_no_sense_are_faults(table, cells, told):
    header = "path,sequence,onset,apex,offset,AU12\nimages/a.png,e1,1,2,3,1\n"
    error = refused(table, f"{header}images/b.png,{cells},1\n")
    assert told in str(error)
    assert "row 3" in str(error)


def test_phases_and_parts_have_their_words(table):
    faces = table("path,split,AU12\nimages/a.png,TRAIN,1\nimages/b.png,,1\n")
    assert faces.column("split").tolist() == ["train", ""]
    error = refused(table, "path,split,phase,AU12\nimages/a.png,dev,peak,1\n")
    assert "train, validation, test, or empty" in str(error)
    assert "neutral, onset, apex, offset, or empty" in str(error)


@pytest.mark.parametrize("header", ["path,onset,clip onset", "path,facs,codes", "path,frame,Frame"])
def test_two_columns_for_one_thing_are_refused(table, header):
    assert "two columns say the same" in str(refused(table, f"{header}\nimages/a.png,1,1\n"))


def test_rows_without_a_subject_are_told(table):
    faces = table("path,subject,AU12\nimages/a.png,p1,1\nimages/b.png,,1\n")
    assert any("1 of 2 rows name no subject" in w for w in faces.found.warnings)


def test_a_table_of_unicode_text_from_excel_is_read(table):
    faces = table("path\tsubject\tAU12\r\nimages/a.png\tZoë\t1\r\n", encoding="utf-16")
    assert faces.column("subject").tolist() == ["Zoë"]


class TestContract(SourceContract):
    source = SOURCE
    options = {"terms": "own pictures", "showable": "all"}  # noqa: RUF012 - a class variable

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        root = tmp_path_factory.mktemp("faces")
        rows = ["path,subject,sequence,frame,phase,onset,apex,offset,expression,split,facs"]
        for k in range(6):
            picture = np.full((8, 8) if k % 2 else (8, 8, 3), 20 * k, np.uint8)
            Image.fromarray(picture).save(root / f"{k}.png")
            codes = ("12+R14B", "0", "", "4 or 5", "M59+12?", "12+x")[k]
            rows.append(f"{k}.png,p{k // 2},1,{k % 2},,0,1,,happy,train,{codes}")
        (root / "faces.csv").write_text("\n".join(rows), encoding="utf-8")
        return root


@pytest.mark.real
@pytest.mark.parametrize("options", [{}, {"showable": "all"}])
def test_the_photographs_are_read_with_and_without_options(options):
    if not REAL.is_dir():
        pytest.skip("shared/data/london-smiles is not present")
    faces = SOURCE.read(REAL, ManifestOptions(**options))
    assert len(faces) == 204
    assert faces.found.skipped == ()
    assert faces.terms.may_show("001") == bool(options)


@pytest.mark.real
def test_the_photographs_are_read():
    if not REAL.is_dir():
        pytest.skip("shared/data/london-smiles is not present")
    faces = SOURCE.read(REAL, ManifestOptions(showable="all"))
    assert len(faces) == 204
    assert faces.units == (12,)
    assert faces.data["coded"].values.all()
    assert faces.data["present"].values.sum() == 102
    assert len(set(faces.column("subject"))) == 102
    assert set(faces.column("expression")) == {"neutral", "happy"}
    (picture,) = SOURCE.pictures(REAL, ManifestOptions()).open(faces.column("path")[:1].tolist())
    assert isinstance(picture, np.ndarray)
    assert picture.shape == (448, 448, 3)
