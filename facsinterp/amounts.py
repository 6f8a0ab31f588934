"""How many of something, in words that are right for one and for many."""

from __future__ import annotations


def amount(number: int, one: str, many: str = "") -> str:
    """`1 picture`, `12 pictures`, `0 pictures`; `1,308 people` where `many` is `people`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
