"""The methods of a run as text for a paper, and as the file `methods.txt`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from facsinterp.association.methods import methods_text
from facsinterp.report.pages.citations import Citation
from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import listed, plural


def paper_text(survey: Survey) -> tuple[str, ...]:
    """Paragraphs in the past tense and without findings: data, statistics, pictures, software."""
    associations = survey.report.associations
    statistics = () if associations is None else methods_text(associations)
    more = (_faces(survey), *_pictures(survey), *_controls(survey), _software(survey))
    return (more[0], *statistics, *more[1:])


def _faces(survey: Survey) -> str:
    faces = survey.faces
    subjects = set(faces.column("subject").tolist()) - {""}
    who = f" of {plural(len(subjects), 'subject')}" if subjects else ""
    source = faces.terms.source or faces.found.layout
    where = f" ({source})" if source else ""
    layers = plural(len(survey.layer_names), "convolutional layer")
    return (
        f"{plural(len(faces), 'face').capitalize()}{who}{where}, with codes of the Facial Action "
        "Coding System (Ekman, Friesen & Hager 2002), were shown to the network, and the answers "
        f"of {plural(len(survey.filters), 'filter')} in {layers} were recorded.{_not_shown(survey)}"
    )


def _not_shown(survey: Survey) -> str:
    """That some faces are in no picture, where the terms of the data ask it."""
    n = int(survey.hidden.sum())
    if not n:
        return ""
    which = "None of them" if n == len(survey.faces) else f"Of {plural(n, 'face')} none"
    return f" {which} is shown, as the terms of the data ask."


def _pictures(survey: Survey) -> Iterator[str]:
    visual = survey.report.visual
    if visual is None:
        return
    names = {
        "guided-backprop": "guided backpropagation (Springenberg et al. 2015)",
        "deconvnet": "the deconvnet rule (Zeiler & Fergus 2014)",
        "gradient": "the gradient (Simonyan et al. 2014)",
        "integrated-gradients": "integrated gradients (Sundararajan et al. 2017)",
    }
    lines = []
    if visual.attributions is not None:
        method = names[visual.attributions.method]
        lines.append(
            f"What moved a filter in its strongest faces was attributed to pixels by {method}, "
            "computed with Captum (Kokhlikyan et al. 2020)."
        )
    if len(visual.likeness):
        lines.append(
            "The pictures were compared with those that random filters of networks with random "
            "weights draw at the same places of the same faces, by rank correlation and SSIM "
            "(after Adebayo et al. 2018), and called the same from a correlation of 0.5 on."
        )
    if len(visual.placing):
        lines.append(
            "Whether a filter looks at the place of its unit was tested against evenly spread "
            "attribution (signs of people turned), against filters of the layer without a unit "
            "of that area, and between faces of the same people with and without the unit."
        )
    if lines:
        yield " ".join(lines)


def _controls(survey: Survey) -> Iterator[str]:
    arms = list(dict.fromkeys(one.run.words for one in survey.controls))
    if arms:
        yield f"The same analysis was made, on the same faces, of {listed(arms)}."


def _software(survey: Survey) -> str:
    found = _record(survey).get("versions")
    versions = found if isinstance(found, dict) else {}
    names = [
        f"{name} {number}" for name, number in sorted(versions.items()) if name != "facsinterp"
    ]
    itself = f"facsinterp {versions['facsinterp']}" if "facsinterp" in versions else "facsinterp"
    rest = f", on {listed(names)}" if names else ""
    identity = survey.report.identity
    run = f" The definition of the run has the identity {identity}." if identity else ""
    return f"All was computed by {itself}{rest}.{run}"


def _record(survey: Survey) -> dict[str, Any]:
    try:
        found = json.loads(survey.report.provenance or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def methods_file(
    survey: Survey, settings: Sequence[tuple[str, str]], works: Sequence[Citation]
) -> str:
    """`methods.txt`: the text, the settings, the versions, the works, and the definition."""
    parts = ["Methods", *map(_wrapped, paper_text(survey))]
    if settings:
        width = max(len(name) for name, _ in settings)
        lines = "\n".join(f"{name:<{width}}  {text}" for name, text in settings)
        parts += ["Settings of the associations", lines]
    versions = _record(survey).get("versions")
    if isinstance(versions, dict) and versions:
        lines = "\n".join(f"{name} {number}" for name, number in sorted(versions.items()))
        parts += ["Versions", lines]
    parts += ["References", "\n".join(_wrapped(reference(one), "  ") for one in works)]
    if survey.report.definition.strip():
        parts += ["The definition of the run", survey.report.definition.strip()]
    return "\n\n".join(parts) + "\n"


def reference(work: Citation) -> str:
    """A work in one line: authors, title, where and when."""
    year = f", {work.year}" if work.year else ""
    return f"{work.names}. {work.title}. {work.place}{year}. [{work.key}]"


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 92, subsequent_indent=indent, break_long_words=False)
