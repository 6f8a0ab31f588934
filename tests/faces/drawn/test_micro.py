"""Drawn micro-expressions: brief, weak, and known to the frame."""

from collections import Counter

import numpy as np
import pytest

from facsinterp.faces.drawn.micro import LONGEST, RATE, SHORTEST, clip, clips
from facsinterp.faces.drawn.units import UNITS, agree


@pytest.fixture(scope="module")
def shown():
    return list(clips(40, 6, 3))


def test_clips_are_a_function_of_their_numbers(shown):
    again = list(clips(41, 6, 3))
    assert again[: len(shown)] == shown
    assert clip(2, 3, 3) == shown[6 + 2]
    assert clip(2, 3, 3).frame(20) == shown[6 + 2].frame(20)
    assert clip(2, 3, 4) != clip(2, 3, 3)


def test_a_movement_lasts_a_fifth_to_half_a_second_between_neutral_frames(shown):
    for one in shown:
        assert 1 < one.onset < one.apex < one.offset < one.length
        seconds = (one.offset - one.onset) / RATE
        assert SHORTEST - 1 / RATE <= seconds <= LONGEST + 1 / RATE


def test_units_rise_to_the_apex_and_go_again(shown):
    for one in shown[:30]:
        frames = [one.frame(number) for number in range(1, one.length + 1)]
        assert [frame.phase for frame in frames].count("apex") == 1
        assert frames[one.apex - 1].phase == "apex"
        for unit in UNITS:
            strength = [frame.strength(unit) for frame in frames]
            assert strength[one.apex - 1] == pytest.approx(max(one.units.get(unit, (0, 0))))
            assert not any(strength[: one.onset - 1])
            assert not any(strength[one.offset :])
            rise, fall = strength[one.onset - 1 : one.apex], strength[one.apex - 1 : one.offset]
            assert rise == sorted(rise)
            assert fall == sorted(fall, reverse=True)
            assert (rise[0] > 0) == (fall[-1] > 0) == (unit in one.units)
        outside = [f for f in frames if not one.onset <= f.number <= one.offset]
        assert {f.expression for f in outside} == {"neutral"}
        assert {f.phase for f in outside} == {"neutral"}


def test_movements_are_weak_and_can_be_shown_together(shown):
    strongest = [max(max(sides) for sides in one.units.values()) for one in shown]
    assert min(strongest) >= 0.8
    assert max(strongest) <= 2.6
    assert all(agree(one.units) for one in shown)


def test_expressions_are_as_frequent_as_in_casme_ii():
    counts = Counter(one.expression for one in clips(60, 20, 1))
    share = {name: count / 1200 for name, count in counts.items()}
    for name, published in (("others", 99), ("disgust", 63), ("happy", 32), ("surprise", 25)):
        assert share[name] == pytest.approx(published / 255, abs=0.045)


def test_the_head_drifts_without_a_jump(shown):
    one = shown[0]
    yaw = np.array([one.frame(number).face.setting.yaw for number in range(1, one.length + 1)])
    assert np.ptp(yaw) > 0
    assert np.abs(np.diff(yaw)).max() <= np.ptp(yaw) / (one.length - 1) * 1.001
