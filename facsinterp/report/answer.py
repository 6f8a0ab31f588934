"""The answer of a run in two or three plain sentences, made from its numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from facsinterp.facs import describe
from facsinterp.report.survey import Survey
from facsinterp.report.wording import count, listed, plural


def answer(survey: Survey) -> tuple[str, ...]:
    """What was found, how the older rule would have judged, and what is dead."""
    return tuple(_sentences(survey))


def _sentences(survey: Survey) -> Iterator[str]:
    verdicts = survey.verdicts
    total = len(survey.filters)
    if not total:
        yield "This run looked at no filters."
        return
    if not verdicts.units:
        yield (
            f"This run looked at {plural(total, 'filter')} and made no associations with "
            "action units."
        )
    elif not verdicts.testable.any():
        yield (
            f"No action unit could be tested on the {survey.which_faces}: none occurs in "
            "enough sequences of enough subjects."
        )
    else:
        yield _headline(survey)
        if verdicts.answering.any():
            yield (
                "An expression already implies action units: that a filter answers to a unit "
                "does not say yet that it knows more than the expression."
            )
        yield _older_rule(survey)
    yield from _dead(survey)


def _headline(survey: Survey) -> str:
    verdicts = survey.verdicts
    found = int(verdicts.answering.sum())
    tests = plural(int(verdicts.settings["family_size"]), "test")
    where = f"on {_people(survey)}, after correction for {tests}"
    total = plural(len(survey.filters), "filter")
    if not found:
        return f"None of {total} answers to an action unit {where}."
    often = verdicts.passes.sum(axis=0)
    most = np.flatnonzero(often == often.max())
    names = listed([describe(verdicts.units[i]) for i in most[:3]])
    verb = "answers" if found == 1 else "answer"
    return (
        f"{count(found)} of {total} {verb} to an action unit {where}; "
        f"most often to {names} ({plural(int(often.max()), 'filter')}"
        f"{' each' if len(most) > 1 else ''})."
    )


def _people(survey: Survey) -> str:
    subjects = subjects_of(survey)
    held_out = "held-out " if survey.held_out else ""
    if not subjects:
        return plural(len(survey.rows), f"{held_out}face")
    return plural(subjects, f"{held_out}subject")


def subjects_of(survey: Survey) -> int:
    """How many known subjects the rows that are looked at come from."""
    return len(set(survey.faces.column("subject")[survey.rows].tolist()) - {""})


def _older_rule(survey: Survey) -> str:
    verdicts = survey.verdicts
    accepted = verdicts.perfect
    beyond = int((accepted & ~verdicts.answering).sum())
    rule = (
        f"The rule of Breuer and Kimmel, that all of the top {verdicts.top_n} faces share an "
        "action unit (P = 1),"
    )
    if not accepted.any():
        return f"{rule} would accept none."
    found = int(accepted.sum())
    tail = f", {count(beyond) if beyond < found else 'all'} of which pass no test" if beyond else ""
    return f"{rule} would accept {count(found)}{tail}."


def _dead(survey: Survey) -> Iterator[str]:
    dead = int(survey.activity.dead.sum())
    if not dead:
        return
    verb = "is" if dead == 1 else "are"
    yield (
        f"{plural(dead, 'filter')} {verb} dead: "
        f"{'it answers' if dead == 1 else 'they answer'} to no face at all."
    )
