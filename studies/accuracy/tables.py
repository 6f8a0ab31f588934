"""Answers into tables: how good each system is, against which other, and what mistakes add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from facsinterp import Estimate, crossed_gain, crossed_share, score

from .reading import Answers, classes_of
from .systems import System


def systems(answers: Sequence[Answers]) -> pd.DataFrame:
    """One row a system: accuracy and balanced accuracy over seeds and people, majority, spreads.

    `fold_sd`: the deviation between folds, mean over seeds; `seed_sd`: that between seeds of
    the accuracy over all folds. Neither is an error of the accuracy. `constant`: how many of the
    `trained`, one a seed and fold, name one class only, whatever the face.
    """
    rows = [_system(one) for one in answers]
    return pd.DataFrame(rows)


def _system(one: Answers) -> dict[str, Any]:
    numbers = np.unique(one.true, return_inverse=True)[1]
    share = crossed_share(one.right, one.people)
    balanced = crossed_share(one.right, one.people, numbers)
    seeds = one.right.mean(axis=1)
    folds = _by_fold(one)
    return {
        "system": one.system.name,
        "words": one.system.words,
        "seeds": _seeds(one),
        "people": share.people,
        "faces": len(one.images),
        "accuracy": share.value,
        "low": share.low,
        "high": share.high,
        "majority": float(np.bincount(numbers).max() / len(numbers)),
        "balanced": balanced.value,
        "balanced_low": balanced.low,
        "balanced_high": balanced.high,
        "fold_sd": float(folds.std(axis=1, ddof=1).mean()) if folds.shape[1] > 1 else np.nan,
        "seed_sd": float(seeds.std(ddof=1)) if len(seeds) > 1 else np.nan,
        "constant": _constant(one),
        "trained": folds.size,
    }


def _seeds(one: Answers) -> int:
    return len([seed for seed in one.seeds if seed is not None])


def _constant(one: Answers) -> int:
    """How many of the networks, one a seed and fold, give faces of several classes one answer."""
    owns = [one.folds == name for name in np.unique(one.folds)]
    return sum(
        len(np.unique(said[own])) == 1
        for own in owns
        if len(np.unique(one.true[own])) > 1
        for said in one.predicted
    )


def _by_fold(one: Answers) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(seed, fold) accuracy."""
    names = np.unique(one.folds)
    return np.stack([one.right[:, one.folds == name].mean(axis=1) for name in names], axis=1)


def folds(answers: Sequence[Answers]) -> pd.DataFrame:
    """One row a system, mistake, seed and fold: faces, people, accuracy and majority."""
    rows = []
    for one in answers:
        for name in np.unique(one.folds):
            here = one.folds == name
            counts = np.unique(one.true[here], return_counts=True)[1]
            for seed, right in zip(one.seeds, one.right, strict=True):
                rows.append(
                    {
                        "system": one.system.name,
                        "mistake": one.mistake,
                        "seed": seed,
                        "fold": str(name),
                        "faces": int(here.sum()),
                        "people": len(np.unique(one.people[here])),
                        "accuracy": float(right[here].mean()),
                        "majority": float(counts.max() / here.sum()),
                    }
                )
    return pd.DataFrame(rows).astype({"seed": "Int64"})


def recalls(answers: Sequence[Answers]) -> pd.DataFrame:
    """One row a system and class: the share of its faces that were recognised."""
    rows = []
    for one in answers:
        for name in classes_of(one.true):
            own = one.true == name
            share = crossed_share(one.right[:, own], one.people[own])
            rows.append(
                {
                    "system": one.system.name,
                    "class": name,
                    "faces": int(own.sum()),
                    "people": share.people,
                    "recall": share.value,
                    "low": share.low,
                    "high": share.high,
                }
            )
    return pd.DataFrame(rows)


def confusion(answers: Sequence[Answers]) -> pd.DataFrame:
    """One row a system, true and answered class: answers of all seeds, and share of the true."""
    rows = []
    for one in answers:
        classes = classes_of([*one.true, *one.predicted.ravel()])
        numbers = {name: k for k, name in enumerate(classes)}
        true = np.array([numbers[name] for name in one.true])
        counts = np.zeros((len(classes), len(classes)), np.int64)
        for said in one.predicted:
            counts += score(
                true, np.array([numbers[name] for name in said]), len(classes)
            ).confusion
        for i, name in enumerate(classes):
            total = int(counts[i].sum())
            for j, said in enumerate(classes):
                count = int(counts[i, j])
                share = count / total if total else np.nan
                rows.append((one.system.name, name, said, count, share))
    return pd.DataFrame(rows, columns=["system", "true", "predicted", "count", "share"])


def differences(answers: Sequence[Answers], reference: str) -> pd.DataFrame:
    """One row a comparison of two systems over the same faces and folds.

    Every system against `reference`, and against that from which it differs in one thing, if
    both are there. `p_holm` corrects each of these two families by Holm (1979).
    """
    known = {one.system.name: one for one in answers}
    rows = []
    for one in answers:
        for family, other in (("reference", reference), ("arm", one.system.against)):
            if other in known and other != one.system.name:
                gain = crossed_gain(one.right, known[other].right, one.people, paired=False)
                rows.append({"family": family, **_gain(one.system, gain), "against": other})
    return _corrected(rows, ["family", "system", "against"])


def mistakes(honest: Sequence[Answers], mistaken: Sequence[Answers]) -> pd.DataFrame:
    """One row a system and mistake: what it adds, over the faces that test in both protocols.

    Networks of one seed are pairs: they begin with the same weights. `p_holm` corrects over rows.
    """
    known = {one.system.name: one for one in honest}
    rows = []
    for one in mistaken:
        both = np.intersect1d(one.images, known[one.system.name].images)
        if not len(both):
            continue
        wrong, right = one.of(both), known[one.system.name].of(both)
        gain = crossed_gain(wrong.right, right.right, right.people, paired=True)
        shares = {"honest": float(right.right.mean()), "mistaken": float(wrong.right.mean())}
        rows.append({"mistake": one.mistake, **_gain(one.system, gain), **shares})
    return _corrected(rows, ["mistake", "system", "honest", "mistaken"])


def _gain(system: System, gain: Estimate) -> dict[str, Any]:
    return {
        "system": system.name,
        "difference": gain.value,
        "low": gain.low,
        "high": gain.high,
        "p": gain.p,
        "seeds": gain.seeds,
        "people": gain.people,
    }


def _corrected(rows: Sequence[Mapping[str, Any]], first: Sequence[str]) -> pd.DataFrame:
    from statsmodels.stats.multitest import multipletests  # slow to load, and asked for here alone

    numbers = ["difference", "low", "high", "p", "p_holm"]
    table = pd.DataFrame(rows, columns=[*first, *numbers, "seeds", "people"])
    table = table.astype(dict.fromkeys(numbers, float) | {"seeds": int, "people": int})
    families = table["family"] if "family" in table else pd.Series("", index=table.index)
    for _, some in table[table["p"].notna()].groupby(families, sort=False):
        table.loc[some.index, "p_holm"] = multipletests(some["p"], method="holm")[1]
    return table
