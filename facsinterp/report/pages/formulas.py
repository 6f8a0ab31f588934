"""Every formula of a run written out: what it is, the formula, in words, and where it is from.

Only what the run used is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup, escape

from facsinterp.report.reading.survey import Survey
from facsinterp.report.wording import count, exact

Told = Mapping[str, Any]

_PICTURES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "guided-backprop": (
        "The gradient of the answer is carried back to the pixels; at each rectifier only what "
        "is positive on the way back passes, and only where the rectifier was open on the way "
        "there (guided backpropagation).",
        ("springenberg2015",),
    ),
    "deconvnet": (
        "The gradient of the answer is carried back to the pixels; at each rectifier what is "
        "positive on the way back passes, whether or not the rectifier was open (deconvnet).",
        ("zeiler2014",),
    ),
    "gradient": ("The gradient of the answer with respect to the pixels.", ("simonyan2014",)),
    "integrated-gradients": (
        "Gradients are averaged along the straight way from a baseline picture to the face, and "
        "multiplied by the difference of the two.",
        ("sundararajan2017",),
    ),
}


@dataclass(frozen=True)
class Formula:
    """One number of the pages: its name, the formula where there is one, and words."""

    id: str
    title: str
    formula: Markup
    words: str
    cites: tuple[str, ...] = ()


def formulas(survey: Survey) -> tuple[Formula, ...]:
    """Those that this run used, in the order in which pages show their numbers."""
    told = survey.claims.settings
    made = [_answer()]
    if survey.claims.units:
        made += [*_effects(told), *_tests(told), *_people(told), *_papers(told)]
    made += [*_faces(survey), *_pictures(survey), *_structure(survey)]
    return tuple(made)


def _math(text: str) -> Markup:
    """A formula in HTML: `_{...}` and `^{...}` are set low and high, letters slanted."""
    shown = str(escape(text))
    shown = re.sub(r"(?<![A-Za-z&;#])([A-Za-zσΦ])(?![A-Za-z;])", r"<i>\1</i>", shown)
    shown = re.sub(r"_\{([^}]*)\}", r"<sub>\1</sub>", shown)
    return Markup(re.sub(r"\^\{([^}]*)\}", r"<sup>\1</sup>", shown))


def _made(key: str, title: str, formula: str, words: str, *cites: str) -> Formula:
    return Formula(key, title, _math(formula), words, cites)


def _answer() -> Formula:
    return _made(
        "answer", "The answer of a filter to a face", "a_{j}(x) = max_{r, c} f_{j}(x)_{r, c}",
        "The spatial maximum of the filter's activation map f after the nonlinearity. A filter "
        "that gives 0 to every face is dead.",
        "breuer2017",
    )  # fmt: skip


def _effects(told: Told) -> Iterator[Formula]:
    yield _made(
        "ranks", "Midranks", "R_{i} = 1 + #{k : a_{k} < a_{i}} + ½ #{k ≠ i : a_{k} = a_{i}}",
        "Ranks of the observations by the filter's answer; those that tie share the mean of "
        "their places, so that many zeros favour nothing.",
    )  # fmt: skip
    yield _made(
        "auroc", "AUROC",
        "A(j, u) = (S − n_{1}(n_{1} + 1) / 2) / (n_{1} n_{0}),   S = Σ R_{i} over the n_{1} "
        "observations with u",
        "The chance that one of the n₁ observations with the unit answers more than one of the "
        "n₀ without it, ties counted half: 0.5 says nothing, 1 parts them wholly. Within: the "
        "same between two observations of one subject, over all such pairs.",
        "hanley1982",
    )  # fmt: skip
    if told["n_subjects"] >= told["fewest_subjects_of_intervals"]:
        yield _interval(told)


def _interval(told: Told) -> Formula:
    draws, level = count(told["bootstrap_draws"]), exact(100 * told["interval"])
    if told["interval_method"] == "logit":
        return _made(
            "interval", "Interval of the AUROC",
            "logit(A) ± t_{k − 1} · sd(logit(A*)),   logit(A) = log(A / (1 − A))",
            f"A {level} % interval for other people: subjects are drawn with replacement "
            f"({draws} draws A*), each with all observations; half a pair is added to either "
            "side, and k is the number of subjects with, or without, the unit, whichever is "
            "less. It knows nothing of the choice of the best of many filters.",
            "efron1979",
        )  # fmt: skip
    return _made(
        "interval", "Interval of the AUROC", "",
        f"A {level} % interval by a bootstrap of subjects ({draws} draws, "
        f"{told['interval_method']}).",
        "efron1979", *(("efron1987",) if told["interval_method"] == "bca" else ()),
    )  # fmt: skip


def _tests(told: Told) -> Iterator[Formula]:
    yield _made(
        "z", "z", "z(j, u) = (S − E_{0} S) / sd_{0} S",
        "The rank sum in standard deviations of its null distribution, which makes common and "
        "rare units comparable. A filter is named after the unit of largest z among those that "
        "pass.",
    )  # fmt: skip
    refined = (
        ""
        if told["null"] in ("subject-flips", "whole-subject") or told["unit"] == "frame"
        else " Where b is below 10 the p-value is refined: from the exact distribution of S for "
        "units with fewer than 20 labels that can move, else by the saddlepoint approximation."
    )
    two = " Two-sided: twice the smaller tail." if told["sides"] == "two" else ""
    flips = told["null"] == "subject-flips"
    yield _made(
        "p", "p", "p = (b + 1) / (m + 1)",
        f"Of m = {count(told['permutations'])} {'sign vectors' if flips else 'shuffles'} b reach "
        f"the observed sum, the same for all filters and units.{two}{refined} The least p that "
        "any filter could reach for a unit is known from its codes alone; a unit whose least p "
        "is too large is left out before any filter is looked at.",
        "phipson2010", "winkler2014", "tarone1990", *(("robinson1982",) if refined else ()),
        *(("hemerik2020",) if flips else ()),
    )  # fmt: skip
    yield _correction(told)
    if not flips:
        yield _made(
            "max", "Family-wise p", "p = (1 + #{shuffles : max z ≥ z(j, u)}) / (m + 1)",
            "Against the largest z of all live filters and tested units in each shuffle: what "
            "passes it is, with the confidence of the level, free of any false claim.",
            "westfall1993",
        )  # fmt: skip
    if "at_least_auroc" in told or "at_least_beyond" in told:
        yield _made(
            "least", "At least so many filters", "",
            "From the largest z of each filter in every shuffle: reference sets of filters with "
            "p < λk, with the largest λ for which at most a share alpha of the arrangements has "
            "k or more filters in the k-th set for some k. The bounds of one claim hold for all "
            "layers together.",
            "blanchard2020", "hemerik2019",
        )  # fmt: skip


def _correction(told: Told) -> Formula:
    made = {
        "bh": (
            "q_{(i)} = min over l ≥ i of M p_{(l)} / l",
            "Benjamini and Hochberg: of all pairs with q ≤ {alpha}, at most {percent} % are "
            "expected to be false.",
            "benjamini1995",
        ),
        "by": (
            "q_{(i)} = min over l ≥ i of M (1 + ½ + … + 1/M) p_{(l)} / l",
            "Benjamini and Yekutieli, for any dependence: of all pairs with q ≤ {alpha}, at most "
            "{percent} % are expected to be false.",
            "benjamini2001",
        ),
        "hierarchical": (
            "",
            "Filters are selected first, by Simes' test of all their units and Benjamini and "
            "Hochberg over filters, then units inside the selected filters.",
            "benjamini2014",
        ),
    }
    formula, words, cite = made[told["correction"]]
    filled = words.format(alpha=exact(told["alpha"]), percent=exact(100 * told["alpha"]))
    family = (
        f" M counts all live filters and tested units: {count(told['family_size'])} tests, and "
        f"{count(told['family_size_beyond'])} beyond the emotion; each claim is its own family."
    )
    more = ("benjamini1995",) if cite == "benjamini2014" else ()
    return _made("q", "Corrected p", formula, filled + family, cite, *more)


def _people(told: Told) -> Iterator[Formula]:
    if told["beyond"] == "within-emotion" and told["n_units_beyond"]:
        yield _made(
            "beyond", "Beyond the emotion", "z′ = z · min(1, sd_{shuffles} / sd_{people})",
            "Midranks, freed of subject and emotion by least squares, are summed over the "
            "observations with the unit, and label vectors shuffled inside each emotion. Where "
            "the sum scatters more over people than over shuffles, z and p are taken nearer to "
            "chance by that ratio, never further.",
            "diciccio2017", "hemerik2020",
        )  # fmt: skip
    if told["n_subjects"] >= told["fewest_subjects_of_intervals"]:
        yield _made(
            "held-out", "Held-out AUROC", "",
            "Subjects are halved; the best filter of a unit, or unit of a filter, is chosen on "
            "one half and its AUROC taken from the other, both ways, averaged over splits. It "
            "is what the choice is worth on other people.",
        )  # fmt: skip


def _papers(told: Told) -> Iterator[Formula]:
    yield _made(
        "precision", "Precision in the top N",
        "P(j, u) = (1 / N) Σ w_{i} y_{iu},   w_{i} = 1 above the last place, (N − n_{above}) / "
        "n_{tied} at it, 0 below",
        f"Of Breuer and Kimmel, N = {told['top_n']}: the share of the strongest faces, one a "
        "sequence, that show the unit (y = 1). Faces that tie at the last place share it, and "
        "the page tells what any order of them could give. Gain: (P − base rate) / (1 − base "
        "rate)." + (" Its p is exact: P is a sum over a convolution of hypergeometric "
        "distributions." if told["exact_precision"] else ""),
        "breuer2017", "mcsherry2008",
    )  # fmt: skip
    bins = told["atom_bins"]
    yield _made(
        "kl", "Kullback-Leibler divergence",
        "KL(j, u) = Σ_{b} g_{b} log(g_{b} / h_{b}),   g_{b} = (c_{b} + k π_{b}) / (n_{1} + k)",
        f"In nats, between the histograms with (g, counts c) and without the unit (h, likewise) "
        f"over the same {bins} bins: one for the filter's minimum, the others of equal counts, "
        f"edges from all observations. Both are shrunk to the pooled histogram π with k = "
        f"{exact(bins / 2)}. By chance alone it is above 0, about (bins − 1)/2 · (1/n₁ + 1/n₀): "
        "read it beside its mean over the shuffles, and never between units.",
        "khorrami2015", "kullback1951",
    )  # fmt: skip
    yield _made(
        "kl-equal", "The same over bins of equal width",
        "g_{b} = (c_{b} + s) / (n_{1} + s B)",
        f"The form of the papers, in the files only: B = {told['bins']} bins of equal width "
        f"over the filter's range, shared by both sides, and a pseudo-count s = "
        f"{exact(told['pseudo_count'])} in each.",
        "khorrami2015",
    )  # fmt: skip


def _faces(survey: Survey) -> Iterator[Formula]:
    yield _made(
        "examples", "Faces below the strongest", "",
        "The range of a filter's answers above 0 is cut into four parts of equally many faces; "
        "four faces from the middle of each, one a sequence, show what the filter does when it "
        "does not shout.",
    )  # fmt: skip
    yield _made(
        "alike", "Filters that go together", "ρ(j, l) = corr(R_{j}, R_{l})",
        "Spearman's correlation of two filters' answers over the faces looked at.",
        "spearman1904",
    )  # fmt: skip
    if not survey.claims.units:
        return
    if survey.claims.answering.any():
        yield _made(
            "votes", "Votes of a face", "V_{u}(x) = Σ (2 A(j, u) − 1) c_{j}(x) / Σ (2 A(j, u) − 1)",
            "Over the filters that pass for the unit with an AUROC above 0.5: the mean "
            "percentile c of the face among all faces. No probability; a face that chose the "
            "filters votes on itself, and its page says so.",
        )  # fmt: skip
    if _scored(survey):
        yield _made(
            "doses", "Answer by intensity", "",
            "Peaks, standardised, averaged inside each person and then over people at each "
            "intensity, absent and A to E, with 95 % intervals over people. The trend is the "
            "mean over people of Spearman's correlation of level and peak, its p by turning the "
            "signs of people: over all levels, and over the letters alone, for which absent "
            "faces play no part.",
            "spearman1904", "hemerik2020",
        )  # fmt: skip


def _scored(survey: Survey) -> bool:
    """Whether any face looked at has a letter of intensity."""
    known = survey.faces.data["intensity"].notnull().values[survey.rows]
    return bool(known.any())


def _pictures(survey: Survey) -> Iterator[Formula]:
    visual = survey.report.visual
    if visual is None:
        return
    made = visual.attributions
    if made is not None:
        words, cites = _PICTURES[made.method]
        yield _made(
            "pictures", "What moved the filter", "",
            f"{words} Asked of the maximum of the map, at its place, for the strongest faces; "
            "cut to what the place can see.",
            *cites, "kokhlikyan2020",
        )  # fmt: skip
        if made.on_mean_face:
            yield _made(
                "mean-face", "Where it looks: the mean face", "",
                "Landmarks of all faces are averaged; each strong face is warped so that its own "
                "come to lie there, and what moved the filter is averaged, as are its peaks, "
                "each a spot of 4 % of the face's height.",
            )  # fmt: skip
    if len(visual.placing):
        yield from _places()
    if len(visual.together):
        yield _made(
            "together", "Do names fit places?", "",
            "The mean share inside the regions of the filters' own units, against that when the "
            "units change names among the filters; also in regions that stand still, and the "
            "larger p counts.",
        )  # fmt: skip
    if len(visual.likeness):
        yield _made(
            "likeness", "Would an untrained network draw the same?",
            "ρ = corr(ranks of the picture, ranks of the random picture)",
            "The weights up to the layer are drawn anew; a random filter that answers at the "
            "same place of the same face draws its picture, and the two are compared inside "
            "what the place can see, by Spearman's correlation with and without signs and by "
            "SSIM. From 0.5 on, with signs or without, they are called the same; the line is "
            "drawn by choice.",
            "adebayo2018", "wang2004",
        )  # fmt: skip


def _places() -> Iterator[Formula]:
    yield _made(
        "region", "Share inside the region of a unit",
        "s = Σ_{region} |m| / Σ |m|",
        "Of a picture m (or of peaks), the part inside the region where the unit shows on that "
        "face. Above chance: against the region's share of all that the layer can see, signs of "
        "people turned; corrected over all pairs asked.",
        "benjamini1995", "bau2017",
    )  # fmt: skip
    yield _made(
        "assignment", "Whose place it is", "p = (1 + #{others : s_{l} ≥ s_{j}}) / (1 + #others)",
        "Against the filters of the layer that have no unit of this area, as if the unit had "
        "been given to a filter at random.",
        "bates2023",
    )  # fmt: skip
    yield _made(
        "presence", "Only with the unit", "d = mean over people of (s_{with} − s_{without})",
        "Peaks inside the region on faces with and without the unit of the same person; "
        "presence is shuffled among the faces of a person.",
    )  # fmt: skip


def _structure(survey: Survey) -> Iterator[Formula]:
    yield _made(
        "duplicates", "Duplicates and how many filters there really are",
        "participation = (Σ l)^{2} / Σ l^{2},   Li and Ji: Σ ([l ≥ 1] + l − floor(l))",
        "Answers less the mean of their subject are ranked; complete linkage joins filters of "
        "which any two correlate by 0.95 or more, in either direction. l are the eigenvalues of "
        "the correlations of a layer's filters. Few observations make filters look redundant.",
        "li2005", "spearman1904",
    )  # fmt: skip
    if survey.controls:
        arms = "; ".join(
            dict.fromkeys(f"{one.run.arm}: {one.run.words}" for one in survey.controls)
        )
        yield _made(
            "controls", "Controls", "",
            f"The same numbers, on the same faces, of networks to compare with ({arms}). Filter "
            "by filter only where the weights began alike; otherwise counts alone compare.",
        )  # fmt: skip
