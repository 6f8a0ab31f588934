"""A study's result on disk: `results.json` and one Parquet file a table."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

import pandas as pd

from facsinterp.errors import PluginError, writing
from facsinterp.report.frames import plain
from facsinterp.report.parts import Finding, Section
from facsinterp.study.contract import StudyResult

FILE_NAME: Final = "results.json"
_TABLE_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def save_result(result: StudyResult, folder: Path) -> None:
    """Write answer, findings, sections and tables into a folder that exists.

    Names of rows become columns, and columns of mixed values texts.
    Raises PluginError for a table name that is no file name, DataError where the disk is full.
    """
    wrong = [name for name in result.tables if not _TABLE_NAME.fullmatch(name)]
    if wrong:
        message = f"tables need names of a-z, 0-9 and hyphens, such as best-filters; got {wrong}"
        raise PluginError(message)
    with writing("the study's result", folder):
        _save(result, folder)


def _save(result: StudyResult, folder: Path) -> None:
    for name, table in result.tables.items():
        plain(table).to_parquet(folder / f"{name}.parquet", index=False)
    sections = [_save_section(section, i, folder) for i, section in enumerate(result.sections)]
    content = {
        "answer": list(result.answer),
        "findings": [asdict(finding) for finding in result.findings],
        "sections": sections,
        "tables": list(result.tables),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    (folder / FILE_NAME).write_text(text, encoding="utf-8")


def _save_section(section: Section, position: int, folder: Path) -> Mapping[str, object]:
    file = None
    if section.table is not None:
        file = f"section-{position}.parquet"
        plain(section.table).to_parquet(folder / file, index=False)
    return {
        "title": section.title,
        "paragraphs": list(section.paragraphs),
        "table": file,
        "figure": section.figure,
    }


def load_result(folder: Path) -> StudyResult:
    """The result that `save_result` wrote; one from before there were answers has none."""
    content = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    return StudyResult(
        findings=tuple(Finding(**finding) for finding in content["findings"]),
        tables={name: pd.read_parquet(folder / f"{name}.parquet") for name in content["tables"]},
        sections=tuple(
            Section(
                title=section["title"],
                paragraphs=tuple(section["paragraphs"]),
                table=pd.read_parquet(folder / section["table"]) if section["table"] else None,
                figure=section["figure"],
            )
            for section in content["sections"]
        ),
        answer=tuple(content.get("answer", ())),
    )
