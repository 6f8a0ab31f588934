"""Pictures opened by path: decoded whole, or left out with the reason.

A `Pictures` gives the pictures of a face table in order, and a fingerprint of their
content. `FilePictures` reads files; nothing that a file can hold makes it raise.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Any, Final, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from facsinterp.provenance import fingerprint

Picture = NDArray[np.uint8]
T = TypeVar("T")

_WORKERS: Final = 4
_AHEAD: Final = 32  # pictures decoded or waiting at one time; bounds the memory
_FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_JUNK: Final = frozenset({"thumbs.db", "desktop.ini"})
_WEB_PAGES: Final = (b"<!doctype", b"<html", b"<?xml", b"<head")


@dataclass(frozen=True)
class Skip:
    """One picture that was left out, and why."""

    path: str
    reason: str


class Pictures(Protocol):
    """Something that opens pictures by the `path` column of a face table."""

    def fingerprint(self, paths: Sequence[str]) -> str:
        """Sixteen hex digits of the content of these pictures, in order; names do not count."""
        ...

    def open(self, paths: Sequence[str]) -> Iterator[Picture | Skip]:
        """Each picture in order, (row, col) grey or (row, col, 3) RGB; a `Skip` if it has none."""
        ...


def is_junk(name: str) -> bool:
    """Whether a file of this name is left by a system and not part of a data set."""
    return name.startswith(".") or name.casefold() in _JUNK


def impostor(content: bytes) -> str:
    """What stands in the place of a file, judged by its first bytes; "" when nothing does.

    Copies of data sets often hold git LFS pointers, error pages or empty files under the
    names of the real ones.
    """
    if not content:
        return "the file is empty"
    head = content[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"version https://git-lfs"):
        return "a git LFS pointer, not the file itself (git lfs pull fetches it)"
    if head.startswith(_WEB_PAGES):
        return "a web page, not the file itself (download it again)"
    return ""


@dataclass(frozen=True)
class FilePictures:
    """Picture files under `root`, opened by paths relative to it."""

    root: Path

    def fingerprint(self, paths: Sequence[str]) -> str:
        """A hash of the files' bytes, in order; a file that cannot be read counts as none."""
        return fingerprint(list(_in_order(self._digest, paths)))

    def open(self, paths: Sequence[str]) -> Generator[Picture | Skip, None, None]:
        """Pictures in the order of `paths`, decoded by a few threads a little ahead."""
        return _in_order(self._decode, paths)

    def _digest(self, path: str) -> str:
        try:
            with (self.root / path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def _decode(self, path: str) -> Picture | Skip:
        if is_junk(PurePath(path).name):
            return Skip(path, "a file of the system, not a picture")
        try:
            content = (self.root / path).read_bytes()
        except FileNotFoundError:
            return Skip(path, "there is no such file")
        except OSError as error:
            return Skip(path, f"the file cannot be read: {error.strerror}")
        decoded = decode(content)
        return Skip(path, decoded) if isinstance(decoded, str) else decoded


def decode(content: bytes) -> Picture | str:
    """The picture that a file's bytes hold, upright, grey or RGB; or why there is none.

    A picture that was cut short or damaged is refused, never decoded in part.
    """
    if instead := impostor(content):
        return instead
    if content.startswith(b"\xff\xd8") and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
        # No end of image after the last scan. Pillow may be told elsewhere in the process
        # to accept such files and to fill the rest with grey.
        return "the picture is truncated"
    try:
        # verify() checks the sums of every PNG chunk and leaves the picture unusable.
        Image.open(BytesIO(content), formats=_FORMATS).verify()
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            picture.load()
            return _pixels(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        return "not a picture in a known format"
    except Exception as error:  # decoders raise anything for broken bytes
        return f"the picture is damaged or truncated ({str(error) or type(error).__name__})"


def _pixels(picture: Image.Image) -> Picture:
    if picture.mode.startswith("I"):
        # 16 bits a pixel: Pillow's own conversion would cut every value above 255.
        return np.asarray(np.asarray(picture) // 257, dtype=np.uint8)
    grey = picture.mode in {"1", "L", "LA", "La"}
    return np.asarray(picture.convert("L" if grey else "RGB"))


def _in_order(work: Callable[[str], T], paths: Sequence[str]) -> Generator[T, None, None]:
    """What `work` gives for each path, in order, some threads working a little ahead."""
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="pictures")
    waiting: deque[Future[Any]] = deque()
    try:
        for path in paths:
            if len(waiting) >= _AHEAD:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, path))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
