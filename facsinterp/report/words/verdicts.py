"""The verdict on a filter as a badge and as sentences, from the numbers of its row.

The kinds and their rules are those of `facsinterp.association.verdict`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from facsinterp.facs import label
from facsinterp.report import wording
from facsinterp.report.reading.claims import Claims, UnitRow
from facsinterp.report.words.reachable import out_of_reach

SHORT: Final[Mapping[str, str]] = {
    "beyond": "beyond the emotion",
    "answers": "answers",
    "emotion": "with the emotion",
    "nothing": "nothing shown",
    "untestable": "not testable",
    "constant": "constant",
    "dead": "inactive",
}
"""Every kind in two or three words, from the most that is said to the least."""

LEGEND: Final[Mapping[str, str]] = {
    "beyond": "passes the test of knowing more of an action unit than the emotion tells; that "
    "does not require the test of answering to it at all",
    "answers": "passes the test of answering to a unit; beyond the emotion could not be tested",
    "emotion": "passes the test of answering to a unit, but nothing shows more than the emotion "
    "tells",
    "nothing": "passes no test, which does not show that it answers to none",
    "untestable": "no unit could be tested on these faces",
    "constant": "gives all of these faces one value",
    "dead": "answers to none of the faces looked at; dead is one that answers to no face at all",
}

RULES: Final[Mapping[str, str]] = {
    "dead": "No observation lifts the filter above 0.",
    "constant": "It gives every observation the same value.",
    "untestable": "No action unit could be tested on these faces.",
    "beyond": "It passes the test beyond emotion for some unit: it is shown to know more of the "
    "unit than the emotion tells. This does not require the first test; only a filter that "
    "passes both may be called one of the unit.",
    "answers": "It passes the first test, and for the unit that it follows most there was no test "
    "beyond emotion.",
    "emotion": "It passes the first test, and the unit that it follows most does not pass beyond "
    "emotion: nothing shows that it knows more than the emotion.",
    "nothing": "No unit passes: nothing is shown, neither that it answers nor that it does not.",
}
"""The rules in the order in which they are asked; the first that holds decides."""

DEAD: Final = "dead"
"""The badge of an inactive filter that no other face moves either."""

ALONE: Final = "the filter is not shown to answer to it at all"
"""What is said where a unit passes beyond the emotion and not the first test."""

_NAMES_LISTED: Final = 6


@dataclass(frozen=True)
class Verdict:
    """What is said of one filter."""

    kind: str
    """A key of `SHORT`; empty when nothing was tested because nothing was asked."""
    badge: str
    sentence: str
    alone: bool = False
    """Whether the unit named passes beyond the emotion and not the first test."""


def verdict_of(
    claims: Claims,
    position: int,
    *,
    dead: bool,
    faces: str,
    rows: Sequence[UnitRow] | None = None,
) -> Verdict:
    """The verdict on a filter in words. `dead`: on all faces; `faces`: those looked at.

    `rows`: its units, for who has asked for them already.
    """
    kind = str(claims.kind[position])
    if not kind:
        kind = "dead" if dead else ""
        said = "Dead: this filter answers to none of the faces, so nothing can be said of it."
        if not dead:
            said = "This run has no associations, so nothing is said about action units."
        return Verdict(kind, badge_of(claims, position, dead=dead), said)
    rows = claims.rows(position) if rows is None else rows
    silenced = bool(claims.silenced[position])
    return Verdict(
        kind,
        badge_of(claims, position, dead=dead),
        _sentence(kind, rows, silenced, dead, faces, _reach(claims, position)),
        _alone(claims, position),
    )


def badge_of(claims: Claims, position: int, *, dead: bool) -> str:
    """The verdict on a filter in a few words: `AU12 beyond the emotion`."""
    kind, column = str(claims.kind[position]), int(claims.named[position])
    if dead:
        return DEAD
    if not kind:
        return "no associations"
    if column < 0 or kind not in ("beyond", "answers", "emotion"):
        return SHORT[kind]
    told = "" if kind == "answers" else f" {SHORT[kind]}"
    if _alone(claims, position):
        told += " only"
    silenced = "silenced by " if claims.silenced[position] else ""
    return f"{silenced}{label(claims.units[column])}{told}"


def _alone(claims: Claims, position: int) -> bool:
    """Whether the unit named was asked for both and passes beyond the emotion alone."""
    column = int(claims.named[position])
    return bool(
        claims.kind[position] == "beyond"
        and claims.testable[column]
        and not claims.passes[position, column]
    )


def _reach(claims: Claims, position: int) -> str:
    """That the second test could not have been passed, where a filter goes with the emotion."""
    if claims.kind[position] != "emotion":
        return ""
    caution = out_of_reach(claims, int(claims.named[position]))
    return f" Beyond the emotion {caution}." if caution else ""


def _sentence(
    kind: str, rows: Sequence[UnitRow], silenced: bool, dead: bool, faces: str, reach: str
) -> str:
    named = next((row for row in rows if row.named), None)
    if kind == "dead":
        return (
            "Dead: this filter answers to none of the faces, so nothing can be said of it."
            if dead
            else f"Not tested: it answers to none of the {faces}, though it answers to other faces."
        )
    if kind == "constant":
        return f"Not tested: it answers to all of the {faces} alike."
    if kind == "untestable":
        return f"No action unit could be tested on the {faces}: {_reasons(rows)}."
    if named is None:
        return "No action unit passes after correction."
    if kind == "nothing":
        return (
            "No action unit passes after correction. The nearest is "
            f"{named.label} {named.name} ({_evidence(named)})."
        )
    made = {"beyond": _beyond, "answers": _answers, "emotion": _with_emotion}[kind]
    return made(named, silenced) + reach + _others(rows, kind)


def _beyond(row: UnitRow, silenced: bool) -> str:
    if not (row.passes or row.reason):
        less = ", and it answers less where the unit is present" if silenced else ""
        return (
            f"{row.label} {row.name} adds something beyond the emotion "
            f"({_test(row, 'beyond')}){less}, but {ALONE} ({_evidence(row)})."
        )
    doing = "Is shown to be silenced by" if silenced else "Is shown to answer to"
    less = ": it answers less where the unit is present" if silenced else ""
    return (
        f"{doing} {row.label} {row.name} beyond the emotion{less} ({_size(row)}; "
        f"beyond emotion {_test(row, 'beyond')})."
    )


def _answers(row: UnitRow, silenced: bool) -> str:
    doing = "Is shown to be silenced by" if silenced else "Is shown to answer to"
    less = ": it answers less where the unit is present" if silenced else ""
    return (
        f"{doing} {row.label} {row.name}{less} ({_evidence(row)}). Whether it knows more "
        f"than the emotion tells was not tested: {row.reason_beyond}."
    )


def _with_emotion(row: UnitRow, silenced: bool) -> str:
    doing = "be silenced" if silenced else "answer"
    return (
        f"Is shown to {doing} with the emotion: {row.label} {row.name} passes "
        f"({_evidence(row)}), but nothing shows that it knows the unit beyond "
        f"what the emotion tells ({_test(row, 'beyond')})."
    )


def _size(row: UnitRow) -> str:
    told = f"AUROC {wording.with_interval(row['auroc'], row['auroc_low'], row['auroc_high'])}"
    if row["auroc_within"] is None:
        return told
    return f"{told}, within subjects {wording.number(row['auroc_within'])}"


def _test(row: UnitRow, claim: str) -> str:
    z = "z_beyond" if claim == "beyond" else "z"
    return (
        f"z = {wording.number(row[z], 1)}, corrected p = {wording.probability(row[f'q_{claim}'])}"
    )


def _evidence(row: UnitRow) -> str:
    return f"{_size(row)}; {_test(row, 'auroc')}"


def _others(rows: Sequence[UnitRow], kind: str) -> str:
    """What else passes, the more that is said first."""
    beyond = [row.label for row in rows if row.passes_beyond and not row.named]
    only = [row.label for row in rows if row.passes and not row.passes_beyond and not row.named]
    said = f" Also beyond the emotion: {wording.listed(beyond)}." if beyond else ""
    if only and kind == "answers":
        return f"{said} It also passes for {_counted(only)}."
    return f"{said} Passes without more than the emotion shown: {_counted(only)}." if only else said


def _counted(labels: Sequence[str]) -> str:
    if len(labels) <= _NAMES_LISTED:
        return wording.listed(labels)
    return f"{wording.count(len(labels))} units"


def _reasons(rows: Sequence[UnitRow]) -> str:
    """Each reason with its units, or with their number when they are many."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_reason[row.reason].append(row.label)
    return "; ".join(f"{_counted(labels)} ({reason})" for reason, labels in by_reason.items())
