"""Where each page of a site lies: names that any file system takes and that never change.

The address of a filter depends on its layer and channel alone, so a link to it holds
after the run is repeated or layers are added.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from facsinterp.labels import FilterId
from facsinterp.provenance import fingerprint

INDEX: Final = "index.html"
_PLAIN: Final = re.compile(r"[a-z0-9_](?:[a-z0-9._]*[a-z0-9_])?")
# Windows keeps these names for devices, whatever follows a dot.
_DEVICE: Final = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)")
_LONGEST: Final = 80


def layer_name(layer: str) -> str:
    """A layer as part of a file name: itself when plain, else made plain and told apart.

    Names of lower-case letters, digits, dots and underscores stay. Others lose what a file
    system might refuse or fold (capitals too: `Conv1` and `conv1` are one file on some)
    and get eight hex digits of the true name, so two layers never share a file. So do names
    of devices, such as `con` or `nul.0`.
    """
    plain = _PLAIN.fullmatch(layer) and len(layer) <= _LONGEST and ".." not in layer
    if plain and not _DEVICE.match(layer):
        return layer
    kept = re.sub(r"[^a-z0-9_]+", "_", layer.lower())[:_LONGEST].strip("_")
    return f"{kept or 'layer'}~{fingerprint(layer)[:8]}"


def layer_page(layer: str) -> str:
    """Address of a layer's page, `layers/conv3.html`."""
    return f"layers/{layer_name(layer)}.html"


def unit_page(unit: int) -> str:
    """Address of an action unit's page, `units/au12.html`."""
    return f"units/au{unit:02d}.html"


def face_names(images: Sequence[str]) -> tuple[str, ...]:
    """A name that any file system takes for each image, in their order, each another.

    In lower case, so that a link to a face holds where capitals are folded; images that only
    capitals tell apart, and names with other characters, get eight hex digits of the true name.
    """
    folded = Counter(image.lower() for image in images)
    return tuple(
        layer_name(image.lower() if folded[image.lower()] == 1 else image) for image in images
    )


def face_page(name: str) -> str:
    """Address of a face's page, by its name of `face_names`."""
    return f"faces/{name}.html"


def face_picture(name: str) -> str:
    """Address of a face's thumbnail, by its name of `face_names`."""
    return f"faces/{name}.webp"


def filter_page(filter_id: FilterId) -> str:
    """Address of a filter's page from the root of the site, `filters/conv3-017.html`."""
    return f"filters/{layer_name(filter_id.layer)}-{filter_id.channel:03d}.html"


def sheet_picture(filter_id: FilterId) -> str:
    """Address of what a filter sees in its strongest faces, `looks/conv3-017.webp`."""
    return f"looks/{layer_name(filter_id.layer)}-{filter_id.channel:03d}.webp"


def mean_picture(filter_id: FilterId) -> str:
    """Address of a filter's mean face, `looks/conv3-017-mean.webp`."""
    return f"looks/{layer_name(filter_id.layer)}-{filter_id.channel:03d}-mean.webp"


def figures_script(page: str) -> str:
    """Address of the data of a page's figures, by the address of the page."""
    return f"data/figures-{page.removesuffix('.html').replace('/', '-')}.js"


def from_page(page: str, target: str) -> str:
    """`target` as a link on `page` writes it; both are addresses from the root."""
    folder = page[: page.rfind("/") + 1]
    if folder and target.startswith(folder):
        return target.removeprefix(folder)
    return "../" * page.count("/") + target
