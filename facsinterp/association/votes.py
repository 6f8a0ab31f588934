"""Which action units the filters speak for in one face, beside what the coder saw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import facs
from facsinterp.activations.store import ActivationStore
from facsinterp.association.rows import observed
from facsinterp.association.table import Associations
from facsinterp.errors import Fault, InputError
from facsinterp.labels import AU, FILTER, IMAGE


def votes(
    store: ActivationStore, associations: Associations, image: str, alpha: float | None = None
) -> pd.DataFrame:
    """One row an action unit, the most strongly voted for first; those without voters last.

    The voters of a unit are the filters that are significant for it at `alpha` (the level of
    the associations when left out) with an AUROC above 0.5: `filters` says how many.
    `firing` is the share of them with a peak above zero for this face. `vote` is the mean
    percentile of the face among all images of the store, 0 to 100, over the voters, each
    weighted by 2 AUROC - 1; an image in the middle of every voter has 50. A vote is no
    probability, and filters of one network do not vote independently.

    `coded`: present, absent or not coded, as the coder has it. `seen`: the face, or another
    frame of its sequence, is one of the observations that chose the voters of this unit, so
    that it votes on itself. Only the votes of a face that is neither seen nor in the
    training split, which the network knows, say anything about new faces. `status`: why a
    unit was not tested.

    Columns: au (AU12), vote, filters, firing, coded, seen, status. Raises InputError for an
    unknown image, and for associations of another store.
    """
    data = associations.data
    voters = Voters.of(store, associations, alpha)
    stands = store.standing(image).sel({FILTER: data[FILTER].values})
    position = int(np.flatnonzero(store.data[IMAGE].values == image)[0])
    frame = pd.DataFrame(
        {
            AU: [facs.label(int(unit)) for unit in data[AU].values],
            "vote": voters.vote(stands["percentile"].values),
            "filters": voters.voters.sum(axis=0),
            "firing": voters.firing(stands["peak"].values),
            "coded": _coder(store, position, data[AU].values),
            "seen": voters.seen[position],
            "status": data["status"].values.astype(str),
        }
    )
    return frame.sort_values("vote", ascending=False, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class Voters:
    """Who speaks for which unit; F filters and U units in the order of the associations."""

    voters: NDArray[np.bool_]
    """(filter, au)"""
    weights: NDArray[np.float64]
    """(filter, au) 2 AUROC - 1 of a voter, else 0."""
    seen: NDArray[np.bool_]
    """(image, au) whether a face, or another frame of its sequence, chose the voters."""

    @classmethod
    def of(
        cls, store: ActivationStore, associations: Associations, alpha: float | None = None
    ) -> Self:
        """The voters of `votes`. Raises InputError for associations of another store."""
        data = associations.data
        if data.attrs["store"] != store.key:
            fault = Fault(
                "associations of another store",
                where=str(store.path),
                expected=store.key,
                got=str(data.attrs["store"]),
            )
            raise InputError(fault)
        effect = data["auroc"].transpose(FILTER, AU).values
        voters = associations.significant(alpha).transpose(FILTER, AU).values & (effect > 0.5)
        weights = np.where(voters, 2 * effect - 1, 0.0)
        places = [store.faces.units.index(int(unit)) for unit in data[AU].values]
        return cls(voters, weights, observed(store, faces=data.attrs["rows"])[:, places])

    def vote(self, percentile: NDArray[Any]) -> NDArray[Any]:
        """(au,) what one face, by its percentiles (filter,), has of each unit."""
        return _mean(percentile, self.weights)

    def firing(self, peak: NDArray[Any]) -> NDArray[Any]:
        """(au,) share of the voters that one face, by its peaks (filter,), lifts above 0."""
        return _mean((peak > 0).astype(float), self.voters.astype(float))


def _mean(values: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Weighted mean of `values` (filter) for each unit; NaN without weight."""
    total = weights.sum(axis=0)
    return np.asarray(np.where(total > 0, values @ weights / np.where(total > 0, total, 1), np.nan))


def _coder(store: ActivationStore, position: int, units: NDArray[Any]) -> NDArray[Any]:
    face = store.data[["present", "coded"]].isel({IMAGE: position}).sel({AU: units})
    told = np.where(face["present"].values, "present", "absent")
    return np.where(face["coded"].values, told, "not coded")
