import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from facsinterp.activations.keeping.layout import ACTIVATIONS, ATTRIBUTES, Layer, array_of
from facsinterp.activations.keeping.writer import BlockWriter, Contents
from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import IncompleteStoreError, InputError, StaleStoreError, StoreError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.provenance import Provenance

from . import tiny

# The scores of one image of the archive in bfloat16 that was not scored again.
SCORE_10 = [
    -0.197265625, -0.1962890625, -0.1962890625, -0.02001953125, -0.10009765625, -1.0,
    0.010009765625, -0.30078125,
]  # fmt: skip
ARCHIVES = Path(__file__).parent / "archives"
DOCUMENT = Path(__file__).parents[2] / "docs" / "store-format.md"


def plain(path):
    """The store as any reader with xarray sees it."""
    return xr.open_dataset(path, engine="zarr", consolidated=False, zarr_format=3, chunks=None)


def made(path, n=12, count=3, **more):
    return ActivationStore.from_arrays(
        path, tiny.peaks(n, count), tiny.filters(count), tiny.faces(n, full=True), **more
    )


def begun(path, n=12, count=3, block_size=5):
    """A store without blocks, and the peaks that belong in it."""
    contents = Contents(
        tiny.filters(count), tiny.faces(n), ("peak",), {"made": "here"}, Provenance({}), block_size
    )
    return ActivationStore.create(path, contents), tiny.peaks(n, count)


# --- round trip ---

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@st.composite
def stores(draw):
    """Arrays that a store can be made of, with every optional part there or not."""
    n, units, count = draw(st.integers(1, 7)), draw(st.integers(0, 4)), draw(st.integers(1, 70))
    present = draw(hnp.arrays(bool, (n, units)))
    side = draw(st.none() | hnp.arrays("U1", (n, units), elements=st.sampled_from(["", "L"])))
    landmarks = draw(
        st.none() | hnp.arrays(np.float32, (n, 3, 2), elements=st.floats(-9, 9, width=32))
    )
    faces = FaceTable.from_arrays(
        draw(st.lists(texts, min_size=n, max_size=n, unique=True)),
        range(1, units + 1),
        present,
        coded=present | draw(hnp.arrays(bool, (n, units))),
        subject=draw(st.lists(texts, min_size=n, max_size=n)),
        path=draw(st.lists(texts, min_size=n, max_size=n)),
        side=side,
        landmarks=landmarks,
    )
    finite = st.floats(-100, 100, width=32) | st.sampled_from([0.0, 1.0, 3.4e38])
    peak = draw(hnp.arrays(np.float32, (n, count), elements=finite))
    optional = {
        "mean": st.none() | hnp.arrays(np.float32, (n, count), elements=finite),
        "face": st.none() | hnp.arrays(np.uint8, (n, 2, 3)),
    }
    more = {name: draw(strategy) for name, strategy in optional.items()}
    if draw(st.booleans()):
        place = hnp.arrays(np.uint16, (n, count))
        more |= {"peak_row": draw(place), "peak_col": draw(place)}
    return peak, tiny.filters(count), faces, more


@settings(max_examples=10, deadline=None)
@given(stores())
def test_what_is_put_in_comes_out(made_of):
    peak, filters, faces, more = made_of
    with tempfile.TemporaryDirectory() as folder:
        store = ActivationStore.from_arrays(Path(folder) / "a.zarr", peak, filters, faces, **more)
        store.verify()
        assert store.filters == filters
        assert store.data["peak"].dtype == np.float32
        np.testing.assert_array_equal(store.data["peak"].values, peak)
        for name, values in more.items():
            assert (name in store.data) == (values is not None)
            if values is not None:
                np.testing.assert_array_equal(store.data[name].values, values)
        xr.testing.assert_equal(store.faces.data, faces.data)
        assert store.faces.fingerprint == faces.fingerprint


def test_terms_findings_side_and_landmarks_survive(tmp_path):
    faces = tiny.faces(full=True)
    kept = made(tmp_path / "a.zarr").faces
    xr.testing.assert_identical(kept.data.drop_attrs(), faces.data.drop_attrs())
    assert kept.terms == faces.terms
    assert kept.found == faces.found
    assert kept.data["landmarks"].dtype == np.float32


def test_plain_xarray_reads_it(tmp_path):
    store = made(tmp_path / "a.zarr")
    data = plain(store.path)
    assert data["peak"].dims == ("image", "filter")
    assert list(data["filter"].values) == ["conv1/000", "conv2/000", "conv2/001"]
    assert {"subject", "layer", "channel", "expression"} <= set(data.coords)
    one = data["peak"].sel(filter="conv2/001", image="face003")
    assert float(one) == tiny.peaks()[3, 2]
    assert data.attrs["facsinterp_schema"] == 2
    assert data.attrs["complete"] is True


def test_nothing_is_read_but_the_tables(tmp_path):
    store = made(tmp_path / "a.zarr")
    assert not store.data["peak"].variable._in_memory


def test_the_same_content_gives_the_same_bytes(tmp_path):
    a, b = made(tmp_path / "a.zarr").path, made(tmp_path / "b.zarr").path
    names = sorted(p.relative_to(a) for p in a.rglob("*") if p.is_file())
    assert names == sorted(p.relative_to(b) for p in b.rglob("*") if p.is_file())
    differing = [n for n in names if (a / n).read_bytes() != (b / n).read_bytes()]
    assert [str(name) for name in differing] in ([], ["zarr.json"])  # the time of making


def test_the_store_knows_no_torch():
    code = "import sys, facsinterp.activations.store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- asking ---


def test_top_gives_images_with_what_is_known_of_them(tmp_path):
    peak = np.array([[1, 0], [5, 0], [5, 0], [2, 0]], dtype=np.float32)
    place = np.arange(8).reshape(4, 2)
    store = ActivationStore.from_arrays(
        tmp_path / "a.zarr",
        peak,
        tiny.filters(2),
        tiny.faces(4),
        peak_row=place,
        peak_col=place + 1,
    )
    top = store.top(FilterId("conv1", 0), 3)
    assert top["image"].values.tolist() == ["face001", "face002", "face003"]
    assert top["position"].values.tolist() == [1, 2, 3]
    assert top["value"].values.tolist() == [5, 5, 2]
    assert top["row"].values.tolist() == [2, 4, 6]
    assert top["col"].values.tolist() == [3, 5, 7]
    assert top["subject"].values.tolist() == ["S000"] * 3
    assert top["sequence"].values.tolist() == ["S000_000", "S000_001", "S000_001"]
    best = store.top("conv1/000", 3, one_per="sequence")
    assert best["image"].values.tolist() == ["face001", "face002"]
    assert store.top("conv1/000", 3, one_per="subject")["image"].values.tolist() == ["face001"]


def test_a_dead_or_constant_filter_has_no_top_images(tmp_path):
    peak = np.zeros((4, 3), dtype=np.float32)
    peak[:, 1] = 7
    peak[1, 2] = 1
    store = ActivationStore.from_arrays(tmp_path / "a.zarr", peak, tiny.filters(3), tiny.faces(4))
    assert [store.top(one, 4).sizes["rank"] for one in store.filters] == [0, 0, 1]
    assert [store.active_share(one) for one in store.filters] == [0, 1, 0.25]
    assert store.data["top_image"].values.tolist() == [[-1] * 4, [-1] * 4, [1, -1, -1, -1]]


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 80))
def test_derived_lists_equal_top(seed, n, count):
    peak = tiny.peaks(n, count, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        store = ActivationStore.from_arrays(
            Path(folder) / "a.zarr", peak, tiny.filters(count), tiny.faces(n)
        )
        for position, one in enumerate(store.filters):
            top = store.top(one, 50)
            listed = store.data["top_image"].values[position]
            assert listed[listed >= 0].tolist() == top["position"].values.tolist()
            values = store.data["top_value"].values[position]
            np.testing.assert_array_equal(values[listed >= 0], top["value"].values)
            assert np.isnan(values[listed < 0]).all()
            assert store.active_share(one) == np.float32(sum(v > 0 for v in peak[:, position]) / n)


def test_response_and_peaks(tmp_path):
    store = made(tmp_path / "a.zarr")
    answer = store.response("conv2/000")
    np.testing.assert_array_equal(answer.values, tiny.peaks()[:, 1])
    assert answer["subject"].values[4] == "S001"
    np.testing.assert_array_equal(store.peaks("conv2").values, tiny.peaks()[:, 1:])
    np.testing.assert_array_equal(store.peaks().values, tiny.peaks())


def test_unknown_names_are_refused_with_the_known_ones(tmp_path):
    store = made(tmp_path / "a.zarr")
    with pytest.raises(InputError, match=r"conv1/\.\.\. \(1\), conv2/\.\.\. \(2\)"):
        store.top("conv3/000", 3)
    with pytest.raises(InputError, match="conv1, conv2"):
        store.peaks("conv3")


# --- made elsewhere ---


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"peak": np.zeros((12, 4))}, r"image 12, filter 3"),
        ({"peak": np.full((12, 3), np.nan)}, "face000, filter conv1/000"),
        ({"peak": np.full((12, 3), 1e300)}, "range of float32"),
        ({"peak": np.full((12, 3), "x")}, "no numbers"),
        ({"peak_row": np.zeros((12, 3))}, "half a place"),
        ({"peak_row": np.full((12, 3), -1), "peak_col": np.zeros((12, 3))}, "uint16"),
        ({"peak_row": np.full((12, 3), np.nan), "peak_col": np.zeros((12, 3))}, "uint16"),
        ({"face": np.full((12, 4, 4), 0.5)}, "uint8"),
        ({"face": np.zeros((12, 4, 4, 3), np.uint8)}, "does not fit"),
        ({"mean": np.zeros(12)}, "does not fit"),
        ({"filters": [FilterId("a", 1)] * 3}, "named twice"),
        ({"filters": []}, "no filters"),
    ],
)
def test_arrays_that_do_not_fit_are_refused_and_leave_nothing(tmp_path, change, said):
    given = {"peak": tiny.peaks(), "filters": tiny.filters(), "faces": tiny.faces()} | change
    with pytest.raises(InputError, match=said):
        ActivationStore.from_arrays(tmp_path / "a.zarr", **given)
    assert list(tmp_path.iterdir()) == []


def test_all_faults_are_told_at_once(tmp_path):
    with pytest.raises(InputError) as caught:
        ActivationStore.from_arrays(
            tmp_path / "a.zarr",
            np.full((12, 3), np.inf),
            [FilterId("a", 1)] * 3,
            tiny.faces(),
            mean=np.zeros(2),
        )
    assert len(caught.value.faults) == 3


def test_what_is_there_is_kept_unless_told(tmp_path):
    path = made(tmp_path / "a.zarr").path
    with pytest.raises(StoreError, match="there already"):
        made(path)
    assert made(path, n=8, overwrite=True).data.sizes["image"] == 8
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]


def test_only_a_store_is_overwritten(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("years")
    with pytest.raises(StoreError, match="found a folder with chapter1"):
        made(tmp_path / "thesis", overwrite=True)
    assert (tmp_path / "thesis" / "chapter1.txt").read_text() == "years"


def test_a_failed_overwrite_keeps_the_old_store(tmp_path, monkeypatch):
    path = made(tmp_path / "a.zarr").path

    def die(self, block, answers):
        raise KeyboardInterrupt

    monkeypatch.setattr(BlockWriter, "write", die)
    with pytest.raises(KeyboardInterrupt):
        made(path, n=8, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.zarr"]
    assert ActivationStore.open(path).verify().data.sizes["image"] == 12


# --- stores that are refused ---


def test_an_incomplete_store_says_how_far_it_is(tmp_path):
    path = tmp_path / "a.zarr"
    writer, peak = begun(path)
    writer.write(1, {"peak": peak[5:10]})
    with pytest.raises(IncompleteStoreError, match=r"1 of 3 blocks.*same sweep again"):
        ActivationStore.open(path)
    with pytest.raises(StoreError, match="2 blocks are missing"):
        writer.finish()
    writer = BlockWriter.resume(path, {"made": "here"})
    assert writer.missing == (0, 2)
    writer.write(0, {"peak": peak[:5]})
    writer.write(2, {"peak": peak[10:]})
    with pytest.raises(IncompleteStoreError, match="3 of 3 blocks"):
        ActivationStore.open(path)
    writer.finish()
    np.testing.assert_array_equal(ActivationStore.open(path).verify().peaks().values, peak)


def test_a_block_that_could_not_be_written_is_not_marked(tmp_path):
    writer, peak = begun(tmp_path / "a.zarr")
    with pytest.raises(ValueError, match="shape"):
        writer.write(1, {"peak": peak[5:9]})
    assert writer.missing == (0, 1, 2)


def test_a_damaged_store_is_not_gone_on_with(tmp_path):
    path = tmp_path / "a.zarr"
    begun(path)
    shutil.rmtree(path / "done")
    with pytest.raises(StoreError, match="lacks done"):
        BlockWriter.resume(path, {"made": "here"}).missing  # noqa: B018
    with pytest.raises(StoreError, match="lacks done"):
        ActivationStore.open(path)


def test_another_key_is_refused_with_the_difference(tmp_path):
    begun(tmp_path / "a.zarr")
    with pytest.raises(StaleStoreError, match=r"made: the store has here, asked for there") as said:
        BlockWriter.resume(tmp_path / "a.zarr", {"made": "there", "pixels": "f00"})
    assert "pixels: the store has nothing, asked for f00" in str(said.value)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nothing", "found nothing"),
        ("partial", "of a writer that died"),
        ("file", "found a file"),
        ("folder", "found a folder with notes.txt"),
        ("zarr2", "format 2"),
        ("foreign", "without facsinterp_schema"),
        ("newer", "has format version 99; this facsinterp reads versions 1 and 2"),
        ("broken", "does not describe a group"),
    ],
)
def test_what_is_no_store_is_told(tmp_path, what, said):
    path = tmp_path / "a.zarr"
    if what == "partial":
        (tmp_path / "a.zarr.partial").mkdir()
    elif what == "file":
        path.write_text("x")
    elif what == "folder":
        path.mkdir()
        (path / "notes.txt").write_text("x")
    elif what == "zarr2":
        zarr.create_group(path, zarr_format=2)
    elif what in ("foreign", "newer"):
        attributes = {"facsinterp_schema": 99} if what == "newer" else {}
        zarr.create_group(path, zarr_format=3, attributes=attributes)
    elif what == "broken":
        path.mkdir()
        (path / "zarr.json").write_text("{")
    with pytest.raises(StoreError, match=said):
        ActivationStore.open(path)


def change_attribute(path, name, value):
    file = path / "zarr.json"
    found = json.loads(file.read_text())
    if value is None:
        del found["attributes"][name]
    else:
        found["attributes"][name] = value
    file.write_text(json.dumps(found))


@pytest.mark.parametrize("name", ["peak", "layer", "subject", "present", "image", "top_image"])
def test_a_missing_variable_is_named(tmp_path, name):
    path = made(tmp_path / "a.zarr").path
    shutil.rmtree(path / name)
    with pytest.raises(StoreError, match=f"lacks {name}\n"):
        ActivationStore.open(path)


@pytest.mark.parametrize("name", ["peak", "present", "subject", "filter", "done", "top_value"])
def test_missing_chunks_are_named(tmp_path, name):
    path = made(tmp_path / "a.zarr").path
    shutil.rmtree(path / name / "c")
    with pytest.raises(StoreError, match=f"{name} lacks . of . chunks"):
        ActivationStore.open(path)


def test_a_variable_over_other_dimensions_is_named(tmp_path):
    path = made(tmp_path / "a.zarr").path
    file = path / "peak" / "zarr.json"
    found = json.loads(file.read_text())
    found["dimension_names"] = ["face", "filter"]
    file.write_text(json.dumps(found))
    with pytest.raises(StoreError, match="peak over other dimensions"):
        ActivationStore.open(path)


@pytest.mark.parametrize("name", ["key", "layers", "provenance", "facsinterp_terms"])
def test_a_missing_attribute_is_named(tmp_path, name):
    path = made(tmp_path / "a.zarr").path
    change_attribute(path, name, None)
    with pytest.raises(StoreError, match=f"it lacks {name}"):
        ActivationStore.open(path)


def test_codes_that_contradict_each_other_are_damage(tmp_path):
    path = made(tmp_path / "a.zarr").path
    array_of(zarr.open_group(path), "coded")[...] = False
    with pytest.raises(StoreError, match="units present that were not coded"):
        ActivationStore.open(path)


def test_verify_names_all_that_is_wrong(tmp_path):
    path = made(tmp_path / "a.zarr", mean=tiny.peaks()).path
    group = zarr.open_group(path)
    array_of(group, "top_value")[0, 0] = 99
    array_of(group, "mean")[0, 0] = np.nan
    change_attribute(path, "key", "0" * 16)
    with pytest.raises(StoreError) as caught:
        ActivationStore.open(path).verify()
    for said in ("top_value does not follow", "mean holds values that", "key 0000000000000000"):
        assert said in str(caught.value)


def test_verify_finds_a_changed_byte(tmp_path):
    path = made(tmp_path / "a.zarr").path
    for file in sorted(p for p in (path / "peak" / "c").rglob("*") if p.is_file()):
        content = bytearray(file.read_bytes())
        content[len(content) // 4] ^= 0xFF
        file.write_bytes(content)
    with pytest.raises(StoreError, match="peak cannot be read"):
        ActivationStore.open(path).verify()


# --- what killed writers leave ---


def test_a_finished_store_holds_no_unfinished_files(tmp_path):
    def write(path, killed):
        writer, peak = begun(path)
        for block, images in enumerate(writer.blocks):
            writer.write(block, {"peak": peak[images]})
        if killed:
            for name in ("peak/c/1/0", "peak/zarr", "zarr", "top_image/c/0/0"):
                file = path / f"{name}.{'0f' * 16}.partial"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(b"half")
            (path / "peak" / "notes.partial").write_text("of somebody else")
        writer.finish()
        return {
            str(file.relative_to(path)): file.read_bytes()
            for file in path.rglob("*")
            if file.is_file() and file != path / "zarr.json"  # the time of making
        }

    killed = write(tmp_path / "a.zarr", killed=True)
    assert killed.pop("peak/notes.partial") == b"of somebody else"
    assert killed == write(tmp_path / "b.zarr", killed=False)


def test_zarr_names_unfinished_files_as_they_are_looked_for(tmp_path, monkeypatch):
    writer, peak = begun(tmp_path / "a.zarr")

    def killed(self, target):
        raise BrokenPipeError

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", lambda self, missing_ok=False: None)
        with pytest.raises(BrokenPipeError):
            writer.write(0, {"peak": peak[:5]})
    assert list((tmp_path / "a.zarr").rglob("*.partial"))
    for block, images in enumerate(writer.blocks):
        writer.write(block, {"peak": peak[images]})
    writer.finish()
    assert not list((tmp_path / "a.zarr").rglob("*.partial"))


# --- facts ---


def test_layers_and_provenance_are_kept(tmp_path):
    store = made(tmp_path / "a.zarr")
    assert store.layers == (Layer("conv1", 1), Layer("conv2", 2))
    assert store.provenance.inputs == store.inputs
    assert store.inputs["faces"] == tiny.faces(full=True).fingerprint
    told = (Layer("a", 3, 4, 5, "ReLU", 9, 2, -1.5),)
    assert Layer.from_json(Layer.to_json(told)) == told


def test_a_store_of_version_1_is_read_for_ever():
    store = ActivationStore.open(ARCHIVES / "v1").verify()
    assert [str(one) for one in store.filters] == ["conv1/000", "conv2/004"]
    np.testing.assert_array_equal(
        store.data["peak"].values, np.array([[0.5, 0], [2, 1.25], [2, 0]], np.float32)
    )
    assert store.data["mean"].values[1].tolist() == [0.25, 0.125]
    assert store.top("conv1/000", 5)["image"].values.tolist() == ["Ada", "Bà", "one"]
    top = store.top("conv1/000", 5, one_per="subject")
    assert top["row"].values.tolist() == [3, 1]
    assert store.data["face"].values[2].tolist() == [[8, 9], [10, 11]]
    faces = store.faces
    assert faces.units == (1, 12)
    assert faces.data["side"].values.tolist() == [["", "L"], ["", ""], ["", ""]]
    assert faces.data["landmarks"].shape == (3, 2, 2)
    assert not faces.terms.may_show("S2")
    assert Plan.of("n", {"conv1": 1}, faces, "p").images == 3


def test_a_store_of_version_2_is_read_for_ever():
    store = ActivationStore.open(ARCHIVES / "v2").verify()
    assert store.precision == "float32"
    assert store.key == "626389e8e06e869a"
    assert [str(one) for one in store.filters][2:4] == ["0/002", "3/000"]
    assert store.layers[1] == Layer("3", 3, 5, 4, "ReLU", 8, 2, -2.0)
    assert store.layers[2].nonlinearity == "none"
    one = store.data.isel(image=4)
    assert one["peak"].values.tolist()[:4] == [
        0.2982792258262634,
        0.4564644694328308,
        0.8034411072731018,
        1.4935656785964966,
    ]
    assert one["peak_row"].values.tolist() == [7, 4, 6, 2, 2, 0, 2, 2]
    assert one["peak_col"].values.tolist() == [4, 2, 5, 2, 0, 0, 2, 2]
    assert one["area"].values[:3].tolist() == [0.20000000298023224, 0.25, 0.20000000298023224]
    assert float(one["mean"][0]) == pytest.approx(0.022589171)
    np.testing.assert_allclose(
        store.data["probability"].values[0], [0.26067188, 0.3165859, 0.42274222], rtol=1e-6
    )
    assert store.data["face"].values[0, 4].tolist() == [60, 60, 15, 163, 33, 215, 217, 130, 62, 62]
    assert store.top("3/000", 3)["image"].values.tolist() == ["face006", "face000", "face004"]
    assert store.bottom("3/000", 1).sizes["rank"] == 1
    faces = store.faces
    assert faces.units == (1, 12)
    assert faces.data["present"].values[:2].tolist() == [[False, True], [True, True]]
    assert faces.data["landmarks"].shape == (12, 5, 2)
    assert not faces.terms.may_show("S001")


def test_a_store_of_version_2_in_bfloat16_is_read_for_ever():
    store = ActivationStore.open(ARCHIVES / "v2-bf16").verify()
    assert store.precision == "bf16"
    assert store.key == "ce8ad6bc0a7b3ce7"
    data = store.data
    assert np.flatnonzero(~np.isnan(data["precise"].values[:, 0]))[:8].tolist() == [
        0, 1, 2, 3, 4, 5, 7, 8,
    ]  # fmt: skip
    assert data["score"].values[5, [0, 3, 5]].tolist() == [0.376953125, 2.203125, -1]
    exact = [0.3765754699707031, 2.1939198970794678]
    assert data["precise"].values[5, [0, 3, 5]].tolist() == [*exact, -1]
    assert data["peak"].values[5, [0, 3, 5]].tolist() == [*exact, 0]
    assert np.isnan(data["precise"].values[10]).all()
    assert data["score"].values[10].tolist() == SCORE_10
    assert data["peak"].values[10].tolist() == [max(one, 0) for one in SCORE_10[:6]] + SCORE_10[6:]
    top = store.top("3/000", 4)
    assert top["position"].values.tolist() == [5, 39, 17, 171]
    assert top["value"].values[1] == np.float32(2.183969497680664)
    assert data["top_image"].values[:, 0].tolist() == [252, 144, 17, 5, 252, -1, 39, 39]
    with pytest.raises(InputError, match="weak and middling"):
        store.bottom("3/000", 4)
    with pytest.raises(InputError, match="reaches below"):
        store.top("5/000", 100)


def test_a_store_of_version_1_is_not_gone_on_with(tmp_path):
    shutil.copytree(ARCHIVES / "v1", tmp_path / "a.zarr")
    inputs = ActivationStore.open(tmp_path / "a.zarr").inputs
    with pytest.raises(StaleStoreError, match="format version: the store has 1, asked for 2"):
        BlockWriter.resume(tmp_path / "a.zarr", inputs)


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        ("v1", "conv1/000 ['Ada', 'Bà', 'one'] (3, 2) 3 {'made'"),
        ("v2", "3/000 ['face006', 'face000', 'face004', 'face002', 'face008'] (12, 8) 12 {'net"),
        ("v2-bf16", "3/000 ['face005', 'face039', 'face017', 'face171', 'face063'] (300, 8) 119 {"),
    ],
)
def test_the_example_of_the_format_document_runs(tmp_path, monkeypatch, capsys, archive, said):
    text = DOCUMENT.read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    shutil.copytree(ARCHIVES / archive, tmp_path / "activations.zarr")
    monkeypatch.chdir(tmp_path)
    exec(compile(example, str(DOCUMENT), "exec"), {})
    assert capsys.readouterr().out.startswith(said)


def test_the_format_document_names_every_variable_and_attribute():
    text = DOCUMENT.read_text(encoding="utf-8")
    missing = [name for name in (*ACTIVATIONS.variables, *ATTRIBUTES) if f"`{name}`" not in text]
    assert missing == []


def test_the_key_is_what_the_format_document_says():
    store = ActivationStore.open(ARCHIVES / "v1")
    told = json.dumps(store.inputs, sort_keys=True, ensure_ascii=False).encode()
    assert store.key == hashlib.sha256(b"json:%d:%s" % (len(told), told)).hexdigest()[:16]
