"""What moved one unit of a layer, for many pictures and filters at once.

    found = attribute(network, "conv3", pixels, units)      # (sample, row, col)

Attributions are to the network's normalised picture, summed over its colour channels: where
the first module that is run is a normaliser of `nets.normalise`, to what that gives, so that
nothing outside the unit's receptive field has a part in it; otherwise to the pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from facsinterp.errors import ActivationError, Fault, InputError
from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets.devices import pick
from facsinterp.nets.lending import lent, repeatable
from facsinterp.nets.network import Network, to_tensor
from facsinterp.progress import SILENT, Progress
from facsinterp.saliency.crops import Crops
from facsinterp.saliency.cut import Cut
from facsinterp.saliency.methods import Method
from facsinterp.saliency.preflight import prepared, same_maps, still
from facsinterp.saliency.rules import STEPS, Selector, led_back

__all__ = ["Method", "Units", "attribute"]

# Pictures on which the cut is compared with the whole network, at each call.
_TRIED: Final = 4
# Of the largest attribution: a crop may be computed in another order, not otherwise.
_ROUNDING: Final = 1e-5
# Samples a batch; more of a small size are no faster.
_MOST: Final = 2048


@dataclass(frozen=True)
class Units:
    """One unit of a layer for each sample: whose picture, which filter, which place."""

    rows: NDArray[np.int64]
    """(sample,) positions of the pictures in `Pixels`; the same one may come often."""
    channels: NDArray[np.int64]
    """(sample,) filters of the layer."""
    places: NDArray[np.int64]
    """(sample, 2) row and column of the layer's map."""

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, part: slice) -> Units:
        """Some of them."""
        return Units(self.rows[part], self.channels[part], self.places[part])


def attribute(
    network: Network,
    layer: str,
    pixels: Pixels,
    units: Units,
    *,
    method: Method = "guided-backprop",
    device: str = "cpu",
    batch_size: int = 64,
    progress: Progress = SILENT,
) -> NDArray[np.float32]:
    """Attributions of each sample's unit, (sample, row, col) float32 in the network's pixels.

    The unit's value is that of the layer's map after its nonlinearity, as `nets.taps.tapping`
    gives it. Every sample may ask for another filter. A unit behind a rectifier whose value is
    not above 0 was not moved by anything: its attribution is 0 everywhere. Integrated gradients
    go in a straight line from a flat picture of the image's own mean grey, in 32 steps.

    The network is as it was afterwards, also after an exception. Raises InputError where
    `preflight` does and for units outside the layer or the pixels, with every fault;
    ActivationError, naming layer and image, when an attribution is NaN or infinite.
    """
    InputError.raise_any(_unit_faults(network, layer, pixels, units))
    target = pick(device)
    ready = prepared(network, layer, method)
    found = np.zeros((len(units), *network.input_shape[1:]), np.float32)
    with _asked(ready.cut, target), progress.step(f"attributing {layer}", len(units)) as advance:
        asking = _Asking(ready.cut, method, pixels, target, Crops.whole(network))
        if len(units):
            rows = units.rows[:_TRIED]
            InputError.raise_any(same_maps(ready.cut, _pictures(pixels, rows, target)))
            if ready.plain:
                asking = asking.cropped(units.part(slice(_TRIED)))
        count = asking.at_once(batch_size)
        for start in range(0, len(units), count):
            part = slice(start, start + count)
            found[part] = asking.checked(units.part(part))
            advance(len(found[part]))
    return found


@contextmanager
def _asked(cut: Cut, device: torch.device) -> Iterator[None]:
    """The cut open on `device`, the network standing still."""
    with ExitStack() as stack:
        stack.enter_context(still(cut.network.module))
        stack.enter_context(lent(cut.network, device))
        stack.enter_context(repeatable())
        stack.enter_context(torch.autocast(device.type, enabled=False))
        stack.enter_context(cut.to(device).opened())
        yield


@dataclass(frozen=True)
class _Asking:
    """How each batch of units is asked for, while the cut is open on its device."""

    cut: Cut
    method: Method
    pixels: Pixels
    device: torch.device
    crops: Crops

    def cropped(self, units: Units) -> _Asking:
        """The same with the smallest crops, if they give these units what whole pictures give."""
        smaller = replace(self, crops=Crops.of(self.cut.network, self.cut.layer))
        if smaller.crops.share == 1:
            return self
        try:
            pairs = zip(self.answers(units), smaller.answers(units), strict=True)
            return smaller if all(_alike(one, other) for one, other in pairs) else self
        except (RuntimeError, IndexError, ActivationError):  # its forward takes no other size
            return self

    def at_once(self, batch_size: int) -> int:
        """Samples a batch: as many pixels as `batch_size` whole pictures have."""
        # Integrated gradients look at each sample at every step.
        steps = STEPS if self.method == "integrated-gradients" else 1
        return max(1, max(batch_size, min(int(batch_size / self.crops.share), _MOST)) // steps)

    def answers(self, units: Units) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Attributions (sample, row, col) and values (sample,) of units."""
        rows, which = np.unique(units.rows, return_inverse=True)
        pictures = _pictures(self.pixels, rows, self.device)
        leaf, baseline = (
            self.crops.taken(self.cut.normalised(one), which, units.places)
            for one in (pictures, _flat(pictures))
        )
        made, values = led_back(self.cut, self.method, leaf, self._selector(units), baseline)
        found = np.zeros((len(units), *self.cut.network.input_shape[1:]), np.float32)
        self.crops.put(found, made.sum(dim=1).cpu().numpy(), units.places)
        return found, values.cpu().numpy()

    def checked(self, units: Units) -> NDArray[np.float32]:
        """Attributions that are numbers, 0 for units that are closed."""
        found, value = self.answers(units)
        if self.cut.rectified:
            found[value <= 0] = 0
        _refuse_unreal(self.cut.layer, found, value, units, self.pixels)
        return found

    def _selector(self, units: Units) -> Selector:
        places = torch.from_numpy(self.crops.places(units.places)).to(self.device)
        channels = torch.from_numpy(np.array(units.channels)).to(self.device)
        return Selector(channels, places[:, 0], places[:, 1])


def _alike(whole: NDArray[np.float32], cropped: NDArray[np.float32]) -> bool:
    reach = float(np.abs(whole).max())
    return bool(np.abs(cropped - whole).max() <= _ROUNDING * reach)


def _refuse_unreal(
    layer: str,
    found: NDArray[np.float32],
    value: NDArray[np.float32],
    units: Units,
    pixels: Pixels,
) -> None:
    # The unit whose own value is unreal comes first: its weights spoil those beside it, too.
    for real in (np.isfinite(value), np.isfinite(found).all(axis=(1, 2))):
        if not real.all():
            first = int((~real).argmax())
            message = (
                f"the attribution of layer {layer}, channel {units.channels[first]}, is NaN or "
                f"infinite: image {pixels.images[units.rows[first]]}. Check the weights, and "
                "that the pixels are what the network was trained on"
            )
            raise ActivationError(message)


def _pictures(pixels: Pixels, rows: NDArray[np.int64], device: torch.device) -> Tensor:
    return to_tensor(pixels.take(rows)).to(device)


def _flat(pictures: Tensor) -> Tensor:
    """Pictures of one grey each: the mean of all pixels and colours."""
    return pictures.mean(dim=(1, 2, 3), keepdim=True).expand_as(pictures).contiguous()


def _unit_faults(network: Network, layer: str, pixels: Pixels, units: Units) -> Iterator[Fault]:
    shape = (1 if pixels.array.ndim == 3 else pixels.array.shape[3], *pixels.array.shape[1:3])
    if shape != network.input_shape:
        yield Fault(
            "the images do not fit the network",
            "pixels",
            expected=f"(channels, rows, columns) = {network.input_shape}",
            got=str(shape),
            do="prepare the faces with the size and colour that the network was trained on",
        )
    count = len(units.rows)
    if units.channels.shape != (count,) or units.places.shape != (count, 2):
        yield Fault(
            "the parts of the units do not fit each other",
            "units",
            expected=f"rows ({count},), channels ({count},), places ({count}, 2)",
            got=f"channels {units.channels.shape}, places {units.places.shape}",
        )
        return
    if layer not in network.layers:
        return  # the preflight says so
    rows, cols = network.sizes[layer]
    for what, given, end in (
        ("rows", units.rows, len(pixels)),
        ("channels", units.channels, network.channels[layer]),
        ("places, row", units.places[:, 0], rows),
        ("places, col", units.places[:, 1], cols),
    ):
        outside = (given < 0) | (given >= end)
        if outside.any():
            yield Fault(
                f"{int(outside.sum())} units lie outside",
                f"units: {what}",
                expected=f"0 to {end - 1}",
                got=str(given[outside][0]),
            )
