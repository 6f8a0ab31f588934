"""The full study from the command line, into a folder that a stopped run goes on from.

python -m facsinterp_studies.calibration FOLDER --workers 2
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from facsinterp.stats.people.bootstrap import METHODS as INTERVALS

from . import coverage, figure, measure, tables
from .methods import METHODS
from .scenarios import SCENARIOS

# Kept for what is reported: nothing was ever settled on stores of this seed.
EVALUATION = 20261121


def main(arguments: list[str] | None = None) -> None:
    """Write stores, tables as CSV and Markdown-like text, and the picture into a folder."""
    asked = _parser().parse_args(arguments)
    counts = {name: asked.stores or SCENARIOS[name].stores for name in asked.scenarios}
    work = measure.jobs(counts, seed=asked.seed, shuffles=asked.shuffles, methods=asked.methods)
    folder: Path = asked.folder
    rows = measure.outcomes(
        work, folder / "stores", workers=asked.workers, advance=_telling(len(work))
    )
    table = measure.summary(rows)
    table.to_csv(folder / "error-rates.csv", index=False)
    (folder / "calibration.svg").write_text(figure.svg(table), encoding="utf-8")
    written = {
        "marginal.csv": tables.rates(table),
        "beyond-emotion.csv": tables.rates(table, "beyond-emotion"),
        **{f"{name}.csv": tables.sizes(table, name) for name in counts},
    }
    told = _telling(coverage.work(asked.scenarios, asked.coverage))
    found = coverage.covered(
        asked.scenarios,
        asked.coverage,
        seed=asked.seed,
        shuffles=asked.shuffles,
        methods=tuple(INTERVALS),
        advance=told,
    )
    written |= {f"{name}.csv": table_of for name, table_of in found.items()}
    for name, rows_of in written.items():
        rows_of.to_csv(folder / name, index=False)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="facsinterp_studies.calibration",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scenarios", nargs="+", choices=list(SCENARIOS), default=list(SCENARIOS))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--stores", type=int, help="of each scenario (default: its own number)")
    parser.add_argument("--shuffles", type=int, default=4999)
    parser.add_argument("--coverage", type=int, default=80, help="stores for intervals and bounds")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=EVALUATION)
    return parser


def _telling(total: int) -> Callable[[int], None]:
    """Says on the error stream how many of all are done, and when."""
    done, start = 0, time.monotonic()

    def advance(count: int) -> None:
        nonlocal done
        done += count
        minutes = (time.monotonic() - start) / 60
        sys.stderr.write(f"{done} of {total}, {minutes:.1f} min\n")

    return advance


if __name__ == "__main__":
    main()
