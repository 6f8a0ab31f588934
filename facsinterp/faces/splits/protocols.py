"""The protocols of the field by name: who trains, validates and tests, and on which classes.

Where a paper or a data set leaves something open, what is chosen here is said in `said_by`.
A protocol draws nothing at random: it is the same for every seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from types import MappingProxyType
from typing import Final

from facsinterp.errors import DefinitionError, Fault
from facsinterp.faces.splits.contract import Protocol
from facsinterp.faces.splits.dealing import (
    by_lists,
    in_turn,
    of_emotional_sequences,
    official,
    official_folds,
    official_without_validation,
    one_out,
)
from facsinterp.facs import EXPRESSIONS

_BASIC: Final = ("anger", "disgust", "fear", "happy", "sadness", "surprise")
_NEXT: Final = "the next subject by name validates, which no paper says"
_KHORRAMI: Final = (
    "Khorrami, Le Paine & Huang (ICCVW 2015): the subjects that have an emotion, sorted by name, "
    "subject i in fold i mod 10; fold k tests and, as their code has it since 2017, fold k + 1 "
    "validates"
)
_OBJECTIVE: Final = (
    "Davison, Merghani & Yap (2018): classes by action units, I to V, so that both data sets "
    f"name the same by the same word; {_NEXT}"
)
_DISFA: Final = (
    "the lists that code on DISFA passes on; which subjects validate is said by nobody: here "
    "every sixth of those who do not test"
)
_DISFA_LISTS: Final = tuple(
    tuple(f"SN{number:03d}" for number in numbers)
    for numbers in (
        (2, 10, 1, 26, 27, 32, 30, 9, 16),
        (13, 18, 11, 28, 12, 6, 31, 21, 24),
        (3, 29, 23, 25, 8, 5, 7, 17, 4),
    )
)
_DISFAPLUS: Final = frozenset(f"SN{n:03d}" for n in (1, 3, 4, 7, 9, 10, 13, 25, 27))
_DISFAPLUS_LISTS: Final = tuple(
    tuple(name for name in names if name in _DISFAPLUS) for names in _DISFA_LISTS
)


def _own(*names: str) -> Mapping[str, tuple[str, ...]]:
    """Classes that are expressions."""
    return {name: (name,) for name in names}


_ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII")
# Classes by action units are written in Roman numbers, or as the sheets do.
_BY_UNITS: Final = {name: (name, str(k)) for k, name in enumerate(_ROMAN, start=1)}
_BEYOND_FIVE: Final = ("neutral", *_BY_UNITS["VI"], *_BY_UNITS["VII"])
_SIGNS: Final = {
    "negative": ("negative", "anger", "contempt", "disgust", "fear", "sadness", "repression"),
    "positive": ("positive", "happy"),
    "surprise": ("surprise",),
}


def _ckplus(count: int, classes: tuple[str, ...], said_by: str) -> Protocol:
    left_out = tuple(one for one in EXPRESSIONS if one not in classes)
    return Protocol(
        f"ckplus-{count}-class",
        f"{count} classes, 10 folds of whole subjects as dealt by Khorrami et al.",
        said_by,
        ("ckplus",),
        partial(in_turn, count=10),
        _own(*classes),
        left_out,
        counted=of_emotional_sequences,
    )


def _objective(source: str) -> Protocol:
    return Protocol(
        f"{source}-objective",
        "objective classes I to V, one subject left out at a time",
        _OBJECTIVE,
        (source,),
        one_out,
        {name: _BY_UNITS[name] for name in _ROMAN[:5]},
        _BEYOND_FIVE,
    )


_ALL: Final = (
    _ckplus(8, EXPRESSIONS, _KHORRAMI),
    _ckplus(
        7,
        EXPRESSIONS[1:],
        f"classes of Lucey et al. (CVPRW 2010), who left one subject out; folds of {_KHORRAMI}",
    ),
    _ckplus(6, _BASIC, _KHORRAMI),
    Protocol(
        "fer2013-official",
        "7 classes, the split of the challenge: Training, PublicTest to validate, PrivateTest",
        "Goodfellow et al. (ICONIP 2013) and the column Usage",
        ("fer2013",),
        official,
        _own("anger", "disgust", "fear", "happy", "sadness", "surprise", "neutral"),
        whole_subjects=False,
    ),
    Protocol(
        "ferplus-official",
        "8 classes of FER+, the split of FER2013",
        "Barsoum et al. (ICMI 2016) and the column Usage",
        ("fer2013",),
        official,
        _own(*EXPRESSIONS),
        ("unknown", "nf"),
        whole_subjects=False,
    ),
    Protocol(
        "tfd-5-folds",
        "7 classes, the 5 folds of the data set",
        "Susskind, Anderson & Hinton (2010) and the variable `folds`",
        ("tfd",),
        partial(official_folds, count=5),
        _own(*_BASIC, "neutral"),
        whole_subjects=False,
    ),
    Protocol(
        "casme2-5-class",
        "5 classes, one subject left out at a time",
        f"Yan et al. (PLoS ONE 2014); {_NEXT}",
        ("casme2",),
        one_out,
        _own("happy", "surprise", "disgust", "repression", "others"),
        ("neutral", "fear", "sadness"),
    ),
    _objective("casme2"),
    Protocol(
        "samm-5-class",
        "5 classes, one subject left out at a time",
        f"the five largest classes of SAMM, as papers on it use them; {_NEXT}",
        ("samm",),
        one_out,
        _own("anger", "happy", "contempt", "surprise", "others"),
        ("neutral", "disgust", "fear", "sadness"),
    ),
    _objective("samm"),
    Protocol(
        "megc-3-class",
        "negative, positive and surprise, one subject left out at a time",
        "See et al. (MEGC 2019), who pool three data sets where this is one of them; whether fear "
        f"and sadness of CASME II counted is not sure, here they are negative; {_NEXT}",
        ("casme2", "samm", "smic"),
        one_out,
        _SIGNS,
        ("neutral", "others"),
    ),
    Protocol(
        "disfa-3-folds",
        "3 folds of 9 subjects",
        _DISFA,
        ("disfa",),
        partial(by_lists, lists=_DISFA_LISTS),
        {},
    ),
    Protocol(
        "disfaplus-3-folds",
        "the 3 folds of DISFA, of its 9 subjects who are in DISFA+",
        f"{_DISFA}; nobody says it of DISFA+: so both data sets have the same people in a fold",
        ("disfaplus",),
        partial(by_lists, lists=_DISFAPLUS_LISTS),
        {},
    ),
    Protocol(
        "rafdb-official",
        "7 classes, the split of the data set",
        "Li, Deng & Du (CVPR 2017); which faces validate is said by nobody: here every tenth "
        "training face by name",
        ("rafdb",),
        official_without_validation,
        _own(*_BASIC, "neutral"),
        whole_subjects=False,
    ),
    Protocol(
        "affectnet-official",
        "8 classes, tested on the validation set of the data set",
        "Mollahosseini, Hasani & Mahoor (TAC 2019), whose test set is not public; which faces "
        "validate is said by nobody: here every tenth training face by name",
        ("affectnet",),
        official_without_validation,
        _own(*EXPRESSIONS),
        ("none", "uncertain", "no-face"),
        whole_subjects=False,
    ),
    Protocol(
        "leave-one-subject-out",
        "every expression, one subject left out at a time",
        f"usual in the field; {_NEXT}",
        (),
        one_out,
        {},
    ),
)

PROTOCOLS: Final[Mapping[str, Protocol]] = MappingProxyType({one.name: one for one in _ALL})
"""Every protocol by its name."""


def protocol(name: str) -> Protocol:
    """The protocol of this name. DefinitionError with the nearest name when there is none."""
    if name not in PROTOCOLS:
        near = get_close_matches(name.casefold(), PROTOCOLS, n=1)
        raise DefinitionError(
            Fault(
                f"there is no protocol named {name}",
                expected=", ".join(PROTOCOLS),
                do=f"did you mean {near[0]}?" if near else "",
            )
        )
    return PROTOCOLS[name]


def protocols_of(source: str) -> tuple[Protocol, ...]:
    """The protocols that are made for a source of faces, then those for any."""
    suiting = [one for one in _ALL if one.suits(source)]
    return tuple(sorted(suiting, key=lambda one: not one.sources))
