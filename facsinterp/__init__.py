"""Which filters of a facial-expression CNN answer to which facial action units.

The names below are loaded when they are first used, so that importing facsinterp is
quick and changes nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from facsinterp.activations.plan import Plan
    from facsinterp.activations.store import ActivationStore
    from facsinterp.activations.sweep import sweep
    from facsinterp.association.associate import associate
    from facsinterp.association.methods import methods_text
    from facsinterp.association.names import matches, names
    from facsinterp.association.settings import Settings
    from facsinterp.association.table import Associations
    from facsinterp.association.verdict import Verdicts
    from facsinterp.errors import FacsinterpError
    from facsinterp.evidence.dead import dead_by_layer, dead_filters
    from facsinterp.evidence.duplicates import duplicate_filters, duplicates_by_layer
    from facsinterp.faces.pixels import Pixels
    from facsinterp.faces.table import FaceTable
    from facsinterp.labels import FilterId
    from facsinterp.nets.network import Network
    from facsinterp.stats.seeds import SeedTest, arms_test, paired_test, rarefied_coverage
    from facsinterp.study.contract import (
        Control,
        Finding,
        Inputs,
        Need,
        Section,
        Study,
        StudyResult,
    )

_HOMES: Final = {
    "ActivationStore": "facsinterp.activations.store",
    "Associations": "facsinterp.association.table",
    "Control": "facsinterp.study.contract",
    "FaceTable": "facsinterp.faces.table",
    "FacsinterpError": "facsinterp.errors",
    "FilterId": "facsinterp.labels",
    "Finding": "facsinterp.study.contract",
    "Inputs": "facsinterp.study.contract",
    "Need": "facsinterp.study.contract",
    "Network": "facsinterp.nets.network",
    "Pixels": "facsinterp.faces.pixels",
    "Plan": "facsinterp.activations.plan",
    "Section": "facsinterp.study.contract",
    "SeedTest": "facsinterp.stats.seeds",
    "Settings": "facsinterp.association.settings",
    "Study": "facsinterp.study.contract",
    "StudyResult": "facsinterp.study.contract",
    "Verdicts": "facsinterp.association.verdict",
    "arms_test": "facsinterp.stats.seeds",
    "associate": "facsinterp.association.associate",
    "dead_by_layer": "facsinterp.evidence.dead",
    "dead_filters": "facsinterp.evidence.dead",
    "duplicate_filters": "facsinterp.evidence.duplicates",
    "duplicates_by_layer": "facsinterp.evidence.duplicates",
    "matches": "facsinterp.association.names",
    "methods_text": "facsinterp.association.methods",
    "names": "facsinterp.association.names",
    "paired_test": "facsinterp.stats.seeds",
    "rarefied_coverage": "facsinterp.stats.seeds",
    "sweep": "facsinterp.activations.sweep",
}

__all__ = [
    "ActivationStore",
    "Associations",
    "Control",
    "FaceTable",
    "FacsinterpError",
    "FilterId",
    "Finding",
    "Inputs",
    "Need",
    "Network",
    "Pixels",
    "Plan",
    "Section",
    "SeedTest",
    "Settings",
    "Study",
    "StudyResult",
    "Verdicts",
    "arms_test",
    "associate",
    "dead_by_layer",
    "dead_filters",
    "duplicate_filters",
    "duplicates_by_layer",
    "matches",
    "methods_text",
    "names",
    "paired_test",
    "rarefied_coverage",
    "sweep",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
