"""The ledger: a step counts as done only when its output stands whole."""

import pytest

from facsinterp.study.ledger import Ledger, discard


def test_a_step_is_done_only_with_its_key_and_its_output(tmp_path):
    ledger = Ledger(tmp_path)
    with ledger.writing("tables", "key") as folder:
        (folder / "a.txt").write_text("whole")
    assert ledger.has("tables", "key")
    assert not ledger.has("tables", "another key")
    discard(tmp_path / "tables")
    assert not ledger.has("tables", "key")


def test_a_failed_step_leaves_nothing_behind(tmp_path):
    ledger = Ledger(tmp_path)

    def half():
        with ledger.writing("network/fold-1", "key") as folder:
            (folder / "half").write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert not (tmp_path / "network").exists()
    assert not ledger.has("network/fold-1", "key")


def test_a_failed_repeat_keeps_the_old_output(tmp_path):
    ledger = Ledger(tmp_path)
    with ledger.writing("tables", "old") as folder:
        (folder / "a.txt").write_text("old")
    with pytest.raises(KeyboardInterrupt), ledger.writing("tables", "new"):
        raise KeyboardInterrupt
    assert (tmp_path / "tables" / "a.txt").read_text() == "old"
    assert ledger.has("tables", "old")


def test_steps_are_noted_side_by_side(tmp_path):
    ledger = Ledger(tmp_path)
    for step in ("network/fold-1", "network/fold-2"):
        with ledger.writing(step, step):
            pass
    assert ledger.keys() == {"network/fold-1": "network/fold-1", "network/fold-2": "network/fold-2"}


@pytest.mark.parametrize("text", ["", "not json", "[1, 2]"])
def test_an_unreadable_ledger_means_nothing_is_done(tmp_path, text):
    (tmp_path / "steps.json").write_text(text)
    (tmp_path / "tables").mkdir()
    assert not Ledger(tmp_path).has("tables", "key")


def test_discard_takes_files_folders_and_nothing(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    for name in ("file", "folder", "nothing"):
        discard(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
