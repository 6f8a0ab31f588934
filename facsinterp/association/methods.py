"""The statistics of a run as a paper would tell them, made from its settings and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from facsinterp.association.family import FAMILY
from facsinterp.association.table import Associations
from facsinterp.stats.nulls import NULLS

_MOVES: Final[Mapping[str, str]] = {
    "within-subject": "whole label vectors were shuffled between the {rows} of the same subject",
    "free": "whole label vectors were shuffled between all {rows}",
    "whole-subject": "the label vectors of whole subjects were exchanged between subjects with "
    "equally many {rows}",
    "time-courses": "whole label time courses were exchanged between takes of the same subject "
    "and equal length",
    "subject-flips": "the score of each subject kept or changed its sign at random (Hemerik, "
    "Goeman & Finos 2020)",
    "within-emotion": "ranks were freed of subject and emotion by least squares, and whole label "
    "vectors were shuffled between the {rows} of the same emotion",
    "within-subject-and-emotion": "whole label vectors were shuffled between the {rows} of the "
    "same subject and emotion",
}
_CORRECTIONS: Final[Mapping[str, str]] = {
    "bh": "the false discovery rate over the family was controlled by the procedure of Benjamini "
    "and Hochberg (1995)",
    "by": "the false discovery rate over the family was controlled by the procedure of Benjamini "
    "and Yekutieli (2001)",
    "hierarchical": "filters were selected by Simes' test with the procedure of Benjamini and "
    "Hochberg over filters, and action units inside the selected filters as Benjamini and "
    "Bogomolov (2014) describe",
}
_UNITS: Final[Mapping[str, str]] = {
    "sequence": "sequences, each by its apex frame",
    "sequence-mean": "sequences, each by the mean over its coded frames",
    "frame": "coded frames",
}


def methods_text(associations: Associations) -> tuple[str, ...]:
    """Paragraphs for the methods section of a paper, in the past tense and without findings."""
    told = associations.data.attrs
    parts = [_observations(told), _effects(told), _null(told), _beyond(told), _family(told)]
    return tuple(" ".join(line for line in part if line) for part in parts)


def _observations(told: Mapping[str, Any]) -> list[str]:
    who = (
        "held-out subjects, on whom the network was not trained"
        if told["rows"] == "held-out"
        else "all subjects, also those on whom the network may have been trained"
    )
    known = f"{told['n_subjects']:,} subjects" if told["n_subjects"] else "subjects not known"
    lines = [
        f"The observations were {told['n_units']:,} {_UNITS[told['unit']]} ({known}; {who})."
        " The response of a filter was the spatial maximum of its activation map after the"
        " nonlinearity."
    ]
    if told["n_alike"]:
        lines.append(
            f"{told['n_alike']:,} images without a sequence that showed the same as another one of "
            "the subject with the same codes were put together with it."
        )
    lines.append(
        "An action unit that was not coded was not taken as absent: each unit was analysed on "
        "the observations coded for it."
    )
    return lines


def _effects(told: Mapping[str, Any]) -> list[str]:
    lines = [
        "The size of an association was the area under the ROC curve (AUROC), between any two "
        "observations and between two of one subject; a filter was named after the unit with the "
        "largest rank sum, in standard deviations of the null distribution, among those that "
        "passed the test in question."
    ]
    if told["n_subjects"] >= told["fewest_subjects_of_intervals"]:
        lines.append(
            f"{100 * told['interval']:.0f} % intervals of the AUROC were made by a bootstrap of "
            f"subjects ({told['interval_method']}, {told['bootstrap_draws']:,} draws)."
        )
    else:
        lines.append("There were too few subjects for an interval.")
    lines.append(
        f"Beside it: precision among the top {told['top_n']} observations with ties shared "
        "(Breuer & Kimmel 2017), and the Kullback-Leibler divergence of the activations with and "
        f"without the unit (Khorrami et al. 2015) over {told['atom_bins']} bins, one for the "
        "filter's minimum and the others of equal counts, shrunk to the pooled histogram."
    )
    return lines


def _null(told: Mapping[str, Any]) -> list[str]:
    moved = _MOVES[told["null"]].format(rows=_rows(told))
    flips = told["null"] == "subject-flips"
    draws = "sign vectors" if flips else "shuffles"
    side = (
        "P-values were one-sided (higher when present)"
        if told["sides"] == "one"
        else "P-values were two-sided, twice the smaller tail"
    )
    refined = (
        ""
        if flips or told["unit"] == "frame" or told["null"] == "whole-subject"
        else "; where b was below 10, the exact distribution of the rank sum for units with fewer "
        "than 20 labels that could move, as far as it could be computed, and else the saddlepoint "
        "approximation (Robinson 1982)"
    )
    return [
        f"For the null distribution {moved} ({told['permutations']:,} {draws}, seed "
        f"{told['seed']}), the same for all pairs. {_valid(told['null'])}",
        f"{side}: (b + 1)/(m + 1) with b of the m {draws} reaching the observed value (Phipson & "
        f"Smyth 2010){refined}.",
        "The p-value of precision was that of the exact conditional distribution, a convolution of "
        "hypergeometric distributions over the strata of the null."
        if told["exact_precision"]
        else "",
    ]


def _valid(null: str) -> str:
    """What must hold for the null, in a sentence of its own."""
    return f"It assumes that {NULLS[null].exchangeable}."


def _rows(told: Mapping[str, Any]) -> str:
    return "frames" if told["unit"] == "frame" else "sequences"


def _beyond(told: Mapping[str, Any]) -> list[str]:
    if told["beyond"] == "none" or not told["n_units_beyond"]:
        return ["Whether a filter knows more of a unit than the emotion was not tested."]
    moved = _MOVES[told["beyond"]].format(rows=_rows(told))
    return [
        f"An emotion implies action units. For the claim that a filter carries information beyond "
        f"the emotion, {moved} ({told['n_units_beyond']:,} observations with a labelled emotion, "
        f"{told['n_emotions']} emotions). {_valid(told['beyond'])}",
        "Its limits: labels that mix emotions let emotion leak through; the intensity of an "
        "expression raises filters and units together; and units that occur together inside an "
        "emotion cannot be told apart by it.",
    ]


def _family(told: Mapping[str, Any]) -> list[str]:
    return [
        f"All {FAMILY.replace(' x ', ' × ')} formed one family a claim "
        f"({told['family_size']:,} tests; beyond emotion {told['family_size_beyond']:,}); "
        f"{_CORRECTIONS[told['correction']]}, at "
        f"{100 * told['alpha']:g} %.",
        f"A unit was testable if at least {told['min_units']} observations showed it and as many "
        f"did not, if it was seen in at least {told['fewest_subjects']} subjects, and if the least "
        f"attainable p-value was at most {told['alpha'] / 100:g}, all of which the labels alone "
        "decide (after Tarone 1990).",
        ""
        if told["null"] == "subject-flips"
        else "Family-wise p-values come from the largest standardised rank sum of each shuffle "
        "(Westfall & Young 1993).",
        "AUROCs of the best of many filters were estimated on subjects other than those that chose "
        "them (halves exchanged and averaged)."
        if told["n_subjects"] >= told["fewest_subjects_of_intervals"]
        else "",
    ]
