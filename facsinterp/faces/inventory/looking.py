"""Every picture looked at once: its size, its kind, and a hash of its pixels."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.faces.alike import equal_groups
from facsinterp.faces.inventory.contents import PictureCounts
from facsinterp.faces.pictures import Picture, Skip

GREY: Final = "grey"
COLOUR: Final = "colour"
GREY_AS_COLOUR: Final = "colour, all grey"


@dataclass
class Seen:
    """What was seen of each picture, row by row of the face table."""

    images: Sequence[str]
    prepared: bool
    prints: list[str] = field(default_factory=list)
    """Hash of each picture; "" where it cannot be opened."""
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    sizes: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)
    plain: list[str] = field(default_factory=list)

    @cached_property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Rows of pictures that are equal in every pixel."""
        return tuple(same for same in equal_groups(self.prints) if self.prints[same[0]])

    def add(self, image: str, picture: Picture) -> None:
        """One more picture."""
        mode, values = _grey(picture)
        rows, cols = picture.shape[:2]
        self.sizes[f"{cols} x {rows}"] += 1
        self.modes[mode] += 1
        self.prints.append(_print(values))
        if values.min() == values.max():
            self.plain.append(image)

    def counts(self, expression: NDArray[np.str_], subject: NDArray[np.str_]) -> PictureCounts:
        """The record of it, beside what each image is said to show."""
        return PictureCounts(
            read=len(self.prints) - self.prints.count(""),
            unreadable=tuple(self.unreadable),
            sizes=dict(self.sizes.most_common()),
            modes=dict(self.modes.most_common()),
            plain=tuple(self.plain),
            copies=len(self.groups),
            copied=sum(map(len, self.groups)),
            other_expressions=self._differing(expression),
            other_subjects=self._differing(subject),
            prepared=self.prepared,
        )

    def _differing(self, names: NDArray[np.str_]) -> tuple[tuple[str, ...], ...]:
        """Images of each group whose names differ; one that is not known contradicts none."""
        return tuple(
            tuple(self.images[row] for row in group)
            for group in self.groups
            if len(set(names[list(group)].tolist()) - {""}) > 1
        )


def look(
    images: Sequence[str],
    paths: Sequence[str],
    opened: Iterable[Picture | Skip],
    advance: Callable[[int], None] = lambda _: None,
    *,
    prepared: bool = False,
) -> Seen:
    """What is seen of pictures that come in the order of the images."""
    seen = Seen(images, prepared)
    for image, path, picture in zip(images, paths, opened, strict=True):
        if isinstance(picture, Skip):
            seen.unreadable.append((path, picture.reason))
            seen.prints.append("")
        else:
            seen.add(image, picture)
        advance(1)
    return seen


def _grey(picture: Picture) -> tuple[str, Picture]:
    """The kind of a picture, and its values: of one stored in colour that has none, its grey.

    So a copy that was only stored otherwise is still a copy.
    """
    if picture.ndim == 2:
        return GREY, picture
    first = picture[..., :1]
    if (picture == first).all():
        return GREY_AS_COLOUR, picture[..., 0]
    return COLOUR, picture


def _print(values: Picture) -> str:
    digest = hashlib.blake2b(str(values.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(values).data)
    return digest.hexdigest()
