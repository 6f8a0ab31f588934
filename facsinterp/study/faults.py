"""Pydantic's complaints told as faults: where, what was expected, what was found, what to do."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import lru_cache
from itertools import groupby
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from facsinterp.errors import Fault, InputError

# Pydantic's name of a complaint: what would have been right, and how it is written.
_NUMBER: Final = ("a number", "write digits, without quotes")
_WHOLE: Final = ("a whole number", "write digits, without quotes or a decimal point")
_TRUTH: Final = ("true or false", "write true or false, without quotes")
_LIST: Final = ("a list", "put what belongs to it in [ ]")
_TABLE: Final = ("a part with keys of its own", "write it as [part] or { key = value }")
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "string_type": ("a text", "put it in quotes"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _TRUTH),
    **dict.fromkeys(("tuple_type", "list_type"), _LIST),
    **dict.fromkeys(("model_type", "dataclass_type", "mapping_type", "dict_type"), _TABLE),
    "finite_number": ("a finite number", ""),
    "greater_than_equal": ("{ge:g} or more", ""),
    "greater_than": ("above {gt:g}", ""),
    "less_than_equal": ("{le:g} or less", ""),
    "less_than": ("below {lt:g}", ""),
    "too_short": ("{min_length} or more of them", ""),
    "too_long": ("{max_length} or fewer of them", ""),
    "literal_error": ("{expected}", ""),
}
_LONGEST: Final = 80


@lru_cache
def model_of(settings: type) -> type[BaseModel]:
    """A pydantic model with the fields of a settings dataclass, closed to unknown keys."""
    hints = get_type_hints(settings)
    definitions: Any = {f.name: (hints[f.name], _default(f)) for f in fields(settings)}
    model: type[BaseModel] = create_model(
        settings.__name__, __config__=ConfigDict(frozen=True, extra="forbid"), **definitions
    )
    return model


def _default(field: Any) -> Any:  # noqa: ANN401 - a default may be anything
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else ...


def faults_of(
    error: ValidationError, model: type[BaseModel], where: str = "", also: Iterable[str] = ()
) -> Iterator[Fault]:
    """One fault for each key that pydantic complains about, in words of our own.

    `also` are keys that the same place of a definition knows beside the model's.
    """
    found = [_Complaint.of(detail, model) for detail in error.errors(include_url=False)]
    for path, same in groupby(found, key=lambda one: one.path):
        here = list(same)
        if here[0].chosen and any(other.inside(path) for other in found):
            continue  # of a choice between a word and a part, the part is what was meant
        if isinstance(here[0].detail["input"], Mapping) and len(here) > 1:
            here = [one for one in here if one.detail["type"] != "literal_error"]
        yield from _faults(here, where, also)


def bad_keys(error: ValidationError) -> set[str]:
    """Keys of the model itself whose values pydantic refuses."""
    return {str(detail["loc"][0]) for detail in error.errors(include_url=False) if detail["loc"]}


def placed(fault: Fault, where: str, own: str = "") -> Fault:
    """The fault at the key of a definition that it is about.

    `own` is what the place calls itself, such as "recipe" in recipe.epochs.
    """
    key = fault.where.removeprefix(own).removeprefix(".")
    return replace(fault, where=".".join(filter(None, (where, key))))


_OF_A_BLUEPRINT: Final = {
    "size": "faces.size",
    "channels_in": "faces.colour",
    "builder": "network.import",
}


def of_network(error: InputError) -> Iterator[Fault]:
    """Faults of a network that cannot be built, at the keys of a definition that decide it."""
    for fault in error.faults:
        word = fault.where.partition(" ")[0]  # a builder is followed by its path
        known = _OF_A_BLUEPRINT.get(word)
        yield placed(fault, "network") if known is None else replace(fault, where=known)


def nearest(got: str, known: Iterable[str], otherwise: str = "") -> str:
    """The known word that somebody may have meant, as advice."""
    near = difflib.get_close_matches(got, list(known), n=1)
    return f"did you mean {near[0]}?" if near else otherwise


@dataclass(frozen=True)
class _Complaint:
    """One of pydantic's complaints, and the keys that lead to its place."""

    detail: ErrorDetails
    path: tuple[str, ...]
    chosen: bool
    """Whether the value may be of several kinds."""
    known: tuple[str, ...]
    """Keys beside the last one of the path."""

    @classmethod
    def of(cls, detail: ErrorDetails, model: type[BaseModel]) -> _Complaint:
        kind: Any = model
        path: list[str] = []
        known: tuple[str, ...] = ()
        chosen, steps = False, iter(detail["loc"])
        for step in steps:
            inner = _fields(kind)
            path.append(str(step))
            known = tuple(inner)
            kinds = _kinds(inner.get(str(step)))
            chosen = len(kinds) > 1
            if chosen:  # pydantic names the kind that it tried
                tried = next(steps, None)
                kinds = [one for one in kinds if getattr(one, "__name__", "") == tried]
            kind = kinds[0] if kinds else None
        return cls(detail, tuple(path), chosen, known)

    def inside(self, path: tuple[str, ...]) -> bool:
        """Whether it is about something in the part at `path`."""
        return len(self.path) > len(path) and self.path[: len(path)] == path


def _fields(kind: object) -> dict[str, Any]:
    """The keys that a part of this kind may have, and the type of each."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        shown = {name: field for name, field in kind.model_fields.items() if not field.exclude}
        return {field.alias or name: field.annotation for name, field in shown.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return {field.name: hints[field.name] for field in fields(kind)}
    return {}


def _kinds(annotation: Any) -> list[Any]:  # noqa: ANN401
    """What a value may be, but for nothing at all."""
    if get_origin(annotation) in (Union, UnionType):
        return [one for one in get_args(annotation) if one is not NoneType]
    return [] if annotation is None else [annotation]


def _faults(here: Sequence[_Complaint], where: str, also: Iterable[str]) -> Iterator[Fault]:
    """What is wrong at one place: one fault, or those of a part that checks itself."""
    first = here[0]
    place = ".".join([*([where] if where else []), *first.path])
    detail, key = first.detail, first.path[-1] if first.path else ""
    match detail["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            known = [*also, *first.known]
            expected = ", ".join(known) if known else "no keys here"
            yield Fault("unknown key", place, expected, do=nearest(key, known, "remove it"))
        case "missing" if key.isdecimal():
            list_at = place.rpartition(".")[0]
            yield Fault("a list is too short", list_at, f"{int(key) + 1} or more of them")
        case "missing":
            yield Fault("a key is missing", place, do=f"add {key}")
        case "value_error":
            own = detail.get("ctx", {}).get("error")
            if isinstance(own, InputError):
                yield from (placed(fault, place, key) for fault in own.faults)
            else:
                yield Fault(str(own), place)
        case _:
            words = [_words(one.detail) for one in here]
            expected = " or ".join(dict.fromkeys(expected for expected, _ in words))
            do = next((do for _, do in words if do), "")
            yield Fault("a value that cannot be used", place, expected, told(detail["input"]), do)


def _words(detail: ErrorDetails) -> tuple[str, str]:
    """What was expected, and what to do."""
    expected, do = _WORDS.get(detail["type"], ("", ""))
    if not expected:  # a kind of complaint that no part of a definition has met yet
        return re.sub(r"^Input should (be )?", "", detail["msg"]), ""
    expected = expected.format(**detail.get("ctx", {}))
    if detail["type"] == "literal_error":
        do = nearest(str(detail["input"]), re.findall("'([^']*)'", expected))
    return expected, do


def told(value: object) -> str:
    """A value much as a definition writes it, shortened."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
