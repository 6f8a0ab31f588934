"""What the network will see: some faces, each before and after it is made ready.

    definition -> a spread of faces -> prepared -> normalised as the network does it -> a sheet

Only the pictures that are shown are read, and some more where the network normalises by the
data set.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facsinterp.amounts import amount
from facsinterp.errors import DataError, Fault
from facsinterp.faces.pictures import Skip
from facsinterp.faces.preparing.decoded import landmarks_of
from facsinterp.faces.preparing.finders import finder_for
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.sources.registry import source
from facsinterp.faces.table import FaceTable
from facsinterp.facs import EXPRESSIONS
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.study.desk import Desk, Seen
from facsinterp.study.locate import DataPlaces
from facsinterp.study.normalised import normalised
from facsinterp.study.sheet import Sheet, Tile, drawn
from facsinterp.study.spec import StudySpec

# Pictures that are tried for each one that is shown.
_TRIES: Final = 6
_CROPS: Final = {
    "none": "the whole picture",
    "centre": "the middle square of the picture{zoom}",
    "landmarks": "a square around the face by its landmarks, eyes level{zoom}",
    "haar": "the first box of OpenCV's Haar cascade, as it is (Khorrami et al., 2015)",
    "yunet": "a square around the face that YuNet finds, eyes level{zoom}",
    "mediapipe": "a square around the face that MediaPipe finds, eyes level{zoom}",
}
_SAMPLED: Final = {"haar": "bilinear without averaging"}


def contact_sheet(
    spec: StudySpec, places: DataPlaces, count: int = 24, progress: Progress = SILENT
) -> Image.Image:
    """Up to `count` faces of a definition: as they are, prepared, and as the network takes them.

    Each expression and as many people as there is room for; faces that may not be shown are
    left out and counted. Raises DataError when no face can be shown, and what reading the
    faces raises.
    """
    desk, title = _desk(spec, places)
    faces = desk.faces
    allowed = [faces.terms.may_show(subject) for subject in faces.column("subject").tolist()]
    order = spread(faces, np.flatnonzero(allowed), spec.seed)
    with progress.step("Preparing faces to show", count) as advance:
        some, skipped = _usable(desk, order[: _TRIES * count], count, advance)
    if not some:
        raise _nothing(faces, sum(allowed), skipped)
    some.sort(key=lambda one: _place(str(faces.data["expression"].values[one.row])))
    values, said = normalised(spec, desk, some, places)
    notes = [_prepared_words(spec.preparation), said]
    notes += _count_words(faces, some, len(faces) - sum(allowed), skipped)
    tiles = tuple(
        Tile(_label(faces, one.row), one.original, one.window, one.prepared, value)
        for one, value in zip(some, values, strict=True)
    )
    return drawn(Sheet(f"{spec.name}: what the network sees", title, tiles, tuple(notes)))


def _desk(spec: StudySpec, places: DataPlaces) -> tuple[Desk, str]:
    """The faces of a definition, and what they are called."""
    corpus = source(spec.faces.source)
    options = corpus.Options(**spec.faces.options)
    root, faces = places.read(corpus, options)
    desk = Desk(
        faces,
        corpus.pictures(root, options),
        spec.preparation,
        finder_for(spec.preparation.crop, places.models),
        landmarks_of(faces, spec.preparation),
    )
    return desk, faces.terms.source or corpus.title


def _usable(
    desk: Desk, order: Sequence[int], count: int, advance: Advance
) -> tuple[list[Seen], list[Skip]]:
    """The first faces that can be made ready, as many as are asked for, and those passed over."""
    some: list[Seen] = []
    skipped: list[Skip] = []
    tried = 0
    while tried < len(order) and len(some) < count:
        rows = order[tried : tried + count - len(some)]
        tried += len(rows)
        found = dict(zip(sorted(rows), desk.seen(sorted(rows)), strict=True))
        for one in (found[row] for row in rows):
            if isinstance(one, Skip):
                skipped.append(one)
            else:
                some.append(one)
                advance(1)
    return some, skipped


def spread(faces: FaceTable, rows: NDArray[np.int64], seed: int) -> list[int]:
    """These rows in an order of which any beginning is a good choice to show.

    Expressions take turns; in each, people who were not taken yet go first, and the apex of a
    movement before other frames.
    """
    expression, subject = faces.column("expression"), faces.column("subject")
    apex = faces.column("phase") == "apex"
    waiting: dict[str, list[int]] = {}
    for row in np.random.default_rng(seed).permutation(rows).tolist():
        waiting.setdefault(str(expression[row]), []).append(row)
    for own in waiting.values():
        own.sort(key=lambda row: not apex[row])
    taken: Counter[str] = Counter()
    turns = {
        name: _person_by_person(own, subject, taken)
        for name, own in sorted(waiting.items(), key=lambda pair: _place(pair[0]))
    }
    order: list[int] = []
    while turns:
        for name in list(turns):
            row = next(turns[name], None)
            if row is None:
                del turns[name]
            else:
                order.append(row)
    return order


def _person_by_person(
    rows: Sequence[int], subject: NDArray[np.str_], taken: Counter[str]
) -> Iterator[int]:
    """Each time the first row of a person of whom the fewest were taken; others take as well."""
    own: dict[str, deque[tuple[int, int]]] = defaultdict(deque)
    for place, row in enumerate(rows):
        own[str(subject[row])].append((place, row))
    heap = [(taken[who], queue[0][0], who) for who, queue in own.items()]
    heapify(heap)
    while heap:
        times, place, who = heappop(heap)
        if times < taken[who]:  # taken elsewhere since
            heappush(heap, (taken[who], place, who))
            continue
        _, row = own[who].popleft()
        taken[who] += 1
        if own[who]:
            heappush(heap, (taken[who], own[who][0][0], who))
        yield row


def _place(expression: str) -> tuple[int, str]:
    """Canonical expressions first, faces without one last."""
    known = EXPRESSIONS.index(expression) if expression in EXPRESSIONS else len(EXPRESSIONS)
    return (known if expression else len(EXPRESSIONS) + 1), expression


def _label(faces: FaceTable, row: int) -> tuple[str, str]:
    """The expression and the person; the units that were coded at the peak."""
    data = faces.data
    name = str(data["expression"].values[row]) or "no label"
    subject = str(data["subject"].values[row])
    present = data["present"].values[row] & data["coded"].values[row]
    units = "+".join(str(unit) for unit, there in zip(faces.units, present, strict=True) if there)
    coded = bool(data["coded"].values[row].any())
    return (
        f"{name}, {subject}" if subject else name,
        f"AU {units}" if units else "no unit" if coded else "not coded",
    )


def _prepared_words(preparation: Preparation) -> str:
    zoom = f", {preparation.zoom:g} times closer" if preparation.zoom != 1 else ""
    colour = "grey (ITU-R 601)" if preparation.colour == "grey" else "RGB"
    sampled = _SAMPLED.get(preparation.crop, "antialiased")
    crop = _CROPS[preparation.crop].format(zoom=zoom)
    return f"Preparation: {crop}; {preparation.size} x {preparation.size} px, {colour}, {sampled}."


def _count_words(
    faces: FaceTable, some: Sequence[Seen], hidden: int, skipped: Sequence[Skip]
) -> Iterator[str]:
    who = {str(faces.data["subject"].values[one.row]) for one in some} - {""}
    people = f", {amount(len(who), 'person', 'people')}" if who else ""
    left = f" Left out: {amount(hidden, 'face')} that the terms do not let be shown."
    yield f"Shown: {len(some)} of {amount(len(faces), 'face')}{people}.{left if hidden else ''}"
    if skipped:
        reasons = Counter(skip.reason for skip in skipped).most_common(3)
        told = "; ".join(f"{reason} ({count})" for reason, count in reasons)
        tried = len(some) + len(skipped)
        yield f"Not usable: {len(skipped)} of {amount(tried, 'picture')} tried: {told}."
    terms = faces.terms
    if terms.text or not terms.redistributable:
        passed = "" if terms.redistributable else " Not to be passed on."
        yield f"Terms: {terms.text or terms.source}{passed}"


def _nothing(faces: FaceTable, allowed: int, skipped: Sequence[Skip]) -> DataError:
    if not allowed:
        return DataError(
            Fault(
                f"none of {amount(len(faces), 'face')} may be shown",
                got=faces.terms.text,
                do='if your agreement allows it, add showable = "all" to [faces]',
            )
        )
    return DataError(
        Fault("a picture cannot be used", where=skip.path, got=skip.reason) for skip in skipped[:5]
    )


def write_sheet(
    spec: StudySpec, places: DataPlaces, out: Path, count: int, progress: Progress = SILENT
) -> None:
    """Writes the sheet to a PNG file, whatever its name."""
    contact_sheet(spec, places, count, progress).save(out, "PNG")
