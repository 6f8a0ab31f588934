"""Which faces stand for the observations: held out or all, and which frame of a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.faces.alike import alike_groups
from facsinterp.labels import IMAGE

Rows = Literal["held-out", "all"]
Unit = Literal["sequence", "sequence-mean", "frame"]
Positions = NDArray[np.int64]

HELD_OUT: Final = "test"


def rows_taken(store: ActivationStore, faces: Rows) -> tuple[Positions, Rows]:
    """Positions of the faces of split "test", or of all faces when no split is recorded.

    Second comes which of the two it was. Raises InputError when a split is recorded and no
    face is held out.
    """
    split = _column(store, "split")
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


def rows_coded(store: ActivationStore, faces: Rows) -> tuple[Positions, Rows]:
    """Those of `rows_taken` that have a code; raises InputError when there is none."""
    taken, rows = rows_taken(store, faces)
    coded = taken[store.data["coded"].values[taken].any(axis=1)]
    if len(coded):
        return coded, rows
    raise InputError(
        Fault(
            "there is nothing to associate",
            where=str(store.path),
            expected="faces with codes of action units",
            got=f"none among the {rows} faces",
        )
    )


def rows_looked_at(store: ActivationStore, faces: Rows, unit: Unit) -> Positions:
    """Positions, ascending, of the faces whose activations are analysed.

    For unit "sequence" that is one frame a sequence, else every coded frame.
    """
    taken, _ = rows_coded(store, faces)
    if unit != "sequence":
        return np.sort(taken)
    ordered, starts = grouped(store, taken, Naming.of(store))
    return np.sort(ordered[ends(starts, len(ordered))])


@dataclass(frozen=True)
class Naming:
    """The observation that each face belongs to."""

    names: NDArray[np.str_]
    """(image,) the sequence; for a face without one, the first image that shows the same."""
    alone: NDArray[np.bool_]
    """(image,) whether it has no sequence: such a name is none of a sequence."""

    @classmethod
    def of(cls, store: ActivationStore) -> Self:
        """The names of all faces of a store; pictures are compared only without a sequence."""
        sequence, image = _column(store, "sequence"), _column(store, IMAGE)
        alone = sequence == ""
        names = np.where(alone, image, sequence)
        places = np.flatnonzero(alone)
        if len(places) > 1 and "face" in store.data:
            names[places] = image[places][_first_alike(store, places)]
        return cls(names, alone)


def grouped(
    store: ActivationStore, taken: Positions, naming: Naming
) -> tuple[Positions, Positions]:
    """Faces sorted by subject, observation and worth, and where each observation starts.

    The last face of an observation is its apex frame, or its last frame when none is
    marked as apex. Faces without a sequence that show the same (`faces.alike`), of one
    subject and with the same codes, are one observation.
    """
    names, alone = naming.names[taken], naming.alone[taken]
    subjects = _column(store, "subject")[taken]
    apex = _column(store, "phase")[taken] == "apex"
    frame = store.data["frame"].values[taken]
    image = _column(store, IMAGE)[taken]
    order = np.lexsort((image, frame, apex, names, alone, subjects))
    same = np.ones(len(order) - 1, dtype=bool)
    for key in (names, alone, subjects):
        same &= key[order][1:] == key[order][:-1]
    return taken[order], np.flatnonzero(np.append(True, ~same))


def ends(starts: Positions, count: int) -> Positions:
    """Where each observation's last face stands, of `count` faces."""
    return np.append(starts[1:], count) - 1


def observed(store: ActivationStore, *, faces: Rows) -> NDArray[np.bool_]:
    """(image, au) whether a face, or another frame of its sequence, is in an observation.

    These are the faces of which an association with the action unit has been told.
    """
    taken, _ = rows_taken(store, faces)
    coded = store.data["coded"].values
    naming = Naming.of(store)
    _, which = np.unique(naming.names, return_inverse=True)
    group = 2 * which.ravel() + naming.alone
    seen = np.zeros((2 * len(group) + 2, coded.shape[1]), dtype=bool)
    np.logical_or.at(seen, group[taken], coded[taken])
    return np.asarray(seen[group])


def _first_alike(store: ActivationStore, places: Positions) -> Positions:
    """For each of the faces, the first among them of its subject and codes that looks the same."""
    pixels = store.data["face"].isel({IMAGE: places}).values
    codes = np.hstack([store.data[name].values[places] for name in ("present", "coded")])
    known = np.unique(np.packbits(codes, axis=1), axis=0, return_inverse=True)[1].ravel()
    person = np.unique(_column(store, "subject")[places], return_inverse=True)[1].ravel()
    keys = np.column_stack([alike_groups(pixels), known, person])
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[group.ravel()], dtype=np.int64)


def _column(store: ActivationStore, name: str) -> NDArray[np.str_]:
    return np.asarray(store.data[name].values.astype(str))
