"""Overlap of masks and regions against a slow twin, on a network that was run by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from facsinterp.activations.plan import Plan
from facsinterp.activations.sweep import sweep
from facsinterp.errors import InputError
from facsinterp.evidence.places import attributed
from facsinterp.evidence.places import overlap as module
from facsinterp.evidence.places.attributed import made_looks, stored_looks
from facsinterp.evidence.places.looks import Regions
from facsinterp.evidence.places.overlap import overlap
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.receptive import receptive_fields
from facsinterp.nets.taps import tapping
from facsinterp.saliency.attribute import Units, attribute
from facsinterp.testing import tiny_faces

SIZE = 16


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 5, 3, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.second = nn.Conv2d(5, 4, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.last = nn.Linear(4, 2)

    def forward(self, pixels):
        maps = self.relu2(self.second(self.pool(self.relu(self.first(pixels)))))
        return self.last(maps.amax(dim=(2, 3)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """(network, pixels, store, masks (image, row, col)) of the tiny faces, drawn anew."""
    torch.manual_seed(3)
    network = Network.of(Net(), classes=("neutral", "happy"), input_shape=(1, SIZE, SIZE))
    faces, _ = tiny_faces()
    rng = np.random.default_rng(0)
    array = rng.integers(0, 256, (len(faces), SIZE, SIZE), dtype=np.uint8)
    pixels = Pixels.from_array(faces.images, array)
    plan = Plan.of(network.fingerprint, network.channels, faces, pixels.fingerprint)
    store = sweep(network, pixels, faces, plan, tmp_path_factory.mktemp("o") / "s.zarr")
    masks = rng.random((len(faces), SIZE, SIZE)) < 0.3
    masks[2] = False
    return network, pixels, store, masks


def every(store):
    return np.arange(store.data.sizes["image"])


def maps_of(network, pixels, layer):
    with torch.no_grad(), tapping(network, [layer]) as maps:
        network.module(to_tensor(pixels.array))
        return maps[layer].numpy()


def upsampled(one, middles):
    """A map spread over the picture, one pixel at a time."""
    found = np.zeros((SIZE, SIZE))
    for r in range(SIZE):
        column = [np.interp(r, middles, one[:, c]) for c in range(one.shape[1])]
        for c in range(SIZE):
            found[r, c] = np.interp(c, middles, column)
    return found


def test_the_overlap_slowly(made):
    network, pixels, store, masks = made
    where = Regions(lambda _unit, at: masks[at], (1, 12), every(store))
    found = overlap(network, pixels, store, where)
    units = store.data["au"].values.tolist()
    for layer, step in (("first", 1), ("second", 2)):
        maps = maps_of(network, pixels, layer)
        middles = step * np.arange(maps.shape[2]) + (step - 1) / 2
        for channel in range(2):
            values = np.sort(maps[:, channel].ravel())[::-1]
            limit = max(values[int(0.005 * values.size)], 0)
            name = f"{layer}/{channel:03d}"
            # Convolutions in another memory order round otherwise.
            np.testing.assert_allclose(found["threshold"].sel(filter=name), limit, rtol=1e-5)
            for unit in (1, 12):
                at = units.index(unit)
                both = either = size = region_size = 0
                for image, region in enumerate(masks):
                    if not store.data["coded"].values[image, at] or not region.any():
                        continue
                    mask = upsampled(maps[image, channel], middles) > limit
                    shown = region & store.data["present"].values[image, at]
                    both, either = both + (mask & shown).sum(), either + (mask | shown).sum()
                    size, region_size = size + mask.sum(), region_size + shown.sum()
                iou = found["iou"].sel(filter=name, au=unit)
                np.testing.assert_allclose(iou, both / either, atol=1e-3)
                most = min(size, region_size) / max(size, region_size)
                np.testing.assert_allclose(found["iou_attainable"].sel(filter=name, au=unit), most)
    assert found.sizes == {"filter": 9, "au": 2}


def test_the_overlap_does_not_depend_on_batches(made, monkeypatch):
    network, pixels, store, masks = made
    where = Regions(lambda _unit, at: masks[at], (1, 12), every(store))
    whole = overlap(network, pixels, store, where)
    monkeypatch.setattr(module, "BATCH", 5)
    monkeypatch.setattr(module, "BLOCK", 3000)
    parts = overlap(network, pixels, store, where)
    np.testing.assert_allclose(parts["iou"], whole["iou"], atol=1e-3)
    np.testing.assert_allclose(parts["threshold"], whole["threshold"], rtol=1e-5)


def test_a_mask_that_is_the_region_overlaps_wholly(made):
    network, pixels, store, _ = made
    where = Regions(lambda _unit, at: np.ones((len(at), SIZE, SIZE), bool), (1,), every(store))
    found = overlap(network, pixels, store, where)
    np.testing.assert_allclose(found["iou"][:, 0], found["iou_attainable"][:, 0], atol=0.05)
    limit = found["threshold"].sel(filter="first/000").item()
    share = (maps_of(network, pixels, "first")[:, 0] > limit * (1 + 1e-5)).mean()
    assert 0.0049 < share <= 0.005


def test_made_and_stored_attributions_are_the_same_looks(made, monkeypatch):
    network, pixels, store, masks = made
    faces = np.array([0, 2, 5, 9])
    where = Regions(lambda _unit, at: masks[at], (1, 12), faces)
    names = ["second/003", "first/001"]
    found = made_looks(network, pixels, store, names, where, units=[12])[12]
    monkeypatch.setattr(attributed, "BLOCK", 600)
    assert_same(made_looks(network, pixels, store, names, where, units=[12])[12], found)
    data = kept(made, names, faces)
    given = type("Kept", (), {"data": data})()
    fields = receptive_fields(network)
    assert_same(stored_looks(given, [12, 1], where, fields, network.sizes)[12], found)
    still = masks[faces][[0, 2, 3]].mean(axis=0)
    size = np.abs(data["attribution"].values)
    for j in range(2):
        for k, face in enumerate(faces):
            if face == 2 or found.image[j, k] < 0:
                assert np.isnan([found.own[j, k], found.still[j, k], found.chance[j, k]]).all()
                continue
            total = size[j, k].sum()
            np.testing.assert_allclose(found.own[j, k], size[j, k][masks[face]].sum() / total)
            np.testing.assert_allclose(found.still[j, k], (size[j, k] * still).sum() / total)
    # The first layer sees all pixels nearly alike, three by three at a time.
    assert abs(found.chance[1, 0] - masks[0].mean()) < 0.02


def kept(made, names, faces):
    """The attributions of these filters, one layer at a time, as a store has them."""
    import xarray as xr

    network, pixels, store, _ = made
    maps = np.zeros((len(names), len(faces), SIZE, SIZE), np.float32)
    image = np.full((len(names), len(faces)), -1)
    for j, name in enumerate(names):
        part = store.data.sel(filter=name)
        for k, face in enumerate(faces):
            if part["peak"].values[face] > 0:
                image[j, k] = face
                place = [[part["peak_row"].values[face], part["peak_col"].values[face]]]
                units = Units(
                    np.array([face]), np.array([int(name[-3:])]), np.array(place, dtype=np.int64)
                )
                maps[j, k] = attribute(network, name[:-4], pixels, units)[0]
    return xr.Dataset(
        {
            "attribution": (("filter", "rank", "row", "col"), maps),
            "image": (("filter", "rank"), image),
            "layer": ("filter", [name[:-4] for name in names]),
        },
        coords={"filter": names},
    )


def assert_same(one, other):
    np.testing.assert_array_equal(one.image, other.image)
    for part in ("own", "still", "chance"):
        np.testing.assert_allclose(getattr(one, part), getattr(other, part), atol=1e-5)


def test_pixels_of_other_faces_are_refused(made):
    network, pixels, store, masks = made
    where = Regions(lambda _unit, at: masks[at], (1,), every(store))
    other = Pixels.from_array(pixels.images[::-1], pixels.array)
    with pytest.raises(InputError, match="not those of the store"):
        overlap(network, other, store, where)
    with pytest.raises(InputError, match="not those of the store"):
        made_looks(network, other, store, ["first/001"], where, units=[1])
