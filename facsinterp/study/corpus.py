"""The faces that a part of a definition names, read and made ready for networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from facsinterp.amounts import amount
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.faces.splits.crossing import bearing_two_names
from facsinterp.faces.table import FaceTable
from facsinterp.provenance import fingerprint

if TYPE_CHECKING:
    from facsinterp.faces.preparing.pixels import Pixels
    from facsinterp.progress import Progress
    from facsinterp.study.locate import DataPlaces
    from facsinterp.study.parts import FacesPart

PIXELS: Final = Path(".cache") / "pixels"
# Groups of copies that a warning names.
_SHOWN: Final = 5


@dataclass(frozen=True, eq=False)
class Corpus:
    """Faces that can be decoded, and their prepared pictures."""

    source: str
    """The name of their source: `ckplus`."""
    title: str
    """The data set's name for people."""
    faces: FaceTable
    pixels: Pixels

    @cached_property
    def fingerprint(self) -> str:
        """Changes with anything that is known of the faces, and with any pixel."""
        return fingerprint(self.faces.fingerprint, self.pixels.fingerprint)


def look(
    part: FacesPart, places: DataPlaces, out: Path, progress: Progress, name: str = ""
) -> Corpus:
    """The faces that a `[faces]` part names, with what was noticed in their pictures.

    `name`: that of the part in `[also]`, under which a folder may be given.
    """
    from facsinterp.faces.preparing.pixels import Pixels

    corpus = source(part.source)
    options = corpus.Options(**part.options)
    root, faces = places.read(corpus, options, name)
    progress.say(f"faces: {amount(len(faces), 'image')} of {corpus.title}")
    pixels = Pixels.decode(
        faces,
        corpus.pictures(root, options),
        Preparation(**part.preparation),
        out / PIXELS,
        progress,
        models=places.models,
    )
    if pixels.skipped:
        progress.say(
            f"faces: left out, {amount(len(pixels.skipped), 'picture')} that cannot be prepared"
        )
    shown = faces.select(pixels.images)
    found = faces.found.and_skipped([(skip.path, skip.reason) for skip in pixels.skipped])
    noticed = _two_names(shown, pixels)
    for warning in noticed:
        progress.say(f"faces: {warning}")
    known = replace(shown, found=found.and_warnings(noticed))
    return Corpus(part.source, corpus.title, known, pixels)


def _two_names(faces: FaceTable, pixels: Pixels) -> tuple[str, ...]:
    """A warning if a picture stands under the names of two people: held out by name, they may
    have been seen in training."""
    groups = bearing_two_names(faces, pixels)
    if not groups:
        return ()
    named = [" = ".join(group) for group in groups[:_SHOWN]]
    more = f" and {len(groups) - _SHOWN} more" if len(groups) > _SHOWN else ""
    return (
        f"pictures that are equal in every pixel bear the names of different subjects, so that "
        f"held-out people may have been trained on: {'; '.join(named)}{more}",
    )
