"""Who hears how far a command is: bars on the terminal, loaded when a command needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facsinterp.progress import Progress


def progress() -> Progress:
    """Bars on what is printed beside the answer."""
    from rich.console import Console

    from facsinterp.cli.bars import Bars

    return Bars(Console(stderr=True))
