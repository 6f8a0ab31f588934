"""Where each page of a site lies: names that any file system takes and that never change.

The address of a filter depends on its layer and channel alone, so a link to it holds
after the run is repeated or layers are added.
"""

from __future__ import annotations

import re
from typing import Final

from facsinterp.labels import FilterId
from facsinterp.provenance import fingerprint

INDEX: Final = "index.html"
_PLAIN: Final = re.compile(r"[a-z0-9_](?:[a-z0-9._]*[a-z0-9_])?")
_LONGEST: Final = 80


def layer_name(layer: str) -> str:
    """A layer as part of a file name: itself when plain, else made plain and told apart.

    Names of lower-case letters, digits, dots and underscores stay. Others lose what a file
    system might refuse or fold (capitals too: `Conv1` and `conv1` are one file on some)
    and get eight hex digits of the true name, so two layers never share a file.
    """
    if _PLAIN.fullmatch(layer) and len(layer) <= _LONGEST and ".." not in layer:
        return layer
    plain = re.sub(r"[^a-z0-9_]+", "_", layer.lower())[:_LONGEST].strip("_")
    return f"{plain or 'layer'}~{fingerprint(layer)[:8]}"


def filter_page(filter_id: FilterId) -> str:
    """Address of a filter's page from the root of the site, `filters/conv3-017.html`."""
    return f"filters/{layer_name(filter_id.layer)}-{filter_id.channel:03d}.html"


def sheet_picture(filter_id: FilterId) -> str:
    """Address of what a filter sees in its strongest faces, `looks/conv3-017.webp`."""
    return f"looks/{layer_name(filter_id.layer)}-{filter_id.channel:03d}.webp"


def mean_picture(filter_id: FilterId) -> str:
    """Address of a filter's mean face, `looks/conv3-017-mean.webp`."""
    return f"looks/{layer_name(filter_id.layer)}-{filter_id.channel:03d}-mean.webp"


def face_picture(position: int) -> str:
    """Address of the thumbnail of the face at this position of the store."""
    return f"faces/{position:06d}.webp"


def from_page(page: str, target: str) -> str:
    """`target` as a link on `page` writes it; both are addresses from the root."""
    return "../" * page.count("/") + target
