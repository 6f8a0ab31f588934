"""Calibration: what each rule finds, and how much of it is false, where the truth is known."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pandas as pd
from pydantic import Field, field_validator

from facsinterp import Finding, Inputs, Section, Study, StudyResult

from . import coverage, figure, measure, tables
from .answer import answer
from .coverage import USUAL
from .methods import METHODS
from .scenarios import SCENARIOS
from .uncertainty import of_mean, of_share


class Calibration(Study):
    """What does each rule find on simulated corpora, and how much of it is false?"""

    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    methods: tuple[str, ...] = tuple(METHODS)
    stores: int | None = Field(default=None, ge=2)
    """Stores of each scenario; each scenario's own number when not given."""
    shuffles: int = Field(default=4999, ge=19)
    coverage_stores: int = Field(default=80, ge=0)
    """Stores on which intervals and bounds are held against the truth; 0 leaves it out."""
    workers: int = Field(default=1, ge=1)
    """Processes; what comes out does not depend on it."""

    @field_validator("scenarios")
    @classmethod
    def _known_scenarios(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, tuple(SCENARIOS))

    @field_validator("methods")
    @classmethod
    def _known_methods(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return _known(names, tuple(METHODS))

    def run(self, inputs: Inputs) -> StudyResult:
        """Error rates of every method; faces and network of the run play no part."""
        counts = {name: self.stores or SCENARIOS[name].stores for name in self.scenarios}
        work = measure.jobs(counts, seed=inputs.seed, shuffles=self.shuffles, methods=self.methods)
        with inputs.progress.step("calibration: stores", len(work)) as advance:
            rows = measure.outcomes(work, inputs.scratch, workers=self.workers, advance=advance)
        table = measure.summary(rows)
        covered = self._covered(inputs)
        return StudyResult(
            findings=tuple(_findings(table)),
            tables={"error-rates": table, "stores": rows} | covered,
            sections=tuple(_sections(table, covered)),
            answer=answer(table),
        )

    def _covered(self, inputs: Inputs) -> dict[str, pd.DataFrame]:
        """Coverage of intervals and bounds, in those scenarios that stand for CK+."""
        asked = self.scenarios, self.coverage_stores
        if not coverage.work(*asked):
            return {}
        with inputs.progress.step("calibration: coverage", coverage.work(*asked)) as advance:
            return coverage.covered(
                *asked, seed=inputs.seed, shuffles=self.shuffles, advance=advance
            )


def _known(names: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    strange = [name for name in names if name not in known]
    if strange or not names:
        message = f"unknown: {', '.join(strange) or 'none given'}; known are {', '.join(known)}"
        raise ValueError(message)
    return names


def _findings(table: pd.DataFrame) -> Iterator[Finding]:
    for row in table.to_dict("records"):
        method, scenario = METHODS[row["method"]], SCENARIOS[row["scenario"]]
        if not (method.default or method.name == "unanimous-10"):
            continue
        beyond = " beyond emotion" if method.claim == "beyond-emotion" else ""
        stores = int(row["stores"])
        if scenario.signal:
            estimate = float(row["fdr"])
            claim = f"share of what it accepts{beyond} that is false"
            low, high = of_mean(estimate, float(row["fdr_se"]), stores)
            how = "t over stores" if row["fdr_se"] > 0 else "exact, of stores with any false"
        else:
            estimate = float(row["any"])
            claim = f"share of stores without signal in which it accepts anything{beyond}"
            low, high = of_share(round(estimate * stores), stores)
            how = "Clopper and Pearson over stores"
        told = math.isfinite(low)
        yield Finding(
            f"{method.title}: {claim} ({scenario.name}: {scenario.title}; "
            f"{f'95 % interval: {how}' if told else 'one store, no interval'})",
            estimate=estimate,
            low=low if told else None,
            high=high if told else None,
            n=stores,
        )


def _sections(table: pd.DataFrame, covered: dict[str, pd.DataFrame]) -> Iterator[Section]:
    shown = figure.panels(table)
    yield Section(
        title="The filter carries information about the action unit",
        paragraphs=(
            "False discovery rate in % (standard error) / share of the planted detectors that are "
            "found, in %. The truth is written into the simulated stores; a pair counts as true "
            "also where the filter knows of the unit through the emotion only, which favours "
            "liberal methods. Tests are corrected together over live filters and units seen in at "
            "least five sequences of five subjects (Benjamini and Hochberg, 5 %). Where "
            "nothing can be found: share of stores in which something is, with its exact 95 % "
            "interval.",
        ),
        table=tables.rates(table),
        figure=figure.plotly(table) if shown else None,
    )
    if (table["method"].str.startswith("beyond-")).any():
        yield Section(
            title="The filter carries information beyond the emotion",
            paragraphs=(
                "The same against the narrower truth: only the planted unit of a detector, and "
                "the unit that moves with it beyond emotion, count as true.",
            ),
            table=tables.rates(table, "beyond-emotion"),
            figure=figure.plotly(table, "beyond-emotion")
            if figure.panels(table, "beyond-emotion")
            else None,
        )
    if (table["scenario"] == USUAL).any():
        yield Section(
            title="Sizes and corrections in the corpus like CK+", table=tables.sizes(table, USUAL)
        )
    titles = {
        "interval-coverage": (
            "Do 95 % intervals of AUROC hold the truth?",
            "Intervals as the association step makes them, of the same detectors for new people "
            "in every store; low and high are a t-interval over stores.",
        ),
        "bound-coverage": (
            'Is "at least k filters answer" right?',
            "Share of stores in which no bound at 95 % is above the truth, with its exact interval "
            "(Clopper and Pearson over stores).",
        ),
    }
    for name, rows in covered.items():
        yield Section(title=titles[name][0], paragraphs=(titles[name][1],), table=rows)
