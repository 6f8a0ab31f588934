"""Tables of pixels: every number as it stands, a damaged row never a wrong picture."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.pictures import Skip
from facsinterp.faces.sources.reading import pixelrows
from facsinterp.faces.sources.reading.pixelrows import RowPictures, scan

PICTURES = np.random.default_rng(5).integers(0, 256, (600, 48, 48), dtype=np.uint8)


def text(picture):
    return " ".join(map(str, picture.ravel().tolist()))


def table(folder, lines, header="emotion,pixels,Usage", end="\n", name="t.csv"):
    file = folder / name
    file.write_bytes("\n".join([header, *lines]).encode() + end.encode())
    return file


def opened(file, rows):
    return list(RowPictures(file.parent).open([f"{file.name}#{row}" for row in rows]))


def test_every_picture_as_a_plain_loop_reads_it(tmp_path):
    file = table(tmp_path, [f"{k % 7},{text(p)},Training" for k, p in enumerate(PICTURES)])
    rows = np.random.default_rng(1).permutation(600)
    np.testing.assert_array_equal(opened(file, rows), PICTURES[rows])
    assert [row.cells["emotion"] for row in scan(file).rows] == [str(k % 7) for k in range(600)]


@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("emotion,pixels,Usage", "3,{},Training"),
        ("emotion, Usage, pixels", "3,Training,{}"),
        ('"emotion","Usage","pixels"', '3,"Training","{}"'),
        ("\ufeffEmotion;PIXELS;usage", "3;{};Training"),
        ("emotion,pixels,Usage", " 3 , {} , Training \r"),
        ("pixels\temotion\tUsage", "{}\t3\tTraining"),
    ],
)
def test_every_way_of_writing_a_table(tmp_path, header, line):
    file = table(tmp_path, [line.format(text(picture)) for picture in PICTURES[:3]], header)
    rows = scan(file).rows
    assert [row.cells for row in rows] == [{"emotion": "3", "usage": "Training"}] * 3
    assert not any(row.fault for row in rows)
    np.testing.assert_array_equal(opened(file, range(3)), PICTURES[:3])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda t: t.rpartition(" ")[0], "2,303 numbers instead of 2,304"),
        (lambda t: t + " 7", "2,305 numbers instead of 2,304"),
        (lambda t: "", "0 numbers instead of 2,304"),
        (lambda t: t.rpartition(" ")[0] + " NaN", "'NaN'"),
        (lambda t: "256 " + t.partition(" ")[2], "number 1 of its pixels is '256'"),
        (lambda t: "-1 " + t.partition(" ")[2], "'-1'"),
        (lambda t: "1.5 " + t.partition(" ")[2], "'1.5'"),
        (lambda t: "99999999999999999999999 " + t.partition(" ")[2], "'9999"),
        (lambda t: t.replace(" ", "  ", 1).rpartition(" ")[0], "2,303 numbers"),
        (lambda t: t.replace(" ", "\x00", 1) + " 1", "not 0 to 255"),
        (lambda t: t.replace(" ", ",", 1), "4 cells instead of 3"),
    ],
)
def test_a_damaged_row_is_told_and_its_neighbours_are_read(tmp_path, damage, reason):
    texts = [text(picture) for picture in PICTURES[:3]]
    texts[1] = damage(texts[1])
    file = table(tmp_path, [f"0,{written},Training" for written in texts])
    first, second, third = opened(file, range(3))
    np.testing.assert_array_equal([first, third], PICTURES[[0, 2]])
    assert isinstance(second, Skip)
    assert reason in second.reason
    assert second.path == "t.csv#1"


def test_two_wrongs_do_not_make_a_right(tmp_path):
    """A number too few in one row and a number too many in the next have the right sum."""
    texts = [text(picture) for picture in PICTURES[:2]]
    lines = [texts[0].replace(" ", "  ", 1).rpartition(" ")[0], texts[1] + " 7"]
    file = table(tmp_path, [f"0,{line},Training" for line in lines])
    assert all(isinstance(one, Skip) for one in opened(file, range(2)))


def test_rows_keep_their_numbers_where_others_are_damaged_or_lines_empty(tmp_path):
    good = f"0,{text(PICTURES[0])},Training"
    file = table(tmp_path, [good, "", "0,1 2 3,Training", "  ", good])
    rows = scan(file).rows
    assert [(row.number, row.line) for row in rows] == [(0, 2), (1, 4), (2, 6)]
    assert rows[0].content == rows[2].content != rows[1].content


def test_constant_pictures_are_known_without_opening_them(tmp_path):
    almost = np.zeros((48, 48), np.uint8)
    almost[47, 47] = 1
    pictures = [np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8), almost, PICTURES[0]]
    file = table(tmp_path, [f"0,{text(picture)},Training" for picture in pictures])
    assert [row.flat for row in scan(file).rows] == [True, True, False, False]


def test_paths_without_a_row_are_skipped(tmp_path):
    table(tmp_path, [f"0,{text(PICTURES[0])},Training"])
    table(tmp_path, ["x"], "a,b", name="other.csv")
    paths = ["t.csv#1", "t.csv#-1", "t.csv#", "gone.csv#0", "other.csv#0", "t.csv#0"]
    *missing, there = RowPictures(tmp_path).open(paths)
    reasons = [one.reason for one in missing if isinstance(one, Skip)]
    assert len(reasons) == 5
    assert "there are 1" in reasons[0]
    assert "no such file" in reasons[3]
    np.testing.assert_array_equal(there, PICTURES[0])


def test_only_a_block_is_parsed_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(pixelrows, "_BLOCK", 2)
    file = table(tmp_path, [f"0,{text(picture)},Training" for picture in PICTURES[:5]])
    np.testing.assert_array_equal(opened(file, range(5)), PICTURES[:5])


def test_the_fingerprint_is_of_the_content(tmp_path):
    lines = [f"0,{text(picture)},Training" for picture in PICTURES[:3]]
    table(tmp_path, lines)
    table(tmp_path, lines[::-1], name="turned.csv")
    pictures = RowPictures(tmp_path)
    assert pictures.fingerprint(["t.csv#0"]) == pictures.fingerprint(["turned.csv#2"])
    assert pictures.fingerprint(["t.csv#0"]) != pictures.fingerprint(["t.csv#1"])
    both = ["t.csv#0", "t.csv#1"]
    assert pictures.fingerprint(both) != pictures.fingerprint(both[::-1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 301072766\n", "LFS"),
        (b"<!DOCTYPE html><html>Sign in</html>", "web page"),
        (b"", "empty"),
        ("emotion,pixels\n0,1".encode("utf-16"), "UTF-16"),
        (b"a,b\n1,2\n", "pixels"),
        (b"pixels,pixels\n1,2\n", "pixels"),
    ],
)
def test_what_is_no_such_table_is_refused(tmp_path, content, reason):
    file = tmp_path / "fer2013.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=reason) as caught:
        scan(file)
    assert "fer2013.csv" in str(caught.value)


@settings(max_examples=60)
@given(st.integers(0, 9400), st.binary(max_size=3))
def test_damage_never_gives_a_wrong_picture(tmp_path_factory, place, instead):
    """Whatever stands at some place: the row is skipped, or is what a plain reading gives."""
    line = f"0,{text(PICTURES[0])},Training".encode()
    place %= len(line)
    damaged = line[:place] + instead + line[place + len(instead) :]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "t.csv").write_bytes(b"emotion,pixels,Usage\n" + damaged + b"\n")
    try:
        rows = scan(folder / "t.csv").rows
    except DataError:
        return  # refused as a whole, such as for a zero byte near its beginning
    for row, found in zip(rows, opened(folder / "t.csv", range(9)), strict=False):
        if not isinstance(found, Skip):
            cells = damaged.split(b"\n")[row.line - 2].rstrip(b"\r").split(b",")
            plain = [int(n) for n in cells[1].decode("latin-1").strip(" \t\"'").split(" ") if n]
            assert found.ravel().tolist() == plain
