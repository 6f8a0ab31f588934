"""Weights from a file that somebody else wrote, read without running anything in it."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from facsinterp.errors import Fault, WeightsError

# Where training frameworks put the weights inside what they save.
NESTED: Final = ("state_dict", "model_state_dict", "model", "net", "weights")
# What they put before each name: DataParallel, Lightning and torch.compile.
PREFIXES: Final = ("module.", "model.", "net.", "network.", "_orig_mod.")
SAFETENSORS_HINT: Final = (
    "save only the weights where you trust the file: "
    "safetensors.torch.save_file(module.state_dict(), 'weights.safetensors')"
)


def load_weights(module: nn.Module, path: Path) -> None:
    """Copies the weights in `path` into `module`, all or none.

    Read are safetensors, and torch checkpoints with `weights_only`: a file that would run
    code is refused. A dictionary inside the checkpoint (`state_dict` and the like) and a
    prefix on every name (`module.`, `model.`) are looked through. Raises WeightsError
    with every missing, unexpected, mis-shaped and non-finite weight.
    """
    given = read_weights(Path(path))
    expected = module.state_dict()
    named = _without_prefix(given, expected)
    WeightsError.raise_any(fault for fault in _misfits(named, expected, str(path)))
    module.load_state_dict(named)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The named tensors in a safetensors file or torch checkpoint, on the CPU."""
    if not path.is_file():
        what = (
            "a folder stands where a checkpoint was expected" if path.is_dir() else "no such file"
        )
        raise WeightsError(Fault(what, str(path), expected="a .safetensors, .pt or .pth file"))
    with path.open("rb") as file:
        head = file.read(512)
    WeightsError.raise_any(_not_weights(head, str(path)))
    if head[8:9] == b"{":  # eight bytes of length, then a JSON header
        return _read_safetensors(path)
    return _read_torch(path)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        tensors: dict[str, Tensor] = load_file(path)
    except SafetensorError as error:
        raise WeightsError(
            Fault("the safetensors file is damaged", str(path), got=str(error), do="fetch it again")
        ) from error
    return tensors


def _read_torch(path: Path) -> dict[str, Tensor]:
    try:
        with warnings.catch_warnings():
            # That torch would not have written the file itself is told by what follows.
            warnings.filterwarnings("ignore", "Detected pickle protocol")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise WeightsError(
            Fault(
                "the checkpoint was refused: it holds more than weights and could run code",
                str(path),
                expected="tensors only",
                got=_refused(error),
                do=SAFETENSORS_HINT,
            )
        ) from error
    except Exception as error:  # whatever a foreign file makes a parser stumble over
        raise WeightsError(
            Fault(
                "the checkpoint cannot be read",
                str(path),
                expected="what torch.save writes for a state dict, or safetensors",
                got=_first_sentence(error),
                do="fetch it again, or " + SAFETENSORS_HINT,
            )
        ) from error
    return _tensors(content, str(path))


def _tensors(content: object, where: str) -> dict[str, Tensor]:
    """The dictionary of tensors in a checkpoint, which may lie one level down."""
    candidates = [content]
    if isinstance(content, Mapping):
        candidates += [content[key] for key in NESTED if key in content]
    for candidate in candidates:
        if isinstance(candidate, Mapping) and candidate:
            found = {str(key): value for key, value in candidate.items()}
            if all(isinstance(value, Tensor) for value in found.values()):
                return found
    names = ", ".join(map(str, content)) if isinstance(content, Mapping) else ""
    raise WeightsError(
        Fault(
            "the checkpoint holds no dictionary of weights",
            where,
            expected=f"names and tensors, at the top or under {', '.join(NESTED)}",
            got=f"{type(content).__name__} {names}".strip(),
        )
    )


def _not_weights(head: bytes, where: str) -> Iterator[Fault]:
    text = head.lstrip().lower()
    if not head:
        yield Fault("the checkpoint is empty", where, do="fetch it again")
    elif head.startswith(b"version https://git-lfs"):
        yield Fault(
            "this is a Git LFS pointer, not the checkpoint itself", where, do="run git lfs pull"
        )
    elif text.startswith((b"<!doctype", b"<html", b"<?xml")):
        yield Fault(
            "this is a web page, not a checkpoint",
            where,
            do="download the file itself; a link to a page or a login gives a page",
        )


def _without_prefix(given: dict[str, Tensor], expected: Mapping[str, Any]) -> dict[str, Tensor]:
    """`given`, less a prefix that stands before every name and hides known ones."""
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in given) and not expected.keys() & given.keys():
            return _without_prefix(
                {name.removeprefix(prefix): value for name, value in given.items()}, expected
            )
    return given


def _misfits(
    given: Mapping[str, Tensor], expected: Mapping[str, Tensor], where: str
) -> Iterator[Fault]:
    missing = [name for name in expected if name not in given]
    unexpected = [name for name in given if name not in expected]
    if missing:
        yield Fault("weights are missing", where, expected=", ".join(missing))
    if unexpected:
        yield Fault(
            "weights are there that the network does not have", where, got=", ".join(unexpected)
        )
    for name, value in given.items():
        if name not in expected:
            continue
        if value.shape != expected[name].shape:
            yield Fault(
                f"{name} has another shape",
                where,
                expected=str(tuple(expected[name].shape)),
                got=str(tuple(value.shape)),
            )
        elif value.is_floating_point() and not torch.isfinite(value).all():
            yield Fault(f"{name} holds NaN or infinity", where)


def _first_sentence(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


def _refused(error: pickle.UnpicklingError) -> str:
    """What the unpickler met, without torch's advice to load the file all the same."""
    for line in str(error).splitlines():
        if "GLOBAL" in line or "Unsupported" in line:
            return line.strip()
    return "a pickle that is no state dict"
