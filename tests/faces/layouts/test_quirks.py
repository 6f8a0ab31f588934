"""Every quirk that a layout can build in has a test of its name, and every layout its source."""

import ast
from pathlib import Path

import pytest

from facsinterp.errors import InputError
from facsinterp.faces.layouts.registry import LAYOUTS, layout, write
from facsinterp.faces.sources.registry import SOURCES, source
from facsinterp.testing.contents import contents

TESTS = Path(__file__).parents[1] / "sources"


def names_of_tests(name):
    """Names of the test functions of a source, also inside classes."""
    tree = ast.parse((TESTS / f"test_{name}.py").read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_quirk_has_a_test_named_after_it(name):
    quirks = layout(name).quirks
    assert quirks, "a data set without a single quirk was not looked at"
    wanted = {f"test_quirk_{quirk.replace('-', '_')}" for quirk in quirks}
    assert sorted(wanted - names_of_tests(name)) == []
    assert all(words.strip() for words in quirks.values())


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read_by_the_source_of_its_name(name, tmp_path):
    root = write(name, tmp_path / "tree")
    corpus = source(name)
    faces = corpus.read(root, corpus.Options())
    assert len(faces) > 0
    assert faces.terms.may_show("anybody"), "the folder says by a licence that it is drawn"


def test_every_data_set_has_a_layout():
    built_in = {"drawn", "drawn-clips", "manifest"}
    assert set(LAYOUTS) == set(SOURCES) - built_in


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_same_tree_is_written_twice(name, tmp_path):
    first, again = (write(name, tmp_path / place) for place in ("one", "two"))
    assert contents(first) == contents(again)


def test_an_unknown_quirk_and_a_full_folder_are_told_at_once(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        write("ckplus", tmp_path / "tree", quirks=["no-such-quirk"])
    assert "no-such-quirk" in str(caught.value)
    assert "not empty" in str(caught.value)
    assert [entry.name for entry in tmp_path.rglob("*")] == ["tree", "mine.txt"]
