"""CAS(ME)^3, Part A: micro-expressions within long videos, coded at their apex.

The owners' sheet names 860 micro-expressions by subject, file and frame numbers; the frames
of each file lie in one folder, thousands of which no row speaks of. The sheets of Part A and
Part C can be read without any pictures by `read_annotations`.

Li, Dong, Lu, Wang, Yan, Ma, Liu, Huang and Fu: CAS(ME)3: A Third Generation Facial Spontaneous
Micro-Expression Database with Depth Information and High Ecological Validity, IEEE
Transactions on Pattern Analysis and Machine Intelligence 45 (3), 2023.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import FilePictures
from facsinterp.faces.sources.casme3.sheets import (
    TITLE,
    find_sheets,
    read_annotations,
    read_part,
)
from facsinterp.faces.sources.contract import Source, SourceOptions
from facsinterp.faces.sources.reading.clips import (
    KEY_FRAMES,
    Clip,
    Taken,
    face_table,
    trusted,
    with_frames,
)
from facsinterp.faces.sources.reading.files import existing_folder
from facsinterp.faces.sources.reading.licences import Showable, terms_of
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import children, frames_in, inner, not_this
from facsinterp.faces.table import FaceTable

__all__ = ["PUBLISHED", "SOURCE", "Casme3Options", "read_annotations"]

PUBLISHED: Final[Mapping[str, int]] = {
    "rows": 860,
    "disgust": 250,
    "surprise": 187,
    "others": 161,
    "fear": 86,
    "anger": 64,
    "sadness": 57,
    "happy": 55,
}
_EXAMPLE: Final = "partA/spNO.1/a/color/138.jpg"
_SHEET: Final = "a sheet such as annotation/partA/cas(me)3_part_A_ME_label_JpgIndex_v2.xlsx"
_TERMS: Final = (
    "Academic research only, under the agreement signed for CAS(ME)^3, which forbids commercial "
    "use and the testing of commercial systems; pictures and sheets may not be passed on."
)


class Casme3Options(SourceOptions):
    """Which frames of each clip are taken, and whose faces may be shown."""

    frames: Taken = "onset+apex+offset"
    """Which frames of each clip become faces."""
    inherit: bool = False
    """Whether all frames from onset to offset count as coded like the apex. They are near
    copies of each other, and the first and the last of them hardly show the units."""
    showable: Showable = "licence"
    """Who may be shown: nobody, unless the folder holds an open licence; or everybody, "all"."""


def _read(folder: Path | None, options: Casme3Options) -> FaceTable:
    """The frames of every clip of Part A, with the codes of the apex.

    DataError when nothing can be used, also where there are sheets and no pictures.
    """
    root = existing_folder(folder, TITLE)
    sheets = dict(find_sheets(root))
    if "A" not in sheets:
        raise not_this(TITLE, root, (f"{_SHEET} and frames such as {_EXAMPLE}",))
    notes = Notes()
    clips = [trusted(one.clip, notes) for one in read_part("A", sheets["A"], notes)]
    top = _top(root)
    clips = _joined(root, clips, {} if top is None else _folders(top), notes)
    if top is None or not any(clip.frames for clip in clips):
        raise DataError(_no_frames(root, sheets["A"], clips))
    return face_table(
        clips,
        options.frames,
        inherit=options.inherit,
        terms=terms_of(root, TITLE, _TERMS, options.showable, notes),
        layout=f"frames in {top.relative_to(root).as_posix()}, coded in {sheets['A'].name}",
        published=PUBLISHED,
        notes=notes,
    )


def _top(root: Path) -> Path | None:
    """The folder of Part A's subjects."""
    named = (inner(root, name) for name in ("partA", "partA/data/part_A_split/partA"))
    return next((top for top in (*named, root) if top and _subjects(top)), None)


def _subjects(top: Path) -> list[Path]:
    return [e for e in children(top) if e.name.casefold().startswith("spno") and e.is_dir()]


def _folders(top: Path) -> dict[tuple[str, str], Path]:
    """The folder of frames of each subject and file, their names in lower case."""
    return {
        (subject.name.casefold(), file.name.casefold()): color
        for subject in _subjects(top)
        for file in children(subject)
        if file.is_dir() and (color := inner(file, "color", "colour"))
    }


def _joined(
    root: Path, clips: Iterable[Clip], folders: Mapping[tuple[str, str], Path], notes: Notes
) -> list[Clip]:
    """Every clip with the frames of its movement; each folder is listed once."""
    listed: dict[tuple[str, str], dict[int, str]] = {}
    found = []
    for clip in clips:
        key = _key(clip)
        if key not in folders:
            notes.skip(clip.name, f"row {clip.line} of the sheet: no frames of this file are here")
            found.append(clip)
            continue
        if key not in listed:
            listed[key] = frames_in(root, folders[key], notes)
        known = [n for name in KEY_FRAMES if (n := getattr(clip, name)) >= 0]
        if not known:
            notes.skip(clip.name, f"row {clip.line} of the sheet: it names no frame")
            found.append(clip)
            continue
        inside = {n: path for n, path in listed[key].items() if min(known) <= n <= max(known)}
        found.append(with_frames(clip, inside, notes, trimmed=False))
    return found


def _key(clip: Clip) -> tuple[str, str]:
    subject, _, rest = clip.name.casefold().partition("_")
    return subject, rest.rpartition("_")[0]


def _no_frames(root: Path, sheet: Path, clips: Sequence[Clip]) -> Fault:
    return Fault(
        f"the sheet of {TITLE} is here, and no frames of its clips",
        where=str(root),
        expected=f"pictures such as {_EXAMPLE}",
        got=f"{sheet.name} with {len(clips)} rows, the first for {clips[0].name}",
        do="unpack the pictures of Part A, or read the codes alone with "
        "facsinterp.faces.sources.casme3.read_annotations",
    )


def _pictures(folder: Path | None, _options: Casme3Options) -> FilePictures:
    return FilePictures(existing_folder(folder, TITLE))


SOURCE: Final = Source(
    name="casme3",
    title=TITLE,
    folders=("CASME3", "CAS(ME)3", "CAS(ME)^3", "casme3", "CAS-ME-3"),
    Options=Casme3Options,
    read=_read,
    pictures=_pictures,
)
