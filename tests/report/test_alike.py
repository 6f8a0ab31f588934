"""Filters that answer alike: as the store itself and scipy tell, however they are cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from facsinterp.activations.store import ActivationStore
from facsinterp.report.reading import alike
from facsinterp.report.reading.alike import Alike
from facsinterp.report.reading.survey import Survey
from tests.report import runs, tables


def answers(seed, faces=30, filters=17):
    """Few values, so that many tie; copies, so that correlations tie; dead and constant ones."""
    rng = np.random.default_rng(seed)
    peak = np.maximum(rng.integers(-2, 4, (faces, filters)), 0).astype(np.float32)
    peak[:, 3] = 0
    peak[:, 4] = 2
    peak[:, 9] = 2 * peak[:, 1]
    peak[:, 12:16] = peak[:, [1]] + 1
    return peak


def of(peak, **cut):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in cut.items():
            patch.setattr(alike, name, value)
        return Alike.of(lambda part: peak[:, part], peak.shape[1], len(peak))


def slowly(peak):
    """For each filter [(other, correlation)] by scipy and a sort."""
    live = [j for j in range(peak.shape[1]) if len(set(peak[:, j])) > 1 and peak[:, j].max() > 0]
    values = np.round(spearmanr(peak[:, live]).statistic, 12)
    for one in range(peak.shape[1]):
        row = values[live.index(one)] if one in live else np.empty(0)
        found = [(j, v) for j, v in zip(live, row.tolist(), strict=False) if j != one]
        yield sorted(found, key=lambda pair: (-pair[1], pair[0]))[: alike.MOST]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 20), st.sampled_from([0, 1 << 25]))
def test_each_pair_slowly_however_filters_are_cut(seed, tile, held):
    """`held` 0: every part is one filter and read again for each other part."""
    peak = answers(seed)
    found = of(peak, TILE=tile, HELD=held)
    for one, wanted in enumerate(slowly(peak)):
        kept = found.other[one] >= 0
        assert found.other[one][kept].tolist() == [other for other, _ in wanted]
        assert found.correlation[one][kept] == pytest.approx([value for _, value in wanted])
        assert np.isnan(found.correlation[one][~kept]).all()


def test_a_survey_tells_what_the_store_tells_of_the_faces_looked_at(tmp_path):
    """Exactly: also the order of filters that go with it equally."""
    store = runs.store(tmp_path / "a.zarr", copies=((1, 3), (1, 7)))
    made = runs.report(tmp_path, store=store, associations=tables.associations())
    survey = Survey.of(made)
    assert len(survey.rows) < len(survey.faces)
    data = made.store.data["peak"].values[survey.rows]
    table = survey.faces
    few = ActivationStore.from_arrays(
        tmp_path / "few.zarr", data, survey.filters, type(table)(table.data.isel(image=survey.rows))
    )
    names = [str(one) for one in survey.filters]
    for place, name in enumerate(names):
        wanted = few.correlated(name, n=alike.MOST)
        kept = survey.alike.other[place] >= 0
        assert [names[i] for i in survey.alike.other[place][kept]] == wanted["filter"].tolist()
        assert survey.alike.correlation[place][kept].tolist() == wanted["correlation"].tolist()
    assert survey.alike.correlation[1, :2].tolist() == [1.0, 1.0]
    assert survey.alike.other[1, :2].tolist() == [3, 7]
    assert (survey.alike.other[5] == -1).all()


def test_without_faces_or_filters_nothing_is_alike():
    assert (of(np.zeros((0, 3), np.float32)).other == -1).all()
    assert of(np.zeros((4, 0), np.float32)).other.shape == (0, alike.MOST)
    alone = of(np.arange(4, dtype=np.float32)[:, None])
    assert (alone.other == -1).all()
