"""Whether a folder is CK+ at all, what lies where in it, and how much of it there is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Sequence as Listed
from pathlib import Path
from typing import Final

from facsinterp.errors import DataError, Fault
from facsinterp.faces.sources.ckplus.files import (
    Sequence,
    is_derived,
    is_sequence_folder,
)
from facsinterp.faces.sources.reading.listing import below
from facsinterp.faces.sources.reading.notes import Notes, few
from facsinterp.facs import EXPRESSIONS

PUBLISHED: Final[Mapping[str, int]] = {
    "sequences": 593,
    "subjects": 123,
    "FACS files": 593,
    "emotion labels": 327,
    "anger": 45,
    "contempt": 18,
    "disgust": 59,
    "fear": 25,
    "happy": 69,
    "sadness": 28,
    "surprise": 83,
}
PUBLISHED_OLDER: Final[Mapping[str, int]] = {"sequences": 486, "subjects": 97}
"""Of the first release, which is coded in a sheet."""

_KINDS: Final = {
    "image": "images",
    "facs": "FACS codes",
    "emotion": "emotions",
    "landmarks": "landmarks",
}
_SHOWN: Final = 5
_OTHER_FORMAT: Final = re.compile(
    r"S\d{3,4}_\d{3}_\d{8}\.(?:jpe?g|bmp|tiff?|gif|webp|p[gp]m)", re.IGNORECASE | re.ASCII
)
_SHEET: Final = "Cohn-Kanade Database FACS codes_updated based on 2002 manual_revised.xls"


def require_images(root: Path, files: Listed[Path], sequences: Iterable[Sequence]) -> None:
    """Raise DataError when no image is of CK+, or all are of a copy that others made."""
    images = [path for sequence in sequences for path in sequence.files["image"].values()]
    names = [path.name for path in files]
    if not images and any(_is_table_of_crops(name) for name in names):
        raise DataError(_copy("ckextended.csv, a copy of cropped frames as a table", root, names))
    if not images:
        zipped = [name for name in names if name.casefold().endswith(".zip")]
        others = [name for name in names if _OTHER_FORMAT.fullmatch(name)]
        labels = sum(name.casefold().endswith(("_facs.txt", "_emotion.txt")) for name in names)
        raise DataError(
            Fault(
                "no images of CK+ are in this folder",
                where=str(root),
                expected="files such as cohn-kanade-images/S005/001/S005_001_00000011.png",
                got=(f"{len(others)} pictures of another format, " if others else "")
                + (f"{labels} label files without images: " if labels else "")
                + _listed(others or names),
                do=_advice(zipped, others),
            )
        )
    if all(map(is_derived, images)):
        raise DataError(
            _copy(
                "CK+48, a copy of cropped frames sorted by emotion",
                root,
                [f"{len(images)} images in folders named by emotion"],
            )
        )


def require_codes(root: Path, sequences: Listed[Sequence], notes: Notes) -> None:
    """Raise DataError when no sequence has codes, with the files that could not be read."""
    if any(sequence.codes for sequence in sequences):
        return
    images = sum(len(sequence.files["image"]) for sequence in sequences)
    spoilt = [
        Fault("a FACS file cannot be used", where=path, got=reason)
        for path, reason in notes.skipped
        if path.casefold().endswith("_facs.txt")
    ]
    missing = Fault(
        "no sequence has FACS codes",
        where=str(root),
        expected=f"files such as FACS/S005/001/S005_001_00000011_facs.txt; of CK, {_SHEET}",
        got="; ".join(
            [f"{images} images, {len(spoilt)} FACS files that cannot be used", *notes.warnings]
        ),
        do="unpack FACS_labels.zip beside the images",
    )
    raise DataError([missing, *spoilt[:_SHOWN]])


def _advice(zipped: Listed[str], others: Listed[str]) -> str:
    if zipped:
        return f"unpack {', '.join(zipped)}"
    return "take the PNG pictures as they came" if others else "name the folder of the data set"


def _copy(what: str, root: Path, names: Listed[str]) -> Fault:
    return Fault(
        f"this is {what}",
        where=str(root),
        expected="the original CK+, whose peak frames have FACS codes",
        got=_listed(names),
        do="ask for CK+ with its four archives",
    )


def _is_table_of_crops(name: str) -> bool:
    plain = name.casefold().replace("+", "").replace("_", "")
    return plain.endswith(".csv") and plain.startswith("ckextended")


def _listed(names: Listed[str]) -> str:
    return few(names) or "nothing"


def gaps(files: Iterable[Path], sequences: Listed[Sequence]) -> Iterator[str]:
    """Signs that an archive was not unpacked, or not whole."""
    bare = [sequence.name for sequence in sequences if not sequence.files["image"]]
    if bare:
        yield (
            f"labels of {len(bare)} sequences have no images ({few(bare)}): "
            "were the images unpacked whole?"
        )
    shown = [sequence for sequence in sequences if sequence.files["image"]]
    uncoded = [sequence.name for sequence in shown if sequence.codes is None]
    if uncoded:
        yield f"{len(uncoded)} of {len(shown)} sequences have no FACS codes ({few(uncoded)})"
    if not any(sequence.files["emotion"] for sequence in sequences):
        for path in files:
            if path.suffix.casefold() == ".zip" and "emotion" in path.name.casefold():
                yield f"{path.name} is not unpacked, so no emotion is known"


def counted(sequences: Listed[Sequence]) -> dict[str, int]:
    """Sequences, subjects, images and labels, and the sequences of each emotion."""
    emotions = Counter(sequence.emotion for sequence in sequences if sequence.emotion)
    return {
        "sequences": len(sequences),
        "subjects": len({sequence.subject for sequence in sequences}),
        "images": sum(len(sequence.files["image"]) for sequence in sequences),
        "FACS files": sum(bool(sequence.files["facs"]) for sequence in sequences),
        "emotion labels": emotions.total(),
        **{emotion: emotions[emotion] for emotion in EXPRESSIONS[1:]},
    }


def layout_of(
    root: Path, sequences: Iterable[Sequence], sheet: Path | None, archive: Path | None
) -> str:
    """Where each kind of file was found: `images in cohn-kanade-images, FACS codes in FACS`."""
    places: dict[str, set[str]] = {kind: set() for kind in _KINDS}
    for sequence in sequences:
        for kind, files in sequence.files.items():
            for path in files.values():
                folders = Path(below(root, path)).parent.parts
                above = [part for part in folders if not is_sequence_folder(part)]
                places[kind].add("/".join(above) or "the folder itself")
    if sheet is not None:
        places["facs"].add(below(root, sheet))
    if archive is not None:
        places["landmarks"].add(below(root, archive))
    return ", ".join(
        f"{_KINDS[kind]} in {' and '.join(sorted(found))}" if found else f"no {_KINDS[kind]}"
        for kind, found in places.items()
    )
