"""Which faces stand for an action unit: those that show it most, and the same people without."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.table import FaceTable

WITH: Final = 12
WITHOUT: Final = 6

Positions = NDArray[np.int64]


def faces_with(
    faces: FaceTable, rows: Positions, hidden: NDArray[np.bool_], unit: int
) -> tuple[Positions, Positions]:
    """Positions of faces of `rows` that show a unit, and of faces that lack it; none hidden.

    With it: one a subject, the strongest intensity first, not scored ones last, at most
    `WITH`. Without it: coded absent, one a subject, of the people who show it before others,
    at most `WITHOUT`. A face of no known subject stands for itself.
    """
    none = np.zeros(0, dtype=np.int64)
    if unit not in faces.units:
        return none, none
    column = faces.units.index(unit)
    kept = rows[~hidden[rows]]
    present, coded, intensity = (
        np.asarray(faces.data[name].values)[kept, column]
        for name in ("present", "coded", "intensity")
    )
    owner = faces.column("subject")[kept]
    strength = np.where(np.isfinite(intensity), intensity, 0)
    order = np.argsort(-strength, kind="stable")
    shown = _one_a_subject(order[present[order]], owner)[:WITH]
    lacking = np.flatnonzero(coded & ~present)
    place = {subject: at for at, subject in enumerate(owner[shown].tolist())}
    known = np.array([place.get(name, WITH) for name in owner[lacking].tolist()], dtype=np.int64)
    others = _one_a_subject(lacking[np.argsort(known, kind="stable")], owner)[:WITHOUT]
    return kept[shown], kept[others]


def _one_a_subject(order: Positions, owner: NDArray[np.str_]) -> Positions:
    """The first of each subject, in order; every one of no known subject."""
    seen: set[str] = set()
    chosen = []
    for at in order.tolist():
        subject = str(owner[at])
        if subject and subject in seen:
            continue
        seen.add(subject)
        chosen.append(at)
    return np.array(chosen, dtype=np.int64)
