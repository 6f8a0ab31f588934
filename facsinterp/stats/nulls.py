"""Nulls: how whole rows of labels may move if a filter has nothing to do with an action unit.

Every null moves whole label rows, so that the dependence between action units, and between
filters, is kept and one set of shuffles serves all pairs. A shuffle is exact as soon as one
side, the activations or the labels, is exchangeable under it (Good 2005; Winkler et al. 2014,
exchangeability blocks): each null says here when that holds and when it breaks.

`NULLS` lists them by name. `bind` turns one into a `Scheme` for given rows, or says why these
rows cannot bear it and what to do instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.stats.schemes import (
    Names,
    Positions,
    Rows,
    Scheme,
    groups_in_strata,
    joint,
    numbered,
)

__all__ = ["NULLS", "Claim", "Null", "Rows", "Scheme", "null_named"]

Claim = Literal["marginal", "beyond-emotion"]


@dataclass(frozen=True)
class Null:
    """A null by name. `exchangeable` is what must hold for it to be exact."""

    name: str
    exchangeable: str
    scheme: Callable[[Rows], Scheme]
    """From rows to how they may move; its docstring says when that is exact."""
    claim: Claim = "marginal"
    """What a rejection says: an association, or one beyond what the emotion explains."""
    residual: tuple[str, ...] = ()
    """What ranks are residualised on before they are summed (`permute.residual_ranks`)."""
    known: tuple[str, ...] = ()
    """What a row must have known of it to be used."""
    shuffles: bool = True
    """Whether labels are shuffled at all; `subject-flips` turns signs instead."""

    def usable(self, rows: Rows) -> NDArray[np.bool_]:
        """(n,) which rows the null can use: select them before anything is ranked."""
        told = np.ones(len(rows), dtype=bool)
        for field in self.known:
            told &= getattr(rows, f"{field}s") != ""
        return told

    def bind(self, rows: Rows) -> Scheme:
        """How these rows may move. Raises InputError, with the way out, when they cannot bear it.

        Rows that are not `usable` stay where they are.
        """
        return self.scheme(rows)


def within_subject(rows: Rows) -> Scheme:
    """Rows change places with rows of the same subject; rows without a subject stay put.

    Exact when the rows of a subject are exchangeable in the activation or in the labels,
    whatever filters know of identity and whatever habits people have. Trends over a session
    that filter and labels share would break it, and so would several rows of a person and
    emotion that are alike in both: make them one row. Subjects with one row add nothing.
    """
    faults = _frames(rows)
    if not faults:
        faults = _movable(rows.subjects, "a subject", "within subjects", FREE)
    InputError.raise_any(faults)
    return Scheme.of_blocks(_staying(rows.subjects))


def free(rows: Rows) -> Scheme:
    """Every row may take the place of every other.

    Exact when rows are independent: one row a person, or no subject effect in the
    activations or none in the labels. Wrong where filters know identity and people have
    habits: there it finds associations that do not exist.
    """
    faults = _frames(rows)
    if not faults and len(rows) < 2:
        faults = [_fault("freely", "there are fewer than two rows", "two rows or more", "")]
    InputError.raise_any(faults)
    return Scheme.of_blocks(np.zeros(len(rows), dtype=np.int64))


def whole_subject(rows: Rows) -> Scheme:
    """Subjects with equally many rows change places whole, row for row in the order given.

    Exact when subjects are independent and those with equally many rows alike in
    distribution, whatever happens inside a subject: a fixed order of tasks, drift, fatigue.
    Breaks when how many rows a subject has goes with both sides. Subjects whose number of
    rows nobody else has stay put, and so do rows without a subject; with few subjects
    little power is left.
    """
    faults: list[Fault] = []
    kinds, sizes = np.unique(rows.subjects[rows.subjects != ""], return_counts=True)
    if not len(kinds):
        faults = _movable(rows.subjects, "a subject", "by whole subjects", FREE)
    elif len(np.unique(sizes)) == len(sizes):
        faults = [
            _fault(
                "by whole subjects",
                "no two subjects have equally many rows",
                "at least two subjects with the same number of rows",
                'choose the null "within-subject" or "subject-flips"',
            )
        ]
    InputError.raise_any(faults)
    owner = _staying(rows.subjects)
    alone = np.where(rows.subjects == "", owner + 1, 0)
    return Scheme.of_groups(owner, alone)


def within_emotion(rows: Rows) -> Scheme:
    """Rows change places with rows of the same emotion; ranks are residualised beforehand.

    For residuals of the ranks on subject and emotion, so that neither what filters know of
    identity nor people's habits can pass for an action unit. Valid as the number of subjects
    grows if residuals scatter alike in those who vary in the unit and those who do not; where
    expressive people stand among others in whom nothing moves, p-values are too small
    however many people there are: `stats.deflation` takes them back. On raw ranks it would
    be wrong in general. Emotions that are mixtures ("other") let emotion leak through.
    """
    told = (rows.emotions != "") & (rows.subjects != "")
    emotions, subjects = (np.where(told, names, "") for names in (rows.emotions, rows.subjects))
    faults = [
        *_frames(rows),
        *_movable(emotions, "an emotion", "within emotions", MARGINAL),
        *_movable(subjects, "a subject", "within emotions", "give the subject of each face"),
    ]
    InputError.raise_any(faults)
    return Scheme.of_blocks(_staying(emotions))


def within_subject_and_emotion(rows: Rows) -> Scheme:
    """Rows change places with rows of the same subject and the same emotion.

    Exact when sequences of one person with one emotion are exchangeable on one side. Only
    twins move, so that little power is left.
    """
    told = (rows.emotions != "") & (rows.subjects != "")
    both = joint(numbered(rows.subjects), numbered(rows.emotions)).astype(np.str_)
    cells = np.where(told, both, "")
    faults = [
        *_frames(rows),
        *_movable(cells, "a subject and emotion", "within subjects and emotions", RESIDUAL),
    ]
    InputError.raise_any(faults)
    return Scheme.of_blocks(_staying(cells))


def time_courses(rows: Rows) -> Scheme:
    """Rows are frames; takes of one subject and one length change places whole.

    For labels that change inside a take. Frame p of a take gets the labels of frame p of
    the other, so that trends stay aligned in time. Exact when the takes of a subject are
    exchangeable on one side. Frames are in the order given; frames without a subject or a
    take, and takes whose length no other take of the subject has, stay put.
    """
    told = (rows.takes != "") & (rows.subjects != "")
    take = np.where(told, joint(numbered(rows.subjects), numbered(rows.takes)).astype(str), "")
    group = _staying(take)
    scheme = Scheme.of_groups(group, _staying(np.where(told, rows.subjects, "")))
    faults = []
    if not told.any():
        faults = [
            _fault(
                "by whole time courses",
                "no row is a frame of a known take of a known subject",
                "the subject and the take of each frame",
                'choose the null "within-subject" where a row is a whole sequence',
            )
        ]
    elif groups_in_strata(scheme)[0].max(initial=0) < 2:
        faults = [
            _fault(
                "by whole time courses",
                "no subject has two takes of one length",
                "two or more takes of a subject with equally many frames",
                "cut takes to the shorter one or sample them at equal phases, "
                'or choose the null "subject-flips"',
            )
        ]
    InputError.raise_any(faults)
    return scheme


def subject_flips(rows: Rows) -> Scheme:
    """No shuffles: the sign of each subject's score is turned (`stats.flips`).

    Valid as the number of subjects grows, for scores that are symmetric under the null; it
    allows unequal takes, labels that change inside takes and nuisance covariates (Hemerik,
    Goeman & Finos 2020). Conservative where few subjects show an action unit.
    """
    raise InputError(
        Fault(
            'the null "subject-flips" moves no rows',
            where=f"{len(rows)} rows",
            expected="a null that shuffles labels",
            do="turn the signs of the subjects' scores with stats.flips.flip_tail",
        )
    )


FREE: Final = (
    'give the subject of each face, or choose the null "free" if every face is independent '
    "of the others"
)
MARGINAL: Final = 'give the emotion of each face, or choose the null "within-subject"'
RESIDUAL: Final = 'choose the null "within-emotion"'

NULLS: Final[Mapping[str, Null]] = {
    null.name: null
    for null in (
        Null(
            "within-subject",
            "the rows of a subject are exchangeable, in the activation or in the labels",
            within_subject,
        ),
        Null("free", "all rows are independent of each other", free),
        Null(
            "whole-subject",
            "subjects are independent, and those with equally many rows are exchangeable",
            whole_subject,
        ),
        Null(
            "within-emotion",
            "rows of an emotion are exchangeable once subject and emotion are taken out of the "
            "ranks; approximate, better with more subjects, and deflated where people differ in "
            "spread",
            within_emotion,
            claim="beyond-emotion",
            residual=("subject", "emotion"),
            known=("subject", "emotion"),
        ),
        Null(
            "within-subject-and-emotion",
            "the rows of a subject with one emotion are exchangeable, in the activation or in "
            "the labels",
            within_subject_and_emotion,
            claim="beyond-emotion",
            known=("subject", "emotion"),
        ),
        Null(
            "time-courses",
            "the takes of a subject that are equally long are exchangeable, in the activation "
            "or in the labels",
            time_courses,
        ),
        Null(
            "subject-flips",
            "subjects are independent, and their scores symmetric about 0; approximate, better "
            "with more subjects",
            subject_flips,
            known=("subject",),
            shuffles=False,
        ),
    )
}


def null_named(name: str) -> Null:
    """The null of this name; InputError with the known names when there is none."""
    if name not in NULLS:
        raise InputError(Fault("unknown null", expected=" or ".join(NULLS), got=repr(name)))
    return NULLS[name]


def _staying(names: Names) -> Positions:
    """A number for each name, and one of its own for each row without a name."""
    place = numbered(names)
    unknown = names == ""
    place[unknown] = len(names) + np.arange(int(unknown.sum()))
    return place


def _movable(names: Names, kind: str, how: str, way_out: str) -> list[Fault]:
    """A fault when no name is known, or no two rows share one."""
    counts = np.unique(names[names != ""], return_counts=True)[1]
    if not len(counts):
        return [_fault(how, f"no row has {kind}", f"{kind} for each face", way_out)]
    if counts.max() < 2:
        what = f"no {kind.partition(' ')[2]} has two rows"
        return [_fault(how, what, f"several sequences of {kind}", way_out)]
    return []


def _frames(rows: Rows) -> list[Fault]:
    """A fault when rows are frames of takes, which are no observations by themselves."""
    counts = np.unique(rows.takes[rows.takes != ""], return_counts=True)[1]
    if counts.max(initial=0) < 2:
        return []
    return [
        _fault(
            "one by one",
            "rows are frames, and frames of a take are not independent",
            "one row for each sequence, whose labels do not change inside it",
            'choose the null "time-courses" or "subject-flips", or take the apex of each sequence',
        )
    ]


def _fault(how: str, what: str, expected: str, do: str) -> Fault:
    return Fault(f"labels cannot be shuffled {how}: {what}", expected=expected, do=do)
