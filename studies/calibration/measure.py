"""Error rates of each method over many stores, with their Monte Carlo errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .bench import Bench
from .judges import Judged
from .methods import METHODS, Method
from .scenarios import SCENARIOS, World
from .simulator import simulate

Advance = Callable[[int], None]
Labels = NDArray[np.bool_]

# A store in which a fifth of what was accepted is false misleads whoever reads it.
MISLEADING: Final = 0.2
SIZES: Final = (0.05, 0.001)


@dataclass(frozen=True)
class Job:
    """One store, and what is to be asked of it."""

    scenario: str
    store: int
    seed: int
    shuffles: int
    methods: tuple[str, ...] = tuple(METHODS)

    @property
    def file(self) -> str:
        """A name for what came out."""
        return f"{self.scenario}-{self.store:04d}-{self.seed}-{self.shuffles}.parquet"


def jobs(
    stores: Mapping[str, int], *, seed: int, shuffles: int, methods: Sequence[str] = tuple(METHODS)
) -> list[Job]:
    """So many stores of each scenario, by its name."""
    return [
        Job(name, store, seed, shuffles, tuple(methods))
        for name, count in stores.items()
        for store in range(count)
    ]


def outcomes(
    work: Sequence[Job],
    folder: Path,
    *,
    workers: int = 1,
    advance: Advance = lambda _stores: None,
) -> pd.DataFrame:
    """One row for each store and method; `advance` hears the number of stores done.

    What lies in `folder` already is not done again, so that a run that was stopped goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [job for job in work if not _holds(folder / job.file, job)]
    advance(len(work) - len(missing))
    for job, rows in _done(missing, workers):
        partial = folder / f"{job.file}.partial"
        rows.to_parquet(partial, index=False)
        partial.replace(folder / job.file)
        advance(1)
    tables = [_read(folder / job.file, job) for job in work]
    return pd.concat(tables, ignore_index=True)


def judge(job: Job) -> pd.DataFrame:
    """What each method does on one store, a row each; depends on the job alone."""
    scenario = SCENARIOS[job.scenario]
    bench = Bench(simulate(scenario, job.seed, job.store), job.shuffles, job.store)
    rows = [
        {"scenario": scenario.name, "store": job.store, **_outcome(bench, method)}
        for method in map(METHODS.__getitem__, job.methods)
        if method.suits(scenario)
    ]
    return pd.DataFrame(rows)


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Shares with standard errors, a row for each scenario and method, in the order given.

    `fdr` the mean share of false among accepted pairs (0 where nothing is accepted),
    `misled` the share of stores where it is above 20 %, `any` the share of stores with an
    accepted pair, `power` the share of planted pairs accepted (of all stores together;
    `power_0.5` and so on by effect), `size_0.05` the share of true nulls with a p as small.
    """
    kept = [
        {"scenario": scenario, "method": method, **_summed(part)}
        for (scenario, method), part in rows.groupby(["scenario", "method"], sort=False)
    ]
    return pd.DataFrame(kept)


def _outcome(bench: Bench, method: Method) -> dict[str, Any]:
    judged, truth = method.judge(bench), bench.truth
    true = truth.conditional if method.claim == "beyond-emotion" else truth.marginal
    accepted = int(judged.accepted.sum())
    false = int((judged.accepted & ~true).sum())
    result = {
        "method": method.name,
        "pairs": true.size,
        "true": int(true.sum()),
        "accepted": accepted,
        "false": false,
        "planted": int(truth.planted.sum()),
        "found": int((judged.accepted & truth.planted).sum()),
    }
    for effect in World().effects:
        mine = truth.planted & (truth.effect == effect)[:, None]
        result[f"planted_{effect:g}"] = int(mine.sum())
        result[f"found_{effect:g}"] = int((judged.accepted & mine).sum())
    return result | _sizes(judged, true)


def _sizes(judged: Judged, true: Labels) -> dict[str, int]:
    p = np.full(true.shape, np.nan) if judged.p is None else judged.p
    null = p[~true & ~np.isnan(p)]
    return {"nulls": len(null)} | {f"below_{size:g}": int((null <= size).sum()) for size in SIZES}


def _summed(part: pd.DataFrame) -> dict[str, float]:
    fdp = part["false"] / part["accepted"].clip(lower=1)
    result = {
        "stores": len(part),
        "accepted": float(part["accepted"].mean()),
        "fdr": float(fdp.mean()),
        "fdr_se": _error(fdp),
        "misled": float((fdp > MISLEADING).mean()),
        "any": float((part["accepted"] > 0).mean()),
        "any_se": _error(part["accepted"] > 0),
    }
    for suffix in ("", *(f"_{effect:g}" for effect in World().effects)):
        value, error = _ratio(part[f"found{suffix}"], part[f"planted{suffix}"])
        result[f"power{suffix}"], result[f"power{suffix}_se"] = value, error
    for size in SIZES:
        value, error = _ratio(part[f"below_{size:g}"], part["nulls"])
        result[f"size_{size:g}"], result[f"size_{size:g}_se"] = value, error
    return result


def _error(values: pd.Series) -> float:
    """Standard error of a mean over stores; NaN for one store."""
    if len(values) < 2:
        return float("nan")
    return float(np.std(values.to_numpy(float), ddof=1) / np.sqrt(len(values)))


def _ratio(part: pd.Series, whole: pd.Series) -> tuple[float, float]:
    """Share over all stores together and its standard error, stores being independent."""
    total = float(whole.sum())
    if not total:
        return float("nan"), float("nan")
    share = float(part.sum()) / total
    left = part - share * whole
    count = len(left)
    spread = float((left**2).sum())
    error = np.sqrt(count / (count - 1) * spread) / total if count > 1 else np.nan
    return share, float(error)


def _holds(file: Path, job: Job) -> bool:
    """Whether every method that suits the scenario is in the file."""
    if not file.is_file():
        return False
    asked = {name for name in job.methods if METHODS[name].suits(SCENARIOS[job.scenario])}
    return asked <= set(pd.read_parquet(file, columns=["method"])["method"])


def _read(file: Path, job: Job) -> pd.DataFrame:
    rows = pd.read_parquet(file)
    return rows[rows["method"].isin(job.methods)]


def _done(work: Sequence[Job], workers: int) -> Iterator[tuple[Job, pd.DataFrame]]:
    """Jobs with their outcomes, in any order."""
    if workers <= 1 or len(work) <= 1:
        yield from ((job, judge(job)) for job in work)
        return
    # Not forked: threads of a library that multiplies do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from zip(work, pool.map(judge, work), strict=True)
