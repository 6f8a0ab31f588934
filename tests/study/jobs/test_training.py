"""How well a network names held-out faces, read from what its training left."""

import numpy as np
import pandas as pd
import pytest

from facsinterp import named_rightly


def test_shares_of_faces_named_rightly_and_of_the_commonest_class(tmp_path):
    said = pd.DataFrame(
        {"true": ["happy", "happy", "happy", "anger"], "predicted": ["happy", "anger"] * 2}
    )
    said.to_parquet(tmp_path / "predictions.parquet")
    found = named_rightly(tmp_path)
    assert found.accuracy == pytest.approx(3 / 4)
    assert found.majority == pytest.approx(3 / 4)


def test_a_network_that_was_asked_to_name_none_was_not_measured(tmp_path):
    assert np.isnan(named_rightly(tmp_path)).all()
    none = pd.DataFrame({"true": [], "predicted": []}, dtype=str)
    none.to_parquet(tmp_path / "predictions.parquet")
    assert np.isnan(named_rightly(tmp_path)).all()
