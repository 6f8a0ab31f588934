"""Errors: the tree in the docstring is the real one, and every fault is told in full."""

import re

import pytest

from facsinterp import errors
from facsinterp.errors import DataError, FacsinterpError, Fault, InputError, SchemaError


def drawn():
    """(name, name of its parent, other base) of each line of the tree in the docstring."""
    parents: list[str] = []
    found = []
    for line in errors.__doc__.splitlines():
        named = re.match(
            r"    (?P<branch>[│ ]*(?:[├└]── )?)(?P<name>\w+Error)(?: \((?P<base>\w+)\))?", line
        )
        if named:
            depth = len(named["branch"]) // 4
            parents[depth:] = [named["name"]]
            found.append(
                (named["name"], parents[depth - 1] if depth else "Exception", named["base"])
            )
    return found


def real():
    own = {
        n: c for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, Exception)
    }
    return {(name, cls.__bases__[0].__name__) for name, cls in own.items()}


def test_the_tree_in_the_docstring_is_the_real_one():
    tree = drawn()
    assert {(name, parent) for name, parent, _ in tree} == real()
    for name, parent, base in tree:
        bases = [cls.__name__ for cls in getattr(errors, name).__bases__]
        assert bases == [parent, base] if base else [parent]


def test_everything_can_be_caught_at_once():
    assert all(issubclass(getattr(errors, name), FacsinterpError) for name, _ in real())
    assert issubclass(InputError, ValueError)


def test_a_fault_says_what_where_expected_got_and_do():
    fault = Fault("a cell is wrong", "row 3", "0 or 1", "2", "mend it")
    assert str(fault).splitlines() == [
        "a cell is wrong",
        "  where:    row 3",
        "  expected: 0 or 1",
        "  got:      2",
        "  do:       mend it",
    ]
    assert str(Fault("short")) == "short"


def test_an_error_carries_every_fault():
    error = DataError(Fault(what) for what in ("one", "two"))
    assert [fault.what for fault in error.faults] == ["one", "two"]
    assert str(error) == "2 faults:\n\none\n\ntwo"
    assert DataError("alone").faults == DataError(Fault("alone")).faults == (Fault("alone"),)


def test_faults_of_several_lines_stand_apart_and_one_stands_alone():
    fault = Fault("a cell is wrong", "row 3", do="mend it")
    assert str(DataError(fault)) == str(fault)
    assert str(DataError([fault, fault, fault])).split("\n\n") == ["3 faults:", *[str(fault)] * 3]


def test_raise_any_raises_once_with_all():
    DataError.raise_any([])
    with pytest.raises(DataError, match="one\n\ntwo"):
        DataError.raise_any(Fault(what) for what in ("one", "two"))


def test_inside_says_where_without_losing_anything():
    error = SchemaError([Fault("a", "row 1", "b", "c", "d"), Fault("e")]).inside("faces.csv")
    assert type(error) is SchemaError
    assert error.faults == (Fault("a", "faces.csv: row 1", "b", "c", "d"), Fault("e", "faces.csv"))
