"""Clips: frames in order, onset to offset, and another length for all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facsinterp.errors import DataError
from facsinterp.faces.clips import INTERPOLATIONS, clips, resampled, weights
from facsinterp.faces.table import FaceTable


def table(frames, sequences, **more):
    n = len(frames)
    names = [f"{s}-{f}-{i}" for i, (s, f) in enumerate(zip(sequences, frames, strict=True))]
    subjects = [s[:2] for s in sequences]
    return FaceTable.from_arrays(
        names, [12], np.zeros((n, 1)), subject=subjects, sequence=sequences, frame=frames, **more
    )


def test_frames_come_in_order_and_faces_without_a_sequence_in_none():
    faces = table([9, 2, 5, 1, 7], ["s1_a", "s1_a", "", "s2_b", "s1_a"])
    found = clips(faces)
    assert [one.name for one in found] == ["s1_a", "s2_b"]
    assert found[0].frames.tolist() == [2, 7, 9]
    assert found[0].rows.tolist() == [1, 4, 0]
    assert found[0].subject == "s1"
    assert (found[0].onset, found[0].apex, found[0].offset) == (None, None, None)
    assert found[0].moving().tolist() == [1, 4, 0]
    assert found[0].at(7) == 4
    assert found[0].at(3) is None
    assert found[0].at(None) is None
    assert clips(table([1, 2], ["", ""])) == ()


def test_a_clip_moves_from_its_onset_to_its_offset():
    marks = [(3, 5, 7)] * 5
    faces = table([1, 3, 5, 7, 9], ["s1_a"] * 5, clip=marks)
    (clip,) = clips(faces)
    assert (clip.onset, clip.apex, clip.offset) == (3, 5, 7)
    assert clip.moving().tolist() == [1, 2, 3]
    (open_end,) = clips(table([1, 3, 5], ["s1_a"] * 3, clip=[(3, -1, -1)] * 3))
    assert (open_end.apex, open_end.offset) == (None, None)
    assert open_end.moving().tolist() == [1, 2]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["neutral", "", "happy"], "happy"),
        (["neutral", "neutral", ""], "neutral"),
        (["", "", ""], ""),
        (["happy", "fear", "neutral"], ""),
    ],
)
def test_a_clip_shows_its_one_label_beside_neutral(labels, expected):
    (clip,) = clips(table([1, 2, 3], ["s1_a"] * 3, expression=labels))
    assert clip.expression == expected


def test_frames_without_an_order_are_refused_all_at_once():
    faces = table(
        [1, 1, 4, 5],
        ["s1_a", "s1_a", "s2_b", "s2_b"],
        clip=[(1, 1, 1), (1, 1, 1), (4, 4, 5), (4, 5, 5)],
    )
    with pytest.raises(DataError) as caught:
        clips(faces)
    text = str(caught.value)
    assert "sequence s1_a" in text
    assert "frame 1" in text
    assert "sequence s2_b" in text
    assert "different onsets" in text


def slow_linear(frames, length):
    """One new frame at a time, one pixel at a time."""
    out = []
    for k in range(length):
        place = k * (len(frames) - 1) / (length - 1) if length > 1 else (len(frames) - 1) / 2
        low = min(int(place), len(frames) - 1)
        high = min(low + 1, len(frames) - 1)
        part = place - low
        out.append(
            [(1 - part) * a + part * b for a, b in zip(frames[low], frames[high], strict=True)]
        )
    return np.array(out)


def slow_tim(frames, length):
    """As Zhou et al. (2011) build it: centre, singular values, and a map from the path's curve.

    The frames are the columns of X = mean + U S V'; the curve has the components
    sin(pi k t + pi (n - k) / 2n), k = 1 .. n - 1; M takes it at i / n to S V'.
    """
    x = np.array(frames, dtype=float).T
    n = x.shape[1]
    mean = x.mean(axis=1, keepdims=True)
    u, s, v = np.linalg.svd(x - mean, full_matrices=False)

    def curve(t):
        return np.array([np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n)) for k in range(1, n)])

    known = np.stack([curve(i / n) for i in range(1, n + 1)], axis=1)
    m = np.diag(s) @ v @ np.linalg.pinv(known)
    times = np.linspace(1 / n, 1, length)
    return np.stack([(mean[:, 0] + u @ m @ curve(t)) for t in times])


@pytest.mark.parametrize(("count", "length"), [(2, 5), (5, 10), (9, 4), (12, 12), (30, 17)])
def test_both_methods_agree_with_the_slow_forms(count, length):
    frames = np.random.default_rng(count).uniform(0, 255, (count, 40))
    linear = resampled(frames, length, "linear")
    np.testing.assert_allclose(linear, slow_linear(frames.tolist(), length), atol=1e-3)
    tim = resampled(frames, length, "tim")
    np.testing.assert_allclose(tim, slow_tim(frames, length), atol=1e-2)


@given(st.integers(1, 40), st.integers(1, 60), st.sampled_from(INTERPOLATIONS))
def test_weights_add_up_to_one_and_keep_the_ends(count, length, method):
    matrix = weights(count, length, method)
    assert matrix.shape == (length, count)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-9)
    if length > 1:
        ends = np.eye(count)[[0, -1]]
        np.testing.assert_allclose(matrix[[0, -1]], ends, atol=1e-9)
    np.testing.assert_allclose(weights(count, count, method), np.eye(count), atol=1e-9)


@pytest.mark.parametrize("method", INTERPOLATIONS)
def test_one_new_frame_is_the_middle_one(method):
    np.testing.assert_allclose(weights(5, 1, method), [[0, 0, 1, 0, 0]], atol=1e-9)
    between = weights(4, 1, method)[0]
    np.testing.assert_allclose(between, between[::-1], atol=1e-9)
    assert between[1] > 0.4


def test_a_clip_keeps_the_shape_of_its_frames():
    frames = np.random.default_rng(0).integers(0, 256, (6, 8, 9, 3), dtype=np.uint8)
    assert resampled(frames, 10).shape == (10, 8, 9, 3)
    assert resampled(frames, 10).dtype == np.float32
    still = np.full((4, 3, 3), 7, np.uint8)
    np.testing.assert_allclose(resampled(still, 9), 7, atol=1e-4)


def test_no_frames_and_no_length_are_refused():
    for count, length in ((0, 5), (5, 0)):
        with pytest.raises(ValueError, match="1 or more"):
            weights(count, length)
