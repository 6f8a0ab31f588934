"""What a sweep will compute, decided before anything runs.

A plan names the layers, cuts the image axis into blocks, fixes the batch size, and holds
the inputs that decide the numbers. Two plans with the same key give the same store,
whoever runs them and however often they are interrupted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Self, get_args

from facsinterp.activations.keeping import layout
from facsinterp.activations.keeping.margin import MULTIPLE, SPREAD
from facsinterp.errors import Fault, InputError
from facsinterp.faces.table import FaceTable
from facsinterp.labels import FilterId
from facsinterp.provenance import fingerprint

Precision = layout.Precision

# Raised when `reduce` gives other numbers for the same maps, or the network is asked otherwise.
REDUCTION: Final = 2

# Batches of 64 images of 96 x 96 keep the maps of three layers under 300 MB.
BATCH_SIZE: Final = 64
# A block is what a killed sweep loses, and a file: 1,024 images of 448 filters are 1.8 MB.
BLOCK_SIZE: Final = 1024
# Blocks of wide networks hold fewer images, so that one fits in memory twice.
_CELLS: Final = 4_000_000


@dataclass(frozen=True)
class Plan:
    """Layers, blocks and batches of one sweep, and the inputs that its key stands for.

    Batches are cut from the first image on, whatever the blocks: a block is a whole number of
    batches. So the last digits of an answer, which can depend on the batch it is computed
    in, do not depend on blocks or on who computes them.
    """

    channels: Mapping[str, int]
    """Filters of each layer, in the order of the filter dimension."""
    images: int
    batch_size: int
    """Images in every forward pass; the last batch is filled up to it."""
    block_size: int
    """Images in a block, a multiple of `batch_size`."""
    inputs: Mapping[str, str]
    precision: Precision = "float32"

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
        precision: Precision = "float32",
    ) -> Self:
        """The plan to sweep `layers` (None: all that `channels` names) over `faces`.

        `channels`: filters of each tapped layer of the network; of one that is executed more
        than once, `conv` stands for `conv@1`, `conv@2` and so on. `block_size` is rounded up
        to whole batches, and down where filters are so many that a block would not fit in
        memory. Raises InputError with every fault: unknown or repeated layers, no faces,
        sizes below 1, an unknown precision.
        """
        wanted = tuple(channels) if layers is None else _every_execution(layers, channels)
        sizes = {"batch_size": batch_size, "block_size": block_size}
        InputError.raise_any(_faults(channels, wanted, len(faces), sizes, precision))
        kept = {name: channels[name] for name in wanted}
        batch = min(batch_size, len(faces))
        block = min(block_size, len(faces), max(batch, _CELLS // sum(kept.values())))
        inputs = {
            "network": network_fingerprint,
            "layers": " ".join(f"{name}:{count}" for name, count in kept.items()),
            "pixels": pixels_fingerprint,
            "faces": faces.fingerprint,
            "batch size": str(batch),
            "precision": precision,
            "reduction": str(REDUCTION),
            # Without "+cpu" or "+cu130": the kind of machine is told in the provenance.
            "torch": version("torch").partition("+")[0],
            "zarr format": str(layout.ZARR_FORMAT),
        }
        if precision == "bf16":
            inputs["margin"] = f"{MULTIPLE:g} times, {SPREAD} spread, lists of {layout.RANKS}"
        return cls(kept, len(faces), batch, -(-block // batch) * batch, inputs, precision)

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


def _every_execution(layers: Sequence[str], channels: Collection[str]) -> tuple[str, ...]:
    """`conv@1` and `conv@2` for a `conv` that the network runs twice."""
    found: list[str] = []
    for name in layers:
        runs = [one for one in channels if one.rpartition("@")[0] == name]
        found += runs if runs and name not in channels else [name]
    return tuple(found)


def layer_faults(layers: Sequence[str], channels: Iterable[str]) -> Iterator[Fault]:
    """Why `layers` cannot be swept of a network whose tapped layers are `channels`.

    Names may mean every execution, as in `Plan.of`.
    """
    tapped = tuple(channels)
    known = ", ".join(tapped)
    wanted = _every_execution(layers, tapped)
    unknown = [name for name in wanted if name not in tapped]
    if unknown:
        yield Fault("layers that are not tapped", expected=known, got=", ".join(unknown))
    if len(set(wanted)) < len(wanted):
        yield Fault("a layer is named twice", expected="each once", got=", ".join(wanted))
    if not wanted:
        yield Fault("no layers to sweep", expected=f"some of {known}")


def _faults(
    channels: Mapping[str, int],
    layers: Sequence[str],
    images: int,
    sizes: Mapping[str, int],
    precision: str,
) -> Iterator[Fault]:
    yield from layer_faults(layers, channels)
    if not images:
        yield Fault("no faces to sweep", expected="at least one image")
    for name, size in sizes.items():
        if size < 1:
            yield Fault(f"{name} is too small", expected="at least 1", got=str(size))
    if precision not in get_args(Precision):
        expected = " or ".join(get_args(Precision))
        yield Fault("unknown precision", expected=expected, got=str(precision))
