"""Evidence that was saved is opened as it was, or not at all."""

import pandas as pd
import pytest

from facsinterp import testing
from facsinterp.errors import StoreError
from facsinterp.evidence.visual import ATTRIBUTIONS, VisualEvidence, no_filters

TOGETHER = pd.DataFrame([{"share": 0.4, "expected": 0.2, "p": 0.01}])
PLACING = pd.DataFrame({"filter": ["conv1/000"], "unit": [12], "share": [0.5]})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("visual")
    return folder, testing.tiny_visual(folder, testing.tiny_store(folder))


def test_what_is_saved_is_opened_again(made):
    folder, evidence = made
    evidence.save(folder)
    found = VisualEvidence.open(folder)
    assert found.refused == ""
    assert found.attributions is not None
    assert found.attributions.key == evidence.attributions.key
    pd.testing.assert_frame_equal(found.likeness, evidence.likeness.reset_index(drop=True))
    assert found.placing.columns.tolist() == ["filter"]


def test_refused_pictures_are_none_and_keep_the_reason(tmp_path):
    VisualEvidence(None, "Nicht hier: é", PLACING, TOGETHER, no_filters()).save(tmp_path)
    found = VisualEvidence.open(tmp_path)
    assert found.attributions is None
    assert found.refused == "Nicht hier: é"
    pd.testing.assert_frame_equal(found.placing, PLACING)
    assert found.likeness.empty


@pytest.mark.parametrize(
    "lost", ["refused.txt", "placing.parquet", "together.parquet", "likeness.parquet"]
)
def test_lost_and_damaged_parts_are_told(tmp_path, lost):
    VisualEvidence(None, "No.", PLACING, TOGETHER, no_filters()).save(tmp_path)
    if lost.endswith("parquet"):
        (tmp_path / lost).write_bytes((tmp_path / lost).read_bytes()[:40])
        with pytest.raises(StoreError, match="damaged"):
            VisualEvidence.open(tmp_path)
    (tmp_path / lost).unlink()
    with pytest.raises(StoreError, match=f"damaged.*{lost}"):
        VisualEvidence.open(tmp_path)


def test_pictures_that_are_lost_are_not_taken_for_refused_ones(tmp_path):
    VisualEvidence(None, "", PLACING, TOGETHER, no_filters()).save(tmp_path)
    with pytest.raises(StoreError, match=ATTRIBUTIONS):
        VisualEvidence.open(tmp_path)
