"""Prints one JSON line: what a sweep costs over the forward passes that it consists of.

python benchmarks/sweep.py                 # all parts, about 40 minutes on two cores
python benchmarks/sweep.py speed bf16      # some: speed, rivals, bf16, memory, kills

Speed and rivals are measured in one process on the same pictures, in turns, and are medians over
the turns; bf16 is measured once, after a warm-up. Other work on the machine spoils it; `busy`
tells how much there was.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rivals import crp_style, naive
from torch import Tensor, nn

from facsinterp.activations.keeping.layout import RANKS
from facsinterp.activations.plan import Plan, Precision
from facsinterp.activations.store import ActivationStore
from facsinterp.activations.sweep import sweep
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.nets import zoo
from facsinterp.nets.network import Network, to_tensor

CLASSES = ("anger", "happy", "sadness", "surprise", "fear", "disgust", "contempt", "neutral")
BATCH = 64


class Block(nn.Module):
    """Two convolutions and what goes past them."""

    def __init__(self, width: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        past = nn.Conv2d(width, channels, 1, stride, bias=False)
        self.past = past if stride > 1 or width != channels else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Maps of `channels`, at half the size where the stride is 2."""
        inside = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out: Tensor = self.relu(inside + self.past(x))
        return out


def resnet(size: int) -> Network:
    """An untrained network of the shape of ResNet-18, for grey pictures."""
    torch.manual_seed(0)
    widths = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1)]
    widths += [(128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
    module = nn.Sequential(
        nn.Conv2d(1, 64, 7, 2, 3, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, 1),
        *(Block(*one) for one in widths),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(512, len(CLASSES)),
    )
    return Network.of(module, classes=CLASSES, input_shape=(1, size, size))


def of_zoo(arch: str, size: int) -> Network:
    """An untrained network of the papers."""
    module = zoo.build(arch, classes=CLASSES, size=size)
    return Network.of(module, classes=CLASSES, input_shape=(1, size, size))


def drawn(subjects: int, size: int, folder: Path, sequences: int = 10) -> tuple[FaceTable, Pixels]:
    """Drawn faces, three a sequence, decoded into `folder` once."""
    corpus = source("drawn")
    options = corpus.Options.model_validate(
        {"subjects": subjects, "sequences": sequences, "pixels": size}
    )
    faces = corpus.read(None, options)
    pictures = corpus.pictures(None, options)
    return faces, Pixels.decode(faces, pictures, Preparation(size=size), folder)


def swept(
    network: Network, faces: FaceTable, pixels: Pixels, precision: Precision = "float32"
) -> ActivationStore:
    """A store in a new folder."""
    plan = Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        batch_size=BATCH,
        precision=precision,
    )
    path = Path(tempfile.mkdtemp()) / "activations.zarr"
    return sweep(network, pixels, faces, plan, path)


def lay_out(module: torch.nn.Module, memory_format: torch.memory_format) -> None:
    """Weights in this format."""
    module.to(memory_format=memory_format)  # type: ignore[call-overload]  # known to torch, not to its types


def forward(network: Network, pixels: Pixels, memory_format: torch.memory_format) -> None:
    """The plain loop: every batch through the network and nothing else."""
    lay_out(network.module, memory_format)
    with torch.inference_mode():
        for start in range(0, len(pixels), BATCH):
            batch = to_tensor(pixels.array[start : start + BATCH])
            network.module(batch.to(memory_format=memory_format))
    lay_out(network.module, torch.contiguous_format)


def in_turns(turns: int, **work: Callable[[], object]) -> dict[str, list[float]]:
    """Seconds of each piece of work, measured in turns after one turn that does not count."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(turns + 1):
        for name, one in work.items():
            start = time.perf_counter()
            one()
            if turn:
                found[name].append(time.perf_counter() - start)
    return found


def ratio(found: dict[str, list[float]], over: str, under: str) -> float:
    """Median over the turns of one time over another."""
    each = [a / b for a, b in zip(found[over], found[under], strict=True)]
    return round(statistics.median(each), 3)


def speed(folder: Path) -> dict[str, Any]:
    """The float32 sweep over the plain loop in the same memory format, for three networks."""
    # 24 whole batches: the last batch of a sweep is filled up, which a plain loop need not do.
    faces, pixels = drawn(32, 96, folder, 16)
    found: dict[str, Any] = {}
    networks = {
        "": of_zoo("breuer2017", 96),
        "_khorrami2015": of_zoo("khorrami2015", 96),
        "_resnet18": resnet(96),
    }
    for name, network in networks.items():
        times = in_turns(
            3,
            forward=lambda: forward(network, pixels, torch.channels_last),  # noqa: B023
            sweep=lambda: swept(network, faces, pixels),  # noqa: B023
        )
        found[f"sweep_over_forward{name}"] = ratio(times, "sweep", "forward")
        found[f"ms_per_image{name}"] = round(min(times["sweep"]) / len(pixels) * 1e3, 2)
    return found


def rivals(folder: Path) -> dict[str, Any]:
    """Other ways to the strongest images, over our sweep."""
    faces, pixels = drawn(20, 96, folder)
    network = of_zoo("breuer2017", 96)
    targets = np.array([CLASSES.index(e) if e else 0 for e in faces.column("expression")])
    times = in_turns(
        3,
        sweep=lambda: swept(network, faces, pixels),
        naive=lambda: naive(network.module, network.layers, pixels.array, BATCH),
        crp=lambda: crp_style(network.module, network.layers, pixels.array, targets, BATCH),
    )
    return {
        "naive_over_sweep": ratio(times, "naive", "sweep"),
        "crp_style_over_sweep": ratio(times, "crp", "sweep"),
    }


def bf16(folder: Path) -> dict[str, Any]:
    """The exact sweep in bfloat16 over the plain float32 loop in torch's default format."""
    found: dict[str, Any] = {}
    network = of_zoo("breuer2017", 48)
    few = drawn(10, 48, folder)
    swept(network, *few, "bf16")  # what is compiled or loaded once is not counted
    for subjects in (334, 999):
        faces, pixels = drawn(subjects, 48, folder)
        start = time.perf_counter()
        forward(network, pixels, torch.contiguous_format)
        default = time.perf_counter() - start
        start = time.perf_counter()
        low = swept(network, faces, pixels, "bf16")
        seconds = time.perf_counter() - start
        exact = swept(network, faces, pixels)
        twice = ~np.isnan(low.data["precise"].values[:, 0])
        same = all(low.top(one, RANKS).equals(exact.top(one, RANKS)) for one in exact.filters)
        images = len(pixels)
        found[f"bf16_exact_over_fp32_forward_{images}"] = round(seconds / default, 3)
        found[f"bf16_top_identical_{images}"] = same
        found[f"bf16_scored_twice_{images}"] = round(float(twice.mean()), 3)
        found["bf16_exact_over_fp32_forward"] = round(seconds / default, 3)
    return found


def memory(folder: Path) -> dict[str, Any]:
    """Peak memory of a process that sweeps 100,000 drawn faces, over one that sweeps 10,000.

    `before_mb` is what the process holds when the sweep begins: Python, torch, and the table
    of faces, which is the one thing that grows with the images.
    """
    found: dict[str, Any] = {}
    peaks = {}
    for images, subjects, sequences in ((10_000, 334, 10), (100_000, 999, 34)):
        drawn(subjects, 48, folder, sequences)
        arguments = [sys.executable, __file__, "child", str(folder), str(subjects), str(sequences)]
        start = time.perf_counter()
        run = subprocess.run(arguments, check=True, capture_output=True, text=True)
        told = json.loads(run.stdout)
        peaks[images] = told["peak_mb"]
        found[f"peak_mb_{images}"] = told["peak_mb"]
        found[f"before_mb_{images}"] = told["before_mb"]
        found[f"images_{images}"] = told["images"]
        found[f"sweep_seconds_{images}"] = round(time.perf_counter() - start, 1)
    found["peak_memory_ratio_100k_over_10k"] = round(peaks[100_000] / peaks[10_000], 3)
    return found


def child(folder: str, subjects: str, sequences: str) -> None:
    """One sweep in this process, and the most memory that it took."""
    import resource

    faces, pixels = drawn(int(subjects), 48, Path(folder), int(sequences))
    held = Path("/proc/self/statm").read_text().split()[1]
    before = int(held) * resource.getpagesize() // 1024
    swept(of_zoo("breuer2017", 48), faces, pixels)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"images": len(pixels), "before_mb": before // 1024, "peak_mb": peak // 1024}))


def kills(folder: Path, times: int = 30) -> dict[str, Any]:
    """Sweeps killed at random moments and gone on with, against one that was not disturbed."""
    rng = np.random.default_rng(0)
    arguments = [sys.executable, __file__, "killed", str(folder)]
    drawn(20, 48, folder)
    whole = Path(tempfile.mkdtemp()) / "whole.zarr"
    start = time.perf_counter()
    subprocess.run([*arguments, str(whole)], check=True)
    lasts = time.perf_counter() - start
    equal = 0
    killed = 0
    for _ in range(times):
        path = Path(tempfile.mkdtemp()) / "killed.zarr"
        process = subprocess.Popen([*arguments, str(path)])
        try:
            # The first seconds are imports; what is killed there has nothing to go on with.
            process.wait(timeout=float(rng.uniform(0.3, 1.0)) * lasts)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        subprocess.run([*arguments, str(path)], check=True)
        equal += contents(path) == contents(whole)
    return {"kills": killed, "kills_of": times, "kills_equal": equal}


def killed(folder: str, path: str) -> None:
    """One sweep to `path`, in bfloat16 so that every stage can be met."""
    faces, pixels = drawn(20, 48, Path(folder))
    network = of_zoo("breuer2017", 48)
    plan = Plan.of(
        network.fingerprint,
        network.channels,
        faces,
        pixels.fingerprint,
        block_size=64,
        precision="bf16",
    )
    sweep(network, pixels, faces, plan, Path(path))


def contents(path: Path) -> dict[str, bytes]:
    """Every file of a store but the attributes, which tell when it was made."""
    files = [file for file in path.rglob("*") if file.is_file() and file != path / "zarr.json"]
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def machine() -> dict[str, Any]:
    """What was measured on."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    has = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in flags]
    return {
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "cpu_has": has,
        "cuda": torch.cuda.is_available(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "busy": round(os.getloadavg()[0], 2),
    }


PARTS = {"speed": speed, "rivals": rivals, "bf16": bf16, "memory": memory, "kills": kills}


def main() -> None:
    """Run the parts that are asked for."""
    asked = sys.argv[1:] or list(PARTS)
    if asked[0] == "child":
        child(*asked[1:])
        return
    if asked[0] == "killed":
        killed(*asked[1:])
        return
    folder = Path(os.environ.get("FACSINTERP_BENCHMARK_PIXELS", tempfile.mkdtemp()))
    found: dict[str, Any] = {}
    for name in asked:
        found |= PARTS[name](folder)
        print(f"{name} is done", file=sys.stderr)
    print(json.dumps(found | machine()))


if __name__ == "__main__":
    main()
