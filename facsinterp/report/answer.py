"""The answer of a run in a few plain sentences, made from its numbers.

The order is that of what may be claimed: beyond the emotion, at all, by the rule of the
papers, and for sure. A count is one of filters that pass a test; that none passes is not told
as none there is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.margins import NOT_ASKED
from facsinterp.facs import describe
from facsinterp.report.survey import Survey
from facsinterp.report.wording import count, exact, listed, plural


def answer(survey: Survey) -> tuple[str, ...]:
    """What was found by each claim, by the older rule, at least, and what is dead."""
    return tuple(_sentences(survey))


def _sentences(survey: Survey) -> Iterator[str]:
    claims = survey.claims
    total = len(survey.filters)
    if not total:
        yield "This run looked at no filters."
        return
    if not claims.units:
        yield (
            f"This run looked at {plural(total, 'filter')} and made no associations with "
            "action units."
        )
    elif not claims.testable.any() and not claims.testable_beyond.any():
        yield (
            f"No action unit could be tested on the {survey.which_faces}: none occurs in "
            "enough sequences of enough subjects."
        )
    else:
        yield from _found(survey)
        yield from _false(survey)
        yield _older_rule(survey)
        yield from _at_least(survey)
    yield from _dead(survey)


def _found(survey: Survey) -> Iterator[str]:
    claims, where = survey.claims, f"on {people(survey)}"
    total = plural(len(survey.filters), "filter")
    untested = not_tested_beyond(survey)
    if not untested:
        n = int(claims.surpassing.sum())
        tests = plural(int(claims.settings["family_size_beyond"]), "test")
        often = _most_often(survey, claims.passes_beyond)
        what = "knowing more of an action unit than the emotion tells"
        yield (
            f"{count(n)} of {total} {_pass(n)} the test of {what}, {where}, after correction for "
            f"{tests}{often}."
            if n
            else f"None of {total} is shown to know more of an action unit than the emotion "
            f"tells, {where}, after correction for {tests}."
        )
    yield _answering(survey, total, "" if not untested else f" {where}", bool(untested))
    if untested:
        yield f"Whether any of them knows more than the emotion tells {untested}."


def _answering(survey: Survey, total: str, where: str, alone: bool) -> str:
    claims = survey.claims
    n = int(claims.answering.sum())
    tests = plural(int(claims.settings["family_size"]), "test")
    after = f"{where}, after correction for {tests}"
    if not n:
        return f"None of {total} is shown to answer to an action unit at all{after}."
    what = f"answering to an action unit{'' if alone else ' at all'}"
    said = f"{count(n)} of {total} {_pass(n)} the test of {what}{after}"
    often = _most_often(survey, claims.passes)
    if alone:
        return f"{said}{often}."
    only = int((claims.answering & ~claims.surpassing).sum())
    if not only:
        return f"{said}{often}."
    share = "it" if n == 1 else "all of them" if only == n else f"{count(only)} of them"
    return f"{said}{often}; {share} may only follow the emotion, which implies action units."


def _pass(n: int) -> str:
    return "passes" if n == 1 else "pass"


def _most_often(survey: Survey, passes: NDArray[np.bool_]) -> str:
    """The units that most filters pass for, as the end of a sentence."""
    often = passes.sum(axis=0)
    most = np.flatnonzero(often == often.max())
    names = listed([describe(survey.claims.units[i]) for i in most[:3]])
    each = " each" if len(most) > 1 else ""
    return f", most often for {names} ({plural(int(often.max()), 'filter')}{each})"


def _false(survey: Survey) -> Iterator[str]:
    """What the correction promises of the pairs that pass, where any does."""
    claims = survey.claims
    if claims.passes.any() or claims.passes_beyond.any():
        alpha = float(claims.settings["alpha"])
        yield (
            f"Passing means a corrected p of at most {exact(alpha)}: of the pairs of a filter and "
            f"a unit that pass a test, at most {exact(100 * alpha)} % are expected to be false."
        )


def not_tested_beyond(survey: Survey) -> str:
    """Why no pair was tested beyond the emotion, as the end of a sentence; empty if some was."""
    claims = survey.claims
    if claims.testable_beyond.any():
        return ""
    if set(claims.status_beyond) <= {NOT_ASKED}:
        return "was not asked"
    if not int(claims.settings["n_units_beyond"]):
        return f"could not be tested: none of the {survey.which_faces} has a labelled emotion"
    return (
        "could not be tested: no action unit occurs in enough sequences of enough subjects "
        "with a labelled emotion"
    )


def people(survey: Survey) -> str:
    """Who was looked at: subjects, or faces where no subject is known."""
    subjects = subjects_of(survey)
    held_out = "held-out " if survey.held_out else ""
    if not subjects:
        return plural(len(survey.rows), f"{held_out}face")
    return plural(subjects, f"{held_out}subject")


def subjects_of(survey: Survey) -> int:
    """How many known subjects the rows that are looked at come from."""
    return len(set(survey.faces.column("subject")[survey.rows].tolist()) - {""})


def _older_rule(survey: Survey) -> str:
    claims = survey.claims
    accepted = claims.perfect
    unsupported = int((accepted & ~(claims.answering | claims.surpassing)).sum())
    rule = (
        f"The rule of Breuer and Kimmel, that all of the top {claims.top_n} faces share an "
        "action unit (P = 1),"
    )
    if not accepted.any():
        return f"{rule} would accept none."
    found = int(accepted.sum())
    if not unsupported:
        return f"{rule} would accept {count(found)}."
    share = count(unsupported) if unsupported < found else "all" if found > 1 else "which"
    tail = (
        f"{share} of which {_pass(unsupported)} no test"
        if share != "which"
        else "which passes no test"
    )
    return f"{rule} would accept {count(found)}, {tail}."


def _at_least(survey: Survey) -> Iterator[str]:
    """The lower bounds over all layers, where the null gives any; each has its own confidence."""
    claims = survey.claims
    asked = {
        "auroc": ("answers to an action unit", "answer to an action unit"),
        "beyond": ("knows one beyond the emotion", "know one beyond the emotion"),
    }
    bounds = {name: n for name in asked if (n := claims.at_least(name)) is not None}
    sure = f"with {exact(100 * (1 - float(claims.settings['alpha'])))} % confidence"
    alone = " for this bound alone" if len(bounds) > 1 else ""
    for name, n in bounds.items():
        one, many = asked[name]
        yield (
            f"At least {plural(n, 'filter')} {one if n == 1 else many}, {sure}{alone}."
            if n
            else f"No lower bound above 0 can be given on how many filters {many}, {sure}{alone}."
        )


def _dead(survey: Survey) -> Iterator[str]:
    dead = survey.activity.dead
    n, here = int(dead.sum()), int(((survey.kind == "dead") & ~dead).sum())
    if n:
        yield (
            f"{plural(n, 'filter')} {'is' if n == 1 else 'are'} dead: "
            f"{'it answers' if n == 1 else 'they answer'} to no face at all."
        )
    if here:
        more, others = "more " if n else "", "it answers" if here == 1 else "they answer"
        yield (
            f"{count(here)} {more}{'answers' if here == 1 else 'answer'} to none of the "
            f"{survey.which_faces}, though {others} to others."
        )
