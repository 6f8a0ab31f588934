"""How a network is built, as plain data that can be kept beside its weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Blueprint:
    """What `zoo.build` needs to build the same architecture again."""

    arch: str
    """A name of the zoo, or the import path `package.module:builder` of the user's own."""
    classes: tuple[str, ...]
    size: int
    """Rows and columns of the square input, in pixels."""
    channels_in: int = 1
    """1 for grey, 3 for RGB."""
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def imported(self) -> bool:
        """Whether building it runs code from outside facsinterp."""
        return ":" in self.arch
