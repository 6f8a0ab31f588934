"""The study's claims, each with its interval and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from facsinterp import Finding

from .found import CHANCE, Found, percent
from .units import PARTS

LESS = {
    "emotion": "the network's emotions alone",
    "untrained": "features of the network before training",
    "pixels": "small grey pictures",
    "together": "detectors that are taught all at once",
}


def findings(found: Found) -> tuple[Finding, ...]:
    """How many units are told, how well on average, what is pooled, and what controls reach."""
    return tuple(_findings(found))


def _findings(found: Found) -> Iterator[Finding]:
    judged = len(found.judged)
    yield Finding(
        f"Share of the {judged} action units with {found.least} sequences or more that are told on "
        "held-out people better than by saying absent to all (lower bound of balanced accuracy "
        "above 0.5)",
        estimate=len(found.above) / judged if judged else None,
        n=judged,
    )
    mean = found.mean("all absent")
    if mean is not None:
        yield Finding(
            "Balanced accuracy on held-out people, mean over units (saying absent to all: 0.5)",
            estimate=mean["difference"] + CHANCE,
            low=_number(mean["low"] + CHANCE),
            high=_number(mean["high"] + CHANCE),
            n=found.people,
        )
    for peaks in PARTS[:2]:
        row = found.accuracy(peaks, "all")
        if row is not None:
            yield Finding(
                f"Accuracy over all cells of the peaks ({peaks}), all units at once, as the paper "
                f"reports it; saying absent to all scores {percent(row['all_absent'])}",
                estimate=row["accuracy"],
                low=_number(row["low"]),
                high=_number(row["high"]),
                n=int(row["cells"]),
            )
    for less, words in LESS.items():
        for peaks in PARTS if less == "emotion" else PARTS[:1]:
            row = found.mean(less, peaks=peaks)
            if row is not None:
                yield Finding(
                    f"Balanced accuracy of the trained features less that of {words}, mean over "
                    f"{row['units']} units; peaks: {peaks}",
                    estimate=row["difference"],
                    low=_number(row["low"]),
                    high=_number(row["high"]),
                    n=found.people,
                )
    pool = found.intensities[found.intensities["unit"] == ""].to_dict("records")
    for row in pool:
        yield Finding(
            f"Mean squared error of intensities over all cells; saying 0 to all scores "
            f"{row['mse_zero']:.3f}",
            estimate=row["mse"],
            low=_number(row["mse_low"]),
            high=_number(row["mse_high"]),
            n=int(row["cells"]),
        )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
