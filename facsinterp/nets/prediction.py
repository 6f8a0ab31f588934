"""What a network says of faces: class probabilities, batch by batch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from facsinterp.errors import Fault, InputError
from facsinterp.nets.devices import pick
from facsinterp.nets.network import Network, to_tensor
from facsinterp.nets.trace import home
from facsinterp.progress import SILENT, Progress


def predict(
    network: Network,
    images: NDArray[np.uint8],
    rows: NDArray[np.integer] | None = None,
    *,
    device: str = "auto",
    batch: int = 64,
    progress: Progress = SILENT,
) -> NDArray[np.float32]:
    """Class probabilities, (row, class) float32, of the images named by `rows` (None: all).

    `images` is (image, row, col) or (image, row, col, 3), 0 to 255. Raises InputError
    when the images are not of the network's shape.
    """
    chosen = np.arange(len(images)) if rows is None else np.asarray(rows)
    _check_shape(network, images)
    target = pick(device)
    found = np.empty((len(chosen), len(network.classes)), np.float32)
    before = home(network.module)
    network.module.to(target)
    try:
        with torch.inference_mode(), progress.step("asking the network", len(chosen)) as advance:
            for start in range(0, len(chosen), batch):
                part = chosen[start : start + batch]
                logits = network.module(to_tensor(images[part]).to(target))
                found[start : start + batch] = logits.float().softmax(dim=1).cpu().numpy()
                advance(len(part))
    finally:
        network.module.to(before)
    return found


def _check_shape(network: Network, images: NDArray[np.uint8]) -> None:
    channels = 1 if images.ndim == 3 else images.shape[-1]
    shape = (channels, *images.shape[1:3])
    if shape != network.input_shape:
        raise InputError(
            Fault(
                "the images do not fit the network",
                "images",
                expected=f"(channels, rows, columns) = {network.input_shape}",
                got=str(shape),
                do="prepare the faces with the size and colour that the network was trained on",
            )
        )
