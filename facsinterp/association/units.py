"""The rows of the analysis: one observation each, however many frames show it.

Frames of one sequence are one observation, not many. The row of a sequence is its apex
frame, or the mean over its frames; an image without a sequence is a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.labels import FILTER, IMAGE

Rows = Literal["held-out", "all"]
Unit = Literal["sequence", "sequence-mean"]

HELD_OUT: Final = "test"


@dataclass(frozen=True)
class Units:
    """Observations in the order of their subjects and names, whatever the order of the store."""

    names: NDArray[np.str_]
    """(n,) sequence, or image where there is no sequence."""
    subjects: NDArray[np.str_]
    """(n,) "" where not known."""
    activation: NDArray[np.float32]
    """(n, filter) spatial maximum; never NaN."""
    present: NDArray[np.bool_]
    """(n, au)"""
    coded: NDArray[np.bool_]
    """(n, au) a unit that nobody coded is not absent."""
    rows: Rows
    """Which faces they were taken from: "all" also where no split is recorded."""

    @classmethod
    def of(cls, store: ActivationStore, *, faces: Rows, unit: Unit) -> Self:
        """The observations of a store.

        `faces`: "held-out" takes the faces of split "test", and all faces when no split is
        recorded; "all" takes all. `unit`: "sequence" takes the apex frame of each sequence
        (its last coded frame when no coded frame is marked as apex); "sequence-mean" takes
        the mean over the coded frames. Faces without any code are left out.

        Raises InputError when no coded face is left, or when codes change inside a sequence
        whose mean is asked for; ActivationError when an activation is not finite.
        """
        taken, rows = _rows(store, faces)
        taken = taken[store.data["coded"].values[taken].any(axis=1)]
        if not len(taken):
            raise InputError(
                Fault(
                    "there is nothing to associate",
                    where=str(store.path),
                    expected="faces with codes of action units",
                    got=f"none among the {rows} faces",
                )
            )
        taken, starts = _grouped(store, taken)
        first = taken[starts]
        if unit == "sequence":
            first = taken[np.append(starts[1:], len(taken)) - 1]
            activation = _peaks(store, first)
        else:
            _refuse_changing_codes(store, taken, starts)
            sizes = np.diff(np.append(starts, len(taken)))
            sums = np.add.reduceat(_peaks(store, taken).astype(np.float64), starts, axis=0)
            activation = (sums / sizes[:, None]).astype(np.float32)
        return cls(
            _names(store)[first],
            store.data["subject"].values.astype(str)[first],
            activation,
            store.data["present"].values[first],
            store.data["coded"].values[first],
            rows,
        )

    def __len__(self) -> int:
        return len(self.names)

    def masks(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """(rows, columns) of action units that the same rows were coded for, without the empty.

        Each action unit is analysed on its own coded rows; those that share them share
        ranks and shuffles.
        """
        kinds, which = np.unique(self.coded, axis=1, return_inverse=True)
        for kind in range(kinds.shape[1]):
            if kinds[:, kind].any():
                yield np.flatnonzero(kinds[:, kind]), np.flatnonzero(which.ravel() == kind)


def observed(store: ActivationStore, *, faces: Rows) -> NDArray[np.bool_]:
    """(image, au) whether a face, or another frame of its sequence, is in an observation.

    These are the faces of which an association with the action unit has been told.
    """
    taken, _ = _rows(store, faces)
    coded = store.data["coded"].values
    _, sequence = np.unique(_names(store), return_inverse=True)
    alone = store.data["sequence"].values.astype(str) == ""
    group = 2 * sequence.ravel() + alone
    seen = np.zeros((2 * len(group) + 2, coded.shape[1]), dtype=bool)
    np.logical_or.at(seen, group[taken], coded[taken])
    return np.asarray(seen[group])


def _rows(store: ActivationStore, faces: Rows) -> tuple[NDArray[np.int64], Rows]:
    split = store.data["split"].values.astype(str)
    everything = np.arange(len(split))
    if faces == "all" or not (split != "").any():
        return everything, "all"
    held_out = everything[split == HELD_OUT]
    if not len(held_out):
        raise InputError(
            Fault(
                "no face is held out",
                where=str(store.path),
                expected=f"faces of split {HELD_OUT!r}, of subjects that trained no network",
                got=", ".join(repr(str(name)) for name in np.unique(split)),
                do='mark held-out faces in the split, or choose faces = "all"',
            )
        )
    return held_out, "held-out"


def _names(store: ActivationStore) -> NDArray[np.str_]:
    sequence = store.data["sequence"].values.astype(str)
    return np.where(sequence == "", store.data[IMAGE].values.astype(str), sequence)


def _grouped(
    store: ActivationStore, taken: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Faces sorted by subject, unit and worth, and where each unit starts; best face last."""
    names = _names(store)[taken]
    alone = store.data["sequence"].values.astype(str)[taken] == ""
    subjects = store.data["subject"].values.astype(str)[taken]
    apex = store.data["phase"].values.astype(str)[taken] == "apex"
    frame = store.data["frame"].values[taken]
    image = store.data[IMAGE].values.astype(str)[taken]
    order = np.lexsort((image, frame, apex, names, alone, subjects))
    same = (names[order][1:] == names[order][:-1]) & (alone[order][1:] == alone[order][:-1])
    return taken[order], np.flatnonzero(np.append(True, ~same))


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
    store: ActivationStore, taken: NDArray[np.int64], starts: NDArray[np.int64]
) -> None:
    sizes = np.diff(np.append(starts, len(taken)))
    changes = np.zeros(len(starts), dtype=bool)
    for variable in ("present", "coded"):
        values = store.data[variable].values[taken]
        differs = (values != np.repeat(values[starts], sizes, axis=0)).any(axis=1)
        changes |= np.logical_or.reduceat(differs, starts)
    if changes.any():
        raise InputError(
            Fault(
                f"codes change inside {int(changes.sum())} sequences, so their mean has none",
                where=f"first {_names(store)[taken[starts[changes][0]]]}",
                expected="the same codes for every coded frame of a sequence",
                do='choose unit = "sequence", which takes the apex frame',
            )
        )
