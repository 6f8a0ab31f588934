"""The files of a DISFA tree: label files, videos or extracted frames, landmarks.

The owners spell the folder and file names of the two cameras in two ways
(`Videos_LeftCamera/LeftVideoSN001_comp.avi`, `Video_RightCamera/RightVideoSN001_Comp.avi`);
a file's own name tells whose it is and which camera saw it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import DataError
from facsinterp.faces.pictures import is_junk
from facsinterp.faces.pictures.videos import VIDEOS
from facsinterp.faces.sources.reading.frame_labels import (
    Coded,
    LabelFiles,
    label_files,
    swapped,
)
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.trees import children, frames_in, inner

Key = tuple[str, str]
"""Camera ("left", "right") and subject."""

_SUBJECT: Final = re.compile(r"SN\d{3}", re.I | re.ASCII)
_VIEW: Final = re.compile(
    r"(?:(?P<camera>left|right)_?video_?)?(?P<subject>SN\d{3})(?:_comp)?(?:\.\w+)?", re.I | re.ASCII
)
_LANDMARKS: Final = re.compile(r"(?:(SN\d{3})_|l)0*(\d{1,6})_lm\.mat", re.I | re.ASCII)


@dataclass(frozen=True)
class View:
    """What one camera saw of one subject: a video, and frames extracted from it by number."""

    video: str = ""
    pictures: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Tree:
    """The files of DISFA by subject; paths of pictures are relative to the root."""

    root: Path
    folders: Mapping[str, Path]
    """The folder of each subject's labels."""
    labels: Mapping[str, LabelFiles]
    views: Mapping[Key, View]
    landmarks: Path | None

    def place(self, subject: str) -> str:
        """The folder of a subject's labels, relative to the root."""
        return self.folders[subject].relative_to(self.root).as_posix()

    @property
    def layout(self) -> str:
        """What was recognised, in words."""
        extracted = sum(bool(view.pictures) for view in self.views.values())
        videos = sum(bool(view.video and not view.pictures) for view in self.views.values())
        place = (
            f"landmarks in {self.landmarks.relative_to(self.root).as_posix()}"
            if self.landmarks
            else "no landmarks"
        )
        return (
            f"labels of {len(self.labels)} subjects, {videos} videos, "
            f"extracted frames of {extracted}, {place}"
        )


def find(root: Path, notes: Notes) -> Tree | None:
    """The files of a folder; None when it has no folder of labels.

    Subjects with labels alone or pictures alone are noted. Raises DataError for label files in
    the folder of another subject.
    """
    top = inner(root, "ActionUnit_Labels", "AU_Labels")
    if top is None:
        return None
    folders = {
        entry.name.upper(): inner(top, entry.name) or entry
        for entry in children(top)
        if entry.is_dir() and _SUBJECT.fullmatch(entry.name)
    }
    labels = {subject: label_files(folder, subject) for subject, folder in folders.items()}
    DataError.raise_any(swapped(root, labels.values()))
    for subject, files in labels.items():
        if not files:
            place = folders[subject].relative_to(root).as_posix()
            notes.skip(place, "no label files such as SN001_au1.txt")
    views = _views(root, notes)
    for subject in sorted({who for _, who in views} - labels.keys()):
        notes.note("subjects with pictures and without a folder of labels, left out", subject)
    used = {subject: files for subject, files in labels.items() if files}
    return Tree(root, folders, used, views, inner(root, "Landmark_Points", "Landmarks"))


def _views(root: Path, notes: Notes) -> dict[Key, View]:
    views: dict[Key, View] = {}
    for camera in ("left", "right"):
        folder = inner(root, *(f"{word}_{camera}Camera" for word in ("Videos", "Video")))
        for entry in children(folder) if folder else []:
            named = _VIEW.fullmatch(entry.name)
            if not named:
                continue
            key = (named["camera"] or camera).lower(), named["subject"].upper()
            view = views.get(key, View())
            place = entry.relative_to(root).as_posix()
            if entry.is_dir():
                if view.pictures:
                    notes.skip(place, "frames of this subject and camera lie in another folder")
                elif pictures := frames_in(root, entry, notes):
                    views[key] = replace(view, pictures=pictures)
            elif entry.suffix.casefold() in VIDEOS:
                if view.video:
                    notes.skip(place, "there is another video of this subject and camera")
                else:
                    views[key] = replace(view, video=place)
    return views


def numbered_from_one(pictures: Mapping[int, str], subject: str, notes: Notes) -> Mapping[int, str]:
    """Extracted pictures by the frame numbers of the labels, which begin at 1."""
    if 0 not in pictures:
        return pictures
    notes.note("extracted frames that begin at 0, taken for the frames from 1 on", subject)
    return {number + 1: path for number, path in pictures.items()}


def frames_from_one(coded: Coded, place: str, notes: Notes) -> Coded | None:
    """The codes of one subject by the frame numbers of videos, which begin at 1.

    None, and noted, where some label files begin at 0 and others do not.
    """
    if coded.frames[0] > 0:
        return coded
    if not coded.complete[0]:
        notes.skip(place, "some label files begin at frame 0 and others do not")
        return None
    notes.note("labels that begin at 0, taken for the frames from 1 on", place)
    return replace(coded, frames=coded.frames + 1)


def landmark_files(
    tree: Tree, subject: str, coded: NDArray[np.int64], notes: Notes
) -> dict[int, Path]:
    """Landmark files of one subject by frame.

    Their numbers begin at 0 where frames begin at 1. Files beyond the last coded frame are
    noted and left out.
    """
    folder = None if tree.landmarks is None else inner(tree.landmarks, subject)
    folder = None if folder is None else inner(folder, "tmp_frame_lm") or folder
    found: dict[int, Path] = {}
    for name in sorted(os.listdir(folder)) if folder else []:
        named = _LANDMARKS.fullmatch(name)
        if named and (named[1] or subject).upper() == subject and not is_junk(name):
            found.setdefault(int(named[2]), Path(folder or "", name))
    if not found:
        notes.note("subjects without landmarks", subject)
        return {}
    last = int(coded.max())
    ahead = _ahead(found, last, subject, notes)
    if ahead is None:
        return {}
    found = {number + ahead: path for number, path in found.items()}
    if beyond := sum(frame > last for frame in found):
        notes.note("landmarks beyond the last coded frame, left out", f"{subject} {beyond}")
    return found


def _ahead(numbers: Collection[int], last: int, subject: str, notes: Notes) -> int | None:
    """By how much frames are ahead of the numbers of landmark files; None when it is not known.

    Numbers from 0 on are one behind. Without a 0, either the first file was lost or they are
    the frames' own: the highest number tells, beside that of the last coded frame.
    """
    lowest, highest = min(numbers), max(numbers)
    if lowest == 0:
        return 1
    if highest == last - 1:
        notes.note("landmarks whose first files are missing", subject)
        return 1
    if highest == last:
        notes.note("landmarks that begin at 1, taken for the frames' own numbers", subject)
        return 0
    told = f"{subject}: {lowest} to {highest}, frames to {last}"
    notes.note("landmarks of which it is not known to which frames they belong, left out", told)
    return None
