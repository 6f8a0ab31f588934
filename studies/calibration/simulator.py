"""Stores of activations and codes whose truth is known exactly, because it was written in.

    activation = max(0, identity + nuisance + flicker + emotion's drive + effect * unit - bias)

Identity is of the subject, nuisance of the sequence (part of it a Gumbel variate, as a
maximum over places is), flicker of the frame. Action units follow the emotion and the
subject's habits; habits and identity are drawn apart, so they never make a pair true.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from scipy.special import expit, ndtr

from .scenarios import Scenario, World

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Positions = NDArray[np.int64]

# Sequences of CK+ by emotion; the last is "other", those without an emotion label.
EMOTIONS: Final = (
    "anger", "contempt", "disgust", "fear", "happy", "sadness", "surprise", "other",
)  # fmt: skip
SHARES: Final = np.array([45, 18, 59, 25, 69, 28, 83, 266]) / 593
# From one frame to the next of a take, where action units switch inside it.
STEADY: Final = 0.96


@dataclass(frozen=True)
class Truth:
    """What is so, from the model: arrays (filter, unit)."""

    marginal: Labels
    """The activation depends on the unit, be it through emotion only."""
    conditional: Labels
    """It depends on the unit given the emotion: the planted unit, and the one linked to it."""
    planted: Labels
    effect: Floats
    """(filter,) shift in standard deviations of the nuisance; 0 for what is no detector."""


@dataclass(frozen=True)
class Simulated:
    """One store: `activation` (image, filter), `labels` (image, unit), and whose image it is."""

    scenario: Scenario
    activation: Floats
    labels: Labels
    sequences: Positions
    subjects: NDArray[np.str_]
    emotions: NDArray[np.str_]
    truth: Truth


@dataclass(frozen=True)
class Codes:
    """How people move: the logit of each action unit, and who is linked to whom."""

    logit: Floats
    """(unit, emotion)"""
    partner: Positions
    """(unit,) the linked unit, or -1"""
    shares: Floats
    """(emotion,) how often each emotion is asked for"""
    rate: Floats
    """(unit,) over all emotions and people"""
    by_emotion: Floats
    """(unit, emotion) over all people"""


@dataclass(frozen=True)
class Cast:
    """A network and how people of a corpus move; from it come stores of other people."""

    scenario: Scenario
    world: World
    codes: Codes
    effect: Floats
    """(filter,)"""
    planted: Positions
    """(filter,) the unit that a detector answers to, or -1"""
    drive: Floats
    """(filter, emotion)"""
    zeros: Floats
    """(filter,) share of images that a filter gives zero to"""

    @property
    def truth(self) -> Truth:
        """Which pairs depend on each other, by the model and not by any sample."""
        return truth_of(self.codes, self.effect, self.planted, self.drive)


def simulate(scenario: Scenario, seed: int, store: int, world: World | None = None) -> Simulated:
    """Store number `store` of a scenario; it depends on these three numbers alone."""
    rng = np.random.default_rng(np.random.SeedSequence(seed + scenario.number, spawn_key=(store,)))
    return draw_store(draw_cast(scenario, world or World(), rng), rng)


def draw_cast(scenario: Scenario, world: World, rng: np.random.Generator) -> Cast:
    """Filters and codes; null filters come first, then driven ones, detectors, the dead."""
    codes = draw_codes(scenario, world, rng)
    effect, planted, drive = draw_filters(scenario, world, codes, rng)
    zeros = rng.uniform(*world.zeros, size=world.filters)
    return Cast(scenario, world, codes, effect, planted, drive, zeros)


def draw_store(cast: Cast, rng: np.random.Generator) -> Simulated:
    """What these filters answer to newly drawn people."""
    scenario, planted = cast.scenario, cast.planted
    owner, emotion = _people(scenario, rng)
    labels = _labels(cast, owner, emotion, rng)
    flat = np.zeros(scenario.subjects, dtype=bool)
    if scenario.expressive < 1:
        flat = rng.random(scenario.subjects) >= scenario.expressive
        labels = labels & ~flat[owner][:, None, None]
    shift = np.where(planted >= 0, cast.effect * labels[:, :, np.maximum(planted, 0)], 0.0)
    activation = _activation(cast, cast.drive.T[emotion][:, None] + shift, owner, rng)
    sequences = np.repeat(np.arange(len(owner)), scenario.frames)
    activation = np.where(flat[owner][sequences][:, None], 0.0, activation)
    names = np.array([f"S{number:03d}" for number in range(scenario.subjects)])
    return Simulated(
        scenario,
        activation,
        labels.reshape(len(sequences), -1),
        sequences,
        names[owner][sequences],
        np.array(EMOTIONS)[emotion][sequences],
        cast.truth,
    )


def draw_codes(scenario: Scenario, world: World, rng: np.random.Generator) -> Codes:
    """Rates from rarest to commonest; the first units follow emotions, linked pairs first."""
    rate = _rates(world, world.rarest, world.units, rng)
    rate[: 2 * world.links] = _rates(world, world.rarest_planted, 2 * world.links, rng)
    raised = np.zeros((world.units, len(EMOTIONS)))
    for unit in range(world.emotional):
        moods = rng.choice(len(EMOTIONS) - 1, size=rng.integers(1, 4), replace=False)
        raised[unit, moods] = rng.uniform(*world.raised, size=len(moods))
    partner = np.full(world.units, -1)
    for first in range(0, 2 * world.links, 2):
        # Partners move in the same emotions, as inner and outer brow do.
        raised[first + 1] = raised[first]
        rate[first + 1] = np.clip(
            rate[first] * rng.uniform(0.6, 1.6), world.rarest_planted, world.commonest
        )
        partner[[first, first + 1]] = [first + 1, first]
    logit = raised + _intercepts(rate, raised, scenario.habits)[:, None]
    by_emotion = _over_people(logit, scenario.habits)
    shares = shares_of(scenario)
    return Codes(logit, partner, shares, by_emotion @ shares, by_emotion)


def _rates(world: World, rarest: float, count: int, rng: np.random.Generator) -> Floats:
    """Base rates on the log scale, denser where they are rare."""
    place = rng.random(count) ** world.rare
    return np.asarray(rarest * (world.commonest / rarest) ** place)


def draw_filters(
    scenario: Scenario, world: World, codes: Codes, rng: np.random.Generator
) -> tuple[Floats, Positions, Floats]:
    """Effect (filter,), planted unit or -1 (filter,), and drive (filter, emotion)."""
    effect = np.zeros(world.filters)
    planted = np.full(world.filters, -1)
    drive = np.zeros((world.filters, len(EMOTIONS)))
    common = np.flatnonzero(codes.rate >= world.rarest_planted)
    chosen = rng.choice(common, size=world.planted, replace=len(common) < world.planted)
    moods = [
        rng.choice(len(EMOTIONS) - 1, size=rng.integers(1, 3), replace=False)
        for _ in range(world.driven)
    ]
    strength = rng.uniform(*world.drive, size=world.driven)
    if scenario.signal:
        start = world.null + world.driven
        place = slice(start, start + world.planted)
        planted[place] = chosen
        effect[place] = np.repeat(world.effects, world.planted // len(world.effects))
        for number, mood in enumerate(moods):
            drive[world.null + number, mood] = strength[number]
    return effect, planted, drive


def truth_of(codes: Codes, effect: Floats, planted: Positions, drive: Floats) -> Truth:
    """Which pairs depend on each other, by the model and not by any sample."""
    filters, units = len(effect), len(codes.rate)
    marginal = np.zeros((filters, units), dtype=bool)
    conditional, target = marginal.copy(), marginal.copy()
    together = (codes.by_emotion * codes.shares) @ codes.by_emotion.T
    related = np.abs(together - np.outer(codes.rate, codes.rate)) > 1e-12
    for j in np.flatnonzero(drive.any(axis=1)):
        marginal[j] = _differs(codes, drive[j])
    for j in np.flatnonzero(planted >= 0):
        unit = planted[j]
        target[j, unit] = True
        conditional[j, [unit, *codes.partner[[unit]][codes.partner[[unit]] >= 0]]] = True
        marginal[j] = related[unit] | conditional[j]
    return Truth(marginal, conditional, target, effect)


def shares_of(scenario: Scenario) -> Floats:
    """(emotion,) how often an emotion is drawn."""
    if not scenario.balanced:
        return np.asarray(SHARES)
    return np.append(np.full(len(SHARES) - 1, 1.0), scenario.other) / (
        len(SHARES) - 1 + scenario.other
    )


def _differs(codes: Codes, drive: Floats) -> Labels:
    """Whether a unit's rate differs between the emotions that drive a filter unequally."""
    means = []
    for level in np.unique(drive):
        share = np.where(drive == level, codes.shares, 0.0)
        if share.any():
            means.append(codes.by_emotion @ share / share.sum())
    return np.asarray(np.ptp(np.array(means), axis=0) > 1e-12)


def _people(scenario: Scenario, rng: np.random.Generator) -> tuple[Positions, Positions]:
    """The subject and the emotion of each sequence."""
    fewest, most = scenario.sequences
    counts = fewest + rng.binomial(most - fewest, 0.475, size=scenario.subjects)
    owner = np.repeat(np.arange(scenario.subjects), counts)
    emotion = rng.choice(len(EMOTIONS), size=len(owner), p=shares_of(scenario))
    if scenario.once:
        again = np.ones(len(owner), dtype=bool)
        again[np.unique(owner * len(EMOTIONS) + emotion, return_index=True)[1]] = False
        emotion[again] = len(EMOTIONS) - 1
    return owner, emotion


def _labels(cast: Cast, owner: Positions, emotion: Positions, rng: np.random.Generator) -> Labels:
    """(sequence, frame, unit): a unit is shown where a uniform variate is below its chance."""
    scenario, world, codes = cast.scenario, cast.world, cast.codes
    habit = rng.normal(scale=scenario.habits, size=(scenario.subjects, world.units))
    chance = expit(codes.logit.T[emotion] + habit[owner])
    moments = scenario.frames if scenario.dynamic else 1
    drawn = rng.normal(size=(len(owner), moments, world.units))
    drawn = _in_time(drawn) if scenario.dynamic else drawn
    second = np.flatnonzero((codes.partner >= 0) & (codes.partner < np.arange(world.units)))
    first = codes.partner[second]
    drawn[..., second] = (
        world.link * drawn[..., first] + np.sqrt(1 - world.link**2) * drawn[..., second]
    )
    shown = ndtr(drawn) < chance[:, None]
    return np.asarray(np.broadcast_to(shown, (len(owner), scenario.frames, world.units)))


def _activation(cast: Cast, level: Floats, owner: Positions, rng: np.random.Generator) -> Floats:
    """(image, filter) from the levels (sequence, frame, filter) that the signal gives."""
    scenario, world = cast.scenario, cast.world
    identity = _shared(rng.normal(size=(scenario.subjects, world.filters)), world, rng)
    own = np.sqrt(1 - world.gumbel) * rng.normal(size=(len(owner), world.filters))
    # A Gumbel variate less its mean, over its standard deviation.
    peak = (rng.gumbel(size=own.shape) - np.euler_gamma) * np.sqrt(6) / np.pi
    nuisance = _shared(own + np.sqrt(world.gumbel) * peak, world, rng)
    flicker = rng.normal(size=(len(owner), scenario.frames, world.filters))
    flicker = _in_time(flicker) if scenario.dynamic else flicker
    value = level + (scenario.drift or world.flicker) * flicker
    value += (
        np.sqrt(scenario.identity) * identity[owner] + np.sqrt(1 - scenario.identity) * nuisance
    )[:, None]
    flat = value.reshape(-1, world.filters)
    bias = _quantiles(flat, cast.zeros)
    dead = np.arange(world.filters) >= world.filters - world.dead
    return np.where(dead, 0.0, np.maximum(0.0, flat - bias))


def _shared(own: Floats, world: World, rng: np.random.Generator) -> Floats:
    """Variates (row, filter) of variance 1, of which a share is common factors."""
    loading = rng.normal(size=(world.factors, world.filters))
    loading /= np.linalg.norm(loading, axis=0)
    common = rng.normal(size=(len(own), world.factors)) @ loading
    return np.asarray(np.sqrt(world.shared) * common + np.sqrt(1 - world.shared) * own)


def _in_time(drawn: Floats) -> Floats:
    """Variates (sequence, frame, any) that keep their distribution and change slowly."""
    drawn[:, 1:] *= np.sqrt(1 - STEADY**2)
    return np.asarray(lfilter([1.0], [1.0, -STEADY], drawn, axis=1))


def _quantiles(values: Floats, shares: Floats) -> Floats:
    """The quantile of each column at its own share."""
    place = np.minimum((shares * len(values)).astype(np.int64), len(values) - 1)
    return np.asarray(np.sort(values, axis=0)[place, np.arange(values.shape[1])])


def _over_people(logit: Floats, habits: float) -> Floats:
    """Mean of expit(logit + habit) over normal habits, by Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(41)
    return np.asarray(expit(logit[..., None] + habits * nodes) @ (weights / weights.sum()))


def _intercepts(rate: Floats, raised: Floats, habits: float) -> Floats:
    """(unit,) the intercept that gives each unit its base rate, by halving an interval."""
    low, high = np.full(len(rate), -20.0), np.full(len(rate), 20.0)
    for _ in range(60):
        middle = (low + high) / 2
        above = _over_people(raised + middle[:, None], habits) @ SHARES > rate
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray((low + high) / 2)
