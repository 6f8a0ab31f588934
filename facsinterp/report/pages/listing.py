"""The table of all filters as data for the browser: texts to show, in the order they sort.

Texts are formatted here, so the script that shows the rows in view formats nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from facsinterp.facs import describe, label
from facsinterp.report.addresses import layer_name
from facsinterp.report.pages.coded import coded, packed
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import DASH, exact, known, number, percent, probability
from facsinterp.report.words.verdicts import DEAD, SHORT

NEARLY: Final = "nearly dead"
Keys = Sequence[float | None]


def filter_listing(survey: Survey) -> dict[str, Any]:
    """`layers`: name and file of each; `runs`: layer, first channel and filters of each stretch
    of the store; `units`; `kinds`; `verdict`; `passing`; and the `columns` after the filter's.
    """
    claims = survey.claims
    layers = list(survey.layer_names)
    kinds = [kind for kind in SHORT if (survey.kind == kind).any()]
    every = np.arange(len(survey.filters))
    columns = [_active_column(survey)]
    if claims.units:
        columns = [*_association_columns(survey), *columns]
    return {
        "layers": [[name, layer_name(name)] for name in layers],
        "runs": _runs(survey, layers),
        "units": [[unit, describe(unit)] for unit in claims.units],
        "kinds": [[kind, SHORT[kind]] for kind in kinds],
        "verdict": verdicts(survey, every),
        "passing": passing(survey, every) if claims.units else None,
        "columns": columns,
    }


def _runs(survey: Survey, layers: Sequence[str]) -> list[list[int]]:
    """Stretches of filters of one layer whose channels count up by one."""
    numbered = [(one.layer, one.channel, at) for at, one in enumerate(survey.filters)]
    found = []
    for (layer, _), part in groupby(numbered, key=lambda one: (one[0], one[1] - one[2])):
        run = list(part)
        found.append([layers.index(layer), run[0][1], len(run)])
    return found


def verdicts(survey: Survey, part: NDArray[np.intp]) -> dict[str, Any]:
    """Verdicts as texts, by how much they say; for each text its kind, and whether it is dead."""
    order = {kind: place for place, kind in enumerate(SHORT)}
    activity, silenced = survey.activity, survey.claims.silenced
    rows = list(
        zip(
            survey.kind[part].tolist(),
            activity.dead[part].tolist(),
            activity.nearly_dead[part].tolist(),
            silenced[part].tolist(),
            strict=True,
        )
    )
    every = sorted(set(rows), key=lambda row: (order.get(row[0], len(order)), *row[1:]))
    places = {row: place for place, row in enumerate(every)}
    return {
        "text": [_verdict(*row) for row in every],
        "kind": [kind for kind, *_ in every],
        "dead": [int(kind == "dead" or dead) for kind, dead, *_ in every],
        "known": sum(kind in order for kind, *_ in every),
        "code": packed(np.array([places[row] for row in rows], dtype=np.int64), len(every)),
    }


def _verdict(kind: str, dead: bool, nearly: bool, silenced: bool) -> str:
    """A nearly dead filter says so when nothing else is known."""
    if dead and kind == "dead":
        return DEAD
    if kind not in SHORT:
        return NEARLY if nearly else DASH
    told = f", {NEARLY}" if nearly and kind in ("nothing", "untestable") else ""
    return f"{'silenced, ' if silenced else ''}{SHORT[kind]}{told}"


def passing(survey: Survey, part: NDArray[np.intp]) -> dict[str, Any]:
    """Every unit that passes as text; those beyond the emotion come first and have a plus."""
    claims = survey.claims
    beyond, only = claims.passes_beyond[part], (claims.passes & ~claims.passes_beyond)[part]
    texts = []
    for much, little in zip(beyond, only, strict=True):
        found = [f"{label(claims.units[i])}+" for i in np.flatnonzero(much)]
        found += [label(claims.units[i]) for i in np.flatnonzero(little)]
        texts.append(" ".join(found) or DASH)
    return coded(texts, [float(n) for n in (beyond | only).sum(axis=1)])


def _column(title: str, *parts: dict[str, Any], kind: str = "number", down: bool = False) -> Any:  # noqa: ANN401
    """One column, whose text is its parts one after the other, sorted by the first.

    `down`: the first click brings the largest to the top.
    """
    return {"title": title, "kind": kind, "down": int(down), "parts": parts}


def _association_columns(survey: Survey) -> list[Any]:
    claims = survey.claims
    named = claims.named.tolist()

    def of(name: str) -> list[float | None]:
        array = claims.pair[name]
        return [None if i < 0 else _finite(array[row, i]) for row, i in enumerate(named)]

    base = [None if i < 0 else _finite(claims.unit["base_rate"][i]) for i in named]
    precision, auroc, by_chance = of("precision_at_n"), of("auroc"), of("kl_null")
    divergence = [
        None if null is None else kl for kl, null in zip(of("kl"), by_chance, strict=True)
    ]
    units = [None if i < 0 else claims.units[i] for i in named]
    names = coded([DASH if u is None else describe(u) for u in units], units)
    low, high = of("auroc_low"), of("auroc_high")
    bounded = [None not in ends for ends in zip(low, high, strict=True)]
    level = exact(100 * claims.settings["interval"])
    return [
        _column("Unit or nearest", names, kind="text"),
        _column(
            f"AUROC [{level} % CI]",
            coded([number(value) for value in auroc], auroc),
            _told([f" [{number(x)}" for x in low], bounded),
            _told([f", {number(x)}]" for x in high], bounded),
            down=True,
        ),
        _held_out_column(survey, units),
        _probabilities("Corrected p", of("q_auroc")),
        _probabilities("Beyond, corrected p", of("q_beyond")),
        _column(
            f"P@{claims.top_n} (base rate)",
            coded([number(value) for value in precision], precision),
            _told([f" ({percent(b)})" for b in base], [p is not None for p in precision]),
            down=True,
        ),
        _column(
            "KL (by chance)",
            coded([number(value) for value in divergence], divergence),
            _told([f" ({number(x)})" for x in by_chance], [kl is not None for kl in divergence]),
            down=True,
        ),
    ]


def _told(texts: Sequence[str], where: Sequence[bool]) -> dict[str, Any]:
    """What follows a number, where there is one."""
    return coded([text if there else "" for text, there in zip(texts, where, strict=True)])


def _probabilities(title: str, values: Keys) -> Any:  # noqa: ANN401
    return _column(title, coded([probability(value) for value in values], values))


def _held_out_column(survey: Survey, units: Sequence[int | None]) -> Any:  # noqa: ANN401
    """AUROC on people who did not choose the unit, which is told where it is another one."""
    values = [_finite(value) for value in survey.claims.filter["named_auroc_held_out"]]
    chosen = survey.claims.filter["named_au"]
    others = [
        "" if value is None or unit == int(other) else f" (AU{int(other)})"
        for value, unit, other in zip(values, units, chosen, strict=True)
    ]
    return _column("Held out", coded([number(v) for v in values], values), coded(others), down=True)


def _finite(value: float) -> float | None:
    return float(value) if known(value) else None


def _active_column(survey: Survey) -> Any:  # noqa: ANN401
    shares = [float(share) for share in survey.activity.active_share]
    return _column("Active on", coded([percent(share) for share in shares], shares), down=True)
