"""Every method that is compared: what facsinterp offers, what the papers do, what others do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from .bench import Bench
from .judges import Judged, by, by_filter, drawn, family_wise, tested, turned, unanimous
from .rules import clustered_auroc, mann_whitney
from .scenarios import Scenario

Claim = Literal["marginal", "beyond-emotion"]
Kind = Literal["paper", "images", "sequences", "within", "subjects"]


@dataclass(frozen=True)
class Method:
    """One way to decide which pairs of filter and unit belong together."""

    name: str
    title: str
    kind: Kind
    judge: Callable[[Bench], Judged]
    claim: Claim = "marginal"
    default: bool = False
    people: bool = False
    """Whether it needs people that come back."""
    dynamic: bool = False
    """Whether it is for units that switch inside a take, and only for them."""
    static: bool = True

    def suits(self, scenario: Scenario) -> bool:
        """Whether its stores are of the kind that it is for."""
        if self.people and not scenario.people:
            return False
        return self.dynamic if scenario.dynamic else self.static


_ALL = (
    Method("unanimous-5", "paper: P = 1, N = 5, images", "paper", unanimous(5)),
    Method("unanimous-10", "paper: P = 1, N = 10, images", "paper", unanimous(10)),
    Method(
        "unanimous-10-subjects",
        "P = 1, N = 10, one per subject",
        "paper",
        unanimous(10, per_subject=True),
    ),
    Method(
        "hypergeometric-images",
        "hypergeometric on images",
        "images",
        tested(drawn(per_subject=False)),
    ),
    Method(
        "hypergeometric-subjects",
        "hypergeometric, one per subject",
        "subjects",
        tested(drawn(per_subject=True)),
    ),
    Method(
        "mann-whitney-images",
        "Mann-Whitney on images",
        "images",
        tested(lambda bench: mann_whitney(bench.images.activation, bench.images.labels)),
        dynamic=True,
    ),
    Method(
        "mann-whitney-sequences",
        "Mann-Whitney on sequences",
        "sequences",
        tested(lambda bench: mann_whitney(bench.sequences.activation, bench.sequences.labels)),
    ),
    Method(
        "clustered-z",
        "AUROC, variance over subjects (Obuchowski)",
        "subjects",
        tested(
            lambda bench: clustered_auroc(
                bench.sequences.activation, bench.sequences.labels, bench.sequences.rows.subjects
            )
        ),
    ),
    Method(
        "clustered-z-images",
        "AUROC of images, variance over subjects (Obuchowski)",
        "subjects",
        tested(
            lambda bench: clustered_auroc(
                bench.images.activation, bench.images.labels, bench.images.rows.subjects
            )
        ),
        dynamic=True,
        static=False,
    ),
    Method(
        "free-top-50", "shuffled freely: P@50", "sequences", tested(lambda b: b.tops(50, "free"))
    ),
    Method("free-kl", "shuffled freely: KL", "sequences", tested(lambda b: b.divergence("free"))),
    Method(
        "free-auroc", "shuffled freely: AUROC", "sequences", tested(lambda b: b.ranked("free").p)
    ),
    Method(
        "within-paper",
        "within subject: the paper's P (10 images)",
        "within",
        tested(lambda b: b.paper(b.default)),
    ),
    Method(
        "within-top-10", "within subject: P@10", "within", tested(lambda b: b.tops(10, b.default))
    ),
    Method(
        "within-top-50", "within subject: P@50", "within", tested(lambda b: b.tops(50, b.default))
    ),
    Method("within-kl", "within subject: KL", "within", tested(lambda b: b.divergence(b.default))),
    Method(
        "within-auroc",
        "within subject: AUROC (default)",
        "within",
        tested(lambda b: b.ranked(b.default).p),
        default=True,
    ),
    Method("within-auroc-by", "the same, BY", "within", by),
    Method("within-auroc-hierarchical", "the same, hierarchical", "within", by_filter),
    Method("within-auroc-max-t", "the same, max-T", "within", family_wise),
    Method(
        "whole-top-50",
        "whole subjects swapped: P@50",
        "subjects",
        tested(lambda b: b.tops(50, "whole-subject")),
        people=True,
    ),
    Method(
        "whole-kl",
        "whole subjects swapped: KL",
        "subjects",
        tested(lambda b: b.divergence("whole-subject")),
        people=True,
    ),
    Method(
        "whole-auroc",
        "whole subjects swapped: AUROC",
        "subjects",
        tested(lambda b: b.ranked("whole-subject").p),
        people=True,
    ),
    Method(
        "flips-auroc",
        "subject score flips: AUROC",
        "subjects",
        tested(lambda b: b.flips()),
        people=True,
    ),
    Method(
        "courses-auroc",
        "takes swapped within subject: AUROC",
        "within",
        tested(lambda b: b.courses()),
        dynamic=True,
        static=False,
        default=True,
    ),
    Method(
        "turned-auroc",
        "circular shifts within takes: AUROC",
        "sequences",
        tested(turned),
        dynamic=True,
        static=False,
    ),
    Method(
        "flips-images",
        "subject score flips on images: AUROC",
        "subjects",
        tested(lambda b: b.image_flips(takes=False)),
        dynamic=True,
        static=False,
    ),
    Method(
        "flips-takes",
        "inside takes, take score flips: AUROC",
        "within",
        tested(lambda b: b.image_flips(takes=True)),
        dynamic=True,
        static=False,
    ),
    Method(
        "beyond-unanimous-10",
        "paper: P = 1, N = 10, images",
        "paper",
        unanimous(10),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-mann-whitney-images",
        "Mann-Whitney on images",
        "images",
        tested(lambda bench: mann_whitney(bench.images.activation, bench.images.labels)),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-ignored",
        "within subject: AUROC, emotion ignored",
        "within",
        tested(lambda b: b.ranked(b.default).p),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-within-both",
        "within subject and emotion: AUROC",
        "within",
        tested(lambda b: b.ranked("within-subject-and-emotion").p),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-raw-top-50",
        "within emotion, raw: P@50",
        "sequences",
        tested(lambda b: b.tops(50, "within-emotion")),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-raw-kl",
        "within emotion, raw: KL",
        "sequences",
        tested(lambda b: b.divergence("within-emotion")),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-raw-auroc",
        "within emotion, raw: AUROC",
        "sequences",
        tested(lambda b: b.ranked("within-emotion").p),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-residualised",
        "within emotion, residualised: AUROC",
        "within",
        tested(lambda b: b.residualised),
        claim="beyond-emotion",
        people=True,
    ),
    Method(
        "beyond-deflated",
        "the same, deflated where people differ (default)",
        "within",
        tested(lambda b: b.deflated),
        claim="beyond-emotion",
        people=True,
        default=True,
    ),
    Method(
        "beyond-flips",
        "subject score flips, two-way",
        "subjects",
        tested(lambda b: b.flips(emotions=True)),
        claim="beyond-emotion",
        people=True,
    ),
)
METHODS: Final[Mapping[str, Method]] = {method.name: method for method in _ALL}
