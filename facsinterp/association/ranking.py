"""In which order filters stand for an action unit, and which are left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from facsinterp.errors import Fault

OF_TOP_N = ("precision", "lift")


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
            yield Fault("unknown measure", expected=", ".join(measures), got=self.by)
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
        return "q_precision" if measured.startswith(OF_TOP_N) else "q_auroc"

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
