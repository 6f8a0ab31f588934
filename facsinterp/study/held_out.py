"""Who is held out from the networks of a definition, and what the others teach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.faces.splits.crossing import crossing_words, crossings, spread, without_copies
from facsinterp.faces.splits.folds import Fold, hold_out, k_folds
from facsinterp.faces.splits.protocols import protocol, protocols_of
from facsinterp.faces.table import FaceTable
from facsinterp.study.parts import TrainPart


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The folds in which networks are made, the first being that of the network to study."""

    folds: tuple[Fold, ...]
    taught: FaceTable
    """The faces with the classes that are learnt for expressions."""
    noticed: tuple[str, ...]
    """What crosses the folds, or was left out so that it does not; a sentence a kind."""


def held_out(train: TrainPart, source: str, seed: int, faces: FaceTable, pixels: Pixels) -> HeldOut:
    """Who trains, validates and tests in the networks that a `[network.train]` part asks for.

    `source`: the name of the source of the faces; `seed` deals people to folds. Raises DataError
    with every reason why these faces cannot be split so.
    """
    if train.protocol is not None:
        named = protocol(train.protocol)
        folds, taught = named.folds(faces), named.taught(faces)
    else:
        _require_subjects(faces, source)
        folds, taught = _by_subject(train, faces, seed), faces
    if train.first_fold_only:
        folds = folds[:1]
    noticed = []
    if train.copies == "drop":
        kept = tuple(without_copies(fold, pixels) for fold in folds)
        DataError.raise_any(_emptied(folds, kept))
        noticed += _dropped(folds, kept)
        folds = kept
    noticed += crossing_words(crossings(folds, taught, pixels), len(folds))
    return HeldOut(folds, taught, tuple(noticed))


def _by_subject(train: TrainPart, faces: FaceTable, seed: int) -> tuple[Fold, ...]:
    if train.folds is not None:
        return k_folds(faces, train.folds, seed)
    assert train.hold_out is not None  # a definition gives one of the three
    return (hold_out(faces, train.hold_out, seed),)


def _require_subjects(faces: FaceTable, source: str) -> None:
    if (faces.column("subject") != "").any():
        return
    named = [f'"{one.name}"' for one in protocols_of(source) if not one.whole_subjects]
    raise DataError(
        Fault(
            "nobody knows whose faces these are, so that no subject can be held out",
            where="network.train",
            expected="a subject for every face",
            got=f"{amount(len(faces), 'face')} of {source} without one",
            do=f"give protocol = {' or '.join(named)} instead of folds or hold_out"
            if named
            else "read the data set with the names of its subjects",
        )
    )


def _emptied(before: Sequence[Fold], after: Sequence[Fold]) -> Iterator[Fault]:
    """Sides of folds of which every picture is a copy of a held-out one."""
    for fold, kept in zip(before, after, strict=True):
        for side in ("train", "validation"):
            pictures = len(getattr(fold, side))
            if pictures and not len(getattr(kept, side)):
                yield Fault(
                    f"nothing is left of {side} without the copies of held-out pictures",
                    where=f"fold {fold.name}",
                    expected="some pictures that are not held out as well",
                    got=f"{amount(pictures, 'picture')}, each equal to one that is held out",
                    do='set copies = "keep" in [network.train], or split the faces otherwise',
                )


def _dropped(before: Sequence[Fold], after: Sequence[Fold]) -> list[str]:
    """A sentence on the pictures that were left out of training and of validation."""
    parts = []
    for side in ("train", "validation"):
        gone = [
            len(getattr(one, side)) - len(getattr(other, side))
            for one, other in zip(before, after, strict=True)
        ]
        if any(gone):
            parts.append(f"{spread(gone)} of {side}")
    if not parts:
        return []
    each = " in each fold" if len(before) > 1 else ""
    return [f"pictures that are equal to held-out ones are left out{each}: {'; '.join(parts)}"]
