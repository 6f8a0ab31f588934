"""A study's result comes back from disk as it was."""

import pandas as pd
import pytest

from facsinterp.errors import PluginError
from facsinterp.study.contract import Finding, Section, StudyResult
from facsinterp.study.results import load_result, save_result

TABLE = pd.DataFrame({"unit": ["AU12", "AU25"], "share": [0.5, None], "n": [3, 4]})


def test_a_result_survives_the_disk(tmp_path):
    result = StudyResult(
        findings=(Finding("claim", 0.5, 0.4, 0.6, n=10, p=0.01), Finding("bare")),
        tables={"units": TABLE},
        sections=(
            Section("one", ("a", "b"), TABLE, {"data": [], "layout": {"title": "é"}}),
            Section("two"),
        ),
    )
    save_result(result, tmp_path)
    back = load_result(tmp_path)
    assert back.findings == result.findings
    pd.testing.assert_frame_equal(back.tables["units"], TABLE)
    assert back.sections[0].table is not None
    pd.testing.assert_frame_equal(back.sections[0].table, TABLE)
    assert back.sections[0].figure == result.sections[0].figure
    assert back.sections[0].paragraphs == ("a", "b")
    assert back.sections[1].table is None


@pytest.mark.parametrize("name", ["", "Upper", "with space", "../outside", "a--b", "-a"])
def test_table_names_must_be_file_names(tmp_path, name):
    with pytest.raises(PluginError, match="hyphens"):
        save_result(StudyResult(tables={name: TABLE}), tmp_path)
    assert list(tmp_path.iterdir()) == []
