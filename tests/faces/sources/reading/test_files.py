"""Label files: text as it is meant, numbers that are numbers, tables with their header."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.sources.reading.files import (
    UnreadableFile,
    existing_folder,
    number,
    read_table,
    read_text,
    real_files,
    text_of,
)


@pytest.mark.parametrize(
    ("text", "value"), [("1.2000000e+01", 12), (" 3.0e+00 ", 3), ("-1", -1), (".5", 0.5), ("7.", 7)]
)
def test_numbers_as_data_sets_write_them(text, value):
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", "x", "1_2", "１２", "١٢", "nan", "inf", "1e999", "1,5", "0x1"]
)
def test_what_is_no_number_is_told(text):
    with pytest.raises(UnreadableFile, match="is not a number"):
        number(text)


@given(st.text())
def test_no_text_makes_a_number_by_accident(text):
    try:
        value = number(text)
    except UnreadableFile:
        return
    assert set(text.strip().casefold()) <= set("0123456789.+-e")
    assert value == float(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_text_in_the_encodings_of_the_field(tmp_path, encoding):
    file = tmp_path / "a.txt"
    file.write_bytes("Zoë;12\n".encode(encoding))
    assert read_text(file) == "Zoë;12\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git LFS pointer"),
        (b"\xef\xbb\xbf<!DOCTYPE html>", "web page"),
        (b"  <HTML>", "web page"),
    ],
)
def test_what_stands_in_the_place_of_a_file_is_told(content, reason):
    with pytest.raises(UnreadableFile, match=reason):
        text_of(content)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UnreadableFile, match="No such file"):
        read_text(tmp_path / "gone.txt")
    with pytest.raises(UnreadableFile, match="directory"):
        read_text(tmp_path)


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_told(content):
    try:
        assert isinstance(text_of(content), str)
    except UnreadableFile as reason:
        assert str(reason)  # noqa: PT017 - either may happen


def test_files_without_what_systems_leave(tmp_path):
    for name in ("b/2.txt", "b/1.txt", "a.txt", ".DS_Store", "b/._1.txt", "__MACOSX/1.txt",
                 ".git/x", "b/Thumbs.db", "desktop.ini"):  # fmt: skip
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert [path.relative_to(tmp_path).as_posix() for path in real_files(tmp_path)] == [
        "a.txt",
        "b/1.txt",
        "b/2.txt",
    ]


def test_links_are_followed_once(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/1.txt").write_text("x")
    (tmp_path / "data").mkdir()
    os.symlink(tmp_path / "there", tmp_path / "data/linked")
    os.symlink(tmp_path / "data", tmp_path / "there/round")
    assert len(real_files(tmp_path / "data")) == 1


def test_a_folder_must_be_named_and_be_there(tmp_path):
    (tmp_path / "file").write_text("x")
    for folder, told in ((None, "name it with"), (tmp_path / "gone", "nothing"),
                         (tmp_path / "file", "a file")):  # fmt: skip
        with pytest.raises(DataError, match=told):
            existing_folder(folder, "CK+")
    assert existing_folder(tmp_path, "CK+") == tmp_path


def test_a_table_keeps_the_lines_of_its_rows(tmp_path):
    (tmp_path / "t.csv").write_text("\n a , 'b'\n\n1,x\n,\n2,\"y,\nz\"\n")
    table = read_table(tmp_path / "t.csv")
    assert table.headers == ("a", "b")
    assert [(row.line, dict(row.cells)) for row in table.rows] == [
        (4, {"a": "1", "b": "x"}),
        (7, {"a": "2", "b": "y,\nz"}),
    ]


def test_every_row_that_does_not_fit_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,a\n1,2\n3,4,5\n6\n")
    with pytest.raises(DataError) as raised:
        read_table(tmp_path / "t.csv")
    assert [fault.where for fault in raised.value.faults] == [
        "t.csv",
        "t.csv, row 2",
        "t.csv, row 4",
    ]


def test_a_torn_table_is_told(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"a,b\n1,\0\n")
    with pytest.raises(DataError, match="not text"):
        read_table(tmp_path / "t.csv")
