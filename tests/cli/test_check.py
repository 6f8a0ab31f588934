"""`data check` on every layout that can be drawn, with all its quirks and with none."""

from dataclasses import replace

import pytest

from facsinterp.cli.found import told
from facsinterp.cli.looking import look_at, titled
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import LAYOUTS, write
from facsinterp.faces.sources.registry import source

CAST = Cast(people=2, sequences=4, pixels=16)


@pytest.mark.parametrize("quirks", [(), None], ids=["plain", "every quirk"])
@pytest.mark.parametrize("name", LAYOUTS)
def test_each_layout_is_checked_from_the_folder_around_it(tmp_path, name, quirks):
    folder = tmp_path / source(name).folders[-1]
    write(name, folder, CAST, quirks)
    (tmp_path / "notes.csv").write_text("who,what\nme,mine\n")
    around = look_at(name, tmp_path)
    itself = look_at(name, folder, pictures=False)
    assert replace(around, pictures=None, splits=()) == replace(itself, splits=())
    assert "pictures opened" in told(titled(name), around)
