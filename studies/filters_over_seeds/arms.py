"""Whose filters are counted: trained and untrained networks, the emotion alone, and chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from facsinterp import Inputs, Job, NetworkPart, trainings

from .jobs import OfChance, OfEmotion, OfNetwork

if TYPE_CHECKING:
    from .study import FiltersOverSeeds

TRAINED: Final = "trained"
UNTRAINED: Final = "untrained"
EMOTION: Final = "emotion alone"
CHANCE: Final = "chance"


@dataclass(frozen=True)
class Arm:
    """Filters of one kind, analysed in every fold."""

    name: str
    jobs: tuple[Job, ...]


def arms_of(
    study: FiltersOverSeeds, inputs: Inputs, part: NetworkPart, settings: Mapping[str, Any]
) -> tuple[Arm, ...]:
    """Every kind of filter with its jobs, the trained networks first."""
    corpus = inputs.corpora[""]
    asked = {
        "settings": settings,
        "ns": study.ns,
        "bins": study.bins,
        "shuffles": study.shuffles,
        "bar": study.bar,
    }
    start = part.model_copy(update={"untrained": True})
    networks = {
        name: trainings(one, corpus, seeds=study.seeds, deal=inputs.seed)
        for name, one in ((TRAINED, part), (UNTRAINED, start))
    }
    folds = list(dict.fromkeys(job.fold for job in networks[TRAINED]))
    where = [
        {"network": part, "deal": inputs.seed, "fold": fold, "seed": inputs.seed} for fold in folds
    ]
    chance = {"ns": study.ns, "draws": study.draws}
    return (
        *(
            Arm(
                name,
                tuple(OfNetwork(training=job, layers=study.layers, **asked) for job in made),
            )
            for name, made in networks.items()
        ),
        Arm(EMOTION, tuple(OfEmotion(**one, **asked) for one in where)),
        Arm(CHANCE, tuple(OfChance(**one, **chance) for one in where)),
    )
