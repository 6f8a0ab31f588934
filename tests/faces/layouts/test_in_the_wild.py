"""The layouts of BP4D, EmotioNet, RAF-DB and AffectNet: the same bytes twice, each quirk felt."""

import pytest

from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.registry import layout, write
from facsinterp.testing.contents import contents

CAST = Cast(people=2, sequences=4, pixels=16)
NAMES = ("affectnet", "bp4d", "emotionet", "rafdb")
QUIRKS = [(name, quirk) for name in NAMES for quirk in layout(name).quirks]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plain")
    return {name: contents(write(name, folder / name, CAST, [])) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_arguments_give_the_same_bytes(name, tmp_path):
    one, two = write(name, tmp_path / "one", CAST), write(name, tmp_path / "two", CAST)
    assert contents(one) == contents(two)


@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_other_faces(name, plain, tmp_path):
    other = write(name, tmp_path / name, Cast(2, 4, 16, seed=1), [])
    assert contents(other) != plain[name]


@pytest.mark.parametrize(("name", "quirk"), QUIRKS)
def test_each_quirk_changes_the_tree(name, quirk, plain, tmp_path):
    assert contents(write(name, tmp_path / name, CAST, [quirk])) != plain[name]


@pytest.mark.parametrize("name", NAMES)
def test_quirks_are_named_and_told(name):
    for quirk, told in layout(name).quirks.items():
        assert quirk == quirk.lower()
        assert " " not in quirk
        assert told
