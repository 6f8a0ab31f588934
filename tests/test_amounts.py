"""Words that are right for one and for many."""

from facsinterp.amounts import amount


def test_one_and_many():
    assert [amount(n, "picture") for n in (0, 1, 2, 1308)] == [
        "0 pictures", "1 picture", "2 pictures", "1,308 pictures"
    ]  # fmt: skip
    assert [amount(n, "person", "people") for n in (1, 12)] == ["1 person", "12 people"]
