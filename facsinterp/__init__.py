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
    from facsinterp.association.papers import every_image, papers_kl, papers_rule, unanimous
    from facsinterp.association.rows import rows_looked_at
    from facsinterp.association.settings import Settings
    from facsinterp.association.table import Associations
    from facsinterp.association.verdict import Verdicts
    from facsinterp.classic.classifier import fit_best, fit_svm
    from facsinterp.classic.gabor import gabor_magnitudes
    from facsinterp.classic.lbp import lbp_histograms
    from facsinterp.classic.lbptop import LbpTop, lbptop_histograms
    from facsinterp.classic.magnify import Magnification, magnify
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
    from facsinterp.faces.alike import alike_groups
    from facsinterp.faces.clips import Clip, clips
    from facsinterp.faces.drawn.switched import Switched
    from facsinterp.faces.preparing.pixels import Pixels
    from facsinterp.faces.table import FaceTable
    from facsinterp.labels import FilterId
    from facsinterp.nets.dense import dense_features
    from facsinterp.nets.detectors.coding import Coding
    from facsinterp.nets.detectors.joint import JointDetectors, fit_joint_detectors
    from facsinterp.nets.detectors.single import SingleDetectors, fit_single_detectors
    from facsinterp.nets.hidden import hidden_features
    from facsinterp.nets.network import Network
    from facsinterp.nets.prediction import predict
    from facsinterp.nets.recurrent import TrainedLstm, fit_lstm
    from facsinterp.nets.silence import Silencing
    from facsinterp.nets.weights import load_network
    from facsinterp.saliency.attribute import Units
    from facsinterp.stats.accuracy import score
    from facsinterp.stats.crossed import Estimate, crossed_gain, crossed_share
    from facsinterp.stats.seeds import SeedTest, arms_test, paired_test, rarefied_coverage
    from facsinterp.stats.unweighted import Unweighted, unweighted
    from facsinterp.study.associated import counting_device
    from facsinterp.study.contract import (
        Control,
        Finding,
        Inputs,
        Need,
        Section,
        Study,
        StudyResult,
    )
    from facsinterp.study.corpus import Corpus
    from facsinterp.study.emotion_only import emotion_filters
    from facsinterp.study.filling import changed_network
    from facsinterp.study.held_out import HeldOut
    from facsinterp.study.jobs.analysis import Analysis, associations_in, store_in
    from facsinterp.study.jobs.contract import Given, Job
    from facsinterp.study.jobs.training import (
        OfTraining,
        Training,
        folds_of,
        learning,
        named_rightly,
        trainings,
    )
    from facsinterp.study.parts import NetworkPart, Seeds

_HOMES: Final = {
    "ActivationStore": "facsinterp.activations.store",
    "Analysis": "facsinterp.study.jobs.analysis",
    "Associations": "facsinterp.association.table",
    "Clip": "facsinterp.faces.clips",
    "Coding": "facsinterp.nets.detectors.coding",
    "Control": "facsinterp.study.contract",
    "Corpus": "facsinterp.study.corpus",
    "Estimate": "facsinterp.stats.crossed",
    "FaceTable": "facsinterp.faces.table",
    "FacsinterpError": "facsinterp.errors",
    "Fault": "facsinterp.errors",
    "FilterId": "facsinterp.labels",
    "Finding": "facsinterp.study.contract",
    "Given": "facsinterp.study.jobs.contract",
    "HeldOut": "facsinterp.study.held_out",
    "InputError": "facsinterp.errors",
    "Inputs": "facsinterp.study.contract",
    "Job": "facsinterp.study.jobs.contract",
    "JointDetectors": "facsinterp.nets.detectors.joint",
    "LbpTop": "facsinterp.classic.lbptop",
    "Magnification": "facsinterp.classic.magnify",
    "Need": "facsinterp.study.contract",
    "Network": "facsinterp.nets.network",
    "NetworkPart": "facsinterp.study.parts",
    "OfTraining": "facsinterp.study.jobs.training",
    "Pixels": "facsinterp.faces.preparing.pixels",
    "Plan": "facsinterp.activations.plan",
    "ProbeFaces": "facsinterp.evidence.causes.probe",
    "Probes": "facsinterp.evidence.causes.probe",
    "SAME": "facsinterp.evidence.weights.sameness",
    "Section": "facsinterp.study.contract",
    "SeedTest": "facsinterp.stats.seeds",
    "Seeds": "facsinterp.study.parts",
    "Settings": "facsinterp.association.settings",
    "Sights": "facsinterp.evidence.weights.sights",
    "Silencing": "facsinterp.nets.silence",
    "SingleDetectors": "facsinterp.nets.detectors.single",
    "Study": "facsinterp.study.contract",
    "StudyResult": "facsinterp.study.contract",
    "Switched": "facsinterp.faces.drawn.switched",
    "TrainedLstm": "facsinterp.nets.recurrent",
    "Training": "facsinterp.study.jobs.training",
    "Units": "facsinterp.saliency.attribute",
    "Unweighted": "facsinterp.stats.unweighted",
    "Verdicts": "facsinterp.association.verdict",
    "VisualEvidence": "facsinterp.evidence.visual",
    "ablate": "facsinterp.evidence.causes.ablation",
    "alike_groups": "facsinterp.faces.alike",
    "arms_test": "facsinterp.stats.seeds",
    "associate": "facsinterp.association.associate",
    "associations_in": "facsinterp.study.jobs.analysis",
    "causal_profiles": "facsinterp.evidence.causes.causal",
    "cause_agreement": "facsinterp.evidence.causes.agreement",
    "changed_network": "facsinterp.study.filling",
    "clips": "facsinterp.faces.clips",
    "compare_causes": "facsinterp.evidence.causes.agreement",
    "counting_device": "facsinterp.study.associated",
    "crossed_gain": "facsinterp.stats.crossed",
    "crossed_share": "facsinterp.stats.crossed",
    "dead_by_layer": "facsinterp.evidence.dead",
    "dead_filters": "facsinterp.evidence.dead",
    "dense_features": "facsinterp.nets.dense",
    "duplicate_filters": "facsinterp.evidence.duplicates",
    "duplicates_by_layer": "facsinterp.evidence.duplicates",
    "emotion_filters": "facsinterp.study.emotion_only",
    "every_image": "facsinterp.association.papers",
    "fit_best": "facsinterp.classic.classifier",
    "fit_joint_detectors": "facsinterp.nets.detectors.joint",
    "fit_lstm": "facsinterp.nets.recurrent",
    "fit_probes": "facsinterp.evidence.causes.probe",
    "fit_single_detectors": "facsinterp.nets.detectors.single",
    "fit_svm": "facsinterp.classic.classifier",
    "folds_of": "facsinterp.study.jobs.training",
    "gabor_magnitudes": "facsinterp.classic.gabor",
    "hidden_features": "facsinterp.nets.hidden",
    "lbp_histograms": "facsinterp.classic.lbp",
    "lbptop_histograms": "facsinterp.classic.lbptop",
    "learning": "facsinterp.study.jobs.training",
    "likeness_levels": "facsinterp.evidence.weights.cascade",
    "load_network": "facsinterp.nets.weights",
    "looks_same": "facsinterp.evidence.weights.sameness",
    "magnify": "facsinterp.classic.magnify",
    "matches": "facsinterp.association.names",
    "methods_text": "facsinterp.association.methods",
    "named_rightly": "facsinterp.study.jobs.training",
    "names": "facsinterp.association.names",
    "paired_test": "facsinterp.stats.seeds",
    "papers_kl": "facsinterp.association.papers",
    "papers_rule": "facsinterp.association.papers",
    "predict": "facsinterp.nets.prediction",
    "rarefied_coverage": "facsinterp.stats.seeds",
    "rows_looked_at": "facsinterp.association.rows",
    "score": "facsinterp.stats.accuracy",
    "store_in": "facsinterp.study.jobs.analysis",
    "sweep": "facsinterp.activations.sweep",
    "switch_units": "facsinterp.evidence.causes.switching",
    "trainings": "facsinterp.study.jobs.training",
    "unanimous": "facsinterp.association.papers",
    "unweighted": "facsinterp.stats.unweighted",
    "weight_cascade": "facsinterp.evidence.weights.cascade",
}

__all__ = [
    "SAME",
    "ActivationStore",
    "Analysis",
    "Associations",
    "Clip",
    "Coding",
    "Control",
    "Corpus",
    "Estimate",
    "FaceTable",
    "FacsinterpError",
    "Fault",
    "FilterId",
    "Finding",
    "Given",
    "HeldOut",
    "InputError",
    "Inputs",
    "Job",
    "JointDetectors",
    "LbpTop",
    "Magnification",
    "Need",
    "Network",
    "NetworkPart",
    "OfTraining",
    "Pixels",
    "Plan",
    "ProbeFaces",
    "Probes",
    "Section",
    "SeedTest",
    "Seeds",
    "Settings",
    "Sights",
    "Silencing",
    "SingleDetectors",
    "Study",
    "StudyResult",
    "Switched",
    "TrainedLstm",
    "Training",
    "Units",
    "Unweighted",
    "Verdicts",
    "VisualEvidence",
    "ablate",
    "alike_groups",
    "arms_test",
    "associate",
    "associations_in",
    "causal_profiles",
    "cause_agreement",
    "changed_network",
    "clips",
    "compare_causes",
    "counting_device",
    "crossed_gain",
    "crossed_share",
    "dead_by_layer",
    "dead_filters",
    "dense_features",
    "duplicate_filters",
    "duplicates_by_layer",
    "emotion_filters",
    "every_image",
    "fit_best",
    "fit_joint_detectors",
    "fit_lstm",
    "fit_probes",
    "fit_single_detectors",
    "fit_svm",
    "folds_of",
    "gabor_magnitudes",
    "hidden_features",
    "lbp_histograms",
    "lbptop_histograms",
    "learning",
    "likeness_levels",
    "load_network",
    "looks_same",
    "magnify",
    "matches",
    "methods_text",
    "named_rightly",
    "names",
    "paired_test",
    "papers_kl",
    "papers_rule",
    "predict",
    "rarefied_coverage",
    "rows_looked_at",
    "score",
    "store_in",
    "sweep",
    "switch_units",
    "trainings",
    "unanimous",
    "unweighted",
    "weight_cascade",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module attribute may be anything
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
