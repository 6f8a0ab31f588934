"""Progress on a terminal: a bar with the time left for each step, a line where there is none."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from facsinterp.progress import Advance

# Without a terminal (a log, CI) a line now and then is enough to see that it lives.
SECONDS_BETWEEN_LINES = 20.0


class Bars:
    """A `facsinterp.progress.Progress` that draws on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextmanager
    def step(self, title: str, total: int) -> Iterator[Advance]:
        """A bar while the step lasts, then one line with the time it took."""
        start = time.monotonic()
        if self._console.is_terminal:
            with self._bar() as bar:
                task = bar.add_task(title, total=total)
                yield lambda parts: bar.advance(task, parts)
        else:
            yield _lines(self._console, title, total)
        self._console.print(f"{title} [dim]{time.monotonic() - start:.1f} s[/dim]", highlight=False)

    def say(self, text: str) -> None:
        """One line of news."""
        self._console.print(text, style="dim", highlight=False, markup=False)

    def _bar(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
        )


def _lines(console: Console, title: str, total: int) -> Advance:
    start = last = time.monotonic()
    done = 0

    def advance(parts: int) -> None:
        nonlocal done, last
        done += parts
        now = time.monotonic()
        if now - last >= SECONDS_BETWEEN_LINES and 0 < done < total:
            left = (now - start) / done * (total - done)
            console.print(f"{title}: {done} of {total}, {left:.0f} s left", highlight=False)
            last = now

    return advance
