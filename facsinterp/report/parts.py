"""What a report is made of: facts, findings, sections, curves, and the data they rest on.

A study returns `Finding` and `Section`; a run gathers them with
its store and associations into one `Report`, which `facsinterp.report.site.write_site`
turns into pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from facsinterp.report import card

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from facsinterp.activations.store import ActivationStore
    from facsinterp.association.table import Associations
    from facsinterp.evidence.visual import VisualEvidence
    from facsinterp.faces.inventory import Inventory


@dataclass(frozen=True)
class Finding:
    """One claim with its number, its interval, how much it rests on, and its p-value.

    A number that is itself a lower bound is `low` as well, and has no `high`.
    """

    claim: str
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    p: float | None = None

    def _repr_html_(self) -> str:
        return card.of_finding(self)


@dataclass(frozen=True)
class Section:
    """One part of a study's answer: paragraphs, then a table, then a figure."""

    title: str
    paragraphs: tuple[str, ...] = ()
    table: pd.DataFrame | None = None
    figure: Mapping[str, Any] | None = None
    """A Plotly figure as JSON gives it: `data` and `layout`."""

    def _repr_html_(self) -> str:
        return card.of_section(self)


@dataclass(frozen=True)
class Fact:
    """One thing to know of a run, such as its network or its accuracy on held-out subjects."""

    name: str
    value: str | float | None
    note: str = ""
    """What the value must be read against, such as chance beside an accuracy."""


@dataclass(frozen=True)
class Curve:
    """How one quantity went over the epochs of training; `values[0]` is the first epoch."""

    name: str
    values: tuple[float, ...]
    quantity: str = ""
    """Curves of one quantity, such as loss, are drawn on common axes."""


@dataclass(frozen=True)
class ControlRun:
    """What a network with which the studied one is compared gave on the same faces."""

    arm: str
    """`untrained`, `shuffled-labels`, ...: a name of `[controls] arms`."""
    words: str
    """The network in words: "the network before training"."""
    seed: int | None
    """Of its weights; None for what has none."""
    same_start: bool
    """Whether its weights began where those of the studied network began, so that a filter of
    one is the same filter of the other after, or without, another training."""
    associations: Associations
    accuracy: float | None = None
    """Share of held-out faces whose expression it names; None where it names none."""


@dataclass(frozen=True)
class Report:
    """Everything that the pages of one run show.

    `store` and `associations` are read, never changed. `associations`, `dead` and `visual` are
    None when the run did not ask for them; the pages then say so. `definition` is TOML text and
    `provenance` the JSON of `facsinterp.provenance.Provenance`.
    """

    title: str
    question: str
    identity: str
    store: ActivationStore
    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    sections: tuple[Section, ...] = ()
    associations: Associations | None = None
    dead: xr.Dataset | None = None
    visual: VisualEvidence | None = None
    curves: tuple[Curve, ...] = ()
    definition: str = ""
    provenance: str = ""
    answer: tuple[str, ...] = ()
    """What the study itself answers, in up to three sentences; empty where the associations
    are the answer."""
    study: str = ""
    """The study's name, `filters`."""
    controls: tuple[ControlRun, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    """The study's own tables by name; the site gives them as files."""
    inventory: Inventory | None = None
    """What the data set holds; None for runs that took none."""
    controls_missing: tuple[str, ...] = ()
    """A sentence for each control of the definition that cannot be shown, with the reason."""
