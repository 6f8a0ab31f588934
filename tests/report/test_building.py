"""How a site comes to stand: in processes, gone on with, kept where unchanged, swapped whole."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import CrewError, DataError, InputError
from facsinterp.report import site as whole
from facsinterp.report.building import identity, keeping, place, tasks, workers
from facsinterp.report.building.identity import key_of
from facsinterp.report.pages import dead, index, units
from facsinterp.report.pages.page import File, Page
from facsinterp.report.parts import Report, Section
from facsinterp.report.reading.survey import Survey
from facsinterp.report.site import write_site
from tests.report import runs, tables

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return runs.report(tmp_path_factory.mktemp("run"), associations=tables.associations())


@pytest.fixture(scope="module")
def made(report, tmp_path_factory):
    """A whole site, never to be changed."""
    return write_site(report, tmp_path_factory.mktemp("made") / "site", workers=1).parent


@pytest.fixture
def site(made, tmp_path):
    """A site like it, older than now."""
    folder = tmp_path / "site"
    shutil.copytree(made, folder)
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (10**9, 10**9))
    return folder


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def states(folder):
    """What anybody who looks at the files would see changed."""
    found = {}
    for path in [*folder.rglob("*"), folder]:
        stat = path.stat()
        found[path.relative_to(folder).as_posix()] = (stat.st_ino, stat.st_mtime_ns)
    return found


def stopped(monkeypatch, error=KeyboardInterrupt):
    """Building ends in its last room but some."""

    def fail(*_):
        raise error

    monkeypatch.setattr(units, "pages", fail)


def counted(monkeypatch):
    """The names of the tasks that are done from now on, in this process."""
    done = []
    do = workers.Bench.do

    def noted(bench, task, survey):
        done.append(task.name)
        do(bench, task, survey)

    monkeypatch.setattr(workers.Bench, "do", noted)
    return done


def alone(folder):
    return [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_processes_make_the_same_bytes_as_one(report, made, tmp_path):
    folder = write_site(report, tmp_path / "site", workers=2).parent
    assert contents(folder) == contents(made)
    assert alone(folder)


def test_a_site_that_is_the_same_is_not_touched(report, site):
    before = states(site)
    write_site(report, site, workers=1)
    assert states(site) == before
    assert alone(site)


def test_only_files_that_changed_are_written(report, site):
    before = states(site)
    (site / "filters/conv9-000.html").write_text("of a layer that is no more")
    write_site(replace(report, question="Which ones, then?"), site, workers=1)
    after = states(site)
    files = {name for name in before if (site / name).is_file()}
    assert {name for name in files if after[name] != before[name]} == {"index.html"}
    assert "Which ones, then?" in (site / "index.html").read_text(encoding="utf-8")
    assert not (site / "filters/conv9-000.html").exists()
    assert alone(site)


@pytest.mark.parametrize("change", ["other bytes", "a link"])
def test_a_file_that_somebody_changed_is_made_again(report, made, site, change):
    page = site / "dead.html"
    text = page.read_bytes()
    page.unlink()
    if change == "a link":
        (site.parent / "elsewhere").write_bytes(text)
        page.symlink_to(site.parent / "elsewhere")
    else:
        page.write_bytes(text.replace(b"e", b"3"))
    write_site(report, site, workers=1)
    assert not page.is_symlink()
    assert contents(site) == contents(made)


def test_where_nothing_can_be_linked_files_are_copied_with_their_times(report, site, monkeypatch):
    def refuse(*_, **__):
        raise OSError(18, "another disk")

    monkeypatch.setattr(os, "link", refuse)
    before = states(site)
    write_site(report, site, workers=1)
    assert states(site) == before
    write_site(replace(report, question="Others?"), site, workers=1)
    assert states(site)["dead.html"][1] == before["dead.html"][1]


def test_a_stopped_build_leaves_the_old_site_and_is_gone_on_with(report, made, site, monkeypatch):
    before = states(site)
    changed = replace(report, question="Which ones, then?")
    with monkeypatch.context() as patch:
        stopped(patch)
        with pytest.raises(KeyboardInterrupt):
            write_site(changed, site, workers=1)
    assert states(site) == before
    done = counted(monkeypatch)
    write_site(changed, site, workers=1)
    assert done
    assert not {"filters-0", "index"} & set(done)
    assert "unit-0" in done
    assert set(contents(site)) == set(contents(made))
    assert "Which ones, then?" in (site / "index.html").read_text(encoding="utf-8")
    assert alone(site)


def test_what_was_left_for_another_site_is_not_used(report, made, tmp_path, monkeypatch):
    folder = tmp_path / "site"
    with monkeypatch.context() as patch:
        stopped(patch)
        with pytest.raises(KeyboardInterrupt):
            write_site(replace(report, title="Another title"), folder, workers=1)
    assert not folder.exists()
    done = counted(monkeypatch)
    write_site(report, folder, workers=1)
    assert "filters-0" in done
    assert contents(folder) == contents(made)


@pytest.mark.parametrize("loss", ["gone", "cut", "changed", "mark"])
def test_a_task_whose_files_are_not_as_it_left_them_is_done_again(
    report, made, tmp_path, monkeypatch, loss
):
    folder = tmp_path / "site"
    with monkeypatch.context() as patch:
        stopped(patch)
        with pytest.raises(KeyboardInterrupt):
            write_site(report, folder, workers=1)
    (left,) = (tmp_path / "site.partial").glob("making-*")
    page = left / "site/index.html"
    if loss == "gone":
        page.unlink()
    elif loss == "cut":
        page.write_bytes(page.read_bytes()[:100])
    elif loss == "changed":
        page.write_bytes(page.read_bytes().replace(b"e", b"3"))
    else:
        (left / "marks/index.json").write_text('{"files": [["ind')
    write_site(report, folder, workers=1)
    assert contents(folder) == contents(made)


def test_an_error_leaves_nothing_but_the_old_site(report, site, monkeypatch):
    before = states(site)
    stopped(monkeypatch, OSError("disk full"))
    with pytest.raises(OSError, match="disk full"):
        write_site(replace(report, question="Others?"), site, workers=1)
    assert states(site) == before
    assert alone(site)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupt_between_the_renames_puts_the_old_site_back(report, site, monkeypatch, error):
    before = states(site)
    rename = Path.rename

    def interrupted(path, target):
        if path.name == "site" and target == site:
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(error):
        write_site(replace(report, question="Others?"), site, workers=1)
    assert states(site) == before


def test_a_crash_between_the_renames_is_mended_by_the_next_build(report, site):
    before = states(site)
    partial = site.with_name("site.partial")
    partial.mkdir()
    site.rename(partial / "old")
    write_site(report, site, workers=1)
    assert states(site) == before
    assert alone(site)


@pytest.mark.parametrize(
    ("number", "do"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EROFS, "may be written to"),
        (errno.EACCES, "permissions"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_a_disk_that_takes_nothing_is_told(report, site, monkeypatch, number, do, count):
    before = states(site)
    monkeypatch.setattr(dead, "pages", partial(refused, number, f"{site}.partial/x.html"))
    with pytest.raises(DataError, match="the site cannot be written") as told:
        write_site(replace(report, question="Others?"), site, workers=count)
    (fault,) = told.value.faults
    assert do in fault.do
    assert fault.where == f"{site}.partial/x.html"
    assert fault.got == os.strerror(number)
    assert states(site) == before
    assert alone(site)


def refused(number, path, _):
    raise OSError(number, os.strerror(number), path)


def test_what_cannot_be_read_elsewhere_is_no_fault_of_the_site(report, tmp_path, monkeypatch):
    monkeypatch.setattr(dead, "pages", partial(refused, errno.EACCES, "/elsewhere/store"))
    with pytest.raises(PermissionError):
        write_site(report, tmp_path / "site", workers=1)


def test_a_folder_that_may_not_be_written_to_is_told(report, tmp_path, monkeypatch):
    folder = tmp_path / "closed/site"

    def refuse(path, *_, **__):
        refused(errno.EACCES, str(path), None)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(DataError, match="permissions"):
        write_site(report, folder, workers=1)


def test_what_is_left_of_a_removed_site_is_not_put_back(report, made, site):
    partial = site.with_name("site.partial")
    (partial / "making-1/old").mkdir(parents=True)
    (partial / "making-1/old/half.html").write_text("half")
    shutil.rmtree(site)
    write_site(report, site, workers=1)
    assert contents(site) == contents(made)
    assert alone(site)


def test_two_builds_of_one_site_are_refused(report, made, tmp_path):
    folder = tmp_path / "site"
    with place.building(folder, lambda: "some key"):
        with pytest.raises(DataError, match="another process is building this site"):
            write_site(report, folder)
        write_site(report, tmp_path / "other", workers=1)
    write_site(report, folder, workers=1)
    assert contents(folder) == contents(made)


BUILD = """
    import sys
    from pathlib import Path
    from facsinterp.activations.store import ActivationStore
    from facsinterp.report.parts import Report
    from facsinterp.report.site import write_site

    class Told:
        def step(self, title, total):
            return self
        def __enter__(self):
            return lambda parts: print(parts, flush=True)
        def __exit__(self, *_):
            return None
        def say(self, text):
            print(text, flush=True)

    store = ActivationStore.open(sys.argv[1])
    report = Report("Killed", "Why?", "id", store)
    write_site(report, Path(sys.argv[2]), Told(), workers=int(sys.argv[3]))
"""


def build(store, folder, count):
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUILD), str(store.path), str(folder), str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        start_new_session=True,
    )


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_build_killed_among_its_processes_is_gone_on_with(report, tmp_path, monkeypatch, end):
    folder = tmp_path / "site"
    first = build(report.store, folder, 2)
    first.stdout.readline()
    if end == signal.SIGINT:
        os.killpg(first.pid, end)  # as a terminal sends it, to the workers too
    else:
        first.send_signal(end)
    _, told = first.communicate(timeout=60)
    assert first.returncode != 0
    assert told.count("Traceback") == (end == signal.SIGINT), told
    assert not folder.exists()
    bare = Report("Killed", "Why?", "id", ActivationStore.open(report.store.path))
    names = {task.name for task in tasks.tasks(Survey.of(bare))}
    done = counted(monkeypatch)
    write_site(bare, folder, workers=1)
    assert set(done) < names
    assert alone(folder)
    expected = write_site(bare, tmp_path / "expected", workers=1)
    assert contents(folder) == contents(expected.parent)


def killed_here(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_worker_is_told_and_what_is_made_stays(report, tmp_path, monkeypatch):
    folder = tmp_path / "site"

    def and_a_killer(survey):
        yield tasks.Task("first", dead.pages)
        yield tasks.Task("killer", killed_here)

    monkeypatch.setattr(whole, "tasks", and_a_killer)
    with pytest.raises(CrewError, match="goes on with the others"):
        write_site(report, folder, workers=2)
    assert not folder.exists()
    assert (tmp_path / "site.partial").exists()


def test_what_a_worker_of_a_killed_build_writes_goes_nowhere(tmp_path):
    folder = tmp_path / "site"
    with pytest.raises(KeyboardInterrupt), place.building(folder, lambda: "key") as left:
        raise KeyboardInterrupt
    with place.building(folder, lambda: "key") as found:
        assert found.root != left.root
        with pytest.raises(FileNotFoundError):
            left.put(File("data/a.js", b"late"))
        with pytest.raises(FileNotFoundError):
            left.mark("late", [], set())
        assert [path.name for path in found.root.parent.iterdir()] == [found.root.name]


def test_workers_must_be_some(report, tmp_path):
    with pytest.raises(InputError, match="too few workers"):
        write_site(report, tmp_path / "site", workers=0)
    assert not list(tmp_path.iterdir())


def test_a_small_site_starts_no_process(report, tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "ProcessPoolExecutor", None)
    write_site(report, tmp_path / "site")
    monkeypatch.setattr(workers, "SMALL", 1)
    monkeypatch.setattr("joblib.cpu_count", lambda: 2)
    with pytest.raises(TypeError):
        write_site(report, tmp_path / "site")


def with_attributes(store, **attributes):
    return replace(store, data=store.data.assign_attrs(attributes))


@pytest.mark.parametrize(
    "change",
    [
        lambda report: {"question": "Others?"},
        lambda report: {"sections": (Section("One", ("Text",)),)},
        lambda report: {"sections": (Section("One", figure={"data": [{"y": [1.0, 2.0]}]}),)},
        lambda report: {"associations": tables.associations(auroc=0.75)},
        lambda report: {"associations": tables.associations(attrs={"alpha": 0.01})},
        lambda report: {"dead": report.dead.assign(dead=~report.dead["dead"])},
        lambda report: {"definition": "other"},
        lambda report: {"store": with_attributes(report.store, facsinterp_terms="{}")},
    ],
)
def test_the_key_is_another_when_anything_that_is_shown_is(report, change):
    assert key_of(replace(report, **change(report))) != key_of(report)


def test_the_key_is_the_same_for_the_same_run_opened_again(report):
    again = replace(report, store=ActivationStore.open(report.store.path))
    assert key_of(again) == key_of(report)


def test_the_key_holds_the_code_of_the_pages(tmp_path, monkeypatch, report):
    copy = tmp_path / "facsinterp"
    shutil.copytree(ROOT / "facsinterp", copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(identity, "files", lambda _: copy)

    def key():
        identity._code.cache_clear()
        return key_of(report)

    keys = [key(), key()]
    for name in ("templates/filter.html", "assets/style.css", "words/verdicts.py"):
        with (copy / "report" / name).open("a") as file:
            file.write("\n")
        keys.append(key())
    identity._code.cache_clear()
    assert len(set(keys)) == len(keys) - 1


@pytest.mark.parametrize("address", ["../out.html", "/out.html", "a/../../out.html", "", "."])
def test_no_address_leads_out_of_the_site(tmp_path, address):
    (tmp_path / "site").mkdir()
    with pytest.raises(ValueError, match="no address inside a site"):
        keeping.put(tmp_path / "site", File(address, b"x"), tmp_path / "old")
    assert alone(tmp_path / "site")


def test_a_file_linked_to_one_of_the_old_site_is_never_written_into(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    (old / "a.html").write_bytes(b"as before")
    assert keeping.put(new, File("a.html", b"as before"), old).samefile(old / "a.html")
    keeping.put(new, File("a.html", b"otherwise"), old)
    assert (old / "a.html").read_bytes() == b"as before"


def test_pages_bring_the_assets_that_they_load_and_no_others(report, tmp_path, monkeypatch):
    monkeypatch.setattr(whole, "tasks", lambda survey: [tasks.Task("one", dead.pages)])
    folder = write_site(report, tmp_path / "plain", workers=1).parent
    loaded = {path.name for path in (folder / "assets").iterdir()}
    assert {"style.css", "site.js"} <= loaded
    assert "plotly.min.js" not in loaded

    def with_figure(survey):
        figures = [{"data": [{"y": [1.0, 2.0]}], "layout": {}}]
        (page,) = [one for one in index.pages(survey) if isinstance(one, Page)]
        yield replace(page, figures=figures)

    monkeypatch.setattr(whole, "tasks", lambda survey: [tasks.Task("one", with_figure)])
    folder = write_site(report, tmp_path / "site", workers=1).parent
    assert (folder / "assets/plotly.min.js").stat().st_size > 10**6


def test_tasks_have_names_of_their_own_that_are_names_of_files(report):
    names = [task.name for task in tasks.tasks(Survey.of(report))]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() for name in names)
