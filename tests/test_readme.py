"""The calls that the README and the guide show from Python, on small arrays."""

import numpy as np
import pandas as pd

from facsinterp import (
    ActivationStore,
    Associations,
    FaceTable,
    FilterId,
    Settings,
    associate,
)


def test_activations_from_elsewhere(tmp_path):
    rng = np.random.default_rng(0)
    subjects = [f"S{i // 4:02d}" for i in range(80)]
    images = [f"image-{i}" for i in range(80)]
    present = rng.random((80, 2)) < 0.4
    peak = np.maximum(rng.normal(size=(80, 5)) + 2 * present[:, :1] * (np.arange(5) == 3), 0)
    faces = FaceTable.from_arrays(images, [6, 12], present, subject=subjects, sequence=images)
    filters = FilterId.of_layers([("layer4", 5)])
    path = str(tmp_path / "my.zarr")
    store = ActivationStore.from_arrays(path, peak, filters, faces)
    assert ActivationStore.open(path).filters == store.filters
    table = associate(store, Settings(permutations=999))
    best = table.ranked(6)
    assert isinstance(best, pd.DataFrame)
    assert best["filter"][0] == "layer4/003"
    assert bool(table.significant().sel(filter="layer4/003", au=6))
    table.save(str(tmp_path / "mine.zarr"))
    assert Associations.open(str(tmp_path / "mine.zarr")).best("layer4/003") == 6
    assert store.top("layer4/003", 9, one_per="sequence").sizes["rank"] == 9
    assert store.response("layer4/003").sizes == {"image": 80}
