"""The page of each face that stands for a filter or a unit, its thumbnail, and the list of all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from facsinterp.activations.keeping.layout import CLASS
from facsinterp.facs import Code, describe, format_codes, label
from facsinterp.report.addresses import face_page, face_picture, layer_name, unit_page
from facsinterp.report.pages.numbers import script
from facsinterp.report.pages.page import File, Made, Page
from facsinterp.report.reading.cards import pictures
from facsinterp.report.reading.survey import Survey
from facsinterp.report.reading.votes import Standings, Vote, Votes
from facsinterp.report.wording import known, number

LIST: Final = "faces.html"
_NAMING: Final = ("beyond", "answers", "emotion")  # kinds of verdict that name a unit
_CODED: Final = {"present": "+", "not coded": "?", "absent": ""}
Fires = tuple[str, str, float, str, str]
"""Name, page and percentile of a filter, the unit of its verdict and the kind of that."""


def pages(survey: Survey, part: slice) -> Iterator[Made]:
    """Of the faces at these places of `survey.pictured`; the first part has the list too."""
    makers = FacePages.of(survey)
    yield from makers.made(part)
    if part.start == 0:
        yield makers.listed()


@dataclass(frozen=True)
class Coded:
    """One unit that was coded as present."""

    text: str
    """With intensity and side, as FACS writes it: L12C."""
    title: str
    page: str
    """Empty where the unit has none."""


@dataclass(frozen=True)
class FacePages:
    """Makes the pages of faces; holds what they share. Final."""

    survey: Survey
    votes: Votes
    hidden: NDArray[np.bool_]

    @classmethod
    def of(cls, survey: Survey) -> Self:
        """With the voters of the run."""
        return cls(survey, Votes.of(survey), survey.hidden)

    def made(self, part: slice) -> Iterator[Made]:
        """Pages of one part, and the thumbnails of those that may be shown."""
        survey = self.survey
        positions = survey.pictured[part]
        standings = Standings.of(survey.report.store, positions)
        for row, position in enumerate(positions.tolist()):
            content = self._content(position, part.start + row)
            content["fires"] = self._fires(standings, row)
            content["votes"] = votes = self.votes.of_face(standings, row, position)
            content["seen"] = _seen(votes)
            told = content["fires"] or votes
            content["data"] = self._script(content["fires"], votes) if told else None
            yield Page(face_page(survey.face_names[position]), "face.html", content)
        if survey.thumbnail is not None:
            shown = positions[~self.hidden[positions]].tolist()
            for address, content_of in pictures(survey.report.store, survey.face_names, shown):
                yield File(address, content_of)

    def listed(self) -> Page:
        """All faces that have a page."""
        survey = self.survey
        faces = [self._entry(position) for position in survey.pictured.tolist()]
        units = sorted({number for face in faces for number in face["units"]})
        found = {
            "faces": faces,
            "units": [(number, describe(number)) for number in units],
            "expressions": sorted({face["expression"] for face in faces} - {""}),
            "subjects": sorted({face["subject"] for face in faces} - {""}),
            "kept_back": sum(not face["picture"] for face in faces) if survey.thumbnail else 0,
            "all_faces": len(survey.faces),
            "shape": survey.thumbnail,
        }
        return Page(LIST, "faces.html", found)

    def _entry(self, position: int) -> dict[str, Any]:
        present = np.flatnonzero(self._present[position]).tolist()
        return {
            "image": self._column["image"][position],
            "page": face_page(self.survey.face_names[position]),
            "picture": self._picture(position),
            "units": [self.survey.faces.units[column] for column in present],
            "expression": self._column["expression"][position],
            "subject": self._column["subject"][position],
        }

    def _content(self, position: int, place: int) -> dict[str, Any]:
        survey, column = self.survey, self._column
        return {
            **{name: values[position] for name, values in column.items()},
            "picture": self._picture(position),
            "hidden": bool(self.hidden[position]),
            "shape": survey.thumbnail,
            "codes": list(self._codes(position)),
            "coded": bool(self._any_coded[position]),
            "predicted": self._predicted(position),
            "others": self._others(position),
            "previous": self._page_at(place - 1),
            "next": self._page_at(place + 1),
        }

    def _picture(self, position: int) -> str:
        if self.hidden[position] or self.survey.thumbnail is None:
            return ""
        return face_picture(self.survey.face_names[position])

    def _codes(self, position: int) -> Iterator[Coded]:
        data, units = self.survey.faces.data, self.survey.faces.units
        for column in np.flatnonzero(self._present[position]).tolist():
            strength = float(data["intensity"].values[position, column])
            side = str(data["side"].values[position, column]) if "side" in data else ""
            grade = min(5, max(1, round(strength))) if known(strength) else None
            code = Code(units[column], intensity=grade, side=side)
            page = unit_page(units[column]) if units[column] in self.survey.claims.units else ""
            yield Coded(format_codes([code]), describe(units[column]), page)

    def _predicted(self, position: int) -> tuple[str, float] | None:
        """The class that the network holds most likely, and how likely."""
        if self._probability is None:
            return None
        row = self._probability[position]
        if not np.isfinite(row).all():
            return None
        best = int(row.argmax())
        return self._classes[best], float(row[best])

    def _others(self, position: int) -> list[tuple[int, str]]:
        """Frame and page of the other faces of the sequence that have one."""
        sequence = self._column["sequence"]
        if not sequence[position]:
            return []
        frames = self.survey.faces.data["frame"].values
        return [
            (int(frames[other]), face_page(self.survey.face_names[other]))
            for other in self._by_sequence[sequence[position]]
            if other != position
        ]

    def _fires(self, standings: Standings, face: int) -> list[Fires]:
        """The unusual filters of the face in a row of `standings`."""
        claims = self.survey.claims
        found = []
        for place in standings.unusual(face).tolist():
            kind = str(claims.kind[place])
            unit = label(claims.units[int(claims.named[place])]) if kind in _NAMING else ""
            name, page = str(self.survey.filters[place]), self.survey.addresses[place]
            found.append((name, page, float(standings.percentile[face, place]), unit, kind))
        return found

    def _script(self, fires: Sequence[Fires], votes: Sequence[Vote]) -> Markup:
        """Both lists for the script: short lines, and layers whose files have other names."""
        told = {
            "layers": self._renamed,
            "fires": "|".join(_line(one) for one in fires),
            "votes": "|".join(
                f"{vote.unit} {number(vote.vote, 0)}{_CODED[vote.coded]}" for vote in votes
            ),
        }
        return script({name: value for name, value in told.items() if value})

    @cached_property
    def _renamed(self) -> dict[str, str]:
        names = self.survey.layer_names
        return {layer_name(name): name for name in names if layer_name(name) != name}

    def _page_at(self, place: int) -> str:
        pictured = self.survey.pictured
        if not 0 <= place < len(pictured):
            return ""
        return face_page(self.survey.face_names[int(pictured[place])])

    @cached_property
    def _column(self) -> dict[str, list[str]]:
        names = ("image", "subject", "sequence", "expression", "split", "phase")
        return {name: self.survey.faces.column(name).tolist() for name in names}

    @cached_property
    def _present(self) -> NDArray[np.bool_]:
        return np.asarray(self.survey.faces.data["present"].values, dtype=bool)

    @cached_property
    def _any_coded(self) -> NDArray[np.bool_]:
        return np.asarray(self.survey.faces.data["coded"].values.any(axis=1))

    @cached_property
    def _by_sequence(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for position in self.survey.pictured.tolist():
            found.setdefault(self._column["sequence"][position], []).append(position)
        return found

    @cached_property
    def _probability(self) -> NDArray[np.float32] | None:
        data = self.survey.report.store.data
        return np.asarray(data["probability"].values) if "probability" in data else None

    @cached_property
    def _classes(self) -> list[str]:
        return [str(name) for name in self.survey.report.store.data[CLASS].values]


def _line(one: Fires) -> str:
    _, page, percentile, unit, kind = one
    stem = page.removeprefix("filters/").removesuffix(".html")
    verdict = f" {kind[0]}{unit.removeprefix('AU')}" if unit else ""
    return f"{stem} {number(percentile)}{verdict}"


def _seen(votes: tuple[Vote, ...]) -> str:
    """Whether the face chose its own voters: "all" units, "some", or "none"."""
    seen = [vote.seen for vote in votes]
    return "all" if all(seen) else "some" if any(seen) else "none"
