"""All that is known of each face, without its pixels.

A `FaceTable` holds one checked `xr.Dataset` over images and action units, the terms under
which the faces may be shown, and a record of what the loader found and skipped. Three
things are kept apart: whether a unit was *coded* for a face at all, whether it is
*present*, and how *intense* it is. A unit that nobody coded is not absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from facsinterp.errors import Fault, SchemaError
from facsinterp.faces.terms import Found, Terms
from facsinterp.labels import AU, FOLD, IMAGE, POINT, XY
from facsinterp.provenance import fingerprint
from facsinterp.schema import Schema, Variable

PHASES: Final = ("", "neutral", "onset", "apex", "offset")
PARTS: Final = ("", "train", "validation", "test")
"""What a face may be in a fold; "" takes no part in it."""
CLIP: Final = ("clip_onset", "clip_apex", "clip_offset")
"""Optional columns: frame numbers at which the coded movement of a sequence begins, is
strongest and has gone. The same in every row of a sequence; -1 where not known."""

FACES: Final = Schema(
    "a face table",
    {
        IMAGE: Variable((IMAGE,), "text"),
        AU: Variable((AU,), "integer"),
        "subject": Variable((IMAGE,), "text"),
        "sequence": Variable((IMAGE,), "text"),
        "frame": Variable((IMAGE,), "integer"),
        "phase": Variable((IMAGE,), "text"),
        "expression": Variable((IMAGE,), "text"),
        "split": Variable((IMAGE,), "text"),
        "path": Variable((IMAGE,), "text"),
        "present": Variable((IMAGE, AU), "bool"),
        "coded": Variable((IMAGE, AU), "bool"),
        "intensity": Variable((IMAGE, AU), "float"),
        "side": Variable((IMAGE, AU), "text", required=False),
        "landmarks": Variable((IMAGE, POINT, XY), "float", required=False),
        "clip_onset": Variable((IMAGE,), "integer", required=False),
        "clip_apex": Variable((IMAGE,), "integer", required=False),
        "clip_offset": Variable((IMAGE,), "integer", required=False),
        "official": Variable((IMAGE, FOLD), "text", required=False),
    },
    unique=(IMAGE, AU),
)


@dataclass(frozen=True)
class FaceTable:
    """Faces with their codes. `data` has dims image and au; see `FACES` for its variables.

    `intensity` runs from 0 (absent) to 5 (E); NaN means not scored, also for a unit that
    is present. `sequence` is unique over subjects. An empty `subject`, `sequence`,
    `expression` or `split` means not known. `landmarks` are (x, y) in pixels of the
    original picture, the centre of its top left pixel being (0, 0); NaN where a face has none.
    `official` tells the part (`PARTS`) of each face in each official fold of its data set.
    """

    data: xr.Dataset
    terms: Terms = field(default_factory=Terms)
    found: Found = field(default_factory=Found)

    def __post_init__(self) -> None:
        FACES.check(self.data)
        SchemaError.raise_any(_content_faults(self.data))

    @classmethod
    def from_arrays(  # noqa: PLR0913 - one keyword a column of the table
        cls,
        images: Sequence[str],
        units: Sequence[int],
        present: ArrayLike,
        *,
        coded: ArrayLike | None = None,
        intensity: ArrayLike | None = None,
        subject: Sequence[str] | None = None,
        sequence: Sequence[str] | None = None,
        frame: Sequence[int] | None = None,
        phase: Sequence[str] | None = None,
        expression: Sequence[str] | None = None,
        split: Sequence[str] | None = None,
        path: Sequence[str] | None = None,
        side: ArrayLike | None = None,
        landmarks: ArrayLike | None = None,
        clip: ArrayLike | None = None,
        official: ArrayLike | None = None,
        terms: Terms | None = None,
        found: Found | None = None,
    ) -> Self:
        """A table from plain arrays; what is left out is "not known", and `coded` is all True.

        `present`, `coded`, `intensity`, `side`: (image, au); `landmarks`: (image, point, 2);
        `clip`: (image, 3), onset, apex and offset; `official`: (image, fold).
        Raises SchemaError with every fault.
        """
        n = len(images)
        is_present = np.asarray(present, dtype=bool)
        is_coded = np.ones_like(is_present) if coded is None else np.asarray(coded, dtype=bool)
        if intensity is None:
            scored = np.where(is_coded & ~is_present, 0.0, np.nan)
        else:
            scored = np.asarray(intensity)
        grid: dict[str, Any] = {
            "present": ((IMAGE, AU), is_present),
            "coded": ((IMAGE, AU), is_coded),
            "intensity": ((IMAGE, AU), scored.astype(np.float32)),
        }
        if side is not None:
            grid["side"] = ((IMAGE, AU), np.asarray(side, dtype=str))
        if landmarks is not None:
            grid["landmarks"] = ((IMAGE, POINT, XY), np.asarray(landmarks, dtype=np.float32))
        if clip is not None:
            numbers = np.asarray(clip, dtype=np.int32).reshape(n, len(CLIP))
            grid |= {name: (IMAGE, numbers[:, k]) for k, name in enumerate(CLIP)}
        if official is not None:
            grid["official"] = ((IMAGE, FOLD), np.asarray(official, dtype=str))
        columns: dict[str, Any] = {
            "subject": _texts(subject, n),
            "sequence": _texts(sequence, n),
            "frame": np.zeros(n, np.int32) if frame is None else np.asarray(frame, np.int32),
            "phase": _texts(phase, n),
            "expression": _texts(expression, n),
            "split": _texts(split, n),
            "path": _texts(path, n),
        }
        try:
            data = xr.Dataset(
                grid,
                coords={
                    IMAGE: _texts(images, n),
                    AU: np.asarray(units, dtype=np.int16),
                    **{name: (IMAGE, values) for name, values in columns.items()},
                },
            )
        except ValueError as error:
            fault = Fault("arrays of a face table do not fit together", got=str(error))
            raise SchemaError(fault) from None
        return cls(data, terms or Terms(), found or Found())

    def __len__(self) -> int:
        return int(self.data.sizes[IMAGE])

    @property
    def images(self) -> NDArray[np.str_]:
        """Identifier of each image."""
        return self.column(IMAGE)

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Numbers of the action units that have a column."""
        return tuple(int(unit) for unit in self.data[AU].values)

    def column(self, name: str) -> NDArray[np.str_]:
        """One text column (subject, sequence, expression, ...) as an array of str."""
        # By way of a list: numpy does not cast its own variable-width text to fixed width.
        return np.asarray(self.data[name].values.tolist(), dtype=str)

    def select(self, images: ArrayLike) -> Self:
        """The rows that a boolean mask, positions, or image identifiers pick, in that order.

        Raises SchemaError when an identifier is not in the table.
        """
        keys = np.asarray(images)
        if keys.dtype.kind in "UT":
            position = {name: i for i, name in enumerate(self.images)}
            missing = [key for key in keys if key not in position]
            if missing:
                message = Fault(
                    "images that the face table does not hold",
                    expected=f"some of its {len(self)} images",
                    got=", ".join(missing[:5]) + (" ..." if len(missing) > 5 else ""),
                )
                raise SchemaError(message)
            keys = np.array([position[key] for key in keys], dtype=np.int64)
        elif not keys.size:
            keys = keys.astype(np.int64)  # an empty list becomes floats, which pick nothing
        return replace(self, data=self.data.isel({IMAGE: keys}))

    def with_split(self, split: Sequence[str]) -> Self:
        """The same faces with another split column."""
        return replace(self, data=self.data.assign_coords(split=(IMAGE, _texts(split, len(self)))))

    @property
    def fingerprint(self) -> str:
        """Changes when any code, label or identifier changes; `path` and `found` do not count."""
        names = sorted(str(name) for name in self.data.variables if name != "path")
        return fingerprint(names, *(np.asarray(self.data[name].values) for name in names))

    def to_dataset(self) -> xr.Dataset:
        """The table with terms and findings as JSON attributes, to be written to disk."""
        terms = asdict(self.terms)
        showable = self.terms.showable
        terms["showable"] = None if showable is None else sorted(showable)
        terms["hidden"] = sorted(self.terms.hidden)
        return self.data.assign_attrs(
            facsinterp_terms=json.dumps(terms, ensure_ascii=False),
            facsinterp_found=json.dumps(asdict(self.found), ensure_ascii=False),
        )

    @classmethod
    def from_dataset(cls, data: xr.Dataset) -> Self:
        """The table that `to_dataset` gave."""
        terms = json.loads(data.attrs["facsinterp_terms"])
        if terms["showable"] is not None:
            terms["showable"] = frozenset(terms["showable"])
        terms["hidden"] = frozenset(terms.get("hidden", ()))
        found = json.loads(data.attrs["facsinterp_found"])
        found["skipped"] = tuple((path, reason) for path, reason in found["skipped"])
        found["warnings"] = tuple(found["warnings"])
        return cls(data.drop_attrs(), Terms(**terms), Found(**found))


def _texts(values: Sequence[str] | None, n: int) -> NDArray[np.str_]:
    return np.full(n, "", dtype="U1") if values is None else np.asarray(values, dtype=str)


def _content_faults(data: xr.Dataset) -> Iterator[Fault]:
    """Values that contradict each other."""
    present, coded = data["present"].values, data["coded"].values
    intensity = data["intensity"].values
    checks = (
        (present & ~coded, "units present that were not coded", "present only where coded"),
        (
            (intensity < 0) | (intensity > 5),
            "intensities outside the FACS range",
            "0 (absent) to 5 (E), NaN = not scored",
        ),
        (
            (present & (intensity == 0)) | (~present & (intensity > 0)),
            "intensities that contradict presence",
            "0 where absent, above 0 or NaN where present",
        ),
    )
    for wrong, what, expected in checks:
        if wrong.any():
            row, col = (int(i) for i in np.argwhere(wrong)[0])
            yield Fault(
                f"{int(wrong.sum())} {what}",
                where=f"first at image {data[IMAGE].values[row]}, AU{int(data[AU].values[col])}",
                expected=expected,
                got=f"intensity {intensity[row, col]:g}",
            )
    phases = set(data["phase"].values.tolist()) - set(PHASES)
    if phases:
        yield Fault(
            "unknown phases of a sequence",
            expected=", ".join(repr(p) for p in PHASES),
            got=", ".join(sorted(phases)),
        )
    if "official" in data:
        parts = set(np.unique(data["official"].values.astype(str)).tolist()) - set(PARTS)
        if parts:
            yield Fault(
                "unknown parts of an official fold",
                expected=", ".join(repr(p) for p in PARTS),
                got=", ".join(sorted(parts)),
            )
    yield from _shared_sequences(data)


def _shared_sequences(data: xr.Dataset) -> Iterator[Fault]:
    """A sequence shows one person; the same name for two would merge them in every test."""
    owner: dict[str, str] = {}
    for sequence, subject in zip(
        data["sequence"].values.tolist(), data["subject"].values.tolist(), strict=True
    ):
        if sequence and owner.setdefault(sequence, subject) != subject:
            yield Fault(
                "a sequence belongs to two subjects",
                where=f"sequence {sequence}",
                expected="names unique over subjects, such as S005_001",
                got=f"subjects {owner[sequence]} and {subject}",
            )
            return
