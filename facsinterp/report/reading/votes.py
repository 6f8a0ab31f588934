"""What the filters say of each face: the unusual answers, and the votes for action units.

`ActivationStore.standing` reads all peaks for one face; here they are read once for many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import FILTERS_PER_CHUNK
from facsinterp.activations.store import ActivationStore
from facsinterp.association.votes import Voters
from facsinterp.labels import IMAGE
from facsinterp.report.reading.survey import Survey

FIRING: Final = 12
"""Filters told of a face."""


@dataclass(frozen=True)
class Standings:
    """Where P faces stand among all images of a store, for each of its F filters.

    As `ActivationStore.standing` tells of one face, to the last bit.
    """

    peak: NDArray[np.float32]
    """(face, filter)"""
    percentile: NDArray[np.float64]
    """(face, filter)"""
    constant: NDArray[np.bool_]
    """(filter,)"""

    @classmethod
    def of(cls, store: ActivationStore, positions: NDArray[np.int64]) -> Self:
        """Of the faces at these positions; reads the peaks of a chunk of filters at a time."""
        images, filters = store.data.sizes[IMAGE], len(store.filters)
        peak = np.zeros((len(positions), filters), np.float32)
        percentile = np.zeros(peak.shape)
        constant = np.zeros(filters, dtype=bool)
        for start in range(0, filters, FILTERS_PER_CHUNK):
            part = slice(start, start + FILTERS_PER_CHUNK)
            peaks = store.data["peak"].isel(filter=part).values
            peak[:, part] = peaks[positions]
            ordered = np.sort(peaks.T, axis=1)
            constant[part] = ordered[:, 0] == ordered[:, -1]
            for place, column in enumerate(ordered, start):
                own = peak[:, place]
                below = np.searchsorted(column, own, side="left")
                equal = np.searchsorted(column, own, side="right") - below
                percentile[:, place] = 100 * (below + equal / 2) / images
        return cls(peak, percentile, constant)

    def unusual(self, face: int, count: int = FIRING) -> NDArray[np.int64]:
        """Places of the filters that the face lifts above 0, the most unusual first."""
        fires = np.flatnonzero((self.peak[face] > 0) & ~self.constant)
        order = np.argsort(-self.percentile[face, fires], kind="stable")
        return fires[order[:count]]


@dataclass(frozen=True)
class Vote:
    """What the filters say of one unit in one face."""

    unit: int
    vote: float
    """Mean percentile over the voters, 0 to 100."""
    filters: int
    """How many vote."""
    coded: str
    """present, absent or not coded."""
    seen: bool
    """Whether the face, or a frame of its sequence, chose the voters."""


@dataclass(frozen=True)
class Votes:
    """The votes of faces, as `facsinterp.association.votes` gives them one by one. Final."""

    survey: Survey
    voters: Voters | None
    _coded: NDArray[np.bool_]
    """(image, au) in the order of the survey's units."""
    _present: NDArray[np.bool_]

    @classmethod
    def of(cls, survey: Survey) -> Self:
        """Without voters where the run has no associations of its own store."""
        data, every = survey.faces.data, survey.faces.units
        columns = [every.index(unit) for unit in survey.claims.units] if survey.voters else []
        coded, present = (
            np.asarray(data[name].values, dtype=bool)[:, columns] for name in ("coded", "present")
        )
        return cls(survey, survey.voters, coded, present)

    def of_face(self, standings: Standings, face: int, position: int) -> tuple[Vote, ...]:
        """Units that have voters, the most strongly voted for first.

        `face`: the row of `standings` that is the face at `position`.
        """
        if self.voters is None:
            return ()
        units, voters = self.survey.claims.units, self.voters
        vote = voters.vote(standings.percentile[face])
        filters = voters.voters.sum(axis=0)
        order = np.argsort(-vote, kind="stable")
        return tuple(
            Vote(
                units[column],
                float(vote[column]),
                int(filters[column]),
                self._coder(position, column),
                bool(voters.seen[position, column]),
            )
            for column in order.tolist()
            if filters[column] and np.isfinite(vote[column])
        )

    def _coder(self, position: int, column: int) -> str:
        if not self._coded[position, column]:
            return "not coded"
        return "present" if self._present[position, column] else "absent"
