"""Pictures opened by the `path` column of a face table, from files or from one array."""

from facsinterp.faces.pictures.arrays import ArrayPictures
from facsinterp.faces.pictures.contract import Opened, Picture, Pictures, SinglePictures, Skip
from facsinterp.faces.pictures.files import FilePictures, decode, impostor, is_junk

__all__ = [
    "ArrayPictures", "FilePictures", "Opened", "Picture", "Pictures", "SinglePictures", "Skip",
    "decode", "impostor", "is_junk",
]  # fmt: skip
