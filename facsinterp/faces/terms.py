"""What comes with faces besides themselves: their terms, and what a loader found and left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

MOST: Final = 1_000
"""So many names of what is left out are kept for one reason."""

Skipped = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Terms:
    """Under which terms the faces may be used, shown and passed on."""

    source: str = ""
    text: str = ""
    showable: frozenset[str] | None = None
    """Subjects that may be shown in a report; None when every face may be."""
    hidden: frozenset[str] = frozenset()
    """Subjects that may not be shown, whatever `showable` says."""
    redistributable: bool = True
    """Whether pictures of the faces, and so a report that holds some, may be passed on."""

    def may_show(self, subject: str) -> bool:
        """Whether a face of this subject may appear in a report."""
        return subject not in self.hidden and (self.showable is None or subject in self.showable)


@dataclass(frozen=True)
class Found:
    """What a loader found: the layout it recognised, counts, and what it left out."""

    layout: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)
    """Published counts under the same names, where the data set has any."""
    skipped: Skipped = ()
    """(file, reason) of files that were left out: the first 1,000 of each reason."""
    warnings: tuple[str, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many files were left out for each reason, in all; counted where it is not given."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "left_out", dict(self.left_out) or counted(self.skipped))
        object.__setattr__(self, "skipped", tuple(_first(self.skipped)))

    def and_skipped(self, more: Sequence[tuple[str, str]]) -> Self:
        """The same record with more files left out."""
        left_out = Counter(self.left_out) + Counter(counted(more))
        return replace(self, skipped=(*self.skipped, *more), left_out=left_out)

    def and_warnings(self, more: Sequence[str]) -> Self:
        """The same record with more warnings."""
        return replace(self, warnings=(*self.warnings, *more))


def counted(skipped: Sequence[tuple[str, str]]) -> dict[str, int]:
    """How many of (file, reason) there are for each reason."""
    return dict(Counter(reason for _, reason in skipped))


def _first(skipped: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    seen: dict[str, int] = defaultdict(int)
    for name, reason in skipped:
        seen[reason] += 1
        if seen[reason] <= MOST:
            yield name, reason
