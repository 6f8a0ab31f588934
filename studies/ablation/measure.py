"""The measurements: held-out faces, probes, and what every silenced filter costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from facsinterp import (
    ActivationStore,
    FacsinterpError,
    Inputs,
    ProbeFaces,
    Probes,
    Silencing,
    ablate,
    fit_probes,
    hidden_features,
    rows_looked_at,
)
from facsinterp.stats.losses import (
    Loss,
    auroc_losses,
    emotion_losses,
    recognised,
    subject_means,
    unit_losses,
)

Floats = NDArray[np.float64]
Mode = Literal["zero", "mean"]


@dataclass(frozen=True, eq=False)
class Asked:
    """One face a held-out sequence, as the associations were told from."""

    rows: NDArray[np.int64]
    """Positions in the store."""
    pictures: NDArray[np.uint8]
    subjects: NDArray[np.str_]
    emotions: NDArray[np.str_]
    present: NDArray[np.bool_]
    coded: NDArray[np.bool_]

    @classmethod
    def of(cls, inputs: Inputs, rows: NDArray[np.int64]) -> Self:
        """The faces at these positions of the store."""
        data = inputs.store.data
        place = {name: i for i, name in enumerate(inputs.pixels.images.tolist())}
        images = data["image"].values.astype(str)[rows]
        where = np.array([place[name] for name in images.tolist()], dtype=np.int64)
        text = (data[name].values.astype(str)[rows] for name in ("subject", "expression"))
        codes = (data[name].values[rows].astype(bool) for name in ("present", "coded"))
        return cls(rows, inputs.pixels.take(where), *text, *codes)

    def __len__(self) -> int:
        return len(self.rows)


def held_out(inputs: Inputs) -> Asked:
    """One face of every sequence that the associations rest on."""
    faces = inputs.associations.data.attrs["rows"]
    return Asked.of(inputs, rows_looked_at(inputs.store, faces, "sequence"))


def probes_of(inputs: Inputs, asked: Asked) -> tuple[Probes | None, str]:
    """Probes of the action units, or why there are none.

    Trained on one face of every sequence of the other people: those who trained the network or
    told it when to stop.
    """
    rows = rows_looked_at(inputs.store, "all", "sequence")
    split = inputs.store.data["split"].values.astype(str)[rows]
    rows = rows[(split != "test") & (split != "")]
    if not len(rows):
        return None, "no people other than the held-out ones are there to train a probe on"
    try:
        network = inputs.network
        known = [
            ProbeFaces(
                hidden_features(network, one.pictures, progress=inputs.progress),
                one.present,
                one.coded,
                one.subjects,
            )
            for one in (Asked.of(inputs, rows), asked)
        ]
    except FacsinterpError as error:
        return None, str(error)
    return fit_probes(known[0], known[1], seed=inputs.seed), ""


@dataclass(frozen=True, eq=False)
class Activity:
    """How much each filter answers to the asked faces."""

    filters: NDArray[np.str_]
    layers: NDArray[np.str_]
    channels: NDArray[np.int64]
    mean: Floats
    """(filter,) of the map."""
    area: Floats
    """(filter,) share of the map above zero."""
    live: NDArray[np.bool_]

    @classmethod
    def of(cls, inputs: Inputs, asked: Asked) -> Self:
        """From what the store holds; the peak stands in for what it does not."""
        data = inputs.store.data
        peak = _over(inputs.store, "peak", asked)
        mean = _over(inputs.store, "mean", asked) if "mean" in data else peak
        area = _over(inputs.store, "area", asked) if "area" in data else peak
        return cls(
            data["filter"].values.astype(str),
            data["layer"].values.astype(str),
            data["channel"].values.astype(np.int64),
            mean,
            area,
            inputs.associations.live.values,
        )

    def silencing(self, one: int, mode: Mode) -> Silencing:
        """One filter silenced."""
        return self.together(np.array([one]), mode)

    def together(self, some: NDArray[np.int64], mode: Mode) -> Silencing:
        """Some filters of one layer silenced."""
        values = self.mean[some].tolist() if mode == "mean" else [0.0] * len(some)
        channels = tuple(self.channels[some].tolist())
        return Silencing(str(self.layers[some[0]]), channels, tuple(values))


def _over(store: ActivationStore, name: str, asked: Asked) -> Floats:
    """(filter,) mean of a variable over the asked faces."""
    values = store.data[name].isel(image=np.sort(asked.rows)).transpose("image", "filter").values
    return np.asarray(values.astype(np.float64).mean(axis=0))


@dataclass(frozen=True, eq=False)
class Measured:
    """What silencing each live filter alone costs; losses are (subject, live filter, ...)."""

    filters: NDArray[np.int64]
    """Positions of the live filters."""
    emotions: tuple[str, ...]
    """Those of the network's classes that asked faces show."""
    own: Loss
    """Fall of an emotion's probability on its own faces."""
    other: Loss
    logit: Loss
    """Fall of an emotion's logit on its own faces."""
    accuracy: NDArray[np.int64]
    """(live filter,) labelled faces fewer that are recognised."""
    recognised: int
    labelled: int
    units: Loss
    """Share of the separation that each unit's probe loses; NaN without a usable probe."""
    auroc: Floats
    probability: Floats
    """(live filter, au) fall of the probe's probability on faces with the unit."""
    largest_change: float
    """Of any probability of any face by any filter."""


def measured(
    inputs: Inputs, asked: Asked, activity: Activity, probes: Probes | None, mode: Mode
) -> Measured:
    """Every live filter silenced alone."""
    filters = np.flatnonzero(activity.live)
    asked_for = [activity.silencing(int(one), mode) for one in filters]
    nothing = Silencing(str(inputs.network.layers[0]))
    said = ablate(
        inputs.network, asked.pictures, [nothing, *asked_for], probes, progress=inputs.progress
    )
    classes = inputs.network.classes
    shown = [one for one in classes if (asked.emotions == one).any()]
    columns = [classes.index(one) for one in shown]
    chances = said.probability
    people = asked.subjects
    own, other = emotion_losses(
        chances[:1, :, columns], chances[1:, :, columns], asked.emotions, shown, people
    )
    logits = said.logits[..., columns].astype(np.float64)
    right = recognised(chances, asked.emotions, classes)
    return Measured(
        filters,
        tuple(shown),
        own,
        other,
        emotion_losses(logits[:1], logits[1:], asked.emotions, shown, people)[0],
        right[0] - right[1:],
        int(right[0]),
        int(np.isin(asked.emotions, classes).sum()),
        *_of_units(said.scores.astype(np.float64), asked, probes),
        float(np.abs(chances[1:] - chances[:1]).max(initial=0.0)),
    )


def _of_units(scores: Floats, asked: Asked, probes: Probes | None) -> tuple[Loss, Floats, Floats]:
    people, units = len(np.unique(asked.subjects)), asked.present.shape[1]
    if probes is None:
        empty = np.full((len(scores) - 1, units), np.nan)
        return Loss(np.full((people, *empty.shape), np.nan)), empty, empty
    present, coded = asked.present, asked.coded
    loss = unit_losses(scores[:1], scores[1:], present, coded, asked.subjects)
    chance = 1 / (1 + np.exp(-scores))
    fall = Loss(subject_means(chance[:1] - chance[1:], present & coded, asked.subjects))
    return loss, auroc_losses(scores[:1], scores[1:], present, coded), fall.mean
