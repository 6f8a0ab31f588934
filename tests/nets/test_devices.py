"""Devices: what is there is picked, what is not is told."""

import pytest
import torch

from facsinterp.errors import InputError
from facsinterp.nets import devices
from facsinterp.nets.devices import lower_precision, pick


def test_auto_takes_the_fastest_that_is_there(monkeypatch):
    monkeypatch.setattr(devices, "_cuda_count", lambda: 2)
    assert pick("auto") == torch.device("cuda")
    assert pick("cuda:1") == torch.device("cuda:1")
    monkeypatch.setattr(devices, "_cuda_count", lambda: 0)
    monkeypatch.setattr(devices, "_has_mps", lambda: True)
    assert pick("auto") == torch.device("mps")
    monkeypatch.setattr(devices, "_has_mps", lambda: False)
    assert pick() == pick("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(devices, "_cuda_count", lambda: 1)
    monkeypatch.setattr(devices, "_has_mps", lambda: False)
    with pytest.raises(InputError, match="1 CUDA device"):
        pick("cuda:1")
    with pytest.raises(InputError, match="no Metal device"):
        pick("mps")
    with pytest.raises(InputError, match="unknown device 'gpu'"):
        pick("gpu")


def test_precision_follows_the_machine_unless_told(monkeypatch):
    cpu = torch.device("cpu")
    for able in (False, True):
        monkeypatch.setattr(devices, "_cpu_has_bf16", lambda able=able: able)
        assert lower_precision(cpu) is able
        assert lower_precision(cpu, "bf16") is True
        assert lower_precision(cpu, "float32") is False
    assert lower_precision(torch.device("mps")) is False
