"""What coders said of faces, and which units were seen often enough to teach a detector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.nets.frozen import Floats, Positions, finite_faults, row_faults

Labels = NDArray[np.bool_]

FEWEST: Final = 10
"""Training faces with a unit, and without it, that a detector is taught on: at least."""


@dataclass(frozen=True, eq=False)
class Coding:
    """The codes of faces, as a face table holds them."""

    present: Labels
    """(face, au)"""
    coded: Labels
    """(face, au) whether anybody looked for the unit: one not coded is not absent."""
    intensity: NDArray[np.floating] | None = None
    """(face, au) 0 to 5, NaN where not scored; None where nothing was."""

    def too_few(self, train: Positions, validation: Positions) -> tuple[str, ...]:
        """(au,) why a unit cannot have a detector; "" where it can."""
        return tuple(
            _too_few(self.present[train, unit], self.coded[train, unit])
            or ("" if self.coded[validation, unit].any() else "no validation face is coded for it")
            for unit in range(self.present.shape[1])
        )

    def scored(self) -> Floats:
        """(face, au) intensities where the unit was coded and scored, else NaN."""
        if self.intensity is None:
            return np.full(self.present.shape, np.nan)
        return np.where(self.coded, self.intensity, np.nan).astype(np.float64)


def _too_few(present: Labels, coded: Labels) -> str:
    for has, words in ((present, "with it"), (~present, "without it")):
        faces = int((coded & has).sum())
        if faces < FEWEST:
            return f"too few training faces {words}: {faces}, fewer than {FEWEST}"
    return ""


def check(features: NDArray[np.floating], coding: Coding, parts: Mapping[str, Positions]) -> None:
    """Raises InputError with all that is wrong with features (face, feature), codes and rows."""
    InputError.raise_any(_shape_faults(features, coding))
    InputError.raise_any(row_faults(parts, len(features)))
    named = np.concatenate([*parts.values()])
    InputError.raise_any([*finite_faults(features, named), *_intensity_faults(coding)])


def _shape_faults(features: NDArray[np.floating], coding: Coding) -> Iterator[Fault]:
    if features.ndim != 2:
        yield Fault("unusable features", "features", "(face, feature)", str(features.shape))
        return
    given = {"present": coding.present, "coded": coding.coded, "intensity": coding.intensity}
    for name, array in given.items():
        expected = (len(features), *coding.present.shape[1:2])
        if array is not None and (array.ndim != 2 or array.shape != expected):
            yield Fault(
                "codes do not fit the features",
                name,
                expected=f"({len(features)}, action units), the same for all codes",
                got=str(array.shape),
            )


def _intensity_faults(coding: Coding) -> Iterator[Fault]:
    scored = coding.scored()
    wrong = (scored < 0) | (scored > 5)
    if wrong.any():
        got = f"{wrong.sum()} others, as {scored[wrong][0]:g}"
        yield Fault("intensities outside the scale", "intensity", "0 to 5, or NaN", got)
