"""Who writes a store: a name for this writer that tells others whether it still lives."""

from __future__ import annotations

import os
import platform
import re
import uuid


def new_writer() -> str:
    """A name that no other writer has: machine, process and a random part."""
    return f"{_machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def lives(writer: str) -> bool:
    """Whether the writer of this name may still be at work.

    Only a process of this machine can be known to be gone; one elsewhere may live. What is
    no name of a writer does not live.
    """
    found = re.fullmatch(r"(\w*)-(\d+)-[0-9a-f]{8}", writer)
    if found is None:
        return False
    if found[1] != _machine():
        return True
    try:
        os.kill(int(found[2]), 0)  # signal 0 asks and does nothing
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _machine() -> str:
    return re.sub(r"\W", "_", platform.node())
