"""Switched faces: which unit moves a filter, all else being equal, and is it the associated one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr
from pydantic import Field, field_validator

from facsinterp import (
    Fault,
    Finding,
    InputError,
    Inputs,
    Need,
    Study,
    StudyResult,
    Switched,
    Verdicts,
    causal_profiles,
    cause_agreement,
    compare_causes,
    duplicate_filters,
    switch_units,
)

from . import sections, tables
from .answer import answer

SMALLEST, LARGEST = 24, 256
_CLAIMS = {
    sections.SAME: "Share of filters that their associated unit, switched alone, moves more than "
    "any other unit does",
    sections.STANDING: "Place of the associated unit among all units by what they do to the filter "
    "(1 the first, 0 the last)",
}


@dataclass(frozen=True)
class Compared:
    """What is compared of causes and associations."""

    rows: pd.DataFrame
    """One for each associated filter with a causal number."""
    tests: pd.DataFrame
    """One for each measure and set of filters."""


class SwitchedFaces(Study):
    """Which action unit moves each filter when it alone is switched, and is it the one that the
    filter is associated with?"""

    needs = frozenset({Need.NETWORK, Need.ACTIVATIONS, Need.ASSOCIATIONS})

    people: int = Field(default=40, ge=2, le=999)
    """People drawn for this study; none of them is among the drawn faces of any corpus."""
    contexts: int = Field(default=2, ge=1, le=99)
    """Settings of each: the first a neutral face, the others the expression of an emotion."""
    intensities: tuple[int, ...] = (1, 2, 3, 4, 5)
    """FACS letters, 1 (A) to 5 (E), at which each unit is shown."""
    alpha: float = Field(default=0.05, gt=0, lt=1)
    """Level of the corrected p at which a unit is said to move a filter."""
    measure: Literal["peak", "mean"] = "peak"
    """A filter's answer: the maximum of its map, or the map's mean."""
    flips: int = Field(default=9999, ge=99)
    """Random sign vectors, and shuffles of filters."""
    pixels: int | None = Field(default=None, ge=SMALLEST, le=LARGEST)
    """Side of the drawn pictures before they are prepared; left out, one and a half times
    what the network sees where faces are cropped, else the same."""

    @field_validator("intensities")
    @classmethod
    def _rise(cls, letters: tuple[int, ...]) -> tuple[int, ...]:
        if not letters or list(letters) != sorted({*letters} & {1, 2, 3, 4, 5}):
            raise InputError(
                Fault(
                    "a value that cannot be used",
                    "intensities",
                    expected="some of 1 (A) to 5 (E), rising, each once",
                    got=str(list(letters)),
                    do="such as [1, 2, 3, 4, 5], or [5] for the strongest alone",
                )
            )
        return letters

    def run(self, inputs: Inputs) -> StudyResult:
        """Causal profiles, dose-response curves, and how they agree with associations."""
        corpus = self._corpus(inputs)
        switched = switch_units(
            inputs.network,
            corpus,
            inputs.preparation,
            inputs.scratch,
            layers=[layer.name for layer in inputs.store.layers],
            progress=inputs.progress,
        )
        profiles = causal_profiles(
            switched,
            corpus,
            inputs.store,
            measure=self.measure,
            alpha=self.alpha,
            flips=self.flips,
            seed=inputs.seed,
            progress=inputs.progress,
        )
        compared = self._compared(inputs, profiles)
        foreign = inputs.faces.found.layout != "drawn"
        return StudyResult(
            findings=(*_findings(profiles, compared),),
            tables={
                "profile": tables.profile(profiles),
                "dose": tables.dose(profiles),
                "filters": tables.filters(profiles),
                "units": tables.units(profiles),
                "agreement": compared.rows,
                "agreement-tests": compared.tests,
            },
            sections=(
                sections.agreement(
                    compared.rows,
                    compared.tests,
                    foreign=foreign,
                    colour=inputs.preparation.colour == "rgb",
                ),
                *sections.disagreement(compared.rows.assign(alpha=self.alpha)),
                sections.profiles(profiles),
                sections.doses(profiles),
            ),
            answer=answer(compared.tests, profiles),
        )

    def _corpus(self, inputs: Inputs) -> Switched:
        size = inputs.preparation.size
        finer = size if inputs.preparation.crop == "none" else round(1.5 * size)
        return Switched(
            people=self.people,
            contexts=self.contexts,
            intensities=self.intensities,
            pixels=self.pixels or min(max(finer, SMALLEST), LARGEST),
            seed=inputs.seed,
        )

    def _compared(self, inputs: Inputs, profiles: xr.Dataset) -> Compared:
        """Every filter with a verdict that names a unit, against its causal profile."""
        associations = inputs.associations
        verdicts = Verdicts.of(associations)
        units = associations.data["au"].values
        names = associations.data["filter"].values.astype(str)
        named = np.flatnonzero(verdicts.column >= 0)
        told = {
            str(names[i]): (int(units[verdicts.column[i]]), -1 if verdicts.silenced[i] else 1)
            for i in named
        }
        rows = compare_causes(profiles, told)
        kinds = dict(zip(names.tolist(), verdicts.kind.tolist(), strict=True))
        rows.insert(2, "verdict", rows["filter"].map(kinds).astype(object))
        once = rows[_once(inputs, rows)]
        sets = {sections.ALL: once}
        sets |= {kind: once[once["verdict"] == kind] for kind in sections.VERDICTS}
        tests = [
            cause_agreement(profiles, chosen, count=self.flips, seed=inputs.seed).assign(
                which=which
            )
            for which, chosen in sets.items()
            if len(chosen)
        ]
        return Compared(rows, pd.concat(tests, ignore_index=True) if tests else pd.DataFrame())


def _once(inputs: Inputs, rows: pd.DataFrame) -> pd.Series:
    """The first of each cluster of duplicates among the rows, and filters without a cluster."""
    told = inputs.associations.data.attrs
    found = duplicate_filters(
        inputs.store,
        faces=told["rows"],
        unit="sequence-mean" if told["unit"] == "sequence-mean" else "sequence",
    )
    of = dict(zip(found["filter"].values.tolist(), found["cluster"].values.tolist(), strict=True))
    cluster = rows["filter"].map(of).astype("int64")
    return (cluster < 0) | ~cluster.duplicated()


def _whose(which: str) -> str:
    words = sections.WHOSE[which]
    return words if which == sections.ALL else f"filters that {words}"


def _findings(profiles: xr.Dataset, compared: Compared) -> Iterator[Finding]:
    alive = profiles["scale"].values > 0
    for row in compared.tests.to_dict("records"):
        if row["which"] != sections.ALL and row["measure"] != sections.SAME:
            continue  # the table has them
        yield Finding(
            f"{_CLAIMS[str(row['measure'])]}: {_whose(str(row['which']))} "
            f"(by lot {row['expected']:.2f}; interval for other drawn people)",
            estimate=float(row["mean"]),
            low=float(row["low"]),
            high=float(row["high"]),
            n=int(row["filters"]),
            p=float(row["p"]),
        )
    if len(compared.rows):
        still = ~compared.rows["moved"]
        yield Finding(
            "Share of the associated filters that the associated unit alone is not shown to move "
            "in the direction of the association: they follow something that goes with it, or "
            "the change is too small to tell",
            estimate=float(still.mean()),
            n=len(still),
        )
    yield Finding(
        "Share of the live filters that some unit moves when it alone is switched on, on "
        f"{profiles.attrs['people']} people drawn for this (corrected p at most "
        f"{profiles.attrs['alpha']:g})",
        estimate=float(profiles["moves"].any("au").values[alive].mean()),
        n=int(alive.sum()),
    )
