"""Prints one JSON line: images a second from CK+-like files to prepared pixels.

python benchmarks/prepare.py --frames 10000

Frames of 640 x 490 pixels: drawn faces with the noise of a camera, in sequences of some 17
frames. They are written, measured and removed again a thousand at a time, so that 300 MB of
disk are enough for any number. For each thousand and each crop, in one process:

plain    one thread: open, convert, turn the eyes level (landmarks only), crop, resize
ours     `Pixels.decode`: checked, hashed, prepared by threads, written and mapped
again    the second opening of the same pixels; files are hashed, nothing is decoded

and what cannot be saved: reading and decoding alone, in one thread. Plain and ours take turns
in going first. `busy` is the load of the machine before each thousand: other work spoils the
times, less so the seconds of the processor.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.preparing.windows import around_face
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable

WIDTH, HEIGHT, FACE = 640, 490, 490
SIZE = 96
A_SEQUENCE = 17
DIFFERENT = 40
"""Drawn faces; each frame has noise of its own."""
NOISE = 2.5
"""Grey levels."""
TOGETHER = 1000
"""Frames that lie on the disk at one time."""


def looks() -> tuple[list[NDArray[np.uint8]], NDArray[np.float64]]:
    """The drawn faces in the size of a frame, and their landmarks in it."""
    corpus = source("drawn")
    options = corpus.Options.model_validate({"subjects": 4, "sequences": 4, "pixels": FACE // 2})
    drawn = corpus.read(None, options)
    some = np.linspace(0, len(drawn) - 1, DIFFERENT).astype(int)
    paths = drawn.column("path")[some].tolist()
    faces = [
        np.asarray(Image.fromarray(np.asarray(one)).resize((FACE, FACE), Image.Resampling.BICUBIC))
        for one in corpus.pictures(None, options).open(paths)
    ]
    return faces, 2 * drawn.data["landmarks"].values[some] + (0.5 + (WIDTH - FACE) // 2, 0.5)


def written(
    root: Path, numbers: range, faces: list[NDArray[np.uint8]], points: NDArray[np.float64]
) -> FaceTable:
    """Frames as PNG files below `root`, and the table of them."""
    names = {}
    for number in numbers:
        sequence, frame = divmod(number, A_SEQUENCE)
        subject = f"S{sequence // 5 + 1:03d}/{sequence % 5 + 1:03d}"
        stem = f"{subject.replace('/', '_')}_{frame + 1:08d}"
        names[number] = f"cohn-kanade-images/{subject}/{stem}.png"

    def write(number: int) -> None:
        rng = np.random.default_rng(number)
        levels = np.full((HEIGHT, WIDTH), 120.0)
        left = (WIDTH - FACE) // 2
        levels[:, left : left + FACE] = faces[number % DIFFERENT]
        levels += rng.normal(0, NOISE, levels.shape)
        file = root / names[number]
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8)).save(file)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(write, numbers))
    return FaceTable.from_arrays(
        [Path(name).stem for name in names.values()],
        [12],
        np.zeros((len(numbers), 1)),
        path=list(names.values()),
        landmarks=points[np.array(numbers) % DIFFERENT],
    )


def plain(root: Path, faces: FaceTable, crop: str) -> NDArray[np.uint8]:
    """What one would write without a library."""
    made = []
    points = faces.data["landmarks"].values
    for row, path in enumerate(faces.column("path")):
        with Image.open(root / path) as file:
            picture = file.convert("L")
        if crop == "landmarks":
            window = around_face(points[row])
            side = float(np.hypot(*window.across))
            angle = float(np.degrees(np.arctan2(window.across[1], window.across[0])))
            middle = window.corner + (window.across + window.down) / 2 + 0.5
            x, y = middle.tolist()
            picture = picture.rotate(angle, Image.Resampling.BICUBIC, center=(x, y))
            box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
            picture = picture.crop(tuple(round(edge) for edge in box))
        else:
            left = (WIDTH - HEIGHT) // 2
            picture = picture.crop((left, 0, left + HEIGHT, HEIGHT))
        made.append(np.asarray(picture.resize((SIZE, SIZE), Image.Resampling.BICUBIC)))
    return np.stack(made)


def decoded(root: Path, faces: FaceTable) -> None:
    """Reading and decoding, and nothing else."""
    for path in faces.column("path"):
        with Image.open(root / path) as file:
            file.load()


@dataclass(frozen=True)
class Taken:
    """What was measured over some frames."""

    frames: int
    seconds: dict[str, tuple[float, float]]
    """Of each way: seconds, and seconds of the processor."""
    apart: float
    """Mean grey levels between plain and ours."""


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds, and seconds of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measured(root: Path, faces: FaceTable, crop: str, *, first: str) -> Taken:
    """Seconds and seconds of the processor of each way over these frames, for one crop."""
    preparation = Preparation(SIZE, crop=crop)  # type: ignore[arg-type]  # one of its words
    pictures = FilePictures(root)
    made: dict[str, NDArray[np.uint8]] = {}
    with tempfile.TemporaryDirectory(dir=root) as cache:

        def ours() -> None:
            made["ours"] = Pixels.decode(faces, pictures, preparation, Path(cache)).array

        def by_hand() -> None:
            made["plain"] = plain(root, faces, crop)

        ways: dict[str, Callable[[], None]] = {"plain": by_hand, "ours": ours}
        order = sorted(ways, key=lambda name: name != first)
        taken = {"decoded": timed(lambda: decoded(root, faces))}
        taken |= {name: timed(ways[name]) for name in order}
        taken["again"] = timed(ours)
        apart = np.abs(made["ours"].astype(int) - made["plain"]).mean()
    return Taken(len(faces), taken, float(apart))


def told(parts: list[Taken]) -> dict[str, Any]:
    """Over all parts; of plain and ours each part by itself too."""
    frames = sum(part.frames for part in parts)
    found: dict[str, Any] = {"levels_apart": round(float(np.mean([p.apart for p in parts])), 2)}
    for name in parts[0].seconds:
        wall, cpu = (sum(part.seconds[name][kind] for part in parts) for kind in (0, 1))
        found[name] = {
            "images_per_s": round(frames / wall),
            "processor_ms_per_image": round(1000 * cpu / frames, 2),
        }
        if name in {"plain", "ours"}:
            turns = [round(part.frames / part.seconds[name][0]) for part in parts]
            found[name]["images_per_s_in_turn"] = turns
    plainly, ours = (sum(part.seconds[name][0] for part in parts) for name in ("plain", "ours"))
    return found | {"faster_than_plain": round(plainly / ours, 2)}


def main() -> None:
    """Measures both crops and prints what was found."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--frames", type=int, default=10_000)
    frames = asked.parse_args().frames
    drawn = looks()
    parts: dict[str, list[Taken]] = {"centre": [], "landmarks": []}
    busy, size = [], 0
    for turn, start in enumerate(range(0, frames, TOGETHER)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            faces = written(root, range(start, min(start + TOGETHER, frames)), *drawn)
            size += sum(file.stat().st_size for file in root.rglob("*.png"))
            busy.append(round(os.getloadavg()[0], 1))
            for crop, taken in parts.items():
                first = ("plain", "ours")[turn % 2]
                taken.append(measured(root, faces, crop, first=first))
    found = {
        "frames": frames,
        "cores": os.cpu_count(),
        "kilobytes_per_file": round(size / frames / 1000),
        "busy": busy,
        **{crop: told(taken) for crop, taken in parts.items()},
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
