import subprocess
import sys
from typing import Any

import pytest

from facsinterp.activations.plan import Plan
from facsinterp.errors import InputError
from facsinterp.labels import FilterId

from . import tiny

CHANNELS = {"conv1": 2, "conv2": 3}


def plan(**change):
    given: dict[str, Any] = {
        "network_fingerprint": "net",
        "channels": CHANNELS,
        "faces": tiny.faces(),
        "pixels_fingerprint": "pix",
    } | change
    return Plan.of(**given)


def test_names_layers_filters_and_blocks():
    made = plan(batch_size=5, block_size=5)
    assert made.layers == ("conv1", "conv2")
    assert made.filters[2] == FilterId("conv2", 0)
    assert made.blocks == (slice(0, 5), slice(5, 10), slice(10, 12))
    assert plan(layers=["conv2"]).filters == FilterId.of_layers([("conv2", 3)])


@pytest.mark.parametrize(
    "change",
    [
        {"network_fingerprint": "other"},
        {"pixels_fingerprint": "other"},
        {"faces": tiny.faces(seed=1)},
        {"layers": ["conv2"]},
        {"layers": ["conv2", "conv1"]},
        {"channels": {"conv1": 2, "conv2": 4}},
        {"batch_size": 3},
        {"precision": "bf16"},
    ],
)
def test_the_key_changes_with_what_decides_a_number(change):
    assert plan(**change).key != plan().key


def test_the_key_does_not_change_with_anything_else():
    assert plan(block_size=3).key == plan().key == plan(batch_size=12).key
    assert plan(layers=["conv1", "conv2"]).key == plan().key


@pytest.mark.parametrize(("batch_size", "block_size"), [(1, 1), (5, 5), (5, 7), (4, 1), (12, 3)])
def test_a_block_is_a_whole_number_of_batches(batch_size, block_size):
    made = plan(batch_size=batch_size, block_size=block_size)
    assert made.block_size % made.batch_size == 0
    assert made.block_size - block_size < batch_size
    starts = {
        start for block in made.blocks for start in range(block.start, block.stop, batch_size)
    }
    assert starts == set(range(0, 12, batch_size))


def test_a_layer_that_runs_twice_may_be_named_as_one():
    channels = {"conv@1": 2, "conv@2": 2, "other": 1}
    assert plan(channels=channels, layers=["conv"]).layers == ("conv@1", "conv@2")
    assert plan(channels=channels, layers=["conv@2", "other"]).layers == ("conv@2", "other")


def test_blocks_of_wide_networks_hold_fewer_images():
    wide = plan(channels={"conv": 26_560}, faces=tiny.faces(1000), batch_size=32)
    assert 64 <= wide.block_size <= 192


def test_library_versions_are_inputs(monkeypatch):
    before = plan().key
    monkeypatch.setattr("facsinterp.activations.plan.version", lambda _name: "9.9+cu999")
    assert plan().inputs["torch"] == "9.9"
    assert plan().key != before


def test_all_faults_are_told_at_once():
    with pytest.raises(InputError) as caught:
        plan(layers=["conv1", "conv1", "conv9"], batch_size=0, block_size=0, precision="fp8")
    assert len(caught.value.faults) == 5
    assert "conv9" in str(caught.value)
    with pytest.raises(InputError, match="no layers"):
        plan(layers=[])
    with pytest.raises(InputError, match="no faces"):
        plan(faces=tiny.faces(0))


def test_planning_needs_no_torch():
    code = "import sys, facsinterp.activations.plan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
