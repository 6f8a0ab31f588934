"""The layouts by name, and the one way to write a tree of them."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Final

from facsinterp.errors import DefinitionError, Fault, InputError
from facsinterp.faces.layouts.contract import Cast, Layout

LAYOUTS: Final = (
    "affectnet",
    "bp4d",
    "casme2",
    "casme3",
    "ckplus",
    "disfa",
    "disfaplus",
    "emotionet",
    "fer2013",
    "novaemotions",
    "rafdb",
    "samm",
    "smic",
    "tfd",
)
"""Names of the sources whose layout drawn faces can take."""

_LICENCE: Final = """CC0 1.0 Universal

These faces were drawn by facsinterp; no person is shown. Whoever made this folder waives
all rights in it. The data set whose layout it has is another matter, and not included.
"""


def layout(name: str) -> Layout:
    """The layout of this name; DefinitionError with the nearest name when there is none."""
    if name not in LAYOUTS:
        near = get_close_matches(name.casefold(), LAYOUTS, n=1)
        raise DefinitionError(
            Fault(
                f"there is no layout named {name}",
                expected=", ".join(LAYOUTS),
                do=f"did you mean {near[0]}?" if near else "",
            )
        )
    found: Layout = import_module(f"facsinterp.faces.layouts.{name}").LAYOUT
    return found


def write(
    name: str,
    root: Path,
    cast: Cast | None = None,
    quirks: Collection[str] | None = None,
    *,
    licence: bool = True,
) -> Path:
    """Drawn faces laid out as a data set in a new folder `root`, which is given back.

    `quirks`: those to build in, every one when left out. `licence`: whether a licence file
    says that these faces may be shown, which the real data set does not have. Raises
    InputError for an unknown quirk or a folder that exists and is not empty; whatever goes
    wrong, nothing half-written stays.
    """
    chosen = layout(name)
    wanted = frozenset(chosen.quirks if quirks is None else quirks)
    unknown = sorted(wanted - set(chosen.quirks))
    faults = []
    if unknown:
        known = ", ".join(chosen.quirks) or "none"
        faults.append(Fault(f"unknown quirks of {name}", expected=known, got=", ".join(unknown)))
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        faults.append(Fault("the folder is not empty", where=str(root), do="name a new one"))
    InputError.raise_any(faults)
    partial = root.with_name(f"{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        chosen.write(partial, cast or Cast(), wanted)
        if licence:
            (partial / "LICENSE.txt").write_text(_LICENCE, encoding="utf-8")
        if root.exists():
            root.rmdir()
        partial.rename(root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return root
