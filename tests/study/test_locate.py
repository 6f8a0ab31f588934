"""Where data lies: one folder for all, or one a source, entered under its usual name."""

from pathlib import Path
from typing import Any, cast

import pytest

from facsinterp.errors import DataError, DefinitionError
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.study.locate import DataPlaces


def corpus(name="ckplus", folders=("CK+", "ckplus")):
    never = cast("Any", None)  # where data lies is asked before anything is read
    return Source(name, "the set", folders, SourceOptions, read=never, pictures=never)


def test_a_folder_is_entered_under_its_usual_name_whatever_the_case(tmp_path):
    (tmp_path / "ck+").mkdir()
    assert DataPlaces(tmp_path).folder(corpus()) == tmp_path / "ck+"


def test_a_folder_without_that_name_is_the_data_itself(tmp_path):
    assert DataPlaces(tmp_path).folder(corpus()) == tmp_path


def test_a_named_folder_goes_before_the_common_one(tmp_path):
    (tmp_path / "mine").mkdir()
    places = DataPlaces.parse([str(tmp_path), f"ckplus={tmp_path / 'mine'}"])
    assert places.folder(corpus()) == tmp_path / "mine"
    assert places.folder(corpus("tfd")) == tmp_path


def test_a_name_that_is_no_source_is_refused_with_the_nearest():
    with pytest.raises(DefinitionError, match="ckplus"):
        DataPlaces.parse(["ckpluss=/data"])


def test_a_path_may_hold_an_equals_sign():
    assert DataPlaces.parse(["/data/a=b"]).default == Path("/data/a=b")


def test_a_source_without_data_needs_no_folder():
    assert DataPlaces().folder(corpus(folders=())) is None


def test_two_nameless_folders_are_refused():
    with pytest.raises(DataError, match="without a name"):
        DataPlaces.parse(["a", "b"])


def test_no_folder_named_says_how_to_name_one():
    with pytest.raises(DataError, match=r"--data ckplus=PATH"):
        DataPlaces().folder(corpus())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nothing at this path") as caught:
        DataPlaces(tmp_path / "gone").folder(corpus())
    assert "gone" in str(caught.value)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x.zip").write_text("")
    with pytest.raises(DataError, match="a file"):
        DataPlaces(tmp_path / "x.zip").folder(corpus())
