"""Every case in which a number would mislead: what is refused, marked, or left out."""

import numpy as np
import pytest

from facsinterp.association.associate import associate
from facsinterp.association.settings import Settings
from facsinterp.association.verdict import Verdicts
from facsinterp.errors import ActivationError, InputError
from facsinterp.stats.top import precision_at_n
from tests.association.stores import people, store_of

QUICK = Settings(permutations=499, top_n=6)
HAPPY_OR_NOT = ("happy", "sadness", "anger")


def sample(seed=0, subjects=24, each=5, filters=6, units=4):
    """Subjects, labels and activations; filter 0 answers to the first unit."""
    rng = np.random.default_rng(seed)
    owner, labels = people(rng, subjects, each, units)
    activation = np.maximum(0, rng.normal(size=(len(owner), filters)) + 0.3)
    activation[:, 0] += 2.0 * labels[:, 0]
    return activation, labels, owner


def found_of(tmp_path, activation, labels, owner, settings=QUICK, **columns):
    return associate(
        store_of(tmp_path / "s", activation, labels, subject=owner, **columns), settings
    )


def no_test_of(found, column):
    one = found.data.isel(au=column)
    assert np.isnan(one["p_auroc"]).all()
    assert np.isnan(one["q_auroc"]).all()
    assert not found.significant().values[:, column].any()
    return one


def test_au_absent_everywhere(tmp_path):
    activation, labels, owner = sample()
    labels[:, 1] = False
    one = no_test_of(found_of(tmp_path, activation, labels, owner), 1)
    assert one["status"] == "absent"
    assert (one["precision_at_n"] == 0).all()
    for name in ("lift", "auroc", "kl", "kl_null", "z"):
        assert np.isnan(one[name]).all(), name


def test_au_present_everywhere(tmp_path):
    activation, labels, owner = sample()
    labels[:, 1] = True
    found = found_of(tmp_path, activation, labels, owner)
    one = no_test_of(found, 1)
    assert one["status"] == "everywhere"
    assert (one["precision_at_n"] == 1).all()
    assert (one["lift"] == 1).all()
    assert np.isnan(one["auroc"]).all()
    assert found.papers_rule().count == 6  # the published rule accepts them all


def test_au_not_scored_anywhere_or_partly(tmp_path):
    activation, labels, owner = sample()
    coded = np.ones_like(labels)
    coded[:, 1] = False
    coded[:40, 2] = False
    data = found_of(tmp_path, activation, labels & coded, owner, coded=coded).data
    assert data["status"].values[1] == "unscored"
    assert (int(data["n_coded"][2]), int(data["n_coded"][0])) == (80, 120)
    assert float(data["base_rate"][2]) == labels[40:, 2].mean()
    alone = found_of(
        tmp_path / "alone", activation[40:], labels[40:], owner[40:], settings=QUICK
    ).data
    for name in ("auroc", "z", "kl", "p_precision"):
        here, there = data[name].values[:, 2], alone[name].values[:, 2]
        assert here == pytest.approx(there, rel=1e-12), name


def test_dead_filter_and_constant_filter(tmp_path):
    activation, labels, owner = sample()
    activation[:, 2], activation[:, 3] = 0.0, 1.5
    found = found_of(tmp_path, activation, labels, owner)
    for j in (2, 3):
        one = found.data.isel(filter=j)
        assert one["precision_at_n"].values == pytest.approx(one["base_rate"].values)
        assert (one["precision_low"] == 0).all()
        assert (one["precision_high"] == 1).all()
        assert (one["auroc"] == 0.5).all()
        assert (one["kl"] == 0).all()
        assert np.isnan(one["p_auroc"]).all()
        assert np.isnan(one["p_beyond"]).all()
    assert Verdicts.of(found).kind.tolist()[2:4] == ["dead", "constant"]
    assert found.data.attrs["family_size"] == 4 * 4


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_or_inf_activation(tmp_path, value):
    """A store refuses to hold one; what got in otherwise is refused when it is read."""
    activation, labels, owner = sample()
    store = store_of(tmp_path / "s", activation, labels, subject=owner)
    store.data["peak"].load()[3, 1] = value
    with pytest.raises(ActivationError, match="1 faces have NaN or infinite") as refused:
        associate(store, QUICK)
    assert str(store.filters[1]) in str(refused.value)


def test_n_above_the_number_of_positives(tmp_path):
    activation, labels, owner = sample()
    labels[:, 1] = False
    labels[[0, 5, 10, 15, 20], 1] = True
    data = found_of(tmp_path, activation, labels, owner, Settings(permutations=199)).data
    assert float(data["largest_precision"][1]) == 5 / 10
    assert float(data["largest_precision"][0]) == 1
    assert (data["precision_high"].values[:, 1] <= 5 / 10).all()


def test_n_above_the_number_of_images():
    with pytest.raises(InputError, match="top N"):
        precision_at_n(np.zeros((4, 1)), np.zeros((4, 1), bool), 5)


def test_n_above_the_number_of_groups_becomes_their_number():
    activation, labels = np.arange(6.0)[:, None], np.ones((6, 1), bool)
    assert precision_at_n(activation, labels, 5, groups=["a", "a", "b", "b", "c", "c"]).n == 3


def test_ties_at_the_nth_place_are_shared_whatever_the_order_of_rows(tmp_path):
    activation, labels, owner = sample()
    activation[:, 1] = np.round(activation[:, 1] > 1)
    one = found_of(tmp_path / "a", activation, labels, owner).data
    names = [f"{subject}-{i}" for i, subject in enumerate(owner)]
    order = np.random.default_rng(1).permutation(len(owner))
    other = found_of(
        tmp_path / "b",
        activation[order],
        labels[order],
        [owner[i] for i in order],
        images=[names[i] for i in order],
    ).data
    assert np.array_equal(one["precision_at_n"].values, other["precision_at_n"].values)
    assert (one["precision_low"] < one["precision_high"]).values[1].all()


def test_single_subject(tmp_path):
    activation, labels, owner = sample(subjects=1, each=40)
    data = found_of(tmp_path, activation, labels, owner).data
    assert np.isfinite(data["p_auroc"]).all()
    assert np.isnan(data["auroc_low"]).all()
    assert data.attrs["n_subjects"] == 1
    assert (data["best_filter"].values == "").all()  # nobody is left to hold out
    with pytest.raises(InputError, match="whole subjects"):
        found_of(tmp_path / "w", activation, labels, owner, Settings(null="whole-subject"))


def test_subjects_with_one_sequence_are_no_information_within(tmp_path):
    activation, labels, owner = sample()
    alone = [*owner, "T1", "T2"]
    data = found_of(
        tmp_path,
        np.vstack([activation, activation[:2]]),
        np.vstack([labels, ~labels[:2]]),
        alone,
    ).data
    assert (data.attrs["n_subjects"], data.attrs["informative_subjects"]) == (26, 24)
    assert (data["n_informative"] <= 24).all()


def test_tiny_n_is_untestable_and_not_just_insignificant(tmp_path):
    activation, labels, owner = sample(subjects=6, each=2)
    labels[:] = False
    labels[::2] = True  # one of two in each subject: the least p is 1/64
    found = found_of(tmp_path, activation, labels, owner)
    assert found.data["attainable_p"].values == pytest.approx(1 / 64)
    assert (found.data["status"] == "untestable").all()
    assert set(Verdicts.of(found).kind) == {"untestable"}


def test_au_constant_within_all_subjects(tmp_path):
    activation, labels, owner = sample()
    labels[:, 1] = np.repeat(np.arange(24) % 2 == 0, 5)
    one = no_test_of(found_of(tmp_path / "within", activation, labels, owner), 1)
    assert one["status"] == "constant within"
    whole = found_of(
        tmp_path / "whole",
        activation,
        labels,
        owner,
        Settings(permutations=199, null="whole-subject"),
    )
    assert whole.data["status"].values[1] == "tested"


def test_labels_that_vary_inside_sequences(tmp_path):
    activation, labels, owner = sample(each=6)
    columns = {
        "sequence": [f"{one}-{i // 3}" for i, one in enumerate(owner)],
        "frame": [i % 3 for i in range(len(owner))],
    }
    for unit in ("sequence", "sequence-mean"):
        with pytest.raises(InputError, match="time-courses") as refused:
            found_of(tmp_path / unit, activation, labels, owner, Settings(unit=unit), **columns)
        assert "subject-flips" in str(refused.value)
    courses = Settings(unit="frame", null="time-courses", beyond="none", permutations=199)
    data = found_of(tmp_path / "courses", activation, labels, owner, courses, **columns).data
    assert data.attrs["n_units"] == len(owner)
    assert (data["status"] == "tested").all()
    assert data["p_auroc"].values[0, 0] <= 0.01
    assert (data["way_auroc"].values == 0).all()  # takes move whole: no closed form
    assert (data["way_precision"].values == 0).all()
    flips = Settings(unit="frame", null="subject-flips", beyond="subject-flips", permutations=199)
    data = found_of(tmp_path / "flips", activation, labels, owner, flips, **columns).data
    assert data["p_auroc"].values[0, 0] <= 0.01
    assert np.isnan(data["p_precision"]).all()


def test_frames_are_not_shuffled_singly():
    with pytest.raises(InputError, match="may not change places singly"):
        Settings(unit="frame")
    with pytest.raises(InputError, match="whole takes"):
        Settings(null="time-courses")


def test_no_subject_column(tmp_path):
    activation, labels, _ = sample()
    with pytest.raises(InputError, match="free"):
        found_of(tmp_path / "a", activation, labels, [""] * len(labels))
    free = Settings(null="free", permutations=199)
    data = found_of(tmp_path / "b", activation, labels, [""] * len(labels), free).data
    assert data["testable"].all()
    assert np.isnan(data["auroc_low"]).all()


def test_images_that_show_the_same_are_one_observation_where_there_is_no_sequence(tmp_path):
    rng = np.random.default_rng(3)
    faces = rng.integers(0, 255, (12, 24, 24), dtype=np.uint8)
    faces[5] = faces[4]
    labels = rng.random((12, 2)) < 0.5
    labels[5] = labels[4]
    store = store_of(tmp_path / "s", rng.random((12, 3)), labels, faces_shown=faces)
    data = associate(store, Settings(null="free", permutations=199, min_units=1)).data
    assert (data.attrs["n_units"], data.attrs["n_alike"]) == (11, 1)
    people = [f"P{i}" for i in range(12)]  # whoever is somebody else is kept apart
    store = store_of(tmp_path / "p", rng.random((12, 3)), labels, faces_shown=faces, subject=people)
    assert associate(store, Settings(null="free", permutations=199)).data.attrs["n_units"] == 12
    labels[5] = ~labels[4]  # and so is what was coded otherwise
    store = store_of(tmp_path / "t", rng.random((12, 3)), labels, faces_shown=faces)
    assert associate(store, Settings(null="free", permutations=199)).data.attrs["n_units"] == 12


def test_emotion_missing(tmp_path):
    activation, labels, owner = sample()
    emotion = [HAPPY_OR_NOT[i % 3] if i % 5 < 4 else "" for i in range(len(owner))]
    some = found_of(tmp_path / "some", activation, labels, owner, expression=emotion).data
    assert (some["n_coded_beyond"] == 96).all()
    assert some.attrs["n_units_beyond"] == 96
    assert some.attrs["n_emotions"] == 3  # "" is no emotion
    none = found_of(tmp_path / "none", activation, labels, owner)
    assert (none.data["status_beyond"] == "no emotion").all()
    assert np.isnan(none.data["p_beyond"]).all()
    assert none.data["p_auroc"].values[0, 0] < 0.01
    assert Verdicts.of(none).kind[0] == "answers"


def test_one_emotion_contains_all_positives(tmp_path):
    activation, labels, owner = sample()
    emotion = np.array([HAPPY_OR_NOT[i % 3] for i in range(len(owner))])
    labels[:, 1] &= emotion == "happy"
    labels[:, 2] = emotion == "sadness"  # pure: it says nothing that the emotion does not
    data = found_of(tmp_path, activation, labels, owner, expression=emotion.tolist()).data
    assert int(data["n_informative_beyond"][1]) == 1
    assert data["status_beyond"].values[2] == "constant within"
    assert np.isnan(data["p_beyond"].values[:, 2]).all()


def test_zero_permutations_exceed(tmp_path):
    activation, labels, owner = sample()
    activation[:, 0] += 50 * labels[:, 0]
    data = found_of(tmp_path, activation, labels, owner).data
    assert data["reached_auroc"].values[0, 0] == 0
    assert 0 < data["p_auroc"].values[0, 0] < 1 / 500
    assert data.attrs["ways"][data["way_auroc"].values[0, 0]] in ("exact", "saddlepoint")
    assert data["p_auroc"].values[0, 0] >= data["attainable_p"].values[0]
    assert (data["way_precision"].values == data.attrs["ways"].index("exact")).all()
    assert data.attrs["permutations"] == 499


def test_unequal_frames_per_sequence_are_averaged(tmp_path):
    """A maximum would grow with the number of frames, a mean does not."""
    rng = np.random.default_rng(5)
    owner, labels = people(rng, 24, 5, 2)
    frames = rng.integers(1, 30, len(owner))
    at = np.repeat(np.arange(len(owner)), frames)
    activation = rng.random((len(at), 3))
    store = store_of(
        tmp_path / "s",
        activation,
        labels[at],
        images=[f"i{i:05d}" for i in range(len(at))],
        subject=[owner[i] for i in at],
        sequence=[f"{owner[i]}-{i}" for i in at],
    )
    data = associate(store, Settings(unit="sequence-mean", permutations=199)).data
    assert data.attrs["n_units"] == len(owner)
    sums = np.add.reduceat(activation.astype(np.float32), np.cumsum(frames) - frames, axis=0)
    means = sums / frames[:, None]
    spread = [np.ptp(means[:, j]) for j in range(3)]
    assert max(spread) < 1  # maxima would all be near 1


def test_float32_neighbours_are_no_ties(tmp_path):
    activation, labels, owner = sample()
    one = np.float32(1.0)
    activation[:, 1] = one
    activation[::2, 1] = np.nextafter(one, np.float32(2.0))
    data = found_of(tmp_path, activation, labels, owner).data
    assert not data["constant"].values[1]
    assert (data["auroc"].values[1] != 0.5).any()


def test_two_sided_tests_find_what_a_unit_silences(tmp_path):
    activation, labels, owner = sample()
    activation[:, 1] = np.maximum(0, 3 - 2.5 * labels[:, 1] + 0.3 * activation[:, 1])
    silent = (1, 1)
    one = found_of(tmp_path / "one", activation, labels, owner)
    assert one.data["q_auroc"].values[silent] == pytest.approx(1.0, abs=0.1)
    two = found_of(tmp_path / "two", activation, labels, owner, Settings(sides="two"))
    assert two.data["q_auroc"].values[silent] < 0.01
    assert two.data["p_auroc_max"].values[silent] < 0.01
    assert two.data.attrs["at_least_auroc"][""] >= 2
    assert two.data["named_au"].values[1] == two.best("conv1/001") == 2
    assert two.data["named_auroc_held_out"].values[1] < 0.2
    found = Verdicts.of(two)
    assert found.silenced.tolist()[:2] == [False, True]
    assert two.data["q_auroc"].values[0, 0] < 0.01


def test_rows_without_a_subject_are_nobody_where_people_are_drawn(tmp_path):
    activation, labels, owner = sample()
    plain = found_of(tmp_path / "a", activation, labels, owner).data
    more = found_of(
        tmp_path / "b",
        np.vstack([activation, activation[:9]]),
        np.vstack([labels, ~labels[:9]]),
        [*owner, *[""] * 9],
    ).data
    for name in ("best_auroc_held_out", "named_auroc_held_out"):
        assert more[name].values == pytest.approx(plain[name].values), name
    assert more.attrs["n_subjects"] == 24


def test_a_unit_that_varies_in_few_people_is_too_little_to_speak_of(tmp_path):
    """Four people always show it, one sometimes: a finding would be one on that one."""
    activation, labels, owner = sample(each=12)
    labels[:, 1] = False
    labels[: 4 * 12, 1] = True
    labels[4 * 12 : 4 * 12 + 6, 1] = True
    activation[:, 1] += 9 * labels[:, 1]
    one = no_test_of(found_of(tmp_path, activation, labels, owner), 1)
    assert int(one["n_subjects_present"]) == 5
    assert int(one["n_informative"]) == 1
    assert one["status"] == "too few"


def test_flips_name_the_unit_that_stands_out_most(tmp_path):
    """p-values of strong units are all the least there is; names must not hang on them."""
    activation, labels, owner = sample(subjects=30, each=6)
    activation[:, 1] = 0.3 * activation[:, 1] + 0.8 * labels[:, 1] + 3 * labels[:, 2]
    settings = Settings(null="subject-flips", beyond="none", permutations=199)
    found = found_of(tmp_path, activation, labels, owner, settings)
    assert found.data["p_auroc"].values[1, 1:3] == pytest.approx(1 / 200)
    assert found.best("conv1/001") == 3
    assert Verdicts.of(found).column[1] == 2
    assert np.isfinite(found.data["z"].values).all()


def test_a_filter_without_a_z_for_one_unit_still_counts_for_others(tmp_path):
    activation, labels, owner = sample()
    rare = np.zeros(len(owner), dtype=bool)
    rare[2:60:5] = True  # one sequence of each of twelve people
    labels[:, 1] = rare
    inside = np.isin(owner, np.array(owner)[rare])
    activation[:, 0] = np.where(inside, 1.0, 1.0 + 5 * labels[:, 0])  # flat in those people
    data = found_of(tmp_path, activation, labels, owner).data
    assert np.isnan(data["z"].values[0, 1])
    assert data["p_auroc_max"].values[0, 1] == 1
    assert data["q_auroc"].values[0, 0] < 0.01
    assert data.attrs["at_least_auroc"][""] >= 1


def test_people_without_a_name_make_no_interval(tmp_path):
    activation, labels, owner = sample(subjects=19)
    more = [*owner, *[""] * len(owner)]
    data = found_of(tmp_path, np.vstack([activation] * 2), np.vstack([labels] * 2), more).data
    assert np.isnan(data["auroc_low"]).all()
