"""Pydantic's complaints told as faults: where, what was expected, what was found, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import ErrorDetails

from facsinterp.errors import Fault


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
    """One fault for each complaint of pydantic about a `model`.

    `also` are keys that the same place of a definition knows beside the model's.
    """
    for detail in error.errors(include_url=False):
        yield _fault(detail, model, where, list(also))


def _fault(detail: ErrorDetails, model: type[BaseModel], where: str, also: list[str]) -> Fault:
    place = ".".join([*([where] if where else []), *map(str, detail["loc"])])
    if detail["type"] == "extra_forbidden":
        known = [*also, *_keys(model, detail["loc"][:-1])]
        near = difflib.get_close_matches(str(detail["loc"][-1]), known, n=1)
        return Fault(
            "unknown key",
            where=place,
            expected=", ".join(known) if known else "no keys here",
            do=f"did you mean {near[0]}?" if near else "remove it",
        )
    if detail["type"] == "missing":
        return Fault("a key is missing", where=place, do=f"add {detail['loc'][-1]}")
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return Fault(message, where=place)
    return Fault(
        "a value that cannot be used", where=place, expected=message, got=repr(detail["input"])
    )


def _keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys that the model at `loc` knows."""
    for step in loc:
        field = model.model_fields.get(str(step))
        inner = [
            kind
            for kind in _alternatives(field.annotation if field else None)
            if isinstance(kind, type) and issubclass(kind, BaseModel)
        ]
        if not inner:
            return []
        model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items() if not field.exclude]


def _alternatives(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401
    return getattr(annotation, "__args__", (annotation,))
