"""One line of JSON: how much of a pair's difference lies outside what its unit moves.

    python benchmarks/drawn_pairs.py [--people 40] [--size 96]          # a minute on two cores

Each unit is switched on at E on these people, in the light and pose of their rooms, all else
equal. Before the sensor noise, which is the same in both pictures: `outside` is the share of the
pixels that change at all (by a grey level or more) which lie outside the region that the unit
moves (`truth.moved`); `weight` the share of the whole change in grey levels there; `region` the
share of the picture that moves; `most` the largest change outside, in grey levels. What changes
outside is cast shadow: beside the means over all people stands `unlit`, the same `outside` with
the key light out, which must be 0. The first number is the mean over people, the second the
largest of anybody.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.drawn import UNITS, Face, Pair, pair
from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.pairs import changes
from facsinterp.faces.drawn.truth import moved


def outside(pairs: list[Pair], size: int) -> dict[str, list[float]]:
    """What a unit changes outside of what it moves: mean over pairs and the largest."""
    change, region = changes(pairs, size).astype(float), moved(pairs, size)
    away = np.where(region, 0.0, change)
    return {
        "outside": _both(_share((away > 0).sum(axis=(1, 2)), (change > 0).sum(axis=(1, 2)))),
        "weight": _both(_share(away.sum(axis=(1, 2)), change.sum(axis=(1, 2)))),
        "region": _both(region.mean(axis=(1, 2))),
        "most": _both(away.max(axis=(1, 2))),
    }


def _share(part: NDArray[np.floating], whole: NDArray[np.floating]) -> NDArray[np.floating]:
    return np.asarray(part / np.maximum(whole, 1))


def _both(values: NDArray[np.floating]) -> list[float]:
    return [round(float(values.mean()), 4), round(float(values.max()), 4)]


def unlit(one: Pair) -> Pair:
    """The same pair without the lamp that casts shadows."""

    def dark(face: Face) -> Face:
        return replace(face, setting=replace(face.setting, light=0.0))

    return replace(one, without=dark(one.without), shown=dark(one.shown))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--size", type=int, default=96)
    asked = parser.parse_args()
    faces = [Face(*person(n, 21), {}, (21, n)) for n in range(1, asked.people + 1)]
    found = {}
    for unit in UNITS:
        pairs = [pair(face, unit) for face in faces]
        found[str(unit)] = outside(pairs, asked.size) | {
            "unlit": outside([unlit(one) for one in pairs], asked.size)["outside"]
        }
    means = {
        name: round(float(np.mean([one[name][0] for one in found.values()])), 4)
        for name in next(iter(found.values()))
    }
    print(json.dumps({"people": asked.people, "size": asked.size, "mean": means, "units": found}))


if __name__ == "__main__":
    main()
