"""Small networks and faces for what is asked of pictures under other weights."""

import numpy as np
from torch import nn

from facsinterp.faces.preparing.pixels import Pixels
from facsinterp.nets import zoo
from facsinterp.nets.blueprint import Blueprint
from facsinterp.nets.network import Network
from facsinterp.saliency.attribute import Units

CLASSES = ("neutral", "happy")
SIZE = 16
BLUEPRINT = Blueprint("breuer2017", CLASSES, SIZE, 1, {"normalise": "none"})


def breuer(seed=0, *, blueprint=True):
    """The paper's network, untrained, for 16 px faces; without `blueprint` of unknown make."""
    return Network.of(
        zoo.from_blueprint(BLUEPRINT, seed=seed),
        classes=CLASSES,
        input_shape=(1, SIZE, SIZE),
        blueprint=BLUEPRINT if blueprint else None,
    )


def normed():
    """Two convolutions with batch norms, and one of them run twice."""
    again = nn.Conv2d(4, 4, 3, padding=1)
    module = nn.Sequential()
    module.add_module("conv1", nn.Conv2d(1, 4, 3, padding=1))
    module.add_module("norm1", nn.BatchNorm2d(4))
    module.add_module("relu1", nn.ReLU())
    module.add_module("again", again)
    module.add_module("relu2", nn.ReLU())
    module.add_module("and_again", again)
    module.add_module("norm3", nn.BatchNorm2d(4))
    module.add_module("relu3", nn.ReLU())
    module.add_module("flat", nn.Flatten())
    module.add_module("output", nn.Linear(4 * SIZE * SIZE, 2))
    return Network.of(module, classes=CLASSES, input_shape=(1, SIZE, SIZE))


def faces(count=6, seed=0):
    """Smooth random pictures."""
    noise = np.random.default_rng(seed).random((count, SIZE // 4, SIZE // 4))
    array = (np.kron(noise, np.ones((4, 4))) * 255).astype(np.uint8)
    return Pixels.from_array([f"face{i}" for i in range(count)], array)


def units(network, layer, pixels, channels=(0, 1, 2, 3, 4), each=2):
    """The places where filters answer most, on the first faces that they answer to."""
    from facsinterp.nets.network import to_tensor
    from facsinterp.nets.taps import tapping

    with tapping(network, [layer]) as maps:
        network.module(to_tensor(pixels.array))
        found = maps[layer].detach().numpy()
    rows, chosen, places = [], [], []
    for channel in channels:
        live = [row for row in range(len(pixels)) if found[row, channel].max() > 0][:each]
        for row in live:
            rows.append(row)
            chosen.append(channel)
            places.append(np.unravel_index(found[row, channel].argmax(), found.shape[2:]))
    return Units(np.array(rows), np.array(chosen), np.array(places, np.int64))
