"""Lists from a sweep in bfloat16: those of float32, or refused."""

from dataclasses import dataclass

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from facsinterp.activations.keeping.margin import MULTIPLE
from facsinterp.activations.store import ActivationStore
from facsinterp.errors import InputError
from facsinterp.labels import FilterId

from . import low, tiny

IMAGES = 14
FACES = tiny.faces(IMAGES)
ONE = "conv/000"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The same sweep in bfloat16 and in float32."""
    folder = tmp_path_factory.mktemp("certain")
    return tuple(low.swept(folder / f"{name}.zarr", name).verify() for name in ("bf16", "float32"))


def same(found, wanted):
    xr.testing.assert_identical(found, wanted)


def of_values(peak, score=None, precise=None) -> ActivationStore:
    """A store of one filter in memory, with the variables that lists are made of."""
    columns = {"peak": peak, "score": score, "precise": precise}
    data = FACES.to_dataset().assign(
        {
            name: (("image", "filter"), np.asarray(values, np.float32)[:, None])
            for name, values in columns.items()
            if values is not None
        }
    )
    names = {"filter": ("filter", [str(FilterId.parse(ONE))])}
    return ActivationStore("in memory", data.assign_coords(names))


# --- a real sweep ---


def test_the_sweep_left_something_at_bfloat16(pair):
    in_low, exact = pair
    once = np.isnan(in_low.data["precise"].values[:, 0])
    assert 0.2 < once.mean() < 0.9
    assert (in_low.data["peak"].values[once] != exact.data["peak"].values[once]).any()


@pytest.mark.parametrize("name", ["top_image", "top_value"])
def test_the_lists_of_the_store_are_those_of_float32(pair, name):
    np.testing.assert_array_equal(*(store.data[name].values for store in pair))


def test_lists_up_to_the_stored_length_are_always_given(pair):
    in_low, exact = pair
    for which in exact.filters:
        for n in (1, 2, 7, 49, 50):
            same(in_low.top(which, n), exact.top(which, n))


@pytest.mark.parametrize("one_per", [None, "sequence", "subject"])
def test_other_lists_are_those_of_float32_or_refused(pair, one_per):
    in_low, exact = pair
    given_, refused = 0, 0
    groups = [None, exact.where(au=12), exact.where(subject=["S003", "S004", "S005"])]
    for which in exact.filters:
        for within in groups:
            for n in (1, 3, 20, 60, 150, 300):
                wanted = exact.top(which, n, one_per, within)
                try:
                    found = in_low.top(which, n, one_per, within)
                except InputError:
                    refused += 1
                else:
                    same(found, wanted)
                    given_ += 1
    assert given_ > 60
    assert refused > 3


def test_a_refusal_says_what_can_be_done(pair):
    in_low, _ = pair
    with pytest.raises(InputError) as caught:
        in_low.top("5/000", 300)
    (fault,) = caught.value.faults
    assert fault.where == "5/000"
    assert fault.expected.startswith("values above 0.0")
    assert fault.do == 'ask for fewer images, or sweep with precision = "float32"'


def test_weak_and_middling_images_are_refused(pair):
    in_low, exact = pair
    assert exact.bottom("0/000", 5).sizes["rank"] == 5
    once = int(np.isnan(in_low.data["precise"].values[:, 0]).sum())
    for ask in (in_low.bottom, in_low.examples):
        with pytest.raises(InputError, match=f"{once} of 300 images scored in bfloat16 alone"):
            ask("0/000", 5)


def test_a_sweep_that_scored_all_images_twice_answers_everything(tmp_path):
    pictures = low.pixels(40, 20)
    in_low, exact = (low.swept(tmp_path / f"{name}.zarr", name, pictures).verify()
                     for name in ("bf16", "float32"))  # fmt: skip
    assert not np.isnan(in_low.data["precise"].values).any()
    for which in exact.filters:
        same(in_low.top(which, 40, "sequence"), exact.top(which, 40, "sequence"))
        same(in_low.bottom(which, 12), exact.bottom(which, 12))
        same(in_low.examples(which, 3, 4), exact.examples(which, 3, 4))


# --- any scores ---


@dataclass(frozen=True)
class Question:
    """Values of float32, scores near them, who was scored twice, and what is asked."""

    truth: np.ndarray
    score: np.ndarray
    twice: np.ndarray
    rectified: bool
    n: int
    one_per: str | None
    within: np.ndarray | None

    def peak(self, values):
        return np.maximum(values, 0) if self.rectified else values


def completed(truth, score, twice, ranks):
    """`twice` with all that must be scored again until the list of that length is certain."""
    while True:
        error = np.abs(score - truth)[twice].max() if twice.any() else 0
        last = np.sort(truth[twice])[-ranks] if twice.sum() >= ranks else -np.inf
        most = score + MULTIPLE * error
        wanted = ~twice & (most > 0) & (most >= last)
        if not wanted.any():
            return twice
        twice = twice | wanted


@st.composite
def questions(draw):
    """As a sweep leaves a filter whose stored list has some ranks.

    Whatever error is seen on those scored twice, no other one is above its bound; and
    nothing within reach of the list is left.
    """
    # Drawn evenly: arrays of hypothesis are mostly one value, and lists of those mostly empty.
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    truth = rng.integers(-6, 20, IMAGES).astype(np.float32)
    twice = rng.random(IMAGES) < draw(st.sampled_from([0.2, 0.5]))
    # Errors of several steps change the order; a quarter is seen, all that allows is hidden.
    error = rng.integers(-6, 7, IMAGES).astype(np.float32)
    seen = error[twice] / 4
    error[twice] = seen
    bound = MULTIPLE * (np.abs(seen).max() if twice.any() else 0)
    error[~twice] = np.clip(error[~twice], -bound, bound)
    twice = completed(truth, truth + error, twice, draw(st.integers(1, 6)))
    within = draw(
        st.none() | st.just(np.arange(IMAGES) % 3 > 0) | st.just(rng.random(IMAGES) < 0.5)
    )
    return Question(
        truth,
        truth + error,
        twice,
        draw(st.booleans()),
        draw(st.integers(0, IMAGES + 1)),
        draw(st.sampled_from([None, "sequence", "subject"])),
        within,
    )


GIVEN = {"given": 0, "refused": 0}


@settings(max_examples=200, deadline=None)
@given(questions())
def check_any(asked):
    held = np.where(asked.twice, asked.truth, asked.score)
    precise = np.where(asked.twice, asked.truth, np.nan)
    in_low = of_values(asked.peak(held), asked.score, precise)
    exact = of_values(asked.peak(asked.truth))
    ask = (ONE, asked.n, asked.one_per, asked.within)
    try:
        found = in_low.top(*ask)
    except InputError:
        GIVEN["refused"] += 1
    else:
        GIVEN["given"] += 1
        same(found, exact.top(*ask))


def test_a_list_is_that_of_float32_or_refused_whatever_the_scores():
    check_any()
    assert min(GIVEN.values()) > 10  # neither answer is the only one


@pytest.mark.parametrize(
    ("score", "longest"),
    [
        (-1.0, 14),  # reaches 0, which is no answer
        (-0.5, 2),  # reaches 0.5: behind the list of two, but perhaps its third
        (1.5, 2),
        (2.0, 1),  # reaches 3, the last value of two, and stands before it
        (4.0, 0),
    ],
)
def test_a_list_is_given_as_far_as_others_do_not_reach(score, longest):
    precise = np.full(IMAGES, -9.0)
    precise[[7, 9]] = 5, 3
    scores = precise + 0.25  # so others may be 1 above their scores
    precise[2], scores[2] = np.nan, score
    held = np.where(np.isnan(precise), scores, precise)
    store = of_values(held, scores, precise)
    for n in range(1, IMAGES + 1):
        if n <= longest:
            assert store.top(ONE, n)["position"].values.tolist() == [7, 9][:n]
        else:
            with pytest.raises(InputError, match="reaches below"):
                store.top(ONE, n)


def test_without_any_score_in_float32_nothing_is_certain():
    values = np.arange(IMAGES, dtype=np.float32)
    store = of_values(values, values, np.full(IMAGES, np.nan))
    with pytest.raises(InputError, match="reaches below"):
        store.top(ONE, 1)
