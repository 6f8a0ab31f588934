"""The verdict on a filter in one line, with the emotion that it goes with most.

That emotion is the largest of several AUROCs, none of them tested. So the line names it only
where it can stand for the unit: where at least half of its labelled faces show the unit, or
twice as many as of all labelled faces, and never fewer than of those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.report.reading.claims import UnitRow
from facsinterp.report.wording import capital, count, number
from facsinterp.report.words.verdicts import ALONE, Verdict
from facsinterp.stats.effect import auroc

_HALF: Final = 0.5
_TWICE: Final = 2.0


@dataclass(frozen=True)
class Followed:
    """The emotion whose faces a filter answers to most, or least where it is silenced."""

    emotion: str
    auroc: float
    n_with: int
    n_without: int

    @property
    def sentence(self) -> str:
        """What this rests on."""
        return (
            f"Of the labelled emotions it goes most with {self.emotion}: AUROC "
            f"{number(self.auroc)}, {count(self.n_with)} faces against {count(self.n_without)}, "
            "not tested."
        )


@dataclass(frozen=True)
class Shown:
    """How many faces of one emotion, and of all that are labelled, show a unit, if coded for it."""

    unit: str
    n: int
    of: int
    all_n: int
    all_of: int

    @property
    def stands(self) -> bool:
        """Whether the emotion may be named beside the unit."""
        if not self.n:
            return False
        share, base = self.n / self.of, self.all_n / self.all_of
        return share >= base and (share >= _HALF or share >= _TWICE * base)

    @property
    def sentence(self) -> str:
        """Why the emotion is not named beside the unit."""
        return (
            f"{self.unit} shows on {count(self.n)} of {count(self.of)} of these faces, and on "
            f"{count(self.all_n)} of {count(self.all_of)} with a labelled emotion."
        )


@dataclass(frozen=True)
class Brief:
    """One line; `unit` stands between the other two, where there is one."""

    before: str
    unit: str = ""
    after: str = ""


def followed(
    peaks: NDArray[np.float32], expressions: NDArray[np.str_], silenced: Sequence[bool]
) -> list[Followed | None]:
    """For each filter of `peaks` (face, filter); None with fewer than two labelled emotions.

    `expressions` (face,): "" is not labelled, and such faces are left out.
    """
    labelled = expressions != ""
    names = np.unique(expressions[labelled])
    if len(names) < 2:
        return [None] * peaks.shape[1]
    member = expressions[labelled][:, None] == names
    found = auroc(peaks[labelled], member)
    best = np.where(silenced, found.argmin(axis=1), found.argmax(axis=1))
    n = member.sum(axis=0)
    return [
        Followed(str(names[one]), float(values[one]), int(n[one]), int(n.sum() - n[one]))
        for one, values in zip(best, found, strict=True)
    ]


def shown(
    emotion: str,
    unit: str,
    expressions: NDArray[np.str_],
    coded: NDArray[np.bool_],
    present: NDArray[np.bool_],
) -> Shown:
    """How often faces of an emotion show a unit. Arrays are (face,); expression "": none."""
    told = coded & (expressions != "")
    inside = told & (expressions == emotion)
    counts = (int(one.sum()) for one in (inside & present, inside, told & present, told))
    return Shown(unit, *counts)


def brief(
    verdict: Verdict,
    named: UnitRow | None,
    followed: Followed | None,
    shows: Shown | None,
    *,
    silenced: bool,
) -> Brief:
    """The verdict as short as it can be said; `shows`: the unit on faces of that emotion."""
    if named is None or verdict.kind not in ("beyond", "answers", "emotion", "nothing"):
        return Brief(capital(verdict.badge))
    unit = f"{named.label} {named.name}".strip()
    if verdict.kind == "nothing":
        return Brief("Nothing shown; the nearest is ", unit)
    if verdict.alone:
        return Brief("", unit, f" adds something beyond the emotion, but {ALONE}")
    emotion = f" {followed.emotion}" if followed and shows and shows.stands else ""
    after = {
        "beyond": " beyond the emotion",
        "answers": "; not tested beyond the emotion",
        "emotion": f"; nothing shown beyond the emotion{emotion}",
    }
    return Brief("Silenced by " if silenced else "Answers to ", unit, after[verdict.kind])
