"""SMIC: spontaneous micro-expressions seen by a fast, a usual and a near-infrared camera.

Each clip shows one movement, labelled negative, positive or surprise by its folder. Nobody
coded action units, and no apex is given.

Li, Pfister, Huang, Zhao and Pietikäinen: A Spontaneous Micro-expression Database: Inducement,
Collection and Baseline, Automatic Face and Gesture Recognition 2013.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.clips import Clip, Taken
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import frames_below, inner, not_this, same_name
from facsinterp.faces.table import FaceTable
from facsinterp.faces.terms import Found

PUBLISHED: Final[Mapping[str, int]] = {
    "clips": 164,
    "subjects": 16,
    "negative": 70,
    "positive": 51,
    "surprise": 43,
}
"""Of the fast camera (HS)."""
_EMOTIONS: Final = {"ne": "negative", "po": "positive", "su": "surprise"}
_CLIP: Final = re.compile(r"s0*(\d{1,3})_(ne|po|su)[a-z]*_?0*(\d{1,3})", re.I | re.ASCII)
_SUBJECT: Final = re.compile(r"s0*(\d{1,3})", re.I | re.ASCII)
_FRAME: Final = re.compile(r"(?:.*\D)?(?P<frame>\d{1,9})", re.ASCII | re.DOTALL)
_TERMS: Final = (
    "Academic research under an agreement with the University of Oulu; the pictures may not be "
    "passed on."
)
_OTHER: Final = {"cropped": "raw", "raw": "cropped"}
_SHOWN: Final = 5


class SmicOptions(SourceOptions):
    """Which camera, which version of its pictures and which frames are read."""

    camera: Literal["HS", "VIS", "NIR"] = "HS"
    """The fast camera (100 fps), the usual one or the near-infrared one (25 fps)."""
    pictures: Literal["cropped", "raw"] = "cropped"
    """The faces that the owners cut out and aligned, or the whole pictures."""
    frames: Taken = "all"
    """Which frames of a clip are taken. Onset and offset are its first and its last."""
    apex: Literal["unknown", "middle"] = "unknown"
    """SMIC names no apex. "middle" takes the frame in the middle of a clip for it, as the
    micro-expression benchmarks do: a guess, not a coding."""
    showable: Showable = "licence"
    """Who may be shown: nobody, unless the folder holds an open licence; or everybody, "all"."""


def _read(folder: Path | None, options: SmicOptions) -> FaceTable:
    """The frames of every micro-expression; DataError when nothing can be used."""
    root = existing_folder(folder, "SMIC")
    archive = f"SMIC_all_{options.pictures}"
    title = f"SMIC with its {options.pictures} pictures of the camera {options.camera}"
    looked_for = f"pictures such as {_example(options)}"
    top = inner(inner(root, archive) or root, options.camera)
    if top is None or _is_other_archive(root, options):
        raise not_this(title, root, looked_for, do=_other_archive(root, options))
    notes = Notes()
    folders = frames_below(root, top, _FRAME, notes)
    clips = _clips(folders, options, notes)
    if not clips:
        raise not_this(title, top, looked_for)
    layout = (
        f"{len(clips)} clips, {options.pictures} pictures in {top.relative_to(root).as_posix()}"
    )
    published = PUBLISHED if options.camera == "HS" else {}
    return _table(root, clips, options, Found(layout, _counts(clips), published), notes)


def _example(options: SmicOptions) -> str:
    place = f"SMIC_all_{options.pictures}/{options.camera}"
    if options.pictures == "raw":
        return f"{place}/s01/micro/negative/s01_ne_01/*.bmp"
    return f"{place}/s1/micro/negative/s1_ne_01/reg_*.bmp"


def _other_archive(root: Path, options: SmicOptions) -> str:
    """What to do where only the other version or camera of the pictures is there."""
    other = _OTHER[options.pictures]
    archive = inner(root, f"SMIC_all_{other}/{options.camera}")
    if archive is not None or _is_other_archive(root, options):
        return f'set pictures = "{other}", which is here'
    return ""


def _is_other_archive(root: Path, options: SmicOptions) -> bool:
    """Whether the folder that was named is itself that of the other version of the pictures."""
    return same_name(root.resolve().name, f"SMIC_all_{_OTHER[options.pictures]}")


def _clips(
    folders: Mapping[tuple[str, ...], Mapping[int, str]], options: SmicOptions, notes: Notes
) -> list[Clip]:
    """Every clip of a micro-expression, by name; DataError where names contradict folders."""
    clips: dict[str, Clip] = {}
    faults: list[Fault] = []
    for parts, frames in folders.items():
        place = next(iter(frames.values())).rpartition("/")[0]
        if any(_plain(part) == "nonmicro" for part in parts):
            notes.note("folders without a micro-expression (non_micro), left out", place)
            continue
        named = _CLIP.fullmatch(parts[-1]) if parts else None
        if named is None:
            notes.skip(place, "the folder's name is not that of a clip, such as s1_ne_01")
            continue
        emotion = _EMOTIONS[named[2].lower()]
        faults.extend(_contradictions(parts, emotion, int(named[1]), place))
        subject = f"s{int(named[1]):02d}"
        name = f"{subject}_{named[2].lower()}_{int(named[3]):02d}"
        if name in clips:
            notes.skip(place, f"another folder holds a clip {name}")
            continue
        numbers = sorted(frames)
        apex = numbers[len(numbers) // 2] if options.apex == "middle" else -1
        clips[name] = Clip(
            subject, name, 0, numbers[0], apex, numbers[-1], expression=emotion, frames=frames
        )
        if apex >= 0:
            notes.note("clips whose middle frame is taken for the apex, which nobody coded", name)
        if numbers[-1] - numbers[0] + 1 > len(numbers):
            notes.note("clips with frames missing between their first and last", name)
    DataError.raise_any(faults[:_SHOWN])
    return [clips[name] for name in sorted(clips)]


def _contradictions(
    parts: Sequence[str], emotion: str, subject: int, place: str
) -> Iterator[Fault]:
    """A clip that lies in the folder of another emotion or subject."""
    above = [_plain(part) for part in parts[:-1]]
    said = [part for part in above if part in _EMOTIONS.values()]
    whose = [int(found[1]) for part in above if (found := _SUBJECT.fullmatch(part))]
    if (said and said[-1] != emotion) or (whose and whose[-1] != subject):
        yield Fault(
            "a clip lies in the folder of another emotion or subject",
            where=place,
            expected=f"a clip named {parts[-1]} under s{subject} and {emotion}",
            got="/".join(parts[:-1]),
            do="unpack the pictures again: it cannot be told which name is wrong",
        )


def _plain(name: str) -> str:
    return name.casefold().translate({ord(mark): None for mark in " _-"})


def _counts(clips: Sequence[Clip]) -> dict[str, int]:
    emotions = Counter(clip.expression for clip in clips)
    return {
        "clips": len(clips),
        "subjects": len({clip.subject for clip in clips}),
        "images on disk": sum(len(clip.frames) for clip in clips),
        **{emotion: emotions[emotion] for emotion in _EMOTIONS.values()},
    }


def _table(
    root: Path, clips: Sequence[Clip], options: SmicOptions, found: Found, notes: Notes
) -> FaceTable:
    """The frames asked for of every clip. There are no units: nobody coded any."""
    taken = [(clip, number) for clip in clips for number in clip.taken(options.frames)]
    if not taken:
        raise DataError(
            Fault(
                "no frame of SMIC is taken",
                expected='an apex, which SMIC does not name: apex = "middle"',
                got=f'frames = "{options.frames}", apex = "{options.apex}"',
            )
        )
    return FaceTable.from_arrays(
        [f"{clip.name}_{number:05d}" for clip, number in taken],
        (),
        np.zeros((len(taken), 0), dtype=bool),
        subject=[clip.subject for clip, _ in taken],
        sequence=[clip.name for clip, _ in taken],
        frame=[number for _, number in taken],
        phase=[clip.phase(number) for clip, number in taken],
        expression=[clip.expression for clip, _ in taken],
        path=[clip.frames[number] for clip, number in taken],
        clip=[(clip.onset, clip.apex, clip.offset) for clip, _ in taken],
        terms=terms_of(root, "SMIC", _TERMS, options.showable, notes),
        found=Found(found.layout, found.counts, found.expected, notes.skipped, notes.warnings),
    )


def _pictures(folder: Path | None, _options: SmicOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, "SMIC"))


SOURCE: Final = Source(
    name="smic",
    title="SMIC",
    folders=("SMIC", "smic"),
    Options=SmicOptions,
    read=_read,
    pictures=_pictures,
)
