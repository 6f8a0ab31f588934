"""What decides every byte of a site, as one key: two builds of one key make the same files."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp.activations.store import ActivationStore
from facsinterp.association.table import Associations
from facsinterp.faces.table import FACES
from facsinterp.provenance import fingerprint
from facsinterp.report.parts import Report
from facsinterp.saliency.store import Attributions

_CODE: Final = (".py", ".html", ".css", ".js")
_LIBRARIES: Final = ("jinja2", "numpy", "pandas", "pillow", "plotly", "scipy", "xarray")


def key_of(report: Report) -> str:
    """A fingerprint of all that the pages of `report` depend on, this package's code too.

    Numbers are taken by their content, and where they are large by the key that their store
    keeps of what made them.
    """
    digest = hashlib.sha256()
    for text in _told(report):
        digest.update(f"{len(text)}:".encode())
        digest.update(text)
    return fingerprint(digest.hexdigest(), _code(), _versions())


def _told(thing: Any) -> Iterator[bytes]:  # noqa: ANN401, PLR0911 - whatever a study shows
    if isinstance(thing, ActivationStore):
        labels = thing.data[[name for name in FACES.variables if name in thing.data]]
        names = sorted(str(name) for name in thing.data.variables)
        yield from _told([thing.key, dict(thing.data.attrs), names, labels])
        return
    if isinstance(thing, Attributions):
        yield from _told([thing.key, dict(thing.data.attrs)])
        return
    if isinstance(thing, Associations):
        yield from _told(thing.data)
        return
    if isinstance(thing, xr.Dataset):
        # Variables come in any order from a store, and pages ask for them by name.
        names = sorted(map(str, thing.variables))
        yield from _told([dict(thing.attrs), {name: thing.variables[name] for name in names}])
        return
    if isinstance(thing, xr.DataArray | xr.Variable):
        yield from _told([list(thing.dims), np.asarray(thing.values)])
        return
    if isinstance(thing, pd.DataFrame):
        # Two columns of one name are told apart by their places alone.
        columns = [thing.iloc[:, i].tolist() for i in range(thing.shape[1])]
        yield from _told([list(thing.columns), thing.index.tolist(), *columns])
        return
    if isinstance(thing, np.ndarray) and thing.dtype.kind != "O":
        yield fingerprint(thing).encode()
        return
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        thing = {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing)}
    if isinstance(thing, Set):
        thing = sorted(thing, key=repr)
    yield from _plain(thing)


def _plain(thing: Any) -> Iterator[bytes]:  # noqa: ANN401
    if isinstance(thing, Mapping):
        yield f"mapping {len(thing)}".encode()
        for name, value in thing.items():
            yield str(name).encode(errors="surrogatepass")
            yield from _told(value)
    elif isinstance(thing, Sequence | np.ndarray) and not isinstance(thing, str | bytes):
        yield f"sequence {len(thing)}".encode()
        for value in thing:
            yield from _told(value)
    else:
        # What has no content of its own tells where it lies: then a build begins anew.
        yield f"{type(thing).__name__} {thing!r}".encode(errors="surrogatepass")


@cache
def _code() -> str:
    """Of every module, template and asset of this package: numbers become words in many."""
    found = sorted(_files(files("facsinterp"), ""))
    return fingerprint([name for name, _ in found], *(content for _, content in found))


def _files(folder: Traversable, below: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from _files(one, f"{below}{one.name}/")
        elif one.name.endswith(_CODE):
            yield below + one.name, one.read_bytes()


def _versions() -> dict[str, str]:
    return {name: version_of(name) for name in ("facsinterp", *_LIBRARIES)}


def version_of(package: str) -> str:
    """The installed version of a package, in words where there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"
