"""Sources by name: all of them load, and a wrong name is met with the nearest one."""

import subprocess
import sys

import pytest

from facsinterp.errors import DefinitionError
from facsinterp.faces.sources.contract import Source
from facsinterp.faces.sources.registry import SOURCES, source


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
        "import sys, facsinterp.faces.sources.registry as r; "
        "print([m for m in r.SOURCES.values() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
