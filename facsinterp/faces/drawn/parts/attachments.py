"""Everything on a head but the skin of the face and the hair."""

from __future__ import annotations

from functools import lru_cache

from facsinterp.faces.drawn.parts.bust import clothes, neck
from facsinterp.faces.drawn.parts.ears import ears
from facsinterp.faces.drawn.parts.eyes import eyeballs
from facsinterp.faces.drawn.parts.lashes import lashes
from facsinterp.faces.drawn.parts.mouth import cavity, tongue
from facsinterp.faces.drawn.parts.teeth import teeth
from facsinterp.faces.drawn.surface.mesh import Mesh, joined


@lru_cache(maxsize=1)
def attachments() -> Mesh:
    """Eyeballs, lashes, teeth, tongue, cavity, ears, neck and clothes of the average head."""
    return joined([eyeballs(), lashes(), teeth(), tongue(), cavity(), ears(), neck(), clothes()])
