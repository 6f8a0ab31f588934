"""Clips of micro-expressions: rows of a coding sheet joined to the frames on disk.

A row of such a sheet names a clip, the frames at which its movement begins (onset), is
strongest (apex) and has gone (offset), one code string and one emotion. The codes hold for the
apex; how far each row can be trusted is told in `Notes`, one line a kind of oddity.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeVar

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.codings import code_string, grids, units_named
from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.sheets import SheetRow
from facsinterp.faces.sources.reading.trees import LAST_FRAME, matched
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found, Terms
from facsinterp.facs import UNITS, expression_of, label, parse

K = TypeVar("K", bound=Hashable)

Taken = Literal["onset+apex+offset", "apex", "all"]
"""Which frames of a clip become faces."""

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("Subject No", "Subject ID", "sub"),
    "filename": ("File Name", "Clip"),
    "onset": ("OnsetFrame", "OnsetF"),
    "apex": ("ApexFrame", "ApexF", "ApexFrame1"),
    "offset": ("OffsetFrame", "OffsetF"),
    "codes": ("Action Units", "Action Unit", "AUs", "AU"),
    "emotion": ("Estimated Emotion", "Emotions"),
}
"""The columns that coding sheets have in common, and the headers that they go by."""

KEY_FRAMES: Final = ("onset", "apex", "offset")


@dataclass(frozen=True)
class Clip:
    """One coded movement. Frame numbers are those of the sheet; -1 means not known."""

    subject: str
    name: str
    """Unique over subjects: `sub01_EP02_01f`. The sequence of the face table."""
    line: int
    """Where its row stands in the sheet."""
    onset: int = -1
    apex: int = -1
    offset: int = -1
    codes: str = ""
    expression: str = ""
    frames: Mapping[int, str] = field(default_factory=dict)
    """Frames on disk: number -> path relative to the data set's folder."""

    def taken(self, which: Taken) -> list[int]:
        """Numbers of its frames on disk that are asked for, ascending."""
        wanted = {"onset+apex+offset": {self.onset, self.apex, self.offset}, "apex": {self.apex}}
        return sorted(n for n in self.frames if which == "all" or n in wanted[which])

    def moves_at(self, frame: int) -> bool:
        """Whether a frame lies within the movement, as far as its ends are known."""
        known = [number for number in (self.onset, self.apex, self.offset) if number >= 0]
        return bool(known) and known[0] <= frame <= known[-1]

    def coded_at(self, frame: int, *, inherit: bool) -> bool:
        """Whether the codes hold for a frame: the apex, or all of the movement if inherited."""
        return self.apex >= 0 and (frame == self.apex or (inherit and self.moves_at(frame)))

    def phase(self, frame: int) -> str:
        """`onset` up to the apex, `apex`, `offset` after it; "" outside or where not known."""
        if frame == self.apex:
            return "apex"
        if not self.moves_at(frame):
            return ""
        if self.apex < 0:
            return {self.onset: "onset", self.offset: "offset"}.get(frame, "")
        return "onset" if frame < self.apex else "offset"


def read_clip(row: SheetRow, subject: str, name: str, notes: Notes) -> Clip:
    """The clip of a row, from its columns onset, apex, offset, codes and emotion as they stand.

    What is no frame number is not known. `trusted` looks at what the numbers say together.
    """
    onset, apex, offset = (_frame(row, column, name, notes) for column in KEY_FRAMES)
    expression = emotion(row.text("emotion"))
    return Clip(subject, name, row.line, onset, apex, offset, row.text("codes"), expression)


def _frame(row: SheetRow, column: str, name: str, notes: Notes) -> int:
    try:
        value = row.integer(column)
    except UnreadableFile:
        value = LAST_FRAME + 1
    if value is not None and value > LAST_FRAME:
        notes.note(f"cells of {column} that hold no frame number", f"{name}: {row.text(column)}")
        return -1
    return -1 if value is None else max(value, -1)


def emotion(text: str) -> str:
    """A label as face tables spell it: canonical, else in lower case; "" for none or `/`."""
    plain = " ".join(text.casefold().split())
    if plain in ("", "/", "-", "nan", "none"):
        return ""
    return expression_of(plain) or {"other": "others"}.get(plain, plain)


def trusted(clip: Clip, notes: Notes) -> Clip:
    """The clip without the frame numbers that contradict the others; each kind is noted."""
    if clip.onset < 0:
        notes.note("clips without an onset", clip.name)
    if clip.offset == 0:
        notes.note("clips whose offset is 0, which counts as not known", clip.name)
        clip = replace(clip, offset=-1)
    if 0 <= clip.offset <= clip.onset:
        notes.note("clips whose offset is not after their onset (counts as not known)", clip.name)
        clip = replace(clip, offset=-1)
    if clip.apex < 0:
        notes.note("clips without an apex, so that no frame of theirs is coded", clip.name)
    elif clip.apex <= clip.onset or clip.apex > clip.offset >= 0:
        notes.note(
            "clips whose apex is not between onset and offset (counts as not known, so that no "
            "frame of theirs is coded)",
            clip.name,
        )
        clip = replace(clip, apex=-1)
    return clip


def with_frames(
    clip: Clip, frames: Mapping[int, str], notes: Notes, *, trimmed: bool = True
) -> Clip:
    """The clip with its frames on disk; coded frames that are not there are noted.

    `trimmed`: the folder should hold the movement and nothing else, so that frames before the
    onset or after the offset are noted too.
    """
    for key in KEY_FRAMES:
        number = getattr(clip, key)
        if number >= 0 and number not in frames:
            notes.note(f"clips whose {key} frame is not on disk", f"{clip.name}: {number}")
    if clip.onset >= 0 and clip.offset >= 0:
        inside = sum(clip.onset <= number <= clip.offset for number in frames)
        if inside < clip.offset - clip.onset + 1:
            notes.note("clips with frames missing between onset and offset", clip.name)
        if trimmed and inside < len(frames):
            notes.note("clips with frames before their onset or after their offset", clip.name)
    return replace(clip, frames=dict(frames))


def joined(
    clips: Sequence[Clip],
    keys: Sequence[K],
    folders: Mapping[K, Mapping[int, str]],
    notes: Notes,
    *,
    loosely: Callable[[K], Hashable],
    trimmed: bool = True,
) -> list[Clip]:
    """Every clip with the frames of the folder that has its key, or the only one loosely alike.

    Rows without a folder are skipped, folders without a row noted. `trimmed`: see `with_frames`.
    """
    places = matched(keys, folders, loosely)
    used = set(places.values())
    unused = (frames for place, frames in folders.items() if place not in used)
    firsts = (os.path.dirname(next(iter(frames.values()))) for frames in unused)
    notes.note("folders of frames that no row of the sheet codes", *firsts)
    found = []
    for clip, key in zip(clips, keys, strict=True):
        if key in places:
            found.append(with_frames(clip, folders[places[key]], notes, trimmed=trimmed))
        else:
            notes.skip(clip.name, f"row {clip.line} of the sheet: no frames of this clip are here")
            found.append(clip)
    return found


def named_once(clips: Iterable[Clip], key: Callable[[Clip], Hashable], notes: Notes) -> list[Clip]:
    """Clips without those whose key an earlier row has, which are skipped."""
    kept: dict[Hashable, Clip] = {}
    for clip in clips:
        first = kept.setdefault(key(clip), clip)
        if first is not clip:
            notes.skip(clip.name, f"row {clip.line}: row {first.line} codes a clip of this name")
    return list(kept.values())


def require_frames(title: str, root: Path, clips: Sequence[Clip], expected: str) -> None:
    """Raise DataError when the sheet was read but no clip has frames."""
    if any(clip.frames for clip in clips):
        return
    raise DataError(
        Fault(
            f"no clip of the coding sheet of {title} has frames here",
            where=str(root),
            expected=f"pictures such as {expected}",
            got=f"{len(clips)} rows, the first for {clips[0].name}" if clips else "no rows",
            do="unpack the pictures beside the sheet, under their own names",
        )
    )


def counts(clips: Sequence[Clip], published: Iterable[str]) -> dict[str, int]:
    """Rows, clips with frames, their subjects and images, and clips of each label."""
    shown = [clip for clip in clips if clip.frames]
    labels = Counter(clip.expression for clip in shown if clip.expression)
    found = {
        "rows": len(clips),
        "clips": len(shown),
        "subjects": len({clip.subject for clip in shown}),
        "images on disk": sum(len(clip.frames) for clip in shown),
        "clips with an apex": sum(clip.apex >= 0 for clip in shown),
    }
    return found | {name: labels[name] for name in sorted({*labels, *published} - {*found})}


def face_table(
    clips: Sequence[Clip],
    which: Taken,
    *,
    inherit: bool,
    terms: Terms,
    layout: str,
    published: Mapping[str, int],
    notes: Notes,
) -> FaceTable:
    """The frames asked for of every clip, with the codes of the apex.

    A clip's emotion is that of its frames from onset to offset. Its codes hold for the apex;
    `inherit` lets them hold from onset to offset where the apex is known. Units are those that
    any row of the sheet names; what a code string does not list is absent.
    """
    units = _units(clips, notes)
    taken = [(clip, number) for clip in clips for number in clip.taken(which)]
    number_of = counts(clips, published)
    if not taken:
        raise DataError(_nothing_taken(which, number_of))
    codings = {clip.name: code_string(clip.codes, units) for clip in clips}
    known = [
        codings[clip.name] if clip.coded_at(number, inherit=inherit) else {}
        for clip, number in taken
    ]
    return FaceTable.from_arrays(
        [f"{clip.name}_{number:05d}" for clip, number in taken],
        units,
        **grids(known, units),
        subject=[clip.subject for clip, _ in taken],
        sequence=[clip.name for clip, _ in taken],
        frame=[number for _, number in taken],
        phase=[clip.phase(number) for clip, number in taken],
        expression=[clip.expression if clip.moves_at(n) else "" for clip, n in taken],
        path=[clip.frames[number] for clip, number in taken],
        clip=[(clip.onset, clip.apex, clip.offset) for clip, _ in taken],
        terms=terms,
        found=Found(layout, number_of, published, notes.skipped, notes.warnings),
    )


def _nothing_taken(which: Taken, number_of: Mapping[str, int]) -> Fault:
    return Fault(
        "no frame of those asked for is on disk",
        expected=f"{which} of each clip",
        got=f"{number_of['clips']} clips with {number_of['images on disk']} frames, "
        f"{number_of['clips with an apex']} of them with an apex",
        do='set frames to "all", or compare the names of the frames with the sheet',
    )


def _units(clips: Sequence[Clip], notes: Notes) -> tuple[int, ...]:
    """The units of FACS that any code string names; what cannot be used is noted."""
    for clip in clips:
        reading = parse(clip.codes)
        told = f"{clip.name}: {clip.codes}"
        if reading.unread:
            notes.note("code strings that cannot be read, whose clips are not coded", told)
        elif not (reading.codes or reading.neutral):
            notes.note("clips without codes", clip.name)
        if any(not code.certain for code in reading.codes):
            notes.note("code strings with doubtful units, which are not coded there", told)
    named = units_named(clip.codes for clip in clips)
    for unit in sorted(set(named) - set(UNITS)):
        notes.note("units that are no FACS codes, left out", f"{label(unit)} x {named[unit]}")
    return tuple(sorted(unit for unit in named if unit in UNITS))
