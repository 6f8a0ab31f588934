"""Networks on disk: weights as safetensors, everything else as JSON beside them.

FOLDER/weights.safetensors    every weight and buffer, by name
FOLDER/network.json           how the network is built, and its fingerprints
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import save_file
from torch import nn

from facsinterp.errors import Fault, InputError, WeightsError
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.checkpoints import load_weights
from facsinterp.nets.network import Network, describe, tensor_fingerprints

__all__ = ["load_network", "load_weights", "save_network"]

WEIGHTS: Final = "weights.safetensors"
RECORD: Final = "network.json"


class Record(BaseModel):
    """What `network.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    facsinterp_network: Literal[1] = 1
    """Version of this format."""
    arch: str
    options: dict[str, Any]
    classes: tuple[str, ...]
    input_shape: tuple[int, int, int]
    layers: tuple[str, ...]
    fingerprint: str
    architecture: str
    """The module as torch prints it."""
    tensors: dict[str, str]
    """Fingerprint of each weight and buffer, by name."""


def save_network(network: Network, folder: Path) -> None:
    """Writes `network` to `folder`, whole or not at all; an older one there is replaced.

    Raises InputError when the network does not know how it was built (`blueprint`), or
    when the folder holds other things than a network.
    """
    folder = Path(folder)
    blueprint = _known_blueprint(network)
    _refuse_strangers(folder)
    record = Record(
        arch=blueprint.arch,
        options=dict(blueprint.options),
        classes=network.classes,
        input_shape=network.input_shape,
        layers=network.layers,
        fingerprint=network.fingerprint,
        architecture=describe(network.module),
        tensors=tensor_fingerprints(network.module),
    )
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    # Copies, because safetensors refuses weights that share memory.
    tensors = {
        name: value.detach().cpu().contiguous().clone()
        for name, value in network.module.state_dict().items()
    }
    save_file(tensors, partial / WEIGHTS)
    (partial / RECORD).write_text(record.model_dump_json(indent=2), encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def load_network(folder: Path, *, builder: str = "") -> Network:
    """The network that `save_network` wrote, verified by its fingerprint.

    A network of the user's own (`package.module:builder`) is built by importing that
    code, which is done only if `builder` names the same path. Raises WeightsError when
    files are missing or damaged, or naming what differs from what was saved.
    """
    folder = Path(folder)
    record = _read_record(folder)
    blueprint = Blueprint(
        record.arch, record.classes, record.input_shape[1], record.input_shape[0], record.options
    )
    if blueprint.imported and builder != record.arch:
        raise WeightsError(
            Fault(
                f"the network is built by code of its own, {record.arch}",
                str(folder / RECORD),
                got=f"builder={builder!r}",
                do=f"pass builder={record.arch!r} if you trust that code",
            )
        )
    try:
        module = zoo.from_blueprint(blueprint)
    except InputError as error:
        raise WeightsError(error.faults).inside(str(folder / RECORD)) from error
    load_weights(module, folder / WEIGHTS)
    network = Network.of(
        module,
        classes=record.classes,
        input_shape=record.input_shape,
        layers=record.layers,
        blueprint=blueprint,
    )
    if network.fingerprint != record.fingerprint:
        raise WeightsError(_differences(module, record, str(folder)))
    return network


def _known_blueprint(network: Network) -> Blueprint:
    if network.blueprint is None:
        raise InputError(
            Fault(
                "the network does not know how it was built, so it could not be loaded again",
                "Network.blueprint",
                do="give Network.of or fit the Blueprint that built the module",
            )
        )
    return network.blueprint


def _refuse_strangers(folder: Path) -> None:
    if folder.is_dir():
        strangers = sorted(
            path.name for path in folder.iterdir() if path.name not in (WEIGHTS, RECORD)
        )
        if strangers:
            raise InputError(
                Fault(
                    "the folder holds other things than a network",
                    str(folder),
                    got=", ".join(strangers[:5]),
                    do="choose a new or empty folder",
                )
            )
    elif folder.exists():
        raise InputError(Fault("a file stands where the network's folder should be", str(folder)))


def _read_record(folder: Path) -> Record:
    path = folder / RECORD
    WeightsError.raise_any(
        Fault(
            "not a whole saved network",
            str(folder),
            expected=f"{WEIGHTS} and {RECORD}",
            got=f"no {name}",
        )
        for name in (WEIGHTS, RECORD)
        if not (folder / name).is_file()
    )
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise WeightsError(
            Fault(
                "not a record of a network that this version can read",
                f"{path}: {'.'.join(map(str, fault['loc']))}",
                got=fault["msg"],
            )
            for fault in error.errors()
        ) from error


def _differences(module: nn.Module, record: Record, where: str) -> Iterator[Fault]:
    """What differs between a network as it was saved and as it was built again."""
    changed = _changed(tensor_fingerprints(module), record.tensors)
    if changed:
        yield Fault("weights differ from those that were saved", where, got=", ".join(changed))
    saved, built = record.architecture.splitlines(), describe(module).splitlines()
    if saved != built:
        yield Fault(
            "the architecture differs from the one that was saved",
            where,
            expected="; ".join(line.strip() for line in saved if line not in built)
            or "fewer parts",
            got="; ".join(line.strip() for line in built if line not in saved) or "fewer parts",
            do="load it with the versions it was saved with",
        )
    if not changed and saved == built:
        yield Fault(
            "the record was changed: weights and architecture fit, its fingerprint does not",
            where,
            do="compare classes, input_shape and fingerprint with where the network came from",
        )


def _changed(now: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    return [name for name in {**before, **now} if now.get(name) != before.get(name)]
