"""FER+: the majority rule of its authors, and tables that are not theirs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.sources.reading import ferplus
from facsinterp.faces.sources.reading.ferplus import ANSWERS, majority, read_label_file, read_votes

HEADER = f"Usage,Image name,{','.join(ANSWERS)}"
CANONICAL = ["neutral", "happy", "surprise", "sadness", "anger", "disgust", "fear", "contempt"]


def slowly(votes):
    """The rule as it is told, on arrays: slips to zero, then more than half of what is left."""
    left = np.array(votes, dtype=float)
    left[left < 1 + 1e-9] = 0.0
    if left.max() > 0.5 * left.sum():
        best = int(left.argmax())
        return CANONICAL[best] if best < 8 else ""
    return ""


@given(st.lists(st.integers(0, 10), min_size=10, max_size=10))
def test_the_majority_is_that_of_the_rule_told_slowly(votes):
    assert majority(votes)[0] == slowly(votes)


@pytest.mark.parametrize(
    ("votes", "expression", "why"),
    [
        ([0, 10, 0, 0, 0, 0, 0, 0, 0, 0], "happy", ""),
        ([5, 5, 0, 0, 0, 0, 0, 0, 0, 0], "", ferplus.UNKNOWN),
        ([2, 1, 1, 1, 1, 1, 1, 1, 1, 0], "neutral", ""),  # slips do not count
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 1], "", ferplus.UNKNOWN),
        ([0, 0, 0, 4, 4, 2, 0, 0, 0, 0], "", ferplus.UNKNOWN),
        ([0, 0, 0, 0, 0, 0, 0, 6, 4, 0], "contempt", ""),
        ([0, 0, 0, 0, 0, 0, 4, 0, 6, 0], "", ferplus.UNKNOWN),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 10], "", ferplus.NO_FACE),
        ([4, 0, 0, 0, 0, 0, 0, 0, 2, 2], "", ferplus.UNKNOWN),  # half is not more than half
        ([0] * 10, "", ferplus.UNKNOWN),
    ],
)
def test_majorities(votes, expression, why):
    assert majority(votes) == (expression, why)


def test_the_table_is_read_by_its_header(tmp_path):
    file = tmp_path / "fer2013new.csv"
    file.write_text(
        f"{HEADER}\nTraining,fer0000000.png,4,0,0,1,3,2,0,0,0,0\nTraining,,{'0,' * 9}10\n"
    )
    first, second = read_votes(file)
    assert (first.usage, first.name, first.counts[0]) == ("Training", "fer0000000.png", 4)
    assert (second.name, second.counts[9]) == ("", 10)
    assert list(ferplus.oddities([first, second])) == [
        "FER+: 1 rows have no picture name; labels are joined by the order of rows"
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("emotion,pixels,Usage\n0,1,Training\n", "not the table of FER\\+ votes"),
        (f"{HEADER}\nTraining,a.png,4,0,0,1,3,2,0,0,0,-1\n", "whole numbers"),
        (f"{HEADER}\nTraining,a.png,4,0,0,1,3,2,0,0,0,x\n", "whole numbers"),
        (f"{HEADER}\nTraining,a.png,4,0\n", "does not fit the header"),
        ("version https://git-lfs.github.com/spec/v1\n", "LFS"),
    ],
)
def test_other_tables_are_refused(tmp_path, text, reason):
    file = tmp_path / "fer2013new.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=reason) as caught:
        read_votes(file)
    assert "fer2013new.csv" in str(caught.value)


def test_the_label_file_has_no_header_and_a_box_with_commas(tmp_path):
    file = tmp_path / "label.csv"
    file.write_text('fer0000000.png,"(0, 0, 48, 48)",4,0,0,1,3,2,0,0,0,0\n\n')
    (vote,) = read_label_file(file)
    assert (vote.name, vote.counts) == ("fer0000000.png", (4, 0, 0, 1, 3, 2, 0, 0, 0, 0))
    file.write_text("fer0000000.png,4,0,0,1\n")
    with pytest.raises(DataError, match="another shape"):
        read_label_file(file)
