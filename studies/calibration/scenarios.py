"""The scenarios: who is seen how often, and what filters and people have in common.

What they share, and the figures that were settled on development seeds, is in `World`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Scenario:
    """One kind of corpus."""

    name: str
    title: str
    number: int
    """Goes into the seeds: no two scenarios share a draw."""
    subjects: int
    sequences: tuple[int, int]
    """Fewest and most sequences of a subject."""
    frames: int
    identity: float = 0.5
    """Share of the nuisance variance that is the subject's, the same in all sequences."""
    habits: float = 1.15
    """Spread of people's habits in showing an action unit, on the logit scale."""
    balanced: bool = False
    """Whether each emotion is asked for as often, and not as CK+ has them."""
    other: float = 1.0
    """With `balanced`: share of what is no emotion, as a multiple of that of one emotion."""
    once: bool = True
    """Whether nobody shows an emotion twice, as in CK+: what would repeat it is "other"."""
    signal: bool = True
    stores: int = 30
    """How many are drawn for the full study."""
    dynamic: bool = False
    """Whether action units switch on and off inside a sequence."""
    expressive: float = 1.0
    """Share of people who show anything; the others show no unit and stir no filter."""
    drift: float = 0.0
    """Standard deviation of what changes slowly inside a sequence, in place of flicker."""

    @property
    def people(self) -> bool:
        """Whether subjects come back; if not, rows are independent and shuffle freely."""
        return self.sequences[1] > 1


_ALL = (
    Scenario("iid", "593 independent pictures", 1, 593, (1, 1), 1, identity=0.0),
    Scenario("frames", "593 people, ten frames each", 2, 593, (1, 1), 10, identity=0.0),
    Scenario("ck", "like CK+: 123 people, 3 frames", 3, 123, (1, 9), 3, stores=60),
    Scenario(
        "identity", "like CK+, but filters know people", 4, 123, (1, 9), 3, identity=0.8, habits=2.2
    ),
    Scenario(
        "video", "40 people, 8 takes of 20 frames", 5, 40, (8, 8), 20, habits=1.0, balanced=True
    ),
    Scenario(
        "few",
        "10 people, 21 pictures each",
        6,
        10,
        (21, 21),
        1,
        identity=0.65,
        habits=0.6,
        balanced=True,
        other=0.0,
        once=False,
    ),
    Scenario(
        "tiny",
        "12 people, some 57 sequences",
        7,
        12,
        (1, 9),
        3,
        balanced=True,
        other=0.0,
    ),
    Scenario(
        "ck_null", "like CK+, nothing to be found", 8, 123, (1, 9), 3, signal=False, stores=60
    ),
    Scenario(
        "dynamic", "40 people, units switch in takes", 9, 40, (8, 8), 40, dynamic=True, stores=15
    ),
    Scenario(
        "expressive", "like CK+, 3 of 10 people show anything", 10, 123, (1, 9), 3, expressive=0.3
    ),
)
SCENARIOS: Final[Mapping[str, Scenario]] = {scenario.name: scenario for scenario in _ALL}


@dataclass(frozen=True)
class World:
    """What all scenarios share."""

    units: int = 44
    emotional: int = 24
    """Action units whose rate depends on the emotion; eight of these are the linked pairs."""
    links: int = 4
    link: float = 0.8
    """Correlation of the linked units beyond emotion, on the normal scale."""
    rarest: float = 0.01
    commonest: float = 0.5
    rare: float = 2.0
    """Above 1 there are more rare units than common ones."""
    raised: tuple[float, float] = (2.0, 5.0)
    """By how much an emotion raises the logit of its action units."""
    null: int = 80
    driven: int = 20
    """Filters that answer to one or two emotions."""
    drive: tuple[float, float] = (1.0, 2.4)
    effects: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Shifts of the detectors, in standard deviations of the nuisance; eight of each."""
    planted: int = 24
    rarest_planted: float = 0.043
    dead: int = 4
    factors: int = 8
    """Identity factors, and as many nuisance factors, that filters share."""
    shared: float = 0.5
    """Share of the variance of either that is common to filters."""
    gumbel: float = 0.3
    """Share of the nuisance of a sequence that is a maximum over places."""
    flicker: float = 0.28
    """Standard deviation from frame to frame of a sequence."""
    zeros: tuple[float, float] = (0.24, 0.64)
    """Share of images to which a filter gives zero: from, to; 0.44 on average."""

    @property
    def filters(self) -> int:
        """All filters: null, driven, planted and dead."""
        return self.null + self.driven + self.planted + self.dead
