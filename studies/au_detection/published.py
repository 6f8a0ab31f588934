"""What Breuer and Kimmel report of action units, and what stands against it."""

from __future__ import annotations

from typing import Final

SOURCE: Final = "Breuer & Kimmel 2017 (arXiv 1705.01842), section 3.2"
ACCURACY: Final = 0.9754
"""Binary, over all images and up to 50 action units at once, all against all."""
EXACT: Final = 0.961
"""Intensities from 0 to 5 that are right."""
MSE: Final = 0.2045
HARD: Final = 11
"""The action unit that the paper calls hard."""
ABSENT: Final = {44: 0.902, 50: 0.914}
"""Of so many units: accuracy of saying absent to every cell of the emotion-labelled peaks of CK+
(counted from its labels; the paper gives no base rate)."""
