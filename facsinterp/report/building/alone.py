"""Pages that need no site: everything in one file that opens from disk."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files
from typing import Final

from facsinterp.report.building.identity import version_of
from facsinterp.report.building.render import environment
from facsinterp.report.charts.atlas import sheet
from facsinterp.report.pages.atlas import content

_SIDE: Final = 160
_QUALITY: Final = 70


def atlas_file() -> bytes:
    """The HTML atlas of every unit that can be drawn, its pictures inside."""
    assets = files("facsinterp.report") / "assets"
    parts = {
        name.replace(".", "_"): (assets / name).read_text(encoding="utf-8")
        for name in ("style.css", "atlas.css", "atlas.js")
    }
    picture = f"data:image/webp;base64,{b64encode(sheet(_SIDE, _QUALITY)).decode()}"
    template = environment().get_template("atlas_alone.html")
    text = template.render(**content(), **parts, picture=picture, version=version_of("facsinterp"))
    return text.encode()
