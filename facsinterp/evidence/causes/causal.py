"""Causal profiles: how much each unit moves each filter, by itself and letter by letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from facsinterp.activations.store import ActivationStore
from facsinterp.errors import Fault, InputError
from facsinterp.evidence.causes.switching import Measure, changes_of, spread_of
from facsinterp.faces.drawn.switched import Switched
from facsinterp.faces.drawn.units import movement
from facsinterp.labels import AU, FILTER
from facsinterp.progress import SILENT, Advance, Progress
from facsinterp.stats.multiple import adjust
from facsinterp.stats.paired import Flipped, mean_change, monotony, resampled, sign_flips

Floats = NDArray[np.float64]

PERSON: Final = "person"
INTENSITY: Final = "intensity"
RESAMPLES: Final = 500
_PAIR: Final = (FILTER, AU)
_DOSE: Final = (FILTER, AU, INTENSITY)


def causal_profiles(
    switched: ActivationStore,
    corpus: Switched,
    reference: ActivationStore,
    *,
    measure: Measure = "peak",
    alpha: float = 0.05,
    flips: int = 9999,
    seed: int = 0,
    progress: Progress = SILENT,
) -> xr.Dataset:
    """What each unit does to each filter when it alone is switched on.

    Changes are averaged over the contexts of a person first, so that people are the units
    of chance, and told in standard deviations of the filter's answers over the faces of
    `reference`, so that they compare between filters. A filter that is dead or constant
    there has no number (NaN), and is in no family.

    Over filter and au, at the greatest intensity: `size` with `low` and `high` (95 %, t over
    people), `d_z`, `neutral` and `expression` (sizes on the neutral face and on others; NaN
    without one), `p` by sign flips over people, two-sided, `q` (Benjamini & Hochberg) and
    `p_max` (maximum over all pairs), `moves` (q at most `alpha`), `share` of all that the
    filter gains from units that move it up. Over the letters: `trend`, mean Spearman
    correlation of answer and intensity inside people, with `p_trend` and `q_trend`; `least`,
    the least intensity from which on every one moves the filter in the same direction, at
    the p that `q` accepts (0 = none). `dose`, `dose_low`, `dose_high`, `dose_p`: the same sizes
    at each intensity.

    Over filter: `scale` (one standard deviation), `best` (the unit that moves it up most, 0 =
    none) and `second`; `lead` of the best over the second, with `lead_low` and `lead_high`,
    both chosen on these very people; `returns`, the share of 500 resamples of people with the
    same best. `person` (filter, au, person): each person's size at the greatest intensity.

    Over intensity: `movement`, the share of a unit's full movement that is drawn.

    Raises InputError where the stores hold other filters, and where none is alive.
    """
    scale = spread_of(reference, measure)
    _refuse_others(switched, reference, scale)
    alive = scale > 0
    sizes = changes_of(switched, corpus, measure)[..., alive] / scale[alive]
    over: Floats = np.moveaxis(sizes.mean(axis=1, dtype=np.float64), -1, 1)
    # person, filter, unit, step
    with progress.step("Switched faces: signs of people turned", 3 * flips) as advance:
        chance = _Chance(flips, seed, advance)
        pairs = _pairs(over[..., -1], alpha, chance)
        dose = _doses(over, chance)
        pairs |= _trends(over, chance)
    pairs["least"] = _least(dose, pairs, corpus.intensities)
    pairs |= _contexts(sizes[..., -1, :])
    filters = _filters(over[..., -1], pairs, corpus.units, seed)
    everybody = np.moveaxis(over[..., -1], 0, -1)
    found: dict[str, Any] = {
        **{name: (_PAIR, _everywhere(values, alive)) for name, values in pairs.items()},
        **{name: (_DOSE, _everywhere(values, alive)) for name, values in dose.items()},
        **{name: (FILTER, _everywhere(values, alive)) for name, values in filters.items()},
        "scale": (FILTER, scale),
        "person": ((*_PAIR, PERSON), _everywhere(everybody, alive)),
    }
    return xr.Dataset(
        found,
        coords={
            FILTER: reference.data[FILTER].values.astype(str),
            AU: np.array(corpus.units, np.int16),
            INTENSITY: np.array(corpus.intensities, np.int8),
            "movement": (INTENSITY, movement(corpus.intensities)),
            "layer": (FILTER, reference.data["layer"].values.astype(str)),
            "channel": (FILTER, reference.data["channel"].values),
        },
        attrs={
            "people": corpus.people,
            "contexts": corpus.contexts,
            "measure": measure,
            "alpha": alpha,
            "flips": flips,
            "tests": int(alive.sum()) * len(corpus.units),
        },
    )


@dataclass(frozen=True)
class _Chance:
    """How signs of people are turned; the same vectors for every question."""

    flips: int
    seed: int
    advance: Advance

    def of(self, columns: Floats) -> Flipped:
        return sign_flips(columns, count=self.flips, seed=self.seed, advance=self.advance)


def _pairs(over: Floats, alpha: float, chance: _Chance) -> dict[str, Any]:
    """Size, chance and correction at the greatest intensity, (filter, unit) each."""
    columns = over.reshape(len(over), -1)
    change, flipped = mean_change(columns), chance.of(columns)
    told = {
        "size": change.mean,
        "low": change.low,
        "high": change.high,
        "d_z": change.effect,
        "p": flipped.p,
        "q": adjust(flipped.p),
        "p_max": flipped.p_max,
    }
    found: dict[str, Any] = {name: one.reshape(over.shape[1:]) for name, one in told.items()}
    found["moves"] = found["q"] <= alpha
    gained = np.where(found["moves"], np.maximum(found["size"], 0), 0)
    total = gained.sum(axis=1, keepdims=True)
    found["share"] = gained / np.where(total > 0, total, np.nan)
    return found


def _doses(over: Floats, chance: _Chance) -> dict[str, Floats]:
    """Size at each intensity, (filter, unit, intensity)."""
    columns = over.reshape(len(over), -1)
    change, flipped = mean_change(columns), chance.of(columns)
    told = {
        "dose": change.mean,
        "dose_low": change.low,
        "dose_high": change.high,
        "dose_p": flipped.p,
    }
    return {name: values.reshape(over.shape[1:]) for name, values in told.items()}


def _trends(over: Floats, chance: _Chance) -> dict[str, Floats]:
    """How far answers rise with the intensity inside people, from the face without the unit on."""
    answers = np.moveaxis(over, -1, 1).reshape(len(over), over.shape[-1], -1)
    without = np.zeros_like(answers[:, :1])
    rises = monotony(np.concatenate([without, answers], axis=1))
    p = chance.of(rises).p.reshape(over.shape[1:-1])
    trend = rises.mean(axis=0).reshape(over.shape[1:-1])
    return {"trend": trend, "p_trend": p, "q_trend": adjust(p)}


def _least(
    dose: dict[str, Floats], pairs: dict[str, Any], intensities: tuple[int, ...]
) -> NDArray[np.int8]:
    """From the greatest intensity down, as long as each moves the filter the same way."""
    bar = pairs["p"][pairs["moves"]].max(initial=0.0)
    moved = (dose["dose_p"] <= bar) & pairs["moves"][..., None]
    moved &= np.sign(dose["dose"]) == np.sign(pairs["size"])[..., None]
    in_a_row = np.cumprod(moved[..., ::-1], axis=-1).sum(axis=-1)
    letters = np.array([0, *intensities[::-1]], np.int8)
    return np.asarray(letters[in_a_row], np.int8)


def _contexts(sizes: NDArray[np.floating]) -> dict[str, Floats]:
    """Mean size on the neutral face, and on those with an expression. (person, context, ...)"""
    neutral = np.moveaxis(sizes[:, 0].mean(axis=0, dtype=np.float64), -1, 0)
    if sizes.shape[1] == 1:
        return {"neutral": neutral, "expression": np.full(neutral.shape, np.nan)}
    shown = np.moveaxis(sizes[:, 1:].mean(axis=(0, 1), dtype=np.float64), -1, 0)
    return {"neutral": neutral, "expression": shown}


def _filters(
    over: Floats, pairs: dict[str, Any], switched: tuple[int, ...], seed: int
) -> dict[str, Any]:
    """Each filter's best unit, how far ahead it is, and how often it is the best again."""
    units, rows = np.array(switched), np.arange(over.shape[1])
    gain = np.where(pairs["moves"] & (pairs["size"] > 0), pairs["size"], -np.inf)
    first = gain.argmax(axis=1)
    there = np.isfinite(gain[rows, first])
    others = pairs["size"].copy()
    others[rows, first] = -np.inf
    second = others.argmax(axis=1)
    lead = mean_change(over[:, rows, first] - over[:, rows, second])
    again = np.zeros(len(rows))
    for weights in resampled(len(over), RESAMPLES, seed):
        drawn = np.where(np.isfinite(gain), np.tensordot(weights, over, 1), -np.inf)
        again += drawn.argmax(axis=1) == first
    told = {
        "lead": lead.mean,
        "lead_low": lead.low,
        "lead_high": lead.high,
        "returns": again / RESAMPLES,
    }
    return {
        "best": np.where(there, units[first], 0).astype(np.int16),
        "second": np.where(there, units[second], 0).astype(np.int16),
        **{name: np.where(there, values, np.nan) for name, values in told.items()},
    }


def _everywhere(values: NDArray[Any], alive: NDArray[np.bool_]) -> NDArray[Any]:
    """Numbers of the filters that are alive among all; NaN, 0 or False for the others."""
    nothing = np.nan if values.dtype.kind == "f" else 0
    result = np.full((len(alive), *values.shape[1:]), nothing, dtype=values.dtype)
    result[alive] = values
    return result


def _refuse_others(switched: ActivationStore, reference: ActivationStore, scale: Floats) -> None:
    faults = []
    if switched.filters != reference.filters:
        shown = (f"{one.filters[0]} to {one.filters[-1]}" for one in (reference, switched))
        wanted, got = shown
        faults.append(Fault("the stores hold other filters", expected=wanted, got=got))
    if not (scale > 0).any():
        what = "no filter has a causal profile: every one is dead or constant"
        faults.append(Fault(what, where=str(reference.path)))
    InputError.raise_any(faults)
