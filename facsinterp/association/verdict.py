"""What may be said of a filter: one of seven kinds of verdict, by fixed rules.

The rules ask in this order, and the first that holds decides:

dead        no observation lifts the filter above 0
constant    it gives every observation the same value
untestable  no action unit could be tested on these faces
beyond      it passes the test beyond emotion for some unit: it knows more of the unit than
            the emotion tells; one that passes the marginal test too may be called its filter
answers     it passes the marginal test, and for the unit that it follows most there was no
            test beyond emotion
emotion     it passes the marginal test, and the unit that it follows most does not pass
            beyond emotion: nothing shows that it knows more than the emotion
nothing     no unit passes

The unit named is the one with the largest standardised rank sum z among those that pass the
deciding test. Two-sided tests also find filters that a unit silences; `silenced` says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.margins import TESTED
from facsinterp.labels import AU, FILTER

if TYPE_CHECKING:
    from facsinterp.association.table import Associations

KINDS: Final[Mapping[str, str]] = {
    "dead": "dead: answers to no face",
    "constant": "answers to every face alike",
    "untestable": "no action unit could be tested",
    "nothing": "answers to no action unit that could be shown",
    "emotion": "answers with the emotion; nothing shows that it knows the unit beyond it",
    "answers": "answers to the unit; whether beyond the emotion could not be tested",
    "beyond": "answers to the unit beyond the emotion",
}
"""Every kind in plain words, from the least said to the most."""


@dataclass(frozen=True)
class Verdicts:
    """One verdict a filter, in the order of the table; every array is (filter,)."""

    kind: NDArray[np.str_]
    """A key of `KINDS`."""
    column: NDArray[np.int64]
    """Place of the unit named among those of the table; -1 where none is."""
    silenced: NDArray[np.bool_]
    """Whether the filter answers less where the unit named is present."""

    @classmethod
    def of(cls, associations: Associations, alpha: float | None = None) -> Self:
        """The verdicts at the level `alpha`, that of the settings when left out."""
        data = associations.data
        marginal, beyond = (
            associations.significant(alpha, test).transpose(FILTER, AU).values
            for test in ("auroc", "beyond")
        )
        z, z_beyond = (data[name].transpose(FILTER, AU).values for name in ("z", "z_beyond"))
        followed, surpassing = _largest(z, marginal), _largest(z_beyond, beyond)
        tested = data["testable"].values.any() or data["testable_beyond"].values.any()
        asked = np.append(data["status_beyond"].values.astype(str) == TESTED, False)[followed]
        judged = [
            ("dead", data["dead"].values),
            ("constant", data["constant"].values),
            ("untestable", np.full(len(z), not tested)),
            ("beyond", surpassing >= 0),
            ("answers", (followed >= 0) & ~asked),
            ("emotion", followed >= 0),
        ]
        kind = np.select([holds for _, holds in judged], [name for name, _ in judged], "nothing")
        column = np.where(kind == "beyond", surpassing, followed)
        named = np.isin(kind, ("beyond", "answers", "emotion"))
        column = np.where(named, column, -1)
        deciding = np.where((kind == "beyond")[:, None], z_beyond, z)
        at = np.take_along_axis(deciding, np.maximum(column, 0)[:, None], axis=1)[:, 0]
        return cls(kind, column, named & (at < 0))

    def counts(self) -> dict[str, int]:
        """How many filters have each kind, in the order of `KINDS`."""
        return {kind: int((self.kind == kind).sum()) for kind in KINDS}


def _largest(z: NDArray[np.float64], chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(filter,) column of the chosen pair that stands out most; -1 where none is chosen."""
    if not z.shape[1]:
        return np.full(len(z), -1, dtype=np.int64)
    size = np.where(chosen, np.nan_to_num(np.abs(z), nan=0.0), -1.0)
    return np.where(chosen.any(axis=1), size.argmax(axis=1), -1)
