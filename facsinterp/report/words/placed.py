"""In words: whether a filter looks at the place of its unit, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from facsinterp.facs import describe, label
from facsinterp.report.wording import known, number, percent, plural, probability

Row = Mapping[str, Any] | None


@dataclass(frozen=True)
class Line:
    """One sentence; `kind` marks it as good news or as a doubt."""

    text: str
    kind: str = ""


def place_lines(row: Row, alpha: float, *, peaks: bool = False) -> Iterator[Line]:
    """What the region test of a filter says; nothing where it was not asked.

    `peaks`: whether its looks are peaks alone, for want of attributions.
    """
    if row is None:
        return
    if known(row["q_chance"]):
        yield _where(row, alpha, "peaks lie" if peaks else "attribution lies")
    if known(row["q_presence"]):
        yield _more_with(row, alpha)
    if row["reason"]:
        yield Line(f"Not told: {row['reason']}.")


def place_numbers(row: Row) -> tuple[tuple[str, str], ...]:
    """(name, number) of the further measures of a filter's places."""
    if row is None:
        return ()
    told = []
    if known(row["enrichment"]):
        seen = f"{number(row['enrichment'], 1)} × the share of what the layer can see"
        told.append(("Inside the region", seen))
    if known(row["iou"]):
        beside = f", p {probability(row['iou_p'])} among filters" if known(row["iou_p"]) else ""
        told.append(("Overlap of map and region (IoU)", f"{number(row['iou'], 3)}{beside}"))
    if known(row["n_faces"]) and row["n_faces"]:
        faces, people = int(row["n_faces"]), int(row["n_subjects"])
        rests = f"{plural(faces, 'face')} of {plural(people, 'person', 'people')}"
        told.append(("Rests on", rests))
    return tuple(told)


def doubts(row: Row) -> Iterator[Line]:
    """Whether an untrained network would draw the same pictures."""
    if row is not None:
        yield Line(str(row["words"]), "doubt" if known(row["same"]) and row["same"] else "")


def _where(row: Mapping[str, Any], alpha: float, looks: str) -> Line:
    unit = int(row["unit"])
    inside = (
        f"{percent(row['share'])} [{percent(row['share_low'])}, {percent(row['share_high'])}] "
        f"where {describe(unit)} shows, {percent(row['chance'])} if spread evenly over all that "
        f"the layer can see (corrected p {probability(row['q_chance'])})"
    )
    if known(row["expected"]):
        inside += f"; of other filters of {row['layer']}, {percent(row['expected'])}"
        if known(row["p_assignment"]):
            inside += f" (uncorrected p {probability(row['p_assignment'])} among them)"
    there = f"Its {looks} at the place of {label(unit)} more than evenly spread"
    if row["q_chance"] > alpha:
        return Line(f"Nothing shows that i{there[1:]}: {inside}.")
    # Faces have their edges at eyes, nose and mouth: most filters look there, whatever they do.
    own = known(row["p_assignment"]) and row["p_assignment"] <= alpha
    also = "" if own else " Other filters look there as much, so it says little of this one."
    return Line(f"{there}: {inside}.{also}", "answers" if own else "")


def _more_with(row: Mapping[str, Any], alpha: float) -> Line:
    unit = label(int(row["unit"]))
    shares = (
        f"{percent(row['share_with'])} of its peaks lie there on faces with {unit}, "
        f"{percent(row['share_without'])} on faces of the same people without "
        f"(difference {number(row['difference'])} [{number(row['low'])}, {number(row['high'])}]; "
        f"{number(row['difference_still'])} in a region that stands still; corrected p of the "
        f"weaker {probability(row['q_presence'])})"
    )
    if row["q_presence"] <= alpha:
        return Line(f"It peaks there more when {unit} shows: {shares}.", "answers")
    return Line(f"Nothing shows that it peaks there more when {unit} shows: {shares}.")
