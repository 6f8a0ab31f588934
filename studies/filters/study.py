"""Which filters answer to which action units: the question of both papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from facsinterp import (
    Associations,
    Finding,
    Inputs,
    Need,
    Section,
    Study,
    StudyResult,
    facs,
    matches,
    names,
)

from . import seen, structure

# What a pair carries, in the order in which it is read: size, then both claims.
_PAIR = (
    "precision_at_n",
    "precision_low",
    "precision_high",
    "lift",
    "auroc",
    "auroc_low",
    "auroc_high",
    "auroc_within",
    "rank_correlation",
    "kl",
    "kl_null",
    "kl_null_sd",
    "z",
    "p_auroc",
    "q_auroc",
    "q_auroc_by",
    "p_auroc_max",
    "p_precision",
    "z_beyond",
    "p_beyond",
    "q_beyond",
    "p_beyond_max",
)
_UNIT = (
    "n_coded",
    "n_present",
    "n_subjects",
    "n_subjects_present",
    "n_informative",
    "n_top",
    "base_rate",
    "largest_precision",
    "attainable_p",
    "attainable_p_beyond",
)
# What the units tell of their best filter, beside its AUROC, and how they call it.
_BEST = {
    "auroc_low": "low",
    "auroc_high": "high",
    "q_auroc": "its corrected p",
    "q_beyond": "its corrected p beyond",
}


class Filters(Study):
    """Which filters answer to which action units, and how many would a rule of thumb accept?"""

    needs = frozenset({Need.ACTIVATIONS, Need.ASSOCIATIONS, Need.VISUAL})

    best: int = Field(default=3, ge=1)
    """Filters listed for each unit."""

    def run(self, inputs: Inputs) -> StudyResult:
        """Counts with their meaning, the units with their filters, and every passing pair."""
        store, associations = inputs.store, inputs.associations
        units, alpha = _units(associations), float(associations.data.attrs["alpha"])
        matched = matches(store, associations, bar=structure.COVERED)
        clusters, layers = structure.duplicates_of(store, associations)
        return StudyResult(
            findings=(
                *_findings(associations),
                *structure.findings(associations, clusters, matched),
                *seen.findings(inputs.visual, alpha),
            ),
            tables={
                "units": units,
                "best-filters": _best(associations, self.best),
                "passing-pairs": _passing(associations),
                "matches": matched,
                "names": names(store, associations),
                "duplicates": clusters,
                "layers": layers,
                "placing": inputs.visual.placing,
                "likeness": inputs.visual.likeness,
            },
            sections=(
                _section(associations, units),
                structure.section(matched, layers),
                seen.section(inputs.visual, alpha),
            ),
        )


def _findings(associations: Associations) -> Iterator[Finding]:
    data = associations.data
    live, rule = int(associations.live.sum()), associations.papers_rule()
    yield Finding(
        f"Share of live filters that the rule of Breuer and Kimmel (P = 1 over the top "
        f"{data.attrs['top_n']}) would accept, without asking for chance",
        estimate=rule.share if rule.live else None,
        n=rule.live,
    )
    alpha = float(data.attrs["alpha"])
    beyond = bool(data["testable_beyond"].any())
    claims = (
        (associations.significant(), "answering to at least one action unit"),
        (
            associations.significant(test="beyond"),
            "knowing more of at least one action unit than the emotion tells",
        ),
    )
    for passing, what in claims if beyond else claims[:1]:
        yield Finding(
            f"Share of the {live} live filters that pass the test of {what} (corrected p at most "
            f"{alpha:g}: at most {100 * alpha:g} % of the pairs that pass are expected to be "
            "false)",
            estimate=int(passing.any("au").sum()) / live if live else None,
            n=live,
        )
    yield from _bounds(associations, live, beyond)
    tested = int(data["testable"].sum())
    covered = int(associations.significant().any("filter").sum())
    yield Finding(
        f"Share of the {tested} testable action units for which at least one filter passes",
        estimate=covered / tested if tested else None,
        n=tested,
    )
    yield from _held_out(associations)


def _bounds(associations: Associations, live: int, beyond: bool) -> Iterator[Finding]:
    """The lower bounds over all layers; a null that does not shuffle gives none."""
    attrs = associations.data.attrs
    sure = f"{100 * (1 - float(attrs['alpha'])):g} % confidence"
    asked = (("auroc", "answer to an action unit"), ("beyond", "know one beyond the emotion"))
    for test, what in asked if beyond else asked[:1]:
        bounds = attrs.get(f"at_least_{test}")
        if bounds is not None:
            yield Finding(
                f"Filters that {what}, at least, with {sure} for this bound alone and whichever "
                "layers one looks at; the bound counts filters together and names none",
                estimate=float(bounds[""]),
                low=float(bounds[""]),
                n=live,
            )


def _held_out(associations: Associations) -> Iterator[Finding]:
    """What the best filter of a unit is worth on people who did not choose it."""
    data = associations.data
    held, inside = data["best_auroc_held_out"].values, data["best_auroc"].values
    there = np.isfinite(held)
    if there.any():
        yield Finding(
            "Mean AUROC that choosing the best filter of a unit gives on subjects that did not "
            f"choose it ({inside[there].mean():.2f} for the best filters on all subjects)",
            estimate=float(held[there].mean()),
            n=int(there.sum()),
        )


def _units(associations: Associations) -> pd.DataFrame:
    """One row a unit: how often it was seen, how many filters pass, the best one's numbers."""
    data = associations.data
    passing, beyond = (associations.significant(test=test) for test in ("auroc", "beyond"))
    rows = []
    for unit in data["au"].values.tolist():
        one = data.sel(au=unit)
        best = str(one["best_filter"].item())
        pair = {name: one[name].sel(filter=best).item() if best else np.nan for name in _BEST}
        rows.append(
            {
                "unit": facs.describe(unit),
                "status": str(one["status"].item()),
                "status beyond emotion": str(one["status_beyond"].item()),
                "present": int(one["n_present"]),
                "coded": int(one["n_coded"]),
                "subjects": int(one["n_subjects"]),
                "subjects with it": int(one["n_subjects_present"]),
                "filters that pass": int(passing.sel(au=unit).sum()),
                "beyond the emotion": int(beyond.sel(au=unit).sum()),
                "best filter": best or None,
                "its AUROC": _number(one["best_auroc"].item()),
                **{_BEST[name]: _number(pair[name]) for name in ("auroc_low", "auroc_high")},
                "chosen so, on others": _number(one["best_auroc_held_out"].item()),
                "halves that choose it": _number(one["best_agreement"].item()),
                **{_BEST[name]: _number(pair[name]) for name in ("q_auroc", "q_beyond")},
            }
        )
    return pd.DataFrame(rows)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _best(associations: Associations, count: int) -> pd.DataFrame:
    """The filters of largest z for each testable unit."""
    data = associations.data
    testable = data["au"].values[data["testable"].values].tolist()
    lists = [
        associations.ranked(unit, by="z").head(count).assign(unit=facs.label(unit))
        for unit in testable
    ]
    return pd.concat(lists, ignore_index=True) if lists else pd.DataFrame({"unit": []})


def _passing(associations: Associations) -> pd.DataFrame:
    """Every pair that passes one test or both, those beyond the emotion first, then by z."""
    data = associations.data.transpose("filter", "au")
    beyond = associations.significant(test="beyond").transpose("filter", "au").values
    either = associations.significant().transpose("filter", "au").values | beyond
    rows, columns = np.nonzero(either)
    ways = np.array([*data.attrs["ways"], ""])  # -1, no p-value, is the last
    table = pd.DataFrame(
        {
            "filter": data["filter"].values[rows].astype(str),
            "unit": [facs.label(int(unit)) for unit in data["au"].values[columns]],
            "beyond the emotion": beyond[rows, columns],
            **{name: data[name].values[rows, columns] for name in _PAIR},
            "shuffles": np.full(len(rows), int(data.attrs["permutations"])),
            **{
                f"{what}_{test}": values[rows, columns]
                for test in ("auroc", "beyond")
                for what, values in (
                    ("reached", data[f"reached_{test}"].values),
                    ("way", ways[data[f"way_{test}"].values]),
                )
            },
            **{name: data[name].values[columns] for name in _UNIT},
            "top_of_each": np.full(len(rows), _cap(data.attrs["unit"])),
            "atom_bins": np.full(len(rows), int(data.attrs["atom_bins"])),
            "status": data["status"].values[columns].astype(str),
            "status_beyond": data["status_beyond"].values[columns].astype(str),
        }
    )
    order = ["beyond the emotion", "z"]
    return table.sort_values(order, ascending=False, kind="stable", ignore_index=True)


def _cap(unit: str) -> str:
    """What counts at most once among the top N."""
    return "take" if unit == "frame" else "sequence"


def _section(associations: Associations, units: pd.DataFrame) -> Section:
    attrs = associations.data.attrs
    rows = "frames" if attrs["unit"] == "frame" else "sequences"
    beyond = (
        "This run did not test that."
        if attrs["beyond"] == "none"
        else "Only a filter that passes beyond the emotion is shown to know the unit."
    )
    return Section(
        title="Action units and the filters that answer to them",
        paragraphs=(
            f"Each unit is compared over {attrs['n_units']} {rows} of {_people(attrs)}. A filter "
            f"passes when its activations rank the {rows} that show the unit {_side(attrs)} those "
            f"that do not more clearly than {_chance(attrs)}, after correction over all live "
            "filters and testable units together.",
            f"An emotion implies action units. {beyond}",
            "The best of many filters has a high AUROC by luck alone: low and high are "
            f"{100 * attrs['interval']:g} % bounds of the AUROC on all people and know nothing of "
            "that. “Chosen so, on others” is what such a choice gives on other people, whichever "
            "filter each half of the people chooses; the column beside it says in how many halves "
            "it is the one named here.",
        ),
        table=units,
    )


def _people(attrs: Mapping[str, Any]) -> str:
    known = f"{attrs['n_subjects']} people" if attrs["n_subjects"] else "unknown people"
    return (
        f"{known} {'the network never saw' if attrs['rows'] == 'held-out' else '(none held out)'}"
    )


def _side(attrs: Mapping[str, Any]) -> str:
    return "above or below" if attrs["sides"] == "two" else "above"


def _chance(attrs: Mapping[str, Any]) -> str:
    """What the ranks are held against, in the words of the null."""
    many = f"{attrs['permutations']:,}"
    if attrs["null"] == "subject-flips":
        return f"when the score of each person has a sign at random ({many} sign vectors)"
    return f"shuffled codes do ({many} shuffles, {attrs['null']})"
