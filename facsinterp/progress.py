"""How long work tells what it does: steps with a title, a total and a count.

The library reports to a `Progress`; the command line draws it as bars with the time
left, tests pass `SILENT`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol

Advance = Callable[[int], None]


class Progress(Protocol):
    """Somebody who wants to know how far the work is."""

    def step(self, title: str, total: int) -> AbstractContextManager[Advance]:
        """A context for one step of `total` parts; call what it gives with parts done."""
        ...

    def say(self, text: str) -> None:
        """One line of news, such as a step that is skipped because it was done before."""
        ...


class _Silent:
    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Advance]:  # noqa: ARG002
        yield lambda _parts: None

    def say(self, text: str) -> None:
        pass


SILENT: Final[Progress] = _Silent()
