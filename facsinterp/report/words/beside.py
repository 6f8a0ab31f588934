"""What the controls give for a filter of the same name: a line for each kind of network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from facsinterp.report.reading.claims import Claims, UnitRow
from facsinterp.report.reading.controls import CLAIMS, Arm, Compared
from facsinterp.report.wording import capital, count, number, plural, probability, with_interval
from facsinterp.report.words.verdicts import SHORT

_OWN: Final = "This network"


@dataclass(frozen=True)
class Beside:
    """One network, or several that differ in their seed alone."""

    network: str
    auroc: str
    passes: str
    verdict: str


def lines(
    controls: Sequence[Compared], claims: Claims, name: str, position: int, unit: int
) -> tuple[Beside, ...]:
    """The filter itself, then its namesakes in the controls, for one unit."""
    found = [Beside(_OWN, *_one(claims, position, unit))]
    for runs in _namesakes(controls, name).values():
        words = runs[0].run.words
        if len(runs) == 1:
            one = _one(runs[0].claims, runs[0].places[name], unit)
            found.append(Beside(_network(words, 1), *one))
        else:
            found.append(_several(words, runs, name, unit))
    return tuple(found)


def networks(controls: Sequence[Compared]) -> tuple[str, ...]:
    """What the lines of a filter that every control holds call the networks, in their order."""
    arms: dict[str, list[Compared]] = defaultdict(list)
    for control in controls:
        if control.run.same_start:
            arms[control.run.arm].append(control)
    return _OWN, *(_network(runs[0].run.words, len(runs)) for runs in arms.values())


def _network(words: str, runs: int) -> str:
    seeds = f", {plural(runs, 'seed')}: median and range" if runs > 1 else ""
    return f"{capital(words)}{seeds}"


def seeds(arm: Arm, layer: str = "") -> str:
    """What the counts of an arm are medians over: `median of 3 seeds`."""
    answers, beyond = (arm.seeds(claim, layer) for claim in CLAIMS)
    if answers and beyond and answers != beyond:
        told = f"median of {plural(answers, 'seed')}, of {count(beyond)} beyond the emotion"
    else:
        most = max(answers, beyond)
        told = f"median of {most} seeds" if most > 1 else "one seed"
    return f"{told}; fewer where a unit could not be tested in each" if arm.uneven else told


def without(controls: Sequence[Compared], name: str) -> tuple[str, ...]:
    """Which controls say nothing of this filter, and why."""
    told = {
        f"{capital(control.run.words)}: "
        + (
            "no filter of this name."
            if control.run.same_start
            else "its weights began elsewhere, so that none of its filters is this one."
        ): None
        for control in controls
        if not (control.run.same_start and name in control.places)
    }
    return tuple(told)


def _namesakes(controls: Sequence[Compared], name: str) -> Mapping[str, list[Compared]]:
    """Those that hold the filter, of each arm."""
    found: dict[str, list[Compared]] = defaultdict(list)
    for control in controls:
        if control.run.same_start and name in control.places:
            found[control.run.arm].append(control)
    return found


def _one(claims: Claims, position: int, unit: int) -> tuple[str, str, str]:
    row = _row(claims, position, unit)
    kind = str(claims.kind[position])
    named = int(claims.named[position])
    about = f"AU{claims.units[named]} " if kind in ("beyond", "answers", "emotion") else ""
    verdict = f"{about}{SHORT.get(kind, '–')}"
    if row is None or row["auroc"] is None:
        return "–", "–", verdict
    said = "yes" if row.passes else "no"
    passes = (
        f"{said}, {probability(row['q_auroc'])}" if row["q_auroc"] is not None else "not tested"
    )
    return with_interval(row["auroc"], row["auroc_low"], row["auroc_high"]), passes, verdict


def _several(words: str, runs: Sequence[Compared], name: str, unit: int) -> Beside:
    rows = [_row(one.claims, one.places[name], unit) for one in runs]
    known = [row for row in rows if row is not None]
    values = [row["auroc"] for row in known if row["auroc"] is not None]
    told = "–"
    if values:
        low, middle, high = (number(float(np.quantile(values, q))) for q in (0, 0.5, 1))
        told = f"{middle}, {low} to {high}"
    asked = [row.passes for row in known if not row.reason]
    beyond = [row.passes_beyond for row in known if not row.reason_beyond]
    return Beside(
        _network(words, len(values)),
        told,
        f"in {sum(asked)} of {len(asked)}" if asked else "not tested",
        f"beyond the emotion in {sum(beyond)} of {len(beyond)}" if beyond else "not tested",
    )


def _row(claims: Claims, position: int, unit: int) -> UnitRow | None:
    return claims.row(position, claims.units.index(unit)) if unit in claims.units else None
