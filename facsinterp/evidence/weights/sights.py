"""Sights: pictures of what moved units, and how alike another network draws them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.evidence.weights.likeness import Likeness, likeness
from facsinterp.evidence.weights.randomised import answers, stand_ins
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.network import Network
from facsinterp.nets.receptive import receptive_fields
from facsinterp.saliency.attribute import Method, Units, attribute

Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Sights:
    """Pictures of units of one layer. Make them with `Sights.of`."""

    network: Network
    layer: str
    pixels: Pixels
    units: Units
    method: Method
    pictures: NDArray[np.float32]
    """(sample, row, col)"""
    boxes: Whole
    """(sample, 4): the part of each unit's receptive field that lies in the picture."""
    device: str
    batch_size: int

    @classmethod
    def of(
        cls,
        network: Network,
        layer: str,
        pixels: Pixels,
        units: Units,
        *,
        method: Method = "guided-backprop",
        pictures: NDArray[np.float32] | None = None,
        device: str = "cpu",
        batch_size: int = 64,
    ) -> Self:
        """The pictures of `units`; `pictures` are those, when they are there already.

        Raises InputError where the receptive field of the layer is not known: without it
        the pixels that no weights can reach would make every two pictures alike.
        """
        if pictures is None:
            pictures = attribute(
                network, layer, pixels, units, method=method, device=device, batch_size=batch_size
            )
        boxes = fields(network, layer, units.places)
        return cls(network, layer, pixels, units, method, pictures, boxes, device, batch_size)

    def drawn_by(self, network: Network, channels: Whole, rows: Whole | None = None) -> Likeness:
        """Likeness with the pictures that `network` draws at the same places.

        `channels`: (sample,) its filters, -1 for none; `rows`: (sample,) other faces than those
        of the units. NaN where the filter of either network is silent.
        """
        known = np.flatnonzero(channels >= 0)
        theirs = np.zeros_like(self.pictures)
        if len(known):
            units = Units(
                rows=(self.units.rows if rows is None else rows)[known],
                channels=channels[known],
                places=self.units.places[known],
            )
            theirs[known] = attribute(
                network,
                self.layer,
                self.pixels,
                units,
                method=self.method,
                device=self.device,
                batch_size=self.batch_size,
            )
        return likeness(self.pictures, theirs, self.boxes)

    def answered(self, network: Network, rows: Whole | None = None) -> NDArray[np.float32]:
        """What all filters of the layer in `network` answer there: (sample, channel)."""
        return answers(
            network,
            self.layer,
            self.pixels,
            self.units.rows if rows is None else rows,
            self.units.places,
            device=self.device,
            batch_size=self.batch_size,
        )

    def by_random(self, network: Network, rows: Whole | None = None) -> Likeness:
        """Likeness with what a random filter of `network`, whose layer is drawn anew, draws.

        The filter of the same number, or the next one that answers there.
        """
        return self.drawn_by(
            network, stand_ins(self.answered(network, rows), self.units.channels), rows
        )

    def nearest(self, network: Network, count: int, seed: int, *, other: bool) -> Likeness:
        """The largest likeness among `count` random filters of `network` that answer there.

        Each measure by itself. `other`: the unit's own filter is none of them.
        """
        firing = self.answered(network) > 0
        if other:
            firing[np.arange(len(firing)), self.units.channels] = False
        order = np.where(firing, np.random.default_rng(seed).random(firing.shape), np.inf)
        tried = np.argsort(order, axis=1)[:, :count]
        chosen = np.where(np.take_along_axis(firing, tried, axis=1), tried, -1)
        found = self._times(chosen.shape[1]).drawn_by(network, chosen.T.ravel())
        return Likeness(
            absolute=_largest(found.absolute, len(self.pictures)),
            signed=_largest(found.signed, len(self.pictures)),
            structure=_largest(found.structure, len(self.pictures)),
        )

    def _times(self, count: int) -> Self:
        """All samples `count` times, one round after another."""
        units = Units(
            rows=np.tile(self.units.rows, count),
            channels=np.tile(self.units.channels, count),
            places=np.tile(self.units.places, (count, 1)),
        )
        return replace(
            self,
            units=units,
            pictures=np.tile(self.pictures, (count, 1, 1)),
            boxes=np.tile(self.boxes, (count, 1)),
        )


def fields(network: Network, layer: str, places: Whole) -> Whole:
    """(sample, 4) whole pixels of each unit's receptive field that lie in the picture.

    `places`: (sample, 2). First row, first column, end row, end column (not included).
    Raises InputError where the field of the layer is not known.
    """
    field = receptive_fields(network).get(layer)
    if field is None:
        raise InputError(
            Fault(
                f"the receptive field of layer {layer!r} is not known",
                "layer",
                expected="a layer whose field facsinterp can tell",
                do="leave it out: likeness over whole pictures would count pixels that the "
                "filter cannot see",
            )
        )
    ends = network.input_shape[1:]
    boxes = np.empty((len(places), 4), np.int64)
    for sample, (row, col) in enumerate(places.tolist()):
        top, left, bottom, right = field.window(row, col)
        boxes[sample] = (
            max(math.floor(top), 0),
            max(math.floor(left), 0),
            min(math.ceil(bottom), ends[0]),
            min(math.ceil(right), ends[1]),
        )
    return boxes


def _largest(values: NDArray[np.float64], samples: int) -> NDArray[np.float64]:
    """The largest known value of each sample over the rounds, NaN where none is known."""
    rounds = values.reshape(-1, samples)
    most = np.where(np.isnan(rounds), -np.inf, rounds).max(axis=0)
    return np.where(np.isinf(most), np.nan, most)
