"""Names of dimensions, and the one way to name a filter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

IMAGE: Final = "image"
FOLD: Final = "fold"
AU: Final = "au"
FILTER: Final = "filter"
RANK: Final = "rank"
ROW: Final = "row"
COL: Final = "col"
POINT: Final = "point"
XY: Final = "xy"


@dataclass(frozen=True, order=True, slots=True)
class FilterId:
    """One filter of a network: its layer and its channel, as text `conv3/017`."""

    layer: str
    channel: int

    def __str__(self) -> str:
        return f"{self.layer}/{self.channel:03d}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The filter that a text such as `conv3/017` or `features.6/4` names.

        Raises ValueError when the text is not `layer/channel`.
        """
        layer, slash, channel = text.rpartition("/")
        if not (layer and slash and channel.isascii() and channel.isdigit()):
            message = f"{text!r} does not name a filter; expected layer/channel, as in conv3/017"
            raise ValueError(message)
        return cls(layer, int(channel))

    @classmethod
    def of_layers(cls, channels: Iterable[tuple[str, int]]) -> tuple[Self, ...]:
        """Every filter of the given (layer, number of channels), in order."""
        return tuple(cls(layer, c) for layer, count in channels for c in range(count))
