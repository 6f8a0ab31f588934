"""What the pictures of the filters are worth: held against units, and untrained networks."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd

from facsinterp import Finding, Section, VisualEvidence


def findings(visual: VisualEvidence, alpha: float) -> Iterator[Finding]:
    """How many filters look at the place of their unit, and how many pictures show no more
    than the face."""
    placing, likeness = visual.placing, visual.likeness
    for column, what in (
        ("q_chance", "look at the place of the unit that they answer to more than evenly spread "
         "attribution would; so do many at places of other units"),
        ("q_presence", "peak there more when the same people show the unit"),
    ):  # fmt: skip
        tested = placing[placing[column].notna()] if column in placing else placing
        if len(tested):
            yield Finding(
                f"Share of the {len(tested)} filters that pass a test of association, and could be "
                f"asked, that {what} (corrected p at most {alpha:g})",
                estimate=float((tested[column] <= alpha).mean()),
                n=len(tested),
            )
    for row in visual.together.to_dict("records"):
        yield Finding(
            f"Mean share of {_looks(visual)} inside the regions of the filters' own units, less "
            f"the {row['expected']:.3f} when {row['units']:g} units change names among the filters "
            f"(95 % of the exchanges lie from {row['null_low']:.3f} to {row['null_high']:.3f}; the "
            "interval is for other people and the same units; p the larger of two, one in regions "
            "that stand still)",
            estimate=row["share"] - row["expected"],
            low=_known(row["low"]),
            high=_known(row["high"]),
            n=int(row["filters"]),
            p=_known(row["p"]),
        )
    compared = likeness[likeness["same"].notna()] if "same" in likeness else likeness
    if len(compared):
        yield Finding(
            f"Share of the {len(compared)} pictured filters whose pictures would look the same "
            "from an untrained network",
            estimate=float(compared["same"].astype(bool).mean()),
            n=len(compared),
        )


def _looks(visual: VisualEvidence) -> str:
    return "peaks" if visual.attributions is None else "attributions"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def section(visual: VisualEvidence, alpha: float) -> Section:
    """One row a layer: where its filters look, and how much of their pictures training made."""
    return Section(
        title="What the pictures are worth",
        paragraphs=(
            visual.refused
            or "Each filter's page shows what moved it in its strongest faces. A picture convinces "
            "easily: it shows the face that it was made from, whatever the filter has learnt. So "
            "each is held against random filters of untrained networks at the same places.",
            f"Where a filter looks is told by its {_looks(visual)}, held against the share of the "
            "region in all that the layer can see; whether it looks there more with the unit, by "
            "its peaks on faces of the same people with and without it. Faces have their edges at "
            "eyes, nose and mouth, so filters of any network lie there above chance: what speaks "
            "for a filter is that it does so more than the others of its layer, and more with the "
            "unit. Units share places: looking at the mouth makes no filter one of AU12.",
        ),
        table=by_layer(visual, alpha),
    )


def by_layer(visual: VisualEvidence, alpha: float) -> pd.DataFrame | None:
    """Counts of filters by layer; None where nothing was asked."""
    placing, likeness = visual.placing, visual.likeness
    of_likeness, of_placing = _layers(likeness), _layers(placing)
    rows = []
    for layer in dict.fromkeys([*of_likeness, *of_placing]):
        placed = placing[[one == layer for one in of_placing]]
        alike = likeness[[one == layer for one in of_likeness]]
        row: dict[str, object] = {"layer": layer, "filters with a unit": len(placed)}
        if len(placed):
            row["above chance there"] = int((placed["q_chance"] <= alpha).sum())
            row["more with the unit"] = int((placed["q_presence"] <= alpha).sum())
            row["share inside"] = float(placed["share"].mean())
            row["by chance"] = float(placed["chance"].mean())
            row["of other filters"] = float(placed["expected"].mean())
        row["pictured"] = len(alike)
        if len(alike):
            row["as untrained"] = int(alike["same"].eq(True).sum())
            row["likeness"] = float(alike["signed"].mean())
        rows.append(row)
    return pd.DataFrame(rows) if rows else None


def _layers(table: pd.DataFrame) -> list[str]:
    """The layer of each row's filter."""
    return [str(name).rpartition("/")[0] for name in table["filter"]]
