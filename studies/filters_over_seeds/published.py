"""What the papers count of filters that pass for detectors of action units."""

from __future__ import annotations

from typing import Final

SOURCE: Final = "Breuer and Kimmel (2017, arXiv 1705.01842)"
ACTIVE: Final = 50
"""Active neurons of 256 in one map of a network trained on CK+."""
REJECTED: Final = 7
"""Of these, those without an action unit that all of the top N images show."""
SHARE: Final = (ACTIVE - REJECTED) / ACTIVE
"""43 of 50, at an N that is "small" and told nowhere."""
