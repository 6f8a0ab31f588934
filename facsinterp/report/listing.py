"""The table of all filters as data for the browser: texts to show, keys to sort by.

Texts are formatted here, so the script that pages through them formats nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.survey import Survey
from facsinterp.report.verdicts import DEAD, SHORT
from facsinterp.report.wording import exact, number, percent, probability, with_interval

NEARLY: Final = "nearly dead"


def filter_listing(survey: Survey) -> dict[str, Any]:
    """Columns, layers, units, verdicts and one entry a filter in each list, in store order."""
    claims = survey.claims
    columns = [_filter_column(survey), _verdict_column(survey)]
    if claims.units:
        columns += _association_columns(survey)
    columns.append(_active_column(survey))
    if claims.units:
        columns.append(_units_column(survey))
    layers = list(survey.layer_names)
    kinds = [kind for kind in SHORT if (survey.kind == kind).any()]
    return {
        "href": list(survey.addresses),
        "layers": layers,
        "layer": [layers.index(one.layer) for one in survey.filters],
        "units": [[unit, describe(unit)] for unit in claims.units],
        "passing": _units_of(survey, claims.passes | claims.passes_beyond),
        "beyond": _units_of(survey, claims.passes_beyond),
        "kinds": [[kind, SHORT[kind]] for kind in kinds],
        "kind": [str(kind) for kind in survey.kind],
        "dead": [int(dead) for dead in (survey.kind == "dead") | survey.activity.dead],
        "columns": columns,
    }


def _units_of(survey: Survey, passes: NDArray[np.bool_]) -> list[list[int]]:
    return [[survey.claims.units[i] for i in np.flatnonzero(row)] for row in passes]


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


def _verdict_column(survey: Survey) -> dict[str, Any]:
    """Sorted by how much is said; a nearly dead filter says so when nothing else is known."""
    order = {kind: place for place, kind in enumerate(SHORT)}
    texts = [
        SHORT.get(str(kind), NEARLY if nearly else "–")
        for kind, nearly in zip(survey.kind, survey.activity.nearly_dead, strict=True)
    ]
    texts = [
        f"{text}, {NEARLY}" if nearly and text in (SHORT["nothing"], SHORT["untestable"]) else text
        for text, nearly in zip(texts, survey.activity.nearly_dead, strict=True)
    ]
    texts = [
        DEAD if dead and kind == "dead" else text
        for text, dead, kind in zip(texts, survey.activity.dead, survey.kind, strict=True)
    ]
    silenced = survey.claims.silenced
    texts = [
        f"silenced, {text}" if less else text for text, less in zip(texts, silenced, strict=True)
    ]
    return _column("Verdict", texts, [order.get(str(kind)) for kind in survey.kind], "verdict")


def _association_columns(survey: Survey) -> list[dict[str, Any]]:
    claims = survey.claims
    named = [None if i < 0 else int(i) for i in claims.named]

    def of(name: str) -> list[float | None]:
        array = claims.pair[name]
        return [None if i is None else _rounded(array[row, i]) for row, i in enumerate(named)]

    base = [None if i is None else _rounded(claims.unit["base_rate"][i]) for i in named]
    precision, auroc, by_chance = of("precision_at_n"), of("auroc"), of("kl_null")
    divergence = [
        None if null is None else kl for kl, null in zip(of("kl"), by_chance, strict=True)
    ]
    corrected, beyond = of("q_auroc"), of("q_beyond")
    sizes = zip(auroc, of("auroc_low"), of("auroc_high"), strict=True)
    shares = zip(precision, base, strict=True)
    pairs = zip(divergence, by_chance, strict=True)
    units = [None if i is None else claims.units[i] for i in named]
    return [
        _column(
            "Unit or nearest", ["–" if u is None else describe(u) for u in units], units, "text"
        ),
        _column(
            f"AUROC [{exact(100 * claims.settings['interval'])} % CI]",
            [with_interval(*size) for size in sizes],
            auroc,
            descending=True,
        ),
        _held_out_column(survey, units),
        _column("Corrected p", [probability(q) for q in corrected], corrected),
        _column("Beyond, corrected p", [probability(q) for q in beyond], beyond),
        _column(
            f"P@{claims.top_n} (base rate)",
            [number(p) if p is None else f"{number(p)} ({percent(b)})" for p, b in shares],
            precision,
            descending=True,
        ),
        _column(
            "KL (by chance)",
            [number(kl) if kl is None else f"{number(kl)} ({number(null)})" for kl, null in pairs],
            divergence,
            descending=True,
        ),
    ]


def _held_out_column(survey: Survey, units: Sequence[int | None]) -> dict[str, Any]:
    """AUROC on people who did not choose the unit, which is told where it is another one."""
    values = [_rounded(value) for value in survey.claims.filter["named_auroc_held_out"]]
    chosen = survey.claims.filter["named_au"]
    texts = [
        number(value)
        if value is None or unit == int(other)
        else f"{number(value)} (AU{int(other)})"
        for value, unit, other in zip(values, units, chosen, strict=True)
    ]
    return _column("Held out", texts, values, descending=True)


def _rounded(value: float) -> float | None:
    """To six digits, which no p-value loses all of."""
    return float(f"{float(value):.6g}") if np.isfinite(value) else None


def _active_column(survey: Survey) -> dict[str, Any]:
    shares = [round(float(share), 6) for share in survey.activity.active_share]
    return _column("Active on", [percent(share) for share in shares], shares, descending=True)


def _units_column(survey: Survey) -> dict[str, Any]:
    """Every unit that passes; those beyond the emotion come first and have a plus."""
    claims = survey.claims
    texts = []
    for beyond, only in zip(
        claims.passes_beyond, claims.passes & ~claims.passes_beyond, strict=True
    ):
        more = [f"{label(claims.units[i])}+" for i in np.flatnonzero(beyond)]
        texts.append(" ".join([*more, *(label(claims.units[i]) for i in np.flatnonzero(only))]))
    passing = (claims.passes | claims.passes_beyond).sum(axis=1)
    keys = [float(n) for n in passing]
    return _column(
        "Answers to (+ beyond)", [text or "–" for text in texts], keys, "state", descending=True
    )


def script(name: str, content: Mapping[str, Any] | Sequence[Any]) -> str:
    """A script file that sets `window.<name>`: pages opened from disk cannot fetch JSON."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return f"window.{name} = {text};\n"
