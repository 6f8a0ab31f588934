"""The steps that a definition asks for, in words."""

from __future__ import annotations

from collections.abc import Iterator

from facsinterp.faces.preparing.prepare import Preparation
from facsinterp.faces.splits.protocols import protocol
from facsinterp.study import registry
from facsinterp.study.contract import Need, Study
from facsinterp.study.parts import FacesPart, NetworkPart, TrainPart
from facsinterp.study.spec import StudySpec


def layer_words(spec: StudySpec) -> str:
    """The layers of a sweep in words."""
    return ", ".join(spec.sweep.layers) if spec.sweep.layers else "every conv layer"


def precision_words(spec: StudySpec) -> str:
    """What numbers of a sweep are less exact than float32, in words; empty if none are."""
    if spec.sweep.precision == "float32":
        return ""
    return (
        "in bfloat16; the 50 strongest images of each filter are those of float32, all else "
        "(galleries of one image a sequence, statistics) rests on bfloat16"
    )


def visual_words(spec: StudySpec) -> str:
    """How pictures of the filters are made, in words."""
    if spec.visual.method == "none":
        return "none are made"
    return f"{spec.visual.method} of each filter's {spec.settings.top_n} strongest faces"


def network_words(network: NetworkPart) -> str:
    """What a network is other than trained on expressions; empty where it is that."""
    labels = network.train.labels if network.train else "expression"
    words = (
        "untrained" if network.untrained else "",
        "trained on expressions shuffled between a person's sequences"
        if labels == "shuffled"
        else "",
        "trained to tell people apart" if labels == "identity" else "",
        "filters mixed at random" if network.rotated else "",
    )
    return ", ".join(filter(None, words))


def _network_step(network: NetworkPart) -> str:
    train, kind = network.train, network_words(network)
    end = f" ({kind})" if kind else ""
    if train is None:
        return f"{network.name} with weights {network.weights}{end}"
    verb = "train" if network.learns else "make"
    return f"{verb} {network.name}{end}{_held_out(train)}"


def _held_out(train: TrainPart) -> str:
    """Who is held out, in words that follow those of the network."""
    dropped = ", without training copies of held-out pictures" if train.copies == "drop" else ""
    if train.hold_out is not None:
        return f"; {train.hold_out:.0%} of the subjects held out{dropped}"
    first = "the first of " if train.first_fold_only else ""
    if train.protocol is None:
        return f" in {first}{train.folds} subject-exclusive folds{dropped}"
    named = f"{train.protocol} ({protocol(train.protocol).title})"
    return f" in {first + 'the folds of ' if first else ''}{named}{dropped}"


def steps(spec: StudySpec) -> Iterator[tuple[str, str]]:
    """(step, what it does) for each step that `run` would take, in order."""
    study = registry.load(spec.study)
    yield "faces", _faces_words(spec.faces)
    for name, part in spec.also.items():
        yield f"also {name}", _faces_words(part)
    yield "network", _network_step(spec.network)
    precise = precision_words(spec)
    yield "activations", f"sweep {layer_words(spec)}" + (f" {precise}" if precise else "")
    if {Need.ASSOCIATIONS, Need.VISUAL} & study.needs or spec.controls is not None:
        yield "associations", _associations_words(spec)
    if Need.VISUAL in study.needs:
        yield "pictures", visual_words(spec)
    if spec.controls is not None:
        seeds, arms = spec.controls.seeds, spec.controls.arms
        yield (
            "controls",
            f"networks, activations and associations of {', '.join(arms)}; "
            f"seeds {', '.join(map(str, seeds))}",
        )
    if study.jobs is not Study.jobs:
        yield "jobs", "what falls apart, such as trainings; each done once, several at a time"
    yield "study", f"{spec.study}: {registry.summary(study)}"
    yield "report", "site/index.html"


def _faces_words(part: FacesPart) -> str:
    prepared = Preparation(**part.preparation)
    return f"read {part.source}; {prepared.size} x {prepared.size} px {prepared.colour}"


def _associations_words(spec: StudySpec) -> str:
    settings = spec.settings
    beyond = "not tested" if settings.beyond == "none" else settings.beyond
    return (
        f"{settings.permutations:,} shuffles {settings.null}, beyond emotion {beyond}; "
        f"{settings.correction} at {settings.alpha:g}"
    )
