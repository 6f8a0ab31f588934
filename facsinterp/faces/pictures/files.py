"""Pictures in files: decoded whole, or left out with the reason.

Nothing that a file can hold makes `FilePictures` raise.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePath
from typing import Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from facsinterp.faces.pictures.contract import Opened, Picture, Skip
from facsinterp.faces.pictures.ordered import in_order
from facsinterp.provenance import fingerprint

_FORMATS: Final = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
_JUNK: Final = frozenset({"thumbs.db", "desktop.ini"})
_DEEP: Final = re.compile(";16[BLN]")
"""In how Pillow names what it reads; it keeps the upper 8 bits of colours."""
_WHITE: Final = 2**16 - 1
# Of 255. In pictures of 16 bits, pixels of 8 to 13 bits stay below a quarter of white.
_CERTAIN: Final = 63
_AS_BYTES: Final = "save it with 8 bits a pixel"
_TOO_DARK: Final = (
    "the pixels have 16 bits and none is a quarter as bright as white: they may hold fewer bits, "
    f"which would make them black; {_AS_BYTES}"
)
_WEB_PAGES: Final = (b"<!doctype", b"<html", b"<?xml", b"<head")


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
        return self.fingerprint_of(list(in_order(self._digest, paths)))

    def open(self, paths: Sequence[str]) -> Generator[Picture | Skip, None, None]:
        """Pictures in the order of `paths`, decoded by a few threads a little ahead."""
        return in_order(lambda path: self.one(path).picture, paths)

    def one(self, path: str) -> Opened:
        """The picture in a file and the digest of its bytes, which are read once."""
        try:
            content = (self.root / path).read_bytes()
        except FileNotFoundError:
            return Opened(Skip(path, "there is no such file"), "")
        except OSError as error:
            return Opened(Skip(path, f"the file cannot be read: {error.strerror}"), "")
        digest = hashlib.sha256(content).hexdigest()
        if is_junk(PurePath(path).name):
            return Opened(Skip(path, "a file of the system, not a picture"), digest)
        decoded = decode(content)
        return Opened(Skip(path, decoded) if isinstance(decoded, str) else decoded, digest)

    def fingerprint_of(self, digests: Sequence[str]) -> str:
        """What `fingerprint` gives for files with these digests."""
        return fingerprint(list(digests))

    def _digest(self, path: str) -> str:
        try:
            with (self.root / path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""


def decode(content: bytes) -> Picture | str:
    """The picture that a file's bytes hold, upright, grey or RGB; or why there is none.

    A picture that was cut short or damaged is refused, never decoded in part; so is one of more
    than 8 bits a pixel where it is not certain what is white.
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
            deep = any(_DEEP.search(str(tile.args)) for tile in picture.tile)
            picture.load()
            return _pixels(ImageOps.exif_transpose(picture), deep=deep)
    except UnidentifiedImageError:
        return "not a picture in a known format"
    except Exception as error:  # decoders raise anything for broken bytes
        return f"the picture is damaged or truncated ({str(error) or type(error).__name__})"


def _pixels(picture: Image.Image, *, deep: bool) -> Picture | str:
    """The picture in 8 bits, or why nobody can tell what is white in it."""
    if picture.mode == "F":
        return f"the pixels are fractions, and nothing tells which of them is white; {_AS_BYTES}"
    if not picture.mode.startswith("I"):
        grey = picture.mode in {"1", "L", "LA", "La"}
        levels = np.asarray(picture.convert("L" if grey else "RGB"))
        return _TOO_DARK if deep and levels.max() < _CERTAIN else levels
    values = np.asarray(picture)
    if values.min() < 0 or values.max() > _WHITE:
        found = f"{values.min()} to {values.max()}"
        return f"the pixels have more than 16 bits ({found}), and no range is known; {_AS_BYTES}"
    # Pillow's own conversion would cut every value above 255.
    deep_levels = np.asarray(values // 257, dtype=np.uint8)
    return _TOO_DARK if deep_levels.max() < _CERTAIN else deep_levels
