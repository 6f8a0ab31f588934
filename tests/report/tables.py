"""Associations made by hand, with a filter of every kind of verdict, for `runs.store`."""

import numpy as np
import xarray as xr

from facsinterp.association.columns import ASSOCIATIONS, PAIRS, REACHED, WAYS
from facsinterp.association.table import Associations
from facsinterp.labels import FilterId
from tests.report.runs import LAYERS, UNITS

KINDS = (
    "beyond",  # of AU12 and AU4; AU1 passes without
    "emotion",  # of AU4
    "answers",  # of AU1, which was not tested beyond
    "nothing",  # AU4 is the nearest
    "constant",
    "dead",
    "dead",
    "beyond",  # silenced by AU12
    "beyond",  # of AU4, which does not pass the first test
    "emotion",  # silenced by AU12
)
SILENCED = (7, 9)
FILTERS = tuple(
    str(one) for one in FilterId.of_layers([(layer.name, layer.filters) for layer in LAYERS])
)

Rows = dict[int, tuple[float, ...]]

Z: Rows = {0: (6, 4, 3.5, 0), 1: (1, 5, 0, 0), 2: (1, 3.5, 6, 0), 3: (0, 1.5, -1, 0)}
Z |= {7: (-6, 1, 1, 0), 8: (2, 1.2, 0, 0), 9: (-5, 0, 1, 0)}
BEYOND: Rows = {0: (4.2, 3.6), 1: (1, 1.1), 2: (1, 1), 3: (0, 1)}
BEYOND |= {7: (-5, 0), 8: (0, 4), 9: (-1, 0)}


def associations(attrs=None, **variables):
    """The table; `attrs` and `variables` replace some of it, whole or as one value for all."""
    data = _data()
    for name, values in variables.items():
        kept = np.broadcast_to(np.asarray(values), data[name].shape)
        data[name] = (data[name].dims, kept.astype(np.asarray(values).dtype).copy())
    return Associations(data.assign_attrs(attrs or {}))


def _data():
    shape = (len(FILTERS), len(UNITS))
    table = {name: np.full(shape, np.nan) for name in PAIRS}
    table |= {name: np.full(shape, -1) for name in (*REACHED, *WAYS)}
    fill = {"auroc": 0.5, "auroc_low": 0.4, "auroc_high": 0.6, "auroc_within": 0.51, "kl": 0.2}
    fill |= {"precision_at_n": 0.4, "precision_low": 0.4, "precision_high": 0.4, "lift": 1.0}
    for name, value in fill.items():
        table[name][:] = value
    for name in ("kl_null", "kl_null_sd"):
        table[name][:, :3] = {"kl_null": 0.012, "kl_null_sd": 0.004}[name]
    for row, scores in Z.items():
        _test(table, "auroc", "z", row, scores[:3])
    for row, scores in BEYOND.items():
        _test(table, "beyond", "z_beyond", row, scores)
    table["p_precision"][list(Z), :3], table["way_precision"][list(Z), :3] = 0.3, 1
    strong = {"auroc": 0.91, "auroc_low": 0.85, "auroc_high": 0.95, "auroc_within": 0.88}
    for name, value in (strong | {"precision_at_n": 1, "precision_high": 1}).items():
        table[name][0, 0] = value
    live = np.array([kind not in ("dead", "constant") for kind in KINDS])
    by_filter = {
        "dead": np.array([kind == "dead" for kind in KINDS]),
        "constant": np.array([kind == "constant" for kind in KINDS]),
        "named_au": np.where(live, 12, -1),
        "named_auroc_held_out": np.where(live, 0.86, np.nan),
        "named_agreement": np.where(live, 0.9, np.nan),
        "q_filter": np.where(live, 0.01, np.nan),
        "q_filter_beyond": np.where(live, 0.01, np.nan),
    }
    by_unit = _units()
    made = xr.Dataset(
        {
            **{name: (("filter", "au"), values) for name, values in table.items()},
            **{name: ("filter", values) for name, values in by_filter.items()},
            **{name: ("au", np.asarray(values)) for name, values in by_unit.items()},
        },
        coords={
            "filter": list(FILTERS),
            "au": list(UNITS),
            "layer": ("filter", [name.partition("/")[0] for name in FILTERS]),
            "channel": ("filter", [int(name.partition("/")[2]) for name in FILTERS]),
        },
        attrs=_attrs(),
    )
    ASSOCIATIONS.check(made)
    return made


def _test(table, claim, score, row, scores):
    """z as given; what stands out passes. One p of each filter is refined, one exact."""
    for column, z in enumerate(scores):
        table[score][row, column] = z
        passes = abs(z) >= 3.5
        table[f"p_{claim}"][row, column] = 2e-6 if passes else 0.4
        table[f"q_{claim}"][row, column] = 0.003 if passes else 0.7
        table[f"p_{claim}_max"][row, column] = 0.01 if passes else 0.9
        table[f"way_{claim}"][row, column] = 2 if passes else 0
        table[f"reached_{claim}"][row, column] = 0 if passes else 800


def _units():
    return {
        "status": ["tested", "tested", "tested", "too few"],
        "status_beyond": ["tested", "tested", "untestable", "too few"],
        "testable": [True, True, True, False],
        "testable_beyond": [True, True, False, False],
        "best_filter": [FILTERS[0], FILTERS[1], FILTERS[2], ""],
        "best_auroc": [0.91, 0.5, 0.5, np.nan],
        "best_auroc_held_out": [0.87, 0.49, 0.48, np.nan],
        "best_agreement": [1.0, 0.8, 0.7, np.nan],
        "base_rate": [0.4, 0.41, 0.39, 0.01],
        "largest_precision": [1.0, 1.0, 1.0, 0.1],
        "n_present": [35, 36, 34, 1],
        "n_coded": [88] * 4,
        "n_top": [10] * 4,
        "n_subjects": [22] * 4,
        "n_subjects_present": [20, 21, 19, 1],
        "n_informative": [18, 17, 16, 1],
        "attainable_p": [1e-12, 1e-11, 1e-10, 0.25],
        "n_present_beyond": [23, 24, 3, 0],
        "n_coded_beyond": [60] * 4,
        "n_informative_beyond": [2, 2, 1, 0],
        "attainable_p_beyond": [1e-9, 1e-9, 0.01, 1.0],
    }


def _attrs():
    return {
        "alpha": 0.05,
        "sides": "two",
        "rows": "held-out",
        "unit": "sequence",
        "null": "within-subject",
        "beyond": "within-emotion",
        "correction": "bh",
        "permutations": 1999,
        "seed": 0,
        "top_n": 10,
        "atom_bins": 11,
        "bins": 20,
        "pseudo_count": 1.0,
        "min_units": 5,
        "ways": ["shuffles", "exact", "saddlepoint"],
        "interval": 0.95,
        "interval_method": "logit",
        "bootstrap_draws": 2000,
        "exchangeable": "the rows of a subject are exchangeable",
        "exchangeable_beyond": "the rows of an emotion are exchangeable",
        "exact_precision": True,
        "family_size": 21,
        "family_size_beyond": 14,
        "fewest_discoveries": 1,
        "fewest_subjects": 5,
        "fewest_subjects_of_intervals": 20,
        "n_units": 88,
        "n_alike": 0,
        "n_units_beyond": 60,
        "n_emotions": 2,
        "n_subjects": 22,
        "informative_subjects": 22,
        "at_least_auroc": {"conv1": 2, "conv2": 0, "": 3},
        "at_least_beyond": {"conv1": 1, "conv2": 0, "": 2},
    }
