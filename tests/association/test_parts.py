"""Parts: whoever computes them, and however often it is interrupted, the numbers are the same."""

import numpy as np
import pytest
import xarray as xr

from facsinterp.activations.sweeping.crew import local_workers
from facsinterp.association import analysis as module
from facsinterp.association import parts as labour
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.errors import CrewError
from tests.association.stores import people, store_of

QUICK = Settings(permutations=199)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    rng = np.random.default_rng(0)
    owner, labels = people(rng, 22, 4, 4)
    activation = np.maximum(0, rng.normal(size=(88, 10)))
    activation[:, 0] += 2 * labels[:, 1]
    coded = np.ones_like(labels)
    coded[:20, 3] = False
    return store_of(
        tmp_path_factory.mktemp("p") / "s",
        activation,
        labels & coded,
        coded=coded,
        subject=owner,
        expression=[("happy", "anger")[i % 2] for i in range(88)],
    )


@pytest.fixture(scope="module")
def plain(store):
    return associate(store, QUICK).data


@pytest.mark.parametrize("threads", ["1", "2"])
def test_one_thread_or_two(store, plain, monkeypatch, threads):
    monkeypatch.setenv(labour.THREADS, threads)
    xr.testing.assert_identical(associate(store, QUICK).data, plain)


def test_slabs_of_filters_decide_only_last_digits(store, plain, monkeypatch):
    monkeypatch.setattr(module, "SLAB", 3)
    again = associate(store, QUICK).data
    xr.testing.assert_allclose(again, plain, rtol=1e-12)
    for name in ("p_auroc", "reached_auroc", "p_beyond", "p_kl", "p_auroc_max", "p_precision"):
        assert np.array_equal(again[name], plain[name], equal_nan=True), name


def test_a_dask_cluster_gives_the_same_numbers(store, plain, tmp_path):
    with local_workers(2) as crew:
        there = associate(store, QUICK, crew=crew, scratch=tmp_path).data
    xr.testing.assert_identical(there, plain)


def test_an_interrupted_analysis_goes_on_with_what_is_missing(store, plain, tmp_path, monkeypatch):
    monkeypatch.setenv(labour.THREADS, "1")
    compute = module.Analysis.compute
    done: list[str] = []

    def stopping(self, part, advance):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(part.kind)
        return compute(self, part, advance)

    monkeypatch.setattr(module.Analysis, "compute", stopping)
    with pytest.raises(KeyboardInterrupt):
        associate(store, QUICK, scratch=tmp_path)
    kept = sorted(tmp_path.glob("*/part-*.npz"))
    assert len(kept) == 3
    assert not list(tmp_path.glob("*/*.partial"))
    kept[0].write_bytes(kept[0].read_bytes()[:100])  # what is damaged is computed again
    again: list[str] = []

    def counting(self, part, advance):
        again.append(part.kind)
        return compute(self, part, advance)

    monkeypatch.setattr(module.Analysis, "compute", counting)
    xr.testing.assert_identical(associate(store, QUICK, scratch=tmp_path).data, plain)
    total = len(list(tmp_path.glob("*/part-*.npz")))
    assert len(again) == total - 2


def test_parts_of_other_settings_are_not_taken(store, tmp_path):
    first = associate(store, QUICK, scratch=tmp_path).data
    other = associate(store, Settings(permutations=199, seed=1), scratch=tmp_path).data
    assert not np.array_equal(first["reached_auroc"], other["reached_auroc"])


def test_parts_that_workers_wrote_elsewhere_are_missed_and_told(store, tmp_path):
    class Elsewhere:
        def work(self, job, parts):
            yield from parts

    with pytest.raises(CrewError, match="under the same path"):
        associate(store, QUICK, crew=Elsewhere(), scratch=tmp_path)
