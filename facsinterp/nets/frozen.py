"""Frozen features: which rows teach and which choose, and a scale told by those that teach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and deviation of each feature over the rows that teach."""

    centre: NDArray[np.float32]
    spread: NDArray[np.float32]
    """0 for a feature with one value: it is told apart by nothing, and always 0 after scaling."""

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> Self:
        """From features (row, feature)."""
        values = features.astype(np.float64)
        one = (values == values[:1]).all(axis=0)
        spread = np.where(one, 0.0, values.std(axis=0))
        return cls(values.mean(axis=0).astype(np.float32), spread.astype(np.float32))

    def apply(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """Features (..., feature) with mean 0 and deviation 1 over the rows that taught."""
        live = self.spread > 0
        scaled = (features - self.centre) / np.where(live, self.spread, 1)
        return np.asarray(np.where(live, scaled, 0), dtype=np.float32)


def row_faults(
    parts: Mapping[str, NDArray[np.integer]], count: int, what: str = "faces"
) -> Iterator[Fault]:
    """Parts that are empty, name rows that are not there, or share rows."""
    for name, rows in parts.items():
        if rows.size == 0:
            yield Fault(f"no {what} in this part", name)
        elif rows.min() < 0 or rows.max() >= count:
            yield Fault(
                f"rows outside the {what}",
                name,
                expected=f"0 to {count - 1}",
                got=f"{rows.min()} to {rows.max()}",
            )
    names = list(parts)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            shared = np.intersect1d(parts[one], parts[other])
            if shared.size:
                yield Fault(
                    f"{what} are in two parts",
                    f"{one}, {other}",
                    expected="no row in both",
                    got=f"{shared.size} rows, the first {shared[0]}",
                )


def finite_faults(features: NDArray[Any], named: NDArray[np.integer]) -> Iterator[Fault]:
    """Features of named rows that are no numbers."""
    bad = ~np.isfinite(features[named]).reshape(len(named), -1).all(axis=1)
    if bad.any():
        first = named[bad][0]
        yield Fault("features are not finite", "features", got=f"{bad.sum()} rows, first {first}")
