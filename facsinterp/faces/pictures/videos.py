"""Frames of videos, opened as pictures: read from front to back, never by jumping.

OpenCV is imported when the first video is opened. Codecs count frames in their own ways when
asked to jump to one, and are slow at it; here a video is read in order and each frame counted.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures.contract import Picture, Skip
from facsinterp.faces.pictures.files import FilePictures, impostor
from facsinterp.provenance import fingerprint

VIDEOS: Final = frozenset({".avi", ".mp4", ".mov", ".mkv", ".wmv", ".mpg", ".mpeg"})
_FRAME: Final = re.compile(r"(?P<video>.+)#(?P<number>[1-9]\d{0,8})", re.ASCII | re.DOTALL)


@dataclass(frozen=True)
class VideoPictures:
    """Frames of videos below `root`, opened by paths `FILE#FRAME` (1 is the first frame).

    Paths of picture files are opened too, as `FilePictures` does. Paths are best given in the
    order of the frames: going back within a video means reading it again from its beginning.
    """

    root: Path

    def fingerprint(self, paths: Sequence[str]) -> str:
        """A hash of the videos' bytes and the frames' numbers, in order.

        Each video is read once, and not decoded. Without any frame of a video it is that of
        `FilePictures`.
        """
        files = FilePictures(self.root)
        groups = [(video, list(group)) for video, group in groupby(paths, key=_video)]
        if not any(video for video, _ in groups):
            return files.fingerprint(paths)
        digests = {video: _digest(self.root / video) for video, _ in groups if video}
        return fingerprint(
            [
                [digests[video], *(_number(path) for path in some)]
                if video
                else [files.fingerprint(some)]
                for video, some in groups
            ]
        )

    def open(self, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Each picture in order, frames as (row, col, 3) RGB; a `Skip` for what has none.

        Raises DataError for the first frame of a video where OpenCV is not installed.
        """
        for video, group in groupby(paths, key=_video):
            if video:
                yield from self._frames(video, list(group))
            else:
                yield from FilePictures(self.root).open(list(group))

    def _frames(self, video: str, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Some frames of one video."""
        cv2 = _opencv()
        reason = _unusable(self.root / video)
        reading = None if reason else _Reading(cv2, self.root / video)
        try:
            for path in paths:
                found = reading.frame(_number(path)) if reading else reason
                yield Skip(path, found) if isinstance(found, str) else found
        finally:
            if reading:
                reading.capture.release()


class _Reading:
    """One video that is being read, and the number of the frame that it stands at."""

    def __init__(self, cv2: Any, path: Path) -> None:  # noqa: ANN401 - OpenCV has no types
        self._cv2, self._path = cv2, path
        self._begin()

    def _begin(self) -> None:
        self.capture = self._cv2.VideoCapture(str(self._path))
        self._at = 0
        self._shown: Picture | None = None

    def frame(self, number: int) -> Picture | str:
        """The frame of this number, 1 being the first, or why there is none."""
        if number < self._at:
            self.capture.release()
            self._begin()
        if not self.capture.isOpened():
            return "the video cannot be opened: damaged, or its codec is not known to OpenCV"
        while self._at < number:
            if not self.capture.grab():
                return f"the video ends after {amount(self._at, 'frame')}"
            self._at += 1
            self._shown = None
        if self._shown is None:
            decoded, bgr = self.capture.retrieve()
            if not decoded:
                return "the frame cannot be decoded"
            self._shown = np.asarray(self._cv2.cvtColor(bgr, self._cv2.COLOR_BGR2RGB))
        return self._shown


def _opencv() -> Any:  # noqa: ANN401 - a module without types
    try:
        import cv2
    except ImportError:
        raise DataError(
            Fault(
                "videos are read with OpenCV, which is not installed",
                do="pip install facsinterp[opencv], or extract the frames as pictures",
            )
        ) from None
    return cv2


def _video(path: str) -> str:
    """The video whose frame a path names; "" when it names a file of its own."""
    named = _FRAME.fullmatch(path)
    if named and Path(named["video"]).suffix.casefold() in VIDEOS:
        return named["video"]
    return ""


def _number(path: str) -> int:
    return int(path.rpartition("#")[2])


def _unusable(video: Path) -> str:
    """Why a file cannot be a video; "" when it may be one."""
    try:
        with video.open("rb") as file:
            return impostor(file.read(512))
    except FileNotFoundError:
        return "there is no such video"
    except OSError as error:
        return f"the video cannot be read: {error.strerror}"


def _digest(video: Path) -> str:
    try:
        with video.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
