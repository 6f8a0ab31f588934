"""The Facial Action Coding System: units, code strings, and the emotions they make up."""

from facsinterp.facs.codes import LETTERS, SIDES, Code, Reading, format_codes, merge, parse
from facsinterp.facs.emotions import EXPRESSIONS, PROTOTYPES, ckplus_emotions, expression_of
from facsinterp.facs.units import GROUPS, REGIONS, UNITS, ActionUnit, describe, label

__all__ = [
    "EXPRESSIONS",
    "GROUPS",
    "LETTERS",
    "PROTOTYPES",
    "REGIONS",
    "SIDES",
    "UNITS",
    "ActionUnit",
    "Code",
    "Reading",
    "ckplus_emotions",
    "describe",
    "expression_of",
    "format_codes",
    "label",
    "merge",
    "parse",
]
