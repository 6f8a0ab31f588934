"""`data check`, `data sources` and `data draw` as a user types them, and their texts."""

import errno
import json
import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from facsinterp.cli import app as cli
from facsinterp.cli import drawable
from facsinterp.cli.found import told
from facsinterp.cli.looking import options_of
from facsinterp.errors import DataError, DefinitionError, PluginError
from facsinterp.faces.inventory import (
    Inventory,
    PictureCounts,
    Showing,
    Split,
    UnitCount,
)
from facsinterp.faces.layouts import registry as layouts
from facsinterp.faces.layouts.contract import Cast, Layout
from facsinterp.faces.sources import registry
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.registry import source

TINY = ("--set", "subjects=3", "--set", "sequences=2")


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def raised(*words):
    found = call(*words).exception
    assert found is not None
    return found


def test_check_prints_an_inventory():
    done = call("data", "check", "drawn", *TINY)
    assert done.exit_code == 0
    assert "Drawn faces (built in, exact action units) (drawn)" in done.stdout
    assert "18 faces of 3 subjects in 6 sequences" in done.stdout
    assert "18 pictures opened" in done.stdout
    assert "everybody may be" in done.stdout
    assert "Looking at pictures" in done.stderr


def test_check_without_pictures_opens_none():
    done = call("data", "check", "drawn", *TINY, "--no-pictures")
    assert "18 faces" in done.stdout
    assert "opened" not in done.stdout
    assert "Looking" not in done.stderr


def test_check_writes_json_beside_the_text_or_instead_of_it(tmp_path):
    file = tmp_path / "found.json"
    done = call("data", "check", "drawn", *TINY, "--json", file)
    assert "18 faces" in done.stdout
    alone = call("data", "check", "drawn", *TINY, "--json", "-")
    assert alone.stdout == file.read_text(encoding="utf-8")
    assert Inventory.from_json(alone.stdout).faces == 18
    assert json.loads(alone.stdout)["pictures"]["sizes"] == {"48 x 48": 18}
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]


def test_no_place_for_the_json_is_told_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("facsinterp.cli.looking.look_at", lambda *_, **__: pytest.fail("read"))
    error = raised("data", "check", "drawn", "--json", tmp_path / "nowhere" / "x.json")
    assert isinstance(error, DataError)
    assert "no place for this file" in str(error)


def faces_of_mine(root, count=30):
    """A table of `count` pictures of which one in three is damaged."""
    root.mkdir(parents=True)
    rows = [f"{i}.png,p{i % 3},happy" for i in range(count)]
    (root / "faces.csv").write_text("\n".join(["path,subject,expression", *rows]))
    for i in range(count):
        Image.fromarray(np.full((4, 4), i, np.uint8)).save(root / f"{i}.png")
        if not i % 3:
            (root / f"{i}.png").write_bytes((root / f"{i}.png").read_bytes()[:40])
    return root


def test_check_says_what_is_wrong_with_the_pictures(tmp_path):
    text = call("data", "check", "manifest", faces_of_mine(tmp_path / "mine", 90)).stdout
    assert "60 pictures opened" in text
    assert "unreadable  30 pictures:" in text
    assert text.count(".png: ") == 20
    assert "and 10 more" in text
    assert "plain       60 pictures of one brightness" in text


def test_check_prints_names_that_are_no_utf8(tmp_path):
    root = tmp_path / "mine"
    layouts.write("ckplus", root, Cast(people=1, sequences=2), ())
    odd = b"cohn-\xe9".decode(errors="surrogateescape")
    (root / "cohn-kanade-images").rename(root / odd)
    labels = root / "FACS" / odd
    labels.mkdir()
    (labels / "S077_001_00000001_facs.txt").write_text("1 1")
    first = min((root / odd).rglob("*.png"))
    first.write_bytes(b"torn")
    file = tmp_path / "found.json"
    done = call("data", "check", "ckplus", root, "--json", file)
    assert done.exit_code == 0, done.exception
    assert "cohn-\\udce9" in done.stdout
    found = Inventory.from_json(file.read_text(encoding="utf-8"))
    assert "cohn-\\udce9" in found.layout
    assert "cohn-\\udce9" in found.skipped[0][0]
    assert found.pictures is not None
    assert "cohn-\\udce9" in found.pictures.unreadable[0][0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("data", "draw", "disfa", "FILE/x"), "Not a directory"),
        (("data", "atlas", "--people", "1", "--out", "/proc/x.png"), "/proc/x.png"),
        (("data", "check", "drawn", "--json", "/proc/x.json"), "/proc/x.json"),
    ],
)
def test_what_the_system_refuses_is_told_without_a_traceback(
    tmp_path, monkeypatch, capsys, words, told
):
    (tmp_path / "file").write_text("")
    words = [word.replace("FILE", str(tmp_path / "file")) for word in words]
    blank = Image.new("L", (1, 1))
    monkeypatch.setattr("facsinterp.faces.drawn.atlas.atlas", lambda *_, **__: blank)
    monkeypatch.setattr(sys, "argv", ["facsinterp", *words, *(TINY if "drawn" in words else ())])
    with pytest.raises(SystemExit) as left:
        cli.main()
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert "cannot be read or written" in error
    assert told in error
    assert "Traceback" not in error


def test_a_full_disk_is_told(monkeypatch, capsys):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device", "/disk/x")

    monkeypatch.setattr(cli, "app", full)
    with pytest.raises(SystemExit):
        cli.main()
    error = capsys.readouterr().err
    assert "/disk/x" in error
    assert "make room" in error


def test_a_picture_that_fails_leaves_the_one_before(tmp_path, monkeypatch):
    out = tmp_path / "atlas.png"
    out.write_bytes(b"before")

    def half(_, path, *__):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(
        "facsinterp.faces.drawn.atlas.atlas", lambda *_, **__: Image.new("L", (1, 1))
    )
    with monkeypatch.context() as torn:
        torn.setattr(Image.Image, "save", half)
        assert isinstance(raised("data", "atlas", "--out", out), OSError)
    assert out.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["atlas.png"]
    assert call("data", "atlas", "--out", out).exit_code == 0
    with Image.open(out) as drawn:
        assert drawn.format == "PNG"


def test_check_finds_the_usual_folder_in_the_one_that_is_named(tmp_path):
    faces_of_mine(tmp_path / source("manifest").folders[0].upper())
    done = call("data", "check", "manifest", tmp_path)
    assert done.exit_code == 0, done.exception
    assert "30 faces" in done.stdout


def test_check_wants_a_folder_that_is_there(tmp_path):
    assert "needs a folder" in str(raised("data", "check", "ckplus"))
    assert "not there" in str(raised("data", "check", "ckplus", tmp_path / "gone"))
    (tmp_path / "holidays").mkdir()
    error = raised("data", "check", "ckplus", tmp_path / "holidays")
    assert isinstance(error, DataError)
    assert "cohn-kanade-images" in str(error)


def test_every_fault_of_the_options_is_told_at_once():
    words = ("subjects=many", "sequence=2", "last", "=3", "seed=1", "seed=2")
    error = raised("data", "check", "drawn", *(w for one in words for w in ("--set", one)))
    assert isinstance(error, DefinitionError)
    told_of = [(fault.what, fault.where, fault.got) for fault in error.faults]
    assert ("an option without a value", "", "last") in told_of
    assert ("an option without a value", "", "=3") in told_of
    assert ("an option is given twice", "seed", "") in told_of
    assert ("a value that cannot be used", "subjects", '"many"') in told_of
    assert any(fault.do == "did you mean sequences?" for fault in error.faults)
    assert len(error.faults) == 5


class Wide(SourceOptions):
    count: int = 1
    share: float = 0.5
    wanted: bool = False
    name: str = ""
    units: tuple[int, ...] = ()
    maybe: str | None = None


def wide():
    return replace(source("drawn"), name="wide", title="Wide", Options=Wide)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count=3", 3),
        ("share=0.25", 0.25),
        ("share=1", 1.0),
        ("wanted=true", True),
        ("name=2010", "2010"),
        ("name=2010-01-01", "2010-01-01"),
        ('name="quoted"', "quoted"),
        ("name=a = b", "a = b"),
        ("name=plain words", "plain words"),
        ("units=[1, 2]", (1, 2)),
        ("maybe=x", "x"),
        ("name=", ""),
    ],
)
def test_values_are_those_of_a_definition_or_plain_texts(text, value):
    assert getattr(options_of(wide(), [text]), text.partition("=")[0]) == value


def test_sources_are_listed_with_terms_and_options():
    text = call("data", "sources").stdout
    assert "drawn" in text
    lines = [line.split() for line in text.splitlines()]
    assert [one[-1] for one in lines if one[:1] == ["ckplus"]] == ["restricted"]
    assert [one[-1] for one in lines if one[:1] == ["drawn"]] == ["free"]
    assert "frames=first+last|all|peak" in text
    assert "neutral=true" in text


THEIRS: Source[Any] = replace(source("drawn"), name="theirs", title="Theirs", Options=Wide)


def test_a_source_of_another_package_is_listed_and_a_broken_one_is_told(monkeypatch):
    points = [
        EntryPoint("theirs", f"{__name__}:THEIRS", registry.GROUP),
        EntryPoint("broken", "no_such_package:SOURCE", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: points)
    done = call("data", "sources")
    assert done.exit_code == 0
    line = next(line for line in done.stdout.splitlines() if line.startswith("theirs"))
    assert line.split() == ["theirs", "Theirs", "free", f"({__name__})"]
    assert "count=1, share=0.5, wanted=false, name, units, maybe" in done.stdout
    assert "'broken' (no_such_package:SOURCE) cannot be imported" in done.stdout
    assert call("data", "check", "theirs", "--no-pictures").exit_code != 0
    assert isinstance(raised("data", "check", "broken"), PluginError)


@pytest.fixture
def tiny(monkeypatch):
    """A layout that writes down what it was asked for."""

    def write(root, cast, quirks):
        words = [cast.people, cast.sequences, *sorted(quirks)]
        (root / "asked.txt").write_text(" ".join(map(str, words)))

    module = ModuleType("facsinterp.faces.layouts.tiny")
    quirks = {"no-labels": "labels are missing", "odd": "an odd file lies there"}
    module.LAYOUT = Layout("tiny", "A tiny layout", quirks, write)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(layouts, "LAYOUTS", ("tiny",))
    monkeypatch.setattr(drawable, "LAYOUTS", ("tiny",))


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ((), "6 4 no-labels odd"),
        (("--people", 2), "2 4 no-labels odd"),
        (("--sequences", 9, "--quirks", "none"), "6 9"),
        (("--quirks", "odd"), "6 4 odd"),
        (("--quirks", "odd, no-labels"), "6 4 no-labels odd"),
    ],
)
def test_draw_writes_a_layout(tmp_path, words, asked):
    done = call("data", "draw", "tiny", tmp_path / "out", *words)
    assert done.stdout.strip() == f"drawn: {tmp_path / 'out'}"
    assert (tmp_path / "out" / "asked.txt").read_text() == asked


@pytest.mark.usefixtures("tiny")
def test_draw_lists_layouts_and_quirks(tmp_path):
    assert call("data", "draw", "--list").stdout.split("\n")[0] == "tiny  A tiny layout"
    assert call("data", "draw").stdout == call("data", "draw", "--list").stdout
    text = call("data", "draw", "tiny", "--list").stdout
    assert "no-labels  labels are missing" in text


@pytest.mark.usefixtures("tiny")
def test_draw_refuses_what_it_cannot_do(tmp_path):
    assert "did you mean tiny?" in str(raised("data", "draw", "tinny", tmp_path / "out"))
    error = raised("data", "draw", "tiny", tmp_path / "out", "--quirks", "strange")
    assert "unknown quirks of tiny" in str(error)
    assert list(tmp_path.iterdir()) == []
    assert "name the folder" in call("data", "draw", "tiny").output


FOUND = Inventory(
    layout="a layout " * 20,
    faces=1308,
    subjects=40,
    without_subject=3,
    sequences=0,
    unlabelled=7,
    counts={"images": 1308, "extra": 2},
    published={"images": 1309, "labels": 5},
    expressions={"happy": 1300, "": 8},
    units=(UnitCount(12, 1000, 10, 9, 8, 7), UnitCount(4, 5, 1, 1, 1, 1)),
    splits=(
        Split("official split", {"train": 1000, "test": 308}, 2, 5, {"test": 28}),
        Split("official fold 1", {"train": 1000, "validation": 308}, 0, 0, {"validation": 0}),
    ),
    skipped=(*((f"{i:02d}.png", "no label") for i in range(30)), ("z.txt", "empty")),
    warnings=tuple(f"warning {i}" for i in range(25)),
    terms=Showing("CK+", "research only.", "11 of 40 subjects", 900, 29, False),
    pictures=PictureCounts(
        1307,
        (("x.png", "truncated"),),
        {f"{i} x {i}": 1 for i in range(1, 23)},
        {"grey": 1307},
        ("i1",),
        12,
        30,
        (("a", "b", "c", "d", "e", "f"),),
        (),
    ),
)


def test_the_text_tells_everything_shortly():
    text = told("My faces", FOUND)
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert "taken       1,308 faces of 40 subjects; of 3 it is not known whose they are" in lines
    assert "expressions happy 1,300, without one 8" in lines
    assert "unlabelled  7 faces with neither an expression nor a code" in lines
    rows = [line.split() for line in lines]
    assert ["images", "1,308", "1,309", "differs"] in rows
    assert ["extra", "2"] in rows
    assert ["labels", "-", "5", "differs"] in rows
    assert ["AU12", "lip", "corner", "puller", "1,000", "10", "9", "8", "7"] in rows
    assert ["official", "split", "1,000", "0", "308", "2", "5"] in rows
    assert "official split: 28 of test stand in train as well, equal in every pixel" in text
    assert "fold 1: " not in text
    assert "20 x 20 (1), and 2 others" in text.replace("\n            ", " ")
    assert "    x.png: truncated" in lines
    assert "12 groups of 30 pictures" in text
    assert "1 group with different expressions:" in text
    assert "a = b = c = d and 2 more" in text
    assert "different subjects" not in text
    assert "left out    31 files or rows" in lines
    assert "  30: no label" in lines
    assert "    and 20 more" in lines
    assert "and 5 more warnings" in lines
    assert "shown       11 of 40 subjects may be; 900 faces of 29 subjects will be in no" in text
    assert "passed on   pictures may not be, nor a report that shows any" in lines


def test_the_columns_of_a_table_stand_under_one_another():
    lines = told("My faces", FOUND).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("action unit"))
    ends = [line.rindex(" ") for line in lines[start : start + 3]]
    assert len({len(line) for line in lines[start : start + 3]}) == 1
    assert ends[1] == ends[2]


def test_nobody_known_is_said_once():
    text = told("x", replace(FOUND, subjects=0, without_subject=FOUND.faces))
    assert "taken       1,308 faces; it is not known whose they are\n" in text


def test_what_is_left_out_is_counted_beyond_the_names_that_are_kept():
    told_of = told("x", replace(FOUND, left_out={"empty": 1, "no label": 24_630})).splitlines()
    assert "left out    24,631 files or rows" in told_of
    start = told_of.index("  24,630: no label")
    assert told_of[start + 11] == "    and 24,620 more"
    assert told_of[start + 12] == "  1: empty"


def test_names_that_are_left_out_are_sorted():
    text = told("x", replace(FOUND, skipped=(("b", "why"), ("a", "why")), left_out={}))
    assert text.index("    a\n") < text.index("    b")


def test_an_empty_inventory_has_no_empty_tables():
    bare = replace(
        FOUND,
        counts={},
        published={},
        units=(),
        splits=(),
        skipped=(),
        left_out={},
        warnings=(),
        pictures=None,
    )
    text = told("x", bare)
    assert "none is coded" in text
    assert "left out    nothing" in text
    for word in ("in the folder", "split", "pictures ", "warning"):
        assert word not in text.replace("passed on   pictures", "")
