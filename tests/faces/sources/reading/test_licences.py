"""Who may be shown: what the terms say, a licence in the folder, drawn faces."""

import pytest

from facsinterp.faces.layouts import registry
from facsinterp.faces.sources.reading.licences import OPEN, terms_of
from facsinterp.faces.sources.reading.notes import Notes

CONSENTED = frozenset({"S052"})
HIDDEN = frozenset({"sub12", "sub22"})


def decided(root, asked="licence", **others):
    notes = Notes()
    return terms_of(root, "CK+", "terms", asked, notes, **others), notes.warnings


def drawn(root):
    (root / "LICENSE.txt").write_text(registry._LICENCE)


def test_without_a_licence_the_terms_hold(tmp_path):
    terms, said = decided(tmp_path, showable=CONSENTED)
    assert terms.may_show("S052")
    assert not terms.may_show("S005")
    assert said == ()


@pytest.mark.parametrize("title", OPEN)
def test_an_open_licence_decides_and_that_is_told(tmp_path, title):
    (tmp_path / "LICENSE").write_text(f"\n{title}\n\nCopyright ...")
    terms, (said,) = decided(tmp_path)
    assert terms.may_show("S005")
    assert said.startswith(f"{title} (LICENSE) is taken for the licence of these faces")
    assert "move the file away" in said


@pytest.mark.parametrize("asked", ["licence", "all"])
def test_who_may_never_be_shown_is_not_shown_by_a_licence(tmp_path, asked):
    (tmp_path / "LICENSE").write_text("MIT License\n")
    terms, (said,) = decided(tmp_path, asked, showable=None, hidden=HIDDEN)
    assert terms.may_show("sub01")
    assert not terms.may_show("sub12")
    assert not terms.redistributable
    assert "but sub12, sub22" in said


@pytest.mark.parametrize("title", OPEN)
def test_where_nobody_could_give_a_licence_none_counts(tmp_path, title):
    (tmp_path / "LICENSE").write_text(f"{title}\n")
    terms, (said,) = decided(tmp_path, licensable=False)
    assert not terms.may_show("")
    assert not terms.redistributable
    assert "not taken for a licence of the pictures" in said
    terms, _ = decided(tmp_path, "all", licensable=False)
    assert terms.may_show("")
    assert not terms.redistributable


def test_drawn_faces_may_all_be_shown(tmp_path):
    drawn(tmp_path)
    (tmp_path / "LICENCE").write_text("MIT License\n")
    terms, said = decided(tmp_path, hidden=HIDDEN, licensable=False)
    assert terms.may_show("sub12")
    assert terms.redistributable
    assert said == ()
