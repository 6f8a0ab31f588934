"""From the answers of each network to tables: who lives, and what the paper's counts would take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp import Inputs, arms_test, named_rightly

from .jobs import FILTERS, SHARES
from .networks import KIND, OWN, Made, told
from .published import ACTIVE, OF

Floats = NDArray[np.float64]
_WHO = ("variant", "trained", "seed", "fold")


def live_at(peaks: Floats, scale: float, threshold: float) -> int:
    """How many filters of a layer some face brings above `threshold` times `scale`."""
    return int((peaks > threshold * scale).sum())


def needed(peaks: Floats, scale: float, counts: tuple[int, int]) -> tuple[float, float]:
    """Thresholds, as multiples of `scale`, from which and below which so many filters live.

    Between `counts[0]` and `counts[1]` filters live at t when low <= t < high. NaN where fewer
    than the first answer at all, or the layer has no scale; low is 0 where no more than the
    second do.
    """
    fewest, most = counts
    ordered = np.sort(peaks)[::-1]
    if scale <= 0 or fewest > len(ordered) or ordered[fewest - 1] <= 0:
        return float("nan"), float("nan")
    above = ordered[most] if most < len(ordered) else 0.0
    return max(float(above), 0.0) / scale, float(ordered[fewest - 1]) / scale


def of_width(filters: int) -> tuple[int, int]:
    """The paper's two counts of 256, for a layer of so many filters."""
    fewest, most = (max(round(one * filters / OF), 1) for one in ACTIVE)
    return fewest, most


def gathered(inputs: Inputs, networks: Sequence[Made]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables over all networks: one row a filter, one row a layer and threshold.

    The first: variant, trained, seed, fold, layer, channel, peak_min, peak_max, layer_scale,
    constant. The second: variant, trained, seed, fold, layer, relative, threshold, filters, live,
    and `at_once`, how many of the layer's filters answer to one face, on average.
    """
    filters, thresholds = [], []
    for one in networks:
        folder, who = inputs.folder(one.job), _who(one)
        filters.append(pd.read_parquet(folder / FILTERS).assign(**who))
        shares = pd.read_parquet(folder / SHARES)
        by = shares.groupby(["layer", "relative", "threshold"], sort=False)["active_share"]
        counted = by.agg(
            filters="size", live=lambda share: int((share > 0).sum()), at_once="sum"
        ).reset_index()
        thresholds.append(counted.assign(**who))
    return _ordered(pd.concat(filters)), _ordered(pd.concat(thresholds))


def _who(one: Made) -> dict[str, Any]:
    training = one.training
    return {
        "variant": one.variant,
        "trained": one.trained,
        "seed": training.seed,
        "fold": training.fold,
    }


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*_WHO, *[name for name in table if name not in _WHO]]].reset_index(drop=True)


def by_network(
    inputs: Inputs,
    networks: Sequence[Made],
    filters: pd.DataFrame,
    threshold: float,
    relative: bool,
) -> pd.DataFrame:
    """One row a network, of its last layer: who lives, and what the paper's counts would take.

    Columns: variant, trained, seed, fold, network, optimiser, learning rate, conv biases,
    initialiser, layer, filters, live (at the study's threshold), dead_share, needed_low and
    needed_high (see `needed`), accuracy, majority.
    """
    rows = []
    grouped = dict(list(filters.groupby(list(_WHO), sort=False)))
    for one in networks:
        who = _who(one)
        own = grouped[tuple(who.values())]
        last = own[own["layer"] == own["layer"].iloc[-1]]
        peaks, scale = last["peak_max"].to_numpy(float), float(last["layer_scale"].iloc[0])
        live = live_at(peaks, scale if relative else 1.0, threshold)
        low, high = needed(peaks, scale, of_width(len(peaks)))
        rows.append(
            {
                **who,
                **told(one.part),
                "layer": last["layer"].iloc[0],
                "filters": len(peaks),
                "live": live,
                "dead_share": 1 - live / len(peaks),
                "needed_low": low,
                "needed_high": high,
                **named_rightly(inputs.folder(one.training))._asdict(),
            }
        )
    return pd.DataFrame(rows)


def comparisons(networks: pd.DataFrame) -> pd.DataFrame:
    """Each variant against the definition's own network, over seeds in the fold that both have.

    Columns: variant, differs in (those of `KIND`), conv biases, seeds (of the arm with fewer),
    difference (dead share of the variant less that of the own network, Hodges & Lehmann), low, high
    (95 %; NaN where there are too few seeds for one), p (two-sided, exact over the arms' labels),
    least_p.
    """
    trained = networks[networks["trained"]]
    first = trained[trained["fold"] == trained["fold"].iloc[0]] if len(trained) else trained
    defined = first[first["variant"] == OWN]
    own = defined["dead_share"].to_numpy(float)
    rows = []
    for name, arm in first[first["variant"] != OWN].groupby("variant", sort=False):
        other = arm["dead_share"].to_numpy(float)
        more, fewer = arms_test(other, own), arms_test(own, other)
        bounds = (more.low, more.high)
        known = bool(np.isfinite(bounds).all())
        rows.append(
            {
                "variant": name,
                "differs in": ", ".join(_differences(arm.iloc[0], defined.iloc[0])),
                "conv biases": arm["conv biases"].iloc[0],
                "seeds": min(len(own), len(other)),
                "difference": more.difference,
                "low": more.low if known else float("nan"),
                "high": more.high if known else float("nan"),
                "p": min(1.0, 2 * min(more.p, fewer.p)),
                "least_p": min(1.0, 2 * more.least_p),
            }
        )
    numbers = ["seeds", "difference", "low", "high", "p", "least_p"]
    return pd.DataFrame(rows, columns=["variant", "differs in", "conv biases", *numbers])


def _differences(one: pd.Series[Any], other: pd.Series[Any]) -> list[str]:
    """Those of `KIND` in which two networks differ; what neither has is no difference."""
    return [
        name
        for name in KIND
        if one[name] != other[name] and not (pd.isna(one[name]) and pd.isna(other[name]))
    ]
