"""The answer of a run in a few plain sentences, made from its numbers.

The order is that of what may be claimed: beyond the emotion, at all beside the controls, by the
rule of the papers; then what is sure. A count is one of filters that pass a test; that none
passes is not told as none there is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from facsinterp.association.margins import NOT_ASKED
from facsinterp.facs import describe
from facsinterp.report.reading.claims import Claims
from facsinterp.report.reading.controls import arms
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, exact, listed, median_count, plural


def answer(survey: Survey) -> tuple[str, ...]:
    """What was found, in at most three sentences.

    What passes beyond the emotion; what passes at all, beside what the controls give; and what
    the rule of the papers would accept.
    """
    if not survey.filters:
        return ("This run looked at no filters.",)
    if not survey.claims.units:
        total = plural(len(survey.filters), "filter")
        return (f"This run looked at {total} and made no associations with action units.",)
    if not _tested(survey):
        return (
            f"No action unit could be tested on the {survey.which_faces}: none occurs in "
            "enough sequences of enough subjects.",
        )
    return (*_found(survey), _older_rule(survey))


def more(survey: Survey) -> tuple[str, ...]:
    """What the answer leaves out: how many passes are false, how many are sure, what is dead."""
    tested = bool(survey.filters) and bool(survey.claims.units) and _tested(survey)
    sure = (*_false(survey), *_at_least(survey)) if tested else ()
    return (*sure, *_dead(survey))


def _tested(survey: Survey) -> bool:
    return bool(survey.claims.testable.any() or survey.claims.testable_beyond.any())


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
            else f"None of {total} is by itself shown to know more of an action unit than the "
            f"emotion tells, {where}, after correction for {tests}{_together(claims, 'beyond')}."
        )
    yield _answering(survey, total, "" if not untested else f" {where}", bool(untested))
    if untested:
        yield f"Whether any of them knows more than the emotion tells {untested}."


def _answering(survey: Survey, total: str, where: str, alone: bool) -> str:
    claims = survey.claims
    n = int(claims.answering.sum())
    tests = plural(int(claims.settings["family_size"]), "test")
    after = f"{where}, after correction for {tests}"
    beside = _beside(survey, alone=alone)
    if not n:
        together = _together(claims, "auroc")
        none = f"None of {total} is by itself shown to answer to an action unit at all"
        return f"{none}{after}{together}{beside}."
    what = f"answering to an action unit{'' if alone else ' at all'}"
    said = f"{count(n)} of {total} {_pass(n)} the test of {what}{after}"
    often = _most_often(survey, claims.passes)
    if alone:
        return f"{said}{often}{beside}."
    only = int((claims.answering & ~claims.surpassing).sum())
    if not only:
        return f"{said}{often}{beside}."
    share = "it" if n == 1 else "all of them" if only == n else f"{count(only)} of them"
    follow = f"{share} may only follow the emotion, which implies action units"
    return f"{said}{often}; {follow}{beside}."


def _together(claims: Claims, claim: str) -> str:
    """What the lower bound says where no filter passes, as the end of a sentence."""
    n = claims.at_least(claim)
    return f"; counted together, at least {_some(n)} of them can be said to" if n else ""


def _beside(survey: Survey, *, alone: bool) -> str:
    """What the same tests give on each control, as the end of a sentence; empty without any."""
    told = []
    for arm in arms(survey.controls, survey.layer_names):
        found, beyond = arm.passing("answers"), arm.passing("beyond")
        if found is None:
            continue
        n, n_beyond = arm.seeds("answers"), arm.seeds("beyond")
        seeds = f" in the median of {plural(n, 'seed')}" if n > 1 else ""
        fewer = "" if n_beyond == n else f" in {count(n_beyond)} of them"
        size = arm.size()
        of = "" if size == len(survey.filters) else f" of {median_count(size)}"
        also = "" if alone or beyond is None else f", {_some(beyond)} beyond the emotion{fewer}"
        told.append(f"{arm.title} {_some(found)}{of}{seeds}{also}")
    return f" (controls by the same tests: {'; '.join(told)})" if told else ""


def _some(n: float) -> str:
    return median_count(n) if n else "none"


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
        each = "which passes a test" if found == 1 else "all of which pass a test"
        return f"{rule} would accept {count(found)}, {each}."
    share = count(unsupported) if unsupported < found else "all" if found > 1 else "which"
    tail = (
        f"{share} of which {_pass(unsupported)} no test"
        if share != "which"
        else "which passes no test"
    )
    return f"{rule} would accept {count(found)}, {tail}."


def _at_least(survey: Survey) -> Iterator[str]:
    """The lower bounds over all layers, where the null gives any; each has its own confidence.

    A bound may exceed the filters that pass: it is on their number, and says of none which.
    """
    claims = survey.claims
    passing = {"auroc": int(claims.answering.sum()), "beyond": int(claims.surpassing.sum())}
    asked = {
        "auroc": ("answers to an action unit", "answer to an action unit"),
        "beyond": ("knows one beyond the emotion", "know one beyond the emotion"),
    }
    bounds = {name: n for name in asked if (n := claims.at_least(name)) is not None}
    sure = f"with {exact(100 * (1 - float(claims.settings['alpha'])))} % confidence"
    alone = " for this bound alone" if len(bounds) > 1 else ""
    for name, n in bounds.items():
        one, many = asked[name]
        more = _unnamed(passing[name]) if n > passing[name] else ""
        yield (
            f"At least {plural(n, 'filter')} {one if n == 1 else many}, {sure}{alone}{more}."
            if n
            else f"No lower bound above 0 can be given on how many filters {many}, {sure}{alone}."
        )


def _unnamed(named: int) -> str:
    """Why a bound is larger than the number of filters that pass, as the end of a sentence."""
    can = f"only {count(named)} can" if named else "none can"
    return f", though {can} be named: the bound counts filters together and names none"


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
