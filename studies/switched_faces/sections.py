"""What a reader sees: whether causes and associations agree, where not, and the profiles."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
import xarray as xr

from facsinterp import Section
from facsinterp.facs import label

from . import figures, tables

ROWS: Final = 40
ALL: Final = "all"
# Verdicts that name a unit, and what their filters are called.
VERDICTS: Final[Mapping[str, str]] = {
    "beyond": "pass beyond the emotion",
    "answers": "pass, not tested beyond the emotion",
    "emotion": "pass, may follow the emotion",
}
WHOSE: Final[Mapping[str, str]] = {ALL: "all associated filters", **VERDICTS}
SAME, STANDING = "same unit", "standing"
MEASURES: Final[Mapping[str, str]] = {
    SAME: "moved most by their unit",
    STANDING: "place of their unit, 1 first, 0 last",
}
_FOREIGN: Final = (
    "The network did not learn from drawn faces: to it they are an instrument, as foreign as "
    "a drawing. A unit that moves a filter here does move it; that one does not says little "
    "of photographs, and sizes, in standard deviations of its answers to the run's own faces, "
    "may be small or large because the faces are drawn."
)
_GREY: Final = "The network takes colour; drawn faces are the same grey in each channel."


def agreement(rows: pd.DataFrame, tests: pd.DataFrame, *, foreign: bool, colour: bool) -> Section:
    """The study's question: found, and by lot."""
    title = "Is the associated unit the one that moves the filter?"
    notes = (*((_FOREIGN,) if foreign else ()), *((_GREY,) if colour else ()))
    if rows.empty:
        words = "Nothing can be said: no filter that answers is associated with a unit that can be"
        return Section(title, paragraphs=(f"{words} drawn.", *notes))
    return Section(
        title,
        paragraphs=(
            *_found(tests),
            *notes,
            "By lot: causal profiles are shuffled among the filters of a layer, so that units "
            "that move every filter give nothing for free. p is one-sided, and of this network "
            "alone, whose filters are not independent; duplicates are counted once. Intervals are "
            "for other drawn people, with the same network and the same associations.",
        ),
        table=_tests(tests),
        figure=figures.agreement(tests, MEASURES, WHOSE),
    )


def _found(tests: pd.DataFrame) -> Iterator[str]:
    """The answer in a sentence for each set of filters, and where their units stand."""
    for row in tests[tests["measure"] == SAME].to_dict("records"):
        if row["which"] == ALL and not row["mean"]:
            yield (
                f"Nothing is shown: of {row['filters']} associated filters, not one is shown to be "
                "moved most by the unit that it is associated with."
            )
        elif row["which"] == ALL:
            shown = "more often than" if row["p"] <= 0.05 else "not shown to be more often than"
            yield (
                f"Of {row['filters']} associated filters, {_share(row)} are moved most by the unit "
                f"that they are associated with, {shown} by lot "
                f"({tables.percent(row['expected'])}, p = {row['p']:.2g}).{_others(row)}"
            )
        else:
            yield (
                f"Of the {row['filters']} that {WHOSE[str(row['which'])]}: {_share(row)}, by lot "
                f"{tables.percent(row['expected'])}, p = {row['p']:.2g}."
            )


def _others(row: Mapping[Hashable, Any]) -> str:
    """What moves the filters that their unit does not move most."""
    rest = tables.percent(1 - row["mean"])
    return (
        f" Of the other {rest}, another unit moves the filter most, or none is shown to move it."
        if row["mean"] < 1
        else ""
    )


def _share(row: Mapping[Hashable, Any]) -> str:
    low, high = tables.percent(row["low"]), tables.percent(row["high"])
    return f"{tables.percent(row['mean'])} (95 % interval {low} to {high})"


def _tests(tests: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Associated filters": [WHOSE[which] for which in tests["which"]],
            "Asked": [MEASURES[measure] for measure in tests["measure"]],
            "Filters": tests["filters"],
            "Found": tests["mean"],
            "95 % interval": tables.intervals(tests["low"], tests["high"]),
            "By lot": tests["expected"],
            "95 % of lots": tables.intervals(tests["chance_low"], tests["chance_high"]),
            "p": tests["p"],
        }
    )


def disagreement(rows: pd.DataFrame) -> tuple[Section, ...]:
    """Filter by filter where another unit does more than the associated one, in words."""
    if rows["agree"].all():
        return ()
    apart = rows[~rows["agree"].astype(bool)].sort_values("standing", kind="stable")
    counts = apart["words"].str.replace(r"AU\d+", "another", regex=True).value_counts()
    told = apart.head(ROWS)
    cut = f" ({ROWS} of {len(apart)}; agreement.parquet has all)" if len(apart) > ROWS else ""
    return (
        Section(
            title="Where they disagree",
            paragraphs=(
                f"{len(apart)} of {len(rows)} associated filters are not moved most by their "
                "unit: " + "; ".join(f"{words} ({n})" for words, n in counts.items()) + ".",
                "An association is found on faces where units come together; here one is "
                "switched and the others stay. Where the two disagree, the switched face tells "
                "what the unit does to the filter, the association what it goes with. “Not shown "
                "to move it” is no proof that it does not.",
                "The figure counts filters by both units; where they agree, they are on the "
                "diagonal. The table has the filters whose associated unit does least to them "
                f"first{cut}; sizes are in standard deviations (sd) of the filter's answers, at "
                "the greatest intensity.",
            ),
            table=pd.DataFrame(
                {
                    "Filter": told["filter"],
                    "Associated": [label(unit) for unit in told["associated"]],
                    "Its effect, sd": told["size"],
                    "95 % interval": tables.intervals(told["low"], told["high"]),
                    "Moved most by": [label(unit) if unit else None for unit in told["causal"]],
                    "By, sd": told["causal_size"],
                    "In words": [in_words(row) for row in told.to_dict("records")],
                }
            ),
            figure=figures.matrix(rows),
        ),
    )


def in_words(row: Mapping[Hashable, Any]) -> str:
    """What associated and causal unit do to one filter of `agreement.parquet`."""
    unit, best = label(int(row["associated"])), label(int(row["causal"]))
    way = "up" if row["direction"] == 1 else "down"
    more = (
        f"{best} does ({row['causal_size']:.2f} sd)"
        if row["causal"]
        else f"no unit is shown to move it {way}"
    )
    if row["agree"]:
        return f"{unit} moves it most"
    if row["moved"]:
        low, high = float(row["ahead_low"]), float(row["ahead_high"])
        if low > 0:
            return f"{unit} moves it, {best} more (by {tables.interval(low, high)})"
        return f"{unit} moves it, {best} about as much: either may be first"
    if float(row["q"]) <= float(row["alpha"]):
        other = "down" if way == "up" else "up"
        return f"{unit} alone moves it {other}, not {way}; {more}"
    return f"{unit} alone is not shown to move it; {more}"


def profiles(found: xr.Dataset) -> Section:
    """What each unit does by itself, and the filters that one unit moves most."""
    told = found.attrs
    letter = tables.LETTERS[int(found["intensity"].values[-1])]
    figure = figures.heatmap(found)
    return Section(
        title="What each unit does when it alone is switched",
        paragraphs=(
            *_moved(found),
            f"{told['people']} people were drawn for this; they are in no other corpus. Each is "
            f"seen in {_settings(told['contexts'])}, without and with each unit, all else equal "
            "down to the sensor noise and the crop. A change is the filter's answer with the "
            f"unit at {letter} less that without, averaged over the settings of a person, in "
            "standard deviations (sd) of the filter's answers to the faces of this run.",
            "A unit moves a filter when people change in one direction more than random signs "
            f"of people give: {told['tests']:,} pairs are tested, corrected p at most "
            f"{told['alpha']:g} (Benjamini and Hochberg; two-sided). Drawn people are much "
            "alike, so that small changes pass too: read the size.",
            "The figure has, for each unit, filters that it moves surely more than any other "
            "unit does (the second chosen on the same people), those furthest ahead; orange is "
            "more, blue less."
            if figure
            else "No filter has one unit that is surely ahead of all others.",
        ),
        table=tables.shown_units(found),
        figure=figure,
    )


def _moved(found: xr.Dataset) -> Iterator[str]:
    """How many filters are moved, and how many by one unit above all."""
    live = tables.alive(found)
    moved, count = int(live["moves"].any("au").sum()), live.sizes["filter"]
    if not moved:
        people = found.attrs["people"]
        least = 2 / 2**people
        yield (
            "Nothing is shown: no unit is shown to move any filter. "
            f"With {people} people an uncorrected p is at least {least:.2g}"
            + (", so that nothing could be shown: draw more people." if least > 1e-3 else ".")
        )
        return
    ahead = live["best"].values[live["lead_low"].values > 0]
    yield (
        f"{moved} of {count} live filters are moved by some unit when it alone is switched. One "
        f"unit is surely ahead of all others for {len(ahead)} of them"
        + (f": {_often(ahead)}" if len(ahead) else "")
        + ". Most filters follow several units."
    )


def _often(best: np.ndarray) -> str:
    """Units by how many filters have them first, such as `AU4 (57), AU9 (12) and 8 others`."""
    units, counts = np.unique(best, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    first = ", ".join(f"{label(int(units[i]))} ({counts[i]})" for i in order[:4])
    return first + (f" and {len(units) - 4} other units" if len(units) > 4 else "")


def _settings(contexts: int) -> str:
    if contexts == 1:
        return "one setting, a neutral face"
    others = "one" if contexts == 2 else f"{contexts - 1}"
    return f"{contexts} settings, one on a neutral face and {others} on an expression"


def doses(found: xr.Dataset) -> Section:
    """How answers follow the intensity, of filters with different first units."""
    figure = figures.curves(found)
    return Section(
        title="Answers by intensity",
        paragraphs=(
            *_trends(found),
            "The figure has the clearest filter of each of up to six units, with 95 % intervals "
            "over people; A to E are as far apart as the drawn movement, so that a filter in "
            "proportion to it follows the dashed line. All faces of a series have the same other "
            "units; where a unit parts the lips, unit 25 is in all of them."
            if figure
            else "There is no figure: that takes a filter with one unit that is surely ahead, and "
            "two intensities.",
        ),
        table=tables.thresholds(found),
        figure=figure,
    )


def _trends(found: xr.Dataset) -> Iterator[str]:
    """How many filters rise with their first unit, and from which letter on it moves them."""
    live = tables.alive(found)
    live = live.isel(filter=np.flatnonzero(live["best"].values > 0))
    if not live.sizes["filter"]:
        yield "Nothing is shown: no unit moves any filter up."
        return
    first = live.sel(au=live["best"])
    rises = (first["trend"].values > 0) & (first["q_trend"].values <= found.attrs["alpha"])
    yield (
        f"{int(rises.sum())} of {len(rises)} filters that a unit moves up answer the more the "
        "stronger their first unit is drawn (Spearman's correlation inside people, "
        f"{float(first['trend'].mean()):.2f} on average; signs of people turned, corrected p at "
        f"most {found.attrs['alpha']:g}). The table says from which intensity on they are moved."
    )
