"""Short movements: of a length that micro-expressions have, weak, and the same each time."""

from io import BytesIO

import numpy as np
from PIL import Image

from facsinterp.faces.drawn.micro import clip as drawn_clip
from facsinterp.faces.layouts.clips import STEP, movements
from facsinterp.faces.layouts.contract import Cast
from facsinterp.faces.layouts.drawing import drawn

CAST = Cast(people=5, sequences=4, pixels=24)


def pictures(clip, numbers):
    return np.array([np.asarray(one) for one in clip.pictures(numbers, 24, lambda one: one)])


def test_every_clip_is_as_long_as_a_micro_expression():
    clips = list(movements(CAST, 500))
    assert len(clips) == 20
    for clip in clips:
        assert 500 * clip.number < clip.onset < clip.apex < clip.offset
        assert 0.2 <= (clip.offset - clip.onset) / 200 <= 0.5
    assert len({(clip.onset, clip.apex) for clip in clips}) == 20
    assert clips == list(movements(CAST, 500))


def test_clips_of_one_recording_follow_each_other():
    one, two = list(movements(Cast(people=1, sequences=2), 500))
    assert one.whole[0] == 501
    assert one.whole[-1] < two.whole[0] == 1001
    (alone,) = movements(Cast(people=1, sequences=1))
    assert alone.whole == range(1, alone.clip.length + 1)


def test_a_clip_is_that_of_drawn_micro_expressions():
    for clip in movements(CAST, 500):
        same = drawn_clip(clip.person, clip.number, CAST.seed)
        assert (clip.apex - clip.onset, clip.peak) == (
            same.apex - same.onset,
            same.frame(same.apex),
        )


def test_frames_differ_in_time_and_key_frames_are_as_drawn():
    clip = next(movements(CAST, 500))
    numbers = list(clip.whole)
    shown = pictures(clip, numbers)
    assert len({picture.tobytes() for picture in shown}) == len(numbers)
    keys = [clip.onset, clip.apex, clip.offset]
    exact = drawn([clip.clip.frame(number - clip.before) for number in keys], 24)
    np.testing.assert_array_equal(shown[[numbers.index(key) for key in keys]], exact)


def test_frames_between_drawn_ones_are_near_them():
    clip = next(movements(CAST))
    middle = clip.onset + STEP // 2
    between = pictures(clip, [clip.onset, middle, clip.onset + STEP]).astype(float)
    exact = drawn([clip.clip.frame(middle)], 24)[0]
    assert np.abs(between[1] - exact).mean() < 4
    np.testing.assert_allclose(between[1], (between[0] + between[2]) / 2, atol=1)


def test_a_single_frame_is_drawn_as_it_is():
    clip = next(movements(CAST))
    exact = drawn([clip.clip.frame(clip.apex)], 24)
    np.testing.assert_array_equal(pictures(clip, [clip.apex]), exact)


def test_files_are_jpegs_of_the_shape_asked_for():
    clip = next(movements(CAST))
    numbers = range(clip.onset, clip.offset + 1)
    files = clip.files(numbers, 24, lambda picture: np.pad(picture, ((3, 3), (0, 0)), mode="edge"))
    assert len(files) == len(numbers) == len(set(files))
    with Image.open(BytesIO(files[0])) as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (24, 30), "L")
