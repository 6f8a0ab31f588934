"""Label files of single frames: any damage leaves frames uncoded, never wrong."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from facsinterp.faces.sources.reading.files import UnreadableFile
from facsinterp.faces.sources.reading.frame_labels import joined, read_scores
from facsinterp.faces.sources.reading.notes import Notes
from facsinterp.faces.sources.reading.points66 import ibug68

frames = st.dictionaries(st.integers(0, 9999), st.integers(0, 5), min_size=1, max_size=30)
noise = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=12)


def write(path, lines):
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("labels") / "au1.txt"


@given(told=frames, style=st.sampled_from(["{},{}", "{:03d}.jpg   {}", "{:05d} {}.0", " {} ,{} "]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_spelling_says_the_same(file, told, style):
    lines = ["# a line of words", ""]
    lines += [style.format(frame, value) for frame, value in told.items()]
    scores = read_scores(write(file, lines))
    assert scores.intensity == told
    assert scores.refused == ()


@given(told=frames, damage=st.lists(noise, max_size=5), seed=st.randoms())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_beside_the_lines_changes_no_other_frame(file, told, damage, seed):
    lines = [f"{frame},{value}" for frame, value in told.items()]
    extra = [line for line in damage if not line.lstrip()[:1].isdigit()]
    lines += extra
    seed.shuffle(lines)
    try:
        scores = read_scores(write(file, lines))
    except UnreadableFile:
        pytest.fail("the whole lines can still be used")
    assert scores.intensity == told


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_or_refused(file, text):
    file.write_text(text, encoding="utf-8", newline="")
    try:
        scores = read_scores(file)
    except UnreadableFile:
        return
    assert all(value in range(6) for value in scores.intensity.values())


@pytest.mark.parametrize(
    "line", ["1,6", "1,-1", "1,nan", "1,", "1", "x,1", "1;2;3", "1.5,2", "-1,2", "1,0.5", "1,2.7"]
)
def test_lines_that_code_nothing(tmp_path, line):
    scores = read_scores(write(tmp_path / "au1.txt", ["7,3", line]))
    assert scores.intensity == {7: 3}
    assert scores.refused == (line,)


def test_files_are_joined_by_frame(tmp_path):
    files = {
        1: [write(tmp_path / "au1.txt", ["1,0", "2,3", "4,1"])],
        12: [write(tmp_path / "au12.txt", ["2,5", "3,0"])],
        30: [write(tmp_path / "au30.txt", ["2,1"])],
    }
    notes = Notes()
    coded = joined("SN001", "labels", files, notes)
    assert coded is not None
    assert coded.frames.tolist() == [1, 2, 3, 4]
    nan = np.nan
    np.testing.assert_array_equal(
        coded.intensity[:, [0, 6]], [[0, nan], [3, 5], [nan, 0], [1, nan]]
    )
    assert np.isnan(np.delete(coded.intensity, [0, 6], axis=1)).all()
    assert coded.complete.tolist() == [False, True, False, False]
    assert any("au30.txt" in warning for warning in notes.warnings)


def test_49_and_66_points_take_their_places_among_68():
    full = np.arange(136, dtype=np.float32).reshape(68, 2)
    expected = full.copy()
    expected[[60, 64]] = full[[48, 54]]
    np.testing.assert_array_equal(ibug68(np.delete(full, [60, 64], axis=0)), expected)
    inner = np.delete(full, [*range(17), 60, 64], axis=0)
    assert len(inner) == 49
    np.testing.assert_array_equal(ibug68(inner)[17:], expected[17:])
    assert np.isnan(ibug68(inner)[:17]).all()
    np.testing.assert_array_equal(ibug68(full), full)
    with pytest.raises(UnreadableFile):
        ibug68(np.zeros((2, 66)))
