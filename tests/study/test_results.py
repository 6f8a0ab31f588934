"""A study's result comes back from disk as it was."""

import errno
import json
import os

import pandas as pd
import pytest

from facsinterp.errors import DataError, PluginError
from facsinterp.study.contract import Finding, Section, StudyResult
from facsinterp.study.results import FILE_NAME, load_result, save_result

TABLE = pd.DataFrame({"unit": ["AU12", "AU25"], "share": [0.5, None], "n": [3, 4]})


def test_a_result_survives_the_disk(tmp_path):
    result = StudyResult(
        findings=(Finding("claim", 0.5, 0.4, 0.6, n=10, p=0.01), Finding("bare")),
        tables={"units": TABLE},
        sections=(
            Section("one", ("a", "b"), TABLE, {"data": [], "layout": {"title": "é"}}),
            Section("two"),
        ),
        answer=("Shown: é < 1.", "Not shown: the rest."),
    )
    save_result(result, tmp_path)
    back = load_result(tmp_path)
    assert back.findings == result.findings
    assert back.answer == result.answer
    pd.testing.assert_frame_equal(back.tables["units"], TABLE)
    assert back.sections[0].table is not None
    pd.testing.assert_frame_equal(back.sections[0].table, TABLE)
    assert back.sections[0].figure == result.sections[0].figure
    assert back.sections[0].paragraphs == ("a", "b")
    assert back.sections[1].table is None


def test_a_result_from_before_there_were_answers_still_opens(tmp_path):
    save_result(StudyResult(findings=(Finding("bare"),)), tmp_path)
    content = json.loads((tmp_path / FILE_NAME).read_text(encoding="utf-8"))
    del content["answer"]
    (tmp_path / FILE_NAME).write_text(json.dumps(content), encoding="utf-8")
    back = load_result(tmp_path)
    assert back.answer == ()
    assert back.findings == (Finding("bare"),)


@pytest.mark.parametrize("name", ["", "Upper", "with space", "../outside", "a--b", "-a"])
def test_table_names_must_be_file_names(tmp_path, name):
    with pytest.raises(PluginError, match="hyphens"):
        save_result(StudyResult(tables={name: TABLE}), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told(tmp_path, monkeypatch):
    def full(path, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pd.DataFrame, "to_parquet", full)
    with pytest.raises(DataError, match="the study's result cannot be written") as told:
        save_result(StudyResult(tables={"one": TABLE}), tmp_path)
    assert told.value.faults[0].where == str(tmp_path)
