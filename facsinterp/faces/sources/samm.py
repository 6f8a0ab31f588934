"""SAMM: spontaneous micro-movements of 32 people at 200 frames a second, coded by FACS.

A sheet with a preamble of thirteen rows codes 159 clips: onset, apex and offset, action units with
sides and intensities, an emotion and an objective class. The frames lie in a folder a person and a
folder a clip, whole or cropped to the face.

Davison, Lansley, Costen, Tan and Yap: SAMM: A Spontaneous Micro-Facial Movement Dataset, IEEE
Transactions on Affective Computing 9(1), 2018.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.clips import (
    COLUMNS,
    Clip,
    Taken,
    face_table,
    joined,
    named_once,
    read_clip,
    require_frames,
    trusted,
)
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.objective import HEADERS, objective_class
from facsinterp.faces.sources.reading.patches import Patches
from facsinterp.faces.sources.reading.sheets import SheetRow, find_sheet, spreadsheets
from facsinterp.faces.sources.reading.trees import (
    children,
    frames_below,
    inner,
    keyed,
    name_key,
    not_this,
    same_name,
)
from facsinterp.faces.table import FaceTable

Version = Literal["cropped", "full"]

_TITLE: Final = "SAMM"
_TREES: Final[Mapping[Version, tuple[str, ...]]] = {
    "cropped": ("SAMM_CROP", "SAMM_Cropped", "SAMM/SAMM_CROP", "SAMM/SAMM_Cropped"),
    "full": ("SAMM",),
}
_COLUMNS: Final[Mapping[str, Sequence[str]]] = {**COLUMNS, "class": HEADERS, "type": ()}
_FRAME: Final = re.compile(r"(?:\d+_)*(?P<frame>\d+)", re.ASCII)
_CLIP: Final = re.compile(r"(?P<subject>\d{1,3})_\d+_\d+", re.ASCII)
_SUBJECT: Final = re.compile(r"\d{3}", re.ASCII)
_EXAMPLE: Final = "SAMM/006/006_1_2/006_05562.jpg"
_SHEET: Final = "a coding sheet such as SAMM_Micro_FACS_Codes_v2.xlsx"
_LONG: Final = "long"
"""In the names of the sheets and folders of SAMM Long Videos, another data set."""

PUBLISHED: Final[Mapping[str, int]] = {
    "rows": 159,
    "clips": 159,
    "subjects": 29,
    "anger": 57,
    "others": 26,
    "happy": 26,
    "surprise": 15,
    "contempt": 12,
    "disgust": 9,
    "fear": 8,
    "sadness": 6,
}
PUBLISHED_OBJECTIVE: Final[Mapping[str, int]] = {"rows": 159, "clips": 159, "subjects": 29}
_TERMS: Final = (
    "Given on request to researchers who agree to its owners' terms; not to be passed on. No "
    "list of people who may be shown is known here: your agreement decides."
)
PATCHES: Final = Patches(
    "the corrections for SAMM in tvaranka/meb, at f731b0a",
    rows=159,
    no_apex=frozenset({125, 132, 133}),
    apex={125: 1105, 132: 4945, 133: 5130},
    offset={56: 5739},
)
"""The five code strings with "or" that meb replaced are not among them: what it put in their
place is not known here. Their doubtful units stay not coded."""


class SammOptions(SourceOptions):
    """Which pictures and frames of each clip are taken, which labels, and who may be shown."""

    version: Version | None = None
    """The tree of pictures; when left out the one that is there, cropped before full."""
    labels: Literal["estimated", "objective"] = "estimated"
    """What a clip's expression is: the emotion estimated by its coders, or its objective class."""
    frames: Taken = "onset+apex+offset"
    """Which frames of each clip become faces."""
    inherit: bool = False
    """Whether all frames from onset to offset count as coded like the apex. Two hundred a second
    are near copies of each other, and the first and the last of them hardly show the units."""
    patches: bool = False
    """Whether frame numbers that others found wrong are corrected; see `PATCHES`."""
    showable: Showable = "licence"
    """Who may be shown: nobody, unless a licence file of the folder's own or you say "all"."""


def _read(folder: Path | None, options: SammOptions) -> FaceTable:
    """The frames of every clip, with the codes of the apex; DataError when nothing can be used."""
    root = existing_folder(folder, _TITLE)
    notes = Notes()
    version, top = _tree(root, options.version)
    sheet, rows = _sheet(root, top, notes)
    numbered = [_clip(row, options, notes) for row in rows]
    if options.patches:
        numbered = PATCHES.applied(numbered, notes)
    clips = named_once((clip for clip in numbered if clip.name), _clip_key, notes)
    if not clips:
        raise _other_sheet(sheet, rows)
    clips = [trusted(clip, notes) for clip in clips]
    folders = keyed(frames_below(root, top, _FRAME, notes), lambda parts: _key(parts[-1:]), notes)
    keys = [_clip_key(clip) for clip in clips]
    clips = joined(clips, keys, folders, notes, loosely=lambda key: key)
    require_frames(_TITLE, root, clips, _EXAMPLE)
    estimated = options.labels == "estimated"
    where = top.relative_to(root).as_posix()
    return face_table(
        clips,
        options.frames,
        inherit=options.inherit,
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes),
        layout=f"{version} frames in {where}, coded in {sheet.name}",
        published=PUBLISHED if estimated else PUBLISHED_OBJECTIVE,
        notes=notes,
    )


def _clip_key(clip: Clip) -> tuple[str | int, ...]:
    return name_key(clip.name)


def _key(last: tuple[str, ...]) -> tuple[str | int, ...] | None:
    """The key of a clip's folder, by its name alone: it begins with the subject's number."""
    return name_key(last[0]) if last and _CLIP.fullmatch(last[0]) else None


def _tree(root: Path, asked: Version | None) -> tuple[Version, Path]:
    """The tree of pictures that is asked for, or the first that is there."""
    there = {version: top for version in _TREES if (top := inner(root, *_TREES[version]))}
    if not there and any(_SUBJECT.fullmatch(e.name) and e.is_dir() for e in children(root)):
        # The folder of frames itself was named, by the name that tells its version.
        cropped = any(same_name(root.resolve().name, name) for name in _TREES["cropped"])
        there = {"cropped" if cropped else "full": root}
    for version, top in there.items():
        if asked in (None, version):
            return version, top
    if there:
        raise DataError(
            Fault(
                f"SAMM is not here as {asked} frames",
                where=str(root),
                expected=f"a folder {' or '.join(_TREES[asked])}" if asked else "",
                got=", ".join(f"{top.name} ({version})" for version, top in there.items()),
                do="leave version out, or unpack the frames that it asks for",
            )
        )
    if long := [path.name for path in children(root) if _LONG in path.name.casefold()]:
        raise _long_videos(root, ", ".join(long))
    raise not_this(_TITLE, root, f"{_SHEET} and frames such as {_EXAMPLE}")


def _sheet(root: Path, top: Path, notes: Notes) -> tuple[Path, tuple[SheetRow, ...]]:
    """The coding sheet and its rows; it lies beside the frames, or among their folders."""
    found = [path for folder in dict.fromkeys((root, top)) for path in spreadsheets(folder)]
    candidates = [path for path in found if _LONG not in path.name.casefold()]
    if not candidates:
        if found:
            raise _long_videos(root, ", ".join(path.name for path in found))
        raise not_this(_TITLE, root, _SHEET, do="put the coding sheet beside the frames")
    optional = ("class", "emotion", "type")
    sheet, rows = find_sheet(_TITLE, candidates, _COLUMNS, notes, optional=optional)
    if any(row.text("type").casefold().startswith("macro") for row in rows):
        raise _long_videos(root, f"{sheet.name}, which codes macro-movements")
    return sheet, rows


def _clip(row: SheetRow, options: SammOptions, notes: Notes) -> Clip:
    """The clip of a row; one without a name when the row names none of SAMM."""
    filename = row.text("filename")
    named = _CLIP.fullmatch(filename)
    if not named:
        told = f"{row.text('subject')} {filename}".strip() or "no subject, no filename"
        notes.skip(f"row {row.line} of the sheet", f"it names no clip of SAMM: {told}")
        return Clip("", "", row.line)
    subject = f"{int(named['subject']):03d}"
    if row.text("subject").lstrip("0") != subject.lstrip("0"):
        notes.note(
            "rows whose subject is not that of their clip (the clip's is taken)",
            f"row {row.line}: {row.text('subject')}, {filename}",
        )
    clip = read_clip(row, subject, filename, notes)
    if options.labels == "objective":
        return replace(clip, expression=objective_class(row.text("class")))
    return clip


def _long_videos(root: Path, got: str) -> DataError:
    return DataError(
        Fault(
            "this is SAMM Long Videos, another data set",
            where=str(root),
            expected=f"{_SHEET} and frames such as {_EXAMPLE}",
            got=got,
            do="name the folder of SAMM's micro-expression clips",
        )
    )


def _other_sheet(sheet: Path, rows: Sequence[SheetRow]) -> DataError:
    first = f"{rows[0].text('subject')} {rows[0].text('filename')}" if rows else "no rows"
    return DataError(
        Fault(
            "this sheet codes the clips of another data set",
            where=sheet.name,
            expected="subjects and clips such as 006 006_1_2",
            got=first,
            do=f"put {_SHEET} there",
        )
    )


def _pictures(folder: Path | None, _options: SammOptions) -> FilePictures:
    return FilePictures(existing_folder(folder, _TITLE))


SOURCE: Final = Source(
    name="samm",
    title="SAMM",
    folders=("SAMM", "samm"),
    Options=SammOptions,
    read=_read,
    pictures=_pictures,
)
