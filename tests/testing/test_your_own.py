"""The source that docs/data-sets/your-own.md shows, run as it stands there."""

import re
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from facsinterp.testing import SourceContract

PAGE = Path(__file__).parents[2] / "docs" / "data-sets" / "your-own.md"
CODE = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def module():
    """The first block of code, as a module."""
    made = ModuleType("smiles_of_the_page")
    sys.modules[made.__name__] = made
    exec(compile(CODE[0], str(PAGE), "exec"), made.__dict__)
    return made


def tree(root):
    for number, name in enumerate(("anna/neutral", "anna/smile", "ben/neutral", "ben/smile")):
        file = root / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((6, 6), 40 * number, np.uint8)).save(file)
    lines = ("anna/smile.png,6+12B", "anna/neutral.png,0", "ben/smile.png,L12+25")
    (root / "codes.csv").write_text("\n".join(lines))
    return root


class TestSmiles(SourceContract):
    source = module().SOURCE

    @pytest.fixture(scope="class")
    @classmethod
    def root(cls, tmp_path_factory):
        return tree(tmp_path_factory.mktemp("smiles") / "Smiles")

    def test_reads_what_the_page_says(self, faces):
        names = faces.images.tolist()
        assert names == ["anna/neutral.png", "anna/smile.png", "ben/neutral.png", "ben/smile.png"]
        assert faces.data["coded"].values.all(axis=1).tolist() == [True, True, False, True]
        assert faces.data["present"].values[1].tolist() == [True, True, False]
        assert faces.data["intensity"].values[1, 1] == 2
        assert faces.data["side"].values[3, 1] == "L"
        assert faces.found.warnings == ("pictures without codes: 1",)
