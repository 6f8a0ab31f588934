"""A study definition: all it may say, and its id.

A definition names corpora and networks, never paths, so its `id` (the hash of its content
with all defaults filled in) means the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field

from facsinterp.association.settings import Settings
from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.provenance import fingerprint
from facsinterp.study.parts import (
    ControlsPart,
    FacesPart,
    NetworkPart,
    Part,
    SweepPart,
    VisualPart,
)

# These keys came when there were reports already: their defaults leave ids as they are.
_LATER: Final[Mapping[str, Mapping[str, Any]]] = {
    "": {"also": {}, "controls": None, "visual": {"method": "guided-backprop"}},
    "sweep": {"precision": "float32"},
    "network": {"bank": None, "seed": None, "untrained": False, "rotated": False},
    "faces.options": {"sequences": "all"},  # of ckplus; those of drawn faces are a number
    "network.options": {"normalise": None, "initialiser": "glorot"},
    "network.train": {
        "labels": "expression",
        "first_fold_only": False,
        "protocol": None,
        "copies": "keep",
    },
    "association": {"beyond": "within-emotion", "sides": "one", "atom_bins": 11},
}


class StudySpec(Part):
    """One definition, checked, with every default filled in."""

    name: str = Field(exclude=True)
    """Of the definition's folder or file; not part of its content."""
    text: str = Field(exclude=True, repr=False)
    study: str
    question: str
    seed: int = Field(default=0, ge=0)
    faces: FacesPart
    also: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$")], FacesPart] = {}
    """`[also.NAME]`: other faces, which a study compares with these."""
    network: NetworkPart
    sweep: SweepPart = SweepPart()
    association: Mapping[str, Any] = {}
    visual: VisualPart = VisualPart()
    params: Mapping[str, Any] = {}
    controls: ControlsPart | None = None

    @property
    def id(self) -> str:
        """Twelve hex digits that change with the content of the definition, not its layout."""
        return fingerprint(self._content())[:12]

    @property
    def network_seed(self) -> int:
        """The seed of the network's weights and of its training."""
        return self.seed if self.network.seed is None else self.network.seed

    @property
    def network_content(self) -> dict[str, Any]:
        """What the definition says that decides the network of each fold, as plain data."""
        content: dict[str, Any] = self._content()["network"]
        content.pop("rotated", None)  # done to the network when it is loaded
        (content["train"] or {}).pop("first_fold_only", None)
        return content

    def _content(self) -> dict[str, Any]:
        content = self.model_dump(mode="json", by_alias=True)
        if self.network.seed == self.seed:
            content["network"]["seed"] = None
        for place, defaults in _LATER.items():
            part: Any = content
            for name in place.split(".") if place else ():
                part = part[name] or {}
            for key, default in defaults.items():
                if part.get(key) == default:
                    part.pop(key, None)
        return content

    @property
    def settings(self) -> Settings:
        """The settings of the association step, with this definition's seed."""
        return Settings(**{"seed": self.seed, **self.association})

    @property
    def preparation(self) -> Preparation:
        """How pictures are made ready for the network."""
        return Preparation(**self.faces.preparation)
