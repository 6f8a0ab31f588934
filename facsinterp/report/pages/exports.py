"""The tables of a run that the site gives as files: what pages show, and what the study kept.

Faces are there by name and codes, never as pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facsinterp.association.columns import PAIRS, WAYS
from facsinterp.facs import UNITS, describe, label
from facsinterp.report.addresses import unit_page
from facsinterp.report.frames import plain
from facsinterp.report.pages.sections import section_ids
from facsinterp.report.pages.tables import Table
from facsinterp.report.reading.claims import reason, reason_beyond
from facsinterp.report.wording import letter
from facsinterp.report.words.verdicts import LEGEND, SHORT

if TYPE_CHECKING:
    from facsinterp.report.reading.survey import Survey

Columns = dict[str, Any]

MOST_RECORDS: Final = 1 << 12
"""Pairs above which they are not given as JSON, in which half of all is names of columns."""
MOST_LINES: Final = (1 << 20) - 1
"""Pairs above which they are not given as CSV: a spreadsheet opens no more lines."""
LARGEST: Final = 50_000
"""Cells of a study's own table above which it stays in the run's folder."""
_PAIR: Final = (
    "auroc",
    "auroc_low",
    "auroc_high",
    "auroc_within",
    "z",
    "p_auroc",
    "q_auroc",
    "p_auroc_max",
    "z_beyond",
    "p_beyond",
    "q_beyond",
    "p_beyond_max",
    "precision_at_n",
    "precision_low",
    "precision_high",
    "p_precision",
    "kl",
    "kl_null",
    "kl_null_sd",
)
_OF_NAMED: Final = ("auroc", "auroc_low", "auroc_high", "z", "q_auroc", "z_beyond", "q_beyond",
                    "precision_at_n", "kl", "kl_null")  # fmt: skip
_FILTER: Final[Mapping[str, str]] = {
    "filter": "layer and channel",
    "page": "its page of the site",
    "verdict": "; ".join(f"{SHORT[kind]}: {text}" for kind, text in LEGEND.items()),
    "unit": "number of the action unit that the verdict names, or of the nearest",
    "silenced": "whether it answers less where that unit is present",
    "auroc_held_out": "AUROC that choosing the unit it follows most gives on other subjects, "
    "whichever unit each half of the subjects chooses",
    "unit_held_out": "number of the unit that all subjects choose so",
    "passes": "action units that pass the test of answering",
    "passes_beyond": "action units that pass the test beyond the emotion",
    "perfect": "whether all its top faces share a unit, the rule P = 1 of Breuer and Kimmel",
    "active_share": "share of all faces that it answers to",
    "dead": "whether it answers to no face at all",
}
_UNIT: Final[Mapping[str, str]] = {
    "unit": "number of the action unit",
    "n_present": "observations that show it",
    "n_coded": "observations coded for it",
    "n_subjects_present": "subjects who show it",
    "n_informative": "strata of the null inside which it varies",
    "n_top": "observations among which precision is taken",
    "base_rate": "share of the coded observations that show it",
    "largest_precision": "largest precision that any filter could have",
    "attainable_p": "least p that any filter could reach",
    "best_auroc": "AUROC of the filter that follows it most",
    "best_auroc_held_out": "AUROC that choosing a filter so gives on other subjects, whichever "
    "filter each half of the subjects chooses",
    "best_agreement": "share of the halves of the subjects that choose that filter",
    "filters": "filters that pass the test of answering to it",
    "filters_beyond": "filters that pass the test beyond the emotion",
    "test": "whether and why it was not tested",
    "test_beyond": "the same of the test beyond the emotion",
}
_FACE: Final[Mapping[str, str]] = {
    "codes": "action units present, with intensity A to E where scored",
    "coded": "whether any action unit was scored",
    "looked_at": "whether associations and strongest faces are taken from it",
    "may_be_shown": "whether the terms allow its picture on a page",
}


def tables(survey: Survey) -> Iterator[Table]:
    """Every table of the site, one at a time: filters, pairs, units, layers, faces, the study."""
    if survey.filters:
        yield Table("filters", "Filters", pd.DataFrame(_filters(survey)), {**_FILTER, **PAIRS})
    if survey.claims.units and survey.filters:
        pairs = _pairs(survey)
        formats = tuple(
            kind
            for kind, most in (("csv", MOST_LINES), ("json", MOST_RECORDS))
            if len(pairs) <= most
        )
        told = {**PAIRS, "unit": _UNIT["unit"], **_WAYS}
        title = "Pairs of a live filter and a tested unit"
        yield Table("pairs", title, pairs, told, digits=3, formats=formats)
        yield Table("units", "Action units", pd.DataFrame(_units(survey)), _UNIT)
    if survey.filters:
        yield Table("layers", "Layers", pd.DataFrame(_layers(survey)), {})
    yield Table("faces", "Faces", pd.DataFrame(_faces(survey)), _FACE)
    yield from of_study(survey)


def of_study(survey: Survey) -> Iterator[Table]:
    """Findings, tables of the sections, then the tables that the study kept."""
    report = survey.report
    if report.findings:
        yield findings(survey)
    yield from (table for table in of_sections(survey) if table is not None)
    for name, frame in report.tables.items():
        if 0 < frame.size <= LARGEST:
            told = {column: text for column, text in PAIRS.items() if column in frame.columns}
            title = f"Kept by the study: {name}"
            yield Table(f"study-{name}", title, plain(frame), told, formats=())


def left_in_the_run(survey: Survey) -> list[tuple[str, int]]:
    """Names and rows of the study's own tables that are too large for the site."""
    kept = survey.report.tables.items()
    return [(name, len(frame)) for name, frame in kept if frame.size > LARGEST]


def findings(survey: Survey) -> Table:
    """The findings of the study, a row each."""
    names = ("claim", "estimate", "low", "high", "n", "p")
    frame = pd.DataFrame(
        {name: [getattr(one, name) for one in survey.report.findings] for name in names}
    ).astype({name: float for name in names[1:] if name != "n"} | {"n": "Int64"})
    return Table("findings", "Findings of the study", frame, {})


def of_sections(survey: Survey) -> Iterator[Table | None]:
    """The table of each section of the study; None for a section without one."""
    sections = survey.report.sections
    for section, name in zip(sections, section_ids(sections), strict=True):
        frame = None if section.table is None else plain(section.table)
        title = f"The study: {section.title}"
        there = frame is not None and len(frame.columns)
        yield Table(f"section-{name}", title, frame, {}) if there else None  # type: ignore[arg-type]


_WAYS: Final[Mapping[str, str]] = {
    "passes": "whether it passes the test of answering",
    "passes_beyond": "whether it passes the test beyond the emotion",
    "way_auroc": "how p_auroc was made",
    "way_precision": "how p_precision was made",
    "way_beyond": "how p_beyond was made",
}


def _filters(survey: Survey) -> Columns:
    claims, activity = survey.claims, survey.activity
    made: Columns = {
        "filter": [str(one) for one in survey.filters],
        "layer": [one.layer for one in survey.filters],
        "channel": [one.channel for one in survey.filters],
        "page": list(survey.addresses),
        "verdict": [SHORT.get(str(kind), "") for kind in survey.kind],
    }
    if claims.units:
        units = np.array(claims.units)
        rows, there = np.arange(len(survey.filters)), claims.named >= 0
        named = pd.array(np.where(there, units[claims.named], 0), dtype="Int64")
        named[~there] = pd.NA
        made |= {"unit": named, "silenced": claims.silenced}
        for name in _OF_NAMED:
            made[name] = np.where(there, claims.pair[name][rows, claims.named], np.nan)
        made |= {
            "auroc_held_out": claims.filter["named_auroc_held_out"],
            "unit_held_out": _numbers(claims.filter["named_au"]),
            "passes": _lists(claims.units, claims.passes),
            "passes_beyond": _lists(claims.units, claims.passes_beyond),
            "perfect": claims.perfect,
        }
    return made | {"active_share": activity.active_share, "dead": activity.dead}


def _numbers(units: NDArray[np.float64]) -> pd.api.extensions.ExtensionArray:
    """Numbers of units; missing where there is none, -1."""
    return pd.array([int(unit) if unit >= 0 else None for unit in units], dtype="Int64")


def _lists(units: tuple[int, ...], passes: NDArray[np.bool_]) -> list[str]:
    return [" ".join(label(units[i]) for i in np.flatnonzero(row)) for row in passes]


def _pairs(survey: Survey) -> pd.DataFrame:
    """One row a live filter and a unit that was tested for one claim or both."""
    claims = survey.claims
    columns = np.flatnonzero(claims.testable | claims.testable_beyond)
    live = np.flatnonzero(~np.isin(claims.kind, ["dead", "constant"]))
    rows, places = np.repeat(live, len(columns)), np.tile(columns, len(live))
    ways = np.array([*claims.settings["ways"], ""])  # -1, no p-value, is the last
    names = np.array([str(one) for one in survey.filters])
    return pd.DataFrame(
        {
            "filter": pd.Categorical.from_codes(rows.tolist(), categories=names.tolist()),
            "unit": np.array(claims.units)[places],
            "passes": claims.passes[rows, places],
            "passes_beyond": claims.passes_beyond[rows, places],
            **{name: claims.pair[name][rows, places].astype(float) for name in _PAIR},
            **{name: pd.Categorical(ways[claims.pair[name][rows, places]]) for name in WAYS},
        }
    )


def _units(survey: Survey) -> Columns:
    claims = survey.claims
    order = np.argsort(claims.units, kind="stable").tolist()
    numbers = [claims.units[i] for i in order]
    known = [UNITS.get(number) for number in numbers]
    return {
        "unit": numbers,
        "name": [describe(number).removeprefix(label(number)).strip() for number in numbers],
        "muscles": [", ".join(one.muscles) if one else "" for one in known],
        "region": [one.region if one else "" for one in known],
        "page": [unit_page(number) for number in numbers],
        "test": [reason(claims.status[i]) or "tested" for i in order],
        "test_beyond": [reason_beyond(claims.status_beyond[i]) or "tested" for i in order],
        "filters": claims.passes.sum(axis=0)[order],
        "filters_beyond": claims.passes_beyond.sum(axis=0)[order],
        "best_filter": [claims.best_filter[i] for i in order],
        **{name: values[order] for name, values in claims.unit.items()},
    }


def _layers(survey: Survey) -> Columns:
    names = survey.layer_names
    inside = [survey.of_layer(name) for name in names]
    fields = [survey.layers.get(name) for name in names]
    made: Columns = {
        "layer": list(names),
        "filters": [int(one.sum()) for one in inside],
        "dead": [int((one & survey.activity.dead).sum()) for one in inside],
        "nearly_dead": [int((one & survey.activity.nearly_dead).sum()) for one in inside],
        "map_rows": [one.rows if one else None for one in fields],
        "map_cols": [one.cols if one else None for one in fields],
    }
    for kind, short in SHORT.items():
        made[f"verdict: {short}"] = [int((one & (survey.kind == kind)).sum()) for one in inside]
    if survey.claims.units:
        for claim, name in (("auroc", "at_least"), ("beyond", "at_least_beyond")):
            bounds = [survey.claims.at_least(claim, layer) for layer in names]
            made[name] = pd.array(bounds, dtype="Int64")
    return made


def _faces(survey: Survey) -> Columns:
    faces = survey.faces
    looked = np.zeros(len(faces), dtype=bool)
    looked[survey.rows] = True
    fields = ("subject", "sequence", "phase", "expression", "split")
    return {
        "image": faces.images.tolist(),
        **{name: pd.Categorical(faces.column(name).tolist()) for name in fields},
        "codes": _codes(survey),
        "coded": np.asarray(faces.data["coded"].values, dtype=bool).any(axis=1),
        "looked_at": looked,
        "may_be_shown": ~survey.hidden,
    }


def _codes(survey: Survey) -> list[str]:
    faces = survey.faces
    present = np.asarray(faces.data["present"].values, dtype=bool)
    intensity = np.asarray(faces.data["intensity"].values, dtype=float)
    units = faces.units
    return [
        " ".join(f"{units[i]}{letter(intensity[row, i])}" for i in np.flatnonzero(shown))
        for row, shown in enumerate(present)
    ]
