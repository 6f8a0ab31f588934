"""What a sweep will compute, decided before anything runs.

A plan names the layers, cuts the image axis into blocks, fixes the batch size, and holds
the inputs that decide the numbers. Two plans with the same key give the same store,
whoever runs them and however often they are interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Self

from facsinterp.activations import layout
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.provenance import fingerprint

# Raised when `reduce` gives other numbers for the same maps.
REDUCTION: Final = 1

# Batches of 64 images of 96 x 96 keep the maps of three layers under 300 MB.
BATCH_SIZE: Final = 64
# A block is what a killed sweep loses, and a file: 1,024 images of 448 filters are 1.8 MB.
BLOCK_SIZE: Final = 1024


@dataclass(frozen=True)
class Plan:
    """Layers, blocks and batches of one sweep, and the inputs that its key stands for."""

    channels: Mapping[str, int]
    """Filters of each layer, in the order of the filter dimension."""
    images: int
    batch_size: int
    """Images in every forward pass; a batch at the end of a block is filled up to it, as
    the last digits of a convolution can depend on the size of the batch."""
    block_size: int
    inputs: Mapping[str, str]

    @classmethod
    def of(
        cls,
        network_fingerprint: str,
        channels: Mapping[str, int],
        faces: FaceTable,
        pixels_fingerprint: str,
        *,
        layers: Sequence[str] | None = None,
        batch_size: int = BATCH_SIZE,
        block_size: int = BLOCK_SIZE,
    ) -> Self:
        """The plan to sweep `layers` (None: all that `channels` names) over `faces`.

        `channels`: filters of each tapped layer of the network. Raises InputError with
        every fault: unknown or repeated layers, no faces, sizes below 1.
        """
        wanted = tuple(channels) if layers is None else tuple(layers)
        sizes = {"batch_size": batch_size, "block_size": block_size}
        InputError.raise_any(_faults(channels, wanted, len(faces), sizes))
        kept = {name: channels[name] for name in wanted}
        batch = min(batch_size, len(faces))
        inputs = {
            "network": network_fingerprint,
            "layers": " ".join(f"{name}:{count}" for name, count in kept.items()),
            "pixels": pixels_fingerprint,
            "faces": faces.fingerprint,
            "batch size": str(batch),
            "reduction": str(REDUCTION),
            # Without "+cpu" or "+cu130": the kind of machine is told in the provenance.
            "torch": version("torch").partition("+")[0],
            "zarr format": str(layout.ZARR_FORMAT),
        }
        return cls(kept, len(faces), batch, min(block_size, len(faces)), inputs)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are swept."""
        return tuple(self.channels)

    @property
    def filters(self) -> tuple[FilterId, ...]:
        """Every filter, in the order of the filter dimension."""
        return FilterId.of_layers(self.channels.items())

    @property
    def blocks(self) -> tuple[slice, ...]:
        """The images of each block."""
        return layout.blocks(self.images, self.block_size)

    @property
    def key(self) -> str:
        """Changes when anything changes that decides a number in the store.

        The size of the blocks does not: it decides what is lost when a sweep is killed.
        """
        return fingerprint(dict(self.inputs))


def _faults(
    channels: Mapping[str, int], layers: Sequence[str], images: int, sizes: Mapping[str, int]
) -> Iterator[Fault]:
    known = ", ".join(channels)
    unknown = [name for name in layers if name not in channels]
    if unknown:
        yield Fault("layers that are not tapped", expected=known, got=", ".join(unknown))
    if len(set(layers)) < len(layers):
        yield Fault("a layer is named twice", expected="each once", got=", ".join(layers))
    if not layers:
        yield Fault("no layers to sweep", expected=f"some of {known}")
    if not images:
        yield Fault("no faces to sweep", expected="at least one image")
    for name, size in sizes.items():
        if size < 1:
            yield Fault(f"{name} is too small", expected="at least 1", got=str(size))
