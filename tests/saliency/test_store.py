"""The store of attributions: what it holds, what it answers, what it refuses."""

import json
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from facsinterp.errors import IncompleteStoreError, InputError, SchemaError, StoreError
from facsinterp.labels import FilterId
from facsinterp.saliency.layout import ATTRIBUTES, ATTRIBUTIONS, CANONICAL
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.saliency.writer import AttributionWriter, Contents, MeanFaceTables, partial_of

FILTERS = (*(FilterId("conv1", i) for i in range(3)), FilterId("conv2", 0))
IMAGE = np.array([[5, 0, 7], [2, -1, -1], [-1, -1, -1], [0, 5, -1]])
SIDE, MEAN = 6, 4
DOCUMENT = Path(__file__).parents[2] / "docs" / "attributions-format.md"
NAMES = np.array([f"face {i}" for i in range(9)])
INPUTS = {"network": "n", "pixels": "p"}


def contents(*, located=True):
    rng = np.random.default_rng(0)
    top = TopFaces(
        FILTERS,
        IMAGE,
        np.arange(12, dtype=np.float32).reshape(4, 3)[:, ::-1],
        rng.integers(0, 5, (4, 3)),
        rng.integers(0, 5, (4, 3)),
    )
    mean = MeanFaceTables(
        rng.normal(size=(68, 2)).astype(np.float32),
        rng.integers(0, 255, (MEAN, MEAN)).astype(np.uint8),
        rng.normal(size=(9, 68, 2)).astype(np.float32),
    )
    told = [{"layer": "conv1", "method": "gradient", "conversions": ["é"], "notes": []}]
    return Contents(
        top,
        NAMES,
        (SIDE, SIDE),
        "gradient",
        told,
        INPUTS,
        {"device": "cpu"},
        mean if located else None,
    )


def pictures(*, located=True):
    rng = np.random.default_rng(1)
    maps = rng.normal(size=(4, 3, SIDE, SIDE)).astype(np.float32)
    maps[rng.random(maps.shape) < 0.6] = 0
    maps[IMAGE < 0] = 0
    found = {"attribution": maps}
    if located:
        for name in ("mean_attribution", "mean_place"):
            found[name] = rng.random((4, MEAN, MEAN)).astype(np.float32)
            found[f"{name}_faces"] = rng.integers(0, 3, 4).astype(np.uint16)
    return found


def made(path, *, located=True):
    writer = AttributionWriter.begin(path, contents(located=located))
    writer.write(0, pictures(located=located))
    writer.finish()
    return Attributions.open(path)


@pytest.fixture
def store(tmp_path):
    return made(tmp_path / "deep" / "a.zarr")


@pytest.mark.parametrize("located", [True, False])
def test_what_is_written_comes_back_unchanged(located, tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store = made(tmp_path / "a.zarr", located=located)
    given, told = pictures(located=located), contents(located=located)
    for name, values in given.items():
        np.testing.assert_array_equal(store.data[name], values)
        assert store.data[name].dtype == values.dtype
    assert store.filters == FILTERS
    assert store.data["image"].dtype == np.int32
    assert store.data["face"].values.tolist() == [0, 2, 5, 7]
    assert store.data["face_name"].values.tolist() == ["face 0", "face 2", "face 5", "face 7"]
    assert store.on_mean_face is located
    if located:
        np.testing.assert_array_equal(store.data["canonical_face"], told.canonical.picture)
        np.testing.assert_array_equal(
            store.data["landmarks"], told.canonical.of_faces[[0, 2, 5, 7]]
        )
    assert (store.method, store.inputs) == ("gradient", INPUTS)
    assert store.clearances == tuple(told.clearances)
    assert store.provenance.settings == {"device": "cpu"}
    assert [one.name for one in tmp_path.iterdir()] == ["a.zarr"]


def test_one_filter_with_its_faces(store):
    found = store.of("conv2/000")
    np.testing.assert_array_equal(found["attribution"], pictures()["attribution"][3])
    assert found["image"].values.tolist() == [0, 5, -1]
    assert found["face_name"].values.tolist() == ["face 0", "face 5", ""]
    points = contents().canonical.of_faces
    np.testing.assert_array_equal(found["landmarks"][:2], points[[0, 5]])
    assert np.isnan(found["landmarks"][2]).all()
    assert (str(found["filter"].values), int(found["channel"])) == ("conv2/000", 0)
    xr.testing.assert_identical(found, store.of(FilterId("conv2", 0)))
    assert store.of("conv1/002")["face_name"].values.tolist() == [""] * 3


def test_strongest_faces_in_order(store):
    assert [store.strongest(one).tolist() for one in FILTERS] == [[5, 0, 7], [2], [], [0, 5]]


def test_the_scale_is_a_high_quantile_of_what_is_not_zero(store):
    for i, one in enumerate(FILTERS):
        strong = sorted(abs(x) for x in pictures()["attribution"][i].ravel().tolist() if x != 0)
        if not strong:
            assert store.scale(one) == 0
            continue
        place = 0.995 * (len(strong) - 1)
        low = strong[int(place)]
        high = strong[min(int(place) + 1, len(strong) - 1)]
        assert store.scale(one) == pytest.approx(low + (high - low) * (place - int(place)))


def test_an_unknown_filter_is_refused_with_what_there_is(store):
    for ask in (store.of, store.strongest, store.scale):
        with pytest.raises(InputError, match="conv1/000 to conv2/000"):
            ask("conv9/000")


def test_a_page_reads_the_chunks_of_its_filter_alone(store):
    """Other filters may be damaged: they are not looked at."""
    shard = store_path(store) / "attribution" / "c" / "0" / "0" / "0" / "0"
    good = np.array(store.of("conv1/000")["attribution"])
    body = bytearray(shard.read_bytes())
    body[len(body) // 2] ^= 0xFF  # somewhere in the last of the filters that are not all zero
    shard.write_bytes(bytes(body))
    np.testing.assert_array_equal(store.of("conv1/000")["attribution"], good)
    with pytest.raises(Exception, match=r"(?i)checksum|zstd|decompress|crc"):
        [store.of(one) for one in FILTERS]


def store_path(store):
    return Path(store.data.encoding["source"])


def test_what_is_no_store_is_refused(tmp_path, store):
    with pytest.raises(StoreError, match="no attributions at"):
        Attributions.open(tmp_path / "nothing")
    shutil.copytree(store_path(store), tmp_path / "b.partial")
    with pytest.raises(IncompleteStoreError, match="run the same again"):
        Attributions.open(tmp_path / "b")
    xr.Dataset({"x": ("a", [1])}).to_zarr(tmp_path / "c", zarr_format=3, consolidated=False)
    with pytest.raises(StoreError, match="another kind"):
        Attributions.open(tmp_path / "c")


def test_an_incomplete_store_is_refused_under_any_name(tmp_path):
    writer = AttributionWriter.begin(tmp_path / "a", contents())
    partial = partial_of(tmp_path / "a")
    with pytest.raises(IncompleteStoreError, match="not complete"):
        Attributions.open(partial)
    with pytest.raises(StoreError, match="1 blocks are missing"):
        writer.finish()
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("version", [0, 2, "1"])
def test_other_versions_are_refused(version, store):
    rewrite(store, facsinterp_attributions=version)
    with pytest.raises(StoreError, match=f"version {version}; this facsinterp reads 1"):
        Attributions.open(store_path(store))


def rewrite(store, **attributes):
    root = store_path(store) / "zarr.json"
    told = json.loads(root.read_text())
    for name, value in attributes.items():
        told["attributes"].pop(name)
        if value is not None:
            told["attributes"][name] = value
    root.write_text(json.dumps(told))


@pytest.mark.parametrize("name", ATTRIBUTES[1:])
def test_a_lost_attribute_is_told(name, store):
    rewrite(store, **{name: None})
    with pytest.raises(StoreError, match=f"lack {name}"):
        Attributions.open(store_path(store))


@pytest.mark.parametrize("name", ["attribution", "image", "mean_place", "landmarks"])
def test_a_lost_chunk_is_told(name, store):
    shutil.rmtree(store_path(store) / name / "c")
    with pytest.raises(StoreError, match=f"parts of {name} are lost"):
        Attributions.open(store_path(store))


@pytest.mark.parametrize("name", sorted(CANONICAL))
def test_half_a_mean_face_is_refused(name, store):
    with pytest.raises(SchemaError, match="half a mean face"):
        Attributions(store.data.drop_vars(name))
    shutil.rmtree(store_path(store) / name)
    with pytest.raises(StoreError, match="half a mean face"):
        Attributions.open(store_path(store))


@pytest.mark.parametrize("name", ["attribution", "image", "value", "peak_row", "face"])
def test_a_missing_variable_is_refused(name, store):
    with pytest.raises(SchemaError, match=f"lacks {name}"):
        Attributions(store.data.drop_vars(name))


def test_tables_that_contradict_each_other_are_refused(store):
    image = store.data["image"].copy()
    image[0, 0] = 8
    with pytest.raises(SchemaError, match="not in the table of faces"):
        Attributions(store.data.assign(image=image))
    with pytest.raises(SchemaError, match="not in the order"):
        Attributions(store.data.isel(face=[1, 0, 2, 3]))


def test_another_store_made_meanwhile_stays(tmp_path):
    writer = AttributionWriter.begin(tmp_path / "a", contents())
    writer.write(0, pictures())
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "theirs").write_text("x")
    with pytest.raises(StoreError, match="cannot be renamed"):
        writer.finish()
    assert (tmp_path / "a" / "theirs").read_text() == "x"


def test_the_example_of_the_document_runs(store, monkeypatch):
    code = DOCUMENT.read_text(encoding="utf-8").split("```python")[1].split("```")[0]
    path = store_path(store)
    path.rename(path.with_name("attributions.zarr"))
    monkeypatch.chdir(path.parent)
    found: dict[str, Any] = {}
    exec(code, found)
    assert found["scale"] == pytest.approx(float(np.quantile(found["strong"], 0.995)))
    assert found["maps"].shape == (3, SIDE, SIDE)


def test_the_document_tells_every_variable_and_attribute(store):
    told = DOCUMENT.read_text(encoding="utf-8")
    names = [*ATTRIBUTIONS.variables, *ATTRIBUTES]
    assert [name for name in names if f"`{name}`" not in told] == []


def test_reading_needs_no_torch():
    code = "import sys, facsinterp.saliency.store; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def lists(**changed):
    given = {
        "filters": FILTERS,
        "image": IMAGE,
        "value": np.ones((4, 3), np.float32),
        "row": np.zeros((4, 3), np.int64),
        "col": np.zeros((4, 3), np.int64),
    }
    return TopFaces(**(given | changed))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"filters": FILTERS[:1] * 2 + FILTERS[2:]}, "filters named twice"),
        ({"filters": ()}, "no filters"),
        ({"image": np.zeros((4, 0), int)}, "no ranks"),
        ({"row": np.zeros((4, 2), int)}, "row does not fit"),
        ({"col": np.zeros((4, 3))}, "col is of another kind"),
        ({"image": IMAGE[:, ::-1]}, "a list with a gap"),
        ({"image": IMAGE - 1}, "a list with a gap"),
        ({"value": np.full((4, 3), np.nan, np.float32)}, "no numbers"),
    ],
)
def test_lists_that_cannot_be_are_refused(changed, told):
    with pytest.raises(InputError, match=told):
        lists(**changed)


def test_the_fingerprint_of_lists_counts_what_counts():
    plain = lists().fingerprint
    unused = np.where(IMAGE < 0, 3, 0)
    nothing = np.where(IMAGE < 0, np.nan, 1).astype(np.float32)
    assert lists(row=unused, col=unused, value=nothing).fingerprint == plain
    moved = np.zeros((4, 3), np.int64)
    moved[0, 1] = 1
    others = (
        {"row": moved},
        {"col": moved},
        {"value": np.full((4, 3), 2, np.float32)},
        {"image": IMAGE + (IMAGE == 7)},
        {"filters": (*FILTERS[:3], FilterId("conv3", 0))},
    )
    found = [plain, *(lists(**other).fingerprint for other in others)]
    assert len(set(found)) == len(found)
