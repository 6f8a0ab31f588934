"""How the verdicts of each layer lie: a chart of stacked bars, and the numbers behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from facsinterp.report.charts.drawing import linear, rect, svg, text
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, percent, plural
from facsinterp.report.words.verdicts import SHORT

_LEFT, _RIGHT, _WIDTH = 116, 600, 660
_ROW: Final = 30
_LETTER: Final = 7.5  # width of a digit of the chart's text
_NAME: Final = 15  # letters of a layer that fit before its bar


@dataclass(frozen=True)
class LayerVerdicts:
    """One layer: how many of its filters have each verdict, and how many answer at least."""

    layer: str
    filters: int
    counts: tuple[tuple[str, int], ...]
    """Every kind that occurs in the run, in the order of `SHORT`, with its filters."""
    at_least: int | None
    """Lower bound on filters that answer to some unit; None where no bound was made."""
    at_least_beyond: int | None


def layer_verdicts(survey: Survey) -> tuple[LayerVerdicts, ...]:
    """A line for each layer, and one for all where there are several; none without filters."""
    kinds = [kind for kind in SHORT if (survey.kind == kind).any()]
    claims = survey.claims
    lines = []
    for layer in survey.layer_names:
        inside = survey.kind[survey.of_layer(layer)]
        lines.append(
            LayerVerdicts(
                layer,
                len(inside),
                tuple((kind, int((inside == kind).sum())) for kind in kinds),
                claims.at_least("auroc", layer),
                claims.at_least("beyond", layer),
            )
        )
    if len(lines) > 1:
        totals = tuple((kind, int((survey.kind == kind).sum())) for kind in kinds)
        at_least, beyond = claims.at_least("auroc"), claims.at_least("beyond")
        lines.append(LayerVerdicts("", len(survey.filters), totals, at_least, beyond))
    return tuple(lines)


def verdict_chart(lines: Sequence[LayerVerdicts]) -> Markup:
    """A bar for each layer, all equally long, divided by the verdicts on its filters."""
    scale = linear(0, 1, _LEFT, _RIGHT)
    parts = []
    for i, line in enumerate(lines):
        top = 6 + _ROW * i
        name = line.layer or "all layers"
        short = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
        parts.append(text(_LEFT - 10, top + 17, short, "label", "end"))
        parts.append(text(_RIGHT + 10, top + 17, count(line.filters), "muted"))
        before = 0
        for kind, n in line.counts:
            told = f"{name}, {SHORT[kind]}: {plural(n, 'filter')}, {percent(n / line.filters)}"
            span = scale(before / line.filters), scale((before + n) / line.filters)
            parts.append(_segment(kind, n, told, span, top) if n else "")
            before += n
    title = "Share of the filters of each layer with each verdict"
    return svg(_WIDTH, 6 + _ROW * len(lines), title, parts, "chart verdicts")


def _segment(kind: str, n: int, told: str, span: tuple[float, float], top: float) -> str:
    left, width = span[0], span[1] - span[0]
    words = count(n)
    fits = width > _LETTER * len(words) + 6
    return (
        f'<g class="kind-{kind}"><title>{escape(told)}</title>'
        f"{rect(left, top, max(width - 1, 1), _ROW - 6, 'part')}"
        f"{text(left + width / 2, top + 17, words, 'count', 'middle') if fits else ''}</g>"
    )
