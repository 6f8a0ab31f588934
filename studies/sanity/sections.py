"""What a reader sees: a verdict for each way of making pictures, the cascade, the levels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import pandas as pd

from facsinterp import SAME, Section, looks_same

CASCADE: Final = "from the top down"
UNTRAINED: Final = "untrained"
TITLE: Final = "Would an untrained network draw the same?"
# Names of the levels as facsinterp gives them, and what the table of verdicts calls them.
LEVELS: Final = {
    "itself, 1 % noise on the weights": "itself",
    "another filter": "another filter",
    "random weights, another face": "another face",
}
# Colours that people tell apart whatever their sight (Okabe and Ito), in one order.
STYLES: Final = {
    "guided-backprop": ("#d55e00", "circle"),
    "deconvnet": ("#e69f00", "square"),
    "gradient": ("#0072b2", "diamond"),
    "integrated-gradients": ("#009e73", "triangle-up"),
}


# What was measured, in the order in which it is read, and how the report calls it.
_NUMBERS: Final = ("signed", "low", "high", "absolute", "structure", "filters", "silent")
_HEADS: Final = {
    "signed": "rank correlation",
    "absolute": "without signs",
    "structure": "SSIM",
    "silent": "share silent",
    "randomised": "weights drawn anew",
    "step": "blocks",
    "block": "last block",
}


def verdicts(stages: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """One row a method and layer: the rank correlation with random networks, and beside it.

    Columns: method, layer, filters, `own layer random`, `all random`, low, high, without
    signs, SSIM, silent (share), itself, another filter, another face, `untrained control` (the
    same filter in that arm; NaN without it), verdict.
    """
    rows = []
    for (method, layer), each in _cascaded(stages).groupby(["method", "layer"], sort=False):
        last, first = each.iloc[-1], each.iloc[0]
        beside = levels[(levels["method"] == method) & (levels["layer"] == layer)]
        known = beside.set_index("level")["signed"]
        rows.append(
            {
                "method": method,
                "layer": layer,
                "filters": int(last["filters"]),
                "own layer random": float(first["signed"]),
                "all random": float(last["signed"]),
                "low": float(last["low"]),
                "high": float(last["high"]),
                "without signs": float(last["absolute"]),
                "SSIM": float(last["structure"]),
                "silent": float(last["silent"]),
                **{name: float(known[level]) for level, name in LEVELS.items()},
                "untrained control": float(known.get(UNTRAINED, math.nan)),
                "verdict": _verdict(float(last["signed"]), float(last["absolute"])),
            }
        )
    return pd.DataFrame(rows)


def verdict_section(said: pd.DataFrame, refused: pd.DataFrame) -> Section:
    """What can be read from each kind of picture, in words and one table."""
    return Section(
        title=TITLE,
        paragraphs=(*_rule(), *_conclusions(said), *_left_out(refused)),
        table=said.rename(columns=_HEADS),
    )


def refused_section(refused: pd.DataFrame) -> Section:
    """Why there is no picture to compare."""
    nothing = "No live filter has a picture that could be compared."
    return Section(title=TITLE, paragraphs=(nothing, *_left_out(refused)))


def cascade_section(stages: pd.DataFrame) -> Section:
    """How alike pictures stay while block after block is drawn anew: lines and a table."""
    return Section(
        title="Weights drawn anew, from the filter's own layer down",
        paragraphs=(
            "From left to right the weights of one more block of layers are drawn anew, as in "
            "the cascade of Adebayo and others (2018); at the right end nothing is left of "
            "training. The table also has each block drawn anew alone. Where a filter's own "
            "layer is drawn anew, the next filter that answers at the place stands in for a "
            "silent one; where only blocks below it are, the filter is asked itself, and where "
            "it is silent it has no picture: the share of those is told, and the means are over "
            "the others, which are few where that share is large.",
        ),
        table=_readable(stages),
        figure=_figure(_cascaded(stages)),
    )


def levels_section(levels: pd.DataFrame) -> Section:
    """Likeness with pictures of which it is known how alike they should be."""
    return Section(
        title="What likeness means here",
        paragraphs=(
            "The filter itself with a hundredth of noise on its weights: as alike as can be. A "
            "random filter that looks at another face at the same place: what the shape of the "
            "field alone does, which fades towards its border in any network, so that the "
            "correlation without signs is well above 0. Another filter of the layer on the same "
            "face: how much of a picture is the face and not the filter. Arms of the controls are "
            "the filter of the same number; untrained and shuffled labels share their start "
            "with the trained network of their seed, so they may keep part of it; in other "
            "networks a number means nothing.",
            "The most alike of several filters that answer there is larger than the mean by "
            "choice alone, so it is to be compared with the same of the other kind: a filter "
            "whose picture is matched as well by random filters as by its neighbours has "
            "nothing to show that training put there.",
        ),
        table=_readable(levels),
    )


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    """With the correlation first, its interval behind it, and names that people read."""
    first = [name for name in table.columns if name not in _NUMBERS]
    return table[[*first, *_NUMBERS]].rename(columns=_HEADS)


def _cascaded(stages: pd.DataFrame) -> pd.DataFrame:
    return stages[stages["randomised"] == CASCADE].sort_values("step", kind="stable")


def _verdict(signed: float, absolute: float) -> str:
    if math.isnan(signed):
        return "not known: no random filter answers"
    if signed >= SAME:
        return "the same"
    return "the same but for signs" if looks_same(signed, absolute) else "not the same"


def _rule() -> Iterator[str]:
    yield (
        "The picture of a filter on a face is compared with that of a random filter of the same "
        "network with random weights, at the same place of the same face, inside the part of "
        "the picture that the filter can see: outside it both are empty, which would make any "
        "two alike. A copy has a rank correlation of 1, unrelated pictures 0. From "
        f"{SAME:g} on, with signs or without, they are called the same: a line that is drawn by "
        "choice. Without signs unrelated pictures have more than 0, since every field fades "
        "towards its border; that too is drawn by an untrained network. Filters are "
        "the units of the intervals, which hold for other filters of this network."
    )


def _conclusions(said: pd.DataFrame) -> Iterator[str]:
    for method, rows in said.groupby("method", sort=False):
        told = rows.dropna(subset=["all random"])
        keeps = told[told["all random"] >= SAME]
        unsigned = told[(told["all random"] < SAME) & (told["without signs"] >= SAME)]
        loses = told[(told["all random"] < SAME) & (told["without signs"] < SAME)]
        if len(keeps):
            yield (
                f"{_title(method)} keeps {_numbers(keeps)} after all weights are random: its "
                "pictures there show the face more than what was learnt."
            )
        if len(unsigned):
            yield (
                f"{_title(method)} keeps where it is strong "
                f"({_numbers(unsigned, 'without signs')} without signs) and loses its signs "
                f"({_numbers(unsigned)}) when all weights are random: only its signs depend on the "
                "weights."
            )
        if len(loses):
            yield (
                f"{_title(method)} is left with {_numbers(loses)} when all weights are random: "
                "its pictures there depend on the weights, which does not say that they show "
                "well what the filter sees."
            )
        kept = told[told["untrained control"] >= SAME]
        if len(kept):
            numbers = _numbers(kept, "untrained control")
            yield (
                f"{_title(method)}: the same filters of the untrained control have {numbers}. "
                "Where that is the start of this network, training changed those pictures little: "
                "they are those of the filters that chance gave it."
            )
        shared = told[told["another filter"] >= SAME]
        if len(shared):
            numbers = _numbers(shared, "another filter")
            yield (
                f"{_title(method)}: other filters of the same trained layer draw the same face "
                f"alike ({numbers}), so that such a picture says little about which filter it is."
            )


def _numbers(rows: pd.DataFrame, name: str = "all random") -> str:
    return ", ".join(f"{row[name]:.2f} in {row['layer']}" for row in rows.to_dict("records"))


def _title(method: object) -> str:
    return str(method).replace("-", " ").capitalize()


def _left_out(refused: pd.DataFrame) -> Iterator[str]:
    for row in refused.to_dict("records"):
        yield f"{_title(row['method'])} of {row['layer']} was left out: {row['why']}"


def _figure(cascaded: pd.DataFrame) -> dict[str, Any]:
    """Lines of the methods, one panel a layer, from the trained network on the left."""
    layers = list(dict.fromkeys(cascaded["layer"]))
    width = 1 / len(layers)
    layout: dict[str, Any] = {
        "height": 420,
        "legend": {"orientation": "h", "yref": "container", "y": 1, "yanchor": "top"},
    }
    data = []
    for place, layer in enumerate(layers):
        end = "" if place == 0 else str(place + 1)
        layout[f"xaxis{end}"] = {
            "domain": [place * width, (place + 0.86) * width],
            "title": {"text": f"pictures of {layer}, random:"},
            "type": "category",
        }
        layout[f"yaxis{end}"] = {"anchor": f"x{end}", "range": [-0.2, 1.05]}
        for method, rows in cascaded[cascaded["layer"] == layer].groupby("method", sort=False):
            data.append(_line(str(method), rows, end, legend=place == 0))
    layout["yaxis"]["title"] = {"text": "rank correlation with the trained picture"}
    return {"data": data, "layout": layout}


def _line(method: str, rows: pd.DataFrame, axis: str, *, legend: bool) -> dict[str, Any]:
    colour, symbol = STYLES[method]
    up, down = rows["high"] - rows["signed"], rows["signed"] - rows["low"]
    blocks = rows["block"].tolist()
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": method,
        "legendgroup": method,
        "showlegend": legend,
        "x": ["nothing", blocks[0], *[f"down to {block}" for block in blocks[1:]]],
        "y": [1.0, *_plain(rows["signed"])],
        "error_y": {
            "type": "data",
            "array": [0.0, *_plain(up)],
            "arrayminus": [0.0, *_plain(down)],
            "thickness": 1,
            "width": 0,
        },
        "hovertemplate": f"{method}, %{{x}} random: %{{y:.2f}}<extra></extra>",
        "line": {"color": colour},
        "marker": {"color": colour, "symbol": symbol, "size": 8},
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
    }


def _plain(values: pd.Series[float]) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in values]
