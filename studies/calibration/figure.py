"""The picture of the study: share of false findings against power, a panel for each scenario."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from .bench import ALPHA
from .methods import METHODS, Claim, Kind, Method
from .scenarios import SCENARIOS


@dataclass(frozen=True)
class Style:
    """How methods of a kind look; colours are told apart by colour-blind readers (Okabe & Ito)."""

    title: str
    colour: str
    symbol: str
    """A symbol of Plotly's; `_mark` draws the same."""


STYLES: Final[Mapping[Kind, Style]] = {
    "paper": Style("papers: P = 1", "#d55e00", "diamond"),
    "images": Style("images as rows", "#e69f00", "square"),
    "sequences": Style("sequences as rows", "#009e73", "triangle-up"),
    "subjects": Style("subjects as rows", "#cc79a7", "circle-open"),
    "within": Style("inside subjects", "#0072b2", "circle"),
}
DEFAULT: Final = "the default"
TITLE: Final = "What each rule finds, and how much of it is false"
INK: Final = "#1d2129"
MUTED: Final = "#626a77"
GRID: Final = "#e4e2dc"

COLUMNS: Final = 4
WIDTH, HEIGHT = 232, 190
LEFT, TOP, GAP_X, GAP_Y = 56, 92, 22, 74
MOST_FDR: Final = 100.0
RADIUS: Final = 4.2


@dataclass(frozen=True)
class Point:
    """A method in a scenario; all in per cent, whiskers two standard errors long."""

    method: Method
    fdr: float
    fdr_error: float
    power: float
    power_error: float

    @property
    def told(self) -> str:
        """The point in words."""
        return (
            f"{self.method.title}: {self.fdr:.1f} % (± {self.fdr_error:.1f}) of what it accepts is "
            f"false, {self.power:.0f} % (± {self.power_error:.0f}) of the detectors are found"
        )


def panels(table: pd.DataFrame, claim: Claim = "marginal") -> dict[str, list[Point]]:
    """Points of each scenario in which something can be found, the default drawn last."""
    found: dict[str, list[Point]] = {}
    for row in table.to_dict("records"):
        method = METHODS[row["method"]]
        if method.claim != claim or not SCENARIOS[row["scenario"]].signal:
            continue
        numbers = (row["fdr"], 2 * row["fdr_se"], row["power"], 2 * row["power_se"])
        # One store has no standard error: no whisker then.
        shares = [0.0 if pd.isna(number) else 100 * float(number) for number in numbers]
        found.setdefault(row["scenario"], []).append(Point(method, *shares))
    return {
        name: sorted(points, key=lambda point: point.method.default)
        for name, points in found.items()
    }


def plotly(table: pd.DataFrame, claim: Claim = "marginal") -> dict[str, Any]:
    """The picture as a Plotly figure: `data` and `layout`."""
    drawn = panels(table, claim)
    rows = -(-len(drawn) // COLUMNS)
    layout: dict[str, Any] = {
        "height": 90 + 290 * rows,
        "grid": {"rows": rows, "columns": min(COLUMNS, len(drawn)), "pattern": "independent"},
        "legend": {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top"},
        "margin": {"t": 80},
        "shapes": [],
        "annotations": [],
    }
    data = []
    for number, (name, points) in enumerate(drawn.items(), start=1):
        place = str(number) if number > 1 else ""
        layout[f"xaxis{place}"] = {"range": [-3, MOST_FDR], "title": {"text": "false, %"}}
        layout[f"yaxis{place}"] = {"range": [-3, 104], "title": {"text": "found, %"}}
        layout["shapes"].append(_limit(place))
        layout["annotations"].append(_heading(SCENARIOS[name].title, place))
        data += list(_traces(points, place, legend=number == 1))
    return {"data": data, "layout": layout}


def svg(table: pd.DataFrame, claim: Claim = "marginal") -> str:
    """The picture as a file of its own, on white, with its legend."""
    drawn = panels(table, claim)
    columns = min(COLUMNS, len(drawn))
    rows = -(-len(drawn) // COLUMNS)
    width = LEFT + columns * (WIDTH + GAP_X)
    height = TOP + rows * (HEIGHT + GAP_Y) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" '
        'font-family="system-ui, Liberation Sans, Arial, sans-serif">',
        "<title>Share of false findings against power of each method</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(
            LEFT - 44, 26, "What each rule finds, and how much of it is false", size=17, weight=600
        ),
        *_legend(),
    ]
    for number, (name, points) in enumerate(drawn.items()):
        x = LEFT + (number % COLUMNS) * (WIDTH + GAP_X)
        y = TOP + (number // COLUMNS) * (HEIGHT + GAP_Y)
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _panel(name, points, first=number % COLUMNS == 0)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _traces(points: list[Point], place: str, *, legend: bool) -> Iterator[dict[str, Any]]:
    for kind, style in STYLES.items():
        mine = [point for point in points if point.method.kind == kind]
        if not mine:
            continue
        yield {
            "type": "scatter",
            "mode": "markers",
            "name": style.title,
            "legendgroup": kind,
            "showlegend": legend,
            "xaxis": f"x{place}",
            "yaxis": f"y{place}",
            "x": [point.fdr for point in mine],
            "y": [point.power for point in mine],
            "error_x": _whiskers([point.fdr_error for point in mine]),
            "error_y": _whiskers([point.power_error for point in mine]),
            "text": [point.told for point in mine],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {
                "color": style.colour,
                "symbol": style.symbol,
                "size": [15 if point.method.default else 9 for point in mine],
                "line": {"width": 1, "color": style.colour},
            },
        }


def _whiskers(lengths: list[float]) -> dict[str, Any]:
    return {"type": "data", "array": lengths, "thickness": 1, "width": 0}


def _limit(place: str) -> dict[str, Any]:
    return {
        "type": "line",
        "xref": f"x{place}",
        "yref": f"y{place} domain",
        "x0": 100 * ALPHA,
        "x1": 100 * ALPHA,
        "y0": 0,
        "y1": 1,
        "line": {"dash": "dash", "width": 1, "color": MUTED},
    }


def _heading(text: str, place: str) -> dict[str, Any]:
    return {
        "text": text,
        "xref": f"x{place} domain",
        "yref": f"y{place} domain",
        "x": 0,
        "y": 1.09,
        "showarrow": False,
        "xanchor": "left",
    }


def _panel(name: str, points: list[Point], *, first: bool) -> Iterator[str]:
    """Axes, the 5 % line and the points, from (0, 0) to (WIDTH, HEIGHT)."""
    yield _text(0, -10, SCENARIOS[name].title, size=12, weight=600)
    for share in (0, 25, 50, 75, 100):
        x, y = _x(share), _y(share)
        yield f'<path d="M{x:.1f} 0V{HEIGHT}M0 {y:.1f}H{WIDTH}" stroke="{GRID}"/>'
        if share < 100:
            yield _text(x, HEIGHT + 15, f"{share} %", anchor="middle", colour=MUTED)
        if first:
            yield _text(-7, y + 4, f"{share} %", anchor="end", colour=MUTED)
    limit = _x(100 * ALPHA)
    yield f'<path d="M{limit:.1f} 0V{HEIGHT}" stroke="{INK}" stroke-dasharray="4 3"/>'
    yield _text(limit + 4, HEIGHT - 6, f"{ALPHA:.0%}".replace("%", " %"), colour=INK)
    yield _text(WIDTH / 2, HEIGHT + 31, "false among what is accepted", anchor="middle")
    if first:
        yield (
            f'<g transform="translate(-42 {HEIGHT / 2}) rotate(-90)">'
            + _text(0, 0, "detectors found", anchor="middle")
            + "</g>"
        )
    for point in points:
        yield from _point(point)


def _point(point: Point) -> Iterator[str]:
    x, y, colour = _x(point.fdr), _y(point.power), STYLES[point.method.kind].colour
    left, right = _x(point.fdr - point.fdr_error), _x(point.fdr + point.fdr_error)
    up, down = _y(point.power + point.power_error), _y(point.power - point.power_error)
    yield f"<g><title>{html.escape(point.told)}</title>"
    yield (
        f'<path d="M{left:.1f} {y:.1f}H{right:.1f}M{x:.1f} {up:.1f}V{down:.1f}" '
        f'stroke="{colour}" stroke-opacity="0.55"/>'
    )
    if point.method.default:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="8" fill="none" stroke="{INK}"/>'
    yield _mark(x, y, point.method.kind) + "</g>"


def _mark(x: float, y: float, kind: Kind) -> str:
    style, r = STYLES[kind], RADIUS
    paint = f'fill="{style.colour}" stroke="#ffffff" stroke-width="0.7"'
    if style.symbol == "circle-open":
        paint = f'fill="#ffffff" stroke="{style.colour}" stroke-width="1.8"'
    if style.symbol in {"circle", "circle-open"}:
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r}" {paint}/>'
    path = {
        "diamond": f"m0 {-1.5 * r}l{1.5 * r} {1.5 * r}l{-1.5 * r} {1.5 * r}l{-1.5 * r} {-1.5 * r}z",
        "square": f"m{-r} {-r}h{2 * r}v{2 * r}h{-2 * r}z",
        "triangle-up": f"m0 {-1.2 * r}l{1.2 * r} {2.2 * r}h{-2.4 * r}z",
    }[style.symbol]
    return f'<path d="M{x:.1f} {y:.1f}{path}" {paint}/>'


def _legend() -> Iterator[str]:
    x: float = LEFT - 38
    for kind, style in STYLES.items():
        yield _mark(x, 48, kind) + _text(x + 11, 52, style.title)
        x += 38 + 6.3 * len(style.title)
    yield f'<circle cx="{x:.1f}" cy="48" r="8" fill="none" stroke="{INK}"/>'
    yield _mark(x, 48, "within") + _text(x + 13, 52, DEFAULT)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 11,
    weight: int = 400,
    anchor: str = "start",
    colour: str = INK,
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'
    )


def _x(share: float) -> float:
    return (min(max(share, 0.0), MOST_FDR) + 3) / (MOST_FDR + 5) * WIDTH


def _y(share: float) -> float:
    return HEIGHT - (min(max(share, 0.0), 100.0) + 3) / 107 * HEIGHT
