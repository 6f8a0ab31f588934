"""Questions to a table of associations, and its way to disk and back."""

import json
import shutil
import warnings

import numpy as np
import pytest
import xarray as xr

from facsinterp.association.associate import Settings, associate
from facsinterp.association.columns import PAIRS
from facsinterp.association.table import Associations
from facsinterp.errors import InputError, SchemaError, StoreError
from facsinterp.labels import FilterId
from tests.association.stores import people, store_of


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 22, 4, 3)
    activation = np.maximum(0, rng.normal(size=(88, 6)))
    activation[:, 0] += 4 * labels[:, 1]
    activation[:, 3] = 0
    store = store_of(tmp_path_factory.mktemp("t") / "s", activation, labels, subject=owner)
    return associate(store, Settings(permutations=999))


def test_significance_is_asked_with_a_level(found):
    q = found.data["q_auroc"].values
    assert found.significant().dtype == bool
    assert np.array_equal(found.significant().values, np.nan_to_num(q, nan=2.0) <= 0.05)
    assert np.array_equal(found.significant(1.0).values, np.isfinite(q))
    assert not found.significant(0.0).any()
    by_precision = found.data["q_precision"].values <= 0.05
    assert np.array_equal(found.significant(test="precision").values, by_precision)
    assert found.significant().values[0, 1]


def test_the_rule_of_the_paper_counts_live_filters_with_a_pure_top(found):
    rule = found.papers_rule()
    pure = (found.data["precision_at_n"] == 1).any("au")
    assert (rule.live, rule.top_n) == (5, 10)
    assert rule.accepted.values.tolist() == (pure & found.live).values.tolist()
    assert rule.accepted.values[0]
    assert rule.count == int(rule.accepted.sum())
    assert rule.share == rule.count / 5


def test_the_rule_accepts_everything_where_a_unit_is_everywhere(found):
    data = found.data.copy(deep=True)
    data["precision_at_n"][:, 2] = 1.0
    assert Associations(data).papers_rule().count == 5  # all but the dead one


def test_no_live_filter_has_no_share(found):
    data = found.data.assign(dead=("filter", np.ones(6, dtype=bool)))
    assert np.isnan(Associations(data).papers_rule().share)


def test_the_best_unit_is_that_of_the_largest_z(found):
    assert found.best("conv1/000") == found.best(FilterId("conv1", 0)) == 2
    for name in found.data["filter"].values[found.live.values]:
        row = found.data["z"].sel(filter=name)
        assert found.best(name) == int(row["au"].values[row.values.argmax()])
    assert found.best("conv2/000") is None  # dead


def test_the_best_unit_is_a_testable_one(found):
    status = found.data["status"].values.copy()
    status[1] = "too few"
    data = found.data.assign(testable=("au", status == "tested"))
    assert Associations(data).best("conv1/000") in (1, 3)


def test_an_unknown_filter_or_unit_is_refused_with_what_there_is(found):
    with pytest.raises(InputError, match="conv1/000 to conv2/002"):
        found.best("conv9/000")
    with pytest.raises(InputError, match="1, 2, 3"):
        found.ranked(99)


def test_ranked_filters_of_a_unit(found):
    frame = found.ranked(2)
    assert frame["filter"][0] == "conv1/000"
    assert len(frame) == 5
    assert frame["auroc"].is_monotonic_decreasing
    row = found.data.sel(filter="conv1/000", au=2)
    for name in ("auroc", "precision_at_n", "p_auroc", "kl_null"):
        assert frame[name][0] == float(row[name])
    assert (frame["layer"][0], frame["channel"][0]) == ("conv1", 0)


def test_a_table_comes_back_from_disk_unchanged(found, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found.save(tmp_path / "deep" / "a.zarr")
        back = Associations.open(tmp_path / "deep" / "a.zarr")
    xr.testing.assert_identical(back.data, found.data)
    assert {k: v.dtype.kind for k, v in back.data.variables.items()} == {
        k: v.dtype.kind for k, v in found.data.variables.items()
    }
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.zarr"]


def test_a_table_is_never_written_over(found, tmp_path):
    found.save(tmp_path / "a.zarr")
    with pytest.raises(StoreError, match="there already"):
        found.save(tmp_path / "a.zarr")


def test_a_save_that_fails_leaves_nothing(found, tmp_path):
    broken = Associations(found.data.assign_attrs(odd=object()))
    with pytest.raises(TypeError):
        broken.save(tmp_path / "a.zarr")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_table_is_refused(found, tmp_path):
    with pytest.raises(StoreError, match="no associations at"):
        Associations.open(tmp_path / "nothing")
    path = tmp_path / "a.zarr"
    found.save(path)
    shutil.rmtree(path / "auroc" / "c")
    with pytest.raises(StoreError, match="values of auroc are lost"):
        Associations.open(path)
    shutil.rmtree(path / "auroc")
    with pytest.raises(StoreError, match="lacks auroc"):
        Associations.open(path)
    described = json.loads((path / "zarr.json").read_text())
    described["attributes"]["facsinterp_associations"] = 7
    (path / "zarr.json").write_text(json.dumps(described))
    with pytest.raises(StoreError, match="version 7; this facsinterp reads 3"):
        Associations.open(path)
    del described["attributes"]["facsinterp_associations"]
    (path / "zarr.json").write_text(json.dumps(described))
    with pytest.raises(StoreError, match="another kind"):
        Associations.open(path)


def test_a_table_that_lacks_something_is_refused(found):
    with pytest.raises(SchemaError, match="lacks kl_null"):
        Associations(found.data.drop_vars("kl_null"))


# --- filters by any measure ---


def plain_ranking(found, unit, by):
    """Filters that are live and have the number, in order, from the table itself."""
    column = found.data[by].sel(au=unit).values
    rows = [
        (value if by.startswith(("p_", "q_")) else -value, i)
        for i, value in enumerate(column)
        if not np.isnan(value) and bool(found.live[i])
    ]
    return [str(found.data["filter"].values[i]) for _, i in sorted(rows)]


@pytest.mark.parametrize("by", PAIRS)
def test_filters_rank_by_any_number(found, by):
    assert found.ranked(2, by)["filter"].tolist() == plain_ranking(found, 2, by)


def test_ranked_filters_pass_every_threshold(found):
    every = found.ranked(2, "kl")
    passing = found.ranked(2, "kl", min_effect=0.5, max_q=0.05)
    keep = (every["auroc"] >= 0.5) & (every["q_auroc"] <= 0.05)
    assert passing["filter"].tolist() == every["filter"][keep].tolist()
    by_lift = found.ranked(2, "lift", max_q=0.05)
    assert (by_lift["q_precision"] <= 0.05).all()
    assert set(found.ranked(2, layers=["conv2"])["layer"]) == {"conv2"}
    assert found.ranked(2, n=2)["filter"].tolist() == found.ranked(2)["filter"].tolist()[:2]


def test_a_unit_that_was_not_tested_is_never_shown_as_if(found):
    data = found.data.copy(deep=True)
    for name in ("p_auroc", "q_auroc", "p_precision", "q_precision"):
        data[name][:, 1] = np.nan
    data["testable"][1] = False
    data["status"] = data["status"].astype(object)
    data["status"][1] = "too few"
    table = Associations(data)
    assert set(table.ranked(2)["status"]) == {"too few"}
    assert table.ranked(2, max_q=1.0).empty
    assert table.ranked(2, "q_auroc").empty
    assert set(table.ranked(1)["status"]) == {"tested"}


def test_every_fault_of_a_ranking_is_told(found):
    with pytest.raises(InputError) as caught:
        found.ranked(99, "f1", layers=["conv9"], n=-1)
    assert len(caught.value.faults) == 4
