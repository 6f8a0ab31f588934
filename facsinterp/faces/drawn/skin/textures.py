"""What the renderer reads of the skin: `albedo` and `relief`."""

from facsinterp.faces.drawn.skin.albedo import albedo
from facsinterp.faces.drawn.skin.relief import relief

__all__ = ["albedo", "relief"]
