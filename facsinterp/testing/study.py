"""The tests that every study must pass."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from facsinterp.report.parts import Finding, Section
from facsinterp.study.contract import Inputs, Need, Study, StudyResult
from facsinterp.study.results import load_result, save_result
from facsinterp.testing.contents import contents
from facsinterp.testing.tiny import tiny_inputs, with_tiny_jobs


class StudyContract:
    """What every study must pass; subclass it and set `study`."""

    study: ClassVar[Study]

    @pytest.fixture(scope="class")
    @classmethod
    def inputs(cls, tmp_path_factory: pytest.TempPathFactory) -> Inputs:
        """Only what the study declares, so that an undeclared need shows."""
        folder = tmp_path_factory.mktemp("study")
        inputs = tiny_inputs(folder, needs=type(cls.study).needs)
        return with_tiny_jobs(cls.study, inputs, folder)

    @pytest.fixture(scope="class")
    @classmethod
    def result(cls, inputs: Inputs) -> StudyResult:
        """The study's answer on tiny faces."""
        return cls.study.run(inputs)

    def test_says_what_it_asks(self) -> None:
        assert (type(self.study).__doc__ or "").strip(), "the docstring's first line is its title"

    def test_declares_known_needs(self) -> None:
        assert type(self.study).needs <= frozenset(Need)

    def test_refuses_unknown_params(self) -> None:
        with pytest.raises(ValidationError):
            type(self.study)(**{**self.study.model_dump(), "no_such_param": 1})

    def test_gives_claims_and_tables(self, result: StudyResult) -> None:
        assert all(isinstance(finding, Finding) for finding in result.findings)
        assert all(isinstance(section, Section) for section in result.sections)
        assert all(isinstance(table, pd.DataFrame) for table in result.tables.values())
        assert result.findings or result.tables or result.sections, "it must answer something"

    def test_hides_no_number_that_is_none(self, result: StudyResult) -> None:
        for finding in result.findings:
            for value in (finding.estimate, finding.low, finding.high, finding.p):
                assert value is None or np.isfinite(value), f"NaN in {finding.claim!r}; use None"

    def test_is_the_same_twice(self, inputs: Inputs, result: StudyResult) -> None:
        again = self.study.run(inputs)
        assert again.findings == result.findings
        assert list(again.tables) == list(result.tables)
        for name, table in again.tables.items():
            pd.testing.assert_frame_equal(table, result.tables[name])

    def test_its_jobs_find_the_same_twice(
        self, inputs: Inputs, result: StudyResult, tmp_path: Path
    ) -> None:
        """Done again elsewhere, and known by the same keys after they were sent to a worker."""
        jobs = self.study.jobs(inputs)
        if not jobs:
            return
        sent = pickle.loads(pickle.dumps(list(jobs)))
        keys = [[one.key(inputs.corpora) for one in some] for some in (jobs, sent)]
        assert keys[0] == keys[1]
        again = self.study.run(with_tiny_jobs(self.study, inputs, tmp_path))
        assert again.findings == result.findings
        for name, table in again.tables.items():
            pd.testing.assert_frame_equal(table, result.tables[name])

    def test_survives_the_disk(self, result: StudyResult, tmp_path: Path) -> None:
        save_result(result, tmp_path)
        assert load_result(tmp_path).findings == result.findings

    def test_writes_only_to_its_scratch(self, inputs: Inputs) -> None:
        outside = inputs.scratch.parent
        before = contents(outside, inputs.scratch)
        self.study.run(inputs)
        assert contents(outside, inputs.scratch) == before
