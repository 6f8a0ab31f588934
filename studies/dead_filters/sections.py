"""What a reader sees of the networks: what the paper's counts would take, and what kills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from facsinterp import Finding, Section

from . import figures
from .networks import KIND, OWN
from .published import ACTIVE, OF, SAID_SHARE, SOURCE

FEWEST_SEEDS: Final = 5
ALPHA: Final = 0.05
_BIASES: Final = "conv biases"


def variants_of(networks: pd.DataFrame) -> pd.DataFrame:
    """One row a variant, trained and untrained: means over its networks with their range.

    Columns: variant, training, what was varied, networks, live (mean), least, most, threshold from
    and to (medians of what 50 to 60 of 256 would take), accuracy, majority.
    """
    rows = []
    for (name, _), arm in networks.groupby(["variant", "trained"], sort=False):
        first = arm.iloc[0]
        rows.append(
            {
                "variant": name,
                "training": "trained" if first["trained"] else "none",
                **{key: first[key] for key in KIND},
                "networks": len(arm),
                "filters": int(first["filters"]),
                "live": float(arm["live"].mean()),
                "least": int(arm["live"].min()),
                "most": int(arm["live"].max()),
                "threshold_from": float(arm["needed_low"].median()),
                "threshold_below": float(arm["needed_high"].median()),
                "accuracy": float(arm["accuracy"].mean()),
                "majority": float(arm["majority"].mean()),
            }
        )
    return pd.DataFrame(rows)


def findings(variants: pd.DataFrame, found: pd.DataFrame, layer: str) -> Iterator[Finding]:
    """The share of live filters of every variant, and what each changes."""
    for row in variants.to_dict("records"):
        if row["training"] != "trained" and row["variant"] != OWN:
            continue
        trained = "" if row["training"] == "trained" else ", before training"
        yield Finding(
            f"Mean share of live filters of {layer}: {row['variant']}{trained} (over "
            f"networks, {row['least']} to {row['most']} of {row['filters']})",
            estimate=row["live"] / row["filters"],
            n=row["networks"],
        )
    for row in found.to_dict("records"):
        yield Finding(
            f"Difference in dead filters of {layer}: {row['variant']} less as defined, a share, "
            f"over training seeds (p two-sided, at least {row['least_p']:.2g})",
            estimate=row["difference"],
            low=_known(row["low"]),
            high=_known(row["high"]),
            n=row["seeds"],
            p=row["p"],
        )


def _known(value: float) -> float | None:
    return value if np.isfinite(value) else None


def needed_section(
    filters: pd.DataFrame, variants: pd.DataFrame, layer: str, threshold: float, relative: bool
) -> Section:
    """The curve over thresholds, and a row a variant."""
    low, high = ACTIVE
    unit = "times the usual filter's strongest answer" if relative else "in the filter's own units"
    return Section(
        title=f"What {low} or {high} of {OF} active filters would take",
        paragraphs=(
            f"{SOURCE} count {high} active filters of {OF} in one sentence and {low} in another, "
            f"and call the first “about {_percent(SAID_SHARE)}”, which it is not "
            f"({_percent(high / OF, 1)}). They give no threshold, layer or set of faces. Each line "
            f"shows how many filters of {layer} some face brings above a threshold; a network has "
            "the published count where its line crosses the grey band.",
            f"Live in the table is at the study's threshold, {threshold:g} {unit}: mean over "
            "networks (least to most, over seeds, and for the definition's own network over folds "
            "as well). Needed is the range of thresholds, as shares of the usual filter's "
            "strongest answer, at which the layer would have the published count (as many of its "
            f"width as {low} to {high} are of {OF}); the median over networks. "
            "The usual filter is the median of those of its layer that answer at all. By that "
            "measure half of those live at 1, whatever the network: a count without a "
            "threshold says nothing.",
            "All faces are asked, also those that trained the network: dead is what none of them "
            "wakes. Accuracy is of held-out people; where it is that of always saying the "
            "commonest class (majority), the training went nowhere, and its filters are counted "
            "all the same.",
        ),
        table=_with_published(_beside(variants)),
        figure=figures.survival(filters, layer, threshold if relative else 0.0),
    )


def _with_published(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the papers' network as its last row."""
    low, high = ACTIVE
    table.loc[len(table)] = {
        "variant": f"published: {SOURCE}, not run here",
        "optimiser": "adam",
        "learning rate": 1e-3,
        "conv biases": "not told",
        "initialiser": "not told",
        "live": f"{low} and {high} of {OF}",
        "before training": "not told",
        "needed": "not told",
    }
    return table


def _beside(variants: pd.DataFrame) -> pd.DataFrame:
    """One row a variant, trained, with the count of the same networks before training."""
    told = variants.assign(
        live=[_with_range(row) for row in variants.to_dict("records")],
        needed=[_interval(row) for row in variants.to_dict("records")],
    ).set_index("variant")
    start = told[told["training"] == "none"]["live"]
    trained = told[told["training"] == "trained"].assign(**{"before training": start})
    shown = ["optimiser", "learning rate", "conv biases", "initialiser", "networks", "live"]
    last = ["before training", "needed", "accuracy", "majority"]
    return trained.reset_index()[["variant", *shown, *last]]


def _with_range(row: Mapping[Any, Any]) -> str:
    if row["networks"] == 1:
        return f"{row['live']:.0f}"
    return f"{row['live']:.1f} ({row['least']} to {row['most']})"


def _interval(row: Mapping[Any, Any]) -> str:
    low, high = row["threshold_from"], row["threshold_below"]
    if not (np.isfinite(low) and np.isfinite(high)):
        return "fewer answer at all"
    return f"{low:.2g} to {high:.2g}"


def networks_section(networks: pd.DataFrame) -> Section:
    """The last layer of the definition's own network, fold by fold and seed by seed."""
    own = networks[networks["trained"] & (networks["variant"] == OWN)]
    rows = [
        {
            "networks of": str(one) if by == "fold" else f"seed {one}",
            "networks": len(some),
            "live": _mean_range(some["live"]),
            "filters": int(some["filters"].iloc[0]),
        }
        for by in ("fold", "seed")
        for one, some in own.groupby(by, sort=False)
    ]
    return Section(
        title="By fold and by seed",
        paragraphs=(
            f"Live filters of {networks['layer'].iloc[0]} at the study's threshold, in the "
            "definition's own network. A row a fold: one set of people who train, over seeds. A "
            "row a seed: one start, over folds. Means, with the least and the most of the "
            "networks; folds share most of the people who train.",
        ),
        table=pd.DataFrame(rows),
    )


def layers_section(thresholds: pd.DataFrame) -> Section:
    """Layer by layer and threshold by threshold, for the definition's own network."""
    own = thresholds[thresholds["variant"] == OWN]
    rows = []
    keys = ["layer", "relative", "threshold"]
    for (layer, _, threshold), some in own.groupby(keys, sort=False):
        row: dict[str, object] = {
            "layer": layer,
            "threshold": f"{threshold:g}",
            "of": "the usual filter" if some["relative"].iloc[0] else "1",
            "filters": int(some["filters"].iloc[0]),
        }
        for trained, word in ((True, "trained"), (False, "untrained")):
            arm = some[some["trained"] == trained]
            row[f"live, {word}"] = _mean_range(arm["live"])
            row[f"answer to one face, {word}"] = _mean_range(arm["at_once"])
        rows.append(row)
    return Section(
        title="By layer and threshold",
        paragraphs=(
            f"The definition's own network, {_over(own[own['trained']])}, beside the same "
            "networks before training. Live: filters that at least one face brings above the "
            "threshold. Answer to one face: how many do so for one face, on average. That is "
            "another thing that “active” may mean, and always fewer. Means, with the least and the "
            "most of the networks.",
            "An absolute threshold is in the units of the activations, which differ from layer to "
            "layer and from network to network by orders of magnitude: only 0 means the same "
            "everywhere.",
        ),
        table=pd.DataFrame(rows),
    )


def _mean_range(values: pd.Series[float]) -> str | None:
    if not len(values):
        return None
    low, high = values.min(), values.max()
    mean = f"{values.mean():.1f}"
    return mean if low == high else f"{mean} ({low:.0f} to {high:.0f})"


def _over(own: pd.DataFrame) -> str:
    seeds, folds = own["seed"].nunique(), own["fold"].nunique()
    return (
        f"{seeds} seed{'s' if seeds != 1 else ''} in {folds} fold{'s' if folds != 1 else ''} each"
    )


def comparison_section(found: pd.DataFrame) -> Section:
    """What kills filters: each variant against the definition's own network."""
    return Section(
        title="What changes the number of dead filters",
        paragraphs=tuple(_comparison_words(found)),
        table=found.rename(
            columns={"difference": "dead share, less own network's", "least_p": "least possible p"}
        ),
    )


def _comparison_words(found: pd.DataFrame) -> Iterator[str]:
    yield (
        "One network counts once: the share of its last layer that is dead at the study's "
        "threshold, in the one fold that all variants have. p is two-sided, from all exchanges of "
        "networks between both arms, and not corrected for the number of variants; it cannot be "
        "below the least possible p of its row. The difference is that of Hodges and Lehmann."
    )
    without = found[(found[_BIASES] == "no") & found["differs in"].str.contains(_BIASES)]
    alone = without["differs in"] == _BIASES
    if alone.any():
        yield (
            "Expected before any network was trained: far fewer dead filters in networks whose "
            "convolutions have no biases. With none, a filter that sees zero-mean patches answers "
            "to some of them, and one further up dies only if nearly all its weights are negative; "
            f"a bias can silence a filter by itself. Found, share of dead filters less that of the "
            f"network as defined: {_verdicts(without[alone])}."
        )
    if not alone.all():
        yield (
            "Without biases too, but not that alone, so that they say nothing of biases: "
            f"{_verdicts(without[~alone])}."
        )
    if (found["seeds"] < FEWEST_SEEDS).any():
        yield (
            f"With fewer than {FEWEST_SEEDS} seeds an arm p cannot become small, and no interval "
            "is to be had: read the counts."
        )


def _verdicts(without: pd.DataFrame) -> str:
    return "; ".join(
        f"{row['variant']}: {_points(row['difference'])} points (p = {row['p']:.2g})"
        f"{_too(row['differs in'])}"
        for row in without.to_dict("records")
    )


def _too(differences: str) -> str:
    others = [one for one in differences.split(", ") if one != _BIASES]
    return f" (differs in {', '.join(others)} too)" if others else ""


def _percent(share: float, places: int = 0) -> str:
    return f"{100 * share:.{places}f}\N{NO-BREAK SPACE}%"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
