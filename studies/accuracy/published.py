"""What the papers print: numbers that were not run here, each with what it must be read against."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final, Literal

import pandas as pd

Table = Literal["ckplus", "ckplus-6", "fer2013", "tfd", "none"]

TITLES: Final = {
    "ckplus": "CK+",
    "ckplus-6": "CK+ (6 classes)",
    "fer2013": "FER2013",
    "tfd": "TFD",
}


@dataclass(frozen=True)
class Number:
    """One printed accuracy."""

    system: str
    """As the paper calls it."""
    percent: float
    spread: float | None
    """What the paper prints behind the plus-minus sign, whatever it is."""
    source: str
    caveat: str
    beside: str = ""
    """The system here that stands for the same; empty: nothing here does."""
    from_memory: bool = False
    """Not found in any text that could be opened; to be checked before it is quoted."""


_BREUER: Final = "Breuer & Kimmel 2017, table {}"
_MIXED: Final = (
    "quoted there from another paper, whose classes and folds may differ (the rows of this table "
    "are said to mix 6, 7 and 8 classes; from memory, not verified)"
)
_QUOTED: Final = "quoted there from another paper"
_KHORRAMI: Final = (
    "from memory, not verified; fold k + 1 validates, as their code has it since 2017"
)
_FIRST: Final = (
    "from memory, not verified; the epoch was chosen on the test fold, as their code had it until "
    "2017"
)


def _khorrami(version: str, percent: float, caveat: str, classes: str) -> Number:
    return Number(
        f"Khorrami et al., arXiv {version}",
        percent,
        None,
        f"Khorrami et al. 2015, {classes}, dropout and augmentation",
        caveat,
        "khorrami2015",
        from_memory=True,
    )


NUMBERS: Final[dict[str, tuple[Number, ...]]] = {
    "ckplus": (
        Number("Gabor + SVM", 89.8, None, _BREUER.format(1), _MIXED, "gabor-svm"),
        Number("LBPSVM", 95.1, None, _BREUER.format(1), _MIXED, "lbp-svm"),
        Number("AUDN", 93.70, None, _BREUER.format(1), _MIXED),
        Number("BDBN", 96.7, None, _BREUER.format(1), _MIXED),
        Number(
            "Breuer & Kimmel",
            98.62,
            0.11,
            _BREUER.format(1),
            "10 folds; whether of people is not said; what the 0.11 is, neither",
            "breuer2017",
        ),
        _khorrami("v3", 95.1, _KHORRAMI, "8 classes"),
        _khorrami("v1", 96.4, _FIRST, "8 classes"),
    ),
    "ckplus-6": (
        _khorrami("v3", 95.7, _KHORRAMI, "6 classes"),
        _khorrami("v1", 98.3, _FIRST, "6 classes"),
    ),
    "fer2013": (
        Number("Human", 68.0, 5.0, _BREUER.format(2), _QUOTED),
        Number("RBM", 71.162, None, _BREUER.format(2), _QUOTED),
        Number("VGG CNN", 72.7, None, _BREUER.format(2), _QUOTED, "vgg"),
        Number("ResNet CNN", 72.4, None, _BREUER.format(2), _QUOTED, "resnet"),
        Number(
            "Breuer & Kimmel",
            72.1,
            0.5,
            _BREUER.format(2),
            "10 folds of all images, as for every set; the official test split is not mentioned; "
            "below two rows of its own table",
            "breuer2017",
        ),
    ),
    "tfd": (
        Number(
            "Khorrami et al.",
            88.6,
            None,
            "Khorrami et al. 2015, 7 classes, dropout and augmentation",
            "from memory, not verified; the 5 folds of the data set; until October 2016 their code "
            "chose the epoch on the test fold, and which of the two this number is, is not known",
            "khorrami2015",
            from_memory=True,
        ),
    ),
    "none": (),
}


def table(which: Table) -> pd.DataFrame:
    """One row a printed number; empty for "none"."""
    columns = list(Number.__dataclass_fields__)
    rows = pd.DataFrame([asdict(one) for one in NUMBERS[which]], columns=columns)
    return rows.astype({"percent": float, "spread": float, "from_memory": bool})


def reading(which: Table) -> tuple[str, ...]:
    """What a sceptic says of the printed table."""
    if which == "ckplus":
        return (
            "Khorrami et al. take the first and the last three frames of 327 sequences of 118 "
            "people: 1,308 images, three of four of them near copies of one another, and 88 to "
            "160 of them in a fold. One image of a fold is 0.6 to 1.1 points.",
            "So the 0.11 behind 98.62 is implausibly small for a deviation between ten folds: it "
            "may be that of repeats, a standard error, or of folds that share people. The paper "
            "does not say, nor whether its folds are of people.",
            "Until 2017 the code of Khorrami et al. chose the epoch on the fold that tests; the "
            "third version of their paper corrects the numbers. The rows of the table come from "
            "papers with other folds and, it seems, other numbers of classes: they are no ranking.",
        )
    if which == "ckplus-6":
        return (
            "The last three frames of 309 sequences, without neutral and contempt: 927 images, and "
            "60 to 114 of them in a fold. Three of three are near copies of one another.",
            "Until 2017 the code of Khorrami et al. chose the epoch on the fold that tests; the "
            "third version of their paper corrects the number, from memory by 2.6 points (not "
            "verified).",
        )
    if which == "fer2013":
        return (
            "Two rows of the table lie above the paper's own, which it calls state of the art. "
            "The others are quoted, and of which split they are is not said; the paper's own is of "
            "ten folds, and it does not mention the official one. FER2013 names nobody, so that "
            "folds of it cannot be of people.",
            "The paper counts 8 classes of FER2013, seven and neutral; the data set has 7, neutral "
            "among them.",
        )
    if which == "tfd":
        return (
            "4,178 faces have an expression. The five folds are those of the data set, where one "
            "person may be on two sides: Khorrami et al. did not use the numbers of people. TFD "
            "pools older data sets, Cohn-Kanade among them (from memory, not verified), so that it "
            "is no second witness beside CK+.",
        )
    return ()
