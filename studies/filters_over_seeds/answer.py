"""The papers' title question, answered for these faces in up to three sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from facsinterp import Finding

from .arms import TRAINED, UNTRAINED
from .jobs import STAGES
from .measure import EMOTIONS
from .published import ACTIVE, REJECTED, SHARE

ALPHA: Final = 0.05
BEYOND: Final = STAGES[4]
_ONE, _MIXED = EMOTIONS.values()
_UNTAUGHT: Final[Mapping[bool | None, str]] = {
    False: "What training teaches cannot be said: the trained networks name no more held-out "
    "expressions than always saying the commonest would.",
    None: "What training teaches cannot be said: whether the trained networks name held-out "
    "expressions was not measured.",
}


def answer(
    rule: pd.DataFrame,
    funnel: pd.DataFrame,
    tests: pd.DataFrame,
    top_n: int,
    layer: str,
    *,
    learnt: bool | None,
) -> tuple[str, ...]:
    """What the published count shows, what is left of it, and whether training did it.

    `learnt`: whether the trained networks learnt anything; None: nobody knows.
    """
    last = _trained(tests, funnel) if learnt else _UNTAUGHT[learnt]
    return (_count(rule, top_n, layer), _left(funnel), last)


def _count(rule: pd.DataFrame, top_n: int, layer: str) -> str:
    """The rule's share beside those of filters that cannot know an action unit."""
    asked = rule[rule["looked"] == "image"]
    n = top_n if (asked["n"] == top_n).any() else int(asked["n"].iloc[0])
    at = {row["arm"]: row for row in asked[asked["n"] == n].to_dict("records")}
    others = [
        f"{_percent(at[arm]['share'])} of {words}"
        for arm, words in (
            (UNTRAINED, "untrained ones"),
            (_ONE, "filters that know one emotion alone"),
            (_MIXED, "those that know a mixture"),
            ("random sequences", "random rankings of sequences"),
        )
        if arm in at and np.isfinite(at[arm]["share"])
    ]
    null = asked[~asked["arm"].isin([TRAINED])]
    reached = bool((null["share"] >= SHARE).any())
    count = f"published {ACTIVE - REJECTED} of {ACTIVE} ({_percent(SHARE)}, N not told)"
    published = (
        f"the {count} is reached by such filters too, at some N"
        if reached
        else f"none of these reaches the {count}"
    )
    own = at[TRAINED]
    if not own["networks"]:
        return f"No trained network has a live filter in {layer}, so that P = 1 has none to accept."
    return (
        f"At N = {n}, P = 1 accepts {_percent(own['share'])} of trained networks' live filters in "
        f"{layer} ({_percent(own['least'])} to {_percent(own['most'])} over {own['networks']} "
        f"networks){f', but also {_listed(others)}' if others else ''}; {published}."
    )


def _left(funnel: pd.DataFrame) -> str:
    """What remains at the last stages, where anything could be tested."""
    by = {(row["arm"], row["stage"]): row for row in funnel.to_dict("records")}
    beyond, other = by[TRAINED, BEYOND], by[TRAINED, STAGES[5]]
    if not beyond["networks"]:
        return (
            "Whether any filter knows more than the emotion tells could not be tested in any of "
            f"{beyond['of']} trained networks."
        )
    left = (
        "Asked as well for chance over all pairs and for more than the emotion tells, "
        f"{_percent(beyond['share'])} of the live filters are left "
        f"({_beside(beyond, by.get((UNTRAINED, BEYOND)))})"
    )
    if not other["networks"]:
        return f"{left}; whether they follow the same unit on other people could not be tested."
    return (
        f"{left}, and {_percent(other['share'])} follow the same unit on other people "
        f"({_beside(other, by.get((UNTRAINED, STAGES[5])))})."
    )


def _beside(row: Mapping[Any, Any], start: Mapping[Any, Any] | None) -> str:
    """The share before training, and in how many networks there was nothing to test."""
    tested = start and start["networks"]
    said = f"{_percent(start['share'])} untrained" if start and tested else "untrained: not tested"
    missing = row["of"] - row["networks"]
    return f"{said}; could not be tested in {missing} of {row['of']} networks" if missing else said


def _trained(tests: pd.DataFrame, funnel: pd.DataFrame) -> str:
    """Whether training made filters that know more than the emotion."""
    rows = tests[tests["stage"] == BEYOND].to_dict("records")
    if not rows:
        asked = funnel[(funnel["arm"] == TRAINED) & (funnel["stage"] == BEYOND)]
        if not asked["networks"].sum():
            return "So whether training makes such filters is not known."
        return "Whether training makes such filters cannot be told: that takes two seeds or more."
    row = rows[0]
    size = (
        f"{_percent(row[TRAINED])} of live filters know more of a unit than the emotion tells, "
        f"{_percent(row[UNTRAINED])} of them before training"
    )
    numbers = f"p = {row['p']:.2g}, {int(row['seeds'])} seeds, not below {row['least_p']:.2g}"
    if row["p"] <= ALPHA and row["difference"] > 0:
        said = "So training teaches more of action units than emotions tell"
        return f"{said}: {size} ({numbers})."
    if row["least_p"] > ALPHA:
        return f"Whether training made that cannot be shown with so few seeds: {size} ({numbers})."
    return f"That training made such filters is not shown: {size} ({numbers})."


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"


def _listed(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def findings(
    rule: pd.DataFrame, funnel: pd.DataFrame, tests: pd.DataFrame, top_n: int, layer: str
) -> Iterator[Finding]:
    """The rule at the settings' N, what is left, and trained against untrained."""
    at = rule[(rule["looked"] == "image") & (rule["n"] == top_n)]
    for row in at.to_dict("records"):
        yield Finding(
            f"Mean share of live filters that P = 1 accepts at N = {top_n}, every image: "
            f"{row['arm']}{_range(row)}",
            estimate=_known(row["share"]),
            n=int(row["networks"]),
        )
    for row in funnel[funnel["stage"].isin(STAGES[3:])].to_dict("records"):
        yield Finding(
            f"Mean share of live filters left after “{row['stage']}” and all before: {row['arm']}"
            f"{_range(row)}",
            estimate=_known(row["share"]),
            n=int(row["networks"]),
        )
    for row in tests.to_dict("records"):
        yield Finding(
            f"Trained less untrained, share of live filters of {layer}, “{row['stage']}”, "
            f"over training seeds (p one-sided, at least {row['least_p']:.2g})",
            estimate=_known(row["difference"]),
            low=_known(row["low"]),
            high=_known(row["high"]),
            n=int(row["seeds"]),
            p=_known(row["p"]),
        )


def _range(row: dict[Any, Any]) -> str:
    if row["networks"] < 2:
        return ""
    return f" (mean; {_percent(row['least'])} to {_percent(row['most'])})"


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
