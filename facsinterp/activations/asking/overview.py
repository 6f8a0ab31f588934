"""What a store holds, told in a few lines of text and as a card for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facsinterp import facs, notebook
from facsinterp.labels import FILTER, IMAGE

if TYPE_CHECKING:
    from facsinterp.activations.asking.queries import Queries

Facts = list[tuple[str, str]]


def facts(store: Queries) -> Facts:
    """(name, text) of all that is worth knowing before asking.

    Of the activations only one filter's `precise` is read, where the store has it.
    """
    sizes = store.data.sizes
    provenance = store.provenance
    made = " ".join(
        part
        for part in (
            provenance.created,
            "with " + ", ".join(f"{n} {v}" for n, v in provenance.versions.items() if n in _MAKERS),
            f"on {provenance.settings['device']}" if "device" in provenance.settings else "",
        )
        if part
    )
    return [
        ("path", str(store.path)),
        ("images", f"{sizes[IMAGE]:,}{_people(store)}"),
        ("filters", f"{sizes[FILTER]:,}: {', '.join(_layers(store))}"),
        ("action units", _units(store)),
        ("expressions", _counted(store, "expression")),
        ("split", _counted(store, "split")),
        ("holds", ", ".join(name for name in _HELD if name in store.data)),
        ("precision", _precision(store)),
        ("on disk", _size(store.path)),
        ("made", made),
        ("key", store.key),
        ("terms", _terms(store)),
    ]


_MAKERS = ("facsinterp", "torch", "zarr")
_HELD = ("peak", "peak_row", "peak_col", "mean", "area", "probability", "face", "landmarks")


def text(store: Queries) -> str:
    """A few lines, one a fact; what is not known is left out."""
    lines = [f"{name:<13} {told}" for name, told in facts(store) if told]
    return "\n".join([f"<{type(store).__name__}>", *lines])


def html(store: Queries) -> str:
    """A card in one piece: no style sheet, script or file is needed."""
    return notebook.card(type(store).__name__, notebook.facts(facts(store)))


def _people(store: Queries) -> str:
    subjects = {name for name in store.faces.column("subject").tolist() if name}
    sequences = {name for name in store.faces.column("sequence").tolist() if name}
    told = [f"{len(subjects):,} subjects"] if subjects else []
    told += [f"{len(sequences):,} sequences"] if sequences else []
    return f" of {' in '.join(told)}" if told else ""


def _layers(store: Queries) -> Iterator[str]:
    for layer in store.layers:
        size = f" ({layer.rows} x {layer.cols})" if layer.rows else ""
        yield f"{layer.name} {layer.filters:,}{size}"


def _units(store: Queries) -> str:
    coded = store.faces.data["coded"].values
    scored = [unit for unit, column in zip(store.faces.units, coded.T, strict=True) if column.any()]
    if not scored:
        return "none coded"
    names = ", ".join(facs.label(unit) for unit in scored)
    return f"{len(scored)} coded in {int(coded.any(axis=1).sum()):,} images: {names}"


def _counted(store: Queries, column: str) -> str:
    names, counts = np.unique(store.faces.column(column), return_counts=True)
    known = [f"{name} {count:,}" for name, count in zip(names, counts, strict=True) if name]
    return ", ".join(known)


def _precision(store: Queries) -> str:
    if store.precision == "float32":
        return store.precision
    precise = store.data["precise"].isel({FILTER: 0}).values
    twice = int((~np.isnan(precise)).sum())
    return (
        f"{store.precision}, lists exact in float32: "
        f"{twice:,} of {len(precise):,} images scored twice"
    )


def _size(path: Path | str) -> str:
    """Bytes of a local folder; nothing for a store that lies elsewhere, where asking is slow."""
    if not isinstance(path, Path):
        return ""
    size = float(sum(file.stat().st_size for file in path.rglob("*") if file.is_file()))
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} TB"


def _terms(store: Queries) -> str:
    terms = store.faces.terms
    told = [": ".join(part for part in (terms.source, terms.text) if part)]
    if terms.showable is not None:
        told.append(f"Shown may be {_subjects(len(terms.showable - terms.hidden))}.")
    elif terms.hidden:
        told.append(f"Shown may be all but {_subjects(len(terms.hidden))}.")
    if not terms.redistributable:
        told.append("Pictures may not be passed on.")
    return " ".join(filter(None, told))


def _subjects(n: int) -> str:
    return "1 subject" if n == 1 else f"{n} subjects"
