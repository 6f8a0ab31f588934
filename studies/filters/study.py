"""Which filters answer to which action units: the question of both papers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pydantic import Field

from facsinterp import Associations, Finding, Inputs, Need, Section, Study, StudyResult, facs


class Filters(Study):
    """Which filters answer to which action units, and how many would a rule of thumb accept?"""

    needs = frozenset({Need.ACTIVATIONS, Need.ASSOCIATIONS})

    best: int = Field(default=3, ge=1)
    """Filters listed for each unit."""

    def run(self, inputs: Inputs) -> StudyResult:
        """Counts with their meaning, the units with their filters, and every passing pair."""
        associations = inputs.associations
        units = _units(associations)
        return StudyResult(
            findings=tuple(_findings(associations)),
            tables={
                "units": units,
                "best-filters": _best(associations, self.best),
                "passing-pairs": _passing(associations),
            },
            sections=(_section(associations, units),),
        )


def _findings(associations: Associations) -> Iterator[Finding]:
    data = associations.data
    passing = associations.significant()
    live = int(associations.live.sum())
    answering = int(passing.any("au").sum())
    alpha = float(data.attrs["alpha"])
    yield Finding(
        f"Share of the {live} live filters that answer to at least one action unit "
        f"(corrected p at most {alpha:g})",
        estimate=answering / live if live else None,
        n=live,
    )
    tested = int(data["testable"].sum())
    covered = int(passing.any("filter").sum())
    yield Finding(
        f"Share of the {tested} testable action units that at least one filter answers to",
        estimate=covered / tested if tested else None,
        n=tested,
    )
    rule = associations.papers_rule()
    yield Finding(
        f"Share of live filters that the rule of Breuer and Kimmel (P = 1 over the top "
        f"{data.attrs['top_n']}) would accept, without asking for chance",
        estimate=rule.share if rule.live else None,
        n=rule.live,
    )


def _units(associations: Associations) -> pd.DataFrame:
    """One row a unit: how often it was seen, how many filters pass, the best one."""
    data = associations.data
    passing = associations.significant()
    rows = []
    for unit in data["au"].values.tolist():
        one = data.sel(au=unit)
        auroc = one["auroc"].where(associations.live)
        best = int(auroc.argmax("filter")) if bool(np.isfinite(auroc).any()) else None
        rows.append(
            {
                "unit": facs.describe(unit),
                "status": str(one["status"].item()),
                "present": int(one["n_present"]),
                "coded": int(one["n_coded"]),
                "subjects": int(one["n_subjects"]),
                "filters that pass": int(passing.sel(au=unit).sum()),
                "best filter": None if best is None else str(data["filter"].values[best]),
                "its AUROC": None if best is None else float(auroc[best]),
                "its corrected p": None if best is None else _number(one["q_auroc"][best].item()),
            }
        )
    return pd.DataFrame(rows)


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _best(associations: Associations, count: int) -> pd.DataFrame:
    """The filters of highest AUROC for each testable unit."""
    data = associations.data
    testable = data["au"].values[data["testable"].values].tolist()
    lists = [
        associations.ranked(unit).head(count).assign(unit=facs.label(unit)) for unit in testable
    ]
    return pd.concat(lists, ignore_index=True) if lists else pd.DataFrame({"unit": []})


def _passing(associations: Associations) -> pd.DataFrame:
    """Every pair of filter and unit that passes, strongest first."""
    data = associations.data
    rows, columns = np.nonzero(associations.significant().values)
    names = ("auroc", "precision_at_n", "kl", "kl_null", "p_auroc", "q_auroc")
    table = pd.DataFrame(
        {
            "filter": data["filter"].values[rows].astype(str),
            "unit": [facs.label(int(unit)) for unit in data["au"].values[columns]],
            **{name: data[name].values[rows, columns] for name in names},
        }
    )
    return table.sort_values("auroc", ascending=False, kind="stable", ignore_index=True)


def _section(associations: Associations, units: pd.DataFrame) -> Section:
    attrs = associations.data.attrs
    who = "the network never saw" if attrs["rows"] == "held-out" else "(none held out)"
    return Section(
        title="Action units and the filters that answer to them",
        paragraphs=(
            f"Each unit is compared over {attrs['n_units']} sequences of {attrs['n_subjects']} "
            f"people {who}. A filter passes when its activations rank the "
            f"sequences that show the unit above those that do not more clearly than shuffled "
            f"codes do ({attrs['permutations']:,} shuffles, {attrs['null']}), after correction "
            f"over all live filters and testable units together.",
            "The best of many filters has a high AUROC by luck alone: read the corrected p, "
            "and the number of people, beside it.",
        ),
        table=units,
    )
