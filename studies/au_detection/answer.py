"""The study's answer in up to three sentences, from its tables."""

from __future__ import annotations

from collections.abc import Iterator

from . import published
from .found import CHANCE, Found, bracketed, listed, percent, signed


def answer(found: Found) -> tuple[str, ...]:
    """Which units are told, what the pooled accuracy is worth, and what the features add."""
    if found.judged.empty:
        return (
            f"Nothing is shown: no action unit was seen in {found.least} sequences or more of "
            "enough people on both sides.",
        )
    return tuple(_sentences(found))


def _sentences(found: Found) -> Iterator[str]:
    judged, above, hard, untaught = found.judged, found.above, found.hard, found.untaught
    mean = found.mean("all absent")
    size = ""
    if mean is not None:
        inside = bracketed(mean["low"] + CHANCE, mean["high"] + CHANCE)
        size = f", mean {mean['difference'] + CHANCE:.2f} {inside}"
    yield (
        f"Of {len(judged)} action units with answers for at least {found.least} sequences, "
        f"{len(above)} can be told on people who were held out better than by saying absent to "
        f"everything (balanced accuracy, lower bound above 0.5{size})"
        + (f"; it is not shown for {listed(hard)}" if hard else "")
        + (f"; {listed(untaught)} cannot be judged (reasons in the table)" if untaught else "")
        + "."
    )
    pooled = found.accuracy("with an emotion", "all") or found.accuracy("all", "all")
    if pooled is not None:
        few, many = sorted(published.ABSENT.values())
        yield (
            f"Counted over all cells as the paper counts it, accuracy is "
            f"{percent(pooled['accuracy'])}, but saying absent to everything scores "
            f"{percent(pooled['all_absent'])} (paper: {percent(published.ACCURACY)}, where absent "
            f"to everything scores {percent(few)} to {percent(many)} on CK+)."
        )
    beyond = _beyond(found)
    if beyond:
        yield beyond


def _beyond(found: Found) -> str:
    """The third sentence: what the features tell more than two controls; "" without any."""
    parts, unshown = [], []
    for less, words in (
        ("emotion", "detectors that see the network's emotions alone"),
        ("untrained", "detectors on an untrained network"),
    ):
        row = found.mean(less)
        if row is None:
            continue
        inside = bracketed(row["low"], row["high"])
        parts.append(f"{signed(row['difference'])} over {words} {inside}")
        if not row["low"] > 0:
            unshown.append(words.replace("detectors", "those", 1))
    if not parts:
        return ""
    end = f"; that they tell more than {listed(unshown)} is not shown" if unshown else ""
    return f"Balanced accuracy of the trained features is {listed(parts)}, mean over units{end}."
