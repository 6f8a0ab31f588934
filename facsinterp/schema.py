"""What a labelled table must hold, told as data and checked in one go.

A `Schema` names variables with their dimensions and kind of number. `Schema.check`
compares an `xr.Dataset` with it and raises one `SchemaError` with every fault.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import xarray as xr

from facsinterp.errors import Fault, SchemaError

KINDS: Final = {
    "bool": "b",
    "integer": "iu",
    "float": "f",
    "text": "UTO",
    "number": "biuf",
}


@dataclass(frozen=True)
class Variable:
    """One variable or coordinate: its dimensions and the kind of values it holds."""

    dims: tuple[str, ...]
    kind: str
    required: bool = True


@dataclass(frozen=True)
class Schema:
    """What a kind of table must hold; `unique` names coordinates without repeats."""

    name: str
    variables: Mapping[str, Variable]
    unique: tuple[str, ...] = field(default=())

    def check(self, data: xr.Dataset) -> xr.Dataset:
        """`data` itself when it holds what it must; else SchemaError with every fault."""
        SchemaError.raise_any([*self._variable_faults(data), *self._repeat_faults(data)])
        return data

    def _variable_faults(self, data: xr.Dataset) -> Iterator[Fault]:
        for name, variable in self.variables.items():
            if name not in data.variables:
                if variable.required:
                    yield Fault(
                        f"{self.name} lacks {name}",
                        expected=f"{variable.kind} {variable.dims}",
                        got=", ".join(map(str, data.variables)) or "nothing",
                    )
                continue
            found = data[name]
            if found.dims != variable.dims:
                yield Fault(
                    f"{self.name} has {name} over other dimensions",
                    expected=str(variable.dims),
                    got=str(found.dims),
                )
            if found.dtype.kind not in KINDS[variable.kind]:
                yield Fault(
                    f"{self.name} has {name} of another kind",
                    expected=variable.kind,
                    got=str(found.dtype),
                )

    def _repeat_faults(self, data: xr.Dataset) -> Iterator[Fault]:
        for name in self.unique:
            if name not in data.variables:
                continue
            counts = data[name].to_series().value_counts()
            repeated = sorted(str(value) for value in counts[counts > 1].index)
            if repeated:
                yield Fault(
                    f"{self.name} has repeated values of {name}",
                    expected="each value once",
                    got=", ".join(repeated[:5]) + (" ..." if len(repeated) > 5 else ""),
                )
