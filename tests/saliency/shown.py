"""A small network, faces with landmarks, and its strongest ones: what stores are made from."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.labels import FilterId
from facsinterp.nets.network import Network
from facsinterp.nets.taps import tapping
from facsinterp.saliency.top import TopFaces

SIZE = 24
FACES = 14
RANKS = 4
# Faces 3 and 9 have no landmarks; conv1/001 is silent on all faces.
WITHOUT = (3, 9)
SILENT = "conv1/001"


def network():
    torch.manual_seed(0)
    module = nn.Sequential()
    first = nn.Conv2d(1, 5, 3, padding=1)
    module.add_module("conv1", first)
    module.add_module("relu1", nn.ReLU())
    module.add_module("pool", nn.MaxPool2d(2))
    module.add_module("conv2", nn.Conv2d(5, 6, 3))
    module.add_module("relu2", nn.ReLU())
    module.add_module("flat", nn.Flatten())
    module.add_module("out", nn.Linear(6 * 10 * 10, 3))
    assert first.bias is not None
    with torch.no_grad():
        first.weight[1] = 0
        first.bias[1] = -1
    return Network.of(module, classes=("a", "b", "c"), input_shape=(1, SIZE, SIZE))


def landmarks(rng, count=FACES):
    """68 points on three rings about the middle, moved a little for each face."""
    turns = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    radius = np.array([10.0, 6.0, 3.0])[np.arange(68) % 3]
    rings = (SIZE - 1) / 2 + np.stack([np.cos(turns), np.sin(turns)], 1) * radius[:, None]
    return (rings + rng.normal(0, 0.2, (count, 68, 2))).astype(np.float32)


def pixels(*, located=True):
    rng = np.random.default_rng(1)
    points = landmarks(rng)
    points[list(WITHOUT)] = np.nan
    array = rng.integers(0, 256, (FACES, SIZE, SIZE), dtype=np.uint8)
    names = [f"face {i:02d}" for i in range(FACES)]
    return Pixels.from_array(names, array, landmarks=points if located else None)


def top_faces(net, faces, ranks=RANKS):
    """The strongest faces of every filter by the maps themselves; -1 where they are silent."""
    with tapping(net, net.layers) as maps, torch.no_grad():
        net.module(torch.from_numpy(faces.array.copy())[:, None].float() / 255)
        found = {name: maps[name].numpy() for name in net.layers}
    filters = FilterId.of_layers(net.channels.items())
    image = np.full((len(filters), ranks), -1, np.int64)
    value = np.full((len(filters), ranks), np.nan, np.float32)
    row, col = np.zeros((2, len(filters), ranks), np.int64)
    for i, one in enumerate(filters):
        map_ = found[one.layer][:, one.channel]
        peak = map_.max(axis=(1, 2))
        order = [j for j in np.argsort(-peak, kind="stable") if peak[j] > 0][:ranks]
        for rank, j in enumerate(order):
            image[i, rank], value[i, rank] = j, peak[j]
            row[i, rank], col[i, rank] = np.unravel_index(map_[j].argmax(), map_[j].shape)
    return TopFaces(filters, image, value, row, col)


def content(path: Path):
    """Every file of a store; of the root the attributes, without the moment it was made at."""
    files = {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}
    root = json.loads(files.pop("zarr.json"))
    provenance = json.loads(root["attributes"].pop("provenance"))
    del provenance["created"]
    return files, root, provenance
