"""`data draw` of designs as a user types it, beside the layouts, and `data atlas`."""

import json
import subprocess
import sys
from dataclasses import fields

import pytest
from typer.testing import CliRunner

from facsinterp.cli import app as cli
from facsinterp.cli import draw
from facsinterp.errors import InputError
from facsinterp.faces.drawn.designs import DESIGNS
from facsinterp.faces.drawn.writing import blocks, write

TINY = ("--people", 1, "--pixels", 24, "--workers", 1)


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in ("data", "draw", *words)])


def test_every_design_is_a_command():
    assert tuple(DESIGNS) == draw.DESIGNS
    text = call("--help").output
    for name, design in DESIGNS.items():
        assert name in text
        assert design.question in call("--list").output


@pytest.mark.parametrize("name", DESIGNS)
def test_the_help_of_a_design_has_its_options(name):
    text = " ".join(call(name, "--help").output.split())
    for option in fields(DESIGNS[name]):
        assert f"--{option.name}" in text
    assert DESIGNS[name].question in text


def test_a_design_is_drawn_with_its_options(tmp_path):
    done = call(
        "pairs", tmp_path / "set", *TINY, "--units", "1,12", "--contexts", 1, "--intensity", 3
    )
    assert done.exit_code == 0, done.exception
    assert done.stdout.strip() == f"drawn: {tmp_path / 'set'}, 4 pictures"
    told = json.loads((tmp_path / "set" / "set.json").read_text())
    assert told["units"] == [1, 12]
    assert told["intensity"] == 3
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == [
        "LICENSE.txt", "faces.csv", "faces.zarr", "images", "landmarks.csv", "masks", "set.json",
        "truth.csv",
    ]  # fmt: skip
    again = call(
        "pairs", tmp_path / "set", *TINY, "--units", "1,12", "--contexts", 1, "--intensity", 3
    )
    assert "already" in again.stderr


def test_combinations_flags_and_one_form(tmp_path):
    words = ("--combinations", "6+12,1+4", "--only", "zarr")
    assert "8 pictures" in call("factorials", tmp_path / "f", *TINY, *words).output
    told = json.loads((tmp_path / "f" / "set.json").read_text())
    assert told["combinations"] == [[6, 12], [1, 4]]
    assert not (tmp_path / "f" / "images").exists()
    done = call("null", tmp_path / "n", *TINY, "--faces", 10, "--within", "--only", "png")
    assert done.exit_code == 0, done.exception
    assert json.loads((tmp_path / "n" / "set.json").read_text())["within"] is True


def test_faults_are_told_at_once_and_nothing_is_left(tmp_path):
    error = call("factorials", tmp_path / "f", "--people", 0, "--combinations", "24+25").exception
    assert isinstance(error, InputError)
    assert [fault.where for fault in error.faults] == ["people", "combinations"]
    assert isinstance(call("pairs", tmp_path / "p", *TINY, "--only", "jpg").exception, InputError)
    assert "1+4,6+12" in call("factorials", tmp_path / "f", "--combinations", "1-2").output
    assert "1,2,12" in call("pairs", tmp_path / "f", "--units", "1+2").output
    assert list(tmp_path.iterdir()) == []


def test_what_is_stopped_says_how_much_lies_there(tmp_path, monkeypatch):
    def stopped(design, todo, *_, **how):
        yield blocks.block(design, todo[0], **how)
        raise KeyboardInterrupt

    words = ("confounded", tmp_path / "set", *TINY, "--faces", 70)
    with monkeypatch.context() as broken:
        broken.setattr(write, "made", stopped)
        done = call(*words)
    told = "".join(done.stderr.split())  # the console breaks lines where it likes
    assert done.exit_code == 130
    assert f"64of70facesliein{tmp_path / 'set'}.partial".replace(" ", "") in told
    assert "thesamecommandgoeson" in told
    assert call(*words).exit_code == 0


def test_layouts_are_drawn_as_before(tmp_path):
    done = call("tfd", tmp_path / "t", "--people", 1, "--sequences", 1, "--quirks", "none")
    assert done.exit_code == 0, done.exception
    assert (tmp_path / "t" / "LICENSE.txt").is_file()
    other = call("--people", 1, "--sequences", 1, "--quirks", "none", "tfd", tmp_path / "u")
    assert other.exit_code == 0, other.exception
    assert call("tfd", "--list").output == call("--list", "tfd").output
    assert "name the folder" in call("ckplus").output


@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        (["--help"], "numba xarray scipy"),
        (["pairs", "--help"], "numba xarray scipy"),
        (["--list"], "numba xarray scipy.ndimage"),
        (["pairs", "OUT", "--people", "0"], "numba xarray scipy"),
    ],
)
def test_what_draws_nothing_loads_nothing_that_draws(words, loaded, tmp_path):
    code = (
        "import sys, contextlib, facsinterp.cli.app as cli\n"
        "with contextlib.suppress(Exception, SystemExit):\n"
        f"    cli.app(['data', 'draw', *{words}])\n"
        f"print('loaded:', *(set({loaded.split()}) & sys.modules.keys()))"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


def test_the_atlas_is_html_or_a_sheet(tmp_path, monkeypatch):
    monkeypatch.setattr("facsinterp.report.building.alone.atlas_file", lambda: b"<!doctype html>")
    out = tmp_path / "atlas.html"
    done = CliRunner().invoke(cli.app, ["data", "atlas", "--out", str(out)])
    assert done.stdout.strip() == f"atlas: {out}"
    assert out.read_bytes() == b"<!doctype html>"
    wrong = CliRunner().invoke(cli.app, ["data", "atlas", "--out", str(tmp_path / "atlas.jpg")])
    assert isinstance(wrong.exception, InputError)
