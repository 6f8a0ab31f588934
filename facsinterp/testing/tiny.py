"""Tiny faces, a tiny network and a store: a few seconds on one core.

The faces have six subjects, so nothing found on them means anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from facsinterp.activations.plan import Plan
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.evidence.visual import VisualEvidence, no_filters
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.nets.network import Network
from facsinterp.study.contract import Control, Inputs, Need, Study
from facsinterp.study.corpus import Corpus
from facsinterp.study.filling import network_part
from facsinterp.study.jobs.contract import OWN
from facsinterp.study.parts import NetworkPart

if TYPE_CHECKING:
    from torch import nn

SIZE = 32
TINY_SETTINGS = Settings(permutations=99, min_units=1)


def tiny_faces(subjects: int = 6, sequences: int = 4) -> tuple[FaceTable, Pixels]:
    """Drawn faces of a few people at 32 px, the second half of the people held out."""
    drawn = source("drawn")
    options = drawn.Options.model_validate(
        {"subjects": subjects, "sequences": sequences, "pixels": SIZE}
    )
    faces = drawn.read(None, options)
    pictures = drawn.pictures(None, options).open(faces.column("path").tolist())
    pixels = Pixels.from_array(
        faces.images,
        np.stack([np.asarray(one) for one in pictures]),
        faces.data["landmarks"].values,
    )
    people = sorted(set(faces.column("subject")))
    kept = set(people[: len(people) // 2])
    split = ["train" if s in kept else "test" for s in faces.column("subject")]
    return faces.with_split(split), pixels


def tiny_network(classes: tuple[str, ...] = ("neutral", "happy"), seed: int = 0) -> Network:
    """An untrained network of two conv layers (4 and 6 filters) for 32 px grey faces."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    module = nn.Sequential()
    module.add_module("conv1", nn.Conv2d(1, 4, 3, padding=1))
    module.add_module("relu1", nn.ReLU())
    module.add_module("pool1", nn.MaxPool2d(4))
    module.add_module("conv2", nn.Conv2d(4, 6, 3, padding=1))
    module.add_module("relu2", nn.ReLU())
    module.add_module("pool2", nn.MaxPool2d(8))
    module.add_module("flat", nn.Flatten())
    module.add_module("output", nn.Linear(6, len(classes)))
    return Network.of(module, classes=classes, input_shape=(1, SIZE, SIZE))


def tiny_module(classes: int, size: int) -> nn.Module:
    """The module of the tiny network for any number of classes, as a definition imports it."""
    module = tiny_network(tuple(f"class {k}" for k in range(classes))).module
    assert size == SIZE  # it is made for the tiny faces
    return module


def tiny_network_part() -> NetworkPart:
    """A `[network]` part that trains the tiny network in three folds for one epoch."""
    return network_part(
        {
            "import": "facsinterp.testing.tiny:tiny_module",
            "train": {"folds": 3, "epochs": 1, "augmentation": "none"},
        }
    )


def with_tiny_jobs(study: Study, inputs: Inputs, folder: Path) -> Inputs:
    """The inputs with a study's jobs done, in this process, below `folder`."""
    from facsinterp.study.jobs.runner import Here, Runner
    from facsinterp.study.run import with_jobs
    from facsinterp.study.work import Work

    work = Work("cpu", Here(), inputs.progress)
    return with_jobs(study, inputs, Runner.at(folder, inputs.corpora, work))


def tiny_store(folder: Path, seed: int = 0) -> ActivationStore:
    """What the tiny network answers to the tiny faces, written below `folder`."""
    faces, pixels = tiny_faces()
    network = tiny_network(seed=seed)
    plan = Plan.of(network.fingerprint, network.channels, faces, pixels.fingerprint)
    return sweep(network, pixels, faces, plan, folder / "activations.zarr")


def tiny_controls(folder: Path) -> dict[tuple[str, int | None], Control]:
    """Two networks of each of three arms and a bank without a seed, none of them trained."""
    seeded = [(arm, seed) for arm in ("trained", "untrained", "identity") for seed in (1, 2)]
    found = {}
    for number, (arm, seed) in enumerate([*seeded, ("pixels", None)], start=1):
        store = tiny_store(folder / f"{arm}-{seed}", number)
        table = associate(store, TINY_SETTINGS)
        found[arm, seed] = Control(
            arm, seed, store, table, scores=None, network=tiny_network(seed=number)
        )
    return found


def tiny_visual(folder: Path, store: ActivationStore) -> VisualEvidence:
    """Pictures of the two strongest faces of each filter; where they look is not tested."""
    from facsinterp.evidence.weights.untrained import untrained_likeness
    from facsinterp.saliency.attribute import Units
    from facsinterp.saliency.picture import picture
    from facsinterp.saliency.top import TopFaces

    faces = np.argsort(-store.data["peak"].values, axis=0, kind="stable")[:2].T
    filters = np.arange(len(faces))[:, None]
    peak, row, col = (
        store.data[name].values[faces, filters] for name in ("peak", "peak_row", "peak_col")
    )
    image = np.where(peak > 0, faces, -1)
    top = TopFaces(store.filters, image, peak, row.astype(np.int64), col.astype(np.int64))
    network, (_, pixels) = tiny_network(), tiny_faces()
    made = picture(network, pixels, top, folder / "attributions.zarr")
    alike = []
    for layer in network.layers:
        mine = np.array([one.layer == layer for one in store.filters])[:, None] & (image >= 0)
        channels = np.nonzero(mine)[0] - int(np.nonzero(mine.any(axis=1))[0][0])
        places = np.stack([row, col], axis=-1)[mine].astype(np.int64)
        drawn = made.data["attribution"].values[mine]
        table = untrained_likeness(
            network, layer, pixels, Units(image[mine], channels, places), drawn
        )
        names = [str(FilterId(layer, int(channel))) for channel in table.index]
        alike.append(table.reset_index(drop=True).assign(filter=names))
    return VisualEvidence(made, "", no_filters(), pd.DataFrame(), pd.concat(alike))


def tiny_inputs(folder: Path, seed: int = 0, needs: frozenset[Need] = frozenset(Need)) -> Inputs:
    """What a study with these needs can ask for, on tiny faces."""
    faces, pixels = tiny_faces()
    store = tiny_store(folder)
    scratch = folder / "scratch"
    scratch.mkdir()
    return Inputs(
        faces=faces,
        pixels=pixels,
        preparation=Preparation(size=SIZE),
        scratch=scratch,
        seed=seed,
        given_corpora={OWN: Corpus("drawn", "Drawn faces", faces, pixels)},
        network_part=tiny_network_part(),
        settings=TINY_SETTINGS,
        given_network=tiny_network() if Need.NETWORK in needs else None,
        given_store=store if Need.ACTIVATIONS in needs else None,
        given_associations=associate(store, TINY_SETTINGS) if Need.ASSOCIATIONS in needs else None,
        given_controls=tiny_controls(folder / "controls") if Need.CONTROLS in needs else None,
        given_visual=tiny_visual(folder, store) if Need.VISUAL in needs else None,
    )
