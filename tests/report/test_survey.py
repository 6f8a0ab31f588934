"""The survey: what workers hold of it, and what is asked of it for every filter."""

import io

import joblib
import numpy as np
import pytest

from facsinterp.association.columns import PAIRS
from facsinterp.report.building.render import Frame, files_of
from facsinterp.report.building.tasks import tasks
from facsinterp.report.parts import ControlRun
from facsinterp.report.reading.claims import SHOWN, read_claims
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    control = ControlRun("untrained", "before training", 7, True, tables.associations())
    return Survey.of(runs.report(tmp_path_factory.mktemp("run"), controls=(control,)))


def test_workers_hold_no_table_that_was_read(survey):
    for one in (survey.lent.report, *(control.run for control in survey.lent.controls)):
        assert one.associations.data.sizes["filter"] == 0
    assert survey.lent.report.controls == tuple(one.run for one in survey.lent.controls)
    assert survey.report.associations.data.sizes["filter"] == len(survey.filters)


def test_workers_make_of_it_what_the_builder_would(survey):
    out = io.BytesIO()
    joblib.dump(survey.lent, out)
    out.seek(0)
    lent, frame = joblib.load(out), Frame("t", "i", "0")
    for task in tasks(survey):
        made, again = (
            [file for one in task.make(which) for file in files_of(one, frame)]
            for which in (survey, lent)
        )
        assert made == again


def test_a_control_keeps_few_numbers_of_each_pair(survey):
    (control,) = survey.controls
    assert len(control.claims.pair) < len(survey.claims.pair) < len(PAIRS)
    widths = [values.dtype.itemsize for values in survey.claims.pair.values()]
    assert sum(widths) <= 8 * len(SHOWN) + 11


def test_rows_have_the_numbers_of_the_table():
    table = tables.associations()
    claims = read_claims(table, len(tables.FILTERS))
    for position in range(len(tables.FILTERS)):
        for row in claims.rows(position):
            pair = table.data.isel(filter=position).sel(au=row.unit)
            for name in SHOWN:
                value = float(pair[name])
                assert row[name] == (value if np.isfinite(value) else None)
            column = claims.units.index(row.unit)
            assert claims.kinds(column)[position] == row.kind
            assert claims.row(position, column) == row


def test_filters_of_a_layer(survey):
    for layer in survey.layer_names:
        inside = survey.of_layer(layer)
        assert [one.layer == layer for one in survey.filters] == inside.tolist()
    assert not survey.of_layer("no such layer").any()
