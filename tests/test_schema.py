"""Schemas: every fault of a table in one error, and a good table unchanged."""

import numpy as np
import pytest
import xarray as xr

from facsinterp.errors import SchemaError
from facsinterp.schema import KINDS, Schema, Variable

PEOPLE = Schema(
    "a table of people",
    {
        "person": Variable(("person",), "text"),
        "age": Variable(("person",), "integer"),
        "height": Variable(("person",), "float"),
        "tall": Variable(("person",), "bool", required=False),
    },
    unique=("person",),
)


def people(**changed):
    columns = {
        "age": ("person", np.array([30, 40])),
        "height": ("person", np.array([1.5, 1.9])),
        **changed,
    }
    return xr.Dataset(
        {name: column for name, column in columns.items() if column is not None},
        coords={"person": ["ann", "bob"]},
    )


def faults(data):
    with pytest.raises(SchemaError) as raised:
        PEOPLE.check(data)
    return [(fault.what, fault.expected, fault.got) for fault in raised.value.faults]


def test_a_good_table_is_given_back():
    data = people(extra=("person", [1, 2]))
    assert PEOPLE.check(data) is data


def test_a_variable_that_is_missing():
    ((what, expected, got),) = faults(people(age=None))
    assert what == "a table of people lacks age"
    assert expected == "integer ('person',)"
    assert "height" in got


def test_a_variable_that_may_be_missing_is_checked_when_there():
    PEOPLE.check(people(tall=("person", [False, True])))
    assert faults(people(tall=("person", [0.0, 1.0]))) == [
        ("a table of people has tall of another kind", "bool", "float64")
    ]


def test_other_dimensions():
    (fault,) = faults(people(height=(("person", "side"), np.ones((2, 2)))))
    assert fault == (
        "a table of people has height over other dimensions",
        "('person',)",
        "('person', 'side')",
    )


def test_repeated_names_are_listed():
    data = people().assign_coords(person=["ann", "ann"])
    assert faults(data) == [
        ("a table of people has repeated values of person", "each value once", "ann")
    ]
    many = xr.concat([people()] * 3, "person").assign_coords(person=[*"aabbcc"])
    assert faults(many)[0][2] == "a, b, c"


def test_every_fault_is_told_at_once():
    data = people(age=("person", [1.5, 2.5]), height=None).assign_coords(person=["a", "a"])
    assert len(faults(data)) == 3


def test_an_empty_table():
    assert faults(xr.Dataset())[0][2] == "nothing"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("bool", np.array([True]), np.array([1])),
        ("integer", np.array([1], np.uint8), np.array([1.0])),
        ("float", np.array([1.0], np.float32), np.array([1])),
        ("text", np.array(["a"]), np.array([1])),
        ("text", np.array(["a"], object), np.array([b"a"])),
        ("number", np.array([True]), np.array(["a"])),
    ],
)
def test_kinds(kind, good, bad):
    schema = Schema("a column", {"x": Variable(("row",), kind)})
    schema.check(xr.Dataset({"x": ("row", good)}))
    with pytest.raises(SchemaError, match="another kind"):
        schema.check(xr.Dataset({"x": ("row", bad)}))
    assert kind in KINDS
