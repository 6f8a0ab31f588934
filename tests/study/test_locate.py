"""Where data lies: one folder for all, or one a source, entered under its usual name."""

from pathlib import Path
from typing import Any, cast

import pytest

from facsinterp.errors import DataError, DefinitionError, NotThisError
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import LAYOUTS, write
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.registry import source
from facsinterp.study import locate
from facsinterp.study.locate import DataPlaces

NONE = SourceOptions()


def corpus(name="ckplus", folders=("CK+", "ckplus")):
    """A source that reads every folder in which `here` lies, and takes `broken` for a fault."""

    def read(folder, _options):
        if folder is not None and (folder / "broken").exists():
            raise DataError("a sheet is broken")
        if folder is not None and not (folder / "here").exists():
            raise NotThisError("this is not the set")
        return cast("Any", None)

    never = cast("Any", None)
    return Source(name, "the set", folders, SourceOptions, read=read, pictures=never)


def placed(*files):
    """Make empty files."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def folder_of(places, one=None):
    return places.read(one or corpus(), NONE)[0]


def test_a_folder_is_entered_under_its_usual_name_whatever_the_case(tmp_path):
    placed(tmp_path / "ck+/here", tmp_path / "here")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path / "ck+"


def test_a_table_that_lies_beside_by_chance_does_not_matter(tmp_path):
    placed(tmp_path / "CK+/here", tmp_path / "notes.csv")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path / "CK+"


def test_a_part_without_the_table_that_lies_beside_it_is_left_again(tmp_path):
    placed(tmp_path / "here", tmp_path / "CK+/broken")
    with pytest.raises(DataError, match="a sheet is broken"):
        folder_of(DataPlaces(tmp_path))
    placed(tmp_path / "labels.csv")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path


def test_a_data_set_that_holds_a_folder_of_its_own_name_is_not_left(tmp_path):
    placed(tmp_path / "CK+/here", tmp_path / "CK+/ck+/here")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path / "CK+"
    assert folder_of(DataPlaces(tmp_path / "CK+")) == tmp_path / "CK+"


def test_a_part_that_has_the_name_of_the_whole_is_left_again(tmp_path):
    (tmp_path / "CK+").mkdir()
    placed(tmp_path / "here")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path


def test_a_folder_without_that_name_is_the_data_itself(tmp_path):
    placed(tmp_path / "here")
    assert folder_of(DataPlaces(tmp_path)) == tmp_path


@pytest.mark.parametrize("broken", ["broken", "CK+/broken"])
@pytest.mark.parametrize("beside", ["x.csv", "x.pdf"])
def test_of_two_errors_the_one_that_tells_more_is_raised(tmp_path, broken, beside):
    (tmp_path / "CK+").mkdir()
    placed(tmp_path / broken, tmp_path / beside)
    with pytest.raises(DataError, match="a sheet is broken"):
        folder_of(DataPlaces(tmp_path))


@pytest.fixture(scope="module")
def several(tmp_path_factory):
    """A folder of every data set that can be drawn, each under its usual name."""
    root = tmp_path_factory.mktemp("several")
    for name in LAYOUTS:
        write(name, root / source(name).folders[0], Cast(people=2, sequences=2, pixels=16), ())
    return root


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_data_set_is_found_among_the_others(several, name):
    one = source(name)
    folder, faces = DataPlaces(several).read(one, one.Options())
    assert folder == several / one.folders[0]
    (several / "notes.csv").write_text("a,b\n1,2\n")
    try:
        _, beside = DataPlaces(several).read(one, one.Options())
    finally:
        (several / "notes.csv").unlink()
    assert beside.fingerprint == faces.fingerprint
    alone, same = DataPlaces(folder).read(one, one.Options())
    assert (alone, same.fingerprint) == (folder, faces.fingerprint)


@pytest.mark.parametrize("name", ["ckplus", "rafdb", "samm", "smic"])
def test_no_usual_name_is_that_of_a_part(name):
    parts = {"cohn-kanade", "raf-au", "samm_crop", "smic_all_cropped", "smic_all_raw"}
    assert not parts & {folder.lower() for folder in source(name).folders}


def test_a_named_folder_goes_before_the_common_one(tmp_path):
    placed(tmp_path / "here", tmp_path / "mine/here")
    places = DataPlaces.parse([str(tmp_path), f"ckplus={tmp_path / 'mine'}"])
    assert folder_of(places) == tmp_path / "mine"
    assert folder_of(places, corpus("tfd")) == tmp_path


def test_a_name_that_is_no_source_is_refused_with_the_nearest():
    with pytest.raises(DefinitionError, match="ckplus"):
        DataPlaces.parse(["ckpluss=/data"])


def test_a_path_may_hold_an_equals_sign():
    assert DataPlaces.parse(["/data/a=b"]).default == Path("/data/a=b")


def test_a_source_without_data_needs_no_folder():
    assert folder_of(DataPlaces(), corpus(folders=())) is None


def test_two_nameless_folders_are_refused():
    with pytest.raises(DataError, match="without a name"):
        DataPlaces.parse(["a", "b"])


def test_no_folder_named_says_how_to_name_one():
    with pytest.raises(DataError, match=r"--data ckplus=PATH"):
        folder_of(DataPlaces())


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match="nothing at this path") as caught:
        folder_of(DataPlaces(tmp_path / "gone"))
    assert "gone" in str(caught.value)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "x.zip").write_text("")
    with pytest.raises(DataError, match="a file"):
        folder_of(DataPlaces(tmp_path / "x.zip"))


def test_a_source_with_a_hyphen_is_named_like_any_other(monkeypatch):
    known = {"my-faces": None}
    monkeypatch.setattr(locate, "installed", lambda: known)
    monkeypatch.setattr(locate, "source", known.__getitem__)
    assert DataPlaces.parse(["my-faces=/data"]).named == {"my-faces": Path("/data")}
    assert DataPlaces.parse(["my-dir=x"]).default == Path("my-dir=x")


def test_models_are_named_by_their_detector():
    places = DataPlaces.parse(["/data"], ["yunet=/m/a=b.onnx", "mediapipe=face.task"])
    assert places.models == {"yunet": Path("/m/a=b.onnx"), "mediapipe": Path("face.task")}


@pytest.mark.parametrize("values", [["face.onnx"], ["yunets=a"], ["yunet="], ["yunet=a"] * 2])
def test_models_that_are_not_are_refused(values):
    with pytest.raises(DataError, match="yunet=FILE or mediapipe=FILE"):
        DataPlaces.parse([], values)


def test_labels_beside_a_folder_are_found_when_they_are_asked_for(tmp_path):
    one = source("fer2013")
    write(
        "fer2013",
        tmp_path / "t/fer2013",
        Cast(people=2, sequences=4, pixels=16),
        {"ferplus-nine-votes"},
    )
    labels = next((tmp_path / "t").rglob("fer2013new.csv"))
    labels.rename(tmp_path / "t/fer2013new.csv")
    places = DataPlaces(tmp_path / "t")
    assert places.read(one, one.Options())[0] == tmp_path / "t/fer2013"
    assert places.read(one, one.Options(labels="ferplus"))[0] == tmp_path / "t"
