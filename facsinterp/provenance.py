"""Where a result comes from: content fingerprints, and the record kept beside each output.

A fingerprint depends on content alone, never on names, paths, times or machines, so the
same inputs give the same fingerprint everywhere.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

# What can change a number in a result; shown in the report and kept in each store.
PACKAGES: Final = (
    "facsinterp",
    "torch",
    "numpy",
    "scipy",
    "xarray",
    "zarr",
    "lightning",
    "kornia",
    "numba",
    "statsmodels",
    "scikit-image",
    "scikit-learn",
)


def fingerprint(*parts: Any) -> str:  # noqa: ANN401 - any content may be fingerprinted
    """Sixteen hex digits that change when any part's content changes.

    Parts may be arrays (shape, dtype and bytes count; of text, the texts), bytes, or anything
    JSON can hold (key order does not count). Raises TypeError for other types.
    """
    digest = hashlib.sha256()
    for part in parts:
        kind, payload = _payload(part)
        digest.update(f"{kind}:{len(payload)}:".encode())
        digest.update(payload)
    return digest.hexdigest()[:16]


def _payload(part: Any) -> tuple[str, bytes]:  # noqa: ANN401
    if isinstance(part, np.ndarray):
        # The width of a text array is no content: a selection keeps the width of the whole.
        kind = "text" if part.dtype.kind in "OUT" else part.dtype.str
        return f"array {part.shape} {kind}", _array_bytes(part)
    if isinstance(part, bytes):
        return "bytes", part
    return "json", json.dumps(part, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()


def _array_bytes(array: NDArray[Any]) -> bytes:
    if array.dtype.kind in "OUT":
        return json.dumps(array.ravel().tolist(), ensure_ascii=False).encode()
    return np.ascontiguousarray(array).tobytes()


def installed_versions() -> dict[str, str]:
    """Version of each package that can change a result; packages not installed are left out."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class Provenance:
    """How an output was made: from what content, by which versions, when and on what."""

    inputs: Mapping[str, str]
    """Name of each input (weights, faces, settings) and its fingerprint."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    python: str = field(default_factory=platform.python_version)
    machine: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}")
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def key(self) -> str:
        """The fingerprint of what decides the output: inputs, settings and versions."""
        return fingerprint(dict(self.inputs), dict(self.settings), dict(self.versions))

    def to_json(self) -> str:
        """This record as JSON text with sorted keys."""
        return json.dumps(asdict(self), indent=2, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The record that `to_json` wrote."""
        return cls(**json.loads(text))


def differences(recorded: Mapping[str, str], asked: Mapping[str, str], held: str) -> list[str]:
    """A line for each input that differs, in the order asked: what is `held`, and what is asked."""
    return [
        f"  {name}: {held} {recorded.get(name, 'nothing')}, asked for {asked.get(name, 'nothing')}"
        for name in dict.fromkeys([*asked, *recorded])
        if recorded.get(name) != asked.get(name)
    ]
