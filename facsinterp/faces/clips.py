"""Sequences as clips: frames in order, where a movement begins, peaks and ends, one length for all.

A clip is a sequence of a face table. Onset, apex and offset are frame numbers as the coders
gave them; frames may be missing in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.table import CLIP, FaceTable

Interpolation = Literal["linear", "tim"]
INTERPOLATIONS: Final[tuple[Interpolation, ...]] = ("linear", "tim")

_NEUTRAL: Final = "neutral"


@dataclass(frozen=True, eq=False)
class Clip:
    """One sequence of a face table: `rows` of the table and their frame numbers, ascending.

    `onset`, `apex` and `offset` are frame numbers, None where not known. `expression` is
    what its frames show beside neutral; "" where they are not labelled, or not as one.
    """

    name: str
    subject: str
    expression: str
    rows: NDArray[np.int64]
    frames: NDArray[np.int64]
    onset: int | None = None
    apex: int | None = None
    offset: int | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def moving(self) -> NDArray[np.int64]:
        """Rows from onset to offset; from the first or to the last frame where one is unknown."""
        inside = np.ones(len(self), dtype=bool)
        if self.onset is not None:
            inside &= self.frames >= self.onset
        if self.offset is not None:
            inside &= self.frames <= self.offset
        return self.rows[inside]

    def at(self, frame: int | None) -> int | None:
        """The row of a frame number; None where it is unknown or the frame is missing."""
        found = np.flatnonzero(self.frames == frame) if frame is not None else np.empty(0)
        return int(self.rows[found[0]]) if found.size else None


def clips(faces: FaceTable) -> tuple[Clip, ...]:
    """The sequences of a face table as clips, by name; faces without a sequence are in none.

    Raises DataError when a frame number stands twice in a sequence, or its rows differ in
    onset, apex or offset: then nothing says in which order they were taken.
    """
    sequence = faces.column("sequence")
    frame = np.asarray(faces.data["frame"].values, dtype=np.int64)
    order = np.lexsort((frame, sequence))
    order = order[sequence[order] != ""]
    starts = np.flatnonzero(np.r_[True, sequence[order][1:] != sequence[order][:-1]])
    groups = np.split(order, starts[1:]) if order.size else []
    marks = _marks(faces)
    DataError.raise_any(list(_faults(groups, sequence, frame, marks)))
    subject, expression = faces.column("subject"), faces.column("expression")
    return tuple(
        Clip(
            str(sequence[rows[0]]),
            str(subject[rows[0]]),
            _shown(expression[rows]),
            rows,
            frame[rows],
            *(None if mark < 0 else int(mark) for mark in marks[rows[0]]),
        )
        for rows in groups
    )


def _marks(faces: FaceTable) -> NDArray[np.int64]:
    """(image, 3): onset, apex and offset, -1 where not known."""
    columns = [
        np.asarray(faces.data[name].values, dtype=np.int64)
        if name in faces.data
        else np.full(len(faces), -1, dtype=np.int64)
        for name in CLIP
    ]
    return np.stack(columns, axis=1)


def _faults(
    groups: list[NDArray[np.int64]],
    sequence: NDArray[np.str_],
    frame: NDArray[np.int64],
    marks: NDArray[np.int64],
) -> Iterator[Fault]:
    """Sequences whose frames have no order, or no one onset, apex and offset."""
    for rows in groups:
        name = str(sequence[rows[0]])
        again = np.flatnonzero(np.diff(frame[rows]) == 0)
        if again.size:
            yield Fault(
                "a frame number stands twice in a sequence",
                where=f"sequence {name}",
                expected="each frame once",
                got=f"frame {frame[rows][again[0]]}",
            )
        if (marks[rows] != marks[rows[0]]).any():
            yield Fault(
                "the frames of a sequence name different onsets, apexes or offsets",
                where=f"sequence {name}",
                expected="one onset, one apex and one offset a sequence",
                got=", ".join(map(str, np.unique(marks[rows], axis=0).tolist())),
            )


def _shown(labels: NDArray[np.str_]) -> str:
    """What a sequence shows: its one label beside neutral, or neutral if there is no other."""
    shown = set(labels.tolist()) - {""}
    beside = sorted(shown - {_NEUTRAL})
    if len(beside) > 1:
        return ""
    return beside[0] if beside else _NEUTRAL if shown else ""


def resampled(
    frames: NDArray[np.generic], length: int, method: Interpolation = "tim"
) -> NDArray[np.float32]:
    """A clip at another length, first and last frame kept: (length, ...) from (frame, ...).

    "linear" mixes the two frames around each moment. "tim" is the temporal interpolation
    model of Zhou, Zhao and Pietikäinen (2011, Towards a practical lipreading system, CVPR):
    all frames lie on one smooth curve, read at equal steps; it may leave the range of the
    frames by a little.
    Frames count as equally far apart. Raises ValueError without frames or for a length
    below 1.
    """
    given = np.asarray(frames, dtype=np.float32)
    matrix = weights(len(given), length, method).astype(np.float32)
    flat = matrix @ given.reshape(len(given), -1)
    return np.asarray(flat.reshape(length, *given.shape[1:]), dtype=np.float32)


def weights(count: int, length: int, method: Interpolation = "tim") -> NDArray[np.float64]:
    """(length, count): how much of each of `count` frames is in each frame of the new length.

    Both methods are linear in the frames. The graph embedding of TIM has the eigenvectors of
    a path, cos(pi k (i - 1/2) / n), which are those of the discrete cosine transform: its
    curve is the cosine series through the frames, so that reading it at the frames' own
    places gives the frames. Raises ValueError for a count or length below 1.
    """
    if count < 1 or length < 1:
        message = f"{amount(count, 'frame')} cannot become {length}; both must be 1 or more"
        raise ValueError(message)
    # A single new frame is the middle one; else the ends stay.
    places = np.linspace(0, count - 1, length) if length > 1 else np.array([(count - 1) / 2])
    if method == "linear":
        own = np.arange(count)
        return np.asarray(np.maximum(0.0, 1 - np.abs(places[:, None] - own)))
    order = np.arange(count)
    at_frames = np.cos(np.pi * order[:, None] * (np.arange(count) + 0.5) / count)
    norms = (at_frames**2).sum(axis=1)
    at_places = np.cos(np.pi * order * (places[:, None] + 0.5) / count)
    return np.asarray((at_places / norms) @ at_frames)
