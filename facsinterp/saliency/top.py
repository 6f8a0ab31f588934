"""Which faces of each filter are pictured: plain arrays that were ranked by somebody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.labels import FilterId
from facsinterp.provenance import fingerprint

_SHOWN = 5


@final
@dataclass(frozen=True, eq=False)
class TopFaces:
    """The strongest faces of filters and where each peaks, (filter, rank), strongest first.

    `image`: positions on the image axis of the pixels, -1 after the end of a list; a filter
    that no face moves has -1 everywhere. `value`: the peak, `row` and `col`: the unit of
    the layer's map that gives it; what they hold where `image` is -1 does not count. Raises
    InputError with every fault.
    """

    filters: tuple[FilterId, ...]
    image: NDArray[np.int64]
    value: NDArray[np.float32]
    row: NDArray[np.int64]
    col: NDArray[np.int64]

    def __post_init__(self) -> None:
        InputError.raise_any([*self._name_faults(), *self._shape_faults()])
        InputError.raise_any(self._value_faults())

    def __len__(self) -> int:
        return len(self.filters)

    @property
    def ranks(self) -> int:
        """Length of the lists."""
        return int(self.image.shape[1])

    @property
    def used(self) -> NDArray[np.bool_]:
        """(filter, rank) whether there is a face."""
        return np.asarray(self.image >= 0)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of the filters, in their order."""
        return tuple(dict.fromkeys(one.layer for one in self.filters))

    @property
    def fingerprint(self) -> str:
        """Changes with any filter, face, peak or place; not with what unused ranks hold."""
        parts = (np.where(self.used, values, -1) for values in (self.image, self.row, self.col))
        numbers = [part.astype(np.int64) for part in parts]
        value = np.where(self.used, self.value, 0).astype(np.float32)
        return fingerprint([str(one) for one in self.filters], *numbers, value)

    def faults(
        self, channels: Mapping[str, int], sizes: Mapping[str, Any], faces: int
    ) -> list[Fault]:
        """Why a network with these layers and so many faces cannot have these lists.

        `channels`: filters of each layer; `sizes`: (rows, cols) of its maps.
        """
        unknown = [
            str(one) for one in self.filters if not 0 <= one.channel < channels.get(one.layer, 0)
        ]
        found = (
            [
                Fault(
                    "filters that the network does not have",
                    "top faces",
                    expected=", ".join(f"{name} with {count}" for name, count in channels.items()),
                    got=_few(unknown),
                )
            ]
            if unknown
            else []
        )
        if self.image.max(initial=-1) >= faces:
            found.append(
                Fault(
                    "faces beyond the last one",
                    "top faces, image",
                    expected=f"positions below {faces}",
                    got=str(int(self.image.max())),
                    do="rank the faces of the same pixels",
                )
            )
        return [*found, *([] if unknown else self._place_faults(sizes))]

    def _place_faults(self, sizes: Mapping[str, Any]) -> Iterator[Fault]:
        ends = np.array([sizes[one.layer] for one in self.filters]).reshape(-1, 2)
        outside = self.used & (
            (self.row < 0) | (self.col < 0) | (self.row >= ends[:, :1]) | (self.col >= ends[:, 1:])
        )
        if outside.any():
            which, rank = (int(i) for i in np.argwhere(outside)[0])
            rows, cols = ends[which]
            yield Fault(
                f"{int(outside.sum())} peaks lie outside the maps",
                f"top faces, first {self.filters[which]} rank {rank}",
                expected=f"row below {rows}, col below {cols}",
                got=f"row {self.row[which, rank]}, col {self.col[which, rank]}",
                do="give places on the maps of the layer, after its nonlinearity",
            )

    def _name_faults(self) -> Iterator[Fault]:
        if not self.filters:
            yield Fault("no filters", "top faces", expected="at least one")
        twice = [str(one) for one, count in Counter(self.filters).items() if count > 1]
        if twice:
            yield Fault("filters named twice", "top faces", expected="each once", got=_few(twice))

    def _shape_faults(self) -> Iterator[Fault]:
        ranks = self.image.shape[1:2] or (0,)
        if 0 in ranks:
            yield Fault(
                "no ranks", "top faces, image", expected="(filter, rank), at least one rank"
            )
        for name in ("image", "value", "row", "col"):
            found = getattr(self, name)
            if found.shape != (len(self.filters), *ranks):
                yield Fault(
                    f"{name} does not fit",
                    "top faces",
                    expected=f"({len(self.filters)} filters, {ranks[0]} ranks)",
                    got=str(found.shape),
                )
            if found.dtype.kind not in ("f" if name == "value" else "iu"):
                kind = "floats" if name == "value" else "whole numbers"
                yield Fault(
                    f"{name} is of another kind", "top faces", expected=kind, got=str(found.dtype)
                )

    def _value_faults(self) -> Iterator[Fault]:
        used = self.used
        if (np.diff(used.astype(int), axis=1) > 0).any() or (self.image < -1).any():
            yield Fault(
                "a list with a gap",
                "top faces, image",
                expected="positions from 0, and -1 from the end of a list on",
            )
        where = np.flatnonzero((used & ~np.isfinite(self.value)).any(axis=1))
        if where.size:
            yield Fault(
                "peaks that are no numbers",
                "top faces, value",
                expected="a finite peak for each face",
                got=_few([str(self.filters[i]) for i in where]),
            )


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (
        f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    )
