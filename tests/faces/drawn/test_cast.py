"""The cast: labels that are exact, balances like those of CK+, and emotions to be learnt."""

from collections import Counter

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from facsinterp.faces.drawn import cast, render, take
from facsinterp.faces.drawn.cast import FRAMES, SHOWN, kept
from facsinterp.faces.drawn.emotions import EMOTIONS, settled, show, show_units
from facsinterp.faces.drawn.units import agree


def test_a_cast_is_a_function_of_its_numbers():
    assert list(cast(3, 2, 7)) == list(cast(3, 2, 7))
    longer = list(cast(5, 4, 7))
    assert set(map(str, cast(3, 2, 7))) <= set(map(str, longer))
    assert list(cast(3, 2, 7)) != list(cast(3, 2, 8))


def test_a_sequence_runs_from_neutral_to_its_apex():
    shown = take(1, 1, 0, 0.0)
    frames = [shown.frame(number) for number in range(1, FRAMES + 1)]
    assert [frames[0].phase, frames[-1].phase] == ["neutral", "apex"]
    assert frames[0].expression == "neutral"
    assert not frames[0].face.units
    for unit in shown.apex:
        assert frames[-1].face.units[unit] == pytest.approx(shown.apex[unit])
        strengths = [frame.strength(unit) for frame in frames]
        assert strengths == sorted(strengths)
    assert len({frame.face.identity for frame in frames}) == 1
    assert len({frame.face.setting for frame in frames}) == FRAMES


def test_the_first_and_the_last_frames_are_kept():
    assert kept(2) == (1, FRAMES - 1, FRAMES)
    assert kept(100) == tuple(range(1, FRAMES + 1))


def test_letters_round_strengths_and_traces_count():
    for frame in cast(6, 4, 1, last=FRAMES):
        for unit in SHOWN:
            strength, letter = frame.strength(unit), frame.letter(unit)
            assert (letter > 0) == (strength > 0)
            assert letter in range(6)
            assert abs(letter - strength) <= (0.5 if strength >= 0.5 else 1)


def test_units_of_a_face_agree_and_jaws_part_the_lips():
    rng = np.random.default_rng(0)
    for units in [show_units(rng) for _ in range(400)] + [
        show(name, rng) for name in EMOTIONS for _ in range(60)
    ]:
        assert agree(units)
        assert set(units) <= set(SHOWN)
        assert all(0 <= strength <= 5 for sides in units.values() for strength in sides)
        # Lips that are sucked in stay shut while the jaw is down.
        if {16, 22, 26, 27} & set(units) and 28 not in units:
            assert 25 in units


def test_lips_part_as_strongly_as_what_parts_them():
    assert settled({26: (4.0, 4.0)}) == {26: (4.0, 4.0), 25: (4.0, 4.0)}
    assert settled({10: (2.0, 2.0)}) == {10: (2.0, 2.0)}
    assert settled({10: (5.0, 4.0), 25: (4.0, 4.0)})[25] == (4.0, 4.0)


def test_contempt_is_mostly_one_sided():
    rng = np.random.default_rng(1)
    faces = [show("contempt", rng) for _ in range(200)]
    alone = [any(min(units[u]) == 0 for u in (12, 14) if u in units) for units in faces]
    assert 0.65 < np.mean(alone) < 0.95


def test_balances_are_like_those_of_ckplus():
    last = [take(s, q, 0, 0.35) for s in range(1, 101) for q in range(1, 11)]
    without = np.mean([shown.expression == "" for shown in last])
    assert 0.31 < without < 0.39
    counts = Counter(shown.expression for shown in last if shown.expression)
    total = sum(counts.values())
    weight = sum(emotion.weight for emotion in EMOTIONS.values())
    for name, emotion in EMOTIONS.items():
        assert counts[name] / total == pytest.approx(emotion.weight / weight, abs=0.04)
    shown_units = Counter(unit for shown in last for unit in shown.apex)
    assert all(shown_units[unit] >= 15 for unit in SHOWN)


def test_units_inform_about_an_emotion_without_being_it():
    rng = np.random.default_rng(2)
    happy = [show("happy", rng) for _ in range(300)]
    assert 0.8 < np.mean([6 in units for units in happy]) < 0.95
    others = [show(name, rng) for name in EMOTIONS if name != "happy" for _ in range(100)]
    assert 0.01 < np.mean([12 in units for units in others]) < 0.2


def test_a_linear_classifier_learns_emotions_across_subjects():
    frames = [f for f in cast(60, 8, 0, last=1, without_emotion=0.0) if f.phase == "apex"]
    pixels = render([frame.face for frame in frames], 48).reshape(len(frames), -1) / 255.0
    labels = np.array([frame.expression for frame in frames])
    train = np.array([int(frame.subject[1:]) <= 45 for frame in frames])
    model = make_pipeline(PCA(100, random_state=0), LogisticRegression(C=1.0, max_iter=500))
    model.fit(pixels[train], labels[train])
    score = model.score(pixels[~train], labels[~train])
    majority = Counter(labels[~train].tolist()).most_common(1)[0][1] / (~train).sum()
    assert score > majority + 0.15
