"""What the papers say of filters that answer to nothing."""

from __future__ import annotations

from typing import Final

SOURCE: Final = "Breuer and Kimmel (2017, arXiv 1705.01842)"
ACTIVE: Final = (50, 60)
"""Active filters of a map, in one sentence of the paper and in another. Neither says at which
threshold, of which layer, or for which faces."""
OF: Final = 256
SAID_SHARE: Final = 0.30
"""What the paper calls 60 of 256, which is 23.4 %."""
