"""What is compiled and kept on disk reads nothing from other files: numba would not notice."""

import ast
import builtins
from pathlib import Path

import pytest

import facsinterp.faces.drawn

FOLDER = Path(facsinterp.faces.drawn.__file__).parent
FILES = [file for file in sorted(FOLDER.rglob("*.py")) if "@kernel" in file.read_text()]


def of_the_package(tree):
    """Names that a module imports from facsinterp, whatever they are."""
    return {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("facsinterp")
        for alias in node.names
    }


def read(function):
    """Names in the body of a function, without those in its signature."""
    nodes = (node for statement in function.body for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name)} - set(dir(builtins))


def test_there_are_kernels():
    assert len(FILES) >= 5


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_kernels_read_nothing_from_other_files(file):
    tree = ast.parse(file.read_text())
    imported = of_the_package(tree)
    kernels = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and any(isinstance(one, ast.Name) and one.id == "kernel" for one in node.decorator_list)
    ]
    assert kernels
    found = {kernel.name: sorted(read(kernel) & imported) for kernel in kernels}
    assert not {name: names for name, names in found.items() if names}
