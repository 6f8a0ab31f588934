"""Whatever a study makes of pandas becomes pages and files."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.report.building.identity import key_of
from facsinterp.report.frames import plain
from facsinterp.report.pages.sections import shown_sections
from facsinterp.report.pages.tables import parquet
from facsinterp.report.parts import Section
from facsinterp.report.site import write_site
from facsinterp.study.contract import StudyResult
from facsinterp.study.results import load_result, save_result
from tests.report import runs

TWICE = pd.DataFrame([[1, 2, 3]], columns=["x", "x", "y"])
MIXED = pd.DataFrame(
    {
        "mixed": ["x", None, 3.5],
        "lists": [[1, 2], None, []],
        "dicts": [{}, {"a": 1}, None],
        "arrays": pd.Series([np.arange(2), None, np.nan], dtype=object),
        "wide": [1 << 70, None, -1],
        "half": pd.Series(["\ud800", "b", None], dtype=object),
        "complex": [1j, 0, 1],
        "kinds": pd.Categorical(["x", 1, None]),
    }
)
NAMED = pd.DataFrame({"auroc": [0.5, 0.75]}, index=pd.Index(["AU1", "AU2"], name="unit"))
LEVELS = pd.DataFrame(
    [[1, 2], [3, 4]],
    index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["layer", None]),
    columns=pd.MultiIndex.from_tuples([("AUROC", "low"), ("AUROC", "high")]),
)


def test_a_second_column_of_one_name_gets_a_number():
    assert list(plain(TWICE).columns) == ["x", "x (2)", "y"]
    taken = pd.DataFrame([[1, 2, 3, 4]], columns=["x", "x", "x (2)", "x"])
    assert list(plain(taken).columns) == ["x", "x (3)", "x (2)", "x (4)"]
    assert list(plain(pd.DataFrame([[1, 2]], columns=[1, "1"])).columns) == ["1", "1 (2)"]


def test_what_names_rows_becomes_columns():
    assert plain(NAMED).to_dict("list") == {"unit": ["AU1", "AU2"], "auroc": [0.5, 0.75]}
    assert list(plain(NAMED.rename_axis(None)).iloc[:, 0]) == ["AU1", "AU2"]
    both = plain(NAMED.rename_axis("auroc"))
    assert list(both.columns) == ["auroc", "auroc (2)"]
    assert plain(LEVELS).to_dict("list") == {
        "layer": ["a", "b"], "level_1": [1, 2], "AUROC · low": [1, 3], "AUROC · high": [2, 4],
    }  # fmt: skip


def test_what_only_numbers_rows_is_left_out():
    chosen = pd.DataFrame({"x": [3, 1, 2]}).sort_values("x").iloc[1:]
    assert plain(chosen).to_dict("list") == {"x": [2, 3]}


def test_mixed_values_become_texts_and_what_is_missing_stays_missing():
    texts = plain(MIXED)
    assert texts["mixed"].tolist() == ["x", None, "3.5"]
    assert texts["lists"].tolist() == ["[1, 2]", None, "[]"]
    assert texts["arrays"].tolist() == ["[0, 1]", None, None]
    assert texts["half"].tolist() == ["?", "b", None]
    assert texts["kinds"].tolist() == ["x", "1", None]
    back = pd.read_parquet(io.BytesIO(parquet(MIXED)))
    assert back["wide"].tolist()[::2] == [str(1 << 70), "-1"]


def test_columns_of_one_kind_stay_what_they_are():
    kept = pd.DataFrame(
        {
            "text": ["a", None],
            "object": pd.Series(["a", None], dtype=object),
            "truth": pd.Series([True, None], dtype=object),
            "when": pd.to_datetime(["2020-01-01", "2021-01-01"]),
            "kind": pd.Categorical(["a", None]),
            "n": pd.array([1, None], dtype="Int64"),
        }
    )
    pd.testing.assert_frame_equal(plain(kept), kept)


CELLS: st.SearchStrategy[Any] = (
    st.none() | st.text() | st.integers() | st.floats() | st.booleans() | st.binary()
)
CELLS = st.recursive(CELLS, lambda one: st.one_of(st.lists(one), st.dictionaries(st.text(), one)))


@settings(max_examples=60, deadline=None)
@given(st.lists(CELLS, max_size=5), st.lists(st.text(max_size=3), min_size=2, max_size=2))
def test_any_column_can_be_written_and_shown(cells, names):
    column = pd.Series(cells, dtype=object)
    frame = pd.concat([column, column], axis=1).set_axis(names, axis=1)
    back = pd.read_parquet(io.BytesIO(parquet(frame)))
    assert len(back) == len(cells)
    ((section,), _) = shown_sections([Section("s", table=frame)])
    assert section.table is not None
    assert len(section.table.rows) == len(cells)


@pytest.mark.parametrize(
    "table", [TWICE, MIXED, NAMED, LEVELS], ids=["twice", "mixed", "named", "levels"]
)
def test_they_survive_the_disk_and_the_site(tmp_path, table):
    (tmp_path / "tables").mkdir()
    made = StudyResult(tables={"one": table}, sections=(Section("s", table=table),))
    save_result(made, tmp_path / "tables")
    result = load_result(tmp_path / "tables")
    assert len(result.tables["one"]) == len(table)
    report = runs.report(tmp_path)
    for one in (made, result):
        shown = replace(report, sections=one.sections, tables=one.tables)
        index = write_site(shown, tmp_path / "site", workers=1)
        assert (index.parent / "tables/section-s.parquet").exists()
        html = (index.parent / "experiment.html").read_text(encoding="utf-8")
    if table is LEVELS:
        assert "AUROC · low" in html
        assert ">Layer<" in html


def test_the_key_of_a_site_knows_columns_by_place_and_the_names_of_rows(tmp_path):
    report = runs.report(tmp_path)
    tables = [
        TWICE,
        TWICE.set_axis(["x", "x", "z"], axis=1),
        TWICE.assign(y=4),
        TWICE.set_axis(["a"]),
    ]
    keys = {key_of(replace(report, tables={"one": table})) for table in tables}
    assert len(keys) == len(tables)
