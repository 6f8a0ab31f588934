"""In which order filters stand for an action unit, and which are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import pandas as pd

from facsinterp.errors import Fault

# The test that goes with a measure, where it is not the rank sum.
_TESTS: Final = {"precision": "precision", "lift": "precision", "gain": "precision", "kl": "kl"}


@dataclass(frozen=True)
class Ranking:
    """One order of rows that hold the numbers of a filter and an action unit."""

    by: str
    min_effect: float | None = None
    max_q: float | None = None
    layers: Sequence[str] | None = None
    n: int | None = None

    def faults(self, measures: Sequence[str], layers: Sequence[str]) -> Iterator[Fault]:
        """What cannot be ranked by, or is not there."""
        if self.by not in measures:
            near = get_close_matches(self.by, measures, n=3, cutoff=0.5)
            meant = f"did you mean {' or '.join(near)}?" if near else ""
            yield Fault("unknown measure", expected=", ".join(measures), got=self.by, do=meant)
        for layer in self.layers or ():
            if layer not in layers:
                known = ", ".join(dict.fromkeys(layers))
                yield Fault("unknown layer", expected=known, got=layer)
        if self.n is not None and self.n < 0:
            yield Fault("n is no length of a list", expected="0 or more", got=str(self.n))

    @property
    def rises(self) -> bool:
        """Whether the least number is the best: so for p and q."""
        return self.by.startswith(("p_", "q_"))

    @property
    def corrected(self) -> str:
        """The corrected p that goes with the measure."""
        measured = self.by.removeprefix("p_").removeprefix("q_")
        if "beyond" in measured:
            return "q_beyond"
        return f"q_{_TESTS.get(measured.split('_')[0], 'auroc')}"

    def passing(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows that reach the least effect and the largest q, of the chosen layers."""
        keep = pd.Series(True, index=frame.index)
        if self.min_effect is not None:
            keep &= frame["auroc"] >= self.min_effect
        if self.max_q is not None:
            keep &= frame[self.corrected] <= self.max_q
        if self.layers:
            keep &= frame["layer"].isin(list(self.layers))
        return frame[keep]

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The passing rows that have the number, best first; equal numbers keep their order."""
        order = (
            self.passing(frame)
            .dropna(subset=[self.by])
            .sort_values(self.by, ascending=self.rises, kind="stable", ignore_index=True)
        )
        return order if self.n is None else order.head(self.n)
