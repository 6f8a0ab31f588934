"""A table of associations told in a card for notebooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from facsinterp import facs, notebook
from facsinterp.association.margins import TESTED
from facsinterp.association.verdict import Verdicts
from facsinterp.labels import AU, FILTER

if TYPE_CHECKING:
    from facsinterp.association.table import Associations

STRONGEST: Final = 10
HEAD: Final = ("AUROC", "n", "q", "q beyond")
"""Names of the numbers that `numbers` tells of a pair."""


def html(table: Associations) -> str:
    """What was tested and how, how much passes, and the pairs that stand out most."""
    return notebook.card(
        type(table).__name__,
        notebook.facts(facts(table)),
        *_strongest(table),
        notebook.note(meaning(table)),
    )


def facts(table: Associations) -> list[tuple[str, str]]:
    """(name, text) of what was tested, under which null, and what passes."""
    told, sizes = table.data.attrs, table.data.sizes
    family, beyond = (int(told[name]) for name in ("family_size", "family_size_beyond"))
    testable = int(table.data["testable"].sum())
    kinds = ", ".join(f"{kind} {n:,}" for kind, n in Verdicts.of(table).counts().items() if n)
    asked = told["beyond"] != "none"
    return [
        (
            "tested",
            f"{int(table.live.sum()):,} live of {sizes[FILTER]:,} filters x {testable} of "
            f"{sizes[AU]} action units: {family:,} pairs"
            + (f"; {beyond:,} beyond the emotion" if asked else ""),
        ),
        ("on", f"{_count(told['n_units'])} {_rows(table)} of {_count(told['n_subjects'])} people"),
        (
            "null",
            f"{told['null']}, {int(told['permutations']):,} shuffles; beyond the emotion "
            f"{told['beyond'] if asked else 'not asked'}",
        ),
        ("corrected", f"{told['correction']} over each family, at {float(told['alpha']):g}"),
        ("passes", _passing(table, "auroc")),
        ("beyond emotion", _passing(table, "beyond") if asked else ""),
        ("verdicts", kinds),
    ]


def meaning(table: Associations) -> str:
    """What the numbers of a card mean, in a few sentences."""
    told = table.data.attrs
    return (
        f"AUROC with its {100 * float(told['interval']):g} % interval over people (none below "
        f"{told['fewest_subjects_of_intervals']}); n: with the unit, of all that were coded for "
        f"it; q: corrected p. A pair passes where q is at most {float(told['alpha']):g}: the "
        "filter carries information about the unit. Only where q beyond passes too it is shown "
        "to know more of the unit than the emotion tells. What does not pass is not shown to be "
        "absent."
    )


def numbers(table: Associations, row: int, column: int) -> tuple[str, ...]:
    """The numbers of one pair as texts, named by `HEAD`."""
    data = table.data.isel({FILTER: row, AU: column})
    effect = (notebook.number(float(data[f"auroc{end}"])) for end in ("", "_low", "_high"))
    return (
        notebook.interval(*effect),
        f"{_count(data['n_present'])} of {_count(data['n_coded'])}",
        notebook.probability(float(data["q_auroc"])),
        notebook.probability(float(data["q_beyond"])),
    )


def followed(table: Associations) -> NDArray[np.float64]:
    """(filter, au) how much a pair stands out, by its z; -inf where it was not tested."""
    data = table.data.transpose(FILTER, AU)
    z = data["z"].values
    size = np.abs(z) if data.attrs["sides"] == "two" else z
    return np.where(np.isfinite(data["p_auroc"].values) & np.isfinite(z), size, -np.inf)


def _strongest(table: Associations) -> Iterator[Markup]:
    size = followed(table)
    order = np.argsort(-size, axis=None, kind="stable")[:STRONGEST]
    places = [np.unravel_index(place, size.shape) for place in order]
    pairs = [(int(row), int(column)) for row, column in places if np.isfinite(size[row, column])]
    names, units = table.data[FILTER].values, table.data[AU].values
    if pairs:
        yield notebook.heading("The pairs that stand out most (largest z first)")
        yield notebook.table(
            ("filter", "unit", *HEAD),
            (
                (str(names[row]), facs.describe(int(units[column])), *numbers(table, row, column))
                for row, column in pairs
            ),
            numbers=len(HEAD),
        )
        return
    statuses = table.data["status"].values.astype(str)
    yield notebook.paragraph(
        f"No pair could be tested: {int((statuses == TESTED).sum())} of {len(statuses)} action "
        f"units are in the family, and {int(table.live.sum()):,} filters are live."
    )


def _passing(table: Associations, test: str) -> str:
    passing = table.data[f"q_{test}"].transpose(FILTER, AU).values <= float(
        table.data.attrs["alpha"]
    )
    filters = int(passing.any(axis=1).sum())
    return f"{filters:,} filters, in {int(passing.sum()):,} pairs"


def _rows(table: Associations) -> str:
    told = table.data.attrs
    kinds = {"sequence": "a sequence at its apex", "sequence-mean": "the mean of a sequence"}
    held_out = "held-out " if told["rows"] == "held-out" else ""
    return f"{held_out}observations ({kinds.get(told['unit'], 'a frame')})"


def _count(value: object) -> str:
    return f"{int(value):,}"  # type: ignore[call-overload]  # a number of an attribute or array
