"""What the test beyond the emotion could do for a unit, which its codes decide by themselves."""

from __future__ import annotations

from typing import Final

from facsinterp.report.reading.claims import Claims
from facsinterp.report.wording import count, known, plural, probability

_STRATA: Final = {
    "within-emotion": ("emotion", "emotions"),
    "within-subject-and-emotion": (
        "pair of a person and an emotion",
        "pairs of a person and an emotion",
    ),
    "subject-flips": ("person", "people"),
}
"""Inside what the null of the claim moves labels: a unit that varies in none says nothing."""


def beyond_words(claims: Claims, column: int) -> str:
    """Where the unit varies, and the least p there; empty where it was not tested."""
    if not claims.testable_beyond[column]:
        return ""
    inside = int(claims.unit["n_informative_beyond"][column])
    null = claims.settings["beyond"]
    emotions = int(claims.settings["n_emotions"])
    of = f" of {count(emotions)}" if null == "within-emotion" and emotions >= inside else ""
    where = f"{count(inside)}{of} {_STRATA[null][bool(of) or inside != 1]}"
    least = f"no filter could reach a p below {probability(least_p(claims, column))}"
    return f"varies inside {where}; {out_of_reach(claims, column) or least}"


def out_of_reach(claims: Claims, column: int) -> str:
    """That no filter could have passed beyond the emotion; empty where one could.

    The correction of Benjamini and Hochberg lets one more pair pass where its p is at most
    alpha × (pairs that pass + 1) / tests, and that of Benjamini and Yekutieli no larger one. By
    filters first, what passes depends on the other units of the filter: nothing is said.
    """
    settings = claims.settings
    if not claims.testable_beyond[column] or settings["correction"] not in ("bh", "by"):
        return ""
    pairs = int(claims.passes_beyond.sum())
    most = float(settings["alpha"]) * (pairs + 1) / int(settings["family_size_beyond"])
    least = least_p(claims, column)
    if not known(least) or least <= most:
        return ""
    tests = plural(int(settings["family_size_beyond"]), "test")
    return (
        "even a perfect filter could not have passed here: the least p is "
        f"{probability(least)}, and after correction for {tests} one more pair needs "
        f"{probability(most)}"
    )


def least_p(claims: Claims, column: int) -> float:
    """Least p that a filter could reach beyond the emotion; of two sides both tails."""
    tail = float(claims.unit["attainable_p_beyond"][column])
    return min(1.0, 2 * tail if claims.settings["sides"] == "two" else tail)
