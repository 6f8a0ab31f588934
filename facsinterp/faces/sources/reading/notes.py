"""What a loader leaves out and finds odd: names by reason, one line a kind of oddity."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from facsinterp.errors import Fault

_SHOWN: Final = 5


@dataclass
class Notes:
    """What is left out and what is odd, gathered while a data set is read."""

    _skipped: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _odd: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _said: list[str] = field(default_factory=list)

    def skip(self, name: str, reason: str) -> None:
        """Note a file or row that is left out."""
        self._skipped[printable(reason)].append(printable(name))

    def skip_all(self, names: Iterable[str], reason: str) -> None:
        """Note files or rows that are left out for one reason."""
        if some := [printable(name) for name in names]:
            self._skipped[printable(reason)] += some

    def note(self, oddity: str, *names: str) -> None:
        """Note cases of an oddity, which is told once for all of them."""
        if names:
            self._odd[oddity] += map(printable, names)

    def warn(self, *sentences: str) -> None:
        """Note what concerns the whole data set."""
        self._said.extend(map(printable, sentences))

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """(name, reason) of each thing left out, reason by reason."""
        return tuple((name, reason) for reason, names in self._skipped.items() for name in names)

    @property
    def left_out(self) -> str:
        """The first few of what is left out, each with its reason."""
        return few([f"{name}: {reason}" for name, reason in self.skipped])

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The first few reasons why something is left out, as an error tells them."""
        reasons = [*self._skipped.items()][:_SHOWN]
        return tuple(
            Fault("left out", where=few(names), got=f"{reason} ({len(names):,})")
            for reason, names in reasons
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What concerns the whole set, then a line for each oddity: how often, and some names."""
        told = (f"{odd}: {len(names):,} ({few(names)})" for odd, names in self._odd.items())
        return (*self._said, *told)


def printable(text: str) -> str:
    """A text that any file can hold: bytes of a file's name that are no UTF-8 become `\\udcff`."""
    return text.encode(errors="backslashreplace").decode()


def few(names: Sequence[object], most: int = _SHOWN) -> str:
    """The first of some names: `a, b, c, d, e, ...`."""
    return ", ".join([*map(str, names[:most]), *(["..."] if len(names) > most else [])])


def no_subjects(title: str) -> str:
    """The warning of a data set that does not say who is shown."""
    return (
        f"{title} does not say who is shown: no split by subjects is possible, and one person "
        "may stand on both sides of any split"
    )
