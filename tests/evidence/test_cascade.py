"""Pictures under random weights: the cascade, the levels beside it, and the table of filters."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from facsinterp.errors import InputError
from facsinterp.evidence.weights.cascade import (
    ALONE,
    CASCADE,
    ITSELF,
    OTHER_FACE,
    OTHER_FILTER,
    likeness_levels,
    other_faces,
    weight_cascade,
)
from facsinterp.evidence.weights.randomised import answers, redrawn, stand_ins, untrained
from facsinterp.evidence.weights.sameness import sameness
from facsinterp.evidence.weights.sights import Sights, fields
from facsinterp.evidence.weights.untrained import untrained_likeness
from facsinterp.saliency.attribute import Units, attribute
from tests.evidence.small import breuer, faces, units

PIXELS = faces()


@pytest.fixture(scope="module")
def sights():
    network = breuer()
    return Sights.of(network, "conv2", PIXELS, units(network, "conv2", PIXELS))


@pytest.fixture(scope="module")
def cascaded(sights):
    return weight_cascade(sights, (11, 12))


def slow_signed(sights, network, channels):
    """Spearman's correlation inside each box, one unit at a time."""
    units_ = Units(sights.units.rows, np.maximum(channels, 0), sights.units.places)
    drawn = attribute(network, "conv2", PIXELS, units_)
    found = []
    for sample, channel in enumerate(channels):
        top, left, bottom, right = sights.boxes[sample]
        here, there = (
            one[sample, top:bottom, left:right].ravel() for one in (sights.pictures, drawn)
        )
        silent = channel < 0 or not there.any()
        found.append(math.nan if silent else spearmanr(here, there).statistic)
    return found


def test_boxes_hold_all_that_a_unit_sees(sights):
    for picture, (top, left, bottom, right) in zip(sights.pictures, sights.boxes, strict=True):
        inside = picture[top:bottom, left:right]
        assert inside.any()
        assert np.abs(inside).sum() == pytest.approx(np.abs(picture).sum())


def test_boxes_are_cut_at_the_border(sights):
    found = fields(sights.network, "conv2", np.array([[0, 0], [4, 4], [7, 3]]))
    # 14 pixels, two apart, the first from -6 on.
    assert found.tolist() == [[0, 0, 8, 8], [2, 2, 16, 16], [8, 0, 16, 14]]


def test_stages_take_block_after_block(cascaded, sights):
    stages = cascaded[["randomised", "step", "block"]].drop_duplicates().values.tolist()
    assert stages == [
        [CASCADE, 1, "conv2"],
        [CASCADE, 2, "conv1"],
        [ALONE, 1, "conv2"],
        [ALONE, 2, "conv1"],
    ]
    assert len(cascaded) == 2 * 4 * len(sights.units.rows)


@pytest.mark.parametrize(
    ("randomised", "step", "modules"),
    [(CASCADE, 1, ["conv2"]), (CASCADE, 2, ["conv2", "conv1"]), (ALONE, 2, ["conv1"])],
)
def test_each_stage_is_the_picture_of_that_network(cascaded, sights, randomised, step, modules):
    chosen = cascaded[
        (cascaded["randomised"] == randomised)
        & (cascaded["step"] == step)
        & (cascaded["seed"] == 12)
    ]
    network = redrawn(sights.network, modules, 12)
    channels = sights.units.channels
    if "conv2" in modules:
        places = sights.units.places
        channels = stand_ins(answers(network, "conv2", PIXELS, sights.units.rows, places), channels)
    slow = slow_signed(sights, network, channels)
    assert chosen["signed"].to_numpy() == pytest.approx(slow, abs=1e-4, nan_ok=True)


def test_a_filter_that_is_kept_may_be_silent_and_one_drawn_anew_is_stood_in_for(cascaded, sights):
    silent = cascaded["signed"].isna().groupby([cascaded["randomised"], cascaded["step"]]).sum()
    assert silent[CASCADE, 1] == silent[CASCADE, 2] == silent[ALONE, 1] == 0
    network = redrawn(sights.network, ["conv1"], 11), redrawn(sights.network, ["conv1"], 12)
    own = [
        sights.answered(each)[np.arange(len(sights.units.rows)), sights.units.channels]
        for each in network
    ]
    assert silent[ALONE, 2] == sum(int((each <= 0).sum()) for each in own) > 0


def test_the_same_for_every_batch_size(sights):
    network = sights.network
    small = Sights.of(network, "conv2", PIXELS, sights.units, batch_size=3)
    one, other = (weight_cascade(each, (11,)) for each in (sights, small))
    for name in ("absolute", "signed", "structure"):
        assert one[name].to_numpy() == pytest.approx(other[name].to_numpy(), abs=1e-4, nan_ok=True)


def test_levels_are_what_they_are_called(sights):
    table = likeness_levels(sights, {"start": breuer(seed=0), "other": breuer(seed=9)}, count=4)
    means = table.groupby("level")[["absolute", "signed", "structure"]].mean()
    assert means.loc[ITSELF].min() > 0.98
    assert means.loc["start"].to_numpy() == pytest.approx(np.ones(3))
    signed = means["signed"]
    assert signed[OTHER_FACE] < signed[OTHER_FILTER] < 1
    for kind in ("other filters", "random filters", "start", "other"):
        of = "" if "filters" in kind else "of "
        assert f"the most alike of 4 {of}{kind}" in means.index
    assert set(table["sample"]) == set(range(len(sights.units.rows)))


def test_the_most_alike_is_sought_among_others(sights):
    some = Sights.of(sights.network, "conv2", PIXELS, _first(sights.units, 2))
    count = sights.network.channels["conv2"]
    everyone = some.nearest(sights.network, count, 0, other=False)
    assert everyone.signed == pytest.approx(np.ones(2))
    others = some.nearest(sights.network, count, 0, other=True)
    few = some.nearest(sights.network, 3, 0, other=True)
    assert (others.signed < 1 - 1e-6).all()
    assert (few.signed <= others.signed + 1e-9).all()
    slow = [slow_signed(some, some.network, np.full(2, channel)) for channel in range(count)]
    for sample, own in enumerate(some.units.channels):
        rest = [slow[channel][sample] for channel in range(count) if channel != own]
        assert others.signed[sample] == pytest.approx(np.nanmax(rest), abs=1e-4)


def _first(asked, count):
    return Units(asked.rows[:count], asked.channels[:count], asked.places[:count])


def test_no_filter_is_the_most_alike_to_itself(sights):
    some = Sights.of(
        sights.network, "conv1", PIXELS, units(sights.network, "conv1", PIXELS, (3, 5))
    )
    count = sights.network.channels["conv1"]
    table = likeness_levels(some, {"copy": breuer(seed=0)}, count=count)
    signed = table.groupby("level")["signed"].max()
    assert signed[f"the most alike of {count} other filters"] < 1 - 1e-6
    assert signed[f"the most alike of {count} of copy"] == pytest.approx(1)


def test_another_face_is_another_one():
    rows = np.array([4, 2, 2, 9, 4, 7])
    found = other_faces(rows)
    assert (found != rows).all()
    assert set(found) == set(rows)
    assert other_faces(np.array([3, 3])).tolist() == [3, 3]


def test_another_kind_of_layer_is_refused(sights):
    from facsinterp.testing import tiny_network

    with pytest.raises(InputError, match="no layer 'conv2' like"):
        likeness_levels(sights, {"tiny": tiny_network()})


def test_an_unknown_field_is_refused(sights, monkeypatch):
    monkeypatch.setattr("facsinterp.evidence.weights.sights.receptive_fields", lambda _network: {})
    with pytest.raises(InputError, match="receptive field of layer 'conv2'"):
        Sights.of(sights.network, "conv2", PIXELS, sights.units)


def test_the_network_is_left_as_it_was(sights):
    from facsinterp.nets.network import network_fingerprint

    network = sights.network
    weight_cascade(sights, (1,))
    now = network_fingerprint(
        network.module, classes=network.classes, input_shape=network.input_shape
    )
    assert now == network.fingerprint
    assert not any(part._forward_hooks for part in network.module.modules())


def test_a_filters_row_is_the_mean_of_its_pairs(sights):
    seeds = (21, 22)
    table = untrained_likeness(
        sights.network, "conv2", PIXELS, sights.units, sights.pictures, seeds=seeds
    )
    pairs = []
    for seed in seeds:
        network = untrained(sights.network, "conv2", seed)
        found = answers(network, "conv2", PIXELS, sights.units.rows, sights.units.places)
        pairs.append(slow_signed(sights, network, stand_ins(found, sights.units.channels)))
    assert table.index.tolist() == sorted(set(sights.units.channels.tolist()))
    for channel, row in table.iterrows():
        mine = sights.units.channels == channel
        assert row["faces"] == mine.sum()
        assert row["compared"] == 2 * mine.sum()
        assert row["silent"] == 0
        assert row["signed"] == pytest.approx(np.array(pairs)[:, mine].mean(), abs=1e-4)
        assert row["same"] == (max(row["signed"], row["absolute"]) >= 0.5)
        assert f"{row['signed']:.2f}" in row["words"]


def test_an_untrained_network_draws_what_it_draws(sights):
    """The network given is itself what one of the seeds draws: a copy has 1."""
    table = untrained_likeness(
        sights.network, "conv2", PIXELS, sights.units, sights.pictures, seeds=(0,)
    )
    assert table["signed"].to_numpy() == pytest.approx(np.ones(len(table)))
    assert table["same"].all()


def test_what_is_said_has_its_numbers():
    said = sameness(0.654, absolute=0.6, structure=0.4, others=0.91)
    assert said.same is said.shared is True
    assert said.words.startswith("Would look the same from an untrained network")
    for number in ("0.65", "0.60 without signs", "SSIM 0.40", "(0.91)"):
        assert number in said.words
    unlike = sameness(0.4999, others=0.1)
    assert unlike.same is unlike.shared is False
    assert unlike.words.startswith("Would not look the same")
    assert sameness(0.5).same is sameness(0.0, absolute=0.5).same is True
    assert sameness(0.4, absolute=0.4999).same is False
    nothing = sameness(math.nan)
    assert nothing.same is None
    assert nothing.shared is None
    assert nothing.words.startswith("Not compared")
