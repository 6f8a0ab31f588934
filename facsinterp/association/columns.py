"""The columns of a table of associations: what each number is, in one line, and their schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from facsinterp.labels import AU, FILTER
from facsinterp.schema import Schema, Variable

PAIRS: Final[Mapping[str, str]] = {
    "precision_at_n": "share of the top N observations that show the unit, ties shared (P)",
    "precision_low": "least P that some order of tied observations gives",
    "precision_high": "largest P that some order of tied observations gives",
    "lift": "P over the base rate; names rare units, never to be compared between units",
    "gain": "(P - base rate) / (1 - base rate): 0 at chance, 1 when all of the top N show it",
    "auroc": "chance that an observation with the unit answers more than one without it",
    "auroc_low": "lower bound of its interval over subjects",
    "auroc_high": "upper bound of its interval over subjects",
    "auroc_within": "the same chance between two observations of one subject",
    "rank_correlation": "correlation of midranks with the unit; comparable between units",
    "z": "rank sum less its mean under the null, over its standard deviation; names the unit",
    "point_biserial": "correlation of activations with the unit",
    "auprc_gain": "area under the precision-recall curve less the base rate",
    "kl": "D(present || absent) in nats, shrunk to the pooled histogram; read beside kl_null",
    "kl_null": "mean of kl over the shuffles: what no association gives",
    "kl_null_sd": "standard deviation of kl over the shuffles",
    "kl_equal_width": "D(present || absent) in nats over bins of equal width (the papers' form)",
    "jensen_shannon": "Jensen-Shannon divergence in nats, at most log 2",
    "mutual_information": "of unit and activation, in nats",
    "p_auroc": "p of the rank sum under the null",
    "q_auroc": "p_auroc corrected over the family",
    "q_auroc_by": "p_auroc corrected for any dependence (Benjamini & Yekutieli)",
    "p_auroc_max": "family-wise p of the rank sum by the largest z of each shuffle",
    "p_precision": "exact p of P under the null",
    "q_precision": "p_precision corrected over the family",
    "p_kl": "p of kl under the null; has no direction",
    "q_kl": "p_kl corrected over the family",
    "z_beyond": "z of the rank sum beyond emotion",
    "p_beyond": "p of the rank sum beyond emotion",
    "q_beyond": "p_beyond corrected over its family",
    "q_beyond_by": "p_beyond corrected for any dependence",
    "p_beyond_max": "family-wise p beyond emotion",
}
REACHED: Final = ("reached_auroc", "reached_kl", "reached_beyond")
"""Shuffles, of `permutations`, that reach the observed value; -1 where none were made."""
WAYS: Final = ("way_auroc", "way_precision", "way_beyond")
"""How a p-value was made, as a place in the attribute `ways`; -1 where there is none."""

_COUNTS: Final = (
    "n_present",
    "n_coded",
    "n_top",
    "n_subjects",
    "n_subjects_present",
    "n_informative",
    "n_present_beyond",
    "n_coded_beyond",
    "n_informative_beyond",
)
_OF_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    "integer": _COUNTS,
    "bool": ("testable", "testable_beyond"),
    "text": ("status", "status_beyond", "best_filter"),
    "float": (
        "base_rate",
        "largest_precision",
        "attainable_p",
        "attainable_p_beyond",
        "best_auroc",
        "best_auroc_held_out",
        "best_agreement",
    ),
}
_OF_FILTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "bool": ("dead", "constant"),
    "integer": ("named_au",),
    "float": ("q_filter", "q_filter_beyond", "named_auroc_held_out", "named_agreement"),
}

COORDINATES: Final = ("layer", "channel")

ASSOCIATIONS: Final = Schema(
    "a table of associations",
    {
        FILTER: Variable((FILTER,), "text"),
        AU: Variable((AU,), "integer"),
        "layer": Variable((FILTER,), "text"),
        "channel": Variable((FILTER,), "integer"),
        **{name: Variable((FILTER, AU), "float") for name in PAIRS},
        **{name: Variable((FILTER, AU), "integer") for name in (*REACHED, *WAYS)},
        **{name: Variable((AU,), kind) for kind, names in _OF_UNITS.items() for name in names},
        **{
            name: Variable((FILTER,), kind) for kind, names in _OF_FILTERS.items() for name in names
        },
    },
    unique=(FILTER, AU),
)
