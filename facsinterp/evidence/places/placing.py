"""Does a filter look at the place where its action unit shows, and only then?

Three questions to each pair of a filter and a unit, and each has a null of its own.
*Whose place is it*: the filter's share against that of the other filters of its layer, as if
the unit had been given to a filter at random. *Only then*: the share on faces that show the
unit against faces of the same people that do not. *More than area*: the share over what the
region takes of all that the layer can see. A filter that looks at the mouth whatever the
mouth does passes the first and the last, and not the second; none tells units apart that
share a place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.evidence.places.looks import Looks, positions
from facsinterp.faces.regions import area_of
from facsinterp.facs import label
from facsinterp.labels import AU, FILTER
from facsinterp.stats.matrices import group_numbers
from facsinterp.stats.multiple import adjust
from facsinterp.stats.placing import (
    FEWEST_OTHERS,
    FEWEST_SUBJECTS,
    Presence,
    above_p,
    assignment_p,
    by_subject,
    over_subjects,
    presence_difference,
)

Pair = tuple[str, int]
LooksOf = Callable[[int], Looks]
Floats = NDArray[np.float64]

PAIR: Final = "pair"
NUMBERS: Final = {
    "share": "mean share of the looks inside the region",
    "share_still": "the same in the region that stands still",
    "share_low": "95 % interval of share over people",
    "share_high": "95 % interval of share over people",
    "expected": "the same of the layer's filters that have no unit of this area",
    "chance": "share of what the layer can see",
    "enrichment": "share / chance",
    "p_chance": "as much above chance when the signs of people are turned",
    "q_chance": "corrected over all pairs tested",
    "p_assignment": "such a filter looks there as much",
    "q_assignment": "corrected over all pairs tested",
    "share_with": "share on faces that show the unit, of people with faces of both kinds",
    "share_without": "the same on faces that do not",
    "difference": "share_with - share_without",
    "difference_still": "the same in the region that stands still",
    "low": "95 % interval of difference over people",
    "high": "95 % interval of difference over people",
    "p_presence": "as large a difference when the unit is shuffled inside people",
    "q_presence": "corrected over all pairs tested",
    "iou": "intersection over union of the filter's mask and the region",
    "iou_p": "such a filter has as much",
}
COUNTS: Final = {
    "n_faces": "looks behind share",
    "n_subjects": "people behind share",
    "n_faces_presence": "looks behind difference",
    "n_subjects_presence": "people behind difference",
}


@dataclass(frozen=True)
class Coded:
    """Who is on the store's faces and what they show."""

    people: NDArray[np.int64]
    """(image,) number of the subject; a face of nobody known is a person of its own."""
    coded: NDArray[np.bool_]
    """(image, au)"""
    present: NDArray[np.bool_]
    """(image, au)"""
    units: tuple[int, ...]

    @classmethod
    def of(cls, store: ActivationStore) -> Self:
        """From the tables of the store."""
        data = store.data
        subjects = data["subject"].values.astype(str)
        return cls(
            group_numbers(subjects, len(subjects)),
            data["coded"].values,
            data["present"].values,
            tuple(data[AU].values.tolist()),
        )


def region_test(
    pairs: Sequence[Pair],
    shown: LooksOf,
    store: ActivationStore,
    *,
    located: Sequence[int],
    compared: LooksOf | None = None,
    overlap: xr.Dataset | None = None,
    draws: tuple[int, int] = (9999, 0),
    correction: str = "bh",
) -> xr.Dataset:
    """Whether each filter looks at the place of its unit: dim pair, in the order given.

    `pairs`: filter and unit, such as ("conv3/017", 12). `shown`: looks of all filters of the
    layers at faces that tell where they look: their strongest faces, or the faces with the
    unit. `compared`: looks of the filters asked about at faces with and without the unit; none,
    and presence is not tested. `located`: units that have a region. `overlap`: what
    `overlap.overlap` gave. Codes and people come from `store`.

    Variables: those of NUMBERS and COUNTS, `filter`, `unit`, `layer`, and `reason`, which says
    why something is missing ("" where nothing is). Shares are those in the face's own region
    averaged inside people first; p_assignment and p_presence are the larger of two, one for
    that region and one for the region that stands still (the null is that a filter keeps to a
    place, be it of the face or of the picture: an intersection-union test, Berger 1982).
    One-sided. The other filters of a layer are those not paired with a unit of the same area
    of the face (`faces.regions.AREAS`): which unit it is of an area, no place can tell.
    A family is one kind of p-value over all pairs. Attributes tell it.

    Raises InputError for a pair given twice, and for a filter that has no looks.
    """
    refuse_repeats(pairs)
    found: dict[str, NDArray[Any]] = {name: np.full(len(pairs), np.nan) for name in NUMBERS}
    found |= {name: np.zeros(len(pairs), dtype=np.int64) for name in COUNTS}
    reasons, found["layer"] = (np.full(len(pairs), "", dtype=object) for _ in range(2))
    faces, areas = Coded.of(store), {unit: area_of(unit) for unit in located}
    for unit in dict.fromkeys(unit for _, unit in pairs):
        mine = [k for k, pair in enumerate(pairs) if pair[1] == unit]
        names = [pairs[k][0] for k in mine]
        if unit not in located:
            reasons[mine] = f"{label(unit)} has no region on the face"
            continue
        looks = shown(unit)
        rows = positions(looks.filters, names)
        near = [name for name, other in pairs if areas.get(other) == areas[unit]]
        columns = {"layer": looks.layers[rows], **_assigned(looks, rows, near, faces.people)}
        if overlap is not None:
            columns |= _overlapping(overlap, unit, names, near)
        if compared is not None:
            other = compared(unit)
            rows = positions(other.filters, names)
            columns |= _compared([_presence(other, row, unit, faces, draws) for row in rows])
        for name, values in columns.items():
            found[name][mine] = values
        reasons[mine] = ["; ".join(_reason(found, k, asked=compared is not None)) for k in mine]
    for kind in ("chance", "assignment", "presence"):
        found[f"q_{kind}"] = adjust(found[f"p_{kind}"], correction)
    meaning = NUMBERS | COUNTS
    layers = found.pop("layer").astype(str)
    table = {name: (PAIR, part, {"meaning": meaning[name]}) for name, part in found.items()}
    return xr.Dataset(
        {
            FILTER: (PAIR, np.array([name for name, _ in pairs], dtype=str)),
            "unit": (PAIR, np.array([unit for _, unit in pairs], dtype=np.int64)),
            "layer": (PAIR, layers),
            **table,
            "reason": (PAIR, reasons.astype(str)),
        },
        attrs={
            "family": "all pairs given that can be tested; chance, assignment and presence apart",
            "family_chance": int(np.isfinite(found["p_chance"]).sum()),
            "family_assignment": int(np.isfinite(found["p_assignment"]).sum()),
            "family_presence": int(np.isfinite(found["p_presence"]).sum()),
            "correction": correction,
            "shuffles": draws[0],
            "seed": draws[1],
        },
    )


def _assigned(
    looks: Looks, rows: NDArray[np.int64], near: Sequence[str], people: NDArray[np.int64]
) -> dict[str, Floats]:
    """Columns about shares for the filters at `rows`, against those of their layers not `near`."""
    owner = people[looks.image]  # of a face that is none there is no share either
    size = int(people.max(initial=-1)) + 1
    shares = by_subject(looks.own, owner, size)
    own = over_subjects(shares)
    still = over_subjects(by_subject(looks.still, owner, size)).mean
    by_chance = by_subject(looks.chance, owner, size)
    chance = over_subjects(by_chance).mean
    enough = own.subjects >= FEWEST_SUBJECTS
    chosen = np.isin(looks.filters, near)
    p = np.maximum(
        *(
            assignment_p(np.where(enough, score, np.nan), chosen, looks.layers)
            for score in (own.mean, still)
        )
    )
    others = {
        layer: own.mean[(looks.layers == layer) & ~chosen & enough]
        for layer in set(looks.layers[rows].tolist())
    }
    mean = {layer: part.mean() if len(part) else np.nan for layer, part in others.items()}
    return {
        "share": own.mean[rows],
        "share_still": still[rows],
        "share_low": np.maximum(own.low[rows], 0),
        "share_high": np.minimum(own.high[rows], 1),
        "expected": np.array([mean[layer] for layer in looks.layers[rows]]),
        "chance": chance[rows],
        "enrichment": own.mean[rows] / np.where(chance[rows] > 0, chance[rows], np.nan),
        "p_chance": above_p(shares[:, rows] - by_chance[:, rows]),
        "p_assignment": p[rows],
        "n_faces": (looks.image[rows] >= 0).sum(axis=1),
        "n_subjects": own.subjects[rows],
    }


def _compared(told: Sequence[tuple[Presence, float]]) -> dict[str, Floats]:
    """Columns about presence, one value a pair."""
    columns = np.array([tuple(own) for own, _ in told], dtype=np.float64).T
    named = dict(zip(Presence._fields, columns, strict=True))
    kept = ("share_with", "share_without", "difference", "low", "high")
    return {
        **{name: named[name] for name in kept},
        "difference_still": np.array([still for _, still in told]),
        "p_presence": named["p"],
        "n_faces_presence": named["faces"],
        "n_subjects_presence": named["subjects"],
    }


def _presence(
    looks: Looks, row: int, unit: int, faces: Coded, draws: tuple[int, int]
) -> tuple[Presence, float]:
    """How one filter's share goes with the unit, p for both regions; the still difference."""
    at = faces.units.index(unit)
    image = looks.image[row]
    known = (image >= 0) & faces.coded[image, at]
    image = image[known]
    own, still = (
        presence_difference(
            part[row][known],
            faces.present[image, at],
            faces.people[image],
            count=draws[0],
            seed=draws[1],
        )
        for part in (looks.own, looks.still)
    )
    return own._replace(p=float(np.maximum(own.p, still.p))), still.difference


def _overlapping(
    overlap: xr.Dataset, unit: int, names: Sequence[str], near: Sequence[str]
) -> dict[str, Floats]:
    """Columns about the overlap of some filters, against those of their layers not `near`."""
    iou = overlap["iou"].sel({AU: unit}).values
    every = overlap[FILTER].values.astype(str)
    rows = positions(every, names)
    p = assignment_p(iou, np.isin(every, near), overlap["layer"].values.astype(str))
    return {"iou": iou[rows], "iou_p": p[rows]}


def _reason(found: Mapping[str, NDArray[np.generic]], k: int, asked: bool) -> Iterator[str]:
    """Why a pair lacks one of its tests."""
    if np.isnan(found["p_assignment"][k]):
        if found["n_subjects"][k] < FEWEST_SUBJECTS:
            yield f"where it looks: faces of {found['n_subjects'][k]} people, not {FEWEST_SUBJECTS}"
        else:
            yield f"its rank among filters: fewer than {FEWEST_OTHERS} others in the layer"
    if asked and np.isnan(found["p_presence"][k]):
        people = found["n_subjects_presence"][k]
        yield (
            f"with and without the unit: answers to both on {people} people, not {FEWEST_SUBJECTS}"
        )


def refuse_repeats(pairs: Sequence[Pair]) -> None:
    """Raises InputError where a pair stands twice."""
    InputError.raise_any(
        Fault("a pair is given twice", got=f"{name} and {label(unit)}")
        for (name, unit), times in Counter(pairs).items()
        if times > 1
    )
