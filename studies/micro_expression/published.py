"""What the papers say of CASME II, and what they leave open."""

from __future__ import annotations

from typing import Final, NamedTuple


class Published(NamedTuple):
    """An accuracy that somebody else measured; not run here."""

    system: str
    accuracy: float
    source: str


TABLE_4: Final = (
    Published("LBP-TOP", 0.4412, "as cited by Breuer & Kimmel (2017), table 4"),
    Published("adaptive magnification", 0.5191, "as cited by Breuer & Kimmel (2017), table 4"),
    Published("CNN + LSTM of the paper", 0.5947, "Breuer & Kimmel (2017), table 4"),
)
OPEN: Final = (
    "Breuer & Kimmel (2017), table 4, on CASME II with one subject left out at a time: LBP-TOP "
    "44.12 %, adaptive magnification 51.91 %, theirs 59.47 %. They do not say how many classes, "
    "give no interval and no base rate, and count 256 clips where the data set has 255. Always "
    "answering “others”, the commonest of the five usual classes (99 of 246 clips), "
    "scores 40.2 % there."
)
