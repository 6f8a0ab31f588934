"""The rows of the analysis: one observation each, however many frames show it.

Frames of one sequence are one observation, not many. The row of a sequence is its apex
frame, or the mean over its frames; an image without a sequence is a row of its own, or one
with those that show the same. Where codes change inside a take, each frame is a row and
the take is what may be moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.association.rows import Naming, Rows, Unit, ends, grouped, rows_coded
from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.labels import FILTER, IMAGE
from facsinterp.stats import nulls

WORDS: Final = {
    "sequence": "a sequence, by its apex frame",
    "sequence-mean": "a sequence, by the mean over its coded frames",
    "frame": "a coded frame; its take is what is moved",
}


@dataclass(frozen=True)
class Units:
    """Observations in the order of their subjects and names, whatever the order of the store."""

    names: NDArray[np.str_]
    """(n,) sequence, or image where there is no sequence."""
    subjects: NDArray[np.str_]
    """(n,) "" where not known."""
    emotions: NDArray[np.str_]
    """(n,) the expression as labelled; "" where not known."""
    takes: NDArray[np.str_]
    """(n,) the take of each frame; "" where the observation is a whole sequence."""
    activation: NDArray[np.float32]
    """(n, filter) spatial maximum; never NaN."""
    present: NDArray[np.bool_]
    """(n, au)"""
    coded: NDArray[np.bool_]
    """(n, au) a unit that nobody coded is not absent."""
    rows: Rows
    """Which faces they were taken from: "all" also where no split is recorded."""
    alike: int
    """Faces without a sequence that were put together since they show the same."""

    @classmethod
    def of(cls, store: ActivationStore, *, faces: Rows, unit: Unit) -> Self:
        """The observations of a store.

        `faces`: "held-out" takes the faces of split "test", and all faces when no split is
        recorded; "all" takes all. `unit`: "sequence" takes the apex frame of each sequence
        (its last coded frame when no coded frame is marked as apex); "sequence-mean" takes
        the mean over the coded frames; "frame" takes each coded frame. Faces without any
        code are left out.

        Raises InputError when no coded face is left, or when codes change inside a sequence
        that is to be one observation and no frame is marked as its apex; ActivationError
        when an activation is not finite.
        """
        taken, rows = rows_coded(store, faces)
        naming = Naming.of(store)
        taken, starts = grouped(store, taken, naming)
        names, last = naming.names, ends(starts, len(taken))
        merged = int(naming.alone[taken].sum() - naming.alone[taken[last]].sum())
        if unit == "frame":
            taken = _in_time(store, taken, naming)
            return cls._at(store, taken, _peaks(store, taken), naming, rows=rows, alike=merged)
        _refuse_changing_codes(store, taken, starts, names, marked=unit == "sequence")
        first = taken[last]
        if unit == "sequence":
            activation = _peaks(store, first)
        else:
            sizes = np.diff(np.append(starts, len(taken)))
            sums = np.add.reduceat(_peaks(store, taken).astype(np.float64), starts, axis=0)
            activation = (sums / sizes[:, None]).astype(np.float32)
        return cls._at(store, first, activation, names, rows=rows, alike=merged)

    @classmethod
    def _at(
        cls,
        store: ActivationStore,
        at: NDArray[np.int64],
        activation: NDArray[np.float32],
        names: NDArray[np.str_] | Naming,
        *,
        rows: Rows,
        alike: int,
    ) -> Self:
        """Observations by the faces `at`; frames of the takes of a Naming, or whole `names`."""

        def column(name: str) -> NDArray[np.str_]:
            return np.asarray(store.data[name].values.astype(str)[at])

        return cls(
            column(IMAGE) if isinstance(names, Naming) else names[at],
            column("subject"),
            column("expression"),
            names.names[at] if isinstance(names, Naming) else np.full(len(at), ""),
            activation,
            store.data["present"].values[at],
            store.data["coded"].values[at],
            rows,
            alike,
        )

    def __len__(self) -> int:
        return len(self.names)

    @property
    def known(self) -> nulls.Rows:
        """What a null may know of the observations."""
        return nulls.Rows.of(self.subjects, emotions=self.emotions, takes=self.takes)

    def masks(
        self, usable: NDArray[np.bool_] | None = None
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """(rows, columns) of action units that the same rows were coded for, without the empty.

        Each action unit is analysed on its own coded rows; those that share them share
        ranks and shuffles. `usable` (n,) leaves out rows altogether.
        """
        coded = self.coded if usable is None else self.coded & usable[:, None]
        kinds, which = np.unique(coded, axis=1, return_inverse=True)
        for kind in range(kinds.shape[1]):
            if kinds[:, kind].any():
                yield np.flatnonzero(kinds[:, kind]), np.flatnonzero(which.ravel() == kind)


def _in_time(store: ActivationStore, taken: NDArray[np.int64], naming: Naming) -> NDArray[np.int64]:
    """Frames by subject and take, in the order of time."""
    subjects = store.data["subject"].values.astype(str)
    images = store.data[IMAGE].values.astype(str)
    keys = (images, store.data["frame"].values, naming.names, naming.alone, subjects)
    return taken[np.lexsort(tuple(key[taken] for key in keys))]


def _peaks(store: ActivationStore, taken: NDArray[np.int64]) -> NDArray[np.float32]:
    """Peaks (n, filter) of some faces, read in the order of the file."""
    ascending = np.sort(taken)
    values = store.data["peak"].isel({IMAGE: ascending}).transpose(IMAGE, FILTER).values
    values = np.asarray(values, dtype=np.float32)[np.searchsorted(ascending, taken)]
    wrong = ~np.isfinite(values)
    if wrong.any():
        filters = [str(store.filters[i]) for i in np.flatnonzero(wrong.any(axis=0))]
        message = Fault(
            f"{int(wrong.any(axis=1).sum())} faces have NaN or infinite activations",
            where=", ".join(filters[:5]) + (f" and {len(filters) - 5} more" * (len(filters) > 5)),
            do="sweep again with a network whose answers are finite",
        )
        raise ActivationError(str(message))
    return values


def _refuse_changing_codes(
    store: ActivationStore,
    taken: NDArray[np.int64],
    starts: NDArray[np.int64],
    names: NDArray[np.str_],
    *,
    marked: bool,
) -> None:
    """Sequences whose codes change cannot be one observation, unless their apex is `marked`."""
    sizes = np.diff(np.append(starts, len(taken)))
    changes = np.zeros(len(starts), dtype=bool)
    for variable in ("present", "coded"):
        values = store.data[variable].values[taken]
        differs = (values != np.repeat(values[starts], sizes, axis=0)).any(axis=1)
        changes |= np.logical_or.reduceat(differs, starts)
    if marked:
        apex = store.data["phase"].values.astype(str)[taken] == "apex"
        changes &= ~np.logical_or.reduceat(apex, starts)
    if not changes.any():
        return
    what = "no frame is marked as apex" if marked else "their mean has none"
    raise InputError(
        Fault(
            f"codes change inside {int(changes.sum())} sequences, and {what}",
            where=f"first {names[taken[starts[changes][0]]]}",
            expected="the same codes for every coded frame of a sequence, or a marked apex",
            do='choose unit = "frame" with null = "time-courses", which moves whole takes '
            'within a subject, or with null = "subject-flips"'
            + ("" if marked else ', or unit = "sequence", which takes the apex frame'),
        )
    )
