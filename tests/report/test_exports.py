"""The tables as files: that they come back as they were, that nothing runs, how large they are."""

import csv
import gzip
import io
import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.report.pages import exports
from facsinterp.report.pages.tables import PACKED, Table, guarded, parquet, written
from facsinterp.report.parts import Finding, Section
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables

FORMULAS = ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx")


def read(file):
    content = gzip.decompress(file.content) if file.address.endswith(".gz") else file.content
    return content.decode()


def cells(file):
    return list(csv.reader(io.StringIO(read(file), newline="")))


def of(frame, **changes):
    """CSV, JSON and Parquet of a frame."""
    return written(Table("t", "T", frame, {}, **changes)).files


FRAME = pd.DataFrame(
    {
        "text": ['a "quoted", cell', "two\r\nlines", None, ""],
        "number": [0.123456789, 1e-20, math.nan, -3.0],
        "whole": pd.array([1, 2, None, 4], dtype="Int64"),
        "true": [True, False, True, False],
    }
)


def test_csv_is_that_of_the_standard():
    sheet = of(FRAME)[0]
    assert sheet.address == "tables/t.csv"
    assert sheet.content.startswith(b"text,number,whole,true\r\n")
    assert sheet.content.count(b'"a ""quoted"", cell"') == 1
    assert cells(sheet)[1:] == [
        ['a "quoted", cell', "0.123457", "1", "true"],
        ["two\r\nlines", "1e-20", "2", "false"],
        ["", "", "", "true"],
        ["", "-3", "4", "false"],
    ]


def test_json_is_a_list_of_records_with_null_for_what_is_missing():
    records = json.loads(read(of(FRAME)[1]))
    assert records[0] == {
        "text": 'a "quoted", cell', "number": 0.123457, "whole": 1, "true": True,
    }  # fmt: skip
    assert records[2] == {"text": None, "number": None, "whole": None, "true": True}
    assert json.loads(read(of(FRAME.head(0))[1])) == []


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    sheet, records, table = of(pd.DataFrame({text: [text], "n": [-1.5]}))
    head, row = cells(sheet)
    assert head[0] == row[0] == f"'{text}"
    assert row[1] == "-1.5"  # a number stays one
    assert json.loads(read(records))[0][text] == text
    assert pq.read_table(io.BytesIO(table.content))[text][0].as_py() == text


@given(st.lists(st.text(), min_size=1, max_size=20))
def test_any_text_comes_back(texts):
    sheet, records, _ = of(pd.DataFrame({"text": pd.Series(texts, dtype=object)}))
    assert [row[0] if row else "" for row in cells(sheet)[1:]] == [guarded(text) for text in texts]
    assert [row["text"] for row in json.loads(read(records))] == texts


def test_parquet_is_single_precision_unless_that_loses_a_p_value():
    frame = pd.DataFrame({"auroc": [0.1, 0.0, np.nan], "p": [1e-60, 0.5, np.nan]})
    back = pq.read_table(io.BytesIO(parquet(frame))).to_pandas()
    assert back["auroc"].dtype == np.float32
    assert back["p"].dtype == np.float64
    assert back["p"][0] == 1e-60
    assert back["auroc"].isna().tolist() == [False, False, True]


def test_large_files_are_packed_and_always_alike():
    frame = pd.DataFrame({"x": np.random.default_rng(0).random(PACKED // 8)})
    first, second = of(frame), of(frame)
    assert [file.address for file in first] == [
        "tables/t.csv.gz", "tables/t.json.gz", "tables/t.parquet",
    ]  # fmt: skip
    assert [file.content for file in first] == [file.content for file in second]
    assert len(cells(first[0])) == len(frame) + 1


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    made = runs.report(tmp_path_factory.mktemp("run"), associations=tables.associations())
    table = pd.DataFrame({"unit": ["AU12"], "share": [0.5]})
    return Survey.of(
        replace(
            made,
            findings=(Finding("=HYPERLINK(1)", 0.5, 0.4, 0.6, 10, 0.01), Finding("bare")),
            sections=(Section("../../etc/passwd", table=table), Section("Bare")),
            tables={"kept": table, "large": pd.DataFrame({"x": range(exports.LARGEST + 1)})},
        )
    )


@pytest.fixture(scope="module")
def made(survey):
    return {table.name: table for table in exports.tables(survey)}


def test_there_is_a_table_of_each_kind(survey, made):
    assert list(made) == [
        "filters", "pairs", "units", "layers", "faces", "findings", "section-etc-passwd",
        "study-kept",
    ]  # fmt: skip
    assert exports.left_in_the_run(survey) == [("large", exports.LARGEST + 1)]
    addresses = [file.address for table in made.values() for file in written(table).files]
    assert len(set(addresses)) == len(addresses)
    assert all(address.startswith("tables/") and ".." not in address for address in addresses)


def test_a_row_for_each_filter_with_its_verdict(made):
    filters = made["filters"].frame.set_index("filter")
    assert len(filters) == 10
    assert filters.loc["conv1/000", "verdict"] == "beyond the emotion"
    assert filters.loc["conv1/000", "unit"] == 12
    assert filters.loc["conv1/000", "passes"] == "AU12 AU4 AU1"
    assert filters.loc["conv1/000", "passes_beyond"] == "AU12 AU4"
    assert filters.loc["conv1/000", "auroc"] == pytest.approx(0.91)
    assert filters.loc["conv2/003", "silenced"]
    assert filters.loc["conv1/001", ["unit", "unit_held_out"]].tolist() == [4, 12]
    assert pd.isna(filters.loc["conv2/001", "unit_held_out"])
    dead = filters.loc["conv2/001"]
    assert dead["dead"]
    assert pd.isna(dead["unit"])
    assert pd.isna(dead["auroc"])


def test_pairs_are_of_live_filters_and_tested_units(survey, made):
    pairs = made["pairs"].frame
    live = [kind not in ("dead", "constant") for kind in tables.KINDS]
    assert len(pairs) == sum(live) * 3
    assert set(pairs["unit"]) == {12, 4, 1}
    one = pairs[(pairs["filter"] == "conv1/000") & (pairs["unit"] == 12)].iloc[0]
    assert (one["passes"], one["passes_beyond"], one["way_auroc"]) == (True, True, "saddlepoint")
    for name in ("auroc", "q_beyond", "kl"):
        assert one[name] == pytest.approx(survey.claims.pair[name][0, 0])


def test_faces_have_names_and_codes_and_no_picture(survey, made):
    faces = made["faces"].frame
    assert faces["image"].tolist() == survey.faces.images.tolist()
    row = int(np.flatnonzero(survey.faces.data["present"].values.sum(axis=1) > 1)[0])
    for i, unit in enumerate(survey.faces.units):
        there = bool(survey.faces.data["present"].values[row, i])
        codes = [code.rstrip("ABCDE") for code in faces["codes"][row].split()]
        assert (str(unit) in codes) == there
    assert faces["looked_at"].sum() == len(survey.rows)


def test_every_column_of_a_pair_has_words(made):
    assert set(made["pairs"].frame.columns) - {"filter"} <= set(made["pairs"].meanings)


def test_of_very_many_pairs_there_is_no_json(survey, monkeypatch):
    monkeypatch.setattr(exports, "MOST_RECORDS", 3)
    pairs = next(table for table in exports.tables(survey) if table.name == "pairs")
    assert pairs.formats == ("csv",)


def test_of_more_pairs_than_a_spreadsheet_opens_there_is_parquet_alone(survey, monkeypatch):
    monkeypatch.setattr(exports, "MOST_RECORDS", 3)
    monkeypatch.setattr(exports, "MOST_LINES", 3)
    pairs = next(table for table in exports.tables(survey) if table.name == "pairs")
    assert pairs.formats == ()
    assert [file.address for file in written(pairs).files] == ["tables/pairs.parquet"]


def test_without_associations_there_are_filters_layers_and_faces(tmp_path):
    survey = Survey.of(runs.report(tmp_path, associations=None))
    assert [table.name for table in exports.tables(survey)] == ["filters", "layers", "faces"]
