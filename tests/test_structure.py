"""The shape of the package: what importing costs, what is public, who imports whom."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import facsinterp

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "lightning", "captum", "kornia", "numba", "dask", "distributed"}


def loaded_after(statement):
    """Top-level modules in memory after a statement in a fresh interpreter."""
    code = f"import sys; {statement}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import facsinterp",
        "import facsinterp.cli",
        "import facsinterp.stats.permute",
        "import facsinterp.faces.table",
        "import facsinterp.activations.store",
        "import facsinterp.association.associate",
        "import facsinterp.classic.classifier",
        "import facsinterp.classic.lbp",
        "import facsinterp.saliency.store",
        "import facsinterp.saliency.methods",
        "import facsinterp.saliency.top",
        "import facsinterp.evidence.visual",
        "import facsinterp.report.site",
        "import facsinterp.report.pages.looks",
        "import facsinterp.report.words.placed",
        "import facsinterp.study.contract",
        "import facsinterp.study.parse",
    ],
)
def test_imports_without_torch(statement):
    assert not loaded_after(statement) & HEAVY


def test_importing_facsinterp_loads_next_to_nothing():
    assert not loaded_after("import facsinterp") & {"numpy", "xarray", "pandas", "zarr", "typer"}


def test_every_public_name_is_there():
    for name in facsinterp.__all__:
        assert getattr(facsinterp, name) is not None
    assert set(facsinterp.__all__) == set(facsinterp._HOMES)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = facsinterp.no_such_name


def imports_of(file):
    """Dotted names that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_library_knows_no_study():
    for file in (ROOT / "facsinterp").rglob("*.py"):
        assert not any(name.startswith("facsinterp_studies") for name in imports_of(file)), file


def test_studies_use_public_names_and_never_each_other():
    for file in (ROOT / "studies").rglob("*.py"):
        for name in imports_of(file):
            assert not name.startswith("facsinterp_studies"), file
            # Statistics on plain arrays are public module by module.
            public = name.startswith("facsinterp.stats") or name in {
                "facsinterp.facs",
                "facsinterp.labels",
            }
            assert public or not name.startswith("facsinterp."), (
                f"{file} imports {name}; studies import from facsinterp itself"
            )


def test_a_wheel_holds_every_package():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = told["tool"]["setuptools"]["packages"]
    there = {
        ".".join((package, *file.parent.relative_to(ROOT / folder).parts))
        for package, folder in (("facsinterp", "facsinterp"), ("facsinterp_studies", "studies"))
        for file in (ROOT / folder).rglob("*.py")
    }
    assert set(named) == there
    assert len(named) == len(there), "a package is named twice"


def test_no_module_is_a_cupboard():
    banned = {"utils.py", "common.py", "base.py", "helpers.py", "misc.py"}
    assert not [file for file in (ROOT / "facsinterp").rglob("*.py") if file.name in banned]


def test_nothing_is_left_to_do():
    for file in (ROOT / "facsinterp").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert "TODO" not in text, file
        assert "FIXME" not in text, file
