"""One line of JSON: faces a second of `fit()` beside a plain float32 loop of PyTorch.

    python benchmarks/training.py                # some four minutes on two quiet cores
    python benchmarks/training.py --accuracy     # also ten trainings, some four minutes more

Both train the same network from the same weights on the same faces, in batches of the same size,
by the same recipe (optimizer, learning rates, changes to the faces, best epoch by validation
faces) and on as many threads as torch takes (OMP_NUM_THREADS says how many). The loop is eager
PyTorch as it stands in tutorials; its faces lie in memory as floating point numbers before the
clock starts. They are timed in turns, whole calls with all that they do once, after one turn that
does not count. `fit_over_plain` is the median over the turns of plain seconds over seconds of
`fit`, and at the top the smallest of all tasks. Other work on the machine spoils it; `busy` tells
how much there was.

With `--accuracy`, breuer2017 learns three expressions of drawn faces of 24 px from each of five
seeds in both ways, and is asked about other people. `fit_less_plain` is the mean difference in
accuracy with its 95 % interval over the seeds (Student's t, paired by seed).
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from torch import nn
from torch.nn import functional

from facsinterp.faces.sources.registry import source
from facsinterp.nets import zoo
from facsinterp.nets.augment import augment
from facsinterp.nets.devices import lower_precision
from facsinterp.nets.lesson import factor
from facsinterp.nets.network import to_tensor
from facsinterp.nets.recipes import RECIPES, Recipe
from facsinterp.nets.training import fit

TURNS, SEEDS = 3, 5
TASKS = (
    ("breuer2017", 96, 64, 128),
    ("khorrami2015", 96, 64, 128),
    ("breuer2017", 48, 32, 448),
    ("breuer2017", 48, 16, 448),
)
"""Network, pixels, batch, and faces of a timed training: some 10^11 multiplications forward."""
DRAWN = {"subjects": 160, "sequences": 8, "last": 1, "without_emotion": 0, "pixels": 24}
EXPRESSIONS = ("disgust", "happy", "surprise")
"""The commonest of drawn faces, but for neutral."""
LEARNED = Recipe(
    epochs=16, batch_size=8, learning_rate=5e-4, schedule="cosine", augmentation="light"
)


@dataclass(frozen=True)
class Faces:
    """Faces with their classes, and which of them are trained, validated and tested on."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    train: NDArray[np.int64]
    validation: NDArray[np.int64]
    test: NDArray[np.int64]

    def built(self, arch: str, seed: int = 0) -> nn.Module:
        """An untrained network for these faces."""
        size = self.images.shape[1]
        return zoo.build(arch, classes=self.classes, size=size, seed=seed)


def noise(count: int, size: int) -> Faces:
    """Pictures of nothing, for timing."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count + 32, size, size)).astype(np.uint8)
    rows = np.arange(count + 32)
    labels = rows % 8
    return Faces(images, labels, tuple("abcdefgh"), rows[:count], rows[count:], rows[:0])


def drawn() -> Faces:
    """Drawn faces of three expressions: half of the people taught, a tenth validated on, the
    others tested on."""
    corpus = source("drawn")
    options = corpus.Options.model_validate(DRAWN)
    table = corpus.read(None, options)
    expression = table.column("expression")
    shown = np.flatnonzero(np.isin(expression, EXPRESSIONS))
    pictures = corpus.pictures(None, options).open(table.column("path")[shown].tolist())
    names, person = np.unique(table.column("subject")[shown], return_inverse=True)
    place = person / len(names)
    return Faces(
        np.stack([np.asarray(one) for one in pictures]),
        np.searchsorted(EXPRESSIONS, expression[shown]).astype(np.int64),
        EXPRESSIONS,
        np.flatnonzero(place < 0.5),
        np.flatnonzero((place >= 0.5) & (place < 0.6)),
        np.flatnonzero(place >= 0.6),
    )


def plain(faces: Faces, recipe: Recipe, pixels: torch.Tensor, arch: str, seed: int) -> nn.Module:
    """The network trained by a loop as anybody would write it, with its best weights."""
    module = faces.built(arch, seed)
    labels = torch.from_numpy(faces.labels)
    if recipe.optimizer == "adam":
        optimizer: torch.optim.Optimizer = torch.optim.Adam(
            module.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
    else:
        optimizer = torch.optim.SGD(
            module.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )
    updates = recipe.epochs * -(-len(faces.train) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor(recipe, updates))
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    best, weights = -1.0, {}
    for _ in range(recipe.epochs):
        module.train()
        order = torch.from_numpy(faces.train)[torch.randperm(len(faces.train), generator=generator)]
        for rows in torch.split(order, recipe.batch_size):
            optimizer.zero_grad()
            logits = module(augment(pixels[rows], recipe.changes, generator))
            loss = functional.cross_entropy(logits, labels[rows])
            loss.backward()  # type: ignore[no-untyped-call]  # of torch
            optimizer.step()
            schedule.step()
        right = accuracy(module, faces, pixels, faces.validation)
        if right > best:
            best, weights = right, copy.deepcopy(module.state_dict())
    module.load_state_dict(weights)
    return module


def ours(faces: Faces, recipe: Recipe, arch: str, seed: int) -> nn.Module:
    """The network trained by `fit`."""
    return fit(
        faces.built(arch, seed),
        images=faces.images,
        labels=faces.labels,
        train=faces.train,
        validation=faces.validation,
        classes=faces.classes,
        recipe=recipe,
        seed=seed,
        device="cpu",
    ).network.module


def accuracy(module: nn.Module, faces: Faces, pixels: torch.Tensor, rows: Any) -> float:
    """Share of these faces whose class the network says, in float32."""
    module.eval()
    with torch.inference_mode():
        parts = torch.split(torch.from_numpy(rows), 128)
        said = torch.cat([module(pixels[part]).argmax(dim=1) for part in parts])
    return float(np.mean(said.numpy() == faces.labels[rows]))


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def speed(arch: str, size: int, batch: int, count: int) -> dict[str, Any]:
    """Faces a second of both, without and with the changes of the network's own recipe."""
    faces = noise(count, size)
    pixels = to_tensor(faces.images)
    own = replace(
        RECIPES[arch], epochs=1, batch_size=batch, updates_per_epoch=None, replacement=False
    )
    found = {}
    for name, recipe in (("unchanged", replace(own, augmentation="none")), ("augmented", own)):
        taken = []
        for turn in range(TURNS + 1):
            pair = (
                seconds(partial(plain, faces, recipe, pixels, arch, 0)),
                seconds(partial(ours, faces, recipe, arch, 0)),
            )
            if turn:
                taken.append(pair)
        found[name] = {
            "plain_faces_per_second": round(statistics.median(count / one for one, _ in taken), 1),
            "fit_faces_per_second": round(statistics.median(count / one for _, one in taken), 1),
            "fit_over_plain": round(statistics.median(one / other for one, other in taken), 3),
        }
    return found


def learned(faces: Faces, pixels: torch.Tensor, seed: int) -> tuple[float, float]:
    """Held-out accuracy of the network that the plain loop trains, and of that of `fit`."""
    ways = (
        partial(plain, faces, LEARNED, pixels, "breuer2017", seed),
        partial(ours, faces, LEARNED, "breuer2017", seed),
    )
    one, other = (accuracy(way(), faces, pixels, faces.test) for way in ways)
    return one, other


def accuracies() -> dict[str, Any]:
    """Held-out accuracy of both over seeds."""
    faces = drawn()
    pixels = to_tensor(faces.images)
    return compared(faces, np.array([learned(faces, pixels, seed) for seed in range(SEEDS)]))


def compared(faces: Faces, right: NDArray[np.float64]) -> dict[str, Any]:
    """The interval of the difference; `right` is (seed, way): the plain loop, `fit`."""
    differences = right[:, 1] - right[:, 0]
    mean = differences.mean()
    error = differences.std(ddof=1) / np.sqrt(len(differences))
    reach = student.ppf(0.975, len(differences) - 1) * error
    found = {
        "commonest_class": np.bincount(faces.labels[faces.test]).max() / len(faces.test),
        "plain": right[:, 0],
        "fit": right[:, 1],
        "fit_less_plain": mean,
        "interval": np.array([mean - reach, mean + reach]),
    }
    counts = {name: len(getattr(faces, name)) for name in ("train", "validation", "test")}
    return {"faces": counts} | {name: np.round(one, 4).tolist() for name, one in found.items()}


def machine() -> str:
    """What the processor calls itself."""
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        lines = listed.read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return f"{names[0]}, {len(names)} cores" if names else platform.machine()
    return platform.processor() or platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--accuracy", action="store_true", help="compare held-out accuracy too")
    asked = parser.parse_args()
    tasks = {
        f"{arch}-{size}px-batch{batch}": speed(arch, size, batch, count)
        for arch, size, batch, count in TASKS
    }
    ratios = [arm["fit_over_plain"] for task in tasks.values() for arm in task.values()]
    found: dict[str, Any] = {"fit_over_plain": min(ratios), "tasks": tasks}
    if asked.accuracy:
        found["accuracy"] = accuracies()
    lower = lower_precision(torch.device("cpu"))
    found |= {
        "precision": "bf16-mixed" if lower else "float32",
        "threads": torch.get_num_threads(),
        "busy": round(os.getloadavg()[0], 1),
        "machine": machine(),
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
