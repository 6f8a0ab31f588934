"""The commands as a user types them."""

import io
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweeping.crew import DaskCrew
from facsinterp.association.associate import associate
from facsinterp.association.columns import PAIRS
from facsinterp.association.settings import Settings
from facsinterp.association.table import Associations
from facsinterp.association.verdict import KINDS
from facsinterp.cli import app as cli
from facsinterp.cli import server
from facsinterp.cli.answers import TOLD
from facsinterp.cli.bars import Bars
from facsinterp.errors import DataError, DefinitionError, FacsinterpError
from facsinterp.report.reading.claims import read_claims
from facsinterp.study import run
from facsinterp.testing import tiny_store
from tests.association.stores import people, store_of
from tests.report import tables


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def shell(*words, cwd=None):
    code = "from facsinterp.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )


def test_help_names_every_command():
    text = call("--help").output
    for command in (
        "check",
        "run",
        "sweep",
        "report",
        "serve",
        "query",
        "studies",
        "data",
        "store",
    ):
        assert command in text


def test_check_prints_the_id_and_the_steps():
    text = call("check", "studies/quickstart").output
    assert "quickstart" in text
    for step in ("faces", "network", "activations", "associations", "study", "report"):
        assert step in text


def test_studies_are_listed_with_what_they_ask():
    assert "dead-filters" in call("studies").output


def test_an_error_is_told_without_a_traceback(tmp_path):
    done = shell("check", tmp_path)
    assert done.returncode == 2
    assert "there is no study definition here" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_data_folder_leaves_nothing_behind(tmp_path):
    done = shell("run", "studies/ckplus", "--data", tmp_path / "gone", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "nothing at this path" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_empty_data_folder_is_told_what_belongs_there(tmp_path):
    (tmp_path / "data").mkdir()
    done = shell("run", "studies/ckplus", "--data", tmp_path / "data", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "cohn-kanade-images" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_device_is_refused_before_any_work(tmp_path):
    done = shell("run", "studies/quickstart", "--out", tmp_path / "out", "--device", "tpu")
    assert done.returncode == 2
    assert "unknown device 'tpu'" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--workers", 2, "--scheduler", "tcp://127.0.0.1:9"), "both workers and a scheduler"),
        (("--scheduler", "tcp://127.0.0.1:9"), "no Dask scheduler answers"),
    ],
)
def test_workers_that_cannot_be_are_told_before_any_work(tmp_path, command, words, told):
    with pytest.raises(FacsinterpError, match=told):
        raise_of(command, "studies/quickstart", "--out", tmp_path / "out", *words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["run", "sweep"])
def test_there_is_at_least_one_worker(command):
    assert call(command, "studies/quickstart", "--workers", 0).exit_code == 2


def test_dask_is_loaded_only_when_it_is_asked_for(tmp_path):
    (tmp_path / "one.toml").write_text(TINY)
    loaded = "print('distributed' in sys.modules)"
    code = f"import sys, facsinterp.cli.app as cli; cli.app(standalone_mode=False); {loaded}"
    done = subprocess.run(
        [sys.executable, "-c", code, "sweep", tmp_path / "one.toml", "--out", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert done.stdout.splitlines()[-1] == "False"


TINY = """
study = "filters"
question = "Which?"
faces = { source = "drawn", subjects = 9, sequences = 1, pixels = 32, size = 32 }
network = { import = "tests.study.small:small", train = { hold_out = 0.4, epochs = 1 } }
sweep = { batch_size = 4 }
"""


class Stopped(Exception):
    """Stands for all that a command does."""


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize("words", [(), ("--workers", 3)])
def test_a_command_hands_on_its_workers(monkeypatch, tmp_path, command, words):
    def swept(spec, looked, places, out, work, store=None):
        raise Stopped(out, work.crew is not None)

    monkeypatch.setattr(run, "look", lambda *_: SimpleNamespace(faces=None))
    monkeypatch.setattr(run, "require_codes", lambda *_: None)
    monkeypatch.setattr(run, "swept", swept)
    with pytest.raises(Stopped) as caught:
        raise_of(command, "studies/quickstart", "--out", tmp_path, *words)
    assert caught.value.args == (tmp_path, bool(words))


def test_a_sweep_by_workers_gives_the_store_of_one_without(tmp_path, monkeypatch):
    parts: list[tuple[int, ...]] = []
    work = DaskCrew.work

    def watched(self, job, given):
        parts.extend(given)
        return work(self, job, given)

    monkeypatch.setattr(DaskCrew, "work", watched)
    (tmp_path / "one.toml").write_text(TINY)
    words = ("sweep", tmp_path / "one.toml", "--out", tmp_path / "out", "--device", "cpu")
    done = call(*words, "--workers", 2)
    assert done.exception is None
    assert len(parts) > 0
    path = Path(done.stdout.strip().removeprefix("store: "))
    assert path.parents[2] == tmp_path / "out"
    assert call(*words, "--store", tmp_path / "b.zarr").exception is None
    data = [ActivationStore.open(place).verify().data for place in (path, tmp_path / "b.zarr")]
    assert data[0].drop_attrs().identical(data[1].drop_attrs())


def raise_of(*words):
    raise call(*words).exception


def test_an_unknown_source_gets_the_nearest():
    with pytest.raises(DefinitionError, match="ckplus"):
        raise_of("data", "check", "ckpluss")


def test_the_atlas_is_a_picture(tmp_path):
    call("data", "atlas", "--out", tmp_path / "atlas.png", "--people", 1)
    assert (tmp_path / "atlas.png").read_bytes().startswith(b"\x89PNG")


def test_query_of_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(DataError, match="no associations"):
        raise_of("query", tmp_path)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    """A folder with associations, as a run leaves it."""
    folder = tmp_path_factory.mktemp("run")
    store = tiny_store(folder)
    associate(store, Settings(permutations=99, min_units=1)).save(folder / "associations.zarr")
    return folder


def test_query_by_unit_and_by_filter(run_folder):
    by_unit = call("query", run_folder, "--au", 12, "--top", 3).output
    assert by_unit.count("AU12") == 3
    by_filter = call(
        "query", run_folder, "--filter", "conv2/1", "--format", "csv"
    ).output.splitlines()
    assert by_filter[0].startswith("filter,au,verdict,auroc")
    assert all(line.startswith("conv2/001,") for line in by_filter[1:])
    assert len(by_filter) == 11


def test_query_by_any_measure_with_thresholds(run_folder):
    words = ("--au", 12, "--by", "kl", "--format", "json", "--layer", "conv2", "--n", 4)
    rows = json.loads(call("query", run_folder, *words).output)
    assert 0 < len(rows) <= 4
    assert all(row["filter"].startswith("conv2/") for row in rows)
    kl = [row["kl"] for row in rows]
    assert kl == sorted(kl, reverse=True)
    strong = call("query", run_folder, *words, "--min-effect", 2).output
    assert json.loads(strong) == []
    with pytest.raises(ValueError, match="unknown measure") as raised:
        raise_of("query", run_folder, "--by", "f1")
    assert "did you mean" not in str(raised.value)
    with pytest.raises(ValueError, match="did you mean auroc or"):
        raise_of("query", run_folder, "--by", "auc_roc")


@pytest.mark.parametrize(
    ("measure", "beside"),
    [
        ("kl", ["kl", "kl_null", "kl_null_sd", "q_kl"]),
        ("p_kl", ["p_kl", "kl", "kl_null", "kl_null_sd", "q_kl"]),
        ("precision_at_n", ["precision_low", "precision_high", "q_precision"]),
        ("lift", ["lift", "q_precision"]),
        ("z_beyond", []),
    ],
)
def test_query_prints_a_measure_with_what_it_must_be_read_beside(run_folder, measure, beside):
    first = call("query", run_folder, "--by", measure, "--n", 1).output.splitlines()[0]
    heads = first.removeprefix("nothing found; columns:").replace(",", " ").split()
    assert heads == ["filter", "au", *beside, *TOLD]


def test_query_says_in_which_order_and_by_which_corrected_p():
    told = re.sub(r"[\s│]+", " ", call("query", "--help").output)
    for words in (
        "the largest first; any p_ or q_, the least first",
        "Else by q_auroc, then by the largest auroc",
        "q_beyond for numbers beyond emotion, q_precision for precision, lift and gain, q_kl for",
    ):
        assert words in told


def test_query_prints_what_the_verdict_rests_on_and_gives_all_to_programs(run_folder):
    printed = call("query", run_folder, "--au", 12, "--top", 3).output.splitlines()
    heads = printed[0].split()
    assert heads[:2] == ["filter", "au"]
    assert {"auroc", "z", "q_auroc", "q_beyond", "status", "status_beyond"} <= set(heads)
    assert {"verdict", "n_present", "n_subjects_present"} <= set(heads)
    assert "jensen_shannon" not in heads
    words = ("query", run_folder, "--au", 12, "--n", 3, "--format")
    rows = json.loads(call(*words, "json").output)
    table = Associations.open(run_folder / "associations.zarr").data
    assert set(PAIRS) <= set(rows[0])
    for row in rows:
        pair = table.sel(filter=row["filter"], au=12)
        assert row["z"] == (pytest.approx(float(pair["z"])) if np.isfinite(pair["z"]) else None)
        way = int(pair["way_auroc"])
        assert row["way_auroc"] == (table.attrs["ways"][way] if way >= 0 else None)
        reached = int(pair["reached_auroc"])
        assert row["reached_auroc"] == (reached if reached >= 0 else None)
        assert row["n_subjects_present"] == int(pair["n_subjects_present"])
    csv = call(*words, "csv").output.splitlines()
    assert set(csv[0].split(",")) == set(rows[0])


@pytest.mark.parametrize("measure", ["z", "auroc_within", "z_beyond", "q_beyond", "p_auroc_max"])
def test_query_by_the_numbers_of_both_claims(run_folder, measure):
    words = ("query", run_folder, "--by", measure, "--n", 50, "--format", "json")
    numbers = [row[measure] for row in json.loads(call(*words).output)]
    rises = measure.startswith(("p_", "q_"))
    assert numbers == sorted(numbers, reverse=not rises)
    assert None not in numbers
    printed = call("query", run_folder, "--by", measure, "--n", 2).output
    assert measure in printed.splitlines()[0]


def test_query_marks_what_was_not_tested(tmp_path):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 12, 8, 2)
    labels[:, 1] = False
    activation = rng.normal(size=(96, 4))
    activation[:, 0] += 4 * labels[:, 0]
    activation[:, 2] = 0
    store = store_of(tmp_path / "activations.zarr", activation, labels, subject=owner)
    associate(store, Settings(permutations=99)).save(tmp_path / "associations.zarr")
    rows = json.loads(call("query", tmp_path, "--n", 99, "--format", "json").output)
    told = {(row["filter"], row["au"]): row for row in rows}
    assert len(told) == 8
    for (name, unit), row in told.items():
        dead = "dead filter" if name == "conv2/000" else None
        assert row["status"] == (dead or ("tested" if unit == "AU1" else "absent"))
        assert (row["q_auroc"] is not None) == (row["status"] == "tested")
        assert (row["q_beyond"] is not None) == (row["status_beyond"] == "tested")
    said = {pair: row["verdict"] for pair, row in told.items()}
    assert said["conv1/000", "AU1"] == "answers"
    assert said["conv1/000", "AU2"] == said["conv2/001", "AU2"] == "untestable"
    assert said["conv2/000", "AU1"] == said["conv2/000", "AU2"] == "dead"
    assert said["conv1/001", "AU1"] == "nothing"
    every = ("query", tmp_path, "--n", 99, "--format", "json")
    assert json.loads(call(*every, "--au", 2, "--by", "q_auroc").output) == []
    by_kl = json.loads(call(*every, "--au", 1, "--by", "kl").output)
    assert "conv2/000" not in {row["filter"] for row in by_kl}


def test_query_says_of_a_pair_what_the_report_says_of_it(tmp_path):
    made = tables.associations()
    made.save(tmp_path / "associations.zarr")
    claims = read_claims(made, len(tables.FILTERS))
    words = ("query", tmp_path, "--n", 99, "--format", "json")
    told = {(row["filter"], row["au"]): row["verdict"] for row in json.loads(call(*words).output)}
    seen = set()
    for position, name in enumerate(tables.FILTERS):
        for row in claims.rows(position):
            verdict = told[name, row.label]
            seen.add(verdict)
            if row.kind:
                assert verdict == row.kind
            elif tables.KINDS[position] in ("dead", "constant"):
                assert verdict == tables.KINDS[position]
            else:
                assert verdict == ("nothing" if row.tested else "untestable")
    assert seen == set(KINDS)


def test_query_of_a_face(run_folder):
    image = str(ActivationStore.open(run_folder / "activations.zarr").faces.images[0])
    rows = json.loads(call("query", run_folder, "--face", image, "--format", "json").output)
    assert rows[0]["coded"] in {"present", "absent"}
    assert call("query", run_folder, "--face", image, "--au", 12).exit_code == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--au", 99), "not coded for AU99"),
        (("--filter", "conv9/001"), "no such filter"),
        (("--filter", "nonsense"), "does not name a filter"),
    ],
)
def test_query_of_what_is_not_there(run_folder, words, told):
    with pytest.raises(ValueError, match=told):
        raise_of("query", run_folder, *words)


def test_serve_gives_files_of_the_folder_to_this_machine_only(tmp_path, monkeypatch):
    (tmp_path / "assets").mkdir()
    for name in ("index.html", "methods.html", "assets/style.css"):
        (tmp_path / name).write_text("hello")
    served = {}

    def once(self):
        served["address"] = self.server_address
        worker = threading.Thread(target=self.handle_request)
        worker.start()
        url = f"http://127.0.0.1:{self.server_port}/index.html"
        served["text"] = urllib.request.urlopen(url, timeout=10).read().decode()
        worker.join()

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", once)
    server.serve_folder(tmp_path, 0)
    assert served["text"] == "hello"
    assert served["address"][0] == "127.0.0.1"


def test_serve_wants_a_folder(tmp_path):
    with pytest.raises(DataError, match="no folder to serve"):
        server.serve_folder(tmp_path / "gone", 0)


def test_progress_without_a_terminal_is_a_line_a_step():
    written = io.StringIO()
    bars = Bars(Console(file=written, width=100))
    with bars.step("sweep", 3) as advance:
        for _ in range(3):
            advance(1)
    bars.say("done before")
    text = written.getvalue()
    assert text.startswith("sweep")
    assert "done before" in text


def test_progress_on_a_terminal_shows_time_left():
    written = io.StringIO()
    with Bars(Console(file=written, force_terminal=True, width=100)).step("sweep", 10) as advance:
        advance(5)
    assert "left" in written.getvalue()
