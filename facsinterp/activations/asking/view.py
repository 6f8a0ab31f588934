"""One filter of a store: what it answered to the faces, told and shown in notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import xarray as xr
from markupsafe import Markup
from numpy.typing import NDArray

from facsinterp import notebook
from facsinterp.errors import InputError
from facsinterp.faces.table import FaceTable
from facsinterp.faces.thumbnail import webp
from facsinterp.facs import LETTERS
from facsinterp.labels import IMAGE, FilterId

if TYPE_CHECKING:
    from facsinterp.activations.asking.queries import Queries

SHOWN: Final = 12
"""Faces on a card."""


@dataclass(frozen=True, eq=False)
class FilterView:
    """A filter and the faces that it is asked about: all of the store, or those of a group."""

    store: Queries
    id: FilterId
    within: NDArray[np.bool_]
    """(image,) the faces that everything here is told of."""

    @property
    def response(self) -> xr.DataArray:
        """Its peak for each of the faces: (image), read, with the columns of the faces."""
        return self.store.data["peak"].isel(filter=self._place, image=self.within).load()

    @property
    def active_share(self) -> float:
        """The share of the faces for which its peak is above zero; NaN for no faces."""
        peaks = self.response.values
        return float((peaks > 0).mean()) if len(peaks) else float("nan")

    @property
    def dead(self) -> bool:
        """Whether none of the faces lifts it above zero."""
        return not bool((self.response.values > 0).any())

    def top(self, n: int, one_per: Literal["sequence", "subject"] | None = None) -> xr.Dataset:
        """The faces that it answers to most, as `ActivationStore.top` lists them."""
        return self.store.top(self.id, n, one_per, self.within)

    @property
    def _place(self) -> int:
        return int(np.flatnonzero(self.store.data["filter"].values == str(self.id))[0])

    def __repr__(self) -> str:
        told = [f"{name} {text}" for name, text in self.facts()]
        return f"<{type(self).__name__} {self.id}: {'; '.join(told)}>"

    def _repr_html_(self) -> str:
        return notebook.card(str(self.id), notebook.facts(self.facts()), *self.faces())

    def facts(self) -> list[tuple[str, str]]:
        """(name, text) of what is known of its answers."""
        peaks, total = self.response.values, len(self.within)
        faces = f"{len(peaks):,}" if len(peaks) == total else f"{len(peaks):,} of {total:,}"
        if not len(peaks):
            return [("faces", faces)]
        low, high = (notebook.significant(float(peak)) for peak in (peaks.min(), peaks.max()))
        active = int((peaks > 0).sum())
        told = f"{notebook.number(100 * active / len(peaks), 1)} % ({active:,})"
        kind = "dead: it answers to none of these faces" if not active else ""
        if active and low == high and (peaks == peaks[0]).all():
            kind = "constant: it gives all of these faces one value"
        facts = [("faces", faces), ("peaks", f"{low} to {high}"), ("active", told), ("state", kind)]
        return [(name, text) for name, text in facts if text]

    def faces(self) -> Iterator[Markup]:
        """Its strongest faces, one a sequence, as far as the terms allow that they are shown."""
        try:
            found = self.top(SHOWN, "sequence")
        except InputError as error:
            yield notebook.note(str(error))
            return
        positions = found["position"].values.astype(np.int64).tolist()
        if not positions:
            return
        table = self.store.faces.select(positions)
        allowed = [table.terms.may_show(name) for name in table.column("subject").tolist()]
        yield notebook.pictures(self._pictured(table, positions, allowed, found["value"].values))
        yield notebook.note(_words(allowed, pixels="face" in self.store.data))

    def _pictured(
        self,
        table: FaceTable,
        positions: Sequence[int],
        allowed: Sequence[bool],
        values: NDArray[np.floating],
    ) -> Iterator[tuple[bytes, tuple[str, ...]]]:
        pixels = self.store.data.get("face")
        columns = (table.images, table.column("expression"), _codes(table))
        for position, shown, value, image, expression, codes in zip(
            positions, allowed, values, *columns, strict=True
        ):
            face = b""
            if shown and pixels is not None:
                face = webp(pixels.isel({IMAGE: position}).values)
            told = (str(image), notebook.significant(float(value)), str(expression), codes)
            yield face, tuple(text for text in told if text)


def _codes(table: FaceTable) -> list[str]:
    """What coders saw in each face, `1C 2 12D`; empty where nobody coded it."""
    present, intensity = table.data["present"].values, table.data["intensity"].values
    coded = np.any(table.data["coded"].values, axis=1).tolist()
    return [
        _code(table.units, present[i], intensity[i]) if coded[i] else "" for i in range(len(table))
    ]


def _code(units: Sequence[int], present: NDArray[np.bool_], intensity: NDArray[np.floating]) -> str:
    shown = np.flatnonzero(present).tolist()
    return " ".join(f"{units[i]}{_letter(intensity[i])}" for i in shown) or "no unit"


def _letter(intensity: float) -> str:
    """`A` to `E`; empty where the intensity was not scored."""
    return LETTERS[round(float(intensity)) - 1] if intensity >= 1 else ""


def _words(allowed: Sequence[bool], *, pixels: bool) -> str:
    told = f"Its {len(allowed)} strongest of these faces, one a sequence: the peak, the expression "
    told += "and the action units that were coded."
    if not pixels:
        return f"{told} The store holds no pictures."
    hidden = len(allowed) - sum(allowed)
    if not hidden:
        return told
    are = "1 of them is" if hidden == 1 else f"{hidden} of them are"
    return f"{told} {are} not shown: the terms do not allow it."
