"""What a reader sees of stability: recurrence first, then units, then likeness."""

from __future__ import annotations

import pandas as pd

from facsinterp import Section

from . import figures
from .measure import Measured


def recurrence_section(table: pd.DataFrame, found: Measured) -> Section:
    """How many findings recur, in all."""
    folds = len({one.fold for one in found.networks})
    return Section(
        title="Do the findings come back?",
        paragraphs=(
            f"{len(found.networks)} networks were trained, from several seeds in {folds} "
            f"{'fold' if folds == 1 else 'folds'}. The filters of {found.layer} of each two are "
            "matched one to one by what they answer to faces of people who test in neither (the "
            "matching with the largest sum of correlations). A finding, that a filter answers to "
            "a unit after correction over its network, recurs when it also holds for the matched "
            "filter. Findings are of the people who test, so they are not of the faces on which "
            "filters were matched.",
            "By chance: how many would recur if filters were matched at random. Where most "
            "filters answer to a unit most findings recur whatever is matched; only the "
            f"distance between the two columns speaks for the filter. {_interval(folds)}",
        ),
        table=table if len(table) else None,
    )


def _interval(folds: int) -> str:
    """What the intervals of the table are of."""
    if folds == 1:
        return (
            "The interval leaves out one network at a time. All have the same people, so it is of "
            "the luck of training alone, on these people."
        )
    return (
        "Networks of one fold share their people, so the interval leaves out one fold at a time, "
        "with all its networks; it takes three folds. Folds share training people too, so it "
        "may still be too narrow."
    )


def units_section(table: pd.DataFrame) -> Section:
    """Recurrence by unit."""
    shown = bool(len(table)) and bool(table["recurring"].notna().any())
    return Section(
        title="Which units come back?",
        paragraphs=(
            "How many of the networks could test a unit, in how many of them it was found on some "
            "filter, on how many filters (median), and how often one of its findings holds for "
            "the matched filter. A study of one network would have reported every unit that its "
            "network found: here is which of these another training would have told as well.",
        ),
        table=table if len(table) else None,
        figure=figures.units(table) if shown else None,
    )


def likeness_section(table: pd.DataFrame, found: Measured) -> Section:
    """How alike matched filters are, and what that must be read against."""
    return Section(
        title="How alike are matched filters?",
        paragraphs=(
            "The best partner among hundreds is alike by luck too, so two things stand "
            "beside. Untrained networks are matched on the same faces: faces differ in "
            "brightness and place, which any filter sees. And trained ones are matched while one "
            "of them sees the faces shuffled within their expression: what is left is what "
            "filters share that know the emotion and nothing else of a face.",
        ),
        table=table if len(table) else None,
        figure=figures.likeness(found),
    )
