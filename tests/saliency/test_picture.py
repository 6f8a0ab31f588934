"""Pictures of all filters: right numbers, whatever the blocks, batches and interruptions."""

import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest
import torch

from facsinterp.errors import ActivationError, InputError, StaleStoreError, StoreError
from facsinterp.faces.canonical import canonical, to_canonical
from facsinterp.nets.receptive import receptive_fields
from facsinterp.saliency import layout, meanface
from facsinterp.saliency import picture as making
from facsinterp.saliency.attribute import Units, attribute
from facsinterp.saliency.picture import picture
from facsinterp.saliency.store import Attributions
from facsinterp.saliency.top import TopFaces
from facsinterp.saliency.writer import AttributionWriter, partial_of
from tests.saliency import shown
from tests.saliency.shown import RANKS, SILENT, SIZE, WITHOUT, content

NET, FACES = shown.network(), shown.pixels()
TOP = shown.top_faces(NET, FACES)


class Bars:
    """Keeps what progress was told."""

    def __init__(self):
        self.steps, self.said = [], []

    @contextmanager
    def step(self, title, total):
        done: list[int] = []
        self.steps.append((title, total, done))
        yield done.append

    def say(self, text):
        self.said.append(text)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(layout, "FILTERS_PER_BLOCK", 4)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layout, "FILTERS_PER_BLOCK", 4)
        return picture(NET, FACES, TOP, tmp_path_factory.mktemp("p") / "a.zarr")


def changed(top, **arrays):
    given = {name: getattr(top, name).copy() for name in ("image", "value", "row", "col")}
    return TopFaces(top.filters, **(given | arrays))


def test_each_face_of_each_filter_is_attributed_at_its_own_peak(made):
    for i, one in enumerate(TOP.filters):
        found = made.of(one)
        for rank in range(RANKS):
            units = Units(
                TOP.image[i, rank : rank + 1],
                np.array([one.channel]),
                np.array([[TOP.row[i, rank], TOP.col[i, rank]]]),
            )
            alone = np.zeros((1, SIZE, SIZE), np.float32)
            if TOP.image[i, rank] >= 0:
                alone = attribute(NET, one.layer, FACES, units)
                assert np.abs(alone).sum() > 0
            np.testing.assert_allclose(found["attribution"][rank], alone[0], atol=1e-6)


def test_the_tables_say_which_faces_these_are(made):
    for i, one in enumerate(TOP.filters):
        found = made.of(one)
        assert found["image"].values.tolist() == TOP.image[i].tolist()
        used = TOP.image[i] >= 0
        np.testing.assert_array_equal(found["value"].values[used], TOP.value[i][used])
        assert np.isnan(found["value"].values[~used]).all()
        assert found["peak_row"].values.tolist() == TOP.row[i].tolist()
        assert found["peak_col"].values.tolist() == TOP.col[i].tolist()
        names = [FACES.images[j] if j >= 0 else "" for j in TOP.image[i]]
        assert found["face_name"].values.tolist() == names


def test_a_silent_filter_has_no_faces_and_zeros(made):
    found = made.of(SILENT)
    assert found["image"].values.tolist() == [-1] * RANKS
    assert made.strongest(SILENT).size == 0
    for name in ("attribution", "mean_attribution", "mean_place"):
        assert not found[name].values.any()
    assert (int(found["mean_attribution_faces"]), int(found["mean_place_faces"])) == (0, 0)
    assert made.scale(SILENT) == 0


def test_means_on_the_mean_face_slowly(made):
    located = [i for i in range(len(FACES)) if i not in WITHOUT]
    target = canonical(FACES.landmarks[located], SIZE)
    fields = receptive_fields(NET)
    met = set()
    for i, one in enumerate(TOP.filters):
        found = made.of(one)
        shares, places = [], []
        for rank, face in enumerate(TOP.image[i].tolist()):
            if face < 0 or face in WITHOUT:
                met.add(face)
                continue
            points = FACES.landmarks[face : face + 1]
            strength = np.abs(found["attribution"].values[rank])
            shares.append(to_canonical((strength / strength.sum())[None], points, target)[0])
            top, left, bottom, right = fields[one.layer].window(TOP.row[i, rank], TOP.col[i, rank])
            row, col = (top + bottom - 1) / 2, (left + right - 1) / 2
            spot = np.zeros((SIZE, SIZE))
            for y in range(SIZE):
                for x in range(SIZE):
                    far = (y - row) ** 2 + (x - col) ** 2
                    spot[y, x] = np.exp(-far / (2 * (0.04 * SIZE) ** 2))
            spot = np.nan_to_num(to_canonical(spot[None], points, target)[0])
            places.append(spot / spot.sum())
        assert int(found["mean_attribution_faces"]) == len(shares)
        assert int(found["mean_place_faces"]) == len(places)
        for name, maps in (("mean_attribution", shares), ("mean_place", places)):
            slow = np.nanmean(maps, axis=0) if maps else np.zeros((SIZE, SIZE))
            np.testing.assert_allclose(found[name], slow, atol=1e-6)
        if places:
            assert float(found["mean_place"].sum()) == pytest.approx(1, abs=1e-5)
    assert met == {-1, *WITHOUT}


def test_the_mean_face_is_that_of_the_faces_that_may_be_shown(made, tmp_path):
    located = [i for i in range(len(FACES)) if i not in WITHOUT]
    target = canonical(FACES.landmarks[located], SIZE)
    np.testing.assert_allclose(made.data["canonical_landmarks"], target.landmarks, atol=1e-5)
    allowed = np.zeros(len(FACES), bool)
    allowed[[2, 3, 5]] = True
    fewer = picture(NET, FACES, TOP, tmp_path / "b", showable=allowed)
    none = picture(NET, FACES, TOP, tmp_path / "c", showable=np.zeros(len(FACES), bool))
    for store, faces in ((made, located), (fewer, [2, 5])):
        warped = to_canonical(FACES.array[faces].astype(float), FACES.landmarks[faces], target)
        drawn = store.data["canonical_face"].values
        assert drawn.dtype == np.uint8
        np.testing.assert_allclose(drawn, np.nan_to_num(np.nanmean(warped, axis=0)), atol=0.51)
    assert not none.data["canonical_face"].values.any()
    np.testing.assert_array_equal(fewer.data["attribution"], made.data["attribution"])


def mean_face(faces):
    mean = meanface.MeanFace.of(faces)
    assert mean is not None
    return mean


def test_a_peak_counts_once_and_one_outside_the_picture_not():
    mean = mean_face(FACES)
    middle = (SIZE - 1) / 2
    centres = np.array([[[middle, middle], [-3, 4]], [[np.nan, 1], [middle, 8]]])
    image = np.array([[0, 1], [2, WITHOUT[0]]])
    places, counts = mean.places(centres, image, mean.warps(image))
    assert counts.tolist() == [1, 0]
    assert places[0].sum() == pytest.approx(1, abs=1e-5)
    assert np.unravel_index(places[0].argmax(), places[0].shape) in {(11, 11), (12, 12), (11, 12)}
    assert not places[1].any()


def test_beyond_the_picture_of_a_face_the_others_are_averaged():
    aside = FACES.landmarks.copy()
    aside[1] += (9, 0)  # the right side of this face is cut off
    mean = mean_face(type(FACES).from_array(FACES.images, FACES.array, landmarks=aside))
    image = np.array([[0, 1]])
    warps = mean.warps(image)
    unseen = ~warps[1].seen & warps[0].seen
    assert unseen.any()
    maps = np.ones((1, 2, SIZE, SIZE), np.float32)
    means, counts = mean.attributions(maps, image, warps)
    np.testing.assert_allclose(means[0][warps[0].seen], 1 / SIZE**2, rtol=1e-5)
    assert counts.tolist() == [2]


def test_the_picture_of_many_faces_is_of_some_spread_evenly(monkeypatch):
    monkeypatch.setattr(meanface, "_IN_PICTURE", 3)
    rows = [i for i in range(len(FACES)) if i not in WITHOUT]
    chosen = np.zeros(len(FACES), bool)
    chosen[[rows[0], rows[len(rows) // 2 - 1], rows[-1]]] = True
    mean = mean_face(FACES)
    few = mean.picture(FACES, None)
    np.testing.assert_array_equal(few, mean.picture(FACES, chosen))


def test_faces_in_colour_give_a_grey_mean_face():
    colour = np.stack([FACES.array, FACES.array // 2, FACES.array // 3], axis=-1)
    bright = type(FACES).from_array(FACES.images, colour, landmarks=FACES.landmarks)
    luma = np.rint(colour @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    dull = type(FACES).from_array(FACES.images, luma, landmarks=FACES.landmarks)
    mean = mean_face(bright)
    found = mean.picture(bright, None).astype(int)
    assert np.abs(found - mean.picture(dull, None)).max() <= 1


def test_faces_without_landmarks_give_a_store_without_a_mean_face(tmp_path, made):
    plain = shown.pixels(located=False)
    store = picture(NET, plain, TOP, tmp_path / "a")
    assert not store.on_mean_face
    assert not set(layout.CANONICAL) & set(store.data)
    assert not {"crow", "ccol"} & set(store.data.dims)
    np.testing.assert_array_equal(store.data["attribution"], made.data["attribution"])
    assert "landmarks" not in store.of("conv2/000")


@pytest.mark.parametrize(("block", "batch"), [(1, 1), (3, 7), (32, 64), (4, 5)])
def test_numbers_do_not_depend_on_blocks_and_batches(block, batch, made, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "FILTERS_PER_BLOCK", block)
    store = picture(NET, FACES, TOP, tmp_path / "a", batch_size=batch)
    for name in (*layout.PICTURES, *layout.ON_MEAN_FACE):
        np.testing.assert_allclose(store.data[name], made.data[name], atol=1e-6)


def stopping(monkeypatch, at):
    """The engine gives up at its call number `at`."""
    calls = []

    def engine(*args, **options):
        calls.append(1)
        if len(calls) == at:
            raise KeyboardInterrupt
        return attribute(*args, **options)

    monkeypatch.setattr(making, "attribute", engine)
    return calls


def test_a_stopped_run_goes_on_with_identical_bytes(made, tmp_path, monkeypatch):
    path = tmp_path / "again"
    whole = stopping(monkeypatch, 0)
    picture(NET, FACES, TOP, tmp_path / "whole")
    stopping(monkeypatch, 3)
    with pytest.raises(KeyboardInterrupt):
        picture(NET, FACES, TOP, path)
    assert [one.name for one in tmp_path.iterdir() if "again" in one.name] == ["again.partial"]
    bars, calls = Bars(), stopping(monkeypatch, 0)
    store = picture(NET, FACES, TOP, path, progress=bars)
    assert 0 < len(calls) < len(whole)
    assert bars.said == ["1 of 3 blocks of filters are there"]
    assert content(path) == content(tmp_path / "whole")
    np.testing.assert_array_equal(store.data["attribution"], made.data["attribution"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["again", "whole"]


def test_a_block_that_was_begun_and_not_finished_is_written_again(tmp_path, monkeypatch):
    array, asked = AttributionWriter._array, []

    def dying(self, name):
        """The last block, shorter than the others, has its first pictures and no more."""
        asked.append(name)
        if asked.count("mean_place") == 3:
            raise KeyboardInterrupt
        return array(self, name)

    picture(NET, FACES, TOP, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(AttributionWriter, "_array", dying)
        with pytest.raises(KeyboardInterrupt):
            picture(NET, FACES, TOP, tmp_path / "again")
    chunks = partial_of(tmp_path / "again") / "attribution" / "c" / "2" / "0" / "0"
    (chunks / f"0.{32 * 'a'}.partial").write_bytes(b"half")
    # A block of another run that zarr would keep where the new one has nothing.
    full = chunks.parents[2] / "0" / "0" / "0" / "0"
    (chunks / "0").write_bytes(full.read_bytes())
    picture(NET, FACES, TOP, tmp_path / "again")
    assert content(tmp_path / "again") == content(tmp_path / "whole")


def test_a_run_that_died_while_it_laid_out_begins_anew(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(layout, "add_picture", stopped)
        with pytest.raises(KeyboardInterrupt):
            picture(NET, FACES, TOP, tmp_path / "a")
    assert [one.name for one in tmp_path.iterdir()] == ["a.partial"]
    assert picture(NET, FACES, TOP, tmp_path / "a").filters == TOP.filters


def stopped(*_args, **_options):
    raise KeyboardInterrupt


def test_what_is_not_ours_is_not_removed(tmp_path):
    (tmp_path / "a.partial").mkdir()
    (tmp_path / "a.partial" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="move it away"):
        picture(NET, FACES, TOP, tmp_path / "a")
    assert (tmp_path / "a.partial" / "letter.txt").read_text() == "dear"


def test_what_is_there_is_opened_and_nothing_computed(made, tmp_path, monkeypatch):
    shutil.copytree(made_path(made), tmp_path / "a")
    monkeypatch.setattr(making, "attribute", stopped)
    bars = Bars()
    again = picture(NET, FACES, TOP, tmp_path / "a", progress=bars)
    assert again.key == made.key
    assert bars.steps == []
    assert len(bars.said) == 1


def made_path(store):
    return store.data.encoding["source"]


def other_network():
    net = shown.network()
    with torch.no_grad():
        net.module.out.bias += 1
    return type(net).of(net.module, classes=net.classes, input_shape=net.input_shape)


OTHERS = {
    "network": lambda: {"network": other_network()},
    "landmarks": lambda: {"pixels": shown.pixels(located=False)},
    "method": lambda: {"method": "gradient"},
    "top faces": lambda: {"top": changed(TOP, value=TOP.value + np.float32(1))},
    "batch size": lambda: {"batch_size": 3},
    "showable": lambda: {"showable": np.ones(len(FACES), bool)},
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("begun", [True, False])
def test_other_content_is_refused_by_name(name, begun, made, tmp_path):
    path = tmp_path / "a"
    shutil.copytree(made_path(made), partial_of(path) if begun else path)
    given = {"network": NET, "pixels": FACES, "top": TOP} | OTHERS[name]()
    network, pixels, top = (given.pop(key) for key in ("network", "pixels", "top"))
    with pytest.raises(StaleStoreError, match=f"  {name}: there from"):
        picture(network, pixels, top, path, **given)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["torch", "captum"])
def test_other_versions_are_refused_by_name(name, made, tmp_path):
    shutil.copytree(made_path(made), tmp_path / "a")
    root = tmp_path / "a" / "zarr.json"
    told = json.loads(root.read_text())
    inputs = json.loads(told["attributes"]["inputs"])
    told["attributes"]["inputs"] = json.dumps(inputs | {name: "0.1"})
    root.write_text(json.dumps(told))
    with pytest.raises(StaleStoreError, match=f"  {name}: there from 0.1"):
        picture(NET, FACES, TOP, tmp_path / "a")


def test_a_run_does_not_go_on_on_another_kind_of_device(tmp_path, monkeypatch):
    stopping(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt):
        picture(NET, FACES, TOP, tmp_path / "a")
    monkeypatch.setattr(making, "pick", lambda _name: torch.device("cuda"))
    with pytest.raises(StoreError, match=r"cannot go on with .*cuda"):
        picture(NET, FACES, TOP, tmp_path / "a")


def test_refused_layers_stop_it_before_any_work_all_at_once(tmp_path, monkeypatch):
    def refusing(_network, layer, method):
        raise InputError(f"{method} is wrong at {layer}")

    monkeypatch.setattr(making, "preflight", refusing)
    monkeypatch.setattr(making, "attribute", stopped)
    with pytest.raises(InputError) as error:
        picture(NET, FACES, TOP, tmp_path / "a")
    assert [fault.what for fault in error.value.faults] == [
        "guided-backprop is wrong at conv1",
        "guided-backprop is wrong at conv2",
    ]
    assert list(tmp_path.iterdir()) == []


def test_things_that_do_not_belong_together_are_refused_all_at_once(tmp_path):
    beyond = changed(TOP, image=np.where(TOP.image == 0, 99, TOP.image))
    far = changed(beyond, row=TOP.row + 30)
    small = type(FACES).from_array(FACES.images, FACES.array[:, :20])
    with pytest.raises(InputError) as error:
        picture(NET, small, far, tmp_path / "a", showable=np.ones(2, bool))
    told = str(error.value)
    for words in (
        "pixels do not fit the network",
        "showable does not fit",
        "faces beyond the last one",
        "peaks lie outside the maps",
    ):
        assert words in told
    assert list(tmp_path.iterdir()) == []


def test_attributions_that_are_no_numbers_are_refused(tmp_path):
    net = shown.network()
    with torch.no_grad():
        net.module.conv2.weight[0, 0, 0, 0] = np.nan
    net = type(net).of(net.module, classes=net.classes, input_shape=net.input_shape)
    with pytest.raises(ActivationError, match="conv2"):
        picture(net, FACES, TOP, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_progress_hears_of_every_face(tmp_path):
    bars = Bars()
    picture(NET, FACES, TOP, tmp_path / "a", progress=bars)
    [(title, total, done)] = bars.steps
    assert title == "Picturing filters"
    assert total == sum(done) == int((TOP.image >= 0).sum())


def test_clearances_and_provenance_are_kept(made):
    assert [one["layer"] for one in made.clearances] == ["conv1", "conv2"]
    assert made.method == "guided-backprop"
    assert made.provenance.settings == {"device": "cpu"}
    assert made.provenance.inputs == made.inputs
    assert isinstance(made, Attributions)
