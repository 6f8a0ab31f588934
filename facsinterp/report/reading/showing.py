"""The cards of the faces that stand for a filter."""

from __future__ import annotations

from facsinterp.report.reading.cards import Cards, FaceCard, field_box
from facsinterp.report.reading.survey import Survey


def cards_of(survey: Survey) -> Cards:
    """What makes the cards of a run's faces."""
    return Cards(survey.faces, survey.face_names, kept=survey.thumbnail is not None)


def faces_of(
    survey: Survey, cards: Cards, position: int, unit: int | None, count: int | None = None
) -> tuple[FaceCard, ...]:
    """The strongest faces of the filter at `position`, one a sequence, `unit` marked."""
    strongest, layer = survey.strongest, survey.layers.get(survey.filters[position].layer)
    found = []
    for rank, face in enumerate(strongest.face[position, :count].tolist()):
        if face < 0:
            break
        row, col = int(strongest.row[position, rank]), int(strongest.col[position, rank])
        box = field_box(layer, row, col) if row >= 0 else None
        found.append(cards.card(face, float(strongest.value[position, rank]), unit, box))
    return tuple(found)
