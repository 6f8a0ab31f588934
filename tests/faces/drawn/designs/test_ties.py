"""Confounded and null sets: how much the labels know of the faces, and of each other."""

from collections import Counter

import numpy as np
import pytest

from facsinterp.errors import InputError
from facsinterp.faces.drawn.designs import Confounded, Null
from facsinterp.faces.drawn.designs.confounded import RATES, TIED
from facsinterp.faces.drawn.emotions import EMOTIONS
from facsinterp.faces.drawn.units import UNITS, agree


def information(first, second):
    """Mutual information of two columns of labels in bits."""
    joint = np.array(list(Counter(zip(first, second, strict=True)).items()), object)
    share = {key: count / len(first) for key, count in joint}
    one = {a: n / len(first) for a, n in Counter(first).items()}
    two = {b: n / len(first) for b, n in Counter(second).items()}
    return sum(p * np.log2(p / (one[a] * two[b])) for (a, b), p in share.items())


def tie(strength, seed=0):
    """Mean information that the units' presence has of the emotion, and how often each is shown."""
    frames = list(Confounded(people=20, faces=80, strength=strength, seed=seed))
    emotions = [frame.expression for frame in frames]
    shown = {unit: [unit in frame.face.units for frame in frames] for unit in TIED}
    told = np.mean([information(shown[unit], emotions) for unit in TIED])
    return told, {unit: np.mean(shown[unit]) for unit in TIED}


def test_units_know_the_more_of_the_emotion_the_stronger_the_tie():
    told = {strength: tie(strength) for strength in (0.0, 0.5, 0.8, 1.0)}
    bits = [one for one, _ in told.values()]
    assert bits[0] < 0.005, "1,600 faces give about 0.003 bits by chance"
    assert bits == sorted(bits)
    entropy = [-r * np.log2(r) - (1 - r) * np.log2(1 - r) for r in RATES.values()]
    assert bits[-1] == pytest.approx(np.mean(entropy), rel=0.03), "the prototype tells all"
    for _, rates in told.values():
        assert rates == pytest.approx(RATES, abs=0.035), "every unit as common at each strength"


def test_the_odds_of_a_smile_in_joy():
    """By hand: P(12 | happy) = s + (1 - s) m and P(12 | anger) = (1 - s) m, m = its rate."""
    frames = list(Confounded(people=25, faces=100, strength=0.5))
    for name, belongs in (("happy", 1), ("anger", 0)):
        some = [12 in frame.face.units for frame in frames if frame.expression == name]
        expected = 0.5 * belongs + 0.5 * RATES[12]
        assert np.mean(some) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / len(some)))


def test_tied_units_never_exclude_each_other():
    assert agree(TIED)
    assert len(TIED) >= 12
    assert {frame.expression for frame in Confounded(people=5)} == set(EMOTIONS)


def test_faces_of_two_strengths_differ_in_units_alone():
    for loose, tight in zip(Confounded(strength=0, people=2), Confounded(people=2), strict=True):
        assert loose.face.setting == tight.face.setting
        assert loose.face.noise == tight.face.noise
        assert loose.expression == tight.expression
        for unit in loose.face.units.keys() & tight.face.units.keys() & set(TIED):
            assert loose.face.units[unit] == tight.face.units[unit]


def said(frame):
    return tuple(frame.letter(unit) > 0 for unit in UNITS)


@pytest.mark.parametrize("within", [False, True])
def test_permuted_labels_are_the_same_labels(within):
    design = Null(people=6, faces=20, within=within)
    shown = [(f.subject, tuple(sorted(f.face.units))) for f in design]
    told = [(f.subject, tuple(sorted(f.told or {}))) for f in design]
    assert Counter(one for _, one in shown) == Counter(one for _, one in told)
    assert (Counter(shown) == Counter(told)) == within
    assert shown != told


@pytest.mark.parametrize("how", ["permuted", "drawn"])
def test_labels_know_nothing_of_the_faces(how):
    frames = list(Null(people=20, faces=60, how=how))
    told = np.array([said(frame) for frame in frames])
    shown = np.array([[unit in frame.face.units for unit in UNITS] for frame in frames])
    common = [i for i in range(len(UNITS)) if shown[:, i].mean() > 0.05 and told[:, i].any()]
    assert len(common) > 10
    rates = np.abs(told.mean(axis=0) - shown.mean(axis=0))
    assert rates.max() < 0.06
    phi = [np.corrcoef(told[:, i], shown[:, i])[0, 1] for i in common]
    assert np.abs(phi).max() < 0.12
    smiles = [frame.expression == "happy" for frame in frames]
    assert abs(np.corrcoef(smiles, shown[:, UNITS.index(12)])[0, 1]) < 0.1
    assert np.corrcoef(smiles, told[:, UNITS.index(12)])[0, 1] > 0.5, "labels belong together"


def test_the_table_of_a_null_set_tells_the_labels():
    design = Null(people=2, faces=10)
    told = design.table().data["present"].values
    assert np.array_equal(told, [said(frame) for frame in design])


@pytest.mark.parametrize("within", [False, True])
def test_too_few_labels_to_deal_are_refused(within):
    """Of so few, every label or every other one would go back to its own face."""
    for people, faces in [(5, 1), (5, 2), (1, 9)] if within else [(5, 1), (1, 19), (19, 1)]:
        with pytest.raises(InputError, match="labels are dealt"):
            Null(people=people, faces=faces, within=within)
        assert len(Null(people=people, faces=faces, how="drawn")) == people * faces
    least = Null(people=40, faces=10, within=True) if within else Null(people=40, faces=1)
    own = np.mean([frame.told == frame.face.units for frame in least])
    assert own < 0.2


def test_wrong_numbers_are_refused():
    with pytest.raises(InputError, match="how"):
        Null(how="swapped")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="within"):
        Null(how="drawn", within=True)
    with pytest.raises(InputError) as caught:
        Confounded(strength=1.2, faces=0)
    assert [fault.where for fault in caught.value.faults] == ["faces", "strength"]
