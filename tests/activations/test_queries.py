"""Questions to a store, against slow and plain answers."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import pearsonr, percentileofscore, spearmanr

from facsinterp.activations.asking import frames, similar
from facsinterp.activations.asking.examples import as_frame, quantile_bins
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import InputError
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Terms
from facsinterp.labels import FilterId

from . import tiny


def store_of(folder, peak, faces=None, filters=None, **more):
    """A store of these peaks under a name of its own."""
    peak = np.asarray(peak, dtype=np.float32)
    return ActivationStore.from_arrays(
        Path(tempfile.mkdtemp(dir=folder)) / "a.zarr",
        peak,
        filters or tiny.filters(peak.shape[1]),
        faces or tiny.faces(len(peak)),
        **more,
    )


def coded_faces(**more):
    """Six faces: happy and sad, AU12 present, absent and not coded."""
    return FaceTable.from_arrays(
        [f"i{n}" for n in range(6)],
        [6, 12],
        [[1, 1], [0, 1], [0, 0], [1, 0], [0, 0], [0, 0]],
        coded=[[1, 1], [1, 1], [1, 1], [1, 1], [1, 0], [0, 0]],
        subject=["A", "A", "B", "B", "C", ""],
        sequence=["A1", "A2", "B1", "B1", "C1", ""],
        expression=["happy", "happy", "sadness", "happy", "", "sadness"],
        split=["train", "train", "test", "test", "test", ""],
        phase=["apex", "onset", "apex", "neutral", "", ""],
        **more,
    )


@pytest.fixture
def asked(tmp_path):
    peak = np.array([[1, 6], [5, 5], [5, 4], [0, 3], [2, 2], [3, 0]], dtype=np.float32)
    place = np.arange(12).reshape(6, 2)
    return store_of(
        tmp_path, peak, coded_faces(), mean=peak / 2, peak_row=place, peak_col=place + 1
    )


# --- groups ---


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"au": 12}, [0, 1]),
        ({"au": 12, "present": False}, [2, 3]),
        ({"au": [6, 12]}, [0]),
        ({"au": [6, 12], "present": False}, [2]),
        ({"emotion": "happy"}, [0, 1, 3]),
        ({"emotion": ["happy", "sadness"]}, [0, 1, 2, 3, 5]),
        ({"emotion": "happy", "split": "test"}, [3]),
        ({"subject": ["B", "C"]}, [2, 3, 4]),
        ({"sequence": "B1", "phase": "apex"}, [2]),
        ({"au": 6, "emotion": "happy", "subject": "B"}, [3]),
    ],
)
def test_groups(asked, conditions, expected):
    group = asked.where(**conditions)
    assert np.flatnonzero(group).tolist() == expected
    assert group.dims == ("image",)
    assert group.dtype == bool


def test_a_face_that_was_not_coded_is_in_neither_group(asked):
    both = asked.where(au=12).values | asked.where(au=12, present=False).values
    assert np.flatnonzero(~both).tolist() == [4, 5]


def test_groups_are_joined(asked):
    joined = asked.where(au=12) | asked.where(emotion="sadness")
    assert asked.top("conv1/000", 9, within=joined)["position"].values.tolist() == [1, 2, 5, 0]


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"emotion": "hapy"}, "did you mean happy"),
        ({"emotion": "happiness"}, "did you mean happy"),
        ({"split": "tset"}, "did you mean test"),
        ({"au": 99}, "not coded for AU99"),
        ({"au": 12, "emotion": "sadness"}, r"AU12 present: 2, expression sadness: 2"),
        ({}, "without a condition"),
    ],
)
def test_a_group_that_cannot_be_is_refused(asked, conditions, said):
    with pytest.raises(InputError, match=said):
        asked.where(**conditions)


def test_every_fault_of_a_group_is_told(asked):
    with pytest.raises(InputError) as caught:
        asked.where(au=[98, 99], emotion="hapy", subject="Z")
    assert len(caught.value.faults) == 4


@pytest.mark.parametrize(
    ("within", "said"),
    [
        ([0, 1, 2], "no mask"),
        (np.ones(5, bool), "no mask"),
        (np.ones(6), "no mask"),
        (np.zeros(6, bool), "no face is in this group"),
    ],
)
def test_what_is_no_group_is_refused(asked, within, said):
    with pytest.raises(InputError, match=said):
        asked.top("conv1/000", 3, within=within)


def test_a_group_of_another_store_is_refused(asked, tmp_path):
    other = store_of(tmp_path, tiny.peaks(6, 2))
    with pytest.raises(InputError, match="other images"):
        asked.top("conv1/000", 3, within=other.where(emotion="happy"))


# --- lists ---


def test_top_within_a_group_and_one_per_subject(asked):
    happy = asked.where(emotion="happy")
    top = asked.top("conv1/000", 9, within=happy)
    assert top["image"].values.tolist() == ["i1", "i0"]
    assert asked.top("conv1/000", 9, "subject", happy)["image"].values.tolist() == ["i1"]
    assert asked.top("conv1/0", 2)["image"].values.tolist() == ["i1", "i2"]


def test_bottom_lists_the_silent_and_counts_ties(tmp_path):
    store = store_of(tmp_path, np.array([[0], [2], [0], [0], [1]]))
    bottom = store.bottom("conv2/000", 2)
    assert bottom["position"].values.tolist() == [0, 2]
    assert bottom["value"].values.tolist() == [0, 0]
    assert bottom.attrs == {"tied_at_end": 3, "tied_listed": 2}
    assert store.bottom("conv2/000", 4).attrs == {"tied_at_end": 1, "tied_listed": 1}
    assert store.bottom("conv2/000", 9)["position"].values.tolist() == [0, 2, 3, 4, 1]


def test_top_counts_ties_at_its_end(asked):
    assert asked.top("conv1/000", 1).attrs == {"tied_at_end": 2, "tied_listed": 1}
    assert asked.top("conv1/000", 2).attrs == {"tied_at_end": 2, "tied_listed": 2}
    assert asked.top("conv1/000", 0).attrs == {"tied_at_end": 0, "tied_listed": 0}


def test_a_constant_filter_is_judged_over_all_images(tmp_path):
    store = store_of(tmp_path, np.array([[1], [2], [2], [2]]))
    group = np.array([False, True, True, True])
    assert store.top("conv2/000", 2, within=group)["position"].values.tolist() == [1, 2]
    assert store.bottom("conv2/000", 2, within=group)["position"].values.tolist() == [1, 2]


@pytest.mark.parametrize("column", [[0, 0, 0, 0], [7, 7, 7, 7], [-2, -1, -1, -3]])
def test_crp_trap_dead_filter_gets_no_arbitrary_images(tmp_path, column):
    store = store_of(tmp_path, np.array([column, [1, 2, 3, 4]]).T)
    dead = "conv1/000"
    assert store.top(dead, 3).sizes["rank"] == 0
    assert store.bottom(dead, 3).sizes["rank"] == 0
    assert dict(store.examples(dead).sizes) == {"rank": 0, "bin": 0}
    assert store.correlated(dead).empty
    assert dead not in store.correlated("conv2/000")["filter"].tolist()
    assert dead not in store.face("face000")["filter"].tolist()


def test_semanticlens_trap_no_minus_one_ids(tmp_path):
    peak = np.array([[-5, 0, 0], [-1, 0, 1], [-3, 0, 0], [-2, 0, 0]], dtype=np.float32)
    store = store_of(tmp_path, peak)
    for one in store.filters:
        for found in (store.top(one, 4), store.bottom(one, 4), store.examples(one)):
            assert (found["position"].values >= 0).all()
            assert len(found["image"]) == len(found["position"])


def test_semanticlens_trap_values_that_differ_in_the_last_digits_stay_apart(tmp_path):
    rng = np.random.default_rng(0)
    peak = rng.uniform(1.0, 1.05, size=(400, 1)).astype(np.float32)
    store = store_of(tmp_path, peak)
    assert (
        store.top("conv2/000", 50)["position"].values.tolist()
        == np.argsort(-peak[:, 0], kind="stable")[:50].tolist()
    )


def test_crp_trap_nan_is_not_stored(tmp_path):
    with pytest.raises(InputError, match="cannot be stored"):
        store_of(tmp_path, np.array([[1.0], [np.nan]]))


@pytest.mark.parametrize("k", [0, 1, 7, 11])
def test_dissect_trap_k_is_k(tmp_path, k):
    store = store_of(tmp_path, np.arange(1, 12)[:, None])
    assert store.top("conv2/000", k).sizes["rank"] == k
    assert store.bottom("conv2/000", k).sizes["rank"] == k
    assert len(store.correlated("conv2/000", k)) == 0


@pytest.mark.parametrize("kind", ["top", "bottom"])
def test_a_negative_length_is_refused(asked, kind):
    with pytest.raises(InputError, match="n is no length"):
        getattr(asked, kind)("conv1/000", -1)
    with pytest.raises(InputError, match="unknown kind of list"):
        getattr(asked, kind)("conv1/000", 1, one_per="person")


# --- examples ---


def slow_bins(values, bins):
    """Bin of each value by counting those above it and half of those equal to it."""
    total = len(values)
    return [
        int(bins * (sum(o > v for o in values) + sum(o == v for o in values) / 2) / total)
        for v in values
    ]


@given(
    hnp.arrays(np.float32, st.integers(1, 30), elements=st.sampled_from([0.5, 1, 2, 3, 3.5, 9])),
    st.integers(1, 7),
)
def test_quantile_bins_by_counting(values, bins):
    falling = np.sort(values)[::-1]
    found = quantile_bins(falling, bins)
    assert found.tolist() == slow_bins(falling.tolist(), bins)
    assert found.min() >= 0
    assert found.max() < bins
    assert all(len(set(found[falling == v])) == 1 for v in falling)


def test_examples_show_every_part_of_the_range(tmp_path):
    peak = np.concatenate([np.arange(1, 11), np.zeros(2)])[:, None]
    store = store_of(tmp_path, peak)
    found = store.examples("conv2/000", bins=5, per_bin=1)
    assert found["bin"].values.tolist() == [1, 2, 3, 4, 5]
    assert found["low"].values.tolist() == [9, 7, 5, 3, 1]
    assert found["high"].values.tolist() == [10, 8, 6, 4, 2]
    assert found["images"].values.tolist() == [2] * 5
    assert found["share"].values.tolist() == [2 / 12] * 5
    assert found["of_bin"].values.tolist() == [1, 2, 3, 4, 5]
    # Both images of a bin are as near its middle: the one first in the store is taken.
    assert found["position"].values.tolist() == [8, 6, 4, 2, 0]
    assert found.attrs == {"silent": 2, "considered": 12}


def test_examples_are_those_nearest_the_middle(tmp_path):
    store = store_of(tmp_path, np.arange(9, 0, -1)[:, None])
    one = store.examples("conv2/000", bins=1, per_bin=3)
    assert one["position"].values.tolist() == [3, 4, 5]
    every = store.examples("conv2/000", bins=1, per_bin=99)
    assert every["position"].values.tolist() == list(range(9))
    # Subjects have four images each: 0-3, 4-7, 8.
    people = store.examples("conv2/000", bins=1, per_bin=9, one_per="subject")
    assert people["position"].values.tolist() == [3, 4, 8]
    within = np.arange(9) < 3
    group = store.examples("conv2/000", bins=1, per_bin=1, within=within)
    assert group["position"].values.tolist() == [1]
    assert group.attrs == {"silent": 0, "considered": 3}


def test_ties_leave_a_bin_empty_rather_than_part_equal_values(tmp_path):
    found = store_of(tmp_path, np.array([[1], [5], [5], [5], [5]])).examples("conv2/000", bins=5)
    assert found["images"].values.tolist() == [0, 0, 4, 0, 1]
    assert np.isnan(found["low"].values[[0, 1, 3]]).all()
    frame = as_frame(found)
    assert frame["bin"].tolist() == [1, 2, 3, 3, 3, 3, 4, 5]
    assert frame["image"].isna().tolist() == [True, True] + [False] * 4 + [True, False]


@pytest.mark.parametrize("wrong", [{"bins": 0}, {"per_bin": 0}])
def test_examples_of_no_size_are_refused(asked, wrong):
    with pytest.raises(InputError, match="too small"):
        asked.examples("conv1/000", **wrong)


# --- one face ---


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 6))
def test_standing_by_counting(seed, n, count):
    peak = tiny.peaks(n, count, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        store = store_of(folder, peak)
        position = seed % n
        stands = store.standing(f"face{position:03d}")
        for index in range(count):
            column, own = peak[:, index], peak[position, index]
            expected = percentileofscore(column, own, kind="mean")
            assert float(stands["percentile"][index]) == pytest.approx(expected)
            assert int(stands["rank"][index]) == 1 + int((column > own).sum())
            assert bool(stands["constant"][index]) == (len(set(column.tolist())) == 1)
        face = store.face(f"face{position:03d}")
        names = [str(one) for one in store.filters]
        firing = [
            (-float(stands["percentile"][i]), i)
            for i in range(count)
            if peak[position, i] > 0 and len(set(peak[:, i].tolist())) > 1
        ]
        assert face["filter"].tolist() == [names[i] for _, i in sorted(firing)]


def test_standing_is_the_same_over_many_blocks(tmp_path, monkeypatch):
    peak = tiny.peaks(40, 5)
    whole = store_of(tmp_path, peak).standing("face011")
    monkeypatch.setattr("facsinterp.activations.store.BLOCK_SIZE", 7)
    parted = store_of(tmp_path, peak)
    assert parted.data.attrs["block_size"] == 7
    assert parted.standing("face011").equals(whole)


def test_a_face_tells_what_the_store_holds(asked):
    face = asked.face("i1")
    assert face.columns.tolist() == [
        *("filter", "layer", "channel", "peak", "percentile", "rank", "mean", "row", "col")
    ]
    assert face.iloc[0].to_dict() == {
        "filter": "conv1/000",
        "layer": "conv1",
        "channel": 0,
        "peak": 5.0,
        "percentile": pytest.approx(100 * 5 / 6),
        "rank": 1,
        "mean": 2.5,
        "row": 2,
        "col": 3,
    }
    with pytest.raises(InputError, match="did you mean i1"):
        asked.face("i11")


# --- filters alike ---


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 30), st.integers(2, 9))
def test_correlations_equal_those_of_scipy(seed, n, count):
    peak = tiny.peaks(n, count, seed=seed)
    live = [i for i in range(count) if len(set(peak[:, i].tolist())) > 1 and peak[:, i].max() > 0]
    with tempfile.TemporaryDirectory() as folder:
        store = store_of(folder, peak)
        names = [str(one) for one in store.filters]
        for method, judge in (("spearman", spearmanr), ("pearson", pearsonr)):
            found = store.correlated(names[-1], count, method)
            expected = {
                names[i]: float(judge(peak[:, -1].astype(float), peak[:, i].astype(float))[0])
                for i in live
                if i != count - 1 and count - 1 in live
            }
            assert dict(zip(found["filter"], found["correlation"], strict=True)) == pytest.approx(
                expected, abs=1e-9
            )
            assert found["correlation"].is_monotonic_decreasing


@pytest.mark.parametrize(("held", "tile"), [(330, 999), (1 << 20, 17), (1 << 20, 999)])
def test_tiles_of_any_size_give_the_same(tmp_path, monkeypatch, held, tile):
    rng = np.random.default_rng(3)
    peak = np.maximum(rng.normal(size=(30, 70)) + rng.normal(size=(30, 1)), 0)
    peak[:, 5] = peak[:, 66]
    peak[:, 6] = 3 * peak[:, 66]
    peak[:, 7] = 0
    store = store_of(tmp_path, peak)
    names = [str(one) for one in store.filters]
    monkeypatch.setattr(similar, "HELD", held)
    monkeypatch.setattr(similar, "TILE", tile)
    pairs = store.duplicates(1.0)
    assert list(zip(pairs["filter"], pairs["other"], strict=True)) == [
        (names[5], names[6]),
        (names[5], names[66]),
        (names[6], names[66]),
    ]
    live = [i for i in range(70) if i != 7]
    ranks = np.asarray(spearmanr(peak[:, live])[0])
    expected = {
        (names[live[a]], names[live[b]]): ranks[a, b]
        for a in range(69)
        for b in range(a + 1, 69)
        if ranks[a, b] >= 0.5
    }
    found = store.duplicates(0.5)
    got = {(a, b): r for a, b, r in found.itertuples(index=False)}
    assert got == pytest.approx(expected, abs=1e-9)
    monkeypatch.setattr(similar, "HELD", 1)
    assert store.correlated(names[66], 2)["filter"].tolist() == [names[5], names[6]]


def test_duplicates_of_one_layer(tmp_path):
    peak = np.array([[1, 2, 1, 2], [2, 4, 2, 4], [3, 6, 3, 6]])
    # Layers that alternate: the filters of one are no neighbours.
    filters = [FilterId("a", 0), FilterId("b", 0), FilterId("a", 1), FilterId("b", 1)]
    store = store_of(tmp_path, peak, filters=filters)
    assert len(store.duplicates()) == 6
    inside = store.duplicates(layer="b")
    assert inside[["filter", "other"]].to_numpy().tolist() == [["b/000", "b/001"]]
    with pytest.raises(InputError, match="unknown layer"):
        store.duplicates(layer="c")


def test_correlations_of_tiny_and_huge_answers(tmp_path):
    shape = np.array([1.0, 5.0, 2.0, 4.0])[:, None]
    store = store_of(tmp_path, shape * np.array([1.0, 1e-38, 6e37], dtype=np.float64))
    assert len(store.duplicates(0.999, method="pearson")) == 3


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda s: s.duplicates(0), "no correlation"),
        (lambda s: s.duplicates(1.5), "no correlation"),
        (lambda s: s.correlated("conv1/000", 3, "kendall"), "spearman or pearson"),
        (lambda s: s.correlated("conv1/000", -3), "n is no length"),
    ],
)
def test_what_cannot_be_correlated_is_refused(asked, ask, said):
    with pytest.raises(InputError, match=said):
        ask(asked)


def test_a_threshold_that_finds_a_million_pairs_is_refused(asked, monkeypatch):
    monkeypatch.setattr(similar, "PAIRS", 0)
    with pytest.raises(InputError, match="pairs of filters"):
        asked.duplicates(0.01)


# --- summaries ---


def test_summary_of_filters_and_layers(tmp_path):
    peak = np.array([[0, 7, 1, -1], [0, 7, 0, 4], [0, 7, 3, 2], [0, 7, 0, 0]], dtype=np.float32)
    filters = FilterId.of_layers([("conv1", 3), ("conv2", 1)])
    store = store_of(tmp_path, peak, filters=filters)
    inside = store.summary("conv1")
    assert inside["dead"].tolist() == [True, False, False]
    assert inside["constant"].tolist() == [False, True, False]
    assert inside["active_share"].tolist() == [0, 1, 0.5]
    assert inside["peak_max"].tolist() == [0, 7, 3]
    assert inside["peak_q50"].tolist() == [0, 7, 0.5]
    assert store.summary("conv2")["peak_min"].tolist() == [-1]
    layers = store.summary().set_index("layer")
    assert layers.loc["conv1", ["filters", "dead", "constant"]].tolist() == [3, 1, 1]
    assert layers.loc["conv1", "active_share_median"] == 0.75
    assert layers.loc["conv1", "peak_max"] == 7
    assert layers.loc["conv2", "peak_q90"] == pytest.approx(np.quantile(peak[:, 3], 0.9))


def test_a_layer_of_dead_filters_has_no_quantiles(tmp_path):
    layers = store_of(tmp_path, np.zeros((3, 2))).summary()
    assert layers["dead"].tolist() == [1, 1]
    assert layers["peak_max"].isna().all()


# --- frames ---


def test_a_frame_keeps_not_coded_apart_from_absent(asked):
    frame = asked.to_frame(["conv1/000", FilterId("conv2", 0)])
    assert frame.columns.tolist() == [
        *("image", "subject", "sequence", "frame", "phase", "expression", "split"),
        *("AU6", "AU12", "conv1/000", "conv2/000"),
    ]
    assert frame["AU12"].tolist() == [True, True, False, False, pd.NA, pd.NA]
    assert frame["conv2/000"].tolist() == [6, 5, 4, 3, 2, 0]


def test_a_frame_of_chosen_columns_and_faces(asked):
    frame = asked.to_frame("conv1/000", ["AU6", "subject"], within=asked.where(subject="B"))
    assert frame.columns.tolist() == ["image", "AU6", "subject", "conv1/000"]
    assert frame["image"].tolist() == ["i2", "i3"]
    with pytest.raises(InputError, match="did you mean subject"):
        asked.to_frame("conv1/000", ["subjekt"])
    with pytest.raises(InputError, match="unknown filter"):
        asked.to_frame(["conv9/000"])


def test_a_frame_of_absurd_size_is_refused(asked, monkeypatch):
    monkeypatch.setattr(frames, "CELLS", 17)
    assert asked.to_frame("conv1/000", []).shape == (6, 2)
    with pytest.raises(InputError, match="6 images x 3 columns"):
        asked.to_frame("conv1/000", ["subject"])


# --- one image, many shapes ---


def test_a_store_of_one_image_can_be_asked_everything(tmp_path):
    store = store_of(tmp_path, np.array([[1, 2, 0]]))
    one = store.filters[0]
    assert store.top(one, 3).sizes["rank"] == 0
    assert store.bottom(one, 3).sizes["rank"] == 0
    assert store.examples(one).sizes["rank"] == 0
    assert store.face("face000").empty
    assert store.correlated(one).empty
    assert store.duplicates().empty
    assert store.summary()["constant"].sum() == 2
    assert len(store.to_frame(one)) == 1
    assert "images        1 of 1 subjects" in repr(store)


# --- told in words ---


def test_repr_is_a_few_lines_and_reads_no_activation(asked):
    text = repr(asked)
    assert len(text.splitlines()) < 15
    assert "6 of 3 subjects in 4 sequences" in text
    assert "conv1 1, conv2 1" in text
    assert "2 coded in 5 images: AU6, AU12" in text
    assert asked.key in text
    assert not asked.data["peak"].variable._in_memory


def test_the_card_escapes_text_and_needs_no_file(tmp_path):
    terms = Terms("<script>x</script>", 'only "me" & you', frozenset({"A"}))
    card = store_of(tmp_path, tiny.peaks(6, 2), coded_faces(terms=terms))._repr_html_()
    assert "<script" not in card
    assert "&lt;script&gt;x&lt;/script&gt;" in card
    assert "Shown may be 1 subject." in card
    assert "http" not in card
    assert "url(" not in card
    assert "class=" not in card
    assert card.count("<tr") == card.count("</tr>")


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms("x", "y"), "x: y"),
        (Terms("x", "", frozenset({"A", "B"}), frozenset({"B"})), "x Shown may be 1 subject."),
        (Terms("x", "", None, frozenset({"A", "B"})), "x Shown may be all but 2 subjects."),
        (Terms("", "y", redistributable=False), "y Pictures may not be passed on."),
    ],
)
def test_the_terms_are_told(tmp_path, terms, said):
    card = store_of(tmp_path, tiny.peaks(6, 2), coded_faces(terms=terms))._repr_html_()
    assert f">{said}<" in card


def test_the_size_on_disk_is_that_of_the_files(asked):
    size = sum(file.stat().st_size for file in asked.path.rglob("*") if file.is_file())
    told = next(line for line in repr(asked).splitlines() if line.startswith("on disk"))
    assert float(told.split()[2]) == pytest.approx(size / 1000, rel=0.01)


def test_json_can_hold_every_answer(asked):
    from facsinterp.cli.tables import records

    tables = [asked.face("i1"), asked.summary(), asked.to_frame("conv1/000"), asked.duplicates(0.1)]
    tables += [as_frame(asked.top("conv1/000", 3)), as_frame(asked.examples("conv1/000"))]
    for table in tables:
        assert len(json.loads(json.dumps(records(table), allow_nan=False))) == len(table)
