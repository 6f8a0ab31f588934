"""Sources by name: built in or of other packages; a wrong name is met with the nearest one."""

import subprocess
import sys
from importlib.metadata import EntryPoint, distributions

import pytest

from facsinterp.errors import DefinitionError, PluginError
from facsinterp.faces.sources import registry
from facsinterp.faces.sources.contract import Source
from facsinterp.faces.sources.registry import GROUP, SOURCES, installed, package, source


@pytest.mark.parametrize("name", list(SOURCES))
def test_every_source_is_found_under_its_name(name):
    found = source(name)
    assert isinstance(found, Source)
    assert found.name == name
    assert found.title
    assert found.Options() == found.Options.model_validate({})


def test_a_wrong_name_is_met_with_the_nearest():
    with pytest.raises(DefinitionError, match=r"did you mean ckplus\?") as raised:
        source("CKplus2")
    assert "drawn" in raised.value.faults[0].expected
    with pytest.raises(DefinitionError, match="no source of faces named xyz"):
        source("xyz")


def test_the_registry_loads_no_source():
    code = (
        "import sys, facsinterp.faces.sources.registry as r; r.installed(); "
        "print([m for m in r.SOURCES.values() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def installed_as(monkeypatch):
    """Other packages that give sources, as (name, value)."""

    def install(*pairs):
        points = [EntryPoint(name, value, GROUP) for name, value in pairs]
        monkeypatch.setattr(registry, "entry_points", lambda group: points)

    return install


MINE = Source("mine", "Mine", (), source("drawn").Options, source("drawn").read, None)  # type: ignore[arg-type]
HERE = f"{__name__}:MINE"


def test_another_package_gives_a_source(installed_as):
    installed_as(("mine", HERE))
    assert source("mine") is MINE
    assert source("drawn").name == "drawn"
    assert list(installed()) == sorted([*SOURCES, "mine"])
    with pytest.raises(DefinitionError, match=r"did you mean mine\?"):
        source("mines")


def test_a_package_on_the_path_is_found_by_its_entry_point(tmp_path):
    """The real way: a distribution with metadata, in an interpreter of its own."""
    (tmp_path / "my_faces.py").write_text(
        "from dataclasses import replace\n"
        "from facsinterp.faces.sources.registry import source\n"
        "SOURCE = replace(source('drawn'), name='my-faces', title='My faces')\n"
    )
    info = tmp_path / "my_faces_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-faces-package\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nmy-faces = my_faces:SOURCE\n")
    code = (
        f"import sys; sys.path.append({str(tmp_path)!r})\n"
        "from facsinterp.faces.sources.registry import installed, package, source\n"
        "point = installed()['my-faces']\n"
        "print('my_faces' in sys.modules, package(point), source('my-faces').title)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "my-faces-package", "My", "faces"]


def test_two_packages_with_one_name_are_both_named(installed_as):
    installed_as(("x", "one.faces:X"), ("x", "two.faces:X"))
    with pytest.raises(PluginError, match=r"named 'x': one.faces \(one.faces:X\) and two.faces"):
        installed()


def test_the_name_of_a_built_in_source_is_refused_as_well(installed_as):
    installed_as(("ckplus", "theirs.faces:X"))
    with pytest.raises(PluginError, match=r"facsinterp \(facsinterp\..*\) and theirs\.faces"):
        source("drawn")


def test_one_package_seen_twice_is_no_quarrel(installed_as):
    installed_as(("mine", HERE), ("mine", HERE))
    assert source("mine") is MINE


def test_a_distribution_is_named_where_it_is_known():
    some = next(point for found in distributions() for point in found.entry_points)
    assert some.dist is not None
    assert package(some) == some.dist.name
    assert package(EntryPoint("ckplus", f"{SOURCES['ckplus']}:SOURCE", GROUP)) == "facsinterp"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("x", "no_such_package.faces:X", "cannot be imported.*no_such_package"),
        ("x", "os:sep", "is str, not an instance"),
        ("x", HERE, "calls itself 'mine'"),
    ],
)
def test_what_is_no_source_is_told_when_it_is_asked_for(installed_as, name, value, told):
    installed_as((name, value))
    assert name in installed()
    with pytest.raises(PluginError, match=told):
        source(name)
