"""Corrections of single frame numbers that others found, as data with their provenance.

They are told by row number, so they hold for one version of a sheet only. A version is known by
its number of rows and by the rows whose apex is missing; on any other sheet they are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.reading.clips import Clip
from facsinterp.faces.sources.reading.notes import Notes


@dataclass(frozen=True)
class Patches:
    """What is known to be wrong in one version of a sheet. Rows count from 0 below the header."""

    provenance: str
    rows: int
    """How many rows that version has."""
    no_apex: frozenset[int]
    """Rows whose apex is missing there."""
    apex: Mapping[int, int] = field(default_factory=dict)
    offset: Mapping[int, int] = field(default_factory=dict)

    def applied(self, clips: Sequence[Clip], notes: Notes) -> list[Clip]:
        """The clips of every row, in order, corrected; DataError where the sheet is another.

        An offset is corrected only where it contradicts the onset, the apex or is missing, and
        no correction may contradict what the row says otherwise.
        """
        DataError.raise_any(self._refusals(clips))
        patched = list(clips)
        for row, offset in self.offset.items():
            self._tell(patched[row], f"offset {patched[row].offset} -> {offset}", notes)
            patched[row] = replace(patched[row], offset=offset)
        for row, apex in self.apex.items():
            self._tell(patched[row], f"apex {patched[row].apex} -> {apex}", notes)
            patched[row] = replace(patched[row], apex=apex)
        return patched

    def _tell(self, clip: Clip, change: str, notes: Notes) -> None:
        notes.note(f"frame numbers patched after {self.provenance}", f"{clip.name}: {change}")

    def _refusals(self, clips: Sequence[Clip]) -> Iterator[Fault]:
        """Why these patches are not meant for this sheet."""
        do = "leave patches off for this sheet"
        if len(clips) != self.rows:
            yield Fault(
                "the patches are for another version of the coding sheet",
                where=self.provenance,
                expected=f"{self.rows} rows",
                got=f"{len(clips)} rows",
                do=do,
            )
            return
        for row in sorted(self.no_apex):
            if clips[row].apex >= 0:
                yield self._other(clips[row], row, "no apex", f"apex {clips[row].apex}", do)
        for row, apex in self.apex.items():
            clip = clips[row]
            end = self.offset.get(row, clip.offset)
            if not clip.onset < apex <= (end if end > 0 else apex):
                got = f"onset {clip.onset}, offset {end}"
                yield self._other(clip, row, f"a movement around frame {apex}", got, do)
        for row, offset in self.offset.items():
            clip = clips[row]
            fine = clip.offset > clip.onset and clip.offset >= clip.apex
            if fine or offset <= max(clip.onset, clip.apex):
                got = f"onset {clip.onset}, apex {clip.apex}, offset {clip.offset}"
                yield self._other(
                    clip, row, f"an offset that is wrong, and meant {offset}", got, do
                )

    def _other(self, clip: Clip, row: int, expected: str, got: str, do: str) -> Fault:
        return Fault(
            "a patch is for another version of the coding sheet",
            where=f"row {row} below the header ({clip.name}); {self.provenance}",
            expected=expected,
            got=got,
            do=do,
        )
