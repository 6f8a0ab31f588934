"""The table of all filters as data for the browser: texts to show, keys to sort by.

Texts are formatted here, so the script that pages through them formats nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from facsinterp.facs import describe, label
from facsinterp.report.survey import Survey
from facsinterp.report.wording import number, percent, probability, with_interval

NOTHING, NEARLY, DEAD, UNTESTED = "none", "nearly dead", "dead", "not tested"


def filter_listing(survey: Survey) -> dict[str, Any]:
    """Columns, layers, units and one entry a filter in each list, in store order."""
    verdicts = survey.verdicts
    columns = [_filter_column(survey)]
    if verdicts.units:
        columns += _association_columns(survey)
    columns += [_active_column(survey), _state_column(survey)]
    layers = list(survey.layer_names)
    return {
        "href": list(survey.addresses),
        "layers": layers,
        "layer": [layers.index(one.layer) for one in survey.filters],
        "units": [[unit, describe(unit)] for unit in verdicts.units],
        "passing": [[verdicts.units[i] for i in np.flatnonzero(row)] for row in verdicts.passes],
        "dead": [int(dead) for dead in survey.activity.dead],
        "columns": columns,
    }


def _column(
    title: str,
    texts: Sequence[str],
    keys: Sequence[float | None] | None,
    kind: str = "number",
    *,
    descending: bool = False,
) -> dict[str, Any]:
    """One column; rows without a key sort last. Without keys the texts sort.

    `descending`: the first click brings the largest to the top.
    """
    return {
        "title": title,
        "kind": kind,
        "descending": descending,
        "text": list(texts),
        "key": None if keys is None else list(keys),
    }


def _filter_column(survey: Survey) -> dict[str, Any]:
    names = [str(one) for one in survey.filters]
    return _column("Filter", names, list(range(len(names))), "link")


def _association_columns(survey: Survey) -> list[dict[str, Any]]:
    verdicts, dead = survey.verdicts, survey.activity.dead
    best = [None if gone or i < 0 else int(i) for i, gone in zip(verdicts.best, dead, strict=True)]

    def of(name: str) -> list[float | None]:
        array = verdicts.pair[name]
        return [
            None if i is None or not np.isfinite(array[row, i]) else round(float(array[row, i]), 9)
            for row, i in enumerate(best)
        ]

    base = [None if i is None else float(verdicts.unit["base_rate"][i]) for i in best]
    precision, auroc, corrected = of("precision_at_n"), of("auroc"), of("q_auroc")
    divergence = of("kl")
    sizes = zip(auroc, of("auroc_low"), of("auroc_high"), strict=True)
    shares = zip(precision, base, strict=True)
    units = [None if i is None else verdicts.units[i] for i in best]
    return [
        _column("Best unit", ["–" if u is None else describe(u) for u in units], units, "text"),
        _column(
            "AUROC [95 % CI]", [with_interval(*size) for size in sizes], auroc, descending=True
        ),
        _column(
            f"P@{verdicts.top_n} (base rate)",
            [number(p) if p is None else f"{number(p)} ({percent(b)})" for p, b in shares],
            precision,
            descending=True,
        ),
        _column("KL, nats", [number(kl) for kl in divergence], divergence, descending=True),
        _column("Corrected p", [probability(q) for q in corrected], corrected),
    ]


def _active_column(survey: Survey) -> dict[str, Any]:
    shares = [round(float(share), 6) for share in survey.activity.active_share]
    return _column("Active on", [percent(share) for share in shares], shares, descending=True)


def _state_column(survey: Survey) -> dict[str, Any]:
    positions = range(len(survey.filters))
    texts = [state_of(survey, i) for i in positions]
    passing = survey.verdicts.passes.sum(axis=1)
    keys = [
        int(passing[i]) - survey.activity.dead[i] - survey.activity.nearly_dead[i] * 0.5
        for i in positions
    ]
    return _column("Answers to", texts, [float(key) for key in keys], "state", descending=True)


def state_of(survey: Survey, position: int) -> str:
    """A filter in a word or two: the units it answers to, none, dead."""
    if survey.activity.dead[position]:
        return DEAD
    passing = np.flatnonzero(survey.verdicts.passes[position])
    if passing.size:
        return " ".join(label(survey.verdicts.units[i]) for i in passing)
    if survey.activity.nearly_dead[position]:
        return NEARLY
    return NOTHING if survey.verdicts.best[position] >= 0 else UNTESTED


def script(name: str, content: Mapping[str, Any] | Sequence[Any]) -> str:
    """A script file that sets `window.<name>`: pages opened from disk cannot fetch JSON."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return f"window.{name} = {text};\n"
