"""What may be chosen of the LSTM and of LBP-TOP; the papers leave most of it open."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class _Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lstm(_Settings):
    """`[params.lstm]`: an LSTM on features of frames at equal steps from onset to offset."""

    frames: int = Field(default=12, ge=2)
    hidden: int = Field(default=64, ge=1)
    dropout: float = Field(default=0.25, ge=0, lt=1)
    recurrent_dropout: float = Field(default=0.25, ge=0, lt=1)
    epochs: int = Field(default=40, ge=1)
    learning_rate: float = Field(default=1e-3, gt=0)

    @property
    def learning(self) -> dict[str, Any]:
        """All but how clips are cut, as `fit_lstm` names it."""
        return self.model_dump(exclude={"frames"})


class Texture(_Settings):
    """`[params.texture]`: LBP-TOP, and bands in which movements are magnified before."""

    regions: int = Field(default=5, ge=1)
    points: int = Field(default=8, ge=3, le=12)
    radius: int = Field(default=1, ge=1)
    frames: int = Field(default=4, ge=1)
    """Radius in time."""
    rate: float = Field(default=200, gt=0)
    """Frames a second: of CASME II, SAMM and drawn clips."""
    bands: tuple[tuple[float, float, float], ...] = Field(
        default=((1.0, 8.0, 10.0), (1.0, 8.0, 5.0), (1.0, 8.0, 20.0), (6.0, 20.0, 10.0)),
        min_length=1,
    )
    """Lowest and highest Hz, and the factor alpha. The first is the fixed one; among all of them
    the validation people of a fold choose."""

    @field_validator("bands")
    @classmethod
    def _in_order(
        cls, bands: tuple[tuple[float, float, float], ...]
    ) -> tuple[tuple[float, float, float], ...]:
        for low, high, alpha in bands:
            if not (0 < low < high < math.inf and 0 < alpha < math.inf):
                message = (
                    f"({low:g}, {high:g}, {alpha:g}) is no band: lowest and highest Hz, 0 < lowest "
                    "< highest, and a factor above 0"
                )
                raise ValueError(message)
        return bands

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each band."""
        return tuple(f"band-{number}" for number in range(1, len(self.bands) + 1))

    @property
    def shortest(self) -> int:
        """Frames that a clip must have."""
        return 2 * self.frames + 1
