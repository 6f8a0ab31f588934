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
    from facsinterp.association.rows import rows_looked_at
    from facsinterp.association.settings import Settings
    from facsinterp.association.table import Associations
    from facsinterp.association.verdict import Verdicts
    from facsinterp.errors import FacsinterpError, Fault, InputError
    from facsinterp.evidence.causes.ablation import ablate
    from facsinterp.evidence.causes.agreement import cause_agreement, compare_causes
    from facsinterp.evidence.causes.causal import causal_profiles
    from facsinterp.evidence.causes.probe import ProbeFaces, Probes, fit_probes
    from facsinterp.evidence.causes.switching import switch_units
    from facsinterp.evidence.dead import dead_by_layer, dead_filters
    from facsinterp.evidence.duplicates import duplicate_filters, duplicates_by_layer
    from facsinterp.evidence.visual import VisualEvidence
    from facsinterp.evidence.weights.cascade import likeness_levels, weight_cascade
    from facsinterp.evidence.weights.sameness import SAME, looks_same
    from facsinterp.evidence.weights.sights import Sights
    from facsinterp.faces.drawn.switched import Switched
    from facsinterp.faces.preparing.pixels import Pixels
    from facsinterp.faces.table import FaceTable
    from facsinterp.labels import FilterId
    from facsinterp.nets.hidden import hidden_features
    from facsinterp.nets.network import Network
    from facsinterp.nets.silence import Silencing
    from facsinterp.saliency.attribute import Units
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
    "Fault": "facsinterp.errors",
    "FilterId": "facsinterp.labels",
    "Finding": "facsinterp.study.contract",
    "InputError": "facsinterp.errors",
    "Inputs": "facsinterp.study.contract",
    "Need": "facsinterp.study.contract",
    "Network": "facsinterp.nets.network",
    "Pixels": "facsinterp.faces.preparing.pixels",
    "Plan": "facsinterp.activations.plan",
    "ProbeFaces": "facsinterp.evidence.causes.probe",
    "Probes": "facsinterp.evidence.causes.probe",
    "SAME": "facsinterp.evidence.weights.sameness",
    "Section": "facsinterp.study.contract",
    "SeedTest": "facsinterp.stats.seeds",
    "Settings": "facsinterp.association.settings",
    "Sights": "facsinterp.evidence.weights.sights",
    "Silencing": "facsinterp.nets.silence",
    "Study": "facsinterp.study.contract",
    "StudyResult": "facsinterp.study.contract",
    "Switched": "facsinterp.faces.drawn.switched",
    "Units": "facsinterp.saliency.attribute",
    "Verdicts": "facsinterp.association.verdict",
    "VisualEvidence": "facsinterp.evidence.visual",
    "ablate": "facsinterp.evidence.causes.ablation",
    "arms_test": "facsinterp.stats.seeds",
    "associate": "facsinterp.association.associate",
    "causal_profiles": "facsinterp.evidence.causes.causal",
    "cause_agreement": "facsinterp.evidence.causes.agreement",
    "compare_causes": "facsinterp.evidence.causes.agreement",
    "dead_by_layer": "facsinterp.evidence.dead",
    "dead_filters": "facsinterp.evidence.dead",
    "duplicate_filters": "facsinterp.evidence.duplicates",
    "duplicates_by_layer": "facsinterp.evidence.duplicates",
    "fit_probes": "facsinterp.evidence.causes.probe",
    "hidden_features": "facsinterp.nets.hidden",
    "likeness_levels": "facsinterp.evidence.weights.cascade",
    "looks_same": "facsinterp.evidence.weights.sameness",
    "matches": "facsinterp.association.names",
    "methods_text": "facsinterp.association.methods",
    "names": "facsinterp.association.names",
    "paired_test": "facsinterp.stats.seeds",
    "rarefied_coverage": "facsinterp.stats.seeds",
    "rows_looked_at": "facsinterp.association.rows",
    "sweep": "facsinterp.activations.sweep",
    "switch_units": "facsinterp.evidence.causes.switching",
    "weight_cascade": "facsinterp.evidence.weights.cascade",
}

__all__ = [
    "SAME",
    "ActivationStore",
    "Associations",
    "Control",
    "FaceTable",
    "FacsinterpError",
    "Fault",
    "FilterId",
    "Finding",
    "InputError",
    "Inputs",
    "Need",
    "Network",
    "Pixels",
    "Plan",
    "ProbeFaces",
    "Probes",
    "Section",
    "SeedTest",
    "Settings",
    "Sights",
    "Silencing",
    "Study",
    "StudyResult",
    "Switched",
    "Units",
    "Verdicts",
    "VisualEvidence",
    "ablate",
    "arms_test",
    "associate",
    "causal_profiles",
    "cause_agreement",
    "compare_causes",
    "dead_by_layer",
    "dead_filters",
    "duplicate_filters",
    "duplicates_by_layer",
    "fit_probes",
    "hidden_features",
    "likeness_levels",
    "looks_same",
    "matches",
    "methods_text",
    "names",
    "paired_test",
    "rarefied_coverage",
    "rows_looked_at",
    "sweep",
    "switch_units",
    "weight_cascade",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
