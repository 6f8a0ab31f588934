"""What the terms of the faces mean for who holds the site."""

from __future__ import annotations

from typing import Final

KEEP: Final = (
    "The pictures of faces in these pages may not be passed on, nor may the site with them: "
    "the terms of the data do not allow it."
)
