"""The study's tables, from what was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .measure import CLAIMS, OTHER_PEOPLE, OTHER_SEED, Measured, found_in, likenesses
from .recurrence import share_of

_QUANTILES = {"a quarter below": 0.25, "median": 0.5, "a quarter above": 0.75}


def likeness_table(found: Measured) -> pd.DataFrame:
    """One row a kind of pair: how alike matched filters are."""
    rows = []
    for kind, values, pairs in likenesses(found):
        row: dict[str, object] = {"networks": kind, "pairs": pairs, "matched filters": len(values)}
        for name, share in _QUANTILES.items():
            row[name] = float(np.quantile(values, share)) if len(values) else np.nan
        row["above 0.5"] = float((values > 0.5).mean()) if len(values) else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def recurrence_table(found: Measured) -> pd.DataFrame:
    """One row a claim and kind of pair: the share of findings that recur, and by chance.

    Pairs that could test no unit both are not counted.
    """
    rows, folds = [], [one.fold for one in found.networks]
    for claim, words in CLAIMS.items():
        for kind in (OTHER_SEED, OTHER_PEOPLE):
            pairs = [p for p in found.pairs if p.kind == kind and claim in p.recurring]
            if not pairs:
                continue
            share = share_of(((p.first, p.second, p.recurring[claim]) for p in pairs), folds)
            row: dict[str, object] = {"a filter": words, "networks": kind, "pairs": len(pairs) // 2}
            row["findings"] = 0 if share is None else share.findings
            for name in ("share", "low", "high", "by_chance"):
                value = np.nan if share is None else getattr(share, name)
                row[name.replace("_", " ")] = value
            row["interval"] = "no finding" if share is None else share.interval
            rows.append(row)
    return pd.DataFrame(rows).rename(columns={"share": "recurring"})


def units_table(found: Measured) -> pd.DataFrame:
    """One row a unit and claim: networks that found it, filters, and how often findings recur."""
    tables = []
    for claim, words in CLAIMS.items():
        known = [p.recurring[claim] for p in found.pairs if claim in p.recurring]
        if not known:
            continue
        table = found_in(found, claim)
        findings, recurring, chance = (
            np.sum([getattr(one, name) for one in known], axis=0)
            for name in ("findings", "recurring", "by_chance")
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            table["recurring"], table["by chance"] = recurring / findings, chance / findings
        table.insert(1, "a filter", words)
        tables.append(table[table["could test"] > 0])
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
