"""Columns of texts as data for the browser, small: each text once, and codes of one length.

The texts stand in the order in which they sort, so that the code of a row is its key as well:
rows are sorted as finely as they are told, and the scripts format nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# What JSON writes as it is; a code is written with as few of them as tell all texts apart.
_LETTERS: Final = "".join(chr(code) for code in range(35, 127) if code != 92)
_BASE: Final = len(_LETTERS)


def coded(texts: Sequence[str], keys: Sequence[float | None] | None = None) -> dict[str, Any]:
    """`text`: every text once, sorted by key; `known`: how many have one; `code`: the rows.

    Rows without a key come after all others whichever way they are sorted. Without keys the
    texts sort themselves.
    """
    first: dict[str, float | None] = {}
    for at, text in enumerate(texts):
        first.setdefault(text, None if keys is None else keys[at])
    if keys is None:
        order = sorted(first)
        known = len(order)
    else:
        missing = [text for text, key in first.items() if key is None]
        found = sorted((key, text) for text, key in first.items() if key is not None)
        order, known = [*(text for _, text in found), *missing], len(found)
    places = {text: place for place, text in enumerate(order)}
    codes = np.array([places[text] for text in texts], dtype=np.int64)
    return {"text": order, "known": known, "code": packed(codes, len(order))}


def packed(codes: NDArray[np.int64], size: int) -> str:
    """Codes from 0 to `size` - 1, each as the same number of letters."""
    letters = 1
    while _BASE**letters < size:
        letters += 1
    digits = codes.reshape(-1, 1) // _BASE ** np.arange(letters)[::-1] % _BASE
    table = np.frombuffer(_LETTERS.encode(), dtype=np.uint8)
    return bytes(table[digits]).decode()


def script(name: str, content: Mapping[str, Any] | Sequence[Any]) -> str:
    """A script file that sets `window.<name>`: pages opened from disk cannot fetch JSON."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return f"window.{name} = {text};\n"
