"""The clips that are asked about: whose, of what class, on which side of a fold, which frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp import Clip, Corpus, FaceTable, Fault, InputError, NetworkPart, clips, folds_of

Rows = NDArray[np.int64]

NEUTRAL: Final = "neutral"
_NO_CLASS: Final = frozenset({"", NEUTRAL})


@dataclass(frozen=True, eq=False)
class Gathered:
    """Clips with a class that enough people show, by name."""

    names: NDArray[np.str_]
    subjects: NDArray[np.str_]
    classes: tuple[str, ...]
    labels: Rows
    """(clip,) numbers of classes."""
    moving: tuple[Rows, ...]
    """Of each clip, the rows from onset to offset."""
    apex: Rows
    """(clip,) the row of the apex; where it is not known, of the middle of the movement."""
    guessed: int
    """Clips whose apex is not known."""
    left_out: tuple[tuple[str, int], ...]
    """Classes that too few people show, with their clips."""

    def spread(self, count: int) -> Rows:
        """(clip, count) rows at equal steps from onset to offset, both included."""
        places = [np.rint(np.linspace(0, len(rows) - 1, count)).astype(int) for rows in self.moving]
        return np.stack([rows[at] for rows, at in zip(self.moving, places, strict=True)])

    def of(self, people: NDArray[np.str_]) -> Rows:
        """Positions of the clips of these people."""
        return np.flatnonzero(np.isin(self.subjects, people))


@dataclass(frozen=True, eq=False)
class Sides:
    """Positions of clips that train, validate and test in a fold."""

    train: Rows
    validation: Rows
    test: Rows


def gather(corpus: Corpus, network: NetworkPart, deal: int, fewest: int, shortest: int) -> Gathered:
    """The clips of a corpus that have a class.

    A class that fewer than `fewest` people show is left out. Raises InputError for clips with
    fewer than `shortest` frames from onset to offset, for a class without a known apex, which no
    frame would teach the CNN, and when no two classes are left.
    """
    known = [
        one
        for one in clips(folds_of(network, corpus, deal).taught)
        if one.expression not in _NO_CLASS
    ]
    shown = {
        name: {one.subject for one in known if one.expression == name}
        for name in sorted({one.expression for one in known})
    }
    classes = tuple(name for name, people in shown.items() if len(people) >= fewest)
    asked = [one for one in known if one.expression in classes]
    _check(asked, classes, shortest)
    apex = [one.at(one.apex) for one in asked]
    moving = tuple(one.moving() for one in asked)
    return Gathered(
        names=np.array([one.name for one in asked]),
        subjects=np.array([one.subject for one in asked]),
        classes=classes,
        labels=np.array([classes.index(one.expression) for one in asked]),
        moving=moving,
        apex=np.array(
            [
                rows[len(rows) // 2] if at is None else at
                for rows, at in zip(moving, apex, strict=True)
            ]
        ),
        guessed=apex.count(None),
        left_out=tuple(
            (name, sum(one.expression == name for one in known))
            for name in shown
            if name not in classes
        ),
    )


def sides(gathered: Gathered, corpus: Corpus, network: NetworkPart, deal: int, fold: str) -> Sides:
    """Which clips train, validate and test in a fold: those of the people who do."""
    (found,) = (one for one in folds_of(network, corpus, deal).folds if one.name == fold)
    who = corpus.faces.column("subject")
    return Sides(*(gathered.of(who[rows]) for rows in (found.train, found.validation, found.test)))


def asked_folds(
    gathered: Gathered, corpus: Corpus, network: NetworkPart, deal: int
) -> tuple[str, ...]:
    """Names of the folds whose test people show a class that is asked about.

    Raises InputError that names each of them without a clip to teach or to choose by.
    """
    names = [fold.name for fold in folds_of(network, corpus, deal).folds]
    dealt = {name: sides(gathered, corpus, network, deal, name) for name in names}
    asked = {name: side for name, side in dealt.items() if len(side.test)}
    empty = [
        f"{name} ({part})"
        for name, side in asked.items()
        for part in ("train", "validation")
        if not len(getattr(side, part))
    ]
    if empty:
        raise InputError(
            Fault(
                "folds lack clips of the classes that are asked about",
                where=", ".join(empty),
                expected="a clip of every part in every fold that is tested",
                do="take fewer folds, or lower params.fewest",
            )
        )
    return tuple(asked)


def key_frames(faces: FaceTable) -> FaceTable:
    """The faces, labelled in five frames of each clip and nowhere else.

    The apex bears the class of the clip; the first and last frames and those of onset and offset
    show no movement, or hardly any, and are neutral. Clips without a class or an apex teach
    nothing.
    """
    label = [""] * len(faces)
    for one in clips(faces):
        apex = one.at(one.apex)
        if apex is None or one.expression in _NO_CLASS:
            continue
        still = (one.rows[0], one.at(one.onset), one.at(one.offset), one.rows[-1])
        for row in still:
            if row is not None:
                label[row] = NEUTRAL
        label[apex] = one.expression
    return replace(faces, data=faces.data.assign_coords(expression=("image", np.array(label))))


def _check(asked: list[Clip], classes: tuple[str, ...], shortest: int) -> None:
    short = [one.name for one in asked if len(one.moving()) < shortest]
    faults = []
    if short:
        faults.append(
            Fault(
                "clips have too few frames",
                where=", ".join(short[:5]) + (" ..." if len(short) > 5 else ""),
                expected=f"{shortest} or more from onset to offset",
                got=f"{len(short)} of {len(asked)} clips with fewer",
                do='add [also.clips] with the same source and frames = "all"',
            )
        )
    peaked = {one.expression for one in asked if one.at(one.apex) is not None}
    if asked and not peaked.issuperset(classes):
        faults.append(
            Fault(
                "no frame teaches the CNN a class",
                where=", ".join(name for name in classes if name not in peaked),
                expected="a clip of every class whose apex is known and among its frames",
                got="none",
            )
        )
    if len(classes) < 2:
        faults.append(
            Fault(
                "nothing to tell apart",
                where="params.fewest",
                expected="two classes or more that enough people show",
                got=", ".join(classes) or "none",
            )
        )
    InputError.raise_any(faults)
