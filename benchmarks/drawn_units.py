"""One line of JSON: do the drawn units mean what they are called, on faces drawn here or not?

    python benchmarks/drawn_units.py --ictfaces ROOT --london ROOT       # some three minutes

Linear classifiers (ridge) on apex less neutral, both turned and scaled so that the eyes lie in
place, as logarithms of softened grey levels, 24 x 24:

- `drawn`: each unit of people held out, alone or with one or two others, and among emotions
  (AUROC of C to E against none of it; traces and slight ones are not asked about), and the
  emotion of prototypes. 45 is left out: a picture of a blink is a
  picture of 43. Of 30 it is the jaw to the left: a sum of pixels knows no "to either side".
- `ictfaces`: classifiers learnt from drawn faces, on rendered faces that nobody here drew
  (`--ictfaces`, CK+ layout), beside classifiers learnt from those faces themselves (other people
  of theirs), which says how much there is to be had.
- `london`: 12 in single photographs (`--london`, neutral and smiling) by a ridge on oriented
  gradients (HOG) of the lower face, learnt from drawn faces at rest, happy ones and ones with
  other units: no neutral face is taken off. `balanced_accuracy` is that of calling the higher
  half of the photographs smiles, which needs no label but to know that it is half; `at_zero` that
  at the threshold of the drawn faces; `paired` the share of people whose smiling picture has the
  higher score.

The strength of a ridge is chosen by telling training people from other training people: for its
own kind of faces the one with the least error, for others the strongest that loses no more than
a hundredth of AUROC by it, since what a weak fit does not lean on cannot mislead it elsewhere.

Intervals are the middle 95 % over 400 draws of people with replacement.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.feature import hog
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from facsinterp.faces.drawn import UNITS, Face, landmarks, render
from facsinterp.faces.drawn.cast import person
from facsinterp.faces.drawn.emotions import EMOTIONS, settled, show
from facsinterp.faces.drawn.rooms import draw_setting, stir
from facsinterp.faces.drawn.units import agree
from facsinterp.faces.sources.registry import source

Floats = NDArray[np.float32]
PEOPLE, PIXELS, SIDE = 200, 96, 48
STILL = tuple(unit for unit in UNITS if unit != 45)
SIDEWAYS = 30
"""The jaw to one side: to both it goes nowhere."""
EYES = ((0.33, 0.36), (0.67, 0.36))
"""Where the eyes are brought, as shares of the side."""
STRENGTHS = (1e-2, 1e-1, 1e0, 3e0, 1e1, 3e1)
"""Of the ridge, as multiples of the whole variance of what is seen."""
SURE = 2.5
"""Intensity from which on a drawn unit counts as C or more."""
LOSS = 0.01
"""AUROC given up among drawn faces for a stronger ridge, where others are to be told."""
JITTER = (0.025, 0.03, 0.015)
"""Turn (radians), scale and shift (of the side) of drawn faces that single photographs are told
by: eyes are found less exactly in photographs, and faces have other proportions."""
DRAWS = 400


@dataclass(frozen=True)
class Pictured:
    """Apexes with their neutral faces, looked at alike."""

    apex: Floats
    """(n, SIDE * SIDE): logarithms of softened grey levels."""
    neutral: Floats
    strength: Floats
    """(n, unit): FACS intensity at the apex, in the order of `units`."""
    units: tuple[int, ...]
    emotion: NDArray[np.str_]
    person: NDArray[np.str_]

    @property
    def change(self) -> Floats:
        """Apex less neutral at half the side, without the margins, brought to one spread."""
        change = (self.apex - self.neutral).reshape(-1, SIDE, SIDE)
        soft = [cv2.resize(cv2.GaussianBlur(one, (0, 0), 1), (SIDE // 2,) * 2) for one in change]
        return _spread(np.array(soft)[:, :, 2:-2].reshape(len(change), -1))

    def shows(self, unit: int) -> NDArray[np.bool_]:
        return np.asarray(self.strength[:, self.units.index(unit)] > 0)


def _spread(change: Floats) -> Floats:
    level = np.sqrt((change**2).mean(axis=1, keepdims=True))
    return np.asarray(change / (level + 0.5 * level.mean()), np.float32)


def looked_at(
    picture: NDArray[np.uint8],
    right: Floats,
    left: Floats,
    turned: complex = 1,
    shifted: Sequence[float] = (0, 0),
) -> Floats:
    """A grey picture with its eyes brought in place: logarithms of softened grey levels."""
    aim = np.array(EYES, np.float32) * (SIDE - 1)
    way, goal = left - right, aim[1] - aim[0]
    turn = complex(*goal) / complex(*way) * turned
    matrix = np.array([[turn.real, -turn.imag, 0.0], [turn.imag, turn.real, 0.0]])
    matrix[:, 2] = aim.mean(axis=0) - matrix[:, :2] @ ((right + left) / 2)
    matrix[:, 2] += np.array(shifted) * SIDE
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 0.9 / abs(turn))
    small = cv2.warpAffine(soft, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.log(np.asarray(small) + 12.0).ravel(), np.float32)


def eyes_of(points: Floats) -> tuple[Floats, Floats]:
    """The middle between the corners of each eye: (2,) right and left."""
    return points[[36, 39]].mean(axis=0), points[[42, 45]].mean(axis=0)


def drawn_faces(seed: int = 7) -> Pictured:
    """People, each with four emotions and a dozen sets of one to three units."""
    pairs = [pair for one in range(1, PEOPLE + 1) for pair in _shown_by(one, seed)]
    faces = [face for _, *two in pairs for face in two]
    views = []
    for picture, points in zip(render(faces, PIXELS), landmarks(faces, PIXELS), strict=True):
        views.append(looked_at(picture, *eyes_of(points)))
    strength = [[_strength(apex, unit) for unit in UNITS] for _, _, apex in pairs]
    return Pictured(
        np.array(views[1::2]),
        np.array(views[0::2]),
        np.array(strength, np.float32),
        UNITS,
        np.array([emotion for emotion, *_ in pairs]),
        np.array([f"{neutral.noise[1]}" for _, neutral, _ in pairs]),
    )


def _strength(face: Face, unit: int) -> float:
    right, left = face.units.get(unit, (0.0, 0.0))
    return left if unit == SIDEWAYS else max(right, left)


def _shown_by(subject: int, seed: int) -> Iterator[tuple[str, Face, Face]]:
    identity, room = person(subject, seed)
    rng = np.random.Generator(np.random.PCG64((seed, 99, subject)))
    names = list(rng.choice(list(EMOTIONS), 4, replace=False))
    starts = rng.choice(STILL, 12, replace=False)
    for number, start in enumerate([*names, *starts]):
        units = show(start, rng) if number < len(names) else _company(int(start), rng)
        setting = draw_setting(room, identity.skin, rng)
        neutral = Face(identity, setting, {}, (seed, subject, number, 0))
        apex = Face(identity, stir(setting, rng), units, (seed, subject, number, 1))
        yield (str(start) if number < len(names) else ""), neutral, apex


def _company(unit: int, rng: np.random.Generator) -> dict[int, tuple[float, float]]:
    """A unit with none to two others that one face can show with it."""
    shown = [unit]
    for other in rng.permutation(STILL)[: rng.integers(0, 3)]:
        if agree([*shown, int(other)]) and int(other) not in shown:
            shown.append(int(other))
    return settled({one: _sides(one, rng) for one in shown})


def _sides(unit: int, rng: np.random.Generator) -> tuple[float, float]:
    """C to E on both sides; the jaw goes to one side or the other."""
    strength = float(rng.uniform(2.5, 5))
    if unit != SIDEWAYS:
        return strength, strength
    return (strength, 0.0) if rng.random() < 0.5 else (0.0, strength)


def ictfaces(root: Path) -> Pictured:
    """The rendered faces: first and last frame of each sequence."""
    ckplus = source("ckplus")
    options = ckplus.Options()
    table = ckplus.read(root, options)
    frames, names = table.data["frame"].values, table.column("sequence")
    first = {name: np.flatnonzero(names == name)[0] for name in np.unique(names)}
    last = {name: np.flatnonzero(names == name)[-1] for name in first}
    assert all(frames[first[name]] == 1 < frames[last[name]] for name in first)
    points = table.data["landmarks"].values

    def views(rows: list[Any]) -> Floats:
        paths = table.column("path")[rows].tolist()
        found = ckplus.pictures(root, options).open(paths)
        seen = [np.asarray(one) for one in found]
        grey = [one if one.ndim == 2 else one[..., 0] for one in seen]
        return np.array(
            [looked_at(one, *eyes_of(points[row])) for one, row in zip(grey, rows, strict=True)]
        )

    rows = list(last.values())
    return Pictured(
        views(rows),
        views(list(first.values())),
        5 * np.asarray(table.data["present"].values[rows], np.float32),
        table.units,
        table.column("expression")[rows],
        table.column("subject")[rows],
    )


def london(root: Path) -> tuple[Floats, NDArray[np.bool_], NDArray[np.str_]]:
    """Photographs, whether they smile, and who: smiling ones laid on the person's neutral one."""
    with (root / "faces.csv").open() as file:
        rows = list(csv.DictReader(file))
    eyes, calm = {}, {}
    for row in (row for row in rows if row["expression"] == "neutral"):
        at = [[float(row[f"{side}_eye_{axis}"]) for axis in "xy"] for side in ("right", "left")]
        eyes[row["subject"]] = np.array(at, np.float32)
        calm[row["subject"]] = _grey(root / row["path"])
    views = []
    for row in rows:
        grey, points = _grey(root / row["path"]), eyes[row["subject"]]
        if row["expression"] != "neutral":
            points = _carried(calm[row["subject"]], grey, points)
        views.append(looked_at(grey, *points))
    smiles = np.array([row["AU12"] == "1" for row in rows])
    return np.array(views), smiles, np.array([row["subject"] for row in rows])


def _grey(path: Path) -> NDArray[np.uint8]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


def _carried(calm: NDArray[np.uint8], smiling: NDArray[np.uint8], eyes: Floats) -> Floats:
    """Where the eyes of one photograph lie in another, by the upper half of the face alone."""
    mask = np.zeros_like(calm)
    (x0, y0), (x1, _) = eyes
    mask[int(y0 - 60) : int(y0 + 35), int(x0 - 55) : int(x1 + 55)] = 255
    start = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 80, 1e-5)
    _, way = cv2.findTransformECC(calm, smiling, start, cv2.MOTION_EUCLIDEAN, stop, mask, 5)
    return np.asarray(eyes @ way[:, :2].T + way[:, 2], np.float32)


def ridge(seen: Floats, wanted: Floats, people: NDArray[np.str_], loss: float = 0.0) -> Ridge:
    """A ridge regression, its strength chosen by telling training people from others.

    The one with the least error; with a `loss`, the strongest whose mean AUROC is at most so
    much below the best.
    """
    whole = float(seen.var(axis=0).sum()) * len(seen) / seen.shape[1]
    ridges = [Ridge(alpha=strength * whole) for strength in STRENGTHS]
    told = [_crossed(one, seen, wanted, people) for one in ridges]
    if loss:
        auroc = [float(roc_auc_score(wanted > 0, one)) for one in told]
        best = max(i for i, one in enumerate(auroc) if one >= max(auroc) - loss)
    else:
        best = int(np.argmin([((one - wanted) ** 2).mean() for one in told]))
    return ridges[best].fit(seen, wanted)


def _crossed(
    model: Ridge, seen: Floats, wanted: Floats, people: NDArray[np.str_]
) -> NDArray[np.floating[Any]]:
    told = cross_val_predict(model, seen, wanted, groups=people, cv=GroupKFold(4))
    return np.asarray(told)


def told_of_others(seen: Floats, wanted: Floats, people: NDArray[np.str_]) -> Floats:
    """What is told of each person by classifiers that learnt from other people."""
    told = np.zeros_like(wanted)
    for learn, test in GroupKFold(5).split(seen, groups=people):
        told[test] = ridge(seen[learn], wanted[learn], people[learn]).predict(seen[test])
    return told


def with_interval(
    figure: Callable[[NDArray[np.intp]], float], people: NDArray[np.str_]
) -> list[float]:
    """A figure over all rows, and the middle 95 % over draws of people."""
    rng = np.random.default_rng(0)
    rows_of = [np.flatnonzero(people == one) for one in np.unique(people)]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([rows_of[i] for i in rng.integers(0, len(rows_of), len(rows_of))])
        drawn.append(figure(rows))
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return [round(float(x), 3) for x in (figure(np.arange(len(people))), low, high)]


def _auroc(told: Floats, shown: NDArray[np.bool_]) -> Callable[[NDArray[np.intp]], float]:
    def figure(rows: NDArray[np.intp]) -> float:
        if shown[rows].all() or not shown[rows].any():
            return float("nan")
        return float(roc_auc_score(shown[rows], told[rows]))

    return figure


def named(faces: Pictured, units: Sequence[int]) -> dict[str, Any]:
    """AUROC of each unit, and the share of emotions named rightly, for people held out."""
    strength = np.stack([faces.strength[:, faces.units.index(unit)] for unit in units], axis=1)
    told = told_of_others(faces.change, strength / strength.max(), faces.person)
    auroc = {}
    for i, unit in enumerate(units):
        asked = (strength[:, i] == 0) | (strength[:, i] >= SURE)
        shown = strength[asked, i] > 0
        if shown.sum() >= 5:
            figure = _auroc(told[asked, i], shown)
            auroc[str(unit)] = with_interval(figure, faces.person[asked])
    return {"auroc": auroc, "emotion": _emotions(faces)}


def _emotions(faces: Pictured) -> list[float]:
    rows = np.isin(faces.emotion, list(EMOTIONS))
    people, names = faces.person[rows], np.unique(faces.emotion[rows])
    which = (faces.emotion[rows][:, None] == names).astype(np.float32)
    told = told_of_others(faces.change[rows], which, people)
    right = told.argmax(axis=1) == which.argmax(axis=1)
    return with_interval(lambda some: float(right[some].mean()), people)


def carried_over(drawn: Pictured, others: Pictured) -> dict[str, Any]:
    """AUROC of each unit on faces that nobody here drew, learnt from drawn faces."""
    units = [unit for unit in STILL if unit in others.units and others.shows(unit).sum() >= 5]
    wanted = drawn.strength[:, [drawn.units.index(unit) for unit in units]] / np.float32(5)
    told = ridge(drawn.change, wanted, drawn.person, LOSS).predict(others.change)
    return {
        str(unit): with_interval(_auroc(told[:, i], others.shows(unit)), others.person)
        for i, unit in enumerate(units)
    }


def smiles_told(seen: Floats, shown: NDArray[np.bool_], root: Path) -> dict[str, Any]:
    """How well 12, learnt from single drawn faces (`jittered`), is told in photographs."""
    people = np.repeat(np.arange(PEOPLE), len(seen) // PEOPLE).astype(str)
    photographs, smiles, who = london(root)
    wanted = np.where(shown, 1.0, -1.0).astype(np.float32)[:, None]
    told = ridge(_gradients(seen), wanted, people, LOSS).predict(_gradients(photographs)).ravel()
    higher = [told[(who == one) & smiles][0] > told[(who == one) & ~smiles][0] for one in who]
    return {
        "balanced_accuracy": with_interval(_balanced_accuracy(told > np.median(told), smiles), who),
        "at_zero": with_interval(_balanced_accuracy(told > 0, smiles), who),
        "auroc": with_interval(_auroc(told, smiles), who),
        "paired": round(float(np.mean(higher)), 3),
    }


def jittered(seed: int = 7) -> tuple[Floats, NDArray[np.bool_]]:
    """Views of single drawn faces, each looked at a little askew, and whether they show 12."""
    faces = [face for one in range(1, PEOPLE + 1) for face in _single(one, seed)]
    rng = np.random.default_rng(seed)
    views = []
    for picture, points in zip(render(faces, PIXELS), landmarks(faces, PIXELS), strict=True):
        turn, scale, *shift = rng.normal(0, (JITTER[0], JITTER[1], JITTER[2], JITTER[2]))
        turned = complex(np.exp(scale + 1j * turn))
        views.append(looked_at(picture, *eyes_of(points), turned, shift))
    return np.array(views), np.array([12 in face.units for face in faces])


def _single(subject: int, seed: int) -> Iterator[Face]:
    """A person happy six times, four times at rest, and twice with units other than 12."""
    identity, room = person(subject, seed)
    others = [unit for unit in STILL if unit not in (11, 12, 13)]
    for number in range(12):
        rng = np.random.Generator(np.random.PCG64((seed, 98, subject, number)))
        setting = draw_setting(room, identity.skin, rng)
        if number % 2:
            units = show("happy", rng)
        else:
            some = _company(int(rng.choice(others)), rng) if number >= 8 else {}
            units = {unit: both for unit, both in some.items() if unit in others}
        yield Face(identity, setting, units, (seed, subject, number, 0))


def _gradients(views: Floats) -> Floats:
    """Oriented gradients of the lower two thirds of faces."""
    lower = views.reshape(-1, SIDE, SIDE)[:, SIDE // 3 :, 6:-6]
    return np.array([hog(one, 9, (6, 6), (2, 2)) for one in lower], np.float32)


def _balanced_accuracy(
    said: NDArray[np.bool_], true: NDArray[np.bool_]
) -> Callable[[NDArray[np.intp]], float]:
    def figure(rows: NDArray[np.intp]) -> float:
        hit, miss = said[rows][true[rows]], said[rows][~true[rows]]
        return float((hit.mean() + 1 - miss.mean()) / 2)

    return figure


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ictfaces", type=Path)
    parser.add_argument("--london", type=Path)
    asked = parser.parse_args()
    start = time.perf_counter()
    drawn = drawn_faces()
    figures: dict[str, Any] = {"faces": 2 * len(drawn.apex), "drawn": named(drawn, STILL)}
    if asked.ictfaces:
        theirs = ictfaces(asked.ictfaces)
        known = [u for u in STILL if u in theirs.units and theirs.shows(u).sum() >= 5]
        figures["ictfaces"] = {
            "from_drawn": carried_over(drawn, theirs),
            "from_themselves": named(theirs, known)["auroc"],
        }
    if asked.london:
        figures["london"] = smiles_told(*jittered(), asked.london)
    print(json.dumps(figures | {"seconds": round(time.perf_counter() - start)}))


if __name__ == "__main__":
    main()
