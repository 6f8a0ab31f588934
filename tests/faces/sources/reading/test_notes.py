"""What is left out and odd: every name, a line a kind."""

from facsinterp.faces.sources.reading.notes import Notes, few, no_subjects


def test_names_are_told_in_the_order_of_their_reasons():
    notes = Notes()
    notes.skip("a", "one")
    notes.skip("b", "two")
    notes.skip_all(iter(["c", "d"]), "one")
    notes.skip_all([], "three")
    assert notes.skipped == (("a", "one"), ("c", "one"), ("d", "one"), ("b", "two"))
    assert notes.left_out == "a: one, c: one, d: one, b: two"
    assert [(f.where, f.got) for f in notes.faults] == [("a, c, d", "one (3)"), ("b", "two (1)")]


def test_oddities_are_one_line_a_kind_after_what_concerns_all():
    notes = Notes()
    notes.note("clips without an apex", *"abcdefg")
    notes.note("odd", *())
    notes.warn("all of it is odd", "and more")
    notes.note("clips without an apex", "h")
    assert notes.warnings == (
        "all of it is odd",
        "and more",
        "clips without an apex: 8 (a, b, c, d, e, ...)",
    )


def test_names_that_are_no_utf8_can_be_written():
    name = b"caf\xe9.png".decode(errors="surrogateescape")
    notes = Notes()
    notes.skip(name, f"not {name}")
    notes.skip_all([name], "gone")
    notes.note("odd", name)
    notes.warn(f"{name} is odd", "Zoë")
    told = repr((notes.skipped, notes.warnings, notes.left_out, notes.faults))
    assert told.encode()
    assert notes.skipped[1] == ("caf\\udce9.png", "gone")
    assert notes.warnings[1] == "Zoë"


def test_few_of_many_names():
    assert few([]) == ""
    assert few(["a"]) == "a"
    assert few(list("abcde")) == "a, b, c, d, e"
    assert few(range(7)) == "0, 1, 2, 3, 4, ..."
    assert few("abc", 2) == "a, b, ..."


def test_data_sets_without_subjects():
    assert no_subjects("X").startswith("X does not say who is shown: ")
