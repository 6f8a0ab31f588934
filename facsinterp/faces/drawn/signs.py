"""What to look for: each unit's signs in words, for a reader of the atlas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

SIGNS: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "The inner ends of the brows go up and the brow slants; short lines across the middle "
        "of the forehead.",
        2: "The outer ends of the brows go up and arch; lines across the forehead's sides; the "
        "upper lid's fold opens at its outer end.",
        4: "The brows come down and together; upright lines between them; the lid's fold sinks.",
        5: "The upper lid goes up: more of the iris, then white above it; the lid's fold goes.",
        6: "The cheek goes up and narrows the eye from below; lines out from its outer corner; a "
        "deep line below the lower lid.",
        7: "The lids tighten and the lower one rises and straightens; the eye narrows, the cheek "
        "stays where it is.",
        9: "Lines across the nose's root and along its sides; the wings and the middle of the "
        "upper lip go up; the brows are drawn down.",
        10: "The upper lip goes up, most between middle and corner; the fold beside the nose "
        "bends outwards above; from C on the lips part.",
        11: "The upper part of the fold beside the nose deepens and goes up; the corner stays.",
        12: "The corners of the mouth go back and up; the fold beside the mouth deepens, the "
        "cheeks bulge.",
        13: "The corners go up sharply, hardly aside, and pinch; the cheeks puff above them.",
        14: "The corners tighten and are drawn in; a dimple or a line beside each.",
        15: "The corners go down; the lower lip bends and flattens; folds below the corners.",
        16: "The lower lip goes down and flattens and shows teeth; the chin flattens.",
        17: "The chin's boss goes up, wrinkles and pushes the lower lip up: the mouth bends like "
        "a hat.",
        18: "The lips go forward and together, small and wrinkled, as for a kiss.",
        20: "The corners go straight aside and a little down; the lips grow long and thin.",
        22: "The lips turn out and forward like a funnel, their red is full; teeth may show.",
        23: "The lips tighten and narrow, their red turns in; fine lines round them.",
        24: "The lips press together, thin, and bulge above and below; the mouth is no shorter.",
        25: "The lips part; the teeth or the dark of the mouth show; the jaw need not move.",
        26: "The jaw falls as if relaxed: the chin is lower, the teeth are apart, the lips slack.",
        27: "The jaw is pulled far down: the mouth is an upright oval, the cheeks are stretched.",
        28: "The lips are sucked in over the teeth: no red is left, the skin round is drawn in.",
        29: "The lower jaw goes forward: the chin stands out, the lower lip before the upper.",
        30: "The lower jaw goes to a side: chin and lower lip are off the face's middle.",
        32: "A lip is bitten: teeth lie on the lower lip, which is drawn in.",
        33: "Air is blown out: cheeks swell, the lips are a little apart in the middle.",
        34: "The cheeks are puffed with air held behind closed lips.",
        35: "The cheeks are sucked in to hollows between the teeth; the lips narrow.",
        43: "The upper lid hangs down to the lower one, without any tightening.",
        45: "Both lids close at once and open again: in a single picture, the closed eye.",
    }
)
"""A sentence or two for each unit that can be drawn, from A to E; after FACS, in our words."""
