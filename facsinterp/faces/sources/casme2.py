"""CASME II: spontaneous micro-expressions at 200 frames a second, coded at their apex.

A coding sheet names 255 clips of 26 people with onset, apex and offset, action units and
emotion; the frames lie in up to three trees: whole videos, the frames selected from them, and
faces cropped from these. Labels are always the sheet's, whatever folders the frames lie in.

Yan, Li, Wang, Zhao, Liu, Chen and Fu: CASME II: An Improved Spontaneous Micro-Expression Database
and the Baseline Evaluation, PLoS ONE 9(1), 2014.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from facsinterp.errors import DataError, Fault, NotThisError
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
from facsinterp.faces.sources.reading.objective import classes_of, objective_classes
from facsinterp.faces.sources.reading.patches import Patches
from facsinterp.faces.sources.reading.sheets import SheetRow, find_sheet, spreadsheets
from facsinterp.faces.sources.reading.trees import (
    children,
    class_folders,
    frames_below,
    inner,
    keyed,
    name_key,
    not_this,
)
from facsinterp.faces.table import FaceTable

Version = Literal["cropped", "selected", "raw"]

_TITLE: Final = "CASME II"
_TREES: Final[Mapping[Version, tuple[str, ...]]] = {
    "cropped": ("Cropped", "CASME2_Cropped", "Cropped-updated/Cropped", "Cropped-updated"),
    "selected": ("CASME2_RAW_selected", "RAW_selected", "selected"),
    "raw": ("CASME2_RAW/CASME2-RAW", "CASME2-RAW", "CASME2_RAW", "RAW"),
}
_FRAME: Final = re.compile(r"(?:reg_?)?(?:img|image)?_?(?P<frame>\d+)", re.IGNORECASE | re.ASCII)
_TIM: Final = re.compile(r"(?i:casme[ _-]?(?:2|ii)).*TIM_?\d+", re.ASCII)
"""Names of folders such as CASME2_TIM10: clips brought to ten frames each."""
_SUBJECT: Final = re.compile(r"(?:sub(?:ject)?|s)?[ _-]*0*(?P<number>\d+)", re.IGNORECASE)
_EXAMPLE: Final = "Cropped/sub01/EP02_01f/reg_img46.jpg"
_SHEET: Final = "a coding sheet such as CASME2-coding-20140508.xlsx"

PUBLISHED: Final[Mapping[str, int]] = {
    "rows": 255,
    "clips": 255,
    "subjects": 26,
    "others": 99,
    "disgust": 63,
    "happy": 32,
    "repression": 27,
    "surprise": 25,
    "sadness": 7,
    "fear": 2,
}
PUBLISHED_OBJECTIVE: Final[Mapping[str, int]] = {
    "rows": 255,
    "clips": 255,
    "subjects": 26,
    **{f"class {i}": n for i, n in enumerate((25, 15, 99, 26, 20, 1, 69), start=1)},
}
HIDDEN: Final = frozenset({"sub12", "sub22"})
"""The two people whose faces the agreement forbids to show."""
_TERMS: Final = (
    "Academic research only, under the agreement signed for CASME II; not to be passed on. "
    "Faces of sub12 and sub22 may not be shown."
)
PATCHES: Final = Patches(
    "the corrections for CASME II in tvaranka/meb, at f731b0a",
    rows=255,
    no_apex=frozenset(
        {29, 35, 43, 45, 51, 53, 60, 117, 118, 126, 136, 147, 155, 168, 170, 177, 202, 203}
        | {234, 237, 238}
    ),
    offset={60: 91},
)
"""The apices that meb put in are not among them: they were estimated, and are not known here."""


class Casme2Options(SourceOptions):
    """Which pictures and frames of each clip are taken, which labels, and who may be shown."""

    version: Version | None = None
    """The tree of pictures; when left out the one that is there, cropped before selected, raw."""
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
    """Who may be shown: everybody but sub12 and sub22; a licence file of the folder's own may
    say otherwise."""


def _read(folder: Path | None, options: Casme2Options) -> FaceTable:
    """The frames of every clip, with the codes of the apex; DataError when nothing can be used."""
    root = existing_folder(folder, _TITLE)
    notes = Notes()
    base = root if spreadsheets(root) else inner(root, "CASME2", "CASMEII", "CASME_II") or root
    version, top = _tree(base, options.version, notes)
    sheet, rows = _sheet(root, base, notes)
    numbered = [_clip(row, notes) for row in rows]
    if options.patches:
        numbered = PATCHES.applied(numbered, notes)
    clips = named_once((clip for clip in numbered if clip.name), _clip_key, notes)
    if not clips:
        raise _other_sheet(sheet, rows)
    clips = [trusted(clip, notes) for clip in clips]
    published = PUBLISHED
    if options.labels == "objective":
        published = PUBLISHED_OBJECTIVE
        keys = [_clip_key(clip) for clip in clips]
        classes = objective_classes(_TITLE, base, _key, notes)
        names = classes_of(keys, [clip.name for clip in clips], classes, _loosely, notes)
        clips = [replace(clip, expression=name) for clip, name in zip(clips, names, strict=True)]
    folders = keyed(frames_below(root, top, _FRAME, notes), _folder_key, notes)
    keys = [_clip_key(clip) for clip in clips]
    clips = joined(clips, keys, folders, notes, loosely=_loosely, trimmed=version != "raw")
    if not any(clip.frames for clip in clips) and (named := class_folders(top)):
        raise _sorted_by_others(root, named)
    require_frames(_TITLE, root, clips, _EXAMPLE)
    return face_table(
        clips,
        options.frames,
        inherit=options.inherit,
        terms=terms_of(root, _TITLE, _TERMS, options.showable, notes, showable=None, hidden=HIDDEN),
        layout=f"{version} frames in {top.relative_to(root).as_posix()}, coded in {sheet.name}",
        published=published,
        notes=notes,
    )


def _tree(base: Path, asked: Version | None, notes: Notes) -> tuple[Version, Path]:
    """The tree of pictures that is asked for, or the first that is there."""
    there = {version: top for version in _TREES if (top := inner(base, *_TREES[version]))}
    resampled = [path.name for path in (base, *children(base)) if _TIM.search(path.name)]
    for version, top in there.items():
        if asked in (None, version):
            notes.note("folders of clips resampled in time (TIM), not read", *resampled)
            return version, top
    if there:
        raise DataError(
            Fault(
                f"CASME II is not here as {asked} frames",
                where=str(base),
                expected=f"a folder {' or '.join(_TREES[asked])}" if asked else "",
                got=", ".join(f"{top.name} ({version})" for version, top in there.items()),
                do="leave version out, or unpack the frames that it asks for",
            )
        )
    if named := class_folders(base):
        raise _sorted_by_others(base, named)
    if resampled:
        raise _resampled(base, resampled)
    raise not_this(_TITLE, base, (f"{_SHEET} and frames such as {_EXAMPLE}",))


def _sheet(root: Path, base: Path, notes: Notes) -> tuple[Path, tuple[SheetRow, ...]]:
    """The coding sheet and its rows."""
    candidates = [path for path in spreadsheets(base) if "objective" not in path.name.casefold()]
    if not candidates:
        raise not_this(_TITLE, root, _SHEET, do="put the coding sheet beside the folders of frames")
    # One named like the official sheet goes before what else may lie there.
    candidates.sort(key=lambda path: "cod" not in path.name.casefold())
    return find_sheet(_TITLE, candidates, COLUMNS, notes)


def _clip(row: SheetRow, notes: Notes) -> Clip:
    """The clip of a row; one without a name when the row names none of CASME II."""
    key = _key(row.text("subject"), row.text("filename"))
    if key is None:
        named = f"{row.text('subject')} {row.text('filename')}".strip() or "no subject, no filename"
        notes.skip(f"row {row.line} of the sheet", f"it names no clip of CASME II: {named}")
        return Clip("", "", row.line)
    subject = f"sub{key[0]:02d}"
    return read_clip(row, subject, f"{subject}_{row.text('filename')}", notes)


_Key = tuple[int, tuple[str | int, ...]]


def _key(subject: str, filename: str) -> _Key | None:
    """A clip's subject and name however they are spelt: ("01", "EP02_01f"), ("sub01", "ep2_1f")."""
    number, name = _SUBJECT.fullmatch(subject), name_key(filename)
    if number is None or len(name) < 2 or name[0] != "ep":
        return None
    return int(number["number"]), name


def _clip_key(clip: Clip) -> _Key:
    return int(clip.subject.removeprefix("sub")), name_key(clip.name.partition("_")[2])


def _folder_key(parts: tuple[str, ...]) -> _Key | None:
    return _key(*parts[-2:]) if len(parts) > 1 else None


def _loosely(key: _Key) -> _Key:
    """A key without the f or s at its end, which some tables and folders leave out."""
    number, name = key
    return number, name[:-1] if name[-1] in ("f", "s") else name


def _sorted_by_others(root: Path, named: Sequence[str]) -> DataError:
    return DataError(
        Fault(
            "these clips were sorted into folders by class, by somebody else",
            where=str(root),
            expected=f"{_SHEET} and frames such as {_EXAMPLE}",
            got=f"folders {', '.join(named)}",
            do="use the data set as its owners give it: such folders disagree with its sheet",
        )
    )


def _resampled(base: Path, names: Sequence[str]) -> NotThisError:
    return NotThisError(
        Fault(
            "these clips were resampled in time (TIM): the frames that were coded are not there",
            where=str(base),
            expected=f"frames under their own numbers, such as {_EXAMPLE}",
            got=", ".join(names),
            do="unpack Cropped or CASME2_RAW_selected, which hold the frames as they were filmed",
        )
    )


def _other_sheet(sheet: Path, rows: Sequence[SheetRow]) -> DataError:
    first = " ".join((rows[0].text("subject"), rows[0].text("filename"))) if rows else "no rows"
    return DataError(
        Fault(
            "this sheet codes the clips of another data set",
            where=sheet.name,
            expected="subjects and clips such as 1 EP02_01f",
            got=first,
            do=f"put {_SHEET} there",
        )
    )


def _pictures(folder: Path | None, _options: Casme2Options) -> FilePictures:
    return FilePictures(existing_folder(folder, _TITLE))


SOURCE: Final = Source(
    name="casme2",
    title="CASME II",
    folders=("CASME2", "CASMEII", "CASME II", "casme2", "CASME_II"),
    Options=Casme2Options,
    read=_read,
    pictures=_pictures,
)
